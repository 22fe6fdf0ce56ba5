/*
 * Nothing lost, nothing twice: one session of more than 300 rows in two turns is followed again and again, with its
 * connection cut after every byte of the body, between each row's `id:` and `data:` lines, between each `turn_start` and its
 * output. Every run must show every row exactly once and in order, `start` and each `turn_start` once and in their places,
 * and the right end.
 *
 * A run that is cut once reads all of the body. To cut after every byte in a time that everybody has, a run is cut at
 * many places, a thousand bytes apart, each of them on the connection that resumed from the one before; runs that are cut
 * once take samples. Several lanes run side by side, each with a session of its own, so that the faults of one run strike
 * no other run.
 */
#include "support/aod_world.h"
#include "support/test.h"

#define LANES         64
#define ROWS_PER_TURN 152
#define TURNS         2
#define MAX_ROWS      512

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

/* One row, as the ledger has it. */
struct row {
	uint64_t id;
	unsigned turn;
	bool output;
	bool first; /* output of its turn: a turn_start announces it */
};

struct lane {
	char session[MOCKD_ID_SIZE];
	struct row rows[MAX_ROWS];
	size_t row_count;
	uint64_t hash; /* the ledger's, over ids and payloads */
	/* The present run. */
	uint64_t number; /* of the run */
	uint64_t place;  /* where its connection is cut next, or was last */
	uint64_t fault;  /* that cuts it there; 0: none does any more */
	size_t next_row;
	uint64_t seen_hash;
	unsigned starts;
	int64_t turn;
	bool ended;
	bool finished; /* all runs of this lane are */
};

static struct lane lanes[LANES];

/* Where things are in the body of a whole stream: the same in all lanes, since all their ids are equally long. */
static struct {
	uint64_t len;
	uint64_t row_at[MAX_ROWS +
			1]; /* behind the row before: what a stream that resumes there brings, but for its head */
} body;

/* What the runs of one test cut, and where: at first, first + step, first + 2 * step ... */
static struct plan {
	enum mockd_moment moment;
	enum mockd_action action;
	uint64_t first;
	uint64_t step;
	uint64_t spacing; /* of the cuts of one run, a multiple of `step`; 0: each run is cut once */
	uint64_t places;  /* the last one, exclusive */
	uint64_t cuts;    /* made by all runs */
} plan;

static void run_next(struct lane *lane);

/* ---- one run ---- */

static void check_row(struct lane *lane, uint64_t id, int64_t turn, freshet_str payload)
{
	assert_true(lane->next_row < lane->row_count);
	const struct row *row = &lane->rows[lane->next_row++];
	assert_int_equal(id, row->id);
	assert_int_equal(turn, row->turn);
	/* A row's turn was announced before it. */
	assert_int_equal(lane->turn, row->turn);
	lane->seen_hash = mockd_hash_row(lane->seen_hash, id, payload.ptr, payload.len);
}

static void on_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	struct lane *lane = user;
	(void)stream;
	assert_false(lane->ended);
	assert_int_equal(lane->starts, event->type == FRESHET_AOD_EVENT_START ? 0 : 1);
	switch (event->type) {
	case FRESHET_AOD_EVENT_START: lane->starts++; break;
	case FRESHET_AOD_EVENT_TURN_START:
		assert_int_equal(event->turn_start.turn, lane->turn + 1);
		lane->turn++;
		break;
	case FRESHET_AOD_EVENT_STAGE: check_row(lane, event->id, lane->rows[lane->next_row].turn, event->raw); break;
	case FRESHET_AOD_EVENT_OUTPUT: check_row(lane, event->id, event->output.turn, event->raw); break;
	case FRESHET_AOD_EVENT_EXIT:
		assert_true(event->exit.has_code);
		assert_int_equal(event->exit.code, 0);
		lane->ended = true;
		break;
	case FRESHET_AOD_EVENT_UNKNOWN:
	case FRESHET_AOD_EVENT_ERROR:
	case FRESHET_AOD_EVENT_TERMINATED:
	case FRESHET_AOD_EVENT_STALE: fail_msg("an event of type %d", (int)event->type);
	}
}

