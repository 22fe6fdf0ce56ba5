#include "support/golden.h"

#include <stdio.h>
#include <stdlib.h>

struct writer {
	struct golden *golden;
	size_t capacity;
	uint64_t random;
	const char *line_end;
	char id[32];
};

static uint64_t mix(uint64_t hash, const char *bytes, size_t len)
{
	const uint64_t prime = 0x9e3779b97f4a7c15u;
	uint64_t word;
	for (; len >= sizeof word; bytes += sizeof word, len -= sizeof word) {
		memcpy(&word, bytes, sizeof word);
		hash = (hash ^ word) * prime;
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, bytes, len);
	hash = (hash ^ word ^ (uint64_t)len << 56) * prime;
	return hash ^ hash >> 32;
}

static uint64_t mix_str(uint64_t hash, freshet_str s)
{
	return mix(hash ^ s.len, s.len > 0 ? s.ptr : "", s.len);
}

void tally_add(struct tally *t, freshet_str id, freshet_str type, freshet_str data)
{
	t->events++;
	t->hash = mix_str(mix_str(mix_str(t->hash, id), type), data);
}

static uint64_t next_random(struct writer *w)
{
	/* splitmix64 */
	uint64_t z = (w->random += 0x9e3779b97f4a7c15u);
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void write_bytes(struct writer *w, const char *bytes, size_t len)
{
	struct golden *g = w->golden;
	if (g->len + len > w->capacity) {
		w->capacity = (g->len + len) * 2;
		g->text = realloc(g->text, w->capacity);
		if (g->text == NULL)
			abort();
	}
	memcpy(g->text + g->len, bytes, len);
	g->len += len;
}

static void write_line(struct writer *w, const char *name, const char *value, size_t len)
{
	write_bytes(w, name, strlen(name));
	write_bytes(w, value, len);
	write_bytes(w, w->line_end, strlen(w->line_end));
}

/* Fills a line with text of about that length; whole characters only. */
static size_t fill(struct writer *w, char *out, size_t len)
{
	static const char *const pieces[] = {"{\"type\":\"delta\",\"text\":\"", "the quick brown fox ", "\\n\\\"}",
		"a \xc3\xa9\xc3\xa8 ", "\xe2\x82\xac \xe6\xb5\x81 ", "\xf0\x9f\x8c\x8a ", "0123456789abcdef: ", "\t"};
	size_t at = 0;
	while (at < len) {
		const char *piece = pieces[next_random(w) % (sizeof pieces / sizeof pieces[0])];
		size_t part = strlen(piece);
		memcpy(out + at, piece, part);
		at += part;
	}
	return at;
}

static size_t pick_size(struct writer *w)
{
	uint64_t dice = next_random(w) % 1000;
	if (dice == 0)
		return 300 * 1024;
	if (dice < 30)
		return 16 * 1024;
	return next_random(w) % 240;
}

static void write_noise(struct writer *w)
{
	if (next_random(w) % 16 == 0)
		write_line(w, ": ", "keep-alive", 10);
	if (next_random(w) % 64 == 0)
		write_line(w, "unknown: ", "field", 5);
	if (next_random(w) % 256 == 0)
		write_line(w, "", "", 0);
}

/* One event, written and counted. `scratch` has room for the largest. */
static void write_event(struct writer *w, uint64_t number, char *scratch)
{
	static const char *const types[] = {"message", "delta", "tool_call", "\xc3\xa9v\xc3\xa9nement"};
	static const char *const line_ends[] = {"\n", "\n", "\n", "\r\n", "\r"};
	const char *type = types[next_random(w) % 4];
	size_t len = 0;
	w->line_end = line_ends[next_random(w) % 5];
	write_noise(w);
	if (next_random(w) % 4 != 0) {
		snprintf(w->id, sizeof w->id, "%llu", (unsigned long long)number);
		write_line(w, "id: ", w->id, strlen(w->id));
	}
	if (type != types[0])
		write_line(w, "event: ", type, strlen(type));
	size_t lines = next_random(w) % 8 == 0 ? 1 + next_random(w) % 4 : 1;
	for (size_t i = 0; i < lines; i++) {
		if (i > 0)
			scratch[len++] = '\n';
		size_t part = fill(w, scratch + len, pick_size(w));
		write_line(w, "data: ", scratch + len, part);
		len += part;
	}
	write_line(w, "", "", 0);
	tally_add(&w->golden->whole, freshet_str_of(w->id), freshet_str_of(type), (freshet_str){scratch, len});
}

void golden_make(struct golden *g, uint64_t seed, size_t bytes)
{
	struct writer w = {.golden = g, .random = seed};
	char *scratch = malloc(5 * 320 * 1024);
	*g = (struct golden){0};
	if (scratch == NULL)
		abort();
	while (g->len < bytes) {
		write_event(&w, g->whole.events + 1, scratch);
		if (g->half == 0 && g->len >= bytes / 2) {
			g->half = g->len;
			g->first = g->whole;
		}
	}
	free(scratch);
}

void golden_clear(struct golden *g)
{
	free(g->text);
	*g = (struct golden){0};
}
