/*
 * Statuses from outside, such as webhooks, and tool rounds that the application leads itself.
 *
 * Happy path: a status is taken into its task, whose turn does the rest: it tells, calls handlers, sends answers. By hand
 * the turn gives the answers to the application instead, which sends them when it likes.
 */
#include "answers.h"
#include "run.h"

/* ---- taking statuses in ---- */

/* Tells those who follow the run, with what is known of its calls. */
static void tell_later(
	struct sudoiq_task *task, const freshet_sudoiq_status *status, const freshet_sudoiq_tool_call *calls)
{
	freshet_sudoiq_status told = *status;
	told.tool_calls = calls;
	if (sudoiq_task_tell_later(task, &told) != FRESHET_OK)
		sudoiq_runs_out_of_memory(task);
}

static freshet_err take(freshet_sudoiq *client, const freshet_sudoiq_status *status, bool by_hand,
	struct sudoiq_task **task, enum sudoiq_take *what)
{
	freshet_sudoiq_tool_call *calls = NULL;
	*what = SUDOIQ_TAKE_OLD;
	if (!guest_is_id(status->agent_id) || !status->has_task_id)
		return FRESHET_EINVAL;
	if (client->closing)
		return FRESHET_ESTATE;
	freshet_err err = sudoiq_task_get(client, status->agent_id, status->task_id, true, task);
	if (err != FRESHET_OK)
		return err;
	if (status->tool_call_count > 0) {
		calls = freshet_mem_new(status->tool_call_count, sizeof *calls);
		if (calls == NULL)
			return FRESHET_ENOMEM;
		memcpy(calls, status->tool_calls, status->tool_call_count * sizeof *calls);
	}
	err = sudoiq_task_take(*task, status, by_hand, calls, what);
	if (err == FRESHET_OK && *what == SUDOIQ_TAKE_NEWS)
		tell_later(*task, status, calls);
	freshet_mem_free(calls);
	return err;
}

freshet_err freshet_sudoiq_feed(freshet_sudoiq *client, const freshet_sudoiq_status *status, bool *news)
{
	struct sudoiq_task *task;
	enum sudoiq_take what;
	freshet_err err = take(client, status, false, &task, &what);
	if (news != NULL)
		*news = err == FRESHET_OK && what == SUDOIQ_TAKE_NEWS;
	return err;
}

/* ---- the calls of a status are run, and the answers given to the application ---- */

static bool is_answered(const struct sudoiq_processing *processing)
{
	for (size_t i = 0; i < processing->status->tool_call_count; i++) {
		freshet_str id = processing->status->tool_calls[i].call_id;
		const struct sudoiq_pending *p = sudoiq_pending_find(processing->task, id);
		if (p != NULL && sudoiq_pending_is_open(p))
			return false;
	}
	return true;
}

/* What the service is not known to have. */
static size_t gather(const struct sudoiq_processing *processing, freshet_sudoiq_tool_result *results)
{
	size_t count = 0;
	for (size_t i = 0; i < processing->status->tool_call_count; i++) {
		freshet_str id = processing->status->tool_calls[i].call_id;
		const struct sudoiq_pending *p = sudoiq_pending_find(processing->task, id);
		if (p != NULL && p->state == PENDING_ANSWERED)
			results[count++] = sudoiq_answer_of(p);
	}
	return count;
}

static void processing_free(struct sudoiq_processing *processing)
{
	freshet_sudoiq_status_free(processing->status);
	freshet_mem_free(processing);
}

static void give_error(struct sudoiq_processing *processing, freshet_err err)
{
	struct freshet_sudoiq_call *call = &processing->call;
	struct sudoiq_failure failure;
	sudoiq_failure_plain(&failure, err, NULL);
	((freshet_sudoiq_results_fn *)call->done)(call, &failure.error, NULL, 0, call->user);
}

