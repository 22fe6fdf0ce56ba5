/*
 * Happy path: a folder is opened, its entries come one by one; files are read whole and put, folders are entered. The
 * order is that of the directory: the server does not mind.
 *
 * What is left out: what the service's own command line leaves out, and everything that is neither a file nor a folder.
 * Links are not followed, so that nothing from outside the folder is sent.
 */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Deeper folders are somebody's mistake. */
#define MAX_DEPTH 64

struct walk {
	struct ash_request *q;
	char path[4096]; /* of the entry, relative to the folder */
	size_t len;
	unsigned depth;
};

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name);
	size_t end_len = strlen(end);
	return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

static bool is_left_out(const char *name)
{
	static const char *const names[] = {".", "..", ".git", "node_modules", "__pycache__", ".cache", ".venv",
		".mypy_cache", ".pytest_cache", ".ruff_cache", ".DS_Store"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return ends_with(name, ".env");
}

/* All of a file. The caller frees it; NULL and the error of the request on failure. */
static char *read_file(struct ash_request *q, int fd, size_t size)
{
	size_t len = 0;
	ssize_t got = 1;
	char *bytes = freshet_mem_new(size + 1, 1);
	if (bytes == NULL)
		ash_request_fail(q, FRESHET_ENOMEM);
	while (bytes != NULL && got > 0 && len < size) {
		got = read(fd, bytes + len, size - len);
		len += got > 0 ? (size_t)got : 0;
		if (got < 0 && errno == EINTR)
			got = 1;
	}
	if (bytes == NULL || (got >= 0 && len == size))
		return bytes;
	/* Unreadable, or shorter than it was a moment ago. */
	if (got == 0)
		errno = EIO;
	ash_request_fail(q, FRESHET_ESYSTEM);
	freshet_mem_free(bytes);
	return NULL;
}

static void put_file(struct walk *w, int fd, size_t size)
{
	struct ash_request *q = w->q;
	if (q->max_body != 0 && size > q->max_body) {
		ash_request_fail(q, FRESHET_EJSON_SIZE);
		return;
	}
	char *bytes = read_file(q, fd, size);
	if (bytes == NULL)
		return;
	freshet_json_write_object(q->writer);
	ash_put_str(q, "path", (freshet_str){w->path, w->len});
	ash_put_base64(q, "content", (freshet_str){bytes, size});
	freshet_json_write_end(q->writer);
	guest_wipe(bytes, size);
	freshet_mem_free(bytes);
	freshet_str text;
	/* The text is not finished: only a limit or the lack of memory is an error here. */
	freshet_err err = freshet_json_writer_text(q->writer, &text);
	if (err != FRESHET_ESTATE)
		ash_request_fail(q, err);
}

static void put_entries(struct walk *w, int fd);

/* Puts `name` behind the path; false when it is too long. */
static bool enter(struct walk *w, const char *name)
{
	int len = snprintf(w->path + w->len, sizeof w->path - w->len, "%s%s", w->len > 0 ? "/" : "", name);
	if (len < 0 || (size_t)len >= sizeof w->path - w->len) {
		ash_request_fail(w->q, FRESHET_EINVAL);
		return false;
	}
	w->len += (size_t)len;
	return true;
}

static void put_entry(struct walk *w, int folder, const char *name)
{
	struct stat info;
	if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
		ash_request_fail(w->q, FRESHET_ESYSTEM);
		return;
	}
	if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
		return;
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		ash_request_fail(w->q, FRESHET_ESYSTEM);
		return;
	}
	if (S_ISDIR(info.st_mode)) {
		put_entries(w, fd); /* which closes it */
		return;
	}
	put_file(w, fd, (size_t)info.st_size);
	close(fd);
}

static void put_entries(struct walk *w, int fd)
{
	size_t len = w->len;
	DIR *entries = w->depth < MAX_DEPTH ? fdopendir(fd) : NULL;
	if (entries == NULL) {
		ash_request_fail(w->q, w->depth < MAX_DEPTH ? FRESHET_ESYSTEM : FRESHET_EINVAL);
		close(fd);
		return;
	}
	w->depth++;
	for (struct dirent *entry; w->q->err == FRESHET_OK && (entry = readdir(entries)) != NULL;) {
		if (!is_left_out(entry->d_name) && enter(w, entry->d_name))
			put_entry(w, dirfd(entries), entry->d_name);
		w->len = len;
	}
	w->depth--;
	closedir(entries);
}

void ash_put_folder(struct ash_request *q, const char *name, const char *folder)
{
	struct walk walk = {.q = q};
	if (q->err != FRESHET_OK)
		return;
	int fd = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	if (fd < 0) {
		ash_request_fail(q, FRESHET_ESYSTEM);
		return;
	}
	freshet_json_write_key(q->writer, name);
	freshet_json_write_array(q->writer);
	put_entries(&walk, fd);
	freshet_json_write_end(q->writer);
}
