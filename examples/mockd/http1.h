/*
 * HTTP/1.1 (RFC 9112), the emulator's own, on llhttp's server side: what its two halves share. http1_request.c reads
 * requests, http1.c sends answers.
 */
#ifndef MOCKD_HTTP1_H
#define MOCKD_HTTP1_H

#include "mockd/clock.h"
#include "mockd/conn.h"

#include <llhttp.h>

/* From release 9 on the parser is strict unless it is told otherwise; before, it is built so or not. */
#if LLHTTP_VERSION_MAJOR < 9 && !LLHTTP_STRICT_MODE
#error "llhttp before release 9 must be built with LLHTTP_STRICT_MODE=1"
#endif

/* How the end of an answer's body is told (RFC 9112, section 6.3). */
enum framing {
	FRAMING_NONE, /* there is no body */
	FRAMING_LENGTH,
	FRAMING_CHUNKS,
	FRAMING_CLOSE, /* it ends with the connection */
};

struct http1 {
	llhttp_t parser;
	struct conn *conn;
	struct alarm idle;   /* closes the connection when nobody has asked for a while */
	struct buffer name;  /* of the field that is being read; also the target */
	struct buffer value; /* and its value */
	struct buffer ahead; /* what came before the present request was answered */
	struct buffer head;  /* of the answer; 100 (Continue) as well */
	size_t head_at;      /* bytes of it that are sent */
	uint64_t length;     /* of FRAMING_LENGTH: bytes of the body that are still to come */
	uint32_t head_bytes; /* of the request: target, fields, trailers, chunk extensions */
	uint16_t refusal;    /* the status with which the request is refused; 0: 400 */
	uint8_t hosts;       /* Host fields of the request */
	uint8_t framing;     /* enum framing */
	bool continues;      /* the request waits for 100 (Continue) */
	bool complete;       /* the request is: it is being answered, and what comes now has to wait */
	bool begun;          /* the head of its answer is written */
	bool last;           /* the connection ends with this exchange */
};

static inline struct http1 *http1_of(const struct conn *c)
{
	return c->session;
}

/* The one exchange that a connection has at a time; NULL when it has none. */
static inline struct exchange *http1_exchange(const struct conn *c)
{
	return c->exchange_count > 0 ? c->exchanges[0] : NULL;
}

/* Sets the parser up. */
void http1_request_init(struct http1 *h);

/* Reads requests until one is complete; what follows it is kept. */
void http1_read(struct conn *c, const uint8_t *bytes, size_t len);

/* The request was answered: reads what was kept, and where that is no request the connection idles. */
void http1_read_on(struct conn *c);

#endif
