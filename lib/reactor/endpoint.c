/*
 * An endpoint and its line.
 *
 * Happy path: an exchange joins the line; on a later turn the pump gives it to a connection with room, or dials as many
 * new ones as the line needs. When a connection comes up, tells its limit, or has room again, the pump runs again.
 *
 * Failures: a dial that fails, while nothing else is up or on its way, fails everything in line: each stream then pauses
 * by its own policy, each request decides whether to try again. With other connections up, the line stays and the next
 * dial waits.
 *
 * Closing ends what is open with FRESHET_ECANCELED; when the last of it has had its last callback the endpoint goes.
 */
#include "reactor/endpoint.h"

#include "base/check.h"
#include "base/fields.h"
#include "base/log.h"
#include "base/mem.h"
#include "reactor/conn.h"
#include "reactor/counters.h"
#include "reactor/door.h"
#include "reactor/request.h"
#include "reactor/stream.h"

#include <stdio.h>
#include <stdlib.h>

/* Connections dialed at the same time: more would only storm a server that is just coming back. */
#define DIALS_AT_ONCE         8
#define DIALS_AT_ONCE_HTTP1   64
#define MAX_CONNECTIONS       64
#define MAX_CONNECTIONS_HTTP1 8192
/* Pause before the next dial after a failed one, doubled with each failure. */
#define REDIAL_MIN_MS 200
#define REDIAL_MAX_MS 30000

static bool line_empty(const freshet_endpoint *e)
{
	return list_empty(&e->moved) && list_empty(&e->waiting);
}

static struct exchange *line_first(freshet_endpoint *e)
{
	struct list *line = list_empty(&e->moved) ? &e->waiting : &e->moved;
	return container_of(line->next, struct exchange, node);
}

static void ask_for_pump(freshet_endpoint *e)
{
	if (line_empty(e))
		return;
	e->pump_due = true;
	reactor_defer(e->reactor, &e->task);
}

static enum conn_use use_of(const struct conn *c)
{
	if (c->state == CONN_DEAD)
		return CONN_NO_USE;
	if (c->state != CONN_UP)
		return CONN_COMING;
	if (c->wire->draining)
		return CONN_NO_USE;
	return c->wire->greeted && !conn_is_barren(c) ? CONN_USABLE : CONN_COMING;
}

/* The counter of the state that it is in; NULL for one that is gone. */
static uint64_t *count_of(freshet_endpoint *e, const struct conn *c)
{
	freshet_counters *n = &e->counters;
	if (c->state == CONN_DEAD)
		return NULL;
	if (c->state != CONN_UP)
		return &n->connections_connecting;
	if (c->wire->protocol->exclusive)
		return c->wire->draining ? &n->connections_draining_http1 : &n->connections_open_http1;
	return c->wire->draining ? &n->connections_draining_http2 : &n->connections_open_http2;
}

static void count_conn(freshet_endpoint *e, struct conn *c)
{
	uint64_t *now = count_of(e, c);
	if (c->counted != NULL)
		--*c->counted;
	if (now != NULL)
		++*now;
	e->counters.connections += (now != NULL) - (uint64_t)(c->counted != NULL);
	c->counted = now;
}

void endpoint_conn_changed(struct conn *c)
{
	freshet_endpoint *e = c->endpoint;
	enum conn_use was = c->use;
	count_conn(e, c);
	c->use = use_of(c);
	e->coming += (c->use == CONN_COMING) - (uint32_t)(was == CONN_COMING);
	e->usable += (c->use == CONN_USABLE) - (uint32_t)(was == CONN_USABLE);
	bool room_made = conn_has_room(c) && list_empty(&c->roomy);
	if (room_made)
		list_push_front(&e->roomy, &c->roomy);
	else if (!conn_has_room(c))
		list_remove(&c->roomy);
	/* Where one is of no use any more, or gone, there is place for another. */
	if (room_made || (c->use == CONN_NO_USE && was != CONN_NO_USE) || c->state == CONN_DEAD)
		ask_for_pump(e);
}

void endpoint_close_kept(freshet_endpoint *e)
{
	list_each_safe (node, after, &e->roomy) {
		struct conn *c = container_of(node, struct conn, roomy);
		if (c->served && c->count == 0 && c->wire->protocol->exclusive)
			conn_close(c);
	}
}

