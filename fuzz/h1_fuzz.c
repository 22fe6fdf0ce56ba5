/*
 * An HTTP/1.1 client connection: whatever a server sends, the same bytes queue the same events in one piece and in many,
 * the connection ends the same way, and it takes another request only when that is safe.
 *
 * The input: what is asked and how the connection ends (bits of the first byte), how the bytes are cut (the second), then
 * the server's bytes.
 */
#include "base/mem.h"
#include "h1/h1.h"

#include <stdlib.h>

enum {
	ASK_HEAD = 1,
	ASK_WITH_BODY = 2,
	BODY_STAYS = 4, /* the server answers before it has the body */
	PEER_CLOSES = 8,
	CLOSES_CLEANLY = 16,
	GIVEN_UP = 32,  /* in the middle */
	BODY_OPEN = 64, /* its length is not known, and it gets its end in the middle */
};

/* What came of one run: the events as text, without how the data were cut. */
struct run {
	struct wire_queue queue;
	struct wire *wire;
	struct bytes trace;
	struct wire_body body;
	bool in_data;
	bool over;
	freshet_err err;
	freshet_err loss;
	bool draining;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void note(struct run *r, const void *bytes, size_t len)
{
	must(bytes_append(&r->trace, bytes, len));
}

static void note_answer(struct run *r, const struct wire_answer *answer)
{
	note(r, &answer->status, sizeof answer->status);
	must(answer->status >= 200 && answer->status != 101);
	for (size_t i = 0; i < answer->count; i++) {
		const freshet_header *f = &answer->fields[i];
		must(f->name.len > 0);
		must(f->value.len == 0 || memchr(f->value.ptr, '\n', f->value.len) == NULL);
		note(r, f->name.ptr, f->name.len);
		note(r, "=", 1);
		note(r, f->value.ptr, f->value.len);
		note(r, "\n", 1);
	}
}

static void take_queue(struct run *r, const uint8_t *fed, size_t len)
{
	for (size_t i = 0; i < r->queue.count; i++) {
		struct wire_event *event = &r->queue.events[i];
		bool data = event->kind == WIRE_DATA;
		must(event->exchange == r && !r->over);
		if (!data || !r->in_data)
			note(r, &event->kind, sizeof event->kind);
		r->in_data = data;
		if (data) {
			must(event->as.data.len > 0);
			must(event->as.data.bytes >= fed && event->as.data.bytes + event->as.data.len <= fed + len);
			note(r, event->as.data.bytes, event->as.data.len);
			r->wire->protocol->consumed(r->wire, 1, event->as.data.len);
		} else if (event->kind == WIRE_ANSWER) {
			note_answer(r, event->as.answer);
			wire_answer_free(event->as.answer);
		} else if (event->kind != WIRE_WANTED) {
			r->over = true;
		}
	}
	r->queue.count = 0;
}

static void feed(struct run *r, const uint8_t *bytes, size_t len)
{
	/* A block of its own: a sanitizer sees the first byte behind it. */
	uint8_t *block = malloc(len > 0 ? len : 1);
	must(block != NULL);
	if (len > 0)
		memcpy(block, bytes, len);
	r->err = r->wire->protocol->feed(r->wire, block, len);
	take_queue(r, block, len);
	must(r->err == FRESHET_OK || r->wire->draining);
	free(block);
}

static void output(struct run *r, size_t most)
{
	struct bytes out = {0};
	must(r->wire->protocol->output(r->wire, &out, most));
	take_queue(r, NULL, 0);
	bytes_clear(&out);
}

static void ask(struct run *r, uint8_t flags)
{
	int32_t id;
	struct wire_request request = {.method = freshet_str_of(flags & ASK_HEAD ? "HEAD" : "POST"),
		.scheme = freshet_str_of("http"),
		.authority = freshet_str_of("fuzz"),
		.path = freshet_str_of("/")};
	r->body.bytes = freshet_str_of("0123456789");
	r->body.open = (flags & BODY_OPEN) != 0;
	request.body = flags & ASK_WITH_BODY ? &r->body : NULL;
	must(r->wire->protocol->submit(r->wire, &request, r, &id) == FRESHET_OK);
	output(r, flags & BODY_STAYS ? 1 : SIZE_MAX);
}

static void in_the_middle(struct run *r, uint8_t flags)
{
	if (r->body.wanted && !r->over)
		r->body = (struct wire_body){.bytes = freshet_str_of("the end")};
	output(r, SIZE_MAX);
	if ((flags & GIVEN_UP) == 0 || r->over)
		return;
	r->wire->protocol->cancel(r->wire, 1);
	r->over = true;
}

static void end(struct run *r, uint8_t flags)
{
	if (r->err == FRESHET_OK && (flags & PEER_CLOSES) != 0) {
		r->wire->protocol->peer_closed(r->wire, (flags & CLOSES_CLEANLY) != 0);
		take_queue(r, NULL, 0);
		must(r->wire->draining);
	}
	r->loss = r->wire->loss.err;
	r->draining = r->wire->draining;
	/* Another request only behind a whole answer. */
	struct wire_request request = {.method = freshet_str_of("GET"), .path = freshet_str_of("/")};
	int32_t id;
	bool taken = r->wire->protocol->submit(r->wire, &request, r, &id) == FRESHET_OK;
	must(!taken || (r->over && !r->draining));
}

static void run(struct run *r, const uint8_t *data, size_t size, uint8_t flags, unsigned cuts)
{
	const struct h1_options options = {.window = 1000, .max_header_bytes = 2000};
	*r = (struct run){0};
	must(h1_new(&options, &r->queue, &r->wire) == FRESHET_OK);
	ask(r, flags);
	size_t middle = (flags & (GIVEN_UP | BODY_OPEN)) != 0 ? size / 2 : size;
	for (size_t at = 0; at < size && r->err == FRESHET_OK;) {
		size_t until = at < middle ? middle : size;
		size_t part = cuts == 0 ? until - at : 1 + cuts % 7;
		cuts = cuts * 1103515245u + 12345u * (cuts != 0);
		part = part < until - at ? part : until - at;
		feed(r, data + at, part);
		at += part;
		if (at == middle && at < size && r->err == FRESHET_OK)
			in_the_middle(r, flags);
	}
	end(r, flags);
	r->wire->protocol->free(r->wire);
	wire_queue_clear(&r->queue);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct run whole;
	struct run cut;
	run(&whole, data + 2, size - 2, data[0], 0);
	run(&cut, data + 2, size - 2, data[0], 1u + data[1]);
	/* A field that is too long and malformed fails for the one or the other: pieces of it are counted as they come. */
	must((whole.err == FRESHET_OK) == (cut.err == FRESHET_OK) &&
		(whole.loss == FRESHET_OK) == (cut.loss == FRESHET_OK));
	must(whole.over == cut.over && whole.draining == cut.draining);
	must(whole.trace.len == cut.trace.len);
	must(whole.trace.len == 0 || memcmp(whole.trace.data, cut.trace.data, whole.trace.len) == 0);
	bytes_clear(&whole.trace);
	bytes_clear(&cut.trace);
	return 0;
}
