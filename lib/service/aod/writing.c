#include "writing.h"

void write_given(freshet_json_writer *writer, const char *name, freshet_str value)
{
	if (value.ptr != NULL)
		guest_write(writer, name, value);
}

void write_strings(freshet_json_writer *writer, const char *name, const freshet_str *strings, size_t count)
{
	if (strings == NULL)
		return;
	freshet_json_write_key(writer, name);
	freshet_json_write_array(writer);
	for (size_t i = 0; i < count; i++)
		freshet_json_write_string(writer, strings[i]);
	freshet_json_write_end(writer);
}

void write_pairs(freshet_json_writer *writer, const char *name, const freshet_aod_secret *pairs, size_t count)
{
	if (pairs == NULL)
		return;
	freshet_json_write_key(writer, name);
	freshet_json_write_object(writer);
	for (size_t i = 0; i < count; i++) {
		freshet_json_write_key_str(writer, pairs[i].name);
		freshet_json_write_string(writer, pairs[i].value);
	}
	freshet_json_write_end(writer);
}
