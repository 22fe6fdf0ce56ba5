/*
 * A run of twenty rounds, followed by raw requests while connections and streams are cut at random: whoever comes back
 * with the last id that he saw whole misses no snapshot, answers each call, and hashes what the ledger hashes.
 */
#include "support/mock_sudoiq.h"
#include "support/test.h"

#include <inttypes.h>
#include <stdio.h>

#define ROUNDS 20

struct follower {
	int64_t task;
	struct reply *stream; /* NULL: none */
	size_t taken;         /* bytes of its body */
	uint64_t last;        /* id of the last snapshot */
	uint64_t hash;
	char *present; /* its data */
	unsigned connects;
};

/* Takes one whole frame. */
static void take_frame(struct follower *f, const char *frame, size_t len)
{
	uint64_t id = strncmp(frame, "id: ", 4) == 0 ? strtoull(frame + 4, NULL, 10) : 0;
	const char *data = strstr(frame, "\ndata: ");
	if (id <= f->last || data == NULL)
		return;
	/* None is left out. */
	assert_int_equal(id, f->last + 1);
	data += strlen("\ndata: ");
	size_t data_len = (size_t)(frame + len - data);
	f->hash = mockd_hash_row(f->hash, id, data, data_len);
	f->last = id;
	free(f->present);
	f->present = strndup(data, data_len);
}

static void take_frames(struct follower *f)
{
	const char *from = f->stream->body + f->taken;
	for (const char *end = strstr(from, "\n\n"); end != NULL; end = strstr(from, "\n\n")) {
		take_frame(f, from, (size_t)(end - from));
		from = end + 2;
	}
	f->taken = (size_t)(from - f->stream->body);
}

static void connect_again(struct follower *f)
{
	char id[24];
	if (probe_state(mock.probe) != PROBE_UP)
		mock_reconnect();
	snprintf(id, sizeof id, "%" PRIu64, f->last);
	f->connects++;
	f->taken = 0;
	f->stream = siq_stream(f->task, f->last > 0 ? id : NULL);
}

/* Answers the calls that the present snapshot waits for. Whether they were answered before is not known after a cut. */
static void answer_calls(struct follower *f)
{
	json_t *status = json_loads(f->present, 0, NULL);
	size_t i;
	json_t *call;
	assert_non_null(status);
	json_array_foreach(json_object_get(status, "tool_calls"), i, call)
	{
		if (probe_state(mock.probe) != PROBE_UP)
			break;
		struct reply *r = siq_respond(f->task, json_string_value(json_object_get(call, "call_id")), NULL);
		assert_true(r->status == 200 || r->status == 409 || r->end != REPLY_ENDED);
	}
	json_decref(status);
}

static bool is_complete(const struct follower *f)
{
	return f->present != NULL && strstr(f->present, "\"status\":\"completed\"") != NULL;
}

static void note_entry(const struct mockd_ledger_entry *entry, void *user)
{
	*(struct mockd_ledger_entry *)user = *entry;
}

static void note_run(const struct mockd_sudoiq_run *run, void *user)
{
	*(struct mockd_sudoiq_run *)user = *run;
}

static void follow_one(uint64_t seed)
{
	struct mockd_options options = mock_options();
	options.seed = seed;
	mock_open(&options);
	assert_true(mockd_sudoiq_add_tool(mock.mockd, "main", "read_meter", NULL));
	assert_true(mockd_set(mock.mockd, "sudoiq_repeat", 1));
	struct follower f = {.hash = MOCKD_HASH_START};
	f.task = siq_run("script:tools rounds=20 calls=1..3 row_ms=50 deltas=4");
	mockd_random_cuts(mock.mockd, 300, 50);
	for (int turn = 0; !is_complete(&f); turn++) {
		assert_true(turn < 5000);
		if (f.stream == NULL || f.stream->end != REPLY_OPEN || probe_state(mock.probe) != PROBE_UP)
			connect_again(&f);
		mock_pass(50);
		take_frames(&f);
		if (f.present != NULL)
			answer_calls(&f);
		if (probe_state(mock.probe) != PROBE_UP)
			connect_again(&f);
	}
	mockd_random_cuts(mock.mockd, 0, 0);
	assert_true(f.connects > ROUNDS / 2);
	struct mockd_ledger_entry entry;
	struct mockd_sudoiq_run run;
	assert_true(mockd_ledger_find(mock.mockd, "41820000001", note_entry, &entry));
	assert_int_equal(entry.rows, f.last);
	assert_true(entry.hash == f.hash);
	assert_true(mockd_sudoiq_find(mock.mockd, f.task, note_run, &run));
	assert_int_equal(run.rounds, ROUNDS);
	assert_int_equal(run.accepted, run.calls);
	assert_int_equal(run.unanswered, 0);
	free(f.present);
	mock_close(NULL);
}

static void nothing_is_lost_or_answered_twice(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++)
		follow_one(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing_is_lost_or_answered_twice, mock_close),
	};
	return cmocka_run_group_tests_name("mockd: sudoiq under cuts", tests, NULL, NULL);
}
