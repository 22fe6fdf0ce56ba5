#include "value.h"

static bool holds_something(const freshet_json_value *container)
{
	freshet_json_each each;
	freshet_json_value element;
	freshet_json_each_begin(&each, container);
	return freshet_json_each_next(&each, NULL, &element);
}

bool value_truthy(const freshet_json_value *value)
{
	double number = 0;
	bool truth = false;
	switch (value->type) {
	case FRESHET_JSON_MISSING:
	case FRESHET_JSON_NULL: return false;
	case FRESHET_JSON_BOOL: freshet_json_bool(value, &truth); return truth;
	/* One too large for a double is not 0. */
	case FRESHET_JSON_NUMBER: return freshet_json_double(value, &number) != FRESHET_OK || number != 0;
	case FRESHET_JSON_STRING: return value->raw.len > 2;
	case FRESHET_JSON_OBJECT:
	case FRESHET_JSON_ARRAY: return holds_something(value);
	}
	return false;
}

bool value_count(const freshet_json_value *value, size_t *count)
{
	freshet_json_each each;
	freshet_json_value element;
	*count = 0;
	if (!value_truthy(value))
		return true;
	if (freshet_json_each_begin(&each, value) != FRESHET_OK)
		return false;
	while (freshet_json_each_next(&each, NULL, &element))
		(*count)++;
	return true;
}

void value_string(const freshet_json_value *value, freshet_json_scratch *scratch, struct sheet *sheet, freshet_str *out)
{
	*out = (freshet_str){"", 0};
	if (freshet_json_string(value, scratch, out) != FRESHET_OK)
		sheet->failed = true;
}

freshet_str value_text(
	const freshet_json_value *value, const char *otherwise, freshet_json_scratch *scratch, struct sheet *sheet)
{
	freshet_str text = value->raw;
	if (!value_truthy(value))
		return freshet_str_of(otherwise);
	if (value->type == FRESHET_JSON_STRING)
		value_string(value, scratch, sheet, &text);
	return text;
}

void value_add(
	const freshet_json_value *value, const char *otherwise, freshet_json_scratch *scratch, struct sheet *sheet)
{
	sheet_add(sheet, value_text(value, otherwise, scratch, sheet));
}
