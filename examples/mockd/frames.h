/*
 * Frames of AoD's event stream, rendered by hand for speed: JSON with a space after ':' and ',', ASCII only. Short
 * parts are rendered into scratch space; long texts are pointed at.
 */
#ifndef MOCKD_FRAMES_H
#define MOCKD_FRAMES_H

#include "mockd/http.h"

#define SCRATCH_SIZE 1024

/* Where the piece at hand is rendered. One per emulator: a piece is used up before the next is asked for. */
struct scratch {
	char bytes[SCRATCH_SIZE];
	size_t len;
};

/* What does not fit is left out; nothing that is put is longer than SCRATCH_SIZE in all. */
void scratch_text(struct scratch *s, const char *text);
void scratch_span(struct scratch *s, freshet_str text);
void scratch_number(struct scratch *s, uint64_t number);

/* What was put since `from`. */
freshet_str scratch_since(const struct scratch *s, size_t from);

/* "id: N" and its line end, as a piece of its own. */
void frame_id_line(struct piece *piece, struct scratch *s, uint64_t id);

/* An output frame without its id line; `json` is its text, escaped. A `turn` of 0 is null. */
void frame_output(
	struct piece *piece, struct scratch *s, uint64_t id, const char *stream, freshet_str json, uint32_t turn);

/* The same with its id line, as one piece. */
void frame_output_with_id(
	struct piece *piece, struct scratch *s, uint64_t id, const char *stream, freshet_str json, uint32_t turn);

#endif
