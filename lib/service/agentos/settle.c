/*
 * What became of an attempt.
 *
 * Happy path: the answer is a 2xx; its events count as sent, its control has done what it should, the run goes on.
 *
 * Failures: what another attempt may mend stays first in line and is sent again after a pause, under the same key; what it
 * may not mend, or has been tried often enough, is given up: events are dropped and counted, a task or a span is counted, a
 * run whose start it was is lost, one whose end it was is over. What came behind goes on.
 *
 * A key that is not accepted stops all reporting. The host is told once; when it sets another key inside that callback
 * nothing is lost, else everything is dropped on the next turn.
 */
#include "client.h"
#include "failure.h"
#include "report.h"

#include "guest/backoff.h"
#include "guest/failure.h"

#include <inttypes.h>
#include <stdio.h>

/* What is done about an answer. */
enum verdict {
	VERDICT_SENT,
	VERDICT_AGAIN,   /* another attempt may mend it; this one had no effect */
	VERDICT_UNCLEAR, /* the same, but this one may have had */
	VERDICT_REFUSED,
	VERDICT_KEY,
};

/* ---- what is told ---- */

static void tell(const freshet_agentos_run *run, const freshet_agentos_error *error)
{
	const freshet_agentos *client = run->client;
	char line[GUEST_LINE_SIZE];
	if (freshet_log_wanted(FRESHET_LOG_WARNING)) {
		guest_line(line, "agentos: %s of run %s given up after %" PRIu32 " attempts: %s, HTTP %d",
			error->key != NULL ? error->key : "?", run->id != NULL ? run->id : "(not started)",
			error->outcome.attempts, freshet_err_text(error->outcome.err), error->outcome.http_status);
		freshet_log(FRESHET_LOG_WARNING, line);
	}
	if (client->options.on_error != NULL)
		client->options.on_error(run->client, error, client->options.user);
}

void agentos_flush_reached(freshet_agentos_run *run)
{
	const struct agentos_control *control = run->controls;
	freshet_agentos_flush_fn *done = control->done;
	void *user = control->user;
	freshet_agentos_flushed flushed = {.sent = run->lane.sent - control->sent};
	flushed.dropped = control->waiting - flushed.sent;
	agentos_control_pop(run);
	done(run, &flushed, user);
}

/* ---- what went well ---- */

static void attempt_free(freshet_agentos_run *run)
{
	guest_text_clear(&run->attempt->body);
	freshet_mem_free(run->attempt);
	run->attempt = NULL;
}

/* The id that the answer names: missing where there is none. */
static freshet_json_value id_in(const struct agentos_answer *answer, const struct guest_fields *names)
{
	freshet_json_value id = {0};
	if (answer->has_data && answer->data.type == FRESHET_JSON_OBJECT)
		(void)guest_fields_pick(names, answer->data.raw, &id, NULL);
	return id;
}

static freshet_err take_run_id(freshet_agentos_run *run, const struct agentos_answer *answer)
{
	freshet_json_value id = id_in(answer, run->client->names.run_id);
	return agentos_run_name(run, &id);
}

static freshet_err take_task_id(
	freshet_agentos_run *run, struct agentos_open *task, const struct agentos_answer *answer)
{
	freshet_agentos_task_id_source source = run->client->options.task_id_source;
	if (source == FRESHET_AGENTOS_TASK_ID_CLIENT || task->server_id != NULL)
		return FRESHET_OK;
	freshet_json_value id = id_in(answer, run->client->names.task_id);
	bool usable = id.type == FRESHET_JSON_STRING || id.type == FRESHET_JSON_NUMBER;
	if (!usable || id.raw.len > AGENTOS_ID_MAX)
		return source == FRESHET_AGENTOS_TASK_ID_SERVER ? FRESHET_EBAD_ANSWER : FRESHET_OK;
	task->server_id = guest_copy(id.raw);
	return task->server_id != NULL ? FRESHET_OK : FRESHET_ENOMEM;
}

/* What is needed of the answer. FRESHET_ENOMEM: another attempt brings it again. */
static freshet_err take_ids(freshet_agentos_run *run, const struct agentos_answer *answer)
{
	const struct agentos_control *control = run->attempt->control;
	if (control == NULL)
		return FRESHET_OK;
	if (control->kind == CONTROL_START)
		return take_run_id(run, answer);
	return control->kind == CONTROL_TASK_START ? take_task_id(run, control->open, answer) : FRESHET_OK;
}

/* The first control did what it should. True when the run is gone. */
static bool control_confirmed(freshet_agentos_run *run)
{
	freshet_agentos_stats *stats = &run->client->report.stats;
	enum agentos_control_kind kind = run->controls->kind;
	agentos_control_pop(run);
	switch (kind) {
	case CONTROL_START:
		if (run->callbacks.on_started != NULL)
			run->callbacks.on_started(run, freshet_str_of(run->id), run->user);
		return false;
	case CONTROL_TASK_START:
	case CONTROL_TASK_END: stats->tasks_sent++; return false;
	case CONTROL_SPAN: stats->spans_sent++; return false;
	case CONTROL_FLUSH: return false;
	case CONTROL_END: break;
	}
	stats->runs_ended++;
	agentos_run_finish(run, NULL);
	return true;
}

