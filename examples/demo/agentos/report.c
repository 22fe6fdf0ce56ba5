/*
 * One reported run: it is begun, events, a task and a span are reported at the pace of an agent at work, and it ends. All
 * of it goes through the queue of the library, which sends it in batches, in order, and again after cuts.
 *
 * What is reported before the platform has answered the start waits in the queue. When the queue is full the agent does
 * here what the library leaves to it: it waits a moment.
 */
#include "demo/agentos/agentos.h"

#include <stdio.h>

/* Between two steps of an agent; real time. */
#define STEP_MS 80

/* Events of one step. */
#define STEP_EVENTS 6

static void break_run(struct session *s, const char *what, freshet_err err)
{
	/* What was begun at the platform is not left open there. */
	freshet_agentos_run_fail(run_of(s)->run, freshet_str_of("the demo has failed"), freshet_str_of(""));
	session_break_by(s, what, err);
}

static void report_more(struct session *s);

/* True when there was room. */
static bool is_taken(struct session *s, const char *what, freshet_err err)
{
	if (err == FRESHET_EQUEUE_FULL)
		session_later(s, report_more, SESSION_AGAIN_MS);
	else if (err != FRESHET_OK)
		break_run(s, what, err);
	return err == FRESHET_OK;
}

/* The payload is what the emulator's ledger numbers and hashes. */
static bool report_event(struct session *s)
{
	char payload[96];
	int len = snprintf(payload, sizeof payload, "{\"n\":%u,\"note\":\"step %u of session %u\"}", s->outputs + 1,
		s->outputs / STEP_EVENTS, s->number);
	freshet_str text = {payload, (size_t)len};
	freshet_err err = freshet_agentos_emit(
		run_of(s)->run, freshet_str_of("demo.stepped"), text, FRESHET_AGENTOS_LEVEL_DEFAULT);
	if (!is_taken(s, "event", err))
		return false;
	if (!record_add(&s->record, s->outputs + 1, text)) {
		break_run(s, "event", FRESHET_ENOMEM);
		return false;
	}
	s->outputs++;
	s->site->events++;
	return true;
}

static bool report_events(struct session *s)
{
	for (int i = 0; i < STEP_EVENTS && s->outputs < s->part->events; i++)
		if (!report_event(s))
			return false;
	return true;
}

/* A span around all but the first step, a task around all but the first two. */
static bool begin_inner(struct session *s)
{
	struct aos_run *r = run_of(s);
	if (r->span.number == 0 && s->outputs > 0)
		return is_taken(s, "span", freshet_agentos_span_start(r->run, freshet_str_of("work"), NULL, &r->span));
	if (r->task.number == 0 && s->outputs > STEP_EVENTS)
		return is_taken(s, "task",
			freshet_agentos_task_start(
				r->run, freshet_str_of("think"), freshet_str_of("{\"hard\":true}"), &r->task));
	return true;
}

/* What was ended has the number 0 then, and is not ended again when there was no room for the rest. */
static bool end_inner(struct session *s)
{
	struct aos_run *r = run_of(s);
	if (r->task.number != 0) {
		if (!is_taken(s, "task", freshet_agentos_task_complete(r->run, r->task, freshet_str_of("1"))))
			return false;
		r->task.number = 0;
	}
	if (r->span.number != 0) {
		if (!is_taken(s, "span", freshet_agentos_span_end(r->run, r->span, NULL)))
			return false;
		r->span.number = 0;
	}
	return true;
}

static void end_run(struct session *s)
{
	freshet_agentos_run *run = run_of(s)->run;
	if (!end_inner(s))
		return;
	if (s->part->end == FAILED)
		is_taken(s, "end",
			freshet_agentos_run_fail(
				run, freshet_str_of("the script says so"), freshet_str_of("{\"attempt\":1}")));
	else
		is_taken(s, "end", freshet_agentos_run_complete(run, freshet_str_of("{\"good\":true}")));
}

static void report_more(struct session *s)
{
	if (s->outputs == s->part->events)
		end_run(s);
	else if (report_events(s) && begin_inner(s))
		session_later(s, report_more, STEP_MS);
}

static void on_started(freshet_agentos_run *run, freshet_str run_id, void *user)
{
	struct session *s = user;
	(void)run;
	session_take_id(s, run_id);
	session_move(s, RUNNING);
	site_create_more(s->site);
}

static void on_done(freshet_agentos_run *run, const freshet_agentos_run_end *end, void *user)
{
	struct session *s = user;
	(void)run;
	run_of(s)->run = NULL;
	s->cursor = end->sent;
	if (s->fleet->closing || s->ended)
		return;
	if (end->error == NULL && end->dropped > 0)
		session_break(s, "run", freshet_str_of("events were dropped"));
	else if (end->error != NULL)
		session_break(s, end->lost ? "start" : "run",
			end->error->message.len > 0 ? end->error->message : end->error->outcome.text);
	else
		session_ended(s, s->part->end);
	site_create_more(s->site);
}

void report_create(struct session *s)
{
	freshet_agentos_run_options o;
	char name[64];
	snprintf(name, sizeof name, "freshet demo %016llx %u", (unsigned long long)s->fleet->marker, s->number);
	freshet_agentos_run_options_init(&o);
	o.external_run_id = freshet_str_of(name);
	o.callbacks.on_started = on_started;
	o.callbacks.on_done = on_done;
	o.user = s;
	session_move(s, CREATING);
	freshet_err err = freshet_agentos_run_start(agentos_of(s)->client, &o, &run_of(s)->run);
	if (err != FRESHET_OK)
		session_break_by(s, "start", err);
	else
		report_more(s);
}
