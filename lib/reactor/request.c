/*
 * A request and its whole answer.
 *
 * Happy path: in line, sent, the answer's headers, its body gathered up to a bound, its end, on_done on a later turn.
 *
 * Failures: what the peer surely did not process goes back in line; after other losses only what may be repeated is sent
 * again, after a pause. All of it within the one deadline.
 *
 * Closing: request_end takes it off its connection; on_done and the memory are for a later turn.
 */
#include "reactor/request.h"

#include "base/fields.h"
#include "base/mem.h"
#include "flow/retry.h"
#include "reactor/conn.h"
#include "reactor/door.h"

#include <stdio.h>

#define DEFAULT_DEADLINE_MS  60000
#define DEFAULT_MAX_BODY     ((size_t)16 * 1024 * 1024)
#define DEFAULT_MAX_ATTEMPTS 3
#define MOVES_AT_ONCE        8
#define PAUSE_MIN_MS         200
#define PAUSE_MAX_MS         5000

static freshet_request *request_of(struct exchange *ex)
{
	return container_of(ex, freshet_request, exchange);
}

static void arm(freshet_request *q)
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

static void fail(freshet_request *q, freshet_err err)
{
	ending_set_error(&q->ending, err, NULL);
	request_end(q, err);
}

static void forget_answer(freshet_request *q)
{
	wire_answer_free(q->answer);
	q->answer = NULL;
	bytes_clear(&q->answer_body);
}

static bool may_repeat(const freshet_request *q, const freshet_outcome *loss)
{
	const struct retry_cause cause = {loss->err, loss->http_status, 0};
	return (q->repeatable || loss->unprocessed) && retry_worthwhile(&cause) && q->attempts < q->max_attempts;
}

static bool move(freshet_request *q, const freshet_outcome *loss)
{
	bool by_peer = loss->err == FRESHET_EHTTP_REFUSED || loss->err == FRESHET_EHTTP_GOAWAY;
	if (!loss->unprocessed || !by_peer || q->moves >= MOVES_AT_ONCE)
		return false;
	q->moves++;
	q->state = REQUEST_WAITING;
	endpoint_enqueue(q->endpoint, &q->exchange, true);
	return true;
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
	forget_answer(q);
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
	arm(q);
}

static bool on_stale(struct exchange *ex)
{
	freshet_request *q = request_of(ex);
	if (q->state != REQUEST_SENT || !q->repeatable || q->moves >= MOVES_AT_ONCE)
		return false;
	q->moves++;
	q->state = REQUEST_WAITING;
	endpoint_enqueue(q->endpoint, &q->exchange, true);
	return true;
}

static void on_sent(struct exchange *ex)
{
	freshet_request *q = request_of(ex);
	q->state = REQUEST_SENT;
	q->body.sent = 0;
}

static void on_answer(struct exchange *ex, struct wire_answer *answer)
{
	freshet_request *q = request_of(ex);
	forget_answer(q);
	q->answer = answer;
}

static void on_data(struct exchange *ex, const uint8_t *bytes, size_t len)
{
	freshet_request *q = request_of(ex);
	exchange_credit(ex, len);
	if (len > q->max_body || q->answer_body.len > q->max_body - len)
		fail(q, FRESHET_EHTTP_BODY);
	else if (!bytes_append(&q->answer_body, bytes, len))
		fail(q, FRESHET_ENOMEM);
}

static void on_end(struct exchange *ex)
{
	request_end(request_of(ex), FRESHET_OK);
}

static freshet_err describe(struct exchange *ex, struct wire_request *out)
{
	freshet_request *q = request_of(ex);
	*out = (struct wire_request){.method = freshet_str_of(q->method != NULL ? q->method : "GET")};
	out->body = q->body.bytes.len > 0 ? &q->body : NULL;
	freshet_err err = endpoint_describe(q->endpoint, freshet_str_of(q->path), out);
	if (err != FRESHET_OK)
		return err;
	size_t count;
	freshet_header *fields = endpoint_fields(q->endpoint, q->headers, q->header_count, 1, &count);
	if (fields == NULL)
		return FRESHET_ENOMEM;
	if (out->body != NULL)
		fields[count++] =
			(freshet_header){freshet_str_of("content-length"), freshet_str_of(q->content_length), false};
	out->fields = fields;
	out->count = count;
	return FRESHET_OK;
}

