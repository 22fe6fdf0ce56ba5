/*
 * The queue (contract 6.10): the server looks every second, takes the pending item with the highest priority, the oldest
 * of those, and works on one at a time. What the agent says in it is stored nowhere. A failure is tried again after a
 * wait that doubles.
 */
#include "mockd/ash/ajv.h"
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#define POLL_MS       1000u
#define RETRY_MS      5000u
#define RETRY_MS_MAX  300000u
#define DOUBLINGS_MAX 16u
#define INT_LARGE     INT32_MAX

enum item_status { ITEM_PENDING, ITEM_PROCESSING, ITEM_COMPLETED, ITEM_FAILED, ITEM_CANCELLED, ITEM_STATUSES };

static const char *const status_names[] = {"pending", "processing", "completed", "failed", "cancelled", NULL};

struct ash_item {
	struct list node; /* in Ash's queue, oldest first */
	struct uuid id;
	struct ash_tenant *tenant;
	struct ash_turn *turn; /* NULL: it does not run */
	char *agent;
	char *prompt;
	char *error;                                   /* NULL: none */
	struct uuid session;                           /* zero: a new one each time */
	uint64_t not_before_us;                        /* emulated clock */
	uint64_t created_us, started_us, completed_us; /* wall clock; 0: not yet */
	uint32_t priority;
	uint32_t retries, max_retries;
	enum item_status status;
};

static json_t *text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static json_t *item_json(const struct ash_item *i)
{
	return json_pack("{s:o, s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:s, s:o, s:o, s:o, s:o}", "id", ash_uuid(i->id),
		"agentName", i->agent, "prompt", i->prompt, "status", status_names[i->status], "priority",
		(json_int_t)i->priority, "retryCount", (json_int_t)i->retries, "maxRetries", (json_int_t)i->max_retries,
		"createdAt", ash_time(i->created_us), "tenantId", i->tenant->name, "sessionId",
		uuid_is_zero(i->session) ? json_null() : ash_uuid(i->session), "error", text_or_null(i->error),
		"startedAt", ash_time(i->started_us), "completedAt", ash_time(i->completed_us));
}

static void look_again(struct ash *a)
{
	if (!alarm_is_set(&a->queue_alarm))
		clock_set(&a->mockd->clock, &a->queue_alarm, clock_now_us(&a->mockd->clock) + POLL_MS * US_PER_MS);
}

static void end_item(struct ash *a, struct ash_item *i, enum item_status status)
{
	i->status = status;
	i->completed_us = ash_wall_us(a);
}

static void fail_item(struct ash *a, struct ash_item *i, const char *error)
{
	free(i->error);
	i->error = must_copy(error);
	if (i->retries == i->max_retries) {
		end_item(a, i, ITEM_FAILED);
		return;
	}
	uint64_t wait_ms = (uint64_t)RETRY_MS << (i->retries < DOUBLINGS_MAX ? i->retries : DOUBLINGS_MAX);
	i->retries++;
	i->status = ITEM_PENDING;
	i->not_before_us =
		clock_now_us(&a->mockd->clock) + (wait_ms < RETRY_MS_MAX ? wait_ms : RETRY_MS_MAX) * US_PER_MS;
}

void ash_queue_turn_over(struct ash_item *i, const char *error)
{
	struct ash *a = i->turn->session->ash;
	i->turn = NULL;
	if (error != NULL)
		fail_item(a, i, error);
	else
		end_item(a, i, ITEM_COMPLETED);
	look_again(a);
}

/* The session that the item is for, or a new one. NULL, and *error, when there is none that can take it. */
static struct ash_session *session_for(struct ash *a, const struct ash_item *i, const char **error)
{
	if (!uuid_is_zero(i->session)) {
		struct ash_session *s = uuid_table_get(&a->sessions, i->session);
		bool good = s != NULL && s->agent->tenant == i->tenant && s->status == ASH_ACTIVE && s->alive;
		*error = "Session is not active";
		return good ? s : NULL;
	}
	struct ash_agent *agent = ash_find_agent(i->tenant, i->agent);
	*error = "Agent not found";
	return agent != NULL ? ash_session_create(a, agent, NULL) : NULL;
}

static void work_on(struct ash *a, struct ash_item *i)
{
	const char *error;
	struct ash_plan plan;
	i->status = ITEM_PROCESSING;
	i->started_us = ash_wall_us(a);
	struct ash_session *s = session_for(a, i, &error);
	if (s == NULL || !ash_plan_read(a, freshet_str_of(i->prompt), &plan)) {
		fail_item(a, i, s == NULL ? error : "the emulator has no such script");
		return;
	}
	if (s->prompt == NULL)
		s->prompt = must_copy(i->prompt);
	i->turn = ash_turn_start(s, &plan, NULL, false, NULL);
	i->turn->item = i;
}

