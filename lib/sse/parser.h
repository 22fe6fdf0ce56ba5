/*
 * The event-stream parser as it lies in each stream's record. It is pulled: feed a piece, take events until it wants
 * more. An idle parser owns no memory but an id that is longer than a short one.
 *
 * The calls are those of <freshet/sse.h>, where their promises stand; what is different is said here.
 */
#ifndef SSE_PARSER_H
#define SSE_PARSER_H

#include "base/text.h"

#include <freshet/sse.h>

/* Shared by any number of parsers, which it outlives. Filled in by sse_limits_init. */
struct sse_limits {
	size_t max_line;
	size_t max_event;
	size_t max_id;
	bool parts;
	size_t max_whole; /* the lesser of max_line and max_event: fewer bytes in all pass neither */
};

struct sse_draft;

/* What must be seen to before the next byte begins an event. */
enum {
	SSE_AT_START = 0x1, /* a BOM may come */
	SSE_AFTER_CR = 0x2, /* a LF that comes now belongs to the line end before it */
	SSE_DRAFTING = 0x4, /* the draft holds an unfinished event */
	SSE_FAILED = 0x8,
};

struct sse_parser {
	const struct sse_limits *limits;
	const uint8_t *at;       /* the next byte of the piece */
	const uint8_t *end;      /* where the piece ends */
	uint64_t fed;            /* bytes of the stream up to `end`; after a failure, the position of the failure */
	uint64_t retry_ms;       /* the last retry field */
	struct sse_draft *draft; /* an event that began in an earlier piece, or the memory of the last one */
	struct text last_id;     /* the last event id string */
	freshet_err err;         /* FRESHET_OK while it has not failed */
	uint8_t state;           /* SSE_AT_START and the like, together; 0 between two events */
	uint8_t bom_len;         /* bytes of a BOM seen at the start of the stream */
	bool has_retry;          /* retry_ms is set */
};

/* For the files of this folder: the next byte is at `at`, which is behind a line end. */
static inline void sse_go_to(struct sse_parser *p, const uint8_t *at)
{
	p->at = at;
	if (at == p->end && at[-1] == '\r')
		p->state |= SSE_AFTER_CR;
}

/* The limits that the options ask for; NULL asks for the defaults. FRESHET_EINVAL for options of an unknown size. */
freshet_err sse_limits_init(struct sse_limits *limits, const freshet_sse_options *options);

void sse_init(struct sse_parser *p, const struct sse_limits *limits);

/* Gives back everything the parser owns. It may be initialised again. */
void sse_clear(struct sse_parser *p);

/* A new connection: keeps the last id and the last retry. */
void sse_reset(struct sse_parser *p);

freshet_err sse_feed(struct sse_parser *p, const uint8_t *bytes, size_t len);
freshet_sse_result sse_next(struct sse_parser *p, freshet_event *event);
freshet_err sse_error(const struct sse_parser *p, uint64_t *position);
freshet_str sse_last_id(const struct sse_parser *p);
freshet_err sse_set_last_id(struct sse_parser *p, freshet_str id);
bool sse_retry_ms(const struct sse_parser *p, uint64_t *retry_ms);

/* How many bytes of the piece are not used up yet, and where they lie. The spans of the last event stay valid. */
size_t sse_unread(const struct sse_parser *p, const uint8_t **rest);

/*
 * The same, and the parser lets go of them, as if the piece had ended there: the caller keeps them and feeds them again
 * when it goes on. The spans of the last event are not valid afterwards.
 */
size_t sse_take_rest(struct sse_parser *p, const uint8_t **rest);

/* Bytes of the stream that were read of an event which has not ended: what is lost when the stream ends here. */
size_t sse_unfinished(const struct sse_parser *p);

#endif
