/*
 * What Ash's store keeps of an agent's message: pieces, each of which can be recognised both on the stream and in the
 * store. A tool's call goes by its id, a tool's result by its id or its output, everything else by its text.
 */
#ifndef DEMO_ASH_PIECES_H
#define DEMO_ASH_PIECES_H

#include "demo/record.h"

#include <freshet/ash_turn.h>

/* Adds the pieces of an event of a stream. False when there is no memory. */
bool pieces_of_event(struct record *pieces, const freshet_ash_event *event);

/* Adds the piece of a stored event, unless it is none that an agent said. False when there is no memory. */
bool pieces_of_record(struct record *pieces, const freshet_ash_record *record);

#endif
