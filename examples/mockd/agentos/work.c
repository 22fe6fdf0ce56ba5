/*
 * The agent of a hosted run at work: it speaks, uses tools, pauses for approvals and answers, and ends as its script says.
 * Each step adds frames, which streams show and which stay for streams that come later. A pause or the end gives the
 * answer of the leg that began with the invoke or the reply.
 */
#include "mockd/agentos/agentos.h"

#include "mockd/server.h"

static const char *const words[] = {"sales", "rose", "by", "12%", "in", "the", "north", "\n", "\"quoted\"",
	"caf\xc3\xa9", "\xe2\x80\x94", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x93\x88", "\\", "</b>", "\t", "ok",
	"\xe2\x80\xa8", "x += 1;"};

#define WORD_COUNT (sizeof words / sizeof words[0])

static struct random *random_of(const struct aos_work *w)
{
	return &w->run->aos->mockd->random;
}

static const char *name_of(const struct aos_work *w, enum aos_name name)
{
	return aos_name(w->run->aos, name);
}

/* ---- frames ---- */

/* A frame of that type; the members are given up. */
static void add_frame(struct aos_work *w, const char *type, json_t *members, bool ends)
{
	json_t *frame = json_pack("{s:s}", name_of(w, AOS_FIELD_TYPE), type);
	json_object_update(frame, members);
	json_decref(members);
	char *data = aos_json_text(frame);
	json_decref(frame);
	bool first = w->frame_count == 0;
	w->frames = must_grow(w->frames, &w->frame_capacity, w->frame_count + 1, sizeof *w->frames);
	w->frames[w->frame_count++] =
		(struct aos_frame){.data = data, .len = (uint32_t)strlen(data), .first = first, .ends = ends};
	w->frame_hash = mockd_hash_row(w->frame_hash, w->frame_count, data, strlen(data));
	aos_streams_notice(w);
}

static json_t *tool_members(const struct aos_work *w, const char *tool, enum aos_name name, json_t *value)
{
	return json_pack("{s:s, s:o}", name_of(w, AOS_FIELD_TOOL), tool, name_of(w, name), value);
}

void aos_work_say(struct aos_work *w, freshet_str text)
{
	json_t *members = json_object();
	json_object_set_new(members, name_of(w, AOS_FIELD_TEXT), json_stringn(text.len > 0 ? text.ptr : "", text.len));
	w->chunks++;
	buffer_append(&w->text, text.ptr, text.len);
	add_frame(w, name_of(w, AOS_STREAM_CHUNK), members, false);
	w->text_hash = mockd_hash_row(w->text_hash, w->frame_count, text.ptr, text.len);
}

static void call_tool(struct aos_work *w, const char *tool, json_t *input)
{
	w->tool_calls++;
	add_frame(w, name_of(w, AOS_STREAM_TOOL_CALL), tool_members(w, tool, AOS_FIELD_INPUT, input), false);
}

static void end_tool(struct aos_work *w, const char *tool, json_t *output, const char *error)
{
	add_frame(w, name_of(w, AOS_STREAM_TOOL_RESULT),
		error != NULL ? tool_members(w, tool, AOS_FIELD_ERROR, json_string(error))
			      : tool_members(w, tool, AOS_FIELD_OUTPUT, output),
		false);
}

void aos_work_use_tool(struct aos_work *w, const char *tool, json_t *input, json_t *output, const char *error)
{
	call_tool(w, tool, input);
	end_tool(w, tool, output, error);
}

/* ---- pauses and the end ---- */

/* What the answer of a leg has is what the frame that ends it has. */
static void pause_with(struct aos_work *w, enum aos_status status, enum aos_name type)
{
	clock_unset(&w->run->aos->mockd->clock, &w->alarm);
	w->run->status = status;
	w->pauses++;
	add_frame(w, name_of(w, type), aos_run_json(w->run), true);
	aos_leg_settle(w);
}

void aos_work_ask(struct aos_work *w, const char *question)
{
	w->questions++;
	w->question = must_copy(question);
	pause_with(w, AOS_AWAITING_INPUT, AOS_STREAM_AWAITING_INPUT);
}

void aos_work_need_approval(struct aos_work *w, const char *tool, json_t *input)
{
	char *text = aos_json_text(input);
	call_tool(w, tool, input);
	w->approvals++;
	w->approval = aos_approval_new(w->run, tool, text);
	free(text);
	aos_hook_approval(w->approval);
	pause_with(w, AOS_AWAITING_APPROVAL, AOS_STREAM_AWAITING_APPROVAL);
}

