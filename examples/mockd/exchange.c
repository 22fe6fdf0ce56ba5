/*
 * Exchanges: the request is collected, dispatched when it is complete, and answered with a feed, from which the
 * protocol reads the body. A whole answer is a feed of one piece. When the protocol gives the exchange up, finished or
 * not, the feed hears of it last.
 */
#include "mockd/exchange.h"

#include "mockd/fault.h"
#include "mockd/server.h"
#include "mockd/tamper.h"

#include <inttypes.h>
#include <stdio.h>

/* A body that is all there. */
struct whole_feed {
	struct feed feed;
	size_t len;
	bool taken;
	char bytes[];
};

static enum feed_state whole_peek(struct feed *feed, struct piece *piece)
{
	struct whole_feed *whole = (struct whole_feed *)feed;
	if (whole->taken || whole->len == 0)
		return FEED_END;
	*piece = (struct piece){.spans = {{whole->bytes, whole->len}}, .kind = PIECE_BODY, .last = true};
	return FEED_PIECE;
}

static void whole_advance(struct feed *feed)
{
	((struct whole_feed *)feed)->taken = true;
}

static void whole_close(struct feed *feed)
{
	free(feed);
}

static const struct feed_ops whole_ops = {.peek = whole_peek, .advance = whole_advance, .close = whole_close};

static struct feed *whole_new(freshet_str body)
{
	struct whole_feed *whole = must_alloc(sizeof *whole + body.len);
	*whole = (struct whole_feed){.feed = {.ops = &whole_ops}, .len = body.len};
	if (body.len > 0)
		memcpy(whole->bytes, body.ptr, body.len);
	return &whole->feed;
}

static struct intake *intake_new(struct mockd *m)
{
	struct intake *in = m->spare_intake;
	m->spare_intake = NULL;
	return in != NULL ? in : must_zalloc(sizeof *in);
}

static void intake_free(struct intake *in)
{
	buffer_clear(&in->text);
	buffer_clear(&in->body);
	free(in->fields);
	free(in);
}

/* Keeps one intake for the next request: most requests arrive one after the other. */
static void intake_release(struct mockd *m, struct intake *in)
{
	if (m->spare_intake != NULL) {
		intake_free(in);
		return;
	}
	in->text.len = 0;
	in->field_count = 0;
	in->body_too_large = false;
	in->body_max = 0;
	buffer_clear(&in->body);
	m->spare_intake = in;
}

void spare_intake_free(struct mockd *m)
{
	if (m->spare_intake != NULL)
		intake_free(m->spare_intake);
	m->spare_intake = NULL;
}

struct exchange *exchange_new(struct conn *conn, int32_t stream_id)
{
	struct exchange *x = must_alloc(sizeof *x);
	*x = (struct exchange){.conn = conn, .stream_id = stream_id, .intake = intake_new(conn->mockd)};
	conn->exchanges = must_grow(
		conn->exchanges, &conn->exchange_capacity, conn->exchange_count + 1, sizeof(struct exchange *));
	x->index = (uint32_t)conn->exchange_count;
	conn->exchanges[conn->exchange_count++] = x;
	conn->mockd->stats.exchanges++;
	return x;
}

void exchange_free(struct exchange *x)
{
	struct conn *c = x->conn;
	struct exchange *last = c->exchanges[--c->exchange_count];
	c->exchanges[x->index] = last;
	last->index = x->index;
	c->mockd->stats.exchanges--;
	if (x->intake != NULL)
		intake_release(c->mockd, x->intake);
	if (x->feed != NULL)
		x->feed->ops->close(x->feed);
	tamper_free(x->tamper);
	free(x);
}

void intake_field(struct exchange *x, freshet_str name, freshet_str value)
{
	struct intake *in = x->intake;
	in->fields = must_grow(in->fields, &in->field_capacity, in->field_count + 1, sizeof *in->fields);
	struct intake_field *f = &in->fields[in->field_count++];
	*f = (struct intake_field){in->text.len, name.len, in->text.len + name.len, value.len};
	buffer_append(&in->text, name.ptr, name.len);
	buffer_append(&in->text, value.ptr, value.len);
}

/* How much of a body the platform of the request's path takes. */
static size_t find_body_max(const struct exchange *x)
{
	const struct intake *in = x->intake;
	for (size_t i = 0; i < in->field_count; i++) {
		const struct intake_field *f = &in->fields[i];
		if (freshet_str_is((freshet_str){in->text.bytes + f->name_at, f->name_len}, ":path"))
			return mockd_body_max(
				x->conn->mockd, (freshet_str){in->text.bytes + f->value_at, f->value_len});
	}
	return REQUEST_BODY_MAX;
}

void intake_body(struct exchange *x, const void *bytes, size_t len)
{
	struct intake *in = x->intake;
	if (in->body_max == 0)
		in->body_max = find_body_max(x);
	if (len > in->body_max - in->body.len) {
		in->body_too_large = true;
		len = in->body_max - in->body.len;
	}
	buffer_append(&in->body, bytes, len);
}

