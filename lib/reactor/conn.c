/*
 * A connection of an endpoint that carries exchanges (connect.c tells how it comes up).
 *
 * Happy path: each time the socket is readable one buffer is read, decrypted, given to the protocol, and what the
 * protocol queued is handed to the exchanges before the next buffer is read. Output is gathered from the protocol and
 * written when the reactor leaves.
 *
 * Failures end in conn_die: every exchange hears that it is lost, and why. What a peer refused unprocessed was queued by
 * the protocol and is told apart.
 *
 * Closing: memory goes on a later turn, since the connection may stand further up the stack.
 */
#include "reactor/conn_parts.h"

#include "base/check.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/place.h"
#include "h1/tunnel.h"
#include "reactor/endpoint.h"

#include <errno.h>
#include <stdio.h>

/* Output gathered before it is written. */
#define OUTPUT_STEP ((size_t)128 * 1024)
/* Output of one connection, however fast its peer reads, before the others have their turn. */
#define OUTPUT_BUDGET ((size_t)512 * 1024)
/* Ciphertext that is read at least: a record comes in one piece (RFC 8446, section 5.2). */
#define CIPHER_STEP ((size_t)16 * 1024)
/* So much earlier than a server that says when it closes a kept connection. */
#define KEPT_MARGIN_MS 1000
/* More bytes than this do not wait for a peer that does not read. */
#define UNSENT_MAX ((size_t)1024 * 1024)

void mark_dirty(struct conn *c)
{
	freshet_reactor *r = c->endpoint->reactor;
	if (c->state == CONN_DEAD || !list_empty(&c->dirty))
		return;
	list_push_back(&r->dirty, &c->dirty);
	/* Outside of an entry nobody flushes: the turn that is woken does. */
	if (r->depth == 0)
		loop_wake(&r->loop);
}

void conn_release(struct task *task)
{
	struct conn *c = container_of(task, struct conn, task);
	mem_free(c);
}

/* What the connection held of others is given back; the memory waits for a later turn. */
static void bury(struct conn *c)
{
	freshet_reactor *r = c->endpoint->reactor;
	c->state = CONN_DEAD;
	endpoint_conn_changed(c);
	list_remove(&c->node);
	list_remove(&c->dirty);
	dial_cancel(c->dial);
	c->dial = NULL;
	net_socket_close(&c->socket);
	tls_free(c->tls);
	c->tls = NULL;
	tunnel_free(c->tunnel);
	c->tunnel = NULL;
	if (c->wire != NULL)
		c->wire->protocol->free(c->wire);
	c->wire = NULL;
	bytes_clear(&c->unsent);
	reactor_release_deadline(r, &c->deadline);
	list_remove(&c->task.node);
	c->task.run = conn_release;
	reactor_defer(r, &c->task);
}

/* Takes the exchange out of the connection's books. */
static void unbind(struct conn *c, struct exchange *ex)
{
	list_remove(&ex->node);
	ex->conn = NULL;
	c->count--;
	c->endpoint->passing -= !ex->lasting;
}

/* `stale`: the connection was kept for them and died before a byte of an answer (RFC 9112, section 9.3.1). */
static void lose_exchanges(struct conn *c, struct list *exchanges, const freshet_outcome *loss, bool stale)
{
	while (!list_empty(exchanges)) {
		struct exchange *ex = container_of(exchanges->next, struct exchange, node);
		unbind(c, ex);
		if (!stale || !ex->owner->on_stale(ex))
			ex->owner->on_lost(ex, loss);
	}
}

