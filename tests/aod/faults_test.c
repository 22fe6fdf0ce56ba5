/*
 * Faults of server and network: streams that meet them show what streams show that are left alone, or end with the error
 * that fits. resume_test.c cuts everywhere; here every kind of cut, refusal and odd frame has its turn.
 */
#include "support/aod_world.h"
#include "support/test.h"

#define ROWS 12

/* What a stream showed, as one line. */
struct story {
	freshet_aod_stream *stream;
	char text[16384];
	bool done;
	unsigned dones;
	unsigned cuts;
	freshet_err err;
	freshet_aod_status status;
	uint64_t cursor;
	uint64_t duplicates;
	char why[256];
};

__attribute__((format(printf, 2, 3))) static void tell(struct story *s, const char *format, ...)
{
	va_list args;
	size_t len = strlen(s->text);
	va_start(args, format);
	vsnprintf(s->text + len, sizeof s->text - len, format, args);
	va_end(args);
	assert_true(strlen(s->text) + 1 < sizeof s->text);
}

static void on_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	struct story *s = user;
	(void)stream;
	tell(s, "%.*s", (int)event->type_name.len, event->type_name.ptr);
	switch (event->type) {
	case FRESHET_AOD_EVENT_STAGE:
		tell(s, " %llu %.*s %.*s", (unsigned long long)event->id, (int)event->stage.name.len,
			event->stage.name.ptr, (int)event->stage.state_name.len, event->stage.state_name.ptr);
		break;
	case FRESHET_AOD_EVENT_TURN_START: tell(s, " %d", (int)event->turn_start.turn); break;
	case FRESHET_AOD_EVENT_OUTPUT:
		tell(s, " %llu %.*s", (unsigned long long)event->id, (int)event->output.data.len,
			event->output.data.ptr);
		break;
	case FRESHET_AOD_EVENT_EXIT: tell(s, " %d", event->exit.has_code ? (int)event->exit.code : -1000); break;
	default: break;
	}
	tell(s, "\n");
}

static void on_cut(freshet_aod_stream *stream, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	(void)stream;
	(void)cause;
	(void)retry_ms;
	((struct story *)user)->cuts++;
}

static void on_done(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	struct story *s = user;
	(void)stream;
	s->done = true;
	s->dones++;
	s->err = end->error.outcome.err;
	s->status = end->status;
	s->cursor = end->cursor;
	s->duplicates = end->duplicates;
	snprintf(s->why, sizeof s->why, "%.*s", (int)end->error.outcome.text.len, end->error.outcome.text.ptr);
}

static void follow(struct story *s, const char *id, bool unconfirmed)
{
	freshet_aod_stream_options o;
	memset(s, 0, sizeof *s);
	freshet_aod_stream_options_init(&o);
	o.session_id = freshet_str_of(id);
	o.unconfirmed = unconfirmed;
	o.callbacks = (freshet_aod_stream_callbacks){NULL, on_event, on_cut, on_done};
	o.user = s;
	assert_int_equal(freshet_aod_stream_open(world.aod, &o, &s->stream), FRESHET_OK);
}

static void follow_to_the_end(struct story *s, const char *id, bool unconfirmed)
{
	follow(s, id, unconfirmed);
	world_run_until(&s->done);
	assert_int_equal(s->dones, 1);
}

/* A session that has ended, and what an undisturbed stream shows of it. */
static void make_session(char id[MOCKD_ID_SIZE], struct story *whole)
{
	static const int code = 0;
	assert_int_equal(mockd_add_session(world.mockd, "script:manual stages=1", id), FRESHET_OK);
	for (int i = 0; i < ROWS; i++) {
		char data[64];
		int len = snprintf(data, sizeof data, "row %d \xe2\x82\xac\n", i);
		while (mockd_add_row(world.mockd, id, i % 3 == 0 ? "stderr" : "stdout", data, (size_t)len) == 0)
			world_turn();
	}
	assert_true(mockd_end_session(world.mockd, id, "completed", &code));
	follow_to_the_end(whole, id, false);
	assert_int_equal(whole->err, FRESHET_OK);
	assert_int_equal(whole->cuts, 0);
	assert_int_equal(whole->duplicates, 0);
	assert_int_equal(whole->status, FRESHET_AOD_STATUS_COMPLETED);
}

