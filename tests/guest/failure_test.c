#include "guest/failure.h"

#include "support/test.h"

static const char *const code_names[] = {"error_code", "code", "error.code", NULL};
static const char *const message_names[] = {"message", "error.message", "error", "detail", NULL};
static const char *const *const lists[] = {code_names, message_names};

static freshet_json_scratch scratch;
static struct guest_words words;

static int make_words(void **state)
{
	static struct guest_fields *fields;
	(void)state;
	assert_int_equal(guest_fields_new(lists, 2, &fields), FRESHET_OK);
	words = (struct guest_words){.fields = fields, .scratch = &scratch};
	return 0;
}

static int free_words(void **state)
{
	(void)state;
	guest_fields_free((struct guest_fields *)(uintptr_t)words.fields);
	freshet_json_scratch_clear(&scratch);
	return 0;
}

/* ---- lines ---- */

static void lines_are_clean(void **state)
{
	(void)state;
	static const struct {
		const char *from, *line;
	} rows[] = {
		{"plain", "plain"},
		{"a\r\nb\tc\033[31m\177", "a  b c [31m "},
		{"\xc2\x9b"
		 "31m",
			"  31m"},
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\x80", "???????????"},
		{"\xe2\x82", "??"},
		{"\xe2\x28\xa1", "?(?"},
	};
	char line[GUEST_LINE_SIZE];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		freshet_str text = guest_line(line, "%s", rows[i].from);
		assert_string_equal(line, rows[i].line);
		assert_int_equal(text.len, strlen(rows[i].line));
	}
}

