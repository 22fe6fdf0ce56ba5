/*
 * The log hook and the error texts.
 */
#include "support/test.h"

#include "base/log.h"

#include <freshet/error.h>

static char last_line[1024];
static freshet_log_level last_level;
static int lines;

static void keep(freshet_log_level level, const char *line, void *user)
{
	assert_ptr_equal(user, &lines);
	snprintf(last_line, sizeof last_line, "%s", line);
	last_level = level;
	lines++;
}

static void only_what_is_wanted_is_told(void **state)
{
	(void)state;
	lines = 0;
	log_line(FRESHET_LOG_ERROR, "nobody listens");
	freshet_set_log(keep, FRESHET_LOG_WARNING, &lines);
	assert_true(log_wanted(FRESHET_LOG_ERROR));
	assert_true(log_wanted(FRESHET_LOG_WARNING));
	assert_false(log_wanted(FRESHET_LOG_INFO));
	log_line(FRESHET_LOG_INFO, "dropped");
	assert_int_equal(lines, 0);
	log_line(FRESHET_LOG_WARNING, "%d of %s", 3, "four");
	assert_int_equal(lines, 1);
	assert_int_equal(last_level, FRESHET_LOG_WARNING);
	assert_string_equal(last_line, "3 of four");
	freshet_set_log(NULL, FRESHET_LOG_DEBUG, NULL);
	assert_false(log_wanted(FRESHET_LOG_ERROR));
	log_line(FRESHET_LOG_ERROR, "nobody listens");
	assert_int_equal(lines, 1);
}

static void long_lines_are_cut(void **state)
{
	(void)state;
	char text[2000];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	freshet_set_log(keep, FRESHET_LOG_DEBUG, &lines);
	log_line(FRESHET_LOG_DEBUG, "%s", text);
	assert_in_range(strlen(last_line), 100, 1000);
	freshet_set_log(NULL, FRESHET_LOG_ERROR, NULL);
}

static void lines_of_others_are_one_line(void **state)
{
	(void)state;
	char text[2000];
	lines = 0;
	freshet_log(FRESHET_LOG_ERROR, "nobody listens");
	assert_false(freshet_log_wanted(FRESHET_LOG_ERROR));
	freshet_set_log(keep, FRESHET_LOG_WARNING, &lines);
	assert_true(freshet_log_wanted(FRESHET_LOG_WARNING));
	assert_false(freshet_log_wanted(FRESHET_LOG_INFO));
	freshet_log(FRESHET_LOG_INFO, "dropped");
	assert_int_equal(lines, 0);
	freshet_log(FRESHET_LOG_WARNING, "100 %s of it");
	assert_string_equal(last_line, "100 %s of it");
	assert_int_equal(last_level, FRESHET_LOG_WARNING);
	freshet_log(FRESHET_LOG_ERROR, "a\nb\r\tc\033[2Jd\177\xc3\xa9");
	assert_string_equal(last_line, "a b  c [2Jd \xc3\xa9");
	freshet_log(FRESHET_LOG_ERROR, NULL);
	assert_string_equal(last_line, "");
	assert_int_equal(lines, 3);
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	freshet_log(FRESHET_LOG_ERROR, text);
	assert_int_equal(strlen(last_line), 511);
	freshet_set_log(NULL, FRESHET_LOG_ERROR, NULL);
}

static void every_code_has_a_name_and_a_text_of_its_own(void **state)
{
	(void)state;
	static const freshet_err codes[] = {
#define CODE_OF(name, number, text) FRESHET_E##name,
		FRESHET_ERR_MAP(CODE_OF)
#undef CODE_OF
	};
	size_t count = sizeof codes / sizeof codes[0];
	for (size_t i = 0; i < count; i++) {
		assert_true(codes[i] < 0);
		assert_true(strncmp(freshet_err_name(codes[i]), "FRESHET_E", 9) == 0);
		assert_string_not_equal(freshet_err_text(codes[i]), freshet_err_text((freshet_err)-9999));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(freshet_err_text(codes[i]), freshet_err_text(codes[j]));
	}
	assert_string_equal(freshet_err_name(FRESHET_OK), "FRESHET_OK");
	assert_string_equal(freshet_err_name(FRESHET_ENOMEM), "FRESHET_ENOMEM");
	assert_string_equal(freshet_err_text(FRESHET_ENOMEM), "out of memory");
	assert_string_equal(freshet_err_name((freshet_err)-9999), "unknown");
	assert_string_equal(freshet_version(), FRESHET_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_wanted_is_told),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(lines_of_others_are_one_line),
		cmocka_unit_test(every_code_has_a_name_and_a_text_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
