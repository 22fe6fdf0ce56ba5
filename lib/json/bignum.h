/*
 * Natural numbers of up to 4352 bits, for the exact conversion between decimal digits and doubles: enough for 800 digits
 * over 10^1132, aligned. Who uses them stays in these bounds.
 */
#ifndef JSON_BIGNUM_H
#define JSON_BIGNUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BIGNUM_LIMBS 136

/* The lowest limb first, without zeros above; zero has none. */
struct bignum {
	size_t count;
	uint32_t limbs[BIGNUM_LIMBS];
};

void bignum_set(struct bignum *n, uint64_t value);

/* n = n * factor + term */
void bignum_multiply_add(struct bignum *n, uint32_t factor, uint32_t term);

/* n = n * 10^power */
void bignum_scale_ten(struct bignum *n, unsigned power);

/* n = n * 2^bits */
void bignum_shift(struct bignum *n, unsigned bits);

/* n = n + other */
void bignum_add(struct bignum *n, const struct bignum *other);

/* n = n - other, which is not the larger one */
void bignum_subtract(struct bignum *n, const struct bignum *other);

/* Below, at or above 0, as `a` is less than, equal to or greater than `b`. */
int bignum_compare(const struct bignum *a, const struct bignum *b);

/* Bits without zeros above; 0 for zero. */
unsigned bignum_bits(const struct bignum *n);

#endif
