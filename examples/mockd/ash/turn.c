/*
 * The agent process at work on one message: it says what the script makes it say, one agent message after the other, and
 * ends as the script says. It waits while a reader is behind, as the platform stops pulling from the agent's pipe, and
 * it goes on when a reader is gone: nobody tells it.
 */
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

static uint64_t now_us(const struct ash_session *s)
{
	return clock_now_us(&s->ash->mockd->clock);
}

static void plan_next(struct ash_turn *t)
{
	struct ash_session *s = t->session;
	uint64_t wait_ms = range_pick(t->plan.row_ms, &s->ash->mockd->random);
	bool last = json_array_size(t->ahead) == 0 && t->made + 1 == t->plan.messages;
	if (last && t->plan.silence_ms > 0)
		wait_ms = t->plan.silence_ms;
	clock_set(&s->ash->mockd->clock, &t->alarm, now_us(s) + wait_ms * US_PER_MS);
}

static void say(struct ash_turn *t, struct ash_block *block)
{
	block->turn = t->serial;
	ash_session_say(t->session, block);
	if (t->stream != NULL || t->plan.in_flight == 0)
		return;
	t->plan.in_flight--;
	ash_store_block(t->session, block);
}

static void say_message(struct ash_turn *t, json_t *message)
{
	say(t, ash_block_message(message));
	json_decref(message);
}

/* The turn is over, and so are the streams that hear it. */
static void end(struct ash_turn *t, enum ash_block_kind kind, const char *error)
{
	if (t->item != NULL)
		ash_queue_turn_over(t->item, kind == ASH_BLOCK_BREAK ? "Runner lost" : error);
	t->item = NULL;
	ash_session_log(t->session, "stdout", "[bridge] query finished");
	say(t, ash_block_end(kind, error));
	t->session->active_us = ash_wall_us(t->session->ash);
	ash_turn_free(t);
}

static void finish(struct ash_turn *t)
{
	switch (t->plan.kind) {
	case ASH_PLAN_SUCCESS:
	case ASH_PLAN_FAILED:
		say_message(t, ash_speech_result(t, t->plan.kind == ASH_PLAN_SUCCESS));
		end(t, ASH_BLOCK_DONE, NULL);
		break;
	case ASH_PLAN_ERROR: end(t, ASH_BLOCK_ERROR, "The agent failed: boom"); break;
	case ASH_PLAN_GONE: end(t, ASH_BLOCK_GIVE_UP, "Sandbox connection lost"); break;
	case ASH_PLAN_CRASH: ash_session_kill_sandbox(t->session); break;
	case ASH_PLAN_FOREIGN: end(t, ASH_BLOCK_FOREIGN, NULL); break;
	case ASH_PLAN_RUNNER: end(t, ASH_BLOCK_BREAK, NULL); break;
	case ASH_PLAN_HANG:
	case ASH_PLAN_MANUAL: break;
	}
}

static void on_turn(struct alarm *alarm)
{
	struct ash_turn *t = container_of(alarm, struct ash_turn, alarm);
	if (ash_streams_behind(t->session)) {
		t->blocked = true;
		return;
	}
	for (uint32_t i = 0; i < t->plan.burst; i++) {
		if (json_array_size(t->ahead) == 0 && !ash_speech_more(t)) {
			finish(t);
			return;
		}
		json_t *message = json_incref(json_array_get(t->ahead, 0));
		json_array_remove(t->ahead, 0);
		say_message(t, message);
	}
	plan_next(t);
}

struct ash_turn *ash_turn_start(
	struct ash_session *s, const struct ash_plan *plan, struct ash_stream *stream, bool partial, const char *model)
{
	struct ash_turn *t = must_alloc(sizeof *t);
	*t = (struct ash_turn){.alarm = {.fire = on_turn},
		.session = s,
		.stream = stream,
		.ahead = json_array(),
		.serial = ++s->turns,
		.partial = partial,
		.plan = *plan,
		.began_us = now_us(s)};
	if (stream == NULL)
		t->plan.in_flight = 0;
	if (t->plan.burst == 0)
		t->plan.burst = 1;
	const char *usual = json_string_value(json_object_get(s->config, "model"));
	t->model = must_copy(model != NULL ? model : usual != NULL ? usual : "claude-sonnet-4-5");
	list_push_back(&s->running, &t->node);
	if (stream != NULL)
		ash_stream_set_turn(stream, t);
	ash_session_log(s, "stdout", "[bridge] query started");
	plan_next(t);
	return t;
}

void ash_turn_free(struct ash_turn *t)
{
	if (t->item != NULL)
		ash_queue_turn_over(t->item, "Sandbox not found");
	clock_unset(&t->session->ash->mockd->clock, &t->alarm);
	if (t->stream != NULL)
		ash_stream_set_turn(t->stream, NULL);
	list_remove(&t->node);
	json_decref(t->ahead);
	json_decref(t->last_text);
	free(t->model);
	free(t);
}

void ash_turns_unblock(struct ash_session *s)
{
	if (ash_streams_behind(s))
		return;
	list_each (node, &s->running) {
		struct ash_turn *t = container_of(node, struct ash_turn, node);
		if (t->blocked)
			clock_set(&s->ash->mockd->clock, &t->alarm, now_us(s));
		t->blocked = false;
	}
}

static struct ash_turn *newest(struct ash_session *s)
{
	return list_empty(&s->running) ? NULL : container_of(s->running.prev, struct ash_turn, node);
}

bool ash_turn_say(struct ash_session *s, json_t *message)
{
	struct ash_turn *t = newest(s);
	if (t != NULL)
		say_message(t, message);
	else
		json_decref(message);
	return t != NULL;
}

bool ash_turn_end(struct ash_session *s, bool success)
{
	struct ash_turn *t = newest(s);
	if (t == NULL)
		return false;
	say_message(t, ash_speech_result(t, success));
	end(t, ASH_BLOCK_DONE, NULL);
	return true;
}
