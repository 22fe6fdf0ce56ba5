/*
 * Reported runs: their beginning and their end. A run ends once; what comes behind its end is refused with 409, and
 * counted.
 */
#include "mockd/agentos/agentos.h"
#include "mockd/agentos/verify.h"

#include "mockd/server.h"

struct aos_run *aos_ingest_run(struct aos_call *call, struct uuid id, uint64_t late)
{
	struct aos_run *run = aos_run_of(call, id);
	if (run == NULL)
		return NULL;
	if (run->work == NULL && !aos_run_is_over(run))
		return run;
	run->late += late;
	aos_refuse(call, 409, "conflict", run->work != NULL ? "The run is done by the platform" : "The run has ended");
	return NULL;
}

void aos_ingest_start(struct aos_call *call)
{
	static const char *const triggers[] = {"manual", "scheduled", "webhook", "sdk", NULL};
	struct verify c;
	struct uuid agent;
	verify_body(&c, call);
	verify_uuid(&c, "agent_id", true, &agent);
	int trigger = verify_word(&c, "trigger_type", false, triggers);
	verify_object(&c, "input", false);
	const char *external = verify_string(&c, "external_run_id", false);
	if (!verify_end(&c))
		return;
	if (!uuid_equal(agent, call->key->agent->id)) {
		aos_refuse(call, 404, "not_found", "There is no such agent");
		return;
	}
	struct aos_run *run = aos_run_new(call->aos, call->key->agent, trigger >= 0 ? triggers[trigger] : "sdk");
	run->external_id = must_copy(external);
	aos_hook_run(run);
	aos_answer(call, 200, json_pack("{s:o}", aos_name(call->aos, AOS_FIELD_RUN_ID), aos_uuid(run->id)));
}

/* The run whose end this is; NULL when it was answered. */
static struct aos_run *end_of(struct aos_call *call, struct uuid id)
{
	struct aos_run *run = aos_run_of(call, id);
	if (run == NULL)
		return NULL;
	run->ends++;
	return aos_ingest_run(call, id, 0);
}

static void answer_end(struct aos_call *call, struct aos_run *run)
{
	aos_run_keep(run, AOS_ITEM_END, 0, call->request->body);
	aos_answer(call, 200,
		json_pack("{s:o, s:s}", aos_name(call->aos, AOS_FIELD_RUN_ID), aos_uuid(run->id),
			aos_name(call->aos, AOS_FIELD_STATUS), aos_run_status(run, false)));
}

void aos_ingest_complete(struct aos_call *call)
{
	struct verify c;
	struct uuid id;
	verify_body(&c, call);
	verify_uuid(&c, "run_id", true, &id);
	const json_t *output = verify_any(&c, "output");
	struct aos_run *run = verify_end(&c) ? end_of(call, id) : NULL;
	if (run == NULL)
		return;
	char *text = output != NULL ? aos_json_text(output) : NULL;
	aos_run_end(run, AOS_COMPLETED, text, NULL);
	free(text);
	answer_end(call, run);
}

void aos_ingest_fail(struct aos_call *call)
{
	struct verify c;
	struct uuid id;
	verify_body(&c, call);
	verify_uuid(&c, "run_id", true, &id);
	const char *message = verify_string(&c, "error_message", true);
	verify_any(&c, "error_detail");
	struct aos_run *run = verify_end(&c) ? end_of(call, id) : NULL;
	if (run == NULL)
		return;
	aos_run_end(run, AOS_FAILED, NULL, message);
	answer_end(call, run);
}
