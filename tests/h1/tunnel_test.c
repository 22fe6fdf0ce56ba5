/*
 * What a proxy may answer to CONNECT, whole and at every cut.
 */
#include "support/test.h"

#include "h1/tunnel.h"

static enum tunnel_result feed_cut(const char *answer, size_t cut, int *status, size_t *rest)
{
	struct tunnel *t;
	size_t len = strlen(answer);
	size_t used = 0;
	assert_int_equal(tunnel_new(&t), FRESHET_OK);
	enum tunnel_result result = tunnel_feed(t, (const uint8_t *)answer, cut, &used);
	if (result == TUNNEL_MORE) {
		size_t more = 0;
		assert_int_equal(used, cut);
		result = tunnel_feed(t, (const uint8_t *)answer + cut, len - cut, &more);
		used = cut + more;
	}
	*status = tunnel_status(t);
	*rest = len - used;
	tunnel_free(t);
	return result;
}

static void answers(void **state)
{
	static const struct {
		const char *answer;
		enum tunnel_result result;
		int status;
		size_t rest; /* bytes that belong to the server */
	} table[] = {
		{"HTTP/1.1 200 OK\r\n\r\n", TUNNEL_OPEN, 200, 0},
		{"HTTP/1.0 200 Connection established\r\nProxy-Agent: x\r\n\r\n", TUNNEL_OPEN, 200, 0},
		{"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01", TUNNEL_OPEN, 200, 3},
		/* RFC 9110, section 9.3.6: in a 2xx answer these two mean nothing. */
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", TUNNEL_OPEN, 200, 5},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello", TUNNEL_OPEN, 200, 5},
		{"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", TUNNEL_OPEN, 200, 0},
		{"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", TUNNEL_REFUSED, 407, 0},
		{"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno", TUNNEL_REFUSED, 502, 2},
		{"HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", TUNNEL_REFUSED, 301, 0},
		{"SSH-2.0-OpenSSH_9.2\r\n", TUNNEL_BROKEN, 0, 0},
		{"HTTP/1.1 200 OK\r\n", TUNNEL_MORE, 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		size_t len = strlen(table[i].answer);
		size_t cuts = table[i].result == TUNNEL_BROKEN ? 0 : len - table[i].rest - 1;
		for (size_t cut = 0; cut <= cuts; cut++) {
			int status;
			size_t rest;
			assert_int_equal(feed_cut(table[i].answer, cut, &status, &rest), table[i].result);
			assert_int_equal(status, table[i].status);
			if (table[i].result == TUNNEL_OPEN)
				assert_int_equal(rest, table[i].rest);
		}
	}
}

static void an_endless_answer_is_broken_off(void **state)
{
	static const char line[] = "A: 0123456789012345678901234567890123456789\r\n";
	struct tunnel *t;
	size_t used;
	size_t fed = 0;
	(void)state;
	assert_int_equal(tunnel_new(&t), FRESHET_OK);
	static const char start[] = "HTTP/1.1 200 OK\r\n";
	assert_int_equal(tunnel_feed(t, (const uint8_t *)start, sizeof start - 1, &used), TUNNEL_MORE);
	while (tunnel_feed(t, (const uint8_t *)line, sizeof line - 1, &used) == TUNNEL_MORE)
		fed += sizeof line - 1;
	assert_in_range(fed, 8 * 1024, 16 * 1024);
	tunnel_free(t);
}

static void the_request(void **state)
{
	struct bytes out = {0};
	(void)state;
	assert_true(tunnel_ask(freshet_str_of("a.example:443"), freshet_str_of("freshet/1"), "Basic am9lOg==", &out));
	static const char expected[] = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n"
				       "User-Agent: freshet/1\r\nProxy-Authorization: Basic am9lOg==\r\n\r\n";
	assert_int_equal(out.len, sizeof expected - 1);
	assert_memory_equal(out.data, expected, out.len);
	bytes_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(an_endless_answer_is_broken_off),
		cmocka_unit_test(the_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