/* The repeated `turn_start` with which a stream resumes inside a turn. */
static uint64_t repeated_len(const struct row *row)
{
	if (!row->output || row->first)
		return 0;
	return (uint64_t)snprintf(NULL, 0, "data: {\"type\": \"turn_start\", \"id\": %llu, \"turn\": %u}\n\n",
		(unsigned long long)row->id, row->turn);
}

/* Where the lane's place is in the body of a stream that resumes behind the cursor. */
static uint64_t place_behind(const struct lane *lane, uint64_t cursor)
{
	size_t i = 0;
	while (i < lane->row_count && lane->rows[i].id <= cursor)
		i++;
	if (plan.moment != MOCKD_AT_BYTE || i == 0)
		return lane->place;
	uint64_t repeated = i < lane->row_count ? repeated_len(&lane->rows[i]) : 0;
	assert_true(lane->place > body.row_at[i]);
	/* The head of every stream is its `start`, which ends where the first row begins. */
	return body.row_at[0] + repeated + lane->place - body.row_at[i];
}

/* The connection that comes next is cut at the lane's place. */
static void cut_next(struct lane *lane, uint64_t cursor)
{
	struct mockd_fault fault;
	mockd_fault_init(&fault, plan.moment, plan.action);
	fault.session = lane->session;
	fault.at = place_behind(lane, cursor);
	fault.code = 2;
	lane->fault = mockd_fault_add(world.mockd, &fault);
	assert_true(lane->fault != 0);
}

static void on_cut(freshet_aod_stream *stream, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	struct lane *lane = user;
	(void)cause;
	(void)retry_ms;
	assert_int_equal(mockd_fault_struck(world.mockd, lane->fault), 1);
	mockd_fault_remove(world.mockd, lane->fault);
	lane->fault = 0;
	plan.cuts++;
	lane->place += plan.spacing;
	if (plan.spacing > 0 && lane->place < plan.places)
		cut_next(lane, freshet_aod_stream_cursor(stream));
}

static void on_done(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	struct lane *lane = user;
	(void)stream;
	if (end->error.outcome.err != FRESHET_OK)
		print_message("place %llu: %.*s\n", (unsigned long long)lane->place, (int)end->error.outcome.text.len,
			end->error.outcome.text.ptr);
	assert_int_equal(end->error.outcome.err, FRESHET_OK);
	assert_int_equal(end->status, FRESHET_AOD_STATUS_COMPLETED);
	assert_true(end->confirmed);
	assert_true(lane->ended);
	assert_int_equal(lane->next_row, lane->row_count);
	assert_true(lane->seen_hash == lane->hash);
	assert_int_equal(lane->turn, TURNS);
	assert_int_equal(end->cursor, lane->rows[lane->row_count - 1].id);
	assert_int_equal(lane->fault, 0);
	lane->number += LANES;
	run_next(lane);
}

static void run_next(struct lane *lane)
{
	freshet_aod_stream_options o;
	freshet_aod_stream *stream;
	lane->place = plan.first + lane->number * plan.step;
	if (lane->place >= plan.places || (plan.spacing > 0 && lane->place >= plan.first + plan.spacing)) {
		lane->finished = true;
		return;
	}
	lane->next_row = 0;
	lane->seen_hash = MOCKD_HASH_START;
	lane->starts = 0;
	lane->turn = 0;
	lane->ended = false;
	cut_next(lane, 0);
	freshet_aod_stream_options_init(&o);
	o.session_id = freshet_str_of(lane->session);
	o.callbacks.on_event = on_event;
	o.callbacks.on_cut = on_cut;
	o.callbacks.on_done = on_done;
	o.user = lane;
	assert_int_equal(freshet_aod_stream_open(world.aod, &o, &stream), FRESHET_OK);
}

static void run_plan(const struct plan *wanted)
{
	bool all;
	plan = *wanted;
	for (size_t i = 0; i < LANES; i++) {
		lanes[i].number = i;
		lanes[i].finished = false;
	}
	for (size_t i = 0; i < LANES; i++)
		run_next(&lanes[i]);
	do {
		world_turn();
		all = true;
		for (size_t i = 0; i < LANES; i++)
			all &= lanes[i].finished;
	} while (!all);
	/* Every place has had its cut. */
	assert_true(plan.places > plan.first);
	assert_int_equal(plan.cuts, (plan.places - plan.first + plan.step - 1) / plan.step);
	print_message("%llu cuts\n", (unsigned long long)plan.cuts);
}

