/*
 * HTTP/1.1 (RFC 9112): one exchange at a time. An answer's head is written when it begins; its body is read from the
 * exchange when there is room on the socket. Each piece of an event stream is a chunk and a write of its own, as real
 * servers do it, so an `id:` line and its `data:` line come apart.
 *
 * What breaks an exchange off breaks the connection, for there is no other way: a body that stops early is one whose
 * connection ended before its last chunk. A connection that nobody uses is closed after a while.
 */
#include "mockd/http1.h"

#include "mockd/exchange.h"
#include "mockd/server.h"
#include "mockd/tamper.h"

#include <stdio.h>

/* Bytes of a chunk at most; its size in digits and CRLF before it; CRLF behind it and behind it the last chunk. */
#define CHUNK_MAX  65536u
#define CHUNK_HEAD 7u
#define CHUNK_TAIL 7u
/* A piece of a body is not begun with less room than this. */
#define BODY_ROOM 4096u

static bool http1_receive(struct conn *c, const uint8_t *bytes, size_t len)
{
	http1_read(c, bytes, len);
	return true;
}

/* ---- the head of an answer ---- */

/* Of the statuses that the emulator gives by itself; a reason may be empty. */
static const char *reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {{200, "OK"}, {201, "Created"}, {204, "No Content"}, {400, "Bad Request"}, {401, "Unauthorized"},
		{403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"}, {409, "Conflict"},
		{413, "Content Too Large"}, {417, "Expectation Failed"}, {422, "Unprocessable Content"},
		{429, "Too Many Requests"}, {431, "Request Header Fields Too Large"}, {500, "Internal Server Error"},
		{502, "Bad Gateway"}, {503, "Service Unavailable"}, {505, "HTTP Version Not Supported"}};
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "";
}

static bool has_no_body(const struct exchange *x, int status)
{
	return x->head_only || status == 204 || status == 304;
}

static enum framing choose_framing(const struct exchange *x, const struct answer *a, const char *length)
{
	if (has_no_body(x, a->status))
		return FRAMING_NONE;
	if (a->until_close)
		return FRAMING_CLOSE;
	if (length != NULL)
		return FRAMING_LENGTH;
	return http1_of(x->conn)->parser.http_minor > 0 ? FRAMING_CHUNKS : FRAMING_CLOSE;
}

/* The fields that say how the body ends and what becomes of the connection. */
static void put_framing(struct http1 *h, const struct answer *a, const char *length)
{
	if (length != NULL && !a->until_close && a->status != 204)
		buffer_format(&h->head, "content-length: %s\r\n", length);
	if (h->framing == FRAMING_CHUNKS)
		buffer_text(&h->head, "transfer-encoding: chunked\r\n");
	if (h->last)
		buffer_text(&h->head, "connection: close\r\n");
	else if (h->parser.http_minor == 0)
		buffer_text(&h->head, "connection: keep-alive\r\n");
}

static void put_flood(struct http1 *h, size_t bytes)
{
	for (size_t i = 0; i * FLOOD_VALUE < bytes; i++) {
		buffer_format(&h->head, "x-flood-%zu: ", i);
		memset(buffer_extend(&h->head, FLOOD_VALUE), 'x', FLOOD_VALUE);
		buffer_text(&h->head, "\r\n");
	}
}

static void http1_begin(struct exchange *x, const struct answer *a, const char *length)
{
	struct http1 *h = http1_of(x->conn);
	h->framing = (uint8_t)choose_framing(x, a, length);
	h->length = h->framing == FRAMING_LENGTH ? strtoull(length, NULL, 10) : 0;
	if (h->framing == FRAMING_CLOSE)
		h->last = true;
	buffer_format(&h->head, "HTTP/1.1 %d %s\r\n", a->status, reason_of(a->status));
	if (a->content_type != NULL)
		buffer_format(&h->head, "content-type: %s\r\n", a->content_type);
	put_framing(h, a, length);
	for (size_t i = 0; i < ANSWER_FIELDS_MAX && a->fields[i].name != NULL; i++)
		buffer_format(&h->head, "%s: %s\r\n", a->fields[i].name, a->fields[i].value);
	put_flood(h, a->flood);
	buffer_text(&h->head, "\r\n");
	h->begun = true;
	conn_mark(x->conn);
}

static size_t send_head(struct http1 *h, uint8_t *to, size_t room)
{
	size_t left = h->head.len - h->head_at;
	size_t n = left < room ? left : room;
	if (n > 0)
		memcpy(to, h->head.bytes + h->head_at, n);
	h->head_at += n;
	if (h->head_at == h->head.len) {
		buffer_clear(&h->head);
		h->head_at = 0;
	}
	return n;
}

/* ---- its body ---- */

static void end_exchange(struct conn *c)
{
	struct http1 *h = http1_of(c);
	/* Less: the client would take what follows for the rest of this body. */
	if (h->framing == FRAMING_LENGTH && h->length != 0)
		h->last = true;
	exchange_free(http1_exchange(c));
	h->begun = false;
	if (!h->last)
		http1_read_on(c);
}

