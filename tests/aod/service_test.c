/*
 * The service against the emulator in the same process and on the same loop: every call, every error that it can be made
 * to answer, whole streams, and everything that may be done inside callbacks.
 */
#include "support/aod_world.h"
#include "support/failmem.h"
#include "support/test.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOBODY "00000000-0000-4000-8000-000000000000"

static int set_up(void **state)
{
	struct mockd_options o = world_fast();
	(void)state;
	world_open(&o);
	return 0;
}

/* ---- answers, copied so that they can be looked at after their callbacks ---- */

static struct {
	bool done;
	unsigned count; /* callbacks */
	freshet_err err;
	int status;
	char text[256];
	char detail[256];
	char content_type[64];
	char body[64];
	freshet_aod_conflict conflict;
	size_t issues;
	char issue[160]; /* the first: type, place */
	bool has_limit;
	int64_t limit, active;
	char id[MOCKD_ID_SIZE];
	freshet_aod_status session_status;
	char words[512]; /* of the answer, by its callback */
	freshet_aod_call *call;
} answer;

static void copy(char *to, size_t size, freshet_str from)
{
	snprintf(to, size, "%.*s", (int)from.len, from.ptr != NULL ? from.ptr : "");
}

static void begin_call(void)
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

static void on_ack(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
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

static void on_session(
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

static void on_sessions(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_session *sessions,
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

static void on_turns(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_turn *turns, size_t count, void *user)
{
	(void)call;
	(void)user;
	take_answer(error);
	for (size_t i = 0; i < count; i++)
		snprintf(answer.words + strlen(answer.words), sizeof answer.words - strlen(answer.words), "%d:%.*s;",
			(int)turns[i].number, (int)turns[i].prompt.len, turns[i].prompt.ptr);
}

static void on_detail(freshet_aod_call *call, const freshet_aod_error *error, freshet_str detail, void *user)
{
	(void)call;
	(void)user;
	take_answer(error);
	copy(answer.words, sizeof answer.words, detail);
}

static void wait_for_answer(freshet_err sent)
{
	assert_int_equal(sent, FRESHET_OK);
	assert_false(answer.done);
	world_run_until(&answer.done);
	assert_int_equal(answer.count, 1);
}

static void create(const char *agent, const char *prompt)
{
	freshet_aod_create_options o;
	freshet_aod_create_options_init(&o);
	o.agent_id = freshet_str_of(agent);
	o.prompt = freshet_str_of(prompt);
	begin_call();
	wait_for_answer(freshet_aod_session_create(world.aod, &o, on_ack, &answer, NULL));
}

static void get(const char *id)
{
	begin_call();
	wait_for_answer(freshet_aod_session_get(world.aod, freshet_str_of(id), on_session, NULL, NULL));
}

static void prompt(const char *id, const char *text)
{
	begin_call();
	freshet_str words = freshet_str_of(text);
	wait_for_answer(freshet_aod_session_prompt(world.aod, freshet_str_of(id), words, 0, on_ack, &answer, NULL));
}

static void terminate(const char *id)
{
	begin_call();
	wait_for_answer(freshet_aod_session_terminate(world.aod, freshet_str_of(id), on_ack, &answer, NULL));
}

static void delete (const char *id)
{
	begin_call();
	wait_for_answer(freshet_aod_session_delete(world.aod, freshet_str_of(id), on_detail, NULL, NULL));
}

/* ---- streams ---- */

struct watch {
	char id[MOCKD_ID_SIZE];
	freshet_aod_stream *stream;
	char kinds[4096]; /* the events, one letter each: s(tart) g(stage) t(urn) o(utput) e(xit) ... */
	uint64_t last_id;
	unsigned outputs;
	unsigned cuts;
	unsigned opened;
	bool done;
	unsigned dones;
	freshet_aod_status status;
	bool has_exit_code;
	int64_t exit_code;
	freshet_err err;
	uint64_t cursor;
	uint64_t duplicates;
	uint32_t reconnects;
	void (*act)(struct watch *w, const freshet_aod_event *event); /* in on_event; NULL: nothing */
};

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

static void watch_from(struct watch *w, const char *id, uint64_t cursor)
{
	freshet_aod_stream_options o;
	freshet_aod_stream_options_init(&o);
	snprintf(w->id, sizeof w->id, "%s", id);
	o.session_id = freshet_str_of(w->id);
	o.cursor = cursor;
	o.callbacks = (freshet_aod_stream_callbacks){on_open, on_event, on_cut, on_done};
	o.user = w;
	assert_int_equal(freshet_aod_stream_open(world.aod, &o, &w->stream), FRESHET_OK);
	assert_int_equal(w->dones, 0);
	assert_ptr_equal(freshet_aod_stream_user(w->stream), w);
}

/* ---- calls ---- */

static void create_get_list_and_turns(void **state)
{
	char id[MOCKD_ID_SIZE];
	char expected[256];
	(void)state;
	create(world.agent, "script:manual caf\xc3\xa9 \"quoted\"\n");
	assert_int_equal(answer.err, FRESHET_OK);
	assert_int_equal(answer.session_status, FRESHET_AOD_STATUS_PENDING);
	strcpy(id, answer.id);
	snprintf(expected, sizeof expected, "turn 1, url /sessions/%s/stream, resources 0", id);
	assert_string_equal(answer.words, expected);
	get(id);
	assert_string_equal(answer.id, id);
	snprintf(expected, sizeof expected, "anthropic||%s code=?0 turns=1 current=1", world.agent);
	assert_memory_equal(answer.words, expected, strlen(expected));
	assert_null(strstr(answer.words, "created=0"));
	begin_call();
	wait_for_answer(freshet_aod_session_turns(world.aod, freshet_str_of(id), on_turns, NULL, NULL));
	assert_string_equal(answer.words, "1:script:manual caf\xc3\xa9 \"quoted\"\n;");
	create(world.agent, "script:manual");
	char second[MOCKD_ID_SIZE];
	strcpy(second, answer.id);
	begin_call();
	wait_for_answer(freshet_aod_session_list(world.aod, on_sessions, NULL, NULL));
	assert_memory_equal(answer.words, second, strlen(second));
	assert_non_null(strstr(answer.words, id));
}

static void every_member_of_a_create_travels(void **state)
{
	(void)state;
	const freshet_aod_resource resources[] = {
		{.url = freshet_str_of("https://github.com/o/r.git"), .authorization_token = freshet_str_of("t")},
		{.type = freshet_str_of("github_repository"),
			.url = freshet_str_of("https://github.com/o/q"),
			.mount_path = freshet_str_of("/workspace/elsewhere")},
	};
	const freshet_aod_secret secrets[] = {{freshet_str_of("KEY"), freshet_str_of("value \"1\"")}};
	freshet_aod_create_options o;
	freshet_aod_create_options_init(&o);
	o.agent_id = freshet_str_of(world.agent);
	o.prompt = freshet_str_of("script:manual");
	o.timeout_s = 60;
	o.resources = resources;
	o.resource_count = 2;
	o.secret_env_vars = secrets;
	o.secret_env_var_count = 1;
	begin_call();
	wait_for_answer(freshet_aod_session_create(world.aod, &o, on_ack, &answer, NULL));
	assert_int_equal(answer.err, FRESHET_OK);
	assert_non_null(strstr(answer.words, "resources 2"));
	/* And what is wrong with one comes back as an issue, without the value. */
	const freshet_aod_resource bad = {.url = freshet_str_of("https://example.org/SECRET")};
	o.resources = &bad;
	o.resource_count = 1;
	begin_call();
	wait_for_answer(freshet_aod_session_create(world.aod, &o, on_ack, &answer, NULL));
	assert_int_equal(answer.err, FRESHET_EVALIDATION);
	assert_non_null(strstr(answer.issue, "resources[0]"));
	assert_null(strstr(answer.text, "SECRET"));
	assert_string_equal(answer.body, "");
	o.resource_count = 0;
	o.timeout_s = 5;
	begin_call();
	wait_for_answer(freshet_aod_session_create(world.aod, &o, on_ack, &answer, NULL));
	assert_int_equal(answer.err, FRESHET_EVALIDATION);
	assert_string_equal(answer.issue, "greater_than_equal timeout");
}

static void errors_of_calls(void **state)
{
	struct watch w = {0};
	char id[MOCKD_ID_SIZE];
	(void)state;
	create(NOBODY, "x");
	assert_int_equal(answer.err, FRESHET_ENOT_FOUND);
	assert_int_equal(answer.status, 404);
	assert_true(strlen(answer.detail) > 0);
	get(NOBODY);
	assert_int_equal(answer.err, FRESHET_ENOT_FOUND);
	create(world.agent, "script:until-terminated");
	strcpy(id, answer.id);
	prompt(id, "again");
	assert_int_equal(answer.err, FRESHET_ECONFLICT);
	assert_true(answer.conflict == FRESHET_AOD_CONFLICT_PENDING || answer.conflict == FRESHET_AOD_CONFLICT_RUNNING);
	delete (id);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_ACTIVE_SESSION);
	terminate(id);
	assert_int_equal(answer.err, FRESHET_OK);
	assert_int_equal(answer.session_status, FRESHET_AOD_STATUS_TERMINATED);
	terminate(id);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_ALREADY_TERMINATED);
	prompt(id, "again");
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_TERMINATED);
	delete (id);
	assert_int_equal(answer.err, FRESHET_OK);
	assert_true(strlen(answer.words) > 0);
	delete (id);
	assert_int_equal(answer.err, FRESHET_ENOT_FOUND);
	create(world.agent, "script:exit code=3 rows=1");
	strcpy(id, answer.id);
	watch_from(&w, id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_FAILED);
	assert_int_equal(w.exit_code, 3);
	prompt(id, "again");
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_FAILED);
}

