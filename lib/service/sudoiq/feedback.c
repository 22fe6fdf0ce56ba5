/*
 * Feedback on runs. Nothing of it is published, so that the caller may write the whole body, and has the whole answer.
 */
#include "resource.h"

#define T freshet_sudoiq_feedback
#define FEEDBACK(P, N)                                                                                                 \
	N(ID, object_id_fields, id)                                                                                    \
	N(STR, quality_fields, quality_name)                                                                           \
	N(STR, reason_fields, reason)                                                                                  \
	N(STR, source_fields, source)                                                                                  \
	N(RAW, tags_fields, tags)                                                                                      \
	N(STR, object_created_at_fields, created_at)

static void read_quality(void *object)
{
	freshet_sudoiq_feedback *feedback = object;
	feedback->quality = freshet_sudoiq_quality_of(feedback->quality_name);
}

SUDOIQ_NAMED_KIND(feedback, FEEDBACK, read_quality);
#undef T

static void deliver_feedback(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const struct sudoiq_found *found)
{
	((freshet_sudoiq_feedback_fn *)call->done)(
		call, error, found->objects, found->count, found->next_cursor, call->user);
}

SUDOIQ_ANSWER(answered_send, SUDOIQ_FORM_NOTED, &feedback_kind, deliver_feedback)
SUDOIQ_ANSWER(answered_list, SUDOIQ_FORM_LIST, &feedback_kind, deliver_feedback)

static void write_body(struct sudoiq_ask *ask, int64_t task_id, const freshet_sudoiq_feedback_options *o)
{
	if (o->tags == NULL && o->tag_count > 0)
		sudoiq_ask_fail(ask, FRESHET_EINVAL);
	sudoiq_resource_need(ask, o->quality);
	if (ask->err != FRESHET_OK)
		return;
	freshet_json_write_object(ask->writer);
	freshet_json_write_key(ask->writer, "task_id");
	freshet_json_write_int64(ask->writer, task_id);
	sudoiq_resource_str(ask, "quality", o->quality);
	sudoiq_resource_str(ask, "reason", o->reason);
	sudoiq_resource_str(ask, "source", o->source.len > 0 ? o->source : freshet_str_of("human"));
	freshet_json_write_key(ask->writer, "tags");
	freshet_json_write_array(ask->writer);
	for (size_t i = 0; i < o->tag_count; i++)
		freshet_json_write_string(ask->writer, o->tags[i]);
	freshet_json_write_end(ask->writer);
	freshet_json_write_end(ask->writer);
}

freshet_err freshet_sudoiq_send_feedback(freshet_sudoiq *client, freshet_str agent_id, int64_t task_id,
	const freshet_sudoiq_feedback_options *options, freshet_sudoiq_feedback_fn *done, void *user,
	freshet_sudoiq_call **out)
{
	freshet_sudoiq_feedback_options o;
	struct sudoiq_ask ask;
	freshet_sudoiq_feedback_options_init(&o);
	sudoiq_ask_begin(&ask, client, ROUTE_run_feedback);
	sudoiq_ask_task(&ask, agent_id, task_id);
	if (!guest_options(&o, sizeof o, options))
		sudoiq_ask_fail(&ask, FRESHET_EINVAL);
	if (sudoiq_ask_body(&ask) != NULL && o.raw.len > 0)
		sudoiq_resource_object(&ask, o.raw);
	else if (ask.writer != NULL)
		write_body(&ask, task_id, &o);
	return sudoiq_resource_send(&ask, answered_send, (sudoiq_any_fn *)done, user, out);
}

freshet_err freshet_sudoiq_list_feedback(freshet_sudoiq *client, freshet_str agent_id, int64_t task_id,
	const freshet_sudoiq_page *page, freshet_sudoiq_feedback_fn *done, void *user, freshet_sudoiq_call **out)
{
	struct sudoiq_ask ask;
	sudoiq_ask_begin(&ask, client, ROUTE_run_feedback_list);
	sudoiq_ask_task(&ask, agent_id, task_id);
	sudoiq_resource_page(&ask, page);
	return sudoiq_resource_send(&ask, answered_list, (sudoiq_any_fn *)done, user, out);
}
