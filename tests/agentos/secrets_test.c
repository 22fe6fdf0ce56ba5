/*
 * Keys, prompts and payloads never appear in logs, error texts or descriptions, whatever goes wrong and whatever the server
 * echoes: all that is said at the most verbose level is kept and searched.
 */
#include "support/agentos_world.h"
#include "support/test.h"

#define Z(text) freshet_str_of(text)
#define NONE    ((freshet_str){NULL, 0})

/* Of the wrong kinds, so that they are warned of. */
#define KEY       "sk-live-0123456789abcdef"
#define OTHER_KEY "sk-live-fedcba9876543210"
#define SPACE_KEY "space-0123456789abcdef"
#define PROMPT    "the launch code is 7782"
#define PAYLOAD   "card-4111111111111111"

static char *said;
static size_t said_len;
static unsigned lines;

static void keep(const char *text, size_t len)
{
	said = realloc(said, said_len + len + 2);
	assert_non_null(said);
	if (len > 0)
		memcpy(said + said_len, text, len);
	said_len += len;
	said[said_len++] = '\n';
	said[said_len] = '\0';
}

static void on_line(freshet_log_level level, const char *line, void *user)
{
	(void)level;
	(void)user;
	keep(line, strlen(line));
	lines++;
}

static void keep_error(const freshet_agentos_error *error)
{
	keep(error->outcome.text.ptr, error->outcome.text.len);
	keep(error->message.ptr, error->message.len);
	keep(error->code.ptr, error->code.len);
	keep(error->details.ptr, error->details.len);
	keep(error->outcome.body.ptr, error->outcome.body.len);
}

static void describe(const freshet_agentos_run *run)
{
	char text[1024];
	assert_true(freshet_agentos_describe(agentos_world.client, text, sizeof text) < sizeof text);
	keep(text, strlen(text));
	if (run != NULL) {
		assert_true(freshet_agentos_run_describe(run, text, sizeof text) < sizeof text);
		keep(text, strlen(text));
	}
}

static void on_error(freshet_agentos *client, const freshet_agentos_error *error, void *user)
{
	(void)client;
	(void)user;
	keep_error(error);
	describe(NULL);
}

static void on_lost(freshet_agentos_run *run, const freshet_agentos_error *error, void *user)
{
	(void)user;
	keep_error(error);
	describe(run);
}

static void on_done(freshet_agentos_run *run, const freshet_agentos_run_end *end, void *user)
{
	if (end->error != NULL)
		keep_error(end->error);
	describe(run);
	*(bool *)user = true;
}

#define CAUSED(status_, body_)                                                                                         \
	{                                                                                                              \
		.path = "events", .times = 1, .status = (status_), .body = (body_)                                     \
	}

/* Echoes of keys in every member, and answers of every kind. */
static const struct agentos_reply hostile[] = {
	CAUSED(500, "Traceback: Authorization: Bearer " KEY),
	CAUSED(AGENTOS_WORLD_DROP, NULL),
	CAUSED(400, "{\"error\":{\"message\":\"bad " KEY " and " SPACE_KEY "\",\"code\":\"" KEY
		    "\",\"details\":{\"authorization\":\"Bearer " KEY "\"}}}"),
	CAUSED(200, "{\"data\":null,\"error\":\"who is " KEY "?\"}"),
	CAUSED(422, "{\"detail\":\"Bearer " KEY "\"}"),
	CAUSED(404, "<html>" KEY "</html>"),
	CAUSED(401, "{\"error\":\"revoked: " KEY "\"}"),
	{.path = NULL},
};

static void report(const char *key)
{
	freshet_agentos_run_options r;
	freshet_agentos_run *run;
	freshet_agentos_task task;
	freshet_agentos_span span;
	bool done = false;
	freshet_agentos_run_options_init(&r);
	r.input = Z("{\"prompt\":\"" PROMPT "\"}");
	r.callbacks.on_lost = on_lost;
	r.callbacks.on_done = on_done;
	r.user = &done;
	assert_int_equal(freshet_agentos_run_start(agentos_world.client, &r, &run), FRESHET_OK);
	for (unsigned i = 0; i < 8; i++) {
		const freshet_agentos_value prompt = {.text = Z(PROMPT)};
		assert_int_equal(freshet_agentos_emit_llm_request(run, Z("m"), prompt, NONE), FRESHET_OK);
		assert_int_equal(freshet_agentos_emit(run, Z("paid"), Z("\"" PAYLOAD "\""), 0), FRESHET_OK);
		freshet_agentos_emit(run, Z("paid"), Z("{\"x\":" PAYLOAD), 0);
		freshet_agentos_task_start(run, Z(PAYLOAD), Z("\"" PAYLOAD "\""), &task);
		freshet_agentos_task_fail(run, task, Z(PROMPT));
		freshet_agentos_span_start(run, Z(PAYLOAD), NULL, &span);
		describe(run);
	}
	assert_int_equal(freshet_agentos_run_fail(run, Z(PROMPT), Z("\"" PAYLOAD "\"")), FRESHET_OK);
	agentos_world_run_until(&done);
	assert_int_equal(freshet_agentos_set_api_key(agentos_world.client, key), FRESHET_OK);
}

static void no_secret_is_ever_said(void **state)
{
	static const char *const secrets[] = {KEY, OTHER_KEY, SPACE_KEY, PROMPT, PAYLOAD};
	(void)state;
	freshet_set_log(on_line, FRESHET_LOG_DEBUG, NULL);
	agentos_world_open(agentos_world_answer, NULL);
	agentos_world.script = hostile;
	freshet_agentos_options o = agentos_world_options();
	o.api_key = KEY;
	o.workspace_key = SPACE_KEY;
	o.max_retries = 1;
	o.on_error = on_error;
	agentos_world_client(&o);
	report(OTHER_KEY);
	report(KEY);
	agentos_world_finish();
	agentos_world_close(NULL);
	freshet_set_log(NULL, FRESHET_LOG_ERROR, NULL);
	/* There was something to say, and what the server said is there without them. */
	assert_true(lines >= 3);
	assert_non_null(strstr(said, "does not begin with"));
	assert_non_null(strstr(said, "given up"));
	assert_non_null(strstr(said, "bad ****"));
	assert_non_null(strstr(said, "who is ****"));
	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
		if (strstr(said, secrets[i]) != NULL)
			fail_msg("%s was said: %s", secrets[i], said);
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_secret_is_ever_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
