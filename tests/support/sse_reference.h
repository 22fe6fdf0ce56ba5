/*
 * The event-stream algorithm as the standard tells it, without any thought of speed or of pieces: decode all bytes, split
 * the code points into lines, take the lines one by one (WHATWG HTML, 9.2.6 "Interpreting an event stream"). The limits
 * are freshet's; they count bytes, so each code point remembers where its bytes lie. It shares no code with lib/.
 */
#ifndef SUPPORT_SSE_REFERENCE_H
#define SUPPORT_SSE_REFERENCE_H

#include "sse_trace.h"

#define REFERENCE_NO_POSITION UINT64_MAX

struct reference_point {
	uint32_t value;
	size_t start; /* of its bytes in the stream */
	size_t len;
};

struct reference_string {
	struct reference_point *points;
	size_t count;
	size_t bytes; /* that the points had in the stream */
};

struct reference {
	size_t max_line, max_event, max_id;
	bool parts;
	struct reference_string data; /* with a LF after each line, as in the standard */
	struct reference_string type;
	struct reference_string id;
	bool has_id;
	struct sse_trace last_id; /* encoded */
	uint64_t retry;
	bool has_retry;
	freshet_err err;
	uint64_t position;
	bool over; /* some event passed a limit that parts are for */
	struct sse_trace *out;
};

/* The UTF-8 decoder of the Encoding standard, 8.1.1, step by step. `points` has room for one point for each byte. */
static inline size_t reference_decode(const uint8_t *bytes, size_t len, struct reference_point *points)
{
	size_t count = 0, start = 0;
	uint32_t code_point = 0;
	unsigned needed = 0, seen = 0;
	uint8_t lower = 0x80, upper = 0xbf;
	for (size_t i = 0; i <= len; i++) {
		if (i == len && needed == 0)
			break;
		if (needed == 0) {
			start = i;
			uint8_t byte = bytes[i];
			if (byte <= 0x7f) {
				points[count++] = (struct reference_point){byte, i, 1};
			} else if (byte >= 0xc2 && byte <= 0xdf) {
				needed = 1;
				code_point = byte & 0x1fU;
			} else if (byte >= 0xe0 && byte <= 0xef) {
				lower = byte == 0xe0 ? 0xa0 : lower;
				upper = byte == 0xed ? 0x9f : upper;
				needed = 2;
				code_point = byte & 0xfU;
			} else if (byte >= 0xf0 && byte <= 0xf4) {
				lower = byte == 0xf0 ? 0x90 : lower;
				upper = byte == 0xf4 ? 0x8f : upper;
				needed = 3;
				code_point = byte & 0x7U;
			} else {
				points[count++] = (struct reference_point){0xfffd, i, 1};
			}
			continue;
		}
		bool valid = i < len && bytes[i] >= lower && bytes[i] <= upper;
		lower = 0x80;
		upper = 0xbf;
		if (!valid) {
			points[count++] = (struct reference_point){0xfffd, start, i - start};
			needed = seen = 0;
			i--; /* "prepend byte to stream" */
			if (i + 1 == len)
				break;
			continue;
		}
		code_point = code_point << 6 | (bytes[i] & 0x3fU);
		if (++seen == needed) {
			points[count++] = (struct reference_point){code_point, start, i + 1 - start};
			needed = seen = 0;
		}
	}
	return count;
}

/* Returns how many bytes were written, at most 4. */
static inline size_t reference_encode_one(char *b, uint32_t v)
{
	size_t n = 0;
	if (v < 0x80) {
		b[n++] = (char)v;
	} else if (v < 0x800) {
		b[n++] = (char)(0xc0 | v >> 6);
	} else if (v < 0x10000) {
		b[n++] = (char)(0xe0 | v >> 12);
		b[n++] = (char)(0x80 | (v >> 6 & 0x3f));
	} else {
		b[n++] = (char)(0xf0 | v >> 18);
		b[n++] = (char)(0x80 | (v >> 12 & 0x3f));
		b[n++] = (char)(0x80 | (v >> 6 & 0x3f));
	}
	if (v >= 0x80)
		b[n++] = (char)(0x80 | (v & 0x3f));
	return n;
}

static inline void reference_encode(struct sse_trace *out, const struct reference_point *points, size_t count)
{
	char bytes[256];
	size_t len = 0;
	for (size_t i = 0; i < count; i++) {
		if (sizeof bytes - len < 4) {
			sse_trace_add(out, bytes, len);
			len = 0;
		}
		len += reference_encode_one(bytes + len, points[i].value);
	}
	sse_trace_add(out, bytes, len);
}

