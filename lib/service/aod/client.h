/*
 * What the files of this service share: the client.
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
	uint64_t deadline_ms;         /* of a call */
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

#endif
