/*
 * The worker: what happens to a session by itself. A turn is picked up, the sandbox is provisioned stage by stage on the
 * first turn, output rows come, and the turn ends as its plan says. Every step is one alarm of the session.
 *
 * A turn that runs longer than its timeout fails without an exit code. The plans that stand for a lost worker (hang,
 * stale, lost, manual) have no timeout: nobody is there to notice it.
 */
#include "mockd/aod/aod.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

/* How long an interrupt takes, and how far the turn's row is behind the session's. */
#define INTERRUPT_MS 100
#define SETTLE_MS    20

static uint64_t now_us(const struct aod_session *s)
{
	return clock_now_us(&s->aod->mockd->clock);
}

/* Does the step after that time, or notices the timeout if that comes first. */
static void plan_step(struct aod_session *s, enum aod_step step, uint64_t wait_ms)
{
	uint64_t due = now_us(s) + wait_ms * US_PER_MS;
	s->step = step;
	if (due > s->deadline_us) {
		s->step = AOD_STEP_TIMEOUT;
		due = s->deadline_us;
	}
	clock_set(&s->aod->mockd->clock, &s->worker, due);
}

/* Does nothing more by itself, but for a timeout. */
static void rest(struct aod_session *s)
{
	s->step = AOD_STEP_IDLE;
	if (s->deadline_us == UINT64_MAX)
		return;
	s->step = AOD_STEP_TIMEOUT;
	clock_set(&s->aod->mockd->clock, &s->worker, s->deadline_us);
}

void aod_worker_settle(struct aod_session *s)
{
	struct aod_turn *turn = aod_session_turn(s);
	if (s->step != AOD_STEP_SETTLE)
		return;
	clock_unset(&s->aod->mockd->clock, &s->worker);
	s->step = AOD_STEP_IDLE;
	turn->status = s->turn_end;
	turn->code = s->turn_code;
	turn->ended_us = aod_wall_us(s->aod);
}

void aod_worker_end(struct aod_session *s, enum aod_status status, enum aod_status turn, struct aod_code code)
{
	s->deadline_us = UINT64_MAX;
	s->code = code;
	s->turn_code = code;
	s->turn_end = turn;
	plan_step(s, AOD_STEP_SETTLE, SETTLE_MS);
	aod_session_set_status(s, status);
}

static void fail(struct aod_session *s)
{
	aod_worker_end(s, AOD_FAILED, AOD_FAILED, (struct aod_code){.known = false});
}

static bool stage_applies(const struct aod_session *s, enum aod_stage stage)
{
	switch (stage) {
	case AOD_STAGE_NETWORK_POLICY: return s->environment != NULL && s->environment->limited;
	case AOD_STAGE_GIT_CREDENTIALS: return s->has_git_token;
	case AOD_STAGE_SKILLS: return s->agent->has_skills;
	default: return true;
	}
}

static void pick_up(struct aod_session *s)
{
	struct aod_turn *turn = aod_session_turn(s);
	bool watched = s->plan.kind < AOD_PLAN_HANG;
	s->deadline_us = watched ? now_us(s) + (uint64_t)turn->timeout_s * US_PER_S : UINT64_MAX;
	turn->status = AOD_RUNNING;
	turn->started_us = aod_wall_us(s->aod);
	s->stage = s->turn_count > 1 || s->plan.short_path ? AOD_STAGE_RUNTIME_START : AOD_STAGE_CREATE_SPRITE;
	aod_session_set_status(s, AOD_RUNNING);
	plan_step(s, AOD_STEP_STAGE, 0);
}

static void add_stage_row(struct aod_session *s, enum aod_stage_state state, const struct text *message)
{
	uint32_t duration = state == AOD_STAGE_STARTED ? 0 : s->plan.stage_ms;
	aod_session_add_row(s, (struct aod_row){.kind = AOD_ROW_STAGE,
				       .stage = (uint8_t)s->stage,
				       .state = (uint8_t)state,
				       .text = message,
				       .duration_ms = duration});
}

static void begin_stage(struct aod_session *s)
{
	while (!stage_applies(s, s->stage))
		s->stage++;
	add_stage_row(s, AOD_STAGE_STARTED, NULL);
	if (s->stage == AOD_STAGE_RUNTIME_START)
		plan_step(s, AOD_STEP_ROW, range_pick(s->plan.row_ms, &s->aod->mockd->random));
	else
		plan_step(s, AOD_STEP_STAGE_DONE, s->plan.stage_ms);
}

/* The rows of a failed provisioning carry the reason to the reader of the stream. */
static void fail_stage(struct aod_session *s)
{
	static const char why[] = "provisioning failed: the setup script ended with status 1";
	struct text *message = text_new(freshet_str_of(why));
	uint32_t duration = s->plan.stage_ms;
	aod_session_add_row(s, (struct aod_row){.kind = AOD_ROW_STAGE,
				       .stage = (uint8_t)s->stage,
				       .state = AOD_STAGE_FAILED,
				       .text = message,
				       .own_text = message,
				       .duration_ms = duration});
	struct text *output = text_new(freshet_str_of("provision_setup: the setup script ended with status 1\n"));
	aod_session_add_row(s,
		(struct aod_row){
			.kind = AOD_ROW_STDERR, .text = output, .own_text = output, .turn = (uint32_t)s->turn_count});
	fail(s);
}

static void end_stage(struct aod_session *s)
{
	if (s->plan.kind == AOD_PLAN_PROVISION_FAILURE && s->stage >= s->plan.failing) {
		fail_stage(s);
		return;
	}
	add_stage_row(s, AOD_STAGE_DONE, NULL);
	s->stage++;
	plan_step(s, AOD_STEP_STAGE, 0);
}

