/*
 * The picker: the table of good and bad texts, paths of every kind, duplicates, plans that cannot be compiled, threads
 * that share one, and texts that end at a page which cannot be read.
 */
#include "json/cases.h"
#include "support/failmem.h"
#include "support/test.h"

#include "base/cpu.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

static freshet_str str(const char *text)
{
	return freshet_str_of(text);
}

/* The raw text of the one value that the path leads to; NULL when it is missing. */
static const char *got(const char *text, const char *path)
{
	static char raw[256];
	freshet_json_value value;
	size_t position = 0;
	assert_int_equal(freshet_json_get(str(text), path, &value, &position), FRESHET_OK);
	if (value.type == FRESHET_JSON_MISSING)
		return NULL;
	assert_true(value.raw.len < sizeof raw);
	memcpy(raw, value.raw.ptr, value.raw.len);
	raw[value.raw.len] = '\0';
	return raw;
}

#define assert_got(text, path, raw) assert_string_equal(got(text, path), raw)
#define assert_none(text, path)     assert_null(got(text, path))

static void every_case_of_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < JSON_CASES; i++) {
		const struct json_case *c = &json_cases[i];
		/* An allocation of just the text: a sanitizer sees every byte read beyond it. */
		char *text = malloc(c->len > 0 ? c->len : 1);
		memcpy(text, c->text, c->len);
		freshet_json_value value;
		size_t position = 0;
		freshet_err err = freshet_json_read((freshet_str){text, c->len}, &value, &position);
		if (err != c->err || position != c->position)
			fail_msg("%s: %s at %zu, not %s at %zu", c->text, freshet_err_name(err), position,
				freshet_err_name(c->err), c->position);
		assert_int_equal(value.type != FRESHET_JSON_MISSING, err == FRESHET_OK);
		free(text);
	}
}

static void the_type_and_the_span_of_each_value(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		freshet_json_type type;
		unsigned flags;
		const char *raw;
	} cases[] = {
		{" null ", FRESHET_JSON_NULL, 0, "null"},
		{"true", FRESHET_JSON_BOOL, 0, "true"},
		{"\tfalse", FRESHET_JSON_BOOL, 0, "false"},
		{"12", FRESHET_JSON_NUMBER, 0, "12"},
		{"-0", FRESHET_JSON_NUMBER, 0, "-0"},
		{"1.5\n", FRESHET_JSON_NUMBER, FRESHET_JSON_REAL, "1.5"},
		{"0e1", FRESHET_JSON_NUMBER, FRESHET_JSON_REAL, "0e1"},
		{"\"a\"", FRESHET_JSON_STRING, 0, "\"a\""},
		{"\"\\n\"", FRESHET_JSON_STRING, FRESHET_JSON_ESCAPED, "\"\\n\""},
		{" [1, 2] ", FRESHET_JSON_ARRAY, 0, "[1, 2]"},
		{" {} ", FRESHET_JSON_OBJECT, 0, "{}"},
		{" {\"a\": [{}]} ", FRESHET_JSON_OBJECT, 0, "{\"a\": [{}]}"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		freshet_json_value value;
		assert_int_equal(freshet_json_read(str(cases[i].text), &value, NULL), FRESHET_OK);
		assert_int_equal(value.type, cases[i].type);
		assert_int_equal(value.flags, cases[i].flags);
		assert_true(freshet_str_is(value.raw, cases[i].raw));
	}
}

