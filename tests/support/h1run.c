#include "support/h1run.h"

#include "support/test.h"

static void text_add(struct h1run_text *t, const char *chars, size_t len)
{
	if (t->len + len + 1 > t->capacity) {
		t->capacity = (t->len + len + 1) * 2;
		t->chars = realloc(t->chars, t->capacity);
		assert_non_null(t->chars);
	}
	memcpy(t->chars + t->len, chars, len);
	t->len += len;
	t->chars[t->len] = '\0';
}

static void note(struct h1run_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct h1run_text *t, const char *format, ...)
{
	char line[256];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	assert_in_range(len, 0, sizeof line - 1);
	text_add(t, line, (size_t)len);
}

freshet_err h1run_init(struct h1run *r, const struct h1_options *options)
{
	const struct h1_options defaults = {.window = 64 * 1024, .max_header_bytes = (size_t)16 * 1024};
	*r = (struct h1run){.over = true};
	return h1_new(options != NULL ? options : &defaults, &r->queue, &r->wire);
}

void h1run_clear(struct h1run *r)
{
	if (r->wire != NULL)
		r->wire->protocol->free(r->wire);
	r->wire = NULL;
	wire_queue_clear(&r->queue);
	bytes_clear(&r->out);
	free(r->trace.chars);
	r->trace = (struct h1run_text){0};
}

freshet_err h1run_submit(struct h1run *r, const char *method, const char *body)
{
	const freshet_header fields[] = {
		{freshet_str_of("accept"), freshet_str_of("text/event-stream"), false},
		{freshet_str_of("x-secret"), freshet_str_of("hidden"), true},
		{freshet_str_of("content-length"), freshet_str_of(r->length), false},
	};
	struct wire_request request = {.method = freshet_str_of(method),
		.scheme = freshet_str_of("http"),
		.authority = freshet_str_of("test:80"),
		.path = freshet_str_of("/path?query"),
		.fields = fields,
		.count = r->length != NULL ? 3 : 2};
	int32_t id;
	r->body = (struct wire_body){.bytes = freshet_str_of(body), .open = r->open};
	request.body = body != NULL || r->open ? &r->body : NULL;
	union {
		uintptr_t number;
		void *exchange;
	} name = {r->exchanges + 1};
	freshet_err err = r->wire->protocol->submit(r->wire, &request, name.exchange, &id);
	if (err != FRESHET_OK)
		return err;
	r->exchanges++;
	r->over = false;
	r->data_len = 0;
	return FRESHET_OK;
}

void h1run_cancel(struct h1run *r)
{
	r->wire->protocol->cancel(r->wire, 1);
	r->over = true;
}

static void note_answer(struct h1run_text *t, const struct wire_answer *answer)
{
	note(t, "answer %d", answer->status);
	for (size_t i = 0; i < answer->count; i++) {
		const freshet_header *f = &answer->fields[i];
		text_add(t, " ", 1);
		text_add(t, f->name.ptr, f->name.len);
		text_add(t, "=", 1);
		text_add(t, f->value.ptr, f->value.len);
	}
	text_add(t, "\n", 1);
}

static void note_data(struct h1run_text *t, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\r' || bytes[i] == '\n')
			text_add(t, bytes[i] == '\r' ? "\\r" : "\\n", 2);
		else
			text_add(t, bytes + i, 1);
	}
}

static void end_line(struct h1run *r)
{
	if (r->in_data)
		text_add(&r->trace, "\n", 1);
	r->in_data = false;
}

static void note_event(struct h1run *r, const struct wire_event *event)
{
	int number = (int)r->exchanges;
	if (event->kind == WIRE_DATA) {
		if (!r->in_data)
			note(&r->trace, "%d data ", number);
		r->in_data = true;
		r->data_len += event->as.data.len;
		note_data(&r->trace, (const char *)event->as.data.bytes, event->as.data.len);
		return;
	}
	end_line(r);
	note(&r->trace, "%d ", number);
	if (event->kind == WIRE_WANTED) {
		note(&r->trace, "wanted\n");
		return;
	}
	if (event->kind == WIRE_ANSWER)
		note_answer(&r->trace, event->as.answer);
	else
		note(&r->trace, event->kind == WIRE_END ? "end\n" : "lost\n");
	r->over = event->kind != WIRE_ANSWER;
}

static void take_queue(struct h1run *r, const char *fed, size_t len)
{
	for (size_t i = 0; i < r->queue.count; i++) {
		struct wire_event *event = &r->queue.events[i];
		const char *data = (const char *)event->as.data.bytes;
		assert_false(r->over);
		assert_int_equal((uintptr_t)event->exchange, r->exchanges);
		if (event->kind == WIRE_DATA) {
			assert_int_not_equal(event->as.data.len, 0);
			assert_true(data >= fed && data + event->as.data.len <= fed + len);
		}
		note_event(r, event);
		if (event->kind == WIRE_ANSWER)
			wire_answer_free(event->as.answer);
	}
	r->queue.count = 0;
}

const char *h1run_sent(struct h1run *r, size_t most)
{
	r->out.len = 0;
	bool ok = r->wire->protocol->output(r->wire, &r->out, most) && bytes_append(&r->out, "", 1);
	take_queue(r, NULL, 0);
	if (!ok)
		return NULL;
	return (const char *)r->out.data;
}

void h1run_feed(struct h1run *r, const char *bytes, size_t len)
{
	if (r->err != FRESHET_OK)
		return;
	char *block = malloc(len > 0 ? len : 1);
	assert_non_null(block);
	memcpy(block, bytes, len);
	r->err = r->wire->protocol->feed(r->wire, (const uint8_t *)block, len);
	take_queue(r, block, len);
	if (r->err != FRESHET_OK) {
		end_line(r);
		note(&r->trace, "failed %s\n", freshet_err_name(r->err));
		assert_int_equal(r->wire->loss.err, r->err);
		assert_true(r->wire->draining);
	}
	free(block);
}

void h1run_close(struct h1run *r, bool clean)
{
	r->wire->protocol->peer_closed(r->wire, clean);
	take_queue(r, NULL, 0);
}

const char *h1run_trace(struct h1run *r)
{
	end_line(r);
	if (r->trace.chars == NULL)
		text_add(&r->trace, "", 0);
	r->trace.chars[r->trace.len] = '\0';
	r->trace.len = 0;
	return r->trace.chars;
}
