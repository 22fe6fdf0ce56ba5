/*
 * The demo: many agent sessions on one thread, through cuts, held against the emulator's ledger at the end.
 *
 * Happy path: the emulator starts, an agent is found, the fleet leads every session to its end while the view shows it,
 * the audit compares, the report tells. Ctrl-C closes every stream and reports where each session stood.
 */
#include "demo.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The emulator's clock runs faster than the real one, so pauses between attempts are shorter too. */
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 2000

/* Over HTTP/1.1 each stream has a connection of its own; these are for what is asked beside them. */
#define SPARE_CONNECTIONS 128

/* ---- ends ---- */

static void on_reactor_closed(void *user)
{
	struct demo *d = user;
	d->reactor = NULL;
	event_base_loopbreak(d->base);
}

static void finish(struct demo *d)
{
	if (d->reactor == NULL)
		return;
	d->fleet.closing = true;
	view_stop(&d->view);
	freshet_reactor_close(d->reactor, on_reactor_closed, d);
}

static void drop_signals(struct demo *d)
{
	for (size_t i = 0; i < DEMO_SIGNALS; i++) {
		if (d->signals[i] != NULL)
			event_free(d->signals[i]);
		d->signals[i] = NULL;
	}
}

/* The second one ends the program at once. */
static void on_interrupt(evutil_socket_t number, short what, void *user)
{
	struct demo *d = user;
	(void)what;
	d->interrupted = (int)number;
	drop_signals(d);
	finish(d);
}

/* Without the emulator every stream would wait for it to come back. */
static void on_child(evutil_socket_t number, short what, void *user)
{
	struct demo *d = user;
	(void)number;
	(void)what;
	if (d->flags.url != NULL || emulator_runs(&d->emulator))
		return;
	fprintf(stderr, "\ndemo: the emulator has ended\n");
	d->failed = true;
	finish(d);
}

static bool catch_signals(struct demo *d)
{
	static const struct {
		int number;
		void (*fn)(evutil_socket_t number, short what, void *user);
	} wanted[DEMO_SIGNALS] = {{SIGINT, on_interrupt}, {SIGTERM, on_interrupt}, {SIGCHLD, on_child}};
	for (size_t i = 0; i < DEMO_SIGNALS; i++) {
		d->signals[i] = evsignal_new(d->base, wanted[i].number, wanted[i].fn, d);
		if (d->signals[i] == NULL || event_add(d->signals[i], NULL) != 0)
			return false;
	}
	return true;
}

static void on_audited(void *user)
{
	finish(user);
}

static void on_all_ended(void *user)
{
	struct demo *d = user;
	view_stop(&d->view);
	if (d->flags.url != NULL)
		finish(d);
	else
		audit_start(&d->audit, &d->fleet, on_audited, d);
}

/* ---- beginnings ---- */

static void fail(struct demo *d, const char *what, freshet_err err)
{
	fprintf(stderr, "demo: %s: %s\n", what, freshet_err_text(err));
	d->failed = true;
}

static bool is_terminal(void)
{
	const char *kind = getenv("TERM");
	return isatty(STDOUT_FILENO) && kind != NULL && strcmp(kind, "dumb") != 0;
}

static void start_fleet(struct demo *d)
{
	static char server[320];
	struct fleet *f = &d->fleet;
	if (d->flags.url != NULL)
		snprintf(server, sizeof server, "%s", d->flags.url);
	else
		snprintf(server, sizeof server, "%s, cut %u times a minute", d->emulator.url, d->flags.cuts_per_minute);
	f->base = d->base;
	f->reactor = d->reactor;
	f->aod = d->aod;
	f->ash = d->ash;
	f->endpoint = d->aod != NULL ? freshet_aod_endpoint(d->aod) : freshet_ash_endpoint(d->ash);
	f->on_finished = on_all_ended;
	f->user = d;
	bool ready = view_start(&d->view, f, server, !d->flags.plain && is_terminal()) &&
		     fleet_start(f, d->flags.sessions, d->flags.seed, d->flags.url != NULL);
	if (!ready) {
		fail(d, "fleet", FRESHET_ENOMEM);
		finish(d);
	}
}

/* False when there is none, or when all is being closed. */
static bool take_agent(struct demo *d, char agent[AGENT_SIZE], const char *found)
{
	if (d->fleet.closing)
		return false;
	if (found != NULL) {
		snprintf(agent, AGENT_SIZE, "%s", found);
		return true;
	}
	d->failed = true;
	finish(d);
	return false;
}

