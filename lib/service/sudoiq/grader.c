/*
 * Graders: agents that judge the output of others. What they say is read in grade.c.
 */
#include "resource.h"

#define T freshet_sudoiq_grader
#define GRADER(P, N)                                                                                                   \
	P(STR, "grader_agent_id", grader_agent_id)                                                                     \
	P(STR, "agent_id", agent_id)                                                                                   \
	P(ID, "version", version)                                                                                      \
	P(STR, "message", message)
SUDOIQ_PUBLISHED_KIND(grader, GRADER);
#undef T

static void deliver_grader(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const struct sudoiq_found *found)
{
	((freshet_sudoiq_grader_fn *)call->done)(call, error, found->objects, call->user);
}

SUDOIQ_ANSWER(answered_create, SUDOIQ_FORM_ONE, &grader_kind, deliver_grader)

freshet_err freshet_sudoiq_create_grader(freshet_sudoiq *client, freshet_str agent_id, freshet_str rubric,
	freshet_str rubric_name, bool proposed, freshet_sudoiq_grader_fn *done, void *user, freshet_sudoiq_call **out)
{
	struct sudoiq_ask ask;
	sudoiq_ask_begin(&ask, client, ROUTE_graders_create);
	sudoiq_resource_value(&ask, "agent_id", agent_id);
	sudoiq_resource_need(&ask, rubric);
	sudoiq_resource_need(&ask, rubric_name);
	if (ask.err == FRESHET_OK && sudoiq_ask_body(&ask) != NULL) {
		freshet_json_write_object(ask.writer);
		sudoiq_resource_str(&ask, "agent_id", agent_id);
		sudoiq_resource_str(&ask, "rubric", rubric);
		sudoiq_resource_str(&ask, "rubric_name", rubric_name);
		freshet_json_write_key(ask.writer, "proposed");
		freshet_json_write_bool(ask.writer, proposed);
		freshet_json_write_end(ask.writer);
	}
	return sudoiq_resource_send(&ask, answered_create, (sudoiq_any_fn *)done, user, out);
}