static void several_paths_in_one_pass(void **state)
{
	(void)state;
	FRESHET_JSON_PLAN(
		plan, "type", "message.content[0].text", "id", "usage", "usage.out", "none", "message.content[2]");
	freshet_json_value v[7];
	const char *text =
		"{\"type\":\"a\",\"message\":{\"id\":7,\"content\":[{\"text\":\"hi\",\"type\":\"t\"},[1],null]},"
		"\"usage\" : { \"in\" : 1, \"out\" : 2 } , \"id\" : 9010 }";
	assert_int_equal(freshet_json_pick(&plan, str(text), v, NULL), FRESHET_OK);
	assert_true(freshet_json_is(&v[0], "a"));
	assert_true(freshet_json_is(&v[1], "hi"));
	assert_true(freshet_str_is(v[2].raw, "9010"));
	assert_true(freshet_str_is(v[3].raw, "{ \"in\" : 1, \"out\" : 2 }"));
	assert_true(freshet_str_is(v[4].raw, "2"));
	assert_int_equal(v[5].type, FRESHET_JSON_MISSING);
	assert_int_equal(v[6].type, FRESHET_JSON_NULL);

	/* The same plan on a text without any of them, and on one that is bad behind them. */
	assert_int_equal(freshet_json_pick(&plan, str("[{\"type\":1}]"), v, NULL), FRESHET_OK);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(v[i].type, FRESHET_JSON_MISSING);
	size_t position = 0;
	freshet_str bad = str("{\"type\":1,\"usage\":{\"out\":2},\"id\":}");
	assert_int_equal(freshet_json_pick(&plan, bad, v, &position), FRESHET_EJSON_SYNTAX);
	assert_int_equal(position, 33);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(v[i].type, FRESHET_JSON_MISSING);
}

static void paths_of_every_kind(void **state)
{
	(void)state;
	assert_got("[1,[2,3],{\"a\":4}]", "[1][0]", "2");
	assert_got("[1,[2,3],{\"a\":4}]", "[2].a", "4");
	assert_none("[1]", "[1]");
	assert_none("{\"0\":1}", "[0]");
	assert_none("[1]", "0");
	assert_got("{\"0\":1}", "0", "1");
	assert_got(" 1 ", "", "1");
	assert_got("{\"a.b\":{\"c\":1}}", "[\"a.b\"].c", "1");
	assert_got("{\"a\":{\"b\":1},\"a.b\":2}", "a.b", "1");
	assert_got("{\"\":1}", "[\"\"]", "1");
	assert_got("{\"a\":{\"x[0]\":1}}", "a[\"x[0]\"]", "1");
	assert_got("{\"q\\\"\":1}", "[\"q\\\"\"]", "1");
	assert_got("{\"\xc3\xa9\":1}", "\xc3\xa9", "1");
	assert_got("{\"\xc3\xa9\":1}", "[\"\\u00e9\"]", "1");
	assert_got("{\"a b\":1}", "a b", "1");
	assert_got("{\"a\\\\b\":1}", "a\\b", "1");
	assert_got("[[[[[[1]]]]]]", "[0][0][0][0][0][0]", "1");
	assert_none("[[[[[[1]]]]]]", "[0][0][0][0][0][0][0]");
	assert_got("[0,1,2,3,4,5,6,7,8,9,10,11]", "[11]", "11");
	assert_none("[]", "[4294967294]");
}

static void names_are_compared_decoded(void **state)
{
	(void)state;
	assert_got("{\"ty\\u0070e\":1}", "type", "1");
	assert_got("{\"\\u0074\\u0079\\u0070\\u0065\":1}", "type", "1");
	assert_got("{\"\\ud83d\\ude00\":1}", "\xf0\x9f\x98\x80", "1");
	assert_got("{\"a\\/b\":1}", "a/b", "1");
	assert_none("{\"ty\\u0070\":1}", "type");
	assert_none("{\"ty\\u0070ee\":1}", "type");
	assert_none("{\"types\":1,\"typ\":2,\"Type\":3,\"\":4,\"tyqe\":5}", "type");
	assert_got("{\"abcdefgh\":1,\"abcdefghi\":2,\"abcdefghij\":3}", "abcdefghi", "2");
	assert_got("{\"abcdefgX\":1,\"abcdefgh\":2}", "abcdefgh", "2");
	assert_none("{\"abcdefghX\":1}", "abcdefghi");
	assert_got("{\"a\":1}", "a", "1");
}

/* A name with a bad escape must not be decoded to see whether it is wanted: its end may be the end of the text. */
static void names_with_bad_escapes_are_not_compared(void **state)
{
	(void)state;
	static const char *const texts[] = {"{\"a\\u\":}", "{\"\\u\":1}", "{\"a\\u12\":1}", "{\"\\ud83d\\u\":[]}",
		"{\"\\x\":1}", "{\"b\":{\"\\u0\":1}}",
		"{\"0123456789012345678901234567890123456789012345678901234567\\u\":1}"};
	FRESHET_JSON_PLAN(plan, "a", "b.c", "d");
	freshet_json_value v[3];
	for (int kind = 0; kind < CPU_VECTORS; kind++) {
		if (!cpu_force((enum cpu_vector)kind))
			continue;
		for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
			size_t len = strlen(texts[i]);
			char *text = malloc(len);
			memcpy(text, texts[i], len);
			assert_int_equal(
				freshet_json_pick(&plan, (freshet_str){text, len}, v, NULL), FRESHET_EJSON_STRING);
			free(text);
		}
	}
	cpu_force(CPU_VECTORS);
}

