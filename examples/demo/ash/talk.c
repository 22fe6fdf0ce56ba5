/*
 * One session of Ash: create, a message or two, in some kinds the agent is killed, and the end of the session.
 *
 * A stream that was cut cannot be taken up again, and the agent goes on unheard. The library shows what the server had
 * stored until then. Where that does not tell the turn's end, the session is stopped, so that nothing more can be said,
 * what was stored to the last is read, and the message is sent anew: at least once, which is what the platform allows.
 */
#include "demo/ash/ash.h"

#include "demo/ash/pieces.h"

#define PAGE 1000

/* What failed is done again in a while, or breaks the session. */
static void again_or_break(
	struct session *s, const freshet_ash_error *error, void (*again)(struct session *s), const char *what)
{
	if (error->outcome.unprocessed || is_passing(&error->outcome))
		session_later(s, again, SESSION_AGAIN_MS);
	else
		session_break(s, what, error->message.len > 0 ? error->message : error->outcome.text);
}

/* ---- the end ---- */

static void talk_end(struct session *s);

static void ended(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *sessions,
	size_t count, void *user)
{
	struct session *s = user;
	(void)call;
	(void)sessions;
	(void)count;
	if (s->fleet->closing)
		return;
	if (error == NULL)
		session_ended(s, talk_of(s)->end);
	else
		again_or_break(s, error, talk_end, "end");
}

static void talk_end(struct session *s)
{
	freshet_err err = freshet_ash_session_end(ash_of(s)->client, freshet_str_of(s->id), ended, s, NULL);
	if (err != FRESHET_OK)
		session_break_by(s, "end", err);
}

/* ---- what the store has after a break ---- */

static void talk_say(struct session *s);
static void turn_over(struct session *s, bool failed);
static void talk_read_on(struct session *s);

static bool take_record(struct session *s, const freshet_ash_record *record)
{
	struct talk *t = s->own;
	s->site->events++;
	t->repeated += record->sequence <= t->last_record;
	t->last_record = record->sequence;
	return pieces_of_record(&t->recovered, record);
}

static bool was_shown(const struct talk *t, const struct row *piece)
{
	for (uint32_t i = t->shown_before; i < t->shown.count; i++)
		if (t->shown.rows[i].id == piece->id && t->shown.rows[i].hash == piece->hash)
			return true;
	return false;
}

/* Reading behind a turn that was killed also gives what its stream had shown. */
static bool take_unless_shown(struct session *s, const freshet_ash_record *record)
{
	struct record piece = {.rows = NULL};
	bool good = pieces_of_record(&piece, record);
	if (good && piece.count > 0 && !was_shown(s->own, &piece.rows[0]))
		good = take_record(s, record);
	record_clear(&piece);
	return good;
}

static void settled(struct session *s, bool failed)
{
	if (talk_of(s)->found_end) {
		turn_over(s, failed);
	} else if (s->terminating) {
		talk_of(s)->end = TERMINATED;
		talk_end(s);
	} else {
		talk_of(s)->again = true;
		talk_say(s);
	}
}

static void records_arrived(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_record *records,
	size_t count, void *user)
{
	struct session *s = user;
	bool failed = false;
	(void)call;
	if (s->fleet->closing)
		return;
	if (error != NULL) {
		again_or_break(s, error, talk_read_on, "records");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		failed |= records[i].type == FRESHET_ASH_RECORD_ERROR;
		talk_of(s)->found_end |= failed || records[i].type == FRESHET_ASH_RECORD_TURN_COMPLETE;
		s->cursor = (uint64_t)records[i].sequence;
		if (!take_unless_shown(s, &records[i])) {
			session_break_by(s, "records", FRESHET_ENOMEM);
			return;
		}
	}
	if (count == PAGE)
		talk_read_on(s);
	else
		settled(s, failed);
}

static void talk_read_on(struct session *s)
{
	freshet_err err = freshet_ash_session_records(ash_of(s)->client, freshet_str_of(s->id), (int64_t)s->cursor,
		PAGE, (freshet_str){NULL, 0}, records_arrived, s, NULL);
	if (err != FRESHET_OK)
		session_break_by(s, "records", err);
}

