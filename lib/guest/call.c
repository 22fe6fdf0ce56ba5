/*
 * Happy path: credentials, the request hook, one attempt, its answer, the response hook, `done`.
 *
 * Failures: what may pass and may be repeated is repeated after a pause, with the same key and the same body; a 401 is
 * repeated once at once when the client has or gets other credentials. All of it within the one deadline: when the pause
 * would last longer the call ends with what it has.
 *
 * Closing: an attempt in flight is cancelled and its end is the call's; what waits for the clock or for credentials ends
 * by the guest's timer `soon`, or with the endpoint.
 */
#include "call.h"

/* Of an attempt, where nothing is said. */
#define ATTEMPT_MS 60000

#define ANSWER_SHOWN ((size_t)64 * 1024)

static struct guest_call *call_of(struct guest_link *link)
{
	return guest_client(link, struct guest_call, link);
}

/* ---- the end ---- */

static void give_back(struct guest_call *call)
{
	freshet_timer_free(call->timer);
	freshet_json_writer_free(call->writer);
	guest_text_clear(&call->path);
	call->timer = NULL;
	call->writer = NULL;
	call->state = GUEST_CALL_IDLE;
}

/* Nothing of the call is touched after this. */
static void finish(struct guest_call *call, const freshet_response *response)
{
	guest_link_remove(&call->link);
	give_back(call);
	call->done(call, response);
}

static void finish_with(struct guest_call *call, freshet_err err)
{
	freshet_response response = {.outcome = {.err = err, .attempts = call->attempts}};
	response.outcome.text = freshet_str_of(freshet_err_text(err));
	finish(call, &response);
}

void guest_calls_end(struct guest *guest)
{
	while (guest->ending.next != &guest->ending)
		finish_with(call_of(guest->ending.next), FRESHET_ECANCELED);
}

/* Of a call that only waits. */
static void end_soon(struct guest_call *call)
{
	struct guest *guest = call->guest;
	if (call->timer != NULL)
		freshet_timer_clear(call->timer);
	call->state = GUEST_CALL_ENDING;
	guest_link_remove(&call->link);
	guest_link_append(&guest->ending, &call->link);
	if (guest->soon != NULL)
		freshet_timer_set(guest->soon, 0);
}

void guest_call_cancel(struct guest_call *call)
{
	if (call->state == GUEST_CALL_SENT) {
		call->canceled = true;
		freshet_request_cancel(call->request);
	} else if (call->state == GUEST_CALL_AUTH || call->state == GUEST_CALL_PAUSE) {
		end_soon(call);
	}
}

void guest_calls_cancel(struct guest *guest)
{
	for (struct guest_link *link = guest->calls.next, *next; link != &guest->calls; link = next) {
		next = link->next;
		if (call_of(link)->state != GUEST_CALL_SENT)
			end_soon(call_of(link));
	}
}

/* ---- waiting ---- */

static freshet_err begin_attempt(struct guest_call *call, bool refused);

/* The pause is over, or the deadline of one that waits for credentials. */
static void time_is_over(freshet_timer *timer, void *user)
{
	struct guest_call *call = user;
	(void)timer;
	freshet_err err = call->state == GUEST_CALL_PAUSE ? begin_attempt(call, false) : FRESHET_EDEADLINE;
	if (err != FRESHET_OK)
		finish_with(call, err);
}

static uint64_t left_ms(const struct guest_call *call)
{
	uint64_t now = call->guest->clock();
	if (call->deadline_at_ms == UINT64_MAX)
		return UINT64_MAX;
	return call->deadline_at_ms > now ? call->deadline_at_ms - now : 0;
}

static freshet_err wait_for(struct guest_call *call, enum guest_call_state state, uint64_t ms)
{
	freshet_err err = FRESHET_OK;
	if (call->timer == NULL)
		err = freshet_timer_new(
			freshet_endpoint_reactor(call->guest->endpoint), time_is_over, call, &call->timer);
	if (err != FRESHET_OK)
		return err;
	call->state = state;
	freshet_timer_set(call->timer, ms);
	return FRESHET_OK;
}

