/*
 * Strings decoded: every kind of vectors gives what a plain reading of RFC 8259, section 7, gives, reads no byte behind the
 * text and writes none behind the room for it.
 */
#include "support/guard.h"
#include "support/test.h"

#include "base/cpu.h"
#include "base/random.h"
#include "base/utf8.h"
#include "json/string.h"

#define TEXT_MAX 400
#define ROUNDS   3000

static struct random random_state;

static size_t below(size_t bound)
{
	return (size_t)(random_next(&random_state) % bound);
}

/* A piece of a string, and what it stands for. */
struct piece {
	const char *text;
	const char *meaning;
	size_t len; /* of the meaning */
};

static const struct piece pieces[] = {
	{"\\\"", "\"", 1},
	{"\\\\", "\\", 1},
	{"\\/", "/", 1},
	{"\\b", "\b", 1},
	{"\\f", "\f", 1},
	{"\\n", "\n", 1},
	{"\\r", "\r", 1},
	{"\\t", "\t", 1},
	{"\\u0000", "\0", 1},
	{"\\u0041", "A", 1},
	{"\\u00e9", "\xc3\xa9", 2},
	{"\\u65E5", "\xe6\x97\xa5", 3},
	{"\\ud83d\\ude80", "\xf0\x9f\x9a\x80", 4},
	{"\\ud83d", "\xef\xbf\xbd", 3},
	{"\\ude80", "\xef\xbf\xbd", 3},
	{"u", "u", 1},
	{"/", "/", 1},
	{"n", "n", 1},
	{"\xc3\xa9", "\xc3\xa9", 2},
	{"\xf0\x9f\x9a\x80", "\xf0\x9f\x9a\x80", 4},
	{"plain text of a few words ", "plain text of a few words ", 26},
	{"0123456789012345678901234567890123456789012345678901234567890123456789",
		"0123456789012345678901234567890123456789012345678901234567890123456789", 70},
};
#define PIECES (sizeof pieces / sizeof pieces[0])

struct string {
	char text[TEXT_MAX];
	size_t len;
	char meaning[TEXT_MAX];
	size_t meaning_len;
};

/* False when there is no more room. A high surrogate right before a low one would be something else. */
static bool add(struct string *s, const struct piece *piece)
{
	size_t len = strlen(piece->text);
	bool high_before = s->len >= 6 && memcmp(s->text + s->len - 6, "\\ud83d", 6) == 0;
	if (s->len + len > TEXT_MAX)
		return false;
	if (high_before && strcmp(piece->text, "\\ude80") == 0)
		return true;
	memcpy(s->text + s->len, piece->text, len);
	memcpy(s->meaning + s->meaning_len, piece->meaning, piece->len);
	s->len += len;
	s->meaning_len += piece->len;
	return true;
}

/* `bound` of the pieces are used: fewer of them make longer runs of the same. */
static void make_string(struct string *s)
{
	size_t first = below(PIECES);
	size_t bound = 1 + below(PIECES - first);
	size_t wanted = below(TEXT_MAX);
	s->len = 0;
	s->meaning_len = 0;
	while (s->len < wanted && add(s, &pieces[first + below(bound)]))
		;
}

static void assert_decoded(struct guard *from, struct guard *to, const struct string *s)
{
	freshet_str text = {(const char *)guard_at_end(from, (const uint8_t *)s->text, s->len), s->len};
	uint8_t *out = to->end - s->len;
	size_t len = string_decode(text, (char *)out);
	if (len != s->meaning_len || memcmp(out, s->meaning, len) != 0)
		fail_msg("kind %d: %.*s", cpu_vector(), (int)s->len, s->text);
}

static void every_kind_decodes_the_same(void **state)
{
	(void)state;
	struct guard from, to;
	struct string s;
	random_init(&random_state, 12);
	guard_make(&from, TEXT_MAX);
	guard_make(&to, TEXT_MAX);
	for (int round = 0; round < ROUNDS; round++) {
		make_string(&s);
		for (int kind = 0; kind < CPU_VECTORS; kind++)
			if (cpu_force((enum cpu_vector)kind))
				assert_decoded(&from, &to, &s);
	}
	cpu_force(CPU_VECTORS);
	guard_clear(&from);
	guard_clear(&to);
}

