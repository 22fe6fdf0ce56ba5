/*
 * Runs against the emulator: a session made, followed and read back under one deadline; what each step can meet; what may
 * be done inside each callback; and a cursor that a second client goes on from.
 */
#include "support/aod_world.h"
#include "support/failmem.h"
#include "support/test.h"

#define NOBODY "00000000-0000-4000-8000-000000000000"

/* GET /sessions/{session_id}: what lies below it ends with letters that no id has. */
#define ONE_SESSION "method=GET path=/sessions/*[0-9a-f]"

static int set_up(void **state)
{
	struct mockd_options o = world_fast();
	(void)state;
	world_open(&o);
	return 0;
}

/* ---- what a run tells ---- */

enum place { NOWHERE, IN_CREATED, IN_FIRST_EVENT, IN_LAST_EVENT, IN_DONE, PLACES };

struct watch {
	freshet_aod_run *run;
	char kinds[1024]; /* of the events: s(tart) g(stage) t(urn) o(utput) e(xit) E(rror) x(terminated) l(stale) */
	uint64_t rows[512];
	size_t row_count;
	unsigned created;
	unsigned dones;
	bool done;
	freshet_err err;
	int status;
	bool unprocessed;
	bool has_text;
	freshet_aod_run_step step;
	char id[MOCKD_ID_SIZE];
	freshet_aod_run_end end; /* its spans are gone */
	bool read_back;
	freshet_aod_status read_status;
	int64_t turns;
	enum place place; /* where `act` is called */
	void (*act)(struct watch *w);
	bool acted;
	bool answered;     /* the call that `act` sent */
	size_t stop_after; /* rows; 0: never */
};

static void act_in(struct watch *w, enum place place)
{
	if (w->place != place || w->acted)
		return;
	w->acted = true;
	w->act(w);
}

static void on_created(freshet_aod_run *run, const freshet_aod_ack *ack, void *user)
{
	struct watch *w = user;
	assert_ptr_equal(run, w->run);
	assert_false(w->done);
	assert_true(freshet_str_equal(freshet_aod_run_session_id(run), ack->id));
	assert_null(freshet_aod_run_stream(run));
	w->created++;
	act_in(w, IN_CREATED);
}

static bool is_row(const freshet_aod_event *event)
{
	return event->type == FRESHET_AOD_EVENT_OUTPUT || event->type == FRESHET_AOD_EVENT_STAGE;
}

static bool is_end(const freshet_aod_event *event)
{
	return event->type == FRESHET_AOD_EVENT_EXIT || event->type == FRESHET_AOD_EVENT_ERROR ||
	       event->type == FRESHET_AOD_EVENT_TERMINATED;
}

static void on_event(freshet_aod_run *run, const freshet_aod_event *event, void *user)
{
	static const char letters[] = "?sgtoeExl";
	struct watch *w = user;
	size_t len = strlen(w->kinds);
	assert_ptr_equal(run, w->run);
	assert_false(w->done);
	assert_non_null(freshet_aod_run_stream(run));
	assert_true(len + 1 < sizeof w->kinds);
	w->kinds[len] = letters[event->type];
	if (is_row(event)) {
		assert_true(w->row_count < sizeof w->rows / sizeof w->rows[0]);
		assert_true(freshet_aod_run_cursor(run) == event->id);
		w->rows[w->row_count++] = event->id;
	}
	if (len == 0)
		act_in(w, IN_FIRST_EVENT);
	if (is_end(event))
		act_in(w, IN_LAST_EVENT);
	if (w->stop_after != 0 && w->row_count == w->stop_after)
		freshet_aod_run_cancel(run);
}

