/*
 * A streamed invoke or reply.
 *
 * Happy path: one POST, answered by an event stream; each event is read and shown, the last one is kept and ends the
 * stream, whose end tells what the event told.
 *
 * Failures: a POST that surely was not acted upon, or that a server with too much to do asks to see later, is sent again;
 * nothing else ever is. A server that answers with JSON instead of a stream gives its result as events made here. A stream
 * that breaks off is taken up again on the run's own stream, or the run is read once, as the settings say.
 *
 * Closing: the stream of the core, the call that reads the run, or the timer, whichever there is, brings the last callback.
 */
#include "follow.h"

/* ---- the end ---- */

static void free_stream(freshet_agentos_stream *s)
{
	guest_link_remove(&s->waiting.link);
	order_clear(&s->order);
	freshet_timer_free(s->timer);
	freshet_mem_free(s->run_id);
	guest_free_secret(s->last);
	freshet_mem_free(s->last_name);
	freshet_mem_free(s->cut);
	guest_text_clear(&s->text);
	freshet_mem_free(s);
}

static void count_end(freshet_agentos_stats *stats, const freshet_agentos_stream_end *end)
{
	stats->streams_open--;
	stats->streams_failed += end->error != NULL;
	stats->stream_events += end->events;
	stats->stream_resumes += end->resumes;
	stats->stream_polls += end->polled;
}

void follow_finish(freshet_agentos_stream *s, const freshet_agentos_error *error, const freshet_agentos_result *result,
	bool polled)
{
	const freshet_agentos_stream_end end = {
		.error = error,
		.result = result,
		.text = guest_text_get(&s->text),
		.text_cut = s->text_cut,
		.polled = polled,
		.resumes = s->resumes,
		.events = s->events,
	};
	count_end(&s->client->report.stats, &end);
	s->callbacks.on_done(s, &end, s->user);
	free_stream(s);
}

static const char *key_of(const freshet_agentos_stream *s)
{
	return guest_route_key(&s->client->guest.routes, s->order.route);
}

void follow_fail(freshet_agentos_stream *s, freshet_err err)
{
	struct agentos_failure failure;
	agentos_failure_plain(&failure, err, key_of(s), freshet_err_text(err));
	follow_finish(s, &failure.error, NULL, false);
}

/* What is known of a run whose end is not: its id, and that it was at work. */
static const freshet_agentos_result *result_so_far(const freshet_agentos_stream *s, freshet_agentos_result *result)
{
	*result = (freshet_agentos_result){.status = FRESHET_AGENTOS_STATUS_RUNNING};
	result->run_id = freshet_str_of(s->run_id);
	return s->run_id != NULL ? result : NULL;
}

/* Ends with the reason for which the stream broke off; `result` may be NULL. */
static void finish_cut(freshet_agentos_stream *s, const freshet_agentos_result *result)
{
	struct agentos_failure failure;
	freshet_agentos_result known;
	agentos_failure_plain(&failure, s->cut->outcome.err, key_of(s), s->cut->text);
	failure.error.outcome = s->cut->outcome;
	failure.error.outcome.text = freshet_str_of(s->cut->text);
	failure.error.transport = true;
	follow_finish(s, &failure.error, result != NULL ? result : result_so_far(s, &known), result != NULL);
}

/* Of a stream that a mark ended: nothing speaks against it that the run is complete. */
static void finish_marked(freshet_agentos_stream *s)
{
	freshet_agentos_result result = {.status = FRESHET_AGENTOS_STATUS_COMPLETED};
	result.run_id = freshet_str_of(s->run_id);
	follow_finish(s, NULL, &result, false);
}

/* The event that ended the stream is read once more: what it pointed to is gone since it was shown. */
static void finish_told(freshet_agentos_stream *s)
{
	struct agentos_failure failure;
	freshet_agentos_event event;
	freshet_str last = freshet_str_of(s->last);
	freshet_json_scratch *scratch = guest_scratch_begin(&s->client->scratch, last.len);
	freshet_err err = hosted_event_read(s->client->hosted, scratch, last, freshet_str_of(s->last_name), &event);
	if (err != FRESHET_OK) {
		follow_fail(s, err);
		return;
	}
	if (event.result.run_id.len == 0)
		event.result.run_id = freshet_str_of(s->run_id);
	if (event.type != FRESHET_AGENTOS_EVENT_ERROR) {
		follow_finish(s, NULL, &event.result, false);
		return;
	}
	ask_told(s->client, s->order.route, &s->order.secrets, &event, &failure);
	follow_finish(s, &failure.error, &event.result, false);
}

