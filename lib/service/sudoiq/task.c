/*
 * Happy path: the first status of a run makes its task, each later one is taken in: new tool calls join the list, those
 * that are no longer asked for are over. What came of that is done in a later turn: news are told, handlers are called,
 * answers are sent. Nothing here calls the application but the turn.
 *
 * Tasks that nobody follows stay in a row, so that what comes late or twice finds them; past the bound the oldest that
 * has nothing to do goes.
 */
#include "task.h"

#include "run.h"

#include <stdio.h>

#define FIRST_BUCKETS 16
/* Of the row, when one joins it. */
#define LOOKED_AT 4

/* ---- the table ---- */

static size_t bucket_of(freshet_str agent_id, int64_t task_id, size_t count)
{
	uint64_t hash = 14695981039346656037u ^ (uint64_t)task_id * 0x9e3779b97f4a7c15u;
	for (size_t i = 0; i < agent_id.len; i++)
		hash = (hash ^ (unsigned char)agent_id.ptr[i]) * 1099511628211u;
	return (size_t)(hash ^ (hash >> 32)) & (count - 1);
}

static void put(struct sudoiq_task **buckets, size_t count, struct sudoiq_task *task)
{
	struct sudoiq_task **head = &buckets[bucket_of(task->agent_id, task->task_id, count)];
	task->next = *head;
	*head = task;
}

static bool make_room(struct sudoiq_tasks *tasks)
{
	if (tasks->count < tasks->bucket_count)
		return true;
	size_t count = tasks->bucket_count != 0 ? tasks->bucket_count * 2 : FIRST_BUCKETS;
	struct sudoiq_task **buckets = freshet_mem_new(count, sizeof *buckets);
	if (buckets == NULL)
		return false;
	for (size_t i = 0; i < tasks->bucket_count; i++) {
		for (struct sudoiq_task *t = tasks->buckets[i], *next; t != NULL; t = next) {
			next = t->next;
			put(buckets, count, t);
		}
	}
	freshet_mem_free(tasks->buckets);
	tasks->buckets = buckets;
	tasks->bucket_count = count;
	return true;
}

struct sudoiq_task *sudoiq_task_find(const freshet_sudoiq *client, freshet_str agent_id, int64_t task_id)
{
	const struct sudoiq_tasks *tasks = &client->tasks;
	if (tasks->bucket_count == 0)
		return NULL;
	struct sudoiq_task *task = tasks->buckets[bucket_of(agent_id, task_id, tasks->bucket_count)];
	while (task != NULL && (task->task_id != task_id || !freshet_str_equal(task->agent_id, agent_id)))
		task = task->next;
	return task;
}

/* ---- the row ---- */

static void row_leave(struct sudoiq_task *task)
{
	struct sudoiq_tasks *tasks = &task->client->tasks;
	if (!task->in_row)
		return;
	*(task->older != NULL ? &task->older->newer : &tasks->oldest) = task->newer;
	*(task->newer != NULL ? &task->newer->older : &tasks->newest) = task->older;
	task->older = task->newer = NULL;
	task->in_row = false;
	tasks->idle_count--;
}

static void row_enter(struct sudoiq_task *task)
{
	struct sudoiq_tasks *tasks = &task->client->tasks;
	row_leave(task);
	task->older = tasks->newest;
	*(tasks->newest != NULL ? &tasks->newest->newer : &tasks->oldest) = task;
	tasks->newest = task;
	task->in_row = true;
	tasks->idle_count++;
}

static bool is_busy(const struct sudoiq_task *task)
{
	if (task->followers != NULL || task->is_ready || task->pins > 0 || task->post != NULL || task->again_set ||
		task->conflict != NULL || task->processings != NULL)
		return true;
	for (const struct sudoiq_pending *p = task->first; p != NULL; p = p->next)
		if (sudoiq_pending_is_open(p) || p->state == PENDING_DROPPED)
			return true;
	return false;
}

static void free_news(struct sudoiq_task *task)
{
	for (struct sudoiq_news *news = task->news, *next; news != NULL; news = next) {
		next = news->next;
		freshet_sudoiq_status_free(news->status);
		freshet_mem_free(news);
	}
	task->news = NULL;
}

static void task_free(struct sudoiq_task *task)
{
	struct sudoiq_tasks *tasks = &task->client->tasks;
	struct sudoiq_task **at = &tasks->buckets[bucket_of(task->agent_id, task->task_id, tasks->bucket_count)];
	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	tasks->count--;
	row_leave(task);
	free_news(task);
	while (task->first != NULL)
		sudoiq_pending_free(task->first);
	freshet_timer_free(task->again);
	freshet_mem_free(task);
}

