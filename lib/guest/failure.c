/*
 * Happy path: the status decides the code, the words of the body tell more. A body that is not JSON (a proxy's) leaves
 * status, content type and its beginning. What a server writes gets into a line only cleaned and bounded.
 */
#include "failure.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>

/* Of a body that is not JSON. */
#define BODY_SHOWN 4096

/* A shorter secret lies in ordinary words. */
#define SECRET_ANYWHERE 4

freshet_err guest_err_of_status(int status)
{
	switch (status) {
	case 400:
	case 413:
	case 415:
	case 422: return FRESHET_EVALIDATION;
	case 401:
	case 403: return FRESHET_EAUTH;
	case 404: return FRESHET_ENOT_FOUND;
	case 409: return FRESHET_ECONFLICT;
	case 429: return FRESHET_ERATE_LIMIT;
	default: break;
	}
	if (status >= 500)
		return FRESHET_ESERVER;
	return status >= 300 && status < 400 ? FRESHET_EHTTP_REDIRECT : FRESHET_EHTTP_STATUS;
}

/* ---- lines ---- */

/* The bytes of the character at the beginning of `at` (RFC 3629, section 4); 0 when there is no whole valid one. */
static size_t character(const unsigned char *at, size_t len)
{
	unsigned char first = at[0], low = 0x80, high = 0xbf;
	size_t bytes = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || bytes > len)
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < bytes; i++, low = 0x80, high = 0xbf)
		if (at[i] < low || at[i] > high)
			return 0;
	return bytes;
}

/* Controls of ASCII and of U+0080 to U+009F, which terminals obey as well. */
static bool is_control(const unsigned char *at, size_t bytes)
{
	return at[0] < ' ' || at[0] == 0x7f || (bytes == 2 && at[0] == 0xc2 && at[1] < 0xa0);
}

/* The length afterwards: with `cut` an unfinished character at the end goes. */
static size_t clean(char *line, size_t len, bool cut)
{
	unsigned char *at = (unsigned char *)line;
	size_t i = 0;
	while (i < len) {
		size_t bytes = character(at + i, len - i);
		if (bytes == 0 && cut && len - i < 4 && at[i] >= 0xc2)
			return i;
		if (bytes == 0)
			at[i] = '?';
		else if (is_control(at + i, bytes))
			memset(at + i, ' ', bytes);
		i += bytes > 0 ? bytes : 1;
	}
	return len;
}

freshet_str guest_line(char to[GUEST_LINE_SIZE], const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int length = vsnprintf(to, GUEST_LINE_SIZE, format, args);
	va_end(args);
	size_t len = length > 0 ? (size_t)length : 0;
	bool cut = len >= GUEST_LINE_SIZE;
	len = clean(to, cut ? GUEST_LINE_SIZE - 1 : len, cut);
	to[len] = '\0';
	return (freshet_str){to, len};
}

int guest_shown(freshet_str text)
{
	return (int)(text.len < GUEST_LINE_SIZE ? text.len : GUEST_LINE_SIZE);
}

/* ---- secrets ---- */

static bool is_word(char c)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
	return letter || (c >= '0' && c <= '9') || c == '_';
}

/* Whether the secret that lies at `at` is more than a part of another word. */
static bool counts(freshet_str secret, freshet_str text, size_t at)
{
	size_t end = at + secret.len;
	bool before = at > 0 && is_word(text.ptr[at - 1]) && is_word(secret.ptr[0]);
	bool behind = end < text.len && is_word(text.ptr[end]) && is_word(secret.ptr[secret.len - 1]);
	return secret.len >= SECRET_ANYWHERE || (!before && !behind);
}

