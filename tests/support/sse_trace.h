/*
 * What came out of an event stream, as text, so that two ways of reading it can be held against each other and against
 * a file. One line for each event and one for the end:
 *
 *	event type="message" id="7" own data="two\nlines"
 *	end id="7" retry=3000
 *	error FRESHET_ESSE_LINE at 17 id="7" retry=none
 *
 * Parts of one event are one line. Header only: the tests and the fuzzer share it.
 */
#ifndef SUPPORT_SSE_TRACE_H
#define SUPPORT_SSE_TRACE_H

#include <freshet/sse.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sse_trace {
	char *text;
	size_t len;
	size_t cap;
};

static inline void sse_trace_add(struct sse_trace *t, const char *bytes, size_t len)
{
	if (t->cap - t->len < len + 1) {
		t->cap = t->cap * 2 + len + 256;
		t->text = realloc(t->text, t->cap);
		if (t->text == NULL)
			abort();
	}
	memcpy(t->text + t->len, bytes, len);
	t->len += len;
	t->text[t->len] = '\0';
}

static inline void sse_trace_word(struct sse_trace *t, const char *word)
{
	sse_trace_add(t, word, strlen(word));
}

static inline bool sse_trace_is_plain(char byte)
{
	unsigned char c = (unsigned char)byte;
	return c >= 0x20 && c != 0x7f && c != '"' && c != '\\';
}

static inline void sse_trace_escape(struct sse_trace *t, char byte)
{
	char escape[8];
	if (byte == '\n')
		snprintf(escape, sizeof escape, "\\n");
	else if (byte == '"' || byte == '\\')
		snprintf(escape, sizeof escape, "\\%c", byte);
	else
		snprintf(escape, sizeof escape, "\\x%02x", (unsigned char)byte);
	sse_trace_word(t, escape);
}

static inline void sse_trace_quoted(struct sse_trace *t, const char *name, freshet_str s)
{
	size_t done = 0;
	sse_trace_word(t, name);
	sse_trace_word(t, "=\"");
	for (size_t i = 0; i < s.len; i++) {
		if (sse_trace_is_plain(s.ptr[i]))
			continue;
		if (i > done)
			sse_trace_add(t, s.ptr + done, i - done);
		sse_trace_escape(t, s.ptr[i]);
		done = i + 1;
	}
	if (s.len > done)
		sse_trace_add(t, s.ptr + done, s.len - done);
	sse_trace_word(t, "\"");
}

static inline void sse_trace_event(struct sse_trace *t, const freshet_event *event)
{
	sse_trace_quoted(t, "event type", event->type);
	sse_trace_quoted(t, " id", event->id);
	sse_trace_word(t, event->flags & FRESHET_EVENT_OWN_ID ? " own" : "");
	sse_trace_quoted(t, " data", event->data);
	sse_trace_word(t, "\n");
}

/* The last line; `err` is FRESHET_OK where the stream just ends, `retry` NULL where there was none. */
static inline void sse_trace_end(
	struct sse_trace *t, freshet_err err, uint64_t position, freshet_str last_id, const uint64_t *retry)
{
	char number[32];
	if (err == FRESHET_OK) {
		sse_trace_word(t, "end");
	} else {
		sse_trace_word(t, "error ");
		sse_trace_word(t, freshet_err_name(err));
		snprintf(number, sizeof number, " at %" PRIu64, position);
		sse_trace_word(t, number);
	}
	sse_trace_quoted(t, " id", last_id);
	snprintf(number, sizeof number, "%" PRIu64, retry != NULL ? *retry : 0);
	sse_trace_word(t, " retry=");
	sse_trace_word(t, retry != NULL ? number : "none");
	sse_trace_word(t, "\n");
}

static inline void sse_trace_free(struct sse_trace *t)
{
	free(t->text);
	memset(t, 0, sizeof *t);
}

#endif
