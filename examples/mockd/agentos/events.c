/*
 * Events of reported runs. A request is taken whole or not at all; each event gets its sequence_number as it arrives.
 * Nothing is kept of it but counts and hashes, over the bytes as they were sent. A great many of them come, so the body
 * is read without a tree; words with escapes in them, which nobody needs, are not recognised.
 */
#include "mockd/agentos/agentos.h"
#include "mockd/agentos/scan.h"

#include "mockd/server.h"

#include "base/utf8.h"

#include <stdio.h>

struct event {
	freshet_str bytes;
	freshet_str payload; /* empty: none */
};

/* A body, read. */
struct events {
	struct aos_call *call;
	struct uuid run;
	bool has_run;
	bool has_events;
	struct event *list;
	size_t count, capacity;
};

/* False, since it was answered. */
static bool refuse(const struct events *e, size_t number, const char *name, const char *what)
{
	char where[32] = "";
	if (number > 0)
		snprintf(where, sizeof where, "events.%zu.", number - 1);
	aos_refuse(e->call, 400, "validation_error", "%s%s: %s", where, name, what);
	return false;
}

static bool refuse_json(const struct events *e)
{
	aos_refuse(e->call, 400, "invalid_json", "The body is no JSON");
	return false;
}

static bool refuse_unknown(const struct events *e, size_t number, freshet_str name)
{
	char text[64];
	snprintf(text, sizeof text, "%.*s", (int)name.len, name.ptr);
	return refuse(e, number, text, "is unknown");
}

/* ---- checks of one event ---- */

/* Words with dots between them. */
static bool is_type(freshet_str text)
{
	if (text.len == 0 || text.ptr[0] == '.' || text.ptr[text.len - 1] == '.')
		return false;
	for (size_t i = 1; i < text.len; i++) {
		if (text.ptr[i] == '.' && text.ptr[i - 1] == '.')
			return false;
	}
	return true;
}

static bool is_level(freshet_str text)
{
	static const char *const levels[] = {"debug", "info", "warn", "error"};
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
		if (freshet_str_is(text, levels[i]))
			return true;
	}
	return false;
}

static const struct member {
	const char *name;
	bool (*check)(freshet_str text); /* of a string; NULL: it is an object */
	const char *complaint;
} members[] = {
	{"type", is_type, "must be a string of words with dots between them"},
	{"level", is_level, "is none of the values that are allowed"},
	{"payload", NULL, "must be an object"},
	{"occurred_at", aos_is_time, "must be a date and time of ISO 8601"},
};

#define MEMBERS      (sizeof members / sizeof members[0])
#define MEMBER_TYPE  0u
#define MEMBER_NOTED 2u /* the payload, which is noted */

static bool check_member(const struct member *m, freshet_str value)
{
	freshet_str text;
	if (m->check == NULL)
		return *value.ptr == '{';
	return scan_string(value, &text) && m->check(text);
}

/* A member of the event. False when it was answered. `seen` has a bit for each that came. */
static bool take_member(const struct events *e, size_t number, freshet_str name, freshet_str value, unsigned *seen)
{
	size_t i = 0;
	while (i < MEMBERS && !freshet_str_is(name, members[i].name))
		i++;
	if (i == MEMBERS)
		return !e->call->aos->mockd->options.agentos_strict || refuse_unknown(e, number, name);
	if (*seen & 1u << i)
		return refuse_json(e);
	*seen |= 1u << i;
	if (!check_member(&members[i], value))
		return refuse(e, number, members[i].name, members[i].complaint);
	if (i == MEMBER_NOTED)
		e->list[number - 1].payload = value;
	return true;
}

/* Reads the event, whose bytes are JSON. False when it was answered. */
static bool read_event(const struct events *e, size_t number)
{
	freshet_str bytes = e->list[number - 1].bytes;
	unsigned seen = 0;
	freshet_str name;
	freshet_str value;
	if (*bytes.ptr != '{')
		return refuse(e, number, "", "must be an object");
	struct scan s = scan_of(bytes);
	for (scan_open(&s, '{'); scan_member(&s, &name) && scan_value(&s, &value);) {
		if (!take_member(e, number, name, value, &seen))
			return false;
	}
	return (seen & 1u << MEMBER_TYPE) != 0 || refuse(e, number, "type", "is required");
}

/* ---- the body ---- */