/* The end of a connection that failed. `loss` may point into it. */
void conn_die(struct conn *c, const freshet_outcome *why)
{
	if (c->state == CONN_DEAD)
		return;
	freshet_endpoint *e = c->endpoint;
	bool was_up = c->state == CONN_UP;
	bool was_of_use = c->used && !c->useless;
	freshet_outcome loss = *why;
	/* What it has never taken was never sent. */
	loss.unprocessed |= !was_of_use;
	char text[256];
	int len = snprintf(
		text, sizeof text, "%.*s: %.*s", (int)e->name.len, e->name.ptr, (int)why->text.len, why->text.ptr);
	loss.text = (freshet_str){text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1};
	log_line(FRESHET_LOG_INFO, "connection to %s ended", text);
	e->counters.connections_failed += !was_up;
	e->counters.connections_lost += was_up && c->count > 0;
	e->counters.handshakes_failed += c->state == CONN_HANDSHAKE;
	struct list exchanges;
	list_init(&exchanges);
	list_splice(&exchanges, &c->exchanges);
	bool stale = was_up && c->served && c->count > 0 && c->wire->protocol->exclusive && !c->wire->answer_begun &&
		     loss.err == FRESHET_ECLOSED;
	e->counters.connections_stale += stale;
	/* It was reached, and nothing came of it. */
	if (c->peer[0] != '\0' && !c->answered && (!was_of_use || c->count > 0))
		endpoint_address_was(e, c->peer, false);
	bury(c);
	if (stale)
		endpoint_close_kept(e);
	lose_exchanges(c, &exchanges, &loss, stale);
	if (!was_up)
		endpoint_conn_failed(e, &loss);
	else if (!was_of_use)
		endpoint_conn_useless(e, &loss);
}

void die_of(struct conn *c, freshet_err err, int system_errno, const char *text)
{
	freshet_outcome loss = {.err = err, .system_errno = system_errno};
	loss.text = freshet_str_of(text != NULL ? text : freshet_err_text(err));
	conn_die(c, &loss);
}

void die_of_tls(struct conn *c)
{
	const struct tls_failure *why = tls_failed_why(c->tls);
	freshet_outcome loss = {.err = why->err, .tls_error = why->code, .tls_verify = why->verify};
	char text[256];
	int len = snprintf(text, sizeof text, "%s: %s", freshet_err_text(why->err), why->text);
	loss.text = (freshet_str){text, (size_t)len};
	conn_die(c, &loss);
}

/* `text` has room for the outcome's words and outlives it. */
static freshet_outcome outcome_of_wire(const struct wire_loss *loss, char *text, size_t size)
{
	freshet_outcome o = {.err = loss->err,
		.has_http2_code = loss->has_http2_code,
		.http2_code = loss->http2_code,
		.unprocessed = loss->unprocessed};
	const char *what = freshet_err_text(loss->err);
	if (loss->why != NULL)
		snprintf(text, size, "%s: %s", what, loss->why);
	else
		snprintf(text, size, "%s", what);
	o.text = freshet_str_of(text);
	return o;
}

static void die_of_wire(struct conn *c)
{
	char text[160];
	freshet_outcome loss = outcome_of_wire(&c->wire->loss, text, sizeof text);
	conn_die(c, &loss);
}

/* The transport is gone. What the protocol knows of the reason says more than that. */
static void die_of_close(struct conn *c, int system_errno, const char *text)
{
	if (c->state == CONN_UP && c->wire->loss.err != FRESHET_OK)
		die_of_wire(c);
	else if (system_errno != 0)
		die_of(c, FRESHET_ECLOSED, system_errno, strerror(system_errno));
	else
		die_of(c, FRESHET_ECLOSED, 0, text);
}

/*
 * How long it is kept without an exchange: not as long as a server that says when it closes, lest both act at once; and
 * where the server allows none, no longer than a connection may take to become usable.
 */
static uint64_t idle_limit(const struct conn *c)
{
	const struct endpoint_limits *limits = &c->endpoint->limits;
	uint64_t told = c->wire->kept_ms;
	uint64_t margin = told / 2 < KEPT_MARGIN_MS ? told / 2 : KEPT_MARGIN_MS;
	uint64_t most = conn_is_barren(c) && limits->connect_timeout_ms < limits->idle_close_ms
				? limits->connect_timeout_ms
				: limits->idle_close_ms;
	if (c->wire->draining)
		return 0;
	return told != 0 && told - margin < most ? told - margin : most;
}

