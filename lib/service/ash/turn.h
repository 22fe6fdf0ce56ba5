/*
 * A turn: its record, for the files that lead it.
 */
#ifndef ASH_TURN_H
#define ASH_TURN_H

#include "call.h"
#include "event.h"
#include "failure.h"

/* How the stream broke, kept while the store is read. Its outcome has no spans but the text. */
struct ash_cut {
	freshet_ash_error error;
	char text[GUEST_LINE_SIZE];
};

struct freshet_ash_turn {
	freshet_ash *client;
	freshet_ash_turn_callbacks callbacks;
	void *user;
	struct ash_command command;
	struct ash_request *request; /* the message, until it is accepted */
	freshet_stream *core;        /* NULL: no stream */
	freshet_ash_call *call;      /* NULL: no call under way */
	struct ash_cut *cut;         /* set when the stream has ended and more is to be done */
	uint64_t deadline_ms;
	uint64_t events;
	uint64_t records;
	int64_t sequence;         /* of the last stored event that was read */
	struct ash_stored stored; /* what was shown of what the server stores */
	freshet_ash_turn_state state;
	int64_t num_turns;
	freshet_ash_number total_cost_usd;
	/* What is to be done before the message is sent. */
	bool must_stop : 1;
	bool must_resume : 1;
	bool must_mark : 1;
	/* Options. */
	bool may_resume : 1; /* once, when the message is refused */
	bool recovers : 1;
	bool paused : 1;
	/* What was seen. */
	bool opened : 1;
	bool has_result : 1;
	bool is_error : 1;
	bool saw_complete : 1;
	bool saw_error : 1;
	bool saw_done : 1;
	bool saw_foreign_done : 1;
	bool closed : 1;
	bool interrupted : 1;
	bool killed : 1; /* by a call of the application */
};

/* The turn is over with the state that it has; `error` NULL means none. It and its memory are gone then. */
void ash_turn_finish(freshet_ash_turn *turn, const freshet_ash_error *error);

/* The same for an error of the library's own. */
void ash_turn_fail(freshet_ash_turn *turn, freshet_err err);

/* Shows an event. */
void ash_turn_show(freshet_ash_turn *turn, const freshet_ash_event *event);

/* Keeps the error over the callback that told it. Without memory the end says only what its state says. */
void ash_turn_keep(freshet_ash_turn *turn, const freshet_ash_error *error);

/* Reads the store after a break, and finishes. */
void ash_turn_recover(freshet_ash_turn *turn);

#endif
