#include "support/h2peer.h"

#include "support/pattern.h"
#include "support/test.h"

#include <nghttp2/nghttp2.h>

static void *must(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static char *copy_of(const uint8_t *bytes, size_t len)
{
	char *copy = must(malloc(len + 1));
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

void h2peer_buf_add(struct h2peer_buf *b, const void *data, size_t len)
{
	if (len == 0)
		return;
	if (b->capacity - b->len < len) {
		b->capacity = b->capacity * 2 + len;
		b->data = must(realloc(b->data, b->capacity));
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void h2peer_buf_free(struct h2peer_buf *b)
{
	free(b->data);
	*b = (struct h2peer_buf){0};
}

/* Frames everything that may go out now. */
static void frame(struct h2peer *p)
{
	const uint8_t *bytes;
	ssize_t len;
	if (p->mute)
		return;
	while ((len = nghttp2_session_mem_send(p->session, &bytes)) > 0)
		h2peer_buf_add(&p->out, bytes, (size_t)len);
	assert_int_equal(len, 0);
}

struct h2peer_call *h2peer_call_of(const struct h2peer *p, int32_t id)
{
	for (size_t i = p->call_count; i-- > 0;)
		if (p->calls[i]->id == id)
			return p->calls[i];
	return NULL;
}

const char *h2peer_field(const struct h2peer_call *call, const char *name)
{
	for (size_t i = 0; i < call->field_count; i++)
		if (strcmp(call->names[i], name) == 0)
			return call->values[i];
	return NULL;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame_, void *user)
{
	struct h2peer *p = user;
	(void)session;
	if (frame_->hd.type != NGHTTP2_HEADERS || frame_->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	struct h2peer_call *call = must(calloc(1, sizeof *call));
	call->peer = p;
	call->id = frame_->hd.stream_id;
	p->calls = must(realloc(p->calls, (p->call_count + 1) * sizeof(struct h2peer_call *)));
	p->calls[p->call_count++] = call;
	nghttp2_session_set_stream_user_data(session, call->id, call);
	return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame_, const uint8_t *name, size_t name_len,
	const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
	struct h2peer_call *call = nghttp2_session_get_stream_user_data(session, frame_->hd.stream_id);
	(void)user;
	/* The tests see which fields were kept out of HPACK's table. */
	static const char mark[] = "!";
	assert_non_null(call);
	assert_true(call->field_count < H2PEER_FIELDS_MAX);
	call->names[call->field_count] = copy_of(name, name_len);
	char *text = copy_of(value, value_len);
	if ((flags & NGHTTP2_NV_FLAG_NO_INDEX) != 0) {
		char *marked = must(malloc(value_len + sizeof mark));
		snprintf(marked, value_len + sizeof mark, "%s%s", mark, text);
		free(text);
		text = marked;
	}
	call->values[call->field_count++] = text;
	return 0;
}

static void request_has(struct h2peer_call *call, bool complete, bool ended)
{
	struct h2peer *p = call->peer;
	const struct h2peer_hooks *hooks = &p->options.hooks;
	if (complete) {
		call->complete = true;
		if (hooks->on_call != NULL)
			hooks->on_call(call, hooks->user);
	}
	if (ended) {
		call->ended = true;
		if (hooks->on_ended != NULL)
			hooks->on_ended(call, hooks->user);
	}
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame_, void *user)
{
	struct h2peer *p = user;
	(void)session;
	struct h2peer_call *call = h2peer_call_of(p, frame_->hd.stream_id);
	bool ended = (frame_->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	bool ack = (frame_->hd.flags & NGHTTP2_FLAG_ACK) != 0;
	switch (frame_->hd.type) {
	case NGHTTP2_HEADERS:
	case NGHTTP2_DATA:
		if (call != NULL)
			request_has(call, frame_->hd.type == NGHTTP2_HEADERS, ended);
		break;
	case NGHTTP2_RST_STREAM:
		if (call != NULL) {
			call->reset = true;
			call->reset_code = frame_->rst_stream.error_code;
		}
		break;
	case NGHTTP2_PING: ack ? p->pongs++ : p->pings++; break;
	case NGHTTP2_SETTINGS: p->settings_acks += ack; break;
	case NGHTTP2_GOAWAY:
		p->goaway = true;
		p->goaway_code = frame_->goaway.error_code;
		break;
	case NGHTTP2_WINDOW_UPDATE:
		if (call != NULL)
			call->credit += (uint64_t)frame_->window_update.window_size_increment;
		else if (frame_->hd.stream_id == 0)
			p->credit += (uint64_t)frame_->window_update.window_size_increment;
		break;
	default: break;
	}
	return 0;
}

static int on_data_chunk(
	nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *data, size_t len, void *user)
{
	struct h2peer *p = user;
	(void)flags;
	struct h2peer_call *call = h2peer_call_of(p, stream_id);
	assert_non_null(call);
	if (p->options.keep_no_bodies)
		call->body_wrong |= !pattern_is(data, len, call->body_total);
	else
		h2peer_buf_add(&call->body, data, len);
	call->body_total += len;
	if (!p->options.hoard)
		nghttp2_session_consume(session, stream_id, len);
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t error_code, void *user)
{
	(void)session;
	(void)error_code;
	struct h2peer_call *call = h2peer_call_of(user, stream_id);
	if (call != NULL)
		call->gone = true;
	return 0;
}

static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame_, int error_code, void *user)
{
	struct h2peer *p = user;
	(void)session;
	print_message(
		"the client broke the protocol: frame type %d: %s\n", frame_->hd.type, nghttp2_strerror(error_code));
	p->failed = true;
	return 0;
}

static void send_settings(struct h2peer *p, uint32_t max_streams, bool limited)
{
	const nghttp2_settings_entry entry = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams};
	assert_int_equal(nghttp2_submit_settings(p->session, NGHTTP2_FLAG_NONE, &entry, limited ? 1 : 0), 0);
}

struct h2peer *h2peer_new(const struct h2peer_options *options)
{
	struct h2peer *p = must(calloc(1, sizeof *p));
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;
	nghttp2_session *session;
	if (options != NULL)
		p->options = *options;
	assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
	assert_int_equal(nghttp2_option_new(&option), 0);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
	nghttp2_option_set_no_auto_window_update(option, 1);
	assert_int_equal(nghttp2_session_server_new2(&session, callbacks, p, option), 0);
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	p->session = session;
	if (!p->options.silent) {
		send_settings(p, p->options.max_streams, p->options.max_streams != 0 || p->options.no_streams);
		frame(p);
	}
	return p;
}

static void call_free(struct h2peer_call *call)
{
	for (size_t i = 0; i < call->field_count; i++) {
		free(call->names[i]);
		free(call->values[i]);
	}
	h2peer_buf_free(&call->body);
	h2peer_buf_free(&call->out);
	free(call);
}

void h2peer_free(struct h2peer *p)
{
	if (p == NULL)
		return;
	nghttp2_session_del(p->session);
	for (size_t i = 0; i < p->call_count; i++)
		call_free(p->calls[i]);
	free(p->calls);
	h2peer_buf_free(&p->out);
	free(p);
}

bool h2peer_feed(struct h2peer *p, const uint8_t *bytes, size_t len)
{
	ssize_t used = nghttp2_session_mem_recv(p->session, bytes, len);
	frame(p);
	return used >= 0 && (size_t)used == len;
}

bool h2peer_over(const struct h2peer *p)
{
	return !nghttp2_session_want_read(p->session) && !nghttp2_session_want_write(p->session);
}

/* `:status` and the pairs of `more`. */
static size_t fields_of(char *status_text, int status, const char *const *more, nghttp2_nv *nv)
{
	size_t count = 0;
	union {
		const char *text;
		uint8_t *bytes;
	} name = {":status"}, value = {status_text};
	snprintf(status_text, 8, "%d", status);
	nv[count++] = (nghttp2_nv){name.bytes, value.bytes, 7, 3, NGHTTP2_NV_FLAG_NONE};
	for (size_t i = 0; more != NULL && more[i] != NULL; i += 2) {
		assert_true(count < H2PEER_FIELDS_MAX);
		name.text = more[i];
		value.text = more[i + 1];
		nv[count++] = (nghttp2_nv){
			name.bytes, value.bytes, strlen(more[i]), strlen(more[i + 1]), NGHTTP2_NV_FLAG_NONE};
	}
	return count;
}

static ssize_t read_out(nghttp2_session *session, int32_t stream_id, uint8_t *buf, size_t length, uint32_t *flags,
	nghttp2_data_source *source, void *user)
{
	struct h2peer_call *call = source->ptr;
	(void)user;
	size_t left = call->out.len - call->out_from;
	size_t part = left < length ? left : length;
	if (part == 0 && !call->end_after_out)
		return NGHTTP2_ERR_DEFERRED;
	if (part > 0)
		memcpy(buf, call->out.data + call->out_from, part);
	call->out_from += part;
	if (part < left || !call->end_after_out)
		return (ssize_t)part;
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (call->trailers_after_out) {
		static uint8_t name[] = "x-trailer", value[] = "last";
		const nghttp2_nv trailer = {name, value, sizeof name - 1, sizeof value - 1, NGHTTP2_NV_FLAG_NONE};
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
		nghttp2_submit_trailer(session, stream_id, &trailer, 1);
	}
	return (ssize_t)part;
}

static void respond(struct h2peer_call *call, int status, const char *const *more, bool empty)
{
	nghttp2_nv nv[H2PEER_FIELDS_MAX];
	char text[8];
	size_t count = fields_of(text, status, more, nv);
	const nghttp2_data_provider provider = {.source.ptr = call, .read_callback = read_out};
	call->answered = true;
	assert_int_equal(
		nghttp2_submit_response(call->peer->session, call->id, nv, count, empty ? NULL : &provider), 0);
	frame(call->peer);
}

void h2peer_answer(struct h2peer_call *call, int status, const char *const *more)
{
	respond(call, status, more, false);
}

void h2peer_answer_empty(struct h2peer_call *call, int status, const char *const *more)
{
	respond(call, status, more, true);
}

void h2peer_open_events(struct h2peer_call *call)
{
	static const char *const more[] = {"content-type", "text/event-stream", NULL};
	respond(call, 200, more, false);
}

void h2peer_inform(struct h2peer_call *call, int status)
{
	nghttp2_nv nv[H2PEER_FIELDS_MAX];
	char text[8];
	size_t count = fields_of(text, status, NULL, nv);
	assert_int_equal(
		nghttp2_submit_headers(call->peer->session, NGHTTP2_FLAG_NONE, call->id, NULL, nv, count, NULL), 0);
	frame(call->peer);
}

static void go_on(struct h2peer_call *call)
{
	if (!call->gone)
		nghttp2_session_resume_data(call->peer->session, call->id);
	frame(call->peer);
}

void h2peer_data(struct h2peer_call *call, const void *data, size_t len)
{
	h2peer_buf_add(&call->out, data, len);
	go_on(call);
}

void h2peer_text(struct h2peer_call *call, const char *text)
{
	h2peer_data(call, text, strlen(text));
}

void h2peer_end(struct h2peer_call *call)
{
	call->end_after_out = true;
	go_on(call);
}

void h2peer_end_with_trailers(struct h2peer_call *call)
{
	call->trailers_after_out = true;
	h2peer_end(call);
}

void h2peer_reset(struct h2peer_call *call, uint32_t code)
{
	assert_int_equal(nghttp2_submit_rst_stream(call->peer->session, NGHTTP2_FLAG_NONE, call->id, code), 0);
	frame(call->peer);
}

void h2peer_ping(struct h2peer *p)
{
	assert_int_equal(nghttp2_submit_ping(p->session, NGHTTP2_FLAG_NONE, NULL), 0);
	frame(p);
}

void h2peer_goaway(struct h2peer *p, int32_t last_id, uint32_t code)
{
	assert_int_equal(nghttp2_submit_goaway(p->session, NGHTTP2_FLAG_NONE, last_id, code, NULL, 0), 0);
	frame(p);
}

void h2peer_settings(struct h2peer *p, uint32_t max_streams)
{
	send_settings(p, max_streams, true);
	frame(p);
}

void h2peer_credit(struct h2peer *p, struct h2peer_call *call, size_t len)
{
	assert_int_equal(nghttp2_session_consume(p->session, call->id, len), 0);
	frame(p);
}

void h2peer_raw(struct h2peer *p, const void *bytes, size_t len)
{
	h2peer_buf_add(&p->out, bytes, len);
}
