/*
 * Agents, environments, health and interrupts against the emulator: whole lives, typed answers, version conflicts, and
 * servers of every age.
 */
#include "support/aod_world.h"
#include "support/failmem.h"
#include "support/test.h"

#define NOBODY "00000000-0000-4000-8000-000000000000"

static int set_up(void **state)
{
	struct mockd_options o = world_fast();
	(void)state;
	world_open(&o);
	return 0;
}

static void open_dialect(enum mockd_dialect dialect)
{
	struct mockd_options o = world_fast();
	o.dialect = dialect;
	world_open(&o);
}

/* ---- answers, copied so that they can be looked at after their callbacks ---- */

static struct {
	bool done;
	unsigned count;
	freshet_err err;
	int status;
	freshet_aod_conflict conflict;
	int64_t version;
	char issue[128];
	char text[256];
	char id[MOCKD_ID_SIZE];
	int64_t object_version;
	char words[4096];
} answer;

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	va_list args;
	size_t len = strlen(answer.words);
	va_start(args, format);
	vsnprintf(answer.words + len, sizeof answer.words - len, format, args);
	va_end(args);
}

static void note_str(const char *name, freshet_str value)
{
	if (value.len > 0)
		note("%s=%.*s ", name, (int)value.len, value.ptr);
}

static void take(const freshet_aod_error *error, const void *object)
{
	assert_true((error == NULL) != (object == NULL));
	memset(&answer, 0, sizeof answer);
	answer.done = true;
	answer.count++;
	if (error == NULL)
		return;
	answer.err = error->outcome.err;
	answer.status = error->outcome.http_status;
	answer.conflict = error->conflict;
	answer.version = error->version;
	snprintf(answer.text, sizeof answer.text, "%.*s", (int)error->outcome.text.len, error->outcome.text.ptr);
	if (error->issue_count > 0)
		snprintf(answer.issue, sizeof answer.issue, "%.*s %.*s", (int)error->issues[0].type.len,
			error->issues[0].type.ptr, (int)error->issues[0].loc.len, error->issues[0].loc.ptr);
}

static void note_skills(const freshet_aod_agent *a)
{
	for (size_t i = 0; i < a->skill_count; i++) {
		note("skill(");
		note_str("type", a->skills[i].type);
		note_str("name", a->skills[i].name);
		note_str("description", a->skills[i].description);
		note_str("content", a->skills[i].content);
		note_str("source", a->skills[i].source);
		note(") ");
	}
}

static void note_servers(const freshet_aod_agent *a)
{
	for (size_t i = 0; i < a->mcp_server_count; i++) {
		const freshet_aod_mcp_server *s = &a->mcp_servers[i];
		note("server(");
		note_str("name", s->name);
		note_str("type", s->type);
		note_str("url", s->url);
		note_str("command", s->command);
		for (size_t n = 0; n < s->header_count; n++)
			note("%.*s:%.*s ", (int)s->headers[n].name.len, s->headers[n].name.ptr,
				(int)s->headers[n].value.len, s->headers[n].value.ptr);
		for (size_t n = 0; n < s->arg_count; n++)
			note_str("arg", s->args[n]);
		for (size_t n = 0; n < s->env_count; n++)
			note_str("env", s->env[n].value);
		note(") ");
	}
}

static void note_agent(const freshet_aod_agent *a)
{
	snprintf(answer.id, sizeof answer.id, "%.*s", (int)a->id.len, a->id.ptr);
	answer.object_version = a->version;
	note_str("name", a->name);
	note_str("provider", a->provider);
	note_str("runtime", a->runtime);
	note_str("model", a->model);
	note_str("system", a->system);
	note_str("description", a->description);
	note_str("environment", a->environment_id);
	note_skills(a);
	note_servers(a);
	note_str("metadata", a->metadata);
	note("%s%s%s; ", a->created_at.len > 0 ? "c" : "", a->updated_at.len > 0 ? "u" : "",
		a->archived_at.len > 0 ? "a" : "");
}

static void on_agent(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_agent *a, void *user)
{
	(void)call;
	(void)user;
	take(error, a);
	if (a != NULL)
		note_agent(a);
}

static void on_agents(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_agent *agents,
	size_t count, void *user)
{
	(void)call;
	(void)user;
	take(error, error == NULL ? &answer : NULL);
	for (size_t i = 0; i < count; i++)
		note_agent(&agents[i]);
}

