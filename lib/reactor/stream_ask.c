/*
 * What a stream asks for, and what the head of the answer means.
 *
 * Happy path: the stream's own path, or where a redirect has led this subscription, with the cursor; an answer 200 with
 * an event stream opens it.
 *
 * Any other answer refuses it, and its body is read before that takes effect. Two of them send it elsewhere: 421, to
 * another connection, and a redirect that may be followed.
 */
#include "reactor/stream_parts.h"

#include "base/fields.h"
#include "base/mem.h"
#include "flow/cursor.h"
#include "flow/redirect.h"
#include "reactor/conn.h"
#include "reactor/door.h"

#include <stdio.h>

#define MISDIRECTED 421

static freshet_str method_of(const freshet_stream *s)
{
	const struct stream_extra *x = s->extra;
	return freshet_str_of(x != NULL && x->method != NULL && !x->as_get ? x->method : "GET");
}

/* Scheme, authority and target without the cursor, in the reactor's scratch. */
static freshet_err describe_target(const freshet_stream *s, struct wire_request *out)
{
	freshet_err err = endpoint_describe(s->endpoint, (freshet_str){s->path, s->path_len}, out);
	if (s->extra != NULL && s->extra->target != NULL)
		out->path = freshet_str_of(s->extra->target);
	return err;
}

/* The next request of this subscription goes to `target`. FRESHET_EHTTP_REDIRECTS, FRESHET_ENOMEM. */
static freshet_err turn_to(freshet_stream *s, const struct bytes *target, int status)
{
	struct stream_extra *x = stream_extra_of(s);
	if (x == NULL)
		return FRESHET_ENOMEM;
	if (x->redirects >= s->policy->max_redirects)
		return FRESHET_EHTTP_REDIRECTS;
	char *copy = mem_copy((const char *)target->data, target->len);
	if (copy == NULL)
		return FRESHET_ENOMEM;
	x->as_get |= redirect_becomes_get(status, method_of(s));
	mem_free(x->target);
	x->target = copy;
	x->redirects++;
	return FRESHET_OK;
}

/* FRESHET_OK: the redirect leads to where the stream may follow, and will; otherwise what it is reported as. */
static freshet_err follow(freshet_stream *s, const struct wire_answer *answer)
{
	struct wire_request now;
	struct bytes target = {0};
	if (s->policy->max_redirects == 0 || !redirect_status(answer->status))
		return FRESHET_EHTTP_REDIRECT;
	freshet_str location = field_find(answer->fields, answer->count, "location");
	enum redirect_way way = REDIRECT_NO_MEMORY;
	freshet_err err = describe_target(s, &now);
	if (err == FRESHET_OK)
		way = redirect_resolve(&s->endpoint->url, now.path, location, &target);
	if (way == REDIRECT_SAME_ORIGIN)
		err = turn_to(s, &target, answer->status);
	else
		err = way == REDIRECT_ELSEWHERE ? FRESHET_EHTTP_REDIRECT : FRESHET_ENOMEM;
	bytes_clear(&target);
	return err;
}

static bool is_success(int status)
{
	return status >= 200 && status < 300;
}

static bool is_event_stream(const struct wire_answer *answer)
{
	return field_is_event_stream(field_find(answer->fields, answer->count, "content-type"));
}

/* None was asked for, and what it hides would be read as lines without an event in them. */
static bool is_coded(const struct wire_answer *answer)
{
	freshet_str coding = field_find(answer->fields, answer->count, "content-encoding");
	return coding.len > 0 && !field_name_is(coding, "identity");
}

/* The stream is this answer's body. The standard wants status 200 (WHATWG HTML, 9.2.3). */
static bool opens(const freshet_stream *s, const struct wire_answer *answer)
{
	return (answer->status == 200 || (s->any_2xx && is_success(answer->status))) && is_event_stream(answer) &&
	       !is_coded(answer);
}