/* ---- events ---- */

static bool keep(char **to, freshet_str text)
{
	guest_free_secret(*to);
	*to = guest_copy(text);
	return *to != NULL;
}

static void keep_text(freshet_agentos_stream *s, freshet_str text)
{
	size_t max = s->client->hosted->options.max_text;
	if (text.len > max - s->text.len)
		s->text_cut = true;
	if (s->text_cut)
		return;
	guest_text_str(&s->text, text);
	s->no_memory |= s->text.err != FRESHET_OK;
}

/* What outlives the event. */
static void remember(freshet_agentos_stream *s, const freshet_agentos_event *event)
{
	if (s->run_id == NULL && event->result.run_id.len > 0)
		s->no_memory |= !keep(&s->run_id, event->result.run_id);
	if (event->type == FRESHET_AGENTOS_EVENT_CHUNK)
		keep_text(s, event->text);
	if (hosted_event_is_last(event)) {
		s->no_memory |= !keep(&s->last, event->raw);
		s->no_memory |= !keep(&s->last_name, event->type_name);
	}
}

void follow_show(freshet_agentos_stream *s, const freshet_agentos_event *event)
{
	if (s->closed)
		return;
	remember(s, event);
	s->events++;
	/* It is not sent again from here on: the prompt need not stay. */
	freshet_json_writer_free(s->order.writer);
	s->order.writer = NULL;
	if (!s->no_memory && s->callbacks.on_event != NULL)
		s->callbacks.on_event(s, event, s->user);
}

static void on_event(freshet_stream *stream, const freshet_event *sse, void *user)
{
	freshet_agentos_stream *s = user;
	freshet_agentos_event event;
	if (hosted_event_is_mark(s->client->hosted, sse->data)) {
		s->marked = true;
		freshet_stream_finish(stream);
		return;
	}
	freshet_json_scratch *scratch = guest_scratch_begin(&s->client->scratch, sse->data.len);
	freshet_err err = hosted_event_read(s->client->hosted, scratch, sse->data, sse->type, &event);
	event.id = sse->id;
	if (err == FRESHET_OK)
		follow_show(s, &event);
	if (err != FRESHET_OK || s->no_memory)
		freshet_stream_fail(stream, FRESHET_ENOMEM);
	else if (hosted_event_is_last(&event))
		freshet_stream_finish(stream);
}

/* ---- one answer instead of a stream ---- */

/* The event that a result would have come in. */
static freshet_agentos_event_type type_of(const freshet_agentos_result *result)
{
	switch (result->status) {
	case FRESHET_AGENTOS_STATUS_AWAITING_APPROVAL: return FRESHET_AGENTOS_EVENT_AWAITING_APPROVAL;
	case FRESHET_AGENTOS_STATUS_AWAITING_INPUT: return FRESHET_AGENTOS_EVENT_AWAITING_INPUT;
	default: return FRESHET_AGENTOS_EVENT_DONE;
	}
}

/* Shows a result as events; the text only when none came before. */
static void show_result(freshet_agentos_stream *s, const freshet_agentos_result *result, bool with_text)
{
	freshet_agentos_event event = {.synthetic = true, .raw = result->raw, .result = *result};
	if (with_text && result->output_text.ptr != NULL) {
		event.type = FRESHET_AGENTOS_EVENT_CHUNK;
		event.type_name = freshet_str_of(s->client->hosted->types[event.type][0]);
		event.text = result->output_text;
		follow_show(s, &event);
		event.text = (freshet_str){NULL, 0};
	}
	event.type = type_of(result);
	event.type_name = freshet_str_of(s->client->hosted->types[event.type][0]);
	follow_show(s, &event);
}

