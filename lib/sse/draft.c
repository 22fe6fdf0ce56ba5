/*
 * The happy path: bytes of a line go to its name until the colon, then to the field that the name names; the line's end
 * completes the field, the blank line the event. Failures are limits, found at the byte that passes them whatever the
 * pieces are, and memory. What is left of a draft when the stream ends is an event that was cut: it is dropped.
 */
#include "sse/draft.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>

/* A part holds at least one character, however small the limit is, so that giving parts always gets on. */
#define PART_MIN 4

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

void sse_draft_free(struct sse_draft *d)
{
	if (d == NULL)
		return;
	text_clear(&d->type);
	text_clear(&d->id);
	text_clear(&d->line_id);
	buf_clear(&d->data);
	buf_clear(&d->repaired);
	mem_free(d);
}

/* The next line may begin. */
static void reset_line(struct sse_draft *d)
{
	d->field = SSE_FIELD_UNKNOWN;
	d->line_len = 0;
	d->name_len = 0;
	d->space_may_come = false;
	d->separator_due = false;
}

/* Empties it for another event; the memory of the data stays. */
static void reset(struct sse_draft *d)
{
	text_clear(&d->type);
	text_clear(&d->id);
	text_clear(&d->line_id);
	buf_clear(&d->repaired);
	d->data.len = 0;
	d->given = 0;
	d->has_data = false;
	d->has_id = false;
	d->has_parts = false;
	d->not_ascii = false;
	reset_line(d);
}

bool sse_draft_renew(struct sse_draft **d, const struct sse_limits *limits)
{
	if (*d != NULL) {
		reset(*d);
		return true;
	}
	*d = mem_zalloc(sizeof **d);
	if (*d == NULL)
		return false;
	(*d)->limits = limits;
	return true;
}

bool sse_draft_is_blank(const struct sse_draft *d)
{
	return d->line_len == 0 && d->field == SSE_FIELD_UNKNOWN && !d->has_data && !d->has_id &&
	       text_len(&d->type) == 0;
}

/* The name is complete: by a colon, or by the end of a line that has none. */
static void begin_value(struct sse_draft *d)
{
	d->field = sse_field_named(d->name, d->name_len);
	switch (d->field) {
	case SSE_FIELD_DATA:
		d->separator_due = d->has_data;
		d->has_data = true;
		break;
	case SSE_FIELD_EVENT: text_clear(&d->type); break;
	case SSE_FIELD_ID: text_clear(&d->line_id); break;
	case SSE_FIELD_RETRY:
		d->retry_ms = 0;
		d->retry_digits = false;
		break;
	case SSE_FIELD_UNKNOWN:
	case SSE_FIELD_IGNORED: break;
	}
}

/* Takes bytes of the name, and the colon that ends it. */
static size_t take_name(struct sse_draft *d, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == ':') {
			begin_value(d);
			d->space_may_come = true;
			return i + 1;
		}
		if (d->name_len == SSE_NAME_MAX) {
			d->field = SSE_FIELD_IGNORED;
			return len;
		}
		d->name[d->name_len++] = (char)bytes[i];
	}
	return len;
}

/* How many bytes the data may have in memory at once. */
static size_t data_room(const struct sse_draft *d)
{
	size_t type_len = text_len(&d->type);
	size_t room = type_len < d->limits->max_event ? d->limits->max_event - type_len : 0;
	return d->limits->parts && room < PART_MIN ? PART_MIN : room;
}

/* Appends to the data, and before that the LF that parts it from an earlier line. */
static size_t take_data(struct sse_draft *d, const uint8_t *bytes, size_t len, freshet_err *why)
{
	size_t room = data_room(d);
	size_t left = room - min_size(d->data.len, room);
	size_t separator = d->separator_due ? 1 : 0;
	if (left < separator) {
		*why = FRESHET_ESSE_EVENT;
		return 0;
	}
	size_t fit = min_size(len, left - separator);
	if (!buf_reserve(&d->data, separator + fit, room)) {
		*why = FRESHET_ENOMEM;
		return 0;
	}
	if (d->separator_due)
		d->data.bytes[d->data.len++] = '\n';
	d->separator_due = false;
	if (fit > 0)
		memcpy(d->data.bytes + d->data.len, bytes, fit);
	d->data.len += fit;
	if (fit < len)
		*why = FRESHET_ESSE_EVENT;
	return fit;
}

