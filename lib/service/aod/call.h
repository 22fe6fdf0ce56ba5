/*
 * One call: a request whose answer is read and given to the callback of its kind.
 */
#ifndef AOD_CALL_H
#define AOD_CALL_H

#include "client.h"
#include "operations.h"
#include "reading.h"

/* The callback of each kind of answer. */
union done {
	void (*any)(void); /* NULL when the one that was given is */
	freshet_aod_session_fn *session;
	freshet_aod_session_list_fn *session_list;
	freshet_aod_turn_list_fn *turn_list;
	freshet_aod_ack_fn *ack;
	freshet_aod_detail_fn *detail;
	freshet_aod_agent_fn *agent;
	freshet_aod_agent_list_fn *agent_list;
	freshet_aod_environment_fn *environment;
	freshet_aod_environment_list_fn *environment_list;
	freshet_aod_health_fn *health;
};

/*
 * Reads the body of a good answer and calls back; or, when it cannot be read, calls nobody and tells the error and its
 * position in the reading. Arrays are the reading's.
 */
typedef void answer_fn(freshet_aod_call *call, struct reading *reading);

/* How a kind of call is answered. */
struct answer_kind {
	answer_fn *answer;
	void (*refuse)(freshet_aod_call *call, const freshet_aod_error *error); /* calls back with the error */
	int also; /* optional: a status beside 2xx whose body, when it can be read, is an answer */
};

struct freshet_aod_call {
	freshet_aod *client;
	freshet_request *request;
	const struct answer_kind *kind;
	union done done;
	void *user;
	enum operation operation;
};

extern const struct answer_kind answer_session, answer_session_list, answer_turn_list, answer_ack, answer_detail,
	answer_health, answer_agent, answer_agent_list, answer_environment, answer_environment_list;

/* What to ask for. The body is copied. */
struct call_request {
	enum operation operation;
	freshet_str id;       /* where the operation's path names one */
	freshet_str body;     /* may be empty */
	uint64_t deadline_ms; /* 0: the client's */
};

/*
 * The checks and errors that <freshet/aod.h> tells for all calls; nothing is kept on failure. `out` may be NULL.
 */
freshet_err call_send(freshet_aod *client, const struct call_request *request, const struct answer_kind *kind,
	union done done, void *user, freshet_aod_call **out);

/*
 * Sends what the writer holds and frees the writer. `err` is the caller's so far: with any but FRESHET_OK, and with an
 * error of the writer, nothing is sent.
 */
freshet_err call_send_written(freshet_aod *client, struct call_request *request, freshet_err err,
	freshet_json_writer *writer, const struct answer_kind *kind, union done done, void *user,
	freshet_aod_call **out);

#endif