enum cuts { ONE_CUT, MANY_CUTS };

/* After every `step` bytes; with many cuts in a run those lie about a thousand bytes apart. */
static void run_byte_plan(enum mockd_action action, uint64_t step, enum cuts cuts)
{
	run_plan(&(struct plan){.moment = MOCKD_AT_BYTE,
		.action = action,
		.step = step,
		.spacing = cuts == MANY_CUTS ? 1000 / step * step : 0,
		.places = body.len});
}

/* ---- the recorded sessions ---- */

static void on_ack(freshet_aod_call *call, const freshet_aod_error *error, const freshet_aod_ack *ack, void *user)
{
	(void)call;
	(void)ack;
	assert_null(error);
	*(bool *)user = true;
}

static void note_rows(const struct mockd_ledger_entry *entry, void *user)
{
	*(size_t *)user = entry->rows;
}

/* Rows follow the one row of the turn's stage, and it is then that the session takes them. */
static void record_turn(struct lane *lane, size_t rows_before)
{
	static const int success = 0;
	size_t rows = 0;
	while (mockd_ledger_find(world.mockd, lane->session, note_rows, &rows), rows == rows_before)
		world_turn();
	for (size_t i = 0; i < ROWS_PER_TURN; i++) {
		char text[32];
		int len = snprintf(text, sizeof text, i % 5 != 0 ? "r%zu\n" : "\"\xc3\xa9%zu\"", i);
		assert_true(mockd_add_row(world.mockd, lane->session, i % 7 == 0 ? "stderr" : "stdout", text,
				    (size_t)len) != 0);
	}
	assert_true(mockd_end_session(world.mockd, lane->session, "completed", &success));
}

static void note_row(const struct mockd_ledger_row *row, void *user)
{
	struct lane *lane = user;
	assert_true(lane->row_count < MAX_ROWS);
	/* A stage stands before its turn's first output: until that is announced the turn is the one before. */
	bool output = strcmp(row->kind, "stage") != 0;
	unsigned before = lane->row_count > 0 ? lane->rows[lane->row_count - 1].turn : 0;
	lane->rows[lane->row_count++] =
		(struct row){row->id, output ? row->turn : before, output, output && row->turn != before};
}

static void note_entry(const struct mockd_ledger_entry *entry, void *user)
{
	struct lane *lane = user;
	lane->hash = entry->hash;
	assert_int_equal(entry->turns, TURNS);
}

/* Behind the text, which is looked for from there on. */
static uint64_t behind(freshet_str bytes, uint64_t from, const char *text)
{
	const char *at = memmem(bytes.ptr + from, bytes.len - from, text, strlen(text));
	assert_non_null(at);
	return (uint64_t)(at - bytes.ptr) + strlen(text);
}

static void note_body(const struct lane *lane, freshet_str bytes)
{
	uint64_t at = behind(bytes, 0, "\n\n");
	body.row_at[0] = at;
	for (size_t i = 0; i < lane->row_count; i++) {
		char id[32];
		snprintf(id, sizeof id, "id: %llu\n", (unsigned long long)lane->rows[i].id);
		at = behind(bytes, behind(bytes, at, id), "\n\n");
		assert_true(body.len == 0 || body.row_at[i + 1] == at);
		body.row_at[i + 1] = at;
	}
	assert_true(body.len == 0 || body.len == bytes.len);
	body.len = bytes.len;
}

static void on_body(freshet_request *request, const freshet_response *response, void *user)
{
	struct lane *lane = user;
	(void)request;
	assert_int_equal(response->outcome.err, FRESHET_OK);
	assert_int_equal(response->status, 200);
	note_body(lane, response->body);
	lane->finished = true;
}

