/*
 * Where a Location leads: the examples of RFC 3986, section 5.4, what is another origin, and which methods change.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "flow/redirect.h"

static struct url url_of(const char *text)
{
	struct url url;
	assert_int_equal(url_parse(text, &url), FRESHET_OK);
	return url;
}

struct example {
	const char *location;
	const char *expected; /* NULL: elsewhere */
};

/* RFC 3986, sections 5.4.1 and 5.4.2, with "http://a/b/c/d;p?q" as the base; fragments are dropped. */
static const struct example examples[] = {
	{"g:h", NULL},
	{"g", "/b/c/g"},
	{"./g", "/b/c/g"},
	{"g/", "/b/c/g/"},
	{"/g", "/g"},
	{"//g", NULL},
	{"?y", "/b/c/d;p?y"},
	{"g?y", "/b/c/g?y"},
	{"#s", "/b/c/d;p?q"},
	{"g#s", "/b/c/g"},
	{"g?y#s", "/b/c/g?y"},
	{";x", "/b/c/;x"},
	{"g;x", "/b/c/g;x"},
	{"g;x?y#s", "/b/c/g;x?y"},
	{".", "/b/c/"},
	{"./", "/b/c/"},
	{"..", "/b/"},
	{"../", "/b/"},
	{"../g", "/b/g"},
	{"../..", "/"},
	{"../../", "/"},
	{"../../g", "/g"},
	{"../../../g", "/g"},
	{"../../../../g", "/g"},
	{"/./g", "/g"},
	{"/../g", "/g"},
	{"g.", "/b/c/g."},
	{".g", "/b/c/.g"},
	{"g..", "/b/c/g.."},
	{"..g", "/b/c/..g"},
	{"./../g", "/b/g"},
	{"./g/.", "/b/c/g/"},
	{"g/./h", "/b/c/g/h"},
	{"g/../h", "/b/c/h"},
	{"g;x=1/./y", "/b/c/g;x=1/y"},
	{"g;x=1/../y", "/b/c/y"},
	{"g?y/./x", "/b/c/g?y/./x"},
	{"g?y/../x", "/b/c/g?y/../x"},
	{"g#s/./x", "/b/c/g"},
	{"g#s/../x", "/b/c/g"},
	/* Not a relative reference, and no http URI without an authority. */
	{"http:g", NULL},
	{"http:/g", NULL},
	{"http:", NULL},
	/* Beside the standard's examples. */
	{"", NULL},
	{"?", "/b/c/d;p?"},
	{"http://a", "/"},
	{"http://a?x", "/?x"},
	{"http://a#f", "/"},
	{"HTTP://A:80/g", "/g"},
	{"//a/g", "/g"},
	{"//a:80", "/"},
	{"//a:/g", NULL},
	{"http://a:81/g", NULL},
	{"https://a/g", NULL},
	{"https://a:80/g", NULL},
	{"http://user@a/g", NULL},
	{"http://a.b/g", NULL},
	{"http://a@b/g", NULL},
	{"http://ab/g", NULL},
	{"http:///g", NULL},
	{"///g", NULL},
	{"http://a\\g", NULL},
	{"javascript:alert(1)", NULL},
	{"g h", NULL},
	{"\xc3\xa4", NULL},
	{"g\tx", NULL},
	{"/a/b/../../../c/./d/..", "/c/"},
	{"//a//g", "//g"},
	{"g:h/i?j", NULL},
	{"./g:h", "/b/c/g:h"},
	{"a/b:c", "/b/c/a/b:c"},
};

static void references_lead_where_the_standard_says(void **state)
{
	(void)state;
	const struct url origin = url_of("http://a/b");
	struct bytes out = {0};
	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
		const struct example *e = &examples[i];
		print_message("%s\n", e->location);
		enum redirect_way way =
			redirect_resolve(&origin, freshet_str_of("/b/c/d;p?q"), freshet_str_of(e->location), &out);
		assert_int_equal(way, e->expected != NULL ? REDIRECT_SAME_ORIGIN : REDIRECT_ELSEWHERE);
		if (e->expected != NULL) {
			assert_int_equal(out.len, strlen(e->expected));
			assert_memory_equal(out.data, e->expected, out.len);
		}
	}
	bytes_clear(&out);
}

