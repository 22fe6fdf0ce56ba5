/*
 * The calls of the service against the emulator in the same process and on the same loop: every call, every error that
 * it can be made to answer, how a client is made, and what happens without memory. streams_test.c holds the streams.
 */
#include "support/aod_record.h"
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

/* ---- calls ---- */

/* What all tests here go over is what they are called after. */
static void the_transport_is_the_one_asked_for(void **state)
{
	freshet_counters counters;
	(void)state;
	create_session(world.agent, "script:manual");
	assert_int_equal(answer.err, FRESHET_OK);
	freshet_counters_init(&counters);
	assert_int_equal(freshet_reactor_counters_get(world.reactor, &counters), FRESHET_OK);
	assert_int_equal(counters.connections, 1);
	assert_int_equal(counters.connections_open_http1, world_transport->http1);
	assert_int_equal(counters.connections_open_http2, !world_transport->http1);
	assert_int_equal(counters.handshakes, world_transport->tls);
}

static void create_get_list_and_turns(void **state)
{
	char id[MOCKD_ID_SIZE];
	char expected[256];
	(void)state;
	create_session(world.agent, "script:manual caf\xc3\xa9 \"quoted\"\n");
	assert_int_equal(answer.err, FRESHET_OK);
	assert_int_equal(answer.session_status, FRESHET_AOD_STATUS_PENDING);
	strcpy(id, answer.id);
	snprintf(expected, sizeof expected, "turn 1, url /sessions/%s/stream, resources 0", id);
	assert_string_equal(answer.words, expected);
	get_session(id);
	assert_string_equal(answer.id, id);
	snprintf(expected, sizeof expected, "anthropic||%s code=?0 turns=1 current=1", world.agent);
	assert_memory_equal(answer.words, expected, strlen(expected));
	assert_null(strstr(answer.words, "created=0"));
	begin_call();
	wait_for_answer(freshet_aod_session_turns(world.aod, freshet_str_of(id), keep_turns, NULL, NULL));
	assert_string_equal(answer.words, "1:script:manual caf\xc3\xa9 \"quoted\"\n;");
	create_session(world.agent, "script:manual");
	char second[MOCKD_ID_SIZE];
	strcpy(second, answer.id);
	begin_call();
	wait_for_answer(freshet_aod_session_list(world.aod, keep_sessions, NULL, NULL));
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
	wait_for_answer(freshet_aod_session_create(world.aod, &o, keep_ack, &answer, NULL));
	assert_int_equal(answer.err, FRESHET_OK);
	assert_non_null(strstr(answer.words, "resources 2"));
	/* And what is wrong with one comes back as an issue, without the value. */
	const freshet_aod_resource bad = {.url = freshet_str_of("https://example.org/SECRET")};
	o.resources = &bad;
	o.resource_count = 1;
	begin_call();
	wait_for_answer(freshet_aod_session_create(world.aod, &o, keep_ack, &answer, NULL));
	assert_int_equal(answer.err, FRESHET_EVALIDATION);
	assert_non_null(strstr(answer.issue, "resources[0]"));
	assert_null(strstr(answer.text, "SECRET"));
	assert_string_equal(answer.body, "");
	o.resource_count = 0;
	o.timeout_s = 5;
	begin_call();
	wait_for_answer(freshet_aod_session_create(world.aod, &o, keep_ack, &answer, NULL));
	assert_int_equal(answer.err, FRESHET_EVALIDATION);
	assert_string_equal(answer.issue, "greater_than_equal timeout");
}

static void errors_of_calls(void **state)
{
	struct watch w = {0};
	char id[MOCKD_ID_SIZE];
	(void)state;
	create_session(NOBODY, "x");
	assert_int_equal(answer.err, FRESHET_ENOT_FOUND);
	assert_int_equal(answer.status, 404);
	assert_true(strlen(answer.detail) > 0);
	get_session(NOBODY);
	assert_int_equal(answer.err, FRESHET_ENOT_FOUND);
	create_session(world.agent, "script:until-terminated");
	strcpy(id, answer.id);
	prompt_session(id, "again");
	assert_int_equal(answer.err, FRESHET_ECONFLICT);
	assert_true(answer.conflict == FRESHET_AOD_CONFLICT_PENDING || answer.conflict == FRESHET_AOD_CONFLICT_RUNNING);
	delete_session(id);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_ACTIVE_SESSION);
	terminate_session(id);
	assert_int_equal(answer.err, FRESHET_OK);
	assert_int_equal(answer.session_status, FRESHET_AOD_STATUS_TERMINATED);
	terminate_session(id);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_ALREADY_TERMINATED);
	prompt_session(id, "again");
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_TERMINATED);
	delete_session(id);
	assert_int_equal(answer.err, FRESHET_OK);
	assert_true(strlen(answer.words) > 0);
	delete_session(id);
	assert_int_equal(answer.err, FRESHET_ENOT_FOUND);
	create_session(world.agent, "script:exit code=3 rows=1");
	strcpy(id, answer.id);
	watch_from(&w, id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.status, FRESHET_AOD_STATUS_FAILED);
	assert_int_equal(w.exit_code, 3);
	prompt_session(id, "again");
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
	get_session(id);
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
	get_session(NOBODY);
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
	get_session(NOBODY);
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
		create_session(world.agent, "script:until-terminated");
		assert_int_equal(answer.err, FRESHET_OK);
	}
	create_session(world.agent, "script:until-terminated");
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
	create_session(world.agent, "script:success rows=2");
	assert_int_equal(answer.err, FRESHET_OK);
	watch_from(&w, answer.id, 0);
	world_run_until(&w.done);
	assert_int_equal(w.err, FRESHET_OK);
	get_session(w.id);
	assert_int_equal(answer.words[0], '|');
}

