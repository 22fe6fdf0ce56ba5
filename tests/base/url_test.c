/*
 * Base URLs: what is taken apart how, and what is refused.
 */
#include "support/test.h"

#include "base/url.h"

struct good {
	const char *text;
	bool tls;
	bool ipv6;
	uint16_t port;
	const char *host;
	const char *authority;
	const char *path;
};

static const struct good good[] = {
	{"https://example.org", true, false, 443, "example.org", "example.org", ""},
	{"http://example.org", false, false, 80, "example.org", "example.org", ""},
	{"HTTPS://Example.ORG/", true, false, 443, "Example.ORG", "Example.ORG", ""},
	{"https://example.org:8443/api/v1", true, false, 8443, "example.org", "example.org:8443", "/api/v1"},
	{"https://example.org/api/v1///", true, false, 443, "example.org", "example.org", "/api/v1"},
	{"http://127.0.0.1:65535", false, false, 65535, "127.0.0.1", "127.0.0.1:65535", ""},
	{"http://127.0.0.1:1/", false, false, 1, "127.0.0.1", "127.0.0.1:1", ""},
	{"http://[::1]:8080/x", false, true, 8080, "::1", "[::1]:8080", "/x"},
	{"https://[2001:db8::192.0.2.1]", true, true, 443, "2001:db8::192.0.2.1", "[2001:db8::192.0.2.1]", ""},
	{"https://a_b-c.d~e", true, false, 443, "a_b-c.d~e", "a_b-c.d~e", ""},
	{"http://h/a%20b;c=d,e@f:g", false, false, 80, "h", "h", "/a%20b;c=d,e@f:g"},
	{"http://h:080", false, false, 80, "h", "h:080", ""},
};

static void good_ones_are_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		const struct good *g = &good[i];
		struct url url;
		print_message("%s\n", g->text);
		assert_int_equal(url_parse(g->text, &url), FRESHET_OK);
		assert_int_equal(url.tls, g->tls);
		assert_int_equal(url.host_is_ipv6, g->ipv6);
		assert_int_equal(url.port, g->port);
		assert_true(freshet_str_is(url.host, g->host));
		assert_true(freshet_str_is(url.authority, g->authority));
		assert_true(freshet_str_is(url.path, g->path));
	}
}

static const char *const bad[] = {"", "example.org", "//example.org", "ftp://example.org", "https:/example.org",
	"https://", "https:///path", "https://:443", "https://user@example.org", "https://user:secret@example.org",
	"https://example.org?query", "https://example.org/path?query", "https://example.org#fragment",
	"https://example.org/#", "https://example.org:", "https://example.org:0", "https://example.org:65536",
	"https://example.org:99999", "https://example.org:123456", "https://example.org:12a", "https://example.org:-1",
	"https://example.org: 80", "https://exa mple.org", "https://example.org/a b", "https://example.org/\x7f",
	"https://example.org/\xc3\xa4", "https://\xc3\xa4.org", "https://example.org\r\n", "https://example.org/\n",
	"https://example%2eorg", "https://[::1", "https://[::1]x", "https://[::1]:", "https://[]", "https://::1",
	"https://[::1]]", "https://[example.org]", "https://[::1%25eth0]", "https://[[::1]]", "https://a\"b",
	"https://a<b>", "https://a\\b", "https://a^b", "https://a`b", "https://a{b}", "https://a|b", "https://h/a\\b",
	"https://h/<b>", "https://h/\"b\""};

static void bad_ones_are_refused(void **state)
{
	(void)state;
	struct url url;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		print_message("%s\n", bad[i]);
		assert_int_equal(url_parse(bad[i], &url), FRESHET_EINVAL);
	}
	assert_int_equal(url_parse(NULL, &url), FRESHET_EINVAL);
}

static void a_host_has_at_most_255_characters(void **state)
{
	(void)state;
	char text[300] = "https://";
	struct url url;
	memset(text + 8, 'a', 255);
	assert_int_equal(url_parse(text, &url), FRESHET_OK);
	assert_int_equal(url.host.len, 255);
	text[8 + 255] = 'a';
	assert_int_equal(url_parse(text, &url), FRESHET_EINVAL);
}

static void a_path_is_visible_and_begins_with_a_slash(void **state)
{
	(void)state;
	static const char *const valid[] = {"/", "/a", "/a?b=c&d", "/a%20b", "/?", "/a/../b", "//", "/\"'<>{}|"};
	static const char *const invalid[] = {"", "a", "?a", "#", "/a#b", "/a b", "/a\tb", "/a\r\nb", "/\x7f", "/\x80"};
	for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++)
		assert_true(url_path_valid(freshet_str_of(valid[i])));
	for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
		assert_false(url_path_valid(freshet_str_of(invalid[i])));
	assert_false(url_path_valid((freshet_str){"/a\0b", 4}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_are_taken_apart),
		cmocka_unit_test(bad_ones_are_refused),
		cmocka_unit_test(a_host_has_at_most_255_characters),
		cmocka_unit_test(a_path_is_visible_and_begins_with_a_slash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
