/*
 * HMAC-SHA256 (RFC 2104), SHA-256 and the comparison that takes the same time whatever it finds: all that this folder
 * asks of OpenSSL.
 */
#ifndef WEBHOOK_MAC_H
#define WEBHOOK_MAC_H

#include <freshet/error.h>
#include <freshet/types.h>

#define MAC_SIZE 32

/* One key, ready to sign with. */
struct mac;

/* FRESHET_ENOMEM; on failure *out is NULL. The key is copied; OpenSSL overwrites its copy when it goes. */
freshet_err mac_new(freshet_str key, struct mac **out);

/* NULL is fine. */
void mac_free(struct mac *mac);

/* Signs the parts as one text. FRESHET_ENOMEM. */
freshet_err mac_sign(const struct mac *mac, const freshet_str *parts, size_t count, uint8_t out[MAC_SIZE]);

/* The SHA-256 of the parts, each behind its length (64 bits, big-endian), so that no two lists of parts are one text. FRESHET_ENOMEM. */
freshet_err mac_digest(const freshet_str *parts, size_t count, uint8_t out[MAC_SIZE]);

/* True when both hold the same bytes; where they differ does not show in the time that it takes. */
bool mac_equal(const void *a, const void *b, size_t len);

#endif
