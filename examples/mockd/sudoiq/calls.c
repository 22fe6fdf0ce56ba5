/*
 * Requests about runs: start, stream, status, answers to tool calls, cancel.
 */
#include "mockd/sudoiq/sudoiq.h"

#include "mockd/server.h"

#include <errno.h>
#include <inttypes.h>

struct siq_run *siq_run_of(struct siq_request *q)
{
	char *end;
	errno = 0;
	int64_t task = strtoll(q->task_id, &end, 10);
	struct siq_run *run = errno == 0 && *end == '\0' ? siq_run_find(q->siq, task) : NULL;
	const char *agent = json_string_value(json_object_get(q->body, "agent_id"));
	const json_t *named = json_object_get(q->body, "task_id");
	if (run == NULL || run->tenant != q->tenant ||
		(q->agent_id != NULL && strcmp(q->agent_id, run->agent->id) != 0)) {
		siq_fail(q, 404, "task_not_found", "there is no task %s", q->task_id);
		return NULL;
	}
	if ((agent != NULL && strcmp(agent, run->agent->id) != 0) ||
		(named != NULL && json_integer_value(named) != run->task)) {
		siq_fail(q, 422, "validation_error", "path and body name two runs");
		return NULL;
	}
	return run;
}

/* The status object, as the snapshot has it. */
static void answer_run(struct siq_request *q, int status, const struct siq_run *run)
{
	static const struct answer head = {.content_type = "application/json"};
	struct answer a = head;
	a.status = status;
	exchange_answer(q->exchange, &a, siq_frame_data(run->snapshot));
}

/* ---- start ---- */

static bool wants_stream(const struct siq_request *q)
{
	const freshet_str *accept = request_field(q->request, "accept");
	static const char type[] = "text/event-stream";
	return accept != NULL && memmem(accept->ptr, accept->len, type, sizeof type - 1) != NULL;
}

static void answer_start(struct siq_request *q, struct siq_run *run)
{
	if (wants_stream(q)) {
		siq_stream_open(run, q->exchange, NULL);
		return;
	}
	json_t *body = json_object();
	siq_set(q->siq, body, SIQ_FIELD_AGENT_ID, json_string(run->agent->id));
	siq_set(q->siq, body, SIQ_FIELD_TASK_ID, siq_id(q->siq, run->task));
	siq_set(q->siq, body, SIQ_FIELD_STATUS, json_string(siq_status_shown(run)));
	siq_answer(q, 201, body);
}

/* 128 bits that two texts hardly share; the table of UUIDs takes them. */
static struct uuid hash_of(freshet_str text)
{
	struct uuid id;
	id.high = mockd_hash_row(MOCKD_HASH_START, 1, text.ptr, text.len);
	id.low = mockd_hash_row(id.high, 2, text.ptr, text.len);
	return id;
}

/* True when the request was made before with the same key, and is answered. */
static bool replay_start(struct siq_request *q, const freshet_str *key)
{
	struct siq_run *run = key != NULL && key->len > 0 ? uuid_table_get(&q->tenant->starts, hash_of(*key)) : NULL;
	if (run == NULL)
		return false;
	if (!uuid_equal(run->start_hash, hash_of(q->request->body))) {
		siq_fail(q, 409, "idempotency_key_reused", "the key was another request's");
		return true;
	}
	run->starts++;
	q->siq->replayed++;
	answer_start(q, run);
	return true;
}

/* Every value is a text. */
static bool is_text_map(json_t *map)
{
	const char *key;
	json_t *value;
	json_object_foreach(map, key, value)
	{
		if (*key == '\0' || !json_is_string(value))
			return false;
	}
	return json_is_object(map);
}

/* The first input; a script is named there. */
static const char *first_input(json_t *inputs)
{
	void *first = json_object_iter(inputs);
	return first != NULL ? json_string_value(json_object_iter_value(first)) : "";
}

/* What is wrong with the request; NULL: nothing. */
static const char *start_fault(const json_t *body, const struct siq_agent *agent)
{
	static const char *const maps[] = {"image_inputs", "file_inputs"};
	const json_t *environment = json_object_get(body, "environment");
	const json_t *version = json_object_get(body, "agent_version");
	const json_t *metadata = json_object_get(body, "metadata");
	if (!is_text_map(json_object_get(body, "string_inputs")))
		return "string_inputs must be an object of texts";
	if (!json_is_string(environment) || json_string_length(environment) == 0)
		return "environment is missing";
	if (version != NULL && (!json_is_integer(version) || json_integer_value(version) < 1 ||
				       json_integer_value(version) > agent->version))
		return "there is no such agent_version";
	if (metadata != NULL && !json_is_object(metadata))
		return "metadata must be an object";
	for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
		json_t *map = json_object_get(body, maps[i]);
		if (map != NULL && !is_text_map(map))
			return "inputs must be objects of texts";
	}
	return NULL;
}

void siq_run_start(struct siq_request *q)
{
	struct siq *s = q->siq;
	const freshet_str *key = request_field(q->request, siq_name(s, SIQ_HEADER_IDEMPOTENCY));
	const struct siq_agent *agent = siq_agent_of(q);
	if (agent == NULL || replay_start(q, key))
		return;
	const char *fault = start_fault(q->body, agent);
	if (fault != NULL) {
		siq_fail(q, 422, "validation_error", "%s", fault);
		return;
	}
	if (s->quota > 0 && q->tenant->active >= s->quota) {
		siq_fail(q, 429, "too_many_runs", "%" PRIu64 " runs go on already", s->quota);
		return;
	}
	const char *input = first_input(json_object_get(q->body, "string_inputs"));
	const json_t *version = json_object_get(q->body, "agent_version");
	struct siq_plan plan;
	if (!siq_plan_read(s, freshet_str_of(input), &plan)) {
		siq_fail(q, 422, "validation_error", "there is no such script");
		return;
	}
	struct siq_run *run =
		siq_run_new(q->tenant, s, agent, input, json_string_value(json_object_get(q->body, "environment")),
			version != NULL ? json_integer_value(version) : agent->version, &plan);
	run->start_hash = hash_of(q->request->body);
	run->keyed = key != NULL && key->len > 0;
	if (run->keyed) {
		run->start_key = hash_of(*key);
		uuid_table_put(&q->tenant->starts, run->start_key, run);
	}
	answer_start(q, run);
}

