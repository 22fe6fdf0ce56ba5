/*
 * One request with its repetitions, from a draft to one answer or one failure.
 *
 * A call is a member of a record of the service's, which owns the memory: zeroed before guest_call_send, and in the hands
 * of this folder from a successful one until `done` is called, which comes once, from the loop, and last of all: the record
 * may be freed inside. guest_client() finds the record.
 */
#ifndef GUEST_CALL_H
#define GUEST_CALL_H

#include "backoff.h"
#include "guest.h"
#include "random.h"

#include <freshet/json.h>
#include <freshet/request.h>

struct guest_call;

/*
 * The end of a call: the last attempt's answer, whatever its status, or why there is none. outcome.attempts counts all
 * attempts. Valid until it returns.
 */
typedef void guest_done_fn(struct guest_call *call, const freshet_response *response);

/*
 * The status that an answer counts as when it is decided whether it is sent again: for services that say "later" in an
 * answer of status 200. Its response is the one that `done` would get.
 */
typedef int guest_judge_fn(struct guest_call *call, const freshet_response *response);

struct guest_call_options {
	size_t route;
	struct guest_text *path; /* expanded; its memory goes over to the call and it is empty then, also on failure */
	const char *accept;      /* static; NULL: application/json */
	freshet_str body;        /* the caller's until `done`, or with `writer`: not given */
	freshet_json_writer *writer;   /* optional: its text is the body; freed by the call, also on failure */
	const freshet_header *headers; /* optional: at most GUEST_HEADERS_MAX, the caller's until `done` */
	size_t header_count;
	bool keyed;      /* an Idempotency-Key goes with it, the same each time */
	const char *key; /* that one, instead of a random one */
	unsigned again;  /* enum guest_again */
	struct guest_backoff backoff;
	uint64_t attempt_ms;   /* the longest that one attempt may take; 0: the core's default; UINT64_MAX: no limit */
	uint64_t deadline_ms;  /* of all attempts, pauses included; 0 and UINT64_MAX: none */
	size_t max_answer;     /* 0: the core's default */
	guest_judge_fn *judge; /* optional */
	guest_done_fn *done;
};

enum guest_call_state {
	GUEST_CALL_IDLE,
	GUEST_CALL_AUTH,   /* waits for credentials */
	GUEST_CALL_SENT,   /* an attempt is under way */
	GUEST_CALL_PAUSE,  /* waits for the next attempt */
	GUEST_CALL_ENDING, /* cancelled while nothing was in flight: `done` is for a later turn */
};

/* For this folder, but for `guest`, `key` and `attempts`. */
struct guest_call {
	struct guest *guest;
	struct guest_link link;   /* among the guest's */
	freshet_request *request; /* while SENT */
	freshet_timer *timer;     /* of a pause, and of the deadline while it waits for credentials; NULL until then */
	struct guest_text path;
	freshet_json_writer *writer;
	struct guest_draft draft;
	struct guest_backoff backoff;
	uint64_t credential; /* the version of the last attempt's */
	char key[GUEST_UUID_SIZE];
	uint64_t attempt_ms;
	uint64_t deadline_at_ms; /* UINT64_MAX: none */
	size_t max_answer;
	guest_judge_fn *judge;
	guest_done_fn *done;
	uint32_t attempts;
	unsigned again;
	enum guest_call_state state;
	bool canceled;
	bool with_credential; /* the last attempt had one of the client's */
	bool renewed;         /* its credentials were refused once, and others asked for */
};

/*
 * Sends; the first attempt is on its way, or waits for credentials. Everything is copied but what is said to be the
 * caller's. FRESHET_EINVAL, FRESHET_ENOMEM, FRESHET_ESTATE (closing), FRESHET_ESYSTEM (no random key), the error of the path
 * or the writer, what the request hook answers, the errors of freshet_request_send; nothing is kept then and `done` is not
 * called.
 */
freshet_err guest_call_send(struct guest *guest, struct guest_call *call, struct guest_call_options *options);

/* Ends it: `done` with FRESHET_ECANCELED on a later turn; the server may have acted on it. Again: nothing. */
void guest_call_cancel(struct guest_call *call);

/* For guest.c: what waits becomes ENDING; what is ENDING ends now. */
void guest_calls_cancel(struct guest *guest);
void guest_calls_end(struct guest *guest);

#endif