static void an_origin_is_scheme_host_and_port(void **state)
{
	(void)state;
	static const struct {
		const char *base;
		const char *location;
		bool same;
	} origins[] = {
		{"https://host", "https://host:443/x", true},
		{"https://host", "http://host:443/x", false},
		{"https://host:444", "https://host/x", false},
		{"https://host:444", "//host:444/x", true},
		{"https://host:444", "//host/x", false},
		{"http://host:443", "https://host/x", false},
		{"http://[::1]:8080", "http://[::1]:8080/x", true},
		{"http://[::1]:8080", "http://[::2]:8080/x", false},
		{"http://[::1]", "http://::1/x", false},
		{"https://Host.Example", "https://hOST.eXAMPLE/x", true},
		{"https://host", "https://host./x", false},
		{"https://host", "https://host:443@evil/x", false},
		{"https://host", "https://evil:443#@host/x", false},
		{"https://host", "ftp://host/x", false},
		{"https://host", "httpss://host/x", false},
	};
	struct bytes out = {0};
	for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
		const struct url origin = url_of(origins[i].base);
		print_message("%s, %s\n", origins[i].base, origins[i].location);
		enum redirect_way way =
			redirect_resolve(&origin, freshet_str_of("/"), freshet_str_of(origins[i].location), &out);
		assert_int_equal(way, origins[i].same ? REDIRECT_SAME_ORIGIN : REDIRECT_ELSEWHERE);
	}
	bytes_clear(&out);
}

static void a_zero_byte_is_in_no_target(void **state)
{
	(void)state;
	const struct url origin = url_of("http://a");
	struct bytes out = {0};
	assert_int_equal(
		redirect_resolve(&origin, freshet_str_of("/"), (freshet_str){"/x\0y", 4}, &out), REDIRECT_ELSEWHERE);
	assert_int_equal(
		redirect_resolve(&origin, freshet_str_of("/"), (freshet_str){"\0", 1}, &out), REDIRECT_ELSEWHERE);
	bytes_clear(&out);
}

static void methods_change_as_the_standard_says(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *method;
		bool to_get;
	} changes[] = {
		{301, "POST", true},
		{302, "POST", true},
		{303, "POST", true},
		{307, "POST", false},
		{308, "POST", false},
		{301, "PUT", false},
		{302, "PUT", false},
		{303, "PUT", true},
		{307, "PUT", false},
		{308, "DELETE", false},
		{303, "DELETE", true},
		{303, "HEAD", false},
		{303, "GET", false},
		{301, "GET", false},
		{302, "HEAD", false},
	};
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
		assert_int_equal(
			redirect_becomes_get(changes[i].status, freshet_str_of(changes[i].method)), changes[i].to_get);
}

static void these_statuses_lead_on(void **state)
{
	(void)state;
	for (int status = 100; status < 600; status++)
		assert_int_equal(redirect_status(status),
			status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

static void what_told_of_the_body_is_dropped(void **state)
{
	(void)state;
	assert_true(redirect_drops_field(freshet_str_of("content-type")));
	assert_true(redirect_drops_field(freshet_str_of("content-encoding")));
	assert_true(redirect_drops_field(freshet_str_of("content-length")));
	assert_false(redirect_drops_field(freshet_str_of("accept")));
	assert_false(redirect_drops_field(freshet_str_of("authorization")));
	assert_false(redirect_drops_field(freshet_str_of("x-content-type")));
}

static void out_of_memory_is_told(void **state)
{
	(void)state;
	const struct url origin = url_of("http://a");
	size_t n = 1;
	for (;; n++) {
		struct bytes out = {0};
		failmem_arm(n);
		enum redirect_way way =
			redirect_resolve(&origin, freshet_str_of("/b/c"), freshet_str_of("../d/e?f"), &out);
		bool fired = failmem_fired();
		bytes_clear(&out);
		assert_int_equal(way, fired ? REDIRECT_NO_MEMORY : REDIRECT_SAME_ORIGIN);
		assert_int_equal(failmem_live(), 0);
		if (!fired)
			break;
	}
	failmem_off();
	assert_true(n > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_lead_where_the_standard_says),
		cmocka_unit_test(an_origin_is_scheme_host_and_port),
		cmocka_unit_test(a_zero_byte_is_in_no_target),
		cmocka_unit_test(methods_change_as_the_standard_says),
		cmocka_unit_test(these_statuses_lead_on),
		cmocka_unit_test(what_told_of_the_body_is_dropped),
		cmocka_unit_test(out_of_memory_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