/* Without an exchange: it is kept for a while. */
void keep(struct conn *c)
{
	freshet_reactor *r = c->endpoint->reactor;
	c->since_ms = r->now_ms;
	reactor_due_by(r, &c->deadline, time_add(c->since_ms, idle_limit(c)));
}

/* The exchange is over here, without a word to the peer. */
static void let_go(struct conn *c, struct exchange *ex)
{
	unbind(c, ex);
	if (c->count == 0)
		keep(c);
	endpoint_conn_changed(c);
}

/* A protocol without flow control of its own leaves what it cannot take in the socket. */
static void settle_reading(struct conn *c)
{
	bool choked = c->state == CONN_UP && c->wire->room == 0;
	if (c->state != CONN_UP || c->choked == choked)
		return;
	c->choked = choked;
	if (c->choked)
		net_socket_read_off(&c->socket);
	else
		net_socket_read_on(&c->socket);
}

void exchange_leave(struct exchange *ex)
{
	struct conn *c = ex->conn;
	if (c == NULL)
		return;
	reactor_look_at_clock(c->endpoint->reactor);
	if (c->state == CONN_DEAD) {
		/* A callback of one that the connection has lost already ends another one. */
		unbind(c, ex);
		return;
	}
	c->wire->protocol->cancel(c->wire, ex->stream_id);
	mark_dirty(c);
	let_go(c, ex);
	settle_reading(c);
}

void exchange_waited_in_vain(struct exchange *ex)
{
	struct conn *c = ex->conn;
	if (c != NULL && !c->answered)
		endpoint_address_was(c->endpoint, c->peer, false);
}

void exchange_credit(struct exchange *ex, size_t len)
{
	struct conn *c = ex->conn;
	if (c == NULL || c->state == CONN_DEAD)
		return;
	ex->uncredited += (uint32_t)len;
	if (ex->uncredited < c->endpoint->limits.credit_step)
		return;
	c->wire->protocol->consumed(c->wire, ex->stream_id, ex->uncredited);
	ex->uncredited = 0;
	mark_dirty(c);
	settle_reading(c);
}

void conn_retire(struct conn *c)
{
	c->wire->draining = true;
	endpoint_conn_changed(c);
	if (c->count == 0)
		reactor_due_by(c->endpoint->reactor, &c->deadline, c->endpoint->reactor->now_ms);
}

void exchange_misdirected(struct exchange *ex)
{
	struct conn *c = ex->conn;
	if (c == NULL || c->state != CONN_UP)
		return;
	conn_retire(c);
	endpoint_retire_kept(c->endpoint);
}

void exchange_more(struct exchange *ex)
{
	struct conn *c = ex->conn;
	if (c == NULL || c->state != CONN_UP)
		return;
	if (c->wire->protocol->more != NULL)
		c->wire->protocol->more(c->wire, ex->stream_id);
	mark_dirty(c);
}

static void end_well(struct conn *c)
{
	c->served = true;
	/* Bytes of this request that wait for a peer that has answered would stand before the next one. */
	if (c->wire->protocol->exclusive && c->unsent.len > 0)
		c->wire->protocol->goodbye(c->wire);
}

static void hand_over(struct conn *c, const struct wire_event *event)
{
	struct exchange *ex = event->exchange;
	/* A callback of this very queue may have closed it. */
	if (ex->conn != c) {
		if (event->kind == WIRE_ANSWER)
			wire_answer_free(event->as.answer);
		if (event->kind == WIRE_END)
			end_well(c);
		return;
	}
	switch (event->kind) {
	case WIRE_ANSWER:
		if (!c->answered)
			endpoint_address_was(c->endpoint, c->peer, true);
		c->answered = true;
		ex->owner->on_answer(ex, event->as.answer);
		break;
	case WIRE_DATA: ex->owner->on_data(ex, event->as.data.bytes, event->as.data.len); break;
	case WIRE_WANTED: ex->owner->on_wanted(ex); break;
	case WIRE_END:
		end_well(c);
		let_go(c, ex);
		ex->owner->on_end(ex);
		break;
	case WIRE_LOST: {
		char text[160];
		freshet_outcome loss = outcome_of_wire(&event->as.loss, text, sizeof text);
		if (loss.err == FRESHET_EHTTP_GOAWAY && !c->answered)
			endpoint_address_was(c->endpoint, c->peer, false);
		let_go(c, ex);
		ex->owner->on_lost(ex, &loss);
		break;
	}
	}
}

