/*
 * JSON (RFC 8259), strict and without a tree: a picker that finds members by path while it checks the whole text, typed
 * getters, iterators, a tokenizer that is fed in pieces, and a writer.
 *
 *	FRESHET_JSON_PLAN(plan, "type", "message.content[0].text");
 *
 *	freshet_json_value value[2];
 *	if (freshet_json_pick(&plan, event->data, value, NULL) == FRESHET_OK && freshet_json_is(&value[0], "assistant"))
 *		freshet_json_string(&value[1], &scratch, &text);
 *
 * What every reader here holds to:
 * - A text is valid when RFC 8259 says so and it is valid UTF-8 throughout; no BOM, no comments, no trailing commas.
 * - A bad text gives one of the FRESHET_EJSON_... codes and a byte position: that of the first byte which no valid text
 *   could have there (of a UTF-8 sequence, its first byte), and the length of the text where it ends too early.
 * - Of members with the same name the last one counts, as in JavaScript and Python.
 * - An escaped lone surrogate (\ud800) is valid and is read as U+FFFD. \u0000 is a NUL byte: spans may hold it.
 * - Nothing recurses, and nothing but a string with escapes needs memory.
 */
#ifndef FRESHET_JSON_H
#define FRESHET_JSON_H

#include <freshet/error.h>
#include <freshet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How deep objects and arrays may lie inside each other: where nothing is said, and what an option may say at most. */
#define FRESHET_JSON_DEPTH     128
#define FRESHET_JSON_DEPTH_MAX 1024

/* ---- values ---- */

typedef enum freshet_json_type {
	FRESHET_JSON_MISSING, /* there is no such value */
	FRESHET_JSON_NULL,
	FRESHET_JSON_BOOL,
	FRESHET_JSON_NUMBER,
	FRESHET_JSON_STRING,
	FRESHET_JSON_OBJECT,
	FRESHET_JSON_ARRAY,
} freshet_json_type;

/* The string holds escapes, so that reading it needs memory. */
#define FRESHET_JSON_ESCAPED 0x1u
/* The number has a fraction or an exponent. */
#define FRESHET_JSON_REAL 0x2u

/* One value, as it lies in the text: it lives as long as the text does. All zero is a missing value. */
typedef struct freshet_json_value {
	freshet_json_type type;
	unsigned flags;  /* FRESHET_JSON_ESCAPED, FRESHET_JSON_REAL */
	freshet_str raw; /* the whole value, quotes and brackets included: a JSON text by itself; empty when missing */
} freshet_json_value;

/*
 * Where strings with escapes are decoded to. All that was decoded stays where it is until the reset. All zero is a
 * scratch without memory of its own. Its fields are the library's.
 */
typedef struct freshet_json_scratch {
	char *at;     /* the next free byte */
	size_t left;  /* free bytes from there */
	void *blocks; /* what was allocated, newest first */
	char *own;    /* the caller's memory */
	size_t own_size;
} freshet_json_scratch;

/* Begins with `size` bytes of the caller's memory (NULL and 0 are fine); only what does not fit there is allocated. */
FRESHET_API void freshet_json_scratch_init(freshet_json_scratch *scratch, char *memory, size_t size);

/* Every string decoded so far is gone; the largest block is kept for the next ones. */
FRESHET_API void freshet_json_scratch_reset(freshet_json_scratch *scratch);

/* Gives all memory back. The scratch can be used again. */
FRESHET_API void freshet_json_scratch_clear(freshet_json_scratch *scratch);

/*
 * The getters below answer FRESHET_EJSON_MISSING when the value is missing and FRESHET_EJSON_TYPE when it has another
 * type (null is a type of its own); *out is then left as it was, so that it may hold a default.
 */

/*
 * The characters of a string, as UTF-8: as they lie in the text when there are no escapes, else decoded into the
 * scratch. FRESHET_ENOMEM.
 */
FRESHET_API freshet_err freshet_json_string(
	const freshet_json_value *value, freshet_json_scratch *scratch, freshet_str *out);

/* True when the value is a string of just these characters. Escapes are seen through; nothing is allocated. */
FRESHET_API bool freshet_json_equals(const freshet_json_value *value, freshet_str text);

static inline bool freshet_json_is(const freshet_json_value *value, const char *terminated)
{
	return freshet_json_equals(value, freshet_str_of(terminated));
}

