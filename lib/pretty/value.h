/*
 * JSON values as the tables of the formats see them: where they say "or", null, false, 0, "", [] and {} count as nothing.
 */
#ifndef PRETTY_VALUE_H
#define PRETTY_VALUE_H

#include "sheet.h"

#include <freshet/json.h>

/* False for what counts as nothing. */
bool value_truthy(const freshet_json_value *value);

/* The length of an array or object; 0 for nothing. False for anything else. */
bool value_count(const freshet_json_value *value, size_t *count);

/* The characters of a string. Without memory the sheet is marked as failed, and they are none. */
void value_string(
	const freshet_json_value *value, freshet_json_scratch *scratch, struct sheet *sheet, freshet_str *out);

/* The characters of a string, the JSON text of any other value, `otherwise` for nothing. */
freshet_str value_text(
	const freshet_json_value *value, const char *otherwise, freshet_json_scratch *scratch, struct sheet *sheet);

/* Adds just that. */
void value_add(
	const freshet_json_value *value, const char *otherwise, freshet_json_scratch *scratch, struct sheet *sheet);

#endif
