/*
 * What the files of a streamed invoke or reply share.
 */
#ifndef AGENTOS_FOLLOW_H
#define AGENTOS_FOLLOW_H

#include "ask.h"
#include "result.h"

#include <freshet/stream.h>

enum follow_state {
	FOLLOW_POST,   /* the request is on its way, or its events come */
	FOLLOW_PAUSE,  /* it was refused unprocessed and is sent again later */
	FOLLOW_RESUME, /* the run's own stream, behind what was seen */
	FOLLOW_POLL,   /* the run is read */
	FOLLOW_LOCAL,  /* the client is disabled */
};

/* Why a stream broke off, until it is known how the run went on. */
struct follow_cut {
	freshet_outcome outcome;
	char text[GUEST_LINE_SIZE];
};

struct freshet_agentos_stream {
	freshet_agentos *client;
	struct hosted_waiting waiting; /* in PAUSE and LOCAL */
	struct order order;            /* kept until the end: the POST may have to be sent again */
	char key[GUEST_UUID_SIZE];
	freshet_agentos_stream_callbacks callbacks;
	void *user;
	freshet_stream *stream;     /* in POST and RESUME */
	freshet_agentos_call *poll; /* in POLL */
	freshet_timer *timer;       /* in PAUSE and LOCAL */
	enum follow_state state;
	uint32_t attempts; /* of the POST */
	uint32_t resumes;
	uint64_t events;
	uint64_t deadline_at_ms; /* UINT64_MAX: none */
	char *run_id;            /* NULL: not known yet */
	char *last;              /* the data of the event that ended it; NULL: none did */
	char *last_name;         /* and the name of its SSE event */
	struct guest_text text;  /* of the chunks */
	struct follow_cut *cut;  /* NULL: it has not broken off */
	bool text_cut;
	bool marked; /* ended by a mark instead of an event */
	bool closed; /* by its user */
	bool paused; /* likewise */
	bool no_memory;
};

/*
 * Shows an event, if its user wants to see events. It may end the stream: then its data is kept, and the stream of the
 * core is told to finish. Nothing is shown of one that was closed.
 */
void follow_show(freshet_agentos_stream *s, const freshet_agentos_event *event);

/* The end; `s` is gone then. The error may be NULL, and so may the result. */
void follow_finish(freshet_agentos_stream *s, const freshet_agentos_error *error, const freshet_agentos_result *result,
	bool polled);
void follow_fail(freshet_agentos_stream *s, freshet_err err);

#endif