/* Appends to a text that may have `most` bytes; `limit` is what to say when it would have more. */
static size_t take_text(
	struct text *t, size_t most, freshet_err limit, const uint8_t *bytes, size_t len, freshet_err *why)
{
	size_t fit = min_size(len, most - min_size(text_len(t), most));
	if (!text_add(t, bytes, fit)) {
		*why = FRESHET_ENOMEM;
		return 0;
	}
	if (fit < len)
		*why = limit;
	return fit;
}

static size_t take_type(struct sse_draft *d, const uint8_t *bytes, size_t len, freshet_err *why)
{
	size_t most = d->limits->max_event - min_size(d->data.len, d->limits->max_event);
	return take_text(&d->type, most, FRESHET_ESSE_EVENT, bytes, len, why);
}

/* "If the field value does not contain U+0000 NULL": with one, the whole field is as if it were not there. */
static size_t take_id(struct sse_draft *d, const uint8_t *bytes, size_t len, freshet_err *why)
{
	const uint8_t *nul = len > 0 ? memchr(bytes, 0, len) : NULL;
	size_t before_nul = nul != NULL ? (size_t)(nul - bytes) : len;
	size_t took = take_text(&d->line_id, d->limits->max_id, FRESHET_ESSE_ID, bytes, before_nul, why);
	if (took < before_nul || nul == NULL)
		return took;
	d->field = SSE_FIELD_IGNORED;
	return len;
}

/* Digits only, else the field is ignored. What does not fit into 64 bits stays at the greatest value that does. */
static size_t take_retry(struct sse_draft *d, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] < '0' || bytes[i] > '9') {
			d->field = SSE_FIELD_IGNORED;
			return len;
		}
		uint64_t digit = (uint64_t)(bytes[i] - '0');
		bool fits = d->retry_ms <= (UINT64_MAX - digit) / 10;
		d->retry_ms = fits ? d->retry_ms * 10 + digit : UINT64_MAX;
		d->retry_digits = true;
	}
	return len;
}

static size_t take_value(struct sse_draft *d, const uint8_t *bytes, size_t len, freshet_err *why)
{
	switch (d->field) {
	case SSE_FIELD_DATA: return take_data(d, bytes, len, why);
	case SSE_FIELD_EVENT: return take_type(d, bytes, len, why);
	case SSE_FIELD_ID: return take_id(d, bytes, len, why);
	case SSE_FIELD_RETRY: return take_retry(d, bytes, len);
	case SSE_FIELD_UNKNOWN:
	case SSE_FIELD_IGNORED: break;
	}
	return len;
}

size_t sse_draft_take(struct sse_draft *d, const uint8_t *bytes, size_t len, freshet_err *why)
{
	size_t fit = min_size(len, d->limits->max_line - d->line_len);
	size_t took = 0;
	if (d->field == SSE_FIELD_UNKNOWN)
		took = take_name(d, bytes, fit);
	if (took < fit && d->space_may_come) {
		took += bytes[took] == ' ';
		d->space_may_come = false;
	}
	if (took < fit)
		took += take_value(d, bytes + took, fit - took, why);
	d->line_len += took;
	if (took == fit && fit < len)
		*why = FRESHET_ESSE_LINE;
	return took;
}

size_t sse_draft_appetite(const struct sse_draft *d)
{
	size_t most = d->limits->max_line - d->line_len;
	if (d->field == SSE_FIELD_DATA) {
		size_t room = data_room(d);
		most = min_size(most, room - min_size(d->data.len, room));
	}
	return most < SIZE_MAX ? most + 1 : most;
}