/* The output is what was said, unless there is another. */
static char *output_of(const struct aos_work *w, const char *output)
{
	if (output != NULL)
		return must_copy(output);
	json_t *said = json_stringn(w->text.len > 0 ? w->text.bytes : "", w->text.len);
	json_t *json = w->plan.object ? json_pack("{s:o}", "summary", said) : said;
	char *text = aos_json_text(json);
	json_decref(json);
	return text;
}

static void remember(const struct aos_work *w)
{
	char *said = must_copy_span(buffer_span(&w->text));
	aos_session_add(w->run->agent, w->session, "user", w->prompt);
	aos_session_add(w->run->agent, w->session, "assistant", said);
	free(said);
}

void aos_work_end(struct aos_work *w, bool success, const char *output, const char *error)
{
	struct aos_run *run = w->run;
	char *text = success ? output_of(w, output) : NULL;
	clock_unset(&run->aos->mockd->clock, &w->alarm);
	if (success && w->session != NULL)
		remember(w);
	aos_run_end(run, success ? AOS_COMPLETED : AOS_FAILED, text, error);
	free(text);
	if (!success && w->plan.kind == AOS_PLAN_ERROR)
		add_frame(w, name_of(w, AOS_STREAM_ERROR),
			json_pack("{s:s, s:s}", "message", error, "code", "agent_error"), true);
	else
		add_frame(w, name_of(w, AOS_STREAM_DONE), aos_run_json(run), true);
	aos_leg_settle(w);
}

/* ---- steps of a script ---- */

static void plan_next(struct aos_work *w)
{
	struct clock *c = &w->run->aos->mockd->clock;
	clock_set(c, &w->alarm, clock_now_us(c) + range_pick(w->plan.row_ms, random_of(w)) * US_PER_MS);
}

/* A text of exactly that many bytes. */
static void say_words(struct aos_work *w, size_t len)
{
	struct buffer b = {.bytes = NULL};
	while (b.len < len) {
		const char *word = words[random_below(random_of(w), WORD_COUNT)];
		if (b.len + strlen(word) + 1 > len)
			word = ".";
		buffer_text(&b, word);
		if (b.len < len)
			buffer_text(&b, " ");
	}
	aos_work_say(w, buffer_span(&b));
	buffer_clear(&b);
}

/* The next part of what there is to say, cut between two characters. */
static void say_speech(struct aos_work *w)
{
	size_t len = strlen(w->speech);
	uint32_t left = w->plan.chunks > w->chunks ? w->plan.chunks - w->chunks : 1;
	size_t end = w->said + (len - w->said) / left;
	while (end < len && ((unsigned char)w->speech[end] & 0xc0) == 0x80)
		end++;
	if (left == 1)
		end = len;
	size_t from = w->said;
	w->said = end;
	aos_work_say(w, (freshet_str){w->speech + from, end - from});
}

/* All of it is said, also when answers took the place of its chunks. */
static bool has_speech(const struct aos_work *w)
{
	return w->speech != NULL && (w->chunks < w->plan.chunks || w->speech[w->said] != '\0');
}

static void say_heard(struct aos_work *w)
{
	struct buffer b = {.bytes = NULL};
	buffer_text(&b, "You said: ");
	buffer_text(&b, w->heard);
	buffer_text(&b, "\n");
	free(w->heard);
	w->heard = NULL;
	aos_work_say(w, buffer_span(&b));
	buffer_clear(&b);
}

static void use_some_tool(struct aos_work *w)
{
	static const char *const tools[] = {"search", "read_file", "send_mail"};
	const char *tool = tools[w->tools++ % 3];
	bool fails = w->tools % 4 == 0;
	aos_work_use_tool(w, tool, json_pack("{s:I}", "call", (json_int_t)w->tools),
		fails ? NULL : json_pack("{s:I}", "rows", (json_int_t)random_below(random_of(w), 100)),
		fails ? "no such file" : NULL);
}

static void finish(struct aos_work *w)
{
	switch (w->plan.kind) {
	case AOS_PLAN_SUCCESS:
	case AOS_PLAN_ECHO:
	case AOS_PLAN_RECALL: aos_work_end(w, true, NULL, NULL); break;
	case AOS_PLAN_FAILED: aos_work_end(w, false, NULL, "tool crashed"); break;
	case AOS_PLAN_ERROR: aos_work_end(w, false, NULL, "the agent broke off"); break;
	case AOS_PLAN_HANG:
	case AOS_PLAN_MANUAL: break;
	}
}

/* Pauses lie between the chunks, at even distances; approvals come first. */
static bool pause_is_due(const struct aos_work *w)
{
	uint32_t all = w->plan.approvals + w->plan.questions;
	return w->pauses < all && w->chunks >= (uint64_t)w->plan.chunks * (w->pauses + 1) / (all + 1);
}

