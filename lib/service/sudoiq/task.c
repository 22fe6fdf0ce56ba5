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

/* Of the row, when one joins it. */
#define LOOKED_AT 4

/* ---- the table ---- */

static struct sudoiq_task *task_of(struct guest_map_entry *entry)
{
	return guest_client(entry, struct sudoiq_task, entry);
}

struct sudoiq_task *sudoiq_task_find(const freshet_sudoiq *client, freshet_str agent_id, int64_t task_id)
{
	const struct guest_map *map = &client->tasks.map;
	struct guest_map_entry *e = guest_map_first(map, guest_hash(map, agent_id, task_id));
	while (e != NULL && (task_of(e)->task_id != task_id || !freshet_str_equal(task_of(e)->agent_id, agent_id)))
		e = guest_map_next(e);
	return e != NULL ? task_of(e) : NULL;
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
	for (const struct sudoiq_pending *p = task->calls.first; p != NULL; p = p->next)
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
	guest_map_remove(&task->client->tasks.map, &task->entry);
	row_leave(task);
	free_news(task);
	while (task->calls.first != NULL)
		sudoiq_pending_free(task->calls.first);
	while (task->over.first != NULL)
		sudoiq_pending_free(task->over.first);
	guest_map_clear(&task->ids);
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
	struct guest_map *map = &client->tasks.map;
	struct sudoiq_task *task = sudoiq_task_find(client, agent_id, task_id);
	*out = task;
	if (task != NULL)
		return FRESHET_OK;
	if (!make_row(client) && bounded)
		return FRESHET_EQUEUE_FULL;
	freshet_err err = guest_map_reserve(map);
	if (err != FRESHET_OK)
		return err;
	task = freshet_mem_new(1, sizeof *task + agent_id.len);
	if (task == NULL)
		return FRESHET_ENOMEM;
	char *at = (char *)(task + 1);
	task->agent_id = guest_put(&at, agent_id);
	task->task_id = task_id;
	task->client = client;
	guest_map_put(map, &task->entry, guest_hash(map, agent_id, task_id));
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

/* Those of its calls that are known. */
static void set_listed(struct sudoiq_task *task, const freshet_sudoiq_status *status, bool listed)
{
	for (size_t i = 0; i < status->tool_call_count; i++) {
		struct sudoiq_pending *p = sudoiq_pending_find(task, status->tool_calls[i].call_id);
		if (p != NULL)
			p->listed = listed;
	}
}

/* The oldest call that is over is forgotten for a new one; not one that the status has, which would be new again. */
static bool make_place(struct sudoiq_task *task)
{
	struct sudoiq_pending *oldest = task->over.first;
	if (task->ids.count < task->client->settings.max_run_calls)
		return true;
	while (oldest != NULL && oldest->listed)
		oldest = oldest->next;
	if (oldest != NULL)
		sudoiq_pending_free(oldest);
	return oldest != NULL;
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
		struct sudoiq_pending *fresh;
		err = make_place(task) ? sudoiq_pending_new(task, &status->tool_calls[i], &fresh) : FRESHET_EQUEUE_FULL;
		if (err == FRESHET_OK) {
			*any = true;
			fresh->by_hand = by_hand;
			fresh->fresh = true;
			fresh->listed = true;
		}
	}
	for (struct sudoiq_pending *p = task->calls.last, *previous; p != NULL && p->fresh; p = previous) {
		previous = p->previous;
		p->fresh = false;
		if (err != FRESHET_OK)
			sudoiq_pending_free(p);
	}
	return err;
}

/* `newer`: the status is surely newer than what was known, so what it does not have is not wanted any more. */
static void review(struct sudoiq_pending *p, bool newer, int64_t revision)
{
	bool listed = p->listed;
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
	for (struct sudoiq_pending *p = task->calls.first, *next; p != NULL; p = next) {
		next = p->next;
		review(p, newer, status->revision);
	}
}

static void drop_calls(struct sudoiq_task *task)
{
	for (struct sudoiq_pending *p = task->calls.first, *next; p != NULL; p = next) {
		next = p->next;
		sudoiq_pending_drop(p);
	}
}

static void forget_calls(struct sudoiq_task *task)
{
	while (task->over.first != NULL)
		sudoiq_pending_free(task->over.first);
}

/* Nothing is wanted any more; what handlers are at is told in the next turn, and then all is forgotten. */
static void end_calls(struct sudoiq_task *task)
{
	drop_calls(task);
	forget_calls(task);
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
	freshet_err err = FRESHET_OK;
	if (paused) {
		set_listed(task, status, true);
		err = add_calls(task, status, by_hand, calls, &fresh);
	}
	bool same = ordered && status->revision == task->revision;
	if (err == FRESHET_OK)
		review_calls(task, status, status->has_revision && !same);
	if (paused)
		set_listed(task, status, false);
	if (err != FRESHET_OK)
		return err;
	if (paused)
		set_trace(task);
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
	struct sudoiq_pending *pending = task->calls.first;
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

static void turn(struct sudoiq_task *task)
{
	task->pins++;
	tell_news(task);
	while (!task->client->closing && step(task))
		;
	sudoiq_round_process(task);
	/* Calls of a run that is over are remembered only while something is to be done about them. */
	if (freshet_sudoiq_phase_is_terminal(task->phase))
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
	drop_calls(task);
	while ((pending = first_in(task, PENDING_DROPPED)) != NULL)
		sudoiq_pending_settle(pending);
	sudoiq_round_process(task);
}

void sudoiq_tasks_end(freshet_sudoiq *client)
{
	struct sudoiq_tasks *tasks = &client->tasks;
	struct guest_map_entry *entry;
	size_t from = 0;
	tasks->ending = true;
	while ((entry = guest_map_any(&tasks->map, &from)) != NULL) {
		end_task(task_of(entry));
		task_free(task_of(entry));
	}
	guest_map_clear(&tasks->map);
	memset(tasks, 0, sizeof *tasks);
}
