/*
 * Randomness for jitter: xoshiro-like quality is not needed, repeatability with a seed is. Not for secrets.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state;
};

/* Seed 0 takes one from the system. */
void random_init(struct random *r, uint64_t seed);

uint64_t random_next(struct random *r);

#endif
