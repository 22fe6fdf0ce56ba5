/*
 * A client of Sudoiq on one loop with a server: one that follows a script, request by request, or the emulator.
 */
#ifndef SUPPORT_SUDOIQ_WORLD_H
#define SUPPORT_SUDOIQ_WORLD_H

#include "support/h1server.h"
#include "support/skip.h"

#include <event2/event.h>
#include <freshet/freshet.h>
#include <freshet/sudoiq.h>

#include "mockd/mockd.h"

#define SUDOIQ_WORLD_AGENT "6f0f3c52-7c1d-4b8e-9a55-1d2e3f405162"
#define SUDOIQ_WORLD_KEY   "sk_0123456789abcdef0123456789abcdef"

/* What comes of one request. */
struct step {
	const char *request; /* "POST /path": compared whole */
	const char *body;    /* compared to the byte; NULL: not looked at */
	const char *head;    /* a line that its head must have; NULL: none */
	int status;          /* 0: an event stream */
	const char *fields;  /* of the answer, "name: value\r\n"; NULL: those of JSON */
	const char *answer;  /* its body; of a stream: how it begins */
	const char *push;    /* then goes out on the stream that was opened last; "!" ends it, "#" cuts it */
	bool hang;           /* no answer at all */
	bool skip;           /* and SKIP_MS pass */
	bool cut;            /* the connection is closed without an answer, or behind it */
};

struct sudoiq_world {
	struct event_base *base;
	struct h1server server; /* or */
	struct mockd *mockd;
	freshet_reactor *reactor; /* NULL: closed */
	freshet_sudoiq *client;
	const struct step *steps;
	size_t step_count;
	size_t step; /* the next one */
	struct h1server_conn *stream;
	char body[4096];  /* of the last request, terminated, as far as there is room */
	uint64_t turn_ms; /* of the emulator's time */
};

extern struct sudoiq_world sudoiq_world;

/* Options for quick tests: key, short pauses, the environment "playground". */
freshet_sudoiq_options sudoiq_world_options(void);

/* The server of a script and a client, whose url is filled in. `options` NULL: those above. */
void sudoiq_world_open(const struct step *steps, size_t count, const freshet_sudoiq_options *options);

/*
 * The emulator instead, over the transport that world_choose (support/aod_world.h) has taken; both may be NULL. An endpoint of
 * the options' own is begun by world_endpoint.
 */
void sudoiq_world_open_mockd(const struct mockd_options *m, const freshet_sudoiq_options *options);

/* One more client, for tests with two. */
freshet_sudoiq *sudoiq_world_client(const freshet_sudoiq_options *options);

/* Sends more on the stream that was opened last; as step.push. */
void sudoiq_world_push(const char *text);

/* One turn of the loop, or a moment. */
void sudoiq_world_turn(void);

/* Runs the loop until *done. A test fails when that does not come for a long while. */
void sudoiq_world_until(const bool *done);

/* Lets everything happen that is due: some turns. */
void sudoiq_world_settle(void);

/* Every step was taken. */
void sudoiq_world_all_taken(void);

/* Closes the reactor, unless that was done, and waits until it is gone. */
void sudoiq_world_close_reactor(void);

/* A tear-down for cmocka. */
int sudoiq_world_close(void **state);

#endif
