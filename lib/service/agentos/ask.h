/*
 * One hosted call: sent, its answer read and given to the callback of its kind.
 */
#ifndef AGENTOS_ASK_H
#define AGENTOS_ASK_H

#include "failure.h"
#include "order.h"

union ask_done {
	freshet_agentos_result_fn *result;
	freshet_agentos_approvals_fn *approvals;
	freshet_agentos_decision_fn *decision;
};

/* Calls back with the error, or (NULL) with what lies in the answer. */
typedef void ask_tell_fn(freshet_agentos_call *call, const freshet_agentos_error *error,
	const struct agentos_answer *answer, int status);

struct freshet_agentos_call {
	struct guest_call call;        /* while it is sent */
	struct hosted_waiting waiting; /* with a disabled client: until its turn */
	freshet_timer *timer;          /* likewise */
	freshet_agentos *client;
	size_t route;
	ask_tell_fn *tell;
	union ask_done done;
	void *user;
	struct guest_secrets secrets; /* of its order */
	bool canceled;                /* before its turn */
};

/* The failure that an event of type ERROR tells; neither a key nor what the order keeps secret is in it. */
void ask_told(freshet_agentos *client, size_t route, const struct guest_secrets *secrets,
	const freshet_agentos_event *event, struct agentos_failure *failure);

/* The result in a good answer. FRESHET_EJSON_..., FRESHET_ENOMEM. */
freshet_err ask_read_result(
	const freshet_agentos *client, const struct agentos_answer *answer, int status, freshet_agentos_result *result);

/*
 * Sends an order, which is the call's from here on, also on failure. `repeatable`: as often as it takes. `out` may be NULL.
 */
freshet_err ask_send(freshet_agentos *client, struct order *order, bool repeatable, ask_tell_fn *tell,
	union ask_done done, void *user, freshet_agentos_call **out);

#define ASK_LOCAL_SIZE 160

/* What a disabled client is answered: the data, and the text that it lies in. FRESHET_ESYSTEM (no random id). */
freshet_err ask_local_answer(size_t route, char text[ASK_LOCAL_SIZE], freshet_json_value *data);

/* Tells a result. */
ask_tell_fn ask_tell_result;

#endif