/* Nothing but this reads the queue, and nothing that it calls fills it: submits and cancels only prepare output. */
static void drain_queue(struct conn *c)
{
	struct wire_queue *queue = &c->endpoint->reactor->queue;
	for (size_t i = 0; i < queue->count; i++) {
		struct wire_event event = queue->events[i];
		hand_over(c, &event);
	}
	queue->count = 0;
}

/*
 * The peer allows fewer exchanges than before: those that have not gone out would wait for the others to end, and so they
 * go back in line, where another connection may have room.
 */
static void take_back_unsent(struct conn *c)
{
	static const char text[] = "the peer allows fewer streams now";
	const freshet_outcome loss = {
		.err = FRESHET_EHTTP_REFUSED, .unprocessed = true, .text = {text, sizeof text - 1}};
	struct list unsent;
	list_init(&unsent);
	while (!list_empty(&c->exchanges)) {
		struct exchange *last = container_of(c->exchanges.prev, struct exchange, node);
		if (last->stream_id <= c->wire->sent_id)
			break;
		list_remove(&last->node);
		list_push_front(&unsent, &last->node);
	}
	while (!list_empty(&unsent)) {
		struct exchange *ex = container_of(unsent.next, struct exchange, node);
		c->wire->protocol->cancel(c->wire, ex->stream_id);
		let_go(c, ex);
		ex->owner->on_lost(ex, &loss);
	}
}

/* Gives bytes to the protocol. False when the connection has ended over them. */
static bool feed(struct conn *c, const uint8_t *bytes, size_t len)
{
	bool greeted = c->wire->greeted;
	bool draining = c->wire->draining;
	uint32_t capacity = c->wire->capacity;
	freshet_err err = c->wire->protocol->feed(c->wire, bytes, len);
	drain_queue(c);
	if (err != FRESHET_OK) {
		/* Whatever the peer still has to be told (GOAWAY with the reason) goes out before the end. */
		conn_flush(c);
		if (c->state != CONN_DEAD)
			die_of_wire(c);
		return false;
	}
	if (c->wire->capacity < capacity)
		take_back_unsent(c);
	bool told = c->wire->greeted != greeted || c->wire->capacity != capacity;
	if (c->wire->greeted && told) {
		endpoint_conn_greeted(c->endpoint, c->wire->capacity);
		if (c->count == 0)
			keep(c);
	}
	if (c->wire->draining && c->count == 0)
		reactor_due_by(c->endpoint->reactor, &c->deadline, c->endpoint->reactor->now_ms);
	if (told || c->wire->draining != draining)
		endpoint_conn_changed(c);
	mark_dirty(c);
	settle_reading(c);
	return true;
}

/*
 * A peer that has closed may have said why before: the answer to a request whose body it did not want, GOAWAY, an alert.
 * That is read first, and reading then comes to the end of it. False when the connection has ended over the failure.
 */
static bool write_failed(struct conn *c)
{
	if (errno != EPIPE && errno != ECONNRESET) {
		die_of_close(c, errno, NULL);
		return false;
	}
	c->write_errno = errno;
	bytes_clear(&c->unsent);
	c->unsent_from = 0;
	endpoint_conn_changed(c);
	return true;
}

