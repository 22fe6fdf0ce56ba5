/*
 * The bodies of good answers as the structs of the public header. An array is allocated for what lists hold; all else
 * points into the body or the scratch.
 */
#include "call.h"

#include "names.h"

FRESHET_JSON_PLAN(session_plan, "id", "agent_id", "environment_id", "provider", "runtime", "status", "exit_code",
	"created_at", "updated_at", "resources", "turn_count", "current_turn");
FRESHET_JSON_PLAN(ack_plan, "id", "status", "stream_url", "environment_id", "current_turn", "resources");
FRESHET_JSON_PLAN(turn_plan, "turn_number", "prompt", "status", "exit_code", "created_at", "started_at", "ended_at");
FRESHET_JSON_PLAN(resource_plan, "type", "url", "mount_path");

/* Fills in the values of a text that lies in the reading's. False when the reading has failed. */
static bool pick(struct reading *r, freshet_json_plan *plan, freshet_str text, freshet_json_value *values)
{
	size_t position = 0;
	freshet_err err = r->err == FRESHET_OK ? freshet_json_pick(plan, text, values, &position) : r->err;
	if (err != FRESHET_OK && r->err == FRESHET_OK) {
		r->err = err;
		r->position = (size_t)(text.ptr - r->text.ptr) + position;
	}
	return r->err == FRESHET_OK;
}

/*
 * Room for the elements of an array, and a walk over them; NULL with a count of 0 where there are none. An element is
 * `size` bytes. What is missing or null has no elements; another type is an error.
 */
static void *begin_array(
	struct reading *r, const freshet_json_value *array, freshet_json_each *each, size_t size, size_t *count)
{
	*count = 0;
	if (array->type == FRESHET_JSON_MISSING || array->type == FRESHET_JSON_NULL)
		return NULL;
	reading_fail(r, array, freshet_json_each_begin(each, array));
	size_t elements = r->err == FRESHET_OK ? count_elements(array) : 0;
	void *memory = elements > 0 ? freshet_mem_new(elements, size) : NULL;
	if (elements > 0 && memory == NULL)
		reading_fail(r, array, FRESHET_ENOMEM);
	*count = memory != NULL ? elements : 0;
	return memory;
}

static const freshet_aod_resource *read_resources(struct reading *r, const freshet_json_value *array, size_t *count)
{
	freshet_json_each each;
	freshet_json_value element, v[3];
	freshet_aod_resource *resources = begin_array(r, array, &each, sizeof *resources, count);
	for (size_t i = 0; i < *count && freshet_json_each_next(&each, NULL, &element); i++) {
		if (!pick(r, &resource_plan, element.raw, v))
			break;
		take_str(r, &v[0], &resources[i].type);
		take_str(r, &v[1], &resources[i].url);
		take_str(r, &v[2], &resources[i].mount_path);
	}
	return resources;
}

/* Given back as what it was allocated as: the field is const for the caller only. */
static void free_resources(const freshet_aod_resource *resources)
{
	union {
		const freshet_aod_resource *given;
		void *memory;
	} cast = {resources};
	freshet_mem_free(cast.memory);
}

static void read_session(struct reading *r, freshet_str text, freshet_aod_session *session)
{
	freshet_json_value v[12];
	if (!pick(r, &session_plan, text, v))
		return;
	need_str(r, &v[0], &session->id);
	take_str(r, &v[1], &session->agent_id);
	take_str(r, &v[2], &session->environment_id);
	take_str(r, &v[3], &session->provider);
	take_str(r, &v[4], &session->runtime);
	need_str(r, &v[5], &session->status_name);
	session->status = status_of(session->status_name);
	take_number(r, &v[6], &session->has_exit_code, &session->exit_code);
	take_str(r, &v[7], &session->created_at);
	take_str(r, &v[8], &session->updated_at);
	session->resources = read_resources(r, &v[9], &session->resource_count);
	take_int(r, &v[10], &session->turn_count);
	take_int(r, &v[11], &session->current_turn);
}

static void read_turn(struct reading *r, freshet_str text, freshet_aod_turn *turn)
{
	freshet_json_value v[7];
	if (!pick(r, &turn_plan, text, v))
		return;
	take_int(r, &v[0], &turn->number);
	take_str(r, &v[1], &turn->prompt);
	need_str(r, &v[2], &turn->status_name);
	turn->status = status_of(turn->status_name);
	take_number(r, &v[3], &turn->has_exit_code, &turn->exit_code);
	take_str(r, &v[4], &turn->created_at);
	take_str(r, &v[5], &turn->started_at);
	take_str(r, &v[6], &turn->ended_at);
}

