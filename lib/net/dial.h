/*
 * Dialing: from a host and port to a connected socket, trying several addresses with a head start for each (RFC 8305).
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "net/address.h"

/* RFC 8305, section 8: the recommended delay between attempts. */
#define DIAL_STAGGER_MS 250

struct dial;

/* How a dial ended. `fd` is the new owner's; -1 on failure: then `err` is FRESHET_ERESOLVE, FRESHET_ECONNECT or FRESHET_EDESCRIPTORS. */
struct dial_result {
	int fd;
	freshet_err err;
	int system_errno;
	char text[160]; /* the address that was reached, as text; or for people why each was not */
};

/* Called once per dial that was started, from the loop. */
typedef void dial_done_fn(const struct dial_result *result, void *user);

/* With which of the host's addresses a dial begins; the others follow, counted round. */
enum dial_first {
	DIAL_AS_LISTED,
	DIAL_FROM,  /* the one that is marked */
	DIAL_AFTER, /* the next one after it */
};

/* Where to. */
struct dial_target {
	freshet_str unix_path; /* not empty: a Unix-domain socket, and the rest does not matter */
	freshet_str host;
	uint16_t port;
	enum dial_first first;
	char mark[ADDRESS_TEXT_SIZE]; /* the address that `first` speaks of; where it is no more: as listed */
};

/* FRESHET_ENOMEM, FRESHET_ESYSTEM, FRESHET_EINVAL (a path that is too long). */
freshet_err dial_start(
	struct loop *l, const struct dial_target *target, dial_done_fn *done, void *user, struct dial **out);

/* Ends a dial whose `done` has not come; it will not come. NULL is fine. */
void dial_cancel(struct dial *d);

#endif
