/*
 * SplitMix64: one word of state, every seed is a good one.
 */
#include "base/random.h"

#include <sys/random.h>
#include <time.h>

void random_init(struct random *r, uint64_t seed)
{
	r->state = seed;
	if (seed != 0 || getrandom(&r->state, sizeof r->state, GRND_NONBLOCK) == (long)sizeof r->state)
		return;
	/* Early in a boot there may be no randomness yet; jitter only has to differ between processes. */
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	r->state = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 20 ^ (uint64_t)(uintptr_t)r;
}

uint64_t random_next(struct random *r)
{
	r->state += 0x9e3779b97f4a7c15u;
	uint64_t z = r->state;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}
