/*
 * The calls on sessions, but for their turns.
 */
#include "call.h"

/* What may be changed later, too. */
static void put_config(struct ash_request *q, const freshet_ash_session_options *o)
{
	ash_put_str(q, "model", o->model);
	ash_put_strs(q, "allowedTools", o->allowed_tools, o->allowed_tool_count);
	ash_put_strs(q, "disallowedTools", o->disallowed_tools, o->disallowed_tool_count);
	ash_put_strs(q, "betas", o->betas, o->beta_count);
	ash_put_raw(q, "subagents", o->subagents);
	ash_put_str(q, "initialAgent", o->initial_agent);
}

freshet_err freshet_ash_session_create(freshet_ash *client, const freshet_ash_session_options *options,
	freshet_ash_session_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	freshet_ash_session_options o;
	freshet_ash_session_options_init(&o);
	ash_request_begin(&q, client, ASH_session_create, ASH_NONE, ASH_NONE);
	if (!guest_options(&o, sizeof o, options))
		ash_request_fail(&q, FRESHET_EINVAL);
	ash_need(&q, o.agent);
	q.deadline_ms = ASH_LONG_MS;
	ash_body(&q);
	ash_put_str(&q, "agent", o.agent);
	ash_put_str(&q, "credentialId", o.credential_id);
	ash_put_pairs(&q, "extraEnv", o.env, o.env_count);
	ash_put_raw(&q, "mcpServers", o.mcp_servers);
	ash_put_str(&q, "systemPrompt", o.system_prompt);
	ash_put_str(&q, "permissionMode", o.permission_mode);
	put_config(&q, &o);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_list(
	freshet_ash *client, freshet_str agent, freshet_ash_session_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_list, ASH_NONE, ASH_NONE);
	ash_query(&q, "agent", agent);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_get(
	freshet_ash *client, freshet_str id, freshet_ash_session_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_get, id, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_configure(freshet_ash *client, freshet_str id,
	const freshet_ash_session_options *options, freshet_ash_session_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	freshet_ash_session_options o;
	freshet_ash_session_options_init(&o);
	ash_request_begin(&q, client, ASH_session_configure, id, ASH_NONE);
	if (!guest_options(&o, sizeof o, options))
		ash_request_fail(&q, FRESHET_EINVAL);
	ash_body(&q);
	put_config(&q, &o);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_pause(
	freshet_ash *client, freshet_str id, freshet_ash_session_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_pause, id, ASH_NONE);
	q.deadline_ms = ASH_LONG_MS;
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_resume(
	freshet_ash *client, freshet_str id, freshet_ash_session_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_resume, id, ASH_NONE);
	q.deadline_ms = ASH_LONG_MS;
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_stop(
	freshet_ash *client, freshet_str id, freshet_ash_session_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_stop, id, ASH_NONE);
	q.deadline_ms = ASH_LONG_MS;
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_fork(
	freshet_ash *client, freshet_str id, freshet_ash_session_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_fork, id, ASH_NONE);
	q.deadline_ms = ASH_LONG_MS;
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_end(
	freshet_ash *client, freshet_str id, freshet_ash_session_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_end, id, ASH_NONE);
	q.deadline_ms = ASH_LONG_MS;
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_messages(freshet_ash *client, freshet_str id, int64_t after, uint32_t limit,
	freshet_ash_message_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_messages, id, ASH_NONE);
	ash_query_page(&q, after, limit);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_records(freshet_ash *client, freshet_str id, int64_t after, uint32_t limit,
	freshet_str type, freshet_ash_record_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_records, id, ASH_NONE);
	ash_query_page(&q, after, limit);
	ash_query(&q, "type", type);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_logs(freshet_ash *client, freshet_str id, int64_t after, freshet_ash_log_fn *done,
	void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_logs, id, ASH_NONE);
	ash_query_int(&q, "after", after);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_session_exec(freshet_ash *client, freshet_str id, freshet_str command, uint32_t timeout_ms,
	freshet_ash_exec_result_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_session_exec, id, ASH_NONE);
	ash_need(&q, command);
	q.command = true;
	q.deadline_ms = ASH_LONG_MS;
	ash_body(&q);
	ash_put_str(&q, "command", command);
	if (timeout_ms != 0)
		ash_put_int(&q, "timeout", timeout_ms);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}
