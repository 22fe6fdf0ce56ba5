/*
 * The protocol of a connection that has not said yet what it speaks. Over TLS the two have agreed by ALPN before the
 * first byte comes (without it: HTTP/1.1); in cleartext HTTP/2 begins with a preface that is no request of HTTP/1.1.
 */
#include "mockd/conn.h"
#include "mockd/server.h"
#include "mockd/tls_server.h"

#include <nghttp2/nghttp2.h>

/* Hands the bytes on to the protocol that they are of. */
static bool attach(struct conn *c, bool http2, const void *preface, const uint8_t *bytes, size_t len)
{
	size_t before = c->greeted;
	if (!http2)
		http1_attach(c);
	else if (!http2_attach(c))
		return false;
	conn_mark(c);
	return (before == 0 || c->protocol->receive(c, preface, before)) && c->protocol->receive(c, bytes, len);
}

static bool opening_receive(struct conn *c, const uint8_t *bytes, size_t len)
{
	static const char preface[] = NGHTTP2_CLIENT_MAGIC;
	if (c->ssl != NULL)
		return attach(c, server_tls_agreed_on_http2(c->ssl), NULL, bytes, len);
	size_t left = NGHTTP2_CLIENT_MAGIC_LEN - c->greeted;
	size_t compared = len < left ? len : left;
	bool http2 = memcmp(preface + c->greeted, bytes, compared) == 0;
	if (!http2 || compared == left)
		return attach(c, http2, preface, bytes, len);
	c->greeted = (uint8_t)(c->greeted + compared);
	return true;
}

static size_t opening_produce(struct conn *c, uint8_t *to, size_t room)
{
	(void)c;
	(void)to;
	(void)room;
	return 0;
}

static bool opening_finished(const struct conn *c)
{
	(void)c;
	return false;
}

static void opening_goaway(struct conn *c, struct exchange *unprocessed, uint32_t code)
{
	(void)unprocessed;
	(void)code;
	c->end = CONN_CLOSES;
}

static void opening_free(struct conn *c)
{
	(void)c;
}

/* What concerns exchanges is not asked of it: there are none. */
static const struct protocol opening_protocol = {
	.receive = opening_receive,
	.produce = opening_produce,
	.finished = opening_finished,
	.goaway = opening_goaway,
	.free = opening_free,
};

bool protocol_attach(struct conn *c)
{
	const struct mockd_options *o = &c->mockd->options;
	if (o->no_http1)
		return http2_attach(c);
	if (o->no_http2)
		http1_attach(c);
	else
		c->protocol = &opening_protocol;
	return true;
}
