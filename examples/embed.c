/*
 * Event streams inside a program that runs a libevent loop already: the loop, its timer and its signal are the
 * program's, and the streams are guests on it.
 * usage: embed URL PATH...        prints a line each second and, on Ctrl-C, where each stream stands
 */
#include <event2/event.h>
#include <freshet/freshet.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct program {
	struct event_base *base;
	struct event *second;
	struct event *interrupt;
	freshet_reactor *reactor;
	unsigned open; /* streams */
	unsigned long events;
};

/* ---- what the program does anyway ---- */

static void on_second(evutil_socket_t fd, short what, void *user)
{
	struct program *p = user;
	(void)fd, (void)what;
	printf("%u streams, %lu events\n", p->open, p->events);
	fflush(stdout);
}

static void on_reactor_closed(void *user)
{
	struct program *p = user;
	p->reactor = NULL;
	event_base_loopbreak(p->base);
}

static void on_interrupt(evutil_socket_t number, short what, void *user)
{
	struct program *p = user;
	(void)number, (void)what;
	freshet_reactor_close(p->reactor, on_reactor_closed, p);
}

/* ---- its guests ---- */

static void on_event(freshet_stream *stream, const freshet_event *event, void *user)
{
	struct program *p = user;
	(void)stream, (void)event;
	p->events++;
}

static void on_done(freshet_stream *stream, const freshet_stream_end *end, void *user)
{
	struct program *p = user;
	(void)stream;
	printf("ended after %llu events, cursor \"%.*s\": %.*s\n", (unsigned long long)end->events,
		(int)end->last_event_id.len, end->last_event_id.ptr, (int)end->outcome.text.len, end->outcome.text.ptr);
	if (--p->open == 0 && p->reactor != NULL)
		freshet_reactor_close(p->reactor, on_reactor_closed, p);
}

static freshet_err open_streams(struct program *p, const char *url, char **paths, int count)
{
	freshet_endpoint *endpoint;
	freshet_endpoint_options at;
	freshet_endpoint_options_init(&at);
	at.url = url;
	freshet_err err = freshet_endpoint_new(p->reactor, &at, &endpoint);
	for (int i = 0; i < count && err == FRESHET_OK; i++) {
		freshet_stream *stream;
		freshet_stream_options o;
		freshet_stream_options_init(&o);
		o.path = paths[i];
		o.callbacks.on_event = on_event;
		o.callbacks.on_done = on_done;
		o.user = p;
		err = freshet_stream_open(endpoint, &o, &stream);
		p->open += err == FRESHET_OK;
	}
	return err;
}

/* ---- the loop ---- */

static freshet_err run(struct program *p, char **argv, int argc)
{
	static const struct timeval second = {1, 0};
	freshet_reactor_options options;
	freshet_reactor_options_init(&options);
	options.base = p->base;
	freshet_err err = freshet_reactor_new(&options, &p->reactor);
	if (err == FRESHET_OK)
		err = open_streams(p, argv[1], argv + 2, argc - 2);
	if (err != FRESHET_OK)
		return err;
	if (event_add(p->second, &second) != 0 || event_add(p->interrupt, NULL) != 0)
		return FRESHET_ESYSTEM;
	return event_base_dispatch(p->base) < 0 ? FRESHET_ESYSTEM : FRESHET_OK;
}

int main(int argc, char **argv)
{
	struct program p = {.base = event_base_new()};
	freshet_err err = FRESHET_ESYSTEM;
	if (argc < 3) {
		fprintf(stderr, "usage: embed URL PATH...\n");
		return 2;
	}
	if (p.base != NULL) {
		p.second = event_new(p.base, -1, EV_PERSIST, on_second, &p);
		p.interrupt = evsignal_new(p.base, SIGINT, on_interrupt, &p);
	}
	if (p.second != NULL && p.interrupt != NULL)
		err = run(&p, argv, argc);
	freshet_reactor_free(p.reactor); /* only where run failed: else it has closed */
	if (err != FRESHET_OK)
		fprintf(stderr, "embed: %s\n", freshet_err_text(err));
	if (p.second != NULL)
		event_free(p.second);
	if (p.interrupt != NULL)
		event_free(p.interrupt);
	if (p.base != NULL)
		event_base_free(p.base);
	return err == FRESHET_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