/* The answers lie in the pending calls, whose end a callback may bring: they are copied. */
static void give_results(struct sudoiq_processing *processing)
{
	struct freshet_sudoiq_call *call = &processing->call;
	freshet_sudoiq_tool_result *results = freshet_mem_new(processing->status->tool_call_count + 1, sizeof *results);
	size_t count = results != NULL ? gather(processing, results) : 0;
	size_t size = sudoiq_results_size(results, count);
	char *texts = results != NULL ? freshet_mem_new(1, size + 1) : NULL;
	if (texts != NULL) {
		sudoiq_results_move(results, count, texts);
		((freshet_sudoiq_results_fn *)call->done)(call, NULL, results, count, call->user);
		guest_wipe(texts, size);
	} else {
		give_error(processing, FRESHET_ENOMEM);
	}
	freshet_mem_free(texts);
	freshet_mem_free(results);
}

void sudoiq_round_process(struct sudoiq_task *task)
{
	struct sudoiq_processing **at = &task->processings;
	while (*at != NULL) {
		struct sudoiq_processing *processing = *at;
		bool canceled = processing->canceled || task->client->closing;
		if (!canceled && !is_answered(processing)) {
			at = &processing->next;
			continue;
		}
		*at = processing->next;
		if (canceled)
			give_error(processing, FRESHET_ECANCELED);
		else
			give_results(processing);
		processing_free(processing);
		/* The callback may have added others. */
		at = &task->processings;
	}
}

static void cancel_processing(freshet_sudoiq_call *call)
{
	struct sudoiq_processing *processing = call->owner;
	processing->canceled = true;
	sudoiq_task_ready(processing->task);
}

static void begin_processing(struct sudoiq_processing *processing, struct sudoiq_task *task)
{
	processing->task = task;
	processing->call.client = task->client;
	processing->call.cancel = cancel_processing;
	processing->call.owner = processing;
	processing->next = task->processings;
	task->processings = processing;
	sudoiq_task_ready(task);
}

freshet_err freshet_sudoiq_process_webhook_tools(freshet_sudoiq *client, const freshet_sudoiq_status *status,
	freshet_sudoiq_results_fn *done, void *user, freshet_sudoiq_call **out)
{
	struct sudoiq_task *task;
	enum sudoiq_take what;
	if (out != NULL)
		*out = NULL;
	if (done == NULL)
		return FRESHET_EINVAL;
	struct sudoiq_processing *processing = freshet_mem_new(1, sizeof *processing);
	if (processing == NULL)
		return FRESHET_ENOMEM;
	freshet_err err = freshet_sudoiq_status_copy(status, &processing->status);
	if (err == FRESHET_OK)
		err = take(client, status, true, &task, &what);
	if (err != FRESHET_OK) {
		processing_free(processing);
		return err;
	}
	processing->call.done = (sudoiq_any_fn *)done;
	processing->call.user = user;
	begin_processing(processing, task);
	if (out != NULL)
		*out = &processing->call;
	return FRESHET_OK;
}

/* ---- answers of the application's ---- */

/* What is sent, kept so that what is left over can be sent again; its texts lie behind it. */
struct sent {
	struct freshet_sudoiq_call call; /* what the application holds */
	freshet_sudoiq_call *request;
	freshet_str agent_id;
	int64_t task_id;
	size_t count;
	size_t size; /* to be wiped */
	bool rest;   /* it is what was left over */
	freshet_sudoiq_tool_result results[];
};

static void sent_free(struct sent *sent)
{
	guest_wipe(sent, sent->size);
	freshet_mem_free(sent);
}

static struct sent *sent_new(freshet_str agent_id, const freshet_sudoiq_tool_result *results, size_t count)
{
	size_t head = sizeof(struct sent) + count * sizeof *results;
	size_t size = head + agent_id.len + sudoiq_results_size(results, count);
	struct sent *sent = freshet_mem_new(1, size);
	if (sent == NULL)
		return NULL;
	char *at = (char *)sent + head;
	sent->size = size;
	sent->count = count;
	sent->agent_id = (freshet_str){at, agent_id.len};
	memcpy(at, agent_id.ptr, agent_id.len);
	memcpy(sent->results, results, count * sizeof *results);
	sudoiq_results_move(sent->results, count, at + agent_id.len);
	return sent;
}

