/*
 * Rendering of frames.
 */
#include "mockd/frames.h"

void scratch_span(struct scratch *s, freshet_str text)
{
	size_t room = SCRATCH_SIZE - s->len;
	size_t len = text.len < room ? text.len : room;
	memcpy(s->bytes + s->len, text.ptr, len);
	s->len += len;
}

void scratch_text(struct scratch *s, const char *text)
{
	scratch_span(s, freshet_str_of(text));
}

void scratch_number(struct scratch *s, uint64_t number)
{
	char digits[20];
	size_t at = sizeof digits;
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	scratch_span(s, (freshet_str){digits + at, sizeof digits - at});
}

freshet_str scratch_since(const struct scratch *s, size_t from)
{
	return (freshet_str){s->bytes + from, s->len - from};
}

static void put_id_line(struct scratch *s, uint64_t id)
{
	scratch_text(s, "id: ");
	scratch_number(s, id);
	scratch_text(s, "\n");
}

void frame_id_line(struct piece *piece, struct scratch *s, uint64_t id)
{
	s->len = 0;
	put_id_line(s, id);
	*piece = (struct piece){.spans = {scratch_since(s, 0)}, .row = id, .kind = PIECE_ID};
}

/* Puts the output's data line after what the scratch holds. */
static void put_output(
	struct piece *piece, struct scratch *s, uint64_t id, const char *stream, freshet_str json, uint32_t turn)
{
	scratch_text(s, "data: {\"type\": \"output\", \"id\": ");
	scratch_number(s, id);
	scratch_text(s, ", \"stream\": \"");
	scratch_text(s, stream);
	scratch_text(s, "\", \"data\": \"");
	size_t tail = s->len;
	scratch_text(s, "\", \"turn\": ");
	if (turn > 0)
		scratch_number(s, turn);
	else
		scratch_text(s, "null");
	scratch_text(s, "}\n\n");
	*piece = (struct piece){
		.spans = {{s->bytes, tail}, json, scratch_since(s, tail)}, .row = id, .kind = PIECE_EVENT};
}

void frame_output(
	struct piece *piece, struct scratch *s, uint64_t id, const char *stream, freshet_str json, uint32_t turn)
{
	s->len = 0;
	put_output(piece, s, id, stream, json, turn);
}

void frame_output_with_id(
	struct piece *piece, struct scratch *s, uint64_t id, const char *stream, freshet_str json, uint32_t turn)
{
	s->len = 0;
	put_id_line(s, id);
	put_output(piece, s, id, stream, json, turn);
}
