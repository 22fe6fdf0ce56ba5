/*
 * Which proxy is taken: the URL of one, the list of exceptions, the environment.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "base/proxy.h"

static void urls_of_proxies(void **state)
{
	static const struct {
		const char *text;
		freshet_err err;
		const char *host;
		uint16_t port;
		const char *authorization;
	} table[] = {
		{"http://proxy:3128", FRESHET_OK, "proxy", 3128, NULL},
		{"http://proxy", FRESHET_OK, "proxy", 80, NULL},
		{"proxy.example:8080", FRESHET_OK, "proxy.example", 8080, NULL},
		{"HTTP://proxy:1/", FRESHET_OK, "proxy", 1, NULL},
		{"http://[::1]:3128", FRESHET_OK, "::1", 3128, NULL},
		/* RFC 7617, section 2: the example of the standard. */
		{"http://Aladdin:open%20sesame@proxy", FRESHET_OK, "proxy", 80, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		{"http://joe@proxy", FRESHET_OK, "proxy", 80, "Basic am9lOg=="},
		{"http://a:b%40c%3a@proxy:9", FRESHET_OK, "proxy", 9, "Basic YTpiQGM6"},
		{"http://a:b@c@proxy:9", FRESHET_OK, "proxy", 9, "Basic YTpiQGM="},
		{"http://a:%zz@proxy:9", FRESHET_OK, "proxy", 9, "Basic YToleno="},
		{"https://proxy", FRESHET_EUNSUPPORTED, NULL, 0, NULL},
		{"socks5://proxy", FRESHET_EUNSUPPORTED, NULL, 0, NULL},
		{"http://", FRESHET_EINVAL, NULL, 0, NULL},
		{"http://proxy:0", FRESHET_EINVAL, NULL, 0, NULL},
		{"http://proxy:65536", FRESHET_EINVAL, NULL, 0, NULL},
		{"http://pro xy", FRESHET_EINVAL, NULL, 0, NULL},
		{"http://a:b@", FRESHET_EINVAL, NULL, 0, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct proxy p;
		print_message("%s\n", table[i].text);
		assert_int_equal(proxy_parse(&p, freshet_str_of(table[i].text)), table[i].err);
		if (table[i].err != FRESHET_OK) {
			assert_null(p.host);
			continue;
		}
		assert_string_equal(p.host, table[i].host);
		assert_int_equal(p.port, table[i].port);
		if (table[i].authorization != NULL)
			assert_string_equal(p.authorization, table[i].authorization);
		else
			assert_null(p.authorization);
		proxy_clear(&p);
	}
}

static void exceptions(void **state)
{
	static const struct {
		const char *list;
		const char *host;
		uint16_t port;
		bool excepted;
	} table[] = {
		{NULL, "a.example", 80, false},
		{"", "a.example", 80, false},
		{"*", "a.example", 80, true},
		{"example", "a.example", 80, true},
		{".example", "a.example", 80, true},
		{"a.example", "a.example", 80, true},
		{"A.EXAMPLE", "a.example", 80, true},
		{"a.example", "b.a.example", 443, true},
		{"a.example", "ba.example", 443, false},
		{"b.example, a.example", "a.example", 80, true},
		{"b.example a.example", "a.example", 80, true},
		{"a.example:8080", "a.example", 80, false},
		{"a.example:8080", "a.example", 8080, true},
		{"a.example:x", "a.example", 8080, false},
		{"127.0.0.1", "127.0.0.1", 80, true},
		{"0.0.1", "127.0.0.1", 80, false},
		{"::1", "::1", 80, true},
		{"[::1]:81", "::1", 80, false},
		{"[::1]:80", "::1", 80, true},
		{",,  ,", "a.example", 80, false},
		{".", "a.example", 80, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		print_message("%s: %s\n", table[i].list, table[i].host);
		bool excepted = proxy_excepts(table[i].list, freshet_str_of(table[i].host), table[i].port);
		assert_int_equal(excepted, table[i].excepted);
	}
}

static const char *const *environment;

static char *look_up(const char *name)
{
	for (const char *const *pair = environment; *pair != NULL; pair += 2) {
		union {
			const char *constant;
			char *value;
		} answer = {pair[1]};
		if (strcmp(pair[0], name) == 0)
			return answer.value;
	}
	return NULL;
}

static void the_environment_names_one(void **state)
{
	static const struct {
		const char *environment[9];
		const char *url;
		const char *proxy;
	} table[] = {
		{{NULL}, "https://a.example", ""},
		{{"https_proxy", "p1", "http_proxy", "p2", NULL}, "https://a.example", "p1"},
		{{"https_proxy", "p1", "http_proxy", "p2", NULL}, "http://a.example", "p2"},
		{{"HTTPS_PROXY", "p1", NULL}, "https://a.example", "p1"},
		/* A CGI client could set it by a header "Proxy". */
		{{"HTTP_PROXY", "p1", NULL}, "http://a.example", ""},
		{{"https_proxy", "", "all_proxy", "p3", NULL}, "https://a.example", "p3"},
		{{"ALL_PROXY", "p3", NULL}, "http://a.example", "p3"},
		{{"https_proxy", "p1", "no_proxy", "example", NULL}, "https://a.example", ""},
		{{"https_proxy", "p1", "NO_PROXY", "b.example", NULL}, "https://a.example", "p1"},
		{{"https_proxy", "p1", "NO_PROXY", "a.example:443", NULL}, "https://a.example", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct url url;
		environment = table[i].environment;
		assert_int_equal(url_parse(table[i].url, &url), FRESHET_OK);
		assert_true(freshet_str_is(proxy_from_environment(look_up, &url), table[i].proxy));
	}
}

static void no_memory_keeps_nothing(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		struct proxy p;
		failmem_arm(n);
		freshet_err err = proxy_parse(&p, freshet_str_of("http://joe:secret@proxy:3128"));
		if (!failmem_fired()) {
			assert_int_equal(err, FRESHET_OK);
			proxy_clear(&p);
			break;
		}
		assert_int_equal(err, FRESHET_ENOMEM);
		assert_null(p.host);
	}
	assert_int_equal(failmem_live(), 0);
	failmem_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_of_proxies),
		cmocka_unit_test(exceptions),
		cmocka_unit_test(the_environment_names_one),
		cmocka_unit_test(no_memory_keeps_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
