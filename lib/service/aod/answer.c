/*
 * The bodies of good answers about sessions and health as the structs of the public header.
 */
#include "call.h"

#include "names.h"

FRESHET_JSON_PLAN(session_plan, "id", "agent_id", "environment_id", "provider", "runtime", "status", "exit_code",
	"created_at", "updated_at", "resources", "turn_count", "current_turn");
FRESHET_JSON_PLAN(ack_plan, "id", "status", "stream_url", "environment_id", "current_turn", "resources");
FRESHET_JSON_PLAN(turn_plan, "turn_number", "prompt", "status", "exit_code", "created_at", "started_at", "ended_at");
FRESHET_JSON_PLAN(resource_plan, "type", "url", "mount_path");
FRESHET_JSON_PLAN(health_plan, "status", "checks");

static const freshet_aod_resource *read_resources(struct reading *r, const freshet_json_value *array, size_t *count)
{
	freshet_json_each each;
	freshet_json_value element, v[3];
	freshet_aod_resource *resources = begin_elements(r, array, FRESHET_JSON_ARRAY, &each, sizeof *resources, count);
	for (size_t i = 0; i < *count && freshet_json_each_next(&each, NULL, &element); i++) {
		if (!reading_pick(r, &resource_plan, element.raw, v))
			break;
		take_str(r, &v[0], &resources[i].type);
		take_str(r, &v[1], &resources[i].url);
		take_str(r, &v[2], &resources[i].mount_path);
	}
	return resources;
}

static void read_session(struct reading *r, freshet_str text, freshet_aod_session *session)
{
	freshet_json_value v[12];
	if (!reading_pick(r, &session_plan, text, v))
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
	if (!reading_pick(r, &turn_plan, text, v))
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
	if (!reading_pick(r, &ack_plan, r->text, v))
		return;
	need_str(r, &v[0], &ack->id);
	need_str(r, &v[1], &ack->status_name);
	ack->status = status_of(ack->status_name);
	take_str(r, &v[2], &ack->stream_url);
	take_str(r, &v[3], &ack->environment_id);
	take_int(r, &v[4], &ack->current_turn);
	ack->resources = read_resources(r, &v[5], &ack->resource_count);
}

/* What a check says is free wording: only "ok" is well. */
static const freshet_aod_check *read_checks(struct reading *r, const freshet_json_value *object, size_t *count)
{
	freshet_json_each each;
	freshet_json_value name, result;
	freshet_aod_check *checks = begin_elements(r, object, FRESHET_JSON_OBJECT, &each, sizeof *checks, count);
	for (size_t i = 0; i < *count && freshet_json_each_next(&each, &name, &result); i++) {
		need_str(r, &name, &checks[i].name);
		take_loose_str(r, &result, &checks[i].result);
		checks[i].ok = freshet_str_is(checks[i].result, "ok");
	}
	return checks;
}

static void read_health(struct reading *r, freshet_aod_health *health)
{
	freshet_json_value v[2];
	if (!reading_pick(r, &health_plan, r->text, v))
		return;
	need_str(r, &v[0], &health->status);
	health->ok = freshet_str_is(health->status, "ok");
	health->checks = read_checks(r, &v[1], &health->check_count);
}

/* ---- the kinds of answers ---- */

static void session_answer(freshet_aod_call *call, struct reading *r)
{
	freshet_aod_session session = {0};
	read_session(r, r->text, &session);
	if (r->err == FRESHET_OK)
		call->done.session(call, NULL, &session, call->user);
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

static void health_answer(freshet_aod_call *call, struct reading *r)
{
	freshet_aod_health health = {0};
	read_health(r, &health);
	if (r->err == FRESHET_OK)
		call->done.health(call, NULL, &health, call->user);
}

static void health_refuse(freshet_aod_call *call, const freshet_aod_error *error)
{
	call->done.health(call, error, NULL, call->user);
}

const struct answer_kind answer_session = {session_answer, session_refuse, 0};
const struct answer_kind answer_session_list = {session_list_answer, session_list_refuse, 0};
const struct answer_kind answer_turn_list = {turn_list_answer, turn_list_refuse, 0};
const struct answer_kind answer_ack = {ack_answer, ack_refuse, 0};
const struct answer_kind answer_detail = {detail_answer, detail_refuse, 0};
const struct answer_kind answer_health = {health_answer, health_refuse, 503};