void endpoint_retire_kept(freshet_endpoint *e)
{
	list_each_safe (node, after, &e->roomy) {
		struct conn *c = container_of(node, struct conn, roomy);
		if (c->served && c->count == 0 && c->wire->protocol->exclusive)
			conn_retire(c);
	}
}

/* Fails everything that is in line now; what joins meanwhile waits for the next dial. */
static void fail_waiting(freshet_endpoint *e, const freshet_outcome *loss)
{
	struct list waiting;
	list_init(&waiting);
	list_splice(&waiting, &e->moved);
	list_splice(&waiting, &e->waiting);
	for (struct list *node = list_pop_front(&waiting); node != NULL; node = list_pop_front(&waiting)) {
		struct exchange *ex = container_of(node, struct exchange, node);
		e->waiting_count--;
		ex->owner->on_lost(ex, loss);
	}
}

/* One exchange that could not be submitted; the others go on. */
static void fail_one(freshet_endpoint *e, struct exchange *ex, freshet_err err)
{
	freshet_outcome loss = {.err = err, .unprocessed = true, .text = freshet_str_of(freshet_err_text(err))};
	endpoint_dequeue(e, ex);
	ex->owner->on_lost(ex, &loss);
}

/* Gives the line to the connections that have room. Each round takes one out of the line or out of the roomy ones. */
static void fill_conns(freshet_endpoint *e)
{
	while (!line_empty(e) && !list_empty(&e->roomy)) {
		struct conn *c = container_of(e->roomy.next, struct conn, roomy);
		struct exchange *ex = line_first(e);
		conn_look(c);
		freshet_err err = conn_has_room(c) ? conn_submit(c, ex) : FRESHET_EHTTP_GOAWAY;
		if (err == FRESHET_OK) {
			e->waiting_count--;
		} else if (err == FRESHET_EHTTP_GOAWAY) {
			/* It drains since it was asked to take this one: its numbers are used up. */
			endpoint_conn_changed(c);
			list_remove(&c->roomy);
		} else {
			fail_one(e, ex, err);
		}
	}
}

/* The next dial waits, longer with each failure. */
static void redial_later(freshet_endpoint *e)
{
	freshet_reactor *r = e->reactor;
	uint64_t pause = REDIAL_MIN_MS;
	/* Dials that were made together fail together: that is one failure. */
	if (e->redial_ms > r->now_ms)
		return;
	for (uint32_t i = 0; i < e->dial_failures && pause < REDIAL_MAX_MS; i++)
		pause *= 2;
	e->dial_failures++;
	e->redial_ms = time_add(r->now_ms, retry_jitter(pause, random_next(&r->random)));
	reactor_due_by(r, &e->deadline, e->redial_ms);
}

/*
 * True when the line moves on without another dial: a connection is coming, has room, or carries something that ends by
 * itself. Streams do not: where only they are, waiting for them could last for ever.
 */
static bool line_moves(const freshet_endpoint *e)
{
	return e->coming > 0 || e->passing > 0 || !list_empty(&e->roomy);
}

/* A dial has failed. */
static void dial_failed(freshet_endpoint *e, const freshet_outcome *loss)
{
	if (line_moves(e)) {
		redial_later(e);
		return;
	}
	/* Each of those that waited pauses by itself before it comes back: the endpoint need not. */
	e->dial_failures++;
	e->redial_ms = 0;
	fail_waiting(e, loss);
}

/* Those that are neither usable nor coming. */
static uint32_t draining_conns(const freshet_endpoint *e)
{
	return (uint32_t)(e->counters.connections - e->usable - e->coming);
}

static void dial_more(freshet_endpoint *e)
{
	freshet_reactor *r = e->reactor;
	if (e->redial_ms > r->now_ms) {
		reactor_due_by(r, &e->deadline, e->redial_ms);
		return;
	}
	uint32_t expected = place_capacity(&e->limits.place, e->expected_capacity);
	const struct place_conns conns = {e->usable, e->coming, draining_conns(e)};
	uint32_t wanted = place_connections_to_open(&e->limits.place, e->waiting_count, &conns, expected);
	uint32_t at_once = e->http1 ? DIALS_AT_ONCE_HTTP1 : DIALS_AT_ONCE;
	while (wanted-- > 0 && e->coming < at_once) {
		freshet_err err = conn_open(e);
		if (err == FRESHET_OK)
			continue;
		freshet_outcome loss = {.err = err, .unprocessed = true};
		loss.text = freshet_str_of(freshet_err_text(err));
		dial_failed(e, &loss);
		return;
	}
}

