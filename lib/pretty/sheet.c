#include "sheet.h"

#include <stdio.h>

/* A text larger than this is not kept. */
#define KEPT ((size_t)256 * 1024)

#define ELLIPSIS "\xe2\x80\xa6"

void sheet_free(struct sheet *t)
{
	freshet_mem_free(t->bytes);
	*t = (struct sheet){.bytes = NULL};
}

void sheet_clear(struct sheet *t)
{
	if (t->room > KEPT)
		sheet_free(t);
	t->len = 0;
	t->failed = false;
}

static bool grow(struct sheet *t, size_t want)
{
	size_t room = t->room < PTRDIFF_MAX / 2 && t->room * 2 > want ? t->room * 2 : want;
	char *bytes = room <= PTRDIFF_MAX ? freshet_mem_new(room, 1) : NULL;
	if (bytes == NULL)
		return false;
	if (t->len > 0)
		memcpy(bytes, t->bytes, t->len);
	freshet_mem_free(t->bytes);
	t->bytes = bytes;
	t->room = room;
	return true;
}

void sheet_add(struct sheet *t, freshet_str more)
{
	if (more.len == 0 || t->failed)
		return;
	if (more.len > t->room - t->len && !grow(t, t->len + more.len)) {
		t->failed = true;
		return;
	}
	memcpy(t->bytes + t->len, more.ptr, more.len);
	t->len += more.len;
}

void sheet_add_of(struct sheet *t, const char *terminated)
{
	sheet_add(t, freshet_str_of(terminated));
}

/* ---- characters ---- */

/* Bytes of the character at `at`: of bytes that are no UTF-8, one. */
static size_t character_len(const char *at, const char *end)
{
	unsigned char first = (unsigned char)*at;
	size_t len = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	return len <= (size_t)(end - at) ? len : 1;
}

/* White space is found by its bytes. A table of the sequences beyond ASCII: first bytes, and the range of the last. */
static const struct {
	char head[3];
	unsigned char least;
	unsigned char most;
} wide_blanks[] = {
	{"\xc2", 0x85, 0x85},     /* U+0085 */
	{"\xc2", 0xa0, 0xa0},     /* U+00A0 */
	{"\xe1\x9a", 0x80, 0x80}, /* U+1680 */
	{"\xe2\x80", 0x80, 0x8a}, /* U+2000 to U+200A */
	{"\xe2\x80", 0xa8, 0xa9}, /* U+2028, U+2029 */
	{"\xe2\x80", 0xaf, 0xaf}, /* U+202F */
	{"\xe2\x81", 0x9f, 0x9f}, /* U+205F */
	{"\xe3\x80", 0x80, 0x80}, /* U+3000 */
};

static size_t wide_blank_len(const char *at, const char *end)
{
	for (size_t i = 0; i < sizeof wide_blanks / sizeof wide_blanks[0]; i++) {
		size_t head = strlen(wide_blanks[i].head);
		if ((size_t)(end - at) <= head || memcmp(at, wide_blanks[i].head, head) != 0)
			continue;
		unsigned char last = (unsigned char)at[head];
		if (last >= wide_blanks[i].least && last <= wide_blanks[i].most)
			return head + 1;
	}
	return 0;
}

/* Bytes of the white space character at `at`; 0 when there is another. */
static size_t blank_len(const char *at, const char *end)
{
	unsigned char c = (unsigned char)*at;
	if (c < 0x80)
		return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
	return wide_blank_len(at, end);
}

/* Bytes of the line end at `at`; 0 when there is none. U+001F, of the blanks, ends no line. */
static size_t break_len(const char *at, const char *end)
{
	unsigned char c = (unsigned char)*at;
	if (c == '\r')
		return end - at > 1 && at[1] == '\n' ? 2 : 1;
	if (c < 0x80)
		return (c >= '\n' && c <= '\f') || (c >= 0x1c && c <= 0x1e);
	size_t len = c == 0xc2 || c == 0xe2 ? wide_blank_len(at, end) : 0;
	unsigned char last = (unsigned char)at[len > 0 ? len - 1 : 0];
	return last == 0x85 && len == 2 ? 2 : (last == 0xa8 || last == 0xa9) && len == 3 ? 3 : 0;
}

/* Where the last character of a text that is not empty begins. */
static const char *last_character(const char *begin, const char *end)
{
	const char *at = end - 1;
	while (at > begin && end - at < 4 && ((unsigned char)*at & 0xc0u) == 0x80u)
		at--;
	return at;
}

freshet_str strip_blanks(freshet_str text)
{
	if (text.len == 0)
		return text;
	const char *at = text.ptr;
	const char *end = at + text.len;
	size_t len;
	while (at < end && (len = blank_len(at, end)) > 0)
		at += len;
	while (at < end) {
		const char *last = last_character(at, end);
		if (blank_len(last, end) != (size_t)(end - last))
			break;
		end = last;
	}
	return (freshet_str){at, (size_t)(end - at)};
}

/* ---- shapes ---- */

/* A line that must not get too long. */
struct one_line {
	struct sheet *text;
	size_t limit;
	size_t count; /* code points so far */
	size_t cut;   /* length of the text with limit - 1 of them */
};

/* False when the limit is reached: the line then ends with the ellipsis. */
static bool put_character(struct one_line *line, freshet_str character)
{
	if (line->count == line->limit) {
		if (!line->text->failed)
			line->text->len = line->cut;
		sheet_add_of(line->text, ELLIPSIS);
		return false;
	}
	if (line->count == line->limit - 1)
		line->cut = line->text->len;
	sheet_add(line->text, character);
	line->count++;
	return true;
}

void sheet_add_one_line(struct sheet *t, freshet_str more, size_t limit)
{
	struct one_line line = {t, limit, 0, 0};
	const char *at = more.ptr;
	const char *end = at + more.len;
	bool gap = false;
	for (size_t len; at < end; at += len) {
		if ((len = blank_len(at, end)) > 0) {
			gap = line.count > 0;
			continue;
		}
		len = character_len(at, end);
		if ((gap && !put_character(&line, freshet_str_of(" "))) ||
			!put_character(&line, (freshet_str){at, len}))
			return;
		gap = false;
	}
}

void sheet_add_count(struct sheet *t, size_t count)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%zu", count);
	sheet_add(t, (freshet_str){digits, (size_t)len});
}

void sheet_add_fixed(struct sheet *t, double number, int decimals)
{
	char digits[352]; /* the greatest double has 309 of them before the point */
	int len = snprintf(digits, sizeof digits, "%.*f", decimals, number);
	if (len <= decimals || (size_t)len >= sizeof digits)
		return;
	/* The locale's point may be any character: the digits on both of its sides are not. */
	size_t whole = strspn(digits, "-0123456789");
	sheet_add(t, (freshet_str){digits, whole});
	sheet_add_of(t, ".");
	sheet_add(t, (freshet_str){digits + len - decimals, (size_t)decimals});
}

void sheet_add_lines(struct sheet *t, freshet_str more, const char *indent)
{
	const char *at = more.ptr;
	const char *end = at + more.len;
	while (at < end) {
		const char *line = at;
		size_t len = 0;
		while (at < end && (len = break_len(at, end)) == 0)
			at++;
		sheet_add_of(t, indent);
		sheet_add(t, (freshet_str){line, (size_t)(at - line)});
		at += len;
		if (at < end)
			sheet_add_of(t, "\n");
	}
}
