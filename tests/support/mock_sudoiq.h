/*
 * The emulator as Sudoiq, under its default table, with a probe: requests as a careful client makes them.
 */
#ifndef SUPPORT_MOCK_SUDOIQ_H
#define SUPPORT_MOCK_SUDOIQ_H

#include "support/mock_ash.h"
#include "support/mock_world.h"

#define SIQ_AGENT_PATH "/agents/" MOCKD_SUDOIQ_AGENT

/* The answer to the request, complete. The path is like printf and behind the prefix; `body` NULL: none. */
__attribute__((format(printf, 3, 4))) struct reply *siq_ask(
	const char *method, const char *body, const char *path, ...);

/* Starts a run by request, whose input names a script. */
struct reply *siq_start(const char *input);

/* The same, by the C interface: its task. */
int64_t siq_run(const char *input);

/* The number behind `"NAME":` in the answer. */
int64_t siq_number(const struct reply *r, const char *name);

/* The stream of the run, opened and heard out as far as it goes now; `last_id` NULL: from the present on. */
struct reply *siq_stream(int64_t task, const char *last_id);

/* Answers one call, or two (`second` may be NULL), with the result "ok". */
struct reply *siq_respond(int64_t task, const char *call_id, const char *second);

/* The status of the run, as a request gives it. */
struct reply *siq_status(int64_t task);

/* Lets time pass until the stream is complete. */
void siq_finish(struct reply *r);

/* The `n`-th call of the run, from 0, as the emulator remembers it. Valid as long as the run. */
struct mockd_sudoiq_call siq_call(int64_t task, size_t n);

#endif
