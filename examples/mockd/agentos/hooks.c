/*
 * Webhooks that AgentOS sends (contract 10): best effort, up to three more tries with waits that double.
 */
#include "mockd/agentos/agentos.h"

#include "mockd/server.h"

static const uint32_t retry_ms[] = {1000, 2000, 4000};

/* The usual style and the other one. */
static const struct webhook_style styles[] = {
	{.platform = "agentos",
		.signature_header = "X-AgentOS-Signature",
		.signature_prefix = "",
		.retry_ms = retry_ms,
		.retry_count = sizeof retry_ms / sizeof retry_ms[0],
		.timeout_ms = 10000},
	{.platform = "agentos",
		.signature_header = "X-Hook-Signature",
		.signature_prefix = "sha256=",
		.base64 = true,
		.retry_ms = retry_ms,
		.retry_count = sizeof retry_ms / sizeof retry_ms[0],
		.timeout_ms = 10000},
};

struct webhook *aos_hooks_new(struct aos *a)
{
	return webhook_new(a->mockd, &styles[a->mockd->options.agentos_renamed]);
}

/* Sends it in the envelope; `data` is given up. `run` NULL: it is of none. */
static void send_hook(
	struct aos *a, const struct aos_agent *agent, struct aos_run *run, const char *event, json_t *data)
{
	char key[UUID_TEXT + 1] = "";
	if (run != NULL)
		uuid_write(run->id, key);
	json_t *body = json_pack("{s:s, s:o, s:o, s:o, s:o}", "event", event, "timestamp", aos_time(aos_wall_us(a)),
		"workspace_id", aos_uuid(a->workspace), "agent_id", aos_uuid(agent->id), "data", data);
	char *text = aos_json_text(body);
	webhook_send(a->webhook, run != NULL ? &run->hooks : NULL, key, event, freshet_str_of(text));
	free(text);
	json_decref(body);
}

static json_t *end_of(const struct aos_run *run)
{
	if (run->status == AOS_FAILED)
		return json_pack("{s:o, s:s, s:o, s:o}", "run_id", aos_uuid(run->id), "error_message",
			run->error_message, "started_at", aos_time(run->started_us), "failed_at",
			aos_time(run->ended_us));
	return json_pack("{s:o, s:s, s:o, s:o, s:I, s:o}", "run_id", aos_uuid(run->id), "trigger_type", run->trigger,
		"started_at", aos_time(run->started_us), "completed_at", aos_time(run->ended_us), "duration_ms",
		(json_int_t)((run->ended_us - run->started_us) / US_PER_MS), "output", aos_json(run->output));
}

void aos_hook_run(struct aos_run *run)
{
	if (!webhook_is_on(run->aos->webhook))
		return;
	if (aos_run_is_over(run))
		send_hook(run->aos, run->agent, run, run->status == AOS_FAILED ? "run.failed" : "run.completed",
			end_of(run));
	else
		send_hook(run->aos, run->agent, run, "run.started",
			json_pack("{s:o, s:s, s:o}", "run_id", aos_uuid(run->id), "trigger_type", run->trigger,
				"started_at", aos_time(run->started_us)));
}

void aos_hook_approval(const struct aos_approval *approval)
{
	struct aos_run *run = approval->run;
	if (webhook_is_on(run->aos->webhook))
		send_hook(run->aos, run->agent, run, "approval.requested",
			json_pack("{s:o, s:o, s:s, s:o, s:o}", "run_id", aos_uuid(run->id), "approval_id",
				aos_uuid(approval->id), "tool", approval->tool, "input", aos_json(approval->input),
				"expires_at", aos_time(approval->expires_us)));
}

bool mockd_agentos_alert(struct mockd *m, const char *data)
{
	json_t *json = json_loads(data, 0, NULL);
	struct aos *a = m->aos;
	bool good = json_is_object(json) && webhook_is_on(a->webhook);
	if (good)
		send_hook(a, container_of(a->agents.next, struct aos_agent, node), NULL, "alert.triggered", json);
	else
		json_decref(json);
	return good;
}
