/*
 * How a connection comes up.
 *
 * Happy path: dial the endpoint's target; where that is a proxy, ask it for the way to the server; shake hands where the
 * endpoint wants TLS; then make the session of the protocol that was agreed on, and tell the endpoint.
 *
 * Failures of each step end the connection with words that say which step it was; nothing of a request has been sent
 * then. All of it has one deadline.
 */
#include "reactor/conn_parts.h"

#include "base/fields.h"
#include "base/log.h"
#include "base/mem.h"
#include "h1/h1.h"
#include "h1/tunnel.h"
#include "h2/h2.h"
#include "reactor/endpoint.h"

#include <stdio.h>

static freshet_err new_wire(struct conn *c)
{
	freshet_endpoint *e = c->endpoint;
	const struct endpoint_limits *l = &e->limits;
	bool http1 = c->tls != NULL ? tls_chosen_protocol(c->tls) == TLS_PROTOCOL_HTTP1
				    : e->protocol != FRESHET_PROTOCOL_HTTP2;
	endpoint_speaks(e, http1);
	if (!http1) {
		const struct h2_options options = {l->stream_window, l->connection_window, l->max_header_bytes};
		return h2_new(&options, &e->reactor->queue, &c->wire);
	}
	const struct h1_options options = {l->stream_window, l->max_header_bytes};
	return h1_new(&options, &e->reactor->queue, &c->wire);
}

/* Notices a peer that is gone without a word: by the protocol's own signs of life, else by TCP's. */
static void watch(struct conn *c)
{
	freshet_reactor *r = c->endpoint->reactor;
	const struct endpoint_limits *limits = &c->endpoint->limits;
	if (c->wire->protocol->ping != NULL)
		reactor_due_by(r, &c->deadline, time_add(r->now_ms, limits->ping_interval_ms));
	else if (limits->ping_interval_ms != UINT64_MAX)
		net_socket_keep_alive(&c->socket, limits->ping_interval_ms, limits->ping_timeout_ms);
}

/* The connection is usable: exchanges may come. */
static void come_up(struct conn *c)
{
	freshet_endpoint *e = c->endpoint;
	freshet_reactor *r = e->reactor;
	freshet_err err = new_wire(c);
	if (err != FRESHET_OK) {
		die_of(c, err, 0, NULL);
		return;
	}
	c->state = CONN_UP;
	c->read_ms = r->now_ms;
	e->counters.connections_opened++;
	if (c->tls != NULL) {
		e->counters.handshakes++;
		e->counters.handshakes_resumed += tls_resumed(c->tls);
	}
	log_line(FRESHET_LOG_INFO, "connected to %s by %s", c->peer, c->wire->protocol->name);
	keep(c);
	watch(c);
	mark_dirty(c);
	endpoint_conn_up(e);
	endpoint_conn_changed(c);
}

/* Goes on with the handshake; false when there is nothing more to read now. */
bool shake_hands(struct conn *c)
{
	struct bytes *cipher = &c->endpoint->reactor->cipher;
	cipher->len = 0;
	enum tls_result result = tls_handshake(c->tls, cipher);
	if (!write_cipher(c))
		return false;
	if (result == TLS_DONE)
		come_up(c);
	else if (result == TLS_FAILED)
		die_of_tls(c);
	else if (result == TLS_OVER)
		die_of(c, FRESHET_ETLS, 0, "TLS failed: the peer closed during the handshake");
	return result == TLS_DONE && c->state == CONN_UP;
}

static freshet_err start_tls(struct conn *c)
{
	freshet_endpoint *e = c->endpoint;
	static const enum tls_protocol offers[] = {
		[FRESHET_PROTOCOL_AUTO] = TLS_PROTOCOL_EITHER,
		[FRESHET_PROTOCOL_HTTP2] = TLS_PROTOCOL_HTTP2,
		[FRESHET_PROTOCOL_HTTP1] = TLS_PROTOCOL_HTTP1,
	};
	freshet_err err = tls_new(e->tls, e->url.host, offers[e->protocol], &c->tls);
	if (err == FRESHET_OK) {
		c->state = CONN_HANDSHAKE;
		shake_hands(c);
	}
	return err;
}

/* The way to the server is open. */
static void reach_server(struct conn *c)
{
	freshet_err err = FRESHET_OK;
	if (c->endpoint->url.tls)
		err = start_tls(c);
	else
		come_up(c);
	if (err != FRESHET_OK)
		die_of(c, err, 0, NULL);
}

