/*
 * Shapes: a plan that remembers what texts looked like must pick the same from every text as one that does not, whatever
 * it saw before, for every kind of vectors, with the text ending at an unreadable page. And it has to remember.
 */
#include "support/guard.h"
#include "support/test.h"

#include "base/cpu.h"
#include "base/random.h"
#include "json/shape.h"

#include <freshet/json.h>
#include <pthread.h>

#define TEXT_MAX 700
#define PATHS    5

static const char *const paths[PATHS] = {"type", "id", "meta.turn", "list[1]", "data"};

static struct random random_state;

static size_t below(size_t bound)
{
	return (size_t)(random_next(&random_state) % bound);
}

static freshet_json_plan *make_plan(void)
{
	freshet_json_plan *plan;
	assert_int_equal(freshet_json_plan_new(paths, PATHS, 0, &plan), FRESHET_OK);
	return plan;
}

struct verdict {
	freshet_err err;
	size_t position;
	freshet_json_value values[PATHS];
};

static struct verdict pick(freshet_json_plan *plan, freshet_str text)
{
	struct verdict v;
	memset(&v, 0, sizeof v);
	v.err = freshet_json_pick(plan, text, v.values, &v.position);
	return v;
}

/* What the careful walk says, which knows no shapes. */
static struct verdict pick_carefully(freshet_json_plan *plan, freshet_str text)
{
	cpu_force(CPU_SCALAR);
	struct verdict v = pick(plan, text);
	cpu_force(CPU_VECTORS);
	return v;
}

static void assert_same(const struct verdict *got, const struct verdict *want, freshet_str text)
{
	bool same = got->err == want->err && got->position == want->position;
	for (size_t i = 0; i < PATHS; i++)
		same &= got->values[i].type == want->values[i].type && got->values[i].flags == want->values[i].flags &&
			got->values[i].raw.ptr == want->values[i].raw.ptr &&
			got->values[i].raw.len == want->values[i].raw.len;
	if (!same)
		fail_msg("%s at %zu, not %s at %zu, or other values: %.*s", freshet_err_name(got->err), got->position,
			freshet_err_name(want->err), want->position, (int)text.len, text.ptr);
}

/* The text is good, and the plan did not even try to learn it. */
static bool has_shape(freshet_json_plan *plan, freshet_str text)
{
	freshet_json_value values[PATHS];
	plan->vain = 1;
	return freshet_json_pick(plan, text, values, NULL) == FRESHET_OK && plan->vain == 1;
}

/* ---- texts that are alike ---- */

static const char *const strings[] = {"", "output", "\\n", "\\\"quoted\\\"", "caf\xc3\xa9", "\\u00e9\\ud83d\\ude00",
	"\\\\", "a string that is longer than the sixty-four bytes of a block, and by some more than a few",
	"and one \\\" with its escapes behind the first of the blocks ....................... \\t\\\\ here",
	"\xf0\x9f\x9a\x80", "0123456789012345678901234567890123456789012345678901234567890\\", "{\\\"a\\\":1}"};

static const char *const scalars[] = {
	"0", "7", "-3", "12345678", "123456789012345678901", "1.5", "-0.0e-7", "1e9", "true", "false", "null", "10"};

/* Each % is another value of the kind that its letter says. */
static const char *const templates[] = {
	"{\"type\": \"%s\", \"id\": %n, \"data\": \"%s\"}",
	"{\"type\": \"%s\", \"id\": %n, \"data\": \"%s\", \"meta\": {\"turn\": %n, \"of\": [%n, \"%s\"]}}",
	"{\"type\":\"%s\",\"id\":%n,\"list\":[%n,%n,%n]}",
	"{\"type\":\"%s\",\"list\":[\"%s\",\"%s\"],\"meta\":{}}",
	"{\n  \"type\": \"%s\",\n  \"id\": %n,\n  \"a name that is longer than the glue of one step\": \"%s\"\n}",
	"{\"id\":%n,\"id\":%n,\"type\":\"%s\"}",
	"{\"meta\":{\"turn\":%n},\"meta\":{\"none\":%n}}",
	"{\"meta\":{\"turn\":%n}}          ",
	"[%n,\"%s\",{\"type\":\"%s\"},[],{},[[%n]]]",
	"{\"t\\u0079pe\":\"%s\",\"data\":%n,\"x\":\"%s\"}",
	"{\"type\":\"%s\",\"id\":%n,\"data\":\"%s\",\"type\":\"%s\"}",
};
#define TEMPLATES (sizeof templates / sizeof templates[0])

