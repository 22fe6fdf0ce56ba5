/*
 * A request and its whole answer.
 *
 * Happy path: in line, sent, the answer's headers, its body gathered up to a bound, its end, on_done on a later turn.
 *
 * Failures: what the peer surely did not process goes back in line; after other losses only what may be repeated is sent
 * again, after a pause. All of it within the one deadline. An answer that asks for another attempt (421, a redirect that
 * is followed) is read to its end, so that its connection can be used again, and then the request goes back in line.
 *
 * Closing: request_end takes it off its connection; on_done and the memory are for a later turn.
 */
#include "reactor/request_parts.h"

#include "base/fields.h"
#include "base/mem.h"
#include "coding/gzip.h"
#include "flow/redirect.h"
#include "flow/retry.h"
#include "reactor/conn.h"
#include "reactor/door.h"
#include "reactor/upload.h"

#define MOVES_AT_ONCE 8
#define PAUSE_MIN_MS  200
#define PAUSE_MAX_MS  5000
#define MISDIRECTED   421

static freshet_request *request_of(struct exchange *ex)
{
	return container_of(ex, freshet_request, exchange);
}

void request_arm(freshet_request *q)
{
	uint64_t at = q->deadline_ms;
	if (q->state == REQUEST_PAUSE && q->pause_until_ms < at)
		at = q->pause_until_ms;
	reactor_due_by(q->endpoint->reactor, &q->deadline, at);
}

void request_end(freshet_request *q, freshet_err result)
{
	if (q->state == REQUEST_DONE)
		return;
	if (q->exchange.conn != NULL)
		exchange_leave(&q->exchange);
	else
		endpoint_dequeue(q->endpoint, &q->exchange);
	q->state = REQUEST_DONE;
	q->result = result;
	deadline_clear(&q->endpoint->reactor->deadlines, &q->deadline);
	reactor_defer(q->endpoint->reactor, &q->task);
}

void request_fail(freshet_request *q, freshet_err err)
{
	ending_set_error(&q->ending, err, NULL);
	request_end(q, err);
}

void request_forget_answer(freshet_request *q)
{
	wire_answer_free(q->answer);
	q->answer = NULL;
	bytes_clear(&q->answer_body);
	gunzip_free(q->gunzip);
	q->gunzip = NULL;
	q->coded = false;
}

static freshet_str method_of(const freshet_request *q)
{
	return freshet_str_of(q->method != NULL && !q->as_get ? q->method : "GET");
}

/* Scheme, authority and target, in the reactor's scratch. */
static freshet_err describe_target(const freshet_request *q, struct wire_request *out)
{
	freshet_err err = endpoint_describe(q->endpoint, freshet_str_of(q->path), out);
	if (q->target != NULL)
		out->path = freshet_str_of(q->target);
	return err;
}

/* False once nobody can tell the body a second time. */
static bool body_is_repeatable(const freshet_request *q)
{
	return q->as_get || upload_is_repeatable(q->upload);
}

static bool may_repeat(const freshet_request *q, const freshet_outcome *loss)
{
	const struct retry_cause cause = {loss->err, loss->http_status, 0};
	return (q->repeatable || loss->unprocessed) && body_is_repeatable(q) && retry_worthwhile(&cause) &&
	       q->attempts < q->max_attempts;
}

/* Back to the head of the line, without a pause. */
static void send_again(freshet_request *q)
{
	request_forget_answer(q);
	q->again = false;
	q->state = REQUEST_WAITING;
	endpoint_enqueue(q->endpoint, &q->exchange, true);
}

static bool move(freshet_request *q, const freshet_outcome *loss)
{
	bool by_peer = loss->err == FRESHET_EHTTP_REFUSED || loss->err == FRESHET_EHTTP_GOAWAY;
	/* One that is in line was told of a dial that came to nothing. */
	if (q->state == REQUEST_WAITING || !loss->unprocessed || !by_peer)
		return false;
	if (!body_is_repeatable(q) || q->moves >= MOVES_AT_ONCE)
		return false;
	q->moves++;
	send_again(q);
	return true;
}

/* The answer is 421 for the first time: not processed, whatever the method (RFC 9110, section 15.5.20). */
static void misdirected(freshet_request *q)
{
	exchange_misdirected(&q->exchange);
	q->misdirected = true;
	q->again = body_is_repeatable(q);
}

/* Goes where a Location leads. FRESHET_EHTTP_REDIRECTS, FRESHET_ENOMEM. */
static freshet_err turn_to(freshet_request *q, const struct bytes *target)
{
	if (q->redirects >= q->max_redirects)
		return FRESHET_EHTTP_REDIRECTS;
	char *copy = mem_copy((const char *)target->data, target->len);
	if (copy == NULL)
		return FRESHET_ENOMEM;
	mem_free(q->target);
	q->target = copy;
	q->redirects++;
	if (redirect_becomes_get(q->answer->status, method_of(q))) {
		q->as_get = true;
		q->repeatable = true;
	}
	q->again = true;
	return FRESHET_OK;
}

