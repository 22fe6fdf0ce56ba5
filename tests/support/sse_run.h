/*
 * Feeds a stream to the parser in given pieces and traces what comes out. Each piece lies in memory of exactly its size
 * that is gone when the parser has used it up, so that a sanitizer sees a byte read outside of it or kept behind its
 * back. Parts of one event are put together, and what the header promises of them is checked. Header only: the tests and
 * the fuzzer share it; a broken promise ends the process.
 */
#ifndef SUPPORT_SSE_RUN_H
#define SUPPORT_SSE_RUN_H

#include "sse_trace.h"

#include "base/utf8.h"
#include "sse/parser.h"

struct sse_run {
	struct sse_parser parser;
	struct sse_trace *out;
	struct sse_trace data; /* of the parts so far */
	struct sse_trace id;   /* the last event id at the first part */
	size_t parts;          /* given of the current event */
	size_t all_parts;
	bool failed;
};

#define SSE_RUN_CHECK(condition)                                                                                       \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

static inline void sse_run_begin(struct sse_run *r, const struct sse_limits *limits, struct sse_trace *out)
{
	memset(r, 0, sizeof *r);
	r->out = out;
	sse_init(&r->parser, limits);
}

static inline bool sse_run_valid(freshet_str s)
{
	return utf8_valid((const uint8_t *)s.ptr, s.len);
}

static inline void sse_run_part(struct sse_run *r, const freshet_event *event)
{
	const struct sse_limits *limits = r->parser.limits;
	size_t most = limits->max_event < 4 ? 4 : limits->max_event;
	SSE_RUN_CHECK(limits->parts && event->data.len > 0 && event->data.len / 3 <= most);
	SSE_RUN_CHECK(!(event->flags & FRESHET_EVENT_OWN_ID));
	if (r->parts++ == 0) {
		r->id.len = 0;
		sse_trace_add(&r->id, event->id.ptr, event->id.len);
	}
	SSE_RUN_CHECK(freshet_str_equal(event->id, (freshet_str){r->id.text, r->id.len}));
	sse_trace_add(&r->data, event->data.ptr, event->data.len);
	r->all_parts++;
}

static inline void sse_run_event(struct sse_run *r, const freshet_event *event)
{
	bool continued = event->flags & FRESHET_EVENT_CONTINUED;
	SSE_RUN_CHECK(continued == (r->parts > 0));
	SSE_RUN_CHECK(sse_run_valid(event->id) && sse_run_valid(event->type) && sse_run_valid(event->data));
	SSE_RUN_CHECK(freshet_str_equal(event->id, sse_last_id(&r->parser)));
	if (event->flags & FRESHET_EVENT_PART) {
		sse_run_part(r, event);
		return;
	}
	freshet_event whole = *event;
	if (r->parts > 0) {
		if (event->data.len > 0)
			sse_trace_add(&r->data, event->data.ptr, event->data.len);
		whole.data = (freshet_str){r->data.text, r->data.len};
	}
	sse_trace_event(r->out, &whole);
	r->parts = 0;
	r->data.len = 0;
}

/* Takes all events of what was fed. */
static inline void sse_run_drain(struct sse_run *r)
{
	freshet_event event;
	freshet_sse_result result;
	while ((result = sse_next(&r->parser, &event)) == FRESHET_SSE_EVENT)
		sse_run_event(r, &event);
	r->failed = result == FRESHET_SSE_FAILED;
}

/* Feeds one piece; an empty one is fed too. */
static inline void sse_run_feed(struct sse_run *r, const uint8_t *bytes, size_t len)
{
	if (r->failed)
		return;
	uint8_t *piece = malloc(len > 0 ? len : 1);
	SSE_RUN_CHECK(piece != NULL);
	if (len > 0)
		memcpy(piece, bytes, len);
	SSE_RUN_CHECK(sse_feed(&r->parser, piece, len) == FRESHET_OK);
	sse_run_drain(r);
	free(piece);
}

/* The stream ends. */
static inline void sse_run_end(struct sse_run *r)
{
	uint64_t position = 0, retry;
	freshet_event event;
	freshet_err err = sse_error(&r->parser, &position);
	SSE_RUN_CHECK(r->failed == (err != FRESHET_OK));
	SSE_RUN_CHECK(!r->failed || sse_next(&r->parser, &event) == FRESHET_SSE_FAILED);
	bool has_retry = sse_retry_ms(&r->parser, &retry);
	sse_trace_end(r->out, err, position, sse_last_id(&r->parser), has_retry ? &retry : NULL);
	sse_clear(&r->parser);
	sse_trace_free(&r->data);
	sse_trace_free(&r->id);
}

/* All of it, cut at the given places, which ascend. Returns how many parts were given. */
static inline size_t sse_run_cut(const struct sse_limits *limits, const uint8_t *bytes, size_t len, const size_t *cuts,
	size_t count, struct sse_trace *out)
{
	struct sse_run r;
	size_t at = 0;
	sse_run_begin(&r, limits, out);
	for (size_t i = 0; i < count; at = cuts[i++])
		sse_run_feed(&r, bytes + at, cuts[i] - at);
	sse_run_feed(&r, bytes + at, len - at);
	sse_run_end(&r);
	return r.all_parts;
}

/* Byte by byte, with an empty piece before each. */
static inline void sse_run_bytewise(
	const struct sse_limits *limits, const uint8_t *bytes, size_t len, struct sse_trace *out)
{
	struct sse_run r;
	sse_run_begin(&r, limits, out);
	for (size_t i = 0; i < len; i++) {
		sse_run_feed(&r, NULL, 0);
		sse_run_feed(&r, bytes + i, 1);
	}
	sse_run_feed(&r, NULL, 0);
	sse_run_end(&r);
}

#endif
