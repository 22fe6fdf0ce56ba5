/*
 * A reactor, an endpoint and a scripted server on one loop, with a clock that stands still until the test moves it.
 *
 * The test goes in steps: it tells the server or the library something, then stage_settle carries it out: both sides have
 * then read all that the other has sent and every turn that was due has run. A barrier of PINGs makes sure of that, not
 * time. What streams and requests are told is written down as text.
 */
#ifndef SUPPORT_STAGE_H
#define SUPPORT_STAGE_H

#include "support/h2server.h"

#include <freshet/freshet.h>

struct stage;

/* What a callback is, for hooks. */
enum told {
	TOLD_OPEN,
	TOLD_EVENT,
	TOLD_CUT,
	TOLD_DONE,
	TOLD_ANSWER, /* of a request: its on_done */
	TOLD_READ,   /* of a body's source; the test's own hook says so */
	TOLD_REWIND, /* the same */
	TOLD_TICK,   /* of a timer; the same */
};

/* A stream or a request that writes down what it is told. It lives as long as its stage. */
struct watch {
	struct stage *stage;
	struct watch *next;
	freshet_stream *stream;   /* NULL once it is done */
	freshet_request *request; /* the same */
	struct h2peer_buf log;
	unsigned opens;
	unsigned events;
	unsigned cuts;
	unsigned dones;
	bool opened;             /* successfully: one on_done must come */
	bool over;               /* the test has ended it: nothing but on_done may come */
	bool silent;             /* the test has paused it: no event may come */
	uint64_t retry_ms;       /* of the last cut */
	freshet_outcome outcome; /* of the last cut or of the end; its spans are gone but for the two below */
	char text[256];
	char body[256];
	char content_type[64];
	freshet_stream_end end;
	char last_event_id[300];
	int status;
	size_t body_len; /* of an answer */
	/* Called inside each callback, after it was written down. `event` is NULL but for TOLD_EVENT. */
	void (*hook)(struct watch *w, enum told told, const freshet_event *event);
	void *user;
	char path[40]; /* the test's, as user is */
};

struct stage_options {
	freshet_endpoint_options endpoint; /* url and protocol are filled in */
	freshet_reactor_options reactor;
	struct h2peer_options peer;
	bool own_loop;    /* the reactor makes the loop */
	bool no_counting; /* the test arms support/failmem.h itself */
};

struct stage {
	struct event_base *base;
	bool owns_base;
	struct h2server server;
	char url[64];
	freshet_reactor *reactor; /* NULL once it is gone */
	freshet_endpoint *endpoint;
	struct watch *watches;
	bool dial_hangs; /* settling does not wait for dials */
	bool counting;
	unsigned closed; /* calls of stage_on_closed */
};

void stage_options_init(struct stage_options *o);

/* NULL takes the defaults. The clock stands at some time. */
void stage_open(struct stage *w, const struct stage_options *o);

/* Frees the reactor where it is still there, and checks that everybody was told the end once and that nothing leaks. */
void stage_close(struct stage *w);

/* One turn of the loop, which waits until there is something to do. */
void stage_turn(struct stage *w);

/* Runs the loop until nothing more happens by itself. */
void stage_settle(struct stage *w);

/* Moves the clock, when all is settled; every deadline on the way falls due at its time, and what it brings is settled. */
void stage_advance(struct stage *w, uint64_t ms);
uint64_t stage_now(void);

/* For freshet_reactor_close; counts. */
void stage_on_closed(void *stage);

/* A watch for options that the test fills in itself: callbacks and user are set here. */
struct watch *stage_watch(struct stage *w);
freshet_err watch_stream(struct watch *watch, freshet_stream_options *o);
freshet_err watch_request(struct watch *watch, freshet_request_options *o);

/* A GET stream on a path, opened and settled. */
struct watch *stage_stream(struct stage *w, const char *path);
/* The same with a policy. */
struct watch *stage_stream_with(struct stage *w, const char *path, const freshet_stream_policy *policy);
/* A request, sent and settled. */
struct watch *stage_request(struct stage *w, const char *method, const char *path, const char *body);

/* The last call of that path; the test fails where there is none. */
struct h2peer_call *stage_call(struct stage *w, const char *path);

/* What was written down since the last time. */
const char *watch_said(struct watch *watch);

/* Answers the last call of the stream with an event stream that begins with `text`, and settles. */
struct h2peer_call *stage_serve(struct stage *w, const char *path, const char *text);
/* Sends more of it, and settles. */
void stage_send(struct stage *w, struct h2peer_call *call, const char *text);

freshet_counters stage_counters(const struct stage *w);

#endif
