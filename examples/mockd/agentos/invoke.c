/*
 * Invoking hosted agents and replying to them. A call that asks for a stream gets the frames of its leg; another one
 * waits until the leg has its answer: the run is over, or pauses (202).
 */
#include "mockd/agentos/agentos.h"
#include "mockd/agentos/verify.h"

#include "mockd/exchange.h"
#include "mockd/server.h"

/* A request that waits for the answer of a run's last leg. */
struct waiter {
	struct feed feed;
	struct list node; /* in the run's waiters */
	struct uuid run;
};

static enum feed_state waiter_peek(struct feed *feed, struct piece *piece)
{
	(void)feed;
	(void)piece;
	return FEED_WAIT;
}

static void waiter_advance(struct feed *feed)
{
	(void)feed;
}

static void waiter_close(struct feed *feed)
{
	struct waiter *waiter = (struct waiter *)feed;
	list_remove(&waiter->node);
	free(waiter);
}

static bool waiter_names(const struct feed *feed, const char *run)
{
	struct uuid id;
	return uuid_read(freshet_str_of(run), &id) && uuid_equal(id, ((const struct waiter *)feed)->run);
}

static void wait_for_leg(struct exchange *x, struct aos_run *run)
{
	static const struct feed_ops ops = {
		.peek = waiter_peek, .advance = waiter_advance, .close = waiter_close, .names = waiter_names};
	struct waiter *waiter = must_alloc(sizeof *waiter);
	*waiter = (struct waiter){.feed = {.ops = &ops}, .run = run->id};
	list_push_back(&run->work->waiters, &waiter->node);
	exchange_promise(x, &waiter->feed);
}

void aos_answer_leg(struct aos_call *call, struct aos_run *run, size_t leg, bool streamed)
{
	const struct aos_leg *l = &run->work->legs[leg];
	if (streamed)
		aos_stream_begin(call, run, l->from);
	else if (l->answer != NULL)
		aos_answer_text(call->exchange, l->status, l->answer);
	else
		wait_for_leg(call->exchange, run);
}

/* The answer of a run that was deleted is that there is none. */
static void write_answer(const struct aos_run *run, struct aos_leg *leg)
{
	leg->status = run->deleted ? 404 : aos_run_is_over(run) ? 200 : 202;
	leg->answer = run->deleted
			      ? must_copy("{\"data\":null,\"error\":{\"code\":\"not_found\",\"message\":\"There is no "
					  "such run\"}}")
			      : aos_envelope(aos_run_json(run));
}

void aos_leg_settle(struct aos_work *w)
{
	struct aos_leg *leg = &w->legs[w->leg_count - 1];
	const struct answer json = {.status = 200, .content_type = "application/json"};
	if (leg->answer == NULL)
		write_answer(w->run, leg);
	while (!list_empty(&w->waiters)) {
		struct waiter *waiter = container_of(w->waiters.next, struct waiter, node);
		struct answer head = json;
		head.status = leg->status;
		exchange_answer_later(waiter->feed.exchange, &head, freshet_str_of(leg->answer));
	}
}

/* A stream, if it was asked for and is to be had. */
static bool gives_stream(const struct aos_call *call, const struct aos_plan *plan, bool asked)
{
	return asked && !plan->json && !call->aos->mockd->options.agentos_no_streams;
}

/* Answers a call that began a leg. */
static void answer_call(struct aos_call *call, struct aos_run *run, bool asked)
{
	bool streamed = gives_stream(call, &run->work->plan, asked);
	aos_repeat_keep_run(call, run, streamed);
	aos_answer_leg(call, run, run->work->leg_count - 1, streamed);
}

/* ---- invoke ---- */

/* False when it was answered. */
static bool check_history(const struct verify *outer, const json_t *history)
{
	static const char *const roles[] = {"user", "assistant", NULL};
	for (size_t i = 0; i < json_array_size(history); i++) {
		struct verify c;
		verify_inside(&c, outer, json_array_get(history, i), "history.", i + 1);
		verify_word(&c, "role", true, roles);
		verify_string(&c, "content", true);
		if (!verify_end(&c))
			return false;
	}
	return true;
}

static void check_variables(struct verify *c, json_t *variables)
{
	const char *name;
	json_t *value;
	json_object_foreach(variables, name, value)
	{
		if (!json_is_string(value))
			verify_fail(c, "prompt_variables", "must be a map of strings");
	}
}