static void the_last_of_equal_names_counts(void **state)
{
	(void)state;
	assert_got("{\"a\":1,\"a\":2}", "a", "2");
	assert_got("{\"a\":1,\"b\":0,\"\\u0061\":3}", "a", "3");
	assert_none("{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "a.b");
	assert_none("{\"a\":{\"b\":1},\"a\":5}", "a.b");
	assert_none("{\"a\":[[1]],\"a\":[]}", "a[0][0]");
	assert_got("{\"a\":{\"b\":1},\"a\":{\"b\":2}}", "a.b", "2");
	assert_got("{\"a\":5,\"a\":{\"b\":1}}", "a.b", "1");
	assert_got("{\"a\":{\"b\":{\"c\":1}},\"x\":{\"b\":{\"c\":9}}}", "a.b.c", "1");
	FRESHET_JSON_PLAN(plan, "a.b.c", "a.d", "a", "e");
	freshet_json_value v[4];
	assert_int_equal(
		freshet_json_pick(&plan, str("{\"e\":1,\"a\":{\"b\":{\"c\":1},\"d\":2},\"a\":{\"d\":3}}"), v, NULL),
		FRESHET_OK);
	assert_int_equal(v[0].type, FRESHET_JSON_MISSING);
	assert_true(freshet_str_is(v[1].raw, "3"));
	assert_true(freshet_str_is(v[2].raw, "{\"d\":3}"));
	assert_true(freshet_str_is(v[3].raw, "1"));
}

static void bad_paths_are_refused_at_every_use(void **state)
{
	(void)state;
	static const char *const paths[] = {".", "a.", ".a", "a..b", "a[", "a[]", "a[1", "a[01]", "a[-1]", "a[1]b",
		"[\"a]", "[\"a\"", "[\"a\"]b", "[\"\\x\"]", "[\"\\u12\"]", "a]", "a\"b", "a\nb", "[4294967295]",
		"[99999999999999999999]", "a.[0]", "\xff", "[\"\xff\"]", "[\"a\n\"]", "[ 0]", "[\"a\" ]", "[a]",
		"[\"\\"};
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		freshet_json_value value;
		freshet_json_plan *plan = NULL;
		if (freshet_json_get(str("{}"), paths[i], &value, NULL) != FRESHET_EINVAL)
			fail_msg("%s was taken", paths[i]);
		assert_int_equal(freshet_json_plan_new(&paths[i], 1, 0, &plan), FRESHET_EINVAL);
		assert_null(plan);
	}
	FRESHET_JSON_PLAN(twice, "a", "b.c", "b[\"\\u0063\"]");
	freshet_json_value v[3];
	assert_int_equal(freshet_json_pick(&twice, str("{}"), v, NULL), FRESHET_EINVAL);
	assert_int_equal(freshet_json_pick(&twice, str("{}"), v, NULL), FRESHET_EINVAL);
	FRESHET_JSON_PLAN(deep, "a");
	deep.max_depth = FRESHET_JSON_DEPTH_MAX + 1;
	assert_int_equal(freshet_json_pick(&deep, str("{}"), v, NULL), FRESHET_EINVAL);
	static const char *const long_path[] = {"a.b.c"};
	freshet_json_node nodes[3];
	freshet_json_plan small = {.paths = long_path, .count = 1, .nodes = nodes, .node_count = 3};
	assert_int_equal(freshet_json_pick(&small, str("{}"), v, NULL), FRESHET_EINVAL);
}

/* `depth` brackets of one kind, or of both in turn, around nothing. */
static freshet_str nested(char *text, size_t depth, bool objects)
{
	size_t len = 0;
	for (size_t i = 0; i < depth; i++) {
		bool object = objects && i % 3 != 0 && i + 1 < depth;
		len += (size_t)sprintf(text + len, object ? "{\"k\":" : "[");
	}
	for (size_t i = depth; i-- > 0;)
		text[len++] = objects && i % 3 != 0 && i + 1 < depth ? '}' : ']';
	return (freshet_str){text, len};
}