/* Says once that a line stands still: those in it wait for streams to end, which may be never (limits.md). */
static void note_standstill(freshet_endpoint *e)
{
	bool stands = !line_empty(e) && !line_moves(e) && e->redial_ms <= e->reactor->now_ms;
	if (stands && !e->stands)
		log_line(FRESHET_LOG_WARNING,
			"%.*s: %zu wait in line for streams to end: no more connections are allowed than %u",
			(int)e->name.len, e->name.ptr, e->waiting_count, (unsigned)e->counters.connections);
	e->stands = stands;
}

static void pump(freshet_endpoint *e)
{
	e->pump_due = false;
	fill_conns(e);
	if (!line_empty(e) && !e->closing)
		dial_more(e);
	note_standstill(e);
}

void endpoint_enqueue(freshet_endpoint *e, struct exchange *ex, bool moved)
{
	e->stands &= e->waiting_count > 0;
	list_push_back(moved ? &e->moved : &e->waiting, &ex->node);
	e->waiting_count++;
	e->counters.moves += moved;
	ask_for_pump(e);
}

void endpoint_dequeue(freshet_endpoint *e, struct exchange *ex)
{
	if (ex->conn != NULL || list_empty(&ex->node))
		return;
	list_remove(&ex->node);
	e->waiting_count--;
}

freshet_err endpoint_admits(const freshet_endpoint *e)
{
	if (e->closing || e->reactor->closing)
		return FRESHET_ESTATE;
	return e->waiting_count < e->limits.max_waiting ? FRESHET_OK : FRESHET_EQUEUE_FULL;
}

freshet_err endpoint_describe(freshet_endpoint *e, freshet_str path, struct wire_request *out)
{
	struct bytes *scratch = &e->reactor->path;
	scratch->len = 0;
	if (!bytes_append_str(scratch, e->url.path) || !bytes_append_str(scratch, path))
		return FRESHET_ENOMEM;
	out->scheme = freshet_str_of(e->url.tls ? "https" : "http");
	out->authority = e->url.authority;
	out->path = bytes_str(scratch);
	return FRESHET_OK;
}

void endpoint_speaks(freshet_endpoint *e, bool http1)
{
	if (http1 == e->http1)
		return;
	e->http1 = http1;
	e->expected_capacity = http1 ? 1 : UINT32_MAX;
	if (e->asked_connections == 0)
		e->limits.place.max_connections = http1 ? MAX_CONNECTIONS_HTTP1 : MAX_CONNECTIONS;
}

void endpoint_conn_up(freshet_endpoint *e)
{
	e->dial_failures = 0;
	e->redial_ms = 0;
}

void endpoint_conn_greeted(freshet_endpoint *e, uint32_t capacity)
{
	e->expected_capacity = capacity;
	ask_for_pump(e);
}

void endpoint_address_was(freshet_endpoint *e, const char *address, bool good)
{
	e->target.first = good ? DIAL_FROM : DIAL_AFTER;
	snprintf(e->target.mark, sizeof e->target.mark, "%s", address);
}

void endpoint_conn_failed(freshet_endpoint *e, const freshet_outcome *loss)
{
	dial_failed(e, loss);
	ask_for_pump(e);
}

/* It came up, but could take nothing of the line: as if it had never come up. Nobody else minds. */
void endpoint_conn_useless(freshet_endpoint *e, const freshet_outcome *loss)
{
	if (!line_empty(e))
		endpoint_conn_failed(e, loss);
}

void endpoint_due(freshet_endpoint *e)
{
	pump(e);
}

static void endpoint_free(freshet_endpoint *e)
{
	headers_free(e->headers, e->header_count);
	tls_context_free(e->tls);
	policy_clear(&e->policy);
	proxy_clear(&e->proxy);
	mem_free(e->tunnel_to);
	mem_free(e->address_text);
	mem_free(e->url_text);
	mem_free(e);
}

