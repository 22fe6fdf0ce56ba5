#include "support/agentos_world.h"
#include "support/patience.h"
#include "support/test.h"
#include "support/timelapse.h"

#include <stdio.h>
#include <stdlib.h>

struct agentos_world agentos_world;

/* Ids that were seen, and so have a number. */
static char known[64][37];
static size_t known_count;

static void on_guard(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	*(bool *)user = true;
}

void agentos_world_turn(void)
{
	timelapse_turn();
}

void agentos_world_run_until(const bool *done)
{
	static const struct timeval limit = {PATIENCE_S, 0};
	bool too_long = false;
	struct event *guard = event_new(agentos_world.base, -1, 0, on_guard, &too_long);
	event_add(guard, &limit);
	while (!*(const volatile bool *)done && !too_long)
		agentos_world_turn();
	event_free(guard);
	assert_true(*done);
}

freshet_agentos_options agentos_world_options(void)
{
	static char url[64];
	freshet_agentos_options o;
	freshet_agentos_options_init(&o);
	snprintf(url, sizeof url, "http://127.0.0.1:%u", agentos_world.server.port);
	o.base_url = url;
	o.api_key = AGENTOS_WORLD_KEY;
	o.agent_id = AGENTOS_WORLD_AGENT;
	o.batch_interval_ms = 2;
	o.retry_base_ms = 2;
	o.retry_cap_ms = 4;
	return o;
}

void agentos_world_open(h1server_fn *answer, void *user)
{
	freshet_reactor_options r;
	memset(&agentos_world, 0, sizeof agentos_world);
	memset(known, 0, sizeof known);
	known_count = 0;
	agentos_world.base = event_base_new();
	assert_non_null(agentos_world.base);
	timelapse_begin(agentos_world.base, NULL, 1);
	h1server_open(&agentos_world.server, agentos_world.base, answer, user);
	freshet_reactor_options_init(&r);
	r.base = agentos_world.base;
	r.seed = 1;
	assert_int_equal(freshet_reactor_new(&r, &agentos_world.reactor), FRESHET_OK);
	timelapse_reactor(agentos_world.reactor);
}

void agentos_world_client(const freshet_agentos_options *options)
{
	freshet_agentos_options defaults = agentos_world_options();
	assert_int_equal(freshet_agentos_new(
				 agentos_world.reactor, options != NULL ? options : &defaults, &agentos_world.client),
		FRESHET_OK);
}

void agentos_world_check(const freshet_agentos_stats *stats)
{
	assert_int_equal(stats->emitted, stats->sent + freshet_agentos_dropped(stats) + stats->queued);
}

/* ---- the scripted server ---- */

static void add(char **text, size_t *len, const char *bytes, size_t more)
{
	*text = realloc(*text, *len + more + 1);
	assert_non_null(*text);
	memcpy(*text + *len, bytes, more);
	*len += more;
	(*text)[*len] = '\0';
}

static const struct agentos_reply *scripted(const char *target)
{
	const struct agentos_reply *line = agentos_world.script;
	for (size_t i = 0; line != NULL && line->path != NULL; i++, line++) {
		if (strstr(target, line->path) == NULL || (line->times > 0 && agentos_world.used[i] >= line->times))
			continue;
		agentos_world.used[i]++;
		return line;
	}
	return NULL;
}

void agentos_world_answer(struct h1server_conn *c, const struct h1server_request *q)
{
	static const char json[] = "content-type: application/json\r\n";
	const struct agentos_reply *reply = scripted(q->target);
	struct agentos_world *w = &agentos_world;
	add(&w->log, &w->log_len, q->method, strlen(q->method));
	add(&w->log, &w->log_len, " ", 1);
	add(&w->log, &w->log_len, q->target, strlen(q->target));
	add(&w->log, &w->log_len, " ", 1);
	add(&w->log, &w->log_len, q->body, q->body_len);
	add(&w->log, &w->log_len, "\n", 1);
	add(&w->heads, &w->heads_len, q->head, strlen(q->head));
	if (reply == NULL && strstr(q->target, "start") != NULL)
		h1server_reply(c, 200, json, AGENTOS_WORLD_STARTED);
	else if (reply == NULL)
		h1server_reply(c, 200, json, "{\"data\":{},\"error\":null}");
	else if (reply->status == AGENTOS_WORLD_DROP)
		h1server_drop(c, true);
	else if (reply->status != AGENTOS_WORLD_HANG)
		h1server_reply(c, reply->status, reply->fields != NULL ? reply->fields : json,
			reply->body != NULL ? reply->body : "");
}

/* ---- the log ---- */

