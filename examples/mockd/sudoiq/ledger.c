/*
 * Sudoiq's part of the ledgers. In the one of all platforms a run is a session and its snapshots are the rows; the text is
 * the result. Its own one tells of every tool call how often it was answered.
 */
#include "mockd/sudoiq/sudoiq.h"

#include "mockd/server.h"

#include <inttypes.h>
#include <stdio.h>

static void report(const struct siq_run *run, mockd_ledger_fn *fn, void *user)
{
	char id[24];
	snprintf(id, sizeof id, "%" PRId64, run->task);
	const struct mockd_ledger_entry entry = {.platform = "sudoiq",
		.session = id,
		.prompt = run->input,
		.status = siq_status_name((enum siq_status)run->status),
		.deleted = run->deleted,
		.turns = run->round,
		.rows = run->revision,
		.first_row = 1,
		.last_row = run->revision,
		.hash = run->hash,
		.output_rows = run->result != NULL,
		.text_hash = run->text_hash};
	fn(&entry, user);
}

/* Deleted ones are found, too. */
static const struct siq_run *find_any(const struct siq *s, int64_t task)
{
	bool known = task >= SIQ_FIRST_TASK && (uint64_t)(task - SIQ_FIRST_TASK) < s->run_count;
	return known ? s->runs[task - SIQ_FIRST_TASK] : NULL;
}

bool siq_ledger(struct platform *platform, const char *session, mockd_ledger_fn *fn, void *user)
{
	const struct siq *s = container_of(platform, struct siq, platform);
	if (session != NULL) {
		const struct siq_run *run = find_any(s, strtoll(session, NULL, 10));
		if (run != NULL)
			report(run, fn, user);
		return run != NULL;
	}
	for (int deleted = 0; deleted <= 1; deleted++) {
		for (size_t i = 0; i < s->run_count; i++) {
			if (s->runs[i]->deleted == (deleted == 1))
				report(s->runs[i], fn, user);
		}
	}
	return true;
}

bool siq_ledger_rows(struct platform *platform, const char *session, mockd_ledger_row_fn *fn, void *user)
{
	const struct siq *s = container_of(platform, struct siq, platform);
	const struct siq_run *run = siq_run_find(s, strtoll(session, NULL, 10));
	uint64_t last = 0;
	for (size_t i = 0; run != NULL && i < run->frame_count; i++) {
		const struct siq_frame *f = run->frames[i];
		if (f->row <= last)
			continue;
		last = f->row;
		const struct mockd_ledger_row row = {f->row, 0, "snapshot", siq_frame_data(f)};
		fn(&row, user);
	}
	return run != NULL;
}

static struct mockd_sudoiq_run entry_of(const struct siq_run *run)
{
	return (struct mockd_sudoiq_run){.task = run->task,
		.agent = run->agent->id,
		.input = run->input,
		.environment = run->environment,
		.status = siq_status_name((enum siq_status)run->status),
		.revision = run->revision,
		.rounds = run->round,
		.calls = run->call_count,
		.accepted = run->accepted,
		.repeated = run->repeated,
		.unanswered = run->call_count - run->accepted,
		.failed_calls = run->failed_calls,
		.result = run->result,
		.code = run->code,
		.requests = run->starts,
		.streams = run->opened};
}

void mockd_sudoiq_each(struct mockd *m, mockd_sudoiq_run_fn *fn, void *user)
{
	for (size_t i = 0; i < m->siq->run_count; i++) {
		const struct mockd_sudoiq_run entry = entry_of(m->siq->runs[i]);
		fn(&entry, user);
	}
}

bool mockd_sudoiq_find(struct mockd *m, int64_t task, mockd_sudoiq_run_fn *fn, void *user)
{
	const struct siq_run *run = find_any(m->siq, task);
	if (run == NULL)
		return false;
	const struct mockd_sudoiq_run entry = entry_of(run);
	fn(&entry, user);
	return true;
}

bool mockd_sudoiq_calls(struct mockd *m, int64_t task, mockd_sudoiq_call_fn *fn, void *user)
{
	const struct siq_run *run = find_any(m->siq, task);
	for (size_t i = 0; run != NULL && i < run->call_count; i++) {
		const struct siq_tool_call *c = &run->calls[i];
		const struct mockd_sudoiq_call call = {.call_id = c->id,
			.name = c->name,
			.space = c->space,
			.args = c->args,
			.round = c->round,
			.answers = c->answers,
			.accepted = c->accepted,
			.is_error = c->is_error,
			.result = {c->result, c->result_len}};
		fn(&call, user);
	}
	return run != NULL;
}

static void add_up(const struct mockd_sudoiq_run *run, void *user)
{
	struct mockd_sudoiq_totals *t = user;
	t->runs++;
	t->completed += strcmp(run->status, "completed") == 0;
	t->rounds += run->rounds;
	t->calls += run->calls;
	t->accepted += run->accepted;
	t->repeated += run->repeated;
	t->unanswered += run->unanswered;
	t->streams += run->streams;
}

void mockd_sudoiq_get_totals(const struct mockd *m, struct mockd_sudoiq_totals *totals)
{
	const struct siq *s = m->siq;
	*totals = (struct mockd_sudoiq_totals){.strange = s->strange, .replayed = s->replayed};
	for (size_t i = 0; i < s->run_count; i++) {
		const struct mockd_sudoiq_run entry = entry_of(s->runs[i]);
		totals->going_on += !siq_run_is_over(s->runs[i]);
		add_up(&entry, totals);
	}
}
