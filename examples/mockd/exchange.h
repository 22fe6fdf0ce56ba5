/*
 * An exchange: one request and its answer. It joins a platform's feed to whichever protocol carries it. The protocol
 * makes it, fills its intake while the request arrives, hands it to the router, and reads the body from it.
 */
#ifndef MOCKD_EXCHANGE_H
#define MOCKD_EXCHANGE_H

#include "mockd/alloc.h"
#include "mockd/http.h"

struct conn;

struct intake_field {
	size_t name_at, name_len;
	size_t value_at, value_len;
};

/* A request while it arrives. Method and path are the fields `:method` and `:path`, as in HTTP/2. */
struct intake {
	struct buffer text; /* names and values, back to back */
	struct intake_field *fields;
	size_t field_count;
	size_t field_capacity;
	struct buffer body;
	size_t body_max; /* 0: not known yet */
	bool body_too_large;
};

struct exchange {
	struct conn *conn;
	struct intake *intake; /* until the request is complete */
	struct feed *feed;     /* from the answer on */
	struct tamper *tamper; /* NULL: no faults */
	size_t offset;         /* bytes of the piece at hand that are sent */
	int32_t stream_id;     /* of the protocol */
	uint32_t index;        /* in the connection's exchanges */
	bool head_only;        /* the request was HEAD: the answer has no body */
};

enum body_state {
	BODY_MORE, /* there is, or may be, more right now */
	BODY_WAIT, /* nothing now; the protocol is woken */
	BODY_END,  /* complete with what was read */
	BODY_CUT,  /* never to be completed */
};

/* A new exchange of the connection, with an empty intake. */
struct exchange *exchange_new(struct conn *conn, int32_t stream_id);

/* Tells the feed and frees. */
void exchange_free(struct exchange *x);

/* Frees the intake that is kept for the next request. */
void spare_intake_free(struct mockd *m);

void intake_field(struct exchange *x, freshet_str name, freshet_str value);
void intake_body(struct exchange *x, const void *bytes, size_t len);

/* The request is complete: the router finds who answers it, and it is answered when this returns. */
void exchange_dispatch(struct exchange *x);

/* What is answered next goes out that much later, of the emulated time. */
void exchange_delay(struct exchange *x, uint64_t ms);

/* Answers in place of the feed that was just given. */
void exchange_answer_instead(struct exchange *x, const struct answer *a, freshet_str body);

/* True when several pieces may share a frame, as far as the platform and the options say. */
bool exchange_merges(const struct exchange *x);

/* The piece at hand: filled in when the state is BODY_MORE. */
enum body_state exchange_peek(struct exchange *x, struct piece *piece);

/* Copies what fits of the piece at hand and goes on behind it; true when all of it is copied. */
bool exchange_copy(struct exchange *x, const struct piece *piece, uint8_t *to, size_t room, size_t *got);

/* The next bytes of the body, at most `room`: of one piece, or of several where pieces are merged. */
enum body_state exchange_read(struct exchange *x, uint8_t *to, size_t room, size_t *got);

#endif
