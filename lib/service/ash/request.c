/*
 * Requests in the making: path, query and body. Nothing that a caller gives gets into a path unchecked: ids are UUIDs,
 * names are names, everything else is percent-encoded (RFC 3986, section 2.1), and a path has no dot segments.
 */
#include "call.h"

#include "guest/base64.h"
#include "guest/writing.h"

/* The longest name of an agent. */
#define NAME_MAX_LEN 255

void ash_request_fail(struct ash_request *q, freshet_err err)
{
	if (q->err == FRESHET_OK)
		q->err = err;
}

void ash_need(struct ash_request *q, freshet_str value)
{
	if (value.ptr == NULL || value.len == 0)
		ash_request_fail(q, FRESHET_EINVAL);
}

void ash_need_array(struct ash_request *q, const void *items)
{
	if (items == NULL)
		ash_request_fail(q, FRESHET_EINVAL);
}

/* ---- path and query ---- */

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static void put_id(struct ash_request *q, freshet_str id)
{
	if (!guest_uuid_read(id, q->session))
		ash_request_fail(q, FRESHET_EINVAL);
	else
		guest_text_put(&q->path, q->session);
}

void ash_need_name(struct ash_request *q, freshet_str name)
{
	bool good = name.len > 0 && name.len <= NAME_MAX_LEN;
	for (size_t i = 0; good && i < name.len; i++)
		good = is_letter_or_digit(name.ptr[i]) || name.ptr[i] == '_' || name.ptr[i] == '-';
	if (!good)
		ash_request_fail(q, FRESHET_EINVAL);
}

static void put_name(struct ash_request *q, freshet_str name)
{
	ash_need_name(q, name);
	guest_text_str(&q->path, name);
}

/* "", "." and ".." would lead elsewhere. */
static void put_token(struct ash_request *q, freshet_str token)
{
	if (!guest_is_segment(token))
		ash_request_fail(q, FRESHET_EINVAL);
	else
		guest_text_encode(&q->path, token);
}

static void put_segments(struct ash_request *q, freshet_str path)
{
	for (size_t begin = 0, end = 0; begin <= path.len && q->err == FRESHET_OK; begin = end + 1) {
		for (end = begin; end < path.len && path.ptr[end] != '/';)
			end++;
		if (begin > 0)
			guest_text_put(&q->path, "/");
		put_token(q, (freshet_str){path.ptr + begin, end - begin});
	}
}

/* What a path parameter, up to its closing brace, stands for. */
static void put_parameter(struct ash_request *q, const char *name, freshet_str value)
{
	if (value.ptr == NULL)
		ash_request_fail(q, FRESHET_EINVAL);
	else if (strncmp(name, "{id}", 4) == 0)
		put_id(q, value);
	else if (strncmp(name, "{name}", 6) == 0)
		put_name(q, value);
	else if (strncmp(name, "{token}", 7) == 0)
		put_token(q, value);
	else
		put_segments(q, value);
}

void ash_request_begin(
	struct ash_request *q, freshet_ash *client, enum ash_operation operation, freshet_str first, freshet_str second)
{
	memset(q, 0, sizeof *q);
	q->client = client;
	q->endpoint = &ash_endpoints[operation];
	freshet_str values[] = {first, second};
	size_t taken = 0;
	for (const char *at = q->endpoint->path; *at != '\0' && q->err == FRESHET_OK;) {
		size_t len = strcspn(at, "{");
		guest_text_add(&q->path, at, len);
		at += len;
		if (*at == '{') {
			put_parameter(q, at, values[taken++]);
			at = strchr(at, '}') + 1;
		}
	}
}

void ash_query(struct ash_request *q, const char *name, freshet_str value)
{
	guest_query(&q->path, name, value);
}

void ash_query_int(struct ash_request *q, const char *name, int64_t value)
{
	guest_query_int(&q->path, name, value);
}

void ash_query_page(struct ash_request *q, int64_t after, uint32_t limit)
{
	if (after != 0)
		ash_query_int(q, "after", after);
	if (limit != 0)
		ash_query_int(q, "limit", limit);
}

/* ---- body ---- */

/* Bodies hold prompts, keys and environments: their memory is overwritten. */
void ash_body(struct ash_request *q)
{
	if (q->err != FRESHET_OK)
		return;
	ash_request_fail(q, guest_writer(q->max_body, &q->writer));
	if (q->err == FRESHET_OK)
		freshet_json_write_object(q->writer);
}

/* The key of a member. False when nothing is to be written. */
static bool put_key(struct ash_request *q, const char *name)
{
	if (q->err != FRESHET_OK)
		return false;
	freshet_json_write_key(q->writer, name);
	return true;
}

void ash_put_str(struct ash_request *q, const char *name, freshet_str value)
{
	if (value.ptr != NULL && put_key(q, name))
		freshet_json_write_string(q->writer, value);
}