static void end_all(freshet_endpoint *e)
{
	list_each_safe (node, after, &e->streams)
		stream_end(container_of(node, freshet_stream, in_endpoint), FRESHET_ECANCELED);
	list_each_safe (request_node, request_after, &e->requests)
		request_end(container_of(request_node, freshet_request, in_endpoint), FRESHET_ECANCELED);
}

/* The last step of closing. */
static void bury(freshet_endpoint *e)
{
	list_each_safe (node, after, &e->conns)
		conn_close(container_of(node, struct conn, node));
	/* A connection that failed over its farewell has asked for another turn. */
	list_remove(&e->task.node);
	reactor_release_deadline(e->reactor, &e->deadline);
	list_remove(&e->node);
	if (e->reactor->closing)
		loop_wake(&e->reactor->loop);
	void (*on_closed)(void *user) = e->on_closed;
	void *user = e->user;
	counters_keep(e);
	endpoint_free(e);
	door_closed(on_closed, user);
}

static void endpoint_turn(struct task *task)
{
	freshet_endpoint *e = container_of(task, freshet_endpoint, task);
	if (e->pump_due && !e->closing)
		pump(e);
	if (e->closing && list_empty(&e->streams) && list_empty(&e->requests))
		bury(e);
}

void endpoint_released(freshet_endpoint *e)
{
	if (e->closing)
		reactor_defer(e->reactor, &e->task);
}

void endpoint_close(freshet_endpoint *e)
{
	if (e->closing)
		return;
	e->closing = true;
	end_all(e);
	reactor_defer(e->reactor, &e->task);
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
	return value != 0 ? value : otherwise;
}

static uint64_t time_or_default(uint64_t value, uint64_t otherwise)
{
	return value != 0 ? value : otherwise;
}

static void set_limits(struct endpoint_limits *l, const freshet_endpoint_options *o)
{
	*l = (struct endpoint_limits){
		.place = {.max_connections = or_default(o->max_connections, MAX_CONNECTIONS),
			.max_streams = or_default(o->max_streams_per_connection, 1000)},
		.max_waiting = or_default(o->max_waiting, 1000000),
		.stream_window = or_default(o->stream_window, 256 * 1024),
		.connection_window = or_default(o->connection_window, 16 * 1024 * 1024),
		.connect_timeout_ms = time_or_default(o->connect_timeout_ms, 10000),
		.ping_interval_ms = time_or_default(o->ping_interval_ms, 20000),
		.ping_timeout_ms = time_or_default(o->ping_timeout_ms, 10000),
		.idle_close_ms = time_or_default(o->idle_close_ms, 60000),
		.max_header_bytes = o->max_header_bytes != 0 ? o->max_header_bytes : (size_t)64 * 1024,
	};
	l->credit_step = place_credit_step(l->stream_window);
}

static freshet_err parse_url(freshet_endpoint *e, const freshet_endpoint_options *o)
{
	if (o->url == NULL)
		return FRESHET_EINVAL;
	if ((e->url_text = mem_copy(o->url, strlen(o->url))) == NULL)
		return FRESHET_ENOMEM;
	freshet_err err = url_parse(e->url_text, &e->url);
	if (err != FRESHET_OK)
		return err;
	e->name = (freshet_str){e->url_text, (size_t)(e->url.authority.ptr - e->url_text) + e->url.authority.len};
	e->protocol = o->protocol;
	e->asked_connections = o->max_connections;
	/* Cleartext is HTTP/2 only with prior knowledge (RFC 9113, section 3.3). */
	if (o->protocol == FRESHET_PROTOCOL_HTTP1 || (!e->url.tls && o->protocol == FRESHET_PROTOCOL_AUTO))
		endpoint_speaks(e, true);
	return FRESHET_OK;
}

