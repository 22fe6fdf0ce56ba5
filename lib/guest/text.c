#include "text.h"

#include <stdio.h>

/* The first room; doubled from there. */
#define FIRST_ROOM 64

void guest_wipe(void *memory, size_t len)
{
	if (memory == NULL || len == 0)
		return;
	memset(memory, 0, len);
	/* Somebody might look at it, as far as the compiler knows. */
	__asm__ __volatile__("" : : "r"(memory) : "memory");
}

void guest_text_fail(struct guest_text *text, freshet_err err)
{
	if (text->err == FRESHET_OK)
		text->err = err;
}

/* Makes room for `more` bytes and a terminator. realloc could leave the old memory behind unwiped. */
static bool grow(struct guest_text *text, size_t more)
{
	if (text->err != FRESHET_OK)
		return false;
	if (text->room > text->len && more < text->room - text->len)
		return true;
	size_t room = 0;
	if (more <= SIZE_MAX / 2 - text->len - FIRST_ROOM)
		room = 2 * (text->len + more) + FIRST_ROOM;
	char *memory = room > 0 ? freshet_mem_new(room, 1) : NULL;
	if (memory == NULL) {
		guest_text_fail(text, FRESHET_ENOMEM);
		return false;
	}
	if (text->len > 0)
		memcpy(memory, text->ptr, text->len);
	guest_wipe(text->ptr, text->len);
	freshet_mem_free(text->ptr);
	text->ptr = memory;
	text->room = room;
	return true;
}

void guest_text_add(struct guest_text *text, const char *bytes, size_t len)
{
	if (!grow(text, len))
		return;
	if (len > 0)
		memcpy(text->ptr + text->len, bytes, len);
	text->len += len;
	text->ptr[text->len] = '\0';
}

void guest_text_str(struct guest_text *text, freshet_str bytes)
{
	guest_text_add(text, bytes.ptr, bytes.len);
}

void guest_text_put(struct guest_text *text, const char *terminated)
{
	guest_text_add(text, terminated, strlen(terminated));
}

void guest_text_int(struct guest_text *text, int64_t number)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%lld", (long long)number);
	guest_text_put(text, digits);
}

static bool is_unreserved(char c)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	return letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

void guest_text_encode(struct guest_text *text, freshet_str bytes)
{
	static const char hex[] = "0123456789ABCDEF";
	if (bytes.len > SIZE_MAX / 3) {
		guest_text_fail(text, FRESHET_ENOMEM);
		return;
	}
	if (!grow(text, 3 * bytes.len))
		return;
	char *at = text->ptr + text->len;
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.ptr[i];
		if (is_unreserved(c)) {
			*at++ = c;
			continue;
		}
		*at++ = '%';
		*at++ = hex[(unsigned char)c >> 4];
		*at++ = hex[(unsigned char)c & 15];
	}
	*at = '\0';
	text->len = (size_t)(at - text->ptr);
}

void guest_text_reset(struct guest_text *text)
{
	guest_wipe(text->ptr, text->len);
	text->len = 0;
	text->err = FRESHET_OK;
}

void guest_text_clear(struct guest_text *text)
{
	guest_text_reset(text);
	freshet_mem_free(text->ptr);
	text->ptr = NULL;
	text->room = 0;
}
