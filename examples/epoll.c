/*
 * Event streams in a program whose own loop is epoll's. An epoll descriptor is itself readable when something in it is
 * ready: so all of the program's loop is one event on libevent's, and both take turns on one thread. uv_backend_fd of
 * libuv and what other loops have of that kind are led in the same way.
 * usage: epoll URL PATH        prints a line each second, and on Ctrl-C where the stream stands
 */
#include <event2/event.h>
#include <freshet/freshet.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct program {
	int epoll;
	int second;
	int interrupt;
	struct event_base *base;
	struct event *own; /* the program's loop, on libevent's */
	freshet_reactor *reactor;
	unsigned long events;
};

/* ---- what the program does anyway ---- */

static bool watch(const struct program *p, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
	return fd >= 0 && epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool begin_program(struct program *p)
{
	static const struct itimerspec each_second = {{1, 0}, {1, 0}};
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	p->second = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	p->interrupt = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	return watch(p, p->second) && watch(p, p->interrupt) && timerfd_settime(p->second, 0, &each_second, NULL) == 0;
}

static void on_reactor_closed(void *user)
{
	struct program *p = user;
	p->reactor = NULL;
	event_base_loopbreak(p->base);
}

static void on_ready(struct program *p, int fd)
{
	char bytes[sizeof(struct signalfd_siginfo)];
	if (read(fd, bytes, sizeof bytes) <= 0)
		return;
	printf("%lu events\n", p->events);
	fflush(stdout);
	if (fd == p->interrupt)
		freshet_reactor_close(p->reactor, on_reactor_closed, p);
}

/* ---- how the loops meet ---- */

static void run_own_loop(evutil_socket_t fd, short what, void *user)
{
	struct epoll_event ready[16];
	int count = epoll_wait((int)fd, ready, 16, 0);
	(void)what;
	for (int i = 0; i < count; i++)
		on_ready(user, ready[i].data.fd);
}

/* ---- the stream ---- */

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
	printf("ended after %llu events: %.*s\n", (unsigned long long)end->events, (int)end->outcome.text.len,
		end->outcome.text.ptr);
	freshet_reactor_close(p->reactor, on_reactor_closed, p);
}

static freshet_err open_stream(struct program *p, const char *url, const char *path)
{
	freshet_endpoint *endpoint;
	freshet_stream *stream;
	freshet_endpoint_options at;
	freshet_stream_options o;
	freshet_endpoint_options_init(&at);
	at.url = url;
	freshet_err err = freshet_endpoint_new(p->reactor, &at, &endpoint);
	freshet_stream_options_init(&o);
	o.path = path;
	o.callbacks.on_event = on_event;
	o.callbacks.on_done = on_done;
	o.user = p;
	return err == FRESHET_OK ? freshet_stream_open(endpoint, &o, &stream) : err;
}

static freshet_err run(struct program *p, const char *url, const char *path)
{
	freshet_reactor_options options;
	freshet_reactor_options_init(&options);
	p->base = event_base_new();
	if (p->base == NULL)
		return FRESHET_ENOMEM;
	p->own = event_new(p->base, p->epoll, EV_READ | EV_PERSIST, run_own_loop, p);
	if (p->own == NULL || event_add(p->own, NULL) != 0)
		return FRESHET_ENOMEM;
	options.base = p->base;
	freshet_err err = freshet_reactor_new(&options, &p->reactor);
	if (err == FRESHET_OK)
		err = open_stream(p, url, path);
	if (err == FRESHET_OK && event_base_dispatch(p->base) < 0)
		err = FRESHET_ESYSTEM;
	return err;
}

int main(int argc, char **argv)
{
	struct program p = {.epoll = -1};
	freshet_err err = FRESHET_ESYSTEM;
	if (argc != 3) {
		fprintf(stderr, "usage: epoll URL PATH\n");
		return 2;
	}
	if (begin_program(&p))
		err = run(&p, argv[1], argv[2]);
	freshet_reactor_free(p.reactor); /* only where run failed: else it has closed */
	if (err != FRESHET_OK)
		fprintf(stderr, "epoll: %s\n", freshet_err_text(err));
	if (p.own != NULL)
		event_free(p.own);
	if (p.base != NULL)
		event_base_free(p.base);
	return err == FRESHET_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
