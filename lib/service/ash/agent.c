/*
 * The calls on agents and their files.
 */
#include "call.h"
#include "folder.h"

/* What the server takes of a request to deploy. */
#define MAX_UPLOAD ((size_t)1 << 20)

freshet_err freshet_ash_agent_deploy(freshet_ash *client, const freshet_ash_deploy_options *options,
	freshet_ash_agent_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	freshet_ash_deploy_options o;
	freshet_ash_deploy_options_init(&o);
	ash_request_begin(&q, client, ASH_agent_deploy, ASH_NONE, ASH_NONE);
	if (!guest_options(&o, sizeof o, options))
		ash_request_fail(&q, FRESHET_EINVAL);
	ash_need_name(&q, o.name);
	q.max_body = o.max_upload != 0 ? o.max_upload : MAX_UPLOAD;
	ash_body(&q);
	ash_put_str(&q, "name", o.name);
	if (o.path.ptr != NULL)
		ash_put_str(&q, "path", o.path);
	else if (o.folder != NULL)
		ash_put_folder(&q, "files", o.folder);
	else
		ash_put_uploads(&q, "files", o.files, o.file_count);
	ash_put_str(&q, "systemPrompt", o.system_prompt);
	ash_put_pairs(&q, "env", o.env, o.env_count);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_agent_list(freshet_ash *client, freshet_ash_agent_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_agent_list, ASH_NONE, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_agent_get(
	freshet_ash *client, freshet_str name, freshet_ash_agent_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_agent_get, name, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_agent_update(freshet_ash *client, freshet_str name, const freshet_ash_pair *env,
	size_t env_count, freshet_str config, freshet_ash_agent_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_agent_update, name, ASH_NONE);
	ash_body(&q);
	ash_put_pairs(&q, "env", env, env_count);
	ash_put_raw(&q, "config", config);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_agent_delete(
	freshet_ash *client, freshet_str name, freshet_ash_done_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_agent_delete, name, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_agent_config_get(
	freshet_ash *client, freshet_str name, freshet_ash_json_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_agent_config_get, name, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_agent_config_update(freshet_ash *client, freshet_str name, freshet_str config,
	freshet_ash_json_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_agent_config_update, name, ASH_NONE);
	ash_need(&q, config);
	ash_body_raw(&q, config);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_agent_file_list(
	freshet_ash *client, freshet_str name, freshet_ash_file_list_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_agent_file_list, name, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_agent_file_get(freshet_ash *client, freshet_str name, freshet_str path,
	freshet_ash_bytes_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_agent_file_get, name, path);
	ash_query(&q, "format", freshet_str_of("raw"));
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_agent_file_put(freshet_ash *client, freshet_str name, const freshet_ash_upload *files,
	size_t file_count, freshet_ash_done_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_agent_file_put, name, ASH_NONE);
	ash_need_array(&q, files);
	ash_body(&q);
	ash_put_uploads(&q, "files", files, file_count);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_agent_file_delete(freshet_ash *client, freshet_str name, freshet_str path,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_agent_file_delete, name, path);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}