static void a_wrong_token(void **state)
{
	struct watch w = {0};
	char id[MOCKD_ID_SIZE];
	(void)state;
	mockd_add_session(world.mockd, "script:manual", id);
	freshet_aod_close(world.aod);
	assert_int_equal(world_client("aod_wrong", mockd_url(world.mockd), &world.aod), FRESHET_OK);
	get(id);
	assert_int_equal(answer.err, FRESHET_EAUTH);
	assert_int_equal(answer.status, 401);
	watch_from(&w, id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.err, FRESHET_EAUTH);
	assert_int_equal(w.cuts, 0);
	assert_string_equal(w.kinds, "");
}

static void a_route_that_is_none_answers_html(void **state)
{
	char url[160];
	(void)state;
	freshet_aod_close(world.aod);
	snprintf(url, sizeof url, "%s/some/prefix//", mockd_url(world.mockd));
	assert_int_equal(world_client(MOCKD_TOKEN, url, &world.aod), FRESHET_OK);
	get(NOBODY);
	assert_int_equal(answer.err, FRESHET_ENOT_FOUND);
	assert_memory_equal(answer.content_type, "text/html", 9);
	assert_non_null(strchr(answer.body, '<'));
	assert_string_equal(answer.detail, "");
}

/* A port that is taken, so that nobody else gets it, but not listened on. */
static void no_server(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	char url[64];
	(void)state;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
	freshet_aod_close(world.aod);
	assert_int_equal(world_client(MOCKD_TOKEN, url, &world.aod), FRESHET_OK);
	get(NOBODY);
	assert_int_equal(answer.err, FRESHET_ECONNECT);
	assert_int_equal(answer.status, 0);
	assert_true(strlen(answer.text) > 0);
	close(fd);
}