static void depth_is_limited(void **state)
{
	(void)state;
	static char text[16384];
	freshet_json_value value;
	size_t position = 0;
	for (size_t depth = 1; depth <= FRESHET_JSON_DEPTH; depth++)
		assert_int_equal(freshet_json_read(nested(text, depth, true), &value, &position), FRESHET_OK);
	freshet_str deep = nested(text, FRESHET_JSON_DEPTH + 1, false);
	assert_int_equal(freshet_json_read(deep, &value, &position), FRESHET_EJSON_DEPTH);
	assert_int_equal(position, FRESHET_JSON_DEPTH);

	static const char *const path[] = {"x"};
	freshet_json_plan *plan;
	assert_int_equal(freshet_json_plan_new(path, 1, FRESHET_JSON_DEPTH_MAX, &plan), FRESHET_OK);
	assert_int_equal(freshet_json_pick(plan, nested(text, FRESHET_JSON_DEPTH_MAX, true), &value, NULL), FRESHET_OK);
	deep = nested(text, FRESHET_JSON_DEPTH_MAX + 1, false);
	assert_int_equal(freshet_json_pick(plan, deep, &value, &position), FRESHET_EJSON_DEPTH);
	assert_int_equal(position, FRESHET_JSON_DEPTH_MAX);
	/* A closing bracket of the wrong kind is noticed at any depth. */
	for (size_t depth = 1; depth <= FRESHET_JSON_DEPTH_MAX; depth += 61) {
		freshet_str wrong = nested(text, depth, false);
		text[wrong.len - depth + depth / 2] = '}';
		assert_int_equal(freshet_json_pick(plan, wrong, &value, &position), FRESHET_EJSON_SYNTAX);
		assert_int_equal(position, wrong.len - depth + depth / 2);
	}
	freshet_json_plan_free(plan);

	FRESHET_JSON_PLAN(flat, "x");
	flat.max_depth = 1;
	assert_int_equal(freshet_json_pick(&flat, str("{\"x\":1}"), &value, NULL), FRESHET_OK);
	assert_int_equal(freshet_json_pick(&flat, str("{\"x\":[]}"), &value, &position), FRESHET_EJSON_DEPTH);
	assert_int_equal(position, 5);
}

static void elements_of_deep_arrays_are_counted_per_array(void **state)
{
	(void)state;
	assert_got("[[9,[8],7],[0,[1,2],[3,4,[5]]]]", "[1][2][2][0]", "5");
	assert_got("[[9,[8],7],[0,[1,2],[3,4,[5]]]]", "[1][2][1]", "4");
	assert_got("{\"a\":[{\"b\":[1]},{\"b\":[2,3]}]}", "a[1].b[1]", "3");
	assert_none("{\"a\":[{\"b\":[1,2]},{\"b\":[3]}]}", "a[1].b[1]");
}

#define PLAN_THREADS 8

struct shared {
	freshet_json_plan *plan;
	pthread_barrier_t *barrier;
};

static void *pick_in_thread(void *user)
{
	const struct shared *s = user;
	freshet_json_value v[2];
	pthread_barrier_wait(s->barrier);
	freshet_err err = freshet_json_pick(s->plan, freshet_str_of("{\"a\":{\"b\":1},\"c\":2}"), v, NULL);
	bool good = err == FRESHET_OK && freshet_str_is(v[0].raw, "1") && freshet_str_is(v[1].raw, "2");
	return good ? user : NULL;
}

static void threads_share_a_plan_from_its_first_use(void **state)
{
	(void)state;
	static const char *const paths[] = {"a.b", "c"};
	pthread_barrier_t barrier;
	pthread_barrier_init(&barrier, NULL, PLAN_THREADS);
	for (int round = 0; round < 50; round++) {
		freshet_json_node nodes[4];
		freshet_json_step steps[8] = {0};
		freshet_json_plan plan = {
			.paths = paths, .count = 2, .nodes = nodes, .node_count = 4, .steps = steps, .step_count = 8};
		struct shared shared = {&plan, &barrier};
		pthread_t threads[PLAN_THREADS];
		for (int i = 0; i < PLAN_THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, pick_in_thread, &shared), 0);
		for (int i = 0; i < PLAN_THREADS; i++) {
			void *result = NULL;
			pthread_join(threads[i], &result);
			assert_ptr_equal(result, &shared);
		}
	}
	pthread_barrier_destroy(&barrier);
}

