/*
 * Ash, as the emulator's frame sees it.
 */
#ifndef MOCKD_ASH_H
#define MOCKD_ASH_H

struct ash;
struct mockd;
struct platform;

/* NULL when the options name a script that does not exist. */
struct ash *ash_new(struct mockd *m);
struct platform *ash_platform(struct ash *a);

#endif
