/*
 * After a break: what the server stored since the message was sent is read, page by page, until nothing new comes or the
 * turn's end is among it. Of what the stream had shown before, the store has the same blocks in the same order, so that
 * the first ones of each type are passed over.
 *
 * Reading goes on until an answer brings nothing new, not only until it is short: the server stores a little after it
 * sends.
 */
#include "turn.h"

static bool pass_over(uint32_t *shown)
{
	if (*shown == 0)
		return false;
	(*shown)--;
	return true;
}

static bool was_shown(struct ash_stored *stored, freshet_ash_record_type type)
{
	switch (type) {
	case FRESHET_ASH_RECORD_TEXT: return pass_over(&stored->texts);
	case FRESHET_ASH_RECORD_REASONING: return pass_over(&stored->thoughts);
	case FRESHET_ASH_RECORD_TOOL_START: return pass_over(&stored->tool_starts);
	case FRESHET_ASH_RECORD_TOOL_RESULT: return pass_over(&stored->tool_results);
	default: return false;
	}
}

static void take_record(freshet_ash_turn *turn, const freshet_ash_record *record)
{
	turn->sequence = record->sequence;
	if (record->type == FRESHET_ASH_RECORD_TURN_COMPLETE)
		turn->state = FRESHET_ASH_TURN_RECOVERED;
	if (record->type == FRESHET_ASH_RECORD_ERROR)
		turn->state = FRESHET_ASH_TURN_FAILED;
	if (was_shown(&turn->stored, record->type))
		return;
	const freshet_ash_event event = {
		.type = FRESHET_ASH_EVENT_RECORD,
		.type_name = record->type_name,
		.raw = record->raw,
		.record = record,
	};
	turn->records++;
	ash_turn_show(turn, &event);
}

static void finish(freshet_ash_turn *turn)
{
	ash_turn_finish(turn, turn->cut != NULL ? &turn->cut->error : NULL);
}

/* A store that cannot be read tells nothing: what is known is how the stream broke. */
static void read_on(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_record *records,
	size_t count, void *user)
{
	freshet_ash_turn *turn = user;
	(void)call;
	turn->call = NULL;
	int64_t before = turn->sequence;
	for (size_t i = 0; i < count && !turn->closed; i++)
		take_record(turn, &records[i]);
	bool over = turn->state != FRESHET_ASH_TURN_UNKNOWN;
	if (turn->closed && !over)
		ash_turn_fail(turn, FRESHET_ECANCELED);
	else if (error != NULL || over || turn->sequence <= before)
		finish(turn);
	else
		ash_turn_recover(turn);
}

void ash_turn_recover(freshet_ash_turn *turn)
{
	freshet_str id = freshet_str_of(turn->command.session);
	freshet_err err = freshet_ash_session_records(
		turn->client, id, turn->sequence, ASH_PAGE, ASH_NONE, read_on, turn, &turn->call);
	if (err != FRESHET_OK)
		finish(turn);
}