/* As many that have nothing to do as are too many, the oldest first; false when there is no room for another one. */
static bool make_row(freshet_sudoiq *client)
{
	struct sudoiq_tasks *tasks = &client->tasks;
	for (struct sudoiq_task *task = tasks->oldest, *newer;
		task != NULL && tasks->idle_count >= client->settings.max_known_runs; task = newer) {
		newer = task->newer;
		if (!is_busy(task))
			task_free(task);
	}
	return tasks->idle_count < client->settings.max_known_runs;
}

/*
 * Looks at the oldest while there are too many; one that is busy counts as young again. A few at a time: so a row of busy
 * ones costs little, and one that is short again is reached all the same.
 */
static void trim_row(freshet_sudoiq *client)
{
	struct sudoiq_tasks *tasks = &client->tasks;
	for (unsigned i = 0; i < LOOKED_AT && tasks->idle_count > client->settings.max_known_runs; i++) {
		struct sudoiq_task *task = tasks->oldest;
		if (is_busy(task))
			row_enter(task);
		else
			task_free(task);
	}
}

freshet_err sudoiq_task_get(
	freshet_sudoiq *client, freshet_str agent_id, int64_t task_id, bool bounded, struct sudoiq_task **out)
{
	struct sudoiq_task *task = sudoiq_task_find(client, agent_id, task_id);
	*out = task;
	if (task != NULL)
		return FRESHET_OK;
	if (!make_row(client) && bounded)
		return FRESHET_EQUEUE_FULL;
	if (!make_room(&client->tasks) || (task = freshet_mem_new(1, sizeof *task + agent_id.len)) == NULL)
		return FRESHET_ENOMEM;
	if (agent_id.len > 0)
		memcpy(task + 1, agent_id.ptr, agent_id.len);
	task->agent_id = (freshet_str){(char *)(task + 1), agent_id.len};
	task->task_id = task_id;
	task->client = client;
	put(client->tasks.buckets, client->tasks.bucket_count, task);
	client->tasks.count++;
	row_enter(task);
	*out = task;
	return FRESHET_OK;
}

void sudoiq_task_follow(struct sudoiq_task *task, freshet_sudoiq_run *run)
{
	run->next_follower = task->followers;
	task->followers = run;
	task->stuck = false;
	row_leave(task);
}

void sudoiq_task_leave(struct sudoiq_task *task, freshet_sudoiq_run *run)
{
	freshet_sudoiq_run **at = &task->followers;
	while (*at != run)
		at = &(*at)->next_follower;
	*at = run->next_follower;
	if (task->followers != NULL)
		return;
	row_enter(task);
	trim_row(task->client);
}

/* ---- taking a status in ---- */

static const freshet_sudoiq_tool_call *call_of(const freshet_sudoiq_status *status, freshet_str call_id)
{
	for (size_t i = 0; i < status->tool_call_count; i++)
		if (freshet_str_equal(status->tool_calls[i].call_id, call_id))
			return &status->tool_calls[i];
	return NULL;
}

/* The oldest call that is over is forgotten for a new one. */
static bool make_place(struct sudoiq_task *task)
{
	struct sudoiq_pending *pending = task->first;
	if (task->pending_count < task->client->settings.max_run_calls)
		return true;
	while (pending != NULL && pending->state != PENDING_OVER)
		pending = pending->next;
	if (pending != NULL)
		sudoiq_pending_free(pending);
	return pending != NULL;
}

static void set_trace(struct sudoiq_task *task)
{
	if (task->trace_id[0] == '\0' && guest_random_hex(task->trace_id, sizeof task->trace_id - 1) != FRESHET_OK)
		task->trace_id[0] = '\0';
}

/* Adds the calls that are new, and tells whether there were any; on failure none is. */
static freshet_err add_calls(struct sudoiq_task *task, const freshet_sudoiq_status *status, bool by_hand,
	freshet_sudoiq_tool_call *calls, bool *any)
{
	freshet_err err = FRESHET_OK;
	for (size_t i = 0; i < status->tool_call_count && err == FRESHET_OK; i++) {
		struct sudoiq_pending *known = sudoiq_pending_find(task, status->tool_calls[i].call_id);
		if (calls != NULL)
			calls[i].repeated = known != NULL;
		if (known != NULL)
			continue;
		struct sudoiq_pending *fresh =
			make_place(task) ? sudoiq_pending_new(task, &status->tool_calls[i]) : NULL;
		if (fresh == NULL) {
			err = task->pending_count < task->client->settings.max_run_calls ? FRESHET_ENOMEM
											 : FRESHET_EQUEUE_FULL;
		} else {
			*any = true;
			fresh->by_hand = by_hand;
			fresh->fresh = true;
		}
	}
	for (struct sudoiq_pending *p = task->last, *previous; p != NULL && p->fresh; p = previous) {
		previous = p->previous;
		p->fresh = false;
		if (err != FRESHET_OK)
			sudoiq_pending_free(p);
	}
	return err;
}

