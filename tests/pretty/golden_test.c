/*
 * Every row of the formats' tables as a piece of output, tests/data/pretty/<case>.in, with what must be shown of it,
 * <case>.out: each text behind "> ", each further line of it behind "| ". The name begins with the format. Whole, at
 * every cut, at every pair of cuts, byte by byte, and at the edge of readable memory.
 */
#include "support/failmem.h"
#include "support/guard.h"
#include "support/test.h"

#include <freshet/pretty.h>

#include <dirent.h>

#define CASES_MAX 100

/* Longer ones are not cut at every pair. */
#define PAIRS_MAX 110

struct golden_case {
	char name[64];
	freshet_pretty_format format;
	char *bytes;
	size_t len;
	char *want;
};

/* What was shown. */
struct shown {
	char text[1 << 16];
	size_t len;
	size_t failures; /* of memory, each tried again */
};

static struct golden_case cases[CASES_MAX];
static size_t case_count;

static char *read_file(const char *name, const char *suffix, size_t *len)
{
	char path[512];
	snprintf(path, sizeof path, "%s/pretty/%s%s", FRESHET_TEST_DATA, name, suffix);
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("%s: cannot be opened", path);
	char *bytes = malloc(1 << 16);
	assert_non_null(bytes);
	*len = fread(bytes, 1, (1 << 16) - 1, f);
	bytes[*len] = '\0';
	fclose(f);
	return bytes;
}

static void load_case(const char *file)
{
	size_t want_len;
	size_t len = strlen(file);
	if (len < 4 || strcmp(file + len - 3, ".in") != 0)
		return;
	assert_true(case_count < CASES_MAX);
	struct golden_case *c = &cases[case_count++];
	snprintf(c->name, sizeof c->name, "%.*s", (int)len - 3, file);
	c->format = strncmp(file, "claude-", 7) == 0 ? FRESHET_PRETTY_CLAUDE : FRESHET_PRETTY_GENERIC;
	c->bytes = read_file(c->name, ".in", &c->len);
	c->want = read_file(c->name, ".out", &want_len);
}

static int load_cases(void **state)
{
	(void)state;
	DIR *dir = opendir(FRESHET_TEST_DATA "/pretty");
	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
		load_case(entry->d_name);
	closedir(dir);
	assert_true(case_count > 0);
	return 0;
}

static int drop_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < case_count; i++) {
		free(cases[i].bytes);
		free(cases[i].want);
	}
	return 0;
}

static void put(struct shown *shown, char c)
{
	assert_true(shown->len < sizeof shown->text - 1);
	shown->text[shown->len++] = c;
	shown->text[shown->len] = '\0';
}

static void note(struct shown *shown, freshet_str text)
{
	put(shown, '>');
	put(shown, ' ');
	for (size_t i = 0; i < text.len; i++) {
		put(shown, text.ptr[i]);
		if (text.ptr[i] == '\n') {
			put(shown, '|');
			put(shown, ' ');
		}
	}
	put(shown, '\n');
}

/* A NUL would end what is compared. */
static freshet_str without_nul(freshet_str text, char *copy)
{
	for (size_t i = 0; i < text.len; i++)
		copy[i] = text.ptr[i] != '\0' ? text.ptr[i] : '0';
	return (freshet_str){copy, text.len};
}

static void take(freshet_pretty *pretty, struct shown *shown)
{
	static char copy[1 << 16];
	freshet_pretty_result result;
	freshet_str text;
	while ((result = freshet_pretty_next(pretty, &text)) != FRESHET_PRETTY_MORE) {
		if (result == FRESHET_PRETTY_TEXT)
			note(shown, without_nul(text, copy));
		else
			shown->failures++;
	}
}

static freshet_pretty *begin(const struct golden_case *c, struct shown *shown)
{
	freshet_pretty_options o;
	freshet_pretty *pretty;
	freshet_pretty_options_init(&o);
	o.format = c->format;
	memset(shown, 0, sizeof *shown);
	return freshet_pretty_new(&o, &pretty) == FRESHET_OK ? pretty : NULL;
}