/* Writes bytes to the socket; what it does not take is kept. False when the connection has ended over it. */
bool write_out(struct conn *c, const uint8_t *bytes, size_t len)
{
	if (c->write_errno != 0)
		return true;
	/* What waits goes first; TLS may answer a peer (key updates) that does not read. */
	bool waits = c->unsent.len > 0;
	if (waits && c->unsent.len > UNSENT_MAX) {
		die_of(c, FRESHET_ECLOSED, 0, "the peer reads nothing");
		return false;
	}
	ssize_t sent = waits ? 0 : net_socket_write(&c->socket, bytes, len);
	if (sent < 0)
		return write_failed(c);
	c->endpoint->counters.bytes_written += (uint64_t)sent;
	if ((size_t)sent == len)
		return true;
	if (!bytes_append(&c->unsent, bytes + sent, len - (size_t)sent)) {
		die_of(c, FRESHET_ENOMEM, 0, NULL);
		return false;
	}
	net_socket_want_write(&c->socket);
	return true;
}

/* What TLS itself wants to say: handshake, alerts, key updates. */
bool write_cipher(struct conn *c)
{
	struct bytes *cipher = &c->endpoint->reactor->cipher;
	bool ok = cipher->len == 0 || write_out(c, cipher->data, cipher->len);
	cipher->len = 0;
	return ok;
}

static bool write_plain(struct conn *c, const struct bytes *plain)
{
	if (c->tls == NULL)
		return write_out(c, plain->data, plain->len);
	struct bytes *cipher = &c->endpoint->reactor->cipher;
	cipher->len = 0;
	if (tls_write(c->tls, plain->data, plain->len, cipher) == TLS_DONE)
		return write_cipher(c);
	die_of_tls(c);
	return false;
}

void conn_flush(struct conn *c)
{
	freshet_reactor *r = c->endpoint->reactor;
	size_t had = 0;
	while (c->state == CONN_UP && c->unsent.len == 0 && c->write_errno == 0 &&
		c->wire->protocol->wants_output(c->wire)) {
		if (had >= OUTPUT_BUDGET) {
			net_socket_want_write(&c->socket);
			return;
		}
		r->out.len = 0;
		bool ok = c->wire->protocol->output(c->wire, &r->out, OUTPUT_STEP);
		/* First of all, since nothing may stay in the queue when the connection ends below. */
		drain_queue(c);
		if (!ok) {
			die_of(c, FRESHET_ENOMEM, 0, NULL);
			return;
		}
		size_t len = r->out.len;
		had += len;
		if (len > 0 && !write_plain(c, &r->out))
			return;
		if (c->wire->over) {
			die_of_wire(c);
			return;
		}
		if (len == 0)
			return;
	}
}

/* Goes on with what the socket has not taken. */
static void write_unsent(struct conn *c)
{
	ssize_t sent = net_socket_write(&c->socket, c->unsent.data + c->unsent_from, c->unsent.len - c->unsent_from);
	if (sent < 0) {
		write_failed(c);
		return;
	}
	c->endpoint->counters.bytes_written += (uint64_t)sent;
	c->unsent_from += (size_t)sent;
	if (c->unsent_from < c->unsent.len) {
		net_socket_want_write(&c->socket);
		return;
	}
	bytes_clear(&c->unsent);
	c->unsent_from = 0;
	mark_dirty(c);
}

static void on_writable(void *owner)
{
	struct conn *c = owner;
	freshet_reactor *r = c->endpoint->reactor;
	reactor_enter(r);
	/* Nothing is unsent where the connection has only let others have their turn. */
	if (c->unsent.len > 0)
		write_unsent(c);
	else
		mark_dirty(c);
	reactor_leave(r);
}

/*
 * The peer sends nothing more. Over TLS only close_notify is a clean end: anybody on the path can close a TCP connection
 * (RFC 9112, section 9.8).
 */
static void peer_closed(struct conn *c, bool clean, int system_errno, const char *text)
{
	if (c->state == CONN_UP && c->wire->protocol->peer_closed != NULL) {
		c->wire->protocol->peer_closed(c->wire, clean);
		drain_queue(c);
	}
	die_of_close(c, system_errno, text);
}

