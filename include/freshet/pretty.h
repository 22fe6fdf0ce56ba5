/*
 * What an agent writes, as text for people: formatters by the runtime that the agent runs on. One for the claude CLI's
 * stream-json (a JSON object per line becomes a short line or nothing) and one for everything else (lines as they are).
 *
 * Pulled, and independent of how the output is cut:
 *
 *	freshet_pretty_consume(pretty, event);                            each event of a session's stream
 *	while (freshet_pretty_next(pretty, &text) == FRESHET_PRETTY_TEXT)
 *		printf("%.*s\n", (int)text.len, text.ptr);
 *	...
 *	freshet_pretty_flush(pretty);                                     at the end, and again as above
 *
 * A formatter serves one session; a line may go on in a later event and a later turn. Texts are shown as the agent
 * wrote them: control characters in them are not removed. docs/internals/pretty.md has the tables of what is shown how.
 */
#ifndef FRESHET_PRETTY_H
#define FRESHET_PRETTY_H

#include <freshet/aod.h>
#include <freshet/error.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct freshet_pretty freshet_pretty;

typedef enum freshet_pretty_format {
	FRESHET_PRETTY_AUTO, /* what the `start` event names, see freshet_pretty_format_of; GENERIC before it */
	FRESHET_PRETTY_GENERIC,
	FRESHET_PRETTY_CLAUDE,
} freshet_pretty_format;

/* 0 takes the default. */
typedef struct freshet_pretty_options {
	size_t size;                  /* set by freshet_pretty_options_init */
	freshet_pretty_format format; /* default: AUTO */
	size_t max_line; /* bytes of a line; default 8 MiB, at least 64; a longer one is shown raw, in parts */
} freshet_pretty_options;

typedef enum freshet_pretty_result {
	FRESHET_PRETTY_MORE,   /* all that was fed is shown, or waits for the end of its line */
	FRESHET_PRETTY_TEXT,   /* `text` is to be shown; it has no LF at its end and may have some inside */
	FRESHET_PRETTY_FAILED, /* no memory; nothing is lost, the next call tries again */
} freshet_pretty_result;

/*
 * CLAUDE for the name of a runtime or provider that contains "claude", in any case, and for "anthropic", the provider
 * that runs it; GENERIC for every other.
 */
FRESHET_API freshet_pretty_format freshet_pretty_format_of(freshet_str name);

FRESHET_OPTIONS_INIT(freshet_pretty_options)

/*
 * A formatter at the start of a session's output; `options` may be NULL. The caller frees it with freshet_pretty_free.
 * FRESHET_ENOMEM, FRESHET_EINVAL; on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_pretty_new(const freshet_pretty_options *options, freshet_pretty **out);

/* NULL is fine. */
FRESHET_API void freshet_pretty_free(freshet_pretty *pretty);

/*
 * Forgets what was fed and not shown, and the line that is open; the format stays. For a caller that does not try again
 * after FAILED.
 */
FRESHET_API void freshet_pretty_reset(freshet_pretty *pretty);

/*
 * Takes what is to be shown of an event: the data of an `output` event of stdout, and with AUTO the name in `start`.
 * Everything else, stderr too, is the caller's business and changes nothing. As freshet_pretty_feed.
 */
FRESHET_API freshet_err freshet_pretty_consume(freshet_pretty *pretty, const freshet_aod_event *event);

/*
 * The next piece of output, cut anywhere. It is not copied: it must stay readable until freshet_pretty_next has answered
 * MORE. FRESHET_ESTATE while an earlier piece or a flush is not used up.
 */
FRESHET_API freshet_err freshet_pretty_feed(freshet_pretty *pretty, freshet_str piece);

/*
 * Says that no more is coming for now: freshet_pretty_next then shows the line that no LF has ended. With CLAUDE a line
 * of white space is not shown but stays, as the beginning of what may still come.
 */
FRESHET_API void freshet_pretty_flush(freshet_pretty *pretty);

/* The next text to be shown. Its span is valid until the next call on the formatter. */
FRESHET_API freshet_pretty_result freshet_pretty_next(freshet_pretty *pretty, freshet_str *text);

#ifdef __cplusplus
}
#endif

#endif
