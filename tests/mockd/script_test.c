/*
 * Scripts: their arguments, the weighted list, and what sessions make of them.
 */
#include "support/mock_world.h"
#include "support/test.h"

#include "mockd/script.h"

static void arguments_end_where_the_text_begins(void **state)
{
	(void)state;
	struct script s;
	freshet_str word;
	assert_false(script_in_prompt(freshet_str_of("do script:x"), &s));
	assert_false(script_in_prompt(freshet_str_of(""), &s));
	assert_true(script_in_prompt(freshet_str_of("script:name a=1 b=2..5 c=word\td= now e=6"), &s));
	assert_true(freshet_str_is(s.name, "name"));
	assert_int_equal(script_number(&s, "a", 9), 1);
	struct range b = script_range(&s, "b", (struct range){0, 0});
	assert_true(b.from == 2 && b.to == 5);
	assert_true(script_word(&s, "c", &word) && freshet_str_is(word, "word"));
	assert_true(script_word(&s, "d", &word) && word.len == 0);
	assert_int_equal(script_number(&s, "e", 9), 9);
	assert_int_equal(script_number(&s, "c", 9), 9);
}

static void numbers_that_are_none_are_left_out(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"a=", "a=x", "a=1x", "a=1..", "a=5..1", "a=1..x", "a=1...2", "a=-1", "a=99999999999999999999", NULL};
	for (const char *const *text = texts; *text != NULL; text++) {
		const struct script s = {.arguments = freshet_str_of(*text)};
		struct range range = script_range(&s, "a", (struct range){7, 8});
		assert_true(range.from == 7 && range.to == 8);
	}
}

static void weights_are_kept(void **state)
{
	(void)state;
	struct script_mix mix;
	struct random random = {5};
	assert_true(script_mix_read(&mix, "70 a rows=1; 30 b ;c"));
	assert_int_equal(mix.count, 3);
	assert_int_equal(mix.weight, 101);
	size_t a = 0, b = 0;
	for (int i = 0; i < 10100; i++) {
		struct script s = script_mix_pick(&mix, &random);
		a += freshet_str_is(s.name, "a");
		b += freshet_str_is(s.name, "b");
	}
	assert_true(a > 6700 && a < 7300 && b > 2700 && b < 3300);
	script_mix_clear(&mix);
	assert_false(script_mix_read(&mix, ""));
	assert_false(script_mix_read(&mix, "5"));
	assert_false(script_mix_read(&mix, "0 a"));
	script_mix_clear(&mix);
}

static void unknown_scripts_in_the_list_are_an_error(void **state)
{
	(void)state;
	struct mockd_options options = mock_options();
	struct event_base *base = event_base_new();
	struct mockd *m;
	options.scripts = "1 success; 1 none";
	assert_int_equal(mockd_new(base, &options, &m), FRESHET_EINVAL);
	options.scripts = "";
	assert_int_equal(mockd_new(base, &options, &m), FRESHET_EINVAL);
	assert_null(m);
	event_base_free(base);
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part))
		n++;
	return n;
}

/* The whole stream of a session with that prompt. */
static struct reply *play(const char *prompt)
{
	struct reply *r = mock_stream(mock_session(prompt), 0);
	mock_finish(r);
	return r;
}

static void scripts_end_as_they_say(void **state)
{
	(void)state;
	mock_open(NULL);
	static const struct {
		const char *prompt;
		size_t outputs;
		const char *end;
	} plays[] = {
		{"any words", 8, "\"code\": 0}"},
		{"script:success rows=0", 0, "\"code\": 0}"},
		{"script:success rows=5 stderr_every=2 row_ms=1..700", 5, "\"code\": 0}"},
		{"script:two-turns rows=2", 2, "\"code\": 0}"},
		{"script:replay", 300, "\"code\": 0}"},
		{"script:exit", 4, "\"code\": 1}"},
		{"script:exit code=-15 rows=1", 1, "\"code\": -15}"},
		{"script:error", 4, "\"Session failed\"}"},
		{"script:provision-failure", 1, "\"Session failed\"}"},
		{"script:timeout rows=2", 2, "\"Session failed\"}"},
		{"script:hang", 3, "\"No output for 600s\"}"},
		{"script:lost", 0, "\"No output for 600s\"}"},
		{"script:stale rows=4 row_ms=10", 3, "\"No output for 600s\"}"},
	};
	for (size_t i = 0; i < sizeof plays / sizeof plays[0]; i++) {
		struct reply *r = play(plays[i].prompt);
		if (count(r->body, "\"type\": \"output\"") != plays[i].outputs || strstr(r->body, plays[i].end) == NULL)
			fail_msg("%s: %s", plays[i].prompt, r->body);
	}
}

