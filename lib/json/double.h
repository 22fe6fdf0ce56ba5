/*
 * Doubles and their shortest decimal digits.
 */
#ifndef JSON_DOUBLE_H
#define JSON_DOUBLE_H

#include <stddef.h>

/* Enough for any double as double_print writes it. */
#define DOUBLE_PRINTED 32

/* Writes a finite number, without a terminator, and returns how many characters. */
size_t double_print(double number, char out[DOUBLE_PRINTED]);

#endif
