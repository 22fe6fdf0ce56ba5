/*
 * Certificates for tests, made when they are needed and never kept: an authority, and leaves that it signs.
 */
#ifndef SUPPORT_CERTS_H
#define SUPPORT_CERTS_H

#include <openssl/ssl.h>
#include <stdbool.h>

struct cert {
	X509 *x509;
	EVP_PKEY *key;
};

/* NULL and 0 take the default: a certificate for servers, for "localhost", valid now. */
struct cert_wish {
	const char *alt_names; /* as OpenSSL writes them: "DNS:a.example,IP:127.0.0.1"; default "DNS:localhost" */
	const char *purpose;   /* extendedKeyUsage; default "serverAuth" */
	long begins_s;         /* from now; default -3600 */
	long ends_s;           /* from now; default 3600 */
	bool authority;
	bool forged; /* says that the issuer signed it, but the issuer did not */
};

/* Signed by `issuer`; NULL: by itself. */
void cert_make(struct cert *out, const struct cert *issuer, const struct cert_wish *wish);
void cert_clear(struct cert *c);

/* PEM files. */
void cert_write(const struct cert *c, const char *path);
void cert_write_key(const struct cert *c, const char *path);

#endif