static inline freshet_str reference_str(const struct sse_trace *t)
{
	return (freshet_str){t->text, t->len};
}

static inline void reference_append(struct reference_string *s, const struct reference_point *points, size_t count)
{
	s->points = realloc(s->points, (s->count + count + 1) * sizeof *points);
	if (s->points == NULL)
		abort();
	for (size_t i = 0; i < count; i++) {
		s->points[s->count++] = points[i];
		s->bytes += points[i].len;
	}
}

static inline void reference_empty(struct reference_string *s)
{
	s->count = 0;
	s->bytes = 0;
}

/* A limit is passed at `position`; of several the first counts, and of those at one byte the line's. */
static inline void reference_fail(struct reference *r, freshet_err err, uint64_t position)
{
	if (position < r->position) {
		r->err = err;
		r->position = position;
	}
}

/* "Dispatch the event". `position` is that of the byte that ends the blank line. */
static inline void reference_dispatch(struct reference *r, uint64_t position)
{
	struct sse_trace type = {0}, data = {0}, id = {0};
	reference_encode(&type, r->type.points, r->type.count);
	reference_encode(&data, r->data.points, r->data.count > 0 ? r->data.count - 1 : 0);
	reference_encode(&id, r->id.points, r->id.count);
	if (r->has_id && id.len > r->max_id) {
		reference_fail(r, FRESHET_ESSE_ID, position);
	} else {
		if (r->has_id) {
			r->last_id.len = 0;
			sse_trace_add(&r->last_id, id.text, id.len);
		}
		freshet_event event = {
			.id = reference_str(&r->last_id),
			.type = type.len > 0 ? reference_str(&type) : freshet_str_of("message"),
			.data = reference_str(&data),
			.flags = r->has_id ? FRESHET_EVENT_OWN_ID : 0,
		};
		if (r->data.count > 0)
			sse_trace_event(r->out, &event);
	}
	reference_empty(&r->data);
	reference_empty(&r->type);
	reference_empty(&r->id);
	r->has_id = false;
	sse_trace_free(&type);
	sse_trace_free(&data);
	sse_trace_free(&id);
}

static inline bool reference_named(const struct reference_point *points, size_t count, const char *name)
{
	if (count != strlen(name))
		return false;
	for (size_t i = 0; i < count; i++)
		if (points[i].value != (unsigned char)name[i])
			return false;
	return true;
}

static inline void reference_data(struct reference *r, const struct reference_point *value, size_t count, size_t bytes,
	uint64_t start, bool ended)
{
	/* The LF after the last line does not count: it is never given. */
	size_t used = r->type.bytes + r->data.bytes;
	bool fits = used <= r->max_event && bytes <= r->max_event - used;
	if (!fits && (bytes > 0 || ended)) {
		r->over = true;
		if (!r->parts)
			reference_fail(r, FRESHET_ESSE_EVENT, start + (used <= r->max_event ? r->max_event - used : 0));
	}
	static const struct reference_point lf = {'\n', 0, 1};
	reference_append(&r->data, value, count);
	reference_append(&r->data, &lf, 1);
}

static inline void reference_type(
	struct reference *r, const struct reference_point *value, size_t count, size_t bytes, uint64_t start)
{
	/* A LF after data counts only when more data follows. */
	size_t used = r->data.bytes > 0 ? r->data.bytes - 1 : 0;
	reference_empty(&r->type);
	if (r->parts && bytes > r->max_event)
		reference_fail(r, FRESHET_ESSE_EVENT, start + r->max_event);
	if (used + bytes > r->max_event) {
		r->over = true;
		if (!r->parts)
			reference_fail(r, FRESHET_ESSE_EVENT, start + (r->max_event - used));
	}
	reference_append(&r->type, value, count);
}

static inline void reference_id(struct reference *r, const struct reference_point *value, size_t count, uint64_t start)
{
	size_t bytes = 0, before_nul = 0;
	while (before_nul < count && value[before_nul].value != 0)
		bytes += value[before_nul++].len;
	if (bytes > r->max_id)
		reference_fail(r, FRESHET_ESSE_ID, start + r->max_id);
	if (before_nul < count)
		return;
	reference_empty(&r->id);
	reference_append(&r->id, value, count);
	r->has_id = true;
}

