/*
 * What the endpoints of agents' files and of sessions' files share.
 */
#ifndef MOCKD_ASH_FILES_H
#define MOCKD_ASH_FILES_H

#include "mockd/ash/ajv.h"
#include "mockd/ash/ash.h"

/* FileEntry objects; without those whose path has a part that begins with a dot unless `hidden`. */
json_t *ash_files_json(const struct ash_tree *tree, bool hidden);

/* Answers with the bytes of the file. `source` NULL: the answer names none. */
void ash_file_answer(struct ash_call *call, const struct ash_file *file, const char *source);
/* Answers with {path, content, size, source?}, or with 400 when it is too large or no text. */
void ash_file_answer_json(struct ash_call *call, const struct ash_file *file, const char *source);

/* Each element must have `path` and `content`. False when something was wrong. */
bool ash_files_check(struct ajv *c, json_t *files);
/* Writes them; entries with a bad path are passed over. How many were written. */
size_t ash_files_write(struct ash_call *call, struct ash_tree **tree, json_t *files);

#endif
