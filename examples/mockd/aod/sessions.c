/*
 * The endpoints of sessions (contract 6.4), each with its checks in the stated order.
 */
#include "mockd/aod/aod.h"
#include "mockd/aod/check.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#define RESOURCES_MAX   10
#define TIMEOUT_MIN     10
#define TIMEOUT_MAX     3600
#define TIMEOUT_DEFAULT 600

/* The session of the path; NULL when it was answered with 404. */
static struct aod_session *find_session(struct aod_call *call)
{
	struct aod_session *s = uuid_table_get(&call->aod->sessions, call->id);
	if (s != NULL && s->user == call->user)
		return s;
	aod_detail(call, 404, "Session not found");
	return NULL;
}

static json_t *session_json(const struct aod_session *s)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:O, s:I, s:o}", "id", aod_uuid(s->id), "agent_id",
		aod_uuid(s->agent->id), "environment_id",
		s->environment != NULL ? aod_uuid(s->environment->id) : json_null(), aod_provider_key(s->aod),
		s->provider, "status", aod_status_name(s->status), "exit_code", aod_code_json(s->code), "created_at",
		aod_time(s->created_us), "updated_at", aod_time(s->updated_us), "resources", s->resources, "turn_count",
		(json_int_t)s->turn_count, "current_turn",
		s->turn_count > 0 ? json_integer((json_int_t)s->turn_count) : json_null());
}

static json_t *turn_json(const struct aod_turn *turn, size_t number)
{
	return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:o}", "turn_number", (json_int_t)number, "prompt",
		turn->prompt, "status", aod_status_name(turn->status), "exit_code", aod_code_json(turn->code),
		"created_at", aod_time(turn->created_us), "started_at", aod_time(turn->started_us), "ended_at",
		aod_time(turn->ended_us));
}

static json_t *stream_url(const struct aod_session *s)
{
	char id[UUID_TEXT + 1];
	uuid_write(s->id, id);
	return json_sprintf("/sessions/%s/stream", id);
}

void aod_sessions_list(struct aod_call *call)
{
	json_t *data = json_array();
	for (struct list *node = call->user->sessions.prev; node != &call->user->sessions; node = node->prev)
		json_array_append_new(data, session_json(container_of(node, struct aod_session, node)));
	aod_answer(call, 200, json_pack("{s:o}", "data", data));
}

/* One path segment of a repository's address: its length, 0 when it is none. */
static size_t repository_word(const char *text)
{
	size_t len = 0;
	while (isalnum((unsigned char)text[len]) || (text[len] != '\0' && strchr("_.-", text[len]) != NULL))
		len++;
	return len;
}

/* The address without a ".git" ending, and the repository's name; false when it is no address of a repository. */
static bool read_repository(const char *url, char **plain, char **name)
{
	static const char site[] = "https://github.com/";
	if (strncmp(url, site, sizeof site - 1) != 0)
		return false;
	const char *owner = url + sizeof site - 1;
	size_t owner_len = repository_word(owner);
	if (owner_len == 0 || owner[owner_len] != '/')
		return false;
	const char *repository = owner + owner_len + 1;
	size_t len = repository_word(repository);
	if (len == 0 || repository[len] != '\0')
		return false;
	if (len > 4 && strcmp(repository + len - 4, ".git") == 0)
		len -= 4;
	*plain = must_copy_span((freshet_str){url, (size_t)(repository - url) + len});
	*name = must_copy_span((freshet_str){repository, len});
	return true;
}

static bool good_mount(const char *path)
{
	return path[0] == '/' && path[1] != '\0' && strcmp(path, "/home/sprite") != 0;
}