/* Asks the proxy for the way to the server (RFC 9110, section 9.3.6). */
static void ask_proxy(struct conn *c)
{
	freshet_endpoint *e = c->endpoint;
	struct bytes *out = &e->reactor->out;
	freshet_str user_agent = field_find(e->headers, e->header_count, "user-agent");
	out->len = 0;
	c->state = CONN_TUNNEL;
	if (tunnel_new(&c->tunnel) != FRESHET_OK ||
		!tunnel_ask(freshet_str_of(e->tunnel_to), user_agent, e->proxy.authorization, out))
		die_of(c, FRESHET_ENOMEM, 0, NULL);
	else
		write_out(c, out->data, out->len);
	/* The credentials of the proxy do not stay in the scratch. */
	mem_wipe(out->data, out->capacity);
}

void die_of_proxy(struct conn *c, freshet_err err)
{
	char text[160];
	freshet_outcome loss = {.err = err, .http_status = tunnel_status(c->tunnel)};
	snprintf(text, sizeof text, "%s (proxy %s:%u, status %d)", freshet_err_text(err), c->endpoint->proxy.host,
		(unsigned)c->endpoint->proxy.port, loss.http_status);
	loss.text = freshet_str_of(text);
	conn_die(c, &loss);
}

void read_proxy(struct conn *c, const uint8_t *bytes, size_t len)
{
	size_t used = 0;
	switch (tunnel_feed(c->tunnel, bytes, len, &used)) {
	case TUNNEL_MORE: return;
	case TUNNEL_BROKEN: die_of_proxy(c, FRESHET_EPROXY); return;
	case TUNNEL_REFUSED: {
		/* 407 is the proxy's word for it; some say 401. */
		int status = tunnel_status(c->tunnel);
		die_of_proxy(c, status == 407 || status == 401 ? FRESHET_EPROXY_AUTH : FRESHET_EPROXY_REFUSED);
		return;
	}
	case TUNNEL_OPEN: break;
	}
	tunnel_free(c->tunnel);
	c->tunnel = NULL;
	reach_server(c);
	if (used < len && c->state != CONN_DEAD)
		read_server_bytes(c, bytes + used, len - used);
}

/* A dial to the proxy that fails says nothing of the server. */
static void die_of_dial(struct conn *c, const struct dial_result *result)
{
	bool proxy = c->endpoint->proxy.host != NULL && result->err != FRESHET_EDESCRIPTORS;
	freshet_err err = proxy ? FRESHET_EPROXY : result->err;
	freshet_outcome loss = {.err = err, .system_errno = result->system_errno};
	char text[256];
	int len = snprintf(text, sizeof text, "%s: %s", freshet_err_text(err), result->text);
	loss.text = (freshet_str){text, (size_t)len};
	conn_die(c, &loss);
}

static void on_dialed(const struct dial_result *result, void *user)
{
	struct conn *c = user;
	freshet_endpoint *e = c->endpoint;
	reactor_enter(e->reactor);
	c->dial = NULL;
	if (result->err != FRESHET_OK) {
		die_of_dial(c, result);
	} else {
		snprintf(c->peer, sizeof c->peer, "%.*s", (int)sizeof c->peer - 1, result->text);
		freshet_err err = net_socket_init(&c->socket, &e->reactor->loop, result->fd, &conn_socket_handlers, c);
		if (err != FRESHET_OK)
			die_of(c, err, 0, NULL);
		else if (e->proxy.host != NULL)
			ask_proxy(c);
		else
			reach_server(c);
	}
	reactor_leave(e->reactor);
}

freshet_err conn_open(freshet_endpoint *e)
{
	freshet_reactor *r = e->reactor;
	struct conn *c = mem_zalloc(sizeof *c);
	if (c == NULL)
		return FRESHET_ENOMEM;
	c->endpoint = e;
	c->socket.fd = -1;
	c->since_ms = r->now_ms;
	c->deadline.kind = DUE_CONN;
	list_init(&c->roomy);
	list_init(&c->dirty);
	list_init(&c->exchanges);
	task_init(&c->task, conn_release);
	freshet_err err = reactor_reserve_deadline(r) ? FRESHET_OK : FRESHET_ENOMEM;
	if (err == FRESHET_OK) {
		err = dial_start(&r->loop, &e->target, on_dialed, c, &c->dial);
		if (err != FRESHET_OK)
			reactor_release_deadline(r, &c->deadline);
	}
	if (err != FRESHET_OK) {
		mem_free(c);
		return err;
	}
	list_push_back(&e->conns, &c->node);
	reactor_due_by(r, &c->deadline, time_add(r->now_ms, e->limits.connect_timeout_ms));
	endpoint_conn_changed(c);
	return FRESHET_OK;
}
