/*
 * A session of AgentOS is held against the ledger.
 *
 * Of a reported run the platform must have every event that was emitted once and in order, one task, one span and one
 * end: what is missing counts as lost, what came again as duplicated. Of a hosted run every decision and every answer must
 * have been taken once, and the stream of a leg that was shown whole must have shown each of its frames once. The frames
 * of other legs (behind an approval, which has no stream; behind a cut where streams are not taken up again) are counted
 * by themselves when they were not seen, since the platform gives them to nobody.
 */
#include "demo/audit.h"

#include "demo/agentos/agentos.h"

#include <freshet/json.h>

#include <stdio.h>
#include <stdlib.h>

/* The members that are compared, in their order. */
enum { EVENTS, NUMBERED, DUPLICATES, DISORDERED, TASKS, OPEN_TASKS, SPANS, ENDS, LATE, DECISIONS, ANSWERS, MEMBERS };

FRESHET_JSON_PLAN(run_plan, "events", "numbered", "duplicates", "disordered", "tasks", "open_tasks", "spans", "ends",
	"late", "decisions", "answers", "payloads");

static void count(struct audit *a, uint64_t wanted, uint64_t found)
{
	a->lost += wanted > found ? wanted - found : 0;
	a->duplicated += found > wanted ? found - wanted : 0;
}

/* The hash is over the payloads, each with its number: equal ones are the same events in the same order. */
static void compare_reported(
	struct audit *a, const struct session *s, const uint64_t n[MEMBERS], const freshet_json_value *payloads)
{
	char hash[24];
	snprintf(hash, sizeof hash, "%llu", (unsigned long long)s->record.hash);
	count(a, s->record.count, n[NUMBERED]);
	a->duplicated += n[DUPLICATES];
	count(a, 1, n[TASKS]);
	a->lost += n[OPEN_TASKS];
	count(a, 1, n[SPANS]);
	count(a, 1, n[ENDS]);
	a->duplicated += n[LATE];
	a->disordered += n[DISORDERED] > 0 || (n[EVENTS] == s->record.count && !freshet_json_is(payloads, hash));
}

/* ---- frames ---- */

static int compare_ids(const void *left, const void *right)
{
	const struct row *a = left;
	const struct row *b = right;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* Both in the order of their numbers. */
static void compare_frames(struct audit *a, struct session *s, struct record *ledger)
{
	struct record *seen = &s->record;
	uint32_t at = 0;
	if (seen->count > 0)
		qsort(seen->rows, seen->count, sizeof(struct row), compare_ids);
	for (uint32_t i = 0; i < ledger->count; i++) {
		const struct row *row = &ledger->rows[i];
		bool whole = (run_of(s)->whole >> (row->turn % 32) & 1) != 0;
		uint32_t times = 0;
		for (; at < seen->count && seen->rows[at].id <= row->id; at++) {
			bool same = seen->rows[at].id == row->id && seen->rows[at].hash == row->hash;
			a->duplicated += !same || times > 0;
			times += same;
		}
		a->lost += times == 0 && whole;
		a->unheard += times == 0 && !whole;
	}
	a->duplicated += seen->count - at;
	audit_next(a);
}

/* ---- one run ---- */

static bool read_run(freshet_str body, uint64_t n[MEMBERS], freshet_json_value *payloads)
{
	freshet_json_value v[MEMBERS + 1];
	if (freshet_json_pick(&run_plan, body, v, NULL) != FRESHET_OK)
		return false;
	for (int i = 0; i < MEMBERS; i++)
		if (freshet_json_uint64(&v[i], &n[i]) != FRESHET_OK)
			return false;
	*payloads = v[MEMBERS];
	return true;
}

static void run_arrived(freshet_request *request, const freshet_response *response, void *user)
{
	struct audit *a = user;
	uint64_t n[MEMBERS];
	freshet_json_value payloads;
	(void)request;
	if (!audit_answered(a, response))
		return;
	struct session *s = audit_suspect(a);
	if (!read_run(response->body, n, &payloads)) {
		audit_end(a, "the ledger of a run of AgentOS cannot be read");
	} else if (s->part->script == NULL) {
		compare_reported(a, s, n, &payloads);
		audit_next(a);
	} else {
		count(a, run_of(s)->decisions, n[DECISIONS]);
		count(a, run_of(s)->answers, n[ANSWERS]);
		audit_rows(a, s, compare_frames);
	}
}

void agentos_examine(struct audit *a, struct session *s)
{
	char path[96];
	snprintf(path, sizeof path, "/mockd/agentos/runs?run=%s", s->id);
	audit_ask(a, path, run_arrived);
}