static void pause_now(struct aos_work *w)
{
	if (w->pauses < w->plan.approvals)
		aos_work_need_approval(w, "send_mail", json_pack("{s:I}", "mail", (json_int_t)w->pauses + 1));
	else
		aos_work_ask(w, "Which year?");
}

/* One step. False when the run pauses or is over, or nothing more comes. */
static bool step(struct aos_work *w)
{
	if (w->heard != NULL)
		say_heard(w);
	else if (pause_is_due(w))
		pause_now(w);
	else if (w->tools < w->plan.tools && w->tools < w->chunks)
		use_some_tool(w);
	else if (has_speech(w))
		say_speech(w);
	else if (w->chunks < w->plan.chunks)
		say_words(w, (size_t)range_pick(w->plan.bytes, random_of(w)));
	else if (w->tools < w->plan.tools)
		use_some_tool(w);
	else
		finish(w);
	return w->run->status == AOS_RUNNING && w->plan.kind != AOS_PLAN_MANUAL;
}

static void on_step(struct alarm *alarm)
{
	struct aos_work *w = container_of(alarm, struct aos_work, alarm);
	bool goes_on = true;
	for (uint32_t i = 0; goes_on && i < w->plan.burst; i++)
		goes_on = step(w);
	if (goes_on && (w->plan.kind != AOS_PLAN_HANG || w->chunks < w->plan.chunks))
		plan_next(w);
}

/* ---- legs ---- */

static void begin_leg(struct aos_work *w)
{
	w->legs = must_grow(w->legs, &w->leg_capacity, w->leg_count + 1, sizeof *w->legs);
	w->legs[w->leg_count++] = (struct aos_leg){.from = w->frame_count};
	w->run->status = AOS_RUNNING;
	if (w->plan.kind != AOS_PLAN_MANUAL)
		plan_next(w);
}

static void tell_start(struct aos_work *w)
{
	add_frame(w, name_of(w, AOS_STREAM_START),
		json_pack("{s:o}", name_of(w, AOS_FIELD_RUN_ID), aos_uuid(w->run->id)), false);
	if (w->plan.unknown)
		add_frame(w, "weather", json_pack("{s:[s, n], s:f}", "sky", "grey", "wind", 3.5), false);
}

struct aos_run *aos_work_new(struct aos *a, const struct aos_order *o)
{
	const json_t *const maps[] = {o->variables, o->schedule, o->agent->variables};
	struct aos_run *run = aos_run_new(a, o->agent, o->trigger);
	struct aos_work *w = must_alloc(sizeof *w);
	*w = (struct aos_work){.alarm = {.fire = on_step},
		.run = run,
		.plan = o->plan,
		.prompt = must_copy(o->prompt),
		.session = must_copy(o->session),
		.frame_hash = MOCKD_HASH_START,
		.text_hash = MOCKD_HASH_START,
		.invocations = 1};
	list_init(&w->streams);
	list_init(&w->waiters);
	run->work = w;
	const json_t *history = o->session != NULL ? aos_session_history(o->agent, o->session) : o->history;
	if (o->plan.kind == AOS_PLAN_ECHO)
		w->speech = aos_prompt_fill(o->prompt, maps, sizeof maps / sizeof maps[0]);
	if (o->plan.kind == AOS_PLAN_RECALL)
		w->speech = aos_prompts_before(history);
	aos_hook_run(run);
	begin_leg(w);
	tell_start(w);
	return run;
}

void aos_work_decided(struct aos_work *w, bool approved)
{
	char *tool = must_copy(w->approval->tool);
	w->decisions++;
	w->approval = NULL;
	begin_leg(w);
	end_tool(w, tool, approved ? json_pack("{s:b}", "sent", 1) : NULL, approved ? NULL : "the call was rejected");
	free(tool);
}

void aos_work_answered(struct aos_work *w, const char *answer)
{
	w->answers++;
	free(w->question);
	w->question = NULL;
	w->heard = must_copy(answer);
	begin_leg(w);
	if (w->plan.kind == AOS_PLAN_MANUAL)
		say_heard(w);
}

void aos_work_stop(struct aos_work *w)
{
	clock_unset(&w->run->aos->mockd->clock, &w->alarm);
	if (w->approval != NULL)
		aos_approval_drop(w->approval);
	aos_streams_cut(w);
}

void aos_work_free(struct aos_work *w)
{
	aos_work_stop(w);
	for (size_t i = 0; i < w->frame_count; i++)
		free(w->frames[i].data);
	for (size_t i = 0; i < w->leg_count; i++)
		free(w->legs[i].answer);
	buffer_clear(&w->text);
	free(w->frames);
	free(w->legs);
	free(w->prompt);
	free(w->session);
	free(w->speech);
	free(w->question);
	free(w->heard);
	free(w);
}
