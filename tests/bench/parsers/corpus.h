/*
 * Event streams for the parser benchmarks, generated from a fixed seed, so that every run and every program sees the same
 * bytes. Header only, C and C++.
 *
 *	small  deltas of about 91 bytes: an id line and one line of JSON
 *	mixed  an agent's traffic: stages, output of a few bytes to a few KiB, some of it not ASCII, named events, data of
 *	       several lines, heartbeat comments
 *	16k    events of about 16 KiB
 *
 * All data is valid JSON, an object with a "type" string; every kind but heartbeats has an "id" number.
 */
#ifndef BENCH_PARSERS_CORPUS_H
#define BENCH_PARSERS_CORPUS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct corpus {
	const char *name;
	char *bytes;     /* the stream; ends with a whole event */
	size_t len;      /* bytes of it */
	size_t capacity; /* bytes allocated */
	size_t events;   /* events with data; comments are not counted */
	uint64_t seed;   /* state of the generator */
	unsigned long id;
};

static const char *const corpus_names[] = {"small", "mixed", "16k"};
#define CORPUS_KINDS (sizeof corpus_names / sizeof corpus_names[0])

/* A number below `bound`, by xorshift64*. */
static inline unsigned corpus_random(struct corpus *c, unsigned bound)
{
	c->seed ^= c->seed >> 12;
	c->seed ^= c->seed << 25;
	c->seed ^= c->seed >> 27;
	return (unsigned)((c->seed * 0x2545f4914f6cdd1dULL) >> 33) % bound;
}

static inline void corpus_add(struct corpus *c, const char *bytes, size_t len)
{
	if (c->len + len > c->capacity) {
		c->capacity = (c->len + len) * 2;
		c->bytes = (char *)realloc(c->bytes, c->capacity);
		if (c->bytes == NULL) {
			fprintf(stderr, "corpus: out of memory\n");
			exit(1);
		}
	}
	memcpy(c->bytes + c->len, bytes, len);
	c->len += len;
}

__attribute__((format(printf, 2, 3))) static inline void corpus_print(struct corpus *c, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	corpus_add(c, text, (size_t)len);
}

/* About `len` bytes of the inside of a JSON string: words, escapes and, where wanted, text that is not ASCII. */
static inline void corpus_prose(struct corpus *c, size_t len, bool ascii)
{
	static const char *const words[] = {"compiling", "the", "module", "src/main.rs", "warning:", "unused",
		"variable", "in", "function", "\\n", "\\\"quoted\\\"", "42", "tests", "passed;", "0", "failed", "\\tat",
		"line"};
	static const char *const foreign[] = {"caf\xc3\xa9", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "\xf0\x9f\x9a\x80",
		"na\xc3\xafve", "\xd0\xbc\xd0\xb8\xd1\x80", "\xe2\x80\x9cok\xe2\x80\x9d"};
	size_t stop = c->len + len;
	while (c->len < stop) {
		const char *word = words[corpus_random(c, sizeof words / sizeof words[0])];
		if (!ascii && corpus_random(c, 3) == 0)
			word = foreign[corpus_random(c, sizeof foreign / sizeof foreign[0])];
		corpus_add(c, word, strlen(word));
		corpus_add(c, " ", 1);
	}
}

static inline void corpus_output(struct corpus *c, size_t text, bool ascii)
{
	corpus_print(c, "id: %lu\ndata: {\"type\": \"output\", \"id\": %lu, \"stream\": \"stdout\", \"data\": \"",
		c->id, c->id);
	corpus_prose(c, text, ascii);
	corpus_print(c, "\", \"turn\": %u}\n\n", 1 + corpus_random(c, 9));
}

static inline void corpus_mixed_event(struct corpus *c)
{
	static const char *const stages[] = {"create_sprite", "provision_setup", "clone", "run"};
	unsigned kind = corpus_random(c, 100);
	if (kind < 10) {
		corpus_print(c,
			"id: %lu\ndata: {\"type\": \"stage\", \"id\": %lu, \"stage\": \"%s\", \"state\": \"done\", "
			"\"duration_ms\": %u}\n\n",
			c->id, c->id, stages[corpus_random(c, 4)], corpus_random(c, 100000));
	} else if (kind < 45) {
		corpus_output(c, 4 + corpus_random(c, 60), true);
	} else if (kind < 60) {
		corpus_output(c, 40 + corpus_random(c, 400), false);
	} else if (kind < 65) {
		corpus_output(c, 1000 + corpus_random(c, 3000), corpus_random(c, 2) == 0);
	} else if (kind < 90) {
		corpus_print(c, "event: text_delta\ndata: {\"type\":\"text_delta\",\"id\":%lu,\"delta\":\"", c->id);
		corpus_prose(c, 2 + corpus_random(c, 30), corpus_random(c, 4) != 0);
		corpus_print(c, "\"}\n\n");
	} else {
		corpus_print(c,
			"event: message\nid: %lu\ndata: {\ndata:   \"type\": \"assistant\",\ndata:   \"id\": %lu,\n"
			"data:   \"text\": \"",
			c->id, c->id);
		corpus_prose(c, 20 + corpus_random(c, 200), false);
		corpus_print(c, "\"\ndata: }\n\n");
	}
	if (corpus_random(c, 20) == 0)
		corpus_print(c, ": heartbeat\n\n");
}

static inline void corpus_event(struct corpus *c)
{
	c->id++;
	c->events++;
	if (strcmp(c->name, "small") == 0)
		corpus_print(c,
			"id: %lu\ndata: {\"type\": \"output\", \"id\": %lu, \"data\": \"token%03u \", \"turn\": %u, "
			"\"n\": %u}\n\n",
			c->id, c->id, corpus_random(c, 1000), 1 + corpus_random(c, 9), 10 + corpus_random(c, 90));
	else if (strcmp(c->name, "mixed") == 0)
		corpus_mixed_event(c);
	else
		corpus_output(c, 16250, true);
}

/* Fills in a stream of the kind `name`, one of corpus_names, of at least `size` bytes. Ends the program without memory. */
static inline void corpus_make(struct corpus *c, const char *name, size_t size)
{
	memset(c, 0, sizeof *c);
	c->name = name;
	c->seed = 88172645463325252ULL;
	c->id = 9000;
	while (c->len < size)
		corpus_event(c);
}

static inline void corpus_free(struct corpus *c)
{
	free(c->bytes);
	c->bytes = NULL;
}

#endif
