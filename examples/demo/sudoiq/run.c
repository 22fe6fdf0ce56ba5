/*
 * One run of Sudoiq: started, followed through cuts to its end, in some kinds called off. Its tools are run by tools.c.
 *
 * A start that was not answered is sent again with the key that it had, so that it is one run however often that happens.
 */
#include "demo/sudoiq/sudoiq.h"

#include <freshet/json.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void sudoiq_cancel(struct session *s);

static void again_or_break(
	struct session *s, const freshet_sudoiq_error *error, void (*again)(struct session *s), const char *what)
{
	if (error->outcome.unprocessed || is_passing(&error->outcome))
		session_later(s, again, SESSION_AGAIN_MS);
	else
		session_break(s, what, error->message.len > 0 ? error->message : error->outcome.text);
}

/* ---- called off ---- */

/* A run that is over already is so by an earlier attempt, or its end tells. */
static void canceled(
	freshet_sudoiq_call *call, const freshet_sudoiq_error *error, const freshet_sudoiq_status *status, void *user)
{
	struct session *s = user;
	(void)call;
	(void)status;
	if (s->fleet->closing || s->ended || error == NULL || error->outcome.err == FRESHET_ECONFLICT)
		return;
	again_or_break(s, error, sudoiq_cancel, "cancel");
}

static void sudoiq_cancel(struct session *s)
{
	if (s->ended)
		return;
	freshet_err err = freshet_sudoiq_cancel_agent_run(sudoiq_of(s)->client, freshet_str_of(s->site->agent),
		strtoll(s->id, NULL, 10), freshet_str_of("the demo says so"), canceled, s, NULL);
	if (err != FRESHET_OK)
		session_break_by(s, "cancel", err);
}

void sudoiq_count_call(struct session *s)
{
	s->outputs++;
	if (s->part->terminate_after == 0 || s->terminating || s->outputs < s->part->terminate_after)
		return;
	s->terminating = true;
	sudoiq_cancel(s);
}

/* ---- the end ---- */

/* What the emulator makes of the answers of all tools is an array of texts. */
static bool keep_result(struct record *result, freshet_str json)
{
	freshet_json_value list = {0};
	freshet_json_value item;
	freshet_json_each each;
	freshet_json_scratch scratch = {0};
	bool good = true;
	if (freshet_json_read(json, &list, NULL) != FRESHET_OK || freshet_json_each_begin(&each, &list) != FRESHET_OK)
		return true;
	while (good && freshet_json_each_next(&each, NULL, &item)) {
		freshet_str text = {NULL, 0};
		freshet_json_scratch_reset(&scratch);
		good = freshet_json_string(&item, &scratch, &text) == FRESHET_OK &&
		       record_add(result, result->count, text);
	}
	freshet_json_scratch_clear(&scratch);
	return good;
}

static enum state end_of(freshet_sudoiq_phase phase)
{
	return phase == FRESHET_SUDOIQ_COMPLETED ? COMPLETED : phase == FRESHET_SUDOIQ_CANCELED ? TERMINATED : FAILED;
}

static void run_ended(struct session *s, const freshet_sudoiq_run_end *end)
{
	enum state state = end_of(end->phase);
	struct job *j = job_of(s);
	snprintf(j->told, sizeof j->told, "%.*s", (int)end->status->status.len, end->status->status.ptr);
	if (!s->part->any_end && s->part->end != state)
		session_break(s, "another end than its script's", end->status->status);
	else if (!keep_result(&j->result, end->status->result))
		session_break_by(s, "result", FRESHET_ENOMEM);
	else
		session_ended(s, state);
}

static void on_done(freshet_sudoiq_run *run, const freshet_sudoiq_run_end *end, void *user)
{
	struct session *s = user;
	char cursor[24];
	(void)run;
	job_of(s)->run = NULL;
	snprintf(cursor, sizeof cursor, "%.*s", (int)end->last_event_id.len, end->last_event_id.ptr);
	s->cursor = strtoull(cursor, NULL, 10);
	s->site->cuts += end->reconnects;
	if (s->fleet->closing || s->ended)
		return;
	if (end->error.outcome.err == FRESHET_OK)
		run_ended(s, end);
	else if (s->id[0] == '\0')
		again_or_break(s, &end->error, sudoiq_create, "start");
	else
		session_break(s, "run", end->error.message.len > 0 ? end->error.message : end->error.outcome.text);
	site_create_more(s->site);
}

/* ---- start ---- */

static void take_task(struct session *s, int64_t task)
{
	char id[24];
	snprintf(id, sizeof id, "%" PRId64, task);
	session_take_id(s, freshet_str_of(id));
	session_move(s, RUNNING);
	if (!runs_add(sudoiq_of(s), s))
		session_break_by(s, "start", FRESHET_ENOMEM);
}

static void on_event(freshet_sudoiq_run *run, const freshet_sudoiq_event *event, void *user)
{
	struct session *s = user;
	(void)run;
	s->site->events++;
	if (event->type != FRESHET_SUDOIQ_EVENT_STARTED || s->id[0] != '\0')
		return;
	take_task(s, event->task_id);
	site_create_more(s->site);
}

static const freshet_sudoiq_run_callbacks callbacks = {.on_event = on_event, .on_done = on_done};

void sudoiq_create(struct session *s)
{
	freshet_sudoiq_input input = {freshet_str_of("1"), freshet_str_of(s->part->script)};
	freshet_sudoiq_start o;
	char key[40];
	snprintf(key, sizeof key, "%016llx-%u", (unsigned long long)s->fleet->marker, s->number);
	freshet_sudoiq_start_init(&o);
	o.agent_id = freshet_str_of(s->site->agent);
	o.string_inputs = &input;
	o.string_input_count = 1;
	o.idempotency_key = key;
	session_move(s, CREATING);
	freshet_err err = freshet_sudoiq_execute_agent(sudoiq_of(s)->client, &o, &callbacks, s, &job_of(s)->run);
	if (err != FRESHET_OK)
		session_break_by(s, "start", err);
}
