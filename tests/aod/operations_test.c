/*
 * What goes out: every public operation of the service is made by one function and every function makes one of them, as
 * the service's own list has it (tests/data/aod/operations.txt); and the bodies, member by member. A core that only
 * notes what it is asked stands in for the real one.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "service/aod/client.h"
#include "service/aod/operations.h"

#define ID       "7D0C2F3E-5B1A-4C8E-9F60-2A4B6C8D0E1F"
#define ID_SENT  "7d0c2f3e-5b1a-4c8e-9f60-2a4b6c8d0e1f"
#define OTHER_ID "9b2f0000-0000-4000-8000-000000000001"

/* ---- the core that stands in ---- */

static struct {
	unsigned count;
	char method[16];
	char path[128];
	char body[4096];
	uint64_t deadline_ms;
} sent;

static void note(const char *method, const char *path, freshet_str body)
{
	sent.count++;
	snprintf(sent.method, sizeof sent.method, "%s", method);
	snprintf(sent.path, sizeof sent.path, "%s", path);
	snprintf(sent.body, sizeof sent.body, "%.*s", (int)body.len, body.ptr != NULL ? body.ptr : "");
}

freshet_err freshet_request_send(
	freshet_endpoint *endpoint, const freshet_request_options *options, freshet_request **out)
{
	(void)endpoint;
	note(options->method, options->path, options->body);
	assert_int_equal(options->header_count, options->body.len > 0);
	sent.deadline_ms = options->deadline_ms;
	*out = (freshet_request *)&sent;
	freshet_mem_free(options->user);
	return FRESHET_OK;
}

void freshet_request_cancel(freshet_request *request)
{
	(void)request;
}

freshet_err freshet_stream_open(freshet_endpoint *endpoint, const freshet_stream_options *options, freshet_stream **out)
{
	(void)endpoint;
	note("GET", options->path, (freshet_str){NULL, 0});
	*out = (freshet_stream *)&sent;
	freshet_mem_free(options->user);
	return FRESHET_OK;
}

void freshet_stream_close(freshet_stream *stream)
{
	(void)stream;
}

void freshet_stream_finish(freshet_stream *stream)
{
	(void)stream;
}

void freshet_stream_fail(freshet_stream *stream, freshet_err err)
{
	(void)stream;
	(void)err;
}

void freshet_stream_reconnect(freshet_stream *stream, uint64_t delay_ms)
{
	(void)stream;
	(void)delay_ms;
}

void freshet_stream_pause(freshet_stream *stream)
{
	(void)stream;
}

void freshet_stream_resume(freshet_stream *stream)
{
	(void)stream;
}

freshet_err freshet_stream_set_cursor(freshet_stream *stream, freshet_str id)
{
	(void)stream;
	(void)id;
	return FRESHET_OK;
}

const char *freshet_stream_state(const freshet_stream *stream)
{
	(void)stream;
	return "open";
}

/* ---- callbacks that never come ---- */

static void on_health(freshet_aod_call *c, const freshet_aod_error *e, const freshet_aod_health *h, void *user)
{
	(void)c, (void)e, (void)h, (void)user;
}

static void on_agent(freshet_aod_call *c, const freshet_aod_error *e, const freshet_aod_agent *a, void *user)
{
	(void)c, (void)e, (void)a, (void)user;
}

static void on_agents(
	freshet_aod_call *c, const freshet_aod_error *e, const freshet_aod_agent *a, size_t count, void *user)
{
	(void)c, (void)e, (void)a, (void)count, (void)user;
}

static void on_environment(
	freshet_aod_call *c, const freshet_aod_error *e, const freshet_aod_environment *v, void *user)
{
	(void)c, (void)e, (void)v, (void)user;
}

static void on_environments(
	freshet_aod_call *c, const freshet_aod_error *e, const freshet_aod_environment *v, size_t count, void *user)
{
	(void)c, (void)e, (void)v, (void)count, (void)user;
}

static void on_session(freshet_aod_call *c, const freshet_aod_error *e, const freshet_aod_session *s, void *user)
{
	(void)c, (void)e, (void)s, (void)user;
}

static void on_sessions(
	freshet_aod_call *c, const freshet_aod_error *e, const freshet_aod_session *s, size_t count, void *user)
{
	(void)c, (void)e, (void)s, (void)count, (void)user;
}

