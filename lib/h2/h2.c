/*
 * One HTTP/2 client session.
 *
 * Happy path: submit puts a request into nghttp2, output takes frames out of it, feed puts the peer's bytes in. While it
 * reads them nghttp2 calls back, and each callback only appends to the queue: answer, data, end.
 * Data are spans into the bytes that were fed.
 *
 * Failures: RST_STREAM and GOAWAY of the peer, and violations on a stream that nghttp2 finds, end in on_stream_close;
 * what the peer surely has not processed is marked. A violation on the connection ends the session, at once when nghttp2
 * refuses the bytes, else as soon as the GOAWAY that tells the peer is output; the reactor then tells every exchange.
 *
 * Closing: cancel takes the exchange's pointer off the stream first, so that nothing of it is queued afterwards.
 */
#include "h2/h2.h"

#include "base/fields.h"
#include "base/log.h"
#include "base/mem.h"

#include <nghttp2/nghttp2.h>

/* What a peer allows before its SETTINGS have come; RFC 9113 recommends that it be at least this. */
#define CAPACITY_BEFORE_SETTINGS 100

struct h2 {
	struct wire wire;
	nghttp2_session *session;
	size_t max_header_bytes;
	struct wire_queue *queue;
	size_t data_bytes; /* of all streams in the present feed, credited to the connection when it is done */
	bool out_of_memory;
	uint8_t like_http1; /* so many of the peer's first bytes are those of HTTP/1; UINT8_MAX: they are not */
	/* Of the header block that is being read: there is one at a time on a connection. */
	struct wire_answer *answer;
	freshet_err answer_err;
	/* What on_stream_close, which follows each of these at once, makes a loss of. */
	int32_t reset_id;      /* the RST_STREAM that was read last */
	int32_t unsent_id;     /* the request that could not be sent last */
	bool unsent_too_large; /* because of its headers */
	const char *violation; /* what the peer did last that the protocol forbids, in nghttp2's words; NULL: nothing */
	/* Scratch for submit. */
	nghttp2_nv *nv;
	size_t nv_capacity;
};

static struct h2 *h2_of(struct wire *w)
{
	return (struct h2 *)(void *)w;
}

/* What could not be queued is missing for good: nothing is queued behind it, and the session ends. */
static void push(struct h2 *h2, const struct wire_event *event)
{
	if (!h2->out_of_memory && wire_push(h2->queue, event))
		return;
	h2->out_of_memory = true;
	if (event->kind == WIRE_ANSWER)
		wire_answer_free(event->as.answer);
}

static void push_loss(struct h2 *h2, void *exchange, const struct wire_loss *loss)
{
	push(h2, &(struct wire_event){.exchange = exchange, .kind = WIRE_LOST, .as.loss = *loss});
}

/* Takes the exchange off its stream: nothing more of it is queued. */
static void detach(struct h2 *h2, int32_t stream_id)
{
	nghttp2_session_set_stream_user_data(h2->session, stream_id, NULL);
}

/* Ends a stream. Without memory to say so it stays open for the peer: nobody new is to wait behind it. */
static void reset_stream(struct h2 *h2, int32_t stream_id, uint32_t code)
{
	if (nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, stream_id, code) != 0)
		h2->wire.draining = true;
}

/* The peer has said all; what of the request is still unsent is of no use any more (RFC 9113, section 8.1). */
static void end_stream(struct h2 *h2, int32_t stream_id, void *exchange)
{
	push(h2, &(struct wire_event){.exchange = exchange, .kind = WIRE_END});
	detach(h2, stream_id);
	if (nghttp2_session_get_stream_local_close(h2->session, stream_id) == 0)
		reset_stream(h2, stream_id, NGHTTP2_NO_ERROR);
}

