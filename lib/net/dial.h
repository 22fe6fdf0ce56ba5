/*
 * Dialing: from a host and port to a connected socket, trying several addresses with a head start for each (RFC 8305).
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "net/address.h"

/* RFC 8305, section 8: the recommended delay between attempts. */
#define DIAL_STAGGER_MS 250

struct dial;

/* How a dial ended. `fd` is the new owner's; -1 on failure: then `err` is FRESHET_ERESOLVE or FRESHET_ECONNECT. */
struct dial_result {
	int fd;
	freshet_err err;
	int system_errno;
	char text[160]; /* for people: the address that was reached, or why each was not */
};

/* Called once per dial that was started, from the loop. */
typedef void dial_done_fn(const struct dial_result *result, void *user);

/* FRESHET_ENOMEM, FRESHET_ESYSTEM. */
freshet_err dial_start(
	struct loop *l, freshet_str host, uint16_t port, dial_done_fn *done, void *user, struct dial **out);

/* Ends a dial whose `done` has not come; it will not come. NULL is fine. */
void dial_cancel(struct dial *d);

#endif
