/*
 * The calls on sessions: arguments checked, body written, sent as a call.
 */
#include "session.h"

#include "call.h"
#include "writing.h"

/* ---- create ---- */

static void write_timeout(freshet_json_writer *writer, uint32_t timeout_s)
{
	if (timeout_s == 0)
		return;
	freshet_json_write_key(writer, "timeout");
	freshet_json_write_uint64(writer, timeout_s);
}

static void write_resources(freshet_json_writer *writer, const freshet_aod_resource *resources, size_t count)
{
	if (count == 0)
		return;
	freshet_json_write_key(writer, "resources");
	freshet_json_write_array(writer);
	for (size_t i = 0; i < count; i++) {
		bool typed = resources[i].type.len > 0;
		freshet_json_write_object(writer);
		guest_write(writer, "type", typed ? resources[i].type : freshet_str_of("github_repository"));
		guest_write(writer, "url", resources[i].url);
		guest_write_filled(writer, "mount_path", resources[i].mount_path);
		guest_write_filled(writer, "authorization_token", resources[i].authorization_token);
		freshet_json_write_end(writer);
	}
	freshet_json_write_end(writer);
}

static void write_create(
	freshet_json_writer *writer, const freshet_aod_create_options *o, const char *agent, const char *environment)
{
	freshet_json_write_object(writer);
	guest_write(writer, "agent_id", freshet_str_of(agent));
	guest_write(writer, "prompt", o->prompt);
	write_timeout(writer, o->timeout_s);
	guest_write_filled(writer, "environment_id", freshet_str_of(environment));
	write_resources(writer, o->resources, o->resource_count);
	if (o->secret_env_var_count > 0)
		write_pairs(writer, "secret_env_vars", o->secret_env_vars, o->secret_env_var_count);
	freshet_json_write_end(writer);
}

freshet_err session_create_within(freshet_aod *client, const freshet_aod_create_options *options, uint64_t deadline_ms,
	freshet_aod_ack_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_SESSION_CREATE, .deadline_ms = deadline_ms};
	freshet_aod_create_options o;
	freshet_json_writer *writer = NULL;
	char agent[GUEST_UUID_SIZE];
	char environment[GUEST_UUID_SIZE] = "";
	freshet_err err = FRESHET_EINVAL;
	freshet_aod_create_options_init(&o);
	if (options != NULL && guest_options(&o, sizeof o, options) && guest_uuid_read(o.agent_id, agent) &&
		(o.environment_id.len == 0 || guest_uuid_read(o.environment_id, environment)) &&
		list_is_whole(o.resources, o.resource_count) &&
		list_is_whole(o.secret_env_vars, o.secret_env_var_count))
		err = guest_writer(0, &writer);
	if (err == FRESHET_OK)
		write_create(writer, &o, agent, environment);
	return call_send_written(client, &request, err, writer, &answer_ack, (union done){.ack = done}, user, out);
}

freshet_err freshet_aod_session_create(freshet_aod *client, const freshet_aod_create_options *options,
	freshet_aod_ack_fn *done, void *user, freshet_aod_call **out)
{
	return session_create_within(client, options, 0, done, user, out);
}

/* ---- the others ---- */

freshet_err freshet_aod_session_prompt(freshet_aod *client, freshet_str id, freshet_str prompt, uint32_t timeout_s,
	freshet_aod_ack_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_SESSION_PROMPT, .id = id};
	freshet_json_writer *writer = NULL;
	freshet_err err = guest_writer(0, &writer);
	if (err == FRESHET_OK) {
		freshet_json_write_object(writer);
		guest_write(writer, "prompt", prompt);
		write_timeout(writer, timeout_s);
		freshet_json_write_end(writer);
	}
	return call_send_written(client, &request, err, writer, &answer_ack, (union done){.ack = done}, user, out);
}

freshet_err session_get_within(freshet_aod *client, freshet_str id, uint64_t deadline_ms, freshet_aod_session_fn *done,
	void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_SESSION_GET, .id = id, .deadline_ms = deadline_ms};
	return call_send(client, &request, &answer_session, (union done){.session = done}, user, out);
}

freshet_err freshet_aod_session_get(
	freshet_aod *client, freshet_str id, freshet_aod_session_fn *done, void *user, freshet_aod_call **out)
{
	return session_get_within(client, id, 0, done, user, out);
}

freshet_err freshet_aod_session_list(
	freshet_aod *client, freshet_aod_session_list_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_SESSION_LIST};
	return call_send(client, &request, &answer_session_list, (union done){.session_list = done}, user, out);
}

freshet_err freshet_aod_session_turns(
	freshet_aod *client, freshet_str id, freshet_aod_turn_list_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_SESSION_TURNS, .id = id};
	return call_send(client, &request, &answer_turn_list, (union done){.turn_list = done}, user, out);
}

freshet_err freshet_aod_session_interrupt(
	freshet_aod *client, freshet_str id, freshet_aod_ack_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_SESSION_INTERRUPT, .id = id};
	return call_send(client, &request, &answer_ack, (union done){.ack = done}, user, out);
}

freshet_err freshet_aod_session_terminate(
	freshet_aod *client, freshet_str id, freshet_aod_ack_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_SESSION_TERMINATE, .id = id};
	return call_send(client, &request, &answer_ack, (union done){.ack = done}, user, out);
}

freshet_err freshet_aod_session_delete(
	freshet_aod *client, freshet_str id, freshet_aod_detail_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_SESSION_DELETE, .id = id};
	return call_send(client, &request, &answer_detail, (union done){.detail = done}, user, out);
}

freshet_err freshet_aod_health_get(freshet_aod *client, freshet_aod_health_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_HEALTH};
	return call_send(client, &request, &answer_health, (union done){.health = done}, user, out);
}
