/*
 * Requests of HTTP/1.1. llhttp calls back while it reads: the exchange begins with the request, is filled, and is
 * dispatched when the request is complete. The parser stands still then: a request that is sent ahead waits until the
 * one before it is answered, and when too much waits the socket is not read.
 *
 * A request that is no HTTP, or longer than a head may be, is answered with the status that fits, and the connection
 * ends: where the next request would begin cannot be told.
 */
#include "mockd/exchange.h"
#include "mockd/http1.h"
#include "mockd/server.h"

#include <strings.h>

/* Of a request: target, fields and trailers, and what chunks carry beside their bytes. */
#define HEAD_MAX 65536u
/* Counted for each field beside its bytes. */
#define FIELD_OVERHEAD 32u
/* Requests sent ahead; when more waits the socket is not read. */
#define AHEAD_MAX 65536u

static int refuse_with(struct http1 *h, uint16_t status)
{
	h->refusal = status;
	return -1;
}

static int count_head(struct http1 *h, size_t len)
{
	if (len > HEAD_MAX - h->head_bytes)
		return refuse_with(h, 431);
	h->head_bytes += (uint32_t)len;
	return 0;
}

static int gather(struct http1 *h, struct buffer *to, const char *at, size_t len)
{
	if (count_head(h, len) != 0)
		return -1;
	buffer_append(to, at, len);
	return 0;
}

static int on_message_begin(llhttp_t *parser)
{
	struct http1 *h = parser->data;
	clock_unset(&h->conn->mockd->clock, &h->idle);
	h->head_bytes = 0;
	h->refusal = 0;
	h->hosts = 0;
	h->continues = false;
	exchange_new(h->conn, 0);
	return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
	struct http1 *h = parser->data;
	return gather(h, &h->name, at, len);
}

/* A server takes the whole URL of itself too (RFC 9112, section 3.2.2). */
static freshet_str path_of_target(freshet_str target)
{
	const char *scheme = target.len > 0 && target.ptr[0] != '/' ? memmem(target.ptr, target.len, "://", 3) : NULL;
	if (scheme == NULL)
		return target;
	size_t skip = (size_t)(scheme + 3 - target.ptr);
	const char *slash = memchr(target.ptr + skip, '/', target.len - skip);
	if (slash == NULL)
		return freshet_str_of("/");
	return (freshet_str){slash, target.len - (size_t)(slash - target.ptr)};
}

static int on_url_complete(llhttp_t *parser)
{
	struct http1 *h = parser->data;
	intake_field(http1_exchange(h->conn), freshet_str_of(":path"), path_of_target(buffer_span(&h->name)));
	h->name.len = 0;
	return 0;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t len)
{
	struct http1 *h = parser->data;
	return gather(h, &h->name, at, len);
}

static int on_header_value(llhttp_t *parser, const char *at, size_t len)
{
	struct http1 *h = parser->data;
	return gather(h, &h->value, at, len);
}

static freshet_str lower_case(struct buffer *name)
{
	for (size_t i = 0; i < name->len; i++) {
		if (name->bytes[i] >= 'A' && name->bytes[i] <= 'Z')
			name->bytes[i] = (char)(name->bytes[i] - 'A' + 'a');
	}
	return buffer_span(name);
}

/* llhttp leaves the blanks behind a value to us. */
static freshet_str without_blanks(freshet_str value)
{
	while (value.len > 0 && (value.ptr[value.len - 1] == ' ' || value.ptr[value.len - 1] == '\t'))
		value.len--;
	return value;
}

/* Notes what the protocol itself has to know of the fields. */
static int look_at_field(struct http1 *h, freshet_str name, freshet_str value)
{
	static const char wanted[] = "100-continue";
	if (name.len == 0)
		return refuse_with(h, 400);
	if (freshet_str_is(name, "host") && ++h->hosts > 1)
		return refuse_with(h, 400);
	if (!freshet_str_is(name, "expect"))
		return 0;
	h->continues = value.len == sizeof wanted - 1 && strncasecmp(value.ptr, wanted, value.len) == 0;
	return h->continues ? 0 : refuse_with(h, 417);
}

