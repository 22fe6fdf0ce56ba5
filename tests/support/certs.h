/*
 * Certificates for tests, made when they are needed and never kept: an authority, and leaves that it signs.
 */
#ifndef SUPPORT_CERTS_H
#define SUPPORT_CERTS_H

#include "support/files.h"

#include <openssl/ssl.h>
#include <stdbool.h>

struct cert {
	X509 *x509;
	EVP_PKEY *key;
};

/* NULL and 0 take the default: a certificate for servers, for "localhost", valid now, with a key on the curve P-256. */
struct cert_wish {
	const char *name; /* the subject's common name; default "freshet test server" or "... authority" */
	const char *
		alt_names; /* as OpenSSL writes them: "DNS:a.example,IP:127.0.0.1"; default "DNS:localhost"; "": none */
	const char *raw_name;    /* instead of alt_names: one DNS name of any bytes */
	size_t raw_name_len;     /* how many */
	const char *purpose;     /* extendedKeyUsage; default "serverAuth"; "": none */
	const char *usage;       /* keyUsage; default: none, of authorities "critical,keyCertSign,cRLSign" */
	const char *constraints; /* of an authority: basicConstraints; default "CA:TRUE" */
	const char
		*permitted; /* of an authority: nameConstraints, such as "permitted;DNS:example.test"; default: none */
	const char *digest; /* of the signature; default "SHA256" */
	int rsa_bits;       /* a key of RSA instead */
	long begins_s;      /* from now; default -3600 */
	long ends_s;        /* from now; default 3600 */
	bool authority;
	bool forged;  /* says that the issuer signed it, but the issuer did not */
	bool unknown; /* carries a critical extension that nobody knows */
};

/* Signed by `issuer`; NULL: by itself. */
void cert_make(struct cert *out, const struct cert *issuer, const struct cert_wish *wish);
void cert_clear(struct cert *c);

/* PEM files. */
void cert_write(const struct cert *c, const char *path);
void cert_write_key(const struct cert *c, const char *path);

/*
 * What a server for "localhost" needs, and its clients: authority.pem, cert.pem, key.pem in that folder. Clients may show
 * that certificate, too.
 */
void cert_write_site(const struct test_folder *folder);

#endif
