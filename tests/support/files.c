#include "support/files.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void must(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

void test_folder_make(struct test_folder *folder)
{
	const char *parent = getenv("TMPDIR");
	snprintf(folder->path, sizeof folder->path, "%s/freshet-test-XXXXXX", parent != NULL ? parent : "/tmp");
	must(mkdtemp(folder->path) != NULL, folder->path);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

void test_folder_remove(struct test_folder *folder)
{
	if (folder->path[0] != '\0')
		nftw(folder->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	folder->path[0] = '\0';
}

const char *test_folder_file(const struct test_folder *folder, const char *name)
{
	static char paths[8][192];
	static size_t next;
	char *path = paths[next++ % 8];
	snprintf(path, sizeof paths[0], "%s/%s", folder->path, name);
	return path;
}

void test_file_write(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "wb");
	must(file != NULL, path);
	must(fwrite(bytes, 1, len, file) == len, path);
	must(fclose(file) == 0, path);
}
