/*
 * What RFC 8259 says about single bytes: white space, escapes and numbers, for every reader here, so that they cannot
 * differ.
 */
#ifndef JSON_GRAMMAR_H
#define JSON_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Eight bytes as one number, the first of them lowest. */
static inline uint64_t word_at(const char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* How many of the eight bytes in `word` are digits, up to the first that is none. */
static inline unsigned leading_digits(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101;
	/* Digits become 0 to 9. A sum that reaches into the byte behind comes from one that is no digit. */
	word ^= ones * '0';
	uint64_t others = (word | (word + ones * (0x80 - 10))) & ones * 0x80;
	return others != 0 ? (unsigned)__builtin_ctzll(others) / 8 : 8;
}

/* What a backslash and this byte stand for; 0 when it is no escape. `u` stands for itself: four hex digits follow. */
extern const uint8_t escape_of[256];

/* The value of a hex digit; 16 when it is none. */
static inline unsigned hex_digit(char c)
{
	unsigned digit = (unsigned)(unsigned char)c - '0';
	if (digit < 10)
		return digit;
	unsigned letter = ((unsigned)(unsigned char)c | 0x20) - 'a';
	return letter < 6 ? letter + 10 : 16;
}

/* Where in a number a reader stands; what may come next depends on nothing else. */
enum number_state {
	NUMBER_START, /* nothing was read */
	NUMBER_MINUS, /* - */
	NUMBER_ZERO,  /* 0, which no digit may follow */
	NUMBER_INT,   /* 12 */
	NUMBER_POINT, /* 12. */
	NUMBER_FRACTION,
	NUMBER_E,    /* 12e */
	NUMBER_SIGN, /* 12e+ */
	NUMBER_EXPONENT,
	NUMBER_ENDED, /* the byte is not part of the number, which was complete before it */
	NUMBER_BAD,   /* no number goes on like this */
};

enum number_state number_next(enum number_state state, char c);

/* The number may end here. */
static inline bool number_complete(enum number_state state)
{
	return state == NUMBER_ZERO || state == NUMBER_INT || state == NUMBER_FRACTION || state == NUMBER_EXPONENT;
}

/*
 * Reads the number that begins at *at, which is moved behind it. NUMBER_BAD: the byte that is now at *at cannot come there;
 * another state that is not complete: the text ends inside the number. `real`: it has a fraction or an exponent.
 */
enum number_state number_read(const char **at, const char *end, bool *real);

#endif