static void confirmed(freshet_agentos_run *run)
{
	freshet_agentos *client = run->client;
	bool events = run->attempt->control == NULL;
	attempt_free(run);
	if (events) {
		client->report.stats.batches++;
		agentos_queue_sent(&client->report.queue, &run->lane);
	} else if (control_confirmed(run)) {
		return;
	}
	agentos_run_ready(run);
}

bool agentos_control_pretend(freshet_agentos_run *run)
{
	if (run->controls->kind == CONTROL_FLUSH) {
		agentos_flush_reached(run);
		return false;
	}
	if (run->controls->kind == CONTROL_START) {
		char json[GUEST_UUID_SIZE + 2] = "\"";
		freshet_err err = guest_uuid(json + 1);
		json[GUEST_UUID_SIZE] = '"';
		const freshet_json_value id = {FRESHET_JSON_STRING, 0, {json, GUEST_UUID_SIZE + 1}};
		if (err == FRESHET_OK)
			err = agentos_run_name(run, &id);
		if (err != FRESHET_OK)
			return agentos_run_empty(run, FRESHET_AGENTOS_DROPPED_DISABLED, err);
	}
	return control_confirmed(run);
}

/* ---- what failed for good ---- */

/* The events of the attempt are dropped. */
static void drop_batch(freshet_agentos_run *run, freshet_agentos_drop cause)
{
	struct agentos_report *report = &run->client->report;
	if (run->attempt->unclear)
		report->stats.unclear += run->lane.held;
	agentos_queue_drop_held(&report->queue, &run->lane, cause);
}

/* The first control did not do what it should. True when the run is gone. */
static bool control_failed(freshet_agentos_run *run, const freshet_agentos_error *error)
{
	freshet_agentos_stats *stats = &run->client->report.stats;
	enum agentos_control_kind kind = run->controls->kind;
	if (kind == CONTROL_FLUSH) {
		agentos_flush_reached(run);
		return false;
	}
	agentos_control_pop(run);
	switch (kind) {
	case CONTROL_START:
		stats->runs_lost++;
		run->lost = true;
		run->lost_err = error->outcome.err;
		if (run->callbacks.on_lost != NULL)
			run->callbacks.on_lost(run, error, run->user);
		return false;
	case CONTROL_TASK_START:
	case CONTROL_TASK_END: stats->tasks_failed++; return false;
	case CONTROL_SPAN: stats->spans_failed++; return false;
	case CONTROL_FLUSH: return false;
	case CONTROL_END: break;
	}
	stats->ends_failed++;
	agentos_run_finish(run, error);
	return true;
}

static void give_up(freshet_agentos_run *run, const freshet_agentos_error *error, freshet_agentos_drop cause)
{
	bool events = run->attempt->control == NULL;
	if (events)
		drop_batch(run, cause);
	attempt_free(run);
	tell(run, error);
	if (!events && control_failed(run, error))
		return;
	agentos_run_ready(run);
}

bool agentos_run_empty(freshet_agentos_run *run, freshet_agentos_drop cause, freshet_err err)
{
	struct agentos_failure failure;
	agentos_failure_plain(&failure, err, NULL, freshet_err_text(err));
	if (run->attempt != NULL) {
		if (run->attempt->control == NULL)
			drop_batch(run, cause);
		attempt_free(run);
	}
	agentos_queue_drop_waiting(&run->client->report.queue, &run->lane, cause);
	freshet_timer_clear(run->timer);
	/* What callbacks add has its turn next. */
	const struct agentos_control *last = run->last_control;
	for (bool more = last != NULL; more;) {
		more = run->controls != last;
		if (control_failed(run, &failure.error))
			return true;
	}
	return false;
}

/* ---- another attempt ---- */

static uint64_t pause_of(freshet_agentos *client, const struct agentos_attempt *attempt, uint64_t asked_ms)
{
	const struct guest_backoff backoff = {
		.max_retries = client->options.max_retries,
		.base_ms = client->options.retry_base_ms,
		.cap_ms = client->options.retry_cap_ms,
	};
	if (asked_ms > 0)
		return asked_ms < client->options.retry_asked_ms ? asked_ms : client->options.retry_asked_ms;
	return guest_backoff_pause(&backoff, attempt->failures, guest_random_next(&client->guest.random));
}

/* Repeating this one could do twice what should be done once. */
static bool must_not_repeat(const struct agentos_attempt *attempt)
{
	bool named = attempt->control != NULL && attempt->control->kind != CONTROL_START;
	return attempt->run->client->options.drop_unclear && !named;
}

