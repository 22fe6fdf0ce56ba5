/*
 * Faults in action. While a body is read, its pieces pass through here: they are counted, the faults whose moment has
 * come strike between them or inside them, and what is inserted goes out as a piece of its own.
 *
 * A strike may end the connection or the exchange, but never frees either: this runs inside the protocol's callbacks.
 */
#include "mockd/tamper.h"

#include "mockd/conn.h"
#include "mockd/server.h"

static void on_hold_over(struct alarm *alarm);

struct tamper *tamper_of(struct exchange *x)
{
	if (x->tamper == NULL) {
		x->tamper = must_zalloc(sizeof *x->tamper);
		x->tamper->exchange = x;
		x->tamper->hold.fire = on_hold_over;
	}
	return x->tamper;
}

static void free_held(struct tamper *t)
{
	if (t->held != NULL) {
		free_const(t->held->content_type);
		for (size_t i = 0; i < ANSWER_FIELDS_MAX; i++) {
			free_const(t->held->fields[i].name);
			free_const(t->held->fields[i].value);
		}
	}
	free(t->held);
	free(t->held_length);
	t->held = NULL;
	t->held_length = NULL;
}

void tamper_free(struct tamper *t)
{
	if (t == NULL)
		return;
	clock_unset(&t->exchange->conn->mockd->clock, &t->hold);
	for (size_t i = 0; i < t->bound_count; i++)
		fault_release(t->bound[i].fault);
	free(t->bound);
	buffer_clear(&t->insert);
	free_held(t);
	free(t);
}

void tamper_bind(struct exchange *x, struct fault *f)
{
	struct tamper *t = tamper_of(x);
	t->bound = must_grow(t->bound, &t->bound_capacity, t->bound_count + 1, sizeof *t->bound);
	t->bound[t->bound_count++] = (struct bound_fault){.fault = f};
	f->users++;
}

/* Keeps the head until the hold is over. */
static void hold_answer(struct tamper *t, const struct answer *a, const char *length)
{
	t->held = must_alloc(sizeof *t->held);
	*t->held = *a;
	t->held->content_type = must_copy(a->content_type);
	for (size_t i = 0; i < ANSWER_FIELDS_MAX; i++) {
		t->held->fields[i].name = must_copy(a->fields[i].name);
		t->held->fields[i].value = must_copy(a->fields[i].value);
	}
	t->held_length = must_copy(length);
}

static void on_hold_over(struct alarm *alarm)
{
	struct tamper *t = container_of(alarm, struct tamper, hold);
	struct exchange *x = t->exchange;
	if (x->intake != NULL) {
		exchange_dispatch(x);
	} else if (t->held != NULL) {
		x->conn->protocol->begin(x, t->held, t->held_length);
		free_held(t);
	} else {
		exchange_wake(x);
	}
}

static void hold(struct tamper *t, uint64_t ms)
{
	struct clock *c = &t->exchange->conn->mockd->clock;
	clock_set(c, &t->hold, clock_now_us(c) + ms * US_PER_MS);
}

void exchange_delay(struct exchange *x, uint64_t ms)
{
	hold(tamper_of(x), ms);
}

static void insert_text(struct tamper *t, const char *before, char filler, uint64_t count, const char *after)
{
	buffer_text(&t->insert, before);
	memset(buffer_extend(&t->insert, (size_t)count), filler, (size_t)count);
	buffer_text(&t->insert, after);
}

