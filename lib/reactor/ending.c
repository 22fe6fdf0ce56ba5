#include "reactor/ending.h"

#include "base/fields.h"
#include "base/mem.h"

struct ending *ending_new(void)
{
	return mem_zalloc(sizeof(struct ending));
}

void ending_clear(struct ending *e)
{
	bytes_clear(&e->text);
	bytes_clear(&e->content_type);
	bytes_clear(&e->location);
	bytes_clear(&e->body);
	e->outcome = (freshet_outcome){0};
}

void ending_free(struct ending *e)
{
	if (e == NULL)
		return;
	ending_clear(e);
	mem_free(e);
}

static void set_bytes(struct bytes *b, freshet_str value)
{
	/* An outcome of this very ending brings its own bytes. */
	if (value.ptr == (const char *)b->data && value.len == b->len)
		return;
	b->len = 0;
	bytes_append_str(b, value);
}

void ending_set(struct ending *e, const freshet_outcome *why)
{
	freshet_outcome before = e->outcome;
	set_bytes(&e->text, why->text);
	e->outcome = *why;
	if (why->http_status == 0)
		e->outcome.http_status = before.http_status;
	if (!why->has_retry_after) {
		e->outcome.has_retry_after = before.has_retry_after;
		e->outcome.retry_after_ms = before.retry_after_ms;
	}
	e->outcome.body_cut = before.body_cut;
}

void ending_set_error(struct ending *e, freshet_err err, const char *text)
{
	freshet_outcome why = {.err = err};
	why.text = freshet_str_of(text != NULL ? text : freshet_err_text(err));
	ending_set(e, &why);
}

void ending_set_answer(struct ending *e, const struct wire_answer *answer, int64_t calendar_s)
{
	e->outcome.http_status = answer->status;
	e->outcome.body_cut = true;
	set_bytes(&e->content_type, field_find(answer->fields, answer->count, "content-type"));
	if (answer->status >= 300 && answer->status < 400)
		set_bytes(&e->location, field_find(answer->fields, answer->count, "location"));
	freshet_str retry_after = field_find(answer->fields, answer->count, "retry-after");
	e->outcome.has_retry_after = field_retry_after(retry_after, calendar_s, &e->outcome.retry_after_ms);
}

bool ending_add_body(struct ending *e, const uint8_t *bytes, size_t len, size_t most)
{
	size_t room = most - e->body.len;
	size_t part = len < room ? len : room;
	return bytes_append(&e->body, bytes, part) && part == len;
}

void ending_body_is_whole(struct ending *e)
{
	e->outcome.body_cut = false;
}

const freshet_outcome *ending_outcome(struct ending *e)
{
	e->outcome.text = e->text.len > 0 ? bytes_str(&e->text) : freshet_str_of(freshet_err_text(e->outcome.err));
	e->outcome.content_type = bytes_str(&e->content_type);
	e->outcome.location = bytes_str(&e->location);
	e->outcome.body = bytes_str(&e->body);
	return &e->outcome;
}
