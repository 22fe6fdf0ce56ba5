/*
 * Happy path: WAITING, its handler is called: RUNNING, it finishes: FINISHED, which is told and becomes ANSWERED; the
 * service takes the answer: ACCEPTED; a newer status has the call no more: OVER.
 *
 * Failures: no handler, no time left and no memory are answers too, which say so. One that others have answered meanwhile,
 * or whose run is over, is DROPPED while its handler is at it: the handler is told, and what it answers goes nowhere.
 */
#include "pending.h"

#include "run.h"
#include "task.h"

#include "guest/failure.h"
#include "guest/writing.h"

#include <stdio.h>

/* The answer where there is no memory to say what went wrong. */
#define NO_MEMORY "{\"error\":\"out of memory\"}"

const char *freshet_sudoiq_tool_outcome_name(freshet_sudoiq_tool_outcome outcome)
{
	switch (outcome) {
	case FRESHET_SUDOIQ_TOOL_OK: return "ok";
	case FRESHET_SUDOIQ_TOOL_ERROR: return "error";
	case FRESHET_SUDOIQ_TOOL_TIMEOUT: return "timeout";
	case FRESHET_SUDOIQ_TOOL_CANCELED: return "cancelled";
	case FRESHET_SUDOIQ_TOOL_NO_HANDLER: return "no_handler";
	}
	return "unknown";
}

/* ---- life ---- */

static struct sudoiq_calls *list_of(const struct sudoiq_pending *pending)
{
	return pending->state == PENDING_OVER ? &pending->task->over : &pending->task->calls;
}

static void append(struct sudoiq_pending *pending)
{
	struct sudoiq_calls *list = list_of(pending);
	pending->previous = list->last;
	pending->next = NULL;
	*(list->last != NULL ? &list->last->next : &list->first) = pending;
	list->last = pending;
}

static void take_out(struct sudoiq_pending *pending)
{
	struct sudoiq_calls *list = list_of(pending);
	*(pending->previous != NULL ? &pending->previous->next : &list->first) = pending->next;
	*(pending->next != NULL ? &pending->next->previous : &list->last) = pending->previous;
}

freshet_err sudoiq_pending_new(
	struct sudoiq_task *task, const freshet_sudoiq_tool_call *call, struct sudoiq_pending **out)
{
	size_t size = call->call_id.len + call->name.len + call->space.len;
	freshet_err err = guest_map_reserve(&task->ids);
	if (err != FRESHET_OK)
		return err;
	struct sudoiq_pending *pending = freshet_mem_new(1, sizeof *pending + size);
	if (pending == NULL)
		return FRESHET_ENOMEM;
	pending->invocation = sudoiq_invocation_new(task->client, task->agent_id, task->task_id, call);
	if (pending->invocation == NULL) {
		freshet_mem_free(pending);
		return FRESHET_ENOMEM;
	}
	char *at = (char *)(pending + 1);
	pending->invocation->pending = pending;
	pending->task = task;
	pending->state = PENDING_WAITING;
	pending->call_id = guest_put(&at, call->call_id);
	pending->name = guest_put(&at, call->name);
	pending->space = guest_put(&at, call->space);
	guest_map_put(&task->ids, &pending->entry, guest_hash(&task->ids, call->call_id, 0));
	append(pending);
	*out = pending;
	return FRESHET_OK;
}

/* It has nothing more to do with the handler. */
static void let_go(struct sudoiq_pending *pending)
{
	freshet_timer_free(pending->timer);
	pending->timer = NULL;
	if (pending->invocation != NULL)
		pending->invocation->pending = NULL;
	sudoiq_invocation_drop(pending->invocation);
	pending->invocation = NULL;
}

static void drop_answer(struct sudoiq_pending *pending)
{
	guest_wipe(pending->answer, pending->answer_len);
	freshet_mem_free(pending->answer);
	guest_free_secret(pending->message);
	guest_free_secret(pending->telemetry);
	pending->answer = pending->message = pending->telemetry = NULL;
	pending->answer_len = 0;
}

void sudoiq_pending_free(struct sudoiq_pending *pending)
{
	take_out(pending);
	guest_map_remove(&pending->task->ids, &pending->entry);
	let_go(pending);
	drop_answer(pending);
	freshet_mem_free(pending);
}

