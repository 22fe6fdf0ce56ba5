/*
 * AgentOS's part of the ledger. In the ledger of all platforms a run is a session: the rows of a hosted one are the
 * frames of its stream, those of a reported one the payloads of its events. The ledger of runs tells the rest.
 */
#include "mockd/agentos/agentos.h"

#include "mockd/agentos/scan.h"

#include "mockd/server.h"

/* `ids` are where the entry's run and agent point. */
static struct mockd_agentos_run entry_of(const struct aos_run *run, char ids[2][UUID_TEXT + 1])
{
	uuid_write(run->id, ids[0]);
	uuid_write(run->agent->id, ids[1]);
	struct mockd_agentos_run e = {.run = ids[0],
		.agent = ids[1],
		.external_id = run->external_id,
		.trigger = run->trigger,
		.status = aos_run_status(run, true),
		.events = run->events,
		.batches = run->batches,
		.hash = run->hash,
		.payloads = run->payloads,
		.numbered = run->numbers.count,
		.duplicates = run->numbers.duplicates,
		.disordered = run->numbers.disordered,
		.tasks = run->tasks.count,
		.open_tasks = run->open_tasks,
		.task_updates = run->task_updates,
		.spans = run->spans,
		.ends = run->ends,
		.late = run->late,
		.output_hash = MOCKD_HASH_START};
	if (run->output != NULL)
		e.output_hash = mockd_hash_row(MOCKD_HASH_START, 1, run->output, strlen(run->output));
	const struct aos_work *w = run->work;
	if (w == NULL)
		return e;
	e.prompt = w->prompt;
	e.frames = w->frame_count;
	e.frame_hash = w->frame_hash;
	e.chunks = w->chunks;
	e.text_hash = w->text_hash;
	e.tool_calls = w->tool_calls;
	e.approvals = w->approvals;
	e.decisions = w->decisions;
	e.questions = w->questions;
	e.answers = w->answers;
	e.invocations = w->invocations;
	return e;
}

static void report_run(const struct aos_run *run, mockd_agentos_run_fn *fn, void *user)
{
	char ids[2][UUID_TEXT + 1];
	const struct mockd_agentos_run entry = entry_of(run, ids);
	fn(&entry, user);
}

void mockd_agentos_each(struct mockd *m, mockd_agentos_run_fn *fn, void *user)
{
	list_each (node, &m->aos->runs)
		report_run(container_of(node, struct aos_run, node), fn, user);
}

bool mockd_agentos_find(struct mockd *m, const char *id, mockd_agentos_run_fn *fn, void *user)
{
	const struct aos_run *run = aos_run_by_text(m->aos, id);
	if (run != NULL)
		report_run(run, fn, user);
	return run != NULL;
}

bool mockd_agentos_items(struct mockd *m, const char *id, mockd_agentos_item_fn *fn, void *user)
{
	static const char *const kinds[] = {
		[AOS_ITEM_EVENT] = "event", [AOS_ITEM_TASK] = "task", [AOS_ITEM_SPAN] = "span", [AOS_ITEM_END] = "end"};
	const struct aos_run *run = aos_run_by_text(m->aos, id);
	for (size_t i = 0; run != NULL && i < run->item_count; i++) {
		const struct mockd_agentos_item item = {
			kinds[run->items[i].kind], run->items[i].sequence, run->items[i].json};
		fn(&item, user);
	}
	return run != NULL;
}

void mockd_agentos_get_totals(const struct mockd *m, struct mockd_agentos_totals *totals)
{
	*totals = m->aos->totals;
}

/* ---- in the ledger of all platforms ---- */

static void report(const struct aos_run *run, mockd_ledger_fn *fn, void *user)
{
	char id[UUID_TEXT + 1];
	const struct aos_work *w = run->work;
	uint64_t rows = w != NULL ? w->frame_count : run->events;
	uuid_write(run->id, id);
	const struct mockd_ledger_entry entry = {.platform = "agentos",
		.session = id,
		.prompt = w != NULL ? w->prompt : "",
		.status = aos_run_status(run, true),
		.deleted = run->deleted,
		.turns = w != NULL ? w->leg_count : 1,
		.rows = (size_t)rows,
		.first_row = rows > 0,
		.last_row = rows,
		.hash = w != NULL ? w->frame_hash : run->payloads,
		.output_rows = w != NULL ? w->chunks : 0,
		.text_hash = w != NULL ? w->text_hash : MOCKD_HASH_START};
	fn(&entry, user);
}

bool aos_ledger(struct platform *platform, const char *session, mockd_ledger_fn *fn, void *user)
{
	struct aos *a = container_of(platform, struct aos, platform);
	if (session != NULL) {
		const struct aos_run *run = aos_run_by_text(a, session);
		if (run != NULL)
			report(run, fn, user);
		return run != NULL;
	}
	list_each (node, &a->runs)
		report(container_of(node, struct aos_run, node), fn, user);
	return true;
}

/* The leg of the frame, counted from 1. */
static unsigned leg_of(const struct aos_work *w, size_t frame)
{
	unsigned leg = 1;
	while (leg < w->leg_count && w->legs[leg].from <= frame)
		leg++;
	return leg;
}

static void frame_rows(const struct aos_work *w, mockd_ledger_row_fn *fn, void *user)
{
	for (size_t i = 0; i < w->frame_count; i++) {
		const struct mockd_ledger_row row = {
			i + 1, leg_of(w, i), "frame", {w->frames[i].data, w->frames[i].len}};
		fn(&row, user);
	}
}

/* The payload of an event; empty when it has none. */
static freshet_str payload_of(const char *event)
{
	struct scan s = scan_of(freshet_str_of(event));
	freshet_str name;
	freshet_str value;
	for (scan_open(&s, '{'); scan_member(&s, &name) && scan_value(&s, &value);) {
		if (freshet_str_is(name, "payload"))
			return value;
	}
	return (freshet_str){"", 0};
}

/* Those whose texts were kept. */
static void event_rows(const struct aos_run *run, mockd_ledger_row_fn *fn, void *user)
{
	for (size_t i = 0; i < run->item_count; i++) {
		const struct aos_item *item = &run->items[i];
		if (item->kind != AOS_ITEM_EVENT)
			continue;
		const struct mockd_ledger_row row = {item->sequence, 1, "event", payload_of(item->json)};
		fn(&row, user);
	}
}

bool aos_ledger_rows(struct platform *platform, const char *session, mockd_ledger_row_fn *fn, void *user)
{
	const struct aos_run *run = aos_run_by_text(container_of(platform, struct aos, platform), session);
	if (run != NULL && run->work != NULL)
		frame_rows(run->work, fn, user);
	else if (run != NULL)
		event_rows(run, fn, user);
	return run != NULL;
}