/* A header block that cannot be taken is the end of its stream. */
static void refuse_block(struct h2 *h2, int32_t stream_id, void *exchange, const struct wire_loss *loss)
{
	push_loss(h2, exchange, loss);
	detach(h2, stream_id);
	reset_stream(h2, stream_id, loss->err == FRESHET_EHTTP_PROTOCOL ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_CANCEL);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct h2 *h2 = user;
	(void)session;
	wire_answer_free(h2->answer);
	h2->answer = NULL;
	h2->answer_err = FRESHET_OK;
	if (frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	h2->answer = mem_zalloc(sizeof *h2->answer);
	if (h2->answer == NULL)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
	const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
	struct h2 *h2 = user;
	(void)session;
	(void)frame;
	(void)flags;
	if (h2->answer == NULL || h2->answer_err != FRESHET_OK)
		return 0;
	freshet_str field_name = {(const char *)name, name_len};
	freshet_str field_value = {(const char *)value, value_len};
	if (freshet_str_is(field_name, ":status")) {
		/* nghttp2 has checked that these are three digits, not that they are a status (RFC 9110, section 15). */
		h2->answer->status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
		if (h2->answer->status < 100)
			h2->answer_err = FRESHET_EHTTP_PROTOCOL;
		return 0;
	}
	h2->answer_err = wire_answer_add(h2->answer, field_name, field_value, h2->max_header_bytes);
	return h2->answer_err == FRESHET_ENOMEM ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* A header block is complete: a final answer goes to the queue; 1xx and trailers are dropped (RFC 9110, 15.2, 6.5). */
static void on_header_block(struct h2 *h2, int32_t stream_id, void *exchange)
{
	struct wire_answer *answer = h2->answer;
	bool no_status = h2->answer_err == FRESHET_EHTTP_PROTOCOL;
	h2->answer = NULL;
	if (exchange == NULL || answer == NULL || (answer->status < 200 && !no_status)) {
		wire_answer_free(answer);
		return;
	}
	if (h2->answer_err != FRESHET_OK) {
		wire_answer_free(answer);
		refuse_block(h2, stream_id, exchange,
			&(struct wire_loss){.err = h2->answer_err, .why = no_status ? "a status below 100" : NULL});
		return;
	}
	push(h2, &(struct wire_event){.exchange = exchange, .kind = WIRE_ANSWER, .as.answer = answer});
}

static void on_settings(struct h2 *h2)
{
	h2->wire.greeted = true;
	h2->wire.capacity = nghttp2_session_get_remote_settings(h2->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

static void on_goaway(struct h2 *h2, const nghttp2_goaway *goaway)
{
	h2->wire.draining = true;
	h2->wire.loss = (struct wire_loss){
		.err = FRESHET_EHTTP_GOAWAY, .has_http2_code = true, .http2_code = goaway->error_code};
	h2->wire.loss.why = nghttp2_http2_strerror(goaway->error_code);
	log_line(FRESHET_LOG_INFO, "http/2: GOAWAY, last stream %d, code %u", goaway->last_stream_id,
		goaway->error_code);
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct h2 *h2 = user;
	void *exchange = NULL;
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		exchange = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
		on_header_block(h2, frame->hd.stream_id, exchange);
		break;
	case NGHTTP2_DATA:
		if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
			return 0;
		break;
	case NGHTTP2_RST_STREAM: h2->reset_id = frame->hd.stream_id; return 0;
	case NGHTTP2_SETTINGS:
		if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0)
			on_settings(h2);
		return 0;
	case NGHTTP2_PING:
		if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0)
			h2->wire.pings_answered++;
		return 0;
	case NGHTTP2_GOAWAY: on_goaway(h2, &frame->goaway); return 0;
	default: return 0;
	}
	if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
		return 0;
	exchange = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (exchange != NULL)
		end_stream(h2, frame->hd.stream_id, exchange);
	return 0;
}

static int on_data_chunk(
	nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data, size_t len, void *user)
{
	struct h2 *h2 = user;
	(void)flags;
	h2->data_bytes += len;
	void *exchange = nghttp2_session_get_stream_user_data(session, stream_id);
	if (exchange != NULL)
		push(h2, &(struct wire_event){.exchange = exchange, .kind = WIRE_DATA, .as.data = {data, len}});
	return 0;
}

static struct wire_loss loss_of_stream(const struct h2 *h2, int32_t stream_id, uint32_t error_code)
{
	bool by_peer = h2->reset_id == stream_id;
	struct wire_loss loss = {.err = FRESHET_EHTTP_PROTOCOL, .has_http2_code = by_peer, .http2_code = error_code};
	loss.why = by_peer || h2->violation == NULL ? nghttp2_http2_strerror(error_code) : h2->violation;
	if (by_peer)
		loss.err = error_code == NGHTTP2_REFUSED_STREAM ? FRESHET_EHTTP_REFUSED : FRESHET_EHTTP_RESET;
	else if (error_code == NGHTTP2_REFUSED_STREAM)
		loss.err = FRESHET_EHTTP_GOAWAY; /* nghttp2 closes so what a GOAWAY leaves out */
	loss.unprocessed = error_code == NGHTTP2_REFUSED_STREAM;
	if (stream_id == h2->unsent_id && h2->unsent_too_large)
		loss = (struct wire_loss){
			.err = FRESHET_EINVAL, .unprocessed = true, .why = "the request's headers are too large"};
	else if (stream_id == h2->unsent_id)
		loss = (struct wire_loss){.err = FRESHET_EHTTP_GOAWAY, .unprocessed = true};
	return loss;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t error_code, void *user)
{
	struct h2 *h2 = user;
	void *exchange = nghttp2_session_get_stream_user_data(session, stream_id);
	if (exchange != NULL) {
		struct wire_loss loss = loss_of_stream(h2, stream_id, error_code);
		push_loss(h2, exchange, &loss);
	}
	h2->violation = NULL;
	return 0;
}

static void fail_session(struct h2 *h2, const char *why)
{
	h2->wire.over = true;
	h2->wire.loss = (struct wire_loss){.err = FRESHET_EHTTP_PROTOCOL, .why = why};
	log_line(FRESHET_LOG_WARNING, "http/2: the peer broke the protocol: %s", why);
}

/* A request that nghttp2 could not send: the session takes no more of them, or none with so many bytes of headers. */
static int on_frame_not_send(nghttp2_session *session, const nghttp2_frame *frame, int error_code, void *user)
{
	struct h2 *h2 = user;
	(void)session;
	if (frame->hd.type == NGHTTP2_HEADERS) {
		h2->unsent_id = frame->hd.stream_id;
		h2->unsent_too_large = error_code == NGHTTP2_ERR_FRAME_SIZE_ERROR;
		log_line(FRESHET_LOG_INFO, "http/2: request not sent: %s", nghttp2_strerror(error_code));
	}
	if (error_code == NGHTTP2_ERR_NOMEM)
		h2->out_of_memory = true;
	return 0;
}

/* What the peer did wrong, told just before nghttp2 resets the stream or ends the session for it. */
static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error_code, void *user)
{
	struct h2 *h2 = user;
	(void)session;
	(void)frame;
	h2->violation = nghttp2_strerror(error_code);
	return 0;
}

