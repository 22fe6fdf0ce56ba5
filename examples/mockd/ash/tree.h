/*
 * Files of an agent or of a session's workspace, in memory. A session begins with the files of its agent: they are
 * shared until one of them writes.
 */
#ifndef MOCKD_ASH_TREE_H
#define MOCKD_ASH_TREE_H

#include <freshet/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ash_file {
	char *path; /* relative, '/' between its parts */
	char *bytes;
	size_t len;
	uint64_t modified_us; /* wall clock */
};

struct ash_tree {
	uint32_t refs;
	struct ash_file *files; /* by path */
	size_t count, capacity;
};

struct ash_tree *ash_tree_new(void);
struct ash_tree *ash_tree_hold(struct ash_tree *tree);
void ash_tree_drop(struct ash_tree *tree);

/* NULL when there is none. */
const struct ash_file *ash_tree_find(const struct ash_tree *tree, const char *path);
/* Writes a file over the one that is there; a shared tree is replaced by one of the holder's own. */
void ash_tree_write(struct ash_tree **tree, const char *path, freshet_str bytes, uint64_t now_us);
/* False when there is no such file. */
bool ash_tree_remove(struct ash_tree **tree, const char *path);

/* False for paths that are absolute, empty, or go up. */
bool ash_path_is_good(const char *path);

/*
 * Reads a directory of the real file system into the tree, as it is now: regular files up to some size and depth.
 * False when it holds no CLAUDE.md.
 */
bool ash_tree_read(struct ash_tree *tree, const char *directory);

/* Decodes base64 as Node's Buffer does: what is no digit is passed over. The bytes are for the caller to free. */
char *ash_base64_decode(const char *text, size_t len, size_t *out_len);

#endif
