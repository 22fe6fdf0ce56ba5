#include "support/aod_record.h"
#include "support/test.h"

/* The most that may be asked for. The emulated clock runs on while a busy machine lets the test wait. */
#define LONGEST_TURN_S 3600

struct answer answer;

static void copy(char *to, size_t size, freshet_str from)
{
	snprintf(to, size, "%.*s", (int)from.len, from.ptr != NULL ? from.ptr : "");
}

void begin_call(void)
{
	memset(&answer, 0, sizeof answer);
}

static void take_answer(const freshet_aod_error *error)
{
	answer.done = true;
	answer.count++;
	if (error == NULL)
		return;
	answer.err = error->outcome.err;
	answer.status = error->outcome.http_status;
	answer.conflict = error->conflict;
	answer.issues = error->issue_count;
	answer.has_limit = error->has_limit && error->has_active;
	answer.limit = error->limit;
	answer.active = error->active;
	copy(answer.text, sizeof answer.text, error->outcome.text);
	copy(answer.detail, sizeof answer.detail, error->detail);
	copy(answer.content_type, sizeof answer.content_type, error->outcome.content_type);
	copy(answer.body, sizeof answer.body, error->outcome.body);
	if (error->issue_count > 0)
		snprintf(answer.issue, sizeof answer.issue, "%.*s %.*s", (int)error->issues[0].type.len,
			error->issues[0].type.ptr, (int)error->issues[0].loc.len, error->issues[0].loc.ptr);
}

void keep_ack(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	assert_ptr_equal(user, &answer);
	assert_true((error == NULL) != (ack == NULL));
	answer.call = call;
	take_answer(error);
	if (ack == NULL)
		return;
	copy(answer.id, sizeof answer.id, ack->id);
	answer.session_status = ack->status;
	snprintf(answer.words, sizeof answer.words, "turn %d, url %.*s, resources %zu", (int)ack->current_turn,
		(int)ack->stream_url.len, ack->stream_url.ptr, ack->resource_count);
}

void keep_session(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_session *session, void *user)
{
	(void)call;
	(void)user;
	assert_true((error == NULL) != (session == NULL));
	take_answer(error);
	if (session == NULL)
		return;
	copy(answer.id, sizeof answer.id, session->id);
	answer.session_status = session->status;
	snprintf(answer.words, sizeof answer.words, "%.*s|%.*s|%.*s code=%s%d turns=%d current=%d created=%zu",
		(int)session->provider.len, session->provider.ptr, (int)session->runtime.len, session->runtime.ptr,
		(int)session->agent_id.len, session->agent_id.ptr, session->has_exit_code ? "" : "?",
		(int)session->exit_code, (int)session->turn_count, (int)session->current_turn, session->created_at.len);
}

void keep_sessions(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_session *sessions,
	size_t count, void *user)
{
	(void)call;
	(void)user;
	take_answer(error);
	for (size_t i = 0; i < count; i++)
		snprintf(answer.words + strlen(answer.words), sizeof answer.words - strlen(answer.words), "%.*s %.*s;",
			(int)sessions[i].id.len, sessions[i].id.ptr, (int)sessions[i].status_name.len,
			sessions[i].status_name.ptr);
}

void keep_turns(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_turn *turns, size_t count, void *user)
{
	(void)call;
	(void)user;
	take_answer(error);
	for (size_t i = 0; i < count; i++)
		snprintf(answer.words + strlen(answer.words), sizeof answer.words - strlen(answer.words), "%d:%.*s;",
			(int)turns[i].number, (int)turns[i].prompt.len, turns[i].prompt.ptr);
}

void keep_detail(freshet_aod_call *call, const freshet_aod_error *error, freshet_str detail, void *user)
{
	(void)call;
	(void)user;
	take_answer(error);
	copy(answer.words, sizeof answer.words, detail);
}

void wait_for_answer(freshet_err sent)
{
	assert_int_equal(sent, FRESHET_OK);
	assert_false(answer.done);
	world_run_until(&answer.done);
	assert_int_equal(answer.count, 1);
}

void create_session(const char *agent, const char *prompt)
{
	freshet_aod_create_options o;
	freshet_aod_create_options_init(&o);
	o.agent_id = freshet_str_of(agent);
	o.prompt = freshet_str_of(prompt);
	o.timeout_s = LONGEST_TURN_S;
	begin_call();
	wait_for_answer(freshet_aod_session_create(world.aod, &o, keep_ack, &answer, NULL));
}

void get_session(const char *id)
{
	begin_call();
	wait_for_answer(freshet_aod_session_get(world.aod, freshet_str_of(id), keep_session, NULL, NULL));
}

void prompt_session(const char *id, const char *text)
{
	begin_call();
	freshet_str words = freshet_str_of(text);
	wait_for_answer(freshet_aod_session_prompt(
		world.aod, freshet_str_of(id), words, LONGEST_TURN_S, keep_ack, &answer, NULL));
}

void terminate_session(const char *id)
{
	begin_call();
	wait_for_answer(freshet_aod_session_terminate(world.aod, freshet_str_of(id), keep_ack, &answer, NULL));
}

void delete_session(const char *id)
{
	begin_call();
	wait_for_answer(freshet_aod_session_delete(world.aod, freshet_str_of(id), keep_detail, NULL, NULL));
}

static void on_open(freshet_aod_stream *stream, void *user)
{
	struct watch *w = user;
	assert_ptr_equal(stream, w->stream);
	w->opened++;
}

static void on_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	static const char letters[] = "?sgtoeExl";
	struct watch *w = user;
	size_t len = strlen(w->kinds);
	assert_ptr_equal(stream, w->stream);
	assert_false(w->done);
	assert_true(len + 1 < sizeof w->kinds);
	w->kinds[len] = letters[event->type];
	if (event->type == FRESHET_AOD_EVENT_OUTPUT || event->type == FRESHET_AOD_EVENT_STAGE) {
		assert_true(event->id > w->last_id);
		w->last_id = event->id;
		assert_true(freshet_aod_stream_cursor(stream) == event->id);
	}
	w->outputs += event->type == FRESHET_AOD_EVENT_OUTPUT;
	if (w->act != NULL)
		w->act(w, event);
}

static void on_cut(freshet_aod_stream *stream, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	(void)stream;
	(void)retry_ms;
	assert_true(cause->err != FRESHET_OK);
	((struct watch *)user)->cuts++;
}

static void on_done(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	struct watch *w = user;
	assert_ptr_equal(stream, w->stream);
	w->done = true;
	w->dones++;
	w->status = end->status;
	w->has_exit_code = end->has_exit_code;
	w->exit_code = end->exit_code;
	w->err = end->error.outcome.err;
	w->cursor = end->cursor;
	w->duplicates = end->duplicates;
	w->reconnects = end->reconnects;
}

const freshet_aod_stream_callbacks watch_callbacks = {on_open, on_event, on_cut, on_done};

void watch_from(struct watch *w, const char *id, uint64_t cursor)
{
	freshet_aod_stream_options o;
	freshet_aod_stream_options_init(&o);
	snprintf(w->id, sizeof w->id, "%s", id);
	o.session_id = freshet_str_of(w->id);
	o.cursor = cursor;
	o.callbacks = watch_callbacks;
	o.user = w;
	assert_int_equal(freshet_aod_stream_open(world.aod, &o, &w->stream), FRESHET_OK);
	assert_int_equal(w->dones, 0);
	assert_ptr_equal(freshet_aod_stream_user(w->stream), w);
}