static int on_error(nghttp2_session *session, int error_code, const char *message, size_t len, void *user)
{
	struct h2 *h2 = user;
	(void)session;
	(void)message; /* it may quote the peer's headers */
	(void)len;
	h2->violation = nghttp2_strerror(error_code);
	return 0;
}

/*
 * Notes how far the requests have gone out. A GOAWAY with an error code is how nghttp2 ends a session that the peer has
 * broken: it reads no more of it.
 */
static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct h2 *h2 = user;
	(void)session;
	if (frame->hd.type == NGHTTP2_HEADERS)
		h2->wire.sent_id = frame->hd.stream_id;
	if (frame->hd.type != NGHTTP2_GOAWAY || frame->goaway.error_code == NGHTTP2_NO_ERROR)
		return 0;
	/* Not the peer's doing: nghttp2 had no memory for a header block. */
	if (frame->goaway.error_code == NGHTTP2_INTERNAL_ERROR) {
		h2->out_of_memory = true;
		return 0;
	}
	fail_session(h2, h2->violation != NULL ? h2->violation : nghttp2_http2_strerror(frame->goaway.error_code));
	return 0;
}

/* Tells the owner of an open body that all of it was taken. */
static void want_more(struct h2 *h2, struct wire_body *body, void *exchange)
{
	if (body->wanted)
		return;
	body->wanted = true;
	push(h2, &(struct wire_event){.exchange = exchange, .kind = WIRE_WANTED});
}

static ssize_t read_body(nghttp2_session *session, int32_t stream_id, uint8_t *buf, size_t length, uint32_t *flags,
	nghttp2_data_source *source, void *user)
{
	struct wire_body *body = source->ptr;
	/* The body belongs to the exchange: once that is detached nothing of it may be touched. */
	void *exchange = nghttp2_session_get_stream_user_data(session, stream_id);
	if (exchange == NULL)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	size_t left = body->bytes.len - body->sent;
	size_t part = left < length ? left : length;
	if (part > 0)
		memcpy(buf, body->bytes.ptr + body->sent, part);
	body->sent += part;
	if (part == left && body->open)
		want_more(user, body, exchange);
	else if (part == left)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return part == 0 && body->open ? NGHTTP2_ERR_DEFERRED : (ssize_t)part;
}

static nghttp2_nv nv_of(const char *name, size_t name_len, freshet_str value, bool secret)
{
	union {
		const char *constant;
		uint8_t *bytes;
	} n = {name}, v = {value.ptr != NULL ? value.ptr : ""};
	/* A secret never enters HPACK's table (RFC 7541, section 7.1.3). */
	uint8_t flags = secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
	return (nghttp2_nv){n.bytes, v.bytes, name_len, value.len, flags};
}