static void on_turns(
	freshet_aod_call *c, const freshet_aod_error *e, const freshet_aod_turn *t, size_t count, void *user)
{
	(void)c, (void)e, (void)t, (void)count, (void)user;
}

static void on_ack(freshet_aod_call *c, const freshet_aod_error *e, const freshet_aod_ack *a, void *user)
{
	(void)c, (void)e, (void)a, (void)user;
}

static void on_detail(freshet_aod_call *c, const freshet_aod_error *e, freshet_str detail, void *user)
{
	(void)c, (void)e, (void)detail, (void)user;
}

static void on_event(freshet_aod_stream *s, const freshet_aod_event *event, void *user)
{
	(void)s, (void)event, (void)user;
}

static void on_done(freshet_aod_stream *s, const freshet_aod_stream_end *end, void *user)
{
	(void)s, (void)end, (void)user;
}

/* ---- each function, with the least that it takes ---- */

static struct freshet_aod client;
static const char *made; /* the function that was called */

static freshet_aod_agent_fields agent_fields(void)
{
	freshet_aod_agent_fields f;
	freshet_aod_agent_fields_init(&f);
	f.name = freshet_str_of("n");
	f.provider = freshet_str_of("anthropic");
	f.model = freshet_str_of("m");
	return f;
}

static freshet_aod_environment_fields environment_fields(void)
{
	freshet_aod_environment_fields f;
	freshet_aod_environment_fields_init(&f);
	f.name = freshet_str_of("n");
	return f;
}

static freshet_aod_create_options create_options(void)
{
	freshet_aod_create_options o;
	freshet_aod_create_options_init(&o);
	o.agent_id = freshet_str_of(ID);
	return o;
}

static freshet_err open_stream(freshet_str id)
{
	freshet_aod_stream_options o;
	freshet_aod_stream *stream;
	freshet_aod_stream_options_init(&o);
	o.session_id = id;
	o.callbacks.on_event = on_event;
	o.callbacks.on_done = on_done;
	made = "freshet_aod_stream_open";
	return freshet_aod_stream_open(&client, &o, &stream);
}

#define MAKE(function, ...) (made = #function, function(&client, __VA_ARGS__, NULL, NULL))

static freshet_err make(enum operation operation, freshet_str id)
{
	freshet_aod_agent_fields agent = agent_fields();
	freshet_aod_environment_fields environment = environment_fields();
	freshet_aod_create_options session = create_options();
	freshet_str prompt = freshet_str_of("p");
	switch (operation) {
	case OP_HEALTH: return MAKE(freshet_aod_health_get, on_health);
	case OP_AGENT_LIST: return MAKE(freshet_aod_agent_list, on_agents);
	case OP_AGENT_CREATE: return MAKE(freshet_aod_agent_create, &agent, on_agent);
	case OP_AGENT_GET: return MAKE(freshet_aod_agent_get, id, on_agent);
	case OP_AGENT_UPDATE: return MAKE(freshet_aod_agent_update, id, 1, &agent, on_agent);
	case OP_AGENT_ARCHIVE: return MAKE(freshet_aod_agent_archive, id, on_agent);
	case OP_AGENT_VERSIONS: return MAKE(freshet_aod_agent_versions, id, on_agents);
	case OP_ENVIRONMENT_LIST: return MAKE(freshet_aod_environment_list, on_environments);
	case OP_ENVIRONMENT_CREATE: return MAKE(freshet_aod_environment_create, &environment, on_environment);
	case OP_ENVIRONMENT_GET: return MAKE(freshet_aod_environment_get, id, on_environment);
	case OP_ENVIRONMENT_UPDATE: return MAKE(freshet_aod_environment_update, id, 1, &environment, on_environment);
	case OP_ENVIRONMENT_ARCHIVE: return MAKE(freshet_aod_environment_archive, id, on_environment);
	case OP_ENVIRONMENT_DELETE: return MAKE(freshet_aod_environment_delete, id, on_detail);
	case OP_ENVIRONMENT_VERSIONS: return MAKE(freshet_aod_environment_versions, id, on_environments);
	case OP_SESSION_LIST: return MAKE(freshet_aod_session_list, on_sessions);
	case OP_SESSION_CREATE: return MAKE(freshet_aod_session_create, &session, on_ack);
	case OP_SESSION_GET: return MAKE(freshet_aod_session_get, id, on_session);
	case OP_SESSION_PROMPT: return MAKE(freshet_aod_session_prompt, id, prompt, 0, on_ack);
	case OP_SESSION_TURNS: return MAKE(freshet_aod_session_turns, id, on_turns);
	case OP_SESSION_INTERRUPT: return MAKE(freshet_aod_session_interrupt, id, on_ack);
	case OP_SESSION_TERMINATE: return MAKE(freshet_aod_session_terminate, id, on_ack);
	case OP_SESSION_DELETE: return MAKE(freshet_aod_session_delete, id, on_detail);
	case OP_SESSION_STREAM: return open_stream(id);
	case OP_COUNT: break;
	}
	fail_msg("no function for operation %d", (int)operation);
	return FRESHET_EINVAL;
}