void guest_authorized(struct guest *guest, const freshet_outcome *why)
{
	struct guest_link due;
	guest_ring_init(&due);
	for (struct guest_link *link = guest->calls.next, *next; link != &guest->calls; link = next) {
		next = link->next;
		if (call_of(link)->state == GUEST_CALL_AUTH) {
			guest_link_remove(link);
			guest_link_append(&due, link);
		}
	}
	while (!guest_ring_is_empty(&due)) {
		struct guest_call *call = call_of(due.next);
		freshet_response response = {0};
		guest_link_remove(&call->link);
		guest_link_append(&guest->calls, &call->link);
		freshet_err err = why == NULL ? begin_attempt(call, false) : FRESHET_OK;
		if (why != NULL) {
			response.outcome = *why;
			finish(call, &response);
		} else if (err != FRESHET_OK) {
			finish_with(call, err);
		}
	}
}

/* ---- the answer ---- */

/* What the hook makes of the answer. */
static void apply_hook(struct guest_call *call, freshet_response *response)
{
	freshet_incoming in = {NULL, response->headers, response->header_count, response->status, response->body};
	freshet_err err = guest_incoming(call->guest, call->draft.route, &in);
	if (err != FRESHET_OK) {
		response->outcome.err = err;
		response->outcome.text = freshet_str_of(freshet_err_text(err));
	}
	response->status = in.status;
	response->body = in.body;
	response->outcome.http_status = in.status;
	response->outcome.body = (freshet_str){NULL, 0};
	if (in.status != 200)
		response->outcome.body =
			(freshet_str){in.body.ptr, in.body.len < ANSWER_SHOWN ? in.body.len : ANSWER_SHOWN};
}

/* True when the call goes on with other credentials, or has ended since they could not be asked for. */
static bool renew(struct guest_call *call, const freshet_response *response)
{
	if (response->status != 401 || call->renewed || !call->with_credential)
		return false;
	call->renewed = true;
	freshet_err err = begin_attempt(call, true);
	if (err != FRESHET_OK && err != FRESHET_EAUTH)
		finish_with(call, err);
	return err != FRESHET_EAUTH;
}

/* True when the call goes on after a pause, or has ended since it could not. */
static bool repeat(struct guest_call *call, const freshet_response *response)
{
	uint64_t pause_ms;
	freshet_outcome outcome = response->outcome;
	if (outcome.err == FRESHET_OK && call->judge != NULL)
		outcome.http_status = call->judge(call, response);
	uint64_t random = guest_random_next(&call->guest->random);
	if (!guest_backoff(&call->backoff, call->again, &outcome, call->attempts, random, &pause_ms))
		return false;
	if (pause_ms >= left_ms(call))
		return false;
	freshet_err err = wait_for(call, GUEST_CALL_PAUSE, pause_ms);
	if (err != FRESHET_OK)
		finish_with(call, err);
	return true;
}

static void request_done(freshet_request *request, const freshet_response *given, void *user)
{
	struct guest_call *call = user;
	freshet_response response = *given;
	(void)request;
	call->request = NULL;
	response.outcome.attempts = call->attempts;
	if (call->canceled || call->guest->closing || response.outcome.err == FRESHET_ECANCELED) {
		finish_with(call, FRESHET_ECANCELED);
		return;
	}
	bool answered = response.outcome.err == FRESHET_OK;
	if (answered)
		apply_hook(call, &response);
	bool good = answered && response.outcome.err == FRESHET_OK;
	if (good && renew(call, &response))
		return;
	if ((good || !answered) && repeat(call, &response))
		return;
	finish(call, &response);
}

/* ---- an attempt ---- */

