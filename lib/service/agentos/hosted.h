/*
 * The hosted half: its settings, what its files share, and how it ends with the client.
 */
#ifndef AGENTOS_HOSTED_H
#define AGENTOS_HOSTED_H

#include "client.h"

#include <freshet/agentos_hosted.h>

/* Members of an answer's data and of an event's data; a table each. */
enum result_field {
	RESULT_RUN_ID,
	RESULT_STATUS,
	RESULT_OUTPUT,
	RESULT_APPROVAL_ID,
	RESULT_QUESTION_ID,
	RESULT_QUESTION_TEXT,
	RESULT_ERROR_MESSAGE,
	RESULT_INPUT_TOKENS,
	RESULT_OUTPUT_TOKENS,
	RESULT_FIELDS,
};

enum event_field {
	EVENT_TYPE,
	EVENT_TEXT,
	EVENT_TOOL,
	EVENT_INPUT,
	EVENT_OUTPUT,
	EVENT_TOOL_ERROR,
	EVENT_MESSAGE,
	EVENT_CODE,
	EVENT_FIELDS,
};

enum approval_field {
	APPROVAL_ID,
	APPROVAL_RUN_ID,
	APPROVAL_AGENT_ID,
	APPROVAL_TOOL,
	APPROVAL_INPUT,
	APPROVAL_STATUS,
	APPROVAL_EXPIRES,
	APPROVAL_FIELDS,
};

#define STATUS_COUNT (FRESHET_AGENTOS_STATUS_PAUSED + 1)
#define TYPE_COUNT   (FRESHET_AGENTOS_EVENT_ERROR + 1)

/* The words that go into requests; each has memory of its own. */
struct hosted_words {
	char *prompt, *answer, *question, *reason, *approve, *reject;
};

struct agentos_hosted {
	freshet_agentos_hosted_options options; /* with the defaults filled in; its pointers are NULL */
	struct hosted_words words;
	struct guest_fields *result;
	struct guest_fields *event;
	struct guest_fields *approval;
	struct guest_fields *approvals;            /* one field: the list */
	const char *const *statuses[STATUS_COUNT]; /* NULL where there is no word */
	const char *const *types[TYPE_COUNT];
	const char *const *end_marks;
	struct guest_link waiting;       /* what would end with the client but has nothing on its endpoint */
	struct guest_link conversations; /* that know the client */
	bool used;                       /* the settings stay as they are */
};

/* What ends with the client although nothing of it is on the endpoint. */
struct hosted_waiting {
	struct guest_link link;
	void (*canceled)(
		struct hosted_waiting *waiting); /* calls back with FRESHET_ECANCELED; it is out of the list then */
};

void hosted_wait(freshet_agentos *client, struct hosted_waiting *waiting);

/*
 * The settings of the client, made with the defaults when nobody has set any. FRESHET_ENOMEM, FRESHET_ESTATE (closing).
 */
freshet_err hosted_open(freshet_agentos *client, struct agentos_hosted **out);

/* How often and when invoke and reply, or what may be repeated, is sent again. */
struct guest_backoff hosted_backoff(const freshet_agentos *client);
unsigned hosted_again(const freshet_agentos *client, bool repeatable);

/* For client.c: the endpoint has gone, what waits is told; the memory goes. */
void agentos_hosted_end(freshet_agentos *client);
void agentos_hosted_free(freshet_agentos *client);

#endif
