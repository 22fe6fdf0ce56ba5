#include "random.h"

#include <errno.h>
#include <sys/random.h>

freshet_err guest_random_bytes(void *to, size_t len)
{
	unsigned char *at = to;
	while (len > 0) {
		ssize_t got = getrandom(at, len, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return FRESHET_ESYSTEM;
		at += got;
		len -= (size_t)got;
	}
	return FRESHET_OK;
}

static bool is_dash(size_t place)
{
	return place == 8 || place == 13 || place == 18 || place == 23;
}

static const char hex[] = "0123456789abcdef";

freshet_err guest_uuid(char out[GUEST_UUID_SIZE])
{
	unsigned char bytes[16];
	freshet_err err = guest_random_bytes(bytes, sizeof bytes);
	if (err != FRESHET_OK)
		return err;
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	for (size_t at = 0, digit = 0; at < GUEST_UUID_SIZE - 1; at++) {
		if (is_dash(at)) {
			out[at] = '-';
			continue;
		}
		out[at] = hex[digit % 2 == 0 ? bytes[digit / 2] >> 4 : bytes[digit / 2] & 15];
		digit++;
	}
	out[GUEST_UUID_SIZE - 1] = '\0';
	return FRESHET_OK;
}

bool guest_uuid_read(freshet_str text, char out[GUEST_UUID_SIZE])
{
	char lower[GUEST_UUID_SIZE] = {0};
	if (text.len != GUEST_UUID_SIZE - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
		bool capital = c >= 'A' && c <= 'F';
		if (is_dash(i) ? c != '-' : !digit && !capital)
			return false;
		lower[i] = (char)(capital ? c + ('a' - 'A') : c);
	}
	if (out != NULL)
		memcpy(out, lower, sizeof lower);
	return true;
}

freshet_err guest_random_hex(char *out, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char byte;
		if (guest_random_bytes(&byte, 1) != FRESHET_OK)
			return FRESHET_ESYSTEM;
		out[i] = hex[byte & 15];
	}
	out[len] = '\0';
	return FRESHET_OK;
}

uint64_t guest_random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}