static void finish_shown(freshet_agentos_stream *s, const freshet_agentos_result *result, bool polled)
{
	if (s->closed)
		follow_fail(s, FRESHET_ECANCELED);
	else if (s->no_memory)
		follow_fail(s, FRESHET_ENOMEM);
	else
		follow_finish(s, NULL, result, polled);
}

static void finish_answer(freshet_agentos_stream *s, const struct agentos_answer *answer, int status)
{
	freshet_agentos_result result;
	freshet_err err = ask_read_result(s->client, answer, status, &result);
	if (err != FRESHET_OK) {
		follow_fail(s, err);
		return;
	}
	show_result(s, &result, true);
	finish_shown(s, &result, false);
}

/* The server answered with something that is no event stream. */
static void take_answer(freshet_agentos_stream *s, const freshet_outcome *outcome)
{
	struct agentos_answer answer;
	freshet_incoming in = {.status = outcome->http_status, .body = outcome->body};
	freshet_response response = {.outcome = *outcome};
	response.outcome.err = guest_incoming(&s->client->guest, s->order.route, &in);
	response.outcome.http_status = response.status = in.status;
	response.outcome.body = response.body = in.body;
	if (response.outcome.err == FRESHET_OK && outcome->body_cut)
		response.outcome.err = FRESHET_EHTTP_BODY;
	agentos_answer_read(s->client, s->order.route, &s->order.secrets, &response, &answer);
	if (answer.good)
		finish_answer(s, &answer, response.status);
	else
		follow_finish(s, &answer.failure.error, NULL, false);
}

/* ---- after a break ---- */

static void send_again(freshet_timer *timer, void *user);

static void waiting_canceled(struct hosted_waiting *waiting)
{
	follow_fail(guest_client(waiting, freshet_agentos_stream, waiting), FRESHET_ECANCELED);
}

static freshet_err wait_for(freshet_agentos_stream *s, enum follow_state state, uint64_t ms)
{
	freshet_err err = FRESHET_OK;
	if (s->timer == NULL)
		err = freshet_timer_new(freshet_endpoint_reactor(s->client->endpoint), send_again, s, &s->timer);
	if (err != FRESHET_OK)
		return err;
	s->state = state;
	s->waiting.canceled = waiting_canceled;
	hosted_wait(s->client, &s->waiting);
	freshet_timer_set(s->timer, ms);
	return FRESHET_OK;
}

static uint64_t left_ms(const freshet_agentos_stream *s)
{
	uint64_t now = s->client->guest.clock();
	if (s->deadline_at_ms == UINT64_MAX)
		return UINT64_MAX;
	return s->deadline_at_ms > now ? s->deadline_at_ms - now : 0;
}

/* True when the POST is sent again later. */
static bool repeat(freshet_agentos_stream *s, const freshet_outcome *outcome)
{
	const struct guest_backoff backoff = hosted_backoff(s->client);
	uint64_t pause_ms, random = guest_random_next(&s->client->guest.random);
	unsigned again = hosted_again(s->client, false);
	if (s->events > 0 || !guest_backoff(&backoff, again, outcome, s->attempts, random, &pause_ms))
		return false;
	return pause_ms < left_ms(s) && wait_for(s, FOLLOW_PAUSE, pause_ms) == FRESHET_OK;
}

static void polled(freshet_agentos_call *call, const freshet_agentos_error *error, const freshet_agentos_result *result,
	void *user)
{
	freshet_agentos_stream *s = user;
	(void)call;
	s->poll = NULL;
	if (s->closed || (error != NULL && error->outcome.err == FRESHET_ECANCELED)) {
		follow_fail(s, FRESHET_ECANCELED);
	} else if (error != NULL) {
		finish_cut(s, NULL);
	} else if (result->status == FRESHET_AGENTOS_STATUS_RUNNING ||
		   result->status == FRESHET_AGENTOS_STATUS_UNKNOWN) {
		finish_cut(s, result);
	} else {
		show_result(s, result, s->events == 0);
		finish_shown(s, result, true);
	}
}