static void with_ash_agent(struct demo *d, const char *name)
{
	if (take_agent(d, d->fleet.ash_agent, name))
		start_fleet(d);
}

static void with_agent(struct demo *d, const char *id)
{
	if (!take_agent(d, d->fleet.aod_agent, id))
		return;
	if (d->ash != NULL)
		ash_agent_find(d, with_ash_agent);
	else
		start_fleet(d);
}

static freshet_protocol choose_protocol(const struct flags *flags)
{
	if (flags->http1)
		return FRESHET_PROTOCOL_HTTP1;
	return flags->url != NULL ? FRESHET_PROTOCOL_AUTO : FRESHET_PROTOCOL_HTTP2;
}

/* A connection for each of many sessions needs more descriptors than the usual limit. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static freshet_err open_aod(struct demo *d, const freshet_endpoint_options *e)
{
	freshet_aod_options o;
	freshet_aod_options_init(&o);
	o.url = d->flags.url != NULL ? d->flags.url : d->emulator.url;
	o.token = d->flags.url != NULL ? d->flags.token : EMULATOR_TOKEN;
	o.endpoint = e;
	return freshet_aod_new(d->reactor, &o, &d->aod);
}

static freshet_err open_ash(struct demo *d, const freshet_endpoint_options *e)
{
	freshet_ash_options o;
	freshet_ash_options_init(&o);
	o.url = d->flags.url != NULL ? d->flags.url : d->emulator.url;
	o.api_key = d->flags.url != NULL ? d->flags.token : EMULATOR_TOKEN;
	o.endpoint = e;
	return freshet_ash_new(d->reactor, &o, &d->ash);
}

static freshet_err open_clients(struct demo *d)
{
	freshet_reactor_options r;
	freshet_endpoint_options e;
	freshet_reactor_options_init(&r);
	r.base = d->base;
	freshet_err err = freshet_reactor_new(&r, &d->reactor);
	if (err != FRESHET_OK)
		return err;
	freshet_endpoint_options_init(&e);
	e.protocol = choose_protocol(&d->flags);
	if (e.protocol != FRESHET_PROTOCOL_HTTP2)
		e.max_connections = d->flags.sessions + SPARE_CONNECTIONS;
	e.ca_file = d->emulator.ca[0] != '\0' ? d->emulator.ca : NULL;
	e.stream.max_attempts = UINT32_MAX;
	if (d->flags.url == NULL) {
		e.stream.backoff_min_ms = BACKOFF_MIN_MS;
		e.stream.backoff_max_ms = BACKOFF_MAX_MS;
	}
	if (d->flags.aod)
		err = open_aod(d, &e);
	if (d->flags.ash && err == FRESHET_OK)
		err = open_ash(d, &e);
	return err;
}

static bool begin(struct demo *d)
{
	d->base = event_base_new();
	if (d->base == NULL || !catch_signals(d)) {
		fail(d, "event loop", FRESHET_ESYSTEM);
		return false;
	}
	freshet_err err = open_clients(d);
	if (err == FRESHET_EAUTH) {
		fail(d, "no token (--token, AOD_API_TOKEN or ASH_API_KEY)", err);
		return false;
	}
	if (err != FRESHET_OK) {
		fail(d, "client", err);
		return false;
	}
	if (d->aod != NULL)
		agent_find(d, with_agent);
	else
		ash_agent_find(d, with_ash_agent);
	return true;
}

static void clean_up(struct demo *d)
{
	freshet_reactor_free(d->reactor);
	drop_signals(d);
	audit_clear(&d->audit);
	fleet_clear(&d->fleet);
	if (d->base != NULL)
		event_base_free(d->base);
	emulator_stop(&d->emulator);
	libevent_global_shutdown();
}

int main(int argc, char **argv)
{
	struct demo d = {.failed = false};
	int done = flags_read(argc, argv, &d.flags);
	if (done >= 0)
		return done;
	raise_descriptor_limit();
	if (d.flags.url == NULL && !emulator_start(&d.emulator, &d.flags))
		return EXIT_FAILURE;
	if (begin(&d))
		event_base_dispatch(d.base);
	int code = d.failed ? EXIT_FAILURE : report(&d);
	clean_up(&d);
	return code;
}