static struct sudoiq_pending *pending_of(struct guest_map_entry *entry)
{
	return guest_client(entry, struct sudoiq_pending, entry);
}

struct sudoiq_pending *sudoiq_pending_find(const struct sudoiq_task *task, freshet_str call_id)
{
	struct guest_map_entry *e = guest_map_first(&task->ids, guest_hash(&task->ids, call_id, 0));
	while (e != NULL && !freshet_str_equal(pending_of(e)->call_id, call_id))
		e = guest_map_next(e);
	return e != NULL ? pending_of(e) : NULL;
}

bool sudoiq_pending_is_open(const struct sudoiq_pending *pending)
{
	return pending->state == PENDING_WAITING || pending->state == PENDING_RUNNING ||
	       pending->state == PENDING_FINISHED;
}

void sudoiq_pending_over(struct sudoiq_pending *pending)
{
	take_out(pending);
	pending->state = PENDING_OVER;
	append(pending);
	let_go(pending);
	drop_answer(pending);
}

/* ---- answers ---- */

freshet_str sudoiq_pending_answer(const struct sudoiq_pending *pending)
{
	if (pending->answer == NULL)
		return freshet_str_of(sudoiq_pending_failed(pending) ? NO_MEMORY : "");
	return (freshet_str){pending->answer, pending->answer_len};
}

/* {"error":"..."}, for the caller to free; NULL without memory. */
static char *error_answer(freshet_str message)
{
	freshet_json_writer *writer;
	freshet_str text;
	char *copy = NULL;
	if (guest_writer(0, &writer) != FRESHET_OK)
		return NULL;
	freshet_json_write_object(writer);
	guest_write(writer, "error", message);
	freshet_json_write_end(writer);
	if (freshet_json_writer_text(writer, &text) == FRESHET_OK)
		copy = guest_copy(text);
	freshet_json_writer_free(writer);
	return copy;
}

static void set_answer(struct sudoiq_pending *pending, freshet_sudoiq_tool_outcome outcome, char *answer, size_t len)
{
	pending->outcome = outcome;
	pending->answer = answer;
	pending->answer_len = len;
	pending->duration_ms = pending->began_ms != 0 ? guest_now_ms() - pending->began_ms : 0;
}

/* An answer of the library's own; without memory it says just that. */
static void answer_for(struct sudoiq_pending *pending, freshet_sudoiq_tool_outcome outcome, const char *message)
{
	char *answer = error_answer(freshet_str_of(message));
	set_answer(pending, outcome, answer, answer != NULL ? strlen(answer) : 0);
	pending->message = guest_copy(freshet_str_of(message));
}

/* Its handler is at it no more, and neither is the clock: what comes first counts. */
static void stop_running(struct sudoiq_pending *pending)
{
	pending->task->running--;
	freshet_timer_free(pending->timer);
	pending->timer = NULL;
}

freshet_err sudoiq_pending_finish(struct sudoiq_pending *pending, freshet_str text, bool failed)
{
	if (pending == NULL || pending->state != PENDING_RUNNING)
		return FRESHET_ESTATE;
	freshet_str given = {text.ptr != NULL ? text.ptr : "", text.len};
	char *answer = failed ? error_answer(given) : guest_copy(given);
	char *message = failed ? guest_copy(given) : NULL;
	if (answer == NULL || (failed && message == NULL)) {
		guest_free_secret(answer);
		guest_free_secret(message);
		return FRESHET_ENOMEM;
	}
	set_answer(pending, failed ? FRESHET_SUDOIQ_TOOL_ERROR : FRESHET_SUDOIQ_TOOL_OK, answer,
		failed ? strlen(answer) : text.len);
	pending->message = message;
	pending->state = PENDING_FINISHED;
	stop_running(pending);
	sudoiq_task_ready(pending->task);
	return FRESHET_OK;
}

void sudoiq_pending_lose_answer(struct sudoiq_pending *pending)
{
	set_answer(pending, FRESHET_SUDOIQ_TOOL_ERROR, NULL, 0);
	pending->state = PENDING_FINISHED;
	stop_running(pending);
	sudoiq_task_ready(pending->task);
}

/* ---- telling ---- */