static void on_done(freshet_aod_run *run, const freshet_aod_run_end *end, void *user)
{
	struct watch *w = user;
	assert_ptr_equal(run, w->run);
	w->done = true;
	w->dones++;
	w->err = end->error.outcome.err;
	w->status = end->error.outcome.http_status;
	w->unprocessed = end->error.outcome.unprocessed;
	w->has_text = end->error.outcome.text.len > 0;
	w->step = end->step;
	snprintf(w->id, sizeof w->id, "%.*s", (int)end->session_id.len, end->session_id.ptr);
	w->end = *end;
	w->read_back = end->session != NULL;
	assert_true(w->read_back == (w->err == FRESHET_OK));
	if (w->read_back) {
		assert_true(freshet_str_equal(end->session->id, end->session_id));
		w->read_status = end->session->status;
		w->turns = end->session->turn_count;
	}
	act_in(w, IN_DONE);
}

static freshet_aod_run_options options_of(struct watch *w)
{
	freshet_aod_run_options o;
	freshet_aod_run_options_init(&o);
	o.callbacks = (freshet_aod_run_callbacks){on_created, on_event, NULL, on_done};
	o.user = w;
	return o;
}

static freshet_aod_create_options session_of(const char *prompt)
{
	freshet_aod_create_options s;
	freshet_aod_create_options_init(&s);
	s.agent_id = freshet_str_of(world.agent);
	s.prompt = freshet_str_of(prompt);
	return s;
}

static freshet_err begin(struct watch *w, const char *prompt, uint64_t deadline_ms)
{
	freshet_aod_create_options s = session_of(prompt);
	freshet_aod_run_options o = options_of(w);
	o.deadline_ms = deadline_ms;
	return freshet_aod_session_run(world.aod, &s, &o, &w->run);
}

static void run_whole(struct watch *w, const char *prompt, uint64_t deadline_ms)
{
	assert_int_equal(begin(w, prompt, deadline_ms), FRESHET_OK);
	assert_int_equal(w->dones, 0);
	world_run_until(&w->done);
	assert_int_equal(w->dones, 1);
	assert_true(w->has_text);
}

static void wait_whole(struct watch *w, freshet_aod *client, const char *id, uint64_t cursor)
{
	freshet_aod_run_options o = options_of(w);
	o.cursor = cursor;
	assert_int_equal(freshet_aod_session_wait(client, freshet_str_of(id), &o, &w->run), FRESHET_OK);
	assert_string_equal(freshet_aod_run_session_id(w->run).ptr, id);
	world_run_until(&w->done);
	assert_int_equal(w->dones, 1);
	assert_int_equal(w->created, 0);
}

static void fault(const char *text)
{
	assert_true(mockd_fault_add_text(world.mockd, text, NULL, 0) != 0);
}

/* ---- whole runs ---- */

static void a_session_from_its_beginning_to_its_end(void **state)
{
	struct watch w = {0};
	(void)state;
	run_whole(&w, "script:success rows=3", 0);
	assert_int_equal(w.err, FRESHET_OK);
	assert_int_equal(w.step, FRESHET_AOD_RUN_READ);
	assert_int_equal(w.created, 1);
	assert_int_equal(w.kinds[0], 's');
	assert_string_equal(strchr(w.kinds, 't'), "toooe");
	assert_int_equal(w.end.status, FRESHET_AOD_STATUS_COMPLETED);
	assert_true(w.end.has_exit_code && w.end.exit_code == 0 && w.end.confirmed);
	assert_int_equal(w.read_status, FRESHET_AOD_STATUS_COMPLETED);
	assert_int_equal(w.turns, 1);
	assert_true(w.end.cursor == w.rows[w.row_count - 1]);
	assert_int_equal(w.end.events, strlen(w.kinds));
}

