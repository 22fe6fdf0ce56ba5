/*
 * What the files of this service share: the client, and which sessions it has a command on.
 */
#ifndef ASH_CLIENT_H
#define ASH_CLIENT_H

#include "guest/map.h"
#include "guest/options.h"
#include "guest/random.h"

#include <freshet/ash.h>
#include <freshet/request.h>
#include <freshet/stream.h>

/*
 * A command on a session: a turn or an exec. The server mixes up two at once and says nothing, so the client keeps to
 * one: commands are found by the session's id.
 */
struct ash_command {
	struct guest_map_entry entry;
	freshet_ash_turn *turn; /* NULL: an exec */
	char session[GUEST_UUID_SIZE];
	bool entered;
};

struct freshet_ash {
	freshet_endpoint *endpoint;
	char *url;                    /* without slashes at its end */
	char *key;                    /* secret: what the server says of errors may quote it */
	struct guest_scratch scratch; /* decoded strings of the answer or event at hand: callbacks never nest */
	uint64_t deadline_ms;
	size_t max_answer;
	struct guest_map commands; /* under way, by session */
};

/*
 * Enters a command on the session whose id it holds. FRESHET_ESTATE while there is another one, FRESHET_ENOMEM, FRESHET_ESYSTEM. It is in
 * nobody's memory but the caller's, who takes it out again.
 */
freshet_err ash_command_enter(freshet_ash *client, struct ash_command *command);

/* The one on that session, in lower case; NULL: none. */
struct ash_command *ash_command_find(const freshet_ash *client, const char *session);

/* Harmless for one that is not entered. */
void ash_command_leave(freshet_ash *client, struct ash_command *command);

/* The application has killed the agent: the server will say nothing more, and the turn is over. */
void ash_turn_killed(freshet_ash_turn *turn);

#endif
