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

/* The configuration language of OpenSSL knows no NUL, the encoding does. */
static void add_raw_name(X509 *x509, const char *name, size_t len)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *one = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	must(names != NULL && one != NULL && text != NULL, "name");
	must(ASN1_STRING_set(text, name, (int)len) == 1, "name");
	GENERAL_NAME_set0_value(one, GEN_DNS, text);
	must(sk_GENERAL_NAME_push(names, one) > 0, "name");
	must(X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, 0) == 1, "name");
	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
}

/* An extension of an arc that is reserved for examples. */
static void add_unknown_extension(X509 *x509)
{
	ASN1_OBJECT *object = OBJ_txt2obj("2.999.1", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	must(object != NULL && value != NULL && ASN1_OCTET_STRING_set(value, (const uint8_t *)"\5", 2) == 1, "value");
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
	must(extension != NULL && X509_add_ext(x509, extension, -1) == 1, "extension");
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(object);
}

static const char *or_default(const char *wish, const char *usual)
{
	return wish != NULL ? wish : usual;
}

static void add_authority_extensions(X509 *x509, X509 *issuer, const struct cert_wish *wish)
{
	char constraints[64];
	snprintf(constraints, sizeof constraints, "critical,%s", or_default(wish->constraints, "CA:TRUE"));
	add_extension(x509, issuer, NID_basic_constraints, constraints);
	add_extension(x509, issuer, NID_key_usage, or_default(wish->usage, "critical,keyCertSign,cRLSign"));
	if (wish->permitted != NULL)
		add_extension(x509, issuer, NID_name_constraints, wish->permitted);
}

static void add_leaf_extensions(X509 *x509, X509 *issuer, const struct cert_wish *wish)
{
	const char *names = or_default(wish->alt_names, "DNS:localhost");
	const char *purpose = or_default(wish->purpose, "serverAuth");
	add_extension(x509, issuer, NID_basic_constraints, "critical,CA:FALSE");
	if (wish->usage != NULL)
		add_extension(x509, issuer, NID_key_usage, wish->usage);
	if (purpose[0] != '\0')
		add_extension(x509, issuer, NID_ext_key_usage, purpose);
	if (wish->raw_name != NULL)
		add_raw_name(x509, wish->raw_name, wish->raw_name_len);
	else if (names[0] != '\0')
		add_extension(x509, issuer, NID_subject_alt_name, names);
}

static void add_extensions(X509 *x509, X509 *issuer, const struct cert_wish *wish)
{
	add_extension(x509, issuer, NID_subject_key_identifier, "hash");
	if (issuer != x509)
		add_extension(x509, issuer, NID_authority_key_identifier, "keyid");
	if (wish->authority)
		add_authority_extensions(x509, issuer, wish);
	else
		add_leaf_extensions(x509, issuer, wish);
	if (wish->unknown)
		add_unknown_extension(x509);
}

static void set_times(X509 *x509, const struct cert_wish *wish)
{
	X509_gmtime_adj(X509_getm_notBefore(x509), wish->begins_s != 0 ? wish->begins_s : -3600);
	X509_gmtime_adj(X509_getm_notAfter(x509), wish->ends_s != 0 ? wish->ends_s : 3600);
}

void cert_make(struct cert *out, const struct cert *issuer, const struct cert_wish *wish)
{
	static long serial = 1;
	out->key = wish->rsa_bits != 0 ? EVP_RSA_gen((unsigned)wish->rsa_bits) : EVP_EC_gen("P-256");
	out->x509 = X509_new();
	must(out->key != NULL && out->x509 != NULL, "key");
	const struct cert *signer = issuer != NULL ? issuer : out;
	const EVP_MD *digest = EVP_get_digestbyname(or_default(wish->digest, "SHA256"));
	const char *usual = wish->authority ? "freshet test authority" : "freshet test server";
	X509 *x509 = out->x509;
	must(X509_set_version(x509, X509_VERSION_3) == 1, "version");
	must(ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++) == 1, "serial");
	set_times(x509, wish);
	set_name(X509_get_subject_name(x509), or_default(wish->name, usual));
	must(X509_set_issuer_name(x509, X509_get_subject_name(signer->x509)) == 1, "issuer");
	must(X509_set_pubkey(x509, out->key) == 1, "public key");
	add_extensions(x509, signer->x509, wish);
	must(digest != NULL && X509_sign(x509, wish->forged ? out->key : signer->key, digest) > 0, "signature");
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

void cert_write_site(const struct test_folder *folder)
{
	struct cert authority, cert;
	cert_make(&authority, NULL, &(struct cert_wish){.authority = true});
	cert_make(&cert, &authority, &(struct cert_wish){.purpose = "serverAuth,clientAuth"});
	cert_write(&authority, test_folder_file(folder, "authority.pem"));
	cert_write(&cert, test_folder_file(folder, "cert.pem"));
	cert_write_key(&cert, test_folder_file(folder, "key.pem"));
	cert_clear(&cert);
	cert_clear(&authority);
}