/* How a session ends is what the run was to find out: no end is an error. */
static void every_end_is_an_answer(void **state)
{
	static const struct {
		const char *prompt;
		char last;
		bool has_code;
		int64_t code;
	} cases[] = {
		{"script:exit code=3 rows=1", 'e', true, 3},
		{"script:exit code=-9 rows=1", 'e', true, -9},
		{"script:error rows=1", 'E', false, 0},
		{"script:provision-failure", 'E', false, 0},
		{"script:timeout rows=1", 'E', false, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct watch w = {0};
		run_whole(&w, cases[i].prompt, 0);
		assert_int_equal(w.err, FRESHET_OK);
		assert_int_equal(w.kinds[strlen(w.kinds) - 1], cases[i].last);
		assert_int_equal(w.end.status, FRESHET_AOD_STATUS_FAILED);
		assert_int_equal(w.read_status, FRESHET_AOD_STATUS_FAILED);
		assert_int_equal(w.end.has_exit_code, cases[i].has_code);
		assert_int_equal(w.end.exit_code, cases[i].code);
	}
}

/* Ten silent minutes are no end: the run goes on behind them. */
static void stale_is_not_the_end(void **state)
{
	struct watch w = {0};
	(void)state;
	run_whole(&w, "script:stale rows=2", 0);
	assert_int_equal(w.err, FRESHET_OK);
	assert_non_null(strchr(w.kinds, 'l'));
	assert_int_equal(w.read_status, FRESHET_AOD_STATUS_COMPLETED);
	assert_true(w.end.reconnects >= 2);
}

static void on_ack(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	(void)call;
	(void)ack;
	assert_null(error);
	*(bool *)user = true;
}

static void the_next_turn_alone_is_shown(void **state)
{
	struct watch first = {0}, second = {0};
	bool prompted = false;
	(void)state;
	run_whole(&first, "script:two-turns rows=2", 0);
	freshet_str prompt = freshet_str_of("script:success rows=1");
	assert_int_equal(
		freshet_aod_session_prompt(world.aod, freshet_str_of(first.id), prompt, 0, on_ack, &prompted, NULL),
		FRESHET_OK);
	world_run_until(&prompted);
	wait_whole(&second, world.aod, first.id, first.end.cursor);
	assert_int_equal(second.err, FRESHET_OK);
	assert_string_equal(second.kinds, "sgtoe");
	assert_int_equal(second.turns, 2);
}

/* ---- a cursor in other hands ---- */

struct ledger {
	uint64_t rows[512];
	size_t count;
};

static void on_ledger_row(const struct mockd_ledger_row *row, void *user)
{
	struct ledger *ledger = user;
	assert_true(ledger->count < sizeof ledger->rows / sizeof ledger->rows[0]);
	ledger->rows[ledger->count++] = row->id;
}

/* Stored as text, as a program keeps it in a file between its lives. */
static void a_second_client_goes_on_from_a_stored_cursor(void **state)
{
	(void)state;
	for (size_t stop = 1; stop < 60; stop += 13) {
		struct watch first = {.stop_after = stop}, second = {0};
		struct ledger ledger = {0};
		char stored[32];
		freshet_aod *heir;
		run_whole(&first, "script:success rows=60", 0);
		assert_int_equal(first.err, FRESHET_ECANCELED);
		assert_int_equal(first.row_count, stop);
		snprintf(stored, sizeof stored, "%llu", (unsigned long long)first.end.cursor);
		freshet_aod_close(world.aod);
		assert_int_equal(world_client(MOCKD_TOKEN, mockd_url(world.mockd), &heir), FRESHET_OK);
		wait_whole(&second, heir, first.id, strtoull(stored, NULL, 10));
		assert_int_equal(second.err, FRESHET_OK);
		world.aod = heir;
		assert_true(mockd_ledger_rows(world.mockd, first.id, on_ledger_row, &ledger));
		assert_int_equal(first.row_count + second.row_count, ledger.count);
		assert_memory_equal(first.rows, ledger.rows, stop * sizeof ledger.rows[0]);
		assert_memory_equal(second.rows, ledger.rows + stop, second.row_count * sizeof ledger.rows[0]);
		assert_int_equal(second.end.duplicates, 0);
	}
}

/* ---- others act on the session meanwhile ---- */

static void interrupt_it(struct watch *w)
{
	freshet_str id = freshet_aod_run_session_id(w->run);
	assert_int_equal(freshet_aod_session_interrupt(world.aod, id, on_ack, &w->answered, NULL), FRESHET_OK);
}

static void terminate_it(struct watch *w)
{
	freshet_str id = freshet_aod_run_session_id(w->run);
	assert_int_equal(freshet_aod_session_terminate(world.aod, id, on_ack, &w->answered, NULL), FRESHET_OK);
}

static void an_interrupt_completes_without_a_code(void **state)
{
	struct watch w = {.place = IN_FIRST_EVENT, .act = interrupt_it};
	(void)state;
	run_whole(&w, "script:interrupt rows=1", 0);
	world_run_until(&w.answered);
	assert_int_equal(w.err, FRESHET_OK);
	assert_int_equal(w.end.status, FRESHET_AOD_STATUS_COMPLETED);
	assert_false(w.end.has_exit_code);
	assert_int_equal(w.read_status, FRESHET_AOD_STATUS_COMPLETED);
}

static void a_termination_is_an_end_too(void **state)
{
	struct watch w = {.place = IN_FIRST_EVENT, .act = terminate_it};
	(void)state;
	run_whole(&w, "script:until-terminated rows=1", 0);
	world_run_until(&w.answered);
	assert_int_equal(w.err, FRESHET_OK);
	assert_int_equal(w.kinds[strlen(w.kinds) - 1], 'x');
	assert_int_equal(w.end.status, FRESHET_AOD_STATUS_TERMINATED);
	assert_int_equal(w.read_status, FRESHET_AOD_STATUS_TERMINATED);
}

/* Its streams are cut, and the next subscription finds nothing. */
static void delete_it(struct watch *w)
{
	char text[96];
	freshet_str id = freshet_aod_run_session_id(w->run);
	snprintf(text, sizeof text, "moment=now action=delete session=%.*s", (int)id.len, id.ptr);
	fault(text);
}

static void a_session_that_is_deleted_meanwhile(void **state)
{
	struct watch w = {.place = IN_FIRST_EVENT, .act = delete_it};
	(void)state;
	run_whole(&w, "script:hang rows=1", 0);
	assert_int_equal(w.err, FRESHET_ENOT_FOUND);
	assert_int_equal(w.step, FRESHET_AOD_RUN_FOLLOW);
}

/* On one thread: each sees its own rows, all of them, once. */
static void two_hundred_at_once(void **state)
{
	enum { RUNS = 200 };
	static const char *const prompts[] = {
		"script:success rows=4", "script:exit code=3 rows=3", "script:error rows=2", "script:interrupt rows=1"};
	static const freshet_aod_status statuses[] = {FRESHET_AOD_STATUS_COMPLETED, FRESHET_AOD_STATUS_FAILED,
		FRESHET_AOD_STATUS_FAILED, FRESHET_AOD_STATUS_COMPLETED};
	static struct watch w[RUNS];
	struct mockd_options o = world_fast();
	(void)state;
	o.quota = RUNS;
	/* A turn fails after ten minutes: a busy machine has some seconds for two hundred connections and their interrupts. */
	o.clock_scale = 50;
	world_open(&o);
	memset(w, 0, sizeof w);
	for (size_t i = 0; i < RUNS; i++) {
		w[i].place = i % 4 == 3 ? IN_FIRST_EVENT : NOWHERE;
		w[i].act = interrupt_it;
		assert_int_equal(begin(&w[i], prompts[i % 4], 0), FRESHET_OK);
	}
	for (size_t i = 0; i < RUNS; i++) {
		struct ledger ledger = {0};
		world_run_until(&w[i].done);
		if (w[i].place == IN_FIRST_EVENT)
			world_run_until(&w[i].answered);
		assert_int_equal(w[i].err, FRESHET_OK);
		assert_int_equal(w[i].read_status, statuses[i % 4]);
		assert_true(mockd_ledger_rows(world.mockd, w[i].id, on_ledger_row, &ledger));
		assert_int_equal(w[i].row_count, ledger.count);
		assert_memory_equal(w[i].rows, ledger.rows, ledger.count * sizeof ledger.rows[0]);
	}
}

/* ---- what each step can meet ---- */

static void a_session_that_is_not_made(void **state)
{
	struct watch w = {0};
	freshet_aod_create_options s = session_of("x");
	freshet_aod_run_options o = options_of(&w);
	(void)state;
	s.agent_id = freshet_str_of(NOBODY);
	assert_int_equal(freshet_aod_session_run(world.aod, &s, &o, &w.run), FRESHET_OK);
	world_run_until(&w.done);
	assert_int_equal(w.err, FRESHET_ENOT_FOUND);
	assert_int_equal(w.step, FRESHET_AOD_RUN_CREATE);
	assert_string_equal(w.id, "");
	assert_int_equal(w.created, 0);
}

static void a_session_without_an_id(void **state)
{
	static const char body[] = "{\"id\": \"7\", \"status\": \"pending\"}";
	struct watch w = {0};
	(void)state;
	assert_true(mockd_fault_add_text(world.mockd, "action=status status=202 content_type=application/json", body,
			    sizeof body - 1) != 0);
	run_whole(&w, "script:success", 0);
	assert_int_equal(w.err, FRESHET_EBAD_ANSWER);
	assert_string_equal(w.id, "");
}

/* The answer is lost, the deed may be done: the run does not make a second session. */
static void an_answer_that_is_lost(void **state)
{
	struct watch w = {0};
	(void)state;
	fault("moment=answer action=cut method=POST path=/sessions");
	run_whole(&w, "script:success rows=1", 0);
	assert_true(w.err != FRESHET_OK);
	assert_int_equal(w.step, FRESHET_AOD_RUN_CREATE);
	assert_false(w.unprocessed);
}

static void a_stream_that_is_refused(void **state)
{
	struct watch w = {0};
	(void)state;
	fault("action=status status=401 path=/sessions/*/stream");
	run_whole(&w, "script:success rows=1", 0);
	assert_int_equal(w.err, FRESHET_EAUTH);
	assert_int_equal(w.step, FRESHET_AOD_RUN_FOLLOW);
	assert_int_equal(strlen(w.id), 36);
	assert_int_equal(w.end.status, FRESHET_AOD_STATUS_UNKNOWN);
}

static void a_session_that_cannot_be_read_back(void **state)
{
	struct watch w = {0};
	(void)state;
	fault(ONE_SESSION " action=status status=500 content_type=text/html");
	run_whole(&w, "script:exit code=3 rows=1", 0);
	assert_int_equal(w.err, FRESHET_ESERVER);
	assert_int_equal(w.status, 500);
	assert_int_equal(w.step, FRESHET_AOD_RUN_READ);
	assert_int_equal(w.end.status, FRESHET_AOD_STATUS_FAILED);
	assert_int_equal(w.end.exit_code, 3);
}

static void waiting_for_nobody(void **state)
{
	struct watch w = {0};
	(void)state;
	wait_whole(&w, world.aod, NOBODY, 0);
	assert_int_equal(w.err, FRESHET_ENOT_FOUND);
	assert_int_equal(w.step, FRESHET_AOD_RUN_FOLLOW);
}

/* ---- the deadline ---- */

/* A deadline long enough to reach the step, however slow the machine is, and no longer than that needs. */
static void the_deadline_covers_every_step(void **state)
{
	static const struct {
		const char *fault;
		const char *prompt;
		freshet_aod_run_step step;
		freshet_aod_status status;
	} cases[] = {
		{"moment=answer action=stall method=POST", "script:success", FRESHET_AOD_RUN_CREATE,
			FRESHET_AOD_STATUS_UNKNOWN},
		{NULL, "script:hang rows=1", FRESHET_AOD_RUN_FOLLOW, FRESHET_AOD_STATUS_UNKNOWN},
		{"moment=answer action=stall " ONE_SESSION, "script:success rows=1 stages=0", FRESHET_AOD_RUN_READ,
			FRESHET_AOD_STATUS_COMPLETED},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct watch w;
		uint64_t deadline_ms = 50;
		do {
			memset(&w, 0, sizeof w);
			if (cases[i].fault != NULL)
				fault(cases[i].fault);
			run_whole(&w, cases[i].prompt, deadline_ms);
			mockd_fault_clear(world.mockd);
			assert_int_equal(w.err, FRESHET_EDEADLINE);
			deadline_ms *= 2;
		} while (w.step < cases[i].step);
		assert_int_equal(w.step, cases[i].step);
		assert_int_equal(w.end.status, cases[i].status);
		assert_int_equal(strlen(w.id), i == 0 ? 0 : 36);
	}
}

/* ---- inside callbacks ---- */

static void cancel(struct watch *w)
{
	freshet_aod_run_cancel(w->run);
	freshet_aod_run_cancel(w->run);
}

static void close_client(struct watch *w)
{
	(void)w;
	freshet_aod_close(world.aod);
}

static bool reactor_closed;

static void close_reactor(struct watch *w)
{
	(void)w;
	freshet_reactor_close(world.reactor, world_on_reactor_closed, &reactor_closed);
}

static struct watch another;

static void begin_another(struct watch *w)
{
	(void)w;
	memset(&another, 0, sizeof another);
	assert_int_equal(begin(&another, "script:success rows=1", 0), FRESHET_OK);
}

/* One run, acted upon in that place, comes to its end exactly once. */
static void act_at(enum place place, void (*act)(struct watch *w))
{
	struct watch w = {.place = place, .act = act};
	struct mockd_options o = world_fast();
	world_open(&o);
	reactor_closed = false;
	assert_int_equal(begin(&w, "script:success rows=2", 0), FRESHET_OK);
	if (place == NOWHERE) {
		w.acted = true;
		act(&w);
		assert_int_equal(w.dones, 0);
	}
	world_run_until(&w.done);
	assert_true(w.acted);
	if (act == begin_another)
		world_run_until(&another.done);
	if (act == close_reactor)
		world_run_until(&reactor_closed);
	assert_int_equal(w.dones, 1);
	if (act == begin_another)
		assert_int_equal(another.err, FRESHET_OK);
	bool spared = act == begin_another || place == IN_DONE;
	assert_int_equal(w.err, spared ? FRESHET_OK : FRESHET_ECANCELED);
	world_close(NULL);
}

static void everything_inside_every_callback(void **state)
{
	static void (*const acts[])(struct watch * w) = {cancel, close_client, close_reactor, begin_another};
	(void)state;
	for (int place = NOWHERE; place < PLACES; place++)
		for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
			act_at((enum place)place, acts[i]);
}

/* While the session is read back, too: the call is what a run waits for then. */
static void canceled_while_reading(void **state)
{
	struct watch w = {0};
	(void)state;
	uint64_t number = mockd_fault_add_text(world.mockd, ONE_SESSION " moment=answer action=stall", NULL, 0);
	assert_int_equal(begin(&w, "script:success rows=1", 0), FRESHET_OK);
	while (mockd_fault_struck(world.mockd, number) == 0)
		world_turn();
	assert_null(freshet_aod_run_stream(w.run));
	cancel(&w);
	world_run_until(&w.done);
	assert_int_equal(w.err, FRESHET_ECANCELED);
	assert_int_equal(w.step, FRESHET_AOD_RUN_READ);
	assert_int_equal(w.end.status, FRESHET_AOD_STATUS_COMPLETED);
}

/* ---- what cannot begin ---- */

static void arguments(void **state)
{
	struct watch w = {0};
	freshet_aod_create_options s = session_of("x");
	freshet_aod_run_options o = options_of(&w);
	freshet_aod_run *run = (freshet_aod_run *)&w;
	(void)state;
	assert_int_equal(freshet_aod_session_run(world.aod, &s, NULL, &run), FRESHET_EINVAL);
	assert_null(run);
	assert_int_equal(freshet_aod_session_run(world.aod, NULL, &o, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_aod_session_wait(world.aod, freshet_str_of("x"), &o, &run), FRESHET_EINVAL);
	s.agent_id = freshet_str_of("x");
	assert_int_equal(freshet_aod_session_run(world.aod, &s, &o, NULL), FRESHET_EINVAL);
	s = session_of("x");
	o.size++;
	assert_int_equal(freshet_aod_session_run(world.aod, &s, &o, NULL), FRESHET_EINVAL);
	o = options_of(&w);
	o.callbacks.on_done = NULL;
	assert_int_equal(freshet_aod_session_run(world.aod, &s, &o, NULL), FRESHET_EINVAL);
	assert_int_equal(w.dones, 0);
}

/* Each allocation fails in turn: the run does not begin, or ends exactly once; nothing is kept. */
static void every_allocation_may_fail(void **state)
{
	size_t n = 1;
	bool fired;
	(void)state;
	do {
		struct watch w = {0};
		failmem_arm_one(n++);
		freshet_err err = begin(&w, "script:success rows=1 stages=0", 0);
		if (err == FRESHET_OK)
			world_run_until(&w.done);
		else
			assert_int_equal(err, FRESHET_ENOMEM);
		fired = failmem_fired();
		failmem_off();
		assert_int_equal(w.dones, err == FRESHET_OK ? 1 : 0);
		if (!fired)
			assert_int_equal(w.err, FRESHET_OK);
	} while (fired);
	assert_true(n > 10);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_session_from_its_beginning_to_its_end, set_up, world_close),
		cmocka_unit_test_setup_teardown(every_end_is_an_answer, set_up, world_close),
		cmocka_unit_test_setup_teardown(stale_is_not_the_end, set_up, world_close),
		cmocka_unit_test_setup_teardown(the_next_turn_alone_is_shown, set_up, world_close),
		cmocka_unit_test_setup_teardown(a_second_client_goes_on_from_a_stored_cursor, set_up, world_close),
		cmocka_unit_test_setup_teardown(an_interrupt_completes_without_a_code, set_up, world_close),
		cmocka_unit_test_setup_teardown(a_termination_is_an_end_too, set_up, world_close),
		cmocka_unit_test_setup_teardown(a_session_that_is_deleted_meanwhile, set_up, world_close),
		cmocka_unit_test_teardown(two_hundred_at_once, world_close),
		cmocka_unit_test_setup_teardown(a_session_that_is_not_made, set_up, world_close),
		cmocka_unit_test_setup_teardown(a_session_without_an_id, set_up, world_close),
		cmocka_unit_test_setup_teardown(an_answer_that_is_lost, set_up, world_close),
		cmocka_unit_test_setup_teardown(a_stream_that_is_refused, set_up, world_close),
		cmocka_unit_test_setup_teardown(a_session_that_cannot_be_read_back, set_up, world_close),
		cmocka_unit_test_setup_teardown(waiting_for_nobody, set_up, world_close),
		cmocka_unit_test_setup_teardown(the_deadline_covers_every_step, set_up, world_close),
		cmocka_unit_test(everything_inside_every_callback),
		cmocka_unit_test_setup_teardown(canceled_while_reading, set_up, world_close),
		cmocka_unit_test_setup_teardown(arguments, set_up, world_close),
		cmocka_unit_test_setup_teardown(every_allocation_may_fail, set_up, world_close),
	};
	world_choose(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
