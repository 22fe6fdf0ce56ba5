/*
 * One call: a request whose answer is read and given to the callback of its kind.
 */
#ifndef AOD_CALL_H
#define AOD_CALL_H

#include "client.h"

/* The callback of each kind of answer. */
union done {
	freshet_aod_session_fn *session;
	freshet_aod_session_list_fn *session_list;
	freshet_aod_turn_list_fn *turn_list;
	freshet_aod_ack_fn *ack;
	freshet_aod_detail_fn *detail;
};

/*
 * Reads the body of a good answer and calls back; or, when it cannot be read, calls nobody and tells the error and its
 * position in the reading.
 */
typedef void answer_fn(freshet_aod_call *call, struct reading *reading);

/* How a kind of call is answered. */
struct answer_kind {
	answer_fn *answer;
	void (*refuse)(freshet_aod_call *call, const freshet_aod_error *error); /* calls back with the error */
};

struct freshet_aod_call {
	freshet_aod *client;
	freshet_request *request;
	const struct answer_kind *kind;
	union done done;
	void *user;
};

extern const struct answer_kind answer_session, answer_session_list, answer_turn_list, answer_ack, answer_detail;

/* What to send. `body` may be empty; both are copied. */
struct call_request {
	const char *method;
	const char *path;
	freshet_str body;
};

/* Errors of freshet_request_send; nothing is kept then. `out` may be NULL. */
freshet_err call_send(freshet_aod *client, const struct call_request *request, const struct answer_kind *kind,
	union done done, void *user, freshet_aod_call **out);

#endif