/* One resource as it is returned; NULL when something was wrong with it. */
static json_t *check_resource(struct check *c, json_t *item, size_t i, bool *token)
{
	if (!json_is_object(item)) {
		check_error(c, "model_type", check_loc_item("resources", i), item,
			"Input should be a valid dictionary or instance of GithubRepositoryResource");
		return NULL;
	}
	const char *type = check_member(c, item, "resources", i, "type", true);
	const char *url = check_member(c, item, "resources", i, "url", true);
	const char *mount = check_member(c, item, "resources", i, "mount_path", false);
	*token |= check_member(c, item, "resources", i, "authorization_token", false) != NULL;
	if (type == NULL || url == NULL)
		return NULL;
	if (strcmp(type, "github_repository") != 0) {
		check_error(c, "literal_error", check_loc_member("resources", i, "type"), json_object_get(item, "type"),
			"Input should be 'github_repository'");
		return NULL;
	}
	if (mount != NULL && !good_mount(mount)) {
		check_value_error(c, check_loc_member("resources", i, "mount_path"),
			json_object_get(item, "mount_path"),
			"mount_path must be absolute and neither / nor /home/sprite");
		return NULL;
	}
	char *plain, *name;
	if (!read_repository(url, &plain, &name)) {
		check_value_error(c, check_loc_member("resources", i, "url"), json_object_get(item, "url"),
			"url must be https://github.com/<owner>/<repo>");
		return NULL;
	}
	json_t *resource = json_pack("{s:s, s:s, s:o}", "type", type, "url", plain, "mount_path",
		mount != NULL ? json_string(mount) : json_sprintf("/workspace/%s", name));
	free(plain);
	free(name);
	return resource;
}

static bool mount_is_taken(json_t *resources, json_t *resource)
{
	size_t i;
	json_t *other;
	json_array_foreach(resources, i, other)
	{
		if (json_equal(json_object_get(other, "mount_path"), json_object_get(resource, "mount_path")))
			return true;
	}
	return false;
}

/* The resources as they are returned; a new array in any case. */
static json_t *check_resources(struct check *c, bool *token)
{
	json_t *items = check_array(c, "resources", RESOURCES_MAX);
	json_t *resources = json_array();
	size_t i;
	json_t *item;
	json_array_foreach(items, i, item)
	{
		json_t *resource = check_resource(c, item, i, token);
		if (resource == NULL)
			continue;
		if (mount_is_taken(resources, resource))
			check_value_error(c, check_loc("resources"), items, "mount paths must be unique");
		json_array_append_new(resources, resource);
	}
	return resources;
}

/* What POST /sessions asks for. */
struct new_session {
	json_t *body;
	json_t *resources;
	const char *agent;
	const char *prompt;
	const char *environment; /* NULL: the agent's */
	uint32_t timeout_s;
	bool git_token;
	struct aod_plan plan;
};

static const char *string_or_null(json_t *value)
{
	return json_string_value(value);
}

/* Fills in what is asked for. False when it was answered; what was filled in is freed by the caller. */
static bool read_new_session(struct aod_call *call, struct new_session *n)
{
	*n = (struct new_session){.body = aod_body(call)};
	if (n->body == NULL)
		return false;
	struct check c;
	check_begin(&c, n->body);
	n->agent = string_or_null(check_string(&c, "agent_id", true, SIZE_MAX));
	n->prompt = string_or_null(check_string(&c, "prompt", true, SIZE_MAX));
	n->timeout_s = (uint32_t)check_integer(&c, "timeout", false, TIMEOUT_MIN, TIMEOUT_MAX, TIMEOUT_DEFAULT);
	n->environment = string_or_null(check_string(&c, "environment_id", false, SIZE_MAX));
	if (n->environment != NULL && *n->environment == '\0')
		n->environment = NULL;
	n->resources = check_resources(&c, &n->git_token);
	enum mockd_dialect dialect = call->aod->mockd->options.dialect;
	if (dialect == MOCKD_DIALECT_PSI || dialect == MOCKD_DIALECT_PS)
		check_variables(&c, "secret_env_vars");
	return check_passed(&c, call);
}