static size_t fill_in(const char *template, char text[TEXT_MAX])
{
	size_t len = 0;
	for (const char *p = template; *p != '\0'; p++) {
		if (*p != '%') {
			text[len++] = *p;
			continue;
		}
		const char *value = *++p == 's' ? strings[below(sizeof strings / sizeof strings[0])]
						: scalars[below(sizeof scalars / sizeof scalars[0])];
		size_t value_len = strlen(value);
		assert_true(len + value_len < TEXT_MAX - 100);
		memcpy(text + len, value, value_len);
		len += value_len;
	}
	return len;
}

static size_t damage(char *text, size_t len)
{
	static const char nasty[] = "\"\\{}[]:,0e. \n\xff\xc3\x01n";
	size_t at = below(len);
	switch (below(4)) {
	case 0: return at;
	case 1: memmove(text + at, text + at + 1, len - at - 1); return len - 1;
	default: text[at] = nasty[below(sizeof nasty - 1)]; return len;
	}
}

static void compare(enum cpu_vector kind, struct guard *guard, size_t rounds)
{
	freshet_json_plan *learning = make_plan();
	freshet_json_plan *careful = make_plan();
	char bytes[TEXT_MAX];
	size_t known = 0;
	for (size_t round = 0; round < rounds; round++) {
		size_t len = fill_in(templates[below(TEMPLATES)], bytes);
		bool damaged = below(3) == 0;
		if (damaged)
			len = damage(bytes, len);
		freshet_str text = {(const char *)guard_at_end(guard, (const uint8_t *)bytes, len), len};
		struct verdict want = pick_carefully(careful, text);
		cpu_force(kind);
		known += has_shape(learning, text);
		struct verdict got = pick(learning, text);
		assert_same(&got, &want, text);
	}
	/* Two in three are as the templates say, and most of these can be learned. */
	assert_true(kind == CPU_SCALAR ? known == 0 : known > rounds / 4);
	cpu_force(CPU_VECTORS);
	freshet_json_plan_free(learning);
	freshet_json_plan_free(careful);
}

static void what_is_picked_does_not_depend_on_what_was_seen(void **state)
{
	(void)state;
	struct guard guard;
	random_init(&random_state, 11);
	guard_make(&guard, TEXT_MAX);
	for (int kind = 0; kind < CPU_VECTORS; kind++)
		for (int plan = 0; plan < 40 && cpu_force((enum cpu_vector)kind); plan++)
			compare((enum cpu_vector)kind, &guard, 400);
	cpu_force(CPU_VECTORS);
	guard_clear(&guard);
}

/* ---- what is learned ---- */

/* The machine has no code for shapes: what is said of them here cannot be tried. */
static bool without_shapes(void)
{
	return cpu_vector() == CPU_SCALAR;
}

static void the_second_text_of_a_shape_is_known(void **state)
{
	(void)state;
	freshet_json_plan *plan = make_plan();
	freshet_str first = freshet_str_of("{\"type\": \"a\", \"id\": 1}");
	freshet_str second = freshet_str_of("{\"type\": \"another\", \"id\": 2.5e3}");
	if (without_shapes())
		skip();
	assert_false(has_shape(plan, first));
	assert_true(has_shape(plan, first));
	assert_true(has_shape(plan, second));
	struct verdict v = pick(plan, second);
	assert_true(freshet_str_is(v.values[0].raw, "\"another\"") && freshet_str_is(v.values[1].raw, "2.5e3"));
	assert_int_equal(v.values[1].flags, FRESHET_JSON_REAL);
	assert_false(has_shape(plan, freshet_str_of("{\"type\": \"another\", \"id\": 2 }")));
	assert_false(has_shape(plan, freshet_str_of("{\"type\": \"another\", \"id\": [2]}")));
	freshet_json_plan_free(plan);
}

