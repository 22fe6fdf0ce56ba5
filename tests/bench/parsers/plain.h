/*
 * The plain loop that benchmarks compare with, as a competent C programmer would write it: memchr for each line end and
 * each colon, events given as they lie in the piece, a straddling one joined, and no UTF-8 check. Header only, C and C++.
 *
 * Who includes it defines struct seen and, for each event, see(seen, id, type, data) before.
 */
#ifndef BENCH_PARSERS_PLAIN_H
#define BENCH_PARSERS_PLAIN_H

#include <freshet/types.h>

#include <stdlib.h>
#include <string.h>

/* Bytes behind a joined event that may be read: some JSON parsers want them. */
#define PLAIN_SLACK 64

static inline freshet_str plain_str(const char *ptr, size_t len)
{
	freshet_str s;
	s.ptr = ptr;
	s.len = len;
	return s;
}

/* A buffer that grows and is kept. */
struct joined {
	char *bytes;
	size_t len;
	size_t cap;
};

static inline void join(struct joined *j, const char *bytes, size_t len)
{
	if (len > j->cap - j->len) {
		j->cap = (j->len + len) * 2;
		j->bytes = (char *)realloc(j->bytes, j->cap + PLAIN_SLACK);
		if (j->bytes == NULL)
			abort();
	}
	if (len > 0)
		memcpy(j->bytes + j->len, bytes, len);
	j->len += len;
}

/* The plain loop's state. */
struct plain {
	struct joined line;   /* of which the earlier pieces had a part */
	struct joined data;   /* of several lines, or of an earlier piece */
	freshet_str one_line; /* the data while it is one line of this piece */
	bool has_data;
	char id[256], type[256];
	size_t id_len, type_len;
};

static inline void plain_data(struct plain *p, const char *value, size_t len, bool stays)
{
	if (!p->has_data && stays) {
		p->one_line = plain_str(value, len);
		p->has_data = true;
		return;
	}
	if (p->one_line.ptr != NULL)
		join(&p->data, p->one_line.ptr, p->one_line.len);
	p->one_line.ptr = NULL;
	if (p->has_data)
		join(&p->data, "\n", 1);
	join(&p->data, value, len);
	p->has_data = true;
}

static inline void plain_text(char *to, size_t *to_len, const char *value, size_t len)
{
	*to_len = len < 256 ? len : 255;
	memcpy(to, value, *to_len);
}

/* `stays` tells that the line lies in the piece, not in the buffer of cut lines. */
static inline void plain_line(struct plain *p, const char *line, size_t len, bool stays, struct seen *seen)
{
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len == 0) {
		freshet_str data = p->one_line.ptr != NULL ? p->one_line : plain_str(p->data.bytes, p->data.len);
		freshet_str type = plain_str(p->type, p->type_len);
		if (type.len == 0)
			type = plain_str("message", 7);
		if (p->has_data)
			see(seen, plain_str(p->id, p->id_len), type, data);
		p->has_data = false;
		p->one_line.ptr = NULL;
		p->data.len = 0;
		p->type_len = 0;
		return;
	}
	const char *colon = (const char *)memchr(line, ':', len);
	size_t name_len = colon != NULL ? (size_t)(colon - line) : len;
	const char *value = colon != NULL ? colon + 1 : line + len;
	if (value < line + len && *value == ' ')
		value++;
	size_t value_len = (size_t)(line + len - value);
	if (name_len == 4 && memcmp(line, "data", 4) == 0)
		plain_data(p, value, value_len, stays);
	else if (name_len == 2 && memcmp(line, "id", 2) == 0)
		plain_text(p->id, &p->id_len, value, value_len);
	else if (name_len == 5 && memcmp(line, "event", 5) == 0)
		plain_text(p->type, &p->type_len, value, value_len);
}

static inline void plain_feed(struct plain *p, const char *bytes, size_t len, struct seen *seen)
{
	const char *end = bytes + len;
	while (bytes < end) {
		const char *stop = (const char *)memchr(bytes, '\n', (size_t)(end - bytes));
		if (stop == NULL)
			break;
		if (p->line.len > 0) {
			join(&p->line, bytes, (size_t)(stop - bytes));
			plain_line(p, p->line.bytes, p->line.len, false, seen);
			p->line.len = 0;
		} else {
			plain_line(p, bytes, (size_t)(stop - bytes), true, seen);
		}
		bytes = stop + 1;
	}
	join(&p->line, bytes, (size_t)(end - bytes));
	if (p->one_line.ptr != NULL) {
		join(&p->data, p->one_line.ptr, p->one_line.len);
		p->one_line.ptr = NULL;
	}
}

static inline void plain_clear(struct plain *p)
{
	free(p->line.bytes);
	free(p->data.bytes);
}

#endif