static freshet_err send_attempt(struct guest_call *call, const struct guest_credential *credential)
{
	struct guest_outgoing out;
	freshet_request_options o;
	uint64_t left = left_ms(call);
	if (left == 0)
		return FRESHET_EDEADLINE;
	freshet_err err = guest_outgoing(call->guest, &call->draft, credential, call->attempts + 1, &out);
	if (err != FRESHET_OK)
		return err;
	freshet_request_options_init(&o);
	o.method = out.request.method;
	o.path = out.request.path;
	o.headers = out.request.headers;
	o.header_count = out.request.header_count;
	o.body = out.request.body;
	o.deadline_ms = call->attempt_ms < left ? call->attempt_ms : left;
	o.max_body = call->max_answer;
	o.max_attempts = 1;
	o.repeatable = (call->again & GUEST_AGAIN_LOST) != 0;
	o.on_done = request_done;
	o.user = call;
	err = freshet_request_send(call->guest->endpoint, &o, &call->request);
	if (err != FRESHET_OK)
		return err;
	if (call->timer != NULL)
		freshet_timer_clear(call->timer);
	call->attempts++;
	call->state = GUEST_CALL_SENT;
	return FRESHET_OK;
}

/* With `refused` other credentials than before are wanted: FRESHET_EAUTH when there are none. */
static freshet_err begin_attempt(struct guest_call *call, bool refused)
{
	struct guest *guest = call->guest;
	struct guest_credential credential = {.version = 0}, old = {.version = call->credential};
	enum guest_auth auth = GUEST_AUTH_NONE;
	if (guest->closing)
		return FRESHET_ECANCELED;
	if (guest->authorize != NULL)
		auth = guest->authorize(guest, call->draft.route, refused ? &old : NULL, &credential);
	if (auth == GUEST_AUTH_LATER)
		return wait_for(call, GUEST_CALL_AUTH, left_ms(call));
	if (auth == GUEST_AUTH_NONE && refused)
		return FRESHET_EAUTH;
	call->with_credential = auth == GUEST_AUTH_READY;
	call->credential = credential.version;
	return send_attempt(call, call->with_credential ? &credential : NULL);
}

/* ---- sending ---- */

static freshet_err set_key(struct guest_call *call, const struct guest_call_options *options)
{
	const char *header = call->guest->idempotency_header;
	if (!options->keyed || header == NULL || *header == '\0')
		return FRESHET_OK;
	call->draft.idempotency_key = call->key;
	if (options->key == NULL)
		return guest_uuid(call->key);
	size_t len = strlen(options->key);
	if (len == 0 || len >= sizeof call->key)
		return FRESHET_EINVAL;
	memcpy(call->key, options->key, len + 1);
	return FRESHET_OK;
}

static freshet_err set_up(struct guest_call *call, struct guest_call_options *options)
{
	uint64_t now = call->guest->clock();
	call->path = *options->path;
	*options->path = (struct guest_text){0};
	call->writer = options->writer;
	call->draft = (struct guest_draft){
		.route = options->route,
		.path = guest_text_terminated(&call->path),
		.accept = options->accept,
		.body = options->body,
		.headers = options->headers,
		.header_count = options->header_count,
	};
	call->backoff = options->backoff;
	call->attempt_ms = options->attempt_ms != 0 ? options->attempt_ms : ATTEMPT_MS;
	call->deadline_at_ms = UINT64_MAX;
	if (options->deadline_ms != 0 && options->deadline_ms < UINT64_MAX - now)
		call->deadline_at_ms = now + options->deadline_ms;
	call->max_answer = options->max_answer;
	call->judge = options->judge;
	call->done = options->done;
	call->again = options->again;
	if (call->path.err != FRESHET_OK)
		return call->path.err;
	return call->writer != NULL ? freshet_json_writer_text(call->writer, &call->draft.body) : FRESHET_OK;
}

freshet_err guest_call_send(struct guest *guest, struct guest_call *call, struct guest_call_options *options)
{
	memset(call, 0, sizeof *call);
	call->guest = guest;
	freshet_err err = set_up(call, options);
	if (err == FRESHET_OK && (guest->closing || options->done == NULL))
		err = guest->closing ? FRESHET_ESTATE : FRESHET_EINVAL;
	if (err == FRESHET_OK)
		err = set_key(call, options);
	if (err == FRESHET_OK)
		err = begin_attempt(call, false);
	if (err == FRESHET_OK)
		guest_link_append(&guest->calls, &call->link);
	else
		give_back(call);
	return err;
}