/*
 * A number as an integer, exactly: 3.0 and 12e2 are integers too. FRESHET_EJSON_NUMBER when it is none or is out of
 * range; nothing is ever rounded.
 */
FRESHET_API freshet_err freshet_json_int64(const freshet_json_value *value, int64_t *out);
FRESHET_API freshet_err freshet_json_uint64(const freshet_json_value *value, uint64_t *out);

/*
 * A number as the nearest double, ties to even, whatever the locale. FRESHET_EJSON_NUMBER when it is too large for a
 * finite one; too small ones become the nearest subnormal or zero.
 */
FRESHET_API freshet_err freshet_json_double(const freshet_json_value *value, double *out);

/* true or false; null is neither. */
FRESHET_API freshet_err freshet_json_bool(const freshet_json_value *value, bool *out);

/* ---- picking members ---- */

/*
 * Which members to pick. A path leads from the outermost value inwards:
 *
 *	type                       the member "type"
 *	message.content[0].text    members and array elements, counted from 0
 *	headers["content.type"]    a name of any characters, as a JSON string; also first in a path: ["a b"].c
 *	(the empty path)           the whole value
 *
 * A plain name is any run of bytes without . [ ] " and control characters. No path may be named twice.
 *
 * A plan is compiled by the first pick that uses it, and any number of threads may share it. FRESHET_JSON_PLAN makes one
 * that needs no other call; freshet_json_plan_new makes one of paths known at run time.
 *
 * A plan remembers what the texts looked like, their names and brackets but none of their values, so that the next ones
 * that look the same are picked faster. What is picked does not depend on it.
 */
typedef struct freshet_json_plan {
	const char *const *paths;        /* the paths; they and their characters must live as long as the plan */
	size_t count;                    /* how many */
	struct freshet_json_node *nodes; /* where the compiled plan goes */
	size_t node_count; /* its size: one node, and one for each member name and array index in the paths */
	size_t max_depth;  /* optional: the deepest nesting of a text; 0 means FRESHET_JSON_DEPTH */
	struct freshet_json_step *steps; /* optional: where what texts look like goes; all 0 at first */
	size_t step_count;               /* its size; a step is a name and its value, in one kind of text */
	/* The rest is the library's; 0 at first. */
	uint32_t state;
	int32_t result;
	uint32_t learned;
	uint32_t learning;
	uint32_t vain;
} freshet_json_plan;

/* A compiled name or index. It stands here so that a plan can be static; its fields are the library's. */
typedef struct freshet_json_node {
	uint64_t head;                          /* the first eight bytes of the name, zeros behind its end */
	uint64_t names;                         /* what the names of its children look like */
	const char *name;                       /* as the path spells it */
	const struct freshet_json_node *parent; /* NULL above the whole text */
	struct freshet_json_node *child;        /* the first of its own, or NULL */
	struct freshet_json_node *next;         /* the next of the same parent, or NULL */
	uint32_t len;                           /* of the name, for a name without escapes */
	uint32_t number;                        /* the index of an array element; the length of any name */
	uint16_t slot;                          /* which value to fill in */
	uint8_t kind;
	uint8_t place; /* in the plan; 63 for all that lie further behind */
} freshet_json_node;

/* Some bytes that texts have in common, and what follows them. It stands here so that a plan can be static. */
typedef struct freshet_json_step {
	uint64_t glue[2];
	uint64_t mask[2];
	struct freshet_json_step *child;
	struct freshet_json_step *sibling;
	uint16_t slot;
	uint16_t bytes;
	uint8_t len;
	uint8_t kind;
} freshet_json_step;

/* Steps of a plan that does not say how many it has room for. */
#define FRESHET_JSON_STEPS 128

