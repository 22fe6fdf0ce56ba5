#include "operations.h"

#include "client.h"

#include <stdio.h>

static const struct {
	const char *method;
	const char *path;
} operations[OP_COUNT] = {
#define OPERATION_ENTRY(name, method, path, function) [OP_##name] = {method, path},
	OPERATION_MAP(OPERATION_ENTRY)
#undef OPERATION_ENTRY
};

/* The word in braces makes way for an id. */
#define OPERATION_FITS(name, method, path, function)                                                                   \
	_Static_assert(sizeof(path) + GUEST_UUID_SIZE <= PATH_SIZE, "room for the path of " #name);
OPERATION_MAP(OPERATION_FITS)
#undef OPERATION_FITS

const char *operation_method(enum operation operation)
{
	return operations[operation].method;
}

bool operation_path(enum operation operation, freshet_str id, char path[PATH_SIZE])
{
	char text[GUEST_UUID_SIZE] = "";
	const char *template = operations[operation].path;
	const char *open = strchr(template, '{');
	int before = (int)(open != NULL ? (size_t)(open - template) : strlen(template));
	if (open != NULL && !guest_uuid_read(id, text))
		return false;
	snprintf(path, PATH_SIZE, "%.*s%s%s", before, template, text, open != NULL ? strchr(open, '}') + 1 : "");
	return true;
}