static void assert_same_story(const struct story *a, const struct story *b)
{
	assert_string_equal(a->text, b->text);
	assert_int_equal(a->err, b->err);
	assert_int_equal(a->status, b->status);
	assert_true(a->cursor == b->cursor);
}

static const enum mockd_action cutting[] = {MOCKD_DO_CLOSE, MOCKD_DO_CUT, MOCKD_DO_ABORT, MOCKD_DO_RESET, MOCKD_DO_END};
#define CUTTING (sizeof cutting / sizeof cutting[0])

/* One cut of that kind after so many events; true when it struck. */
static bool cut_once(const char *id, const struct story *whole, uint64_t at, size_t kind)
{
	static struct story cut;
	struct mockd_fault fault;
	mockd_fault_init(&fault, MOCKD_AT_EVENT, cutting[kind]);
	fault.path = "/sessions/*/stream";
	fault.at = at;
	uint64_t number = mockd_fault_add(world.mockd, &fault);
	assert_int_not_equal(number, 0);
	follow_to_the_end(&cut, id, false);
	assert_same_story(&cut, whole);
	bool struck = mockd_fault_struck(world.mockd, number) > 0;
	mockd_fault_remove(world.mockd, number);
	return struck;
}

/* Each kind of cut in turn, after each event, until there is nothing left to cut. */
static void every_kind_of_cut(void **state)
{
	static struct story whole;
	char id[MOCKD_ID_SIZE];
	(void)state;
	make_session(id, &whole);
	for (size_t kind = 0; kind < CUTTING; kind++) {
		uint64_t at = 1;
		while (cut_once(id, &whole, at, kind))
			at++;
		assert_true(at > ROWS);
	}
}

/* Again and again: every connection dies after two more events. */
static void cut_all_the_time(void **state)
{
	static struct story whole, cut;
	char id[MOCKD_ID_SIZE];
	struct mockd_fault fault;
	(void)state;
	make_session(id, &whole);
	mockd_fault_init(&fault, MOCKD_AT_EVENT, MOCKD_DO_ABORT);
	fault.path = "/sessions/*/stream";
	fault.at = 3;
	fault.times = 0;
	assert_int_not_equal(mockd_fault_add(world.mockd, &fault), 0);
	follow_to_the_end(&cut, id, false);
	assert_same_story(&cut, &whole);
	assert_true(cut.cuts >= ROWS / 2);
}

/* Passing refusals of the server or a proxy are retried, and nothing else is. */
static void statuses_that_pass(void **state)
{
	static const int statuses[] = {502, 503, 504, 500, 408, 429};
	static struct story whole, cut;
	char id[MOCKD_ID_SIZE];
	(void)state;
	make_session(id, &whole);
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		struct mockd_fault fault;
		mockd_fault_init(&fault, MOCKD_AT_REQUEST, MOCKD_DO_STATUS);
		fault.path = "/sessions/*/stream";
		fault.status = statuses[i];
		fault.content_type = "text/html";
		fault.body = "<h1>later</h1>";
		fault.body_len = strlen(fault.body);
		fault.times = 2;
		assert_int_not_equal(mockd_fault_add(world.mockd, &fault), 0);
		follow_to_the_end(&cut, id, true);
		assert_int_equal(cut.cuts, 2);
		assert_string_equal(cut.text, whole.text);
		mockd_fault_clear(world.mockd);
	}
}

static void statuses_that_stay(void **state)
{
	static const struct {
		int status;
		freshet_err err;
	} cases[] = {
		{401, FRESHET_EAUTH}, {403, FRESHET_EAUTH}, {404, FRESHET_ENOT_FOUND}, {400, FRESHET_EHTTP_STATUS}};
	static struct story whole, cut;
	char id[MOCKD_ID_SIZE];
	(void)state;
	make_session(id, &whole);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct mockd_fault fault;
		mockd_fault_init(&fault, MOCKD_AT_EVENT, MOCKD_DO_RESET);
		fault.path = "/sessions/*/stream";
		fault.at = 4;
		assert_int_not_equal(mockd_fault_add(world.mockd, &fault), 0);
		mockd_fault_init(&fault, MOCKD_AT_REQUEST, MOCKD_DO_STATUS);
		fault.path = "/sessions/*/stream";
		fault.skip = 1;
		fault.status = cases[i].status;
		fault.content_type = "application/json";
		fault.body = "{\"detail\": \"no more\"}";
		fault.body_len = strlen(fault.body);
		assert_int_not_equal(mockd_fault_add(world.mockd, &fault), 0);
		follow_to_the_end(&cut, id, false);
		assert_int_equal(cut.cuts, 1);
		assert_int_equal(cut.err, cases[i].err);
		assert_non_null(strstr(cut.why, "no more"));
		assert_int_equal(cut.status, FRESHET_AOD_STATUS_UNKNOWN);
		mockd_fault_clear(world.mockd);
	}
}