static inline void reference_retry(struct reference *r, const struct reference_point *value, size_t count)
{
	uint64_t number = 0;
	for (size_t i = 0; i < count; i++) {
		if (value[i].value < '0' || value[i].value > '9')
			return;
		uint64_t digit = value[i].value - '0';
		bool overflow = number > UINT64_MAX / 10 || (number == UINT64_MAX / 10 && digit > UINT64_MAX % 10);
		number = overflow ? UINT64_MAX : number * 10 + digit;
	}
	if (count == 0)
		return;
	r->retry = number;
	r->has_retry = true;
}

/*
 * One line. Without `ended` it is the rest of a stream that was cut: it can still pass a limit, and does nothing else.
 * `start` and `end` say where its bytes lie.
 */
static inline void reference_line(
	struct reference *r, const struct reference_point *line, size_t count, uint64_t start, uint64_t end, bool ended)
{
	size_t colon = 0;
	while (colon < count && line[colon].value != ':')
		colon++;
	bool is_data = reference_named(line, colon, "data");
	if (end - start > r->max_line) {
		r->over = true;
		bool in_data = is_data && colon < count && line[colon].start - start < r->max_line;
		if (!r->parts || !in_data)
			reference_fail(r, FRESHET_ESSE_LINE, start + r->max_line);
	}
	if (count == 0) {
		if (ended)
			reference_dispatch(r, end);
		return;
	}
	if (colon == count && !ended)
		return;
	size_t value = colon < count ? colon + 1 : count;
	if (value < count && line[value].value == ' ')
		value++;
	uint64_t value_start = value < count ? line[value].start : end;
	size_t bytes = (size_t)(end - value_start);
	bool retry_before = r->has_retry;
	uint64_t retry_was = r->retry;
	if (is_data)
		reference_data(r, line + value, count - value, bytes, value_start, ended);
	else if (reference_named(line, colon, "event"))
		reference_type(r, line + value, count - value, bytes, value_start);
	else if (reference_named(line, colon, "id"))
		reference_id(r, line + value, count - value, value_start);
	else if (reference_named(line, colon, "retry"))
		reference_retry(r, line + value, count - value);
	if (!ended || r->err != FRESHET_OK) {
		r->has_retry = retry_before;
		r->retry = retry_was;
	}
}

static inline void reference_lines(struct reference *r, const struct reference_point *points, size_t count, size_t len)
{
	size_t first = 0;
	uint64_t start = count > 0 ? points[0].start : len;
	for (size_t i = 0; i < count && r->err == FRESHET_OK; i++) {
		if (points[i].value != '\n' && points[i].value != '\r')
			continue;
		reference_line(r, points + first, i - first, start, points[i].start, true);
		if (points[i].value == '\r' && i + 1 < count && points[i + 1].value == '\n')
			i++;
		first = i + 1;
		start = points[i].start + 1;
	}
	if (r->err == FRESHET_OK && first < count)
		reference_line(r, points + first, count - first, start, len, false);
}

/* Reads the whole stream into `out`. True when some event was larger than the limits that parts are for. */
static inline bool sse_reference(
	const freshet_sse_options *limits, const uint8_t *bytes, size_t len, struct sse_trace *out)
{
	struct reference r = {
		.max_line = limits->max_line != 0 ? limits->max_line : 8 << 20,
		.max_event = limits->max_event != 0 ? limits->max_event : 8 << 20,
		.max_id = limits->max_id != 0 ? limits->max_id : 1024,
		.parts = limits->parts,
		.position = REFERENCE_NO_POSITION,
		.out = out,
	};
	struct reference_point *points = calloc(len + 1, sizeof *points);
	if (points == NULL)
		abort();
	size_t count = reference_decode(bytes, len, points);
	/* Half a BOM may become one: it is not a line yet. */
	if (len < 3 && memcmp(bytes, "\xef\xbb\xbf", len) == 0)
		count = 0;
	size_t bom = count > 0 && points[0].value == 0xfeff ? 1 : 0;
	reference_lines(&r, points + bom, count - bom, len);
	sse_trace_end(out, r.err, r.position, reference_str(&r.last_id), r.has_retry ? &r.retry : NULL);
	free(points);
	free(r.data.points);
	free(r.type.points);
	free(r.id.points);
	sse_trace_free(&r.last_id);
	return r.over;
}

#endif
