/*
 * A call of each function, and what goes out and comes back.
 */
#ifndef ASH_ROWS_H
#define ASH_ROWS_H

#include "ash/notes.h"

#define CALL(name, ...)                                                                                                \
	static freshet_err call_##name(void)                                                                           \
	{                                                                                                              \
		return freshet_ash_##name(ash_world.ash, __VA_ARGS__, NULL, NULL);                                     \
	}

static freshet_err call_agent_deploy(void)
{
	static const freshet_ash_upload files[] = {
		{S("CLAUDE.md"), S("Be kind."), NONE}, {S("a/b"), S("\0\377"), NONE}};
	static const freshet_ash_pair env[] = {{S("KEY"), S("v\"1")}};
	freshet_ash_deploy_options o;
	freshet_ash_deploy_options_init(&o);
	o.name = (freshet_str)S("helper");
	o.files = files;
	o.file_count = 2;
	o.system_prompt = (freshet_str)S("");
	o.env = env;
	o.env_count = 1;
	return freshet_ash_agent_deploy(ash_world.ash, &o, on_agent, NULL, NULL);
}
CALL(agent_list, on_agent)
CALL(agent_get, Z("helper"), on_agent)
CALL(agent_update, Z("helper"), NULL, 0, Z("{\"preWarmCount\": 0}"), on_agent)
CALL(agent_delete, Z("helper"), on_done)
CALL(agent_config_get, Z("helper"), on_json)
CALL(agent_config_update, Z("helper"), Z("{\"a\":[2]}"), on_json)
CALL(agent_file_list, Z("helper"), on_file_list)
CALL(agent_file_get, Z("helper"), Z("docs/a b.md"), on_bytes)
CALL(agent_file_put, Z("helper"), uploads, 1, on_done)
CALL(agent_file_delete, Z("helper"), Z("n"), on_done)
static freshet_err call_session_create(void)
{
	static const freshet_str tools[] = {S("Bash"), S("Read")};
	static const freshet_ash_pair env[] = {{S("TOKEN"), S("x")}};
	freshet_ash_session_options o;
	freshet_ash_session_options_init(&o);
	o.agent = (freshet_str)S("helper");
	o.credential_id = (freshet_str)S("c1");
	o.env = env;
	o.env_count = 1;
	o.model = (freshet_str)S("m");
	o.mcp_servers = (freshet_str)S("{}");
	o.system_prompt = (freshet_str)S("p");
	o.permission_mode = (freshet_str)S("default");
	o.allowed_tools = tools;
	o.allowed_tool_count = 2;
	o.disallowed_tools = tools;
	o.betas = tools;
	o.beta_count = 1;
	o.subagents = (freshet_str)S("{\"x\":1}");
	o.initial_agent = (freshet_str)S("x");
	return freshet_ash_session_create(ash_world.ash, &o, on_session, NULL, NULL);
}
CALL(session_list, Z("helper"), on_session)
CALL(session_get, ID, on_session)
static freshet_err call_session_configure(void)
{
	freshet_ash_session_options o;
	freshet_ash_session_options_init(&o);
	o.model = (freshet_str)S("m2");
	return freshet_ash_session_configure(ash_world.ash, ID, &o, on_session, NULL, NULL);
}
CALL(session_pause, ID, on_session)
CALL(session_resume, ID, on_session)
CALL(session_stop, ID, on_session)
CALL(session_fork, ID, on_session)
CALL(session_end, ID, on_session)
CALL(session_messages, ID, 7, 2, on_message)
CALL(session_records, ID, 0, 0, Z("text"), on_record)
CALL(session_logs, ID, -1, on_log)
CALL(session_exec, ID, Z("ls"), 5000, on_exec_result)
CALL(session_file_list, ID, true, on_file_list)
CALL(session_file_get, ID, Z("a/b.txt"), on_bytes)
CALL(session_file_put, ID, Z("in"), uploads, 1, on_file_result)
CALL(session_file_delete, ID, Z("a/b.txt"), on_done)
CALL(workspace_get, ID, on_bytes)
CALL(workspace_put, ID, Z("tar"), on_done)
CALL(attachment_create, ID, Z("f"), Z("abc"), Z("text/plain"), ID, on_attachment)
CALL(attachment_list, ID, on_attachment)
CALL(attachment_get, ID, on_bytes)
CALL(attachment_delete, ID, on_done)
static freshet_err call_queue_add(void)
{
	freshet_ash_queue_options o;
	freshet_ash_queue_options_init(&o);
	o.agent_name = (freshet_str)S("helper");
	o.prompt = (freshet_str)S("p");
	o.session_id = ID;
	o.priority = 5;
	o.has_max_retries = true;
	return freshet_ash_queue_add(ash_world.ash, &o, on_queue_item, NULL, NULL);
}
CALL(queue_list, Z("failed"), 9, on_queue_item)
CALL(queue_stats_get, on_queue_stats)
CALL(queue_get, ID, on_queue_item)
CALL(queue_cancel, ID, on_queue_item)
CALL(credential_create, Z("custom"), Z("k"), Z("l"), on_credential)
CALL(credential_list, on_credential)
CALL(credential_delete, Z("c/1"), on_done)
CALL(api_key_create, Z("mine"), on_api_key)
CALL(api_key_list, on_api_key)
CALL(api_key_delete, Z("k1"), on_done)
static freshet_err call_usage_list(void)
{
	freshet_ash_usage_options o;
	freshet_ash_usage_options_init(&o);
	o.session_id = ID;
	o.agent_name = (freshet_str)S("helper");
	o.after = (freshet_str)S("2026-01-01T00:00:00Z");
	o.before = (freshet_str)S("b");
	o.limit = 3;
	return freshet_ash_usage_list(ash_world.ash, &o, on_usage_event, NULL, NULL);
}
CALL(usage_stats_get, NULL, on_usage_stats)
CALL(analytics_get, NULL, on_analytics)
static freshet_err call_version_create(void)
{
	static const freshet_str files[] = {S("a")};
	freshet_ash_version_options o;
	freshet_ash_version_options_init(&o);
	o.name = (freshet_str)S("v2");
	o.system_prompt = (freshet_str)S("p");
	o.release_notes = (freshet_str)S("n");
	o.knowledge_files = files;
	o.knowledge_file_count = 1;
	o.clone_from = (freshet_str)S("1");
	return freshet_ash_version_create(ash_world.ash, AGENT, &o, on_version, NULL, NULL);
}
CALL(version_list, AGENT, on_version)
CALL(version_get, AGENT, Z("2"), on_version)
static freshet_err call_version_update(void)
{
	freshet_ash_version_options o;
	freshet_ash_version_options_init(&o);
	o.name = (freshet_str)S("x");
	return freshet_ash_version_update(ash_world.ash, AGENT, ID, &o, on_version, NULL, NULL);
}
CALL(version_delete, AGENT, Z("2"), on_done)
CALL(version_activate, AGENT, Z("2"), on_done)
static freshet_err call_eval_case_create(void)
{
	static const freshet_str words[] = {S("x")};
	freshet_ash_eval_case_options o;
	freshet_ash_eval_case_options_init(&o);
	o.question = (freshet_str)S("q");
	o.expected_topics = words;
	o.expected_topic_count = 1;
	o.expected_not_topics = words;
	o.expected_not_topic_count = 1;
	o.reference_answer = (freshet_str)S("r");
	o.category = (freshet_str)S("c");
	o.tags = words;
	o.chat_history = (freshet_str)S("[]");
	o.has_is_active = true;
	return freshet_ash_eval_case_create(ash_world.ash, AGENT, &o, on_eval_case, NULL, NULL);
}
CALL(eval_case_list, AGENT, Z("c"), &yes, on_eval_case)
CALL(eval_case_get, AGENT, ID, on_eval_case)
static freshet_err call_eval_case_update(void)
{
	freshet_ash_eval_case_options o;
	freshet_ash_eval_case_options_init(&o);
	o.question = (freshet_str)S("q2");
	return freshet_ash_eval_case_update(ash_world.ash, AGENT, ID, &o, on_eval_case, NULL, NULL);
}
CALL(eval_case_delete, AGENT, ID, on_done)
CALL(eval_case_import, AGENT, Z("[{\"question\":\"q\"}]"), on_done)
CALL(eval_case_export, AGENT, on_json)
CALL(eval_run_create, AGENT, NULL, on_eval_run)
CALL(eval_run_list, AGENT, on_eval_run)
CALL(eval_run_get, AGENT, ID, on_eval_run)
CALL(eval_run_results, AGENT, ID, on_eval_result)
CALL(eval_run_compare, AGENT, ID, ID, on_eval_comparison)
static freshet_err call_eval_run_score(void)
{
	freshet_ash_score_options o;
	freshet_ash_score_options_init(&o);
	o.human_score = (freshet_ash_number){true, 4};
	o.human_notes = (freshet_str)S("n");
	o.result_id = ID;
	return freshet_ash_eval_run_score(ash_world.ash, AGENT, ID, &o, on_done, NULL, NULL);
}
static freshet_err call_eval_result_score(void)
{
	freshet_ash_score_options o;
	freshet_ash_score_options_init(&o);
	o.human_score = (freshet_ash_number){true, 4};
	o.human_notes = (freshet_str)S("n");
	return freshet_ash_eval_result_score(ash_world.ash, AGENT, ID, &o, on_eval_result, NULL, NULL);
}
CALL(health_get, on_health)
CALL(metrics_get, on_bytes)