static void note_environment(const freshet_aod_environment *e)
{
	snprintf(answer.id, sizeof answer.id, "%.*s", (int)e->id.len, e->id.ptr);
	answer.object_version = e->version;
	note_str("name", e->name);
	for (size_t i = 0; i < e->package_count; i++) {
		note_str("manager", e->packages[i].manager);
		for (size_t n = 0; n < e->packages[i].count; n++)
			note_str("package", e->packages[i].names[n]);
	}
	note_str("script", e->setup_script);
	note_str("net", e->networking.type);
	for (size_t i = 0; i < e->networking.allowed_host_count; i++)
		note_str("host", e->networking.allowed_hosts[i]);
	note("%s%s%s; ", e->created_at.len > 0 ? "c" : "", e->updated_at.len > 0 ? "u" : "",
		e->archived_at.len > 0 ? "a" : "");
}

static void on_environment(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_environment *e, void *user)
{
	(void)call;
	(void)user;
	take(error, e);
	if (e != NULL)
		note_environment(e);
}

static void on_environments(freshet_aod_call *call, const freshet_aod_error *error,
	const freshet_aod_environment *environments, size_t count, void *user)
{
	(void)call;
	(void)user;
	take(error, error == NULL ? &answer : NULL);
	for (size_t i = 0; i < count; i++)
		note_environment(&environments[i]);
}

static void on_ack(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	(void)call;
	(void)user;
	take(error, ack);
	if (ack == NULL)
		return;
	snprintf(answer.id, sizeof answer.id, "%.*s", (int)ack->id.len, ack->id.ptr);
	note_str("status", ack->status_name);
}

static void on_turns(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_turn *turns, size_t count, void *user)
{
	(void)call;
	(void)user;
	take(error, error == NULL ? &answer : NULL);
	for (size_t i = 0; i < count; i++)
		note("%d:%s ", (int)turns[i].number,
			turns[i].status == FRESHET_AOD_STATUS_INTERRUPTED ? "interrupted" : "other");
}

static void on_detail(freshet_aod_call *call, const freshet_aod_error *error, freshet_str detail, void *user)
{
	(void)call;
	(void)user;
	take(error, error == NULL ? &answer : NULL);
	note_str("detail", detail);
}

static void on_health(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_health *h, void *user)
{
	(void)call;
	(void)user;
	take(error, h);
	if (h == NULL)
		return;
	note("%s ", h->ok ? "well" : "unwell");
	note_str("status", h->status);
	for (size_t i = 0; i < h->check_count; i++)
		note("%.*s:%s:%.*s ", (int)h->checks[i].name.len, h->checks[i].name.ptr,
			h->checks[i].ok ? "ok" : "failed", (int)h->checks[i].result.len, h->checks[i].result.ptr);
}

static void wait_for_answer(freshet_err sent)
{
	assert_int_equal(sent, FRESHET_OK);
	answer.done = false;
	answer.count = 0;
	world_run_until(&answer.done);
	assert_int_equal(answer.count, 1);
}

#define CALL(function, ...) wait_for_answer(function(world.aod, __VA_ARGS__, NULL, NULL))

static freshet_aod_agent_fields plain_agent(void)
{
	freshet_aod_agent_fields f;
	freshet_aod_agent_fields_init(&f);
	f.name = freshet_str_of("builder");
	f.provider = freshet_str_of("anthropic");
	f.model = freshet_str_of("anthropic/claude-x");
	return f;
}

static freshet_aod_environment_fields plain_environment(const char *name)
{
	freshet_aod_environment_fields f;
	freshet_aod_environment_fields_init(&f);
	f.name = freshet_str_of(name);
	return f;
}

static freshet_str kept_id(char copy[MOCKD_ID_SIZE])
{
	memcpy(copy, answer.id, MOCKD_ID_SIZE);
	return freshet_str_of(copy);
}

/* ---- agents ---- */

