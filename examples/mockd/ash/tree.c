/*
 * Files in memory: an array by path, found by bisection.
 */
#include "mockd/ash/tree.h"

#include "mockd/alloc.h"

#include "base/utf8.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX     8
#define FILE_SIZE_MAX 1048576
#define FILES_MAX     1000

struct ash_tree *ash_tree_new(void)
{
	struct ash_tree *tree = must_zalloc(sizeof *tree);
	tree->refs = 1;
	return tree;
}

struct ash_tree *ash_tree_hold(struct ash_tree *tree)
{
	tree->refs++;
	return tree;
}

void ash_tree_drop(struct ash_tree *tree)
{
	if (tree == NULL || --tree->refs > 0)
		return;
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->files[i].path);
		free(tree->files[i].bytes);
	}
	free(tree->files);
	free(tree);
}

/* Where the path is, or where it would be. */
static size_t place_of(const struct ash_tree *tree, const char *path, bool *found)
{
	size_t from = 0;
	size_t to = tree->count;
	*found = false;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = strcmp(tree->files[middle].path, path);
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

const struct ash_file *ash_tree_find(const struct ash_tree *tree, const char *path)
{
	bool found;
	size_t i = place_of(tree, path, &found);
	return found ? &tree->files[i] : NULL;
}

/* Puts a file at its place, in a tree that is not shared. */
static void put(struct ash_tree *tree, const char *path, freshet_str bytes, uint64_t now_us)
{
	bool found;
	size_t i = place_of(tree, path, &found);
	struct ash_file file = {NULL, must_copy_span(bytes), bytes.len, now_us};
	if (found) {
		file.path = tree->files[i].path;
		free(tree->files[i].bytes);
	} else {
		file.path = must_copy(path);
		tree->files = must_grow(tree->files, &tree->capacity, tree->count + 1, sizeof *tree->files);
		memmove(&tree->files[i + 1], &tree->files[i], (tree->count - i) * sizeof *tree->files);
		tree->count++;
	}
	tree->files[i] = file;
}

/* A tree that only this holder has. */
static struct ash_tree *own(struct ash_tree **tree)
{
	struct ash_tree *shared = *tree;
	if (shared->refs == 1)
		return shared;
	*tree = ash_tree_new();
	for (size_t i = 0; i < shared->count; i++) {
		const struct ash_file *f = &shared->files[i];
		put(*tree, f->path, (freshet_str){f->bytes, f->len}, f->modified_us);
	}
	ash_tree_drop(shared);
	return *tree;
}

void ash_tree_write(struct ash_tree **tree, const char *path, freshet_str bytes, uint64_t now_us)
{
	put(own(tree), path, bytes, now_us);
}

bool ash_tree_remove(struct ash_tree **tree, const char *path)
{
	bool found;
	place_of(*tree, path, &found);
	if (!found)
		return false;
	struct ash_tree *t = own(tree);
	size_t i = place_of(t, path, &found);
	free(t->files[i].path);
	free(t->files[i].bytes);
	t->count--;
	memmove(&t->files[i], &t->files[i + 1], (t->count - i) * sizeof *t->files);
	return true;
}

bool ash_path_is_good(const char *path)
{
	if (path[0] == '/' || path[0] == '\0')
		return false;
	for (const char *part = path; part != NULL; part = strchr(part, '/')) {
		part += *part == '/';
		size_t len = strcspn(part, "/");
		if (len == 2 && memcmp(part, "..", 2) == 0)
			return false;
	}
	return true;
}

static void read_file(struct ash_tree *tree, const char *from, const char *path, const struct stat *st)
{
	FILE *file = fopen(from, "rb");
	if (file == NULL)
		return;
	char *bytes = must_alloc((size_t)st->st_size + 1);
	size_t len = fread(bytes, 1, (size_t)st->st_size, file);
	fclose(file);
	put(tree, path, (freshet_str){bytes, len}, (uint64_t)st->st_mtime * 1000000u);
	free(bytes);
}

static void read_directory(struct ash_tree *tree, const char *directory, const char *path, unsigned depth);

static void read_entry(struct ash_tree *tree, const char *directory, const char *path, const char *name, unsigned depth)
{
	struct buffer from = {.bytes = NULL};
	struct buffer to = {.bytes = NULL};
	struct stat st;
	buffer_format(&from, "%s/%s%c", directory, name, 0);
	buffer_format(&to, "%s%s%s%c", path, *path != '\0' ? "/" : "", name, 0);
	if (lstat(from.bytes, &st) == 0) {
		if (S_ISREG(st.st_mode) && st.st_size <= FILE_SIZE_MAX)
			read_file(tree, from.bytes, to.bytes, &st);
		else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			read_directory(tree, from.bytes, to.bytes, depth + 1);
	}
	buffer_clear(&from);
	buffer_clear(&to);
}

static void read_directory(struct ash_tree *tree, const char *directory, const char *path, unsigned depth)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	while (dir != NULL && tree->count < FILES_MAX && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			utf8_valid((const uint8_t *)entry->d_name, strlen(entry->d_name)))
			read_entry(tree, directory, path, entry->d_name, depth);
	}
	if (dir != NULL)
		closedir(dir);
}

bool ash_tree_read(struct ash_tree *tree, const char *directory)
{
	struct buffer path = {.bytes = NULL};
	struct stat st;
	buffer_format(&path, "%s/CLAUDE.md%c", directory, 0);
	bool good = stat(path.bytes, &st) == 0 && S_ISREG(st.st_mode);
	buffer_clear(&path);
	if (good)
		read_directory(tree, directory, "", 0);
	return good;
}

static int digit_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

char *ash_base64_decode(const char *text, size_t len, size_t *out_len)
{
	char *out = must_alloc(len / 4 * 3 + 4);
	uint32_t bits = 0;
	unsigned count = 0;
	*out_len = 0;
	for (size_t i = 0; i < len && text[i] != '='; i++) {
		int digit = digit_of(text[i]);
		if (digit < 0)
			continue;
		bits = bits << 6 | (uint32_t)digit;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		out[(*out_len)++] = (char)(bits >> count & 0xff);
	}
	return out;
}
