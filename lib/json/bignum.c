/*
 * Long arithmetic with limbs of 32 bits, as it is done by hand.
 */
#include "json/bignum.h"

#include "base/check.h"

#include <string.h>

static void push_limb(struct bignum *n, uint32_t limb)
{
	if (CHECK(n->count < BIGNUM_LIMBS))
		n->limbs[n->count++] = limb;
}

static void trim(struct bignum *n)
{
	while (n->count > 0 && n->limbs[n->count - 1] == 0)
		n->count--;
}

void bignum_set(struct bignum *n, uint64_t value)
{
	n->count = 2;
	n->limbs[0] = (uint32_t)value;
	n->limbs[1] = (uint32_t)(value >> 32);
	trim(n);
}

void bignum_multiply_add(struct bignum *n, uint32_t factor, uint32_t term)
{
	uint64_t carry = term;
	for (size_t i = 0; i < n->count; i++) {
		carry += (uint64_t)n->limbs[i] * factor;
		n->limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry > 0)
		push_limb(n, (uint32_t)carry);
	trim(n);
}

void bignum_scale_ten(struct bignum *n, unsigned power)
{
	static const uint32_t tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
	for (; power >= 9; power -= 9)
		bignum_multiply_add(n, tens[9], 0);
	bignum_multiply_add(n, tens[power], 0);
}

void bignum_shift(struct bignum *n, unsigned bits)
{
	size_t limbs = bits / 32;
	if (n->count == 0 || !CHECK(n->count + limbs < BIGNUM_LIMBS))
		return;
	bignum_multiply_add(n, (uint32_t)1 << bits % 32, 0);
	memmove(n->limbs + limbs, n->limbs, n->count * sizeof n->limbs[0]);
	memset(n->limbs, 0, limbs * sizeof n->limbs[0]);
	n->count += limbs;
}

void bignum_add(struct bignum *n, const struct bignum *other)
{
	uint64_t carry = 0;
	while (n->count < other->count)
		push_limb(n, 0);
	for (size_t i = 0; i < n->count; i++) {
		carry += (uint64_t)n->limbs[i] + (i < other->count ? other->limbs[i] : 0);
		n->limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry > 0)
		push_limb(n, (uint32_t)carry);
}

void bignum_subtract(struct bignum *n, const struct bignum *other)
{
	uint32_t borrow = 0;
	for (size_t i = 0; i < n->count; i++) {
		uint64_t take = (uint64_t)(i < other->count ? other->limbs[i] : 0) + borrow;
		borrow = n->limbs[i] < take;
		n->limbs[i] = (uint32_t)(n->limbs[i] - take);
	}
	trim(n);
}

int bignum_compare(const struct bignum *a, const struct bignum *b)
{
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	for (size_t i = a->count; i-- > 0;)
		if (a->limbs[i] != b->limbs[i])
			return a->limbs[i] < b->limbs[i] ? -1 : 1;
	return 0;
}

unsigned bignum_bits(const struct bignum *n)
{
	if (n->count == 0)
		return 0;
	return (unsigned)n->count * 32 - (unsigned)__builtin_clz(n->limbs[n->count - 1]);
}
