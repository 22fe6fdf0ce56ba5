/*
 * Doubles from decimal digits and back, exactly, by long arithmetic.
 *
 * Reading: few digits with a small exponent are two doubles that are exact, and one operation on them rounds once.
 * Everything else is a fraction of two long numbers, which is divided bit by bit until the double is full; what remains
 * decides the rounding. Writing: the digits are generated until they tell the number from its neighbours (Steele and
 * White 1990, as Burger and Dybvig 1996 put it). Neither asks the locale.
 */
#include "json/double.h"

#include "json/bignum.h"
#include "json/decimal.h"

#include <freshet/json.h>

#include <float.h>
#include <math.h>
#include <stdio.h>

_Static_assert(DBL_MANT_DIG == 53 && DBL_MAX_EXP == 1024, "doubles are IEEE 754 binary64");

/* Significant bits, and the exponents of the lowest bit and of the smallest normal number. */
#define PRECISION     53
#define EXPONENT_LAST (-1074)
#define EXPONENT_MIN  (-1022)

/* ---- reading ---- */

/* 768 digits tell every double from every point halfway between two; whatever lies behind them is only more than 0. */
#define DIGITS_MOST 800

/* 0.1 * 10^power is 0 for a double below the one and infinite above the other. */
#define POWER_LEAST (-323)
#define POWER_MOST  309

/* What a double holds exactly. */
#define EXACT_DIGITS 15
#define EXACT_POWER  22

/* What is too large is infinity. */
static double from_bits(uint64_t bits)
{
	const uint64_t infinity = (uint64_t)0x7ff << (PRECISION - 1);
	double number;
	if (bits > infinity)
		bits = infinity;
	memcpy(&number, &bits, sizeof number);
	return number;
}

