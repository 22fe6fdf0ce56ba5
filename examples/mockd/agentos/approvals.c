/*
 * Approvals: what an agent may not do before somebody has said yes. One that nobody decides within a day counts as
 * rejected.
 */
#include "mockd/agentos/agentos.h"
#include "mockd/agentos/verify.h"

#include "mockd/server.h"

#define PATIENCE_US (24 * 3600 * (uint64_t)US_PER_S)

void aos_approval_drop(struct aos_approval *approval)
{
	clock_unset(&approval->run->aos->mockd->clock, &approval->expiry);
	list_remove(&approval->node);
}

static void decide(struct aos_approval *approval, bool approved)
{
	aos_approval_drop(approval);
	approval->approved = approved;
	aos_work_decided(approval->run->work, approved);
}

static void on_expiry(struct alarm *alarm)
{
	decide(container_of(alarm, struct aos_approval, expiry), false);
}

struct aos_approval *aos_approval_new(struct aos_run *run, const char *tool, const char *input)
{
	struct aos *a = run->aos;
	struct aos_approval *approval = must_alloc(sizeof *approval);
	*approval = (struct aos_approval){.id = uuid_new(&a->mockd->random),
		.expiry = {.fire = on_expiry},
		.run = run,
		.tool = must_copy(tool),
		.input = must_copy(input),
		.expires_us = aos_wall_us(a) + PATIENCE_US};
	list_push_back(&a->approvals, &approval->node);
	uuid_table_put(&a->approvals_by_id, approval->id, approval);
	clock_set(&a->mockd->clock, &approval->expiry, clock_now_us(&a->mockd->clock) + PATIENCE_US);
	return approval;
}

void aos_approvals_clear(struct aos *a)
{
	for (size_t i = 0; i < a->approvals_by_id.capacity; i++) {
		struct aos_approval *approval = a->approvals_by_id.slots[i].object;
		if (approval == NULL)
			continue;
		free(approval->tool);
		free(approval->input);
		free(approval);
	}
	uuid_table_clear(&a->approvals_by_id);
}

static json_t *approval_json(const struct aos_approval *approval)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:s, s:o}", "id", aos_uuid(approval->id), "run_id",
		aos_uuid(approval->run->id), "agent_id", aos_uuid(approval->run->agent->id), "tool", approval->tool,
		"input", aos_json(approval->input), "status", "pending", "expires_at", aos_time(approval->expires_us));
}

void aos_approvals_list(struct aos_call *call)
{
	json_t *list = json_array();
	list_each (node, &call->aos->approvals)
		json_array_append_new(list, approval_json(container_of(node, struct aos_approval, node)));
	aos_answer(call, 200, json_pack("{s:o}", aos_name(call->aos, AOS_FIELD_APPROVALS), list));
}

void aos_approvals_decide(struct aos_call *call)
{
	static const char *const decisions[] = {"approve", "reject", NULL};
	struct verify c;
	verify_body(&c, call);
	int decision = verify_word(&c, "decision", true, decisions);
	if (!call->aos->mockd->options.agentos_strict)
		verify_string(&c, "reason", false);
	if (!verify_end(&c))
		return;
	struct aos_approval *approval = uuid_table_get(&call->aos->approvals_by_id, call->id);
	if (approval == NULL || approval->run->deleted) {
		aos_refuse(call, 404, "not_found", "There is no such approval");
		return;
	}
	if (list_empty(&approval->node)) {
		aos_refuse(call, 409, "conflict", "It was %s before", approval->approved ? "approved" : "rejected");
		return;
	}
	decide(approval, decision == 0);
	aos_answer(call, 200,
		json_pack(
			"{s:o, s:s}", "id", aos_uuid(approval->id), "status", decision == 0 ? "approved" : "rejected"));
}
