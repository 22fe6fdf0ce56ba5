/*
 * What faults do to one exchange: they are bound when the request arrives, and strike while it is dispatched, answered
 * and sent. An exchange without faults has no tamper and pays nothing.
 */
#ifndef MOCKD_TAMPER_H
#define MOCKD_TAMPER_H

#include "mockd/alloc.h"
#include "mockd/clock.h"
#include "mockd/exchange.h"
#include "mockd/fault.h"

/* A fault that waits for its moment in this exchange. */
struct bound_fault {
	struct fault *fault;
	bool done;
};

struct tamper {
	struct exchange *exchange;
	struct bound_fault *bound;
	size_t bound_count;
	size_t bound_capacity;
	uint64_t bytes;  /* of the body that are sent */
	uint64_t events; /* that are sent */
	uint64_t rows;   /* whose id line is sent */
	uint64_t turns;  /* that are announced */
	uint64_t row;    /* the last one that is sent whole */
	struct buffer insert;
	size_t insert_at;    /* bytes of it that are sent */
	size_t frame_max;    /* bytes of a DATA frame; 0: as usual */
	struct alarm hold;   /* nothing goes on until it fires */
	struct answer *held; /* the head that waits for it; NULL: none */
	char *held_length;
	bool merge;
	bool mute;
	bool endless;
	bool stalled;
	bool ended;
	bool struck_last; /* the faults before the last frame have struck */
	bool struck_end;  /* and those before the end of the body */
	bool refused;     /* the exchange is over for the platform: another answer was given, or none will be */
};

/* The exchange's tamper, made if need be. */
struct tamper *tamper_of(struct exchange *x);
void tamper_free(struct tamper *t);

void tamper_bind(struct exchange *x, struct fault *f);

/* Binds a fault that is for this exchange alone and goes with it. */
void tamper_bind_own(struct exchange *x, const struct mockd_fault *spec);

/* The request is complete. False when it is not to be handled now: it is refused, answered or held. */
bool tamper_request(struct exchange *x);

/* The answer is there. False when it is not to be begun: it was replaced, dropped or held. The head may be changed. */
bool tamper_answer(struct exchange *x, struct answer *a, const char *length);

enum body_state tamper_read(struct exchange *x, uint8_t *to, size_t room, size_t *got);

#endif
