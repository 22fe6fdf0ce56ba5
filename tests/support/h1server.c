#include "support/h1server.h"

#include "support/pattern.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static void forget(struct h1server_conn *c)
{
	if (c->bev == NULL)
		return;
	bufferevent_free(c->bev);
	c->bev = NULL;
	c->server->open--;
}

/* The value of a field, cut where there is no room for it. */
static void find_field(const char *head, const char *name, char *out, size_t size)
{
	size_t len = strlen(name);
	out[0] = '\0';
	for (const char *line = strstr(head, "\r\n"); line != NULL && line[2] != '\0';
		line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, name, len) != 0 || line[2 + len] != ':')
			continue;
		const char *value = line + 2 + len + 1 + strspn(line + 2 + len + 1, " ");
		snprintf(out, size, "%.*s", (int)strcspn(value, "\r"), value);
		return;
	}
}

static void note_order(struct h1server *s, const char *target)
{
	size_t len = strlen(s->order);
	if (len + strlen(target) + 2 <= sizeof s->order)
		snprintf(s->order + len, sizeof s->order - len, "%s ", target);
}

static void take_request(struct h1server_conn *c)
{
	struct h1server *s = c->server;
	struct h1server_request q = {.number = ++s->requests, .head = c->head, .body_len = c->body_total};
	must(sscanf(c->head, "%15s %255s HTTP/1.1", q.method, q.target) == 2, "request line");
	find_field(c->head, "last-event-id", q.last_event_id, sizeof q.last_event_id);
	note_order(s, q.target);
	memcpy(c->target, q.target, sizeof c->target);
	if (!s->keep_no_bodies && !s->eager) {
		must(evbuffer_add(c->body, "", 1) == 0, "evbuffer");
		q.body = (const char *)evbuffer_pullup(c->body, -1);
	}
	q.body_wrong = c->body_wrong;
	s->pipelined += c->asked;
	c->asked = true;
	c->requests++;
	s->answer(c, &q);
}

/* False: not all of it is there yet. */
static bool read_head(struct h1server_conn *c, struct evbuffer *in)
{
	char text[24];
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	if (end.pos < 0)
		return false;
	size_t len = (size_t)end.pos + 4;
	c->head = calloc(1, len + 1);
	must(c->head != NULL, "calloc");
	evbuffer_remove(in, c->head, len);
	find_field(c->head, "content-length", text, sizeof text);
	c->body_left = strtoull(text, NULL, 10);
	find_field(c->head, "transfer-encoding", text, sizeof text);
	c->chunked = strcmp(text, "chunked") == 0;
	c->in_chunk = c->body_wrong = c->told = false;
	c->body_total = 0;
	evbuffer_drain(c->body, evbuffer_get_length(c->body));
	return true;
}

/* Takes what there is of the body or of the chunk. */
static void read_part(struct h1server_conn *c, struct evbuffer *in)
{
	uint8_t part[16 * 1024];
	while (c->body_left > 0 && evbuffer_get_length(in) > 0) {
		int len = evbuffer_remove(in, part, c->body_left < sizeof part ? c->body_left : sizeof part);
		must(len > 0, "evbuffer");
		if (c->server->keep_no_bodies)
			c->body_wrong |= !pattern_is(part, (size_t)len, c->body_total);
		else
			evbuffer_add(c->body, part, (size_t)len);
		c->body_total += (size_t)len;
		c->body_left -= (size_t)len;
	}
}

/* The line of a chunk's size, and the line end behind the chunk before. False: it is not there yet, or was the last. */
static bool read_chunk_size(struct h1server_conn *c, struct evbuffer *in, bool *last)
{
	char *line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF_STRICT);
	if (line == NULL)
		return false;
	if (c->in_chunk && line[0] == '\0') {
		c->in_chunk = false;
		free(line);
		return true;
	}
	c->body_wrong |= c->in_chunk || strspn(line, "0123456789abcdef") != strlen(line) || line[0] == '\0';
	c->body_left = strtoull(line, NULL, 16);
	*last = c->body_left == 0;
	c->in_chunk = true;
	free(line);
	return true;
}

/* False: not all of it is there yet. */
static bool read_body(struct h1server_conn *c, struct evbuffer *in)
{
	bool last = false;
	read_part(c, in);
	while (c->chunked && !last && c->body_left == 0) {
		/* The empty line behind the last chunk comes in one piece with it. */
		if (evbuffer_get_length(in) < 5 || !read_chunk_size(c, in, &last))
			return false;
		read_part(c, in);
	}
	if (last)
		free(evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF_STRICT));
	return c->body_left == 0;
}

static void on_input(struct bufferevent *bev, void *user)
{
	struct h1server_conn *c = user;
	struct evbuffer *in = bufferevent_get_input(bev);
	while (c->bev != NULL && (c->head != NULL || read_head(c, in))) {
		if (c->server->eager && !c->told) {
			c->told = true;
			take_request(c);
			continue;
		}
		if (!read_body(c, in))
			return;
		if (!c->told)
			take_request(c);
		free(c->head);
		c->head = NULL;
	}
}

