/*
 * Happy path: bytes are fed as they come, and what zlib makes of them is appended in steps, so that a small piece which
 * stands for a great many bytes never makes more of them than are allowed. Several members one after another are one
 * text (RFC 1952, section 2.2).
 *
 * Failures: bytes that are no gzip, that do not match their check sum, or that stand behind the last member.
 */
#define ZLIB_CONST
#include "coding/gzip.h"

#include "base/mem.h"

#include <zlib.h>

/* Bytes that are decoded at once. */
#define STEP ((size_t)16 * 1024)

/* For inflateInit2: the largest window, and gzip's frame is expected. */
#define WINDOW_BITS_GZIP (15 + 16)

struct gunzip {
	z_stream z;
	bool complete; /* a member has ended, and no other has begun */
};

static void *zlib_allocate(void *user, unsigned count, unsigned size)
{
	(void)user;
	return mem_array(count, size);
}

static void zlib_release(void *user, void *memory)
{
	(void)user;
	mem_free(memory);
}

freshet_err gunzip_new(struct gunzip **out)
{
	*out = NULL;
	struct gunzip *g = mem_zalloc(sizeof *g);
	if (g == NULL)
		return FRESHET_ENOMEM;
	g->z.zalloc = zlib_allocate;
	g->z.zfree = zlib_release;
	if (inflateInit2(&g->z, WINDOW_BITS_GZIP) != Z_OK) {
		mem_free(g);
		return FRESHET_ENOMEM;
	}
	*out = g;
	return FRESHET_OK;
}

void gunzip_free(struct gunzip *g)
{
	if (g == NULL)
		return;
	inflateEnd(&g->z);
	mem_free(g);
}

/* One step; *more tells that there may be another one to do. */
static freshet_err decode_step(struct gunzip *g, struct bytes *out, size_t most, bool *more)
{
	uint8_t beyond;
	size_t room = most - out->len < STEP ? most - out->len : STEP;
	if (room > 0 && !bytes_reserve(out, room))
		return FRESHET_ENOMEM;
	/* With no room left a single byte shows whether there is anything more. */
	g->z.next_out = room > 0 ? out->data + out->len : &beyond;
	g->z.avail_out = room > 0 ? (unsigned)room : 1;
	unsigned before = g->z.avail_out;
	int result = inflate(&g->z, Z_NO_FLUSH);
	size_t made = before - g->z.avail_out;
	if (result == Z_MEM_ERROR)
		return FRESHET_ENOMEM;
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return FRESHET_EHTTP_CODING;
	if (room == 0 && made > 0)
		return FRESHET_EHTTP_BODY;
	out->len += made;
	g->complete = result == Z_STREAM_END;
	*more = !g->complete && g->z.avail_out == 0;
	return FRESHET_OK;
}

/* Decodes until all that was fed is used up, or a member has ended. */
static freshet_err decode_member(struct gunzip *g, struct bytes *out, size_t most)
{
	bool more = true;
	freshet_err err = FRESHET_OK;
	while (more && err == FRESHET_OK)
		err = decode_step(g, out, most, &more);
	return err;
}

/* zlib counts bytes in an unsigned. */
static freshet_err feed_part(struct gunzip *g, const uint8_t *bytes, unsigned len, struct bytes *out, size_t most)
{
	freshet_err err = FRESHET_OK;
	g->z.next_in = bytes;
	g->z.avail_in = len;
	while (g->z.avail_in > 0 && err == FRESHET_OK) {
		if (g->complete && inflateReset(&g->z) != Z_OK)
			return FRESHET_EHTTP_CODING;
		err = decode_member(g, out, most);
	}
	return err;
}

freshet_err gunzip_feed(struct gunzip *g, const uint8_t *bytes, size_t len, struct bytes *out, size_t most)
{
	freshet_err err = FRESHET_OK;
	while (len > 0 && err == FRESHET_OK) {
		unsigned part = len < UINT32_MAX ? (unsigned)len : UINT32_MAX;
		err = feed_part(g, bytes, part, out, most);
		bytes += part;
		len -= part;
	}
	return err;
}

bool gunzip_complete(const struct gunzip *g)
{
	return g->complete;
}
