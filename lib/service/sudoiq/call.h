/*
 * One call of the service: a request with its repetitions, and its answer, read and given to the callback. Every function
 * of the public headers that asks the service something is made of this:
 *
 *	struct sudoiq_ask ask;
 *	sudoiq_ask_begin(&ask, client, ROUTE_run_cancel);
 *	sudoiq_ask_task(&ask, agent_id, task_id);
 *	if ((writer = sudoiq_ask_body(&ask)) != NULL)
 *		write_reason(writer, reason);
 *	return sudoiq_ask_send(&ask, answered, (sudoiq_any_fn *)done, user, out);
 */
#ifndef SUDOIQ_CALL_H
#define SUDOIQ_CALL_H

#include "client.h"
#include "failure.h"

#include "guest/writing.h"

/* Any callback; each reader of answers knows which one it is. */
typedef void sudoiq_any_fn(void);

/*
 * Reads the body of a 2xx answer, or is told the error, and gives one of both to call->done: exactly once. What it finds
 * unreadable it passes to sudoiq_call_unreadable, and is then called again with that error.
 */
typedef void sudoiq_answer_fn(
	freshet_sudoiq_call *call, const freshet_response *response, const freshet_sudoiq_error *error);

struct freshet_sudoiq_call {
	struct guest_call request;
	freshet_sudoiq *client;
	sudoiq_answer_fn *answer;
	sudoiq_any_fn *done;
	void *user;
	void (*cancel)(freshet_sudoiq_call *call); /* of a call that is no request; else NULL */
	void *owner;                               /* what such a call is instead */
};

/* A request in the making; its first error sticks. */
struct sudoiq_ask {
	freshet_sudoiq *client;
	size_t route;
	struct guest_value values[4];
	size_t value_count;
	char number[24]; /* of the task */
	struct guest_text query;
	freshet_json_writer *writer;
	unsigned again;
	freshet_err err;
};

/* `again`: what its method allows; see GUEST_AGAIN_... . */
void sudoiq_ask_begin(struct sudoiq_ask *ask, freshet_sudoiq *client, size_t route);

/* A value for a placeholder; the strings stay the caller's until it is sent. */
void sudoiq_ask_value(struct sudoiq_ask *ask, const char *name, freshet_str value);
void sudoiq_ask_task(struct sudoiq_ask *ask, freshet_str agent_id, int64_t task_id);

/* A parameter of the query, unless its ptr is NULL. */
void sudoiq_ask_query(struct sudoiq_ask *ask, const char *name, freshet_str value);
void sudoiq_ask_query_int(struct sudoiq_ask *ask, const char *name, int64_t value);

/* Where the body is written, which is overwritten after use; NULL without memory, which sudoiq_ask_send then tells. */
freshet_json_writer *sudoiq_ask_body(struct sudoiq_ask *ask);

/* For an argument that cannot be. */
void sudoiq_ask_fail(struct sudoiq_ask *ask, freshet_err err);

/*
 * Sends it, or gives it up with its error. `out` may be NULL. On success `answer` is called once, from the loop, and the
 * call is gone after that.
 */
freshet_err sudoiq_ask_send(
	struct sudoiq_ask *ask, sudoiq_answer_fn *answer, sudoiq_any_fn *done, void *user, freshet_sudoiq_call **out);

/* The answer of a call cannot be read: `answer` is called again, with the error. */
void sudoiq_call_unreadable(
	freshet_sudoiq_call *call, const freshet_response *response, freshet_err err, size_t position);

#endif