/* The answer is a redirect: it is followed where that may be, and otherwise what the request came to. */
static void follow(freshet_request *q)
{
	struct wire_request now;
	struct bytes target = {0};
	if (!redirect_becomes_get(q->answer->status, method_of(q)) && !body_is_repeatable(q))
		return;
	freshet_str location = field_find(q->answer->fields, q->answer->count, "location");
	enum redirect_way way = REDIRECT_NO_MEMORY;
	freshet_err err = describe_target(q, &now);
	if (err == FRESHET_OK)
		way = redirect_resolve(&q->endpoint->url, now.path, location, &target);
	if (way == REDIRECT_SAME_ORIGIN)
		err = turn_to(q, &target);
	else if (way == REDIRECT_NO_MEMORY)
		err = FRESHET_ENOMEM;
	if (err != FRESHET_OK)
		request_fail(q, err);
	bytes_clear(&target);
}

static void on_lost(struct exchange *ex, const freshet_outcome *why)
{
	freshet_request *q = request_of(ex);
	freshet_reactor *r = q->endpoint->reactor;
	freshet_outcome loss = *why;
	if (q->state == REQUEST_DONE)
		return;
	/* What was answered was processed, whatever the peer says of it afterwards. */
	loss.unprocessed &= q->answer == NULL;
	if (q->again) {
		send_again(q);
		return;
	}
	request_forget_answer(q);
	if (move(q, &loss))
		return;
	ending_clear(&q->ending);
	ending_set(&q->ending, &loss);
	if (!may_repeat(q, &loss)) {
		request_end(q, loss.err);
		return;
	}
	uint64_t pause = PAUSE_MIN_MS;
	for (uint32_t i = 1; i < q->attempts && pause < PAUSE_MAX_MS; i++)
		pause *= 2;
	q->state = REQUEST_PAUSE;
	q->pause_until_ms = time_add(r->now_ms, retry_jitter(pause, random_next(&r->random)));
	request_arm(q);
}

static bool on_stale(struct exchange *ex)
{
	freshet_request *q = request_of(ex);
	if (q->state != REQUEST_SENT || !q->repeatable || !body_is_repeatable(q) || q->moves >= MOVES_AT_ONCE)
		return false;
	q->moves++;
	send_again(q);
	return true;
}

static void on_sent(struct exchange *ex)
{
	freshet_request *q = request_of(ex);
	q->state = REQUEST_SENT;
}

static void on_wanted(struct exchange *ex)
{
	upload_wanted(request_of(ex));
}

/*
 * A part of a compressed whole (206) cannot be decoded by itself, and of two codings the outer one would have to be known
 * too: such answers are given as they come.
 */
static bool is_gzip(const struct wire_answer *answer)
{
	bool is = false;
	if (answer->status == 206)
		return false;
	for (size_t i = 0, seen = 0; i < answer->count; i++)
		if (field_name_is(answer->fields[i].name, "content-encoding"))
			is = seen++ == 0 && (field_name_is(answer->fields[i].value, "gzip") ||
						    field_name_is(answer->fields[i].value, "x-gzip"));
	return is;
}

static void on_answer(struct exchange *ex, struct wire_answer *answer)
{
	freshet_request *q = request_of(ex);
	request_forget_answer(q);
	q->answer = answer;
	q->coded = q->accept_gzip && is_gzip(answer);
	q->skipped = 0;
	if (answer->status == MISDIRECTED && !q->misdirected)
		misdirected(q);
	else if (q->max_redirects > 0 && redirect_status(answer->status))
		follow(q);
}

static freshet_err keep(freshet_request *q, const uint8_t *bytes, size_t len)
{
	if (len > q->max_body || q->answer_body.len > q->max_body - len)
		return FRESHET_EHTTP_BODY;
	return bytes_append(&q->answer_body, bytes, len) ? FRESHET_OK : FRESHET_ENOMEM;
}

static freshet_err decode(freshet_request *q, const uint8_t *bytes, size_t len)
{
	freshet_err err = q->gunzip != NULL ? FRESHET_OK : gunzip_new(&q->gunzip);
	if (err == FRESHET_OK)
		err = gunzip_feed(q->gunzip, bytes, len, &q->answer_body, q->max_body);
	return err;
}

/* Nobody wants to see the body of an answer that sends the request elsewhere; a long one is not waited for. */
static void skip(freshet_request *q, size_t len)
{
	q->skipped += len;
	if (q->skipped <= ENDING_BODY_MAX)
		return;
	exchange_leave(&q->exchange);
	send_again(q);
}

