/*
 * No secret shows, neither in log lines at the most verbose level nor in answers and texts: keys, tokens, signatures, and
 * what bodies hold.
 */
#include "webhook/post.h"

#define TOKEN "t0ken_6b1d"

static char logged[65536];
static size_t logged_len;

static void note_line(freshet_log_level level, const char *line, void *user)
{
	(void)level;
	(void)user;
	logged_len += (size_t)snprintf(logged + logged_len, sizeof logged - logged_len, "%s\n", line);
	assert_true(logged_len < sizeof logged);
}

static bool shows(const char *text, const struct post *p)
{
	const char *const secrets[] = {POST_SECRET, POST_OTHER, TOKEN, "sha256", "agent-7f", "the result"};
	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
		if (strstr(text, secrets[i]) != NULL)
			return true;
	return p->signature[0] != '\0' &&
	       (strstr(text, p->signature) != NULL || strstr(text, p->signature + 7) != NULL);
}

static void nothing_secret_is_told(void **state)
{
	(void)state;
	static const char body[] = "{\"agent_id\":\"agent-7f\",\"task_id\":7,\"status\":\"completed\",\"revision\":3,"
				   "\"result\":\"the result\"}";
	static const freshet_str token = {TOKEN, sizeof TOKEN - 1};
	freshet_webhook_options o;
	logged_len = 0;
	freshet_set_log(note_line, FRESHET_LOG_DEBUG, NULL);
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.tokens = &token;
	o.token_count = 1;
	freshet_webhook *w = post_receiver(&o);
	size_t told = 0;
	for (unsigned way = 0; way < 8; way++) {
		struct post p;
		post_begin(&p, freshet_str_of(way == 6 ? "{\"result\":\"the result\"" : body));
		post_sign_sudoiq(&p, way == 1 ? POST_OTHER : POST_SECRET, way == 2 ? POST_NOW_S - 999 : POST_NOW_S);
		p.q.target = freshet_str_of(way == 3 ? "/hooks?token=" TOKEN "x" : "/hooks?token=" TOKEN);
		if (way == 4)
			p.headers[2].value.len -= 5;
		if (way == 5)
			p.q.header_count = 1;
		freshet_webhook_delivery d;
		freshet_webhook_receive(w, &p.q, &d);
		char answer[200];
		snprintf(answer, sizeof answer, "%.*s", (int)d.answer.body.len, d.answer.body.ptr);
		assert_false(shows(answer, &p));
		assert_false(shows(freshet_webhook_cause_text(d.cause), &p));
		assert_false(shows(freshet_err_text(d.err), &p));
		assert_true(logged_len > told);
		told = logged_len;
		assert_false(shows(logged, &p));
		if (d.ticket != 0)
			assert_int_equal(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	}
	assert_non_null(strstr(logged, "the signature is wrong"));
	assert_non_null(strstr(logged, "the token is missing or wrong"));
	assert_non_null(strstr(logged, "duplicate"));
	/* Whoever opens the door to everybody is told so. */
	o.secret_count = 0;
	o.token_count = 0;
	freshet_webhook_free(post_receiver(&o));
	assert_non_null(strstr(logged, "whoever finds the address is believed"));
	freshet_set_log(NULL, FRESHET_LOG_ERROR, NULL);
	freshet_webhook_free(w);
}

/* The same of AgentOS: its signature has no prefix, and its bodies hold what agents were asked. */
static void nothing_secret_of_agentos_is_told(void **state)
{
	static const char body[] =
		"{\"event\":\"approval.requested\",\"agent_id\":\"agent-7f\",\"data\":{\"run_id\":\"r1\","
		"\"approval_id\":\"p1\",\"tool\":\"t\",\"input\":\"the result\"}}";
	freshet_webhook_options o;
	(void)state;
	logged_len = 0;
	logged[0] = '\0';
	freshet_set_log(note_line, FRESHET_LOG_DEBUG, NULL);
	post_options(&o, FRESHET_WEBHOOK_AGENTOS);
	freshet_webhook *w = post_receiver(&o);
	for (unsigned way = 0; way < 5; way++) {
		struct post p;
		freshet_webhook_delivery d;
		post_begin(&p, freshet_str_of(way == 3 ? "{\"event\":\"the result\"" : body));
		post_sign_agentos(&p, way == 1 ? POST_OTHER : POST_SECRET);
		if (way == 2)
			p.headers[1].value.len -= 5;
		size_t told = logged_len;
		freshet_webhook_receive(w, &p.q, &d);
		assert_true(logged_len > told);
		assert_null(strstr(logged, p.signature));
		assert_false(shows(logged, &(struct post){.signature = ""}));
		assert_null(strstr(d.answer.body.ptr, p.signature));
		if (d.ticket != 0)
			assert_int_equal(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_TAKEN, NULL), FRESHET_OK);
	}
	assert_non_null(strstr(logged, "the signature is wrong"));
	assert_non_null(strstr(logged, "duplicate"));
	freshet_set_log(NULL, FRESHET_LOG_ERROR, NULL);
	freshet_webhook_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_secret_is_told),
		cmocka_unit_test(nothing_secret_of_agentos_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
