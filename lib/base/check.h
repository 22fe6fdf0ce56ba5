/*
 * CHECK: an impossible state inside the library. Tests build with FRESHET_CHECKS_FATAL and die there; in release it is
 * logged and the expression is false, so that the caller can fail the one stream that it happened in:
 *
 *	if (!CHECK(s->exchange == NULL))
 *		return FRESHET_ESTATE;
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <stdbool.h>

bool check_failed(const char *expression, const char *file, int line);

#define CHECK(expression) ((expression) ? true : check_failed(#expression, __FILE__, __LINE__))

#endif
