#include "names.h"

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool guest_name_is(freshet_str name, const char *terminated)
{
	size_t i = 0;
	while (i < name.len && terminated[i] != '\0' && lower(name.ptr[i]) == lower(terminated[i]))
		i++;
	return i == name.len && terminated[i] == '\0';
}

size_t guest_names_count(const char *const *names)
{
	size_t count = 0;
	while (names != NULL && names[count] != NULL)
		count++;
	return count;
}

int guest_names_find(const char *const *names, freshet_str name)
{
	for (int i = 0; names != NULL && names[i] != NULL; i++)
		if (guest_name_is(name, names[i]))
			return i;
	return -1;
}

bool guest_names_have(const char *const *names, freshet_str name)
{
	return guest_names_find(names, name) >= 0;
}

const char *const *guest_names_copy(const char *const *names)
{
	size_t count = guest_names_count(names), bytes = 0;
	for (size_t i = 0; i < count; i++)
		bytes += strlen(names[i]) + 1;
	const char **copy = freshet_mem_new(1, (count + 1) * sizeof *copy + bytes);
	if (copy == NULL)
		return NULL;
	char *at = (char *)(copy + count + 1);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(names[i]) + 1;
		memcpy(at, names[i], len);
		copy[i] = at;
		at += len;
	}
	return copy;
}