static void a_made_plan_keeps_no_reference(void **state)
{
	(void)state;
	char name[] = "message.id";
	const char *paths[] = {name, "x"};
	freshet_json_plan *plan;
	failmem_arm(1);
	assert_int_equal(freshet_json_plan_new(paths, 2, 0, &plan), FRESHET_ENOMEM);
	assert_null(plan);
	failmem_arm(0);
	assert_int_equal(freshet_json_plan_new(paths, 2, 0, &plan), FRESHET_OK);
	memset(name, 'z', sizeof name - 1);
	paths[1] = NULL;
	freshet_json_value v[2];
	assert_int_equal(freshet_json_pick(plan, str("{\"message\":{\"id\":5},\"x\":6}"), v, NULL), FRESHET_OK);
	assert_true(freshet_str_is(v[0].raw, "5"));
	assert_true(freshet_str_is(v[1].raw, "6"));
	freshet_json_plan_free(plan);
	freshet_json_plan_free(NULL);
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

static void no_paths_only_check(void **state)
{
	(void)state;
	freshet_json_plan *plan;
	assert_int_equal(freshet_json_plan_new(NULL, 0, 0, &plan), FRESHET_OK);
	assert_int_equal(freshet_json_pick(plan, str("{\"a\":1}"), NULL, NULL), FRESHET_OK);
	assert_int_equal(freshet_json_pick(plan, str("{\"a\":1"), NULL, NULL), FRESHET_EJSON_TRUNCATED);
	assert_int_equal(freshet_json_pick(plan, (freshet_str){NULL, 0}, NULL, NULL), FRESHET_EJSON_TRUNCATED);
	freshet_json_plan_free(plan);
}

/* Every text of the table, and long ones, placed so that its end is the end of what can be read. */
static void nothing_is_read_behind_the_text(void **state)
{
	(void)state;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	freshet_json_value value;
	for (size_t i = 0; i < JSON_CASES; i++) {
		char *text = pages + page - json_cases[i].len;
		memcpy(text, json_cases[i].text, json_cases[i].len);
		freshet_err err = freshet_json_read((freshet_str){text, json_cases[i].len}, &value, NULL);
		assert_int_equal(err, json_cases[i].err);
	}
	for (size_t len = 0; len <= 300; len++) {
		char *text = pages + page - len - 8;
		memset(text, 'x', len + 8);
		memcpy(text, "{\"a\":\"", 6);
		text[len + 6] = '"';
		text[len + 7] = '}';
		assert_int_equal(freshet_json_get((freshet_str){text, len + 8}, "a", &value, NULL), FRESHET_OK);
		assert_int_equal(value.raw.len, len + 2);
		/* Cut anywhere, it is truncated. */
		assert_int_equal(freshet_json_read((freshet_str){text + 5, len + 2}, &value, NULL), FRESHET_OK);
		memmove(text + 1, text, len + 7);
		assert_int_equal(
			freshet_json_read((freshet_str){text + 1, len + 7}, &value, NULL), FRESHET_EJSON_TRUNCATED);
	}
	munmap(pages, 2 * page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_of_the_table),
		cmocka_unit_test(the_type_and_the_span_of_each_value),
		cmocka_unit_test(several_paths_in_one_pass),
		cmocka_unit_test(paths_of_every_kind),
		cmocka_unit_test(names_are_compared_decoded),
		cmocka_unit_test(names_with_bad_escapes_are_not_compared),
		cmocka_unit_test(the_last_of_equal_names_counts),
		cmocka_unit_test(bad_paths_are_refused_at_every_use),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(elements_of_deep_arrays_are_counted_per_array),
		cmocka_unit_test(threads_share_a_plan_from_its_first_use),
		cmocka_unit_test(a_made_plan_keeps_no_reference),
		cmocka_unit_test(no_paths_only_check),
		cmocka_unit_test(nothing_is_read_behind_the_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