static void poll_once(freshet_agentos_stream *s)
{
	struct order order;
	s->state = FOLLOW_POLL;
	freshet_err err = order_run(s->client, ROUTE_run_get, freshet_str_of(s->run_id), &order);
	if (err == FRESHET_OK)
		err = ask_send(
			s->client, &order, true, ask_tell_result, (union ask_done){.result = polled}, s, &s->poll);
	if (err != FRESHET_OK)
		finish_cut(s, NULL);
}

static freshet_err open_resume(freshet_agentos_stream *s, freshet_str cursor);

/* Why the stream broke off stays known, whatever is tried now. False without memory. */
static bool keep_cut(freshet_agentos_stream *s, const freshet_outcome *outcome)
{
	freshet_str text = outcome->text;
	s->cut = freshet_mem_new(1, sizeof *s->cut);
	if (s->cut == NULL)
		return false;
	s->cut->outcome = *outcome;
	s->cut->outcome.body = s->cut->outcome.content_type = s->cut->outcome.location = (freshet_str){NULL, 0};
	if (outcome->err == FRESHET_OK) {
		s->cut->outcome.err = FRESHET_EHTTP_TRUNCATED;
		text = freshet_str_of("the stream ended before the run did");
	}
	guest_line(s->cut->text, "%.*s", guest_shown(text), text.ptr);
	return true;
}

static void recover(freshet_agentos_stream *s, const freshet_stream_end *end)
{
	freshet_agentos_recover how = s->client->hosted->options.recover;
	if (s->state == FOLLOW_POST && !keep_cut(s, &end->outcome)) {
		follow_fail(s, FRESHET_ENOMEM);
		return;
	}
	if (s->run_id == NULL || how == FRESHET_AGENTOS_RECOVER_OFF) {
		finish_cut(s, NULL);
		return;
	}
	bool resumes = how == FRESHET_AGENTOS_RECOVER_RESUME && s->state == FOLLOW_POST;
	if (!resumes || end->last_event_id.len == 0 || open_resume(s, end->last_event_id) != FRESHET_OK)
		poll_once(s);
}

static void on_done(freshet_stream *stream, const freshet_stream_end *end, void *user)
{
	freshet_agentos_stream *s = user;
	const freshet_outcome *outcome = &end->outcome;
	bool answered = outcome->err == FRESHET_EHTTP_STATUS || outcome->err == FRESHET_ECONTENT_TYPE ||
			outcome->err == FRESHET_EHTTP_REDIRECT;
	(void)stream;
	s->stream = NULL;
	s->resumes += s->state == FOLLOW_RESUME ? end->reconnects : 0;
	if (s->closed || outcome->err == FRESHET_ECANCELED)
		follow_fail(s, FRESHET_ECANCELED);
	else if (s->no_memory || outcome->err == FRESHET_ENOMEM)
		follow_fail(s, FRESHET_ENOMEM);
	else if (s->last != NULL)
		finish_told(s);
	else if (s->marked)
		finish_marked(s);
	else if (s->state == FOLLOW_POST && repeat(s, outcome))
		return;
	else if (s->state == FOLLOW_POST && answered)
		take_answer(s, outcome);
	else
		recover(s, end);
}

/* ---- opening ---- */

static freshet_stream_policy policy_of(const freshet_agentos_stream *s, bool resume)
{
	const freshet_agentos_hosted_options *h = &s->client->hosted->options;
	freshet_stream_policy policy = {0};
	policy.cursor_place = resume ? FRESHET_CURSOR_HEADER : FRESHET_CURSOR_NONE;
	policy.duplicates = resume ? FRESHET_DUPLICATES_REPEAT : FRESHET_DUPLICATES_SHOW;
	policy.end_is_final = !resume;
	policy.max_attempts = resume ? h->max_resumes : 1;
	policy.backoff_min_ms = s->client->options.retry_base_ms;
	policy.backoff_max_ms = s->client->options.retry_cap_ms;
	policy.headers_timeout_ms = resume ? s->client->options.timeout_ms : s->order.timeout_ms;
	policy.idle_timeout_ms = s->client->options.stream_idle_timeout_ms;
	policy.max_event = h->max_event;
	/* `data: ` stands before it. */
	policy.max_line = h->max_event < SIZE_MAX - 64 ? h->max_event + 64 : SIZE_MAX;
	policy.parts = false;
	return policy;
}

