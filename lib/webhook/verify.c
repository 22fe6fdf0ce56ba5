/*
 * Who sends: the signature on the raw body, or a token in the target, and whether the body is sent as JSON at all.
 *
 * Happy path: the signature is decoded, computed anew with every secret, and compared in constant time; only then is the
 * age of the timestamp judged, which means something because it was signed.
 *
 * Failures: each way in which a signature can be wrong has a cause of its own. How a signature is spelled is no secret, so
 * reading it may take as long as it likes.
 */
#include "receiver.h"

#include "guest/names.h"

#define HEX_SIZE    (2 * (size_t)MAC_SIZE)
#define BASE64_SIZE 44
/* Digits of a timestamp: more are beyond any date. */
#define MAX_DIGITS 15

size_t receiver_header(const freshet_webhook_request *q, const char *name, freshet_str *value)
{
	size_t count = 0;
	*value = (freshet_str){NULL, 0};
	for (size_t i = 0; name[0] != '\0' && i < q->header_count; i++)
		if (guest_name_is(q->headers[i].name, name) && count++ == 0)
			*value = q->headers[i].value;
	return count;
}

static bool begins_with(freshet_str text, freshet_str prefix)
{
	return text.len >= prefix.len && (prefix.len == 0 || memcmp(text.ptr, prefix.ptr, prefix.len) == 0);
}

/* Of one digit, or -1. Upper case is none: a signature has one spelling. */
static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static freshet_webhook_cause read_hex(freshet_str text, uint8_t out[MAC_SIZE])
{
	for (size_t i = 0; i < text.len; i++)
		if (i == HEX_SIZE || hex_value(text.ptr[i]) < 0)
			return FRESHET_WEBHOOK_CAUSE_SIGNATURE_ENCODING;
	if (text.len < HEX_SIZE)
		return FRESHET_WEBHOOK_CAUSE_SIGNATURE_TRUNCATED;
	for (size_t i = 0; i < MAC_SIZE; i++)
		out[i] = (uint8_t)(hex_value(text.ptr[2 * i]) << 4 | hex_value(text.ptr[2 * i + 1]));
	return FRESHET_WEBHOOK_CAUSE_NONE;
}

static int base64_value(char c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c != '\0' ? strchr(alphabet, c) : NULL;
	return found != NULL ? (int)(found - alphabet) : -1;
}

/* 43 characters and "=": the last character carries four bits, the other two are zero (RFC 4648, section 3.5). */
static freshet_webhook_cause read_base64(freshet_str text, uint8_t out[MAC_SIZE])
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t len = 0;
	for (size_t i = 0; i < text.len && i < BASE64_SIZE - 1; i++) {
		int value = base64_value(text.ptr[i]);
		if (value < 0)
			return FRESHET_WEBHOOK_CAUSE_SIGNATURE_ENCODING;
		bits = (bits << 6 | (uint32_t)value) & 0xffff;
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[len++] = (uint8_t)(bits >> held);
		}
	}
	if (text.len < BASE64_SIZE)
		return FRESHET_WEBHOOK_CAUSE_SIGNATURE_TRUNCATED;
	if (text.len > BASE64_SIZE || text.ptr[BASE64_SIZE - 1] != '=' || (bits & 3) != 0)
		return FRESHET_WEBHOOK_CAUSE_SIGNATURE_ENCODING;
	return FRESHET_WEBHOOK_CAUSE_NONE;
}

static freshet_webhook_cause read_signature(const freshet_webhook *w, freshet_str text, uint8_t out[MAC_SIZE])
{
	freshet_str prefix = freshet_str_of(w->signature_prefix);
	if (text.len < prefix.len && begins_with(prefix, text))
		return FRESHET_WEBHOOK_CAUSE_SIGNATURE_TRUNCATED;
	if (begins_with(text, prefix)) {
		text.ptr += prefix.len;
		text.len -= prefix.len;
	} else if (w->o.prefix == FRESHET_WEBHOOK_PREFIX_REQUIRED) {
		return FRESHET_WEBHOOK_CAUSE_SIGNATURE_ENCODING;
	}
	return w->o.encoding == FRESHET_WEBHOOK_BASE64 ? read_base64(text, out) : read_hex(text, out);
}

/* Unix seconds in decimal. */
static bool read_timestamp(freshet_str text, int64_t *seconds)
{
	*seconds = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (i == MAX_DIGITS || text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		*seconds = *seconds * 10 + (text.ptr[i] - '0');
	}
	return text.len > 0;
}

static freshet_webhook_cause judge_age(const freshet_webhook *w, int64_t seconds)
{
	int64_t now = receiver_now_ms(w) / 1000;
	if (now > seconds && (uint64_t)(now - seconds) > w->o.max_age_s)
		return FRESHET_WEBHOOK_CAUSE_TIMESTAMP_OLD;
	if (seconds > now && (uint64_t)(seconds - now) > w->o.max_ahead_s)
		return FRESHET_WEBHOOK_CAUSE_TIMESTAMP_FUTURE;
	return FRESHET_WEBHOOK_CAUSE_NONE;
}

/* Every secret is tried, whichever is the right one. */
static freshet_err match(const freshet_webhook *w, const freshet_str *parts, size_t count,
	const uint8_t signature[MAC_SIZE], freshet_webhook_cause *cause)
{
	bool right = false;
	for (size_t i = 0; i < w->key_count; i++) {
		uint8_t computed[MAC_SIZE];
		freshet_err err = mac_sign(w->keys[i], parts, count, computed);
		if (err != FRESHET_OK)
			return err;
		right |= mac_equal(computed, signature, MAC_SIZE);
	}
	*cause = right ? FRESHET_WEBHOOK_CAUSE_NONE : FRESHET_WEBHOOK_CAUSE_SIGNATURE_WRONG;
	return FRESHET_OK;
}

