/*
 * A folder of a test's own for files that it makes, gone with everything in it when the test is over.
 */
#ifndef SUPPORT_FILES_H
#define SUPPORT_FILES_H

#include <stddef.h>

struct test_folder {
	char path[96];
};

void test_folder_make(struct test_folder *folder);
void test_folder_remove(struct test_folder *folder);

/* "<folder>/<name>" in one of a few static buffers: good until a few later calls. */
const char *test_folder_file(const struct test_folder *folder, const char *name);

/* Writes a whole file; ends the program when that fails. */
void test_file_write(const char *path, const void *bytes, size_t len);

#endif
