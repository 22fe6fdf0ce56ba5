#include "support/web.h"

#include "support/test.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static void note_order(struct web *s, const char *method, const char *target)
{
	size_t len = strlen(s->order);
	if (len + strlen(method) + strlen(target) + 3 <= sizeof s->order)
		snprintf(s->order + len, sizeof s->order - len, "%s %s ", method, target);
}

static void handle(struct web *s, struct web_call *call)
{
	call->web = s;
	call->number = ++s->calls;
	note_order(s, call->method, call->target);
	s->handle(call);
}

static void on_h1(struct h1server_conn *c, const struct h1server_request *q)
{
	struct web_call call = {.conn = c->number, .method = q->method, .target = q->target};
	call.body_len = q->body_len;
	call.body = q->body;
	call.body_wrong = q->body_wrong;
	call.h1 = c;
	call.head = q->head;
	handle(c->server->user, &call);
}

/* The number-th call that has come whole, over all connections. */
static bool next_call(struct web *s, struct web_call *out)
{
	for (size_t i = 0; i < s->h2.conn_count; i++) {
		struct h2peer *peer = s->h2.conns[i]->peer;
		for (size_t j = 0; j < peer->call_count; j++) {
			struct h2peer_call *call = peer->calls[j];
			if (!(s->eager ? call->complete : call->ended) || call->user != NULL || s->h2.conns[i]->fd < 0)
				continue;
			call->user = s;
			*out = (struct web_call){.conn = (unsigned)i + 1, .h2 = call};
			out->method = h2peer_field(call, ":method");
			out->target = h2peer_field(call, ":path");
			out->body_len = call->body_total;
			out->body = (const char *)call->body.data;
			out->body_wrong = call->body_wrong;
			return true;
		}
	}
	return false;
}

/* Not inside of nghttp2's callbacks, where a session must not be asked for output. */
static void answer_later(evutil_socket_t fd, short what, void *user)
{
	struct web *s = user;
	struct web_call call;
	(void)fd;
	(void)what;
	while (next_call(s, &call))
		handle(s, &call);
	h2server_flush(&s->h2);
}

static void on_h2_call(struct h2peer_call *call, void *user)
{
	struct web *s = user;
	(void)call;
	event_active(s->later, 0, 0);
}

void web_open(struct web *s, struct event_base *base, bool http1, web_fn *handle_, void *user)
{
	memset(s, 0, sizeof *s);
	s->http1 = http1;
	s->handle = handle_;
	s->user = user;
	if (http1) {
		h1server_open(&s->h1, base, on_h1, s);
		s->port = s->h1.port;
		return;
	}
	h2server_open(&s->h2, base);
	s->h2.peer.hooks = (struct h2peer_hooks){.on_ended = on_h2_call, .user = s};
	s->later = event_new(base, -1, 0, answer_later, s);
	assert_non_null(s->later);
	s->port = s->h2.port;
}

void web_keep_no_bodies(struct web *s)
{
	s->h1.keep_no_bodies = true;
	s->h2.peer.keep_no_bodies = true;
}

void web_be_eager(struct web *s)
{
	s->eager = s->h1.eager = true;
	s->h2.peer.hooks.on_call = on_h2_call;
}

uint64_t web_body_total(const struct web *s)
{
	if (s->http1)
		return s->h1.conns != NULL ? s->h1.conns->body_total : 0;
	for (size_t i = s->h2.conn_count; i-- > 0;) {
		const struct h2peer *peer = s->h2.conns[i]->peer;
		if (peer->call_count > 0)
			return peer->calls[peer->call_count - 1]->body_total;
	}
	return 0;
}

void web_close(struct web *s)
{
	if (s->http1) {
		h1server_close(&s->h1);
		return;
	}
	event_free(s->later);
	h2server_close(&s->h2);
}

unsigned web_accepted(const struct web *s)
{
	return s->http1 ? s->h1.accepted : (unsigned)s->h2.conn_count;
}

