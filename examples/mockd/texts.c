/*
 * Texts are lines as the claude CLI prints them with stream-json, JSON inside which is escaped once more when a row
 * carries it. The pool of usual texts is made at once; texts of a given size are made when first asked for and kept.
 */
#include "mockd/texts.h"

#include "mockd/alloc.h"

#include "base/utf8.h"

#define POOL_SIZE     256
#define SIZED_BUCKETS 1024
#define WORDS_MAX     60
/* One in so many pool texts of work is cut and goes on in the next chunk. */
#define CUT_ONE_IN  8
#define REPLACEMENT "\xef\xbf\xbd"

/* How a line of each kind begins and ends; words go between. */
static const struct frame {
	const char *head;
	const char *tail;
} frames[TEXT_ROLES][4] = {
	[TEXT_INIT] =
		{{"{\"type\":\"system\",\"subtype\":\"init\",\"cwd\":\"/workspace\",\"model\":\"claude-sonnet-4-5\","
		  "\"tools\":[\"Bash\",\"Read\",\"Edit\",\"Grep\"],\"mcp_servers\":[{\"name\":\"docs\"}],\"note\":\"",
			"\"}\n"}},
	[TEXT_WORK] = {{"{\"type\":\"assistant\",\"message\":{\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
			"\"text\":\"",
			       "\"}]},\"parent_tool_use_id\":null}\n"},
		{"{\"type\":\"assistant\",\"message\":{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\","
		 "\"id\":\"toolu_01\","
		 "\"name\":\"Bash\",\"input\":{\"command\":\"grep -rn \\\"",
			"\\\" src | head\"}}]},\"parent_tool_use_id\":null}\n"},
		{"{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_"
		 "id\":\"toolu_01\","
		 "\"content\":\"",
			"\"}]}}\n"},
		{"{\"type\":\"assistant\",\"message\":{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
		 "\"thinking\":\"",
			"\"}]},\"parent_tool_use_id\":\"toolu_00\"}\n"}},
	[TEXT_RESULT] = {{"{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"duration_ms\":48210,\"num_"
			  "turns\":7,"
			  "\"total_cost_usd\":0.0812,\"result\":\"",
		"\"}\n"}},
};

/* As they stand inside a JSON string. */
static const char *const words[] = {"the", "parser", "reads", "one", "line", "of", "a", "stream", "and", "waits", "for",
	"more", "\\n", "src/main.c:42", "\\\"quoted\\\"", "caf\xc3\xa9", "na\xc3\xafve", "\xe2\x80\x94",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "\xf0\x9f\x94\xa7", "\xf0\x9f\x9a\x80", "\\\\", "</div>", "100%", "\\t",
	"error:", "ok", "\303\274ber", "test_passes", "return", "\xe2\x80\xa8", "x += 1;"};

#define WORD_COUNT (sizeof words / sizeof words[0])

struct sized_text {
	struct sized_text *next;
	enum text_role role;
	struct text *text;
};

struct texts {
	struct random random;
	struct text *pool[TEXT_ROLES][POOL_SIZE];
	struct sized_text *sized[SIZED_BUCKETS];
};

static const char *short_escape(uint32_t c)
{
	switch (c) {
	case '"': return "\\\"";
	case '\\': return "\\\\";
	case '\b': return "\\b";
	case '\f': return "\\f";
	case '\n': return "\\n";
	case '\r': return "\\r";
	case '\t': return "\\t";
	default: return NULL;
	}
}

static size_t utf8_decode(const unsigned char *s, uint32_t *c)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	*c = len == 1 ? s[0] : s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		*c = *c << 6 | (s[i] & 0x3fu);
	return len;
}

/* The inside of a JSON string, ASCII only, as Python's json.dumps writes it. */
static void escape_json(struct buffer *out, freshet_str raw)
{
	const unsigned char *s = (const unsigned char *)raw.ptr;
	const unsigned char *end = s + raw.len;
	while (s < end) {
		uint32_t c;
		size_t len = utf8_decode(s, &c);
		const char *escape = short_escape(c);
		if (escape != NULL)
			buffer_append(out, escape, 2);
		else if (c >= 0x20 && c < 0x7f)
			buffer_append(out, s, 1);
		else if (c < 0x10000)
			buffer_format(out, "\\u%04x", c);
		else
			buffer_format(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
		s += len;
	}
}

struct text *text_new(freshet_str raw)
{
	struct text *text = must_zalloc(sizeof *text);
	struct buffer json = {.bytes = NULL};
	escape_json(&json, raw);
	text->raw = (freshet_str){must_copy_span(raw), raw.len};
	text->json = (freshet_str){must_copy_span(buffer_span(&json)), json.len};
	buffer_clear(&json);
	return text;
}

static void free_span(freshet_str span)
{
	union {
		const char *constant;
		void *owned;
	} pointer = {span.ptr};
	free(pointer.owned);
}

void text_free(struct text *text)
{
	if (text == NULL)
		return;
	free_span(text->raw);
	free_span(text->json);
	free(text);
}

static const struct frame *pick_frame(enum text_role role, struct random *random)
{
	return &frames[role][role == TEXT_WORK ? random_below(random, 4) : 0];
}

static void append_words(struct buffer *b, struct random *random, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buffer_text(b, i > 0 ? " " : "");
		buffer_text(b, words[random_below(random, WORD_COUNT)]);
	}
}

