/*
 * What callbacks of the hosted half told, as text.
 */
#ifndef TESTS_AGENTOS_HOSTED_NOTE_H
#define TESTS_AGENTOS_HOSTED_NOTE_H

#include "support/agentos_world.h"
#include "support/test.h"

#include <freshet/agentos_hosted.h>

#define Z(text) freshet_str_of(text)
#define NONE    ((freshet_str){NULL, 0})

struct note {
	unsigned dones;
	bool done;
	freshet_err err;
	freshet_agentos_class error_class;
	bool transport, protocol, polled, text_cut;
	unsigned resumes;
	freshet_agentos_status status;
	char run[64];
	char text[4096];   /* of results: "status|output|text|approval|question id|question|error|tokens" */
	char words[512];   /* of an error */
	char said[4096];   /* of a stream: all chunks */
	char events[8192]; /* "start run;chunk text;..." */
	freshet_agentos_stream *stream;
	void (*in_event)(struct note *note, const freshet_agentos_event *event); /* optional */
	void (*in_done)(struct note *note);                                      /* optional */
};

static inline void note_result(struct note *n, const freshet_agentos_result *r)
{
	n->status = r->status;
	snprintf(n->run, sizeof n->run, "%.*s", (int)r->run_id.len, r->run_id.ptr);
	snprintf(n->text, sizeof n->text, "%s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|", freshet_agentos_status_name(r->status),
		(int)r->output.len, r->output.ptr, (int)r->output_text.len, r->output_text.ptr, (int)r->approval_id.len,
		r->approval_id.ptr, (int)r->question_id.len, r->question_id.ptr, (int)r->question.len, r->question.ptr,
		(int)r->error_message.len, r->error_message.ptr);
	if (r->has_usage)
		snprintf(n->text + strlen(n->text), 64, "%lld/%lld", (long long)r->input_tokens,
			(long long)r->output_tokens);
}

static inline void note_error(struct note *n, const freshet_agentos_error *e)
{
	n->err = e != NULL ? e->outcome.err : FRESHET_OK;
	if (e == NULL)
		return;
	n->error_class = e->error_class;
	n->transport = e->transport;
	n->protocol = e->protocol;
	assert_true(e->outcome.text.len > 0);
	snprintf(n->words, sizeof n->words, "%.*s|%.*s|%.*s", (int)e->outcome.text.len, e->outcome.text.ptr,
		(int)e->message.len, e->message.ptr, (int)e->code.len, e->code.ptr);
}

static inline void note_end(struct note *n)
{
	n->dones++;
	n->done = true;
	if (n->in_done != NULL)
		n->in_done(n);
}

static inline void on_result(freshet_agentos_call *call, const freshet_agentos_error *error,
	const freshet_agentos_result *result, void *user)
{
	struct note *n = user;
	(void)call;
	assert_true((error == NULL) != (result == NULL));
	note_error(n, error);
	if (result != NULL)
		note_result(n, result);
	note_end(n);
}

static inline void on_event(freshet_agentos_stream *stream, const freshet_agentos_event *e, void *user)
{
	static const char *const types[] = {"unknown", "start", "chunk", "tool_call", "tool_result",
		"awaiting_approval", "awaiting_input", "done", "error"};
	struct note *n = user;
	size_t len = strlen(n->events);
	assert_int_equal(n->dones, 0);
	assert_ptr_equal(stream, n->stream);
	freshet_str about = e->type == FRESHET_AGENTOS_EVENT_CHUNK   ? e->text
			    : e->type == FRESHET_AGENTOS_EVENT_START ? e->result.run_id
			    : e->tool.len > 0                        ? e->tool
			    : e->type == FRESHET_AGENTOS_EVENT_ERROR ? e->message
								     : e->type_name;
	snprintf(n->events + len, sizeof n->events - len, "%s%s%s %.*s;", types[e->type], e->synthetic ? "*" : "",
		e->is_error ? "!" : "", (int)about.len, about.ptr);
	if (n->in_event != NULL)
		n->in_event(n, e);
}

static inline void on_stream_done(freshet_agentos_stream *stream, const freshet_agentos_stream_end *end, void *user)
{
	struct note *n = user;
	if (stream != NULL && n->stream != NULL)
		assert_ptr_equal(stream, n->stream);
	note_error(n, end->error);
	if (end->result != NULL)
		note_result(n, end->result);
	snprintf(n->said, sizeof n->said, "%.*s", (int)end->text.len, end->text.ptr);
	n->polled = end->polled;
	n->resumes = end->resumes;
	n->text_cut = end->text_cut;
	n->stream = NULL;
	note_end(n);
}

static const freshet_agentos_stream_callbacks note_callbacks = {on_event, on_stream_done};

static inline freshet_agentos_invoke_options say(const char *text)
{
	freshet_agentos_invoke_options o;
	freshet_agentos_invoke_options_init(&o);
	o.text = freshet_str_of(text);
	return o;
}

#endif