/* The agent of the path, if it can be invoked; NULL when it was answered. */
static struct aos_agent *hosted_agent(struct aos_call *call)
{
	struct aos_agent *agent = aos_agent_find(call->aos, call->id);
	if (agent == NULL || !aos_key_covers(call, agent))
		aos_refuse(call, 404, "not_found", "There is no such agent");
	else if (!agent->hosted)
		aos_refuse(call, 400, "not_hosted", "The agent is not hosted");
	else
		return agent;
	return NULL;
}

/* Reads the body. False when it was answered. */
static bool read_order(struct aos_call *call, struct aos_order *o, bool *stream)
{
	struct verify c;
	struct uuid parent;
	verify_body(&c, call);
	const json_t *input = verify_object(&c, "input", false);
	json_t *variables = verify_object(&c, "prompt_variables", false);
	json_t *history = verify_array(&c, "history", false);
	check_variables(&c, variables);
	o->session = verify_string(&c, "session_id", false);
	*stream = verify_boolean(&c, "stream");
	verify_uuid(&c, "parent_run_id", false, &parent);
	if (o->session != NULL && history != NULL)
		verify_fail(&c, "history", "does not go with session_id");
	const char *prompt = json_string_value(json_object_get(input, "prompt"));
	o->prompt = prompt != NULL ? prompt : "";
	o->variables = variables;
	o->history = history;
	return verify_end(&c) && check_history(&c, history);
}

void aos_invoke(struct aos_call *call)
{
	bool stream;
	struct aos_order order = {.agent = hosted_agent(call), .trigger = "sdk"};
	if (order.agent == NULL || !read_order(call, &order, &stream))
		return;
	if (!aos_plan_read(call->aos, freshet_str_of(order.prompt), &order.plan))
		aos_refuse(call, 400, "no_such_script", "The emulator has no such script");
	else
		answer_call(call, aos_work_new(call->aos, &order), stream);
}

/* ---- reply ---- */

/* The question that waits. False when it was answered. */
static bool awaits_answer(struct aos_call *call, const struct aos_run *run, const char *question)
{
	char id[24];
	if (run->status == AOS_AWAITING_INPUT) {
		snprintf(id, sizeof id, "q%u", (unsigned)run->work->questions);
		if (question == NULL || strcmp(question, id) == 0)
			return true;
	}
	aos_refuse(call, 409, "conflict",
		run->status == AOS_AWAITING_INPUT ? "It is another question" : "The run does not wait for an answer");
	return false;
}

void aos_reply(struct aos_call *call)
{
	struct verify c;
	verify_body(&c, call);
	const char *answer = verify_string(&c, aos_name(call->aos, AOS_FIELD_ANSWER), true);
	const char *question = verify_string(&c, aos_name(call->aos, AOS_FIELD_QUESTION_ID), false);
	bool stream = verify_boolean(&c, "stream");
	struct aos_run *run = verify_end(&c) ? aos_run_of(call, call->id) : NULL;
	if (run == NULL || !awaits_answer(call, run, question))
		return;
	aos_work_answered(run->work, answer);
	if (run->work->plan.reply_runs && !stream)
		aos_leg_settle(run->work);
	answer_call(call, run, stream);
}

/* ---- the stream of a run ---- */

/* Where it goes on; without ids nothing is told again. */
static size_t next_frame(const struct aos_call *call, const struct aos_work *w)
{
	const freshet_str *last = request_field(call->request, "last-event-id");
	uint64_t id = 0;
	if (!call->aos->mockd->options.agentos_stream_ids)
		return w->frame_count;
	for (size_t i = 0; last != NULL && i < last->len && last->ptr[i] >= '0' && last->ptr[i] <= '9'; i++)
		id = id < UINT32_MAX ? id * 10 + (uint64_t)(last->ptr[i] - '0') : id;
	return id < w->frame_count ? (size_t)id : w->frame_count;
}

void aos_run_stream(struct aos_call *call)
{
	struct aos_run *run = aos_run_of(call, call->id);
	if (run == NULL)
		return;
	if (run->work == NULL)
		aos_refuse(call, 409, "conflict", "The run is not done by the platform");
	else
		aos_stream_begin(call, run, next_frame(call, run->work));
}