static void the_life_of_an_agent(void **state)
{
	char copy[MOCKD_ID_SIZE];
	freshet_aod_agent_fields f = plain_agent();
	(void)state;
	f.system = freshet_str_of("Be \xc3\xa9xact.\n");
	CALL(freshet_aod_agent_create, &f, on_agent);
	assert_int_equal(answer.err, FRESHET_OK);
	assert_int_equal(answer.object_version, 1);
	assert_string_equal(answer.words, "name=builder provider=anthropic model=claude-x system=Be \xc3\xa9xact.\n "
					  "metadata={} cu; ");
	freshet_str id = kept_id(copy);
	freshet_aod_agent_fields_init(&f);
	f.system = freshet_str_of("");
	f.description = freshet_str_of("described");
	CALL(freshet_aod_agent_update, id, 1, &f, on_agent);
	assert_int_equal(answer.object_version, 2);
	assert_string_equal(
		answer.words, "name=builder provider=anthropic model=claude-x description=described metadata={} cu; ");
	/* Nothing is different: the version stays. */
	CALL(freshet_aod_agent_update, id, 2, &f, on_agent);
	assert_int_equal(answer.object_version, 2);
	CALL(freshet_aod_agent_versions, id, on_agents);
	assert_string_equal(answer.words,
		"name=builder provider=anthropic model=claude-x description=described metadata={} c; "
		"name=builder provider=anthropic model=claude-x system=Be \xc3\xa9xact.\n metadata={} c; ");
	assert_int_equal(answer.object_version, 1);
	CALL(freshet_aod_agent_archive, id, on_agent);
	assert_non_null(strstr(answer.words, "cua; "));
	CALL(freshet_aod_agent_get, id, on_agent);
	assert_non_null(strstr(answer.words, "cua; "));
	wait_for_answer(freshet_aod_agent_list(world.aod, on_agents, NULL, NULL));
	assert_int_equal(answer.err, FRESHET_OK);
	assert_null(strstr(answer.words, "builder"));
	CALL(freshet_aod_agent_archive, id, on_agent);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_ALREADY_ARCHIVED);
	CALL(freshet_aod_agent_update, id, 2, &f, on_agent);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_ARCHIVED_AGENT);
}

/* What the server has goes back unchanged when it is read and sent again, members that nobody knows included. */
static freshet_aod_agent_fields sent_back;
static freshet_aod_skill skills_back[4];
static freshet_aod_mcp_server servers_back[4];

static void on_agent_to_send_back(
	freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_agent *a, void *user)
{
	take(error, a);
	assert_int_equal(a->skill_count, 2);
	assert_int_equal(a->mcp_server_count, 3);
	note_agent(a);
	(void)call;
	freshet_aod_agent_fields_init(&sent_back);
	memcpy(skills_back, a->skills, sizeof *skills_back * a->skill_count);
	memcpy(servers_back, a->mcp_servers, sizeof *servers_back * a->mcp_server_count);
	sent_back.skills = skills_back;
	sent_back.skill_count = a->skill_count;
	sent_back.mcp_servers = servers_back;
	sent_back.mcp_server_count = a->mcp_server_count;
	sent_back.metadata = a->metadata;
	assert_int_equal(
		freshet_aod_agent_update(world.aod, a->id, a->version, &sent_back, on_agent, NULL, NULL), FRESHET_OK);
	*(bool *)user = true;
}

static void skills_and_servers_survive_being_read(void **state)
{
	static const freshet_str args[] = {{"--fast", 6}};
	bool read = false;
	const freshet_aod_secret header[] = {{freshet_str_of("x-key"), freshet_str_of("s3cret")}};
	const freshet_aod_skill skills[] = {
		{.name = freshet_str_of("one"), .description = freshet_str_of("d"), .content = freshet_str_of("text")},
		{.type = freshet_str_of("github"), .description = freshet_str_of("e"), .source = freshet_str_of("o/r")},
	};
	const freshet_aod_mcp_server servers[] = {
		{.name = freshet_str_of("web"),
			.url = freshet_str_of("https://x"),
			.headers = header,
			.header_count = 1},
		{.name = freshet_str_of("cli"),
			.type = freshet_str_of("stdio"),
			.command = freshet_str_of("run"),
			.args = args,
			.arg_count = 1,
			.env = header,
			.env_count = 1},
		{.json = freshet_str_of(
			 "{\"name\": \"odd\", \"url\": 7, \"headers\": {\"n\": 1}, \"args\": \"x\", \"later\": "
			 "[true]}")},
	};
	freshet_aod_agent_fields f = plain_agent();
	(void)state;
	f.skills = skills;
	f.skill_count = 2;
	f.mcp_servers = servers;
	f.mcp_server_count = 3;
	f.metadata = freshet_str_of("{\"team\": {\"size\": 3}}");
	wait_for_answer(freshet_aod_agent_create(world.aod, &f, on_agent_to_send_back, &read, NULL));
	assert_true(read);
	assert_non_null(strstr(answer.words,
		"skill(name=one description=d content=text ) skill(type=github description=e source=o/r ) "
		"server(name=web type=url url=https://x x-key:s3cret ) "
		"server(name=cli type=stdio command=run arg=--fast env=s3cret ) server(name=odd n:1 ) "));
	/* The answer to what was sent back: nothing was different. */
	answer.done = false;
	world_run_until(&answer.done);
	assert_int_equal(answer.err, FRESHET_OK);
	assert_int_equal(answer.object_version, 1);
}

