#include "demo/plan.h"

const char *const state_names[STATES] = {
	"waiting", "creating", "searching", "pending", "running", "completed", "failed", "terminated", "broken"};

const struct part plan_real = {.weight = 100,
	.script = "Answer with the one word: ready.",
	.again = "Answer with the one word: ready.",
	.any_end = true};

/* splitmix64, by Sebastiano Vigna: a good mixer of two numbers into one. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

const struct part *plan_pick(const struct part *parts, uint64_t seed, uint32_t number)
{
	uint32_t point = (uint32_t)(mix(mix(seed) ^ number) % 100);
	while (point >= parts->weight)
		point -= parts++->weight;
	return parts;
}