freshet_err sse_draft_end_line(struct sse_draft *d, enum sse_line *line)
{
	freshet_err why = FRESHET_OK;
	*line = SSE_LINE_FIELD;
	if (d->field == SSE_FIELD_UNKNOWN && d->line_len == 0) {
		*line = SSE_LINE_BLANK;
		return FRESHET_OK;
	}
	if (d->field == SSE_FIELD_UNKNOWN)
		begin_value(d);
	if (d->field == SSE_FIELD_DATA) {
		take_data(d, NULL, 0, &why);
	} else if (d->field == SSE_FIELD_ID) {
		text_move(&d->id, &d->line_id);
		d->has_id = true;
	} else if (d->field == SSE_FIELD_RETRY && d->retry_digits) {
		*line = SSE_LINE_RETRY;
	}
	if (why == FRESHET_OK)
		reset_line(d);
	return why;
}

/* Makes a text of the draft valid UTF-8. */
static bool repair_text(const struct sse_draft *d, struct text *t)
{
	freshet_str s = text_str(t);
	const uint8_t *bytes = (const uint8_t *)s.ptr;
	if (!d->not_ascii || utf8_valid(bytes, s.len))
		return true;
	size_t len = utf8_repaired_len(bytes, s.len);
	uint8_t *repaired = mem_alloc(len);
	if (repaired == NULL)
		return false;
	utf8_repair(repaired, bytes, s.len);
	bool done = text_set(t, repaired, len);
	mem_free(repaired);
	return done;
}

/* The first `len` bytes of the data as valid UTF-8: as they lie where they are valid, else repaired in a copy. */
static bool valid_data(struct sse_draft *d, size_t len, freshet_str *out)
{
	*out = (freshet_str){(const char *)d->data.bytes, len};
	if (!d->not_ascii || utf8_valid(d->data.bytes, len))
		return true;
	size_t repaired = utf8_repaired_len(d->data.bytes, len);
	if (!buf_reserve(&d->repaired, repaired, repaired))
		return false;
	utf8_repair(d->repaired.bytes, d->data.bytes, len);
	*out = (freshet_str){(const char *)d->repaired.bytes, repaired};
	return true;
}

static freshet_str type_or_message(const struct sse_draft *d)
{
	return text_len(&d->type) > 0 ? text_str(&d->type) : freshet_str_of("message");
}

/* Where a part of the data may end now: never inside of a sequence that the next bytes may complete. */
static size_t part_len(const struct sse_draft *d)
{
	size_t held = d->field == SSE_FIELD_DATA ? utf8_open_tail(d->data.bytes, d->data.len) : 0;
	return d->data.len - held;
}

freshet_err sse_draft_give_part(struct sse_draft *d, freshet_err why, freshet_event *event, bool *given)
{
	*given = false;
	bool line = why == FRESHET_ESSE_LINE && d->field == SSE_FIELD_DATA;
	if (!d->limits->parts || !(line || why == FRESHET_ESSE_EVENT))
		return why;
	if (line)
		d->line_len = 0;
	size_t len = part_len(d);
	if (len == 0)
		return line ? FRESHET_OK : why;
	/* A type that is being read is not the event's type yet. */
	bool type_known = d->field != SSE_FIELD_EVENT;
	if (!valid_data(d, len, &event->data) || (type_known && !repair_text(d, &d->type)))
		return FRESHET_ENOMEM;
	event->type = type_known ? type_or_message(d) : freshet_str_of("message");
	event->flags = FRESHET_EVENT_PART | (d->has_parts ? FRESHET_EVENT_CONTINUED : 0);
	d->has_parts = true;
	d->given = len;
	*given = true;
	return FRESHET_OK;
}

void sse_draft_drop_given(struct sse_draft *d)
{
	if (d->given == 0)
		return;
	buf_drop_front(&d->data, d->given);
	buf_clear(&d->repaired);
	d->given = 0;
}

freshet_err sse_draft_finish(struct sse_draft *d, freshet_event *event)
{
	if (!repair_text(d, &d->id) || !repair_text(d, &d->type) || !valid_data(d, d->data.len, &event->data))
		return FRESHET_ENOMEM;
	if (text_len(&d->id) > d->limits->max_id)
		return FRESHET_ESSE_ID;
	event->type = type_or_message(d);
	event->flags = (d->has_id ? FRESHET_EVENT_OWN_ID : 0) | (d->has_parts ? FRESHET_EVENT_CONTINUED : 0);
	return FRESHET_OK;
}
