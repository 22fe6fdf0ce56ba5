/*
 * The event-stream parser: WHATWG HTML, section 9.2 "Server-sent events", to the letter; usable alone on any transport.
 *
 * It is incremental and pulled: give it a piece of the body, take events until it wants more, give it the next piece.
 * Same bytes, same events, whatever the cuts. It calls nobody, and it copies nothing while an event lies inside one
 * piece, has one data line and is valid UTF-8; several lines, or an event over several pieces, are joined once.
 *
 *	freshet_sse_feed(parser, bytes, len);
 *	while ((result = freshet_sse_next(parser, &event)) == FRESHET_SSE_EVENT)
 *		use(&event);
 */
#ifndef FRESHET_SSE_H
#define FRESHET_SSE_H

#include <freshet/error.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct freshet_sse_parser freshet_sse_parser;

/* The event carried an `id` field of its own; without it `id` is that of an earlier event. */
#define FRESHET_EVENT_OWN_ID 0x1u
/* Only with `parts`: more data of the same event follows in the next freshet_event. */
#define FRESHET_EVENT_PART 0x2u
/* Only with `parts`: this goes on where the event before it stopped. */
#define FRESHET_EVENT_CONTINUED 0x4u

/*
 * One event. The spans are valid UTF-8 and stay valid until the next call on the parser that gave it (of a stream: until
 * the callback returns).
 */
typedef struct freshet_event {
	freshet_str id;   /* the last event id, as the standard says: it stays until another `id` field replaces it */
	freshet_str type; /* "message" where the stream names none */
	freshet_str data; /* lines joined by LF, without the last one */
	unsigned flags;   /* FRESHET_EVENT_... */
} freshet_event;

/*
 * Limits of one parser, in bytes as they come; 0 takes the default. A byte that is not valid UTF-8 becomes three
 * (U+FFFD), so the data of an event may have three times max_event bytes; an id never has more than max_id.
 *
 * With `parts`, data that is too large is handed over as it comes in: each part is a whole number of characters, the
 * parts one after the other are the data, and no event or line within the limits is ever parted. The id moves with the
 * last part; the type is sure only there, because an `event` line may come after the data. The last part may be empty.
 */
typedef struct freshet_sse_options {
	size_t size;      /* set by freshet_sse_options_init */
	size_t max_line;  /* of one line without its end; default 8 MiB */
	size_t max_event; /* of the type and data of one event, the LF between data lines included; default 8 MiB */
	size_t max_id;    /* of an id; default 1 KiB */
	bool parts; /* optional: an event past max_event, and a data line past max_line, comes in parts, not as an error */
} freshet_sse_options;

typedef enum freshet_sse_result {
	FRESHET_SSE_MORE,   /* all that was fed is used up */
	FRESHET_SSE_EVENT,  /* the event is filled in */
	FRESHET_SSE_FAILED, /* freshet_sse_error tells; the same answer repeats until the parser is reset */
} freshet_sse_result;

FRESHET_OPTIONS_INIT(freshet_sse_options)

/*
 * A new parser at the start of a stream; `options` may be NULL. The caller frees it with freshet_sse_parser_free.
 * FRESHET_ENOMEM, FRESHET_EINVAL; on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_sse_parser_new(const freshet_sse_options *options, freshet_sse_parser **out);

/* NULL is fine. */
FRESHET_API void freshet_sse_parser_free(freshet_sse_parser *parser);

/*
 * Begins a new stream (after a reconnect): everything unfinished is forgotten, a BOM may come again. The last event id
 * and the last `retry` stay: they belong to the event source, not to the connection.
 */
FRESHET_API void freshet_sse_parser_reset(freshet_sse_parser *parser);

/*
 * Gives the next piece of the body. It is not copied: it must stay readable until freshet_sse_next answered MORE or
 * FAILED. FRESHET_ESTATE while an earlier piece is not used up; after a failure the code of that failure. An empty piece
 * changes nothing.
 */
FRESHET_API freshet_err freshet_sse_feed(freshet_sse_parser *parser, const uint8_t *bytes, size_t len);

/*
 * The next event of what was fed. An event is given at the very byte that ends its blank line: a lone CR ends it too and
 * nothing is waited for. After FRESHET_SSE_FAILED nothing more of the stream can be read.
 */
FRESHET_API freshet_sse_result freshet_sse_next(freshet_sse_parser *parser, freshet_event *event);

/*
 * Why the parser failed and at which byte of the stream (counted from 0 at the last reset; the byte at which the limit
 * was passed). FRESHET_OK while it has not. `position` may be NULL.
 */
FRESHET_API freshet_err freshet_sse_error(const freshet_sse_parser *parser, uint64_t *position);

/*
 * The last event id, as dispatched: an `id` moves it when its event is dispatched, also when that event has no data and
 * is not given. The span is valid until the next call on the parser.
 */
FRESHET_API freshet_str freshet_sse_last_id(const freshet_sse_parser *parser);

/*
 * Sets the last event id, for a stream that goes on where an earlier one stopped. It is copied. FRESHET_EINVAL for one
 * that no stream can send (with NUL, CR or LF, or not UTF-8), FRESHET_ESSE_ID for one past max_id, FRESHET_ENOMEM.
 */
FRESHET_API freshet_err freshet_sse_set_last_id(freshet_sse_parser *parser, freshet_str id);

/*
 * The last `retry` field in milliseconds; false while there was none, and `retry_ms` is left as it was. A number that is
 * too large for 64 bits gives UINT64_MAX. A `retry` without digits is ignored.
 */
FRESHET_API bool freshet_sse_retry_ms(const freshet_sse_parser *parser, uint64_t *retry_ms);

#ifdef __cplusplus
}
#endif

#endif
