/*
 * Files as JSON and as bytes.
 */
#include "mockd/ash/files.h"

#include "mockd/alloc.h"

#include "base/utf8.h"

#include <ctype.h>
#include <stdio.h>

#define JSON_READ_MAX 1048576u

static bool is_hidden(const char *path)
{
	return path[0] == '.' || strstr(path, "/.") != NULL;
}

json_t *ash_files_json(const struct ash_tree *tree, bool hidden)
{
	json_t *files = json_array();
	for (size_t i = 0; i < tree->count; i++) {
		const struct ash_file *f = &tree->files[i];
		if (hidden || !is_hidden(f->path))
			json_array_append_new(
				files, json_pack("{s:s, s:I, s:o}", "path", f->path, "size", (json_int_t)f->len,
					       "modifiedAt", ash_time(f->modified_us)));
	}
	return files;
}

static const char *type_of(const char *path)
{
	static const char *const types[][2] = {{".md", "text/markdown"}, {".txt", "text/plain"},
		{".json", "application/json"}, {".html", "text/html"}, {".js", "text/javascript"},
		{".png", "image/png"}, {".pdf", "application/pdf"}, {".csv", "text/csv"}};
	const char *ending = strrchr(path, '.');
	for (size_t i = 0; ending != NULL && i < sizeof types / sizeof types[0]; i++) {
		if (strcmp(ending, types[i][0]) == 0)
			return types[i][1];
	}
	return "application/octet-stream";
}

/* As JavaScript's encodeURIComponent. */
static void put_encoded(struct buffer *to, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (isalnum(c) || strchr("-_.!~*'()", c) != NULL)
			buffer_append(to, text, 1);
		else
			buffer_format(to, "%%%02X", c);
	}
}

static char *disposition_of(const char *path)
{
	struct buffer b = {.bytes = NULL};
	const char *slash = strrchr(path, '/');
	buffer_text(&b, "attachment; filename*=UTF-8''");
	put_encoded(&b, slash != NULL ? slash + 1 : path);
	char *text = must_copy_span(buffer_span(&b));
	buffer_clear(&b);
	return text;
}

void ash_file_answer(struct ash_call *call, const struct ash_file *file, const char *source)
{
	char *disposition = disposition_of(file->path);
	struct answer head = {.status = 200, .content_type = type_of(file->path)};
	head.fields[0] = (struct header){"content-disposition", disposition};
	if (source != NULL)
		head.fields[1] = (struct header){"x-ash-source", source};
	ash_answer_bytes(call, head, (freshet_str){file->bytes, file->len});
	free(disposition);
}

void ash_file_answer_json(struct ash_call *call, const struct ash_file *file, const char *source)
{
	if (file->len > JSON_READ_MAX) {
		ash_fail(call, 400, "File too large (%zu bytes)", file->len);
		return;
	}
	if (!utf8_valid((const uint8_t *)file->bytes, file->len)) {
		ash_fail(call, 400, "File is not valid UTF-8 text");
		return;
	}
	json_t *json = json_pack("{s:s, s:s%, s:I}", "path", file->path, "content", file->bytes, file->len, "size",
		(json_int_t)file->len);
	if (source != NULL)
		json_object_set_new(json, "source", json_string(source));
	ash_answer(call, 200, json);
}

bool ash_files_check(struct ajv *c, json_t *files)
{
	static const char *const needed[] = {"path", "content", NULL};
	for (size_t i = 0; i < json_array_size(files) && !c->failed; i++) {
		struct ajv item = ajv_item(c, "files", i, json_array_get(files, i));
		ajv_required(&item, needed);
		ajv_string(&item, "path", 0, SIZE_MAX);
		ajv_string(&item, "content", 0, SIZE_MAX);
		c->failed = item.failed;
	}
	return !c->failed;
}

size_t ash_files_write(struct ash_call *call, struct ash_tree **tree, json_t *files)
{
	size_t written = 0;
	size_t i;
	json_t *file;
	json_array_foreach(files, i, file)
	{
		const char *path = json_string_value(json_object_get(file, "path"));
		json_t *content = json_object_get(file, "content");
		if (!ash_path_is_good(path))
			continue;
		size_t len;
		char *bytes = ash_base64_decode(json_string_value(content), json_string_length(content), &len);
		ash_tree_write(tree, path, (freshet_str){bytes, len}, ash_wall_us(call->ash));
		free(bytes);
		written++;
	}
	return written;
}
