/*
 * Lets the n-th allocation of the library fail, so that a test can run a piece of work with each of its allocations
 * failing in turn:
 *
 *	for (size_t n = 1; failmem_arm(n), work(), failmem_fired(); n++)
 *		;
 */
#ifndef SUPPORT_FAILMEM_H
#define SUPPORT_FAILMEM_H

#include <stdbool.h>
#include <stddef.h>

/* From now on the n-th allocation (counted from 1) and every later one fails. 0 lets all succeed but counts them. */
void failmem_arm(size_t n);

/* The same for the n-th allocation alone: what comes after it succeeds. */
void failmem_arm_one(size_t n);

/* True when an allocation failed since the last arming. */
bool failmem_fired(void);

/* Blocks that the library has now; what was allocated before the first arming counts too once it is freed. */
size_t failmem_live(void);

/* The largest size that was asked for since the last arming. */
size_t failmem_largest(void);

/* Brings malloc back. */
void failmem_off(void);

#endif