static const struct {
	const char *method;
	const char *path;
	const char *function;
} table[OP_COUNT] = {
#define TABLE_ENTRY(name, method, path, function) {method, path, #function},
	OPERATION_MAP(TABLE_ENTRY)
#undef TABLE_ENTRY
};

static int find_operation(const char *method, const char *path)
{
	for (int i = 0; i < OP_COUNT; i++)
		if (strcmp(table[i].method, method) == 0 && strcmp(table[i].path, path) == 0)
			return i;
	fail_msg("no function for %s %s", method, path);
	return -1;
}

/* The path with the id where the braces are. */
static void fill_in(char *out, size_t size, const char *path)
{
	const char *open = strchr(path, '{');
	if (open == NULL)
		snprintf(out, size, "%s", path);
	else
		snprintf(out, size, "%.*s%s%s", (int)(open - path), path, ID_SENT, strchr(open, '}') + 1);
}

/* ---- the table ---- */

static void every_operation_has_its_function(void **state)
{
	char line[128], method[16], path[96], expected[128];
	bool seen[OP_COUNT] = {false};
	(void)state;
	FILE *list = fopen(FRESHET_TEST_DATA "/aod/operations.txt", "r");
	assert_non_null(list);
	while (fgets(line, sizeof line, list) != NULL) {
		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%15s %95s", method, path), 2);
		int operation = find_operation(method, path);
		assert_false(seen[operation]);
		seen[operation] = true;
		memset(&sent, 0, sizeof sent);
		assert_int_equal(make((enum operation)operation, freshet_str_of(ID)), FRESHET_OK);
		assert_string_equal(made, table[operation].function);
		assert_int_equal(sent.count, 1);
		assert_string_equal(sent.method, method);
		fill_in(expected, sizeof expected, path);
		assert_string_equal(sent.path, expected);
	}
	fclose(list);
	for (int i = 0; i < OP_COUNT; i++)
		if (!seen[i])
			fail_msg("%s is no operation of the service", table[i].function);
}

