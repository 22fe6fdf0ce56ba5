/*
 * Which numbers have come, one bit for each: so a number that comes again is known as such however many there are.
 */
#include "mockd/agentos/agentos.h"

/* Numbers from there on are not looked at: eight megabytes of bits. */
#define NUMBERS_MAX (UINT64_C(1) << 26)

void aos_numbers_add(struct aos_numbers *n, uint64_t number)
{
	if (number >= NUMBERS_MAX)
		return;
	size_t word = (size_t)(number / 64);
	uint64_t bit = UINT64_C(1) << number % 64;
	if (word >= n->words) {
		size_t words = word + word / 2 + 4;
		n->bits = must_realloc(n->bits, words * sizeof *n->bits);
		memset(n->bits + n->words, 0, (words - n->words) * sizeof *n->bits);
		n->words = words;
	}
	if (n->bits[word] & bit) {
		n->duplicates++;
		return;
	}
	n->bits[word] |= bit;
	n->disordered += n->count > 0 && number < n->highest;
	n->highest = number > n->highest ? number : n->highest;
	n->count++;
}
