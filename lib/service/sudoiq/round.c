/*
 * Happy path: when the calls of a round are answered, one request takes the answers to the service, which says that it has
 * them. There is one such request of a task at a time; what is answered meanwhile goes with the next.
 *
 * Failures: the request is repeated by itself, and when that does not help, again after a while, as often as a stream is.
 * What the service has already (409) counts as taken; when it names which, the rest is sent once more. On any other
 * conflict it is asked once how the run stands, since that is mostly over, which its stream has not told yet. Anything else
 * that it says is told to whoever follows the run.
 */
#include "answers.h"
#include "run.h"

/* ---- the answer ---- */

void sudoiq_round_accept(struct sudoiq_task *task, struct sudoiq_pending *pending)
{
	if (pending->state != PENDING_ANSWERED)
		return;
	pending->state = PENDING_ACCEPTED;
	pending->accepted = task->revision;
}

/* What was sent is under way no more; what the service has of it is settled. True when something is left over. */
static bool settle_sent(struct sudoiq_task *task, const struct sudoiq_verdict *verdict)
{
	bool left = false;
	for (struct sudoiq_pending *p = task->calls.first; p != NULL; p = p->next) {
		if (!p->sending)
			continue;
		p->sending = false;
		if (sudoiq_verdict_has(verdict, p->call_id))
			sudoiq_round_accept(task, p);
		left |= p->state == PENDING_ANSWERED;
	}
	return left;
}

static void send_again(freshet_timer *timer, void *user)
{
	struct sudoiq_task *task = user;
	(void)timer;
	task->again_set = false;
	sudoiq_task_ready(task);
}

/* After failures that may pass. False: it has been tried often enough, or there is no memory for a timer. */
static bool pause_sending(struct sudoiq_task *task, const freshet_outcome *outcome)
{
	freshet_sudoiq *client = task->client;
	uint64_t pause_ms;
	freshet_outcome seen = *outcome;
	/* The code is that of the service; what counts here is the status. */
	if (seen.http_status >= 300)
		seen.err = FRESHET_EHTTP_STATUS;
	task->failures++;
	if (!guest_backoff(&client->settings.stream_backoff, GUEST_AGAIN_ANY, &seen, task->failures,
		    sudoiq_random(client), &pause_ms))
		return false;
	if (task->again == NULL && freshet_timer_new(freshet_endpoint_reactor(client->guest.endpoint), send_again, task,
					   &task->again) != FRESHET_OK)
		return false;
	freshet_timer_set(task->again, pause_ms);
	task->again_set = true;
	return true;
}

static void log_lost(const struct sudoiq_task *task, const freshet_sudoiq_error *error)
{
	char line[GUEST_LINE_SIZE];
	if (!freshet_log_wanted(FRESHET_LOG_WARNING))
		return;
	guest_line(line, "sudoiq: task %lld: answers not delivered: %s", (long long)task->task_id,
		freshet_err_name(error->outcome.err));
	freshet_log(FRESHET_LOG_WARNING, line);
}

static void tell_lost(struct sudoiq_task *task, const freshet_sudoiq_error *error)
{
	freshet_sudoiq *client = task->client;
	log_lost(task, error);
	if (task->followers != NULL)
		sudoiq_runs_fail(task, error);
	else if (client->on_answers_lost != NULL)
		client->on_answers_lost(client, task->agent_id, task->task_id, error, client->user);
}

/* Nobody but the end of the endpoint cancels a request of the task's own. */
static bool is_ending(const struct sudoiq_task *task, const freshet_sudoiq_error *error)
{
	return task->client->closing || (error != NULL && error->outcome.err == FRESHET_ECANCELED);
}

/* What the status says was taken in before this. */
static void told_how_it_stands(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_status *status, void *user)
{
	struct sudoiq_task *task = user;
	struct sudoiq_kept *conflict = task->conflict;
	(void)call;
	(void)status;
	task->conflict = NULL;
	task->pins++;
	if (!freshet_sudoiq_phase_is_terminal(task->phase) && !is_ending(task, error))
		tell_lost(task, &conflict->error);
	task->pins--;
	freshet_mem_free(conflict);
	sudoiq_task_ready(task);
}

/* False: there is nobody to be told, or no memory. */
static bool ask_how_it_stands(struct sudoiq_task *task, const freshet_sudoiq_error *error)
{
	if (error->outcome.err != FRESHET_ECONFLICT || task->followers == NULL || task->conflict != NULL)
		return false;
	task->conflict = sudoiq_failure_keep(error);
	if (task->conflict != NULL && freshet_sudoiq_get_agent_task_status(task->client, task->agent_id, task->task_id,
					      told_how_it_stands, task, NULL) == FRESHET_OK)
		return true;
	freshet_mem_free(task->conflict);
	task->conflict = NULL;
	return false;
}

/* The answers stay; the next status that asks for them has them sent again. */
static void lose(struct sudoiq_task *task, const freshet_sudoiq_error *error)
{
	if (freshet_sudoiq_phase_is_terminal(task->phase) || is_ending(task, error))
		return;
	task->stuck = true;
	if (!ask_how_it_stands(task, error))
		tell_lost(task, error);
}

static void posted(freshet_sudoiq_call *call, const freshet_response *response, const freshet_sudoiq_error *error)
{
	struct sudoiq_task *task = call->user;
	struct sudoiq_verdict verdict = sudoiq_verdict_read(call->client, response, error);
	bool second = task->rest, left = settle_sent(task, &verdict);
	task->post = NULL;
	task->pins++;
	if (verdict.good)
		task->failures = 0;
	task->rest = verdict.good && left;
	if (verdict.good ? left && second : left && !pause_sending(task, &error->outcome))
		lose(task, error);
	task->pins--;
	sudoiq_task_ready(task);
}

/* ---- sending ---- */

static bool is_due(const struct sudoiq_task *task)
{
	bool each = task->client->settings.batch == FRESHET_SUDOIQ_BATCH_EACH, any = false;
	if (task->post != NULL || task->again_set || task->stuck || task->client->closing ||
		freshet_sudoiq_phase_is_terminal(task->phase))
		return false;
	for (const struct sudoiq_pending *p = task->calls.first; p != NULL; p = p->next) {
		if (p->by_hand)
			continue;
		if (!each && sudoiq_pending_is_open(p))
			return false;
		any |= p->state == PENDING_ANSWERED;
	}
	return any;
}

static void write_answers(struct sudoiq_task *task, freshet_json_writer *writer)
{
	for (struct sudoiq_pending *p = task->calls.first; p != NULL; p = p->next) {
		if (p->by_hand || p->state != PENDING_ANSWERED)
			continue;
		freshet_sudoiq_tool_result result = sudoiq_answer_of(p);
		sudoiq_answers_add(writer, &task->client->settings, &result, p->telemetry);
		p->sending = true;
	}
	sudoiq_answers_end(writer);
}

void sudoiq_round_send(struct sudoiq_task *task)
{
	const struct sudoiq_verdict nothing = {.good = false};
	struct sudoiq_ask ask;
	struct sudoiq_failure failure;
	if (!is_due(task))
		return;
	freshet_json_writer *writer = sudoiq_answers_begin(&ask, task->client, task->agent_id, task->task_id);
	if (writer != NULL)
		write_answers(task, writer);
	freshet_err err = sudoiq_ask_send(&ask, posted, NULL, task, &task->post);
	if (err == FRESHET_OK)
		return;
	sudoiq_failure_plain(&failure, err, NULL);
	settle_sent(task, &nothing);
	lose(task, &failure.error);
}
