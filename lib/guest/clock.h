/*
 * Time for guests: a clock that never goes back, and the calendar as the services write it.
 */
#ifndef GUEST_CLOCK_H
#define GUEST_CLOCK_H

#include <freshet/types.h>

/* Room for "2026-11-22T08:15:30.125Z" and its terminator. */
#define GUEST_TIME_SIZE 25

/* Milliseconds since some moment; it never goes back. */
uint64_t guest_now_ms(void);

/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t guest_wall_ms(void);

/*
 * ISO 8601 in UTC with milliseconds, terminated. Years outside of 0000 to 9999 become the nearest moment inside.
 */
void guest_time_write(int64_t wall_ms, char out[GUEST_TIME_SIZE]);

#endif
