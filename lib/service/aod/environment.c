/*
 * Environments: fields written, answers read, the calls on them. Variables go to the server and never come back.
 */
#include "call.h"
#include "writing.h"

FRESHET_JSON_PLAN(environment_plan, "id", "name", "packages", "setup_script", "networking", "version", "created_at",
	"updated_at", "archived_at");
FRESHET_JSON_PLAN(networking_plan, "type", "allowed_hosts");

/* ---- answers ---- */

static const freshet_aod_packages *read_packages(struct reading *r, const freshet_json_value *object, size_t *count)
{
	freshet_json_each each;
	freshet_json_value manager, names;
	freshet_aod_packages *packages = begin_elements(r, object, FRESHET_JSON_OBJECT, &each, sizeof *packages, count);
	for (size_t i = 0; i < *count && freshet_json_each_next(&each, &manager, &names); i++) {
		need_str(r, &manager, &packages[i].manager);
		packages[i].names = read_strings(r, &names, &packages[i].count);
	}
	return packages;
}

/* The server keeps what it was sent: hosts of any type. */
static void read_networking(struct reading *r, const freshet_json_value *object, freshet_aod_networking *networking)
{
	freshet_json_value v[2];
	take_object(r, object, &networking->json);
	if (networking->json.len == 0 || !reading_pick(r, &networking_plan, networking->json, v))
		return;
	take_loose_str(r, &v[0], &networking->type);
	networking->allowed_hosts = read_loose_strings(r, &v[1], &networking->allowed_host_count);
}

static void read_environment(struct reading *r, freshet_str text, freshet_aod_environment *e)
{
	freshet_json_value v[9];
	if (!reading_pick(r, &environment_plan, text, v))
		return;
	need_str(r, &v[0], &e->id);
	take_str(r, &v[1], &e->name);
	e->packages = read_packages(r, &v[2], &e->package_count);
	take_str(r, &v[3], &e->setup_script);
	read_networking(r, &v[4], &e->networking);
	reading_fail(r, &v[5], freshet_json_int64(&v[5], &e->version));
	take_str(r, &v[6], &e->created_at);
	take_str(r, &v[7], &e->updated_at);
	take_str(r, &v[8], &e->archived_at);
}

static void environment_answer(freshet_aod_call *call, struct reading *r)
{
	freshet_aod_environment environment = {0};
	read_environment(r, r->text, &environment);
	if (r->err == FRESHET_OK)
		call->done.environment(call, NULL, &environment, call->user);
}

static void environment_refuse(freshet_aod_call *call, const freshet_aod_error *error)
{
	call->done.environment(call, error, NULL, call->user);
}

static void environment_list_answer(freshet_aod_call *call, struct reading *r)
{
	freshet_json_each each;
	freshet_json_value element;
	size_t count;
	freshet_aod_environment *environments = begin_list(r, &each, sizeof *environments, &count);
	for (size_t i = 0; i < count && freshet_json_each_next(&each, NULL, &element); i++)
		read_environment(r, element.raw, &environments[i]);
	if (r->err == FRESHET_OK)
		call->done.environment_list(call, NULL, environments, count, call->user);
}

static void environment_list_refuse(freshet_aod_call *call, const freshet_aod_error *error)
{
	call->done.environment_list(call, error, NULL, 0, call->user);
}

const struct answer_kind answer_environment = {environment_answer, environment_refuse, 0};
const struct answer_kind answer_environment_list = {environment_list_answer, environment_list_refuse, 0};

/* ---- fields ---- */

static bool packages_are_whole(const freshet_aod_packages *packages, size_t count)
{
	for (size_t i = 0; packages != NULL && i < count; i++)
		if (!list_is_whole(packages[i].names, packages[i].count))
			return false;
	return list_is_whole(packages, count);
}

/* A copy of the caller's fields. False when they are not valid. */
static bool take_fields(freshet_aod_environment_fields *f, const freshet_aod_environment_fields *given)
{
	freshet_aod_environment_fields_init(f);
	if (given == NULL || !guest_options(f, sizeof *f, given))
		return false;
	const freshet_aod_networking *networking = f->networking;
	return packages_are_whole(f->packages, f->package_count) && list_is_whole(f->env_vars, f->env_var_count) &&
	       (networking == NULL || list_is_whole(networking->allowed_hosts, networking->allowed_host_count));
}

