/*
 * Ash, as the emulator's frame sees it.
 */
#ifndef MOCKD_ASH_H
#define MOCKD_ASH_H

#include <stdbool.h>
#include <stdint.h>

struct ash;
struct mockd;
struct platform;

/* NULL when the options name a script that does not exist. */
struct ash *ash_new(struct mockd *m);
struct platform *ash_platform(struct ash *a);

/* Changes a setting: "ash_limits" (1: on), "ash_capacity" (sandboxes; 0: any), "ash_master_key" (0: credentials are refused). False when it is another. */
bool ash_set(struct ash *a, const char *name, uint64_t value);

#endif