static void put_in(enum mockd_sample sample, struct story *s, const char *id)
{
	struct mockd_fault fault;
	mockd_fault_init(&fault, MOCKD_AT_EVENT, MOCKD_DO_INSERT);
	fault.path = "/sessions/*/stream";
	fault.at = 3;
	fault.sample = sample;
	fault.size = 300000;
	assert_int_not_equal(mockd_fault_add(world.mockd, &fault), 0);
	follow_to_the_end(s, id, true);
	mockd_fault_clear(world.mockd);
}

static void frames_that_nobody_expects(void **state)
{
	static struct story whole, odd;
	char id[MOCKD_ID_SIZE];
	(void)state;
	make_session(id, &whole);
	put_in(MOCKD_SAMPLE_INVALID_JSON, &odd, id);
	assert_true(odd.err <= FRESHET_EJSON_SYNTAX && odd.err >= FRESHET_EJSON_SIZE);
	assert_non_null(strstr(odd.why, "without id"));
	put_in(MOCKD_SAMPLE_UNKNOWN, &odd, id);
	assert_int_equal(odd.err, FRESHET_OK);
	assert_true(strlen(odd.text) > strlen(whole.text));
	assert_true(odd.cursor == whole.cursor);
	put_in(MOCKD_SAMPLE_CODE_NULL, &odd, id);
	assert_int_equal(odd.err, FRESHET_OK);
	assert_int_equal(odd.status, FRESHET_AOD_STATUS_COMPLETED);
	assert_non_null(strstr(odd.text, "exit -1000\n"));
}

/* The session is deleted under the stream. */
static void a_session_that_goes_away(void **state)
{
	static struct story whole, cut;
	char id[MOCKD_ID_SIZE];
	struct mockd_fault fault;
	(void)state;
	make_session(id, &whole);
	mockd_fault_init(&fault, MOCKD_AT_EVENT, MOCKD_DO_DELETE);
	fault.session = id;
	fault.path = "/sessions/*/stream";
	fault.at = 5;
	assert_int_not_equal(mockd_fault_add(world.mockd, &fault), 0);
	follow_to_the_end(&cut, id, false);
	assert_int_equal(cut.err, FRESHET_ENOT_FOUND);
	assert_int_equal(cut.cuts, 1);
}

/* The same right after the first word of the end: what was said is known, and is shown. */
static void an_end_that_cannot_be_confirmed(void **state)
{
	static struct story whole, cut;
	char id[MOCKD_ID_SIZE];
	struct mockd_fault fault;
	(void)state;
	make_session(id, &whole);
	mockd_fault_init(&fault, MOCKD_AT_REQUEST, MOCKD_DO_DELETE);
	fault.session = id;
	fault.path = "/sessions/*/stream";
	fault.skip = 1;
	assert_int_not_equal(mockd_fault_add(world.mockd, &fault), 0);
	follow_to_the_end(&cut, id, false);
	assert_same_story(&cut, &whole);
}

static int set_up(void **state)
{
	struct mockd_options o = world_fast();
	(void)state;
	o.poll_ms = 100;
	o.stage_ms = 1;
	world_open(&o);
	return 0;
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_close)
	const struct CMUnitTest tests[] = {
		TEST(every_kind_of_cut),
		TEST(cut_all_the_time),
		TEST(statuses_that_pass),
		TEST(statuses_that_stay),
		TEST(frames_that_nobody_expects),
		TEST(a_session_that_goes_away),
		TEST(an_end_that_cannot_be_confirmed),
	};
	world_choose(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
