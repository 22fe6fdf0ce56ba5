/*
 * Numbers taken apart, and integers made of them without loss.
 */
#include "json/decimal.h"

#include "json/grammar.h"

#include <freshet/json.h>

#define EXPONENT_MOST 100000000000000000

/* The exponent that begins at `at`, behind the `e`. */
static int64_t read_exponent(const char *at, const char *end)
{
	bool negative = *at == '-';
	int64_t exponent = 0;
	if (*at == '-' || *at == '+')
		at++;
	for (; at < end && exponent < EXPONENT_MOST; at++)
		exponent = exponent * 10 + (*at - '0');
	if (exponent > EXPONENT_MOST)
		exponent = EXPONENT_MOST;
	return negative ? -exponent : exponent;
}

struct decimal decimal_read(freshet_str number)
{
	const char *at = number.ptr;
	const char *end = number.ptr + number.len;
	struct decimal d = {.negative = *at == '-'};
	int64_t scale = 0;  /* digits seen behind the point */
	size_t zeros = 0;   /* that came since the last digit which is none */
	int64_t behind = 0; /* what one more digit adds to `scale` */
	if (d.negative)
		at++;
	for (; at < end && (is_digit(*at) || *at == '.'); at++) {
		if (*at == '.') {
			behind = 1;
			continue;
		}
		scale += behind;
		if (*at == '0') {
			zeros += d.count > 0;
			continue;
		}
		if (d.count == 0)
			d.digits = at;
		d.count += zeros + 1;
		zeros = 0;
	}
	d.exponent = (int64_t)zeros - scale;
	if (at < end)
		d.exponent += read_exponent(at + 1, end);
	return d;
}

/* The magnitude; false when it is no integer or has no room. */
static bool magnitude(const struct decimal *d, uint64_t *out)
{
	const char *at = d->digits;
	uint64_t value = 0;
	int64_t power = d->exponent;
	if (d->count > 20 || (d->count > 0 && (power < 0 || power > 20)))
		return false;
	for (size_t i = 0; i < d->count + (d->count > 0 ? (size_t)power : 0); i++) {
		unsigned digit = i < d->count ? decimal_next(&at) : 0;
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
			__builtin_add_overflow(value, (uint64_t)digit, &value))
			return false;
	}
	*out = value;
	return true;
}

/* Most integers are a few digits and nothing else. 18 of them always have room. */
static inline bool read_short(const freshet_json_value *value, uint64_t *out)
{
	const char *digits = value->raw.ptr;
	uint64_t magnitude = 0;
	if (value->type != FRESHET_JSON_NUMBER || value->flags != 0 || value->raw.len > 18 || *digits == '-')
		return false;
	for (const char *end = digits + value->raw.len; digits < end; digits++)
		magnitude = magnitude * 10 + (uint64_t)*digits - '0';
	*out = magnitude;
	return true;
}

/* Any number. */
static __attribute__((noinline)) freshet_err read_integer(
	const freshet_json_value *value, bool *negative, uint64_t *out)
{
	if (value->type == FRESHET_JSON_MISSING)
		return FRESHET_EJSON_MISSING;
	if (value->type != FRESHET_JSON_NUMBER)
		return FRESHET_EJSON_TYPE;
	struct decimal d = decimal_read(value->raw);
	*negative = d.negative;
	return magnitude(&d, out) ? FRESHET_OK : FRESHET_EJSON_NUMBER;
}

static freshet_err read_uint64(const freshet_json_value *value, uint64_t *out)
{
	bool negative;
	uint64_t magnitude;
	freshet_err err = read_integer(value, &negative, &magnitude);
	if (err != FRESHET_OK)
		return err;
	if (negative && magnitude > 0)
		return FRESHET_EJSON_NUMBER;
	*out = magnitude;
	return FRESHET_OK;
}

freshet_err freshet_json_uint64(const freshet_json_value *value, uint64_t *out)
{
	return read_short(value, out) ? FRESHET_OK : read_uint64(value, out);
}

freshet_err freshet_json_int64(const freshet_json_value *value, int64_t *out)
{
	bool negative;
	uint64_t magnitude;
	freshet_err err = read_integer(value, &negative, &magnitude);
	if (err != FRESHET_OK)
		return err;
	if (magnitude > (uint64_t)INT64_MAX + negative)
		return FRESHET_EJSON_NUMBER;
	*out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return FRESHET_OK;
}
