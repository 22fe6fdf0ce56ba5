/*
 * The ledger against what a reader of the stream finds out by itself: another reading of the same definition.
 */
#include "support/mock_world.h"
#include "support/test.h"

#include <inttypes.h>

/* FNV-1a as its authors publish it. */
static uint64_t fnv1a(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *b = bytes;
	while (len-- > 0) {
		hash ^= *b++;
		hash *= 0x100000001b3;
	}
	return hash;
}

/* What a reader of a whole stream comes to. */
struct reading {
	uint64_t hash, text_hash;
	size_t rows, output_rows;
	uint64_t first, last;
};

static void add_frame(struct reading *reading, uint64_t id, const char *data, size_t len)
{
	char before[32];
	int n = snprintf(before, sizeof before, "%" PRIu64 ":", id);
	json_t *json = json_loadb(data, len, 0, NULL);
	assert_non_null(json);
	const char *type = json_string_value(json_object_get(json, "type"));
	bool output = strcmp(type, "output") == 0;
	if (output || strcmp(type, "stage") == 0) {
		assert_int_equal(json_integer_value(json_object_get(json, "id")), id);
		reading->hash = fnv1a(reading->hash, before, (size_t)n);
		reading->hash = fnv1a(reading->hash, data, len);
		reading->hash = fnv1a(reading->hash, "\n", 1);
		reading->rows++;
		reading->first = reading->first != 0 ? reading->first : id;
		reading->last = id;
	}
	if (output) {
		json_t *text = json_object_get(json, "data");
		reading->text_hash = fnv1a(reading->text_hash, before, (size_t)n);
		reading->text_hash = fnv1a(reading->text_hash, json_string_value(text), json_string_length(text));
		reading->text_hash = fnv1a(reading->text_hash, "\n", 1);
		reading->output_rows++;
	}
	json_decref(json);
}

/* Reads "id:" and "data:" lines; the stream has no others but comments. */
static struct reading read_stream(const char *body)
{
	struct reading reading = {.hash = 0xcbf29ce484222325, .text_hash = 0xcbf29ce484222325};
	uint64_t id = 0;
	while (*body != '\0') {
		size_t len = strcspn(body, "\n");
		if (strncmp(body, "id: ", 4) == 0)
			id = strtoull(body + 4, NULL, 10);
		else if (strncmp(body, "data: ", 6) == 0)
			add_frame(&reading, id, body + 6, len - 6);
		body += len + 1;
	}
	return reading;
}

static struct mockd_ledger_entry found;
static char found_prompt[256];

static void keep(const struct mockd_ledger_entry *entry, void *user)
{
	found = *entry;
	snprintf(found_prompt, sizeof found_prompt, "%s", entry->prompt);
	assert_string_equal(entry->platform, "aod");
	++*(size_t *)user;
}

static void assert_agrees(const char *session, const struct reading *reading, const char *status)
{
	size_t calls = 0;
	assert_true(mockd_ledger_find(mock.mockd, session, keep, &calls));
	assert_int_equal(calls, 1);
	assert_int_equal(found.rows, reading->rows);
	assert_int_equal(found.output_rows, reading->output_rows);
	assert_true(found.hash == reading->hash);
	assert_true(found.text_hash == reading->text_hash);
	assert_int_equal(found.first_row, reading->first);
	assert_int_equal(found.last_row, reading->last);
	assert_string_equal(found.status, status);
}

static void hashes_agree_with_the_stream(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	options.row_gap = 9;
	mock_open(&options);
	static const char *const prompts[] = {"script:success rows=40 row_ms=0 stderr_every=5 marker-1",
		"script:success rows=30 bytes=1..3000 row_ms=0 marker-1", "script:replay rows=260 marker-1",
		"script:provision-failure marker-1", "script:exit code=137 rows=3 marker-1"};
	static const char *const ends[] = {"completed", "completed", "completed", "failed", "failed"};
	for (size_t i = 0; i < sizeof prompts / sizeof prompts[0]; i++) {
		char id[MOCKD_ID_SIZE];
		snprintf(id, sizeof id, "%s", mock_session(prompts[i]));
		struct reply *r = mock_stream(id, 0);
		mock_finish(r);
		struct reading reading = read_stream(r->body);
		assert_true(reading.rows > 1);
		assert_agrees(id, &reading, ends[i]);
		assert_non_null(strstr(found_prompt, "marker-1"));
		assert_int_equal(found.has_code, i != 3);
		assert_int_equal(found.code, i == 4 ? 137 : 0);
		assert_int_equal(found.turns, 1);
	}
}

static void hashes_go_on_as_rows_come(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *id = mock_session("script:manual stages=0");
	mock_pass(1000);
	struct reply *r = mock_stream(id, 0);
	for (int i = 0; i < 5; i++) {
		assert_true(mockd_add_row(mock.mockd, id, "stdout", "\xe2\x82\xac\n", 4) > 0);
		mock_pass(500);
		struct reading reading = read_stream(r->body);
		assert_agrees(id, &reading, "running");
		assert_int_equal(reading.output_rows, i + 1);
	}
}

static void count_entry(const struct mockd_ledger_entry *entry, void *user)
{
	(void)entry;
	++*(size_t *)user;
}

static void deleted_sessions_stay_in_it(void **state)
{
	(void)state;
	mock_open(NULL);
	char id[MOCKD_ID_SIZE];
	snprintf(id, sizeof id, "%s", mock_session("script:success rows=3 row_ms=0"));
	mock_session("script:lost");
	mock_pass(10000);
	struct reply *r = mock_stream(id, 0);
	mock_pass(500);
	struct reading reading = read_stream(r->body);
	assert_int_equal(mock_ask_path("DELETE", NULL, "/sessions/%s/delete", id)->status, 200);
	assert_agrees(id, &reading, "completed");
	assert_true(found.deleted);
	size_t count = 0;
	mockd_ledger_each(mock.mockd, count_entry, &count);
	assert_int_equal(count, 2);
	assert_false(mockd_ledger_find(mock.mockd, "nobody", count_entry, &count));
	assert_false(mockd_ledger_rows(mock.mockd, id, NULL, NULL));
}

static void check_row(const struct mockd_ledger_row *row, void *user)
{
	struct reading *reading = user;
	bool stage = strcmp(row->kind, "stage") == 0;
	assert_int_equal(row->turn, stage ? 0 : 1);
	if (!stage)
		assert_true(strcmp(row->kind, "stdout") == 0 || strcmp(row->kind, "stderr") == 0);
	add_frame(reading, row->id, row->data.ptr, row->data.len);
}

static void rows_can_be_listed(void **state)
{
	(void)state;
	mock_open(NULL);
	const char *id = mock_session("script:success rows=6 row_ms=0 stderr_every=3");
	mock_pass(10000);
	struct reading reading = {.hash = MOCKD_HASH_START, .text_hash = MOCKD_HASH_START};
	assert_true(mockd_ledger_rows(mock.mockd, id, check_row, &reading));
	assert_agrees(id, &reading, "completed");
	assert_true(reading.rows > reading.output_rows);
}

static void the_public_hash_is_the_same(void **state)
{
	(void)state;
	uint64_t hash = mockd_hash_row(mockd_hash_row(MOCKD_HASH_START, 18446744073709551615u, "a\0b", 3), 7, "", 0);
	assert_true(hash == fnv1a(0xcbf29ce484222325, "18446744073709551615:a\0b\n7:\n", 28));
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hashes_agree_with_the_stream),
		TEST(hashes_go_on_as_rows_come),
		TEST(deleted_sessions_stay_in_it),
		TEST(rows_can_be_listed),
		TEST(the_public_hash_is_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
