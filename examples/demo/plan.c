#include "plan.h"

static const struct part parts[] = {
	{.weight = 62,
		.script = "script:success rows=20..60 row_ms=200..1200",
		.status = FRESHET_AOD_STATUS_COMPLETED,
		.has_exit_code = true},
	{.weight = 12,
		.script = "script:success rows=10..30 row_ms=200..1200",
		.second = "script:success rows=10..30 row_ms=200..1200",
		.status = FRESHET_AOD_STATUS_COMPLETED,
		.has_exit_code = true},
	{.weight = 10,
		.script = "script:exit code=3 rows=10..40 row_ms=200..1200",
		.status = FRESHET_AOD_STATUS_FAILED,
		.has_exit_code = true,
		.exit_code = 3},
	{.weight = 6, .script = "script:provision-failure", .status = FRESHET_AOD_STATUS_FAILED},
	{.weight = 10,
		.script = "script:until-terminated rows=60 row_ms=200..1200",
		.terminate_after = 20,
		.status = FRESHET_AOD_STATUS_TERMINATED},
};

const struct part plan_real = {.weight = 100, .script = "Answer with the one word: ready.", .any_end = true};

/* splitmix64, by Sebastiano Vigna: a good mixer of two numbers into one. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

const struct part *plan_part(uint64_t seed, uint32_t number)
{
	uint32_t point = (uint32_t)(mix(mix(seed) ^ number) % 100);
	size_t i = 0;
	while (point >= parts[i].weight)
		point -= parts[i++].weight;
	return &parts[i];
}
