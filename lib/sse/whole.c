/*
 * The happy path: a line is one of the four that streams are made of, and the event ends in the piece with data on one
 * line. Data of several lines is joined in the memory of a draft. There are no failures here: a limit, bytes that are
 * not UTF-8, missing memory and an event that the piece cuts off leave the parser as it was at the start of the event,
 * and the draft reads it again with all care.
 */
#include "sse/whole.h"

#include "base/scan.h"
#include "base/utf8.h"
#include "sse/draft.h"

/* The id of the event so far; the other fields are gathered in the caller's event. */
struct own_id {
	const uint8_t *bytes; /* NULL while there is none */
	size_t len;
};

/* What a line says: the field, and where its value begins. */
struct said {
	const uint8_t *value;
	enum sse_field field;
};

/* Where a block is that had to be looked for. */
struct far_block {
	const uint8_t *block;
	const uint8_t *upcoming; /* the block after it, or the end of the piece */
	struct scan_masks masks;
	uint64_t high_before; /* other than 0 when a byte before it that was passed over is not ASCII */
};

/* Lines that are longer than this are searched in strides. */
#define NEAR 512

/* Data of several lines mostly has short ones. They are copied with a fixed number of bytes, which costs least. */
#define SHORT_LINE 32

/* The functions of the pass are inlined into it, so that all that it works on stays in registers; its calls are rare. */
#define PASS static inline __attribute__((always_inline))
#define RARE static __attribute__((noinline))

PASS freshet_str str(const uint8_t *bytes, size_t len)
{
	return (freshet_str){(const char *)bytes, len};
}

/* Blocks that begin before this are near and whole. */
PASS const uint8_t *near_blocks_end(const struct sse_parser *p)
{
	size_t len = (size_t)(p->end - p->at);
	size_t blocks = len < SCAN_BLOCK ? 0 : len - SCAN_BLOCK + 1;
	return p->at + (blocks < NEAR ? blocks : NEAR);
}

/* No field of an event is there yet. */
PASS void begin(freshet_event *event, struct own_id *id)
{
	event->type = str(NULL, 0);
	event->data = str(NULL, 0);
	*id = (struct own_id){NULL, 0};
}

/* All of the event up to `stop` has no more bytes than a line or the fields may have. */
PASS bool surely_within_limits(const struct sse_parser *p, const uint8_t *stop)
{
	return (size_t)(stop - p->at) <= p->limits->max_whole;
}

/* The piece has no more line ends, and `line` is where the last line begins. */
RARE freshet_sse_result piece_ends(
	struct sse_parser *p, freshet_event *event, bool has_id, const uint8_t *line, bool not_ascii)
{
	bool has_field = event->data.ptr != NULL || event->type.ptr != NULL || has_id;
	if (line < p->end || has_field || !surely_within_limits(p, line))
		return sse_draft_next(p, event, (struct sse_ahead){line, not_ascii});
	if (p->at < line)
		sse_go_to(p, line);
	return sse_want_more(p);
}

/* Appends bytes of the piece. There is room for SHORT_LINE more than these. */
PASS void append_line(struct buf *to, const uint8_t *bytes, size_t len, const uint8_t *end)
{
	if (len <= SHORT_LINE && end - bytes >= SHORT_LINE)
		memcpy(to->bytes + to->len, bytes, SHORT_LINE);
	else
		memcpy(to->bytes + to->len, bytes, len);
	to->len += len;
}

/* A data line that is not the first. The data lies in the draft's buffer then. */
RARE bool join(struct sse_parser *p, freshet_str *data, const uint8_t *value, size_t len)
{
	bool joined = p->draft != NULL && data->ptr == (const char *)p->draft->data.bytes;
	if (!joined && !sse_draft_renew(&p->draft, p->limits))
		return false;
	struct buf *to = &p->draft->data;
	size_t room = (joined ? 0 : data->len) + 1 + len + SHORT_LINE;
	if (to->cap - to->len < room && !buf_reserve(to, room, SIZE_MAX))
		return false;
	if (!joined)
		append_line(to, (const uint8_t *)data->ptr, data->len, p->end);
	to->bytes[to->len++] = '\n';
	append_line(to, value, len, p->end);
	*data = str(to->bytes, to->len);
	return true;
}

PASS bool take_data(struct sse_parser *p, freshet_event *event, const uint8_t *value, size_t len)
{
	if (event->data.ptr != NULL)
		return join(p, &event->data, value, len);
	event->data = str(value, len);
	return true;
}