/* Ciphertext was read: decrypt all of it. */
static void read_cipher(struct conn *c, const uint8_t *bytes, size_t len)
{
	freshet_reactor *r = c->endpoint->reactor;
	tls_feed(c->tls, bytes, len);
	if (c->state == CONN_HANDSHAKE && !shake_hands(c))
		return;
	while (c->state == CONN_UP) {
		size_t plain = 0;
		r->cipher.len = 0;
		enum tls_result result = tls_read(c->tls, r->plain_buf, PLAIN_BUF_SIZE, &plain, &r->cipher);
		if (!write_cipher(c))
			return;
		if (result == TLS_FAILED)
			die_of_tls(c);
		else if (result == TLS_OVER)
			peer_closed(c, true, 0, "the peer closed the TLS session");
		if (result != TLS_DONE || !feed(c, r->plain_buf, plain))
			return;
	}
}

static void read_end(struct conn *c, ssize_t len)
{
	if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (c->state == CONN_TUNNEL)
		die_of_proxy(c, FRESHET_EPROXY);
	else if (c->state == CONN_HANDSHAKE)
		die_of(c, FRESHET_ETLS, len < 0 ? errno : 0, "TLS failed: the peer closed during the handshake");
	else if (len == 0)
		peer_closed(c, c->tls == NULL && c->write_errno == 0, c->write_errno, NULL);
	else
		die_of_close(c, errno, NULL);
}

void read_server_bytes(struct conn *c, const uint8_t *bytes, size_t len)
{
	if (c->tls != NULL)
		read_cipher(c, bytes, len);
	else
		feed(c, bytes, len);
}

static void read_bytes(struct conn *c, const uint8_t *bytes, size_t len)
{
	if (c->state == CONN_TUNNEL)
		read_proxy(c, bytes, len);
	else
		read_server_bytes(c, bytes, len);
}

/* How much may be read at once: no more than the protocol may be fed, so that nobody has to keep it. */
static size_t read_step(const struct conn *c)
{
	size_t most = c->endpoint->reactor->read_size;
	size_t room = c->state == CONN_UP ? c->wire->room : most;
	if (c->tls != NULL && room < CIPHER_STEP)
		room = CIPHER_STEP;
	return room < most ? room : most;
}

static void read_socket(struct conn *c)
{
	freshet_reactor *r = c->endpoint->reactor;
	for (size_t had = 0; c->state != CONN_DEAD && !c->choked && had < r->read_budget;) {
		size_t most = read_step(c);
		ssize_t len = net_socket_read(&c->socket, r->read_buf, most);
		if (len <= 0) {
			read_end(c, len);
			return;
		}
		had += (size_t)len;
		c->endpoint->counters.bytes_read += (uint64_t)len;
		c->read_ms = r->now_ms;
		read_bytes(c, r->read_buf, (size_t)len);
		/* A short read has emptied the socket: asking again would only tell so. */
		if ((size_t)len < most)
			return;
	}
}

static void on_readable(void *owner)
{
	struct conn *c = owner;
	freshet_reactor *r = c->endpoint->reactor;
	reactor_enter(r);
	read_socket(c);
	reactor_leave(r);
}

const struct socket_handlers conn_socket_handlers = {on_readable, on_writable};

bool conn_is_barren(const struct conn *c)
{
	return c->state == CONN_UP && c->count == 0 && c->wire->greeted && c->wire->capacity == 0;
}

bool conn_has_room(const struct conn *c)
{
	if (c->state != CONN_UP || c->wire->draining || c->write_errno != 0)
		return false;
	/* Until it has told its limit that of the last connection holds: what is above would only be refused. */
	uint32_t capacity = c->wire->capacity;
	if (!c->wire->greeted && c->endpoint->expected_capacity < capacity)
		capacity = c->endpoint->expected_capacity;
	return c->count < place_capacity(&c->endpoint->limits.place, capacity);
}

void conn_look(struct conn *c)
{
	if (c->served && c->wire->protocol->exclusive && net_socket_has_input(&c->socket))
		read_socket(c);
}