static void on_event(struct bufferevent *bev, short what, void *user)
{
	struct h1server_conn *c = user;
	(void)bev;
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) == 0)
		return;
	c->closed = true;
	forget(c);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int size, void *user)
{
	struct h1server *s = user;
	struct h1server_conn *c = calloc(1, sizeof *c);
	(void)listener;
	(void)from;
	(void)size;
	must(c != NULL, "calloc");
	c->server = s;
	c->number = ++s->accepted;
	c->next = s->conns;
	s->conns = c;
	s->open++;
	c->bev = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
	c->body = evbuffer_new();
	must(c->bev != NULL && c->body != NULL, "bufferevent");
	bufferevent_setcb(c->bev, on_input, NULL, on_event, c);
	bufferevent_enable(c->bev, s->deaf ? EV_WRITE : EV_READ | EV_WRITE);
}

/* The size of the address; 0 for a host that is no number. */
static socklen_t address_of(const char *host, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	*out = (struct sockaddr_storage){0};
	/* The port lies at the same place in both. */
	v4->sin_port = htons(port);
	out->ss_family = strchr(host, ':') != NULL ? AF_INET6 : AF_INET;
	if (out->ss_family == AF_INET)
		return inet_pton(AF_INET, host, &v4->sin_addr) == 1 ? sizeof *v4 : 0;
	return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 ? sizeof *v6 : 0;
}

bool h1server_open_at(
	struct h1server *s, struct event_base *base, const char *host, uint16_t port, h1server_fn *answer, void *user)
{
	struct sockaddr_storage at;
	socklen_t size = address_of(host, port, &at);
	must(size > 0, host);
	*s = (struct h1server){.base = base, .answer = answer, .user = user};
	s->listener = evconnlistener_new_bind(base, on_accept, s,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 4096, (struct sockaddr *)&at,
		(int)size);
	if (s->listener == NULL)
		return false;
	must(getsockname(evconnlistener_get_fd(s->listener), (struct sockaddr *)&at, &size) == 0, "getsockname");
	s->port = ntohs(((struct sockaddr_in *)&at)->sin_port);
	return true;
}

void h1server_open(struct h1server *s, struct event_base *base, h1server_fn *answer, void *user)
{
	must(h1server_open_at(s, base, "127.0.0.1", 0, answer, user), "listen");
}

void h1server_stop_listening(struct h1server *s)
{
	if (s->listener != NULL)
		evconnlistener_free(s->listener);
	s->listener = NULL;
}

void h1server_deaf(struct h1server *s, bool deaf)
{
	s->deaf = deaf;
	for (struct h1server_conn *c = s->conns; c != NULL; c = c->next)
		if (c->bev != NULL)
			deaf ? bufferevent_disable(c->bev, EV_READ) : bufferevent_enable(c->bev, EV_READ);
}

void h1server_close(struct h1server *s)
{
	h1server_stop_listening(s);
	while (s->conns != NULL) {
		struct h1server_conn *c = s->conns;
		s->conns = c->next;
		forget(c);
		evbuffer_free(c->body);
		free(c->head);
		free(c);
	}
}

void h1server_write_bytes(struct h1server_conn *c, const void *bytes, size_t len)
{
	if (c->bev != NULL)
		bufferevent_write(c->bev, bytes, len);
}

void h1server_write(struct h1server_conn *c, const char *text)
{
	h1server_write_bytes(c, text, strlen(text));
}

void h1server_done(struct h1server_conn *c)
{
	c->asked = false;
}

void h1server_reply(struct h1server_conn *c, int status, const char *fields, const char *body)
{
	char head[1024];
	snprintf(
		head, sizeof head, "HTTP/1.1 %d Status\r\n%scontent-length: %zu\r\n\r\n", status, fields, strlen(body));
	h1server_write(c, head);
	h1server_write(c, body);
	h1server_done(c);
}

static void on_written(struct bufferevent *bev, void *user)
{
	if (evbuffer_get_length(bufferevent_get_output(bev)) == 0)
		forget(user);
}

void h1server_finish(struct h1server_conn *c)
{
	if (c->bev == NULL)
		return;
	bufferevent_setcb(c->bev, NULL, on_written, on_event, c);
	bufferevent_trigger(c->bev, EV_WRITE, BEV_OPT_DEFER_CALLBACKS);
}

/* What is closed from now on is closed by RST. */
static void do_not_linger(struct h1server_conn *c)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};
	setsockopt(bufferevent_getfd(c->bev), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

void h1server_finish_by_reset(struct h1server_conn *c)
{
	if (c->bev != NULL)
		do_not_linger(c);
	h1server_finish(c);
}

void h1server_drop(struct h1server_conn *c, bool reset)
{
	if (c->bev != NULL && reset)
		do_not_linger(c);
	forget(c);
}

struct h1server_conn *h1server_conn_of(struct h1server *s, unsigned number)
{
	for (struct h1server_conn *c = s->conns; c != NULL; c = c->next)
		if (c->number == number)
			return c;
	return NULL;
}

struct h1server_conn *h1server_find(struct h1server *s, const char *target)
{
	for (struct h1server_conn *c = s->conns; c != NULL; c = c->next)
		if (strcmp(c->target, target) == 0)
			return c;
	return NULL;
}
