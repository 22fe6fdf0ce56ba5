/*
 * gzip: one feed must give the same text and the same answer as many feeds, and never more than the bound.
 *
 * The first two bytes choose: the bound, and the cuts. The rest is the data.
 */
#include "coding/gzip.h"

#include <stdlib.h>
#include <string.h>

#define CHOICES 2

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* The whole in pieces of `step` bytes and more, as the data themselves say; 0: in one. */
static freshet_err decode(const uint8_t *data, size_t len, size_t step, size_t most, struct bytes *out, bool *complete)
{
	struct gunzip *g;
	freshet_err err = FRESHET_OK;
	must(gunzip_new(&g) == FRESHET_OK);
	for (size_t at = 0; at < len && err == FRESHET_OK;) {
		size_t part = step == 0 ? len : step + (data[at] & 7);
		part = part < len - at ? part : len - at;
		err = gunzip_feed(g, data + at, part, out, most);
		must(out->len <= most);
		at += part;
	}
	*complete = gunzip_complete(g);
	gunzip_free(g);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < CHOICES)
		return 0;
	size_t most = (size_t)data[0] * data[0] * 4;
	struct bytes whole = {0}, cut = {0};
	bool whole_complete, cut_complete;
	freshet_err err = decode(data + CHOICES, size - CHOICES, 0, most, &whole, &whole_complete);
	freshet_err cut_err = decode(data + CHOICES, size - CHOICES, 1u + data[1], most, &cut, &cut_complete);
	/* What is both damaged and too large fails for the one or the other. */
	must((cut_err == FRESHET_OK) == (err == FRESHET_OK));
	if (err == FRESHET_OK) {
		must(whole.len == cut.len && whole_complete == cut_complete);
		must(whole.len == 0 || memcmp(whole.data, cut.data, whole.len) == 0);
	}
	bytes_clear(&whole);
	bytes_clear(&cut);
	return 0;
}
