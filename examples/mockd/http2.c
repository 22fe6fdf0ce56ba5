/*
 * HTTP/2 (RFC 9113) on nghttp2. A request becomes an exchange when its headers begin and is dispatched when it is
 * complete; its answer's body is a data source that reads the exchange, is deferred while there is nothing, and is
 * resumed when the feed wakes. nghttp2 tells when a stream is closed, by whichever side; the exchange ends there.
 */
#include "mockd/conn.h"
#include "mockd/exchange.h"
#include "mockd/server.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>

#define FRAME_HEADER 9u
/* Response headers may be flooded: nghttp2 would refuse to send that many by default. */
#define HEADERS_MAX (16u * 1024 * 1024)

/* A client that closes ten thousand streams at once is what the emulator is for. */
#define RESET_BURST UINT64_MAX
#define RESET_RATE  UINT64_MAX

static nghttp2_session *session_of(const struct conn *c)
{
	return c->session;
}

static freshet_str rcbuf_span(nghttp2_rcbuf *buffer)
{
	nghttp2_vec v = nghttp2_rcbuf_get_buf(buffer);
	return (freshet_str){(const char *)v.base, v.len};
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
		struct exchange *x = exchange_new(user, frame->hd.stream_id);
		nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, x);
	}
	return 0;
}

/* The exchange whose request is still arriving; NULL otherwise, as with trailers of an answered one. */
static struct exchange *arriving(nghttp2_session *session, int32_t stream_id)
{
	struct exchange *x = nghttp2_session_get_stream_user_data(session, stream_id);
	return x != NULL && x->intake != NULL ? x : NULL;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, nghttp2_rcbuf *name, nghttp2_rcbuf *value,
	uint8_t flags, void *user)
{
	(void)flags;
	(void)user;
	struct exchange *x = arriving(session, frame->hd.stream_id);
	if (x != NULL)
		intake_field(x, rcbuf_span(name), rcbuf_span(value));
	return 0;
}

static int on_data_chunk(
	nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *bytes, size_t len, void *user)
{
	(void)flags;
	(void)user;
	struct exchange *x = arriving(session, stream_id);
	if (x != NULL)
		intake_body(x, bytes, len);
	return 0;
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	(void)user;
	bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
		    (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA);
	struct exchange *x = ends ? arriving(session, frame->hd.stream_id) : NULL;
	if (x != NULL)
		exchange_dispatch(x);
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *user)
{
	(void)code;
	(void)user;
	struct exchange *x = nghttp2_session_get_stream_user_data(session, stream_id);
	if (x != NULL)
		exchange_free(x);
	return 0;
}

static ssize_t read_body(nghttp2_session *session, int32_t stream_id, uint8_t *to, size_t room, uint32_t *flags,
	nghttp2_data_source *source, void *user)
{
	(void)session;
	(void)stream_id;
	(void)user;
	size_t got;
	switch (exchange_read(source->ptr, to, room, &got)) {
	case BODY_MORE: break;
	case BODY_WAIT:
		if (got == 0)
			return NGHTTP2_ERR_DEFERRED;
		break;
	case BODY_END: *flags |= NGHTTP2_DATA_FLAG_EOF; break;
	case BODY_CUT: return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	}
	return (ssize_t)got;
}

static bool http2_receive(struct conn *c, const uint8_t *bytes, size_t len)
{
	return nghttp2_session_mem_recv(session_of(c), bytes, len) == (ssize_t)len;
}

static size_t http2_produce(struct conn *c, uint8_t *to, size_t room)
{
	const uint8_t *bytes;
	ssize_t len = nghttp2_session_mem_send(session_of(c), &bytes);
	if (len < 0 || (size_t)len > room) {
		c->dead = true;
		return 0;
	}
	size_t keep = (size_t)len;
	/* The connection ends inside this frame. */
	if (c->end != CONN_GOES_ON && c->keep > 0 && keep > FRAME_HEADER + c->keep - 1)
		keep = FRAME_HEADER + c->keep - 1;
	if (keep > 0)
		memcpy(to, bytes, keep);
	c->keep = 0;
	return keep;
}

static bool http2_finished(const struct conn *c)
{
	return nghttp2_session_want_read(session_of(c)) == 0 && nghttp2_session_want_write(session_of(c)) == 0;
}

static nghttp2_nv make_field(const char *name, const char *value)
{
	union {
		const char *text;
		uint8_t *bytes; /* nghttp2 only reads them */
	} n = {name}, v = {value};
	return (nghttp2_nv){n.bytes, v.bytes, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

/* Fields that mean nothing, as many as it takes. */
static size_t add_flood(nghttp2_nv *fields, size_t count, char (*names)[32], const char *value)
{
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof names[i], "x-flood-%zu", i);
		fields[i] = make_field(names[i], value);
	}
	return count;
}

