/*
 * The emulator as Ash, with a probe: requests as a careful client makes them, and turns heard out.
 */
#ifndef SUPPORT_MOCK_ASH_H
#define SUPPORT_MOCK_ASH_H

#include "support/mock_world.h"

/* mock_options, with Ash at the root. */
struct mockd_options ash_options(void);

/* Starts the emulator. `options` NULL: ash_options. End it with mock_close. */
void ash_open(const struct mockd_options *options);

/* The answer to the request, complete. A body is sent as JSON; NULL: none, and no content type. Like printf for the path. */
__attribute__((format(printf, 3, 4))) struct reply *ash_ask(
	const char *method, const char *body, const char *path, ...);

/* A new active session; its id is valid until the next call. */
const char *ash_session(void);

/* Sends the message, whose text names a script, and hears what comes at once. */
struct reply *ash_send(const char *session, const char *text);
/* The same with members more, such as "\"includePartialMessages\":true". */
struct reply *ash_send_with(const char *session, const char *text, const char *members);

/* Lets time pass until the answer is complete. */
void ash_finish(struct reply *r);

/* The text stands in the answer, which has that status. */
void assert_answer(const struct reply *r, int status, const char *part);

/* How often a text stands in another. */
size_t count_of(const char *text, const char *part);

#endif
