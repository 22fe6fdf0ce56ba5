/*
 * Bundles: POSIX tar (ustar), zlib's gzip around it. Names longer than the header has room for are left out of what is
 * written; of what is read only regular files are taken.
 */
#include "mockd/ash/bundle.h"

#include <string.h>
#include <zlib.h>

#define BLOCK      512u
#define NAME_SIZE  100u
#define BUNDLE_MAX 104857600u
#define GZIP       16 /* zlib's flag for its wrapper */

/* The header's fields that matter here: where they are and how long. */
enum { AT_MODE = 100, AT_SIZE = 124, AT_TIME = 136, AT_SUM = 148, AT_TYPE = 156, AT_MAGIC = 257, AT_PREFIX = 345 };

static unsigned sum_of(const unsigned char header[BLOCK])
{
	unsigned sum = 0;
	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= AT_SUM && i < AT_SUM + 8 ? ' ' : header[i];
	return sum;
}

/* That many octal digits, the first one where the number begins. */
static void put_octal(char *to, size_t digits, uint64_t number)
{
	while (digits > 0) {
		to[--digits] = (char)('0' + number % 8);
		number /= 8;
	}
}

static void put_file(struct buffer *tar, const struct ash_file *f)
{
	char header[BLOCK] = "";
	if (strlen(f->path) >= NAME_SIZE)
		return;
	memcpy(header, f->path, strlen(f->path));
	memcpy(header + AT_MODE, "0000644", 7);
	put_octal(header + AT_SIZE, 11, f->len);
	put_octal(header + AT_TIME, 11, f->modified_us / 1000000u);
	header[AT_TYPE] = '0';
	memcpy(header + AT_MAGIC, "ustar\00000", 8);
	put_octal(header + AT_SUM, 6, sum_of((const unsigned char *)header));
	header[AT_SUM + 7] = ' ';
	buffer_append(tar, header, BLOCK);
	buffer_append(tar, f->bytes, f->len);
	size_t over = f->len % BLOCK;
	if (over > 0)
		memset(buffer_extend(tar, BLOCK - over), 0, BLOCK - over);
}

static void compress_gzip(freshet_str in, struct buffer *out)
{
	z_stream z = {.next_in = Z_NULL};
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	size_t room = deflateBound(&z, in.len);
	char *to = buffer_extend(out, room);
	union {
		const char *constant;
		Bytef *bytes;
	} from = {in.ptr};
	z.next_in = from.bytes;
	z.avail_in = (uInt)in.len;
	z.next_out = (Bytef *)to;
	z.avail_out = (uInt)room;
	deflate(&z, Z_FINISH);
	out->len -= z.avail_out;
	deflateEnd(&z);
}

void ash_bundle_write(const struct ash_tree *tree, struct buffer *out)
{
	struct buffer tar = {.bytes = NULL};
	for (size_t i = 0; i < tree->count; i++)
		put_file(&tar, &tree->files[i]);
	memset(buffer_extend(&tar, 2 * BLOCK), 0, 2 * BLOCK);
	compress_gzip(buffer_span(&tar), out);
	buffer_clear(&tar);
}

/* False when it is no gzip, is broken, or becomes too large. */
static bool uncompress_gzip(freshet_str in, struct buffer *out)
{
	z_stream z = {.next_in = Z_NULL};
	if (inflateInit2(&z, MAX_WBITS + GZIP) != Z_OK)
		return false;
	union {
		const char *constant;
		Bytef *bytes;
	} from = {in.ptr};
	z.next_in = from.bytes;
	z.avail_in = (uInt)in.len;
	int result = Z_OK;
	while (result == Z_OK && out->len < BUNDLE_MAX) {
		size_t room = 65536;
		z.next_out = (Bytef *)buffer_extend(out, room);
		z.avail_out = (uInt)room;
		result = inflate(&z, Z_NO_FLUSH);
		out->len -= z.avail_out;
	}
	inflateEnd(&z);
	return result == Z_STREAM_END;
}

/* The path of a header; "./" at its beginning is left out. */
static char *path_of(const char *header)
{
	struct buffer b = {.bytes = NULL};
	if (memcmp(header + AT_MAGIC, "ustar", 5) == 0 && header[AT_PREFIX] != '\0')
		buffer_format(&b, "%.155s/", header + AT_PREFIX);
	buffer_format(&b, "%.100s", header);
	freshet_str path = buffer_span(&b);
	if (path.len >= 2 && memcmp(path.ptr, "./", 2) == 0)
		path = (freshet_str){path.ptr + 2, path.len - 2};
	char *copy = must_copy_span(path);
	buffer_clear(&b);
	return copy;
}

static void read_entry(struct ash_tree **tree, const char *header, freshet_str bytes, uint64_t now_us)
{
	char *path = path_of(header);
	bool regular = header[AT_TYPE] == '0' || header[AT_TYPE] == '\0';
	if (regular && ash_path_is_good(path))
		ash_tree_write(tree, path, bytes, now_us);
	free(path);
}

/* False when a header is none. */
static bool read_tar(freshet_str tar, struct ash_tree **tree, uint64_t now_us)
{
	size_t at = 0;
	while (at + BLOCK <= tar.len && tar.ptr[at] != '\0') {
		const char *header = tar.ptr + at;
		char digits[13] = "";
		memcpy(digits, header + AT_SIZE, 12);
		unsigned long long size = strtoull(digits, NULL, 8);
		if (strtoul(header + AT_SUM, NULL, 8) != sum_of((const unsigned char *)header) ||
			size > tar.len - at - BLOCK)
			return false;
		read_entry(tree, header, (freshet_str){header + BLOCK, (size_t)size}, now_us);
		at += BLOCK + ((size_t)size + BLOCK - 1) / BLOCK * BLOCK;
	}
	return true;
}

bool ash_bundle_read(freshet_str bundle, struct ash_tree **tree, uint64_t now_us)
{
	struct buffer tar = {.bytes = NULL};
	struct ash_tree *read = ash_tree_new();
	bool good = uncompress_gzip(bundle, &tar) && read_tar(buffer_span(&tar), &read, now_us);
	buffer_clear(&tar);
	if (good) {
		struct ash_tree *old = *tree;
		*tree = read;
		read = old;
	}
	ash_tree_drop(read);
	return good;
}
