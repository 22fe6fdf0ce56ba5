/*
 * What the files of this service share: the client, and how members of JSON texts become fields.
 */
#ifndef AOD_CLIENT_H
#define AOD_CLIENT_H

#include <freshet/aod.h>
#include <freshet/json.h>
#include <freshet/request.h>
#include <freshet/stream.h>

/* Room for a UUID and its terminator. */
#define ID_SIZE 37

struct freshet_aod {
	freshet_endpoint *endpoint;
	freshet_json_scratch scratch; /* decoded strings of the answer or event at hand: callbacks never nest */
	size_t scratch_held;          /* at most so many bytes are in it */
	uint64_t deadline_ms;
	size_t max_answer;
	uint64_t stale_pause_ms; /* between `stale` and the next subscription, half to one and a half of it */
};

/* Empties the scratch for a text of `len` bytes; what a rare large one took is given back. */
freshet_json_scratch *client_scratch(freshet_aod *client, size_t len);

/* Copies a UUID in lower case, terminated. False when it is none, so that nothing else ever gets into a path. */
bool id_copy(freshet_str id, char out[ID_SIZE]);

/*
 * Copies an options struct of the size that its caller was compiled with over one that holds the defaults. False for a
 * size that no version has had.
 */
bool take_options(void *options, size_t size, const void *given, size_t given_size);

/* ---- members to fields ---- */

/* Reads the values of one text; the first error sticks. */
struct reading {
	freshet_str text;
	freshet_json_scratch *scratch;
	freshet_err err;
	size_t position; /* of the error, in the text */
};

/*
 * Each leaves *out as it was when the value is missing or null. A value of another type is an error: what cannot be
 * read is told, not passed over.
 */
void take_str(struct reading *r, const freshet_json_value *value, freshet_str *out);
void take_int(struct reading *r, const freshet_json_value *value, int64_t *out);
void take_id(struct reading *r, const freshet_json_value *value, uint64_t *out);

/* As take_int, and tells whether there was a number. */
void take_number(struct reading *r, const freshet_json_value *value, bool *has, int64_t *out);

/* As take_str, but missing and null are errors too. */
void need_str(struct reading *r, const freshet_json_value *value, freshet_str *out);

/* An error of this reading found by the caller, at `value`. */
void reading_fail(struct reading *r, const freshet_json_value *value, freshet_err err);

/* Of an array or object of a text that was checked. */
size_t count_elements(const freshet_json_value *array);

#endif