static bool read_run(struct events *e, freshet_str value)
{
	freshet_str text;
	if (e->has_run)
		return refuse_json(e);
	e->has_run = true;
	if (!scan_string(value, &text))
		return refuse(e, 0, "run_id", "must be a string");
	return aos_read_uuid(text, &e->run) || refuse(e, 0, "run_id", "must be a UUID");
}

static bool read_events(struct events *e, freshet_str value)
{
	struct scan s = scan_of(value);
	if (e->has_events)
		return refuse_json(e);
	e->has_events = true;
	if (*value.ptr != '[')
		return refuse(e, 0, "events", "must be an array");
	struct event event = {.payload = {value.ptr, 0}};
	for (scan_open(&s, '['); scan_item(&s) && scan_value(&s, &event.bytes);) {
		e->list = must_grow(e->list, &e->capacity, e->count + 1, sizeof *e->list);
		e->list[e->count++] = event;
		if (!read_event(e, e->count))
			return false;
	}
	return e->count > 0 || refuse(e, 0, "events", "must not be empty");
}

static bool read_other(const struct events *e, freshet_str name)
{
	return !e->call->aos->mockd->options.agentos_strict || refuse_unknown(e, 0, name);
}

/* False when it was answered. */
static bool read_body(struct events *e)
{
	freshet_str body = e->call->request->body;
	freshet_str name;
	freshet_str value;
	struct scan whole = scan_of(body);
	if (!utf8_valid((const uint8_t *)body.ptr, body.len) || !scan_value(&whole, &value) || !scan_end(&whole))
		return refuse_json(e);
	if (*value.ptr != '{')
		return refuse(e, 0, "body", "must be an object");
	struct scan s = scan_of(value);
	for (scan_open(&s, '{'); scan_member(&s, &name) && scan_value(&s, &value);) {
		bool good = freshet_str_is(name, "run_id")   ? read_run(e, value)
			    : freshet_str_is(name, "events") ? read_events(e, value)
							     : read_other(e, name);
		if (!good)
			return false;
	}
	if (!e->has_run)
		return refuse(e, 0, "run_id", "is required");
	return e->has_events || refuse(e, 0, "events", "is required");
}

/* ---- what is taken in ---- */

/* The number of the payload; false when it has none that is a natural number. */
static bool number_of(freshet_str payload, const char *member, uint64_t *number)
{
	freshet_str name;
	freshet_str value;
	struct scan s = scan_of(payload);
	for (scan_open(&s, '{'); scan_member(&s, &name) && scan_value(&s, &value);) {
		if (!freshet_str_is(name, member))
			continue;
		*number = 0;
		for (size_t i = 0; i < value.len; i++) {
			if (value.ptr[i] < '0' || value.ptr[i] > '9' || *number > UINT32_MAX)
				return false;
			*number = *number * 10 + (uint64_t)(value.ptr[i] - '0');
		}
		return true;
	}
	return false;
}

static void count_number(struct aos_run *run, freshet_str payload)
{
	struct mockd_agentos_totals *t = &run->aos->totals;
	struct aos_numbers *n = &run->numbers;
	const struct aos_numbers before = *n;
	uint64_t number;
	if (!number_of(payload, run->aos->mockd->options.agentos_number, &number))
		return;
	aos_numbers_add(n, number);
	t->numbered += n->count - before.count;
	t->duplicates += n->duplicates - before.duplicates;
	t->disordered += n->disordered - before.disordered;
}

static void accept_event(struct aos_run *run, const struct event *event)
{
	run->events++;
	run->hash = mockd_hash_row(run->hash, run->events, event->bytes.ptr, event->bytes.len);
	run->payloads = mockd_hash_row(run->payloads, run->events, event->payload.ptr, event->payload.len);
	if (event->payload.len > 0)
		count_number(run, event->payload);
	aos_run_keep(run, AOS_ITEM_EVENT, run->events, event->bytes);
}

static void accept_events(struct aos_call *call, struct aos_run *run, const struct events *e)
{
	for (size_t i = 0; i < e->count; i++)
		accept_event(run, &e->list[i]);
	run->batches++;
	call->aos->totals.batches++;
	call->aos->totals.events += e->count;
	aos_answer(call, 200, json_pack("{s:I}", "accepted", (json_int_t)e->count));
}

void aos_ingest_events(struct aos_call *call)
{
	struct events e = {.call = call};
	struct aos_run *run = read_body(&e) ? aos_ingest_run(call, e.run, e.count) : NULL;
	if (run != NULL)
		accept_events(call, run, &e);
	free(e.list);
}