/* The same members in two texts, once with a name that comes twice: none of the two may spoil the other. */
static void names_that_come_twice_are_not_mixed_up(void **state)
{
	(void)state;
	static const char *const texts[] = {"{\"id\":1,\"data\":2}", "{\"id\":1,\"data\":2,\"id\":3}",
		"{\"meta\":{\"turn\":1}}   ", "{\"meta\":{\"turn\":1},\"meta\":{\"x\":2}}"};
	for (size_t first = 0; first < 4; first++) {
		freshet_json_plan *plan = make_plan();
		for (size_t i = 0; i < 8; i++) {
			freshet_str text = freshet_str_of(texts[(first + i * 3) % 4]);
			struct verdict got = pick(plan, text);
			struct verdict want = pick_carefully(plan, text);
			assert_same(&got, &want, text);
		}
		freshet_json_plan_free(plan);
	}
}

static void a_plan_learns_no_more_than_it_has_room_for(void **state)
{
	(void)state;
	freshet_json_plan *plan = make_plan();
	freshet_json_plan *careful = make_plan();
	for (unsigned i = 0; i < 2000; i++) {
		char bytes[100];
		snprintf(bytes, sizeof bytes, "{\"type\":\"x\",\"member %u\":{\"%u\":1},\"id\":%u}", i % 300, i, i);
		freshet_str text = freshet_str_of(bytes);
		struct verdict want = pick_carefully(careful, text);
		struct verdict got = pick(plan, text);
		assert_same(&got, &want, text);
	}
	assert_true(plan->learned < plan->step_count);
	freshet_json_plan_free(plan);
	freshet_json_plan_free(careful);
}

static void long_texts_and_whole_containers_are_not_learned(void **state)
{
	(void)state;
	char bytes[400] = "{\"type\":[0";
	for (int i = 0; i < 100; i++)
		strcat(bytes, ",1");
	strcat(bytes, "]}");
	freshet_json_plan *plan = make_plan();
	assert_int_equal(pick(plan, freshet_str_of(bytes)).err, FRESHET_OK);
	assert_int_equal(pick(plan, freshet_str_of("{\"type\":{\"name\":\"x\"},\"id\":3}")).err, FRESHET_OK);
	assert_int_equal(plan->learned, 0);
	freshet_json_plan_free(plan);
}

/* ---- threads ---- */

#define THREADS 4

static void *pick_many(void *user)
{
	freshet_json_plan *plan = user;
	for (unsigned i = 0; i < 3000; i++) {
		char bytes[100];
		freshet_json_value v[PATHS];
		int len = snprintf(bytes, sizeof bytes, "{\"type\":\"t\",\"m%u\":\"\\n\",\"id\":%u}", i % 30, i);
		if (freshet_json_pick(plan, (freshet_str){bytes, (size_t)len}, v, NULL) != FRESHET_OK)
			return NULL;
		uint64_t id;
		if (freshet_json_uint64(&v[1], &id) != FRESHET_OK || id != i || !freshet_json_is(&v[0], "t"))
			return NULL;
	}
	return user;
}

static void threads_learn_in_one_plan(void **state)
{
	(void)state;
	freshet_json_plan *plan = make_plan();
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, pick_many, plan), 0);
	for (int i = 0; i < THREADS; i++) {
		void *result;
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, plan);
	}
	freshet_json_plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_picked_does_not_depend_on_what_was_seen),
		cmocka_unit_test(the_second_text_of_a_shape_is_known),
		cmocka_unit_test(names_that_come_twice_are_not_mixed_up),
		cmocka_unit_test(a_plan_learns_no_more_than_it_has_room_for),
		cmocka_unit_test(long_texts_and_whole_containers_are_not_learned),
		cmocka_unit_test(threads_learn_in_one_plan),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
