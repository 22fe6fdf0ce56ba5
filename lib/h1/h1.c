/*
 * One HTTP/1.1 client connection.
 *
 * Happy path: submit writes the head of a request into the output, output adds the body piece by piece, feed gives the
 * peer's bytes to llhttp, whose callbacks append to the queue: answer, data (spans into the bytes that were fed), end.
 *
 * Failures: what llhttp does not accept, an answer that nobody asked for and headers over their limit end the connection,
 * since what follows cannot be told apart any more. A body that ends with the connection ends well only when the
 * connection did.
 *
 * Closing: cancel forgets the exchange; the rest of its answer cannot be skipped safely, so the connection drains.
 */
#include "h1/h1.h"

#include "base/fields.h"
#include "base/log.h"
#include "base/mem.h"

#include <llhttp.h>
#include <stdio.h>

struct h1 {
	struct wire wire;
	llhttp_t parser;
	struct wire_queue *queue;
	size_t max_header_bytes;
	uint32_t window;
	size_t untaken; /* bytes of the body that were queued and not consumed */
	/* The exchange; NULL: none, or it was given up. */
	void *exchange;
	bool asked;     /* a request is out whose answer is not complete */
	bool head_only; /* that request was HEAD: its answer has no body (RFC 9110, section 9.3.2) */
	bool answered;  /* the final headers were queued */
	/* What is to be sent. */
	struct bytes head;
	union {
		const struct wire_body *constant;
		struct wire_body *body;
	} body;
	/* The header block that is being read. */
	struct wire_answer *answer;
	struct bytes name;
	struct bytes value;
	freshet_err err; /* why a callback stopped llhttp */
};

static struct h1 *h1_of(struct wire *w)
{
	return (struct h1 *)(void *)w;
}

static int stop(struct h1 *h1, freshet_err err)
{
	h1->err = err;
	return -1;
}

static int push(struct h1 *h1, const struct wire_event *event)
{
	if (wire_push(h1->queue, event))
		return 0;
	if (event->kind == WIRE_ANSWER)
		wire_answer_free(event->as.answer);
	return stop(h1, FRESHET_ENOMEM);
}

static int on_message_begin(llhttp_t *parser)
{
	struct h1 *h1 = parser->data;
	/* An answer to nothing: whose it was meant to be cannot be known. */
	if (!h1->asked)
		return stop(h1, FRESHET_EHTTP_PROTOCOL);
	wire_answer_free(h1->answer);
	h1->answer = mem_zalloc(sizeof *h1->answer);
	return h1->answer != NULL ? 0 : stop(h1, FRESHET_ENOMEM);
}

/* Appends a piece of a name or value; what is longer than all headers may be is not gathered. */
static int gather(struct h1 *h1, struct bytes *to, const char *at, size_t len)
{
	/* Trailers are dropped (RFC 9110, section 6.5). */
	if (h1->answer == NULL)
		return 0;
	if (len > h1->max_header_bytes || to->len > h1->max_header_bytes - len)
		return stop(h1, FRESHET_EHTTP_HEADERS);
	return bytes_append(to, at, len) ? 0 : stop(h1, FRESHET_ENOMEM);
}

static int on_header_field(llhttp_t *parser, const char *at, size_t len)
{
	struct h1 *h1 = parser->data;
	return gather(h1, &h1->name, at, len);
}

static int on_header_value(llhttp_t *parser, const char *at, size_t len)
{
	struct h1 *h1 = parser->data;
	return gather(h1, &h1->value, at, len);
}

static int on_header_value_complete(llhttp_t *parser)
{
	struct h1 *h1 = parser->data;
	if (h1->answer == NULL)
		return 0;
	for (size_t i = 0; i < h1->name.len; i++)
		if (h1->name.data[i] >= 'A' && h1->name.data[i] <= 'Z')
			h1->name.data[i] = (uint8_t)(h1->name.data[i] - 'A' + 'a');
	freshet_err err =
		wire_answer_add(h1->answer, bytes_str(&h1->name), bytes_str(&h1->value), h1->max_header_bytes);
	h1->name.len = 0;
	h1->value.len = 0;
	return err == FRESHET_OK ? 0 : stop(h1, err);
}