static void a_version_conflict_is_typed(void **state)
{
	char copy[MOCKD_ID_SIZE];
	freshet_aod_agent_fields f = plain_agent();
	(void)state;
	CALL(freshet_aod_agent_create, &f, on_agent);
	freshet_str id = kept_id(copy);
	f.name = freshet_str_of("renamed");
	CALL(freshet_aod_agent_update, id, 1, &f, on_agent);
	assert_int_equal(answer.object_version, 2);
	/* The one who still has the first version hears of the second, reads it again and redoes. */
	f.name = freshet_str_of("renamed by another");
	CALL(freshet_aod_agent_update, id, 1, &f, on_agent);
	assert_int_equal(answer.err, FRESHET_ECONFLICT);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_VERSION);
	assert_int_equal(answer.version, 2);
	CALL(freshet_aod_agent_update, id, answer.version, &f, on_agent);
	assert_int_equal(answer.err, FRESHET_OK);
	assert_int_equal(answer.object_version, 3);
}

/* The deed is done, its answer is lost, the core asks again: the conflict is its own doing, and redoing is harmless. */
static void an_update_whose_answer_is_lost(void **state)
{
	char copy[MOCKD_ID_SIZE];
	freshet_aod_agent_fields f = plain_agent();
	(void)state;
	CALL(freshet_aod_agent_create, &f, on_agent);
	freshet_str id = kept_id(copy);
	f.name = freshet_str_of("renamed");
	assert_true(mockd_fault_add_text(world.mockd, "moment=answer action=cut method=PUT", NULL, 0) != 0);
	CALL(freshet_aod_agent_update, id, 1, &f, on_agent);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_VERSION);
	assert_int_equal(answer.version, 2);
	CALL(freshet_aod_agent_update, id, 2, &f, on_agent);
	assert_int_equal(answer.err, FRESHET_OK);
	assert_int_equal(answer.object_version, 2);
}

static void the_environment_of_an_agent_has_three_states(void **state)
{
	char agent_copy[MOCKD_ID_SIZE], environment_copy[MOCKD_ID_SIZE], expected[96];
	freshet_aod_environment_fields e = plain_environment("tools");
	freshet_aod_agent_fields f = plain_agent();
	(void)state;
	CALL(freshet_aod_environment_create, &e, on_environment);
	freshet_str environment = kept_id(environment_copy);
	snprintf(expected, sizeof expected, "environment=%s ", environment_copy);
	f.environment_id = environment;
	CALL(freshet_aod_agent_create, &f, on_agent);
	freshet_str id = kept_id(agent_copy);
	assert_non_null(strstr(answer.words, expected));
	freshet_aod_agent_fields_init(&f);
	f.name = freshet_str_of("kept");
	CALL(freshet_aod_agent_update, id, 1, &f, on_agent);
	assert_non_null(strstr(answer.words, expected));
	f.detach_environment = true;
	CALL(freshet_aod_agent_update, id, 2, &f, on_agent);
	assert_null(strstr(answer.words, "environment="));
	f.detach_environment = false;
	f.environment_id = environment;
	CALL(freshet_aod_agent_update, id, 3, &f, on_agent);
	assert_non_null(strstr(answer.words, expected));
	CALL(freshet_aod_environment_archive, environment, on_environment);
	CALL(freshet_aod_agent_update, id, 4, &f, on_agent);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_ARCHIVED_ENVIRONMENT);
	f.environment_id = freshet_str_of(NOBODY);
	CALL(freshet_aod_agent_update, id, 4, &f, on_agent);
	assert_int_equal(answer.err, FRESHET_ENOT_FOUND);
}

