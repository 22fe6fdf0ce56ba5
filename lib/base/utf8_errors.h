/*
 * Whether a byte of a text fits is a matter of it and the three bytes before it, so it can be asked of many bytes at once.
 *
 * Table 3-7 of Unicode is read as a list of errors between two neighbours. The high half of the byte before, its low half
 * and the high half of the byte here each leave some of the errors possible, and what all three leave is there. One entry
 * of the list is no error by itself, a continuation behind a continuation: it must be there where the byte two before
 * begins a sequence of three or four, or the byte three before begins one of four, and nowhere else.
 *
 * Parallel lookups for UTF-8 are the idea of J. Keiser and D. Lemire ("Validating UTF-8 in less than one instruction per
 * byte", 2021).
 */
#ifndef BASE_UTF8_ERRORS_H
#define BASE_UTF8_ERRORS_H

enum {
	TOO_SHORT = 0x01,  /* a lead byte, and no continuation here */
	TOO_LONG = 0x02,   /* ASCII, and a continuation here */
	OVERLONG_3 = 0x04, /* E0, and 80 to 9F here */
	TOO_LARGE = 0x08,  /* F4 or more, and 90 to BF here */
	SURROGATE = 0x10,  /* ED, and A0 to BF here */
	OVERLONG_2 = 0x20, /* C0 or C1, and a continuation here */
	OUTSIDE_8 = 0x40,  /* F0 (overlong) or F5 and more (too large), and 80 to 8F here */
	CONTINUED = 0x80,  /* a continuation, and another one here */
};

/* Errors that the low half of the byte before cannot rule out; and those of F5 to FF. */
#define ANY    (TOO_SHORT | TOO_LONG | CONTINUED)
#define BEYOND (ANY | TOO_LARGE | OUTSIDE_8)
/* Errors that a continuation here is always part of. */
#define CONT (TOO_LONG | OVERLONG_2 | CONTINUED)

/* The errors left possible, by halves. */
static const uint8_t utf8_by_high_before[16] = {TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
	TOO_LONG, CONTINUED, CONTINUED, CONTINUED, CONTINUED, TOO_SHORT | OVERLONG_2, TOO_SHORT,
	TOO_SHORT | OVERLONG_3 | SURROGATE, TOO_SHORT | TOO_LARGE | OUTSIDE_8};

static const uint8_t utf8_by_low_before[16] = {ANY | OVERLONG_2 | OVERLONG_3 | OUTSIDE_8, ANY | OVERLONG_2, ANY, ANY,
	ANY | TOO_LARGE, BEYOND, BEYOND, BEYOND, BEYOND, BEYOND, BEYOND, BEYOND, BEYOND, BEYOND | SURROGATE, BEYOND,
	BEYOND};

static const uint8_t utf8_by_high_here[16] = {TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
	TOO_SHORT, TOO_SHORT, CONT | OVERLONG_3 | OUTSIDE_8, CONT | OVERLONG_3 | TOO_LARGE,
	CONT | SURROGATE | TOO_LARGE, CONT | SURROGATE | TOO_LARGE, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT};

#endif
