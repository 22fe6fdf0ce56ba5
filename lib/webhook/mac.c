/*
 * Happy path: a key is set up once; each signature begins from a copy of that state.
 *
 * Failures: OpenSSL fails here only where it has no memory.
 */
#include "mac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

struct mac {
	EVP_MAC_CTX *keyed;
};

static EVP_MAC_CTX *set_up(freshet_str key)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *keyed = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
	/* The context holds on to it. */
	EVP_MAC_free(hmac);
	if (keyed != NULL && EVP_MAC_init(keyed, (const unsigned char *)key.ptr, key.len, params) != 1) {
		EVP_MAC_CTX_free(keyed);
		return NULL;
	}
	return keyed;
}

freshet_err mac_new(freshet_str key, struct mac **out)
{
	*out = NULL;
	struct mac *mac = freshet_mem_new(1, sizeof *mac);
	if (mac == NULL)
		return FRESHET_ENOMEM;
	mac->keyed = set_up(key);
	if (mac->keyed == NULL) {
		freshet_mem_free(mac);
		return FRESHET_ENOMEM;
	}
	*out = mac;
	return FRESHET_OK;
}

void mac_free(struct mac *mac)
{
	if (mac == NULL)
		return;
	EVP_MAC_CTX_free(mac->keyed);
	freshet_mem_free(mac);
}

freshet_err mac_sign(const struct mac *mac, const freshet_str *parts, size_t count, uint8_t out[MAC_SIZE])
{
	size_t len = 0;
	EVP_MAC_CTX *state = EVP_MAC_CTX_dup(mac->keyed);
	bool fine = state != NULL;
	for (size_t i = 0; fine && i < count; i++)
		fine = EVP_MAC_update(state, (const unsigned char *)parts[i].ptr, parts[i].len) == 1;
	fine = fine && EVP_MAC_final(state, out, &len, MAC_SIZE) == 1 && len == MAC_SIZE;
	EVP_MAC_CTX_free(state);
	return fine ? FRESHET_OK : FRESHET_ENOMEM;
}

freshet_err mac_digest(const freshet_str *parts, size_t count, uint8_t out[MAC_SIZE])
{
	EVP_MD_CTX *state = EVP_MD_CTX_new();
	bool fine = state != NULL && EVP_DigestInit_ex(state, EVP_sha256(), NULL) == 1;
	for (size_t i = 0; fine && i < count; i++) {
		uint8_t len[8];
		for (size_t k = 0; k < sizeof len; k++)
			len[k] = (uint8_t)((uint64_t)parts[i].len >> (56 - 8 * k));
		fine = EVP_DigestUpdate(state, len, sizeof len) == 1 &&
		       EVP_DigestUpdate(state, parts[i].ptr, parts[i].len) == 1;
	}
	fine = fine && EVP_DigestFinal_ex(state, out, NULL) == 1;
	EVP_MD_CTX_free(state);
	return fine ? FRESHET_OK : FRESHET_ENOMEM;
}

bool mac_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