/* `newer`: the status is surely newer than what was known, so what it does not have is not wanted any more. */
static void review(struct sudoiq_pending *p, bool listed, bool newer, int64_t revision)
{
	bool taken_long_ago = newer && revision > p->accepted;
	switch (p->state) {
	case PENDING_WAITING:
	case PENDING_RUNNING:
	case PENDING_FINISHED:
		if (!listed && newer)
			sudoiq_pending_drop(p);
		break;
	case PENDING_LEFT:
		if (listed)
			p->state = PENDING_WAITING;
		else if (newer)
			sudoiq_pending_over(p);
		break;
	case PENDING_ANSWERED:
		if (!listed && newer)
			sudoiq_pending_over(p);
		break;
	case PENDING_ACCEPTED:
		if (!listed)
			sudoiq_pending_over(p);
		else if (taken_long_ago)
			p->state = PENDING_ANSWERED;
		break;
	case PENDING_DROPPED:
	case PENDING_OVER: break;
	}
}

static void review_calls(struct sudoiq_task *task, const freshet_sudoiq_status *status, bool newer)
{
	bool paused = status->phase == FRESHET_SUDOIQ_PAUSED;
	for (struct sudoiq_pending *p = task->first; p != NULL; p = p->next)
		review(p, paused && call_of(status, p->call_id) != NULL, newer, status->revision);
}

/* Nothing is wanted any more; what handlers are at is told in the next turn, and then all is forgotten. */
static void end_calls(struct sudoiq_task *task)
{
	for (struct sudoiq_pending *p = task->first, *next; p != NULL; p = next) {
		next = p->next;
		sudoiq_pending_drop(p);
		if (p->state == PENDING_OVER)
			sudoiq_pending_free(p);
	}
	if (task->again != NULL)
		freshet_timer_clear(task->again);
	task->again_set = false;
}

freshet_err sudoiq_task_take(struct sudoiq_task *task, const freshet_sudoiq_status *status, bool by_hand,
	freshet_sudoiq_tool_call *calls, enum sudoiq_take *what)
{
	bool ordered = status->has_revision && task->has_revision;
	bool fresh = false;
	*what = SUDOIQ_TAKE_OLD;
	if (freshet_sudoiq_phase_is_terminal(task->phase) || (ordered && status->revision < task->revision))
		return FRESHET_OK;
	bool paused = status->phase == FRESHET_SUDOIQ_PAUSED;
	freshet_err err = paused ? add_calls(task, status, by_hand, calls, &fresh) : FRESHET_OK;
	if (err != FRESHET_OK)
		return err;
	if (paused)
		set_trace(task);
	bool same = ordered && status->revision == task->revision;
	review_calls(task, status, status->has_revision && !same);
	same &= !fresh && status->phase == task->phase;
	task->phase = status->phase;
	task->has_phase = true;
	task->has_revision |= status->has_revision;
	task->revision = status->has_revision ? status->revision : task->revision;
	task->stuck = false;
	if (freshet_sudoiq_phase_is_terminal(task->phase))
		end_calls(task);
	if (task->in_row)
		row_enter(task);
	sudoiq_task_ready(task);
	*what = same ? SUDOIQ_TAKE_SAME : SUDOIQ_TAKE_NEWS;
	return FRESHET_OK;
}

/* ---- telling ---- */

freshet_err sudoiq_task_tell_later(struct sudoiq_task *task, const freshet_sudoiq_status *status)
{
	struct sudoiq_news **at = &task->news, *news;
	if (task->followers == NULL)
		return FRESHET_OK;
	news = freshet_mem_new(1, sizeof *news);
	freshet_err err = news != NULL ? freshet_sudoiq_status_copy(status, &news->status) : FRESHET_ENOMEM;
	if (err != FRESHET_OK) {
		freshet_mem_free(news);
		return err;
	}
	while (*at != NULL)
		at = &(*at)->next;
	*at = news;
	sudoiq_task_ready(task);
	return FRESHET_OK;
}

static void tell_each(struct sudoiq_task *task, freshet_str type_name, const freshet_sudoiq_status *status)
{
	/* Runs are not freed inside callbacks, and those that come join at the front. */
	for (freshet_sudoiq_run *run = task->followers, *next; run != NULL; run = next) {
		next = run->next_follower;
		sudoiq_run_told(run, type_name, status);
	}
}

