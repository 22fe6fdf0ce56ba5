#include "support/mock_ash.h"
#include "support/test.h"

#include <stdarg.h>
#include <stdio.h>

struct mockd_options ash_options(void)
{
	struct mockd_options options = mock_options();
	options.platform = MOCKD_PLATFORM_ASH;
	return options;
}

void ash_open(const struct mockd_options *options)
{
	const struct mockd_options defaults = ash_options();
	mock_open(options != NULL ? options : &defaults);
}

struct reply *ash_ask(const char *method, const char *body, const char *path, ...)
{
	char text[512];
	va_list args;
	va_start(args, path);
	vsnprintf(text, sizeof text, path, args);
	va_end(args);
	struct reply *r = probe_send(
		mock.probe, method, text, body != NULL ? "content-type: application/json; charset=utf-8" : NULL, body);
	probe_until_end(mock.probe, r);
	return r;
}

const char *ash_session(void)
{
	static char id[MOCKD_ID_SIZE];
	mockd_ash_add_session(mock.mockd, id);
	return id;
}

struct reply *ash_send(const char *session, const char *text)
{
	return ash_send_with(session, text, NULL);
}

struct reply *ash_send_with(const char *session, const char *text, const char *members)
{
	char path[128];
	char body[1024];
	snprintf(path, sizeof path, "/api/sessions/%s/messages", session);
	snprintf(body, sizeof body, "{\"content\":\"%s\"%s%s}", text, members != NULL ? "," : "",
		members != NULL ? members : "");
	struct reply *r = probe_send(mock.probe, "POST", path, "content-type: application/json", body);
	probe_until_headers(mock.probe, r);
	probe_settle(mock.probe);
	return r;
}

void ash_finish(struct reply *r)
{
	for (int steps = 0; r->end == REPLY_OPEN; steps++) {
		if (steps > 2000)
			fail_msg("the stream does not end: %s", r->body);
		mock_pass(100);
	}
}

void assert_answer(const struct reply *r, int status, const char *part)
{
	if (r->status != status || (part != NULL && (r->body == NULL || strstr(r->body, part) == NULL)))
		fail_msg("no %d with %s: %d %s", status, part != NULL ? part : "anything", r->status, r->body);
}

size_t count_of(const char *text, const char *part)
{
	size_t n = 0;
	for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part))
		n++;
	return n;
}