static void metadata_merges(void **state)
{
	char copy[MOCKD_ID_SIZE];
	freshet_aod_agent_fields f = plain_agent();
	(void)state;
	f.metadata = freshet_str_of("{\"a\": 1, \"b\": \"x\"}");
	CALL(freshet_aod_agent_create, &f, on_agent);
	freshet_str id = kept_id(copy);
	freshet_aod_agent_fields_init(&f);
	f.metadata = freshet_str_of("{\"a\": \"\", \"c\": null}");
	CALL(freshet_aod_agent_update, id, 1, &f, on_agent);
	assert_non_null(strstr(answer.words, "\"b\""));
	assert_non_null(strstr(answer.words, "\"c\""));
	assert_null(strstr(answer.words, "\"a\""));
}

static void what_the_server_refuses(void **state)
{
	freshet_aod_agent_fields f = plain_agent();
	(void)state;
	char name[202];
	memset(name, 'n', 201);
	name[201] = '\0';
	f.name = freshet_str_of(name);
	CALL(freshet_aod_agent_create, &f, on_agent);
	assert_int_equal(answer.err, FRESHET_EVALIDATION);
	assert_string_equal(answer.issue, "string_too_long name");
	f = plain_agent();
	f.provider = freshet_str_of("openai");
	CALL(freshet_aod_agent_create, &f, on_agent);
	assert_int_equal(answer.err, FRESHET_EVALIDATION);
	assert_string_equal(answer.issue, "");
	assert_memory_equal(answer.text, "HTTP 422: ", 10);
	CALL(freshet_aod_agent_get, freshet_str_of(NOBODY), on_agent);
	assert_int_equal(answer.err, FRESHET_ENOT_FOUND);
	CALL(freshet_aod_agent_versions, freshet_str_of(NOBODY), on_agents);
	assert_int_equal(answer.err, FRESHET_ENOT_FOUND);
}

static void an_older_server_tells_runtime(void **state)
{
	freshet_aod_agent_fields f = plain_agent();
	(void)state;
	open_dialect(MOCKD_DIALECT_R);
	/* Not knowing which it is, both words go out: each server takes its own. */
	f.runtime = freshet_str_of("claude");
	f.model = freshet_str_of("anthropic/claude-x");
	CALL(freshet_aod_agent_create, &f, on_agent);
	assert_string_equal(answer.words, "name=builder runtime=claude model=anthropic/claude-x metadata={} cu; ");
	f.runtime = (freshet_str){NULL, 0};
	CALL(freshet_aod_agent_create, &f, on_agent);
	assert_string_equal(answer.issue, "missing runtime");
}

/* ---- environments ---- */

static void the_life_of_an_environment(void **state)
{
	static const freshet_str tools[] = {{"curl", 4}, {"jq", 2}};
	static const freshet_str hosts[] = {{"example.org", 11}};
	char copy[MOCKD_ID_SIZE];
	const freshet_aod_packages packages[] = {{freshet_str_of("apt"), tools, 2}};
	const freshet_aod_secret variables[] = {{freshet_str_of("KEY"), freshet_str_of("s3cret")}};
	const freshet_aod_networking limited = {freshet_str_of("limited"), hosts, 1, {NULL, 0}};
	freshet_aod_environment_fields f = plain_environment("tools");
	(void)state;
	f.packages = packages;
	f.package_count = 1;
	f.env_vars = variables;
	f.env_var_count = 1;
	f.setup_script = freshet_str_of("true");
	f.networking = &limited;
	CALL(freshet_aod_environment_create, &f, on_environment);
	assert_string_equal(answer.words,
		"name=tools manager=apt package=curl package=jq script=true net=limited host=example.org cu; ");
	freshet_str id = kept_id(copy);
	CALL(freshet_aod_environment_create, &f, on_environment);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_NAME_TAKEN);
	freshet_aod_environment_fields_init(&f);
	f.setup_script = freshet_str_of("");
	CALL(freshet_aod_environment_update, id, 1, &f, on_environment);
	assert_int_equal(answer.object_version, 2);
	assert_null(strstr(answer.words, "script="));
	assert_non_null(strstr(answer.words, "host=example.org"));
	CALL(freshet_aod_environment_update, id, 1, &f, on_environment);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_VERSION);
	assert_int_equal(answer.version, 2);
	CALL(freshet_aod_environment_versions, id, on_environments);
	assert_int_equal(answer.object_version, 1);
	assert_non_null(strstr(answer.words, "script=true"));
	wait_for_answer(freshet_aod_environment_list(world.aod, on_environments, NULL, NULL));
	assert_string_equal(answer.id, copy);
	CALL(freshet_aod_environment_get, id, on_environment);
	assert_string_equal(answer.id, copy);
	CALL(freshet_aod_environment_archive, id, on_environment);
	CALL(freshet_aod_environment_archive, id, on_environment);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_ALREADY_ARCHIVED);
	CALL(freshet_aod_environment_update, id, 2, &f, on_environment);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_ARCHIVED_ENVIRONMENT);
	CALL(freshet_aod_environment_delete, id, on_detail);
	assert_int_equal(answer.err, FRESHET_OK);
	assert_non_null(strstr(answer.words, "detail="));
	CALL(freshet_aod_environment_get, id, on_environment);
	assert_int_equal(answer.err, FRESHET_ENOT_FOUND);
}

