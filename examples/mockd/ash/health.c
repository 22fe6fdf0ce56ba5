/*
 * What the server tells about itself (contract 6.12).
 */
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#include <inttypes.h>

#define CAPACITY 1000

struct pool {
	size_t warm;    /* started in advance, one for each agent that has them */
	size_t waiting; /* of sessions that have no turn */
	size_t running;
};

static struct pool count_pool(const struct ash *a)
{
	struct pool pool = {.warm = 0};
	for (size_t i = 0; i < a->tenant_count; i++) {
		list_each (node, &a->tenants[i].agents)
			pool.warm += container_of(node, struct ash_agent, node)->warm;
		list_each (node, &a->tenants[i].sessions) {
			const struct ash_session *s = container_of(node, struct ash_session, node);
			pool.running += s->alive && !list_empty(&s->running);
			pool.waiting += s->alive && list_empty(&s->running);
		}
	}
	return pool;
}

/* What the server tells; without a limit here it is the platform's. */
static size_t capacity_of(const struct ash *a)
{
	return a->capacity > 0 ? a->capacity : CAPACITY;
}

static uint64_t uptime_s(const struct ash *a)
{
	return clock_now_us(&a->mockd->clock) / US_PER_S;
}

void ash_health(struct ash_call *call)
{
	const struct ash *a = call->ash;
	struct pool p = count_pool(a);
	json_int_t total = (json_int_t)(p.warm + p.waiting + p.running);
	json_t *pool =
		json_pack("{s:I, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "total", total, "cold", 0, "warming", 0,
			"warm", (json_int_t)p.warm, "waiting", (json_int_t)p.waiting, "running", (json_int_t)p.running,
			"maxCapacity", (json_int_t)capacity_of(a), "resumeWarmHits", (json_int_t)a->warm_hits,
			"resumeColdHits", (json_int_t)a->cold_hits, "preWarmHits", (json_int_t)a->prewarm_hits);
	ash_answer(call, 200,
		json_pack("{s:s, s:s, s:s, s:I, s:I, s:i, s:I, s:o}", "status", "ok", "version", ASH_VERSION,
			"coordinatorId", "mockd", "activeSessions", (json_int_t)a->active, "activeSandboxes", total,
			"remoteRunners", 0, "uptime", (json_int_t)uptime_s(a), "pool", pool));
}

void ash_metrics(struct ash_call *call)
{
	const struct ash *a = call->ash;
	struct pool p = count_pool(a);
	struct buffer b = {.bytes = NULL};
	buffer_format(&b,
		"# TYPE ash_up gauge\nash_up 1\n# TYPE ash_uptime_seconds gauge\nash_uptime_seconds %" PRIu64 "\n",
		uptime_s(a));
	buffer_format(&b, "# TYPE ash_active_sessions gauge\nash_active_sessions %zu\n", a->active);
	buffer_format(
		&b, "# TYPE ash_active_sandboxes gauge\nash_active_sandboxes %zu\n", p.warm + p.waiting + p.running);
	buffer_format(&b,
		"# TYPE ash_pool_sandboxes gauge\nash_pool_sandboxes{state=\"cold\"} 0\n"
		"ash_pool_sandboxes{state=\"warming\"} 0\nash_pool_sandboxes{state=\"warm\"} %zu\n"
		"ash_pool_sandboxes{state=\"waiting\"} %zu\nash_pool_sandboxes{state=\"running\"} %zu\n",
		p.warm, p.waiting, p.running);
	buffer_format(&b, "# TYPE ash_pool_max_capacity gauge\nash_pool_max_capacity %zu\n", capacity_of(a));
	buffer_format(&b,
		"# TYPE ash_resume_total counter\nash_resume_total{path=\"warm\"} %" PRIu64
		"\nash_resume_total{path=\"cold\"} %" PRIu64 "\n",
		a->warm_hits, a->cold_hits);
	buffer_format(&b,
		"# TYPE ash_resume_cold_total counter\nash_resume_cold_total{source=\"local\"} %" PRIu64
		"\nash_resume_cold_total{source=\"cloud\"} 0\nash_resume_cold_total{source=\"fresh\"} %" PRIu64 "\n",
		a->local_hits, a->cold_hits - a->local_hits);
	const struct answer head = {.status = 200, .content_type = "text/plain; version=0.0.4; charset=utf-8"};
	ash_answer_bytes(call, head, buffer_span(&b));
	buffer_clear(&b);
}