static size_t hex_run(const char *at)
{
	return strspn(at, "0123456789abcdef");
}

static bool is_uuid(const char *at)
{
	static const size_t runs[] = {8, 4, 4, 4, 12};
	for (size_t i = 0; i < 5; i++) {
		if (hex_run(at) < runs[i] || (i < 4 && at[runs[i]] != '-'))
			return false;
		at += runs[i] + 1;
	}
	return true;
}

static bool is_time(const char *at)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? at[i] < '0' || at[i] > '9' : at[i] != form[i])
			return false;
	return true;
}

static size_t name_of(const char *id, size_t len)
{
	size_t same_kind = 0;
	for (size_t i = 0; i < known_count; i++) {
		same_kind += strlen(known[i]) == len;
		if (strlen(known[i]) == len && memcmp(known[i], id, len) == 0)
			return same_kind;
	}
	assert_true(known_count < 64);
	memcpy(known[known_count++], id, len);
	return same_kind + 1;
}

/* Writes what stands for the thing at `at`; its length, or 0: it is nothing special. */
static size_t replace(const char *at, const char *begin, char *out)
{
	static const char duration[] = "\"duration_ms\":";
	size_t before = (size_t)(at - begin);
	if (is_time(at)) {
		strcpy(out, "@");
		return 24;
	}
	if (is_uuid(at) && memcmp(at, AGENTOS_WORLD_RUN, 36) != 0 && memcmp(at, AGENTOS_WORLD_AGENT, 36) != 0) {
		sprintf(out, "U%zu", name_of(at, 36));
		return 36;
	}
	if (at[-1] == '"' && hex_run(at) == 16 && at[16] == '"') {
		sprintf(out, "S%zu", name_of(at, 16));
		return 16;
	}
	if (before >= sizeof duration && memcmp(at - strlen(duration), duration, strlen(duration)) == 0) {
		strcpy(out, "#");
		return strspn(at, "0123456789");
	}
	return 0;
}

const char *agentos_world_log(void)
{
	static char *text;
	size_t len = 0;
	free(text);
	text = calloc(1, agentos_world.log_len + 1);
	for (const char *at = agentos_world.log; at != NULL && *at != '\0';) {
		char name[16];
		size_t taken = at > agentos_world.log ? replace(at, agentos_world.log, name) : 0;
		if (taken > 0) {
			memcpy(text + len, name, strlen(name));
			len += strlen(name);
			at += taken;
		} else {
			text[len++] = *at++;
		}
	}
	text[len] = '\0';
	agentos_world.log_len = 0;
	if (agentos_world.log != NULL)
		agentos_world.log[0] = '\0';
	return text;
}

/* ---- the end ---- */

struct finish {
	bool closed;
	freshet_agentos_stats stats;
};

static void on_client_closed(const freshet_agentos_stats *stats, void *user)
{
	struct finish *finish = user;
	finish->stats = *stats;
	finish->closed = true;
}

freshet_agentos_stats agentos_world_finish(void)
{
	struct finish finish = {.closed = false};
	freshet_agentos_close(agentos_world.client, 0, on_client_closed, &finish);
	agentos_world_run_until(&finish.closed);
	agentos_world.client = NULL;
	agentos_world_check(&finish.stats);
	assert_int_equal(finish.stats.queued, 0);
	assert_int_equal(finish.stats.queued_bytes, 0);
	assert_int_equal(finish.stats.control_bytes, 0);
	assert_int_equal(finish.stats.runs_open, 0);
	assert_int_equal(finish.stats.in_flight, 0);
	assert_int_equal(finish.stats.calls_open, 0);
	assert_int_equal(finish.stats.streams_open, 0);
	return finish.stats;
}

void agentos_world_forget_reactor(void)
{
	agentos_world.reactor = NULL;
	timelapse_reactor(NULL);
}

void agentos_world_on_reactor_closed(void *closed)
{
	agentos_world_forget_reactor();
	*(bool *)closed = true;
}

void agentos_world_close_reactor(void)
{
	bool closed = false;
	if (agentos_world.reactor == NULL)
		return;
	freshet_reactor_close(agentos_world.reactor, agentos_world_on_reactor_closed, &closed);
	agentos_world_run_until(&closed);
	agentos_world.client = NULL;
}

int agentos_world_close(void **state)
{
	(void)state;
	agentos_world_close_reactor();
	h1server_close(&agentos_world.server);
	free(agentos_world.log);
	free(agentos_world.heads);
	agentos_world.log = agentos_world.heads = NULL;
	timelapse_end();
	event_base_free(agentos_world.base);
	return 0;
}
