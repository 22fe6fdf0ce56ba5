/*
 * A session of Sudoiq is held against the ledger's tool calls. A call whose handler was not run, or whose answer the run did
 * not get as the handler gave it, is lost, and so is a text of the result that was not told; a handler that was run a
 * second time for its call, or for a call that never was, is duplicated, and so is a text of the result that the run
 * does not have. Of a run that was called off what was under way then need not have been run or answered.
 *
 * The emulator takes one answer for each call and refuses others, and each answer tells how often its call was run: so one
 * that is there as it was given was taken once.
 */
#include "demo/audit.h"

#include "demo/sudoiq/sudoiq.h"

#include <freshet/json.h>

#include <stdio.h>

FRESHET_JSON_PLAN(run_plan, "tool_calls", "result");
FRESHET_JSON_PLAN(call_plan, "call_id", "accepted", "result");

/* One call of the ledger. */
struct answered {
	uint64_t number; /* of its id */
	uint64_t result; /* hash of the answer that was taken */
	bool accepted;
};

static bool read_call(freshet_str json, freshet_json_scratch *scratch, struct answered *call)
{
	freshet_json_value v[3];
	freshet_str id = {NULL, 0};
	freshet_str result = {NULL, 0};
	if (freshet_json_pick(&call_plan, json, v, NULL) != FRESHET_OK ||
		freshet_json_string(&v[0], scratch, &id) != FRESHET_OK ||
		freshet_json_bool(&v[1], &call->accepted) != FRESHET_OK ||
		(call->accepted && freshet_json_string(&v[2], scratch, &result) != FRESHET_OK))
		return false;
	call->number = tools_call_number(id);
	call->result = hash_row(HASH_START, 0, result);
	return true;
}

/* True when the handler was run; each time is marked as belonging to a call. */
static void compare_call(struct audit *a, struct session *s, const struct answered *call)
{
	struct record *runs = &job_of(s)->calls;
	bool called_off = s->state == TERMINATED && !call->accepted;
	uint32_t times = 0;
	bool answered = false;
	for (uint32_t i = 0; i < runs->count; i++) {
		struct row *row = &runs->rows[i];
		if (row->id != call->number)
			continue;
		row->last = true;
		answered |= call->accepted && row->hash == call->result;
		times++;
	}
	a->calls++;
	a->lost += !called_off && !answered;
	a->duplicated += times > 1 ? times - 1 : 0;
}

static bool compare_calls(struct audit *a, struct session *s, const freshet_json_value *list)
{
	freshet_json_value item;
	freshet_json_each each;
	freshet_json_scratch scratch = {0};
	const struct record *runs = &job_of(s)->calls;
	bool good = freshet_json_each_begin(&each, list) == FRESHET_OK;
	while (good && freshet_json_each_next(&each, NULL, &item)) {
		struct answered call = {0};
		freshet_json_scratch_reset(&scratch);
		good = read_call(item.raw, &scratch, &call);
		if (good)
			compare_call(a, s, &call);
	}
	for (uint32_t i = 0; i < runs->count; i++)
		a->duplicated += !runs->rows[i].last;
	freshet_json_scratch_clear(&scratch);
	return good;
}

/* A result that is no array of texts is compared by nobody. */
static bool compare_result(struct audit *a, const struct session *s, const freshet_json_value *result)
{
	const struct record *told = &job_of(s)->result;
	freshet_json_value item;
	freshet_json_each each;
	freshet_json_scratch scratch = {0};
	bool good = true;
	uint32_t i = 0;
	if (freshet_json_each_begin(&each, result) != FRESHET_OK)
		return true;
	while (good && freshet_json_each_next(&each, NULL, &item)) {
		freshet_str text = {NULL, 0};
		freshet_json_scratch_reset(&scratch);
		good = freshet_json_string(&item, &scratch, &text) == FRESHET_OK;
		a->lost += i >= told->count || told->rows[i].hash != hash_row(HASH_START, 0, text);
		i++;
	}
	a->duplicated += told->count > i ? told->count - i : 0;
	freshet_json_scratch_clear(&scratch);
	return good;
}

static void run_arrived(freshet_request *request, const freshet_response *response, void *user)
{
	struct audit *a = user;
	freshet_json_value v[2];
	(void)request;
	if (!audit_answered(a, response))
		return;
	struct session *s = audit_suspect(a);
	if (freshet_json_pick(&run_plan, response->body, v, NULL) == FRESHET_OK && compare_calls(a, s, &v[0]) &&
		compare_result(a, s, &v[1]))
		audit_next(a);
	else
		audit_end(a, "the ledger of a run of Sudoiq cannot be read");
}

void sudoiq_examine(struct audit *a, struct session *s)
{
	char path[96];
	snprintf(path, sizeof path, "/mockd/sudoiq/runs?task=%s", s->id);
	audit_ask(a, path, run_arrived);
}