/* Defines a static plan of literal paths, in a file or in a function: FRESHET_JSON_PLAN(plan, "type", "data.id"); */
#define FRESHET_JSON_PLAN(name, ...)                                                                                   \
	static const char *const name##_paths[] = {__VA_ARGS__};                                                       \
	static freshet_json_node name##_nodes[FRESHET_JSON_PLAN_NODES(__VA_ARGS__)];                                   \
	static freshet_json_step name##_steps[FRESHET_JSON_STEPS];                                                     \
	static freshet_json_plan name = {name##_paths, sizeof name##_paths / sizeof name##_paths[0], name##_nodes,     \
		FRESHET_JSON_PLAN_NODES(__VA_ARGS__), 0, name##_steps, FRESHET_JSON_STEPS, 0, 0, 0, 0, 0}

/* Enough nodes for any paths spelled with so many characters: every name or index is at least two of them. */
#define FRESHET_JSON_PLAN_NODES(...) (sizeof FRESHET_JSON_SPELLED(__VA_ARGS__) / 2)
#define FRESHET_JSON_SPELLED(...)    #__VA_ARGS__

/*
 * A plan of paths known at run time; paths and characters are copied. `max_depth` 0 means FRESHET_JSON_DEPTH.
 * The caller frees it with freshet_json_plan_free. FRESHET_ENOMEM; FRESHET_EINVAL for a path that cannot be read, a
 * path named twice and a depth above FRESHET_JSON_DEPTH_MAX; on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_json_plan_new(
	const char *const *paths, size_t count, size_t max_depth, freshet_json_plan **out);

/* Only for plans of freshet_json_plan_new. NULL is fine. */
FRESHET_API void freshet_json_plan_free(freshet_json_plan *plan);

/*
 * Checks the whole text and fills in values[i] for the i-th path of the plan; what is not there is missing, and so is
 * everything when the text is not valid. `position` (may be NULL) is set on failure. Nothing is allocated.
 * FRESHET_EJSON_...; FRESHET_EINVAL for a plan that cannot be compiled.
 */
FRESHET_API freshet_err freshet_json_pick(
	freshet_json_plan *plan, freshet_str text, freshet_json_value *values, size_t *position);

/*
 * As freshet_json_pick, for a text that is known to be valid UTF-8, as the data of every freshet_event is: that is not
 * checked again. Of other texts a value may then hold bytes that are not UTF-8; nothing worse comes of it.
 */
FRESHET_API freshet_err freshet_json_pick_utf8(
	freshet_json_plan *plan, freshet_str text, freshet_json_value *values, size_t *position);

/* Picks one path, of at most 127 names and indices. For several, or again and again, a plan is faster. */
FRESHET_API freshet_err freshet_json_get(freshet_str text, const char *path, freshet_json_value *out, size_t *position);

/* Checks the whole text and gives its one value, without the white space around it. */
FRESHET_API freshet_err freshet_json_read(freshet_str text, freshet_json_value *out, size_t *position);

/* ---- iterating ---- */

/*
 * Walks over the members of an object or the elements of an array, one level; a value found can be walked over in turn.
 *
 *	freshet_json_each_begin(&each, &list);
 *	while (freshet_json_each_next(&each, &key, &element))
 *		use(&element);
 *
 * Safe on any text: what is passed over is checked, and a bad text ends the walk with an error. A text that was checked
 * before cannot fail. Members with the same name all come, in their order. Its fields are the library's.
 */
typedef struct freshet_json_each {
	const char *begin;
	const char *at;
	const char *end;
	freshet_json_type container;
	freshet_err err;
	bool first;
} freshet_json_each;

/* FRESHET_EJSON_MISSING, FRESHET_EJSON_TYPE; the walk has then no elements. */
FRESHET_API freshet_err freshet_json_each_begin(freshet_json_each *each, const freshet_json_value *container);

/* False at the end and on error. `key` (may be NULL) is a string value in an object and missing in an array. */
FRESHET_API bool freshet_json_each_next(freshet_json_each *each, freshet_json_value *key, freshet_json_value *value);

/* Why the walk ended: FRESHET_OK, or the error and its position in the container's raw text (may be NULL). */
FRESHET_API freshet_err freshet_json_each_error(const freshet_json_each *each, size_t *position);

/* ---- reading in pieces ---- */

/*
 * Reads a text that comes in pieces, cut anywhere. Pulled: give it a piece, take tokens until it wants more, give it the
 * next piece; say when the text ends. Same bytes, same tokens, same errors, whatever the cuts.
 *
 *	freshet_json_tokenizer_feed(tokenizer, bytes, len);
 *	while ((result = freshet_json_tokenizer_next(tokenizer, &token)) == FRESHET_JSON_TOKEN)
 *		use(&token);
 */
typedef struct freshet_json_tokenizer freshet_json_tokenizer;

typedef enum freshet_json_token_type {
	FRESHET_JSON_OBJECT_BEGIN,
	FRESHET_JSON_OBJECT_END,
	FRESHET_JSON_ARRAY_BEGIN,
	FRESHET_JSON_ARRAY_END,
	FRESHET_JSON_KEY,    /* `text`: the decoded name, always whole */
	FRESHET_JSON_TEXT,   /* `text`: the decoded characters of a string value */
	FRESHET_JSON_SCALAR, /* `value`: a number, true, false or null */
	FRESHET_JSON_END,    /* the text (with `lines`: one of its values) is complete */
} freshet_json_token_type;

/* Only with `parts`: more of the same string follows in the next token. */
#define FRESHET_JSON_PART 0x1u
/* Only with `parts`: this goes on where the token before it stopped. */
#define FRESHET_JSON_CONTINUED 0x2u

/* One token. Its spans are valid until the next call on the tokenizer. */
typedef struct freshet_json_token {
	freshet_json_token_type type;
	unsigned flags;           /* FRESHET_JSON_PART, FRESHET_JSON_CONTINUED */
	freshet_str text;         /* of a key and a string, as UTF-8; a part never ends inside a character */
	freshet_json_value value; /* of a scalar, for the getters; else missing */
	uint64_t position;        /* of the token's first byte; counted from 0 at the last reset */
	size_t depth;             /* containers open around it; both tokens of one container have the same */
} freshet_json_token;

/* Limits of one tokenizer. 0 takes the default. */
typedef struct freshet_json_tokenizer_options {
	size_t size;       /* set by freshet_json_tokenizer_options_init */
	size_t max_depth;  /* default FRESHET_JSON_DEPTH, at most FRESHET_JSON_DEPTH_MAX */
	size_t max_key;    /* decoded bytes of a member name; default 4 KiB */
	size_t max_number; /* characters of a number; default 1 KiB */
	size_t max_string; /* decoded bytes of a string value; default 8 MiB */
	uint64_t max_text; /* bytes of the whole text (with `lines`: of one of its values); default unlimited */
	bool parts;        /* optional: string values come in parts as they arrive and max_string does not count */
	bool lines;        /* optional: any number of values, each ended by LF or the end of the text ("JSON lines") */
} freshet_json_tokenizer_options;

typedef enum freshet_json_result {
	FRESHET_JSON_MORE,   /* all that was fed is used up; after the END of a finished text there is nothing more */
	FRESHET_JSON_TOKEN,  /* the token is filled in */
	FRESHET_JSON_FAILED, /* freshet_json_tokenizer_error tells; the same answer repeats until the reset */
} freshet_json_result;

FRESHET_OPTIONS_INIT(freshet_json_tokenizer_options)

/*
 * A tokenizer at the start of a text; `options` may be NULL. The caller frees it with freshet_json_tokenizer_free.
 * FRESHET_ENOMEM, FRESHET_EINVAL; on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_json_tokenizer_new(
	const freshet_json_tokenizer_options *options, freshet_json_tokenizer **out);

/* NULL is fine. */
FRESHET_API void freshet_json_tokenizer_free(freshet_json_tokenizer *tokenizer);

/* Begins a new text; everything of the old one is forgotten. */
FRESHET_API void freshet_json_tokenizer_reset(freshet_json_tokenizer *tokenizer);

/*
 * Gives the next piece. It is not copied: it must stay readable until freshet_json_tokenizer_next answered MORE or
 * FAILED. FRESHET_ESTATE while an earlier piece is not used up and after the end. An empty piece changes nothing.
 */
FRESHET_API freshet_err freshet_json_tokenizer_feed(
	freshet_json_tokenizer *tokenizer, const uint8_t *bytes, size_t len);

/* Says that the text ends with what was fed. The last tokens, END among them, come from freshet_json_tokenizer_next. */
FRESHET_API void freshet_json_tokenizer_finish(freshet_json_tokenizer *tokenizer);

/*
 * The next token of what was fed. Its spans are valid until the next call on the tokenizer. After FRESHET_JSON_FAILED
 * nothing more of the text can be read.
 */
FRESHET_API freshet_json_result freshet_json_tokenizer_next(
	freshet_json_tokenizer *tokenizer, freshet_json_token *token);

/*
 * Why the tokenizer failed and at which byte of the text: the code and the position that freshet_json_pick gives for
 * the same text. FRESHET_EJSON_SIZE comes at the first byte that the limit does not cover. FRESHET_OK while it has not
 * failed. `position` may be NULL.
 */
FRESHET_API freshet_err freshet_json_tokenizer_error(const freshet_json_tokenizer *tokenizer, uint64_t *position);

/* ---- writing ---- */

/*
 * Builds one JSON text. Errors stick: the first one makes every later call do nothing, and freshet_json_writer_text
 * tells it. So calls need no check of their own, and what comes out is one valid JSON value or nothing:
 *
 *	freshet_json_write_object(writer);
 *	freshet_json_write_key(writer, "prompt");
 *	freshet_json_write_string(writer, prompt);
 *	freshet_json_write_end(writer);
 *	err = freshet_json_writer_text(writer, &body);
 *
 * FRESHET_ESTATE: a value where a key belongs, a key where a value belongs, an end too many, a second value, an
 * unfinished text. FRESHET_EJSON_NUMBER: NaN or infinity. FRESHET_EJSON_SIZE, FRESHET_EJSON_DEPTH: a limit.
 * FRESHET_ENOMEM. The errors of bad text given to freshet_json_write_raw.
 */
typedef struct freshet_json_writer freshet_json_writer;

typedef struct freshet_json_writer_options {
	size_t size;      /* set by freshet_json_writer_options_init */
	size_t max_size;  /* bytes of the text; 0 means no limit */
	size_t max_depth; /* 0 means FRESHET_JSON_DEPTH; at most FRESHET_JSON_DEPTH_MAX */
	bool ascii;       /* optional: everything beyond ASCII is escaped */
	bool spaced;      /* optional: a space after each comma and colon, as Python's json writes */
	bool wipe;        /* optional: the text holds a secret; memory is overwritten before it is given back */
} freshet_json_writer_options;

FRESHET_OPTIONS_INIT(freshet_json_writer_options)

/*
 * A writer at the start of a text; `options` may be NULL. The caller frees it with freshet_json_writer_free.
 * FRESHET_ENOMEM, FRESHET_EINVAL; on failure *out is NULL.
 */
FRESHET_API freshet_err freshet_json_writer_new(const freshet_json_writer_options *options, freshet_json_writer **out);

/* NULL is fine. */
FRESHET_API void freshet_json_writer_free(freshet_json_writer *writer);

/* Begins a new text; the error is forgotten and the memory is kept (with `wipe`: overwritten and kept). */
FRESHET_API void freshet_json_writer_reset(freshet_json_writer *writer);

/* The finished text, valid until the next call on the writer; else the first error, and the empty span. */
FRESHET_API freshet_err freshet_json_writer_text(freshet_json_writer *writer, freshet_str *out);

/* Begins an object or an array; what is in it comes next. */
FRESHET_API void freshet_json_write_object(freshet_json_writer *writer);
FRESHET_API void freshet_json_write_array(freshet_json_writer *writer);

/* Ends the innermost object or array. */
FRESHET_API void freshet_json_write_end(freshet_json_writer *writer);

/* The name of the member whose value comes next. Of bytes that are not UTF-8, see freshet_json_write_string. */
FRESHET_API void freshet_json_write_key(freshet_json_writer *writer, const char *terminated);
FRESHET_API void freshet_json_write_key_str(freshet_json_writer *writer, freshet_str key);

/* What is not UTF-8 becomes U+FFFD, as the WHATWG Encoding standard decodes it: the text is always valid. */
FRESHET_API void freshet_json_write_string(freshet_json_writer *writer, freshet_str text);

/* All digits, without a fraction. */
FRESHET_API void freshet_json_write_int64(freshet_json_writer *writer, int64_t number);
FRESHET_API void freshet_json_write_uint64(freshet_json_writer *writer, uint64_t number);

/* The shortest digits that read back as the same double, with a fraction or an exponent: 1.0, 0.1, 1e23. */
FRESHET_API void freshet_json_write_double(freshet_json_writer *writer, double number);

/* true or false, and null. */
FRESHET_API void freshet_json_write_bool(freshet_json_writer *writer, bool truth);
FRESHET_API void freshet_json_write_null(freshet_json_writer *writer);

/* One JSON value as it stands: it is checked first, and the white space around it is left out. */
FRESHET_API void freshet_json_write_raw(freshet_json_writer *writer, freshet_str json);

#ifdef __cplusplus
}
#endif

#endif