static void insert_sample(struct tamper *t, const struct mockd_fault *spec)
{
	static const char nul[] = "data: {\"type\": \"output\", \"data\": \"nul \0 inside\"}\n\n";
	switch (spec->sample) {
	case MOCKD_SAMPLE_NONE: buffer_append(&t->insert, spec->body, spec->body_len); break;
	case MOCKD_SAMPLE_INVALID_UTF8:
		buffer_text(&t->insert, "data: {\"type\": \"output\", \"data\": \"bad \xc3\x28 \xff\"}\n\n");
		break;
	case MOCKD_SAMPLE_INVALID_JSON:
		buffer_text(&t->insert, "data: {\"type\": \"output\", \"data\": \"open\n\n");
		break;
	case MOCKD_SAMPLE_NUL: buffer_append(&t->insert, nul, sizeof nul - 1); break;
	case MOCKD_SAMPLE_UNKNOWN:
		buffer_text(&t->insert, "data: {\"type\": \"weather\", \"sky\": [\"grey\", null], \"wind\": 3.5}\n\n");
		break;
	case MOCKD_SAMPLE_LONG_DATA:
		insert_text(t, "data: {\"type\": \"output\", \"stream\": \"stdout\", \"data\": \"", 'x', spec->size,
			"\", \"turn\": null}\n\n");
		break;
	case MOCKD_SAMPLE_CODE_NULL:
		buffer_text(&t->insert, "data: {\"type\": \"exit\", \"id\": 0, \"code\": null}\n\n");
		break;
	}
}

/* Nothing more of the exchange is to be sent. */
static void drop(struct tamper *t)
{
	t->stalled = true;
	t->refused = true;
}

/* Does what can be done at any moment. */
static void perform(struct tamper *t, const struct mockd_fault *spec)
{
	struct exchange *x = t->exchange;
	switch (spec->action) {
	case MOCKD_DO_CLOSE:
	case MOCKD_DO_CUT:
	case MOCKD_DO_ABORT:
	case MOCKD_DO_FREEZE:
		strike_connection(x->conn, x, spec);
		drop(t);
		break;
	case MOCKD_DO_GOAWAY:
		strike_connection(x->conn, x, spec);
		if (spec->refuse)
			drop(t);
		break;
	case MOCKD_DO_GARBAGE: strike_connection(x->conn, x, spec); break;
	case MOCKD_DO_REFUSE:
	case MOCKD_DO_RESET:
		x->conn->protocol->reset(x, spec->action == MOCKD_DO_REFUSE, spec->code);
		drop(t);
		break;
	case MOCKD_DO_END: t->ended = true; break;
	case MOCKD_DO_STALL: drop(t); break;
	case MOCKD_DO_DELAY: hold(t, spec->ms); break;
	case MOCKD_DO_DELETE: mockd_delete_soon(x->conn->mockd, spec->session); break;
	case MOCKD_DO_INSERT: insert_sample(t, spec); break;
	case MOCKD_DO_ENDLESS:
		buffer_text(&t->insert, "data: ");
		t->endless = true;
		break;
	case MOCKD_DO_SPLIT: t->frame_max = spec->size > 0 ? (size_t)spec->size : 1; break;
	case MOCKD_DO_MERGE: t->merge = true; break;
	case MOCKD_DO_MUTE: t->mute = true; break;
	case MOCKD_DO_STATUS:
	case MOCKD_DO_TYPE:
	case MOCKD_DO_FLOOD:
	case MOCKD_DO_UNTIL_CLOSE: break;
	}
}

void strike_exchange(struct exchange *x, const struct mockd_fault *spec)
{
	perform(tamper_of(x), spec);
	if (x->feed != NULL)
		exchange_wake(x);
}

/* True when the fault is still to strike here at that moment; it has struck then. */
static bool strike(struct bound_fault *b, enum mockd_moment moment)
{
	if (b->done || b->fault->spec.moment != moment || !fault_armed(b->fault))
		return false;
	b->done = true;
	b->fault->struck++;
	return true;
}

/* The fault's own answer, with its extra field cut in two. `field` holds the parts. */
static struct answer answer_of(const struct mockd_fault *spec, char **field)
{
	struct answer a = {.status = spec->status, .content_type = spec->content_type};
	*field = must_copy(spec->field);
	char *colon = *field != NULL ? strchr(*field, ':') : NULL;
	if (colon != NULL) {
		*colon++ = '\0';
		a.fields[0] = (struct header){*field, colon + strspn(colon, " ")};
	}
	return a;
}