static freshet_err h2_submit(struct wire *w, const struct wire_request *request, void *exchange, int32_t *stream_id)
{
	struct h2 *h2 = h2_of(w);
	*stream_id = -1;
	if (w->draining)
		return FRESHET_EHTTP_GOAWAY;
	void *nv = h2->nv;
	bool grown = mem_grow(&nv, &h2->nv_capacity, request->count + 4, sizeof *h2->nv);
	h2->nv = nv;
	if (!grown)
		return FRESHET_ENOMEM;
	h2->nv[0] = nv_of(":method", 7, request->method, false);
	h2->nv[1] = nv_of(":scheme", 7, request->scheme, false);
	h2->nv[2] = nv_of(":authority", 10, request->authority, false);
	h2->nv[3] = nv_of(":path", 5, request->path, false);
	for (size_t i = 0; i < request->count; i++) {
		const freshet_header *field = &request->fields[i];
		h2->nv[4 + i] = nv_of(field->name.ptr, field->name.len, field->value, field->secret);
	}
	union {
		const struct wire_body *constant;
		void *body;
	} body = {request->body};
	nghttp2_data_provider provider = {.source.ptr = body.body, .read_callback = read_body};
	int32_t id = nghttp2_submit_request(
		h2->session, NULL, h2->nv, request->count + 4, request->body != NULL ? &provider : NULL, exchange);
	if (id == NGHTTP2_ERR_NOMEM)
		return FRESHET_ENOMEM;
	if (id < 0) {
		/* Stream ids are used up: this connection has had its 2^30 requests. */
		w->draining = true;
		return FRESHET_EHTTP_GOAWAY;
	}
	*stream_id = id;
	return FRESHET_OK;
}

/*
 * A server that does not know HTTP/2 says so in its own way; nghttp2 would only tell that no SETTINGS came. Its first
 * bytes may come one by one.
 */
static bool is_http1(struct h2 *h2, const uint8_t *bytes, size_t len)
{
	static const char start[] = "HTTP/1.";
	for (size_t i = 0; i < len && h2->like_http1 < sizeof start - 1; i++) {
		if (bytes[i] != (uint8_t)start[h2->like_http1])
			h2->like_http1 = UINT8_MAX;
		else
			h2->like_http1++;
	}
	return h2->like_http1 == sizeof start - 1;
}

static freshet_err h2_feed(struct wire *w, const uint8_t *bytes, size_t len)
{
	struct h2 *h2 = h2_of(w);
	if (is_http1(h2, bytes, len)) {
		fail_session(h2, "it speaks HTTP/1");
		return FRESHET_EHTTP_PROTOCOL;
	}
	h2->data_bytes = 0;
	ssize_t used = nghttp2_session_mem_recv(h2->session, bytes, len);
	if (used >= 0 && h2->data_bytes > 0 &&
		nghttp2_session_consume_connection(h2->session, h2->data_bytes) == NGHTTP2_ERR_NOMEM)
		h2->out_of_memory = true;
	if (h2->out_of_memory || used == NGHTTP2_ERR_NOMEM || used == NGHTTP2_ERR_CALLBACK_FAILURE) {
		w->loss = (struct wire_loss){.err = FRESHET_ENOMEM};
		return FRESHET_ENOMEM;
	}
	if (used < 0 || (size_t)used != len) {
		fail_session(h2, nghttp2_strerror((int)used));
		return FRESHET_EHTTP_PROTOCOL;
	}
	return FRESHET_OK;
}

static bool h2_output(struct wire *w, struct bytes *out, size_t most)
{
	struct h2 *h2 = h2_of(w);
	while (out->len < most) {
		const uint8_t *frame;
		ssize_t len = nghttp2_session_mem_send(h2->session, &frame);
		if (len == 0)
			break;
		if (len < 0 || !bytes_append(out, frame, (size_t)len))
			return false;
	}
	return !h2->out_of_memory;
}

static bool h2_wants_output(struct wire *w)
{
	/* An output tells that there was no memory: without it a stream would wait for what was never framed. */
	return h2_of(w)->out_of_memory || nghttp2_session_want_write(h2_of(w)->session) != 0;
}

static void h2_more(struct wire *w, int32_t stream_id)
{
	struct h2 *h2 = h2_of(w);
	/* One that was not put off, or is gone meanwhile, is no mistake. */
	if (nghttp2_session_resume_data(h2->session, stream_id) == NGHTTP2_ERR_NOMEM)
		h2->out_of_memory = true;
}