static void an_environment_in_use_is_not_deleted(void **state)
{
	char copy[MOCKD_ID_SIZE];
	freshet_aod_environment_fields f = plain_environment("used");
	freshet_aod_create_options session;
	(void)state;
	CALL(freshet_aod_environment_create, &f, on_environment);
	freshet_str id = kept_id(copy);
	freshet_aod_create_options_init(&session);
	session.agent_id = freshet_str_of(world.agent);
	session.environment_id = id;
	session.prompt = freshet_str_of("script:success rows=1");
	CALL(freshet_aod_session_create, &session, on_ack);
	assert_int_equal(answer.err, FRESHET_OK);
	CALL(freshet_aod_environment_delete, id, on_detail);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_HAS_SESSIONS);
}

/* ---- health ---- */

static void health_is_told_well_or_not(void **state)
{
	static const char degraded[] = "{\"status\": \"degraded\", \"checks\": {\"db\": \"fail: gone\", \"later\": 1}}";
	(void)state;
	wait_for_answer(freshet_aod_health_get(world.aod, on_health, NULL, NULL));
	assert_string_equal(answer.words, "well status=ok db:ok:ok crypto:ok:ok ");
	assert_true(mockd_fault_add_text(world.mockd, "action=status status=503 content_type=application/json",
			    degraded, sizeof degraded - 1) != 0);
	wait_for_answer(freshet_aod_health_get(world.aod, on_health, NULL, NULL));
	assert_int_equal(answer.err, FRESHET_OK);
	assert_string_equal(answer.words, "unwell status=degraded db:failed:fail: gone later:failed: ");
	/* A proxy's page in its place is no answer. */
	assert_true(
		mockd_fault_add_text(world.mockd, "action=status status=503 content_type=text/html", "<p>", 3) != 0);
	wait_for_answer(freshet_aod_health_get(world.aod, on_health, NULL, NULL));
	assert_int_equal(answer.err, FRESHET_ESERVER);
	assert_int_equal(answer.status, 503);
	assert_true(
		mockd_fault_add_text(world.mockd, "action=status status=200 content_type=text/html", "<p>", 3) != 0);
	wait_for_answer(freshet_aod_health_get(world.aod, on_health, NULL, NULL));
	assert_int_equal(answer.err, FRESHET_EJSON_SYNTAX);
}

/* ---- interrupts ---- */

struct watch {
	bool running; /* its output comes */
	bool done;
	freshet_aod_stream_end end;
};

static void on_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	struct watch *w = user;
	(void)stream;
	w->running |= event->type == FRESHET_AOD_EVENT_OUTPUT;
}

static void on_done(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	struct watch *w = user;
	(void)stream;
	w->end = *end;
	w->done = true;
}

static void watch(struct watch *w, freshet_str id, uint64_t cursor)
{
	freshet_aod_stream_options o;
	freshet_aod_stream *stream;
	freshet_aod_stream_options_init(&o);
	o.session_id = id;
	o.cursor = cursor;
	o.callbacks.on_event = on_event;
	o.callbacks.on_done = on_done;
	o.user = w;
	assert_int_equal(freshet_aod_stream_open(world.aod, &o, &stream), FRESHET_OK);
}

