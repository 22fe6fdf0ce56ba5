/*
 * The event streams of no platform.
 */
#include "support/mock_world.h"
#include "support/test.h"

#include <unistd.h>

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part))
		n++;
	return n;
}

static struct reply *open_path(const char *path, const char *fields)
{
	struct reply *r = probe_send(mock.probe, "GET", path, fields, NULL);
	probe_settle(mock.probe);
	assert_int_equal(r->status, 200);
	assert_true(reply_has(r, "content-type: text/event-stream"));
	return r;
}

static void idle_says_nothing(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *r = open_path("/events/idle", NULL);
	mock_pass(100000);
	assert_int_equal(r->body_len, 0);
	assert_int_equal(r->end, REPLY_OPEN);
}

static void ticks_come_one_by_one(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *r = open_path("/events/tick?interval_ms=100&bytes=33&count=3", NULL);
	assert_int_equal(r->body_len, 0);
	for (int i = 1; i <= 3; i++) {
		mock_pass(99);
		assert_int_equal(count(r->body, "id: "), i - 1);
		mock_pass(1);
		assert_int_equal(count(r->body, "id: "), i);
	}
	json_t *event = json_loads(strstr(r->body, "{"), JSON_DISABLE_EOF_CHECK, NULL);
	assert_int_equal(json_string_length(json_object_get(event, "data")), 33);
	assert_int_equal(json_integer_value(json_object_get(event, "id")), 1);
	json_decref(event);
	assert_non_null(strstr(r->body, "data: {\"type\": \"exit\", \"id\": 3, \"code\": 0}\n\n"));
	assert_int_equal(r->end, REPLY_ENDED);
}

static void ticks_go_on_after_an_id(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *early = open_path("/events/tick?interval_ms=100", NULL);
	mock_pass(500);
	struct reply *r = open_path("/events/tick?interval_ms=100&count=42", "last-event-id: 40");
	mock_pass(100);
	assert_memory_equal(r->body, "id: 41\n", 7);
	mock_pass(100);
	assert_int_equal(r->end, REPLY_ENDED);
	assert_int_equal(count(early->body, "id: "), 7);
	r = open_path("/events/tick?interval_ms=100&count=3", "last-event-id: 3");
	assert_memory_equal(r->body, "data: {\"type\": \"exit\"", 20);
}

static void a_stream_that_cannot_take_its_ticks_gets_them_later(void **state)
{
	(void)state;
	mock_open(NULL);
	probe_close(mock.probe);
	const struct probe_options slow = {.no_credit = true, .window = 500};
	mock.probe = probe_open(mock.base, mockd_port(mock.mockd), &slow);
	struct reply *r = open_path("/events/tick?interval_ms=10", NULL);
	mock_pass(1000);
	assert_int_equal(r->body_len, 500);
	probe_credit(mock.probe, r, 1000000);
	probe_settle(mock.probe);
	assert_int_equal(count(r->body, "id: "), 100);
	assert_non_null(strstr(r->body, "id: 100\n"));
}

static void ids_may_be_writes_of_their_own(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *r = open_path("/events/tick?interval_ms=10&split=1", NULL);
	mock_pass(10);
	assert_int_equal(r->frame_count, 2);
	assert_int_equal(r->frames[0], strlen("id: 1\n"));
}

static void bulk_fills_frames(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *r = open_path("/events/bulk?event_bytes=1000&total_bytes=1000000", NULL);
	probe_until_end(mock.probe, r);
	assert_int_equal(count(r->body, "\nid: "), 999);
	assert_true(r->body_len > 1000000);
	size_t full = 0;
	for (size_t i = 0; i < r->frame_count; i++)
		full += r->frames[i] == 16384;
	assert_true(full * 2 > r->frame_count);
	/* The rest after an id is the same bytes. */
	struct reply *rest = open_path("/events/bulk?event_bytes=1000&total_bytes=1000000", "last-event-id: 990");
	probe_until_end(mock.probe, rest);
	assert_memory_equal(rest->body, "id: 991\n", 8);
	assert_string_equal(rest->body, r->body + r->body_len - rest->body_len);
}

static void bulk_stops_where_the_window_ends(void **state)
{
	(void)state;
	mock_open(NULL);
	probe_close(mock.probe);
	const struct probe_options slow = {.no_credit = true};
	mock.probe = probe_open(mock.base, mockd_port(mock.mockd), &slow);
	struct reply *r = open_path("/events/bulk?event_bytes=100000&total_bytes=1000000000", NULL);
	assert_int_equal(r->body_len, 65535);
	probe_credit(mock.probe, r, 100);
	probe_settle(mock.probe);
	assert_int_equal(r->body_len, 65635);
}

static void file_is_what_the_options_name(void **state)
{
	(void)state;
	static const char bytes[] = "\xef\xbb\xbf: any\r\ndata: b\0c\r\rid: 7";
	char path[] = "/tmp/mockd-events-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, sizeof bytes - 1), sizeof bytes - 1);
	close(fd);
	struct mockd_options options = mock_options();
	options.events_file = path;
	mock_open(&options);
	unlink(path);
	struct reply *r = open_path("/events/file", NULL);
	assert_int_equal(r->body_len, sizeof bytes - 1);
	assert_memory_equal(r->body, bytes, sizeof bytes - 1);
	assert_int_equal(r->end, REPLY_ENDED);
	struct mockd *none;
	assert_int_equal(mockd_new(mock.base, &options, &none), FRESHET_ESYSTEM);
	assert_null(none);
}

static void other_paths_are_not_found(void **state)
{
	(void)state;
	mock_open(NULL);
	assert_int_equal(mock_ask("GET", "/events/none", NULL)->status, 404);
	assert_int_equal(mock_ask("GET", "/events/file", NULL)->status, 404);
	assert_int_equal(mock_ask("GET", "/mockd/stats", NULL)->status, 404);
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(idle_says_nothing),
		TEST(ticks_come_one_by_one),
		TEST(ticks_go_on_after_an_id),
		TEST(a_stream_that_cannot_take_its_ticks_gets_them_later),
		TEST(ids_may_be_writes_of_their_own),
		TEST(bulk_fills_frames),
		TEST(bulk_stops_where_the_window_ends),
		TEST(file_is_what_the_options_name),
		TEST(other_paths_are_not_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
