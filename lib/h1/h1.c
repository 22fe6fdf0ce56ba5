/*
 * One HTTP/1.1 client connection.
 *
 * Happy path: submit writes the head of a request into the output, output adds the body piece by piece, feed gives the
 * peer's bytes to llhttp, whose callbacks append to the queue: answer, data (spans into the bytes that were fed), end.
 *
 * Failures: what llhttp does not accept, bytes that nobody asked for, a transfer coding that is not understood and
 * headers over their limit end the connection, since where the next answer begins cannot be told any more. A body that
 * ends with the connection ends well only when the connection did.
 *
 * Closing: cancel forgets the exchange; the rest of its answer cannot be skipped safely, so the connection drains.
 */
#include "h1/h1.h"

#include "base/fields.h"
#include "base/mem.h"

#include <llhttp.h>
#include <stdio.h>
#include <strings.h>

/* From release 9 on the parser is strict unless it is told otherwise; before, it is built so or not. */
#if LLHTTP_VERSION_MAJOR < 9 && !LLHTTP_STRICT_MODE
#error "llhttp before release 9 must be built with LLHTTP_STRICT_MODE=1"
#endif

/* Counted for each message and field beside its bytes, as SETTINGS_MAX_HEADER_LIST_SIZE does (RFC 9113, 6.5.2). */
#define HEADER_OVERHEAD 32

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
	bool chunked; /* the body's length is not known ahead */
	/* The header block that is being read. */
	struct wire_answer *answer; /* NULL: trailers */
	struct bytes name;
	struct bytes value;
	bool coded;               /* it has a Transfer-Encoding */
	size_t header_bytes;      /* of the exchange so far: interim answers, answer and trailers */
	size_t extension_bytes;   /* of the present chunk */
	struct wire_loss stopped; /* why a callback stopped llhttp */
};

static struct h1 *h1_of(struct wire *w)
{
	return (struct h1 *)(void *)w;
}

static int stop(struct h1 *h1, freshet_err err, const char *why)
{
	h1->stopped = (struct wire_loss){.err = err, .why = why};
	return -1;
}

static int push(struct h1 *h1, const struct wire_event *event)
{
	if (wire_push(h1->queue, event))
		return 0;
	if (event->kind == WIRE_ANSWER)
		wire_answer_free(event->as.answer);
	return stop(h1, FRESHET_ENOMEM, NULL);
}

/* A peer cannot go on for ever with what nobody sees: interim answers, fields, trailers. */
static int count_header_bytes(struct h1 *h1, size_t len)
{
	if (len > h1->max_header_bytes - h1->header_bytes)
		return stop(h1, FRESHET_EHTTP_HEADERS, NULL);
	h1->header_bytes += len;
	return 0;
}

static int on_message_begin(llhttp_t *parser)
{
	struct h1 *h1 = parser->data;
	/* Whose answer it was meant to be cannot be known. */
	if (!h1->asked)
		return stop(h1, FRESHET_EHTTP_PROTOCOL, "an answer to no request");
	h1->coded = false;
	h1->answer = mem_zalloc(sizeof *h1->answer);
	if (h1->answer == NULL)
		return stop(h1, FRESHET_ENOMEM, NULL);
	return count_header_bytes(h1, HEADER_OVERHEAD);
}

static int on_status(llhttp_t *parser, const char *at, size_t len)
{
	(void)at;
	return count_header_bytes(parser->data, len);
}

/* Trailers are counted and dropped (RFC 9110, section 6.5.1). */
static int gather(struct h1 *h1, struct bytes *to, const char *at, size_t len)
{
	if (count_header_bytes(h1, len) != 0)
		return -1;
	return h1->answer == NULL || bytes_append(to, at, len) ? 0 : stop(h1, FRESHET_ENOMEM, NULL);
}

static int on_header_field(llhttp_t *parser, const char *at, size_t len)
{
	struct h1 *h1 = parser->data;
	return gather(h1, &h1->name, at, len);
}

/* Also a folded line (RFC 9112, section 5.2): what comes of it begins with the blanks that it was folded at. */
static int on_header_value(llhttp_t *parser, const char *at, size_t len)
{
	struct h1 *h1 = parser->data;
	return gather(h1, &h1->value, at, len);
}