static void a_stale_session_goes_on(void **state)
{
	(void)state;
	mock_open(NULL);
	char id[MOCKD_ID_SIZE];
	snprintf(id, sizeof id, "%s", mock_session("script:stale rows=4 row_ms=10"));
	struct reply *r = mock_stream(id, 0);
	mock_finish(r);
	const char *stale = strstr(r->body, "\"type\": \"stale\", \"id\": ");
	assert_non_null(stale);
	r = mock_stream(id, strtoull(stale + 23, NULL, 10));
	mock_finish(r);
	assert_int_equal(count(r->body, "\"type\": \"output\""), 1);
	assert_non_null(strstr(r->body, "\"code\": 0}"));
}

static void sizes_are_as_asked_for(void **state)
{
	(void)state;
	mock_open(NULL);
	static const size_t sizes[] = {1, 2, 17, 100, 1000, 20000};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		char prompt[64];
		snprintf(prompt, sizeof prompt, "script:success stages=0 rows=5 row_ms=0 bytes=%zu", sizes[i]);
		struct reply *r = play(prompt);
		const char *at = r->body;
		for (int row = 0; row < 5; row++) {
			at = strstr(at, "{\"type\": \"output\"");
			assert_non_null(at);
			json_t *json = json_loads(at, JSON_DISABLE_EOF_CHECK, NULL);
			assert_int_equal(json_string_length(json_object_get(json, "data")), sizes[i]);
			json_decref(json);
			at++;
		}
	}
}

/* All stdout of the stream, joined: lines of JSON, whatever the chunks. */
static char *joined(const char *body)
{
	size_t len = 0;
	char *text = calloc(1, strlen(body) + 1);
	assert_non_null(text);
	for (const char *at = strstr(body, "{\"type\": \"output\""); at != NULL;
		at = strstr(at + 1, "{\"type\": \"output\"")) {
		json_t *json = json_loads(at, JSON_DISABLE_EOF_CHECK, NULL);
		const char *data = json_string_value(json_object_get(json, "data"));
		len += (size_t)sprintf(text + len, "%s", data);
		json_decref(json);
	}
	return text;
}

static void chunks_join_to_lines_of_json(void **state)
{
	(void)state;
	mock_open(NULL);
	struct reply *r = play("script:replay rows=900 stages=0");
	char *text = joined(r->body);
	size_t lines = 0, broken = 0, tools = 0;
	for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		json_t *json = json_loads(line, 0, NULL);
		lines++;
		broken += json == NULL;
		tools += strstr(line, "tool_use") != NULL;
		json_decref(json);
	}
	assert_true(lines > 900);
	assert_true(tools > 100);
	/* A character that a chunk's edge cut in two is U+FFFD on both sides; the line is JSON all the same. */
	assert_int_equal(broken, 0);
	assert_non_null(strstr(r->body, "\\ufffd"));
	assert_non_null(strstr(r->body, "\\ud83d\\ude80"));
	free(text);
}

static void the_seed_repeats_everything(void **state)
{
	(void)state;
	char *bodies[3];
	for (int i = 0; i < 3; i++) {
		struct mockd_options options = mock_options();
		options.seed = i < 2 ? 4 : 5;
		options.row_gap = 7;
		options.scripts = "1 success rows=1..20; 1 exit rows=2..9 code=3";
		mock_open(&options);
		bodies[i] = strdup(play("x")->body);
		mock_close(NULL);
	}
	assert_string_equal(bodies[0], bodies[1]);
	assert_string_not_equal(bodies[0], bodies[2]);
	for (int i = 0; i < 3; i++)
		free(bodies[i]);
}

#define TEST(name) cmocka_unit_test_teardown(name, mock_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_end_where_the_text_begins),
		cmocka_unit_test(numbers_that_are_none_are_left_out),
		cmocka_unit_test(weights_are_kept),
		cmocka_unit_test(unknown_scripts_in_the_list_are_an_error),
		TEST(scripts_end_as_they_say),
		TEST(a_stale_session_goes_on),
		TEST(sizes_are_as_asked_for),
		TEST(chunks_join_to_lines_of_json),
		TEST(the_seed_repeats_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