/* What an answer other than an event stream means; FRESHET_OK: the same request is to be made elsewhere. */
static freshet_err judge(freshet_stream *s, const struct wire_answer *answer)
{
	if (answer->status == MISDIRECTED && !s->misdirected) {
		s->misdirected = true;
		exchange_misdirected(&s->exchange);
		return FRESHET_OK;
	}
	if (answer->status >= 300 && answer->status < 400)
		return follow(s, answer);
	bool stream = is_event_stream(answer) && !is_coded(answer);
	return is_success(answer->status) && !stream ? FRESHET_ECONTENT_TYPE : FRESHET_EHTTP_STATUS;
}

/* An answer other than an event stream. */
static void refuse(freshet_stream *s, const struct wire_answer *answer)
{
	struct ending *e = stream_ending(s);
	stream_step(s, STEP_REFUSED);
	freshet_err err = e != NULL ? judge(s, answer) : FRESHET_ENOMEM;
	if (err == FRESHET_ENOMEM) {
		stream_end(s, FRESHET_ENOMEM);
		return;
	}
	s->again = err == FRESHET_OK;
	char text[96];
	snprintf(text, sizeof text, "%s (status %d%s)", freshet_err_text(err), answer->status,
		is_coded(answer) ? ", with a content coding" : "");
	ending_clear(e);
	ending_set_error(e, err, text);
	ending_set_answer(e, answer, loop_calendar_s());
	stream_arm(s);
}

void stream_on_answer(struct exchange *ex, struct wire_answer *answer)
{
	freshet_stream *s = stream_of(ex);
	s->mark_ms = s->endpoint->reactor->now_ms;
	if (answer->status == 204) {
		/* The server asks not to come back (WHATWG HTML, 9.2.3). */
		stream_end(s, FRESHET_OK);
	} else if (opens(s, answer)) {
		stream_step(s, STEP_OPENED);
		ending_free(s->ending);
		s->ending = NULL;
		s->misdirected = false;
		stream_arm(s);
		door_stream_open(s);
	} else {
		refuse(s, answer);
	}
	wire_answer_free(answer);
}

freshet_err stream_describe(struct exchange *ex, struct wire_request *out)
{
	freshet_stream *s = stream_of(ex);
	freshet_reactor *r = s->endpoint->reactor;
	const struct stream_extra *x = s->extra;
	freshet_str cursor = sse_last_id(&s->parser);
	bool redirected = x != NULL && x->target != NULL;
	*out = (struct wire_request){.method = method_of(s)};
	out->body = x != NULL && x->body.bytes.len > 0 && !x->as_get ? &x->body : NULL;
	freshet_err err = describe_target(s, out);
	if (err != FRESHET_OK)
		return err;
	/* A redirect answers a request that had the cursor: where it leads is for the server to say. */
	if (cursor.len > 0 && (s->policy->cursor_place & FRESHET_CURSOR_QUERY) != 0 && !redirected) {
		freshet_str path = {s->path, s->path_len};
		r->path.len = 0;
		if (!bytes_append_str(&r->path, s->endpoint->url.path) ||
			!cursor_append_query(&r->path, path, s->policy->cursor_query, cursor))
			return FRESHET_ENOMEM;
		out->path = bytes_str(&r->path);
	}
	size_t count;
	freshet_header *fields =
		endpoint_fields(s->endpoint, x != NULL ? x->headers : NULL, x != NULL ? x->header_count : 0, 3, &count);
	if (fields == NULL)
		return FRESHET_ENOMEM;
	if (x != NULL && x->as_get)
		count = headers_drop_body(fields, count);
	if (field_find(fields, count, "accept").ptr == NULL)
		fields[count++] =
			(freshet_header){freshet_str_of("accept"), freshet_str_of("text/event-stream"), false};
	fields[count++] = (freshet_header){freshet_str_of("cache-control"), freshet_str_of("no-cache"), false};
	if (cursor.len > 0 && (s->policy->cursor_place & FRESHET_CURSOR_HEADER) != 0) {
		fields[count] = (freshet_header){freshet_str_of("last-event-id"), field_trim(cursor), false};
		/* Going on without it would repeat everything: an id that no header can carry ends the stream. */
		if (fields[count].value.len == 0 || !field_valid(&fields[count]))
			return FRESHET_ESSE_ID;
		count++;
	}
	out->fields = fields;
	out->count = count;
	return FRESHET_OK;
}
