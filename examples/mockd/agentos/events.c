/*
 * Events of reported runs. A request is taken whole or not at all; each event gets its sequence_number as it arrives.
 * Nothing is kept of it but counts and hashes, over the bytes as they were sent.
 */
#include "mockd/agentos/agentos.h"
#include "mockd/agentos/verify.h"
#include "mockd/agentos/json_span.h"

#include "mockd/server.h"

static const char *const levels[] = {"debug", "info", "warn", "error", NULL};

/* False when it was answered. */
static bool check_event(const struct verify *outer, json_t *event, size_t number)
{
	struct verify c;
	verify_inside(&c, outer, event, "events.", number);
	const char *type = verify_string(&c, "type", true);
	if (type != NULL && (*type == '\0' || *type == '.' || type[strlen(type) - 1] == '.' || strstr(type, "..")))
		verify_fail(&c, "type", "must be words with dots between them");
	verify_word(&c, "level", false, levels);
	verify_object(&c, "payload", false);
	verify_time(&c, "occurred_at", false);
	return verify_end(&c);
}

/* False when it was answered. */
static bool check_events(struct verify *c, const json_t *events)
{
	if (json_array_size(events) == 0)
		verify_fail(c, "events", "must not be empty");
	for (size_t i = 0; !c->failed && i < json_array_size(events); i++)
		c->failed = !check_event(c, json_array_get(events, i), i + 1);
	return !c->failed;
}

static void count_number(struct aos_run *run, const json_t *payload)
{
	struct mockd_agentos_totals *t = &run->aos->totals;
	struct aos_numbers *n = &run->numbers;
	const json_t *number = json_object_get(payload, run->aos->mockd->options.agentos_number);
	if (!json_is_integer(number) || json_integer_value(number) < 0)
		return;
	const struct aos_numbers before = *n;
	aos_numbers_add(n, (uint64_t)json_integer_value(number));
	t->numbered += n->count - before.count;
	t->duplicates += n->duplicates - before.duplicates;
	t->disordered += n->disordered - before.disordered;
}

static void accept_event(struct aos_run *run, const json_t *event, freshet_str bytes)
{
	freshet_str payload = json_span_member(bytes, "payload");
	run->events++;
	run->hash = mockd_hash_row(run->hash, run->events, bytes.ptr, bytes.len);
	run->payloads = mockd_hash_row(run->payloads, run->events, payload.ptr, payload.len);
	count_number(run, json_object_get(event, "payload"));
	aos_run_keep(run, AOS_ITEM_EVENT, run->events, bytes);
}

void aos_ingest_events(struct aos_call *call)
{
	struct verify c;
	struct uuid id;
	verify_body(&c, call);
	verify_uuid(&c, "run_id", true, &id);
	const json_t *events = verify_array(&c, "events", true);
	if (!verify_end(&c) || !check_events(&c, events))
		return;
	struct aos_run *run = aos_ingest_run(call, id, json_array_size(events));
	if (run == NULL)
		return;
	freshet_str items = json_span_items(call->request->body, "events");
	for (size_t i = 0; i < json_array_size(events); i++)
		accept_event(run, json_array_get(events, i), json_span_next(&items));
	run->batches++;
	call->aos->totals.batches++;
	call->aos->totals.events += json_array_size(events);
	aos_answer(call, 200, json_pack("{s:I}", "accepted", (json_int_t)json_array_size(events)));
}