/* 1 tells llhttp that no body follows. */
static int on_headers_complete(llhttp_t *parser)
{
	struct h1 *h1 = parser->data;
	struct wire_answer *answer = h1->answer;
	int status = parser->status_code;
	h1->answer = NULL;
	/* Nobody asked to change the protocol. */
	if (answer == NULL || status == 101) {
		wire_answer_free(answer);
		return stop(h1, FRESHET_EHTTP_PROTOCOL);
	}
	if (status < 200) {
		wire_answer_free(answer);
		return 0;
	}
	answer->status = status;
	h1->answered = true;
	if (h1->exchange == NULL)
		wire_answer_free(answer);
	else if (push(h1, &(struct wire_event){.exchange = h1->exchange, .kind = WIRE_ANSWER, .as.answer = answer}) !=
		 0)
		return -1;
	return h1->head_only ? 1 : 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
	struct h1 *h1 = parser->data;
	if (h1->exchange == NULL)
		return 0;
	h1->untaken += len;
	h1->wire.choked = h1->untaken >= h1->window;
	return push(h1, &(struct wire_event){
				.exchange = h1->exchange, .kind = WIRE_DATA, .as.data = {(const uint8_t *)at, len}});
}

/* Forgets what belongs to one exchange. */
static void forget_exchange(struct h1 *h1)
{
	h1->exchange = NULL;
	h1->asked = false;
	h1->answered = false;
	h1->untaken = 0;
	h1->wire.choked = false;
	h1->body.constant = NULL;
}

static int on_message_complete(llhttp_t *parser)
{
	struct h1 *h1 = parser->data;
	/* That was 1xx: the answer is still to come (RFC 9110, section 15.2). */
	if (!h1->answered)
		return 0;
	bool unsent = h1->head.len > 0 || h1->body.constant != NULL;
	if (unsent || !llhttp_should_keep_alive(parser))
		h1->wire.draining = true;
	void *exchange = h1->exchange;
	forget_exchange(h1);
	return exchange != NULL ? push(h1, &(struct wire_event){.exchange = exchange, .kind = WIRE_END}) : 0;
}

