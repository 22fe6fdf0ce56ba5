/*
 * jansson writes all of it but for the case of the digits in escapes.
 */
#include "mockd/json_text.h"

#include "mockd/alloc.h"

#include <ctype.h>

char *json_text(const json_t *json)
{
	char *text = json_dumps(json, JSON_ENSURE_ASCII);
	if (text == NULL)
		return must_copy("null");
	/* An escape is read as a whole, so that an escaped backslash before a 'u' is not taken for one. */
	for (char *at = strchr(text, '\\'); at != NULL; at = strchr(at + 2, '\\')) {
		for (size_t i = 2; at[1] == 'u' && i < 6; i++)
			at[i] = (char)tolower((unsigned char)at[i]);
	}
	return text;
}
