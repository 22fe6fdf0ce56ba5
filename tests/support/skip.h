/*
 * Time that a test lets pass when what must come before has happened: limits are set so long that the real time reaches
 * none of them on a busy machine, and are then skipped to. Besides, the time is the real one.
 */
#ifndef SUPPORT_SKIP_H
#define SUPPORT_SKIP_H

#include <freshet/freshet.h>

struct guest;

/* A limit that is only reached by skipping, and shorter than those that stand by default. */
#define SKIP_MS UINT64_C(20000)

/* From now on time can be skipped for them. */
void skip_reactor(freshet_reactor *reactor);
void skip_guest(struct guest *guest);

/* Lets SKIP_MS pass at once, for all of them; what is then due with the reactor comes inside. */
void skip_time(freshet_reactor *reactor);

#endif
