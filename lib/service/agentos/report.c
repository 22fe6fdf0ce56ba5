/*
 * All runs of a client together: the beginning, another key, the end.
 *
 * Closing: what waits is due at once, and each turn asks whether anything is left. When nothing is, or the time is over,
 * the endpoint is closed, and its end drops and counts what was not sent and tells every run.
 */
#include "report.h"

#include "client.h"
#include "failure.h"

static void time_is_over(freshet_timer *timer, void *user)
{
	freshet_agentos *client = user;
	(void)timer;
	freshet_agentos_free(client);
}

freshet_err agentos_report_init(freshet_agentos *client, freshet_reactor *reactor)
{
	struct agentos_report *report = &client->report;
	agentos_queue_init(&report->queue, &client->options);
	guest_ring_init(&report->runs);
	guest_ring_init(&report->ready);
	freshet_err err = guest_writer(client->options.max_request_bytes - AGENTOS_AROUND, &report->writer);
	if (err == FRESHET_OK)
		err = freshet_timer_new(reactor, agentos_soon, client, &report->soon);
	if (err == FRESHET_OK)
		err = freshet_timer_new(reactor, time_is_over, client, &report->closing_over);
	return err;
}

void agentos_report_clear(freshet_agentos *client)
{
	struct agentos_report *report = &client->report;
	agentos_queue_clear(&report->queue);
	freshet_json_writer_free(report->writer);
	freshet_timer_free(report->soon);
	freshet_timer_free(report->closing_over);
}

void agentos_report_ready(freshet_agentos *client)
{
	struct guest_link *runs = &client->report.runs;
	for (struct guest_link *link = runs->next; link != runs; link = link->next)
		agentos_run_ready(agentos_run_of(link, node));
}

void agentos_report_restart(freshet_agentos *client)
{
	client->report.stopped = false;
	agentos_report_ready(client);
}

void agentos_report_close(freshet_agentos *client, uint64_t timeout_ms)
{
	struct agentos_report *report = &client->report;
	report->closing = true;
	freshet_timer_set(report->closing_over, timeout_ms);
	freshet_timer_set(report->soon, 0);
	agentos_report_ready(client);
}

void agentos_report_halt(freshet_agentos *client)
{
	struct agentos_report *report = &client->report;
	report->closing = true;
	report->halted = true;
	freshet_timer_clear(report->soon);
	freshet_timer_clear(report->closing_over);
}

void agentos_report_end(freshet_agentos *client)
{
	struct guest_link *runs = &client->report.runs;
	struct agentos_failure failure;
	agentos_report_halt(client);
	while (!guest_ring_is_empty(runs)) {
		freshet_agentos_run *run = agentos_run_of(runs->next, node);
		if (agentos_run_empty(run, FRESHET_AGENTOS_DROPPED_CLOSED, FRESHET_ECANCELED))
			continue;
		agentos_failure_plain(&failure, FRESHET_ECANCELED, NULL, freshet_err_text(FRESHET_ECANCELED));
		agentos_run_finish(run, &failure.error);
	}
}

freshet_err agentos_refused(freshet_agentos *client, freshet_err err)
{
	freshet_agentos_stats *stats = &client->report.stats;
	if (err == FRESHET_ESTATE)
		stats->refused_state++;
	else if (err == FRESHET_EQUEUE_FULL)
		stats->refused_room++;
	else if (err != FRESHET_OK)
		stats->refused_other++;
	return err;
}

/* ---- counters ---- */

freshet_err freshet_agentos_stats_get(const freshet_agentos *client, freshet_agentos_stats *stats)
{
	const struct agentos_report *report = &client->report;
	freshet_agentos_stats now = report->stats;
	now.emitted = report->queue.emitted;
	now.sent = report->queue.sent;
	memcpy(now.dropped, report->queue.dropped, sizeof now.dropped);
	now.queued = report->queue.events;
	now.queued_bytes = report->queue.bytes;
	now.stopped = report->stopped;
	now.closing = report->closing;
	return guest_stats(stats, &now, sizeof now);
}

const char *freshet_agentos_drop_text(freshet_agentos_drop cause)
{
	static const char *const texts[] = {
#define DROP_TEXT(name, text) [FRESHET_AGENTOS_DROPPED_##name] = text,
		FRESHET_AGENTOS_DROP_MAP(DROP_TEXT)
#undef DROP_TEXT
	};
	return (size_t)cause < sizeof texts / sizeof texts[0] ? texts[cause] : "no such cause";
}
