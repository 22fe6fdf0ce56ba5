/*
 * Runs a fuzz target over files, with any compiler: each argument is a file or a folder of files.
 * A file that makes the target abort ends the program as it would end the fuzzer; an unreadable or missing argument,
 * and a run that saw no file at all, are failures, so that a replay which tests nothing cannot pass.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t replayed;

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		perror(path);
		return -1;
	}
	struct stat st;
	if (fstat(fileno(f), &st) != 0) {
		perror(path);
		fclose(f);
		return -1;
	}
	size_t size = (size_t)st.st_size;
	/* An exact allocation, so that a sanitizer sees the first byte read past the end. */
	uint8_t *data = malloc(size > 0 ? size : 1);
	size_t got = data != NULL ? fread(data, 1, size, f) : 0;
	fclose(f);
	if (data == NULL || got != size) {
		fprintf(stderr, "%s: cannot read\n", path);
		free(data);
		return -1;
	}
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	replayed++;
	return 0;
}

static int replay_folder(const char *path)
{
	DIR *dir = opendir(path);
	if (dir == NULL) {
		perror(path);
		return -1;
	}
	int result = 0;
	for (struct dirent *entry = readdir(dir); entry != NULL && result == 0; entry = readdir(dir)) {
		if (entry->d_name[0] == '.')
			continue;
		char name[4096];
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		result = replay_file(name);
	}
	closedir(dir);
	return result;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat st;
		if (stat(argv[i], &st) != 0) {
			perror(argv[i]);
			return 1;
		}
		int result = S_ISDIR(st.st_mode) ? replay_folder(argv[i]) : replay_file(argv[i]);
		if (result != 0)
			return 1;
	}
	printf("%zu inputs replayed\n", replayed);
	return replayed > 0 ? 0 : 1;
}