/* The only transfer coding that is understood; others were not asked for by TE (RFC 9112, section 6.1). */
static int check_transfer_coding(struct h1 *h1, freshet_str name, freshet_str value)
{
	if (!freshet_str_is(name, "transfer-encoding"))
		return 0;
	if (h1->coded || !field_name_is(value, "chunked"))
		return stop(h1, FRESHET_EHTTP_PROTOCOL, "a transfer coding other than chunked");
	h1->coded = true;
	return 0;
}

static freshet_str lower_case(struct bytes *name)
{
	for (size_t i = 0; i < name->len; i++)
		if (name->data[i] >= 'A' && name->data[i] <= 'Z')
			name->data[i] = (uint8_t)(name->data[i] - 'A' + 'a');
	return bytes_str(name);
}

/* llhttp leaves the blanks behind a value to us. */
static freshet_str without_blanks(freshet_str value)
{
	while (value.len > 0 && (value.ptr[value.len - 1] == ' ' || value.ptr[value.len - 1] == '\t'))
		value.len--;
	return value;
}

static int on_header_value_complete(llhttp_t *parser)
{
	struct h1 *h1 = parser->data;
	if (count_header_bytes(h1, HEADER_OVERHEAD) != 0)
		return -1;
	if (h1->answer == NULL)
		return 0;
	freshet_str name = lower_case(&h1->name);
	freshet_str value = without_blanks(bytes_str(&h1->value));
	if (name.len == 0)
		return stop(h1, FRESHET_EHTTP_PROTOCOL, "a header field without a name");
	if (check_transfer_coding(h1, name, value) != 0)
		return -1;
	freshet_err err = wire_answer_add(h1->answer, name, value, h1->max_header_bytes);
	h1->name.len = 0;
	h1->value.len = 0;
	return err == FRESHET_OK ? 0 : stop(h1, err, NULL);
}

/* What llhttp made of the headers and is not to be believed; NULL: nothing. */
static const char *fault_of(const llhttp_t *parser, bool coded)
{
	if (parser->http_major != 1)
		return "an answer of another version than HTTP/1";
	/* Nobody asked to change the protocol. */
	if (parser->status_code == 101)
		return "the protocol was switched unasked";
	if (parser->status_code < 100)
		return "a status of less than three digits";
	/* It reads some spellings of "chunked" as another coding, and then the body as one without chunks. */
	return coded && (parser->flags & F_CHUNKED) == 0 ? "a transfer coding that is not clear" : NULL;
}

/* "Keep-Alive: timeout=5, max=100" of the servers that say when they close; 0: it does not say. */
static uint64_t told_to_keep(const struct wire_answer *answer)
{
	static const char timeout[] = "timeout=";
	freshet_str left = field_find(answer->fields, answer->count, "keep-alive");
	uint64_t seconds = 0;
	while (left.len >= sizeof timeout && strncasecmp(left.ptr, timeout, sizeof timeout - 1) != 0)
		left = (freshet_str){left.ptr + 1, left.len - 1};
	for (size_t i = sizeof timeout - 1; i < left.len && left.ptr[i] >= '0' && left.ptr[i] <= '9'; i++)
		if (seconds < UINT32_MAX)
			seconds = seconds * 10 + (uint64_t)(left.ptr[i] - '0');
	return seconds * 1000;
}

static int take_answer(struct h1 *h1, struct wire_answer *answer)
{
	h1->answered = true;
	h1->wire.kept_ms = told_to_keep(answer);
	if (h1->exchange != NULL)
		return push(
			h1, &(struct wire_event){.exchange = h1->exchange, .kind = WIRE_ANSWER, .as.answer = answer});
	wire_answer_free(answer);
	return 0;
}

/* 1 tells llhttp that no body follows, whatever the fields say (RFC 9112, section 6.3). */
static int on_headers_complete(llhttp_t *parser)
{
	struct h1 *h1 = parser->data;
	const char *fault = fault_of(parser, h1->coded);
	if (fault != NULL)
		return stop(h1, FRESHET_EHTTP_PROTOCOL, fault);
	struct wire_answer *answer = h1->answer;
	int status = parser->status_code;
	h1->answer = NULL;
	bytes_clear(&h1->name);
	bytes_clear(&h1->value);
	answer->status = status;
	if (status < 200)
		wire_answer_free(answer);
	else if (take_answer(h1, answer) != 0)
		return -1;
	return h1->head_only || status < 200 || status == 204 || status == 304;
}