static void tell_news(struct sudoiq_task *task)
{
	while (task->news != NULL) {
		struct sudoiq_news *news = task->news;
		task->news = news->next;
		tell_each(task, (freshet_str){NULL, 0}, news->status);
		freshet_sudoiq_status_free(news->status);
		freshet_mem_free(news);
	}
}

void sudoiq_task_tell(struct sudoiq_task *task, freshet_str type_name, const freshet_sudoiq_status *status)
{
	task->pins++;
	tell_news(task);
	tell_each(task, type_name, status);
	task->pins--;
}

/* ---- turns ---- */

void sudoiq_task_ready(struct sudoiq_task *task)
{
	struct sudoiq_tasks *tasks = &task->client->tasks;
	if (task->is_ready || tasks->ending)
		return;
	task->is_ready = true;
	task->next_ready = NULL;
	*(tasks->last_ready != NULL ? &tasks->last_ready->next_ready : &tasks->ready) = task;
	tasks->last_ready = task;
	sudoiq_soon(task->client);
}

static struct sudoiq_pending *first_in(const struct sudoiq_task *task, enum sudoiq_pending_state state)
{
	struct sudoiq_pending *pending = task->first;
	while (pending != NULL && pending->state != state)
		pending = pending->next;
	return pending;
}

static void nobody_handles(struct sudoiq_task *task, freshet_str name)
{
	struct sudoiq_failure failure;
	char text[GUEST_LINE_SIZE];
	guest_line(
		text, "task %lld: nobody handles the tool %.*s", (long long)task->task_id, guest_shown(name), name.ptr);
	sudoiq_failure_plain(&failure, FRESHET_EUNSUPPORTED, text);
	sudoiq_runs_fail(task, &failure.error);
}

/* One step: a callback may change everything, so what is next is looked for anew. False: nothing is to be done. */
static bool step(struct sudoiq_task *task)
{
	struct sudoiq_pending *pending = first_in(task, PENDING_DROPPED);
	if (pending == NULL)
		pending = first_in(task, PENDING_FINISHED);
	if (pending != NULL) {
		sudoiq_pending_settle(pending);
		return true;
	}
	pending = first_in(task, PENDING_WAITING);
	if (pending == NULL || task->running >= task->client->settings.max_parallel_tools)
		return false;
	freshet_str name = pending->invocation->info.name;
	freshet_sudoiq_invocation *invocation = pending->invocation;
	sudoiq_invocation_hold(invocation);
	if (sudoiq_pending_start(pending) != FRESHET_OK)
		nobody_handles(task, name);
	sudoiq_invocation_drop(invocation);
	return true;
}

/* Calls of a run that is over are remembered only while something is to be done about them. */
static void forget_calls(struct sudoiq_task *task)
{
	if (!freshet_sudoiq_phase_is_terminal(task->phase))
		return;
	for (struct sudoiq_pending *p = task->first, *next; p != NULL; p = next) {
		next = p->next;
		if (p->state == PENDING_OVER)
			sudoiq_pending_free(p);
	}
}

static void turn(struct sudoiq_task *task)
{
	task->pins++;
	tell_news(task);
	while (!task->client->closing && step(task))
		;
	sudoiq_round_process(task);
	forget_calls(task);
	sudoiq_round_send(task);
	task->pins--;
}

void sudoiq_tasks_turn(freshet_sudoiq *client)
{
	struct sudoiq_tasks *tasks = &client->tasks;
	const struct sudoiq_task *last = tasks->last_ready;
	for (bool more = tasks->ready != NULL; more;) {
		struct sudoiq_task *task = tasks->ready;
		more = task != last && task->next_ready != NULL;
		tasks->ready = task->next_ready;
		if (tasks->ready == NULL)
			tasks->last_ready = NULL;
		task->is_ready = false;
		turn(task);
	}
}

/* ---- the end ---- */

static void end_task(struct sudoiq_task *task)
{
	struct sudoiq_pending *pending;
	task->pins++;
	for (struct sudoiq_pending *p = task->first, *next; p != NULL; p = next) {
		next = p->next;
		sudoiq_pending_drop(p);
	}
	while ((pending = first_in(task, PENDING_DROPPED)) != NULL)
		sudoiq_pending_settle(pending);
	sudoiq_round_process(task);
}

void sudoiq_tasks_end(freshet_sudoiq *client)
{
	struct sudoiq_tasks *tasks = &client->tasks;
	tasks->ending = true;
	for (size_t i = 0; i < tasks->bucket_count; i++) {
		while (tasks->buckets[i] != NULL) {
			struct sudoiq_task *task = tasks->buckets[i];
			end_task(task);
			task_free(task);
		}
	}
	freshet_mem_free(tasks->buckets);
	memset(tasks, 0, sizeof *tasks);
}
