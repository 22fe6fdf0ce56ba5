/*
 * What the files of this folder share: the receiver.
 */
#ifndef WEBHOOK_RECEIVER_H
#define WEBHOOK_RECEIVER_H

#include "mac.h"
#include "table.h"

#include "guest/options.h"
#include "guest/text.h"

#include <freshet/json.h>
#include <freshet/webhook.h>

struct evhttp;
struct evhttp_request;
struct spelling;

/* A delivery that waits for freshet_webhook_finish. */
struct open_delivery {
	uint32_t generation; /* how often this place was used: a ticket is both */
	uint32_t next;       /* of an unused one: the next unused one */
	bool used;
	bool unconfirmed;
	bool judged;   /* the run's order counts it */
	bool mistaken; /* the status that was read is another than it told: another delivery may be it */
	bool has_revision;
	bool terminal;
	int64_t revision;
	freshet_webhook_key key;
	freshet_webhook_key run;
	freshet_webhook_key claim;      /* the state that it tells */
	struct evhttp_request *request; /* waits for the answer; NULL: nobody does */
};

struct mounted {
	struct evhttp *http; /* NULL: not mounted */
	char *path;          /* NULL: the host routes */
	freshet_webhook_fn *on_delivery;
	freshet_webhook_fn *on_unconfirmed;
	void *user;
};

struct freshet_webhook {
	freshet_webhook_options o; /* numbers, flags and callbacks; what it points to is copied to what follows */
	struct mac **keys;         /* of the secrets */
	size_t key_count;
	char *signature_header;
	char *timestamp_header; /* may be empty, and so may the next two */
	char *delivery_header;
	char *signature_prefix;
	char *token_query;
	freshet_webhook_key *tokens; /* what tokens are compared by */
	freshet_webhook_store store; /* begin NULL: `seen` is asked */
	struct spelling *spelling;   /* NULL: Sudoiq's own */
	freshet_json_plan *whole;    /* a whole text, with the limit of its depth */

	struct table seen;
	struct table runs;
	struct open_delivery *open;
	uint32_t open_count; /* places that there are */
	uint32_t unused;     /* the first of them that is not used */

	freshet_webhook_stats stats; /* but for what the tables know */
	struct guest_text signature; /* of the last _sign */
	struct guest_text timestamp;

	/* The delivery at hand. */
	freshet_sudoiq_status *status;
	freshet_webhook_agentos envelope;
	struct guest_scratch scratch;

	struct mounted mounted;
	unsigned depth; /* callbacks that have not returned */
	bool leaving;   /* it was freed inside of one */
};

int64_t receiver_now_ms(const freshet_webhook *w);

/* ---- answer.c ---- */

freshet_webhook_answer receiver_answer(const freshet_webhook_delivery *d);
freshet_webhook_answer receiver_answer_verdict(freshet_webhook_verdict verdict);

/* ---- verify.c ---- */

/* The value of the first header of that name, and how many there are. */
size_t receiver_header(const freshet_webhook_request *q, const char *name, freshet_str *value);

/* True when a token of ours is in the target, or none is asked for. FRESHET_ENOMEM. */
freshet_err receiver_token(const freshet_webhook *w, freshet_str target, bool *right);

bool receiver_is_json(const freshet_webhook *w, const freshet_webhook_request *q);

/* ---- read.c ---- */

/* Forgets the delivery at hand. */
void receiver_begin(freshet_webhook *w, freshet_webhook_delivery *d);

/* Reads d->body: typed object, or outcome, cause and error. */
void receiver_read(freshet_webhook *w, freshet_webhook_delivery *d);

/* The delivery is refused. */
void receiver_refuse(freshet_webhook_delivery *d, freshet_webhook_cause cause);

/* The delivery cannot be dealt with now. */
void receiver_fail(freshet_webhook_delivery *d, freshet_err err);

/* ---- open.c ---- */

#define OPEN_NONE UINT32_MAX

/* A place for a delivery. NULL, and *err, when there is none. */
struct open_delivery *open_take(freshet_webhook *w, freshet_err *err);

void open_give_back(freshet_webhook *w, struct open_delivery *place);

uint64_t open_ticket(const freshet_webhook *w, const struct open_delivery *place);

/* NULL: no delivery has that ticket. */
struct open_delivery *open_find(const freshet_webhook *w, uint64_t ticket);

/* ---- evhttp.c ---- */

void receiver_unmount(freshet_webhook *w);

/* Answers a request that has waited. */
void receiver_reply(struct evhttp_request *request, const freshet_webhook_answer *answer);

/* What freshet_webhook_free does when no callback runs. */
void receiver_destroy(freshet_webhook *w);

#endif
