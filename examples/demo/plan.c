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

/*
 * A turn that is cut begins anew, as a short one, so that the last sessions end although every cut strikes them. With
 * in_flight the server stores some of what nobody heard.
 */
static const struct part ash_parts[] = {
	{.weight = 50,
		.script = "script:success messages=2..5 thinking=1 bytes=60..400 row_ms=200..1200 in_flight=3",
		.again = "script:success bytes=60..400 row_ms=20..80",
		.status = FRESHET_AOD_STATUS_COMPLETED},
	{.weight = 20,
		.script = "script:success messages=2..4 bytes=60..400 row_ms=200..1200 unknown=1",
		.again = "script:success bytes=60..400 row_ms=20..80",
		.second = "script:tools bytes=60..400 row_ms=200..1200 in_flight=20",
		.status = FRESHET_AOD_STATUS_COMPLETED},
	{.weight = 10,
		.script = "script:failed messages=2..4 bytes=60..400 row_ms=200..1200",
		.again = "script:failed bytes=60..400 row_ms=20..80",
		.status = FRESHET_AOD_STATUS_FAILED},
	{.weight = 10,
		.script = "script:error messages=2..4 bytes=60..400 row_ms=200..1200 in_flight=2",
		.again = "script:error bytes=60..400 row_ms=20..80",
		.status = FRESHET_AOD_STATUS_FAILED},
	{.weight = 10,
		.script = "script:hang messages=8 tools=4 bytes=60..400 row_ms=200..1200 in_flight=4",
		.again = "script:hang messages=8 tools=4 bytes=60..400 row_ms=20..80",
		.terminate_after = 6,
		.status = FRESHET_AOD_STATUS_TERMINATED},
};

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

/* One of the list, by weight. */
static const struct part *pick(const struct part *list, uint64_t seed, uint32_t number)
{
	uint32_t point = (uint32_t)(mix(mix(seed) ^ number) % 100);
	while (point >= list->weight)
		point -= list++->weight;
	return list;
}

const struct part *plan_part(uint64_t seed, uint32_t number)
{
	return pick(parts, seed, number);
}

const struct part *plan_ash_part(uint64_t seed, uint32_t number)
{
	return pick(ash_parts, seed, number);
}
