/*
 * The calls on versions of an agent and on its evaluations.
 */
#include "call.h"

static void put_version(struct ash_request *q, const freshet_ash_version_options *o)
{
	ash_put_str(q, "name", o->name);
	ash_put_str(q, "systemPrompt", o->system_prompt);
	ash_put_str(q, "releaseNotes", o->release_notes);
	ash_put_strs(q, "knowledgeFiles", o->knowledge_files, o->knowledge_file_count);
}

freshet_err freshet_ash_version_create(freshet_ash *client, freshet_str agent,
	const freshet_ash_version_options *options, freshet_ash_version_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	freshet_ash_version_options o;
	freshet_ash_version_options_init(&o);
	ash_request_begin(&q, client, ASH_version_create, agent, ASH_NONE);
	if (options != NULL && !guest_options(&o, sizeof o, options))
		ash_request_fail(&q, FRESHET_EINVAL);
	ash_body(&q);
	put_version(&q, &o);
	ash_put_str(&q, "cloneFrom", o.clone_from);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_version_list(
	freshet_ash *client, freshet_str agent, freshet_ash_version_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_version_list, agent, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_version_get(freshet_ash *client, freshet_str agent, freshet_str version,
	freshet_ash_version_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_version_get, agent, version);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_version_update(freshet_ash *client, freshet_str agent, freshet_str version,
	const freshet_ash_version_options *options, freshet_ash_version_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	freshet_ash_version_options o;
	freshet_ash_version_options_init(&o);
	ash_request_begin(&q, client, ASH_version_update, agent, version);
	if (!guest_options(&o, sizeof o, options))
		ash_request_fail(&q, FRESHET_EINVAL);
	ash_body(&q);
	put_version(&q, &o);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_version_delete(freshet_ash *client, freshet_str agent, freshet_str version,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_version_delete, agent, version);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_version_activate(freshet_ash *client, freshet_str agent, freshet_str version,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_version_activate, agent, version);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

static void put_case(struct ash_request *q, const freshet_ash_eval_case_options *o)
{
	ash_put_str(q, "question", o->question);
	ash_put_strs(q, "expectedTopics", o->expected_topics, o->expected_topic_count);
	ash_put_strs(q, "expectedNotTopics", o->expected_not_topics, o->expected_not_topic_count);
	ash_put_str(q, "referenceAnswer", o->reference_answer);
	ash_put_str(q, "category", o->category);
	ash_put_strs(q, "tags", o->tags, o->tag_count);
	ash_put_raw(q, "chatHistory", o->chat_history);
	if (o->has_is_active)
		ash_put_bool(q, "isActive", o->is_active);
}

freshet_err freshet_ash_eval_case_create(freshet_ash *client, freshet_str agent,
	const freshet_ash_eval_case_options *options, freshet_ash_eval_case_fn *done, void *user,
	freshet_ash_call **out)
{
	struct ash_request q;
	freshet_ash_eval_case_options o;
	freshet_ash_eval_case_options_init(&o);
	ash_request_begin(&q, client, ASH_eval_case_create, agent, ASH_NONE);
	if (!guest_options(&o, sizeof o, options))
		ash_request_fail(&q, FRESHET_EINVAL);
	ash_need(&q, o.question);
	ash_body(&q);
	put_case(&q, &o);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_eval_case_list(freshet_ash *client, freshet_str agent, freshet_str category,
	const bool *is_active, freshet_ash_eval_case_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_eval_case_list, agent, ASH_NONE);
	ash_query(&q, "category", category);
	if (is_active != NULL)
		ash_query(&q, "isActive", freshet_str_of(*is_active ? "true" : "false"));
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_eval_case_get(freshet_ash *client, freshet_str agent, freshet_str id,
	freshet_ash_eval_case_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_eval_case_get, agent, id);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_eval_case_update(freshet_ash *client, freshet_str agent, freshet_str id,
	const freshet_ash_eval_case_options *options, freshet_ash_eval_case_fn *done, void *user,
	freshet_ash_call **out)
{
	struct ash_request q;
	freshet_ash_eval_case_options o;
	freshet_ash_eval_case_options_init(&o);
	ash_request_begin(&q, client, ASH_eval_case_update, agent, id);
	if (!guest_options(&o, sizeof o, options))
		ash_request_fail(&q, FRESHET_EINVAL);
	ash_body(&q);
	put_case(&q, &o);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_eval_case_delete(freshet_ash *client, freshet_str agent, freshet_str id,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_eval_case_delete, agent, id);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_eval_case_import(freshet_ash *client, freshet_str agent, freshet_str cases,
	freshet_ash_done_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_eval_case_import, agent, ASH_NONE);
	ash_need(&q, cases);
	ash_body(&q);
	ash_put_raw(&q, "cases", cases);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_eval_case_export(
	freshet_ash *client, freshet_str agent, freshet_ash_json_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_eval_case_export, agent, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_eval_run_create(freshet_ash *client, freshet_str agent,
	const freshet_ash_eval_run_options *options, freshet_ash_eval_run_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	freshet_ash_eval_run_options o;
	freshet_ash_eval_run_options_init(&o);
	ash_request_begin(&q, client, ASH_eval_run_create, agent, ASH_NONE);
	if (options != NULL && !guest_options(&o, sizeof o, options))
		ash_request_fail(&q, FRESHET_EINVAL);
	ash_body(&q);
	if (o.version_number != 0)
		ash_put_int(&q, "versionNumber", o.version_number);
	ash_put_strs(&q, "categories", o.categories, o.category_count);
	ash_put_strs(&q, "tags", o.tags, o.tag_count);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_eval_run_list(
	freshet_ash *client, freshet_str agent, freshet_ash_eval_run_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_eval_run_list, agent, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_eval_run_get(freshet_ash *client, freshet_str agent, freshet_str id,
	freshet_ash_eval_run_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_eval_run_get, agent, id);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_eval_run_results(freshet_ash *client, freshet_str agent, freshet_str id,
	freshet_ash_eval_result_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_eval_run_results, agent, id);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_eval_run_compare(freshet_ash *client, freshet_str agent, freshet_str run_a, freshet_str run_b,
	freshet_ash_eval_comparison_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	char first[GUEST_UUID_SIZE];
	char second[GUEST_UUID_SIZE];
	ash_request_begin(&q, client, ASH_eval_run_compare, agent, ASH_NONE);
	if (!guest_uuid_read(run_a, first) || !guest_uuid_read(run_b, second))
		ash_request_fail(&q, FRESHET_EINVAL);
	if (q.err == FRESHET_OK) {
		ash_query(&q, "runA", freshet_str_of(first));
		ash_query(&q, "runB", freshet_str_of(second));
	}
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

/* One of the two must be there. */
static void put_score(struct ash_request *q, const freshet_ash_score_options *o)
{
	if (!o->human_score.given && o->human_notes.ptr == NULL)
		ash_request_fail(q, FRESHET_EINVAL);
	ash_put_number(q, "humanScore", o->human_score);
	ash_put_str(q, "humanNotes", o->human_notes);
}

freshet_err freshet_ash_eval_run_score(freshet_ash *client, freshet_str agent, freshet_str id,
	const freshet_ash_score_options *options, freshet_ash_done_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	freshet_ash_score_options o;
	freshet_ash_score_options_init(&o);
	ash_request_begin(&q, client, ASH_eval_run_score, agent, id);
	if (!guest_options(&o, sizeof o, options))
		ash_request_fail(&q, FRESHET_EINVAL);
	ash_body(&q);
	ash_put_id(&q, "resultId", o.result_id);
	put_score(&q, &o);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_eval_result_score(freshet_ash *client, freshet_str agent, freshet_str id,
	const freshet_ash_score_options *options, freshet_ash_eval_result_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	freshet_ash_score_options o;
	freshet_ash_score_options_init(&o);
	ash_request_begin(&q, client, ASH_eval_result_score, agent, id);
	if (!guest_options(&o, sizeof o, options))
		ash_request_fail(&q, FRESHET_EINVAL);
	ash_body(&q);
	put_score(&q, &o);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}
