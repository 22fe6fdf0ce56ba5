/*
 * What is sent when. A run is looked at (step) whenever something of it changed, on the next turn of the loop: so reporting
 * only writes something down, and whatever the caller does in a row is seen together.
 *
 * Happy path: events wait until there are enough for a batch, until the oldest has waited long enough, or until a control
 * stands behind them; then they are held and sent; a control is sent when it is the first in line. At most one request of a
 * run is in flight, at most so many of all runs, which take turns.
 *
 * The one timer of a run runs while events wait for more, and while an attempt waits to be repeated; what waits by the end
 * of such a pause has waited long enough.
 */
#include "client.h"
#include "failure.h"
#include "report.h"

/* No answer to a report is larger. */
#define ANSWER_BYTES ((size_t)1 << 20)

void agentos_run_ready(freshet_agentos_run *run)
{
	struct agentos_report *report = &run->client->report;
	if (report->halted || guest_link_is_in(&run->ready))
		return;
	guest_link_append(&report->ready, &run->ready);
	freshet_timer_set(report->soon, 0);
}

void agentos_run_timer(freshet_timer *timer, void *user)
{
	freshet_agentos_run *run = user;
	(void)timer;
	run->due = run->lane.emitted;
	if (run->attempt != NULL)
		run->attempt->paused = false;
	agentos_run_ready(run);
}

/* ---- what is due ---- */

/* The first control is the next in line: no event that waits came before it. */
static bool control_is_next(const freshet_agentos_run *run)
{
	return run->controls != NULL && agentos_lane_oldest(&run->lane) >= run->controls->after;
}

static bool batch_is_full(const freshet_agentos_run *run)
{
	const freshet_agentos_options *o = &run->client->options;
	return run->lane.waiting >= o->batch_size || run->lane.waiting_bytes >= o->max_request_bytes - AGENTOS_AROUND;
}

static bool is_due(const freshet_agentos_run *run)
{
	if (control_is_next(run))
		return true;
	if (run->lane.waiting == 0)
		return false;
	return run->controls != NULL || run->client->report.closing || batch_is_full(run) ||
	       agentos_lane_oldest(&run->lane) < run->due;
}

/* What waits for more does so for no longer than the interval. */
static void begin_interval(freshet_agentos_run *run)
{
	if (run->lane.waiting > 0 && !freshet_timer_is_set(run->timer))
		freshet_timer_set(run->timer, run->client->options.batch_interval_ms);
}

void agentos_run_emitted(freshet_agentos_run *run)
{
	if (run->attempt == NULL && run->id != NULL && batch_is_full(run))
		agentos_run_ready(run);
	else
		begin_interval(run);
}

/* ---- sending ---- */

/* What the first in line is, from now on with a key of its own. FRESHET_ENOMEM, FRESHET_ESYSTEM. */
static freshet_err cut(freshet_agentos_run *run)
{
	freshet_agentos *client = run->client;
	const freshet_agentos_options *o = &client->options;
	struct agentos_attempt *attempt = freshet_mem_new(1, sizeof *attempt);
	freshet_err err = attempt != NULL ? guest_uuid(attempt->key) : FRESHET_ENOMEM;
	if (err != FRESHET_OK) {
		freshet_mem_free(attempt);
		return err;
	}
	attempt->run = run;
	attempt->route = ROUTE_events;
	if (control_is_next(run)) {
		attempt->control = run->controls;
		attempt->route = run->controls->route;
	} else {
		uint64_t end = run->controls != NULL ? run->controls->after : UINT64_MAX;
		agentos_queue_hold(
			&client->report.queue, &run->lane, o->batch_size, end, o->max_request_bytes - AGENTOS_AROUND);
	}
	/* Those that are left over may have come when the batch was full, and set no timer. */
	if (run->lane.waiting == 0)
		freshet_timer_clear(run->timer);
	else
		begin_interval(run);
	run->attempt = attempt;
	return FRESHET_OK;
}

