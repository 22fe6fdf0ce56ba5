/*
 * One emulator and one probe on a loop, with a clock that passes only when the test says so.
 */
#ifndef SUPPORT_MOCK_WORLD_H
#define SUPPORT_MOCK_WORLD_H

#include "mockd/mockd.h"

#include "support/probe.h"

#include <jansson.h>

struct mock_world {
	struct event_base *base;
	struct mockd *mockd;
	struct probe *probe;
	char agent[MOCKD_ID_SIZE];
};

extern struct mock_world mock;

/* Options with a manual clock and row ids without gaps, from 9001 on. */
struct mockd_options mock_options(void);

/* Starts the emulator, with an agent, and connects. `options` NULL: mock_options. */
void mock_open(const struct mockd_options *options);

/* Ends it, open streams and all. A tear-down for cmocka; harmless when nothing is open. */
int mock_close(void **state);

/* Another connection in place of the one that is there. */
void mock_reconnect(void);

/* The answer to the request, complete. */
struct reply *mock_ask(const char *method, const char *path, const char *body);

/* Like printf for the path. */
__attribute__((format(printf, 3, 4))) struct reply *mock_ask_path(
	const char *method, const char *body, const char *path, ...);

/* A session with that prompt; its id is valid until the next call. */
const char *mock_session(const char *prompt);

/* The stream of the session after the cursor (0: none), opened and heard out as far as it goes now. */
struct reply *mock_stream(const char *session, uint64_t cursor);

/* Lets the emulated time pass and hears what comes of it. */
void mock_pass(uint64_t ms);

/* Lets time pass, poll by poll, until the answer is complete. */
void mock_finish(struct reply *r);

/* The JSON of the body, for the caller to drop; a test fails when it is none. */
json_t *mock_json(const struct reply *r);

/* The text of the member "detail". */
void assert_detail(const struct reply *r, int status, const char *part);

#endif
