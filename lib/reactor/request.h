/*
 * A request inside.
 */
#ifndef REACTOR_REQUEST_H
#define REACTOR_REQUEST_H

#include "reactor/endpoint.h"
#include "reactor/ending.h"

#include <freshet/request.h>

enum request_state {
	REQUEST_WAITING, /* in line */
	REQUEST_SENT,    /* the answer is to come, or is coming */
	REQUEST_PAUSE,   /* before it is sent again */
	REQUEST_DONE,
};

struct freshet_request {
	struct exchange exchange;
	struct list in_endpoint;
	struct task task;
	struct deadline deadline;
	freshet_endpoint *endpoint;
	freshet_request_done_fn *on_done;
	void *user;
	char *method; /* NULL: GET */
	char *path;
	char *target; /* where a redirect has led: path and query; NULL: the path, behind the endpoint's own */
	freshet_header *headers;
	size_t header_count;
	char *body_bytes; /* NULL: the body is not in memory, or there is none */
	size_t body_len;
	struct wire_body body;
	struct upload *upload; /* NULL: the body is in memory, or there is none */
	char content_length[24];
	struct wire_answer *answer;
	struct bytes answer_body;
	struct gunzip *gunzip; /* NULL: nothing of a body that is to be decoded has come */
	struct ending ending;
	size_t max_body;
	size_t skipped;       /* of an answer's body that nobody sees */
	uint64_t deadline_ms; /* of the whole exchange */
	uint64_t pause_until_ms;
	uint32_t max_attempts;
	uint32_t attempts; /* begun so far */
	uint32_t max_redirects;
	uint32_t redirects; /* followed */
	uint16_t moves;
	bool repeatable;
	bool accept_gzip;
	bool coded;       /* the answer's body is to be decoded */
	bool as_get;      /* a redirect has made it a GET without a body */
	bool misdirected; /* it was answered 421 once */
	bool again;       /* what was answered sends it elsewhere: it goes when the answer has been read */
	enum request_state state;
	freshet_err result;
};

freshet_err request_send(freshet_endpoint *e, const freshet_request_options *options, freshet_request **out);

/* Ends the request; on_done comes on a later turn. Again: nothing. */
void request_end(freshet_request *q, freshet_err result);

void request_due(freshet_request *q);

#endif