static freshet_err open_stream(
	freshet_agentos_stream *s, const struct guest_draft *draft, bool resume, freshet_str cursor)
{
	struct guest_outgoing out;
	struct guest_credential credential = {.version = 0};
	freshet_stream_options o;
	const freshet_stream_policy policy = policy_of(s, resume);
	struct guest *guest = &s->client->guest;
	bool ready = guest->authorize(guest, draft->route, NULL, &credential) == GUEST_AUTH_READY;
	freshet_err err = guest_outgoing(guest, draft, ready ? &credential : NULL, resume ? 1 : s->attempts + 1, &out);
	if (err != FRESHET_OK)
		return err;
	freshet_stream_options_init(&o);
	o.method = out.request.method;
	o.path = out.request.path;
	o.headers = out.request.headers;
	o.header_count = out.request.header_count;
	o.body = out.request.body;
	o.last_event_id = cursor;
	o.policy = &policy;
	o.deadline_ms = s->deadline_at_ms != UINT64_MAX ? left_ms(s) : 0;
	o.any_2xx = true;
	o.max_other_body = s->client->hosted->options.max_answer;
	o.paused = s->paused;
	o.callbacks = (freshet_stream_callbacks){.on_event = on_event, .on_done = on_done};
	o.user = s;
	if (o.deadline_ms == 0 && s->deadline_at_ms != UINT64_MAX)
		return FRESHET_EDEADLINE;
	return freshet_stream_open(s->client->endpoint, &o, &s->stream);
}

static freshet_err open_post(freshet_agentos_stream *s)
{
	struct guest_draft draft = {
		.route = s->order.route,
		.path = guest_text_terminated(&s->order.path),
		.accept = "text/event-stream",
		.idempotency_key = s->key,
	};
	freshet_err err = freshet_json_writer_text(s->order.writer, &draft.body);
	if (err == FRESHET_OK)
		err = open_stream(s, &draft, false, (freshet_str){NULL, 0});
	if (err != FRESHET_OK)
		return err;
	s->state = FOLLOW_POST;
	s->attempts++;
	return FRESHET_OK;
}

static freshet_err open_resume(freshet_agentos_stream *s, freshet_str cursor)
{
	struct order order;
	freshet_err err = order_run(s->client, ROUTE_run_stream, freshet_str_of(s->run_id), &order);
	if (err != FRESHET_OK)
		return err;
	const struct guest_draft draft = {
		.route = ROUTE_run_stream,
		.path = guest_text_terminated(&order.path),
		.accept = "text/event-stream",
	};
	err = open_stream(s, &draft, true, cursor);
	order_clear(&order);
	if (err != FRESHET_OK)
		return err;
	s->state = FOLLOW_RESUME;
	s->resumes++;
	return FRESHET_OK;
}

/* What a disabled client makes of it. */
static void finish_local(freshet_agentos_stream *s)
{
	char text[ASK_LOCAL_SIZE];
	freshet_json_value data;
	freshet_agentos_result result;
	freshet_err err = ask_local_answer(s->order.route, text, &data);
	freshet_json_scratch *scratch = guest_scratch_begin(&s->client->scratch, sizeof text);
	if (err == FRESHET_OK)
		err = hosted_result_read(s->client->hosted, scratch, &data, 200, &result);
	if (err != FRESHET_OK) {
		follow_fail(s, err);
		return;
	}
	show_result(s, &result, true);
	finish_shown(s, &result, false);
}

static void send_again(freshet_timer *timer, void *user)
{
	freshet_agentos_stream *s = user;
	(void)timer;
	guest_link_remove(&s->waiting.link);
	if (s->closed) {
		follow_fail(s, FRESHET_ECANCELED);
		return;
	}
	if (s->state == FOLLOW_LOCAL) {
		finish_local(s);
		return;
	}
	freshet_err err = open_post(s);
	if (err != FRESHET_OK)
		follow_fail(s, err);
}

/* ---- the calls ---- */

