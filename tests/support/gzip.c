#include "support/gzip.h"

#include "support/test.h"

struct gzip_packed gzip_pack(const void *bytes, size_t len, gz_header *head)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)len};
	size_t size = len + len / 1000 + 1000;
	struct gzip_packed p = {malloc(size), 0};
	assert_non_null(p.bytes);
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	if (head != NULL)
		assert_int_equal(deflateSetHeader(&z, head), Z_OK);
	z.next_out = p.bytes;
	z.avail_out = (uInt)size;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	p.len = z.total_out;
	deflateEnd(&z);
	return p;
}