static void read_ack(struct reading *r, freshet_aod_ack *ack)
{
	freshet_json_value v[6];
	if (!pick(r, &ack_plan, r->text, v))
		return;
	need_str(r, &v[0], &ack->id);
	need_str(r, &v[1], &ack->status_name);
	ack->status = status_of(ack->status_name);
	take_str(r, &v[2], &ack->stream_url);
	take_str(r, &v[3], &ack->environment_id);
	take_int(r, &v[4], &ack->current_turn);
	ack->resources = read_resources(r, &v[5], &ack->resource_count);
}

/* The walk over the `data` of a list. A list without `data` is an error. */
static void *begin_list(struct reading *r, freshet_json_each *each, size_t size, size_t *count)
{
	freshet_json_value data;
	*count = 0;
	r->err = freshet_json_get(r->text, "data", &data, &r->position);
	if (r->err == FRESHET_OK && data.type == FRESHET_JSON_MISSING)
		r->err = FRESHET_EJSON_MISSING;
	return r->err == FRESHET_OK ? begin_array(r, &data, each, size, count) : NULL;
}

/* ---- the kinds of answers ---- */

static void session_answer(freshet_aod_call *call, struct reading *r)
{
	freshet_aod_session session = {0};
	read_session(r, r->text, &session);
	if (r->err == FRESHET_OK)
		call->done.session(call, NULL, &session, call->user);
	free_resources(session.resources);
}

static void session_refuse(freshet_aod_call *call, const freshet_aod_error *error)
{
	call->done.session(call, error, NULL, call->user);
}

static void session_list_answer(freshet_aod_call *call, struct reading *r)
{
	freshet_json_each each;
	freshet_json_value element;
	size_t count;
	freshet_aod_session *sessions = begin_list(r, &each, sizeof *sessions, &count);
	for (size_t i = 0; i < count && freshet_json_each_next(&each, NULL, &element); i++)
		read_session(r, element.raw, &sessions[i]);
	if (r->err == FRESHET_OK)
		call->done.session_list(call, NULL, sessions, count, call->user);
	for (size_t i = 0; i < count; i++)
		free_resources(sessions[i].resources);
	freshet_mem_free(sessions);
}

static void session_list_refuse(freshet_aod_call *call, const freshet_aod_error *error)
{
	call->done.session_list(call, error, NULL, 0, call->user);
}

static void turn_list_answer(freshet_aod_call *call, struct reading *r)
{
	freshet_json_each each;
	freshet_json_value element;
	size_t count;
	freshet_aod_turn *turns = begin_list(r, &each, sizeof *turns, &count);
	for (size_t i = 0; i < count && freshet_json_each_next(&each, NULL, &element); i++)
		read_turn(r, element.raw, &turns[i]);
	if (r->err == FRESHET_OK)
		call->done.turn_list(call, NULL, turns, count, call->user);
	freshet_mem_free(turns);
}

static void turn_list_refuse(freshet_aod_call *call, const freshet_aod_error *error)
{
	call->done.turn_list(call, error, NULL, 0, call->user);
}

static void ack_answer(freshet_aod_call *call, struct reading *r)
{
	freshet_aod_ack ack = {0};
	read_ack(r, &ack);
	if (r->err == FRESHET_OK)
		call->done.ack(call, NULL, &ack, call->user);
	free_resources(ack.resources);
}

static void ack_refuse(freshet_aod_call *call, const freshet_aod_error *error)
{
	call->done.ack(call, error, NULL, call->user);
}

/* The deed is done, whatever the words: a body that is empty or no JSON (a 204) has none. */
static void detail_answer(freshet_aod_call *call, struct reading *r)
{
	freshet_json_value value = {0};
	freshet_str detail = {NULL, 0};
	if (freshet_json_get(r->text, "detail", &value, NULL) == FRESHET_OK)
		freshet_json_string(&value, r->scratch, &detail);
	call->done.detail(call, NULL, detail, call->user);
}

static void detail_refuse(freshet_aod_call *call, const freshet_aod_error *error)
{
	call->done.detail(call, error, (freshet_str){NULL, 0}, call->user);
}

const struct answer_kind answer_session = {session_answer, session_refuse};
const struct answer_kind answer_session_list = {session_list_answer, session_list_refuse};
const struct answer_kind answer_turn_list = {turn_list_answer, turn_list_refuse};
const struct answer_kind answer_ack = {ack_answer, ack_refuse};
const struct answer_kind answer_detail = {detail_answer, detail_refuse};
