/*
 * The calls on sessions: arguments checked, path and body written, sent as a call.
 */
#include "call.h"

#include <stdio.h>

/* "/sessions/", an id, and the longest action. */
#define PATH_SIZE 80

static freshet_err send_plain(freshet_aod *client, const char *method, const char *path, const struct answer_kind *kind,
	union done done, void *user, freshet_aod_call **out)
{
	struct call_request request = {method, path, {NULL, 0}};
	return call_send(client, &request, kind, done, user, out);
}

/* Sends what the writer holds; an error of the writer is the call's. */
static freshet_err send_written(freshet_aod *client, const char *path, freshet_json_writer *writer, union done done,
	void *user, freshet_aod_call **out)
{
	struct call_request request = {"POST", path, {NULL, 0}};
	freshet_err err = freshet_json_writer_text(writer, &request.body);
	return err == FRESHET_OK ? call_send(client, &request, &answer_ack, done, user, out) : err;
}

/* The path of an action on a session. False when the id is none. */
static bool session_path(char path[PATH_SIZE], freshet_str id, const char *action)
{
	char copy[ID_SIZE];
	if (!id_copy(id, copy))
		return false;
	snprintf(path, PATH_SIZE, "/sessions/%s%s", copy, action);
	return true;
}

/* A request without a body on one session. */
static freshet_err send_action(freshet_aod *client, const char *method, freshet_str id, const char *action,
	const struct answer_kind *kind, union done done, void *user, freshet_aod_call **out)
{
	char path[PATH_SIZE];
	if (!session_path(path, id, action))
		return FRESHET_EINVAL;
	return send_plain(client, method, path, kind, done, user, out);
}

static void clear_out(freshet_aod_call **out)
{
	if (out != NULL)
		*out = NULL;
}

/* ---- create ---- */

void freshet_aod_create_options_init(freshet_aod_create_options *options)
{
	memset(options, 0, sizeof *options);
	options->size = sizeof *options;
}

static void write_member(freshet_json_writer *writer, const char *name, freshet_str value)
{
	freshet_json_write_key(writer, name);
	freshet_json_write_string(writer, value);
}

static void write_optional(freshet_json_writer *writer, const char *name, freshet_str value)
{
	if (value.len > 0)
		write_member(writer, name, value);
}

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
		write_member(writer, "type", typed ? resources[i].type : freshet_str_of("github_repository"));
		write_member(writer, "url", resources[i].url);
		write_optional(writer, "mount_path", resources[i].mount_path);
		write_optional(writer, "authorization_token", resources[i].authorization_token);
		freshet_json_write_end(writer);
	}
	freshet_json_write_end(writer);
}

static void write_secrets(freshet_json_writer *writer, const freshet_aod_secret *secrets, size_t count)
{
	if (count == 0)
		return;
	freshet_json_write_key(writer, "secret_env_vars");
	freshet_json_write_object(writer);
	for (size_t i = 0; i < count; i++) {
		freshet_json_write_key_str(writer, secrets[i].name);
		freshet_json_write_string(writer, secrets[i].value);
	}
	freshet_json_write_end(writer);
}

static bool holds_secrets(const freshet_aod_create_options *o)
{
	for (size_t i = 0; i < o->resource_count; i++)
		if (o->resources[i].authorization_token.len > 0)
			return true;
	return o->secret_env_var_count > 0;
}

static void write_create(
	freshet_json_writer *writer, const freshet_aod_create_options *o, const char *agent, const char *environment)
{
	freshet_json_write_object(writer);
	write_member(writer, "agent_id", freshet_str_of(agent));
	write_member(writer, "prompt", o->prompt);
	write_timeout(writer, o->timeout_s);
	write_optional(writer, "environment_id", freshet_str_of(environment));
	write_resources(writer, o->resources, o->resource_count);
	write_secrets(writer, o->secret_env_vars, o->secret_env_var_count);
	freshet_json_write_end(writer);
}

freshet_err freshet_aod_session_create(freshet_aod *client, const freshet_aod_create_options *options,
	freshet_aod_ack_fn *done, void *user, freshet_aod_call **out)
{
	freshet_aod_create_options o;
	freshet_json_writer_options writing;
	freshet_json_writer *writer;
	char agent[ID_SIZE];
	char environment[ID_SIZE] = "";
	clear_out(out);
	freshet_aod_create_options_init(&o);
	if (done == NULL || !take_options(&o, sizeof o, options, options->size) || !id_copy(o.agent_id, agent) ||
		(o.environment_id.len > 0 && !id_copy(o.environment_id, environment)))
		return FRESHET_EINVAL;
	freshet_json_writer_options_init(&writing);
	writing.wipe = holds_secrets(&o);
	freshet_err err = freshet_json_writer_new(&writing, &writer);
	if (err != FRESHET_OK)
		return err;
	write_create(writer, &o, agent, environment);
	err = send_written(client, "/sessions", writer, (union done){.ack = done}, user, out);
	freshet_json_writer_free(writer);
	return err;
}

/* ---- the others ---- */

freshet_err freshet_aod_session_prompt(freshet_aod *client, freshet_str id, freshet_str prompt, uint32_t timeout_s,
	freshet_aod_ack_fn *done, void *user, freshet_aod_call **out)
{
	char path[PATH_SIZE];
	freshet_json_writer *writer;
	clear_out(out);
	if (done == NULL || !session_path(path, id, "/prompt"))
		return FRESHET_EINVAL;
	freshet_err err = freshet_json_writer_new(NULL, &writer);
	if (err != FRESHET_OK)
		return err;
	freshet_json_write_object(writer);
	write_member(writer, "prompt", prompt);
	write_timeout(writer, timeout_s);
	freshet_json_write_end(writer);
	err = send_written(client, path, writer, (union done){.ack = done}, user, out);
	freshet_json_writer_free(writer);
	return err;
}

freshet_err freshet_aod_session_get(
	freshet_aod *client, freshet_str id, freshet_aod_session_fn *done, void *user, freshet_aod_call **out)
{
	clear_out(out);
	if (done == NULL)
		return FRESHET_EINVAL;
	return send_action(client, "GET", id, "", &answer_session, (union done){.session = done}, user, out);
}

freshet_err freshet_aod_session_list(
	freshet_aod *client, freshet_aod_session_list_fn *done, void *user, freshet_aod_call **out)
{
	clear_out(out);
	if (done == NULL)
		return FRESHET_EINVAL;
	union done given = {.session_list = done};
	return send_plain(client, "GET", "/sessions", &answer_session_list, given, user, out);
}

freshet_err freshet_aod_session_turns(
	freshet_aod *client, freshet_str id, freshet_aod_turn_list_fn *done, void *user, freshet_aod_call **out)
{
	clear_out(out);
	if (done == NULL)
		return FRESHET_EINVAL;
	return send_action(client, "GET", id, "/turns", &answer_turn_list, (union done){.turn_list = done}, user, out);
}

freshet_err freshet_aod_session_terminate(
	freshet_aod *client, freshet_str id, freshet_aod_ack_fn *done, void *user, freshet_aod_call **out)
{
	clear_out(out);
	if (done == NULL)
		return FRESHET_EINVAL;
	return send_action(client, "POST", id, "/terminate", &answer_ack, (union done){.ack = done}, user, out);
}

freshet_err freshet_aod_session_delete(
	freshet_aod *client, freshet_str id, freshet_aod_detail_fn *done, void *user, freshet_aod_call **out)
{
	clear_out(out);
	if (done == NULL)
		return FRESHET_EINVAL;
	return send_action(client, "DELETE", id, "/delete", &answer_detail, (union done){.detail = done}, user, out);
}