/* Frames what lies CHUNK_HEAD bytes behind `to` as a chunk; how long it is with its frame. */
static size_t frame_chunk(struct conn *c, uint8_t *to, size_t len)
{
	char size[CHUNK_HEAD + 1];
	size_t digits = (size_t)snprintf(size, sizeof size, "%zx\r\n", len);
	memmove(to + digits, to + CHUNK_HEAD, len);
	memcpy(to, size, digits);
	/* The connection ends inside this chunk. */
	if (c->end != CONN_GOES_ON && c->keep > 0 && c->keep <= len)
		return digits + c->keep - 1;
	memcpy(to + digits + len, "\r\n", 2);
	return digits + len + 2;
}

static size_t put_piece(struct conn *c, uint8_t *to, size_t len)
{
	struct http1 *h = http1_of(c);
	if (h->framing == FRAMING_CHUNKS)
		return len > 0 ? frame_chunk(c, to, len) : 0;
	/* More than was announced: where the next answer begins cannot be told. */
	if (len > h->length)
		h->last = true;
	h->length -= len < h->length ? len : h->length;
	return c->end != CONN_GOES_ON && c->keep > 0 && c->keep <= len ? c->keep - 1 : len;
}

/* Reads the body's next part and frames it. */
static size_t send_body(struct conn *c, uint8_t *to, size_t room)
{
	struct http1 *h = http1_of(c);
	struct exchange *x = http1_exchange(c);
	bool chunks = h->framing == FRAMING_CHUNKS;
	size_t most = room - CHUNK_HEAD - CHUNK_TAIL;
	size_t got = 0;
	enum body_state state = BODY_END;
	if (h->framing != FRAMING_NONE)
		state = exchange_read(x, chunks ? to + CHUNK_HEAD : to, most < CHUNK_MAX ? most : CHUNK_MAX, &got);
	size_t len = put_piece(c, to, got);
	c->keep = 0;
	c->apart = !exchange_merges(x);
	if (state == BODY_CUT)
		c->end = h->framing == FRAMING_CLOSE ? CONN_CUT : CONN_CLOSES;
	if (state != BODY_END || c->end != CONN_GOES_ON)
		return len;
	if (chunks) {
		memcpy(to + len, "0\r\n\r\n", 5);
		len += 5;
	}
	end_exchange(c);
	return len;
}

static size_t http1_produce(struct conn *c, uint8_t *to, size_t room)
{
	struct http1 *h = http1_of(c);
	size_t n = send_head(h, to, room);
	/* A body that is all there goes with its head, and so does the end of one that there is none of. */
	bool together = h->framing == FRAMING_LENGTH || h->framing == FRAMING_NONE;
	if (h->begun && h->head.len == 0 && (n == 0 || together) && room - n >= BODY_ROOM)
		n += send_body(c, to + n, room - n);
	/* The answer is complete without a byte more, and the next one has begun. */
	return n == 0 && h->head.len > 0 ? send_head(h, to, room) : n;
}

static bool http1_finished(const struct conn *c)
{
	const struct http1 *h = http1_of(c);
	return h->last && c->exchange_count == 0 && h->head.len == 0;
}

/* ---- how it ends otherwise ---- */

static void http1_wake(struct exchange *x)
{
	conn_mark(x->conn);
}

/* Unprocessed: not one byte of an answer, so that the client may ask again. */
static void http1_reset(struct exchange *x, bool unprocessed, uint32_t code)
{
	(void)code;
	x->conn->end = unprocessed ? CONN_CLOSES : CONN_ABORTED;
	conn_mark(x->conn);
}

static void http1_goaway(struct conn *c, struct exchange *unprocessed, uint32_t code)
{
	(void)code;
	http1_of(c)->last = true;
	if (unprocessed != NULL || c->exchange_count == 0)
		c->end = CONN_CLOSES;
}

/* A chunk of a hundred bytes, and some of them: a comment that never ends. Before the head: a part of that. */
static void http1_tear(struct exchange *x, struct buffer *raw)
{
	const struct http1 *h = http1_of(x->conn);
	if (!h->begun)
		buffer_text(raw, "HTTP/1.1 2");
	else if (h->framing == FRAMING_CHUNKS)
		buffer_text(raw, "64\r\n: torn");
}

static void on_idle(struct alarm *alarm)
{
	struct http1 *h = container_of(alarm, struct http1, idle);
	h->conn->end = CONN_CLOSES;
	conn_mark(h->conn);
}

static void http1_free(struct conn *c)
{
	struct http1 *h = http1_of(c);
	while (c->exchange_count > 0)
		exchange_free(c->exchanges[c->exchange_count - 1]);
	clock_unset(&c->mockd->clock, &h->idle);
	buffer_clear(&h->name);
	buffer_clear(&h->value);
	buffer_clear(&h->ahead);
	buffer_clear(&h->head);
	free(h);
}

const struct protocol http1_protocol = {
	.receive = http1_receive,
	.produce = http1_produce,
	.finished = http1_finished,
	.begin = http1_begin,
	.wake = http1_wake,
	.reset = http1_reset,
	.goaway = http1_goaway,
	.tear = http1_tear,
	.free = http1_free,
	.one_at_a_time = true,
};

void http1_attach(struct conn *c)
{
	struct http1 *h = must_alloc(sizeof *h);
	*h = (struct http1){.conn = c, .idle = {.fire = on_idle}};
	http1_request_init(h);
	c->session = h;
	c->protocol = &http1_protocol;
}
