/*
 * Making a stream from its options, and giving it back. A failed open keeps nothing: stream_free takes half-made ones.
 */
#include "reactor/stream_parts.h"

#include "base/fields.h"
#include "base/mem.h"
#include "flow/cursor.h"
#include "flow/retry.h"

static void free_extra(struct stream_extra *x)
{
	if (x == NULL)
		return;
	mem_free(x->method);
	headers_free(x->headers, x->header_count);
	mem_wipe(x->body_bytes, x->body.bytes.len);
	mem_free(x->body_bytes);
	if (x->has_policy)
		policy_clear(&x->policy);
	mem_free(x->cursor);
	mem_free(x->target);
	mem_free(x);
}

void stream_free(freshet_stream *s)
{
	sse_clear(&s->parser);
	stream_drop_held(s);
	ending_free(s->ending);
	free_extra(s->extra);
	mem_free(s);
}

struct stream_extra *stream_extra_of(freshet_stream *s)
{
	if (s->extra != NULL)
		return s->extra;
	s->extra = mem_zalloc(sizeof *s->extra);
	if (s->extra != NULL) {
		s->extra->deadline_ms = UINT64_MAX;
		s->extra->max_other_body = ENDING_BODY_MAX;
	}
	return s->extra;
}

static freshet_err copy_extra(freshet_stream *s, const freshet_stream_options *o)
{
	bool plain = o->method == NULL && o->header_count == 0 && o->body.len == 0 && o->policy == NULL;
	if (plain && o->traceparent == NULL && o->deadline_ms == 0 && o->max_other_body == 0)
		return FRESHET_OK;
	struct stream_extra *x = stream_extra_of(s);
	freshet_err err = x != NULL ? FRESHET_OK : FRESHET_ENOMEM;
	if (err == FRESHET_OK && o->method != NULL && (x->method = mem_copy(o->method, strlen(o->method))) == NULL)
		err = FRESHET_ENOMEM;
	if (err == FRESHET_OK)
		err = headers_copy_traced(o->headers, o->header_count, o->traceparent, &x->headers, &x->header_count);
	if (err != FRESHET_OK)
		return err;
	if (o->body.len > 0) {
		if ((x->body_bytes = mem_copy(o->body.ptr, o->body.len)) == NULL)
			return FRESHET_ENOMEM;
		x->body.bytes = (freshet_str){x->body_bytes, o->body.len};
	}
	if (o->policy != NULL) {
		err = policy_init(&x->policy, o->policy);
		x->has_policy = err == FRESHET_OK;
		s->policy = &x->policy;
	}
	if (o->max_other_body != 0)
		x->max_other_body = o->max_other_body;
	if (o->deadline_ms != 0)
		x->deadline_ms = time_add(s->endpoint->reactor->now_ms, o->deadline_ms);
	return err;
}

freshet_err stream_open(freshet_endpoint *e, const freshet_stream_options *o, freshet_stream **out)
{
	freshet_reactor *r = e->reactor;
	freshet_str path = freshet_str_of(o->path);
	if (!url_path_valid(path) || path.len > UINT32_MAX || !method_valid(o->method) ||
		!cursor_valid(o->last_event_id))
		return FRESHET_EINVAL;
	freshet_err err = endpoint_admits(e);
	if (err != FRESHET_OK)
		return err;
	reactor_look_at_clock(r);
	freshet_stream *s = mem_zalloc(sizeof *s + path.len);
	if (s == NULL)
		return FRESHET_ENOMEM;
	s->endpoint = e;
	s->policy = &e->policy;
	s->callbacks = o->callbacks;
	s->user = o->user;
	s->state = STREAM_WAITING;
	s->paused = o->paused;
	s->any_2xx = o->any_2xx;
	s->repeatable = o->repeatable || o->method == NULL || retry_method_is_idempotent(freshet_str_of(o->method));
	s->deadline.kind = DUE_STREAM;
	s->path_len = (uint32_t)path.len;
	memcpy(s->path, path.ptr, path.len);
	exchange_init(&s->exchange, &stream_owner);
	s->exchange.lasting = true;
	list_init(&s->in_endpoint);
	task_init(&s->task, stream_turn);
	err = copy_extra(s, o);
	sse_init(&s->parser, &s->policy->sse);
	if (err == FRESHET_OK && o->last_event_id.len > 0)
		err = stream_set_cursor(s, o->last_event_id);
	if (err == FRESHET_OK && !reactor_reserve_deadline(r))
		err = FRESHET_ENOMEM;
	if (err != FRESHET_OK) {
		stream_free(s);
		return err;
	}
	s->resumed = o->last_event_id.len > 0;
	list_push_back(&e->streams, &s->in_endpoint);
	e->counters.streams++;
	e->counters.streams_opened++;
	if (s->paused) {
		e->counters.streams_paused++;
		e->counters.pauses++;
	}
	r->live++;
	stream_arm(s);
	endpoint_enqueue(e, &s->exchange, false);
	*out = s;
	return FRESHET_OK;
}
