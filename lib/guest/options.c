#include "options.h"

#include "text.h"

#include <stdlib.h>

/* A scratch larger than this is not kept. */
#define SCRATCH_KEPT ((size_t)256 * 1024)

bool guest_options(void *options, size_t size, const void *given)
{
	size_t given_size;
	if (given == NULL)
		return false;
	memcpy(&given_size, given, sizeof given_size);
	if (given_size < sizeof(size_t) || given_size > size)
		return false;
	memcpy(options, given, given_size);
	return true;
}

freshet_err guest_stats(void *stats, const void *now, size_t size)
{
	size_t room;
	if (stats == NULL)
		return FRESHET_EINVAL;
	memcpy(&room, stats, sizeof room);
	if (room < sizeof room)
		return FRESHET_EINVAL;
	memset(stats, 0, room);
	memcpy(stats, now, room < size ? room : size);
	memcpy(stats, &room, sizeof room);
	return FRESHET_OK;
}

const char *guest_or_environment(const char *given, const char *variable)
{
	const char *value = given != NULL ? given : getenv(variable);
	return value != NULL && *value != '\0' ? value : NULL;
}

freshet_str guest_put(char **at, freshet_str text)
{
	freshet_str copy = {*at, text.len};
	if (text.len > 0)
		memcpy(*at, text.ptr, text.len);
	*at += text.len;
	return copy;
}

char *guest_copy(freshet_str text)
{
	char *copy = text.ptr != NULL && text.len < SIZE_MAX ? freshet_mem_new(text.len + 1, 1) : NULL;
	if (copy != NULL)
		memcpy(copy, text.ptr, text.len);
	return copy;
}

char *guest_url(const char *url)
{
	freshet_str trimmed = freshet_str_of(url);
	while (trimmed.len > 0 && trimmed.ptr[trimmed.len - 1] == '/')
		trimmed.len--;
	return guest_copy(trimmed);
}

void guest_free_secret(char *terminated)
{
	if (terminated != NULL)
		guest_wipe(terminated, strlen(terminated));
	freshet_mem_free(terminated);
}

freshet_json_scratch *guest_scratch_begin(struct guest_scratch *scratch, size_t len)
{
	if (scratch->held > SCRATCH_KEPT)
		freshet_json_scratch_clear(&scratch->json);
	else
		freshet_json_scratch_reset(&scratch->json);
	scratch->held = len;
	return &scratch->json;
}

void guest_scratch_clear(struct guest_scratch *scratch)
{
	freshet_json_scratch_clear(&scratch->json);
	scratch->held = 0;
}