static int on_chunk_extension(llhttp_t *parser, const char *at, size_t len)
{
	struct h1 *h1 = parser->data;
	(void)at;
	if (len > h1->max_header_bytes - h1->extension_bytes)
		return stop(h1, FRESHET_EHTTP_HEADERS, "chunk extensions");
	h1->extension_bytes += len;
	return 0;
}

static int on_chunk_header(llhttp_t *parser)
{
	struct h1 *h1 = parser->data;
	h1->extension_bytes = 0;
	return 0;
}

static void count_untaken(struct h1 *h1, size_t untaken)
{
	h1->untaken = untaken;
	h1->wire.room = untaken < h1->window ? h1->window - untaken : 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
	struct h1 *h1 = parser->data;
	if (h1->exchange == NULL || len == 0)
		return 0;
	count_untaken(h1, h1->untaken + len);
	return push(h1, &(struct wire_event){
				.exchange = h1->exchange, .kind = WIRE_DATA, .as.data = {(const uint8_t *)at, len}});
}

/* Forgets what belongs to one exchange. */
static void forget_exchange(struct h1 *h1)
{
	h1->exchange = NULL;
	h1->asked = false;
	h1->answered = false;
	h1->body.constant = NULL;
	count_untaken(h1, 0);
}

/* RFC 9112, section 9.3. An HTTP/1.0 peer that claims a transfer coding may have got the length wrong (section 6.1). */
static bool may_be_used_again(const llhttp_t *parser, bool coded)
{
	return llhttp_should_keep_alive(parser) && (parser->flags & F_CONNECTION_CLOSE) == 0 &&
	       !(coded && parser->http_minor == 0);
}

static int on_message_complete(llhttp_t *parser)
{
	struct h1 *h1 = parser->data;
	if (parser->status_code < 200) {
		/* The answer is still to come, whatever this one said of the connection (RFC 9110, section 15.2). */
		parser->flags = F_CONNECTION_KEEP_ALIVE;
		return 0;
	}
	bool unsent = h1->head.len > 0 || h1->body.constant != NULL;
	if (unsent || !may_be_used_again(parser, h1->coded))
		h1->wire.draining = true;
	void *exchange = h1->exchange;
	forget_exchange(h1);
	return exchange != NULL ? push(h1, &(struct wire_event){.exchange = exchange, .kind = WIRE_END}) : 0;
}

