/*
 * docs/errors.md is true: it has every code of the list once, with its number, and says of each whether the library
 * tries again by itself as flow/retry.h decides.
 */
#include "support/test.h"

#include "flow/retry.h"

#define LINE_SIZE 1024

struct row {
	char name[64];
	int number;
	char again[16];
};

/* "| `NAME` | number | when | again | what to do |"; false for other lines. */
static bool read_row(const char *line, struct row *row)
{
	return sscanf(line, "| `%63[A-Z0-9_]` | %d | %*[^|] | %15[^ |] |", row->name, &row->number, row->again) == 3;
}

static const char *again_of(freshet_err err)
{
	const struct retry_cause busy = {.err = err, .http_status = 503};
	const struct retry_cause wrong = {.err = err, .http_status = 400};
	if (!retry_worthwhile(&busy))
		return "no";
	return retry_worthwhile(&wrong) ? "yes" : "status";
}

/* How many rows the document has for the code; each is held against the code. */
static unsigned check_rows(freshet_err err)
{
	char line[LINE_SIZE];
	struct row row;
	unsigned rows = 0;
	FILE *document = fopen(FRESHET_SOURCE_DIR "/docs/errors.md", "r");
	assert_non_null(document);
	while (fgets(line, sizeof line, document) != NULL) {
		if (!read_row(line, &row) || strcmp(row.name, freshet_err_name(err)) != 0)
			continue;
		rows++;
		assert_int_equal(row.number, err);
		assert_string_equal(row.again, again_of(err));
	}
	fclose(document);
	return rows;
}

static const freshet_err codes[] = {
#define CODE(name, number, text) FRESHET_E##name,
	FRESHET_ERR_MAP(CODE)
#undef CODE
};

static void every_code_has_its_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (check_rows(codes[i]) != 1)
			fail_msg("docs/errors.md has not one row for %s", freshet_err_name(codes[i]));
}

static void every_row_has_its_code(void **state)
{
	char line[LINE_SIZE];
	struct row row;
	size_t rows = 0;
	(void)state;
	FILE *document = fopen(FRESHET_SOURCE_DIR "/docs/errors.md", "r");
	assert_non_null(document);
	while (fgets(line, sizeof line, document) != NULL)
		rows += strncmp(line, "| `FRESHET_", 11) == 0 && read_row(line, &row);
	fclose(document);
	assert_int_equal(rows, sizeof codes / sizeof codes[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_its_row),
		cmocka_unit_test(every_row_has_its_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