/* Each escape at each place of a block, and around its edge. */
static void escapes_at_every_place(void **state)
{
	(void)state;
	struct guard from, to;
	struct string s;
	guard_make(&from, TEXT_MAX);
	guard_make(&to, TEXT_MAX);
	static const struct piece letter = {"x", "x", 1};
	for (size_t kind = 0; kind < CPU_VECTORS; kind++) {
		if (!cpu_force((enum cpu_vector)kind))
			continue;
		for (size_t i = 0; i < PIECES * 200; i++) {
			s.len = 0;
			s.meaning_len = 0;
			while (s.len < i % 200)
				add(&s, &letter);
			add(&s, &pieces[i / 200]);
			add(&s, &pieces[(i + i / 200) % PIECES]);
			assert_decoded(&from, &to, &s);
			for (int more = 0; more < 90; more++)
				add(&s, &letter);
			assert_decoded(&from, &to, &s);
		}
	}
	cpu_force(CPU_VECTORS);
	guard_clear(&from);
	guard_clear(&to);
}

/* Every unit of UTF-16, in both spellings, a dozen in a row with something between some of them. */
static void every_unicode_escape(void **state)
{
	(void)state;
	struct guard from, to;
	struct string s;
	guard_make(&from, TEXT_MAX);
	guard_make(&to, TEXT_MAX);
	for (uint32_t first = 0; first < 0x10000; first += 12) {
		s.len = 0;
		s.meaning_len = 0;
		for (uint32_t unit = first; unit < first + 12 && unit < 0x10000; unit++) {
			/* The last high surrogate and the first low one would be a pair. */
			if (unit == 0xdc00)
				add(&s, &pieces[0]);
			bool surrogate = unit >= 0xd800 && unit <= 0xdfff;
			s.len += (size_t)snprintf(s.text + s.len, 8, first % 24 == 0 ? "\\u%04x" : "\\u%04X", unit);
			s.meaning_len +=
				utf8_encode(surrogate ? REPLACEMENT : unit, (uint8_t *)s.meaning + s.meaning_len);
			if (unit % 5 == 0)
				add(&s, &pieces[unit % 8]);
		}
		for (int kind = 0; kind < CPU_VECTORS; kind++)
			if (cpu_force((enum cpu_vector)kind))
				assert_decoded(&from, &to, &s);
	}
	cpu_force(CPU_VECTORS);
	guard_clear(&from);
	guard_clear(&to);
}

/* Characters beyond U+FFFF: pairs of units, eight in a row with something between some of them. */
static void every_kind_of_pair(void **state)
{
	(void)state;
	struct guard from, to;
	struct string s;
	guard_make(&from, TEXT_MAX);
	guard_make(&to, TEXT_MAX);
	/* Steps that are odd and have no common shape with UTF-8 or UTF-16. */
	for (uint32_t first = 0; first < 0x100000; first += 8 * 97) {
		s.len = 0;
		s.meaning_len = 0;
		for (uint32_t above = first; above < first + 8 * 97 && above < 0x100000; above += 97) {
			s.len += (size_t)snprintf(
				s.text + s.len, 13, "\\u%04x\\u%04X", 0xd800 + (above >> 10), 0xdc00 + (above & 0x3ff));
			s.meaning_len += utf8_encode(0x10000 + above, (uint8_t *)s.meaning + s.meaning_len);
			if (above % 3 == 0)
				add(&s, &pieces[above % PIECES]);
		}
		for (int kind = 0; kind < CPU_VECTORS; kind++)
			if (cpu_force((enum cpu_vector)kind))
				assert_decoded(&from, &to, &s);
	}
	cpu_force(CPU_VECTORS);
	guard_clear(&from);
	guard_clear(&to);
}

/* Of a text that nobody checked anything may come out, but no byte outside of it is read. */
static void nonsense_is_not_left(void **state)
{
	(void)state;
	static const char letters[] = "\\\\\\\\uuuddD8cn\"f0";
	struct guard from;
	char text[TEXT_MAX];
	char out[3 * TEXT_MAX]; /* U+FFFD may come of each byte */
	random_init(&random_state, 13);
	guard_make(&from, TEXT_MAX);
	for (int round = 0; round < ROUNDS; round++) {
		size_t len = below(TEXT_MAX);
		for (size_t i = 0; i < len; i++)
			text[i] = letters[below(sizeof letters - 1)];
		freshet_str nonsense = {(const char *)guard_at_end(&from, (const uint8_t *)text, len), len};
		for (int kind = 0; kind < CPU_VECTORS; kind++)
			if (cpu_force((enum cpu_vector)kind))
				assert_in_range(string_decode(nonsense, out), 0, sizeof out);
	}
	cpu_force(CPU_VECTORS);
	guard_clear(&from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_decodes_the_same),
		cmocka_unit_test(escapes_at_every_place),
		cmocka_unit_test(every_unicode_escape),
		cmocka_unit_test(every_kind_of_pair),
		cmocka_unit_test(nonsense_is_not_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
