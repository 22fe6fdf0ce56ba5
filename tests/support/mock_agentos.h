/*
 * The emulator as AgentOS, with a probe: requests as a careful client makes them.
 */
#ifndef SUPPORT_MOCK_AGENTOS_H
#define SUPPORT_MOCK_AGENTOS_H

#include "support/mock_ash.h"
#include "support/mock_world.h"

#define OS_INGEST "/api/ingest/v1"
#define OS_INVOKE "/api/v1/agents/" MOCKD_AGENTOS_AGENT "/invoke"

/* Starts the emulator. `options` NULL: mock_options. Requests are made with the agent's key. End it with mock_close. */
void os_open(const struct mockd_options *options);

/* From now on with the workspace's key, and with the agent's again. */
void os_as_workspace(void);
void os_as_agent(void);

/* The answer to the request, complete. A body is sent as JSON; NULL: none. Like printf for the path. */
__attribute__((format(printf, 3, 4))) struct reply *os_ask(const char *method, const char *body, const char *path, ...);

/* The same with an idempotency key, and without waiting for the answer's end. */
struct reply *os_send(const char *path, const char *key, const char *body);

/* A run that is reported; its id is valid until the next call of this one. */
const char *os_start(void);

/* Sends to a path of ingest "{"run_id":RUN,MEMBERS}". */
struct reply *os_report(const char *run, const char *path, const char *members);

/* Invokes the first agent; the prompt names a script. `members` NULL: none besides. Hears what comes at once. */
struct reply *os_invoke(const char *prompt, const char *members);

/* Lets time pass until the answer is complete. */
void os_finish(struct reply *r);

/* The text after `"name":"` in the answer, up to the quote; valid until it has been called four times more. */
const char *os_pick(const struct reply *r, const char *name);

/* The ledger of the run; its texts are gone. */
struct mockd_agentos_run os_ledger_of(const char *run);

#endif