/* The length of the longest secret that begins at `at`; 0: none does. */
static size_t secret_at(const struct guest_secrets *secrets, freshet_str text, size_t at)
{
	size_t longest = 0;
	for (; secrets != NULL; secrets = secrets->more) {
		for (size_t i = 0; i < secrets->count; i++) {
			freshet_str secret = secrets->list[i];
			if (secret.len > longest && secret.len <= text.len - at &&
				memcmp(text.ptr + at, secret.ptr, secret.len) == 0 && counts(secret, text, at))
				longest = secret.len;
		}
	}
	return longest;
}

static bool is_in(freshet_str secret, freshet_str text)
{
	size_t at = 0;
	const char *found;
	while (secret.len > 0 && (found = memmem(text.ptr + at, text.len - at, secret.ptr, secret.len)) != NULL) {
		at = (size_t)(found - text.ptr);
		if (counts(secret, text, at))
			return true;
		at++;
	}
	return false;
}

/* Each is looked for by itself, which takes a time that grows with the text and not with what both are. */
bool guest_secrets_in(const struct guest_secrets *secrets, freshet_str text)
{
	for (; secrets != NULL && text.len > 0; secrets = secrets->more) {
		for (size_t i = 0; i < secrets->count; i++)
			if (is_in(secrets->list[i], text))
				return true;
	}
	return false;
}

/*
 * The escapes of an object or an array are undone wherever they are, as if all of it were one string: what lies in one of
 * its strings then lies in that.
 */
static bool is_spelled(const struct guest_secrets *secrets, freshet_str text, freshet_json_scratch *scratch)
{
	const freshet_json_value whole = {FRESHET_JSON_STRING, FRESHET_JSON_ESCAPED, text};
	freshet_str opened;
	if (text.len < 2 || (text.ptr[0] != '{' && text.ptr[0] != '[') || memchr(text.ptr, '\\', text.len) == NULL)
		return false;
	return freshet_json_string(&whole, scratch, &opened) != FRESHET_OK || guest_secrets_in(secrets, opened);
}

bool guest_secrets_told(const struct guest_secrets *secrets, freshet_str text, freshet_json_scratch *scratch)
{
	return guest_secrets_in(secrets, text) || is_spelled(secrets, text, scratch);
}

freshet_err guest_secrets_room(struct guest_secrets *secrets, size_t count)
{
	secrets->list = count > 0 ? freshet_mem_new(count, sizeof *secrets->list) : NULL;
	return count == 0 || secrets->list != NULL ? FRESHET_OK : FRESHET_ENOMEM;
}

freshet_err guest_secrets_keep(struct guest_secrets *secrets, freshet_str secret)
{
	if (secret.len == 0)
		return FRESHET_OK;
	char *copy = freshet_mem_new(1, secret.len);
	if (copy == NULL)
		return FRESHET_ENOMEM;
	memcpy(copy, secret.ptr, secret.len);
	((freshet_str *)(uintptr_t)secrets->list)[secrets->count++] = (freshet_str){copy, secret.len};
	return FRESHET_OK;
}

void guest_secrets_forget(struct guest_secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++) {
		char *copy = (char *)(uintptr_t)secrets->list[i].ptr;
		guest_wipe(copy, secrets->list[i].len);
		freshet_mem_free(copy);
	}
	freshet_mem_free((void *)(uintptr_t)secrets->list);
	secrets->list = NULL;
	secrets->count = 0;
}

freshet_str guest_hide(const struct guest_secrets *secrets, freshet_str text, char *to, size_t room)
{
	size_t len = 0, hidden = 0, i = 0;
	for (; i < text.len && len + 1 < room; i++) {
		size_t secret = secret_at(secrets, text, i);
		/* Two that overlap are both hidden. */
		hidden = secret > hidden ? secret : hidden;
		to[len++] = hidden > 0 ? '*' : text.ptr[i];
		hidden -= hidden > 0 ? 1 : 0;
	}
	/* Of one that was cut the last character may be. */
	while (i < text.len && len > 0 && ((unsigned char)to[len - 1] & 0xc0) == 0x80)
		len--;
	if (i < text.len && len > 0 && (unsigned char)to[len - 1] >= 0xc0)
		len--;
	to[len] = '\0';
	return (freshet_str){to, len};
}