freshet_err conn_submit(struct conn *c, struct exchange *ex)
{
	struct wire_request request;
	freshet_err err = ex->owner->describe(ex, &request);
	if (err == FRESHET_OK)
		err = c->wire->protocol->submit(c->wire, &request, ex, &ex->stream_id);
	if (err != FRESHET_OK)
		return err;
	list_remove(&ex->node);
	list_push_back(&c->exchanges, &ex->node);
	ex->conn = c;
	ex->uncredited = 0;
	c->used = true;
	c->count++;
	c->endpoint->passing += !ex->lasting;
	endpoint_conn_changed(c);
	mark_dirty(c);
	ex->owner->on_sent(ex);
	return FRESHET_OK;
}

void conn_close(struct conn *c)
{
	if (c->state == CONN_DEAD)
		return;
	freshet_reactor *r = c->endpoint->reactor;
	if (c->state == CONN_UP) {
		c->wire->protocol->goodbye(c->wire);
		conn_flush(c);
	}
	if (c->state == CONN_UP && c->tls != NULL) {
		r->cipher.len = 0;
		tls_shutdown(c->tls, &r->cipher);
		write_cipher(c);
	}
	if (c->state == CONN_DEAD)
		return;
	freshet_outcome loss = {.err = FRESHET_ECANCELED, .text = freshet_str_of(freshet_err_text(FRESHET_ECANCELED))};
	struct list exchanges;
	list_init(&exchanges);
	list_splice(&exchanges, &c->exchanges);
	bury(c);
	lose_exchanges(c, &exchanges, &loss, false);
}

/* PING when it was silent for long; the end when that brought nothing (RFC 9113, section 6.7). */
static void check_alive(struct conn *c)
{
	const struct endpoint_limits *limits = &c->endpoint->limits;
	freshet_reactor *r = c->endpoint->reactor;
	if (c->pinged_ms != 0 && (c->read_ms > c->pinged_ms || c->wire->pings_answered >= c->pings))
		c->pinged_ms = 0;
	if (c->pinged_ms != 0) {
		uint64_t until = time_add(c->pinged_ms, limits->ping_timeout_ms);
		if (r->now_ms >= until)
			die_of(c, FRESHET_EPING_TIMEOUT, 0, NULL);
		else
			reactor_due_by(r, &c->deadline, until);
		return;
	}
	uint64_t next = time_add(c->read_ms, limits->ping_interval_ms);
	if (r->now_ms >= next) {
		c->wire->protocol->ping(c->wire);
		c->pings++;
		mark_dirty(c);
		c->pinged_ms = r->now_ms;
		next = time_add(r->now_ms, limits->ping_timeout_ms);
	}
	reactor_due_by(r, &c->deadline, next);
}

/* It came up, and the server allows nothing: only for a short time, or it should close (RFC 9113, section 6.5.2). */
static void give_up_barren(struct conn *c)
{
	c->useless = true;
	c->wire->protocol->goodbye(c->wire);
	conn_flush(c);
	die_of(c, FRESHET_ECONNECT_TIMEOUT, 0, "no connection within the connect limit: the server allows no streams");
}

/* It has nothing to carry, or may carry nothing more. */
static void end_idle(struct conn *c)
{
	if (c->wire->draining && !c->used && c->wire->loss.err != FRESHET_OK)
		die_of_wire(c);
	else if (!c->wire->draining && conn_is_barren(c))
		give_up_barren(c);
	else
		conn_close(c);
}

void conn_due(struct conn *c)
{
	freshet_endpoint *e = c->endpoint;
	if (c->state == CONN_DIALING || c->state == CONN_TUNNEL || c->state == CONN_HANDSHAKE) {
		die_of(c, FRESHET_ECONNECT_TIMEOUT, 0, NULL);
		return;
	}
	if (!CHECK(c->state == CONN_UP))
		return;
	uint64_t idle_until = time_add(c->since_ms, idle_limit(c));
	if (c->count == 0 && e->reactor->now_ms >= idle_until) {
		end_idle(c);
		return;
	}
	if (c->count == 0)
		reactor_due_by(e->reactor, &c->deadline, idle_until);
	if (c->wire->protocol->ping != NULL)
		check_alive(c);
}