static const llhttp_settings_t settings = {
	.on_message_begin = on_message_begin,
	.on_status = on_status,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_header_value_complete = on_header_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_chunk_extension_name = on_chunk_extension,
	.on_chunk_extension_value = on_chunk_extension,
	.on_chunk_header = on_chunk_header,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

static bool append_field(struct bytes *out, freshet_str name, freshet_str value)
{
	return bytes_append_str(out, name) && bytes_append(out, ": ", 2) && bytes_append_str(out, value) &&
	       bytes_append(out, "\r\n", 2);
}

static bool comes_in_chunks(const struct wire_request *request)
{
	return request->body != NULL && request->body->open &&
	       field_find(request->fields, request->count, "content-length").ptr == NULL;
}

/*
 * A request says how long its body is, or that it comes in chunks; without a body only those that are meant to have one
 * do (RFC 9110, section 8.6; RFC 9112, section 6).
 */
static bool append_length(struct bytes *out, const struct wire_request *request)
{
	char digits[24];
	if (comes_in_chunks(request))
		return append_field(out, freshet_str_of("transfer-encoding"), freshet_str_of("chunked"));
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
	h1->chunked = comes_in_chunks(request);
	h1->header_bytes = 0;
	w->answer_begun = false;
	w->kept_ms = 0;
	*stream_id = 1;
	return FRESHET_OK;
}

static freshet_err feed_failed(struct h1 *h1)
{
	struct wire_loss loss = h1->stopped;
	/* llhttp's reasons are constants. */
	if (loss.err == FRESHET_OK)
		loss = (struct wire_loss){.err = FRESHET_EHTTP_PROTOCOL, .why = llhttp_get_error_reason(&h1->parser)};
	h1->wire.draining = true;
	h1->wire.loss = loss;
	return loss.err;
}

static freshet_err h1_feed(struct wire *w, const uint8_t *bytes, size_t len)
{
	struct h1 *h1 = h1_of(w);
	w->answer_begun = true;
	if (llhttp_execute(&h1->parser, (const char *)bytes, len) != HPE_OK)
		return feed_failed(h1);
	return FRESHET_OK;
}

/* Only a body that runs to the end of the connection ends here, and only when nobody cut it (RFC 9112, section 9.8). */
static void h1_peer_closed(struct wire *w, bool clean)
{
	struct h1 *h1 = h1_of(w);
	w->draining = true;
	if (!h1->answered)
		return;
	if (!clean || !llhttp_message_needs_eof(&h1->parser))
		w->loss = (struct wire_loss){.err = FRESHET_EHTTP_TRUNCATED, .why = "the connection ended within it"};
	else if (llhttp_finish(&h1->parser) != HPE_OK)
		feed_failed(h1);
}

/* Some bytes of the body; in chunks they are one (RFC 9112, section 7.1). */
static bool append_part(struct h1 *h1, struct bytes *out, size_t part)
{
	char size[24];
	struct wire_body *body = h1->body.body;
	if (part == 0)
		return true;
	snprintf(size, sizeof size, "%zx\r\n", part);
	bool ok = (!h1->chunked || bytes_append(out, size, strlen(size))) &&
		  bytes_append(out, body->bytes.ptr + body->sent, part) &&
		  (!h1->chunked || bytes_append(out, "\r\n", 2));
	body->sent += part;
	return ok;
}

/* All that there is of the body was taken: it ends here, or its owner is told. */
static bool go_on_or_end(struct h1 *h1, struct bytes *out)
{
	struct wire_body *body = h1->body.body;
	if (body->open && body->wanted)
		return true;
	if (body->open) {
		body->wanted = true;
		return wire_push(h1->queue, &(struct wire_event){.exchange = h1->exchange, .kind = WIRE_WANTED});
	}
	h1->body.constant = NULL;
	return !h1->chunked || bytes_append(out, "0\r\n\r\n", 5);
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
	return append_part(h1, out, part) && (part < left || go_on_or_end(h1, out));
}

static bool h1_wants_output(struct wire *w)
{
	struct h1 *h1 = h1_of(w);
	const struct wire_body *body = h1->body.constant;
	return h1->head.len > 0 || (body != NULL && !body->wanted);
}

static void h1_consumed(struct wire *w, int32_t stream_id, size_t len)
{
	struct h1 *h1 = h1_of(w);
	(void)stream_id;
	count_untaken(h1, h1->untaken - (len < h1->untaken ? len : h1->untaken));
}

static void h1_cancel(struct wire *w, int32_t stream_id)
{
	struct h1 *h1 = h1_of(w);
	(void)stream_id;
	/*
	 * The head goes out whole and first: where it is still here, the peer has not heard of the request. And where the
	 * answer is complete, but its owner has left before it read the end, nothing is left to come either.
	 */
	bool unfinished = h1->asked && h1->head.len == 0;
	clear_head(h1);
	forget_exchange(h1);
	h1->asked = unfinished;
	w->draining |= unfinished;
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
	.exclusive = true,
	.submit = h1_submit,
	.feed = h1_feed,
	.peer_closed = h1_peer_closed,
	.output = h1_output,
	.wants_output = h1_wants_output,
	.consumed = h1_consumed,
	.cancel = h1_cancel,
	.goodbye = h1_goodbye,
	.free = h1_free,
};

freshet_err h1_new(const struct h1_options *options, struct wire_queue *queue, struct wire **out)
{
	*out = NULL;
	struct h1 *h1 = mem_zalloc(sizeof *h1);
	if (h1 == NULL)
		return FRESHET_ENOMEM;
	h1->wire = (struct wire){.protocol = &h1_protocol, .capacity = 1, .greeted = true, .room = options->window};
	h1->queue = queue;
	h1->window = options->window;
	h1->max_header_bytes = options->max_header_bytes;
	llhttp_init(&h1->parser, HTTP_RESPONSE, &settings);
	h1->parser.data = h1;
	*out = &h1->wire;
	return FRESHET_OK;
}
