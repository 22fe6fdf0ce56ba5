/*
 * A loop on which time passes only while nothing else happens, and then quickly: for tests that would spend their time in
 * waiting for backoffs, deadlines and an emulator's minutes. A busy machine makes nothing late, since its work takes none of
 * that time.
 *
 * When a turn has brought nothing, the clock moves to what is due next, in the reactor or in the emulator. What the system
 * may still be carrying from a socket to the other gets real time to come first: a hundredth of what is skipped, a
 * moment at most.
 * There is one such loop at a time.
 */
#ifndef SUPPORT_TIMELAPSE_H
#define SUPPORT_TIMELAPSE_H

#include <event2/event.h>
#include <freshet/freshet.h>

#include "mockd/mockd.h"

/* The emulator, if there is one, has a manual clock and lives `scale` times as fast as the reactor. */
void timelapse_begin(struct event_base *base, struct mockd *mockd, double scale);

/* The reactor goes by the loop's time from now on; NULL: there is none any more. */
void timelapse_reactor(freshet_reactor *reactor);

/* One turn of the loop; when nothing is due ever, it waits for a few milliseconds. */
void timelapse_turn(void);

/* Before the loop is freed. */
void timelapse_end(void);

#endif