static double read_short(const struct decimal *d)
{
	static const double tens[EXACT_POWER + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
		1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	const char *at = d->digits;
	uint64_t digits = 0;
	for (size_t i = 0; i < d->count; i++)
		digits = digits * 10 + decimal_next(&at);
	return d->exponent < 0 ? (double)digits / tens[-d->exponent] : (double)digits * tens[d->exponent];
}

/* d = over / under, both whole. */
static void read_fraction(const struct decimal *d, struct bignum *over, struct bignum *under)
{
	const char *at = d->digits;
	size_t used = d->count < DIGITS_MOST ? d->count : DIGITS_MOST;
	int64_t exponent = d->exponent + (int64_t)(d->count - used);
	bignum_set(over, 0);
	for (size_t i = 0; i < used; i++)
		bignum_multiply_add(over, 10, decimal_next(&at));
	if (used < d->count) {
		bignum_multiply_add(over, 10, 1);
		exponent--;
	}
	bignum_set(under, 1);
	bignum_scale_ten(exponent < 0 ? under : over, (unsigned)(exponent < 0 ? -exponent : exponent));
}

/* Scales the fraction by a power of two to at least 1 and less than 2, and returns the power. */
static int align(struct bignum *over, struct bignum *under)
{
	int power = (int)bignum_bits(over) - (int)bignum_bits(under);
	bignum_shift(power > 0 ? under : over, (unsigned)(power > 0 ? power : -power));
	if (bignum_compare(over, under) < 0) {
		bignum_shift(over, 1);
		power--;
	}
	return power;
}

/* The bits of the nearest double; those of infinity or more when it is too large. */
static uint64_t divide(struct bignum *over, struct bignum *under)
{
	int power = align(over, under);
	int bits = power >= EXPONENT_MIN ? PRECISION : power - EXPONENT_LAST + 1;
	uint64_t quotient = 0;
	if (bits < 0)
		return 0;
	for (int i = 0; i < bits; i++) {
		bool bit = bignum_compare(over, under) >= 0;
		if (bit)
			bignum_subtract(over, under);
		bignum_shift(over, 1);
		quotient = quotient << 1 | bit;
	}
	int rest = bignum_compare(over, under);
	if (rest > 0 || (rest == 0 && (quotient & 1)))
		quotient++;
	/* The leading bit of a normal number is not stored: it adds itself to the exponent, as a carry of the rounding does. */
	uint64_t exponent = power >= EXPONENT_MIN ? (uint64_t)(power - EXPONENT_MIN) : 0;
	return (exponent << (PRECISION - 1)) + quotient;
}

/* The magnitude; infinity when it is too large. */
static double read_magnitude(const struct decimal *d)
{
	struct bignum over;
	struct bignum under;
	int64_t digits_before_point = (int64_t)d->count + d->exponent;
	if (d->count == 0 || digits_before_point < POWER_LEAST)
		return 0;
	if (digits_before_point > POWER_MOST)
		return (double)INFINITY;
	if (d->count <= EXACT_DIGITS && d->exponent >= -EXACT_POWER && d->exponent <= EXACT_POWER)
		return read_short(d);
	read_fraction(d, &over, &under);
	return from_bits(divide(&over, &under));
}

freshet_err freshet_json_double(const freshet_json_value *value, double *out)
{
	if (value->type == FRESHET_JSON_MISSING)
		return FRESHET_EJSON_MISSING;
	if (value->type != FRESHET_JSON_NUMBER)
		return FRESHET_EJSON_TYPE;
	struct decimal d = decimal_read(value->raw);
	double number = read_magnitude(&d);
	if (isinf(number))
		return FRESHET_EJSON_NUMBER;
	*out = d.negative ? -number : number;
	return FRESHET_OK;
}

/* ---- writing ---- */

/* A number between its neighbours: number/unit, and from there down to `below`/unit and up to `above`/unit round to it. */
struct interval {
	struct bignum number;
	struct bignum unit;
	struct bignum below;
	struct bignum above;
	bool closed; /* the ends round to it too */
};

static void set_shifted(struct bignum *n, uint64_t value, int bits)
{
	bignum_set(n, value);
	bignum_shift(n, (unsigned)bits);
}

/* For mantissa * 2^exponent. Half the way to a neighbour has to be whole: everything is doubled. */
static void interval_make(struct interval *v, uint64_t mantissa, int exponent)
{
	/* The neighbour below a power of two is half as far away as the one above. */
	int uneven = mantissa == (uint64_t)1 << (PRECISION - 1) && exponent > EXPONENT_LAST;
	int up = exponent > 0 ? exponent : 0;
	int down = exponent < 0 ? -exponent : 0;
	set_shifted(&v->number, mantissa, up + 1 + uneven);
	set_shifted(&v->unit, 1, down + 1 + uneven);
	set_shifted(&v->above, 1, up + uneven);
	set_shifted(&v->below, 1, up);
	v->closed = mantissa % 2 == 0;
}

static void interval_scale_ten(struct interval *v, unsigned power)
{
	bignum_scale_ten(&v->number, power);
	bignum_scale_ten(&v->above, power);
	bignum_scale_ten(&v->below, power);
}

static bool reaches_down(const struct interval *v)
{
	return bignum_compare(&v->number, &v->below) < (v->closed ? 1 : 0);
}

static bool reaches_up(const struct interval *v)
{
	struct bignum top = v->number;
	bignum_add(&top, &v->above);
	return bignum_compare(&top, &v->unit) > (v->closed ? -1 : 0);
}

/* Scales the interval to less than 1 by a power of ten, and returns the power. */
static int interval_normalize(struct interval *v, int log2)
{
	/* floor(log2 * log10(2)) + 1: the power, or one less, since the number may lie above its power of two. */
	int power = (int)((int64_t)log2 * 1292913986 >> 32) + 1;
	if (power >= 0)
		bignum_scale_ten(&v->unit, (unsigned)power);
	else
		interval_scale_ten(v, (unsigned)-power);
	if (reaches_up(v)) {
		bignum_scale_ten(&v->unit, 1);
		power++;
	}
	return power;
}

static char next_digit(struct interval *v)
{
	char digit = '0';
	interval_scale_ten(v, 1);
	while (bignum_compare(&v->number, &v->unit) >= 0) {
		bignum_subtract(&v->number, &v->unit);
		digit++;
	}
	return digit;
}

/* The fewest digits that tell the number from its neighbours, of these the nearest, ties to even. */
static size_t shortest_digits(struct interval *v, char *out)
{
	size_t count = 0;
	bool down;
	bool up;
	do {
		out[count++] = next_digit(v);
		down = reaches_down(v);
		up = reaches_up(v);
	} while (!down && !up);
	bignum_shift(&v->number, 1);
	int rest = bignum_compare(&v->number, &v->unit);
	bool odd = (out[count - 1] - '0') % 2 != 0;
	if (up && (!down || rest > 0 || (rest == 0 && odd)))
		out[count - 1]++;
	return count;
}

/* 0.d1d2d3... * 10^power, written with a point where that is not too long, else with an exponent. */
static size_t lay_out(const char *digits, size_t count, int power, char *out)
{
	char *to = out;
	bool exponent = power < -4 || power > 17;
	int whole = exponent ? 1 : power; /* digits before the point */
	size_t i = 0;
	if (whole <= 0)
		*to++ = '0';
	for (; (int)i < whole; i++)
		*to++ = i < count ? digits[i] : '0';
	if (!exponent || i < count)
		*to++ = '.';
	for (int zero = whole; zero < 0; zero++)
		*to++ = '0';
	if (!exponent && i >= count)
		*to++ = '0';
	for (; i < count; i++)
		*to++ = digits[i];
	if (exponent)
		to += snprintf(to, 6, "e%d", power - 1);
	return (size_t)(to - out);
}

size_t double_print(double number, char out[DOUBLE_PRINTED])
{
	uint64_t bits;
	struct interval v;
	char digits[DBL_DECIMAL_DIG + 1];
	memcpy(&bits, &number, sizeof bits);
	size_t sign = bits >> 63;
	uint64_t mantissa = bits & (((uint64_t)1 << (PRECISION - 1)) - 1);
	int exponent = (int)(bits >> (PRECISION - 1) & 0x7ff);
	out[0] = '-';
	if (exponent > 0)
		mantissa |= (uint64_t)1 << (PRECISION - 1);
	if (mantissa == 0)
		return sign + lay_out("0", 1, 1, out + sign);
	exponent = exponent > 0 ? exponent - 1 + EXPONENT_LAST : EXPONENT_LAST;
	interval_make(&v, mantissa, exponent);
	int power = interval_normalize(&v, exponent + 63 - __builtin_clzll(mantissa));
	return sign + lay_out(digits, shortest_digits(&v, digits), power, out + sign);
}
