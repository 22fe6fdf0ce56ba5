/*
 * What the files of this service share: the client, and which sessions it has a command on.
 */
#ifndef ASH_CLIENT_H
#define ASH_CLIENT_H

#include <freshet/ash.h>
#include <freshet/json.h>
#include <freshet/request.h>
#include <freshet/stream.h>

/* Room for a UUID and its terminator. */
#define ASH_ID_SIZE 37

/*
 * A command on a session: a turn or an exec. The server mixes up two at once and says nothing, so the client keeps to
 * one: commands are found by the session's id.
 */
struct ash_command {
	struct ash_command *next; /* in its bucket */
	freshet_ash_turn *turn;   /* NULL: an exec */
	char session[ASH_ID_SIZE];
	bool entered;
};

struct freshet_ash {
	freshet_endpoint *endpoint;
	freshet_json_scratch scratch; /* decoded strings of the answer or event at hand: callbacks never nest */
	size_t scratch_held;          /* at most so many bytes are in it */
	uint64_t deadline_ms;
	size_t max_answer;
	struct ash_command **buckets; /* commands under way, by session */
	size_t bucket_count;          /* a power of two, or 0 before the first one */
	size_t command_count;
};

/* Empties the scratch for a text of `len` bytes; what a rare large one took is given back. */
freshet_json_scratch *ash_scratch(freshet_ash *client, size_t len);

/* Copies a UUID in lower case, terminated. False when it is none, so that nothing else ever gets into a path. */
bool ash_id_copy(freshet_str id, char out[ASH_ID_SIZE]);

/*
 * Copies an options struct of the size that its caller was compiled with over one that holds the defaults. False for
 * NULL and for a size that no version has had.
 */
bool ash_take_options(void *options, size_t size, const void *given);

/*
 * Enters a command on the session whose id it holds. FRESHET_ESTATE while there is another one, FRESHET_ENOMEM. It is in
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
