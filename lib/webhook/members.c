/*
 * A reader that takes the last of two members with one name and a sender's, or a proxy's, that takes the first are told two
 * things by one text. Names are compared as they read, not as they are spelled: "id" is "id".
 */
#include "members.h"

#include <stdlib.h>

static int compare(const void *left, const void *right)
{
	const freshet_str *a = left, *b = right;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return a->len > 0 ? memcmp(a->ptr, b->ptr, a->len) : 0;
}

static bool any_twice(freshet_str *names, size_t count)
{
	if (count < 2)
		return false;
	qsort(names, count, sizeof *names, compare);
	for (size_t i = 1; i < count; i++)
		if (compare(&names[i - 1], &names[i]) == 0)
			return true;
	return false;
}

static size_t count_members(const freshet_json_value *object, size_t max)
{
	freshet_json_each each;
	freshet_json_value value;
	size_t count = 0;
	freshet_json_each_begin(&each, object);
	while (count <= max && freshet_json_each_next(&each, NULL, &value))
		count++;
	return count;
}

freshet_err members_check(const freshet_json_value *value, size_t max, freshet_json_scratch *scratch)
{
	freshet_json_each each;
	freshet_json_value key, member;
	freshet_err err = FRESHET_OK;
	size_t count = 0;
	if (value->type != FRESHET_JSON_OBJECT)
		return FRESHET_OK;
	size_t all = count_members(value, max);
	if (all > max)
		return FRESHET_EJSON_SIZE;
	freshet_str *names = freshet_mem_new(all + 1, sizeof *names);
	if (names == NULL)
		return FRESHET_ENOMEM;
	freshet_json_each_begin(&each, value);
	while (err == FRESHET_OK && count < all && freshet_json_each_next(&each, &key, &member))
		err = freshet_json_string(&key, scratch, &names[count++]);
	if (err == FRESHET_OK && any_twice(names, count))
		err = FRESHET_EJSON_TYPE;
	freshet_mem_free(names);
	return err;
}

bool members_plain(freshet_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
			return false;
	return true;
}