/* "unix:/path" or "host:port" in place of the URL's host. */
static freshet_err parse_address(freshet_endpoint *e, const char *address)
{
	static const char unix_prefix[] = "unix:";
	const size_t prefix_len = sizeof unix_prefix - 1;
	bool local = strncmp(address, unix_prefix, prefix_len) == 0;
	size_t size = strlen(address) + sizeof "http://";
	struct url url;
	if ((e->address_text = mem_alloc(size)) == NULL)
		return FRESHET_ENOMEM;
	snprintf(e->address_text, size, "%s%s", local ? "" : "http://", address);
	if (local) {
		e->target.unix_path = freshet_str_of(e->address_text + prefix_len);
		return e->target.unix_path.len > 0 ? FRESHET_OK : FRESHET_EINVAL;
	}
	freshet_err err = url_parse(e->address_text, &url);
	e->target.host = url.host;
	e->target.port = url.port;
	return err == FRESHET_OK && url.path.len > 0 ? FRESHET_EINVAL : err;
}

static freshet_err use_proxy(freshet_endpoint *e, freshet_str proxy)
{
	freshet_err err = proxy_parse(&e->proxy, proxy);
	if (err != FRESHET_OK)
		return err;
	e->target.host = freshet_str_of(e->proxy.host);
	e->target.port = e->proxy.port;
	const char *open = e->url.host_is_ipv6 ? "[" : "";
	const char *close = e->url.host_is_ipv6 ? "]" : "";
	size_t size = e->url.host.len + sizeof "[]:65535";
	e->tunnel_to = mem_alloc(size);
	if (e->tunnel_to == NULL)
		return FRESHET_ENOMEM;
	snprintf(e->tunnel_to, size, "%s%.*s%s:%u", open, (int)e->url.host.len, e->url.host.ptr, close,
		(unsigned)e->url.port);
	return FRESHET_OK;
}

/* Where connections go: a stand-in that was named comes before a proxy. */
static freshet_err choose_target(freshet_endpoint *e, const freshet_endpoint_options *o)
{
	e->target.host = e->url.host;
	e->target.port = e->url.port;
	if (o->address != NULL)
		return parse_address(e, o->address);
	freshet_str proxy = freshet_str_of(o->proxy);
	if (proxy.len == 0 && o->proxy_from_environment)
		proxy = proxy_from_environment(getenv, &e->url);
	return proxy.len > 0 ? use_proxy(e, proxy) : FRESHET_OK;
}

freshet_err endpoint_new(freshet_reactor *r, const freshet_endpoint_options *o, freshet_endpoint **out)
{
	if (r->closing)
		return FRESHET_ESTATE;
	freshet_endpoint *e = mem_zalloc(sizeof *e);
	if (e == NULL)
		return FRESHET_ENOMEM;
	e->reactor = r;
	e->deadline.kind = DUE_ENDPOINT;
	e->expected_capacity = UINT32_MAX;
	list_init(&e->conns);
	list_init(&e->roomy);
	list_init(&e->moved);
	list_init(&e->waiting);
	list_init(&e->streams);
	list_init(&e->requests);
	task_init(&e->task, endpoint_turn);
	set_limits(&e->limits, o);
	const struct tls_options tls = {.ca_file = o->ca_file,
		.ca_dir = o->ca_dir,
		.ca_pem = o->ca_pem,
		.only_1_3 = o->min_tls_version == FRESHET_TLS_1_3,
		.certificate_file = o->certificate_file,
		.key_file = o->key_file,
		.pins = o->pins,
		.pin_count = o->pin_count,
		.key_log_file = o->key_log_file};
	freshet_err err = parse_url(e, o);
	if (err == FRESHET_OK && (e->limits.stream_window > INT32_MAX || e->limits.connection_window > INT32_MAX))
		err = FRESHET_EINVAL;
	if (err == FRESHET_OK)
		err = choose_target(e, o);
	if (err == FRESHET_OK)
		err = policy_init(&e->policy, &o->stream);
	if (err == FRESHET_OK)
		err = headers_of_endpoint(o, &e->headers, &e->header_count);
	if (err == FRESHET_OK && e->url.tls)
		err = tls_context_new(&tls, &e->tls);
	if (err == FRESHET_OK && !reactor_reserve_deadline(r))
		err = FRESHET_ENOMEM;
	if (err != FRESHET_OK) {
		endpoint_free(e);
		return err;
	}
	e->on_closed = o->on_closed;
	e->user = o->user;
	list_push_back(&r->endpoints, &e->node);
	*out = e;
	return FRESHET_OK;
}
