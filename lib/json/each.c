/*
 * Walks over one level of a container. Each member is checked by the walk of the picker, so that a bad text ends the
 * iteration where the picker would have failed.
 */
#include "json/grammar.h"
#include "json/walk.h"

static bool fail(freshet_json_each *each, const char *at, freshet_err err)
{
	each->at = at;
	each->err = err;
	return false;
}

static bool unexpected(freshet_json_each *each)
{
	return fail(each, each->at, each->at < each->end ? FRESHET_EJSON_SYNTAX : FRESHET_EJSON_TRUNCATED);
}

static void skip_space(freshet_json_each *each)
{
	while (each->at < each->end && is_space(*each->at))
		each->at++;
}

static bool read_byte(freshet_json_each *each, char c)
{
	skip_space(each);
	if (each->at == each->end || *each->at != c)
		return unexpected(each);
	each->at++;
	return true;
}

static bool read_value(freshet_json_each *each, freshet_json_value *value)
{
	struct walk w;
	freshet_str text = {each->begin, (size_t)(each->end - each->begin)};
	walk_init(&w, text, &walk_whole, value, FRESHET_JSON_DEPTH_MAX);
	w.at = each->at;
	freshet_err err = walk_value(&w);
	each->at = w.at;
	return err == FRESHET_OK || fail(each, w.at, err);
}

static bool read_name(freshet_json_each *each, freshet_json_value *key)
{
	freshet_json_value unwanted;
	skip_space(each);
	if (each->at < each->end && *each->at != '"')
		return unexpected(each);
	return read_value(each, key != NULL ? key : &unwanted) && read_byte(each, ':');
}

/* The container's last byte is at each->at: nothing but white space may follow. */
static bool end_container(freshet_json_each *each)
{
	each->at++;
	each->container = FRESHET_JSON_MISSING;
	skip_space(each);
	return each->at == each->end ? false : fail(each, each->at, FRESHET_EJSON_TRAILING);
}

freshet_err freshet_json_each_begin(freshet_json_each *each, const freshet_json_value *container)
{
	bool fits = container->type == FRESHET_JSON_OBJECT || container->type == FRESHET_JSON_ARRAY;
	*each = (freshet_json_each){0};
	if (!fits)
		return container->type == FRESHET_JSON_MISSING ? FRESHET_EJSON_MISSING : FRESHET_EJSON_TYPE;
	each->begin = container->raw.ptr;
	each->at = container->raw.ptr;
	each->end = container->raw.ptr + container->raw.len;
	each->container = container->type;
	each->first = true;
	return FRESHET_OK;
}

bool freshet_json_each_next(freshet_json_each *each, freshet_json_value *key, freshet_json_value *value)
{
	bool object = each->container == FRESHET_JSON_OBJECT;
	if (each->err != FRESHET_OK || each->container == FRESHET_JSON_MISSING)
		return false;
	if (each->first && !read_byte(each, object ? '{' : '['))
		return false;
	skip_space(each);
	if (each->at < each->end && *each->at == (object ? '}' : ']'))
		return end_container(each);
	if (!each->first && !read_byte(each, ','))
		return false;
	each->first = false;
	if (object)
		return read_name(each, key) && read_value(each, value);
	if (key != NULL)
		*key = (freshet_json_value){FRESHET_JSON_MISSING, 0, {NULL, 0}};
	return read_value(each, value);
}

freshet_err freshet_json_each_error(const freshet_json_each *each, size_t *position)
{
	if (each->err != FRESHET_OK && position != NULL)
		*position = (size_t)(each->at - each->begin);
	return each->err;
}