static void an_interrupted_session_takes_another_prompt(void **state)
{
	struct watch first = {0}, second = {0};
	char id[MOCKD_ID_SIZE];
	(void)state;
	assert_int_equal(mockd_add_session(world.mockd, "script:interrupt rows=2", id), FRESHET_OK);
	watch(&first, freshet_str_of(id), 0);
	world_run_until(&first.running);
	CALL(freshet_aod_session_interrupt, freshet_str_of(id), on_ack);
	assert_int_equal(answer.err, FRESHET_OK);
	assert_string_equal(answer.words, "status=running ");
	world_run_until(&first.done);
	assert_int_equal(first.end.status, FRESHET_AOD_STATUS_COMPLETED);
	assert_false(first.end.has_exit_code);
	CALL(freshet_aod_session_interrupt, freshet_str_of(id), on_ack);
	assert_int_equal(answer.conflict, FRESHET_AOD_CONFLICT_NO_ACTIVE_TURN);
	/* The turn's row follows the session's a moment later. */
	do {
		CALL(freshet_aod_session_turns, freshet_str_of(id), on_turns);
	} while (strcmp(answer.words, "1:other ") == 0);
	assert_string_equal(answer.words, "1:interrupted ");
	freshet_str prompt = freshet_str_of("script:success rows=1");
	CALL(freshet_aod_session_prompt, freshet_str_of(id), prompt, 0, on_ack);
	assert_int_equal(answer.err, FRESHET_OK);
	watch(&second, freshet_str_of(id), first.end.cursor);
	world_run_until(&second.done);
	assert_int_equal(second.end.status, FRESHET_AOD_STATUS_COMPLETED);
	assert_true(second.end.has_exit_code);
}

static void interrupts_that_a_server_does_not_know(void **state)
{
	char id[MOCKD_ID_SIZE];
	(void)state;
	open_dialect(MOCKD_DIALECT_PS);
	assert_int_equal(mockd_add_session(world.mockd, "script:interrupt rows=2", id), FRESHET_OK);
	CALL(freshet_aod_session_interrupt, freshet_str_of(id), on_ack);
	assert_int_equal(answer.err, FRESHET_EUNSUPPORTED);
	assert_int_equal(answer.status, 404);
	assert_string_equal(answer.text, "HTTP 404: not supported");
	assert_true(mockd_fault_add_text(world.mockd, "action=status status=405", NULL, 0) != 0);
	CALL(freshet_aod_session_interrupt, freshet_str_of(id), on_ack);
	assert_int_equal(answer.err, FRESHET_EUNSUPPORTED);
	/* The same page in answer to another call means what it says. */
	CALL(freshet_aod_session_terminate, freshet_str_of(NOBODY), on_ack);
	assert_int_equal(answer.err, FRESHET_ENOT_FOUND);
}

static void nobody_is_not_interrupted(void **state)
{
	(void)state;
	CALL(freshet_aod_session_interrupt, freshet_str_of(NOBODY), on_ack);
	assert_int_equal(answer.err, FRESHET_ENOT_FOUND);
}

/* ---- answers that no honest server sends ---- */

static void answer_with(const char *body)
{
	assert_true(mockd_fault_add_text(world.mockd, "action=status status=200 content_type=application/json", body,
			    strlen(body)) != 0);
}