static void submit(struct exchange *x, const struct answer *a, const char *length, nghttp2_nv *fields)
{
	size_t count = 0;
	char status[8];
	snprintf(status, sizeof status, "%d", a->status);
	fields[count++] = make_field(":status", status);
	if (a->content_type != NULL)
		fields[count++] = make_field("content-type", a->content_type);
	if (length != NULL)
		fields[count++] = make_field("content-length", length);
	for (size_t i = 0; i < ANSWER_FIELDS_MAX && a->fields[i].name != NULL; i++)
		fields[count++] = make_field(a->fields[i].name, a->fields[i].value);
	size_t flood = (a->flood + FLOOD_VALUE - 1) / FLOOD_VALUE;
	char(*names)[32] = must_alloc(flood * sizeof *names);
	char value[FLOOD_VALUE + 1];
	memset(value, 'x', FLOOD_VALUE);
	value[FLOOD_VALUE] = '\0';
	count += add_flood(fields + count, flood, names, value);
	nghttp2_data_provider body = {{.ptr = x}, read_body};
	nghttp2_submit_response(session_of(x->conn), x->stream_id, fields, count, &body);
	free(names);
}

static void http2_begin(struct exchange *x, const struct answer *a, const char *length)
{
	nghttp2_nv few[3 + ANSWER_FIELDS_MAX];
	nghttp2_nv *many = NULL;
	if (a->flood > 0)
		many = must_alloc(sizeof few + (a->flood / FLOOD_VALUE + 1) * sizeof *many);
	submit(x, a, length, many != NULL ? many : few);
	free(many);
	conn_mark(x->conn);
}

static void http2_reset(struct exchange *x, bool unprocessed, uint32_t code)
{
	nghttp2_submit_rst_stream(
		session_of(x->conn), NGHTTP2_FLAG_NONE, x->stream_id, unprocessed ? NGHTTP2_REFUSED_STREAM : code);
	conn_mark(x->conn);
}

static void http2_goaway(struct conn *c, struct exchange *unprocessed, uint32_t code)
{
	int32_t last = nghttp2_session_get_last_proc_stream_id(session_of(c));
	if (unprocessed != NULL)
		last = unprocessed->stream_id > 2 ? unprocessed->stream_id - 2 : 0;
	nghttp2_submit_goaway(session_of(c), NGHTTP2_FLAG_NONE, last, code, NULL, 0);
}

/* The header of a DATA frame of a hundred bytes, and some of them: a comment that never ends. */
static void http2_tear(struct exchange *x, struct buffer *raw)
{
	uint32_t id = (uint32_t)x->stream_id;
	const unsigned char header[FRAME_HEADER] = {0, 0, 100, NGHTTP2_DATA, 0, (unsigned char)(id >> 24),
		(unsigned char)(id >> 16), (unsigned char)(id >> 8), (unsigned char)id};
	buffer_append(raw, header, sizeof header);
	buffer_text(raw, ": torn");
}

static void http2_wake(struct exchange *x)
{
	nghttp2_session_resume_data(session_of(x->conn), x->stream_id);
	conn_mark(x->conn);
}

static void http2_free(struct conn *c)
{
	/* nghttp2 does not tell of streams that end with the session. */
	while (c->exchange_count > 0)
		exchange_free(c->exchanges[c->exchange_count - 1]);
	nghttp2_session_del(session_of(c));
}

static const struct protocol http2_protocol = {
	.receive = http2_receive,
	.produce = http2_produce,
	.finished = http2_finished,
	.begin = http2_begin,
	.wake = http2_wake,
	.reset = http2_reset,
	.goaway = http2_goaway,
	.tear = http2_tear,
	.free = http2_free,
};

static nghttp2_option *make_option(void)
{
	nghttp2_option *option;
	if (nghttp2_option_new(&option) != 0)
		return NULL;
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_option_set_max_send_header_block_length(option, HEADERS_MAX);
#ifdef MOCKD_HAVE_RESET_RATE_LIMIT
	nghttp2_option_set_stream_reset_rate_limit(option, RESET_BURST, RESET_RATE);
#endif
	return option;
}

static nghttp2_session *make_session(struct conn *c)
{
	nghttp2_session *session = NULL;
	nghttp2_session_callbacks *callbacks;
	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return NULL;
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback2(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_option *option = make_option();
	if (option == NULL || nghttp2_session_server_new2(&session, callbacks, c, option) != 0)
		session = NULL;
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return session;
}

bool http2_attach(struct conn *c)
{
	const struct mockd_options *o = &c->mockd->options;
	nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, o->max_concurrent_streams},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, o->initial_window},
	};
	c->session = make_session(c);
	if (c->session == NULL)
		return false;
	c->protocol = &http2_protocol;
	return nghttp2_submit_settings(
		       session_of(c), NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof settings[0]) == 0;
}
