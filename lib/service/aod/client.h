/*
 * What the files of this service share: the client.
 */
#ifndef AOD_CLIENT_H
#define AOD_CLIENT_H

#include "guest/options.h"
#include "guest/random.h"

#include <freshet/aod.h>
#include <freshet/request.h>
#include <freshet/stream.h>

struct freshet_aod {
	freshet_endpoint *endpoint;
	char *url;                    /* without slashes at its end */
	char *token;                  /* secret: what the server says of errors may quote it */
	struct guest_scratch scratch; /* decoded strings of the answer or event at hand: callbacks never nest */
	uint64_t deadline_ms;         /* of a call */
	size_t max_answer;
	uint64_t stale_pause_ms; /* between `stale` and the next subscription, half to one and a half of it */
};

#endif
