/*
 * UTF-8, by each kind of vectors, against the decoder of the Encoding standard as tests/support/sse_reference.h spells it
 * out: every pair of bytes, every four of the bytes at which something changes, and random text, at every place of a
 * vector and at the edge of readable memory.
 */
#include "support/guard.h"
#include "support/sse_reference.h"
#include "support/test.h"

#include "base/cpu.h"
#include "base/utf8.h"

#define TEXT_MAX 400

/* What the reference makes of a text: how far it is valid, and the text repaired. */
static size_t reference_read(const uint8_t *text, size_t len, struct sse_trace *repaired)
{
	static struct reference_point points[TEXT_MAX + 1];
	size_t count = reference_decode(text, len, points);
	size_t valid = len;
	for (size_t i = count; i-- > 0;)
		if (points[i].value == 0xfffd &&
			(points[i].len != 3 || memcmp(text + points[i].start, "\xef\xbf\xbd", 3) != 0))
			valid = points[i].start;
	repaired->len = 0;
	reference_encode(repaired, points, count);
	return valid;
}

/* Every kind of vectors that this machine has makes the same of the text as the reference. */
static void check(const uint8_t *text, size_t len)
{
	static struct sse_trace repaired;
	uint8_t out[3 * TEXT_MAX];
	size_t valid = reference_read(text, len, &repaired);
	for (int vector = 0; vector < CPU_VECTORS && cpu_force((enum cpu_vector)vector); vector++) {
		assert_int_equal(utf8_valid_prefix(text, len), valid);
		assert_int_equal(utf8_valid(text, len), valid == len);
		assert_int_equal(utf8_repaired_len(text, len), repaired.len);
		utf8_repair(out, text, len);
		assert_memory_equal(out, repaired.text, repaired.len);
	}
	cpu_force(CPU_VECTORS);
}

/*
 * The sequence alone; and if it is not ASCII, where the first step of a vector ends in it, behind other text, and at the
 * end of a text.
 */
static void check_in_context(const uint8_t *sequence, size_t len)
{
	static const size_t places[] = {31, 45};
	uint8_t text[64];
	check(sequence, len);
	if (sequence[0] < 0x80 && sequence[1] < 0x80)
		return;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		memset(text, 'x', sizeof text);
		memcpy(text + 8, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80", 9);
		memcpy(text + places[i], sequence, len);
		check(text, sizeof text);
		check(text, places[i] + len);
	}
}

/* Where the long steps of a vector begin and end, among ASCII. */
static void check_in_long_text(const uint8_t *sequence, size_t len)
{
	uint8_t text[TEXT_MAX];
	for (size_t at = 28; at < TEXT_MAX - 4; at = at % 32 == 2 ? at + 26 : at + 1) {
		memset(text, 'x', sizeof text);
		memcpy(text + at, sequence, len);
		check(text, sizeof text);
	}
}

static void every_pair_of_bytes(void **state)
{
	(void)state;
	for (unsigned pair = 0; pair < 0x10000; pair++)
		check_in_context((const uint8_t[]){(uint8_t)(pair >> 8), (uint8_t)pair}, 2);
}

static void faults_at_the_steps_of_long_texts(void **state)
{
	static const char *const sequences[] = {"\xc3", "\xc3\xa9", "\xe2", "\xe2\x82", "\xe2\x82\xac", "\xf0",
		"\xf0\x9f", "\xf0\x9f\x9a", "\xf0\x9f\x9a\x80", "\x80", "\xff", "\xed\xa0\x80"};
	(void)state;
	for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++)
		check_in_long_text((const uint8_t *)sequences[i], strlen(sequences[i]));
}

static void every_four_bytes_at_which_something_changes(void **state)
{
	static const uint8_t edges[] = {
		0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xe0, 0xe1, 0xed, 0xf0, 0xf1, 0xf4, 0xf5};
	const unsigned n = sizeof edges;
	(void)state;
	for (unsigned i = 0; i < n * n * n * n; i++) {
		const uint8_t bytes[4] = {edges[i / n / n / n], edges[i / n / n % n], edges[i / n % n], edges[i % n]};
		uint8_t text[48];
		memset(text, 'x', sizeof text);
		memcpy(text + 30, bytes, sizeof bytes);
		check(text, sizeof text);
		memcpy(text + sizeof text - sizeof bytes, bytes, sizeof bytes);
		check(text, sizeof text);
	}
}

static uint64_t seed = 7;

static unsigned random_below(unsigned bound)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(seed >> 33) % bound;
}

/* Mostly valid text with a fault here and there. */
static size_t random_text(uint8_t *text)
{
	static const char *const good[] = {"a", "0123456789", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x9a\x80",
		"\xed\x9f\xbf", "\xef\xbf\xbd", "the quick brown fox jumps over the lazy dog",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"};
	static const char *const bad[] = {
		"\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x9a", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"};
	size_t len = 0;
	unsigned words = random_below(30);
	bool faulty = random_below(2) == 0;
	for (unsigned i = 0; i < words; i++) {
		const char *word = faulty && random_below(12) == 0 ? bad[random_below(8)] : good[random_below(9)];
		size_t word_len = strlen(word);
		if (len + word_len > TEXT_MAX)
			break;
		memcpy(text + len, word, word_len);
		len += word_len;
	}
	return len > 0 ? len - random_below(2) : 0;
}

static void random_texts(void **state)
{
	struct guard guard;
	uint8_t text[TEXT_MAX];
	(void)state;
	guard_make(&guard, TEXT_MAX);
	for (unsigned i = 0; i < 20000; i++) {
		size_t len = random_text(text);
		check(guard_at_end(&guard, text, len), len);
		check(guard_at_start(&guard, text, len), len);
	}
	guard_clear(&guard);
}

static void an_open_tail_is_what_more_bytes_could_complete(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t open;
	} tails[] = {{"", 0}, {"a", 0}, {"\xc3", 1}, {"a\xc3", 1}, {"\xc3\xa9", 0}, {"\xe2", 1}, {"\xe2\x82", 2},
		{"\xe2\x82\xac", 0}, {"\xf0", 1}, {"\xf0\x9f", 2}, {"\xf0\x9f\x9a", 3}, {"\xf0\x9f\x9a\x80", 0},
		{"\x80", 0}, {"\x80\x80\x80\x80", 0}, {"\xc0", 0}, {"\xf5", 0}, {"\xff", 0}, {"\xe0\x80", 0},
		{"\xed\xa0", 0}, {"\xf4\x90", 0}, {"\xf0\x80\x80", 0}, {"\xc3\xa9\x80", 0}, {"a\xe2\x82\xe2\x82", 2}};
	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++)
		assert_int_equal(utf8_open_tail((const uint8_t *)tails[i].text, strlen(tails[i].text)), tails[i].open);
}

static void every_scalar_value_is_written_and_read(void **state)
{
	(void)state;
	for (uint32_t value = 0; value <= 0x10ffff; value++) {
		uint8_t out[4];
		struct reference_point points[5];
		if (value >= 0xd800 && value <= 0xdfff)
			continue;
		size_t len = utf8_encode(value, out);
		assert_int_equal(reference_decode(out, len, points), 1);
		assert_int_equal(points[0].value, value);
		assert_true(utf8_valid(out, len));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_of_bytes),
		cmocka_unit_test(every_four_bytes_at_which_something_changes),
		cmocka_unit_test(faults_at_the_steps_of_long_texts),
		cmocka_unit_test(random_texts),
		cmocka_unit_test(an_open_tail_is_what_more_bytes_could_complete),
		cmocka_unit_test(every_scalar_value_is_written_and_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
