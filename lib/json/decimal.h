/*
 * A JSON number taken apart: digits times a power of ten. What is made of it, an integer or a double, starts here.
 */
#ifndef JSON_DECIMAL_H
#define JSON_DECIMAL_H

#include <freshet/types.h>

/* (-1)^negative * digits * 10^exponent. Without digits it is zero. */
struct decimal {
	const char *digits; /* the first of them; a decimal point may lie between them */
	size_t count;       /* digits without zeros at either end; the point is not counted */
	int64_t exponent;
	bool negative;
};

/* Takes a number apart that was checked. Exponents beyond all use are cut to +-10^17. */
struct decimal decimal_read(freshet_str number);

/* The next digit of *at, which is moved past it. */
static inline unsigned decimal_next(const char **at)
{
	if (**at == '.')
		(*at)++;
	return (unsigned)(*(*at)++ - '0');
}

#endif
