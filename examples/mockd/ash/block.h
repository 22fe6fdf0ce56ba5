/*
 * A block: the frames that the server makes of one agent message, or the end of a turn. Granular frames come first, the
 * message itself last. Blocks are shared by the session, its streams and its store.
 */
#ifndef MOCKD_ASH_BLOCK_H
#define MOCKD_ASH_BLOCK_H

#include <freshet/types.h>

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ash_block_kind {
	ASH_BLOCK_MESSAGE, /* of the agent */
	ASH_BLOCK_USER,    /* what was sent: it has no frames */
	ASH_BLOCK_ERROR,   /* of the agent: an `error` frame, and the stream ends */
	ASH_BLOCK_GIVE_UP, /* the server's: an `error` frame, `done`, and the stream ends */
	ASH_BLOCK_DONE,    /* the stream ends with `done` */
	ASH_BLOCK_FOREIGN, /* the same, but `done` names no session */
	ASH_BLOCK_BREAK,   /* the stream ends without `done` */
};

struct ash_frame {
	size_t end;   /* in the block's text */
	size_t data;  /* where the payload of its data line begins */
	uint64_t row; /* its number in the session, from 1; 0: none */
	bool message; /* the agent message itself */
};

struct ash_block {
	uint32_t refs;
	uint8_t kind; /* enum ash_block_kind */
	bool stored;
	uint32_t turn;
	size_t raw_at, raw_len; /* the agent message or what was sent, as JSON, in the text */
	char *text;             /* all frames */
	char *spoken;           /* the text of an assistant message; NULL: none */
	struct ash_frame *frames;
	size_t frame_count;
};

/* The frames of an agent message, which is not given up. */
struct ash_block *ash_block_message(const json_t *message);
/* What a user sent, as it is stored: {"type": "user", "content": content}; the content is not given up. */
struct ash_block *ash_block_user(json_t *content);
/* Of the other kinds; `error` is the text of an `error` frame. */
struct ash_block *ash_block_end(enum ash_block_kind kind, const char *error);

struct ash_block *ash_block_hold(struct ash_block *block);
/* Frees with the last holder. */
void ash_block_drop(struct ash_block *block);

static inline freshet_str ash_block_raw(const struct ash_block *b)
{
	return (freshet_str){b->text + b->raw_at, b->raw_len};
}

/* The bytes of a frame, and the payload of its data line. */
freshet_str ash_block_frame(const struct ash_block *b, size_t i);
freshet_str ash_block_data(const struct ash_block *b, size_t i);

#endif