static freshet_webhook_cause find_signature(
	const freshet_webhook *w, const freshet_webhook_request *q, uint8_t out[MAC_SIZE])
{
	freshet_str text;
	size_t count = receiver_header(q, w->signature_header, &text);
	if (count > 1)
		return FRESHET_WEBHOOK_CAUSE_SIGNATURE_REPEATED;
	if (text.len == 0)
		return FRESHET_WEBHOOK_CAUSE_SIGNATURE_MISSING;
	return read_signature(w, text, out);
}

freshet_err freshet_webhook_verify(freshet_webhook *w, const freshet_webhook_request *q, freshet_webhook_cause *cause)
{
	uint8_t signature[MAC_SIZE];
	freshet_str timestamp = {NULL, 0};
	int64_t seconds = 0;
	bool stamped = w->o.signed_text == FRESHET_WEBHOOK_SIGNED_TIMESTAMP_BODY;
	*cause = FRESHET_WEBHOOK_CAUSE_NONE;
	if (w->key_count == 0)
		return FRESHET_OK;
	*cause = find_signature(w, q, signature);
	if (*cause != FRESHET_WEBHOOK_CAUSE_NONE)
		return FRESHET_OK;
	if (stamped &&
		(receiver_header(q, w->timestamp_header, &timestamp) != 1 || !read_timestamp(timestamp, &seconds))) {
		*cause = FRESHET_WEBHOOK_CAUSE_TIMESTAMP_MISSING;
		return FRESHET_OK;
	}
	const freshet_str parts[] = {timestamp, freshet_str_of("."), q->body};
	*cause = FRESHET_WEBHOOK_CAUSE_SIGNATURE_WRONG;
	freshet_err err = stamped ? match(w, parts, 3, signature, cause) : match(w, &q->body, 1, signature, cause);
	if (err == FRESHET_OK && stamped && *cause == FRESHET_WEBHOOK_CAUSE_NONE)
		*cause = judge_age(w, seconds);
	return err;
}

/* The end of a text up to which it holds none of these characters. */
static size_t up_to(freshet_str text, const char *any)
{
	size_t len = 0;
	while (len < text.len && (text.ptr[len] == '\0' || strchr(any, text.ptr[len]) == NULL))
		len++;
	return len;
}

static freshet_str skip(freshet_str text, size_t len)
{
	return len < text.len ? (freshet_str){text.ptr + len, text.len - len} : (freshet_str){NULL, 0};
}

/* The value of a parameter of the query. Empty when it is not there, or more than once. */
static freshet_str find_parameter(freshet_str target, const char *name)
{
	freshet_str query = skip(target, up_to(target, "?#") + 1);
	freshet_str value = {NULL, 0};
	size_t count = 0;
	if (up_to(target, "#") < up_to(target, "?"))
		return value;
	query.len = up_to(query, "#");
	while (query.len > 0) {
		freshet_str parameter = {query.ptr, up_to(query, "&")};
		freshet_str key = {parameter.ptr, up_to(parameter, "=")};
		if (freshet_str_is(key, name) && count++ == 0)
			value = skip(parameter, key.len + 1);
		query = skip(query, parameter.len + 1);
	}
	return count == 1 ? value : (freshet_str){NULL, 0};
}

static freshet_str last_segment(freshet_str target)
{
	freshet_str path = {target.ptr, up_to(target, "?#")};
	size_t at = path.len;
	while (at > 0 && path.ptr[at - 1] != '/')
		at--;
	return skip(path, at);
}

/* Digests are compared, so that not even the length of a token shows. */
freshet_err receiver_token(const freshet_webhook *w, freshet_str target, bool *right)
{
	freshet_webhook_key given;
	*right = w->o.token_count == 0;
	if (*right)
		return FRESHET_OK;
	freshet_str token = w->o.token_place == FRESHET_WEBHOOK_TOKEN_PATH ? last_segment(target)
									   : find_parameter(target, w->token_query);
	freshet_err err = mac_digest(&token, 1, given.bytes);
	for (size_t i = 0; err == FRESHET_OK && i < w->o.token_count; i++)
		*right |= mac_equal(given.bytes, w->tokens[i].bytes, sizeof given.bytes);
	return err;
}

static freshet_str trim(freshet_str text)
{
	while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
		text = skip(text, 1);
	while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* application/json, or any type whose structured syntax suffix (RFC 6839) is +json. */
static bool is_json_type(freshet_str type)
{
	static const char suffix[] = "+json";
	const size_t suffix_len = sizeof suffix - 1;
	if (guest_name_is(type, "application/json"))
		return true;
	return type.len > suffix_len && guest_name_is(skip(type, type.len - suffix_len), suffix);
}

bool receiver_is_json(const freshet_webhook *w, const freshet_webhook_request *q)
{
	freshet_str type, coding;
	if (receiver_header(q, "content-encoding", &coding) > 0 && !guest_name_is(trim(coding), "identity"))
		return false;
	if (w->o.any_content_type)
		return true;
	if (receiver_header(q, "content-type", &type) != 1)
		return false;
	type.len = up_to(type, ";");
	return is_json_type(trim(type));
}
