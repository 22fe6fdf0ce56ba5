/*
 * The emulator: options in, a listener and its connections, a router, and the end of it all. What has something to
 * send is flushed once per turn of the loop, however many feeds woke in it.
 */
#include "mockd/server.h"

#include "mockd/agentos.h"
#include "mockd/aod.h"
#include "mockd/ash.h"
#include "mockd/control.h"
#include "mockd/exchange.h"
#include "mockd/sudoiq.h"
#include "mockd/texts.h"
#include "mockd/tls_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#define LISTEN_BACKLOG 4096

static void on_accept(
	struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int address_len, void *user)
{
	(void)listener;
	(void)address;
	(void)address_len;
	conn_new(user, fd);
}

/* Without a descriptor for them they wait in the system's queue until a connection is freed; asking again is no use. */
static void on_accept_failed(struct evconnlistener *listener, void *user)
{
	struct mockd *m = user;
	if ((errno == EMFILE || errno == ENFILE) && m->conn_count > 0)
		m->full = evconnlistener_disable(listener) == 0;
}

void mockd_accept_again(struct mockd *m)
{
	if (m->full)
		m->full = evconnlistener_enable(m->listener) != 0;
}

struct deletion {
	struct list node;
	char *session;
};

void mockd_delete_soon(struct mockd *m, const char *session)
{
	struct deletion *d = must_alloc(sizeof *d);
	d->session = must_copy(session);
	list_push_back(&m->deletions, &d->node);
	event_active(m->flush, EV_TIMEOUT, 0);
}

static bool delete_session(struct mockd *m, const char *id)
{
	for (size_t i = 0; i < m->platform_count; i++) {
		struct platform *p = m->platforms[i];
		if (p->delete_session != NULL && p->delete_session(p, id))
			return true;
	}
	return false;
}

static void delete_sessions(struct mockd *m)
{
	struct list *node;
	while ((node = list_pop_front(&m->deletions)) != NULL) {
		struct deletion *d = container_of(node, struct deletion, node);
		delete_session(m, d->session);
		free(d->session);
		free(d);
	}
}

static void flush_all(struct mockd *m)
{
	delete_sessions(m);
	/* Connections that become dirty again wait for the next turn. */
	struct list batch;
	list_init(&batch);
	list_splice(&batch, &m->dirty);
	struct list *node;
	while ((node = list_pop_front(&batch)) != NULL)
		conn_settle_output(container_of(node, struct conn, dirty));
}

static void on_flush(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	struct mockd *m = user;
	uint64_t ms = m->advance_ms;
	flush_all(m);
	m->advance_ms -= ms;
	if (ms > 0)
		mockd_advance(m, ms);
}

