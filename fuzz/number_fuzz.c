/*
 * Numbers of JSON: a text reads as the double that strtod reads, as the integer that its digits written out say, and never
 * as one that they do not say; and a double is written in digits that read back as the same double, by ours and by
 * strtod, and no shorter ones do. The first byte chooses between the two.
 */
#include <freshet/json.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool promise)
{
	if (!promise)
		abort();
}

static bool same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

/* ---- reading ---- */

/* The digits of an integer, leading zeros cut; enough for 64 bits and to tell that it is more. */
#define INTEGER_MAX 24

/* Of the grammar's parts of a number, those that decide whether it is an integer. */
struct digits {
	const char *at; /* behind the sign */
	size_t len;     /* the point included */
	bool minus;
	long exponent;
};

static struct digits split(const char *text)
{
	struct digits d = {.at = text + (*text == '-'), .minus = *text == '-'};
	d.len = strspn(d.at, "0123456789.");
	if (d.at[d.len] != '\0')
		d.exponent = strtol(d.at + d.len + 1, NULL, 10);
	return d;
}

/* The digit that counts 10^place, or 0 outside of them. */
static char digit_at(const struct digits *d, long place)
{
	const char *point = memchr(d->at, '.', d->len);
	long whole = point != NULL ? point - d->at : (long)d->len;
	long index = whole - 1 - (place - d->exponent);
	if (index >= whole)
		index++;
	return index >= 0 && index < (long)d->len ? d->at[index] : '0';
}

/* Writes the integer out, most significant digit first; false when it is none, or has too many digits. */
static bool write_out(const struct digits *d, char out[INTEGER_MAX + 1])
{
	long lowest = d->exponent - (long)d->len;
	long highest = d->exponent + (long)d->len;
	for (long place = lowest; place < 0; place++)
		if (digit_at(d, place) != '0')
			return false;
	for (long place = INTEGER_MAX; place <= highest; place++)
		if (digit_at(d, place) != '0')
			return false;
	for (long place = INTEGER_MAX - 1; place >= 0; place--)
		*out++ = digit_at(d, place);
	*out = '\0';
	return true;
}

static void check_integers(const freshet_json_value *value, const char *text)
{
	struct digits d = split(text);
	char digits[INTEGER_MAX + 1];
	char most[INTEGER_MAX + 1];
	uint64_t natural = 0;
	int64_t number = 0;
	freshet_err natural_err = freshet_json_uint64(value, &natural);
	freshet_err number_err = freshet_json_int64(value, &number);
	hold(natural_err == FRESHET_OK || natural_err == FRESHET_EJSON_NUMBER);
	hold(number_err == FRESHET_OK || number_err == FRESHET_EJSON_NUMBER);
	if (d.exponent < -4096 || d.exponent > 4096)
		return; /* writing it out takes too long; what it is not is held below by the double */
	bool whole = write_out(&d, digits);
	bool zero = whole && strspn(digits, "0") == INTEGER_MAX;
	snprintf(most, sizeof most, "%0*llu", INTEGER_MAX, (unsigned long long)UINT64_MAX);
	hold((natural_err == FRESHET_OK) == (whole && (!d.minus || zero) && strcmp(digits, most) <= 0));
	hold(natural_err != FRESHET_OK || natural == strtoull(digits, NULL, 10));
	snprintf(most, sizeof most, "%0*llu", INTEGER_MAX, (unsigned long long)INT64_MAX + d.minus);
	hold((number_err == FRESHET_OK) == (whole && strcmp(digits, most) <= 0));
	uint64_t magnitude = d.minus ? 0 - (uint64_t)number : (uint64_t)number;
	hold(number_err != FRESHET_OK || magnitude == strtoull(digits, NULL, 10));
}

static void check_text(const char *text, size_t len)
{
	freshet_json_value value;
	double number = 0;
	if (freshet_json_read((freshet_str){text, len}, &value, NULL) != FRESHET_OK ||
		value.type != FRESHET_JSON_NUMBER)
		return;
	/* No locale is set, so strtod reads what JSON writes. White space may stand around it. */
	char *alone = strndup(value.raw.ptr, value.raw.len);
	hold(alone != NULL);
	double expected = strtod(alone, NULL);
	freshet_err err = freshet_json_double(&value, &number);
	hold(err == (isinf(expected) ? FRESHET_EJSON_NUMBER : FRESHET_OK));
	hold(err != FRESHET_OK || same_bits(number, expected));
	check_integers(&value, alone);
	free(alone);
}

/* ---- writing ---- */

static size_t count_digits(const char *text)
{
	size_t count = 0;
	size_t zeros = 0; /* at the end: they say where the point is */
	for (; *text != '\0' && *text != 'e'; text++) {
		if (*text < '0' || *text > '9' || (count == 0 && *text == '0'))
			continue;
		count++;
		zeros = *text == '0' ? zeros + 1 : 0;
	}
	return count - zeros;
}

static void check_written(double number)
{
	freshet_json_writer *writer;
	freshet_json_value value;
	freshet_str text;
	double again = 0;
	char shorter[64];
	hold(freshet_json_writer_new(NULL, &writer) == FRESHET_OK);
	freshet_json_write_double(writer, number);
	freshet_err err = freshet_json_writer_text(writer, &text);
	hold(err == (isfinite(number) ? FRESHET_OK : FRESHET_EJSON_NUMBER));
	if (err == FRESHET_OK) {
		char *copy = strndup(text.ptr, text.len);
		hold(copy != NULL && freshet_json_read((freshet_str){copy, text.len}, &value, NULL) == FRESHET_OK);
		hold(freshet_json_double(&value, &again) == FRESHET_OK && same_bits(again, number));
		hold(same_bits(strtod(copy, NULL), number));
		size_t digits = count_digits(copy);
		if (digits > 1) {
			snprintf(shorter, sizeof shorter, "%.*e", (int)digits - 2, number);
			hold(!same_bits(strtod(shorter, NULL), number));
		}
		free(copy);
	}
	freshet_json_writer_free(writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	double number;
	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
		check_text((const char *)data + 1, size - 1);
	for (size_t at = 1; data[0] % 2 == 1 && size - at >= sizeof number; at += sizeof number) {
		memcpy(&number, data + at, sizeof number);
		check_written(number);
	}
	return 0;
}
