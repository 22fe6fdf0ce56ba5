#include "support/receiver.h"
#include "support/patience.h"
#include "support/test.h"

#include <event2/event.h>
#include <strings.h>

static void answer(struct h1server_conn *c, const struct h1server_request *q)
{
	struct receiver *r = c->server->user;
	assert_true(r->count < RECEIVED_MAX);
	struct received *item = &r->items[r->count++];
	item->head = strdup(q->head);
	item->body = calloc(1, q->body_len + 1);
	assert_true(item->head != NULL && item->body != NULL);
	memcpy(item->body, q->body, q->body_len);
	item->body_len = q->body_len;
	memcpy(item->target, q->target, sizeof item->target);
	item->conn = c;
	int status = r->fail > 0 ? r->failure : r->status;
	r->fail -= r->fail > 0;
	if (status == 0)
		return;
	h1server_reply(c, status, "content-type: application/json\r\n", "{\"ok\":true}");
	h1server_finish(c);
}

void receiver_open(struct receiver *r, struct event_base *base, struct mockd *mockd)
{
	*r = (struct receiver){.mockd = mockd, .status = 200};
	h1server_open(&r->server, base, answer, r);
	snprintf(r->url, sizeof r->url, "http://127.0.0.1:%u/hooks?from=mockd", (unsigned)r->server.port);
}

void receiver_close(struct receiver *r)
{
	h1server_close(&r->server);
	for (size_t i = 0; i < r->count; i++) {
		free(r->items[i].head);
		free(r->items[i].body);
	}
	r->count = 0;
}

static void give_up(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	*(bool *)user = true;
}

/* Runs the loop until `holds` does. */
static void run_until(struct receiver *r, bool (*holds)(struct receiver *r, uint64_t wanted), uint64_t wanted)
{
	const struct timeval patience = {PATIENCE_S, 0};
	bool late = false;
	struct event *watchdog = event_new(r->server.base, -1, 0, give_up, &late);
	assert_true(watchdog != NULL && event_add(watchdog, &patience) == 0);
	while (!holds(r, wanted) && !late)
		event_base_loop(r->server.base, EVLOOP_ONCE);
	event_free(watchdog);
	if (late)
		fail_msg("what was waited for does not happen; %zu webhooks came", r->count);
}

static bool has_come(struct receiver *r, uint64_t wanted)
{
	return r->count >= wanted;
}

void receiver_until(struct receiver *r, size_t count)
{
	run_until(r, has_come, count);
}

static bool is_quiet(struct receiver *r, uint64_t wanted)
{
	struct mockd_webhook_stats stats;
	mockd_webhook_get_stats(r->mockd, NULL, &stats);
	return stats.posting == wanted;
}

void receiver_settle(struct receiver *r)
{
	run_until(r, is_quiet, 0);
}

const char *receiver_field(const struct receiver *r, size_t n, const char *name)
{
	static char value[512];
	size_t len = strlen(name);
	assert_true(n < r->count);
	for (const char *line = r->items[n].head; line != NULL; line = strstr(line, "\r\n")) {
		line += line != r->items[n].head ? 2 : 0;
		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		const char *from = line + len + 1 + strspn(line + len + 1, " ");
		snprintf(value, sizeof value, "%.*s", (int)strcspn(from, "\r\n"), from);
		return value;
	}
	return NULL;
}