static void h2_consumed(struct wire *w, int32_t stream_id, size_t len)
{
	struct h2 *h2 = h2_of(w);
	/* A stream that is gone meanwhile needs no credit. */
	if (nghttp2_session_consume_stream(h2->session, stream_id, len) == NGHTTP2_ERR_NOMEM)
		h2->out_of_memory = true;
}

static void h2_cancel(struct wire *w, int32_t stream_id)
{
	struct h2 *h2 = h2_of(w);
	bool was_sent = stream_id <= w->sent_id;
	detach(h2, stream_id);
	/*
	 * One that both sides have ended needs no word. Thousands that end together would each send a reset, and servers
	 * close connections on which they come fast.
	 */
	if (!was_sent || nghttp2_session_get_stream_remote_close(h2->session, stream_id) >= 0)
		reset_stream(h2, stream_id, NGHTTP2_CANCEL);
}

static void h2_ping(struct wire *w)
{
	nghttp2_submit_ping(h2_of(w)->session, NGHTTP2_FLAG_NONE, NULL);
}

static void h2_goodbye(struct wire *w)
{
	w->draining = true;
	nghttp2_session_terminate_session(h2_of(w)->session, NGHTTP2_NO_ERROR);
}

static void h2_free(struct wire *w)
{
	struct h2 *h2 = h2_of(w);
	nghttp2_session_del(h2->session);
	wire_answer_free(h2->answer);
	mem_free(h2->nv);
	mem_free(h2);
}

static const struct wire_protocol h2_protocol = {
	.name = "h2",
	.submit = h2_submit,
	.feed = h2_feed,
	.output = h2_output,
	.wants_output = h2_wants_output,
	.more = h2_more,
	.consumed = h2_consumed,
	.cancel = h2_cancel,
	.ping = h2_ping,
	.goodbye = h2_goodbye,
	.free = h2_free,
};

static void *nghttp2_allocate(size_t size, void *user)
{
	(void)user;
	return mem_alloc(size);
}

static void *nghttp2_allocate_zeroed(size_t count, size_t size, void *user)
{
	(void)user;
	return mem_array(count, size);
}

static void *nghttp2_reallocate(void *memory, size_t size, void *user)
{
	(void)user;
	return mem_realloc(memory, size);
}

static void nghttp2_release(void *memory, void *user)
{
	(void)user;
	mem_free(memory);
}

static void set_callbacks(nghttp2_session_callbacks *callbacks)
{
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_frame_not_send);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
	nghttp2_session_callbacks_set_error_callback2(callbacks, on_error);
}

/* The preface: no push, our windows, and how large a header list may be (RFC 9113, section 6.5.2). */
static int submit_preface(struct h2 *h2, const struct h2_options *options)
{
	uint32_t list_size = options->max_header_bytes < UINT32_MAX ? (uint32_t)options->max_header_bytes : UINT32_MAX;
	const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options->stream_window},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, list_size},
	};
	int result =
		nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof settings[0]);
	if (result == 0)
		result = nghttp2_session_set_local_window_size(
			h2->session, NGHTTP2_FLAG_NONE, 0, (int32_t)options->connection_window);
	return result;
}

static int new_session(struct h2 *h2)
{
	nghttp2_mem memory = {NULL, nghttp2_allocate, nghttp2_release, nghttp2_allocate_zeroed, nghttp2_reallocate};
	nghttp2_session_callbacks *callbacks = NULL;
	nghttp2_option *option = NULL;
	int result = nghttp2_session_callbacks_new(&callbacks);
	if (result == 0)
		result = nghttp2_option_new(&option);
	if (result == 0) {
		set_callbacks(callbacks);
		nghttp2_option_set_no_auto_window_update(option, 1);
		nghttp2_option_set_no_closed_streams(option, 1);
		nghttp2_option_set_peer_max_concurrent_streams(option, CAPACITY_BEFORE_SETTINGS);
		result = nghttp2_session_client_new3(&h2->session, callbacks, h2, option, &memory);
	}
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return result;
}

freshet_err h2_new(const struct h2_options *options, struct wire_queue *queue, struct wire **out)
{
	*out = NULL;
	struct h2 *h2 = mem_zalloc(sizeof *h2);
	if (h2 == NULL)
		return FRESHET_ENOMEM;
	h2->wire.protocol = &h2_protocol;
	h2->wire.capacity = CAPACITY_BEFORE_SETTINGS;
	h2->wire.room = SIZE_MAX;
	h2->max_header_bytes = options->max_header_bytes;
	h2->queue = queue;
	if (new_session(h2) != 0 || submit_preface(h2, options) != 0) {
		h2_free(&h2->wire);
		return FRESHET_ENOMEM;
	}
	*out = &h2->wire;
	return FRESHET_OK;
}