/* The record for the wire; NULL without memory, and then it is not sent. */
static char *write_telemetry(const freshet_sudoiq_tool_record *record)
{
	freshet_json_writer *writer;
	freshet_str text;
	char *copy = NULL;
	if (guest_writer(0, &writer) != FRESHET_OK)
		return NULL;
	freshet_json_write_object(writer);
	guest_write(writer, "started_at", record->started_at);
	freshet_json_write_key(writer, "duration_ms");
	freshet_json_write_uint64(writer, record->duration_ms);
	guest_write(writer, "outcome", freshet_str_of(freshet_sudoiq_tool_outcome_name(record->outcome)));
	guest_write_filled(writer, "error_message", record->error_message);
	freshet_json_write_key(writer, "args_bytes");
	freshet_json_write_uint64(writer, record->args_bytes);
	freshet_json_write_key(writer, "result_bytes");
	freshet_json_write_uint64(writer, record->result_bytes);
	guest_write(writer, "trace_id", record->trace_id);
	freshet_json_write_end(writer);
	if (freshet_json_writer_text(writer, &text) == FRESHET_OK)
		copy = guest_copy(text);
	freshet_json_writer_free(writer);
	return copy;
}

/* What a record points to, whatever the callbacks do to the call. */
struct told {
	freshet_sudoiq_tool_record record;
	freshet_sudoiq_invocation *invocation;
	char *message;
	char started_at[GUEST_TIME_SIZE];
	char trace_id[SUDOIQ_TRACE_SIZE];
};

static void fill_record(struct told *told, const struct sudoiq_pending *pending)
{
	const freshet_sudoiq_invocation_info *info = &told->invocation->info;
	memcpy(told->started_at, pending->started_at, sizeof told->started_at);
	memcpy(told->trace_id, pending->task->trace_id, sizeof told->trace_id);
	told->record = (freshet_sudoiq_tool_record){
		.agent_id = info->agent_id,
		.task_id = info->task_id,
		.call_id = info->call_id,
		.name = info->name,
		.space = info->space,
		.started_at = freshet_str_of(told->started_at),
		.duration_ms = pending->duration_ms,
		.outcome = pending->outcome,
		.error_message = freshet_str_of(told->message),
		.args_bytes = info->args.len,
		.result_bytes =
			pending->outcome != FRESHET_SUDOIQ_TOOL_CANCELED ? sudoiq_pending_answer(pending).len : 0,
		.trace_id = freshet_str_of(told->trace_id),
	};
}

static void log_record(const freshet_sudoiq_tool_record *r)
{
	char line[GUEST_LINE_SIZE];
	if (!freshet_log_wanted(FRESHET_LOG_DEBUG))
		return;
	guest_line(line, "sudoiq: task %lld: tool %.*s/%.*s: %s after %llu ms, %zu bytes in, %zu out",
		(long long)r->task_id, guest_shown(r->space), r->space.ptr, guest_shown(r->name), r->name.ptr,
		freshet_sudoiq_tool_outcome_name(r->outcome), (unsigned long long)r->duration_ms, r->args_bytes,
		r->result_bytes);
	freshet_log(FRESHET_LOG_DEBUG, line);
}

/* Takes the invocation out; the caller drops it. */
static freshet_sudoiq_invocation *take_invocation(struct sudoiq_pending *pending)
{
	freshet_sudoiq_invocation *invocation = pending->invocation;
	pending->invocation = NULL;
	invocation->pending = NULL;
	return invocation;
}

/* Calls the application; the pending call may be gone afterwards. */
static void tell(freshet_sudoiq *client, const struct told *told)
{
	freshet_sudoiq_invocation *invocation = told->invocation;
	bool given_up = told->record.outcome == FRESHET_SUDOIQ_TOOL_CANCELED ||
			told->record.outcome == FRESHET_SUDOIQ_TOOL_TIMEOUT;
	log_record(&told->record);
	if (client->on_tool_record != NULL)
		client->on_tool_record(client, &told->record, client->user);
	if (given_up && invocation->canceled != NULL)
		invocation->canceled(invocation, invocation->user);
}