/* The stream's body, read as one answer. */
static void measure_body(struct lane *lane)
{
	char path[96];
	freshet_request_options o;
	snprintf(path, sizeof path, "/sessions/%s/stream", lane->session);
	freshet_request_options_init(&o);
	o.path = path;
	o.on_done = on_body;
	o.user = lane;
	assert_int_equal(freshet_request_send(freshet_aod_endpoint(world.aod), &o, NULL), FRESHET_OK);
	world_run_until(&lane->finished);
}

static void record_session(struct lane *lane)
{
	bool prompted = false;
	*lane = (struct lane){.hash = 0};
	assert_int_equal(mockd_add_session(world.mockd, "script:manual stages=0", lane->session), FRESHET_OK);
	record_turn(lane, 0);
	assert_int_equal(freshet_aod_session_prompt(world.aod, freshet_str_of(lane->session),
				 freshet_str_of("script:manual stages=0"), 0, on_ack, &prompted, NULL),
		FRESHET_OK);
	world_run_until(&prompted);
	record_turn(lane, 1 + ROWS_PER_TURN);
	assert_true(mockd_ledger_rows(world.mockd, lane->session, note_row, lane));
	assert_true(mockd_ledger_find(world.mockd, lane->session, note_entry, lane));
	assert_true(lane->row_count >= 300);
	measure_body(lane);
}

static int record(void **state)
{
	struct mockd_options o;
	(void)state;
	o = world_fast();
	/* A connection for each stream, so that a cut is a cut of one run; everything at once; ids of one length. */
	o.max_concurrent_streams = 1;
	o.poll_rows = MAX_ROWS;
	o.clock_scale = 20000;
	o.stale_ms = UINT32_MAX;
	o.heartbeat_ms = UINT32_MAX;
	o.merge_writes = true;
	o.first_row_id = 100000;
	world_open(&o);
	for (size_t i = 0; i < LANES; i++)
		record_session(&lanes[i]);
	return 0;
}

/* ---- where it is cut ---- */

/*
 * How many bytes lie between two cuts where not every byte is cut after, or 1. The address sanitizer looks for other things
 * than the place of a cut, which the plain build makes after every byte: there some places in each row have to do, and
 * fewer over TLS, whose handshakes take milliseconds then.
 */
static uint64_t step_of(uint64_t step)
{
	if (!SANITIZED)
		return step;
	return world_transport->tls ? 31 * step : 11 * step;
}

static void cut_after_every_byte(void **state)
{
	(void)state;
	run_byte_plan(MOCKD_DO_CUT, step_of(1), MANY_CUTS);
}

/* On the first connection, wherever that is. */
static void cut_once_after_many_a_byte(void **state)
{
	(void)state;
	run_byte_plan(MOCKD_DO_CUT, step_of(29), ONE_CUT);
}

static void aborted_after_many_a_byte(void **state)
{
	(void)state;
	run_byte_plan(MOCKD_DO_ABORT, step_of(29), MANY_CUTS);
}

static void reset_after_many_a_byte(void **state)
{
	(void)state;
	run_byte_plan(MOCKD_DO_RESET, step_of(29), MANY_CUTS);
}

/* The most treacherous one: the body ends as if all were well. */
static void ended_after_many_a_byte(void **state)
{
	(void)state;
	run_byte_plan(MOCKD_DO_END, step_of(29), MANY_CUTS);
}

static void cut_between_id_and_data(void **state)
{
	(void)state;
	run_plan(&(struct plan){.moment = MOCKD_AT_ID,
		.action = MOCKD_DO_CUT,
		.first = 1,
		.step = 1,
		.places = lanes[0].row_count + 1});
}

static void cut_between_turn_start_and_output(void **state)
{
	(void)state;
	run_plan(&(struct plan){
		.moment = MOCKD_AT_TURN, .action = MOCKD_DO_CUT, .first = 1, .step = 1, .places = TURNS + 1});
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_between_turn_start_and_output),
		cmocka_unit_test(cut_between_id_and_data),
		cmocka_unit_test(cut_once_after_many_a_byte),
		cmocka_unit_test(aborted_after_many_a_byte),
		cmocka_unit_test(reset_after_many_a_byte),
		cmocka_unit_test(ended_after_many_a_byte),
		cmocka_unit_test(cut_after_every_byte),
	};
	world_choose(argc, argv);
	return cmocka_run_group_tests(tests, record, world_close);
}
