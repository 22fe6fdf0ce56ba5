/*
 * Scripts: what a session is to do, named at the beginning of its prompt.
 *
 *	script:NAME key=value key=from..to ... anything else
 *
 * A prompt that names none gets one of the emulator's weighted list.
 */
#ifndef MOCKD_SCRIPT_H
#define MOCKD_SCRIPT_H

#include "mockd/random.h"

#include <freshet/types.h>

/* A script's name and its arguments; the spans lie in the text that it was read from. */
struct script {
	freshet_str name;
	freshet_str arguments;
};

/* Numbers from `from` to `to`. */
struct range {
	uint64_t from;
	uint64_t to;
};

/* Reads "script:NAME ..." at the beginning of the prompt; false when there is none. */
bool script_in_prompt(freshet_str prompt, struct script *out);

/* The value of an argument; false when it is not there. */
bool script_word(const struct script *s, const char *key, freshet_str *value);

/* A number or a range; `fallback` when it is not there or neither. */
struct range script_range(const struct script *s, const char *key, struct range fallback);
uint64_t script_number(const struct script *s, const char *key, uint64_t fallback);

static inline uint64_t range_pick(struct range range, struct random *random)
{
	return random_between(random, range.from, range.to);
}

struct weighted_script {
	uint64_t weight;
	struct script script;
};

struct script_mix {
	struct weighted_script *items; /* their spans lie in the text that was read */
	size_t count;
	uint64_t weight; /* of all */
};

/* Reads "90 success rows=20; 10 exit code=3"; a weight of 1 may be left out. False when it is no such list. */
bool script_mix_read(struct script_mix *mix, const char *text);
void script_mix_clear(struct script_mix *mix);

/* One of them at random, by weight. */
struct script script_mix_pick(const struct script_mix *mix, struct random *random);

#endif