void ash_put_id(struct ash_request *q, const char *name, freshet_str value)
{
	char id[GUEST_UUID_SIZE];
	if (value.ptr == NULL)
		return;
	if (!guest_uuid_read(value, id))
		ash_request_fail(q, FRESHET_EINVAL);
	else
		ash_put_str(q, name, freshet_str_of(id));
}

void ash_put_raw(struct ash_request *q, const char *name, freshet_str json)
{
	if (json.ptr != NULL && put_key(q, name))
		freshet_json_write_raw(q->writer, json);
}

/* The members one by one, so that what others put stands in the same object. */
static void put_members(struct ash_request *q, const freshet_json_value *object)
{
	freshet_json_each each;
	freshet_json_value key, value;
	freshet_json_scratch scratch = {0};
	freshet_json_each_begin(&each, object);
	while (freshet_json_each_next(&each, &key, &value)) {
		freshet_str name = ASH_NONE;
		ash_request_fail(q, freshet_json_string(&key, &scratch, &name));
		freshet_json_write_key_str(q->writer, name);
		freshet_json_write_raw(q->writer, value.raw);
	}
	freshet_json_scratch_clear(&scratch);
}

void ash_body_raw(struct ash_request *q, freshet_str object)
{
	freshet_json_value value;
	ash_body(q);
	if (q->err == FRESHET_OK)
		ash_request_fail(q, freshet_json_read(object, &value, NULL));
	if (q->err == FRESHET_OK && value.type != FRESHET_JSON_OBJECT)
		ash_request_fail(q, FRESHET_EINVAL);
	if (q->err == FRESHET_OK)
		put_members(q, &value);
}

void ash_put_int(struct ash_request *q, const char *name, int64_t value)
{
	if (put_key(q, name))
		freshet_json_write_int64(q->writer, value);
}

void ash_put_bool(struct ash_request *q, const char *name, bool value)
{
	if (put_key(q, name))
		freshet_json_write_bool(q->writer, value);
}

void ash_put_number(struct ash_request *q, const char *name, freshet_ash_number value)
{
	if (value.given && put_key(q, name))
		freshet_json_write_double(q->writer, value.value);
}

void ash_put_strs(struct ash_request *q, const char *name, const freshet_str *items, size_t count)
{
	if (items == NULL || !put_key(q, name))
		return;
	freshet_json_write_array(q->writer);
	for (size_t i = 0; i < count; i++)
		freshet_json_write_string(q->writer, items[i]);
	freshet_json_write_end(q->writer);
}

void ash_put_pairs(struct ash_request *q, const char *name, const freshet_ash_pair *pairs, size_t count)
{
	if (pairs == NULL || !put_key(q, name))
		return;
	freshet_json_write_object(q->writer);
	for (size_t i = 0; i < count; i++) {
		freshet_json_write_key_str(q->writer, pairs[i].name);
		freshet_json_write_string(q->writer, pairs[i].value);
	}
	freshet_json_write_end(q->writer);
}

void ash_put_base64(struct ash_request *q, const char *name, freshet_str bytes)
{
	if (!put_key(q, name))
		return;
	size_t len = guest_base64_len(bytes.len);
	char *text = bytes.len <= SIZE_MAX / 4 ? freshet_mem_new(len + 1, 1) : NULL;
	if (text == NULL) {
		ash_request_fail(q, FRESHET_ENOMEM);
		return;
	}
	guest_base64(bytes, text);
	freshet_json_write_string(q->writer, (freshet_str){text, len});
	guest_wipe(text, len);
	freshet_mem_free(text);
}

void ash_put_uploads(struct ash_request *q, const char *name, const freshet_ash_upload *files, size_t count)
{
	if (files == NULL || !put_key(q, name))
		return;
	freshet_json_write_array(q->writer);
	for (size_t i = 0; i < count; i++) {
		ash_need(q, files[i].path);
		freshet_json_write_object(q->writer);
		ash_put_str(q, "path", files[i].path);
		ash_put_base64(q, "content", files[i].bytes);
		ash_put_str(q, "mimeType", files[i].mime_type);
		freshet_json_write_end(q->writer);
	}
	freshet_json_write_end(q->writer);
}

freshet_err ash_request_body(struct ash_request *q, freshet_str *body)
{
	*body = (freshet_str){NULL, 0};
	ash_request_fail(q, q->path.err);
	if (q->err == FRESHET_OK && q->writer != NULL) {
		if (!q->finished)
			freshet_json_write_end(q->writer);
		q->finished = true;
		ash_request_fail(q, freshet_json_writer_text(q->writer, body));
	}
	return q->err;
}

void ash_request_clear(struct ash_request *q)
{
	freshet_json_writer_free(q->writer);
	guest_text_clear(&q->path);
	q->writer = NULL;
}
