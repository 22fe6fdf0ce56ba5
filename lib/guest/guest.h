/*
 * The part of a client that its calls and streams share: the endpoint with its table of routes, hooks, credentials for each
 * attempt, and the calls under way. A client has it as a member and is found from it by guest_client().
 *
 * A client lives as long as its endpoint: freshet_endpoint_options.on_closed must call guest_end and then free the client.
 */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include "ring.h"
#include "route.h"

#include <freshet/endpoint.h>
#include <freshet/outcome.h>
#include <freshet/timer.h>

struct guest;

/* What is to be sent; the spans live as long as whoever sends it says. */
struct guest_draft {
	size_t route;                  /* which row of the table */
	const char *path;              /* expanded, prefix and query included */
	const char *accept;            /* NULL: application/json */
	freshet_str body;              /* JSON; empty: none */
	const char *idempotency_key;   /* NULL or empty: none */
	const freshet_header *headers; /* beside those above: at most GUEST_HEADERS_MAX */
	size_t header_count;
};

#define GUEST_HEADERS_MAX 8

/* What the credentials of an attempt came to. */
enum guest_auth {
	GUEST_AUTH_NONE,  /* there are none (the endpoint's own may do); after a 401: there will be no better ones */
	GUEST_AUTH_READY, /* the field is filled in */
	GUEST_AUTH_LATER, /* they are being fetched: guest_authorized goes on */
};

/* The credentials at hand. */
struct guest_credential {
	freshet_header field; /* valid until the client changes it; secret */
	uint64_t version;     /* which of several in a row: the client's own count */
};

/*
 * Gives the credentials for an attempt on a route. `refused` is NULL, or the credentials that the server answered to with
 * 401: when the client has newer ones by now (another call fetched them) they are ready, else it fetches some, or has none.
 * It must not call back nor send on behalf of the same call; beginning a request of its own for a token is fine.
 */
typedef enum guest_auth guest_auth_fn(
	struct guest *guest, size_t route, const struct guest_credential *refused, struct guest_credential *credential);

struct guest {
	/* Set by the client before guest_begin; all but the routes are optional. */
	struct guest_routes routes; /* given back by guest_end */
	freshet_request_hook *request_hook;
	freshet_response_hook *response_hook;
	void *hook_user;
	char *idempotency_header; /* NULL or empty: off; freed by guest_end */
	guest_auth_fn *authorize;

	/* For this folder. */
	freshet_endpoint *endpoint;
	freshet_timer *soon;      /* ends what was cancelled while nothing of it was in flight */
	struct guest_link calls;  /* under way */
	struct guest_link ending; /* `done` is for a later turn */
	uint64_t random;          /* of jitter */
	uint64_t (*clock)(void);  /* guest_now_ms; tests set another */
	bool closing;
};

/* After its endpoint was made. FRESHET_ENOMEM, FRESHET_ESYSTEM; guest_end is then still due. */
freshet_err guest_begin(struct guest *guest, freshet_endpoint *endpoint);

/* Everything on the guest ends with FRESHET_ECANCELED, on later turns, and nothing new begins; the endpoint closes. */
void guest_close(struct guest *guest);

/*
 * The endpoint is gone: ends the calls that only waited, now, and gives back what the guest holds. Also for a guest that
 * never began, when its endpoint could not be made.
 */
void guest_end(struct guest *guest);

/*
 * The credentials that guest_auth_fn promised are there, or (`why` is not NULL) will not come: the calls that wait for
 * them are sent, or end with that outcome. From the loop only, and last: callbacks of calls come inside.
 */
void guest_authorized(struct guest *guest, const freshet_outcome *why);

/* The client that has `guest` as its member. */
#define guest_client(guest, type, member) ((type *)(void *)((char *)(guest)-offsetof(type, member)))

/* content-type, accept, the key, the credentials. */
#define GUEST_FIELDS_MAX (GUEST_HEADERS_MAX + 4)

/* A request as it goes out; valid as long as the draft, the credentials and the hook's memory. */
struct guest_outgoing {
	freshet_outgoing request;
	freshet_header fields[GUEST_FIELDS_MAX];
};

/*
 * Fills in what goes out: method, headers, what the request hook makes of them. For freshet_stream_open, and for each
 * attempt of a call. `credential` may be NULL. FRESHET_EINVAL (too many headers), what the hook answers.
 */
freshet_err guest_outgoing(struct guest *guest, const struct guest_draft *draft,
	const struct guest_credential *credential, uint32_t attempt, struct guest_outgoing *out);

/* What the response hook makes of an answer; nothing without a hook. For streams that got an answer of another kind too. */
freshet_err guest_incoming(struct guest *guest, size_t route, freshet_incoming *answer);

#endif