/* The pending item that comes first; NULL: none. *waiting: there are some, now or later. *busy: one is worked on. */
static struct ash_item *next_item(struct ash *a, bool *waiting, bool *busy)
{
	struct ash_item *best = NULL;
	*waiting = *busy = false;
	list_each (node, &a->queue) {
		struct ash_item *i = container_of(node, struct ash_item, node);
		*busy |= i->status == ITEM_PROCESSING;
		if (i->status != ITEM_PENDING)
			continue;
		*waiting = true;
		if (i->not_before_us <= clock_now_us(&a->mockd->clock) &&
			(best == NULL || i->priority > best->priority))
			best = i;
	}
	return best;
}

void ash_queue_poll(struct alarm *alarm)
{
	struct ash *a = container_of(alarm, struct ash, queue_alarm);
	bool waiting, busy;
	struct ash_item *i = next_item(a, &waiting, &busy);
	if (busy)
		return;
	if (i != NULL)
		work_on(a, i);
	if (waiting)
		look_again(a);
}

static void item_free(struct ash_item *i)
{
	if (i->turn != NULL)
		i->turn->item = NULL;
	list_remove(&i->node);
	free(i->agent);
	free(i->prompt);
	free(i->error);
	free(i);
}

void ash_queue_clear(struct ash *a)
{
	clock_unset(&a->mockd->clock, &a->queue_alarm);
	list_each_safe (node, after, &a->queue)
		item_free(container_of(node, struct ash_item, node));
}

void ash_queue_create(struct ash_call *call)
{
	static const char *const needed[] = {"agentName", "prompt", NULL};
	struct ajv c;
	ajv_body(&c, call);
	ajv_required(&c, needed);
	const char *agent = ajv_string(&c, "agentName", 0, SIZE_MAX);
	const char *prompt = ajv_string(&c, "prompt", 1, SIZE_MAX);
	const char *session = ajv_uuid(&c, "sessionId");
	int64_t priority = ajv_integer(&c, "priority", 0, INT_LARGE, 0);
	int64_t retries = ajv_integer(&c, "maxRetries", 0, INT_LARGE, 3);
	if (!ajv_end(&c))
		return;
	struct ash_item *i = must_zalloc(sizeof *i);
	i->id = uuid_new(&call->ash->mockd->random);
	i->tenant = call->tenant;
	i->agent = must_copy(agent);
	i->prompt = must_copy(prompt);
	if (session != NULL)
		uuid_read(freshet_str_of(session), &i->session);
	i->created_us = ash_wall_us(call->ash);
	i->priority = (uint32_t)priority;
	i->max_retries = (uint32_t)retries;
	list_push_back(&call->ash->queue, &i->node);
	look_again(call->ash);
	ash_answer_member(call, 201, "item", item_json(i));
}

void ash_queue_list(struct ash_call *call)
{
	struct ajv c;
	ajv_query(&c, call);
	char *status = must_copy(ajv_word(&c, "status", status_names));
	size_t limit = (size_t)ajv_integer(&c, "limit", 1, 500, 50);
	if (ajv_end(&c)) {
		json_t *items = json_array();
		struct list *all = &call->ash->queue;
		for (struct list *node = all->prev; node != all && json_array_size(items) < limit; node = node->prev) {
			const struct ash_item *i = container_of(node, struct ash_item, node);
			if (i->tenant == call->tenant &&
				(status == NULL || strcmp(status, status_names[i->status]) == 0))
				json_array_append_new(items, item_json(i));
		}
		ash_answer_member(call, 200, "items", items);
	}
	free(status);
}

void ash_queue_stats(struct ash_call *call)
{
	json_int_t counts[ITEM_STATUSES] = {0};
	list_each (node, &call->ash->queue) {
		const struct ash_item *i = container_of(node, struct ash_item, node);
		counts[i->status] += i->tenant == call->tenant;
	}
	json_t *stats = json_object();
	for (size_t i = 0; i < ITEM_STATUSES; i++)
		json_object_set_new(stats, status_names[i], json_integer(counts[i]));
	ash_answer_member(call, 200, "stats", stats);
}

/* The item of the path; NULL when it was answered. */
static struct ash_item *find(struct ash_call *call)
{
	list_each (node, &call->ash->queue) {
		struct ash_item *i = container_of(node, struct ash_item, node);
		if (i->tenant == call->tenant && uuid_equal(i->id, call->id))
			return i;
	}
	ash_fail(call, 404, "Queue item not found");
	return NULL;
}

void ash_queue_get(struct ash_call *call)
{
	const struct ash_item *i = find(call);
	if (i != NULL)
		ash_answer_member(call, 200, "item", item_json(i));
}

void ash_queue_cancel(struct ash_call *call)
{
	struct ash_item *i = find(call);
	if (i == NULL)
		return;
	if (i->status != ITEM_PENDING) {
		ash_fail(call, 400, "Cannot cancel item with status \"%s\"", status_names[i->status]);
		return;
	}
	end_item(call->ash, i, ITEM_CANCELLED);
	ash_answer_member(call, 200, "item", item_json(i));
}
