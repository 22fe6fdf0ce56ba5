/*
 * gzip for tests, made by zlib's other half.
 */
#ifndef SUPPORT_GZIP_H
#define SUPPORT_GZIP_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

/* The caller frees `bytes`. */
struct gzip_packed {
	uint8_t *bytes;
	size_t len;
};

/* One member; `head` may add fields to its header, or is NULL. */
struct gzip_packed gzip_pack(const void *bytes, size_t len, gz_header *head);

#endif
