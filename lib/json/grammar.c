/*
 * The tables of the grammar.
 */
#include "json/grammar.h"

const uint8_t escape_of[256] = {
	['"'] = '"',
	['\\'] = '\\',
	['/'] = '/',
	['b'] = '\b',
	['f'] = '\f',
	['n'] = '\n',
	['r'] = '\r',
	['t'] = '\t',
	['u'] = 'u',
};

enum number_class { CLASS_ZERO, CLASS_DIGIT, CLASS_MINUS, CLASS_PLUS, CLASS_POINT, CLASS_E, CLASS_OTHER, CLASS_COUNT };

static enum number_class number_class(char c)
{
	switch (c) {
	case '0': return CLASS_ZERO;
	case '-': return CLASS_MINUS;
	case '+': return CLASS_PLUS;
	case '.': return CLASS_POINT;
	case 'e':
	case 'E': return CLASS_E;
	default: return is_digit(c) ? CLASS_DIGIT : CLASS_OTHER;
	}
}

#define BAD   NUMBER_BAD
#define ENDED NUMBER_ENDED

static const uint8_t number_states[NUMBER_ENDED][CLASS_COUNT] = {
	/* by class: 0, 1 to 9, -, +, ., e, other */
	[NUMBER_START] = {NUMBER_ZERO, NUMBER_INT, NUMBER_MINUS, BAD, BAD, BAD, BAD},
	[NUMBER_MINUS] = {NUMBER_ZERO, NUMBER_INT, BAD, BAD, BAD, BAD, BAD},
	[NUMBER_ZERO] = {BAD, BAD, ENDED, ENDED, NUMBER_POINT, NUMBER_E, ENDED},
	[NUMBER_INT] = {NUMBER_INT, NUMBER_INT, ENDED, ENDED, NUMBER_POINT, NUMBER_E, ENDED},
	[NUMBER_POINT] = {NUMBER_FRACTION, NUMBER_FRACTION, BAD, BAD, BAD, BAD, BAD},
	[NUMBER_FRACTION] = {NUMBER_FRACTION, NUMBER_FRACTION, ENDED, ENDED, ENDED, NUMBER_E, ENDED},
	[NUMBER_E] = {NUMBER_EXPONENT, NUMBER_EXPONENT, NUMBER_SIGN, NUMBER_SIGN, BAD, BAD, BAD},
	[NUMBER_SIGN] = {NUMBER_EXPONENT, NUMBER_EXPONENT, BAD, BAD, BAD, BAD, BAD},
	[NUMBER_EXPONENT] = {NUMBER_EXPONENT, NUMBER_EXPONENT, ENDED, ENDED, ENDED, ENDED, ENDED},
};

enum number_state number_next(enum number_state state, char c)
{
	return (enum number_state)number_states[state][number_class(c)];
}

enum number_state number_read(const char **at, const char *end, bool *real)
{
	enum number_state state = NUMBER_START;
	*real = false;
	for (; *at < end; (*at)++) {
		enum number_state next = number_next(state, **at);
		if (next == NUMBER_ENDED)
			return state;
		if (next == NUMBER_BAD)
			return NUMBER_BAD;
		*real |= next == NUMBER_POINT || next == NUMBER_E;
		state = next;
	}
	return state;
}