const char *web_field(struct web_call *call, const char *name)
{
	if (call->h2 != NULL)
		return h2peer_field(call->h2, name);
	size_t len = strlen(name);
	for (const char *line = strstr(call->head, "\r\n"); line != NULL && line[2] != '\r';
		line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, name, len) != 0 || line[2 + len] != ':')
			continue;
		const char *value = line + 2 + len + 1 + strspn(line + 2 + len + 1, " ");
		snprintf(call->value, sizeof call->value, "%.*s", (int)strcspn(value, "\r"), value);
		return call->value;
	}
	return NULL;
}

/* "name: value\r\n" lines as the pairs that h2peer_answer takes; they are cut out of `text`. */
static void pairs_of(char *text, const char *pairs[H2PEER_FIELDS_MAX])
{
	size_t count = 0;
	while (*text != '\0' && count + 3 < H2PEER_FIELDS_MAX) {
		char *colon = strstr(text, ": ");
		char *end = strstr(text, "\r\n");
		assert_true(colon != NULL && end != NULL && colon < end);
		*colon = '\0';
		*end = '\0';
		pairs[count++] = text;
		pairs[count++] = colon + 2;
		text = end + 2;
	}
	pairs[count] = NULL;
}

void web_reply_bytes(struct web_call *call, int status, const char *fields, const void *body, size_t len)
{
	char text[4096];
	const char *pairs[H2PEER_FIELDS_MAX];
	bool has_body = strcmp(call->method, "HEAD") != 0 && status != 204 && status != 304;
	if (call->h1 != NULL) {
		int head = snprintf(text, sizeof text, "HTTP/1.1 %d Status\r\n%s", status, fields);
		assert_in_range(head, 1, sizeof text - 64);
		/* One of 204 has no length (RFC 9110, section 8.6). */
		if (status != 204)
			head += snprintf(text + head, 64, "content-length: %zu\r\n", len);
		snprintf(text + head, sizeof text - (size_t)head, "\r\n");
		h1server_write(call->h1, text);
		if (has_body)
			h1server_write_bytes(call->h1, body, len);
		h1server_done(call->h1);
		return;
	}
	snprintf(text, sizeof text, "%s", fields);
	pairs_of(text, pairs);
	if (len == 0 || !has_body) {
		h2peer_answer_empty(call->h2, status, pairs);
		return;
	}
	h2peer_answer(call->h2, status, pairs);
	h2peer_data(call->h2, body, len);
	h2peer_end(call->h2);
}

void web_reply(struct web_call *call, int status, const char *fields, const char *body)
{
	web_reply_bytes(call, status, fields, body, strlen(body));
}

void web_cut_short(struct web_call *call, int status, const char *fields)
{
	char text[4096];
	const char *pairs[H2PEER_FIELDS_MAX];
	if (call->h1 != NULL) {
		snprintf(text, sizeof text, "HTTP/1.1 %d Status\r\n%scontent-length: 100\r\n\r\nno", status, fields);
		h1server_write(call->h1, text);
		h1server_finish(call->h1);
		return;
	}
	snprintf(text, sizeof text, "%s", fields);
	pairs_of(text, pairs);
	h2peer_answer(call->h2, status, pairs);
	h2peer_text(call->h2, "no");
	h2server_drop(h2server_conn_of(&call->web->h2, call->h2), false);
}

void web_events(struct web_call *call, const char *text, bool end)
{
	char size[24];
	if (call->h2 != NULL) {
		h2peer_open_events(call->h2);
		h2peer_text(call->h2, text);
		if (end)
			h2peer_end(call->h2);
		return;
	}
	h1server_write(
		call->h1, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
	snprintf(size, sizeof size, "%zx\r\n", strlen(text));
	h1server_write(call->h1, size);
	h1server_write(call->h1, text);
	h1server_write(call->h1, end ? "\r\n0\r\n\r\n" : "\r\n");
	if (end)
		h1server_done(call->h1);
}