/* Most ids are short, and eight bytes are looked at in one go; the bytes behind the id can only make it look longer. */
PASS bool has_nul(const uint8_t *bytes, size_t len, const uint8_t *end)
{
	uint64_t word;
	if (len <= sizeof word && (size_t)(end - bytes) >= sizeof word) {
		memcpy(&word, bytes, sizeof word);
		if (((word - 0x0101010101010101U) & ~word & 0x8080808080808080U) == 0)
			return false;
	}
	return memchr(bytes, 0, len) != NULL;
}

PASS bool take_id(const struct sse_parser *p, struct own_id *id, const uint8_t *value, size_t len)
{
	id->bytes = value;
	id->len = len;
	return len <= p->limits->max_id && !has_nul(value, len, p->end);
}

/* Names without a colon, unknown ones, and retry. */
RARE struct said read_rare_line(const uint8_t *line, const uint8_t *stop)
{
	const uint8_t *colon = line;
	while (colon < stop && colon - line <= SSE_NAME_MAX && *colon != ':')
		colon++;
	enum sse_field field = sse_field_named((const char *)line, (size_t)(colon - line));
	return (struct said){colon < stop ? colon + 1 : stop, field};
}

PASS struct said read_line(const uint8_t *line, const uint8_t *stop)
{
	size_t len = (size_t)(stop - line);
	if (len >= 5 && memcmp(line, "data:", 5) == 0)
		return (struct said){line + 5, SSE_FIELD_DATA};
	if (len >= 3 && memcmp(line, "id:", 3) == 0)
		return (struct said){line + 3, SSE_FIELD_ID};
	if (len >= 6 && memcmp(line, "event:", 6) == 0)
		return (struct said){line + 6, SSE_FIELD_EVENT};
	if (line[0] == ':')
		return (struct said){line + 1, SSE_FIELD_IGNORED};
	return read_rare_line(line, stop);
}

/* One line that is not empty. False when the draft must see to it. */
PASS bool take_line(
	struct sse_parser *p, freshet_event *event, struct own_id *id, const uint8_t *line, const uint8_t *stop)
{
	struct said said = read_line(line, stop);
	/* Where the line ends stands its end, so there is always a byte to look at. */
	const uint8_t *value = said.value + (*said.value == ' ');
	size_t len = (size_t)(stop - value);
	switch (said.field) {
	case SSE_FIELD_DATA: return take_data(p, event, value, len);
	case SSE_FIELD_EVENT: event->type = str(value, len); break;
	case SSE_FIELD_ID: return take_id(p, id, value, len);
	case SSE_FIELD_RETRY: return false;
	case SSE_FIELD_UNKNOWN:
	case SSE_FIELD_IGNORED: break;
	}
	return true;
}

/* The blank line at `stop`: the last event id moves. False when the draft must see to it. */
PASS bool dispatch(struct sse_parser *p, freshet_event *event, const struct own_id *id, const uint8_t *stop)
{
	if (!surely_within_limits(p, stop))
		return false;
	if (id->bytes != NULL && !text_put(&p->last_id, id->bytes, id->len, (size_t)(p->end - id->bytes)))
		return false;
	event->id = text_str(&p->last_id);
	event->flags = id->bytes != NULL ? FRESHET_EVENT_OWN_ID : 0;
	if (event->type.len == 0)
		event->type = (freshet_str){"message", 7};
	return true;
}

#define NAMED_AGAIN(name, kind) name##_##kind
#define NAMED(name, kind)       NAMED_AGAIN(name, kind)
#define SCAN_TARGET(kind)       NAMED(SCAN_TARGET, kind)

#define KIND scalar
#include "sse/whole_body.h"
#ifdef SCAN_HAVE_base
#define KIND base
#include "sse/whole_body.h"
#endif
#ifdef SCAN_HAVE_avx2
#define KIND avx2
#include "sse/whole_body.h"
#endif

sse_whole_fn *const sse_whole_next[CPU_VECTORS] = {
	[CPU_SCALAR] = next_scalar,
#ifdef SCAN_HAVE_base
	[CPU_BASE] = next_base,
#endif
#ifdef SCAN_HAVE_avx2
	[CPU_AVX2] = next_avx2,
	[CPU_AVX512] = next_avx2,
	[CPU_VBMI2] = next_avx2,
#endif
};