/* Trailers are counted and dropped. */
static int on_header_value_complete(llhttp_t *parser)
{
	struct http1 *h = parser->data;
	freshet_str name = lower_case(&h->name);
	freshet_str value = without_blanks(buffer_span(&h->value));
	bool trailer = (parser->flags & F_TRAILING) != 0;
	if (count_head(h, FIELD_OVERHEAD) != 0 || (!trailer && look_at_field(h, name, value) != 0))
		return -1;
	if (!trailer)
		intake_field(http1_exchange(h->conn), name, value);
	h->name.len = 0;
	h->value.len = 0;
	return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
	struct http1 *h = parser->data;
	if (parser->http_major != 1)
		return refuse_with(h, 505);
	if (parser->http_minor > 0 && h->hosts == 0)
		return refuse_with(h, 400);
	intake_field(http1_exchange(h->conn), freshet_str_of(":method"),
		freshet_str_of(llhttp_method_name((llhttp_method_t)parser->method)));
	/* No other protocol is spoken on this connection, whatever was asked for: it is a request like others. */
	parser->upgrade = 0;
	bool body = (parser->flags & F_CHUNKED) != 0 || parser->content_length > 0;
	if (h->continues && body && parser->http_minor > 0) {
		buffer_text(&h->head, "HTTP/1.1 100 Continue\r\n\r\n");
		conn_mark(h->conn);
	}
	return 0;
}

static int on_chunk_extension(llhttp_t *parser, const char *at, size_t len)
{
	(void)at;
	return count_head(parser->data, len);
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
	struct http1 *h = parser->data;
	intake_body(http1_exchange(h->conn), at, len);
	return 0;
}

static int on_message_complete(llhttp_t *parser)
{
	struct http1 *h = parser->data;
	h->complete = true;
	/* `close` wins, also over a `keep-alive` beside it. */
	h->last = !llhttp_should_keep_alive(parser) || (parser->flags & F_CONNECTION_CLOSE) != 0;
	buffer_clear(&h->name);
	buffer_clear(&h->value);
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_message_begin = on_message_begin,
	.on_url = on_url,
	.on_url_complete = on_url_complete,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_header_value_complete = on_header_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_chunk_extension_name = on_chunk_extension,
	.on_chunk_extension_value = on_chunk_extension,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

void http1_request_init(struct http1 *h)
{
	llhttp_init(&h->parser, HTTP_REQUEST, &settings);
	h->parser.data = h;
}

/* As uvicorn says it. */
static void refuse(struct conn *c)
{
	struct http1 *h = http1_of(c);
	struct exchange *x = http1_exchange(c) != NULL ? http1_exchange(c) : exchange_new(c, 0);
	const struct answer a = {.status = h->refusal != 0 ? h->refusal : 400, .content_type = "text/plain"};
	h->complete = true;
	h->last = true;
	exchange_answer(x, &a, freshet_str_of("Invalid HTTP request received."));
}

static void keep_ahead(struct conn *c, const void *bytes, size_t len)
{
	struct http1 *h = http1_of(c);
	if (!h->last)
		buffer_append(&h->ahead, bytes, len);
	if (h->ahead.len >= AHEAD_MAX)
		conn_listen(c, false);
}

void http1_read(struct conn *c, const uint8_t *bytes, size_t len)
{
	struct http1 *h = http1_of(c);
	if (h->complete) {
		keep_ahead(c, bytes, len);
		return;
	}
	llhttp_errno_t error = llhttp_execute(&h->parser, (const char *)bytes, len);
	if (error == HPE_PAUSED) {
		const uint8_t *rest = (const uint8_t *)llhttp_get_error_pos(&h->parser);
		llhttp_resume(&h->parser);
		keep_ahead(c, rest, len - (size_t)(rest - bytes));
		exchange_dispatch(http1_exchange(c));
	} else if (error != HPE_OK) {
		refuse(c);
	}
}

void http1_read_on(struct conn *c)
{
	struct http1 *h = http1_of(c);
	struct mockd *m = c->mockd;
	struct buffer ahead = h->ahead;
	h->complete = false;
	h->ahead = (struct buffer){.bytes = NULL};
	conn_listen(c, true);
	if (ahead.len > 0)
		http1_read(c, (uint8_t *)ahead.bytes, ahead.len);
	else
		clock_set(
			&m->clock, &h->idle, clock_now_us(&m->clock) + (uint64_t)m->options.keep_alive_ms * US_PER_MS);
	buffer_clear(&ahead);
}
