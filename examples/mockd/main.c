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
#include <sys/resource.h>

static void on_signal(evutil_socket_t number, short what, void *user)
{
	(void)number;
	(void)what;
	event_base_loopbreak(user);
}

static bool set_faults(struct mockd *m, const struct flags *flags)
{
	for (size_t i = 0; i < flags->fault_count; i++) {
		if (mockd_fault_add_text(m, flags->faults[i], NULL, 0) == 0) {
			fprintf(stderr, "mockd: --fault %s: it makes no sense\n", flags->faults[i]);
			return false;
		}
	}
	for (size_t i = 0; i < flags->webhook_fault_count; i++) {
		if (mockd_webhook_fault_add_text(m, flags->webhook_faults[i], NULL, 0) == 0) {
			fprintf(stderr, "mockd: --webhook-fault %s: it makes no sense\n", flags->webhook_faults[i]);
			return false;
		}
	}
	mockd_random_cuts(m, flags->cuts_per_minute, flags->cuts_connections);
	return true;
}

/* The emulator's own address, and "localhost" with its port. */
static bool lead_here(struct mockd_proxy *p, const struct mockd *m)
{
	char localhost[64];
	const char *authority = strstr(mockd_url(m), "://") + 3;
	snprintf(localhost, sizeof localhost, "localhost:%u=%s", (unsigned)mockd_port(m), authority);
	return mockd_proxy_lead(p, authority) && mockd_proxy_lead(p, localhost);
}

/* Starts the proxy where there is to be one. False after a word about what is wrong. */
static bool start_proxy(
	struct event_base *base, const struct flags *flags, const struct mockd *m, struct mockd_proxy **p)
{
	if (!flags->proxy)
		return true;
	freshet_err err = mockd_proxy_new(base, &flags->proxy_options, p);
	if (err == FRESHET_ESYSTEM)
		fprintf(stderr, "mockd: the proxy: %s\n", strerror(errno));
	else if (err != FRESHET_OK)
		fprintf(stderr, "mockd: --proxy-target: it makes no sense, or is not on the loopback\n");
	else if (!lead_here(*p, m))
		fprintf(stderr, "mockd: --proxy leads to the loopback only\n");
	else if (flags->proxy_fault != NULL && !mockd_proxy_set_fault_text(*p, flags->proxy_fault))
		fprintf(stderr, "mockd: --proxy-fault %s: it makes no sense\n", flags->proxy_fault);
	else
		return true;
	return false;
}

static bool run(struct event_base *base, struct mockd *m, const struct mockd_proxy *proxy)
{
	struct event *interrupted = evsignal_new(base, SIGINT, on_signal, base);
	struct event *terminated = evsignal_new(base, SIGTERM, on_signal, base);
	bool ready = interrupted != NULL && terminated != NULL && event_add(interrupted, NULL) == 0 &&
		     event_add(terminated, NULL) == 0;
	if (ready) {
		printf("listening on %s\n", mockd_url(m));
		if (proxy != NULL)
			printf("proxy on %s\n", mockd_proxy_url(proxy));
		fflush(stdout);
		event_base_dispatch(base);
	}
	if (interrupted != NULL)
		event_free(interrupted);
	if (terminated != NULL)
		event_free(terminated);
	return ready;
}

static int serve(struct event_base *base, const struct flags *flags)
{
	struct mockd *m;
	freshet_err err = mockd_new(base, &flags->options, &m);
	if (err != FRESHET_OK) {
		fprintf(stderr, "mockd: %s%s%s\n", freshet_err_text(err), err == FRESHET_ESYSTEM ? ": " : "",
			err == FRESHET_ESYSTEM ? strerror(errno) : "");
		return EXIT_FAILURE;
	}
	struct mockd_proxy *proxy = NULL;
	bool good = set_faults(m, flags) && start_proxy(base, flags, m, &proxy) && run(base, m, proxy);
	mockd_proxy_free(proxy);
	mockd_free(m);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A connection for each of many streams needs more files than the usual limit. */
static void raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	struct flags flags;
	int result = flags_read(argc, argv, &flags);
	if (result < 0) {
		raise_file_limit();
		struct event_base *base = event_base_new();
		result = base != NULL ? serve(base, &flags) : EXIT_FAILURE;
		if (base != NULL)
			event_base_free(base);
	}
	flags_clear(&flags);
	libevent_global_shutdown();
	return result;
}