static void long_lines_end_with_a_whole_character(void **state)
{
	(void)state;
	static const char *const characters[] = {"x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
	char line[GUEST_LINE_SIZE], from[4 * GUEST_LINE_SIZE + 8];
	for (size_t c = 0; c < 4; c++) {
		for (size_t shift = 0; shift < 4; shift++) {
			size_t width = strlen(characters[c]), room = GUEST_LINE_SIZE - 1 - shift;
			memset(from, '.', shift);
			from[shift] = '\0';
			while (strlen(from) + width < sizeof from)
				strcat(from, characters[c]);
			assert_int_equal(guest_line(line, "%s", from).len, shift + room / width * width);
		}
	}
}

/* ---- failures ---- */

static const struct guest_failure *failure_of(int status, const char *body)
{
	static struct guest_failure failure;
	const freshet_outcome outcome = {.err = FRESHET_OK, .http_status = status, .text = freshet_str_of("?")};
	freshet_json_scratch_reset(&scratch);
	guest_failure_init(&failure, &outcome, freshet_str_of(body), &words);
	return &failure;
}

static void the_status_decides_and_the_body_tells(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *body;
		freshet_err err;
		const char *code, *message, *text;
	} rows[] = {
		{404, "{\"error_code\":\"no_agent\",\"message\":\"no such agent\"}", FRESHET_ENOT_FOUND, "no_agent",
			"no such agent", "HTTP 404: no such agent"},
		{401, "{\"error\":{\"code\":\"bad_key\",\"message\":\"who?\"}}", FRESHET_EAUTH, "bad_key", "who?",
			"HTTP 401: who?"},
		{422, "{\"detail\":[{\"loc\":[\"x\"]}]}", FRESHET_EVALIDATION, "", "[{\"loc\":[\"x\"]}]",
			"HTTP 422: [{\"loc\":[\"x\"]}]"},
		{409, "{\"code\":7}", FRESHET_ECONFLICT, "7", "", "HTTP 409: 7"},
		{429, "{\"error\":\"later\\r\\nplease\"}", FRESHET_ERATE_LIMIT, "", "later\r\nplease",
			"HTTP 429: later  please"},
		{502, "<html>bad gateway</html>", FRESHET_ESERVER, "", "", "HTTP 502: the server failed"},
		{302, "", FRESHET_EHTTP_REDIRECT, "", "", "HTTP 302: the server redirects elsewhere"},
		{418, "{}", FRESHET_EHTTP_STATUS, "", "", "HTTP 418: the server answered with an error status"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct guest_failure *f = failure_of(rows[i].status, rows[i].body);
		assert_int_equal(f->outcome.err, rows[i].err);
		assert_true(freshet_str_is(f->code, rows[i].code));
		assert_true(freshet_str_is(f->message, rows[i].message));
		assert_true(freshet_str_is(f->outcome.text, rows[i].text));
	}
}

static void only_pages_are_shown_and_only_their_beginning(void **state)
{
	(void)state;
	static char page[20000];
	memset(page, 'p', sizeof page - 1);
	assert_int_equal(failure_of(502, page)->outcome.body.len, 4096);
	assert_int_equal(failure_of(502, " {\"prompt\":\"secret\"}")->outcome.body.len, 0);
	assert_int_equal(failure_of(502, "[\"half of it")->outcome.body.len, 0);
}

static void a_lost_request_keeps_its_own_text(void **state)
{
	(void)state;
	struct guest_failure f;
	const freshet_outcome outcome = {
		.err = FRESHET_ECLOSED, .text = freshet_str_of("closed by peer"), .attempts = 3};
	guest_failure_init(&f, &outcome, (freshet_str){NULL, 0}, &words);
	assert_int_equal(f.outcome.err, FRESHET_ECLOSED);
	assert_int_equal(f.outcome.attempts, 3);
	assert_true(freshet_str_is(f.outcome.text, "closed by peer"));
}

static void another_code_and_an_unreadable_body_have_their_text(void **state)
{
	(void)state;
	struct guest_failure f = *failure_of(404, "");
	guest_failure_set(&f, FRESHET_EUNSUPPORTED);
	assert_true(freshet_str_is(f.outcome.text, "HTTP 404: not supported"));
	const freshet_outcome outcome = {.err = FRESHET_OK, .http_status = 200, .text = freshet_str_of("?")};
	guest_failure_unreadable(&f, &outcome, FRESHET_EJSON_MISSING, 17);
	assert_int_equal(f.outcome.position, 17);
	assert_true(freshet_str_is(f.outcome.text, "byte 17 of the answer: the JSON member is missing"));
}

/* ---- secrets ---- */

static void no_secret_is_shown_whatever_the_server_echoes(void **state)
{
	(void)state;
	const freshet_str secrets[] = {
		freshet_str_of("sk_live_12345678"), freshet_str_of("87654321_tail"), freshet_str_of("abc")};
	words.secrets = (struct guest_secrets){secrets, 3, NULL};
	const struct guest_failure *f = failure_of(401, "{\"message\":\"key sk\\u005flive_12345678 is bad, abc\"}");
	assert_true(freshet_str_is(f->message, "key **************** is bad, ***"));
	assert_true(freshet_str_is(f->outcome.text, "HTTP 401: key **************** is bad, ***"));
	assert_int_equal(failure_of(401, "{\"code\":\"sk_live_12345678\"}")->code.len, 0);
	assert_int_equal(failure_of(401, "<p>sk_live_12345678</p>")->outcome.body.len, 0);
	assert_true(failure_of(401, "<p>sk_live</p>")->outcome.body.len > 0);
	/* Two that overlap, and one of which only the beginning has room. */
	assert_true(freshet_str_is(failure_of(401, "{\"message\":\"sk_live_1234567887654321_tail!\"}")->message,
		"*****************************!"));
	char body[1200] = "{\"message\":\"", *at = body + strlen(body);
	for (size_t before = 490; before < 512; before++) {
		memset(at, '.', before);
		strcpy(at + before, "sk_live_12345678 and more\"}");
		assert_null(strstr(failure_of(401, body)->outcome.text.ptr, "sk_"));
		assert_null(strstr(failure_of(401, body)->message.ptr, "sk_"));
	}
	char eight[8];
	assert_true(freshet_str_is(guest_hide(&words.secrets,
					   freshet_str_of("12345\xc3\xa9"
							  "8"),
					   eight, 7),
		"12345"));
	assert_true(
		freshet_str_is(guest_hide(&words.secrets, freshet_str_of("12345\xc3\xa9"), eight, 8), "12345\xc3\xa9"));
	words.secrets = (struct guest_secrets){NULL, 0, NULL};
}

/* As a word they are hidden, as a part of one they are not: else every text would be blanked. */
static void short_secrets_count_where_they_stand_alone(void **state)
{
	(void)state;
	static const struct {
		const char *secret, *text, *shown;
	} rows[] = {
		{"42", "42", "**"},
		{"42", "level 42 of 421, 142, x42, 42_a, 4 2", "level ** of 421, 142, x42, 42_a, 4 2"},
		{"42", "'42',42;(42)", "'**',**;(**)"},
		{"a", "a banana is a fruit", "* banana is * fruit"},
		{"aa", "aaa aa", "aaa **"},
		{"--", "a--b", "a**b"},
		{"-1", "x-1 -12", "x** -12"},
		{"\xc3\xa9", "\xc3\xa9t\xc3\xa9 \xc3\xa9", "\xc3\xa9t\xc3\xa9 **"},
		{"", "nothing", "nothing"},
		{"abcd", "xabcdx", "x****x"},
	};
	char line[64];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const freshet_str secret = freshet_str_of(rows[i].secret);
		const struct guest_secrets secrets = {&secret, 1, NULL};
		freshet_str text = freshet_str_of(rows[i].text);
		guest_hide(&secrets, text, line, sizeof line);
		assert_string_equal(line, rows[i].shown);
		assert_int_equal(guest_secrets_in(&secrets, text), strcmp(rows[i].text, rows[i].shown) != 0);
	}
}

