/*
 * The files of a session's workspace (contract 6.7), and the workspace as a whole (6.9).
 */
#include "mockd/ash/ajv.h"
#include "mockd/ash/ash.h"
#include "mockd/ash/files.h"

#include "mockd/alloc.h"
#include "mockd/ash/bundle.h"
#include "mockd/server.h"

#define FILES_MAX      500
#define FILE_BYTES_MAX 52428800u
#define RAW_READ_MAX   104857600u

/* Where the files are; NULL: nowhere. */
static const char *source_of(const struct ash_session *s)
{
	return s->alive ? "sandbox" : s->saved ? "snapshot" : NULL;
}

/* The session of the path, when it has files; NULL when it was answered. */
static struct ash_session *session_with_files(struct ash_call *call)
{
	struct ash_session *s = ash_session_of(call);
	if (s == NULL || source_of(s) != NULL)
		return s;
	ash_fail(call, 404, "No workspace available for this session");
	return NULL;
}

void ash_session_files_list(struct ash_call *call)
{
	static const char *const truths[] = {"true", "false", NULL};
	struct ajv c;
	ajv_query(&c, call);
	const char *word = ajv_word(&c, "includeHidden", truths);
	bool hidden = word == NULL || strcmp(word, "true") == 0;
	struct ash_session *s = ajv_end(&c) ? session_with_files(call) : NULL;
	if (s != NULL)
		ash_answer(call, 200,
			json_pack("{s:o, s:s}", "files", ash_files_json(s->tree, hidden), "source", source_of(s)));
}

/* True when files lie below the path. */
static bool is_directory(const struct ash_tree *tree, const char *path)
{
	size_t len = strlen(path);
	for (size_t i = 0; i < tree->count; i++) {
		const char *file = tree->files[i].path;
		if (strncmp(file, path, len) == 0 && file[len] == '/')
			return true;
	}
	return false;
}

/* The file of the path; NULL when it was answered. */
static const struct ash_file *file_of(struct ash_call *call, const struct ash_session *s)
{
	const char *path = call->params[1];
	if (!ash_path_is_good(path)) {
		ash_fail(call, 400, "Invalid file path");
		return NULL;
	}
	const struct ash_file *file = ash_tree_find(s->tree, path);
	if (file != NULL)
		return file;
	if (is_directory(s->tree, path))
		ash_fail(call, 400, "Path is not a file");
	else
		ash_fail(call, 404, "File not found");
	return NULL;
}

void ash_session_files_get(struct ash_call *call)
{
	static const char *const formats[] = {"json", "raw", NULL};
	struct ajv c;
	ajv_query(&c, call);
	const char *word = ajv_word(&c, "format", formats);
	bool json = word != NULL && strcmp(word, "json") == 0;
	struct ash_session *s = ajv_end(&c) ? session_with_files(call) : NULL;
	const struct ash_file *file = s != NULL ? file_of(call, s) : NULL;
	if (file == NULL)
		return;
	if (json)
		ash_file_answer_json(call, file, source_of(s));
	else if (file->len > RAW_READ_MAX)
		ash_fail(call, 400, "File too large (%zu bytes)", file->len);
	else
		ash_file_answer(call, file, source_of(s));
}

static char *join(const char *directory, const char *path)
{
	struct buffer b = {.bytes = NULL};
	if (strcmp(directory, ".") != 0 && *directory != '\0')
		buffer_format(&b, "%s/", directory);
	buffer_text(&b, path);
	char *joined = must_copy_span(buffer_span(&b));
	buffer_clear(&b);
	return joined;
}

/* Writes one file; what became of it. */
static json_t *write_file(struct ash_session *s, const char *directory, const json_t *item)
{
	char *path = join(directory, json_string_value(json_object_get(item, "path")));
	const json_t *content = json_object_get(item, "content");
	size_t len;
	char *bytes = ash_base64_decode(json_string_value(content), json_string_length(content), &len);
	json_t *result;
	if (!ash_path_is_good(path)) {
		result = json_pack("{s:s, s:b, s:s}", "path", path, "written", 0, "error", "Invalid file path");
	} else if (len > FILE_BYTES_MAX) {
		result = json_pack("{s:s, s:b, s:s}", "path", path, "written", 0, "error", "File too large");
	} else {
		ash_tree_write(&s->tree, path, (freshet_str){bytes, len}, ash_wall_us(s->ash));
		result = json_pack("{s:s, s:b, s:I}", "path", path, "written", 1, "size", (json_int_t)len);
	}
	free(bytes);
	free(path);
	return result;
}

void ash_session_files_write(struct ash_call *call)
{
	static const char *const needed[] = {"files", NULL};
	struct ajv c;
	ajv_body(&c, call);
	ajv_required(&c, needed);
	json_t *files = ajv_array(&c, "files", 1, FILES_MAX);
	ash_files_check(&c, files);
	const char *directory = ajv_string(&c, "targetPath", 0, SIZE_MAX);
	struct ash_session *s = ajv_end(&c) ? session_with_files(call) : NULL;
	if (s == NULL)
		return;
	json_t *results = json_array();
	size_t i;
	json_t *item;
	json_array_foreach(files, i, item)
		json_array_append_new(results, write_file(s, directory != NULL ? directory : ".", item));
	ash_answer_member(call, 200, "files", results);
}

void ash_session_files_delete(struct ash_call *call)
{
	struct ash_session *s = session_with_files(call);
	if (s == NULL || file_of(call, s) == NULL)
		return;
	ash_tree_remove(&s->tree, call->params[1]);
	ash_answer(call, 200, json_pack("{s:s, s:b}", "path", call->params[1], "deleted", 1));
}

void ash_workspace_get(struct ash_call *call)
{
	struct ash_session *s = ash_session_of(call);
	if (s == NULL)
		return;
	struct buffer bundle = {.bytes = NULL};
	if (source_of(s) == NULL) {
		ash_fail(call, 404, "No workspace available for this session");
		return;
	}
	ash_bundle_write(s->tree, &bundle);
	const struct answer head = {.status = 200, .content_type = "application/gzip"};
	ash_answer_bytes(call, head, buffer_span(&bundle));
	buffer_clear(&bundle);
}

void ash_workspace_put(struct ash_call *call)
{
	static const char *const needed[] = {"bundle", NULL};
	struct ajv c;
	ajv_body(&c, call);
	ajv_required(&c, needed);
	const char *text = ajv_string(&c, "bundle", 0, SIZE_MAX);
	struct ash_session *s = ajv_end(&c) ? ash_session_of(call) : NULL;
	if (s == NULL)
		return;
	size_t len;
	char *bytes = ash_base64_decode(text, strlen(text), &len);
	if (len == 0) {
		ash_fail(call, 400, "Empty bundle");
	} else if (!ash_bundle_read((freshet_str){bytes, len}, &s->tree, ash_wall_us(call->ash))) {
		ash_refuse(call, 500, NULL, "tar exited with code 2: gzip: stdin: not in gzip format");
	} else {
		s->saved = true;
		ash_answer(call, 200,
			json_pack("{s:s}", "message",
				s->alive ? "Workspace restored to live sandbox" : "Workspace saved as snapshot"));
	}
	free(bytes);
}