static void feed(freshet_pretty *pretty, struct shown *shown, const char *bytes, size_t len)
{
	assert_int_equal(freshet_pretty_feed(pretty, (freshet_str){bytes, len}), FRESHET_OK);
	take(pretty, shown);
}

static void end(const struct golden_case *c, freshet_pretty *pretty, struct shown *shown, const char *how)
{
	freshet_pretty_flush(pretty);
	take(pretty, shown);
	freshet_pretty_free(pretty);
	if (strcmp(c->want, shown->text) != 0)
		fail_msg("%s, %s\n--- want\n%s--- got\n%s", c->name, how, c->want, shown->text);
}

static struct shown shown;

static void whole(const struct golden_case *c)
{
	freshet_pretty *pretty = begin(c, &shown);
	feed(pretty, &shown, c->bytes, c->len);
	end(c, pretty, &shown, "whole");
}

static void byte_by_byte(const struct golden_case *c)
{
	freshet_pretty *pretty = begin(c, &shown);
	for (size_t i = 0; i < c->len; i++)
		feed(pretty, &shown, c->bytes + i, 1);
	end(c, pretty, &shown, "byte by byte");
}

static void cut_twice(const struct golden_case *c, size_t a, size_t b)
{
	char how[64];
	freshet_pretty *pretty = begin(c, &shown);
	feed(pretty, &shown, c->bytes, a);
	feed(pretty, &shown, c->bytes + a, b - a);
	feed(pretty, &shown, c->bytes + b, c->len - b);
	snprintf(how, sizeof how, "cut at %zu and %zu", a, b);
	end(c, pretty, &shown, how);
}

static void each_cut(const struct golden_case *c)
{
	for (size_t a = 0; a <= c->len; a++)
		cut_twice(c, a, c->len);
}

static void each_pair(const struct golden_case *c)
{
	for (size_t a = 0; c->len <= PAIRS_MAX && a <= c->len; a++)
		for (size_t b = a; b <= c->len; b++)
			cut_twice(c, a, b);
}

static void at_the_edge(const struct golden_case *c)
{
	struct guard g;
	guard_make(&g, c->len + 1);
	freshet_pretty *pretty = begin(c, &shown);
	feed(pretty, &shown, (const char *)guard_at_end(&g, (const uint8_t *)c->bytes, c->len), c->len);
	end(c, pretty, &shown, "before an unreadable page");
	pretty = begin(c, &shown);
	feed(pretty, &shown, (const char *)guard_at_start(&g, (const uint8_t *)c->bytes, c->len), c->len);
	end(c, pretty, &shown, "behind an unreadable page");
	guard_clear(&g);
}

/* With its n-th allocation failing once: each n. True when there was one to fail. */
static bool without_memory(const struct golden_case *c, size_t n)
{
	size_t half = c->len / 2;
	failmem_arm_one(n);
	freshet_pretty *pretty = begin(c, &shown);
	if (pretty != NULL) {
		feed(pretty, &shown, c->bytes, half);
		feed(pretty, &shown, c->bytes + half, c->len - half);
		end(c, pretty, &shown, "without memory once");
		assert_int_equal(shown.failures, failmem_fired());
	}
	assert_true(pretty != NULL || failmem_fired());
	bool fired = failmem_fired();
	failmem_off();
	return fired;
}

static void each_allocation(const struct golden_case *c)
{
	size_t n = 1;
	while (without_memory(c, n))
		n++;
	assert_true(n > 1);
}

static void each_case(void (*run)(const struct golden_case *c))
{
	for (size_t i = 0; i < case_count; i++)
		run(&cases[i]);
}

static void test_whole(void **state)
{
	(void)state;
	each_case(whole);
	each_case(at_the_edge);
}

static void test_cuts(void **state)
{
	(void)state;
	each_case(byte_by_byte);
	each_case(each_cut);
	each_case(each_pair);
}

static void test_memory(void **state)
{
	(void)state;
	each_case(each_allocation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, load_cases, drop_cases);
}