/* A message that is no string is shown as JSON, in which a secret may be spelled in many ways. */
static void escapes_hide_no_secret(void **state)
{
	(void)state;
	const freshet_str keys[] = {freshet_str_of("sk_live_1234/5678")};
	struct guest_secrets prompts = {NULL, 0, NULL};
	assert_int_equal(guest_secrets_room(&prompts, 3), FRESHET_OK);
	assert_int_equal(guest_secrets_keep(&prompts, freshet_str_of("say \"h\xc3\xa9llo\"\n")), FRESHET_OK);
	assert_int_equal(guest_secrets_keep(&prompts, freshet_str_of("abc")), FRESHET_OK);
	assert_int_equal(guest_secrets_keep(&prompts, freshet_str_of("plain words")), FRESHET_OK);
	assert_int_equal(prompts.count, 3);
	words.secrets = (struct guest_secrets){keys, 1, &prompts};
	static const char *const told[] = {
		"{\"message\":[{\"input\":\"sk_live_1234\\/5678\"}],\"code\":\"x\"}",
		"{\"message\":{\"loc\":\"a\\\\b\",\"input\":\"say \\\"h\\u00e9llo\\\"\\n\"},\"code\":\"x\"}",
		"{\"message\":[\"plain\\u0020words\"],\"code\":\"x\"}",
	};
	for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
		const struct guest_failure *f = failure_of(422, told[i]);
		assert_int_equal(f->message.len, 0);
		assert_true(freshet_str_is(f->outcome.text, "HTTP 422: x"));
	}
	/* Without escapes there are asterisks, and escapes of anything else are as they are. */
	assert_true(freshet_str_is(failure_of(422, "{\"message\":[\"plain words\"]}")->message, "[\"***********\"]"));
	assert_true(
		freshet_str_is(failure_of(422, "{\"message\":[\"a\\nb\"]}")->outcome.text, "HTTP 422: [\"a\\nb\"]"));
	guest_secrets_forget(&prompts);
	guest_secrets_forget(&prompts);
	words.secrets = (struct guest_secrets){NULL, 0, NULL};
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_clean),
		cmocka_unit_test(long_lines_end_with_a_whole_character),
		cmocka_unit_test(the_status_decides_and_the_body_tells),
		cmocka_unit_test(only_pages_are_shown_and_only_their_beginning),
		cmocka_unit_test(a_lost_request_keeps_its_own_text),
		cmocka_unit_test(another_code_and_an_unreadable_body_have_their_text),
		cmocka_unit_test(no_secret_is_shown_whatever_the_server_echoes),
		cmocka_unit_test(short_secrets_count_where_they_stand_alone),
		cmocka_unit_test(escapes_hide_no_secret),
	};
	return cmocka_run_group_tests(tests, make_words, free_words);
}