/* The agent and the environment that are asked for. False when it was answered. */
static bool find_parts(struct aod_call *call, const struct new_session *n, struct aod_agent **agent,
	struct aod_environment **environment)
{
	struct uuid id;
	*agent = uuid_read(freshet_str_of(n->agent), &id) ? aod_find_agent(call, id) : NULL;
	if (*agent == NULL) {
		aod_detail(call, 404, "Agent not found");
		return false;
	}
	if ((*agent)->archived_us != 0) {
		aod_detail(call, 409, "Cannot start a session with an archived agent");
		return false;
	}
	*environment = (*agent)->environment;
	if (n->environment != NULL)
		*environment = uuid_read(freshet_str_of(n->environment), &id) ? aod_find_environment(call, id) : NULL;
	if (n->environment != NULL && *environment == NULL) {
		aod_detail(call, 404, "Environment not found");
		return false;
	}
	if (*environment != NULL && (*environment)->archived_us != 0) {
		aod_detail(call, 409, "Cannot start a session with an archived environment");
		return false;
	}
	return true;
}

/* What the platform itself may object to. False when it was answered. */
static bool platform_is_ready(struct aod_call *call, const struct aod_agent *agent)
{
	struct aod *a = call->aod;
	enum mockd_dialect dialect = a->mockd->options.dialect;
	if (a->key_missing && (dialect == MOCKD_DIALECT_R || dialect == MOCKD_DIALECT_P)) {
		aod_detail(call, 400, "No API key is stored for %s", agent->provider);
		return false;
	}
	if (a->backend_off) {
		aod_detail(call, 503, "The sandbox backend is not configured");
		return false;
	}
	if (call->user->active >= a->mockd->options.quota) {
		aod_answer(call, 429,
			json_pack("{s:s, s:I, s:I}", "detail", "Too many active sessions", "limit",
				(json_int_t)a->mockd->options.quota, "active", (json_int_t)call->user->active));
		return false;
	}
	return true;
}

static bool plan_exists(struct aod_call *call, const char *prompt, struct aod_plan *plan)
{
	if (aod_plan_read(call->aod, freshet_str_of(prompt), plan))
		return true;
	aod_detail(call, 422, "the emulator has no such script: %.60s", prompt);
	return false;
}

static void create(struct aod_call *call, struct new_session *n)
{
	struct aod_agent *agent;
	struct aod_environment *environment;
	if (!find_parts(call, n, &agent, &environment) || !plan_exists(call, n->prompt, &n->plan) ||
		!platform_is_ready(call, agent))
		return;
	struct aod_session *s = aod_session_new(call->aod, call->user, agent, environment, json_incref(n->resources));
	s->has_git_token = n->git_token;
	aod_worker_start(s, n->prompt, n->timeout_s, &n->plan);
	aod_answer(call, 202,
		json_pack("{s:o, s:s, s:o, s:o, s:O, s:I}", "id", aod_uuid(s->id), "status", aod_status_name(s->status),
			"stream_url", stream_url(s), "environment_id",
			environment != NULL ? aod_uuid(environment->id) : json_null(), "resources", s->resources,
			"current_turn", (json_int_t)s->turn_count));
}

void aod_sessions_create(struct aod_call *call)
{
	struct new_session n;
	if (read_new_session(call, &n))
		create(call, &n);
	json_decref(n.resources);
	json_decref(n.body);
}

void aod_sessions_get(struct aod_call *call)
{
	struct aod_session *s = find_session(call);
	if (s != NULL)
		aod_answer(call, 200, session_json(s));
}

/* Why the session takes no prompt; NULL: it does. */
static const char *prompt_obstacle(const struct aod_session *s)
{
	switch (s->status) {
	case AOD_PENDING: return "Session has a pending turn";
	case AOD_RUNNING: return "Session is already running";
	case AOD_FAILED: return "Session has failed";
	case AOD_TERMINATED: return "Session has been terminated";
	default: return NULL;
	}
}

static void prompt(struct aod_call *call, struct aod_session *s, json_t *body)
{
	struct check c;
	check_begin(&c, body);
	const char *text = string_or_null(check_string(&c, "prompt", true, SIZE_MAX));
	long timeout = check_integer(&c, "timeout", false, TIMEOUT_MIN, TIMEOUT_MAX, TIMEOUT_DEFAULT);
	struct aod_plan plan;
	if (!check_passed(&c, call) || !plan_exists(call, text, &plan))
		return;
	if (s->sandbox_gone) {
		aod_detail(call, 409, "The session's sandbox is no longer available");
		return;
	}
	if (call->aod->backend_off) {
		aod_detail(call, 503, "The sandbox backend is not configured");
		return;
	}
	aod_worker_start(s, text, (uint32_t)timeout, &plan);
	aod_answer(call, 202,
		json_pack("{s:o, s:s, s:o, s:I}", "id", aod_uuid(s->id), "status", aod_status_name(s->status),
			"stream_url", stream_url(s), "current_turn", (json_int_t)s->turn_count));
}

