/*
 * The emulator as a program: flags in, one line with the address out, and a clean end on SIGINT or SIGTERM.
 */
#include "mockd/flags.h"
#include "mockd/mockd.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_signal(evutil_socket_t number, short what, void *user)
{
	(void)number;
	(void)what;
	event_base_loopbreak(user);
}

static int serve(struct event_base *base, const struct mockd_options *options)
{
	struct mockd *m;
	freshet_err err = mockd_new(base, options, &m);
	if (err != FRESHET_OK) {
		fprintf(stderr, "mockd: %s%s%s\n", freshet_err_text(err), err == FRESHET_ESYSTEM ? ": " : "",
			err == FRESHET_ESYSTEM ? strerror(errno) : "");
		return EXIT_FAILURE;
	}
	struct event *interrupted = evsignal_new(base, SIGINT, on_signal, base);
	struct event *terminated = evsignal_new(base, SIGTERM, on_signal, base);
	evsignal_add(interrupted, NULL);
	evsignal_add(terminated, NULL);
	printf("listening on %s\n", mockd_url(m));
	fflush(stdout);
	event_base_dispatch(base);
	event_free(interrupted);
	event_free(terminated);
	mockd_free(m);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct mockd_options options;
	mockd_options_init(&options);
	int done = flags_read(argc, argv, &options);
	if (done >= 0)
		return done;
	struct event_base *base = event_base_new();
	if (base == NULL) {
		fprintf(stderr, "mockd: no event loop\n");
		return EXIT_FAILURE;
	}
	int result = serve(base, &options);
	event_base_free(base);
	libevent_global_shutdown();
	return result;
}
