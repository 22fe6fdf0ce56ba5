#include "writing.h"

freshet_err guest_writer(size_t max_size, freshet_json_writer **out)
{
	freshet_json_writer_options options;
	freshet_json_writer_options_init(&options);
	options.wipe = true;
	options.max_size = max_size;
	return freshet_json_writer_new(&options, out);
}

void guest_write(freshet_json_writer *writer, const char *name, freshet_str value)
{
	freshet_json_write_key(writer, name);
	freshet_json_write_string(writer, value);
}

void guest_write_filled(freshet_json_writer *writer, const char *name, freshet_str value)
{
	if (value.len > 0)
		guest_write(writer, name, value);
}
