/*
 * The fuzzer's promises (fuzz/h1_fuzz.c: one feed equals many, and more) over answers put together at random from parts
 * that mean something, and over garbage. The seeds are fixed: a failure comes again.
 */
#include "../../fuzz/h1_fuzz.c"

#include "support/test.h"

#include "base/random.h"

enum { INPUT_MAX = 600 };

struct input {
	uint8_t bytes[INPUT_MAX];
	size_t len;
};

static void add(struct input *in, const char *bytes, size_t len)
{
	size_t room = INPUT_MAX - in->len;
	len = len < room ? len : room;
	memcpy(in->bytes + in->len, bytes, len);
	in->len += len;
}

static void add_part(struct input *in, struct random *random)
{
	static const char *const parts[] = {"HTTP/1.1 200 OK\r\n", "HTTP/1.0 200 OK\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 204 \r\n", "HTTP/1.1 304 X\r\n", "Content-Length: 5\r\n",
		"Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n",
		"Connection: close\r\n", "Connection: keep-alive\r\n", "Keep-Alive: timeout=5\r\n", "X: y\r\n",
		" folded\r\n", ":", "\r\n", "\r\n", "\r\n\r\n", "hello", "5\r\nhello\r\n", "0\r\n\r\n",
		"0\r\nX: y\r\n\r\n", "a;b=c\r\n0123456789\r\n", "\n", "\r", "\t", " ", "data: 1\n\n"};
	const char *part = parts[random_next(random) % (sizeof parts / sizeof parts[0])];
	add(in, part, strlen(part));
}

static void begin(struct input *in, struct random *random)
{
	uint64_t bits = random_next(random);
	const char head[2] = {(char)(bits & 63), (char)(bits >> 8 & 255)};
	in->len = 0;
	add(in, head, sizeof head);
}

static void parts_in_any_order(void **state)
{
	struct random random;
	(void)state;
	random_init(&random, 7);
	for (int i = 0; i < 30000; i++) {
		struct input in;
		begin(&in, &random);
		if (i % 8 != 0)
			add(&in, "HTTP/1.1 200 OK\r\n", 17);
		for (uint64_t n = random_next(&random) % 12; n > 0; n--)
			add_part(&in, &random);
		/* One bit of some is wrong. */
		if (i % 3 == 0)
			in.bytes[random_next(&random) % in.len] ^= (uint8_t)(1u << random_next(&random) % 8);
		LLVMFuzzerTestOneInput(in.bytes, in.len);
	}
}

static void garbage(void **state)
{
	struct random random;
	(void)state;
	random_init(&random, 11);
	for (int i = 0; i < 20000; i++) {
		struct input in;
		begin(&in, &random);
		if (i % 2 == 0)
			add(&in, "HTTP/1.1 200 OK\r\n", 17);
		for (uint64_t n = random_next(&random) % 100; n > 0; n--) {
			char byte = (char)(random_next(&random) & 255);
			add(&in, &byte, 1);
		}
		LLVMFuzzerTestOneInput(in.bytes, in.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_in_any_order),
		cmocka_unit_test(garbage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