freshet_str guest_cover(
	const struct guest_secrets *secrets, freshet_str text, freshet_json_scratch *scratch, char *to, size_t room)
{
	if (is_spelled(secrets, text, scratch))
		return (freshet_str){NULL, 0};
	return guest_secrets_in(secrets, text) ? guest_hide(secrets, text, to, room) : text;
}

/* ---- failures ---- */

static void describe(struct guest_failure *failure)
{
	int status = failure->outcome.http_status;
	freshet_str message = failure->message;
	if (message.len > 0)
		failure->outcome.text =
			guest_line(failure->text, "HTTP %d: %.*s", status, guest_shown(message), message.ptr);
	else if (failure->code.len > 0)
		failure->outcome.text = guest_line(
			failure->text, "HTTP %d: %.*s", status, guest_shown(failure->code), failure->code.ptr);
	else
		failure->outcome.text =
			guest_line(failure->text, "HTTP %d: %s", status, freshet_err_text(failure->outcome.err));
}

/* A value of another type, and one that does not fit into memory, says nothing. */
static void read_words(struct guest_failure *failure, freshet_json_value *v, const struct guest_words *words)
{
	if (guest_take_id(&v[0], words->scratch, &failure->code) != FRESHET_OK ||
		guest_secrets_in(&words->secrets, failure->code))
		failure->code = (freshet_str){NULL, 0};
	if (guest_take_any(&v[1], words->scratch, &failure->message) != FRESHET_OK)
		failure->message = (freshet_str){NULL, 0};
	failure->message =
		guest_cover(&words->secrets, failure->message, words->scratch, failure->hidden, sizeof failure->hidden);
}

/* True for what begins as a JSON object or array, whole or not. */
static bool looks_like_json(freshet_str body)
{
	size_t at = 0;
	while (at < body.len && (body.ptr[at] == ' ' || (body.ptr[at] >= '\t' && body.ptr[at] <= '\r')))
		at++;
	return at < body.len && (body.ptr[at] == '{' || body.ptr[at] == '[');
}

freshet_str guest_page(freshet_str body)
{
	if (looks_like_json(body))
		return (freshet_str){NULL, 0};
	return (freshet_str){body.ptr, body.len < BODY_SHOWN ? body.len : BODY_SHOWN};
}

void guest_failure_init(struct guest_failure *failure, const freshet_outcome *outcome, freshet_str body,
	const struct guest_words *words)
{
	freshet_json_value v[2] = {{0}};
	memset(failure, 0, sizeof *failure);
	failure->outcome = *outcome;
	failure->outcome.body = guest_page(body);
	/* One of which the page shows the beginning counts as well. */
	if (failure->outcome.body.len > 0 && guest_secrets_in(&words->secrets, body))
		failure->outcome.body = (freshet_str){NULL, 0};
	if (outcome->err != FRESHET_OK && outcome->err != FRESHET_EHTTP_STATUS)
		return;
	failure->outcome.err = guest_err_of_status(outcome->http_status);
	if (guest_fields_pick(words->fields, body, v, NULL) == FRESHET_OK)
		read_words(failure, v, words);
	describe(failure);
}

void guest_failure_set(struct guest_failure *failure, freshet_err err)
{
	failure->outcome.err = err;
	describe(failure);
}

void guest_failure_unreadable(
	struct guest_failure *failure, const freshet_outcome *outcome, freshet_err err, size_t position)
{
	memset(failure, 0, sizeof *failure);
	failure->outcome = *outcome;
	failure->outcome.err = err;
	failure->outcome.position = position;
	failure->outcome.body = (freshet_str){NULL, 0};
	failure->outcome.text =
		guest_line(failure->text, "byte %zu of the answer: %s", position, freshet_err_text(err));
}
