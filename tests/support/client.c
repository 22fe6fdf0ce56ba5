#include "support/client.h"

#include "support/patience.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

void client_start(struct client *c, const freshet_reactor_options *options)
{
	freshet_reactor_options own;
	*c = (struct client){0};
	freshet_reactor_options_init(&own);
	if (options != NULL)
		own = *options;
	own.base = c->base = event_base_new();
	if (c->base == NULL || freshet_reactor_new(&own, &c->reactor) != FRESHET_OK)
		abort();
}

void client_stop(struct client *c)
{
	freshet_reactor_free(c->reactor);
	event_base_free(c->base);
	c->reactor = NULL;
}

void client_endpoint_options(freshet_endpoint_options *o, const struct client_url *url, char text[128])
{
	snprintf(text, 128, "%s://%s:%u", url->scheme, url->host, url->port);
	freshet_endpoint_options_init(o);
	o->url = text;
	o->protocol = FRESHET_PROTOCOL_HTTP2;
	o->ca_file = url->ca_file;
	o->stream.end_is_final = true;
	o->stream.max_attempts = 1;
}

freshet_endpoint *client_endpoint(struct client *c, const struct client_url *url)
{
	char text[128];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	client_endpoint_options(&o, url, text);
	if (freshet_endpoint_new(c->reactor, &o, &e) != FRESHET_OK)
		abort();
	return e;
}

static void keep_text(char *to, size_t size, freshet_str from)
{
	size_t len = from.len < size ? from.len : size - 1;
	if (len > 0)
		memcpy(to, from.ptr, len);
	to[len] = '\0';
}

static void keep(struct kept_outcome *to, const freshet_outcome *from)
{
	to->outcome = *from;
	keep_text(to->text, sizeof to->text, from->text);
	keep_text(to->content_type, sizeof to->content_type, from->content_type);
	keep_text(to->location, sizeof to->location, from->location);
	keep_text(to->body, sizeof to->body, from->body);
	to->body_len = from->body.len;
	to->outcome.text = freshet_str_of(to->text);
	to->outcome.content_type = freshet_str_of(to->content_type);
	to->outcome.location = freshet_str_of(to->location);
	to->outcome.body = (freshet_str){to->body, from->body.len < sizeof to->body ? from->body.len : 0};
}

static void set_open(struct follower *f, bool open)
{
	struct client *c = f->client;
	if (open == f->is_open)
		return;
	f->is_open = open;
	if (!open)
		c->open--;
	else if (++c->open > c->most_open)
		c->most_open = c->open;
}

static void on_open(freshet_stream *s, void *user)
{
	struct follower *f = user;
	(void)s;
	f->opens++;
	set_open(f, true);
}

static void on_event(freshet_stream *s, const freshet_event *event, void *user)
{
	struct follower *f = user;
	(void)s;
	tally_add(&f->seen, event->id, event->type, event->data);
	keep_text(f->last_data, sizeof f->last_data, event->data);
	if (f->on_event != NULL)
		f->on_event(f);
}

static void on_cut(freshet_stream *s, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	struct follower *f = user;
	(void)s;
	(void)retry_ms;
	f->cuts++;
	set_open(f, false);
	keep(&f->cut, cause);
}

static void on_done(freshet_stream *s, const freshet_stream_end *end, void *user)
{
	struct follower *f = user;
	(void)s;
	f->dones++;
	set_open(f, false);
	f->stream = NULL;
	f->end_events = end->events;
	f->reconnects = end->reconnects;
	keep(&f->end, &end->outcome);
	keep_text(f->last_id, sizeof f->last_id, end->last_event_id);
	f->client->live--;
}

void client_open(struct client *c, freshet_endpoint *e, freshet_stream_options *o, struct follower *f)
{
	void (*hook)(struct follower * f) = f->on_event;
	*f = (struct follower){.client = c, .on_event = hook};
	o->callbacks = (freshet_stream_callbacks){on_open, on_event, on_cut, on_done};
	o->user = f;
	if (freshet_stream_open(e, o, &f->stream) != FRESHET_OK)
		abort();
	c->live++;
}

