#include "support/h2pair.h"

#include "support/test.h"

#include "h2/h2.h"

#include <inttypes.h>

freshet_err h2pair_init(struct h2pair *p, const struct h2pair_options *o)
{
	static const struct h2pair_options defaults = {0};
	if (o == NULL)
		o = &defaults;
	memset(p, 0, sizeof *p);
	const struct h2_options options = {
		.stream_window = o->stream_window != 0 ? o->stream_window : 65535,
		.connection_window = o->connection_window != 0 ? o->connection_window : 65535,
		.max_header_bytes = o->max_header_bytes != 0 ? o->max_header_bytes : (size_t)16 * 1024,
	};
	p->peer = h2peer_new(&o->peer);
	return h2_new(&options, &p->queue, &p->wire);
}

void h2pair_clear(struct h2pair *p)
{
	if (p->wire != NULL)
		p->wire->protocol->free(p->wire);
	wire_queue_clear(&p->queue);
	h2peer_free(p->peer);
	bytes_clear(&p->out);
	for (int i = 0; i < p->count; i++)
		h2peer_buf_free(&p->exchanges[i].said);
	h2peer_buf_free(&p->trace);
	h2peer_buf_free(&p->fed);
}

static void note(struct h2peer_buf *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct h2peer_buf *to, const char *format, ...)
{
	char line[512];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	h2peer_buf_add(to, line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
}

static void note_answer(struct h2peer_buf *to, const struct h2pair_exchange *x, const struct wire_answer *answer)
{
	note(to, "%d answer %d", x->number, answer->status);
	for (size_t i = 0; i < answer->count && answer->count < 10; i++)
		note(to, " %.*s=%.*s", (int)answer->fields[i].name.len, answer->fields[i].name.ptr,
			(int)answer->fields[i].value.len, answer->fields[i].value.ptr);
	note(to, "\n");
}

/* `more`: the line before is data of the same exchange, and this goes on with it. */
static void note_data(
	struct h2peer_buf *to, const struct h2pair_exchange *x, const uint8_t *data, size_t len, bool more)
{
	if (more)
		to->len--; /* the line end */
	else
		note(to, "%d data ", x->number);
	for (size_t i = 0; i < len && len < 100; i++)
		note(to, data[i] == '\n' ? "|" : "%c", data[i]);
	if (len >= 100)
		note(to, "<%zu>", len);
	note(to, "\n");
}

static void note_loss(struct h2peer_buf *to, const struct h2pair_exchange *x, const struct wire_loss *loss)
{
	note(to, "%d lost %s", x->number, freshet_err_name(loss->err));
	if (loss->has_http2_code)
		note(to, " code %u", loss->http2_code);
	note(to, "%s\n", loss->unprocessed ? " unprocessed" : "");
}

static void note_event(struct h2peer_buf *to, const struct wire_event *event, bool in_data)
{
	const struct h2pair_exchange *x = event->exchange;
	switch (event->kind) {
	case WIRE_ANSWER: note_answer(to, x, event->as.answer); break;
	case WIRE_DATA: note_data(to, x, event->as.data.bytes, event->as.data.len, in_data); break;
	case WIRE_WANTED: note(to, "%d wanted\n", x->number); break;
	case WIRE_END: note(to, "%d end\n", x->number); break;
	case WIRE_LOST: note_loss(to, x, &event->as.loss); break;
	}
}

/* Takes everything out of the queue. */
static void drain(struct h2pair *p, const uint8_t *fed, size_t fed_len)
{
	for (size_t i = 0; i < p->queue.count; i++) {
		const struct wire_event *event = &p->queue.events[i];
		struct h2pair_exchange *x = event->exchange;
		bool data = event->kind == WIRE_DATA;
		assert_false(x->over);
		if (data) {
			assert_true(event->as.data.bytes >= fed && event->as.data.len <= fed_len);
			assert_true((size_t)(event->as.data.bytes - fed) <= fed_len - event->as.data.len);
			x->data_len += event->as.data.len;
		}
		note_event(&p->trace, event, data && p->last_data == x);
		note_event(&x->said, event, data && x->in_data);
		x->in_data = data;
		p->last_data = data ? x : NULL;
		x->over = event->kind == WIRE_END || event->kind == WIRE_LOST;
		if (event->kind == WIRE_ANSWER)
			wire_answer_free(event->as.answer);
	}
	p->queue.count = 0;
}

freshet_err h2pair_submit(struct h2pair *p, const char *method, const freshet_str *body)
{
	assert_true(p->count < H2PAIR_EXCHANGES);
	struct h2pair_exchange *x = &p->exchanges[p->count];
	const freshet_header fields[] = {
		{freshet_str_of("x-plain"), freshet_str_of("seen"), false},
		{freshet_str_of("x-secret"), freshet_str_of("hidden"), true},
	};
	struct wire_request request = {.method = freshet_str_of(method),
		.scheme = freshet_str_of("http"),
		.authority = freshet_str_of("test:80"),
		.path = freshet_str_of("/path?query"),
		.fields = fields,
		.count = 2};
	*x = (struct h2pair_exchange){.number = p->count + 1};
	if (body != NULL) {
		x->body.bytes = *body;
		x->body.open = p->open;
		request.body = &x->body;
	}
	freshet_err err = p->wire->protocol->submit(p->wire, &request, x, &x->stream_id);
	if (err == FRESHET_OK)
		p->count++;
	return err;
}

int h2pair_get(struct h2pair *p)
{
	assert_int_equal(h2pair_submit(p, "GET", NULL), FRESHET_OK);
	return p->count;
}

void h2pair_cancel(struct h2pair *p, int number)
{
	p->exchanges[number - 1].over = true;
	p->wire->protocol->cancel(p->wire, p->exchanges[number - 1].stream_id);
}

void h2pair_feed(struct h2pair *p, const uint8_t *bytes, size_t len)
{
	/* A copy of exactly its size that is gone afterwards: a sanitizer sees what is read outside or too late. */
	uint8_t *copy = malloc(len > 0 ? len : 1);
	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, bytes, len);
	h2peer_buf_add(&p->fed, bytes, len);
	freshet_err err = p->wire->protocol->feed(p->wire, copy, len);
	if (p->err == FRESHET_OK)
		p->err = err;
	drain(p, copy, len);
	free(copy);
}

bool h2pair_output(struct h2pair *p)
{
	p->out.len = 0;
	if (!p->wire->protocol->output(p->wire, &p->out, (size_t)64 * 1024))
		p->no_memory = true;
	drain(p, NULL, 0);
	return p->out.len > 0;
}

void h2pair_run(struct h2pair *p)
{
	bool more = true;
	while (more && p->err == FRESHET_OK && !p->no_memory) {
		more = h2pair_output(p);
		if (more)
			h2peer_feed(p->peer, p->out.data, p->out.len);
		struct h2peer_buf bytes = p->peer->out;
		p->peer->out = (struct h2peer_buf){0};
		if (bytes.len > 0) {
			more = true;
			h2pair_feed(p, bytes.data, bytes.len);
		}
		h2peer_buf_free(&bytes);
	}
}

const char *h2pair_trace(struct h2pair *p)
{
	h2peer_buf_add(&p->trace, "", 1);
	p->trace.len = 0;
	p->last_data = NULL;
	return (const char *)p->trace.data;
}

struct h2peer_call *h2pair_call(struct h2pair *p, int number)
{
	struct h2peer_call *call = h2peer_call_of(p->peer, p->exchanges[number - 1].stream_id);
	assert_non_null(call);
	return call;
}