static int set_up_quota(void **state)
{
	struct mockd_options o = world_fast();
	(void)state;
	o.quota = 3;
	world_open(&o);
	return 0;
}

static void the_quota(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		create(world.agent, "script:until-terminated");
		assert_int_equal(answer.err, FRESHET_OK);
	}
	create(world.agent, "script:until-terminated");
	assert_int_equal(answer.err, FRESHET_ERATE_LIMIT);
	assert_true(answer.has_limit);
	assert_int_equal(answer.limit, 3);
	assert_int_equal(answer.active, 3);
}

static int set_up_runtime(void **state)
{
	struct mockd_options o = world_fast();
	(void)state;
	o.dialect = MOCKD_DIALECT_R;
	world_open(&o);
	return 0;
}

static void look_for_runtime(struct watch *w, const freshet_aod_event *event)
{
	(void)w;
	if (event->type != FRESHET_AOD_EVENT_START)
		return;
	assert_true(event->start.runtime.len > 0);
	assert_int_equal(event->start.provider.len, 0);
}

static void the_dialect_with_runtime(void **state)
{
	struct watch w = {.act = look_for_runtime};
	(void)state;
	create(world.agent, "script:success rows=2");
	assert_int_equal(answer.err, FRESHET_OK);
	watch_from(&w, answer.id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.err, FRESHET_OK);
	get(w.id);
	assert_int_equal(answer.words[0], '|');
}

