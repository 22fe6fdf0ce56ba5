/*
 * One request and its answer on one connection: the part that streams and requests have in common. An exchange waits in
 * its endpoint's line until a connection takes it; its owner hears of everything through the table of functions.
 */
#ifndef REACTOR_EXCHANGE_H
#define REACTOR_EXCHANGE_H

#include "base/list.h"
#include "base/wire.h"

#include <freshet/outcome.h>

struct conn;
struct exchange;

struct exchange_owner {
	/* Says what is to be sent. The spans must stay until the next call of anybody. FRESHET_ENOMEM. */
	freshet_err (*describe)(struct exchange *ex, struct wire_request *out);
	/* A connection has taken it. */
	void (*on_sent)(struct exchange *ex);
	/* The answer is the owner's now. */
	void (*on_answer)(struct exchange *ex, struct wire_answer *answer);
	void (*on_data)(struct exchange *ex, const uint8_t *bytes, size_t len);
	/* The bytes of an open body were taken. NULL: it has none. */
	void (*on_wanted)(struct exchange *ex);
	/* In these two the exchange has left its connection already. */
	void (*on_end)(struct exchange *ex);
	void (*on_lost)(struct exchange *ex, const freshet_outcome *loss);
	/*
	 * A kept connection turned out to be closed, and not one byte of the answer had come: true when the exchange may
	 * be sent again and has gone back into its line.
	 */
	bool (*on_stale)(struct exchange *ex);
};

struct exchange {
	struct list node; /* of the endpoint's line, or of its connection */
	const struct exchange_owner *owner;
	struct conn *conn;   /* NULL: not on a connection */
	int32_t stream_id;   /* names it there */
	uint32_t uncredited; /* bytes taken that the peer has not been told of */
	bool lasting;        /* it has no end of its own: nobody in line may wait for that */
};

static inline void exchange_init(struct exchange *ex, const struct exchange_owner *owner)
{
	*ex = (struct exchange){.owner = owner, .stream_id = -1};
	list_init(&ex->node);
}

#endif
