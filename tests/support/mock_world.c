#include "support/mock_world.h"
#include "support/test.h"

#include <inttypes.h>
#include <stdarg.h>

struct mock_world mock;

struct mockd_options mock_options(void)
{
	struct mockd_options options;
	mockd_options_init(&options);
	options.manual_clock = true;
	options.row_gap = 1;
	return options;
}

void mock_open(const struct mockd_options *options)
{
	const struct mockd_options defaults = mock_options();
	mock.base = event_base_new();
	assert_non_null(mock.base);
	assert_int_equal(mockd_new(mock.base, options != NULL ? options : &defaults, &mock.mockd), FRESHET_OK);
	mockd_add_agent(mock.mockd, mock.agent);
	if (options == NULL || options->tls_key == NULL)
		mock.probe = probe_open(mock.base, mockd_port(mock.mockd), NULL);
}

int mock_close(void **state)
{
	(void)state;
	mockd_free(mock.mockd);
	probe_close(mock.probe);
	if (mock.base != NULL)
		event_base_free(mock.base);
	mock = (struct mock_world){.base = NULL};
	return 0;
}

void mock_reconnect(void)
{
	probe_close(mock.probe);
	mock.probe = probe_open(mock.base, mockd_port(mock.mockd), NULL);
}

struct reply *mock_ask(const char *method, const char *path, const char *body)
{
	struct reply *r = probe_send(mock.probe, method, path, NULL, body);
	probe_until_end(mock.probe, r);
	return r;
}

struct reply *mock_ask_path(const char *method, const char *body, const char *path, ...)
{
	char text[512];
	va_list args;
	va_start(args, path);
	vsnprintf(text, sizeof text, path, args);
	va_end(args);
	return mock_ask(method, text, body);
}

const char *mock_session(const char *prompt)
{
	static char id[MOCKD_ID_SIZE];
	assert_int_equal(mockd_add_session(mock.mockd, prompt, id), FRESHET_OK);
	return id;
}

struct reply *mock_stream(const char *session, uint64_t cursor)
{
	char path[128];
	if (cursor > 0)
		snprintf(path, sizeof path, "/sessions/%s/stream?since=%" PRIu64, session, cursor);
	else
		snprintf(path, sizeof path, "/sessions/%s/stream", session);
	struct reply *r = probe_send(mock.probe, "GET", path, "accept: text/event-stream", NULL);
	probe_settle(mock.probe);
	return r;
}

void mock_pass(uint64_t ms)
{
	mockd_advance(mock.mockd, ms);
	probe_settle(mock.probe);
}

void mock_finish(struct reply *r)
{
	for (int polls = 0; r->end == REPLY_OPEN; polls++) {
		if (polls > 2000)
			fail_msg("the stream does not end: %s", r->body);
		mock_pass(500);
	}
}

json_t *mock_json(const struct reply *r)
{
	json_error_t error;
	json_t *json = json_loadb(r->body, r->body_len, 0, &error);
	if (json == NULL)
		fail_msg("no JSON: %s: %s", error.text, r->body);
	return json;
}

void assert_detail(const struct reply *r, int status, const char *part)
{
	if (r->status != status)
		fail_msg("status %d, not %d: %s", r->status, status, r->body);
	json_t *json = mock_json(r);
	const char *detail = json_string_value(json_object_get(json, "detail"));
	if (detail == NULL || strstr(detail, part) == NULL)
		fail_msg("no \"%s\" in: %s", part, r->body);
	assert_true(reply_has(r, "content-type: application/json"));
	json_decref(json);
}