bool tamper_request(struct exchange *x)
{
	struct tamper *t = x->tamper;
	for (size_t i = 0; t != NULL && i < t->bound_count && !t->refused; i++) {
		const struct mockd_fault *spec = &t->bound[i].fault->spec;
		if (!strike(&t->bound[i], MOCKD_AT_REQUEST))
			continue;
		perform(t, spec);
		if (spec->action == MOCKD_DO_STATUS) {
			char *field;
			struct answer a = answer_of(spec, &field);
			exchange_answer(x, &a, (freshet_str){spec->body, spec->body_len});
			free(field);
			t->refused = true;
		}
	}
	return t == NULL || (!t->refused && !alarm_is_set(&t->hold));
}

bool tamper_answer(struct exchange *x, struct answer *a, const char *length)
{
	struct tamper *t = x->tamper;
	bool replaced = false;
	for (size_t i = 0; t != NULL && i < t->bound_count && !t->stalled && !replaced; i++) {
		const struct mockd_fault *spec = &t->bound[i].fault->spec;
		if (!strike(&t->bound[i], MOCKD_AT_ANSWER))
			continue;
		perform(t, spec);
		if (spec->action == MOCKD_DO_TYPE)
			a->content_type = spec->content_type;
		if (spec->action == MOCKD_DO_FLOOD)
			a->flood = (size_t)spec->size;
		if (spec->action == MOCKD_DO_UNTIL_CLOSE)
			a->until_close = true;
		replaced = spec->action == MOCKD_DO_STATUS;
		if (replaced) {
			char *field;
			struct answer other = answer_of(spec, &field);
			exchange_answer_instead(x, &other, (freshet_str){spec->body, spec->body_len});
			free(field);
		}
	}
	if (t != NULL && alarm_is_set(&t->hold) && !t->stalled && !replaced)
		hold_answer(t, a, length);
	return t == NULL || (!t->stalled && !replaced && t->held == NULL);
}

/* The moment has come, by what has been sent so far. */
static bool moment_has_come(const struct tamper *t, const struct mockd_fault *spec)
{
	switch (spec->moment) {
	case MOCKD_AT_BYTE: return t->bytes >= spec->at;
	case MOCKD_AT_EVENT: return t->events >= spec->at;
	case MOCKD_AT_ROW: return t->row != 0 && t->row >= spec->at;
	case MOCKD_AT_ID: return t->rows > 0 && t->rows >= spec->at;
	case MOCKD_AT_TURN: return t->turns > 0 && t->turns >= spec->at;
	default: return false;
	}
}

static void strike_due(struct tamper *t)
{
	for (size_t i = 0; i < t->bound_count && !t->stalled; i++) {
		const struct mockd_fault *spec = &t->bound[i].fault->spec;
		if (moment_has_come(t, spec) && strike(&t->bound[i], spec->moment))
			perform(t, spec);
	}
}

/* Strikes everything that waits for the moment. */
static void strike_all(struct tamper *t, enum mockd_moment moment)
{
	for (size_t i = 0; i < t->bound_count && !t->stalled; i++) {
		if (strike(&t->bound[i], moment))
			perform(t, &t->bound[i].fault->spec);
	}
}

/* How much of the body may go out before a fault strikes. One that strikes inside a frame lets the frame begin. */
static size_t room_before_strike(const struct tamper *t, size_t room)
{
	for (size_t i = 0; i < t->bound_count; i++) {
		const struct mockd_fault *spec = &t->bound[i].fault->spec;
		if (spec->moment != MOCKD_AT_BYTE || spec->mid_frame || t->bound[i].done || spec->at <= t->bytes)
			continue;
		if (spec->at - t->bytes < room)
			room = (size_t)(spec->at - t->bytes);
	}
	return t->frame_max > 0 && t->frame_max < room ? t->frame_max : room;
}

/* `got` bytes more are sent. A fault that strikes inside them keeps only those before its moment. */
static void count_bytes(struct tamper *t, size_t got)
{
	for (size_t i = 0; i < t->bound_count; i++) {
		const struct mockd_fault *spec = &t->bound[i].fault->spec;
		if (spec->moment == MOCKD_AT_BYTE && spec->mid_frame && !t->bound[i].done && spec->at < t->bytes + got)
			t->exchange->conn->keep = (size_t)(spec->at - t->bytes) + 1;
	}
	t->bytes += got;
}