static void follow(struct client *c, freshet_endpoint *e, const char *path, bool paused, struct follower *f)
{
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = path;
	o.paused = paused;
	client_open(c, e, &o, f);
}

void client_follow(struct client *c, freshet_endpoint *e, const char *path, struct follower *f)
{
	follow(c, e, path, false, f);
}

void client_follow_paused(struct client *c, freshet_endpoint *e, const char *path, struct follower *f)
{
	follow(c, e, path, true, f);
}

static void on_reply(freshet_request *request, const freshet_response *response, void *user)
{
	struct reply *r = user;
	(void)request;
	r->dones++;
	r->status = response->status;
	r->redirects = response->redirects;
	r->decoded = response->decoded;
	keep_text(r->location, sizeof r->location, freshet_response_header(response, "location"));
	r->body_len = response->body.len;
	keep_text(r->body, sizeof r->body, response->body);
	keep(&r->outcome, &response->outcome);
	r->client->live--;
}

bool client_try_send(struct client *c, freshet_endpoint *e, freshet_request_options *o, struct reply *reply,
	freshet_request **request)
{
	*reply = (struct reply){.client = c};
	o->on_done = on_reply;
	o->user = reply;
	freshet_err err = freshet_request_send(e, o, request);
	if (err != FRESHET_OK && err != FRESHET_ENOMEM)
		abort();
	c->live += err == FRESHET_OK;
	return err == FRESHET_OK;
}

void client_send_for(struct client *c, freshet_endpoint *e, freshet_request_options *o, struct reply *reply,
	freshet_request **request)
{
	if (!client_try_send(c, e, o, reply, request))
		abort();
}

void client_send(struct client *c, freshet_endpoint *e, freshet_request_options *o, struct reply *reply)
{
	client_send_for(c, e, o, reply, NULL);
}

void client_get(struct client *c, freshet_endpoint *e, const char *path, struct reply *reply)
{
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.path = path;
	o.max_attempts = 1;
	client_send(c, e, &o, reply);
}

/* What a test waits for may come from another thread, without an event in the loop. */
static void look_again(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	(void)user;
}

static void hangs(evutil_socket_t fd, short what, void *user)
{
	const struct client *c = user;
	(void)fd;
	(void)what;
	fprintf(stderr, "the test hangs: %zu streams and requests have no end, %zu are open\n", c->live, c->open);
	abort();
}

static void run(struct client *c, bool may_be_idle, bool (*until)(void *user), void *user)
{
	struct timeval limit = {PATIENCE_S, 0};
	struct timeval often = {0, 2000};
	struct event *watchdog = event_new(c->base, -1, 0, hangs, c);
	struct event *pulse = event_new(c->base, -1, EV_PERSIST, look_again, NULL);
	if (watchdog == NULL || event_add(watchdog, &limit) != 0 || pulse == NULL)
		abort();
	if (until != NULL && event_add(pulse, &often) != 0)
		abort();
	while (until != NULL ? !until(user) : c->live > 0) {
		if (c->live == 0 && !may_be_idle) {
			fprintf(stderr, "everything has ended before what the test waits for came\n");
			abort();
		}
		if (event_base_loop(c->base, EVLOOP_ONCE) < 0)
			abort();
	}
	event_free(watchdog);
	event_free(pulse);
}

void client_run(struct client *c, bool (*until)(void *user), void *user)
{
	run(c, false, until, user);
}

void client_idle(struct client *c, bool (*until)(void *user), void *user)
{
	run(c, true, until, user);
}

freshet_counters client_counters(const struct client *c)
{
	freshet_counters counters;
	freshet_counters_init(&counters);
	if (freshet_reactor_counters_get(c->reactor, &counters) != FRESHET_OK)
		abort();
	return counters;
}