static void on_turn_event(freshet_ash_turn *turn, const freshet_ash_event *event, void *user)
{
	(void)turn;
	(void)event;
	(void)user;
}

static void on_turn_done(freshet_ash_turn *turn, const freshet_ash_turn_end *end, void *user)
{
	(void)turn;
	(void)user;
	failed = end->error.outcome.err;
	add("turn");
	called = true;
}

static freshet_err call_turn_open(void)
{
	freshet_ash_turn_options o;
	freshet_ash_turn *turn;
	freshet_ash_turn_options_init(&o);
	o.session_id = ID;
	o.content = Z("Hi");
	o.no_recovery = true;
	o.callbacks = (freshet_ash_turn_callbacks){NULL, on_turn_event, on_turn_done};
	return freshet_ash_turn_open(ash_world.ash, &o, &turn);
}

/* ---- what goes out and comes back ---- */

static const struct row {
	const char *operation;
	freshet_err (*call)(void);
	const char *request;
	const char *body;
	int status;
	const char *answer; /* NULL: an event stream */
	const char *note;
} rows[] = {
	{"agent_deploy", call_agent_deploy, "POST /api/agents",
		"{\"name\":\"helper\",\"files\":[{\"path\":\"CLAUDE.md\",\"content\":\"QmUga2luZC4=\"},{\"path\":\"a/"
		"b\",\"content\":\"AP8=\"}],\"systemPrompt\":\"\",\"env\":{\"KEY\":\"v\\\"1\"}}",
		201,
		"{\"agent\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"name\":\"helper\",\"version\":3,"
		"\"path\":\"/"
		"d\",\"env\":{\"A\":\"***\"},\"createdAt\":\"t\",\"updatedAt\":\"t\",\"tenantId\":\"default\","
		"\"later\":1}}",
		"helper 3 /d;"},
	{"agent_list", call_agent_list, "GET /api/agents", "", 200,
		"{\"agents\":[{\"id\":\"11111111-2222-4333-8444-555555555555\",\"name\":\"helper\",\"version\":3,"
		"\"path\":\"/"
		"d\",\"env\":{\"A\":\"***\"},\"createdAt\":\"t\",\"updatedAt\":\"t\",\"tenantId\":\"default\","
		"\"later\":1},{\"id\":\"11111111-2222-4333-8444-555555555555\",\"name\":\"other\",\"version\":1,"
		"\"path\":\"/"
		"d\",\"env\":{\"A\":\"***\"},\"createdAt\":\"t\",\"updatedAt\":\"t\",\"tenantId\":\"default\","
		"\"later\":1}]}",
		"helper 3 /d;other 1 /d;"},
	{"agent_get", call_agent_get, "GET /api/agents/helper", "", 200,
		"{\"agent\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"name\":\"helper\",\"version\":3,"
		"\"path\":\"/"
		"d\",\"env\":{\"A\":\"***\"},\"createdAt\":\"t\",\"updatedAt\":\"t\",\"tenantId\":\"default\","
		"\"later\":1}}",
		"helper 3 /d;"},
	{"agent_update", call_agent_update, "PATCH /api/agents/helper", "{\"config\":{\"preWarmCount\": 0}}", 200,
		"{\"agent\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"name\":\"helper\",\"version\":3,"
		"\"path\":\"/"
		"d\",\"env\":{\"A\":\"***\"},\"createdAt\":\"t\",\"updatedAt\":\"t\",\"tenantId\":\"default\","
		"\"later\":1}}",
		"helper 3 /d;"},
	{"agent_delete", call_agent_delete, "DELETE /api/agents/helper", "", 200, "{\"ok\":true}", "done 0"},
	{"agent_config_get", call_agent_config_get, "GET /api/agents/helper/config", "", 200,
		"{\"config\":{\"a\":[1]}}", "{\"a\":[1]}"},
	{"agent_config_update", call_agent_config_update, "PATCH /api/agents/helper/config", "{\"a\":[2]}", 200,
		"{\"config\":{\"a\":[2]}}", "{\"a\":[2]}"},
	{"agent_file_list", call_agent_file_list, "GET /api/agents/helper/files", "", 200,
		"{\"files\":[{\"path\":\"a.md\",\"size\":3,\"modifiedAt\":\"t\"}]}", "a.md 3;from "},
	{"agent_file_get", call_agent_file_get, "GET /api/agents/helper/files/docs/a%20b.md?format=raw", "", 200, "raw",
		"raw application/json"},
	{"agent_file_put", call_agent_file_put, "POST /api/agents/helper/files",
		"{\"files\":[{\"path\":\"n\",\"content\":\"aGk=\"}]}", 200, "{\"written\":1}", "done 1"},
	{"agent_file_delete", call_agent_file_delete, "DELETE /api/agents/helper/files/n", "", 200,
		"{\"deleted\":true}", "done 0"},
	{"session_create", call_session_create, "POST /api/sessions",
		"{\"agent\":\"helper\",\"credentialId\":\"c1\",\"extraEnv\":{\"TOKEN\":\"x\"},\"mcpServers\":{},"
		"\"systemPrompt\":\"p\",\"permissionMode\":\"default\",\"model\":\"m\",\"allowedTools\":[\"Bash\","
		"\"Read\"],\"disallowedTools\":[],\"betas\":[\"Bash\"],\"subagents\":{\"x\":1},\"initialAgent\":\"x\"}",
		201,
		"{\"session\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"sandboxId\":"
		"\"b\",\"status\":\"active\",\"createdAt\":\"t\",\"lastActiveAt\":\"t\",\"tenantId\":\"default\","
		"\"runnerId\":null,\"parentSessionId\":null}}",
		"ACTIVE;"},
	{"session_list", call_session_list, "GET /api/sessions?agent=helper", "", 200,
		"{\"sessions\":[{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\","
		"\"sandboxId\":\"b\",\"status\":\"starting\",\"createdAt\":\"t\",\"lastActiveAt\":\"t\",\"tenantId\":"
		"\"default\",\"runnerId\":null,\"parentSessionId\":null},{\"id\":\"11111111-2222-4333-8444-"
		"555555555555\",\"agentName\":\"helper\",\"sandboxId\":\"b\",\"status\":\"paused\",\"createdAt\":\"t\","
		"\"lastActiveAt\":\"t\",\"tenantId\":\"default\",\"runnerId\":null,\"parentSessionId\":null},{\"id\":"
		"\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"sandboxId\":\"b\",\"status\":"
		"\"stopped\",\"createdAt\":\"t\",\"lastActiveAt\":\"t\",\"tenantId\":\"default\",\"runnerId\":null,"
		"\"parentSessionId\":null},{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\","
		"\"sandboxId\":\"b\",\"status\":\"ended\",\"createdAt\":\"t\",\"lastActiveAt\":\"t\",\"tenantId\":"
		"\"default\",\"runnerId\":null,\"parentSessionId\":null},{\"id\":\"11111111-2222-4333-8444-"
		"555555555555\",\"agentName\":\"helper\",\"sandboxId\":\"b\",\"status\":\"error\",\"createdAt\":\"t\","
		"\"lastActiveAt\":\"t\",\"tenantId\":\"default\",\"runnerId\":null,\"parentSessionId\":null},{\"id\":"
		"\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"sandboxId\":\"b\",\"status\":"
		"\"dreaming\",\"createdAt\":\"t\",\"lastActiveAt\":\"t\",\"tenantId\":\"default\",\"runnerId\":null,"
		"\"parentSessionId\":null}]}",
		"STARTING;PAUSED;STOPPED;ENDED;ERROR;dreaming;"},
	{"session_get", call_session_get, "GET /api/sessions/11111111-2222-4333-8444-555555555555", "", 200,
		"{\"session\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"sandboxId\":"
		"\"b\",\"status\":\"active\",\"createdAt\":\"t\",\"lastActiveAt\":\"t\",\"tenantId\":\"default\","
		"\"runnerId\":null,\"parentSessionId\":null}}",
		"ACTIVE;"},
	{"session_configure", call_session_configure, "PATCH /api/sessions/11111111-2222-4333-8444-555555555555/config",
		"{\"model\":\"m2\"}", 200,
		"{\"session\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"sandboxId\":"
		"\"b\",\"status\":\"active\",\"createdAt\":\"t\",\"lastActiveAt\":\"t\",\"tenantId\":\"default\","
		"\"runnerId\":null,\"parentSessionId\":null}}",
		"ACTIVE;"},
	{"session_pause", call_session_pause, "POST /api/sessions/11111111-2222-4333-8444-555555555555/pause", "", 200,
		"{\"session\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"sandboxId\":"
		"\"b\",\"status\":\"paused\",\"createdAt\":\"t\",\"lastActiveAt\":\"t\",\"tenantId\":\"default\","
		"\"runnerId\":null,\"parentSessionId\":null}}",
		"PAUSED;"},
	{"session_resume", call_session_resume, "POST /api/sessions/11111111-2222-4333-8444-555555555555/resume", "",
		200,
		"{\"session\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"sandboxId\":"
		"\"b\",\"status\":\"active\",\"createdAt\":\"t\",\"lastActiveAt\":\"t\",\"tenantId\":\"default\","
		"\"runnerId\":null,\"parentSessionId\":null}}",
		"ACTIVE;"},
	{"session_stop", call_session_stop, "POST /api/sessions/11111111-2222-4333-8444-555555555555/stop", "", 200,
		"{\"session\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"sandboxId\":"
		"\"b\",\"status\":\"stopped\",\"createdAt\":\"t\",\"lastActiveAt\":\"t\",\"tenantId\":\"default\","
		"\"runnerId\":null,\"parentSessionId\":null}}",
		"STOPPED;"},
	{"session_fork", call_session_fork, "POST /api/sessions/11111111-2222-4333-8444-555555555555/fork", "", 201,
		"{\"session\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"sandboxId\":"
		"\"b\",\"status\":\"paused\",\"createdAt\":\"t\",\"lastActiveAt\":\"t\",\"tenantId\":\"default\","
		"\"runnerId\":null,\"parentSessionId\":null}}",
		"PAUSED;"},
	{"session_end", call_session_end, "DELETE /api/sessions/11111111-2222-4333-8444-555555555555", "", 200,
		"{\"session\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"sandboxId\":"
		"\"b\",\"status\":\"ended\",\"createdAt\":\"t\",\"lastActiveAt\":\"t\",\"tenantId\":\"default\","
		"\"runnerId\":null,\"parentSessionId\":null}}",
		"ENDED;"},
	{"session_messages", call_session_messages,
		"GET /api/sessions/11111111-2222-4333-8444-555555555555/messages?after=7&limit=2", "", 200,
		"{\"messages\":[{\"id\":\"a\",\"sessionId\":\"11111111-2222-4333-8444-555555555555\",\"role\":\"user\","
		"\"content\":\"{\\\"type\\\":\\\"user\\\"}\",\"sequence\":8,\"createdAt\":\"t\",\"tenantId\":\"d\"}]}",
		"user 8 {\"type\":\"user\"};"},
	{"session_records", call_session_records,
		"GET /api/sessions/11111111-2222-4333-8444-555555555555/events?type=text", "", 200,
		"{\"events\":[{\"id\":\"a\",\"type\":\"lifecycle\",\"sequence\":0,\"data\":null},{\"id\":\"a\","
		"\"type\":\"mcp_status\",\"sequence\":1,\"data\":null},{\"id\":\"a\",\"type\":\"text\",\"sequence\":2,"
		"\"data\":null},{\"id\":\"a\",\"type\":\"reasoning\",\"sequence\":3,\"data\":null},{\"id\":\"a\","
		"\"type\":\"tool_start\",\"sequence\":4,\"data\":null},{\"id\":\"a\",\"type\":\"tool_result\","
		"\"sequence\":5,\"data\":null},{\"id\":\"a\",\"type\":\"turn_complete\",\"sequence\":6,\"data\":null},{"
		"\"id\":\"a\",\"type\":\"error\",\"sequence\":7,\"data\":null},{\"id\":\"a\",\"type\":\"odd\","
		"\"sequence\":8,\"data\":null}]}",
		"LIFECYCLE 0;MCP_STATUS 1;TEXT 2;REASONING 3;TOOL_START 4;TOOL_RESULT 5;TURN_COMPLETE 6;ERROR 7;odd "
		"8;"},
	{"session_logs", call_session_logs, "GET /api/sessions/11111111-2222-4333-8444-555555555555/logs?after=-1", "",
		200,
		"{\"logs\":[{\"index\":0,\"level\":\"stderr\",\"text\":\"x\",\"ts\":\"t\"}],\"source\":\"sandbox\"}",
		"0 stderr x;from sandbox"},
	{"session_exec", call_session_exec, "POST /api/sessions/11111111-2222-4333-8444-555555555555/exec",
		"{\"command\":\"ls\",\"timeout\":5000}", 200, "{\"exitCode\":2,\"stdout\":\"o\",\"stderr\":\"e\"}",
		"2 o e"},
	{"session_file_list", call_session_file_list,
		"GET /api/sessions/11111111-2222-4333-8444-555555555555/files?includeHidden=false", "", 200,
		"{\"files\":[],\"source\":\"snapshot\"}", "from snapshot"},
	{"session_file_get", call_session_file_get,
		"GET /api/sessions/11111111-2222-4333-8444-555555555555/files/a/b.txt?format=raw", "", 200, "raw",
		"raw application/json"},
	{"session_file_put", call_session_file_put, "POST /api/sessions/11111111-2222-4333-8444-555555555555/files",
		"{\"targetPath\":\"in\",\"files\":[{\"path\":\"n\",\"content\":\"aGk=\"}]}", 200,
		"{\"files\":[{\"path\":\"n\",\"written\":true,\"size\":2},{\"path\":\"m\",\"written\":false,\"error\":"
		"\"no\"}]}",
		"n 1 2 ;m 0 0 no;"},
	{"session_file_delete", call_session_file_delete,
		"DELETE /api/sessions/11111111-2222-4333-8444-555555555555/files/a/b.txt", "", 200,
		"{\"path\":\"a/b.txt\",\"deleted\":true}", "done 0"},
	{"turn_open", call_turn_open, "POST /api/sessions/11111111-2222-4333-8444-555555555555/messages",
		"{\"content\":\"Hi\"}", 200, NULL, "turn"},
	{"workspace_get", call_workspace_get, "GET /api/sessions/11111111-2222-4333-8444-555555555555/workspace", "",
		200, "tar", "tar application/json"},
	{"workspace_put", call_workspace_put, "POST /api/sessions/11111111-2222-4333-8444-555555555555/workspace",
		"{\"bundle\":\"dGFy\"}", 200, "{\"message\":\"Workspace saved as snapshot\"}", "done 0"},
	{"attachment_create", call_attachment_create,
		"POST /api/sessions/11111111-2222-4333-8444-555555555555/attachments",
		"{\"filename\":\"f\",\"content\":\"YWJj\",\"mimeType\":\"text/"
		"plain\",\"messageId\":\"11111111-2222-4333-8444-555555555555\"}",
		201,
		"{\"attachment\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"sessionId\":\"11111111-2222-4333-"
		"8444-555555555555\",\"filename\":\"f\",\"mimeType\":\"text/"
		"plain\",\"size\":3,\"createdAt\":\"t\",\"tenantId\":\"d\",\"messageId\":\"unlinked\"}}",
		"f text/plain 3 unlinked;"},
	{"attachment_list", call_attachment_list, "GET /api/sessions/11111111-2222-4333-8444-555555555555/attachments",
		"", 200,
		"{\"attachments\":[{\"id\":\"11111111-2222-4333-8444-555555555555\",\"sessionId\":\"11111111-2222-4333-"
		"8444-555555555555\",\"filename\":\"f\",\"mimeType\":\"text/"
		"plain\",\"size\":3,\"createdAt\":\"t\",\"tenantId\":\"d\",\"messageId\":\"unlinked\"}]}",
		"f text/plain 3 unlinked;"},
	{"attachment_get", call_attachment_get, "GET /api/attachments/11111111-2222-4333-8444-555555555555", "", 200,
		"abc", "abc application/json"},
	{"attachment_delete", call_attachment_delete, "DELETE /api/attachments/11111111-2222-4333-8444-555555555555",
		"", 204, "", "done 0"},
	{"queue_add", call_queue_add, "POST /api/queue",
		"{\"agentName\":\"helper\",\"prompt\":\"p\",\"sessionId\":\"11111111-2222-4333-8444-555555555555\","
		"\"priority\":5,\"maxRetries\":0}",
		201,
		"{\"item\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"prompt\":\"p\","
		"\"status\":\"pending\",\"priority\":5,\"retryCount\":0,\"maxRetries\":0,\"createdAt\":\"t\","
		"\"tenantId\":\"d\",\"sessionId\":null,\"error\":null,\"startedAt\":null,\"completedAt\":null}}",
		"PENDING 5;"},
	{"queue_list", call_queue_list, "GET /api/queue?status=failed&limit=9", "", 200,
		"{\"items\":[{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"prompt\":"
		"\"p\",\"status\":\"processing\",\"priority\":5,\"retryCount\":0,\"maxRetries\":0,\"createdAt\":\"t\","
		"\"tenantId\":\"d\",\"sessionId\":null,\"error\":null,\"startedAt\":null,\"completedAt\":null},{\"id\":"
		"\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"prompt\":\"p\",\"status\":"
		"\"completed\",\"priority\":5,\"retryCount\":0,\"maxRetries\":0,\"createdAt\":\"t\",\"tenantId\":\"d\","
		"\"sessionId\":null,\"error\":null,\"startedAt\":null,\"completedAt\":null},{\"id\":\"11111111-2222-"
		"4333-8444-555555555555\",\"agentName\":\"helper\",\"prompt\":\"p\",\"status\":\"failed\",\"priority\":"
		"5,\"retryCount\":0,\"maxRetries\":0,\"createdAt\":\"t\",\"tenantId\":\"d\",\"sessionId\":null,"
		"\"error\":null,\"startedAt\":null,\"completedAt\":null},{\"id\":\"11111111-2222-4333-8444-"
		"555555555555\",\"agentName\":\"helper\",\"prompt\":\"p\",\"status\":\"cancelled\",\"priority\":5,"
		"\"retryCount\":0,\"maxRetries\":0,\"createdAt\":\"t\",\"tenantId\":\"d\",\"sessionId\":null,\"error\":"
		"null,\"startedAt\":null,\"completedAt\":null},{\"id\":\"11111111-2222-4333-8444-555555555555\","
		"\"agentName\":\"helper\",\"prompt\":\"p\",\"status\":\"lost\",\"priority\":5,\"retryCount\":0,"
		"\"maxRetries\":0,\"createdAt\":\"t\",\"tenantId\":\"d\",\"sessionId\":null,\"error\":null,"
		"\"startedAt\":null,\"completedAt\":null}]}",
		"PROCESSING 5;COMPLETED 5;FAILED 5;CANCELLED 5;lost 5;"},
	{"queue_stats_get", call_queue_stats_get, "GET /api/queue/stats", "", 200,
		"{\"stats\":{\"pending\":1,\"processing\":2,\"completed\":3,\"failed\":4,\"cancelled\":5}}",
		"1 2 3 4 5"},
	{"queue_get", call_queue_get, "GET /api/queue/11111111-2222-4333-8444-555555555555", "", 200,
		"{\"item\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"prompt\":\"p\","
		"\"status\":\"pending\",\"priority\":5,\"retryCount\":0,\"maxRetries\":0,\"createdAt\":\"t\","
		"\"tenantId\":\"d\",\"sessionId\":null,\"error\":null,\"startedAt\":null,\"completedAt\":null}}",
		"PENDING 5;"},
	{"queue_cancel", call_queue_cancel, "DELETE /api/queue/11111111-2222-4333-8444-555555555555", "", 200,
		"{\"item\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\",\"prompt\":\"p\","
		"\"status\":\"cancelled\",\"priority\":5,\"retryCount\":0,\"maxRetries\":0,\"createdAt\":\"t\","
		"\"tenantId\":\"d\",\"sessionId\":null,\"error\":null,\"startedAt\":null,\"completedAt\":null}}",
		"CANCELLED 5;"},
	{"credential_create", call_credential_create, "POST /api/credentials",
		"{\"type\":\"custom\",\"key\":\"k\",\"label\":\"l\"}", 201,
		"{\"credential\":{\"id\":\"c1\",\"type\":\"custom\",\"label\":\"l\",\"active\":true,\"createdAt\":"
		"\"t\"}}",
		"c1 custom l 1 ;"},
	{"credential_list", call_credential_list, "GET /api/credentials", "", 200,
		"{\"credentials\":[{\"id\":\"c1\",\"type\":\"custom\",\"label\":\"l\",\"active\":true,\"createdAt\":"
		"\"t\",\"lastUsedAt\":null},{\"id\":\"c1\",\"type\":\"custom\",\"label\":\"l\",\"active\":false,"
		"\"createdAt\":\"t\",\"lastUsedAt\":\"u\"}]}",
		"c1 custom l 1 ;c1 custom l 0 u;"},
	{"credential_delete", call_credential_delete, "DELETE /api/credentials/c%2F1", "", 204, "", "done 0"},
	{"api_key_create", call_api_key_create, "POST /api/api-keys", "{\"label\":\"mine\"}", 201,
		"{\"id\":\"k1\",\"key\":\"ash_x\"}", "k1  ash_x ;"},
	{"api_key_list", call_api_key_list, "GET /api/api-keys", "", 200,
		"{\"keys\":[{\"id\":\"env\",\"label\":\"e\",\"keyPrefix\":\"ash_\",\"createdAt\":\"\"}]}",
		"env e  ash_;"},
	{"api_key_delete", call_api_key_delete, "DELETE /api/api-keys/k1", "", 204, "", "done 0"},
	{"usage_list", call_usage_list,
		"GET "
		"/api/"
		"usage?sessionId=11111111-2222-4333-8444-555555555555&agentName=helper&after=2026-01-01T00%3A00%3A00Z&"
		"before=b&limit=3",
		"", 200,
		"{\"events\":[{\"id\":\"e\",\"sessionId\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":"
		"\"helper\",\"eventType\":\"input_tokens\",\"value\":1.5,\"createdAt\":\"t\",\"tenantId\":\"d\"}]}",
		"input_tokens 1.5;"},
	{"usage_stats_get", call_usage_stats_get, "GET /api/usage/stats", "", 200,
		"{\"stats\":{\"totalInputTokens\":1,\"totalOutputTokens\":2,\"totalCacheCreationTokens\":3,"
		"\"totalCacheReadTokens\":4,\"totalToolCalls\":5,\"totalMessages\":6,\"totalComputeSeconds\":7}}",
		"1 2 3 4 5 6 7"},
	{"analytics_get", call_analytics_get, "GET /api/analytics", "", 200,
		"{\"agents\":{\"total\":2},\"sessions\":{\"total\":3,\"byStatus\":{\"active\":1}},\"usage\":{"
		"\"totalInputTokens\":1,\"totalOutputTokens\":2,\"totalCacheCreationTokens\":3,"
		"\"totalCacheReadTokens\":4,\"totalToolCalls\":5,\"totalMessages\":6,\"totalComputeSeconds\":7},"
		"\"evals\":{\"totalRuns\":4,\"byStatus\":{}}}",
		"2 3 {\"active\":1} 7 4 {}"},
	{"version_create", call_version_create, "POST /api/agents/helper/versions",
		"{\"name\":\"v2\",\"systemPrompt\":\"p\",\"releaseNotes\":\"n\",\"knowledgeFiles\":[\"a\"],"
		"\"cloneFrom\":\"1\"}",
		201,
		"{\"version\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\","
		"\"versionNumber\":2,\"name\":\"v2\",\"isActive\":true,\"createdAt\":\"t\",\"updatedAt\":\"t\","
		"\"tenantId\":\"d\",\"systemPrompt\":null,\"releaseNotes\":\"n\",\"knowledgeFiles\":[\"a\",\"b\"],"
		"\"createdBy\":null}}",
		"2 v2 1 a,b,;"},
	{"version_list", call_version_list, "GET /api/agents/helper/versions", "", 200,
		"{\"versions\":[{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\","
		"\"versionNumber\":2,\"name\":\"v2\",\"isActive\":true,\"createdAt\":\"t\",\"updatedAt\":\"t\","
		"\"tenantId\":\"d\",\"systemPrompt\":null,\"releaseNotes\":\"n\",\"knowledgeFiles\":[\"a\",\"b\"],"
		"\"createdBy\":null}]}",
		"2 v2 1 a,b,;"},
	{"version_get", call_version_get, "GET /api/agents/helper/versions/2", "", 200,
		"{\"version\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\","
		"\"versionNumber\":2,\"name\":\"v2\",\"isActive\":true,\"createdAt\":\"t\",\"updatedAt\":\"t\","
		"\"tenantId\":\"d\",\"systemPrompt\":null,\"releaseNotes\":\"n\",\"knowledgeFiles\":[\"a\",\"b\"],"
		"\"createdBy\":null}}",
		"2 v2 1 a,b,;"},
	{"version_update", call_version_update,
		"PATCH /api/agents/helper/versions/11111111-2222-4333-8444-555555555555", "{\"name\":\"x\"}", 200,
		"{\"version\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"agentName\":\"helper\","
		"\"versionNumber\":2,\"name\":\"v2\",\"isActive\":true,\"createdAt\":\"t\",\"updatedAt\":\"t\","
		"\"tenantId\":\"d\",\"systemPrompt\":null,\"releaseNotes\":\"n\",\"knowledgeFiles\":[\"a\",\"b\"],"
		"\"createdBy\":null}}",
		"2 v2 1 a,b,;"},
	{"version_delete", call_version_delete, "DELETE /api/agents/helper/versions/2", "", 204, "", "done 0"},
	{"version_activate", call_version_activate, "POST /api/agents/helper/versions/2/activate", "", 200,
		"{\"activated\":true,\"versionNumber\":2}", "done 2"},
	{"eval_case_create", call_eval_case_create, "POST /api/agents/helper/eval-cases",
		"{\"question\":\"q\",\"expectedTopics\":[\"x\"],\"expectedNotTopics\":[\"x\"],\"referenceAnswer\":"
		"\"r\",\"category\":\"c\",\"tags\":[],\"chatHistory\":[],\"isActive\":false}",
		201,
		"{\"case\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"tenantId\":\"d\",\"agentName\":"
		"\"helper\",\"question\":\"q\",\"isActive\":true,\"createdAt\":\"t\",\"updatedAt\":\"t\","
		"\"expectedTopics\":[\"x\"],\"expectedNotTopics\":null,\"tags\":[],\"referenceAnswer\":null,"
		"\"category\":\"c\",\"chatHistory\":[{\"role\":\"user\",\"content\":\"h\"}]}}",
		"q c 1 1 0 0 [{\"role\":\"user\",\"content\":\"h\"}];"},
	{"eval_case_list", call_eval_case_list, "GET /api/agents/helper/eval-cases?category=c&isActive=true", "", 200,
		"{\"cases\":[{\"id\":\"11111111-2222-4333-8444-555555555555\",\"tenantId\":\"d\",\"agentName\":"
		"\"helper\",\"question\":\"q\",\"isActive\":true,\"createdAt\":\"t\",\"updatedAt\":\"t\","
		"\"expectedTopics\":[\"x\"],\"expectedNotTopics\":null,\"tags\":[],\"referenceAnswer\":null,"
		"\"category\":\"c\",\"chatHistory\":[{\"role\":\"user\",\"content\":\"h\"}]}]}",
		"q c 1 1 0 0 [{\"role\":\"user\",\"content\":\"h\"}];"},
	{"eval_case_get", call_eval_case_get, "GET /api/agents/helper/eval-cases/11111111-2222-4333-8444-555555555555",
		"", 200,
		"{\"case\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"tenantId\":\"d\",\"agentName\":"
		"\"helper\",\"question\":\"q\",\"isActive\":true,\"createdAt\":\"t\",\"updatedAt\":\"t\","
		"\"expectedTopics\":[\"x\"],\"expectedNotTopics\":null,\"tags\":[],\"referenceAnswer\":null,"
		"\"category\":\"c\",\"chatHistory\":[{\"role\":\"user\",\"content\":\"h\"}]}}",
		"q c 1 1 0 0 [{\"role\":\"user\",\"content\":\"h\"}];"},
	{"eval_case_update", call_eval_case_update,
		"PATCH /api/agents/helper/eval-cases/11111111-2222-4333-8444-555555555555", "{\"question\":\"q2\"}",
		200,
		"{\"case\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"tenantId\":\"d\",\"agentName\":"
		"\"helper\",\"question\":\"q\",\"isActive\":true,\"createdAt\":\"t\",\"updatedAt\":\"t\","
		"\"expectedTopics\":[\"x\"],\"expectedNotTopics\":null,\"tags\":[],\"referenceAnswer\":null,"
		"\"category\":\"c\",\"chatHistory\":[{\"role\":\"user\",\"content\":\"h\"}]}}",
		"q c 1 1 0 0 [{\"role\":\"user\",\"content\":\"h\"}];"},
	{"eval_case_delete", call_eval_case_delete,
		"DELETE /api/agents/helper/eval-cases/11111111-2222-4333-8444-555555555555", "", 204, "", "done 0"},
	{"eval_case_import", call_eval_case_import, "POST /api/agents/helper/eval-cases/import",
		"{\"cases\":[{\"question\":\"q\"}]}", 200, "{\"imported\":1}", "done 1"},
	{"eval_case_export", call_eval_case_export, "GET /api/agents/helper/eval-cases/export", "", 200,
		"{\"cases\":[]}", "[]"},
	{"eval_run_create", call_eval_run_create, "POST /api/agents/helper/eval-runs", "{}", 201,
		"{\"run\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"tenantId\":\"d\",\"agentName\":\"helper\","
		"\"versionNumber\":null,\"status\":\"pending\",\"totalCases\":2,\"completedCases\":1,\"summary\":null,"
		"\"createdAt\":\"t\",\"startedAt\":null,\"completedAt\":null}}",
		"pending 2 1 - - - - -;"},
	{"eval_run_list", call_eval_run_list, "GET /api/agents/helper/eval-runs", "", 200,
		"{\"runs\":[{\"id\":\"11111111-2222-4333-8444-555555555555\",\"tenantId\":\"d\",\"agentName\":"
		"\"helper\",\"versionNumber\":null,\"status\":\"completed\",\"totalCases\":2,\"completedCases\":1,"
		"\"summary\":{\"avgTopicScore\":0.5,\"avgSafetyScore\":1,\"avgLlmJudgeScore\":null,\"avgLatencyMs\":12,"
		"\"passRate\":0.25},\"createdAt\":\"t\",\"startedAt\":null,\"completedAt\":null}]}",
		"completed 2 1 0.5 1 - 12 0.25;"},
	{"eval_run_get", call_eval_run_get, "GET /api/agents/helper/eval-runs/11111111-2222-4333-8444-555555555555", "",
		200,
		"{\"run\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"tenantId\":\"d\",\"agentName\":\"helper\","
		"\"versionNumber\":null,\"status\":\"completed\",\"totalCases\":2,\"completedCases\":1,\"summary\":{"
		"\"avgTopicScore\":0.5,\"avgSafetyScore\":1,\"avgLlmJudgeScore\":null,\"avgLatencyMs\":12,\"passRate\":"
		"0.25},\"createdAt\":\"t\",\"startedAt\":null,\"completedAt\":null}}",
		"completed 2 1 0.5 1 - 12 0.25;"},
	{"eval_run_results", call_eval_run_results,
		"GET /api/agents/helper/eval-runs/11111111-2222-4333-8444-555555555555/results", "", 200,
		"{\"results\":[{\"id\":\"11111111-2222-4333-8444-555555555555\",\"tenantId\":\"d\",\"evalRunId\":"
		"\"11111111-2222-4333-8444-555555555555\",\"evalCaseId\":\"11111111-2222-4333-8444-555555555555\","
		"\"status\":\"completed\",\"createdAt\":\"t\",\"agentResponse\":\"a\",\"topicScore\":1,\"safetyScore\":"
		"null,\"llmJudgeScore\":null,\"latencyMs\":3,\"error\":null,\"humanScore\":4,\"humanNotes\":\"n\","
		"\"completedAt\":\"t\"}]}",
		"completed a 1 - - 3 4 n;"},
	{"eval_run_compare", call_eval_run_compare,
		"GET "
		"/api/agents/helper/eval-runs/"
		"compare?runA=11111111-2222-4333-8444-555555555555&runB=11111111-2222-4333-8444-555555555555",
		"", 200,
		"{\"comparison\":{\"runA\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"tenantId\":\"d\","
		"\"agentName\":\"helper\",\"versionNumber\":null,\"status\":\"completed\",\"totalCases\":2,"
		"\"completedCases\":1,\"summary\":{\"avgTopicScore\":0.5,\"avgSafetyScore\":1,\"avgLlmJudgeScore\":"
		"null,\"avgLatencyMs\":12,\"passRate\":0.25},\"createdAt\":\"t\",\"startedAt\":null,\"completedAt\":"
		"null},\"runB\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"tenantId\":\"d\",\"agentName\":"
		"\"helper\",\"versionNumber\":null,\"status\":\"completed\",\"totalCases\":2,\"completedCases\":1,"
		"\"summary\":{\"avgTopicScore\":0.5,\"avgSafetyScore\":1,\"avgLlmJudgeScore\":null,\"avgLatencyMs\":12,"
		"\"passRate\":0.25},\"createdAt\":\"t\",\"startedAt\":null,\"completedAt\":null},\"results\":[{"
		"\"caseId\":\"c\",\"question\":\"q\",\"resultA\":{\"id\":\"11111111-2222-4333-8444-555555555555\","
		"\"tenantId\":\"d\",\"evalRunId\":\"11111111-2222-4333-8444-555555555555\",\"evalCaseId\":\"11111111-"
		"2222-4333-8444-555555555555\",\"status\":\"completed\",\"createdAt\":\"t\",\"agentResponse\":\"a\","
		"\"topicScore\":1,\"safetyScore\":null,\"llmJudgeScore\":null,\"latencyMs\":3,\"error\":null,"
		"\"humanScore\":4,\"humanNotes\":\"n\",\"completedAt\":\"t\"},\"resultB\":null}]}}",
		"completed completed c a alone;"},
	{"eval_run_score", call_eval_run_score,
		"POST /api/agents/helper/eval-runs/11111111-2222-4333-8444-555555555555/score",
		"{\"resultId\":\"11111111-2222-4333-8444-555555555555\",\"humanScore\":4.0,\"humanNotes\":\"n\"}", 200,
		"{\"scored\":1,\"results\":[]}", "done 1"},
	{"eval_result_score", call_eval_result_score,
		"PATCH /api/agents/helper/eval-results/11111111-2222-4333-8444-555555555555",
		"{\"humanScore\":4.0,\"humanNotes\":\"n\"}", 200,
		"{\"result\":{\"id\":\"11111111-2222-4333-8444-555555555555\",\"tenantId\":\"d\",\"evalRunId\":"
		"\"11111111-2222-4333-8444-555555555555\",\"evalCaseId\":\"11111111-2222-4333-8444-555555555555\","
		"\"status\":\"completed\",\"createdAt\":\"t\",\"agentResponse\":\"a\",\"topicScore\":1,\"safetyScore\":"
		"null,\"llmJudgeScore\":null,\"latencyMs\":3,\"error\":null,\"humanScore\":4,\"humanNotes\":\"n\","
		"\"completedAt\":\"t\"}}",
		"completed a 1 - - 3 4 n;"},
	{"health_get", call_health_get, "GET /health", "", 200,
		"{\"status\":\"ok\",\"version\":\"0.2.0\",\"coordinatorId\":\"h-1\",\"activeSessions\":1,"
		"\"activeSandboxes\":2,\"remoteRunners\":3,\"uptime\":4,\"pool\":{\"total\":5,\"cold\":6,\"warming\":7,"
		"\"warm\":8,\"waiting\":9,\"running\":10,\"maxCapacity\":11,\"resumeWarmHits\":12,\"resumeColdHits\":"
		"13,\"preWarmHits\":14}}",
		"ok 0.2.0 h-1 1 2 3 4 5 6 7 8 9 10 11 12 13 14"},
	{"metrics_get", call_metrics_get, "GET /metrics", "", 200, "ash_up 1", "ash_up 1 application/json"},
};

#endif