static void write_packages(freshet_json_writer *writer, const freshet_aod_packages *packages, size_t count)
{
	if (packages == NULL)
		return;
	freshet_json_write_key(writer, "packages");
	freshet_json_write_object(writer);
	for (size_t i = 0; i < count; i++) {
		freshet_json_write_key_str(writer, packages[i].manager);
		freshet_json_write_array(writer);
		for (size_t n = 0; n < packages[i].count; n++)
			freshet_json_write_string(writer, packages[i].names[n]);
		freshet_json_write_end(writer);
	}
	freshet_json_write_end(writer);
}

static void write_networking(freshet_json_writer *writer, const freshet_aod_networking *networking)
{
	if (networking == NULL)
		return;
	freshet_json_write_key(writer, "networking");
	if (networking->json.len > 0) {
		freshet_json_write_raw(writer, networking->json);
		return;
	}
	freshet_json_write_object(writer);
	guest_write_filled(writer, "type", networking->type);
	write_strings(writer, "allowed_hosts", networking->allowed_hosts, networking->allowed_host_count);
	freshet_json_write_end(writer);
}

static void write_fields(freshet_json_writer *writer, const freshet_aod_environment_fields *f)
{
	guest_write_filled(writer, "name", f->name);
	write_packages(writer, f->packages, f->package_count);
	write_pairs(writer, "env_vars", f->env_vars, f->env_var_count);
	write_given(writer, "setup_script", f->setup_script);
	write_networking(writer, f->networking);
}

/* ---- calls ---- */

freshet_err freshet_aod_environment_create(freshet_aod *client, const freshet_aod_environment_fields *fields,
	freshet_aod_environment_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_ENVIRONMENT_CREATE};
	freshet_aod_environment_fields f;
	freshet_json_writer *writer = NULL;
	freshet_err err = FRESHET_EINVAL;
	if (take_fields(&f, fields) && f.name.len > 0)
		err = guest_writer(0, &writer);
	if (err == FRESHET_OK) {
		freshet_json_write_object(writer);
		write_fields(writer, &f);
		freshet_json_write_end(writer);
	}
	union done given = {.environment = done};
	return call_send_written(client, &request, err, writer, &answer_environment, given, user, out);
}

freshet_err freshet_aod_environment_update(freshet_aod *client, freshet_str id, int64_t version,
	const freshet_aod_environment_fields *fields, freshet_aod_environment_fn *done, void *user,
	freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_ENVIRONMENT_UPDATE, .id = id};
	freshet_aod_environment_fields f;
	freshet_json_writer *writer = NULL;
	freshet_err err = take_fields(&f, fields) ? guest_writer(0, &writer) : FRESHET_EINVAL;
	if (err == FRESHET_OK) {
		freshet_json_write_object(writer);
		freshet_json_write_key(writer, "version");
		freshet_json_write_int64(writer, version);
		write_fields(writer, &f);
		freshet_json_write_end(writer);
	}
	union done given = {.environment = done};
	return call_send_written(client, &request, err, writer, &answer_environment, given, user, out);
}

freshet_err freshet_aod_environment_list(
	freshet_aod *client, freshet_aod_environment_list_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_ENVIRONMENT_LIST};
	union done given = {.environment_list = done};
	return call_send(client, &request, &answer_environment_list, given, user, out);
}

freshet_err freshet_aod_environment_get(
	freshet_aod *client, freshet_str id, freshet_aod_environment_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_ENVIRONMENT_GET, .id = id};
	return call_send(client, &request, &answer_environment, (union done){.environment = done}, user, out);
}

freshet_err freshet_aod_environment_archive(
	freshet_aod *client, freshet_str id, freshet_aod_environment_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_ENVIRONMENT_ARCHIVE, .id = id};
	return call_send(client, &request, &answer_environment, (union done){.environment = done}, user, out);
}

freshet_err freshet_aod_environment_delete(
	freshet_aod *client, freshet_str id, freshet_aod_detail_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_ENVIRONMENT_DELETE, .id = id};
	return call_send(client, &request, &answer_detail, (union done){.detail = done}, user, out);
}

freshet_err freshet_aod_environment_versions(
	freshet_aod *client, freshet_str id, freshet_aod_environment_list_fn *done, void *user, freshet_aod_call **out)
{
	struct call_request request = {.operation = OP_ENVIRONMENT_VERSIONS, .id = id};
	union done given = {.environment_list = done};
	return call_send(client, &request, &answer_environment_list, given, user, out);
}