static const llhttp_settings_t settings = {
	.on_message_begin = on_message_begin,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_header_value_complete = on_header_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

static bool append_field(struct bytes *out, freshet_str name, freshet_str value)
{
	return bytes_append_str(out, name) && bytes_append(out, ": ", 2) && bytes_append_str(out, value) &&
	       bytes_append(out, "\r\n", 2);
}

/* A request says how long its body is; without one only those that are meant to have one do (RFC 9110, section 8.6). */
static bool append_length(struct bytes *out, const struct wire_request *request)
{
	char digits[24];
	bool body_expected = !freshet_str_is(request->method, "GET") && !freshet_str_is(request->method, "HEAD") &&
			     !freshet_str_is(request->method, "DELETE") && !freshet_str_is(request->method, "OPTIONS");
	if (field_find(request->fields, request->count, "content-length").ptr != NULL ||
		(request->body == NULL && !body_expected))
		return true;
	snprintf(digits, sizeof digits, "%zu", request->body != NULL ? request->body->bytes.len : 0);
	return append_field(out, freshet_str_of("content-length"), freshet_str_of(digits));
}

static bool append_head(struct bytes *out, const struct wire_request *request)
{
	bool ok = bytes_append_str(out, request->method) && bytes_append(out, " ", 1) &&
		  bytes_append_str(out, request->path) && bytes_append(out, " HTTP/1.1\r\n", 11) &&
		  append_field(out, freshet_str_of("host"), request->authority);
	for (size_t i = 0; i < request->count && ok; i++)
		ok = append_field(out, request->fields[i].name, request->fields[i].value);
	return ok && append_length(out, request) && bytes_append(out, "\r\n", 2);
}

/* The head carries credentials. */
static void clear_head(struct h1 *h1)
{
	mem_wipe(h1->head.data, h1->head.capacity);
	bytes_clear(&h1->head);
}

static freshet_err h1_submit(struct wire *w, const struct wire_request *request, void *exchange, int32_t *stream_id)
{
	struct h1 *h1 = h1_of(w);
	*stream_id = -1;
	if (w->draining || h1->asked)
		return FRESHET_EHTTP_GOAWAY;
	if (!append_head(&h1->head, request)) {
		clear_head(h1);
		return FRESHET_ENOMEM;
	}
	h1->exchange = exchange;
	h1->asked = true;
	h1->head_only = freshet_str_is(request->method, "HEAD");
	h1->body.constant = request->body;
	w->answer_begun = false;
	*stream_id = 1;
	return FRESHET_OK;
}

static freshet_err feed_failed(struct h1 *h1)
{
	freshet_err err = h1->err != FRESHET_OK ? h1->err : FRESHET_EHTTP_PROTOCOL;
	if (h1->err == FRESHET_OK)
		log_line(FRESHET_LOG_WARNING, "http/1.1: %s", llhttp_get_error_reason(&h1->parser));
	h1->wire.draining = true;
	h1->wire.loss = (struct wire_loss){.err = err};
	return err;
}

static freshet_err h1_feed(struct wire *w, const uint8_t *bytes, size_t len)
{
	struct h1 *h1 = h1_of(w);
	w->answer_begun = true;
	if (llhttp_execute(&h1->parser, (const char *)bytes, len) != HPE_OK)
		return feed_failed(h1);
	return FRESHET_OK;
}

static void h1_peer_closed(struct wire *w, bool clean)
{
	struct h1 *h1 = h1_of(w);
	w->draining = true;
	/* Only a body that runs to the end of the connection ends here, and only when nobody cut it (RFC 9112, 9.8). */
	if (clean && h1->answered && llhttp_message_needs_eof(&h1->parser))
		llhttp_finish(&h1->parser);
}

static bool h1_output(struct wire *w, struct bytes *out, size_t most)
{
	struct h1 *h1 = h1_of(w);
	if (h1->head.len > 0) {
		if (!bytes_append_str(out, bytes_str(&h1->head)))
			return false;
		clear_head(h1);
	}
	if (h1->body.constant == NULL || out->len >= most)
		return true;
	struct wire_body *body = h1->body.body;
	size_t left = body->bytes.len - body->sent;
	size_t part = left < most - out->len ? left : most - out->len;
	if (!bytes_append(out, body->bytes.ptr + body->sent, part))
		return false;
	body->sent += part;
	if (part == left)
		h1->body.constant = NULL;
	return true;
}

static bool h1_wants_output(struct wire *w)
{
	struct h1 *h1 = h1_of(w);
	return h1->head.len > 0 || h1->body.constant != NULL;
}

static void h1_consumed(struct wire *w, int32_t stream_id, size_t len)
{
	struct h1 *h1 = h1_of(w);
	(void)stream_id;
	h1->untaken -= len < h1->untaken ? len : h1->untaken;
	w->choked = h1->untaken >= h1->window;
}

static void h1_cancel(struct wire *w, int32_t stream_id)
{
	struct h1 *h1 = h1_of(w);
	(void)stream_id;
	h1->exchange = NULL;
	h1->body.constant = NULL;
	h1->wire.choked = false;
	clear_head(h1);
	w->draining = true;
}

/* HTTP/1.1 has no sign of life of its own: TCP's keep-alive and the streams' idle limits watch over it. */
static void h1_ping(struct wire *w)
{
	w->pings_answered++;
}

static void h1_goodbye(struct wire *w)
{
	w->draining = true;
}

static void h1_free(struct wire *w)
{
	struct h1 *h1 = h1_of(w);
	wire_answer_free(h1->answer);
	clear_head(h1);
	bytes_clear(&h1->name);
	bytes_clear(&h1->value);
	mem_free(h1);
}

static const struct wire_protocol h1_protocol = {
	.name = "http/1.1",
	.submit = h1_submit,
	.feed = h1_feed,
	.peer_closed = h1_peer_closed,
	.output = h1_output,
	.wants_output = h1_wants_output,
	.consumed = h1_consumed,
	.cancel = h1_cancel,
	.ping = h1_ping,
	.goodbye = h1_goodbye,
	.free = h1_free,
};

freshet_err h1_new(const struct h1_options *options, struct wire_queue *queue, struct wire **out)
{
	*out = NULL;
	struct h1 *h1 = mem_zalloc(sizeof *h1);
	if (h1 == NULL)
		return FRESHET_ENOMEM;
	h1->wire = (struct wire){.protocol = &h1_protocol, .capacity = 1, .greeted = true};
	h1->queue = queue;
	h1->window = options->window;
	h1->max_header_bytes = options->max_header_bytes;
	llhttp_init(&h1->parser, HTTP_RESPONSE, &settings);
	h1->parser.data = h1;
	*out = &h1->wire;
	return FRESHET_OK;
}
