/*
 * The demo: many agent sessions on one thread, through cuts, held against the emulator's ledger at the end.
 *
 * Happy path: the emulator starts, an agent is found, the fleet leads every session to its end while the view shows it,
 * the audit compares, the report tells. Ctrl-C closes every stream and reports where each session stood.
 */
#include "demo/demo.h"

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
		snprintf(server, sizeof server, "%u cuts a minute, %s", d->flags.cuts_per_minute, d->emulator.url);
	bool ready = view_start(&d->view, f, server, !d->flags.plain && is_terminal()) &&
		     fleet_start(f, d->flags.sessions, d->flags.seed);
	if (!ready) {
		fail(d, "fleet", FRESHET_ENOMEM);
		finish(d);
	}
}

static void on_ready(struct site *site, const char *trouble);

/* One site after the other; sessions of all of them begin together. */
static void prepare_sites(struct demo *d)
{
	if (d->prepared == d->fleet.site_count)
		start_fleet(d);
	else
		d->fleet.sites[d->prepared]->platform->prepare(d->fleet.sites[d->prepared], on_ready);
}

static void on_ready(struct site *site, const char *trouble)
{
	struct demo *d = site->fleet->user;
	if (site->fleet->closing)
		return;
	if (trouble == NULL) {
		d->prepared++;
		prepare_sites(d);
		return;
	}
	fprintf(stderr, "demo: %s\n", trouble);
	d->failed = true;
	finish(d);
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

static void set_endpoint_options(const struct demo *d, freshet_endpoint_options *e)
{
	freshet_endpoint_options_init(e);
	e->protocol = choose_protocol(&d->flags);
	if (e->protocol != FRESHET_PROTOCOL_HTTP2)
		e->max_connections = d->flags.sessions + SPARE_CONNECTIONS;
	e->ca_file = d->emulator.ca[0] != '\0' ? d->emulator.ca : NULL;
	e->stream.max_attempts = UINT32_MAX;
	if (d->flags.url == NULL) {
		e->stream.backoff_min_ms = BACKOFF_MIN_MS;
		e->stream.backoff_max_ms = BACKOFF_MAX_MS;
	}
}

/* The emulator's cuts spare what its control API is asked on: that is nothing that sessions go over. */
static bool open_control(struct demo *d)
{
	freshet_endpoint_options e;
	set_endpoint_options(d, &e);
	e.url = d->emulator.url;
	freshet_err err = freshet_endpoint_new(d->reactor, &e, &d->fleet.control);
	if (err != FRESHET_OK)
		fail(d, "the emulator's control API", err);
	return err == FRESHET_OK;
}

static bool open_site(struct demo *d, const struct platform *p)
{
	struct fleet *f = &d->fleet;
	struct site **site = &f->sites[f->site_count];
	freshet_endpoint_options e;
	char what[96];
	struct access access = {d->emulator.url, p->emulator_key, p->emulator_agent, &e};
	set_endpoint_options(d, &e);
	if (d->flags.url != NULL)
		access = (struct access){d->flags.url, d->flags.token, d->flags.agent, &e};
	freshet_err err = p->open(f, &access, site);
	if (err != FRESHET_OK) {
		snprintf(what, sizeof what, err == FRESHET_EAUTH ? "%s: no token (--token or %s)" : "%s: client",
			p->title, p->key_variable);
		fail(d, what, err);
		return false;
	}
	(*site)->platform = p;
	(*site)->fleet = f;
	if (access.agent != NULL)
		snprintf((*site)->agent, sizeof(*site)->agent, "%s", access.agent);
	f->site_count++;
	return true;
}

static bool open_fleet(struct demo *d)
{
	struct fleet *f = &d->fleet;
	freshet_reactor_options o;
	freshet_reactor_options_init(&o);
	o.base = d->base;
	freshet_err err = freshet_reactor_new(&o, &d->reactor);
	if (err != FRESHET_OK) {
		fail(d, "reactor", err);
		return false;
	}
	f->base = d->base;
	f->reactor = d->reactor;
	f->real = d->flags.url != NULL;
	f->on_finished = on_all_ended;
	f->user = d;
	if (!f->real && !open_control(d))
		return false;
	for (size_t i = 0; i < PLATFORMS; i++)
		if (d->flags.wanted[i] && !open_site(d, platforms[i]))
			return false;
	return true;
}

static bool begin(struct demo *d)
{
	d->base = event_base_new();
	if (d->base == NULL || !catch_signals(d)) {
		fail(d, "event loop", FRESHET_ESYSTEM);
		return false;
	}
	if (!open_fleet(d))
		return false;
	prepare_sites(d);
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
