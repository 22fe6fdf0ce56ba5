/*
 * An HTTP/2 client session: whatever a server sends, the same bytes give every exchange the same events in one piece and
 * in many, the session ends the same way, and nothing is told of an exchange that is over or was given up.
 *
 * The input: what is asked and done meanwhile (bits of the first byte), how the bytes are cut (the second), then the
 * server's bytes.
 */
#include "base/mem.h"
#include "h2/h2.h"

#include <stdlib.h>

#define EXCHANGES 4

enum {
	ASK_WITH_BODY = 1, /* the second exchange */
	SMALL_WINDOWS = 2,
	FEW_HEADERS = 4,
	CONSUMES = 8,  /* gives credit for what it is told */
	GIVES_UP = 16, /* the third exchange, in the middle of the bytes */
	LATE = 32,     /* the last exchange is submitted in the middle */
	OPEN = 64,     /* the body is open, and gets its end in the middle */
};

struct exchange {
	struct run *run;
	int32_t id;
	struct bytes said; /* all but the data */
	struct bytes data;
	struct wire_body body;
	bool over;
	bool lost;
};

struct run {
	struct wire_queue queue;
	struct wire *wire;
	struct bytes out;
	struct exchange exchanges[EXCHANGES];
	uint8_t flags;
	freshet_err err;
	freshet_err loss;
	bool over;
	bool draining;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void say(struct exchange *x, const void *bytes, size_t len)
{
	must(bytes_append(&x->said, bytes, len));
}

static void note_answer(struct exchange *x, const struct wire_answer *answer)
{
	say(x, &answer->status, sizeof answer->status);
	must(answer->status >= 200 && answer->status <= 999);
	for (size_t i = 0; i < answer->count; i++) {
		const freshet_header *f = &answer->fields[i];
		must(f->name.len > 0 && f->name.ptr[0] != ':');
		must(f->value.len == 0 || memchr(f->value.ptr, '\n', f->value.len) == NULL);
		say(x, f->name.ptr, f->name.len);
		say(x, "=", 1);
		say(x, f->value.ptr, f->value.len);
		say(x, "\n", 1);
	}
}

static void note_loss(struct exchange *x, const struct wire_loss *loss)
{
	say(x, &loss->err, sizeof loss->err);
	say(x, &loss->has_http2_code, sizeof loss->has_http2_code);
	say(x, &loss->unprocessed, sizeof loss->unprocessed);
	if (loss->has_http2_code)
		say(x, &loss->http2_code, sizeof loss->http2_code);
	must(loss->err != FRESHET_OK);
}

static void take_queue(struct run *r, const uint8_t *fed, size_t len)
{
	for (size_t i = 0; i < r->queue.count; i++) {
		const struct wire_event *event = &r->queue.events[i];
		struct exchange *x = event->exchange;
		must(x->run == r && !x->over);
		if (event->kind != WIRE_DATA)
			say(x, &event->kind, sizeof event->kind);
		switch (event->kind) {
		case WIRE_ANSWER:
			note_answer(x, event->as.answer);
			wire_answer_free(event->as.answer);
			break;
		case WIRE_DATA:
			must(event->as.data.bytes >= fed && event->as.data.bytes + event->as.data.len <= fed + len);
			must(bytes_append(&x->data, event->as.data.bytes, event->as.data.len));
			if ((r->flags & CONSUMES) != 0)
				r->wire->protocol->consumed(r->wire, x->id, event->as.data.len);
			break;
		case WIRE_WANTED: break;
		case WIRE_END: x->over = true; break;
		case WIRE_LOST:
			note_loss(x, &event->as.loss);
			x->over = true;
			x->lost = true;
			break;
		}
	}
	r->queue.count = 0;
}

static void output(struct run *r)
{
	r->out.len = 0;
	must(r->wire->protocol->output(r->wire, &r->out, SIZE_MAX));
	take_queue(r, NULL, 0);
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
	must(r->err != FRESHET_ENOMEM);
	free(block);
}

static void ask(struct run *r, size_t index)
{
	struct exchange *x = &r->exchanges[index];
	bool with_body = index == 1 && (r->flags & ASK_WITH_BODY) != 0;
	struct wire_request request = {.method = freshet_str_of(with_body ? "POST" : "GET"),
		.scheme = freshet_str_of("http"),
		.authority = freshet_str_of("fuzz"),
		.path = freshet_str_of("/")};
	x->run = r;
	x->body.bytes = freshet_str_of("0123456789");
	x->body.open = (r->flags & OPEN) != 0;
	request.body = with_body ? &x->body : NULL;
	freshet_err err = r->wire->protocol->submit(r->wire, &request, x, &x->id);
	must(err == FRESHET_OK || (err == FRESHET_EHTTP_GOAWAY && r->wire->draining));
	x->over = err != FRESHET_OK;
}

static void close_body(struct run *r, struct exchange *x)
{
	if (x->over || !x->body.wanted)
		return;
	x->body = (struct wire_body){.bytes = freshet_str_of("the end")};
	r->wire->protocol->more(r->wire, x->id);
}

static void in_the_middle(struct run *r)
{
	close_body(r, &r->exchanges[1]);
	struct exchange *x = &r->exchanges[2];
	if ((r->flags & GIVES_UP) != 0 && !x->over) {
		r->wire->protocol->cancel(r->wire, x->id);
		x->over = true;
	}
	if ((r->flags & LATE) != 0)
		ask(r, EXCHANGES - 1);
	output(r);
}

static void run(struct run *r, const uint8_t *data, size_t size, uint8_t flags, unsigned cuts)
{
	uint32_t window = (flags & SMALL_WINDOWS) != 0 ? 100 : 65535;
	const struct h2_options options = {.stream_window = window,
		.connection_window = window,
		.max_header_bytes = flags & FEW_HEADERS ? 100 : 16384};
	*r = (struct run){.flags = flags};
	must(h2_new(&options, &r->queue, &r->wire) == FRESHET_OK);
	for (size_t i = 0; i < EXCHANGES - ((flags & LATE) != 0); i++)
		ask(r, i);
	output(r);
	size_t middle = size / 2;
	for (size_t at = 0; at < size && r->err == FRESHET_OK;) {
		size_t until = at < middle ? middle : size;
		size_t part = cuts == 0 ? until - at : 1 + cuts % 37;
		cuts = cuts * 1103515245u + 12345u * (cuts != 0);
		part = part < until - at ? part : until - at;
		feed(r, data + at, part);
		at += part;
		if (at == middle && r->err == FRESHET_OK)
			in_the_middle(r);
	}
	output(r);
	r->loss = r->wire->loss.err;
	r->over = r->wire->over;
	r->draining = r->wire->draining;
	must(r->err == FRESHET_OK || r->loss != FRESHET_OK);
	r->wire->protocol->free(r->wire);
	wire_queue_clear(&r->queue);
	bytes_clear(&r->out);
}

static bool same(const struct bytes *a, const struct bytes *b)
{
	return freshet_str_equal(bytes_str(a), bytes_str(b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run whole, cut;
	if (size < 2)
		return 0;
	run(&whole, data + 2, size - 2, data[0], 0);
	run(&cut, data + 2, size - 2, data[0], 1u + data[1]);
	/* Once the peer has said goodbye and no stream is left, what it still sends in later pieces is not looked at. */
	bool left = whole.draining && cut.draining;
	/* Whether a small window is passed depends on what was given back between the pieces. */
	const uint8_t given_back = SMALL_WINDOWS | CONSUMES;
	bool by_credit = (data[0] & given_back) == given_back;
	must(left || by_credit || (whole.err == cut.err && whole.loss == cut.loss && whole.over == cut.over));
	bool broken = whole.over || whole.err != FRESHET_OK;
	for (size_t i = 0; i < EXCHANGES; i++) {
		struct exchange *a = &whole.exchanges[i], *b = &cut.exchanges[i];
		must(by_credit || (a->over == b->over && same(&a->said, &b->said)));
		/* Of a frame that breaks a rule, where it comes in pieces, the first ones are told. */
		must(by_credit || broken || a->lost || same(&a->data, &b->data));
		bytes_clear(&a->said);
		bytes_clear(&a->data);
		bytes_clear(&b->said);
		bytes_clear(&b->data);
	}
	return 0;
}
