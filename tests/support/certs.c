#include "support/certs.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "certs: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static void set_name(X509_NAME *name, const char *text)
{
	const unsigned char *bytes = (const unsigned char *)text;
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, bytes, -1, -1, 0) == 1, "name");
}

static void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	must(extension != NULL && X509_add_ext(x509, extension, -1) == 1, value);
	X509_EXTENSION_free(extension);
}

static void add_extensions(X509 *x509, X509 *issuer, const struct cert_wish *wish)
{
	add_extension(x509, issuer, NID_subject_key_identifier, "hash");
	if (wish->authority) {
		add_extension(x509, issuer, NID_basic_constraints, "critical,CA:TRUE");
		add_extension(x509, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
		return;
	}
	add_extension(x509, issuer, NID_authority_key_identifier, "keyid");
	add_extension(x509, issuer, NID_basic_constraints, "critical,CA:FALSE");
	add_extension(x509, issuer, NID_ext_key_usage, wish->purpose != NULL ? wish->purpose : "serverAuth");
	add_extension(x509, issuer, NID_subject_alt_name, wish->alt_names != NULL ? wish->alt_names : "DNS:localhost");
}

void cert_make(struct cert *out, const struct cert *issuer, const struct cert_wish *wish)
{
	static long serial = 1;
	out->key = EVP_EC_gen("P-256");
	out->x509 = X509_new();
	must(out->key != NULL && out->x509 != NULL, "key");
	const struct cert *signer = issuer != NULL ? issuer : out;
	X509 *x509 = out->x509;
	must(X509_set_version(x509, X509_VERSION_3) == 1, "version");
	must(ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++) == 1, "serial");
	X509_gmtime_adj(X509_getm_notBefore(x509), wish->begins_s != 0 ? wish->begins_s : -3600);
	X509_gmtime_adj(X509_getm_notAfter(x509), wish->ends_s != 0 ? wish->ends_s : 3600);
	set_name(X509_get_subject_name(x509), wish->authority ? "freshet test authority" : "freshet test server");
	must(X509_set_issuer_name(x509, X509_get_subject_name(signer->x509)) == 1, "issuer");
	must(X509_set_pubkey(x509, out->key) == 1, "public key");
	add_extensions(x509, signer->x509, wish);
	must(X509_sign(x509, wish->forged ? out->key : signer->key, EVP_sha256()) > 0, "signature");
}

void cert_clear(struct cert *c)
{
	X509_free(c->x509);
	EVP_PKEY_free(c->key);
	*c = (struct cert){NULL, NULL};
}

void cert_write(const struct cert *c, const char *path)
{
	FILE *file = fopen(path, "w");
	must(file != NULL && PEM_write_X509(file, c->x509) == 1, path);
	must(fclose(file) == 0, path);
}

void cert_write_key(const struct cert *c, const char *path)
{
	FILE *file = fopen(path, "w");
	must(file != NULL && PEM_write_PrivateKey(file, c->key, NULL, NULL, 0, NULL, NULL) == 1, path);
	must(fclose(file) == 0, path);
}