static void arguments_are_checked_before_anything_is_sent(void **state)
{
	freshet_aod_create_options o;
	freshet_aod_call *call = (freshet_aod_call *)&o;
	freshet_str bad = freshet_str_of("../agents");
	(void)state;
	freshet_aod_create_options_init(&o);
	assert_int_equal(freshet_aod_session_create(world.aod, &o, on_ack, NULL, &call), FRESHET_EINVAL);
	assert_null(call);
	o.agent_id = freshet_str_of(world.agent);
	o.environment_id = bad;
	assert_int_equal(freshet_aod_session_create(world.aod, &o, on_ack, NULL, NULL), FRESHET_EINVAL);
	o.environment_id.len = 0;
	assert_int_equal(freshet_aod_session_create(world.aod, &o, NULL, NULL, NULL), FRESHET_EINVAL);
	call = (freshet_aod_call *)&o;
	assert_int_equal(freshet_aod_session_get(world.aod, bad, on_session, NULL, &call), FRESHET_EINVAL);
	assert_null(call);
	freshet_str id = freshet_str_of(world.agent);
	assert_int_equal(freshet_aod_session_get(world.aod, id, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_list(world.aod, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_turns(world.aod, bad, on_turns, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_turns(world.aod, id, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_prompt(world.aod, bad, id, 0, on_ack, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_prompt(world.aod, id, id, 0, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_terminate(world.aod, bad, on_ack, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_terminate(world.aod, id, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_delete(world.aod, bad, on_detail, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_delete(world.aod, id, NULL, NULL, NULL), FRESHET_EINVAL);
	struct mockd_stats stats;
	mockd_get_stats(world.mockd, &stats);
	assert_int_equal(stats.accepted, 0);
}

static void a_call_that_is_canceled(void **state)
{
	freshet_aod_call *call;
	(void)state;
	begin_call();
	assert_int_equal(freshet_aod_session_list(world.aod, on_sessions, NULL, &call), FRESHET_OK);
	freshet_aod_call_cancel(call);
	freshet_aod_call_cancel(call);
	assert_false(answer.done);
	world_run_until(&answer.done);
	assert_int_equal(answer.err, FRESHET_ECANCELED);
	assert_int_equal(answer.count, 1);
}

/* ---- whole streams ---- */

static void a_full_run(void **state)
{
	struct watch w = {0};
	(void)state;
	create(world.agent, "script:success rows=12");
	watch_from(&w, answer.id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.err, FRESHET_OK);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_COMPLETED);
	assert_true(w.has_exit_code);
	assert_int_equal(w.exit_code, 0);
	assert_int_equal(w.outputs, 12);
	assert_int_equal(w.kinds[0], 's');
	assert_non_null(strstr(w.kinds, "toooooooooooo"));
	assert_int_equal(w.kinds[strlen(w.kinds) - 1], 'e');
	assert_int_equal(strchr(w.kinds, 'e') - w.kinds, strlen(w.kinds) - 1);
	assert_true(w.cursor == w.last_id);
	/* The one that confirmed the end. */
	assert_int_equal(w.reconnects, 1);
	assert_int_equal(w.cuts, 0);
	assert_int_equal(w.opened, 2);
}

static void two_turns(void **state)
{
	struct watch first = {0};
	struct watch second = {0};
	char id[MOCKD_ID_SIZE];
	(void)state;
	create(world.agent, "script:success rows=3");
	strcpy(id, answer.id);
	watch_from(&first, id, 0);
	world_run_until(&first.done);
	assert_int_equal(first.status, FRESHET_AOD_STATUS_COMPLETED);
	prompt(id, "script:exit code=7 rows=4");
	assert_int_equal(answer.err, FRESHET_OK);
	assert_int_equal(answer.session_status, FRESHET_AOD_STATUS_PENDING);
	second.last_id = first.cursor;
	watch_from(&second, id, first.cursor);
	world_run_until(&second.done);
	assert_string_equal(second.kinds, "sgtooooe");
	assert_int_equal(second.exit_code, 7);
	assert_int_equal(second.status, FRESHET_AOD_STATUS_FAILED);
	/* And from the beginning: both turns, one end. */
	struct watch again = {0};
	watch_from(&again, id, 0);
	world_run_until(&again.done);
	assert_int_equal(again.outputs, 7);
	assert_int_equal(again.status, FRESHET_AOD_STATUS_FAILED);
	const char *turn = strchr(again.kinds, 't');
	assert_non_null(turn);
	assert_non_null(strchr(turn + 1, 't'));
	assert_true(again.cursor == second.cursor);
}

static void a_session_that_cannot_be_set_up(void **state)
{
	struct watch w = {0};
	(void)state;
	create(world.agent, "script:provision-failure");
	watch_from(&w, answer.id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_FAILED);
	assert_false(w.has_exit_code);
	assert_int_equal(w.kinds[strlen(w.kinds) - 1], 'E');
	assert_non_null(strstr(w.kinds, "to"));
}

static void an_end_without_a_code(void **state)
{
	struct watch w = {0};
	char id[MOCKD_ID_SIZE];
	(void)state;
	mockd_add_session(world.mockd, "script:manual stages=0", id);
	watch_from(&w, id, 0);
	while (mockd_add_row(world.mockd, id, "stderr", "x", 1) == 0)
		world_turn();
	assert_true(mockd_end_session(world.mockd, id, "completed", NULL));
	world_run_until(&w.done);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_COMPLETED);
	assert_false(w.has_exit_code);
	assert_int_equal(w.outputs, 1);
}

/* More rows than the server gives in one poll. */
static void a_long_replay(void **state)
{
	struct watch w = {0};
	(void)state;
	create(world.agent, "script:replay rows=777");
	watch_from(&w, answer.id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.outputs, 777);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_COMPLETED);
}

/* Another process goes on where this one stopped. */
static void a_cursor_carries_over(void **state)
{
	struct watch all = {0};
	(void)state;
	create(world.agent, "script:replay rows=30");
	watch_from(&all, answer.id, 0);
	world_run_until(&all.done);
	struct watch rest = {.last_id = all.cursor};
	watch_from(&rest, answer.id, all.cursor);
	world_run_until(&rest.done);
	assert_string_equal(rest.kinds, "se");
	assert_true(rest.cursor == all.cursor);
	/* A cursor past the end gives the end and stays. */
	struct watch past = {0};
	watch_from(&past, answer.id, all.cursor + 1000);
	world_run_until(&past.done);
	assert_string_equal(past.kinds, "se");
	assert_true(past.cursor == all.cursor + 1000);
}

static void stale_goes_on(void **state)
{
	struct watch w = {0};
	(void)state;
	create(world.agent, "script:stale rows=4");
	watch_from(&w, answer.id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.outputs, 4);
	assert_non_null(strchr(w.kinds, 'l'));
	assert_int_equal(strchr(w.kinds, 's') - w.kinds, 0);
	assert_null(strchr(w.kinds + 1, 's'));
	assert_int_equal(w.status, FRESHET_AOD_STATUS_COMPLETED);
	assert_int_equal(w.cuts, 0);
}

static void ask_to_terminate(struct watch *w, const freshet_aod_event *event)
{
	if (event->type != FRESHET_AOD_EVENT_OUTPUT || w->outputs != 2)
		return;
	begin_call();
	freshet_err err = freshet_aod_session_terminate(world.aod, freshet_str_of(w->id), on_ack, &answer, NULL);
	assert_int_equal(err, FRESHET_OK);
}

static void terminate_while_it_streams(void **state)
{
	struct watch w = {.act = ask_to_terminate};
	(void)state;
	create(world.agent, "script:until-terminated rows=5");
	watch_from(&w, answer.id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_TERMINATED);
	assert_int_equal(w.kinds[strlen(w.kinds) - 1], 'x');
	assert_int_equal(answer.err, FRESHET_OK);
}

/* The body is cut in the middle; the next subscription tells why. */
static void delete_while_it_streams(void **state)
{
	struct watch w = {0};
	(void)state;
	create(world.agent, "script:replay rows=900");
	watch_from(&w, answer.id, 0);
	do {
		world_turn();
		get(w.id);
	} while (answer.session_status != FRESHET_AOD_STATUS_COMPLETED);
	assert_false(w.done);
	delete (w.id);
	assert_int_equal(answer.err, FRESHET_OK);
	world_run_until(&w.done);
	assert_int_equal(w.err, FRESHET_ENOT_FOUND);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_UNKNOWN);
}

static void a_paused_stream_loses_nothing(void **state)
{
	struct watch w = {0};
	(void)state;
	create(world.agent, "script:replay rows=250");
	watch_from(&w, answer.id, 0);
	while (w.outputs == 0)
		world_turn();
	freshet_aod_stream_pause(w.stream);
	unsigned before = w.outputs;
	for (int i = 0; i < 50; i++)
		world_turn();
	assert_int_equal(w.outputs, before);
	freshet_aod_stream_resume(w.stream);
	world_run_until(&w.done);
	assert_int_equal(w.outputs, 250);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_COMPLETED);
}

static void many_streams_of_one_session(void **state)
{
	static struct watch watches[50];
	(void)state;
	memset(watches, 0, sizeof watches);
	create(world.agent, "script:success rows=20");
	for (size_t i = 0; i < 50; i++)
		watch_from(&watches[i], answer.id, 0);
	for (size_t i = 0; i < 50; i++) {
		world_run_until(&watches[i].done);
		assert_int_equal(watches[i].outputs, 20);
		assert_int_equal(watches[i].dones, 1);
	}
}

/* ---- making a client ---- */

static void the_environment_is_asked(void **state)
{
	freshet_aod *client;
	(void)state;
	freshet_aod_close(world.aod);
	unsetenv("AOD_API_TOKEN");
	unsetenv("AOD_API_URL");
	assert_int_equal(world_client(NULL, mockd_url(world.mockd), &client), FRESHET_EAUTH);
	assert_null(client);
	assert_int_equal(world_client("", mockd_url(world.mockd), &client), FRESHET_EAUTH);
	setenv("AOD_API_TOKEN", "", 1);
	assert_int_equal(world_client(NULL, mockd_url(world.mockd), &client), FRESHET_EAUTH);
	setenv("AOD_API_TOKEN", MOCKD_TOKEN, 1);
	setenv("AOD_API_URL", mockd_url(world.mockd), 1);
	assert_int_equal(world_client(NULL, NULL, &world.aod), FRESHET_OK);
	begin_call();
	wait_for_answer(freshet_aod_session_list(world.aod, on_sessions, NULL, NULL));
	assert_int_equal(answer.err, FRESHET_OK);
	unsetenv("AOD_API_TOKEN");
	unsetenv("AOD_API_URL");
}

static void bad_options_make_no_client(void **state)
{
	freshet_aod_options o;
	freshet_endpoint_options e;
	freshet_aod *client;
	(void)state;
	freshet_aod_options_init(&o);
	freshet_endpoint_options_init(&e);
	o.token = "t";
	o.url = "not a URL";
	client = world.aod;
	assert_int_equal(freshet_aod_new(world.reactor, &o, &client), FRESHET_EINVAL);
	assert_null(client);
	o.url = "https://example.org";
	o.size++;
	assert_int_equal(freshet_aod_new(world.reactor, &o, &client), FRESHET_EINVAL);
	o.size--;
	o.endpoint = &e;
	e.size = 1;
	assert_int_equal(freshet_aod_new(world.reactor, &o, &client), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_new(NULL, &o, &client), FRESHET_EINVAL);
	/* A token that could smuggle a header in. */
	o.endpoint = NULL;
	o.token = "t\r\nx: y";
	assert_int_equal(freshet_aod_new(world.reactor, &o, &client), FRESHET_EINVAL);
	freshet_aod_close(NULL);
}

/* ---- without memory ---- */

static freshet_err make_client(void)
{
	freshet_aod *client;
	freshet_err err = world_client(MOCKD_TOKEN, mockd_url(world.mockd), &client);
	assert_true((err == FRESHET_OK) == (client != NULL));
	return err;
}

static freshet_err make_session(void)
{
	const freshet_aod_resource resource = {.url = freshet_str_of("https://github.com/o/r"),
		.authorization_token = freshet_str_of("secret \"token\"")};
	const freshet_aod_secret secret = {freshet_str_of("KEY"), freshet_str_of("value")};
	freshet_aod_create_options o;
	freshet_aod_create_options_init(&o);
	o.agent_id = freshet_str_of(world.agent);
	o.prompt = freshet_str_of("script:manual");
	o.resources = &resource;
	o.resource_count = 1;
	o.secret_env_vars = &secret;
	o.secret_env_var_count = 1;
	return freshet_aod_session_create(world.aod, &o, on_ack, &answer, NULL);
}

static freshet_err make_prompt(void)
{
	freshet_str id = freshet_str_of(world.agent);
	return freshet_aod_session_prompt(world.aod, id, id, 60, on_ack, &answer, NULL);
}

static freshet_err make_get(void)
{
	return freshet_aod_session_get(world.aod, freshet_str_of(world.agent), on_session, NULL, NULL);
}

static freshet_err make_list(void)
{
	return freshet_aod_session_list(world.aod, on_sessions, NULL, NULL);
}

static freshet_err make_stream(void)
{
	static struct watch w;
	freshet_aod_stream_options o;
	memset(&w, 0, sizeof w);
	freshet_aod_stream_options_init(&o);
	o.session_id = freshet_str_of(world.agent);
	o.cursor = 9001;
	o.deadline_ms = 1000;
	o.callbacks = (freshet_aod_stream_callbacks){on_open, on_event, on_cut, on_done};
	o.user = &w;
	freshet_err err = freshet_aod_stream_open(world.aod, &o, &w.stream);
	assert_true((err == FRESHET_OK) == (w.stream != NULL));
	return err;
}

/* A call that fails keeps nothing and calls nobody; the leak checker and the callbacks' own checks look on. */
static void every_allocation_of_a_call_may_fail(void **state)
{
	static freshet_err (*const makers[])(void) = {
		make_client, make_session, make_prompt, make_get, make_list, make_stream};
	(void)state;
	for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
		size_t n = 1;
		bool fired;
		begin_call();
		do {
			failmem_arm(n++);
			freshet_err err = makers[i]();
			fired = failmem_fired();
			failmem_off();
			assert_int_equal(err, fired ? FRESHET_ENOMEM : FRESHET_OK);
		} while (fired);
		assert_true(n > 2);
		assert_int_equal(answer.count, 0);
	}
}

/* Of a list that does not fit into memory, the error is told. */
static void an_answer_without_memory(void **state)
{
	(void)state;
	create(world.agent, "script:manual");
	for (size_t n = 1, calls = 0; calls < 3; n++) {
		begin_call();
		assert_int_equal(freshet_aod_session_list(world.aod, on_sessions, NULL, NULL), FRESHET_OK);
		while (!answer.done) {
			failmem_arm(n);
			world_turn();
			failmem_off();
		}
		assert_int_equal(answer.count, 1);
		assert_true(answer.err == FRESHET_OK || strlen(answer.text) > 0);
		calls += answer.err == FRESHET_OK;
	}
}

int main(void)
{
#define TEST(name)              cmocka_unit_test_setup_teardown(name, set_up, world_close)
#define TEST_WITH(name, set_up) cmocka_unit_test_setup_teardown(name, set_up, world_close)
	const struct CMUnitTest tests[] = {
		TEST(create_get_list_and_turns),
		TEST(every_member_of_a_create_travels),
		TEST(errors_of_calls),
		TEST(a_wrong_token),
		TEST(a_route_that_is_none_answers_html),
		TEST(no_server),
		TEST_WITH(the_quota, set_up_quota),
		TEST_WITH(the_dialect_with_runtime, set_up_runtime),
		TEST(arguments_are_checked_before_anything_is_sent),
		TEST(a_call_that_is_canceled),
		TEST(a_full_run),
		TEST(two_turns),
		TEST(a_session_that_cannot_be_set_up),
		TEST(an_end_without_a_code),
		TEST(a_long_replay),
		TEST(a_cursor_carries_over),
		TEST(stale_goes_on),
		TEST(terminate_while_it_streams),
		TEST(delete_while_it_streams),
		TEST(a_paused_stream_loses_nothing),
		TEST(many_streams_of_one_session),
		TEST(every_allocation_of_a_call_may_fail),
		TEST(an_answer_without_memory),
		TEST(the_environment_is_asked),
		TEST(bad_options_make_no_client),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