static bool parse_address(const struct mockd_options *o, struct sockaddr_storage *address, socklen_t *len)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	*address = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
	if (inet_pton(AF_INET, o->address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(o->port);
		*len = sizeof *v4;
	} else if (inet_pton(AF_INET6, o->address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(o->port);
		*len = sizeof *v6;
	}
	return address->ss_family != AF_UNSPEC;
}

static void name_address(struct mockd *m)
{
	struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof address;
	getsockname(evconnlistener_get_fd(m->listener), (struct sockaddr *)&address, &len);
	bool v6 = address.ss_family == AF_INET6;
	m->port = ntohs(v6 ? ((struct sockaddr_in6 *)&address)->sin6_port : ((struct sockaddr_in *)&address)->sin_port);
	snprintf(m->url, sizeof m->url, v6 ? "%s://[%s]:%u" : "%s://%s:%u", m->tls != NULL ? "https" : "http",
		m->options.address, (unsigned)m->port);
}

static freshet_err listen_on(struct mockd *m)
{
	struct sockaddr_storage address;
	socklen_t len = 0;
	if (!parse_address(&m->options, &address, &len))
		return FRESHET_EINVAL;
	m->listener = evconnlistener_new_bind(m->base, on_accept, m,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, LISTEN_BACKLOG,
		(struct sockaddr *)&address, (int)len);
	if (m->listener == NULL)
		return FRESHET_ESYSTEM;
	evconnlistener_set_error_cb(m->listener, on_accept_failed);
	name_address(m);
	return FRESHET_OK;
}

void mockd_add_platform(struct mockd *m, struct platform *platform)
{
	m->platforms[m->platform_count++] = platform;
}

static struct platform *root_of(const struct mockd *m)
{
	switch (m->options.platform) {
	case MOCKD_PLATFORM_AOD: break;
	case MOCKD_PLATFORM_ASH: return ash_platform(m->ash);
	case MOCKD_PLATFORM_SUDOIQ: return siq_platform(m->siq);
	case MOCKD_PLATFORM_AGENTOS: return aos_platform(m->aos);
	}
	return aod_platform(m->aod);
}

static freshet_err add_platforms(struct mockd *m)
{
	m->aod = aod_new(m);
	m->ash = ash_new(m);
	m->aos = aos_new(m);
	m->siq = siq_new(m);
	if (m->aod != NULL)
		mockd_add_platform(m, aod_platform(m->aod));
	if (m->ash != NULL)
		mockd_add_platform(m, ash_platform(m->ash));
	if (m->aos != NULL)
		mockd_add_platform(m, aos_platform(m->aos));
	if (m->siq != NULL)
		mockd_add_platform(m, siq_platform(m->siq));
	if (m->aod == NULL || m->ash == NULL || m->aos == NULL || m->siq == NULL)
		return FRESHET_EINVAL;
	m->root = root_of(m);
	struct platform *events = events_new(m);
	mockd_add_platform(m, events);
	if (m->options.control)
		mockd_add_platform(m, control_new(m));
	if (m->options.events_file != NULL && !events_read_file(events, m->options.events_file))
		return FRESHET_ESYSTEM;
	return FRESHET_OK;
}

static bool under_mount(freshet_str path, const char *mount)
{
	size_t len = strlen(mount);
	return path.len >= len && memcmp(path.ptr, mount, len) == 0 &&
	       (len == 0 || path.len == len || path.ptr[len] == '/');
}

bool mockd_controls(const struct mockd *m, const struct request *r)
{
	return m->options.control && under_mount(r->path, "/mockd");
}

static struct platform *platform_of(const struct mockd *m, freshet_str path)
{
	struct platform *best = m->root;
	size_t longest = 0;
	for (size_t i = 0; i < m->platform_count; i++) {
		struct platform *p = m->platforms[i];
		if (p->claims != NULL && p->claims(p, path))
			return p;
		if (under_mount(path, p->mount) && strlen(p->mount) > longest) {
			longest = strlen(p->mount);
			best = p;
		}
	}
	return best;
}

void mockd_route(struct mockd *m, struct exchange *x, const struct request *r)
{
	struct platform *platform = platform_of(m, r->path);
	platform->handle(platform, x, r);
}

size_t mockd_body_max(const struct mockd *m, freshet_str path)
{
	size_t most = platform_of(m, path)->body_max;
	return most > 0 ? most : REQUEST_BODY_MAX;
}

freshet_err mockd_new(struct event_base *base, const struct mockd_options *options, struct mockd **out)
{
	*out = NULL;
	if (base == NULL || !settings_make_sense(options))
		return FRESHET_EINVAL;
	struct mockd *m = must_zalloc(sizeof *m);
	freshet_err err;
	m->base = base;
	list_init(&m->dirty);
	list_init(&m->faults);
	list_init(&m->own_faults);
	list_init(&m->deletions);
	list_init(&m->webhooks);
	list_init(&m->webhook_faults);
	settings_copy(&m->options, options);
	m->random.state = options->seed;
	m->flush = event_new(base, -1, 0, on_flush, m);
	if (!clock_init(&m->clock, base, options->clock_scale, options->manual_clock) || m->flush == NULL) {
		err = FRESHET_ESYSTEM;
		goto fail;
	}
	if (options->tls_key != NULL && (m->tls = server_tls_new(options->tls_certificate, options->tls_key)) == NULL) {
		err = FRESHET_ETLS;
		goto fail;
	}
	if (m->tls != NULL)
		server_tls_speak(m->tls, !options->no_http1, !options->no_http2);
	if (options->tls_client_ca != NULL && !server_tls_demand(m->tls, options->tls_client_ca)) {
		err = FRESHET_ETLS;
		goto fail;
	}
	m->texts = texts_new(random_next(&m->random));
	if ((err = add_platforms(m)) != FRESHET_OK)
		goto fail;
	if ((err = listen_on(m)) != FRESHET_OK)
		goto fail;
	*out = m;
	return FRESHET_OK;
fail:
	mockd_free(m);
	return err;
}

void mockd_free(struct mockd *m)
{
	if (m == NULL)
		return;
	m->full = false;
	if (m->listener != NULL)
		evconnlistener_free(m->listener);
	while (m->conn_count > 0)
		conn_free(m->conns[m->conn_count - 1]);
	free(m->conns);
	mockd_fault_clear(m);
	mockd_webhook_fault_clear(m);
	delete_sessions(m);
	for (size_t i = 0; i < m->platform_count; i++)
		m->platforms[i]->free(m->platforms[i]);
	if (m->flush != NULL)
		event_free(m->flush);
	texts_free(m->texts);
	server_tls_free(m->tls);
	clock_clear(&m->clock);
	spare_intake_free(m);
	settings_free(&m->options);
	free(m);
}

uint16_t mockd_port(const struct mockd *m)
{
	return m->port;
}

const char *mockd_url(const struct mockd *m)
{
	return m->url;
}

void mockd_advance(struct mockd *m, uint64_t ms)
{
	uint64_t until_us = clock_now_us(&m->clock) + ms * US_PER_MS;
	/* What was written at one moment is gone before the next: a feed decides by the clock when it is read. */
	while (clock_step(&m->clock, until_us))
		flush_all(m);
	flush_all(m);
}

void mockd_advance_soon(struct mockd *m, uint64_t ms)
{
	m->advance_ms += ms;
	event_active(m->flush, EV_TIMEOUT, 0);
}

uint64_t mockd_now_ms(const struct mockd *m)
{
	return clock_now_us(&m->clock) / US_PER_MS;
}

uint64_t mockd_due_ms(const struct mockd *m)
{
	uint64_t due_us = clock_next_us(&m->clock);
	return due_us == UINT64_MAX ? UINT64_MAX : due_us / US_PER_MS + (due_us % US_PER_MS != 0);
}

void mockd_get_stats(const struct mockd *m, struct mockd_stats *stats)
{
	*stats = m->stats;
	stats->connections = m->conn_count;
}