void aod_sessions_prompt(struct aod_call *call)
{
	struct aod_session *s = find_session(call);
	if (s == NULL)
		return;
	const char *obstacle = prompt_obstacle(s);
	if (obstacle != NULL) {
		aod_detail(call, 409, "%s", obstacle);
		return;
	}
	json_t *body = aod_body(call);
	if (body != NULL)
		prompt(call, s, body);
	json_decref(body);
}

void aod_sessions_turns(struct aod_call *call)
{
	struct aod_session *s = find_session(call);
	if (s == NULL)
		return;
	json_t *data = json_array();
	for (size_t i = 0; i < s->turn_count; i++)
		json_array_append_new(data, turn_json(&s->turns[i], i + 1));
	aod_answer(call, 200, json_pack("{s:o}", "data", data));
}

static void answer_status(struct aod_call *call, const struct aod_session *s, int status)
{
	aod_answer(call, status, json_pack("{s:o, s:s}", "id", aod_uuid(s->id), "status", aod_status_name(s->status)));
}

void aod_sessions_interrupt(struct aod_call *call)
{
	struct aod_session *s = find_session(call);
	if (s == NULL)
		return;
	if (!aod_session_active(s)) {
		aod_detail(call, 409, "Session has no active turn");
		return;
	}
	aod_worker_interrupt(s);
	answer_status(call, s, 202);
}

void aod_sessions_terminate(struct aod_call *call)
{
	struct aod_session *s = find_session(call);
	if (s == NULL)
		return;
	if (s->status == AOD_TERMINATED) {
		aod_detail(call, 409, "Session is already terminated");
		return;
	}
	aod_worker_terminate(s);
	answer_status(call, s, 200);
}

void aod_sessions_delete(struct aod_call *call)
{
	struct aod_session *s = find_session(call);
	if (s == NULL)
		return;
	if (aod_session_active(s)) {
		aod_detail(call, 409, "Cannot delete an active session");
		return;
	}
	aod_ledger_keep(s);
	aod_session_free(s);
	aod_detail(call, 200, "Session deleted");
}

/* Python's int(): blanks around, a sign, digits with single underscores between. Values beyond 64 bits are the ends. */
static bool read_cursor(const char *text, uint64_t *cursor)
{
	while (isspace((unsigned char)*text))
		text++;
	bool negative = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	uint64_t value = 0;
	bool digit = false;
	for (; isdigit((unsigned char)*text) || (*text == '_' && digit && isdigit((unsigned char)text[1])); text++) {
		if (*text == '_')
			continue;
		uint64_t d = (uint64_t)(*text - '0');
		value = value > (INT64_MAX - d) / 10 ? INT64_MAX : value * 10 + d;
		digit = true;
	}
	while (isspace((unsigned char)*text))
		text++;
	*cursor = negative ? 0 : value;
	return digit && *text == '\0';
}

/* The header wins over the query; an empty header is none, an empty query is wrong. */
static bool find_cursor(const struct request *r, uint64_t *cursor)
{
	const freshet_str *field = request_field(r, "last-event-id");
	char *text = field != NULL && field->len > 0 ? must_copy_span(*field) : request_query(r, "since");
	*cursor = 0;
	bool good = text == NULL || read_cursor(text, cursor);
	free(text);
	return good;
}

void aod_sessions_stream(struct aod_call *call)
{
	struct aod_session *s = find_session(call);
	uint64_t cursor;
	if (s == NULL)
		return;
	if (find_cursor(call->request, &cursor))
		aod_stream_open(call, s, cursor);
	else
		aod_detail(call, 400, "The cursor must be an integer");
}
