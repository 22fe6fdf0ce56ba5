/*
 * Options that their caller was compiled with, and the scratch of a client.
 */
#ifndef GUEST_OPTIONS_H
#define GUEST_OPTIONS_H

#include <freshet/json.h>

/*
 * Copies an options struct, whose first field is its size, over one that holds the defaults. False for NULL and for a
 * size that no version has had.
 */
bool guest_options(void *options, size_t size, const void *given);

/*
 * The other way: fills in a struct of the caller's, whose first field is its size, from `now`, of which it gets what it
 * has room for; what it has beyond that is zeroed. FRESHET_EINVAL for NULL and for a size that no struct has.
 */
freshet_err guest_stats(void *stats, const void *now, size_t size);

/* NULL when neither is given, and for an empty one: `given`, or else the environment variable. */
const char *guest_or_environment(const char *given, const char *variable);

/* A copy of a URL without the slashes at its end; the caller frees it. NULL without memory. */
char *guest_url(const char *url);

/* An option that was given, or else its default. */
static inline uint64_t guest_or_u64(uint64_t given, uint64_t otherwise)
{
	return given != 0 ? given : otherwise;
}

static inline uint32_t guest_or_u32(uint32_t given, uint32_t otherwise)
{
	return given != 0 ? given : otherwise;
}

static inline size_t guest_or_size(size_t given, size_t otherwise)
{
	return given != 0 ? given : otherwise;
}

/* Copies a text to *at, where there is room, and moves *at behind it: for records whose texts lie behind them. */
freshet_str guest_put(char **at, freshet_str text);

/* A terminated copy; the caller frees it. NULL for an empty span without pointer, and without memory. */
char *guest_copy(freshet_str text);

/* True for what may name something: it is not empty, and no NUL in it would cut it short where texts are terminated. */
static inline bool guest_is_id(freshet_str id)
{
	return id.len > 0 && memchr(id.ptr, '\0', id.len) == NULL;
}

/* Overwrites what was a secret, frees it. NULL is fine. */
void guest_free_secret(char *terminated);

/* Where strings are decoded to. It is kept from answer to answer; what a rare large one took is given back. */
struct guest_scratch {
	freshet_json_scratch json;
	size_t held; /* at most so many bytes are in it */
};

/* Empties it for the strings of a text of `len` bytes. */
freshet_json_scratch *guest_scratch_begin(struct guest_scratch *scratch, size_t len);

void guest_scratch_clear(struct guest_scratch *scratch);

#endif