static freshet_err set_key(freshet_agentos_stream *s, const char *given)
{
	if (given == NULL)
		return guest_uuid(s->key);
	size_t len = strlen(given);
	if (len == 0 || len >= sizeof s->key)
		return FRESHET_EINVAL;
	memcpy(s->key, given, len + 1);
	return FRESHET_OK;
}

static void set_deadline(freshet_agentos_stream *s)
{
	uint64_t now = s->client->guest.clock(), deadline_ms = s->order.deadline_ms;
	s->deadline_at_ms = UINT64_MAX;
	if (deadline_ms != 0 && deadline_ms < UINT64_MAX - now)
		s->deadline_at_ms = now + deadline_ms;
}

/* The order is the stream's from here on, also on failure. `run_id` is empty when it is not known yet. */
static freshet_err open_order(freshet_agentos *client, struct order *order, freshet_str run_id,
	const freshet_agentos_stream_callbacks *callbacks, void *user, freshet_agentos_stream **out)
{
	freshet_agentos_stream *s = freshet_mem_new(1, sizeof *s);
	if (s == NULL) {
		order_clear(order);
		return FRESHET_ENOMEM;
	}
	s->client = client;
	s->order = *order;
	s->callbacks = *callbacks;
	s->user = user;
	set_deadline(s);
	freshet_err err = set_key(s, order->key);
	if (err == FRESHET_OK && run_id.len > 0 && !keep(&s->run_id, run_id))
		err = FRESHET_ENOMEM;
	if (err == FRESHET_OK)
		err = client->options.disabled ? wait_for(s, FOLLOW_LOCAL, 0) : open_post(s);
	if (err != FRESHET_OK) {
		free_stream(s);
		return err;
	}
	client->report.stats.streams++;
	client->report.stats.streams_open++;
	*out = s;
	return FRESHET_OK;
}

static freshet_err check(
	freshet_agentos *client, const freshet_agentos_stream_callbacks *callbacks, freshet_agentos_stream **out)
{
	struct agentos_hosted *hosted;
	if (out == NULL)
		return FRESHET_EINVAL;
	*out = NULL;
	return callbacks != NULL && callbacks->on_done != NULL ? hosted_open(client, &hosted) : FRESHET_EINVAL;
}

freshet_err freshet_agentos_invoke_stream(freshet_agentos *client, const freshet_agentos_invoke_options *options,
	const freshet_agentos_stream_callbacks *callbacks, void *user, freshet_agentos_stream **out)
{
	struct order order;
	freshet_err err = check(client, callbacks, out);
	if (err == FRESHET_OK)
		err = order_invoke(client, options, true, &order);
	if (err == FRESHET_OK)
		err = open_order(client, &order, (freshet_str){NULL, 0}, callbacks, user, out);
	return err;
}

freshet_err freshet_agentos_reply_stream(freshet_agentos *client, const freshet_agentos_reply_options *options,
	const freshet_agentos_stream_callbacks *callbacks, void *user, freshet_agentos_stream **out)
{
	struct order order;
	freshet_err err = check(client, callbacks, out);
	if (err == FRESHET_OK)
		err = order_reply(client, options, true, &order);
	if (err == FRESHET_OK)
		err = open_order(client, &order, options->run_id, callbacks, user, out);
	return err;
}

void freshet_agentos_stream_close(freshet_agentos_stream *stream)
{
	stream->closed = true;
	if (stream->stream != NULL)
		freshet_stream_close(stream->stream);
	else if (stream->poll != NULL)
		freshet_agentos_call_cancel(stream->poll);
	else if (stream->timer != NULL)
		freshet_timer_set(stream->timer, 0);
}

void freshet_agentos_stream_pause(freshet_agentos_stream *stream)
{
	stream->paused = true;
	if (stream->stream != NULL)
		freshet_stream_pause(stream->stream);
}

void freshet_agentos_stream_resume(freshet_agentos_stream *stream)
{
	stream->paused = false;
	if (stream->stream != NULL)
		freshet_stream_resume(stream->stream);
}

freshet_str freshet_agentos_stream_run_id(const freshet_agentos_stream *stream)
{
	return freshet_str_of(stream->run_id);
}
