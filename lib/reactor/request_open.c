/*
 * Making a request from its options, and giving it back. A failed send keeps nothing: request_free takes half-made ones.
 */
#include "reactor/request_parts.h"

#include "base/fields.h"
#include "base/mem.h"
#include "flow/retry.h"
#include "reactor/upload.h"

#include <stdio.h>

#define DEFAULT_DEADLINE_MS  60000
#define DEFAULT_MAX_BODY     ((size_t)16 * 1024 * 1024)
#define DEFAULT_MAX_ATTEMPTS 3

void request_free(freshet_request *q)
{
	request_forget_answer(q);
	ending_clear(&q->ending);
	headers_free(q->headers, q->header_count);
	/* Bodies carry prompts and secrets. */
	mem_wipe(q->body_bytes, q->body_len);
	mem_free(q->body_bytes);
	upload_free(q->upload);
	mem_free(q->method);
	mem_free(q->path);
	mem_free(q->target);
	mem_free(q);
}

static freshet_err copy_texts(freshet_request *q, const freshet_request_options *o)
{
	if ((q->path = mem_copy(o->path, strlen(o->path))) == NULL)
		return FRESHET_ENOMEM;
	if (o->method != NULL && (q->method = mem_copy(o->method, strlen(o->method))) == NULL)
		return FRESHET_ENOMEM;
	return headers_copy_traced(o->headers, o->header_count, o->traceparent, &q->headers, &q->header_count);
}

/* The body, or where it comes from, and how long it is where that is known. */
static freshet_err set_body(freshet_request *q, const freshet_request_options *o)
{
	if (o->body.len > 0) {
		if ((q->body_bytes = mem_copy(o->body.ptr, o->body.len)) == NULL)
			return FRESHET_ENOMEM;
		q->body_len = o->body.len;
	}
	if (o->body.len > 0 || o->source.has_length) {
		uint64_t length = o->body.len > 0 ? o->body.len : o->source.length;
		snprintf(q->content_length, sizeof q->content_length, "%llu", (unsigned long long)length);
	}
	return upload_new(&o->source, &q->upload);
}

freshet_err request_send(freshet_endpoint *e, const freshet_request_options *o, freshet_request **out)
{
	freshet_reactor *r = e->reactor;
	if (!url_path_valid(freshet_str_of(o->path)) || !method_valid(o->method))
		return FRESHET_EINVAL;
	freshet_err err = endpoint_admits(e);
	if (err != FRESHET_OK)
		return err;
	reactor_look_at_clock(r);
	freshet_request *q = mem_zalloc(sizeof *q);
	if (q == NULL)
		return FRESHET_ENOMEM;
	q->endpoint = e;
	q->on_done = o->on_done;
	q->user = o->user;
	q->max_body = o->max_body != 0 ? o->max_body : DEFAULT_MAX_BODY;
	q->max_attempts = o->max_attempts != 0 ? o->max_attempts : DEFAULT_MAX_ATTEMPTS;
	q->accept_gzip = o->accept_gzip;
	q->max_redirects = redirects_allowed(o->follow_redirects, o->max_redirects);
	q->deadline_ms = time_add(r->now_ms, o->deadline_ms != 0 ? o->deadline_ms : DEFAULT_DEADLINE_MS);
	q->repeatable = o->repeatable || o->method == NULL || retry_method_is_idempotent(freshet_str_of(o->method));
	q->attempts = 1;
	q->deadline.kind = DUE_REQUEST;
	exchange_init(&q->exchange, &request_owner);
	list_init(&q->in_endpoint);
	task_init(&q->task, request_turn);
	err = copy_texts(q, o);
	if (err == FRESHET_OK)
		err = set_body(q, o);
	if (err == FRESHET_OK && !reactor_reserve_deadline(r))
		err = FRESHET_ENOMEM;
	if (err != FRESHET_OK) {
		request_free(q);
		return err;
	}
	list_push_back(&e->requests, &q->in_endpoint);
	e->counters.requests_in_flight++;
	r->live++;
	request_arm(q);
	endpoint_enqueue(e, &q->exchange, false);
	*out = q;
	return FRESHET_OK;
}