static void arguments_are_checked_before_anything_is_sent(void **state)
{
	freshet_aod_create_options o;
	freshet_aod_call *call = (freshet_aod_call *)&o;
	freshet_str bad = freshet_str_of("../agents");
	(void)state;
	freshet_aod_create_options_init(&o);
	assert_int_equal(freshet_aod_session_create(world.aod, &o, keep_ack, NULL, &call), FRESHET_EINVAL);
	assert_null(call);
	o.agent_id = freshet_str_of(world.agent);
	o.environment_id = bad;
	assert_int_equal(freshet_aod_session_create(world.aod, &o, keep_ack, NULL, NULL), FRESHET_EINVAL);
	o.environment_id.len = 0;
	assert_int_equal(freshet_aod_session_create(world.aod, &o, NULL, NULL, NULL), FRESHET_EINVAL);
	call = (freshet_aod_call *)&o;
	assert_int_equal(freshet_aod_session_get(world.aod, bad, keep_session, NULL, &call), FRESHET_EINVAL);
	assert_null(call);
	freshet_str id = freshet_str_of(world.agent);
	assert_int_equal(freshet_aod_session_get(world.aod, id, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_list(world.aod, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_turns(world.aod, bad, keep_turns, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_turns(world.aod, id, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_prompt(world.aod, bad, id, 0, keep_ack, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_prompt(world.aod, id, id, 0, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_terminate(world.aod, bad, keep_ack, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_terminate(world.aod, id, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_delete(world.aod, bad, keep_detail, NULL, NULL), FRESHET_EINVAL);
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
	assert_int_equal(freshet_aod_session_list(world.aod, keep_sessions, NULL, &call), FRESHET_OK);
	freshet_aod_call_cancel(call);
	freshet_aod_call_cancel(call);
	assert_false(answer.done);
	world_run_until(&answer.done);
	assert_int_equal(answer.err, FRESHET_ECANCELED);
	assert_int_equal(answer.count, 1);
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
	wait_for_answer(freshet_aod_session_list(world.aod, keep_sessions, NULL, NULL));
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
	return freshet_aod_session_create(world.aod, &o, keep_ack, &answer, NULL);
}

static freshet_err make_prompt(void)
{
	freshet_str id = freshet_str_of(world.agent);
	return freshet_aod_session_prompt(world.aod, id, id, 60, keep_ack, &answer, NULL);
}

static freshet_err make_get(void)
{
	return freshet_aod_session_get(world.aod, freshet_str_of(world.agent), keep_session, NULL, NULL);
}

static freshet_err make_list(void)
{
	return freshet_aod_session_list(world.aod, keep_sessions, NULL, NULL);
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
	o.callbacks = watch_callbacks;
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
	create_session(world.agent, "script:manual");
	for (size_t n = 1, calls = 0; calls < 3; n++) {
		begin_call();
		assert_int_equal(freshet_aod_session_list(world.aod, keep_sessions, NULL, NULL), FRESHET_OK);
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

/* Where it goes and what is open; never the token. */
static void a_line_describes_the_client(void **state)
{
	(void)state;
	char line[200], wanted[200], cut[12];
	begin_call();
	assert_int_equal(freshet_aod_session_list(world.aod, keep_sessions, NULL, NULL), FRESHET_OK);
	snprintf(wanted, sizeof wanted, "aod: %s, requests 1, streams 0", mockd_url(world.mockd));
	assert_int_equal(freshet_aod_describe(world.aod, line, sizeof line), strlen(wanted));
	assert_string_equal(line, wanted);
	assert_int_equal(freshet_aod_describe(world.aod, cut, sizeof cut), strlen(wanted));
	assert_int_equal(strlen(cut), sizeof cut - 1);
	world_run_until(&answer.done);
}

int main(int argc, char **argv)
{
#define TEST(name)              cmocka_unit_test_setup_teardown(name, set_up, world_close)
#define TEST_WITH(name, set_up) cmocka_unit_test_setup_teardown(name, set_up, world_close)
	const struct CMUnitTest tests[] = {
		TEST(the_transport_is_the_one_asked_for),
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
		TEST(every_allocation_of_a_call_may_fail),
		TEST(an_answer_without_memory),
		TEST(the_environment_is_asked),
		TEST(a_line_describes_the_client),
		TEST(bad_options_make_no_client),
	};
	world_choose(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
