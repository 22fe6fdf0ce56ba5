/*
 * The faults that are set, and what they do to exchanges and connections.
 */
#ifndef MOCKD_FAULT_H
#define MOCKD_FAULT_H

#include "mockd/mockd.h"

#include "base/list.h"

struct conn;
struct exchange;
struct request;

struct fault {
	struct list node;        /* in the emulator's faults; in none when it was removed */
	struct mockd_fault spec; /* its strings are the fault's own */
	uint64_t number;
	uint64_t seen;   /* requests that fit */
	uint64_t struck; /* times */
	size_t users;    /* the emulator and the tampers that hold it */
};

/* False when it is removed or has struck as often as it may. */
bool fault_armed(const struct fault *f);

void fault_release(struct fault *f);

/* Binds every fault that fits the request to the exchange. */
void faults_bind(struct exchange *x, const struct request *r);

/* Ends the connection as the action says, after what is already produced. `x` may be NULL: nothing is torn then. */
void strike_connection(struct conn *c, struct exchange *x, const struct mockd_fault *spec);

/* Does to the exchange what the fault says, but for what only its body can do. */
void strike_exchange(struct exchange *x, const struct mockd_fault *spec);

#endif
