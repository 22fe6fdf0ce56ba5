#include "writing.h"

void write_member(freshet_json_writer *writer, const char *name, freshet_str value)
{
	freshet_json_write_key(writer, name);
	freshet_json_write_string(writer, value);
}

void write_filled(freshet_json_writer *writer, const char *name, freshet_str value)
{
	if (value.len > 0)
		write_member(writer, name, value);
}

void write_given(freshet_json_writer *writer, const char *name, freshet_str value)
{
	if (value.ptr != NULL)
		write_member(writer, name, value);
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

freshet_err secret_writer(freshet_json_writer **out)
{
	freshet_json_writer_options options;
	freshet_json_writer_options_init(&options);
	options.wipe = true;
	return freshet_json_writer_new(&options, out);
}