static void count_piece(struct tamper *t, const struct piece *piece)
{
	switch (piece->kind) {
	case PIECE_ID: t->rows++; break;
	case PIECE_TURN_START:
		t->turns++;
		t->events++;
		break;
	case PIECE_EVENT:
		t->row = piece->row;
		t->events++;
		break;
	case PIECE_START:
	case PIECE_TERMINAL: t->events++; break;
	case PIECE_BODY:
	case PIECE_HEARTBEAT:
	case PIECE_TERMINAL_ID: break;
	}
}

static enum body_state read_insert(struct tamper *t, uint8_t *to, size_t room, size_t *got)
{
	size_t left = t->insert.len - t->insert_at;
	*got = left < room ? left : room;
	if (t->frame_max > 0 && t->frame_max < *got)
		*got = t->frame_max;
	memcpy(to, t->insert.bytes + t->insert_at, *got);
	t->insert_at += *got;
	if (t->insert_at == t->insert.len) {
		buffer_clear(&t->insert);
		t->insert_at = 0;
	}
	return BODY_MORE;
}

/* Passes over what is left out and strikes before the last frame. True when the piece is to be sent. */
static bool piece_passes(struct tamper *t, const struct piece *piece)
{
	struct feed *feed = t->exchange->feed;
	if (t->mute && piece->kind == PIECE_HEARTBEAT) {
		feed->ops->advance(feed);
		return false;
	}
	if (!t->struck_last && (piece->kind == PIECE_TERMINAL || piece->kind == PIECE_TERMINAL_ID)) {
		t->struck_last = true;
		strike_all(t, MOCKD_AT_LAST);
		return false;
	}
	return true;
}

/* The body is complete, unless a fault that strikes before its end is told has something else in mind. */
static enum body_state end_body(struct tamper *t)
{
	if (!t->struck_end) {
		t->struck_end = true;
		strike_all(t, MOCKD_AT_END);
	}
	if (t->stalled || alarm_is_set(&t->hold))
		return BODY_WAIT;
	return t->insert.len > 0 ? BODY_MORE : BODY_END;
}

/* Reads a part of one piece, or of an insertion. With *got 0 and BODY_MORE there is more to look at. */
static enum body_state read_part(struct tamper *t, uint8_t *to, size_t room, size_t *got)
{
	struct exchange *x = t->exchange;
	struct piece piece = {.last = false};
	if (x->offset == 0)
		strike_due(t);
	if (t->stalled || alarm_is_set(&t->hold))
		return BODY_WAIT;
	if (t->insert.len > 0)
		return read_insert(t, to, room, got);
	if (t->ended)
		return end_body(t);
	if (t->endless) {
		*got = t->frame_max > 0 && t->frame_max < room ? t->frame_max : room;
		memset(to, 'x', *got);
		return BODY_MORE;
	}
	enum body_state state = exchange_peek(x, &piece);
	if (state == BODY_END)
		return end_body(t);
	if (state != BODY_MORE || !piece_passes(t, &piece))
		return state;
	bool whole = exchange_copy(x, &piece, to, room_before_strike(t, room), got);
	count_bytes(t, *got);
	if (whole)
		count_piece(t, &piece);
	strike_due(t);
	return whole && piece.last && !t->stalled ? end_body(t) : BODY_MORE;
}

/* Several pieces may share a DATA frame. */
static bool merges(const struct tamper *t)
{
	const struct exchange *x = t->exchange;
	return t->frame_max == 0 && exchange_merges(x);
}

enum body_state tamper_read(struct exchange *x, uint8_t *to, size_t room, size_t *got)
{
	struct tamper *t = x->tamper;
	enum body_state state = BODY_MORE;
	*got = 0;
	do {
		size_t part = 0;
		state = read_part(t, to + *got, room - *got, &part);
		*got += part;
	} while (state == BODY_MORE && *got < room && x->conn->end == CONN_GOES_ON && !t->stalled &&
		 (*got == 0 || merges(t)));
	return *got > 0 && state == BODY_WAIT ? BODY_MORE : state;
}
