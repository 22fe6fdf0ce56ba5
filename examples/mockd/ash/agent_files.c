/*
 * The endpoints of an agent's files, its knowledge base.
 */
#include "mockd/ash/ajv.h"
#include "mockd/ash/ash.h"
#include "mockd/ash/files.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

void ash_agent_files_list(struct ash_call *call)
{
	struct ash_agent *agent = ash_agent_of(call);
	if (agent != NULL)
		ash_answer_member(call, 200, "files", ash_files_json(agent->tree, true));
}

void ash_agent_files_get(struct ash_call *call)
{
	static const char *const formats[] = {"json", "raw", NULL};
	struct ajv c;
	ajv_query(&c, call);
	const char *format = ajv_word(&c, "format", formats);
	bool raw = format != NULL && strcmp(format, "raw") == 0;
	struct ash_agent *agent = ajv_end(&c) ? ash_agent_of(call) : NULL;
	if (agent == NULL)
		return;
	const struct ash_file *file = ash_tree_find(agent->tree, call->params[1]);
	if (!ash_path_is_good(call->params[1]))
		ash_fail(call, 400, "Invalid file path");
	else if (file == NULL)
		ash_fail(call, 404, "File not found");
	else if (raw)
		ash_file_answer(call, file, NULL);
	else
		ash_file_answer_json(call, file, NULL);
}

void ash_agent_files_write(struct ash_call *call)
{
	static const char *const needed[] = {"files", NULL};
	struct ajv c;
	ajv_body(&c, call);
	ajv_required(&c, needed);
	json_t *files = ajv_array(&c, "files", 0, SIZE_MAX);
	struct ash_agent *agent = ash_files_check(&c, files) && ajv_end(&c) ? ash_agent_of(call) : NULL;
	if (agent == NULL)
		return;
	size_t written = ash_files_write(call, &agent->tree, files);
	ash_answer_member(call, 200, "written", json_integer((json_int_t)written));
}

void ash_agent_files_delete(struct ash_call *call)
{
	struct ash_agent *agent = ash_agent_of(call);
	if (agent == NULL)
		return;
	if (ash_tree_remove(&agent->tree, call->params[1]))
		ash_answer(call, 200, json_pack("{s:b}", "deleted", 1));
	else
		ash_fail(call, 404, "File not found");
}