static void again(freshet_agentos_run *run, const freshet_agentos_error *error, bool unclear)
{
	struct agentos_attempt *attempt = run->attempt;
	attempt->failures++;
	attempt->unclear = attempt->unclear || unclear;
	if (unclear && must_not_repeat(attempt)) {
		give_up(run, error, FRESHET_AGENTOS_DROPPED_UNCLEAR);
	} else if (attempt->failures > run->client->options.max_retries) {
		give_up(run, error, FRESHET_AGENTOS_DROPPED_RETRIES);
	} else {
		attempt->paused = true;
		guest_text_clear(&attempt->body);
		freshet_timer_set(run->timer, pause_of(run->client, attempt, error->outcome.retry_after_ms));
	}
}

/* ---- the key ---- */

static void key_refused(freshet_agentos_run *run, const freshet_agentos_error *error)
{
	freshet_agentos *client = run->client;
	struct agentos_report *report = &client->report;
	bool old = run->attempt->key_version != agentos_key_of(client, run->attempt->route)->version;
	if (!old && !report->stopped) {
		report->stopped = true;
		tell(run, error);
		agentos_report_ready(client);
	}
	agentos_run_ready(run);
}

/* ---- answers ---- */

/* A 409 to an end that was sent before: that one got through. */
static bool is_known_end(const struct agentos_attempt *attempt, const freshet_response *response)
{
	return attempt->control != NULL && attempt->control->kind == CONTROL_END && attempt->failures > 0 &&
	       response->outcome.err == FRESHET_OK && response->status == 409;
}

/* The server said, or the transport knows, that it did nothing. */
static bool had_no_effect(const freshet_response *response)
{
	int status = response->status;
	if (response->outcome.err != FRESHET_OK)
		return response->outcome.unprocessed;
	return status == 408 || status == 429 || status == 503;
}

static enum verdict judge(
	const struct agentos_attempt *attempt, const freshet_response *response, struct agentos_answer *answer)
{
	const freshet_agentos_error *error = &answer->failure.error;
	if (answer->good || is_known_end(attempt, response))
		return VERDICT_SENT;
	if (answer->again || response->status == 429)
		return VERDICT_AGAIN;
	if (error->error_class == FRESHET_AGENTOS_AUTH)
		return VERDICT_KEY;
	if (!error->transport)
		return VERDICT_REFUSED;
	return had_no_effect(response) ? VERDICT_AGAIN : VERDICT_UNCLEAR;
}

static void settle(freshet_agentos_run *run, const freshet_response *response, struct agentos_answer *answer)
{
	struct agentos_attempt *attempt = run->attempt;
	freshet_agentos_error *error = &answer->failure.error;
	error->outcome.attempts = attempt->failures + 1;
	switch (judge(attempt, response, answer)) {
	case VERDICT_SENT: confirmed(run); break;
	case VERDICT_AGAIN: again(run, error, false); break;
	case VERDICT_UNCLEAR: again(run, error, true); break;
	case VERDICT_REFUSED: give_up(run, error, FRESHET_AGENTOS_DROPPED_REJECTED); break;
	case VERDICT_KEY: key_refused(run, error); break;
	}
}

void agentos_attempt_done(struct guest_call *call, const freshet_response *response)
{
	struct agentos_attempt *attempt = guest_client(call, struct agentos_attempt, call);
	freshet_agentos_run *run = attempt->run;
	freshet_agentos *client = run->client;
	struct agentos_answer answer;
	attempt->in_flight = false;
	client->report.stats.in_flight--;
	if (client->report.halted || (response->outcome.err == FRESHET_ECANCELED && response->status == 0)) {
		/* The endpoint is closing, and its end settles it. */
		attempt->unclear = true;
		return;
	}
	freshet_timer_set(client->report.soon, 0);
	agentos_answer_read(client, attempt->route, NULL, response, &answer);
	freshet_err err = answer.good ? take_ids(run, &answer) : FRESHET_OK;
	if (err != FRESHET_OK)
		agentos_answer_spoil(client, attempt->route, response, err, &answer);
	/* Asking again brings the same id. */
	answer.again = answer.again || err == FRESHET_ENOMEM;
	settle(run, response, &answer);
}

void agentos_attempt_unsent(struct agentos_attempt *attempt, freshet_err err)
{
	freshet_agentos_run *run = attempt->run;
	struct agentos_failure failure;
	agentos_failure_plain(
		&failure, err, guest_route_key(&run->client->guest.routes, attempt->route), freshet_err_text(err));
	failure.error.outcome.attempts = attempt->failures;
	if (err == FRESHET_ENOMEM || err == FRESHET_EQUEUE_FULL)
		again(run, &failure.error, false);
	else if (err != FRESHET_ESTATE)
		give_up(run, &failure.error, FRESHET_AGENTOS_DROPPED_REJECTED);
}