static freshet_err send_attempt(struct agentos_attempt *attempt)
{
	freshet_agentos_run *run = attempt->run;
	freshet_agentos *client = run->client;
	const struct guest_value values[] = {
		{"agent_id", freshet_str_of(client->agent_id)},
		{"run_id", freshet_str_of(run->id)},
	};
	struct guest_text path = {0};
	freshet_err err = agentos_attempt_write(attempt);
	if (err != FRESHET_OK)
		return err;
	guest_route_path(&client->guest.routes, attempt->route, values, 2, &path);
	attempt->key_version = agentos_key_of(client, attempt->route)->version;
	struct guest_call_options o = {
		.route = attempt->route,
		.path = &path,
		.body = guest_text_get(&attempt->body),
		.keyed = true,
		.key = attempt->key,
		.attempt_ms = client->options.timeout_ms,
		.max_answer = ANSWER_BYTES,
		.done = agentos_attempt_done,
	};
	return guest_call_send(&client->guest, &attempt->call, &o);
}

static void send_next(freshet_agentos_run *run)
{
	struct agentos_report *report = &run->client->report;
	freshet_err err = run->attempt == NULL ? cut(run) : FRESHET_OK;
	if (err != FRESHET_OK) {
		/* For want of memory: later. */
		freshet_timer_set(run->timer, run->client->options.retry_base_ms);
		return;
	}
	struct agentos_attempt *attempt = run->attempt;
	err = send_attempt(attempt);
	if (err != FRESHET_OK) {
		agentos_attempt_unsent(attempt, err);
		return;
	}
	attempt->in_flight = true;
	report->stats.in_flight++;
	report->stats.requests++;
	report->stats.retries += attempt->sent++ > 0;
}

/* ---- turns ---- */

/* Nothing is sent: what is first in line is done. */
static void pretend(freshet_agentos_run *run)
{
	if (run->controls != NULL && !agentos_control_pretend(run))
		agentos_run_ready(run);
}

/* One at a time, so that a callback that flushes again lets the loop turn. */
static bool tell_flush(freshet_agentos_run *run)
{
	if (run->attempt != NULL || !control_is_next(run) || run->controls->kind != CONTROL_FLUSH)
		return false;
	agentos_flush_reached(run);
	agentos_run_ready(run);
	return true;
}

/* False when the run has something to send that has to wait for another's turn to end. */
static bool step(freshet_agentos_run *run)
{
	struct agentos_report *report = &run->client->report;
	if (run->attempt != NULL && run->attempt->in_flight)
		return true;
	if (run->client->options.disabled) {
		pretend(run);
		return true;
	}
	if (run->lost || report->stopped) {
		agentos_run_empty(run, run->lost ? FRESHET_AGENTOS_DROPPED_LOST : FRESHET_AGENTOS_DROPPED_AUTH,
			run->lost ? run->lost_err : FRESHET_EAUTH);
		return true;
	}
	if (tell_flush(run) || (run->attempt != NULL && run->attempt->paused))
		return true;
	if (run->attempt == NULL && !is_due(run))
		return true;
	if (report->stats.in_flight >= run->client->options.max_ingest_streams)
		return false;
	send_next(run);
	return true;
}

static bool all_is_settled(const struct agentos_report *report)
{
	return report->queue.events == 0 && report->controls == 0 && report->stats.in_flight == 0;
}

/* Those that became ready meanwhile, by callbacks, have their turn next. */
void agentos_soon(freshet_timer *timer, void *user)
{
	freshet_agentos *client = user;
	struct agentos_report *report = &client->report;
	struct guest_link now;
	(void)timer;
	guest_ring_init(&now);
	guest_ring_move(&now, &report->ready);
	while (!report->halted && !guest_ring_is_empty(&now)) {
		struct guest_link *link = now.next;
		guest_link_remove(link);
		if (!step(agentos_run_of(link, ready))) {
			guest_link_insert(now.next, link);
			break;
		}
	}
	guest_ring_move(&report->ready, &now);
	if (report->closing && !report->halted && all_is_settled(report))
		freshet_agentos_free(client);
}