/* Fills in the request's spans. `fields` has room for all of the intake's. */
static void read_request(const struct intake *in, struct field *fields, struct request *r)
{
	*r = (struct request){.fields = fields, .body = buffer_span(&in->body), .body_too_large = in->body_too_large};
	freshet_str target = {NULL, 0};
	for (size_t i = 0; i < in->field_count; i++) {
		const struct intake_field *f = &in->fields[i];
		struct field field = {
			{in->text.bytes + f->name_at, f->name_len}, {in->text.bytes + f->value_at, f->value_len}};
		if (freshet_str_is(field.name, ":method"))
			r->method = field.value;
		else if (freshet_str_is(field.name, ":path"))
			target = field.value;
		else
			fields[r->field_count++] = field;
	}
	const char *mark = target.len > 0 ? memchr(target.ptr, '?', target.len) : NULL;
	r->path = (freshet_str){target.ptr, mark != NULL ? (size_t)(mark - target.ptr) : target.len};
	if (mark != NULL)
		r->query = (freshet_str){mark + 1, target.len - r->path.len - 1};
}

/* A connection that carries one request after the other carries the control API as long as nothing else is asked. */
static void note_control(struct conn *c, bool control)
{
	c->control = control || (c->control && !c->protocol->one_at_a_time);
}

void exchange_dispatch(struct exchange *x)
{
	struct mockd *m = x->conn->mockd;
	struct intake *in = x->intake;
	struct field *fields = must_alloc(in->field_count * sizeof *fields);
	struct request r;
	read_request(in, fields, &r);
	x->head_only = freshet_str_is(r.method, "HEAD");
	/* A request that was held comes here again, with its faults bound. */
	if (x->tamper == NULL) {
		m->stats.requests++;
		note_control(x->conn, mockd_controls(m, &r));
		if (!x->conn->control)
			faults_bind(x, &r);
	}
	if (tamper_request(x))
		mockd_route(m, x, &r);
	free(fields);
	if (x->tamper != NULL && alarm_is_set(&x->tamper->hold) && x->feed == NULL)
		return;
	x->intake = NULL;
	intake_release(m, in);
}

/* Begins the answer, unless faults have something else in mind. */
static void begin(struct exchange *x, const struct answer *a, const char *length)
{
	struct answer head = *a;
	if (tamper_answer(x, &head, length))
		x->conn->protocol->begin(x, &head, length);
}

void exchange_answer(struct exchange *x, const struct answer *a, freshet_str body)
{
	char length[24];
	snprintf(length, sizeof length, "%zu", body.len);
	x->feed = whole_new(x->head_only ? (freshet_str){NULL, 0} : body);
	x->feed->exchange = x;
	begin(x, a, length);
}

void exchange_answer_instead(struct exchange *x, const struct answer *a, freshet_str body)
{
	x->feed->ops->close(x->feed);
	exchange_answer(x, a, body);
}

void exchange_stream(struct exchange *x, const struct answer *a, struct feed *feed)
{
	x->feed = feed;
	feed->exchange = x;
	begin(x, a, NULL);
}

void exchange_promise(struct exchange *x, struct feed *feed)
{
	x->feed = feed;
	feed->exchange = x;
}

void exchange_answer_later(struct exchange *x, const struct answer *a, freshet_str body)
{
	exchange_answer_instead(x, a, body);
}

void exchange_wake(struct exchange *x)
{
	x->conn->protocol->wake(x);
}

bool exchange_merges(const struct exchange *x)
{
	return x->feed->merge || x->conn->mockd->options.merge_writes || (x->tamper != NULL && x->tamper->merge);
}

enum body_state exchange_peek(struct exchange *x, struct piece *piece)
{
	switch (x->feed->ops->peek(x->feed, piece)) {
	case FEED_PIECE: return BODY_MORE;
	case FEED_WAIT: return BODY_WAIT;
	case FEED_END: return BODY_END;
	case FEED_CUT: break;
	}
	return BODY_CUT;
}

bool exchange_copy(struct exchange *x, const struct piece *piece, uint8_t *to, size_t room, size_t *got)
{
	size_t skip = x->offset;
	size_t left = 0;
	*got = 0;
	for (size_t i = 0; i < PIECE_SPANS; i++) {
		freshet_str span = piece->spans[i];
		if (skip >= span.len) {
			skip -= span.len;
			continue;
		}
		size_t len = span.len - skip;
		size_t fits = len < room - *got ? len : room - *got;
		memcpy(to + *got, span.ptr + skip, fits);
		*got += fits;
		left += len - fits;
		skip = 0;
	}
	x->offset += *got;
	if (left > 0)
		return false;
	x->offset = 0;
	x->feed->ops->advance(x->feed);
	return true;
}

enum body_state exchange_read(struct exchange *x, uint8_t *to, size_t room, size_t *got)
{
	if (x->tamper != NULL)
		return tamper_read(x, to, room, got);
	bool merge = exchange_merges(x);
	enum body_state state = BODY_MORE;
	*got = 0;
	do {
		struct piece piece = {.last = false};
		size_t part = 0;
		state = exchange_peek(x, &piece);
		if (state == BODY_MORE && exchange_copy(x, &piece, to + *got, room - *got, &part) && piece.last)
			state = BODY_END;
		*got += part;
	} while (merge && state == BODY_MORE && *got < room);
	return state;
}