static void talk_stop(struct session *s);

/* A session that cannot be stopped has no agent at work. */
static void stopped(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *sessions,
	size_t count, void *user)
{
	struct session *s = user;
	(void)call;
	(void)sessions;
	(void)count;
	if (s->fleet->closing)
		return;
	if (error == NULL || error->outcome.err == FRESHET_ECONFLICT)
		talk_read_on(s);
	else
		again_or_break(s, error, talk_stop, "stop");
}

static void talk_stop(struct session *s)
{
	freshet_err err = freshet_ash_session_stop(ash_of(s)->client, freshet_str_of(s->id), stopped, s, NULL);
	if (err != FRESHET_OK)
		session_break_by(s, "stop", err);
}

/* ---- a turn ---- */

/* Its end is known. */
static void turn_over(struct session *s, bool failed)
{
	const struct part *p = s->part;
	struct talk *t = s->own;
	if (p->terminate_after > 0 && !s->terminating) {
		session_break(s, "another end than its script's", freshet_str_of("it ended by itself"));
		return;
	}
	if (p->second != NULL && s->turn == 1 && !failed) {
		s->turn = 2;
		t->again = false;
		talk_say(s);
		return;
	}
	t->end = p->any_end ? (failed ? FAILED : COMPLETED) : p->end == FAILED ? FAILED : COMPLETED;
	talk_end(s);
}

static void count_message(struct session *s, freshet_ash_turn *turn)
{
	s->outputs++;
	if (s->part->terminate_after == 0 || s->terminating || s->outputs < s->part->terminate_after)
		return;
	s->terminating = freshet_ash_turn_interrupt(turn) == FRESHET_OK;
}

/* The frames that the emulator's ledger counts: what was made of what the agent said. */
static bool take_row(struct session *s, const freshet_ash_event *event)
{
	struct talk *t = s->own;
	if (!record_add(&s->record, s->record.count + 1, event->raw))
		return false;
	s->record.rows[s->record.count - 1].turn = t->turns;
	t->heard_end |= event->type == FRESHET_ASH_EVENT_MESSAGE && event->message.kind == FRESHET_ASH_MESSAGE_RESULT;
	return pieces_of_event(&t->shown, event);
}

static bool take_event(struct session *s, const freshet_ash_event *event)
{
	switch (event->type) {
	case FRESHET_ASH_EVENT_SESSION_START: session_move(s, RUNNING); return true;
	case FRESHET_ASH_EVENT_DONE: return true;
	case FRESHET_ASH_EVENT_ERROR: talk_of(s)->heard_end = true; return pieces_of_event(&talk_of(s)->shown, event);
	default: return take_row(s, event);
	}
}

static void on_event(freshet_ash_turn *turn, const freshet_ash_event *event, void *user)
{
	struct session *s = user;
	bool stored = event->type == FRESHET_ASH_EVENT_RECORD;
	s->site->events += !stored;
	if (!(stored ? take_record(s, event->record) : take_event(s, event))) {
		talk_of(s)->no_memory = true;
		freshet_ash_turn_close(turn);
	} else if (event->type == FRESHET_ASH_EVENT_MESSAGE) {
		count_message(s, turn);
	}
}

/* How the turn went, when its stream or the store told. */
static bool failed_turn(const freshet_ash_turn_end *end)
{
	return end->state == FRESHET_ASH_TURN_FAILED || (end->has_result && end->is_error);
}

static bool as_planned(const struct session *s, const freshet_ash_turn_end *end)
{
	bool to_fail = s->part->end == FAILED;
	/* The store does not tell whether the result was a failure. */
	bool unknown = end->state != FRESHET_ASH_TURN_FAILED && !end->has_result;
	return s->part->any_end || unknown || failed_turn(end) == to_fail;
}