void sudoiq_pending_settle(struct sudoiq_pending *pending)
{
	freshet_sudoiq *client = pending->task->client;
	struct told told = {.invocation = take_invocation(pending), .message = pending->message};
	pending->message = NULL;
	fill_record(&told, pending);
	if (pending->state == PENDING_DROPPED)
		sudoiq_pending_over(pending);
	else
		pending->state = PENDING_ANSWERED;
	if (pending->state == PENDING_ANSWERED && client->settings.send_tool_telemetry && !pending->by_hand)
		pending->telemetry = write_telemetry(&told.record);
	tell(client, &told);
	sudoiq_invocation_drop(told.invocation);
	guest_free_secret(told.message);
}

void sudoiq_pending_drop(struct sudoiq_pending *pending)
{
	if (pending->state == PENDING_RUNNING) {
		stop_running(pending);
		set_answer(pending, FRESHET_SUDOIQ_TOOL_CANCELED, NULL, 0);
	}
	if (pending->state == PENDING_RUNNING || pending->state == PENDING_FINISHED) {
		pending->state = PENDING_DROPPED;
		sudoiq_task_ready(pending->task);
	} else if (pending->state != PENDING_DROPPED) {
		sudoiq_pending_over(pending);
	}
}

/* ---- starting ---- */

static void too_slow(freshet_timer *timer, void *user)
{
	struct sudoiq_pending *pending = user;
	(void)timer;
	answer_for(pending, FRESHET_SUDOIQ_TOOL_TIMEOUT, "the tool took too long");
	pending->state = PENDING_FINISHED;
	stop_running(pending);
	sudoiq_task_ready(pending->task);
}

/* It is answered without a handler, and told like one. */
static void answer_at_once(struct sudoiq_pending *pending, freshet_sudoiq_tool_outcome outcome, const char *message)
{
	answer_for(pending, outcome, message);
	pending->state = PENDING_FINISHED;
	sudoiq_pending_settle(pending);
}

static freshet_err start_unknown(struct sudoiq_pending *pending)
{
	char message[GUEST_LINE_SIZE];
	switch (pending->task->client->settings.unknown_tool) {
	case FRESHET_SUDOIQ_UNKNOWN_LEAVE_PENDING: pending->state = PENDING_LEFT; return FRESHET_OK;
	case FRESHET_SUDOIQ_UNKNOWN_FAIL: pending->state = PENDING_LEFT; return FRESHET_EUNSUPPORTED;
	case FRESHET_SUDOIQ_UNKNOWN_REPLY_ERROR: break;
	}
	guest_line(message, "no tool %.*s", guest_shown(pending->name), pending->name.ptr);
	answer_at_once(pending, FRESHET_SUDOIQ_TOOL_NO_HANDLER, message);
	return FRESHET_OK;
}

static bool set_timer(struct sudoiq_pending *pending, uint64_t timeout_ms)
{
	freshet_reactor *reactor = freshet_endpoint_reactor(pending->task->client->guest.endpoint);
	if (timeout_ms == UINT64_MAX)
		return true;
	if (freshet_timer_new(reactor, too_slow, pending, &pending->timer) != FRESHET_OK)
		return false;
	freshet_timer_set(pending->timer, timeout_ms);
	return true;
}

freshet_err sudoiq_pending_start(struct sudoiq_pending *pending)
{
	struct sudoiq_task *task = pending->task;
	freshet_sudoiq *client = task->client;
	freshet_sudoiq_invocation *invocation = pending->invocation;
	const freshet_sudoiq_tool *tool = sudoiq_tools_find(&client->tools, pending->space, pending->name);
	guest_time_write(guest_wall_ms(), pending->started_at);
	pending->began_ms = guest_now_ms();
	if (tool == NULL)
		return start_unknown(pending);
	if (invocation->info.args.len > client->settings.max_args) {
		answer_at_once(pending, FRESHET_SUDOIQ_TOOL_ERROR, "the arguments are larger than allowed");
		return FRESHET_OK;
	}
	if (!set_timer(pending, tool->timeout_ms != 0 ? tool->timeout_ms : client->settings.tool_timeout_ms)) {
		answer_at_once(pending, FRESHET_SUDOIQ_TOOL_ERROR, "out of memory");
		return FRESHET_OK;
	}
	pending->state = PENDING_RUNNING;
	task->running++;
	sudoiq_runs_count_call(task);
	invocation->canceled = tool->canceled;
	invocation->user = tool->user;
	sudoiq_invocation_hold(invocation);
	tool->handler(invocation, tool->user);
	return FRESHET_OK;
}
