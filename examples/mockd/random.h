/*
 * Randomness that a seed repeats: splitmix64 (Steele, Lea, Flood 2014). Not for secrets.
 */
#ifndef MOCKD_RANDOM_H
#define MOCKD_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Uniform in [0, below); 0 when `below` is 0. The bias of the reduction is below 2^-32 for what is asked here. */
static inline uint64_t random_below(struct random *r, uint64_t below)
{
	return below > 0 ? random_next(r) % below : 0;
}

/* Uniform in [from, to]. */
static inline uint64_t random_between(struct random *r, uint64_t from, uint64_t to)
{
	return to > from ? from + random_below(r, to - from + 1) : from;
}

/* Uniform in [0, 1). */
static inline double random_unit(struct random *r)
{
	return (double)(random_next(r) >> 11) * 0x1.0p-53;
}

#endif
