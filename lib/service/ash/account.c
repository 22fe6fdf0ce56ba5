/*
 * The calls on the queue, credentials, API keys and usage, and on the server itself.
 */
#include "call.h"

freshet_err freshet_ash_queue_add(freshet_ash *client, const freshet_ash_queue_options *options,
	freshet_ash_queue_item_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	freshet_ash_queue_options o;
	freshet_ash_queue_options_init(&o);
	ash_request_begin(&q, client, ASH_queue_add, ASH_NONE, ASH_NONE);
	if (!guest_options(&o, sizeof o, options))
		ash_request_fail(&q, FRESHET_EINVAL);
	ash_need(&q, o.agent_name);
	ash_need(&q, o.prompt);
	ash_body(&q);
	ash_put_str(&q, "agentName", o.agent_name);
	ash_put_str(&q, "prompt", o.prompt);
	ash_put_id(&q, "sessionId", o.session_id);
	if (o.priority != 0)
		ash_put_int(&q, "priority", o.priority);
	if (o.has_max_retries)
		ash_put_int(&q, "maxRetries", o.max_retries);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_queue_list(freshet_ash *client, freshet_str status, uint32_t limit,
	freshet_ash_queue_item_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_queue_list, ASH_NONE, ASH_NONE);
	ash_query(&q, "status", status);
	if (limit != 0)
		ash_query_int(&q, "limit", limit);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_queue_stats_get(
	freshet_ash *client, freshet_ash_queue_stats_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_queue_stats_get, ASH_NONE, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_queue_get(
	freshet_ash *client, freshet_str id, freshet_ash_queue_item_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_queue_get, id, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_queue_cancel(
	freshet_ash *client, freshet_str id, freshet_ash_queue_item_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_queue_cancel, id, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_credential_create(freshet_ash *client, freshet_str type, freshet_str key, freshet_str label,
	freshet_ash_credential_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_credential_create, ASH_NONE, ASH_NONE);
	ash_need(&q, type);
	ash_need(&q, key);
	ash_body(&q);
	ash_put_str(&q, "type", type);
	ash_put_str(&q, "key", key);
	ash_put_str(&q, "label", label);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_credential_list(
	freshet_ash *client, freshet_ash_credential_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_credential_list, ASH_NONE, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_credential_delete(
	freshet_ash *client, freshet_str id, freshet_ash_done_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_credential_delete, id, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_api_key_create(
	freshet_ash *client, freshet_str label, freshet_ash_api_key_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_api_key_create, ASH_NONE, ASH_NONE);
	ash_body(&q);
	ash_put_str(&q, "label", label);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_api_key_list(
	freshet_ash *client, freshet_ash_api_key_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_api_key_list, ASH_NONE, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_api_key_delete(
	freshet_ash *client, freshet_str id, freshet_ash_done_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_api_key_delete, id, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

/* What is not given is not asked; `who` is what analytics do not know. */
static void query_usage(struct ash_request *q, const freshet_ash_usage_options *options, bool who, bool limit)
{
	freshet_ash_usage_options o;
	char id[GUEST_UUID_SIZE];
	freshet_ash_usage_options_init(&o);
	if (options != NULL && !guest_options(&o, sizeof o, options))
		ash_request_fail(q, FRESHET_EINVAL);
	if (who && o.session_id.ptr != NULL && !guest_uuid_read(o.session_id, id))
		ash_request_fail(q, FRESHET_EINVAL);
	if (who && o.session_id.ptr != NULL)
		ash_query(q, "sessionId", o.session_id);
	if (who)
		ash_query(q, "agentName", o.agent_name);
	ash_query(q, "after", o.after);
	ash_query(q, "before", o.before);
	if (limit && o.limit != 0)
		ash_query_int(q, "limit", o.limit);
}

freshet_err freshet_ash_usage_list(freshet_ash *client, const freshet_ash_usage_options *options,
	freshet_ash_usage_event_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_usage_list, ASH_NONE, ASH_NONE);
	query_usage(&q, options, true, true);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_usage_stats_get(freshet_ash *client, const freshet_ash_usage_options *options,
	freshet_ash_usage_stats_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_usage_stats_get, ASH_NONE, ASH_NONE);
	query_usage(&q, options, true, false);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_analytics_get(freshet_ash *client, const freshet_ash_usage_options *options,
	freshet_ash_analytics_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_analytics_get, ASH_NONE, ASH_NONE);
	query_usage(&q, options, false, false);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_health_get(freshet_ash *client, freshet_ash_health_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_health_get, ASH_NONE, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}

freshet_err freshet_ash_metrics_get(freshet_ash *client, freshet_ash_bytes_fn *done, void *user, freshet_ash_call **out)
{
	struct ash_request q;
	ash_request_begin(&q, client, ASH_metrics_get, ASH_NONE, ASH_NONE);
	return ash_request_send(&q, (ash_any_fn *)done, user, out);
}