static const struct text *next_text(struct aod_session *s)
{
	struct mockd *m = s->aod->mockd;
	const struct text *text = s->rest;
	uint32_t left = s->plan.rows - s->rows_done;
	enum text_role role = TEXT_WORK;
	if (s->rows_done == 0)
		role = TEXT_INIT;
	else if (left == 1 && s->plan.kind == AOD_PLAN_SUCCESS)
		role = TEXT_RESULT;
	s->rest = NULL;
	if (text != NULL)
		return text;
	if (s->plan.bytes.to > 0)
		return texts_sized(m->texts, role, range_pick(s->plan.bytes, &m->random));
	/* A chunk that another one must follow is taken while there are rows left for both and the last. */
	text = texts_pick(m->texts, role, left > 2, &m->random);
	s->rest = text->rest;
	return text;
}

/* Other rows do not come between the chunks of one line of stdout. */
static enum aod_row_kind next_kind(const struct aod_session *s)
{
	uint32_t number = s->rows_done + 1;
	if (s->rest == NULL && s->plan.unknown_every > 0 && number % s->plan.unknown_every == 0)
		return AOD_ROW_UNKNOWN;
	if (s->rest == NULL && s->plan.stderr_every > 0 && number % s->plan.stderr_every == 0)
		return AOD_ROW_STDERR;
	return AOD_ROW_STDOUT;
}

static void add_output(struct aod_session *s)
{
	struct mockd *m = s->aod->mockd;
	enum aod_row_kind kind = next_kind(s);
	struct aod_row row = {.kind = (uint8_t)kind, .turn = s->plan.null_turn ? 0 : (uint32_t)s->turn_count};
	row.text = kind == AOD_ROW_STDOUT ? next_text(s) : texts_pick(m->texts, TEXT_WORK, false, &m->random);
	aod_session_add_row(s, row);
	s->rows_done++;
}

/* What comes when all rows are there. */
static void after_rows(struct aod_session *s)
{
	switch (s->plan.kind) {
	case AOD_PLAN_SUCCESS:
	case AOD_PLAN_STALE: aod_worker_end(s, AOD_COMPLETED, AOD_COMPLETED, s->plan.code); break;
	case AOD_PLAN_EXIT: aod_worker_end(s, AOD_FAILED, AOD_FAILED, s->plan.code); break;
	case AOD_PLAN_ERROR:
	case AOD_PLAN_PROVISION_FAILURE: fail(s); break;
	case AOD_PLAN_TIMEOUT:
	case AOD_PLAN_HANG:
	case AOD_PLAN_LOST:
	case AOD_PLAN_MANUAL: rest(s); break;
	}
}

static void do_rows(struct aod_session *s)
{
	for (uint32_t i = 0; i < s->plan.burst && s->rows_done < s->plan.rows; i++)
		add_output(s);
	uint32_t left = s->plan.rows - s->rows_done;
	if (left == 0)
		after_rows(s);
	else if (s->plan.kind == AOD_PLAN_STALE && left == 1)
		plan_step(s, AOD_STEP_ROW, s->plan.silence_ms);
	else
		plan_step(s, AOD_STEP_ROW, range_pick(s->plan.row_ms, &s->aod->mockd->random));
}

static void on_worker(struct alarm *alarm)
{
	struct aod_session *s = container_of(alarm, struct aod_session, worker);
	switch (s->step) {
	case AOD_STEP_IDLE: break;
	case AOD_STEP_PICK_UP: pick_up(s); break;
	case AOD_STEP_STAGE: begin_stage(s); break;
	case AOD_STEP_STAGE_DONE: end_stage(s); break;
	case AOD_STEP_ROW: do_rows(s); break;
	case AOD_STEP_TIMEOUT: fail(s); break;
	case AOD_STEP_INTERRUPT:
		aod_worker_end(s, AOD_COMPLETED, AOD_INTERRUPTED, (struct aod_code){.known = false});
		break;
	case AOD_STEP_SETTLE: aod_worker_settle(s); break;
	}
}

void aod_worker_start(struct aod_session *s, const char *prompt, uint32_t timeout_s, const struct aod_plan *plan)
{
	aod_worker_settle(s);
	s->turns = must_grow(s->turns, &s->turn_capacity, s->turn_count + 1, sizeof *s->turns);
	s->turns[s->turn_count++] = (struct aod_turn){.prompt = must_copy(prompt),
		.status = AOD_PENDING,
		.timeout_s = timeout_s,
		.created_us = aod_wall_us(s->aod)};
	s->plan = *plan;
	s->rows_done = 0;
	s->rest = NULL;
	s->code.known = false;
	s->worker.fire = on_worker;
	s->step = AOD_STEP_IDLE;
	if (plan->kind != AOD_PLAN_LOST)
		plan_step(s, AOD_STEP_PICK_UP, plan->stage_ms);
	aod_session_set_status(s, AOD_PENDING);
}

void aod_worker_interrupt(struct aod_session *s)
{
	if (s->step == AOD_STEP_INTERRUPT)
		return;
	s->deadline_us = UINT64_MAX;
	plan_step(s, AOD_STEP_INTERRUPT, INTERRUPT_MS);
}

void aod_worker_terminate(struct aod_session *s)
{
	struct aod_turn *turn = aod_session_turn(s);
	aod_worker_settle(s);
	clock_unset(&s->aod->mockd->clock, &s->worker);
	s->step = AOD_STEP_IDLE;
	s->deadline_us = UINT64_MAX;
	if (aod_session_active(s)) {
		turn->status = AOD_FAILED;
		turn->ended_us = aod_wall_us(s->aod);
	}
	aod_session_set_status(s, AOD_TERMINATED);
}