static void cancel_sent(freshet_sudoiq_call *call)
{
	struct sent *sent = call->owner;
	freshet_sudoiq_call_cancel(sent->request);
}

static void was_sent(freshet_sudoiq_call *call, const freshet_response *response, const freshet_sudoiq_error *error);

static freshet_err send_answers(freshet_sudoiq *client, struct sent *sent)
{
	struct sudoiq_ask ask;
	freshet_json_writer *writer = sudoiq_answers_begin(&ask, client, sent->agent_id, sent->task_id);
	if (writer != NULL) {
		for (size_t i = 0; i < sent->count; i++)
			sudoiq_answers_add(writer, &client->settings, &sent->results[i], NULL);
		sudoiq_answers_end(writer);
	}
	return sudoiq_ask_send(&ask, was_sent, NULL, sent, &sent->request);
}

/* What the service has is settled; what is left over stays in `sent`. */
static void take_verdict(freshet_sudoiq *client, struct sent *sent, const struct sudoiq_verdict *verdict)
{
	struct sudoiq_task *task = sudoiq_task_find(client, sent->agent_id, sent->task_id);
	size_t left = 0;
	for (size_t i = 0; i < sent->count; i++) {
		freshet_str id = sent->results[i].call_id;
		struct sudoiq_pending *p = task != NULL ? sudoiq_pending_find(task, id) : NULL;
		if (!sudoiq_verdict_has(verdict, id))
			sent->results[left++] = sent->results[i];
		else if (p != NULL)
			sudoiq_round_accept(task, p);
	}
	sent->count = left;
}

static void give_sent(struct sent *sent, const freshet_response *response, const freshet_sudoiq_error *error)
{
	struct freshet_sudoiq_call *call = &sent->call;
	freshet_sudoiq_status_fn *done = (freshet_sudoiq_status_fn *)call->done;
	struct sudoiq_reading reading;
	if (error != NULL) {
		done(call, error, NULL, call->user);
		return;
	}
	freshet_json_scratch *scratch = guest_scratch_begin(&call->client->scratch, response->body.len);
	bool read = sudoiq_status_read(&reading, &call->client->names, response->body, SUDOIQ_NEED_STATUS, scratch,
			    NULL) == FRESHET_OK;
	done(call, NULL, read ? &reading.status : NULL, call->user);
	if (read)
		sudoiq_reading_clear(&reading);
}

static void was_sent(freshet_sudoiq_call *request, const freshet_response *response, const freshet_sudoiq_error *error)
{
	freshet_sudoiq *client = request->client;
	struct sent *sent = request->user;
	struct sudoiq_verdict verdict = sudoiq_verdict_read(client, response, error);
	take_verdict(client, sent, &verdict);
	if (verdict.already && sent->count > 0 && !sent->rest) {
		sent->rest = true;
		if (send_answers(client, sent) == FRESHET_OK)
			return;
	}
	give_sent(sent, response, sent->count == 0 ? NULL : error);
	sent_free(sent);
}

freshet_err freshet_sudoiq_send_tool_responses(freshet_sudoiq *client, freshet_str agent_id, int64_t task_id,
	const freshet_sudoiq_tool_result *results, size_t count, freshet_sudoiq_status_fn *done, void *user,
	freshet_sudoiq_call **out)
{
	if (out != NULL)
		*out = NULL;
	if (done == NULL || !guest_is_id(agent_id) || count == 0)
		return FRESHET_EINVAL;
	struct sent *sent = sent_new(agent_id, results, count);
	if (sent == NULL)
		return FRESHET_ENOMEM;
	sent->task_id = task_id;
	sent->call.client = client;
	sent->call.done = (sudoiq_any_fn *)done;
	sent->call.user = user;
	sent->call.cancel = cancel_sent;
	sent->call.owner = sent;
	freshet_err err = send_answers(client, sent);
	if (err != FRESHET_OK)
		sent_free(sent);
	else if (out != NULL)
		*out = &sent->call;
	return err;
}
