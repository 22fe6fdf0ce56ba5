/*
 * The tokenizer's record, shared by its two files: tokenizer.c knows the structure of a text and everything but strings,
 * pieces.c knows strings that come in pieces.
 */
#ifndef JSON_TOKENIZER_H
#define JSON_TOKENIZER_H

#include "base/bytes.h"
#include "json/grammar.h"

#include <freshet/json.h>

/* What the next byte belongs to. */
enum token_state {
	AT_VALUE,
	AT_FIRST_ELEMENT, /* or the end of an empty array */
	AT_FIRST_KEY,     /* or the end of an empty object */
	AT_KEY,
	AT_COLON,
	AT_SEPARATOR, /* a comma or the end of the container */
	AT_TEXT_END,  /* nothing but white space */
	IN_STRING,
	IN_NUMBER,
	IN_LITERAL,
	AFTER_END, /* END was given and no other value may follow */
};

/* What the next byte of a string belongs to. */
enum string_state {
	STRING_PLAIN,
	STRING_BACKSLASH, /* the byte after it */
	STRING_HEX,       /* the digits of \u */
};

struct freshet_json_tokenizer {
	freshet_json_tokenizer_options limits; /* all set */

	/* Input. */
	const char *piece; /* what was fed last */
	const char *piece_end;
	const char *at;       /* the next byte */
	const char *end;      /* up to where bytes may be read: of the piece, or of what max_text allows */
	uint64_t piece_place; /* where the piece begins in the text */
	uint64_t limit_place; /* the first byte that max_text does not allow */
	bool finished;        /* no piece follows */

	/* The failure, if any. */
	freshet_err err;
	uint64_t err_place;

	/* Structure. */
	enum token_state state;
	size_t depth;
	uint64_t objects[FRESHET_JSON_DEPTH_MAX / 64]; /* which of the open containers are objects */

	/* The token that is being read. */
	uint64_t token_place;
	struct bytes held; /* what there is of it, decoded, when it does not lie in one piece as it is */
	bool held_given;   /* the last token's span is `held`: it goes with the next call */
	bool key;          /* the string is a member name */
	bool continued;    /* a part of the string was given */
	enum number_state number;
	bool real;           /* the number has a fraction or an exponent */
	const char *literal; /* what is left of it */
	freshet_json_value literal_value;

	/* Inside a string. */
	enum string_state string;
	unsigned hex_count;  /* digits of the escape read so far */
	uint32_t unit;       /* their value */
	uint32_t high;       /* a high surrogate waits for its other half */
	unsigned open_count; /* bytes of a UTF-8 sequence that the last piece began */
	uint8_t open[4];
};

/* Where a byte of the piece is in the text. */
static inline uint64_t place_of(const struct freshet_json_tokenizer *t, const char *at)
{
	return t->piece_place + (uint64_t)(at - t->piece);
}

/* Remembers the first failure; what comes next is FRESHET_JSON_FAILED. */
freshet_json_result token_fail(struct freshet_json_tokenizer *t, freshet_err err, uint64_t place);

/* Fills in a token of the given type at the remembered place. */
void token_make(const struct freshet_json_tokenizer *t, freshet_json_token *token, freshet_json_token_type type);

/* The string begins at t->at, behind its quote. */
void string_begin(struct freshet_json_tokenizer *t, bool key);

/* Goes on with the string: MORE at the end of the piece, TOKEN for all of it or a part. */
freshet_json_result string_next(struct freshet_json_tokenizer *t, freshet_json_token *token);

/* The string is complete with this token. */
static inline bool string_ended(const freshet_json_token *token)
{
	return !(token->flags & FRESHET_JSON_PART);
}

#endif
