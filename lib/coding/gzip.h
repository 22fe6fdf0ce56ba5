/*
 * The content coding gzip (RFC 9110, section 8.4.1.3; RFC 1952) on zlib, decoded as it comes.
 */
#ifndef CODING_GZIP_H
#define CODING_GZIP_H

#include "base/bytes.h"

#include <freshet/error.h>

struct gunzip;

/* FRESHET_ENOMEM. */
freshet_err gunzip_new(struct gunzip **out);

/* NULL is fine. */
void gunzip_free(struct gunzip *g);

/*
 * Appends to `out` what the bytes decode to, until that is `most` bytes long: FRESHET_EHTTP_BODY where there would be
 * more of it, however much more. FRESHET_EHTTP_CODING (not gzip, or damaged), FRESHET_ENOMEM. After an error it is to be
 * freed.
 */
freshet_err gunzip_feed(struct gunzip *g, const uint8_t *bytes, size_t len, struct bytes *out, size_t most);

/* True when what was fed is complete, its check sums included. */
bool gunzip_complete(const struct gunzip *g);

#endif
