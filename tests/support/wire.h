/*
 * Two hosts on one machine, and the cable between them. Each host is a network namespace without a name, which lives as
 * long as the processes in it: nothing of it is seen outside, and all of it is gone with the test, however that ends. The
 * cable is a thread that carries IP packets between the two, and may lose them, take its time, or be pulled.
 *
 *	near: the test's own process   192.0.2.2
 *	far: a child of it             192.0.2.1
 */
#ifndef SUPPORT_WIRE_H
#define SUPPORT_WIRE_H

#include "support/process.h"

#define WIRE_NEAR "192.0.2.2"
#define WIRE_FAR  "192.0.2.1"

struct wire;

/*
 * Moves this process into a namespace of its own, for the rest of its life, and runs the function in a child on the far
 * host. Once, and before the process has other threads. NULL when the machine does not allow it; *why says what it lacks.
 */
struct wire *wire_start(struct process *far, void (*run)(void *user), void *user, const char **why);
void wire_stop(struct wire *w);

/* How the cable carries packets from now on, in both directions. */
struct wire_quality {
	unsigned loss_percent; /* by a generator with a fixed seed */
	unsigned latency_ms;   /* of one way */
	bool pulled;           /* both hosts still think that it is there */
};
void wire_set(struct wire *w, const struct wire_quality *quality);

/* The near host's interface goes down, or up again: unlike with a pulled cable the kernel knows. */
void wire_link(struct wire *w, bool up);

struct wire_stats {
	uint64_t carried; /* packets */
	uint64_t lost;    /* by chance */
	uint64_t dropped; /* while pulled, or because too many were under way */
};
struct wire_stats wire_stats(struct wire *w);

#endif