static const struct exchange_owner request_owner = {
	.describe = describe,
	.on_sent = on_sent,
	.on_answer = on_answer,
	.on_data = on_data,
	.on_end = on_end,
	.on_lost = on_lost,
	.on_stale = on_stale,
};

static void request_free(freshet_request *q)
{
	forget_answer(q);
	ending_clear(&q->ending);
	headers_free(q->headers, q->header_count);
	/* Bodies carry prompts and secrets. */
	mem_wipe(q->body_bytes, q->body.bytes.len);
	mem_free(q->body_bytes);
	mem_free(q->method);
	mem_free(q->path);
	mem_free(q);
}

static void request_turn(struct task *task)
{
	freshet_request *q = container_of(task, freshet_request, task);
	freshet_endpoint *e = q->endpoint;
	freshet_response response = {.body = bytes_str(&q->answer_body)};
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
	if (response.status != 200) {
		response.outcome.body = response.body;
		if (response.outcome.body.len > ENDING_BODY_MAX)
			response.outcome.body.len = ENDING_BODY_MAX;
	}
	list_remove(&q->in_endpoint);
	reactor_release_deadline(e->reactor, &q->deadline);
	e->reactor->counters.requests++;
	door_request_done(q, &response);
	request_free(q);
	e->reactor->live--;
	endpoint_released(e);
}

void request_due(freshet_request *q)
{
	freshet_reactor *r = q->endpoint->reactor;
	if (r->now_ms >= q->deadline_ms) {
		fail(q, FRESHET_EDEADLINE);
	} else if (q->state == REQUEST_PAUSE && r->now_ms >= q->pause_until_ms) {
		q->state = REQUEST_WAITING;
		q->attempts++;
		arm(q);
		endpoint_enqueue(q->endpoint, &q->exchange, false);
	} else {
		arm(q);
	}
}

static freshet_err copy_texts(freshet_request *q, const freshet_request_options *o)
{
	if ((q->path = mem_copy(o->path, strlen(o->path))) == NULL)
		return FRESHET_ENOMEM;
	if (o->method != NULL && (q->method = mem_copy(o->method, strlen(o->method))) == NULL)
		return FRESHET_ENOMEM;
	freshet_err err = headers_copy(o->headers, o->header_count, 0, &q->headers);
	if (err != FRESHET_OK)
		return err;
	q->header_count = o->header_count;
	if (o->body.len == 0)
		return FRESHET_OK;
	if ((q->body_bytes = mem_copy(o->body.ptr, o->body.len)) == NULL)
		return FRESHET_ENOMEM;
	q->body.bytes = (freshet_str){q->body_bytes, o->body.len};
	snprintf(q->content_length, sizeof q->content_length, "%zu", o->body.len);
	return FRESHET_OK;
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
	q->deadline_ms = time_add(r->now_ms, o->deadline_ms != 0 ? o->deadline_ms : DEFAULT_DEADLINE_MS);
	q->repeatable = o->repeatable || o->method == NULL || retry_method_is_idempotent(freshet_str_of(o->method));
	q->attempts = 1;
	q->deadline.kind = DUE_REQUEST;
	exchange_init(&q->exchange, &request_owner);
	list_init(&q->in_endpoint);
	task_init(&q->task, request_turn);
	err = copy_texts(q, o);
	if (err == FRESHET_OK && !reactor_reserve_deadline(r))
		err = FRESHET_ENOMEM;
	if (err != FRESHET_OK) {
		request_free(q);
		return err;
	}
	list_push_back(&e->requests, &q->in_endpoint);
	r->live++;
	arm(q);
	endpoint_enqueue(e, &q->exchange, false);
	*out = q;
	return FRESHET_OK;
}