static void on_data(struct exchange *ex, const uint8_t *bytes, size_t len)
{
	freshet_request *q = request_of(ex);
	exchange_credit(ex, len);
	if (q->again) {
		skip(q, len);
		return;
	}
	freshet_err err = q->coded ? decode(q, bytes, len) : keep(q, bytes, len);
	if (err != FRESHET_OK)
		request_fail(q, err);
}

static void on_end(struct exchange *ex)
{
	freshet_request *q = request_of(ex);
	if (q->again)
		send_again(q);
	else if (q->gunzip != NULL && !gunzip_complete(q->gunzip))
		request_fail(q, FRESHET_EHTTP_CODING);
	else
		request_end(q, FRESHET_OK);
}

/* The body from its beginning; NULL: none. */
static const struct wire_body *begin_body(freshet_request *q)
{
	q->body = (struct wire_body){.bytes = {q->body_bytes, q->body_len}};
	if (q->upload != NULL)
		upload_begin(q);
	bool empty =
		q->upload == NULL ? q->body_len == 0 : q->upload->source.has_length && q->upload->source.length == 0;
	return empty || q->as_get ? NULL : &q->body;
}

static freshet_err describe(struct exchange *ex, struct wire_request *out)
{
	freshet_request *q = request_of(ex);
	*out = (struct wire_request){.method = method_of(q)};
	out->body = begin_body(q);
	freshet_err err = describe_target(q, out);
	if (err != FRESHET_OK)
		return err;
	size_t count;
	freshet_header *fields = endpoint_fields(q->endpoint, q->headers, q->header_count, 2, &count);
	if (fields == NULL)
		return FRESHET_ENOMEM;
	if (q->as_get)
		count = headers_drop_body(fields, count);
	if (q->accept_gzip && field_find(fields, count, "accept-encoding").ptr == NULL)
		fields[count++] = (freshet_header){freshet_str_of("accept-encoding"), freshet_str_of("gzip"), false};
	if (q->content_length[0] != '\0' && !q->as_get)
		fields[count++] =
			(freshet_header){freshet_str_of("content-length"), freshet_str_of(q->content_length), false};
	out->fields = fields;
	out->count = count;
	return FRESHET_OK;
}

const struct exchange_owner request_owner = {
	.describe = describe,
	.on_sent = on_sent,
	.on_answer = on_answer,
	.on_data = on_data,
	.on_wanted = on_wanted,
	.on_end = on_end,
	.on_lost = on_lost,
	.on_stale = on_stale,
};

/* The last callback, and then the end of the memory. */
static void finish(freshet_request *q)
{
	freshet_endpoint *e = q->endpoint;
	freshet_response response = {
		.body = bytes_str(&q->answer_body), .redirects = q->redirects, .decoded = q->gunzip != NULL};
	/* Why an earlier attempt failed has nothing to do with these two. */
	if (q->result == FRESHET_OK || q->result == FRESHET_ECANCELED)
		ending_clear(&q->ending);
	if (q->answer != NULL) {
		ending_set_answer(&q->ending, q->answer, loop_calendar_s());
		response.status = q->answer->status;
		response.headers = q->answer->fields;
		response.header_count = q->answer->count;
	}
	q->ending.outcome.err = q->result;
	q->ending.outcome.attempts = q->attempts;
	response.outcome = *ending_outcome(&q->ending);
	response.outcome.body_cut = q->answer != NULL && q->result != FRESHET_OK;
	if (response.status != 200) {
		response.outcome.body = response.body;
		if (response.outcome.body.len > ENDING_BODY_MAX) {
			response.outcome.body.len = ENDING_BODY_MAX;
			response.outcome.body_cut = true;
		}
	}
	list_remove(&q->in_endpoint);
	reactor_release_deadline(e->reactor, &q->deadline);
	e->counters.requests_in_flight--;
	e->counters.requests_done++;
	door_request_done(q, &response);
	request_free(q);
	e->reactor->live--;
	endpoint_released(e);
}

void request_turn(struct task *task)
{
	freshet_request *q = container_of(task, freshet_request, task);
	if (q->state == REQUEST_DONE)
		finish(q);
	else if (q->upload != NULL)
		upload_fill(q);
}

void request_due(freshet_request *q)
{
	freshet_reactor *r = q->endpoint->reactor;
	if (r->now_ms >= q->deadline_ms) {
		exchange_waited_in_vain(&q->exchange);
		request_fail(q, FRESHET_EDEADLINE);
	} else if (q->state == REQUEST_PAUSE && r->now_ms >= q->pause_until_ms) {
		q->state = REQUEST_WAITING;
		q->attempts++;
		request_arm(q);
		endpoint_enqueue(q->endpoint, &q->exchange, false);
	} else {
		request_arm(q);
	}
}
