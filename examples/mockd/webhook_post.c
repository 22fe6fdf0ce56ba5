/*
 * The sender's side of HTTP/1.1, on a bufferevent and llhttp's client side. Happy path: connect, write all of the
 * request, read the answer to its end, tell the status. A connection that is refused, lost or answers no HTTP is status
 * 0. How long it may take is for the caller to say, who cancels it then.
 */
#include "mockd/webhook_post.h"

#include "mockd/alloc.h"
#include "mockd/loopback.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <llhttp.h>

struct post {
	struct bufferevent *bev;
	llhttp_t parser;
	bool complete;
	post_done_fn *done;
	void *user;
};

/* A header field must not be broken out of. */
static bool is_plain(const char *text)
{
	while ((unsigned char)*text > ' ' && *text != 0x7f)
		text++;
	return *text == '\0';
}

bool post_target_read(struct post_target *target, const char *url)
{
	static const char scheme[] = "http://";
	post_target_clear(target);
	if (strncmp(url, scheme, sizeof scheme - 1) != 0 || !is_plain(url))
		return false;
	const char *host = url + sizeof scheme - 1;
	size_t len = strcspn(host, "/?#");
	const char *bracket = memchr(host, ']', len);
	const char *port = bracket != NULL ? bracket : host;
	struct buffer b = {.bytes = NULL};
	buffer_append(&b, host, len);
	if (memchr(port, ':', len - (size_t)(port - host)) == NULL)
		buffer_text(&b, ":80");
	target->authority = must_copy_span(buffer_span(&b));
	b.len = 0;
	buffer_append(&b, "/", host[len] != '/');
	buffer_append(&b, host + len, strcspn(host + len, "#"));
	target->path = must_copy_span(buffer_span(&b));
	buffer_clear(&b);
	return loopback_read(target->authority, &target->address, &target->address_len);
}

void post_target_clear(struct post_target *target)
{
	free(target->authority);
	free(target->path);
	*target = (struct post_target){.authority = NULL};
}

/* The end of the post: it is freed first, so that `done` may start another one. */
static void finish(struct post *p, int status)
{
	post_done_fn *done = p->done;
	void *user = p->user;
	post_cancel(p);
	done(status, user);
}

/* An informational answer is followed by another one. */
static int on_message_complete(llhttp_t *parser)
{
	struct post *p = parser->data;
	p->complete = parser->status_code >= 200;
	return p->complete ? HPE_PAUSED : HPE_OK;
}

static const llhttp_settings_t settings = {.on_message_complete = on_message_complete};

static void on_read(struct bufferevent *bev, void *user)
{
	struct post *p = user;
	struct evbuffer *in = bufferevent_get_input(bev);
	while (!p->complete && evbuffer_get_length(in) > 0) {
		size_t len = evbuffer_get_contiguous_space(in);
		llhttp_errno_t error =
			llhttp_execute(&p->parser, (const char *)evbuffer_pullup(in, (ev_ssize_t)len), len);
		if (error != HPE_OK && !p->complete) {
			finish(p, 0);
			return;
		}
		evbuffer_drain(in, len);
	}
	if (p->complete)
		finish(p, p->parser.status_code);
}

/* Connected, or over. The end of the connection is the end of a body without a length. */
static void on_event(struct bufferevent *bev, short what, void *user)
{
	struct post *p = user;
	(void)bev;
	if ((what & BEV_EVENT_CONNECTED) != 0)
		return;
	if ((what & BEV_EVENT_EOF) != 0)
		llhttp_finish(&p->parser);
	finish(p, p->complete ? p->parser.status_code : 0);
}

static void write_request(struct evbuffer *out, const struct post_target *target, freshet_str fields, freshet_str body)
{
	evbuffer_add_printf(out, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\nConnection: close\r\n",
		target->path, target->authority, body.len);
	evbuffer_add(out, fields.ptr, fields.len);
	evbuffer_add(out, "\r\n", 2);
	evbuffer_add(out, body.ptr, body.len);
}

struct post *post_start(struct event_base *base, const struct post_target *target, freshet_str fields, freshet_str body,
	post_done_fn *done, void *user)
{
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (bev == NULL)
		return NULL;
	struct post *p = must_alloc(sizeof *p);
	*p = (struct post){.bev = bev, .done = done, .user = user};
	llhttp_init(&p->parser, HTTP_RESPONSE, &settings);
	p->parser.data = p;
	bufferevent_setcb(bev, on_read, NULL, on_event, p);
	write_request(bufferevent_get_output(bev), target, fields, body);
	struct sockaddr_storage address = target->address;
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	/* A failure is told by on_event. */
	bufferevent_socket_connect(bev, (struct sockaddr *)&address, (int)target->address_len);
	return p;
}

void post_cancel(struct post *p)
{
	bufferevent_free(p->bev);
	free(p);
}