/* ---- the others ---- */

void siq_run_stream(struct siq_request *q)
{
	struct siq_run *run = siq_run_of(q);
	if (run != NULL)
		siq_stream_open(run, q->exchange, request_field(q->request, "last-event-id"));
}

void siq_run_status(struct siq_request *q)
{
	const struct siq_run *run = siq_run_of(q);
	if (run != NULL)
		answer_run(q, 200, run);
}

void siq_run_cancel(struct siq_request *q)
{
	struct siq_run *run = siq_run_of(q);
	const json_t *reason = json_object_get(q->body, "reason");
	if (run == NULL)
		return;
	if (siq_run_is_over(run)) {
		siq_fail(q, 409, "run_already_ended", "the run is over: %s", siq_status_shown(run));
		return;
	}
	if (reason != NULL && !json_is_string(reason)) {
		siq_fail(q, 422, "validation_error", "reason must be a text");
		return;
	}
	siq_run_end(run, SIQ_CANCELLED, NULL, NULL);
	answer_run(q, 200, run);
}

/* ---- answers to tool calls ---- */

/* What is wrong with the i-th answer; NULL: nothing. */
static const char *response_fault(const json_t *responses, size_t i)
{
	const json_t *response = json_array_get(responses, i);
	const json_t *id = json_object_get(response, "call_id");
	const json_t *is_error = json_object_get(response, "is_error");
	if (!json_is_string(id) || !json_is_string(json_object_get(response, "result")))
		return "call_id and result must be texts";
	if (is_error != NULL && !json_is_boolean(is_error))
		return "is_error must be a truth value";
	for (size_t j = 0; j < i; j++) {
		if (json_equal(json_object_get(json_array_get(responses, j), "call_id"), id))
			return "a call is answered twice in one request";
	}
	return NULL;
}

/* The tool that is named in an answer must be that of the call. */
static bool names_fit(const struct siq_tool_call *call, const json_t *response)
{
	const char *name = json_string_value(json_object_get(response, "name"));
	const char *space = json_string_value(json_object_get(response, "namespace"));
	return (name == NULL || strcmp(name, call->name) == 0) && (space == NULL || strcmp(space, call->space) == 0);
}

static struct siq_tool_call *call_of(const struct siq_run *run, const json_t *response)
{
	return siq_run_find_call(run, json_string_value(json_object_get(response, "call_id")));
}

/* False when it was answered: the answers are no answers to what was asked. */
static bool check_responses(struct siq_request *q, const struct siq_run *run, const json_t *responses)
{
	const char *fault = json_array_size(responses) > 0 ? NULL : "responses must be an array with something in it";
	for (size_t i = 0; i < json_array_size(responses) && fault == NULL; i++) {
		fault = response_fault(responses, i);
		if (fault != NULL)
			break;
		const json_t *response = json_array_get(responses, i);
		const struct siq_tool_call *call = call_of(run, response);
		q->siq->strange += call == NULL;
		if (call == NULL)
			fault = "there is no such call";
		else if (!names_fit(call, response))
			fault = "the call is of another tool";
	}
	if (fault != NULL)
		siq_fail(q, 422, "validation_error", "%s", fault);
	return fault == NULL;
}

/* The ids of calls that were answered before; counts them. */
static json_t *answered_before(struct siq_run *run, const json_t *responses)
{
	json_t *ids = json_array();
	for (size_t i = 0; i < json_array_size(responses); i++) {
		struct siq_tool_call *call = call_of(run, json_array_get(responses, i));
		if (!call->accepted)
			continue;
		call->answers++;
		run->repeated++;
		json_array_append_new(ids, json_string(call->id));
	}
	return ids;
}

/* All of a request is taken, or nothing. */
void siq_tool_responses(struct siq_request *q)
{
	struct siq_run *run = siq_run_of(q);
	const json_t *responses = json_object_get(q->body, "responses");
	if (run == NULL || !check_responses(q, run, responses))
		return;
	json_t *before = answered_before(run, responses);
	if (json_array_size(before) > 0) {
		siq_fail_calls(q, before);
		return;
	}
	json_decref(before);
	if (run->status != SIQ_AWAITING) {
		siq_fail(q, 409, "run_not_awaiting_tool_calls", "the run is %s", siq_status_shown(run));
		return;
	}
	for (size_t i = 0; i < json_array_size(responses); i++) {
		const json_t *response = json_array_get(responses, i);
		siq_run_answer(run, call_of(run, response), json_object_get(response, "result"),
			json_is_true(json_object_get(response, "is_error")));
	}
	if (run->open == 0)
		siq_script_resume(run);
	else
		siq_run_change(run, SIQ_AWAITING);
	json_t *body = json_pack("{s:I}", "accepted", (json_int_t)json_array_size(responses));
	siq_set(q->siq, body, SIQ_FIELD_TASK_ID, siq_id(q->siq, run->task));
	siq_set(q->siq, body, SIQ_FIELD_STATUS, json_string(siq_status_shown(run)));
	siq_answer(q, 200, body);
}
