#include "support/mock_agentos.h"
#include "support/test.h"

#include <stdarg.h>
#include <stdio.h>

void os_open(const struct mockd_options *options)
{
	mock_open(options);
	os_as_agent();
}

void os_as_workspace(void)
{
	probe_use_token(mock.probe, MOCKD_AGENTOS_WORKSPACE_KEY);
}

void os_as_agent(void)
{
	probe_use_token(mock.probe, MOCKD_AGENTOS_AGENT_KEY);
}

struct reply *os_ask(const char *method, const char *body, const char *path, ...)
{
	char text[512];
	va_list args;
	va_start(args, path);
	vsnprintf(text, sizeof text, path, args);
	va_end(args);
	struct reply *r =
		probe_send(mock.probe, method, text, body != NULL ? "content-type: application/json" : NULL, body);
	probe_until_end(mock.probe, r);
	return r;
}

struct reply *os_send(const char *path, const char *key, const char *body)
{
	char fields[256];
	snprintf(fields, sizeof fields, "content-type: application/json\nidempotency-key: %s", key);
	struct reply *r = probe_send(mock.probe, "POST", path, fields, body);
	probe_settle(mock.probe);
	return r;
}

const char *os_start(void)
{
	static char id[MOCKD_ID_SIZE];
	struct reply *r = os_ask("POST", "{\"agent_id\":\"" MOCKD_AGENTOS_AGENT "\"}", OS_INGEST "/run/start");
	assert_int_equal(r->status, 200);
	snprintf(id, sizeof id, "%s", os_pick(r, "run_id"));
	return id;
}

struct reply *os_report(const char *run, const char *path, const char *members)
{
	char body[4096];
	snprintf(body, sizeof body, "{\"run_id\":\"%s\",%s}", run, members);
	return os_ask("POST", body, OS_INGEST "/%s", path);
}

struct reply *os_invoke(const char *prompt, const char *members)
{
	char body[2048];
	snprintf(body, sizeof body, "{\"input\":{\"prompt\":\"%s\"}%s%s}", prompt, members != NULL ? "," : "",
		members != NULL ? members : "");
	struct reply *r = probe_send(mock.probe, "POST", OS_INVOKE, "content-type: application/json", body);
	probe_settle(mock.probe);
	return r;
}

void os_finish(struct reply *r)
{
	ash_finish(r);
}

const char *os_pick(const struct reply *r, const char *name)
{
	static char values[5][256];
	static size_t next;
	char *value = values[next++ % 5];
	char before[64];
	snprintf(before, sizeof before, "\"%s\":\"", name);
	const char *at = r->body != NULL ? strstr(r->body, before) : NULL;
	if (at == NULL)
		fail_msg("no %s in: %d %s", name, r->status, r->body);
	at += strlen(before);
	snprintf(value, sizeof values[0], "%.*s", (int)strcspn(at, "\""), at);
	return value;
}

static void keep_entry(const struct mockd_agentos_run *run, void *user)
{
	struct mockd_agentos_run *kept = user;
	*kept = *run;
	kept->run = kept->agent = kept->external_id = kept->prompt = NULL;
}

struct mockd_agentos_run os_ledger_of(const char *run)
{
	struct mockd_agentos_run kept;
	assert_true(mockd_agentos_find(mock.mockd, run, keep_entry, &kept));
	return kept;
}