static void act_on_end(struct session *s, const freshet_ash_turn_end *end)
{
	switch (end->state) {
	case FRESHET_ASH_TURN_COMPLETED:
	case FRESHET_ASH_TURN_FAILED:
	case FRESHET_ASH_TURN_RECOVERED:
		if (as_planned(s, end))
			turn_over(s, failed_turn(end));
		else
			session_break(s, "another end than its script's", end->error.outcome.text);
		return;
	case FRESHET_ASH_TURN_UNSENT:
	case FRESHET_ASH_TURN_REFUSED: again_or_break(s, &end->error, talk_say, "message"); return;
	case FRESHET_ASH_TURN_UNKNOWN:
	case FRESHET_ASH_TURN_DISTURBED:
	case FRESHET_ASH_TURN_INTERRUPTED: break;
	}
	talk_stop(s);
}

static void on_done(freshet_ash_turn *turn, const freshet_ash_turn_end *end, void *user)
{
	struct session *s = user;
	struct talk *t = s->own;
	struct record *r = &s->record;
	(void)turn;
	t->turn = NULL;
	s->cursor = (uint64_t)end->sequence;
	if (s->fleet->closing)
		return;
	s->site->cuts += end->state == FRESHET_ASH_TURN_UNKNOWN || end->state == FRESHET_ASH_TURN_RECOVERED;
	t->broken |= !t->heard_end;
	if (t->heard_end && r->count > 0 && r->rows[r->count - 1].turn == t->turns)
		r->rows[r->count - 1].last = true;
	if (t->no_memory)
		session_break_by(s, "turn", FRESHET_ENOMEM);
	else
		act_on_end(s, end);
}

static void talk_say(struct session *s)
{
	struct talk *t = s->own;
	freshet_ash_turn_options o;
	freshet_ash_turn_options_init(&o);
	o.session_id = freshet_str_of(s->id);
	o.content = freshet_str_of(t->again ? s->part->again : s->turn == 1 ? s->part->script : s->part->second);
	o.after = (int64_t)s->cursor;
	o.resume = true;
	o.callbacks.on_event = on_event;
	o.callbacks.on_done = on_done;
	o.user = s;
	t->turns++;
	t->shown_before = t->shown.count;
	t->heard_end = t->found_end = false;
	s->outputs = 0;
	session_move(s, PENDING);
	freshet_err err = freshet_ash_turn_open(ash_of(s)->client, &o, &t->turn);
	if (err != FRESHET_OK)
		session_break_by(s, "message", err);
}

/* ---- create ---- */

void talk_adopt(struct session *s, freshet_str id)
{
	session_take_id(s, id);
	s->turn = 1;
	talk_say(s);
}

static void created(freshet_ash_call *call, const freshet_ash_error *error, const freshet_ash_session *sessions,
	size_t count, void *user)
{
	struct session *s = user;
	(void)call;
	if (s->fleet->closing)
		return;
	if (error == NULL && count == 1) {
		talk_adopt(s, sessions[0].id);
	} else if (error == NULL) {
		session_break(s, "create", freshet_str_of("no session in the answer"));
	} else if (error->outcome.unprocessed || error->outcome.err == FRESHET_ERATE_LIMIT) {
		session_move(s, WAITING);
		session_later(s, talk_create, SESSION_AGAIN_MS);
	} else if (is_passing(&error->outcome)) {
		session_move(s, SEARCHING);
		roll_call_soon(ash_of(s)->roll);
	} else {
		session_break(s, "create", error->message.len > 0 ? error->message : error->outcome.text);
	}
	site_create_more(s->site);
}

void talk_create(struct session *s)
{
	freshet_ash_session_options o;
	if (roll_is_called(ash_of(s)->roll)) {
		session_later(s, talk_create, SESSION_AGAIN_MS);
		return;
	}
	freshet_ash_session_options_init(&o);
	o.agent = freshet_str_of(s->site->agent);
	session_move(s, CREATING);
	freshet_err err = freshet_ash_session_create(ash_of(s)->client, &o, created, s, NULL);
	if (err != FRESHET_OK)
		session_break_by(s, "create", err);
}