/* A whole line with a few words, or with many. */
static void append_line(struct buffer *b, enum text_role role, struct random *random)
{
	const struct frame *frame = pick_frame(role, random);
	buffer_text(b, frame->head);
	append_words(b, random, random_between(random, 1, role == TEXT_WORK ? WORDS_MAX : 8));
	buffer_text(b, frame->tail);
}

static struct text *text_of(const struct buffer *b)
{
	return text_new(buffer_span(b));
}

/* Cuts the bytes in two, wherever it falls: what is left of a character on each side becomes U+FFFD. */
static struct text *cut_text(const struct buffer *b, struct random *random, struct text **rest)
{
	size_t cut = random_between(random, 1, b->len - 1);
	size_t from = cut;
	size_t to = cut;
	while (from > 0 && ((unsigned char)b->bytes[from] & 0xc0) == 0x80)
		from--;
	while (to < b->len && ((unsigned char)b->bytes[to] & 0xc0) == 0x80)
		to++;
	struct buffer half = {.bytes = NULL};
	buffer_append(&half, b->bytes, from);
	buffer_text(&half, from < cut ? REPLACEMENT : "");
	struct text *first = text_of(&half);
	half.len = 0;
	buffer_text(&half, from < cut ? REPLACEMENT : "");
	buffer_append(&half, b->bytes + to, b->len - to);
	*rest = text_of(&half);
	buffer_clear(&half);
	first->rest = *rest;
	(*rest)->continues = true;
	return first;
}

static void fill_pool(struct texts *t, enum text_role role)
{
	for (size_t i = 0; i < POOL_SIZE; i++) {
		struct buffer b = {.bytes = NULL};
		size_t lines = role == TEXT_WORK ? random_between(&t->random, 1, 3) : 1;
		while (lines-- > 0)
			append_line(&b, role, &t->random);
		struct text *rest = NULL;
		bool cut = role == TEXT_WORK && i + 1 < POOL_SIZE && random_below(&t->random, CUT_ONE_IN) == 0;
		t->pool[role][i] = cut ? cut_text(&b, &t->random, &rest) : text_of(&b);
		if (rest != NULL)
			t->pool[role][++i] = rest;
		buffer_clear(&b);
	}
}

struct texts *texts_new(uint64_t seed)
{
	struct texts *t = must_zalloc(sizeof *t);
	t->random.state = seed;
	for (enum text_role role = 0; role < TEXT_ROLES; role++)
		fill_pool(t, role);
	return t;
}

void texts_free(struct texts *t)
{
	if (t == NULL)
		return;
	for (enum text_role role = 0; role < TEXT_ROLES; role++) {
		for (size_t i = 0; i < POOL_SIZE; i++)
			text_free(t->pool[role][i]);
	}
	for (size_t i = 0; i < SIZED_BUCKETS; i++) {
		struct sized_text *next;
		for (struct sized_text *s = t->sized[i]; s != NULL; s = next) {
			next = s->next;
			text_free(s->text);
			free(s);
		}
	}
	free(t);
}

const struct text *texts_pick(struct texts *t, enum text_role role, bool open, struct random *random)
{
	for (;;) {
		const struct text *text = t->pool[role][random_below(random, POOL_SIZE)];
		if (!text->continues && (open || text->rest == NULL))
			return text;
	}
}

/* Words of just that many bytes; what no word fills is filled with letters. */
static void append_exactly(struct buffer *b, struct random *random, size_t size)
{
	size_t end = b->len + size;
	while (b->len < end) {
		const char *word = words[random_below(random, WORD_COUNT)];
		size_t len = strlen(word);
		if (b->len + len + 1 > end) {
			size_t left = end - b->len;
			memset(buffer_extend(b, left), 'x', left);
			return;
		}
		buffer_append(b, word, len);
		buffer_text(b, " ");
	}
}

static struct text *make_sized(struct texts *t, enum text_role role, size_t size)
{
	const struct frame *frame = pick_frame(role, &t->random);
	size_t around = strlen(frame->head) + strlen(frame->tail);
	struct buffer b = {.bytes = NULL};
	if (size >= around) {
		buffer_text(&b, frame->head);
		append_exactly(&b, &t->random, size - around);
		buffer_text(&b, frame->tail);
	} else if (size > 0) {
		/* Too short for a line of JSON: the CLI prints plain lines too. */
		append_exactly(&b, &t->random, size - 1);
		buffer_text(&b, "\n");
	}
	struct text *text = text_of(&b);
	buffer_clear(&b);
	return text;
}

const struct text *texts_sized(struct texts *t, enum text_role role, size_t size)
{
	struct sized_text **bucket = &t->sized[(size * TEXT_ROLES + role) % SIZED_BUCKETS];
	for (struct sized_text *s = *bucket; s != NULL; s = s->next) {
		if (s->text->raw.len == size && s->role == role)
			return s->text;
	}
	struct sized_text *s = must_alloc(sizeof *s);
	*s = (struct sized_text){*bucket, role, make_sized(t, role, size)};
	*bucket = s;
	return s->text;
}