/* What sends nothing of its own: what is made of the operations, and what handles what they gave. */
static bool is_no_operation(const char *name)
{
	static const char *const names[] = {"freshet_aod_new", "freshet_aod_close", "freshet_aod_describe",
		"freshet_aod_endpoint", "freshet_aod_call_cancel", "freshet_aod_stream_close",
		"freshet_aod_stream_pause", "freshet_aod_stream_resume", "freshet_aod_stream_cursor",
		"freshet_aod_stream_state", "freshet_aod_stream_user", "freshet_aod_session_run",
		"freshet_aod_session_wait", "freshet_aod_run_cancel", "freshet_aod_run_session_id",
		"freshet_aod_run_cursor", "freshet_aod_run_stream"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static int find_function(const char *name)
{
	for (int i = 0; i < OP_COUNT; i++)
		if (strcmp(table[i].function, name) == 0)
			return i;
	return -1;
}

static void every_exported_function_is_known(void **state)
{
	char name[96];
	unsigned operations = 0;
	(void)state;
	FILE *exports = fopen(FRESHET_SOURCE_DIR "/lib/exports.txt", "r");
	assert_non_null(exports);
	while (fscanf(exports, "%95s", name) == 1) {
		if (strncmp(name, "freshet_aod_", 12) != 0)
			continue;
		if (find_function(name) >= 0)
			operations++;
		else if (!is_no_operation(name))
			fail_msg("%s is no operation", name);
	}
	fclose(exports);
	assert_int_equal(operations, OP_COUNT);
}

/* The guide's table names each function beside its operation. */
static void the_guide_names_every_operation(void **state)
{
	static char guide[64 * 1024];
	(void)state;
	FILE *file = fopen(FRESHET_SOURCE_DIR "/docs/services/aod.md", "r");
	assert_non_null(file);
	size_t len = fread(guide, 1, sizeof guide - 1, file);
	assert_true(len > 0 && feof(file) != 0);
	fclose(file);
	for (int i = 0; i < OP_COUNT; i++) {
		char row[256];
		snprintf(row, sizeof row, "| `%s` | `%s %s` |", table[i].function, table[i].method, table[i].path);
		if (strstr(guide, row) == NULL)
			fail_msg("docs/services/aod.md lacks %s", row);
	}
}

/* Nothing but a UUID gets into a path: not a shorter one, not one with a slash or a percent sign. */
static void ids_are_checked(void **state)
{
	static const char *const bad[] = {"", "7", "7d0c2f3e-5b1a-4c8e-9f60-2a4b6c8d0e1", ID_SENT "0",
		"7d0c2f3e-5b1a-4c8e-9f60-2a4b6c8d0e1/", "7d0c2f3e-5b1a-4c8e-9f60-2a4b6c8d0%2",
		"../../../../../health?x=", "7d0c2f3e05b1a-4c8e-9f60-2a4b6c8d0e1f"};
	(void)state;
	for (int i = 0; i < OP_COUNT; i++) {
		bool named = strchr(table[i].path, '{') != NULL;
		for (size_t b = 0; b < sizeof bad / sizeof bad[0]; b++) {
			memset(&sent, 0, sizeof sent);
			freshet_err err = make((enum operation)i, freshet_str_of(bad[b]));
			assert_int_equal(err, named ? FRESHET_EINVAL : FRESHET_OK);
			assert_int_equal(sent.count, named ? 0 : 1);
		}
	}
}

static void a_callback_is_required(void **state)
{
	(void)state;
	freshet_str id = freshet_str_of(ID);
	freshet_aod_call *call = (freshet_aod_call *)&sent;
	memset(&sent, 0, sizeof sent);
	assert_int_equal(freshet_aod_health_get(&client, NULL, NULL, &call), FRESHET_EINVAL);
	assert_null(call);
	assert_int_equal(freshet_aod_agent_get(&client, id, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_prompt(&client, id, id, 0, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_environment_delete(&client, id, NULL, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(sent.count, 0);
}

/* ---- bodies ---- */

static void assert_agent(const freshet_aod_agent_fields *f, const char *expected)
{
	memset(&sent, 0, sizeof sent);
	assert_int_equal(freshet_aod_agent_create(&client, f, on_agent, NULL, NULL), FRESHET_OK);
	assert_string_equal(sent.body, expected);
}

static void assert_agent_update(const freshet_aod_agent_fields *f, const char *expected)
{
	memset(&sent, 0, sizeof sent);
	assert_int_equal(freshet_aod_agent_update(&client, freshet_str_of(ID), 7, f, on_agent, NULL, NULL), FRESHET_OK);
	assert_string_equal(sent.body, expected);
}

static void the_words_of_both_dialects_travel(void **state)
{
	freshet_aod_agent_fields f = agent_fields();
	(void)state;
	assert_agent(&f, "{\"name\":\"n\",\"provider\":\"anthropic\",\"model\":\"m\"}");
	f.provider = (freshet_str){NULL, 0};
	f.runtime = freshet_str_of("claude");
	assert_agent(&f, "{\"name\":\"n\",\"runtime\":\"claude\",\"model\":\"m\"}");
	f.provider = freshet_str_of("anthropic");
	assert_agent(&f, "{\"name\":\"n\",\"provider\":\"anthropic\",\"runtime\":\"claude\",\"model\":\"m\"}");
}

static void every_member_of_an_agent_travels(void **state)
{
	static const freshet_str args[] = {{"-v", 2}, {"", 0}};
	const freshet_aod_secret pairs[] = {{freshet_str_of("k"), freshet_str_of("v\"")}};
	const freshet_aod_skill skills[] = {
		{.name = freshet_str_of("s"), .description = freshet_str_of("d"), .content = freshet_str_of("c\n")},
		{.type = freshet_str_of("github"), .description = freshet_str_of("d"), .source = freshet_str_of("o/r")},
		{.name = freshet_str_of("not sent"), .json = freshet_str_of(" {\"later\":1} ")},
	};
	const freshet_aod_mcp_server servers[] = {
		{.name = freshet_str_of("u"), .url = freshet_str_of("https://x"), .headers = pairs, .header_count = 1},
		{.name = freshet_str_of("t"),
			.type = freshet_str_of("stdio"),
			.command = freshet_str_of("c"),
			.args = args,
			.arg_count = 2,
			.env = pairs,
			.env_count = 1},
		{.json = freshet_str_of("{\"name\":\"j\"}")},
	};
	freshet_aod_agent_fields f = agent_fields();
	(void)state;
	f.system = freshet_str_of("sys");
	f.description = freshet_str_of("");
	f.environment_id = freshet_str_of(ID);
	f.skills = skills;
	f.skill_count = 3;
	f.mcp_servers = servers;
	f.mcp_server_count = 3;
	f.metadata = freshet_str_of("{\"a\": [1, null]}");
	assert_agent(&f,
		"{\"name\":\"n\",\"provider\":\"anthropic\",\"model\":\"m\",\"system\":\"sys\",\"description\":\"\","
		"\"environment_id\":\"" ID_SENT "\",\"skills\":["
		"{\"name\":\"s\",\"description\":\"d\",\"content\":\"c\\n\"},"
		"{\"type\":\"github\",\"description\":\"d\",\"source\":\"o/r\"},{\"later\":1}],"
		"\"mcp_servers\":[{\"name\":\"u\",\"type\":\"url\",\"url\":\"https://"
		"x\",\"headers\":{\"k\":\"v\\\"\"}},"
		"{\"name\":\"t\",\"type\":\"stdio\",\"command\":\"c\",\"args\":[\"-v\",\"\"],\"env\":{\"k\":\"v\\\"\"}}"
		","
		"{\"name\":\"j\"}],\"metadata\":{\"a\": [1, null]}}");
}

/* Absent leaves, empty empties; the environment has three states. */
static void an_update_says_what_is_to_change(void **state)
{
	static const freshet_aod_skill no_skill[1];
	static const freshet_aod_mcp_server no_server[1];
	freshet_aod_agent_fields f;
	(void)state;
	freshet_aod_agent_fields_init(&f);
	assert_agent_update(&f, "{\"version\":7}");
	f.environment_id = freshet_str_of(OTHER_ID);
	assert_agent_update(&f, "{\"version\":7,\"environment_id\":\"" OTHER_ID "\"}");
	f.environment_id = (freshet_str){NULL, 0};
	f.detach_environment = true;
	assert_agent_update(&f, "{\"version\":7,\"environment_id\":null}");
	f.detach_environment = false;
	f.system = freshet_str_of("");
	f.description = freshet_str_of("");
	f.skills = no_skill;
	f.mcp_servers = no_server;
	f.metadata = freshet_str_of("{\"gone\":\"\"}");
	assert_agent_update(&f, "{\"version\":7,\"system\":\"\",\"description\":\"\",\"skills\":[],\"mcp_servers\":[],"
				"\"metadata\":{\"gone\":\"\"}}");
}

static void agents_that_are_refused_at_once(void **state)
{
	static const freshet_aod_mcp_server headless = {.header_count = 1};
	const freshet_aod_agent_fields good = agent_fields();
	freshet_aod_agent_fields bad[10];
	(void)state;
	for (size_t i = 0; i < 10; i++)
		bad[i] = good;
	bad[0].name.len = 0;
	bad[1].model.len = 0;
	bad[2].provider.len = 0;
	bad[3].environment_id = freshet_str_of("x");
	bad[4].environment_id = freshet_str_of(ID);
	bad[4].detach_environment = true;
	bad[5].detach_environment = true;
	bad[6].skill_count = 1;
	bad[7].mcp_servers = &headless;
	bad[7].mcp_server_count = 1;
	bad[8].metadata = freshet_str_of("[]");
	bad[9].size = sizeof bad[9] + 1;
	memset(&sent, 0, sizeof sent);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(freshet_aod_agent_create(&client, &bad[i], on_agent, NULL, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_agent_create(&client, NULL, on_agent, NULL, NULL), FRESHET_EINVAL);
	freshet_aod_agent_fields update = good;
	update.metadata = freshet_str_of("{\"a\":1");
	freshet_str id = freshet_str_of(ID);
	assert_int_equal(freshet_aod_agent_update(&client, id, 1, &update, on_agent, NULL, NULL), FRESHET_EINVAL);
	const freshet_aod_skill broken = {.json = freshet_str_of("{\"a\":")};
	update = good;
	update.skills = &broken;
	update.skill_count = 1;
	assert_int_equal(
		freshet_aod_agent_update(&client, id, 1, &update, on_agent, NULL, NULL), FRESHET_EJSON_TRUNCATED);
	assert_int_equal(sent.count, 0);
}

static void environments_travel(void **state)
{
	static const freshet_str names[] = {{"curl", 4}, {"jq", 2}};
	static const freshet_aod_secret no_variable[1];
	const freshet_aod_packages packages[] = {{freshet_str_of("apt"), names, 2}, {freshet_str_of("npm"), NULL, 0}};
	const freshet_aod_secret variables[] = {{freshet_str_of("A"), freshet_str_of("")}};
	freshet_aod_networking networking = {.type = freshet_str_of("limited"), .allowed_hosts = names};
	freshet_aod_environment_fields f = environment_fields();
	(void)state;
	f.packages = packages;
	f.package_count = 2;
	f.env_vars = variables;
	f.env_var_count = 1;
	f.setup_script = freshet_str_of("x");
	f.networking = &networking;
	assert_int_equal(freshet_aod_environment_create(&client, &f, on_environment, NULL, NULL), FRESHET_OK);
	assert_string_equal(sent.body,
		"{\"name\":\"n\",\"packages\":{\"apt\":[\"curl\",\"jq\"],\"npm\":[]},\"env_vars\":{\"A\":\"\"},"
		"\"setup_script\":\"x\",\"networking\":{\"type\":\"limited\",\"allowed_hosts\":[]}}");
	freshet_aod_environment_fields_init(&f);
	f.env_vars = no_variable;
	f.setup_script = freshet_str_of("");
	networking.json = freshet_str_of("{\"type\":\"later\"}");
	f.networking = &networking;
	freshet_str id = freshet_str_of(ID);
	assert_int_equal(freshet_aod_environment_update(&client, id, 3, &f, on_environment, NULL, NULL), FRESHET_OK);
	assert_string_equal(
		sent.body, "{\"version\":3,\"env_vars\":{},\"setup_script\":\"\",\"networking\":{\"type\":\"later\"}}");
	f.package_count = 1;
	assert_int_equal(
		freshet_aod_environment_update(&client, id, 3, &f, on_environment, NULL, NULL), FRESHET_EINVAL);
	freshet_aod_environment_fields_init(&f);
	assert_int_equal(freshet_aod_environment_create(&client, &f, on_environment, NULL, NULL), FRESHET_EINVAL);
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (int i = 0; i < OP_COUNT; i++) {
		size_t n = 1;
		freshet_err err;
		do {
			failmem_arm(n++);
			err = make((enum operation)i, freshet_str_of(ID));
			assert_int_equal(err, failmem_fired() ? FRESHET_ENOMEM : FRESHET_OK);
		} while (failmem_fired());
		assert_true(n > 2);
		assert_int_equal(failmem_live(), 0);
	}
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_has_its_function),
		cmocka_unit_test(every_exported_function_is_known),
		cmocka_unit_test(the_guide_names_every_operation),
		cmocka_unit_test(ids_are_checked),
		cmocka_unit_test(a_callback_is_required),
		cmocka_unit_test(the_words_of_both_dialects_travel),
		cmocka_unit_test(every_member_of_an_agent_travels),
		cmocka_unit_test(an_update_says_what_is_to_change),
		cmocka_unit_test(agents_that_are_refused_at_once),
		cmocka_unit_test(environments_travel),
		cmocka_unit_test(every_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
