/*
 * What went wrong, as the typed error of the public header; and what lies in an answer that went well.
 */
#ifndef AGENTOS_FAILURE_H
#define AGENTOS_FAILURE_H

#include "client.h"

#include "guest/failure.h"

/* An error with the memory of its text. It lives no longer than the response and the client's scratch. */
struct agentos_failure {
	freshet_agentos_error error;
	struct guest_failure base;
};

/* An answer, taken apart. */
struct agentos_answer {
	bool good;                      /* 2xx without an error inside, and readable as far as that needs */
	bool has_data;                  /* there is JSON */
	freshet_json_value data;        /* in the envelope, or the whole body where there is none */
	bool again;                     /* not good, but its code says that another attempt may do better */
	struct agentos_failure failure; /* when not good */
};

/*
 * Judges a whole answer, or why there is none. A 2xx whose error is not null is not good; one that is no JSON is good and
 * has no data. Neither the client's keys nor `secrets` (may be NULL) are in a failure.
 */
void agentos_answer_read(freshet_agentos *client, size_t route, const struct guest_secrets *secrets,
	const freshet_response *response, struct agentos_answer *answer);

/* The answer is good, but what must be in it is missing or cannot be read: FRESHET_EBAD_ANSWER, FRESHET_EJSON_... */
void agentos_answer_spoil(freshet_agentos *client, size_t route, const freshet_response *response, freshet_err err,
	struct agentos_answer *answer);

/* A failure without an answer: `text` is for people. `key` may be NULL. */
void agentos_failure_plain(struct agentos_failure *failure, freshet_err err, const char *key, const char *text);

#endif