static void answers_that_cannot_be_read(void **state)
{
	static const char *const agents[] = {"{}", "[]", "{\"id\": 1, \"version\": 1}", "{\"id\": \"x\"}",
		"{\"id\": \"x\", \"version\": \"1\"}", "{\"id\": \"x\", \"version\": 1, \"skills\": {}}",
		"{\"id\": \"x\", \"version\": 1, \"metadata\": []}", "{\"id\": \"x\", \"version\": 1,", ""};
	static const char *const environments[] = {"{\"id\": \"x\"}",
		"{\"id\": \"x\", \"version\": 1, \"packages\": []}",
		"{\"id\": \"x\", \"version\": 1, \"packages\": {\"apt\": \"curl\"}}",
		"{\"id\": \"x\", \"version\": 1, \"packages\": {\"apt\": [1]}}",
		"{\"id\": \"x\", \"version\": 1, \"networking\": 1}"};
	(void)state;
	for (size_t i = 0; i < sizeof agents / sizeof agents[0]; i++) {
		answer_with(agents[i]);
		CALL(freshet_aod_agent_get, freshet_str_of(NOBODY), on_agent);
		assert_true(answer.err <= FRESHET_EJSON_SYNTAX && answer.err >= FRESHET_EJSON_SIZE);
		assert_string_equal(answer.words, "");
	}
	for (size_t i = 0; i < sizeof environments / sizeof environments[0]; i++) {
		answer_with(environments[i]);
		CALL(freshet_aod_environment_get, freshet_str_of(NOBODY), on_environment);
		assert_true(answer.err <= FRESHET_EJSON_SYNTAX && answer.err >= FRESHET_EJSON_SIZE);
	}
	answer_with("{\"data\": {}}");
	wait_for_answer(freshet_aod_agent_list(world.aod, on_agents, NULL, NULL));
	assert_int_equal(answer.err, FRESHET_EJSON_TYPE);
	answer_with("{\"data\": [{\"id\": \"x\", \"version\": 1}, {}]}");
	wait_for_answer(freshet_aod_environment_list(world.aod, on_environments, NULL, NULL));
	assert_int_equal(answer.err, FRESHET_EJSON_MISSING);
	answer_with("{\"data\": []}");
	wait_for_answer(freshet_aod_agent_list(world.aod, on_agents, NULL, NULL));
	assert_int_equal(answer.err, FRESHET_OK);
}

/* Reading a large answer fails cleanly wherever memory ends. */
static void reading_without_memory(void **state)
{
	static const char agent[] =
		"{\"id\": \"x\", \"version\": 1, \"name\": \"a\\nb\", \"skills\": [{\"name\": \"a\\tb\"}], "
		"\"mcp_servers\": "
		"[{\"name\": \"s\", \"headers\": {\"k\\n\": \"v\"}, \"args\": [\"a\", 1]}], \"metadata\": {}}";
	(void)state;
	unsigned failed = 0;
	size_t n = 1;
	bool fired;
	do {
		answer_with(agent);
		assert_int_equal(
			freshet_aod_agent_get(world.aod, freshet_str_of(NOBODY), on_agent, NULL, NULL), FRESHET_OK);
		answer.done = false;
		failmem_arm(n++);
		world_run_until(&answer.done);
		fired = failmem_fired();
		failmem_off();
		assert_true(answer.err != FRESHET_OK || strstr(answer.words, "name=a\nb ") != NULL);
		failed += answer.err == FRESHET_ENOMEM;
	} while (fired);
	assert_int_equal(answer.err, FRESHET_OK);
	assert_true(failed > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_life_of_an_agent, set_up, world_close),
		cmocka_unit_test_setup_teardown(skills_and_servers_survive_being_read, set_up, world_close),
		cmocka_unit_test_setup_teardown(a_version_conflict_is_typed, set_up, world_close),
		cmocka_unit_test_setup_teardown(an_update_whose_answer_is_lost, set_up, world_close),
		cmocka_unit_test_setup_teardown(the_environment_of_an_agent_has_three_states, set_up, world_close),
		cmocka_unit_test_setup_teardown(metadata_merges, set_up, world_close),
		cmocka_unit_test_setup_teardown(what_the_server_refuses, set_up, world_close),
		cmocka_unit_test_teardown(an_older_server_tells_runtime, world_close),
		cmocka_unit_test_setup_teardown(the_life_of_an_environment, set_up, world_close),
		cmocka_unit_test_setup_teardown(an_environment_in_use_is_not_deleted, set_up, world_close),
		cmocka_unit_test_setup_teardown(health_is_told_well_or_not, set_up, world_close),
		cmocka_unit_test_setup_teardown(an_interrupted_session_takes_another_prompt, set_up, world_close),
		cmocka_unit_test_teardown(interrupts_that_a_server_does_not_know, world_close),
		cmocka_unit_test_setup_teardown(nobody_is_not_interrupted, set_up, world_close),
		cmocka_unit_test_setup_teardown(answers_that_cannot_be_read, set_up, world_close),
		cmocka_unit_test_setup_teardown(reading_without_memory, set_up, world_close),
	};
	world_choose(argc, argv);
	world_choose(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
