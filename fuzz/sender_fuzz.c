/*
 * Who a webhook takes for its sender: everything of a request but the body, which is another target's. The first byte chooses
 * between a signature with a timestamp and a token in the query or in the path. Then come the lines of the request: its
 * method, its target, its headers, and behind an empty line the body. A signature "sign" stands for the right one.
 *
 * Properties, each held against a plain reading of the same lines: a token is found where it stands once and nowhere else; a
 * right signature is believed if its timestamp is one, is the only one, and is not too old or too far ahead; no other.
 */
#include <freshet/webhook.h>

#include "webhook/mac.h"

#include <stdlib.h>
#include <strings.h>

#define HEADERS_MAX 16
#define NOW_S       1795334400
#define AGE_S       300
#define TOKEN       "t0k3n"
#define PREFIX      "sha256="

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool promise)
{
	if (!promise)
		abort();
}

static int64_t stand_still(void *user)
{
	(void)user;
	return (int64_t)NOW_S * 1000;
}

/* ---- the request ---- */

struct input {
	freshet_webhook_request request;
	freshet_header headers[HEADERS_MAX];
	char signature[sizeof PREFIX + 2 * MAC_SIZE];
};

/* The next line of the text, without its end. */
static freshet_str take_line(freshet_str *text)
{
	freshet_str line = *text;
	const char *end = memchr(text->ptr, '\n', text->len);
	if (end != NULL)
		line.len = (size_t)(end - text->ptr);
	text->ptr += line.len + (end != NULL);
	text->len -= line.len + (end != NULL);
	return line;
}

static void read_request(struct input *in, freshet_str text)
{
	freshet_webhook_request *q = &in->request;
	q->method = take_line(&text);
	q->target = take_line(&text);
	q->headers = in->headers;
	while (q->header_count < HEADERS_MAX && text.len > 0) {
		freshet_str line = take_line(&text);
		const char *colon = memchr(line.ptr, ':', line.len);
		if (colon == NULL)
			break;
		size_t name_len = (size_t)(colon - line.ptr);
		in->headers[q->header_count++] =
			(freshet_header){.name = {line.ptr, name_len}, .value = {colon + 1, line.len - name_len - 1}};
	}
	q->body = text;
}

/* How many headers have the name; the first one's value. */
static size_t find(const struct input *in, const char *name, freshet_str *value)
{
	size_t count = 0;
	for (size_t i = in->request.header_count; i-- > 0;) {
		const freshet_header *h = &in->headers[i];
		if (h->name.len != strlen(name) || strncasecmp(h->name.ptr, name, h->name.len) != 0)
			continue;
		*value = h->value;
		count++;
	}
	return count;
}

static void sign(struct input *in, freshet_str secret)
{
	static const char digits[] = "0123456789abcdef";
	freshet_str timestamp = {"", 0};
	uint8_t bytes[MAC_SIZE];
	struct mac *mac;
	find(in, "x-sudoiq-timestamp", &timestamp);
	const freshet_str parts[] = {timestamp, freshet_str_of("."), in->request.body};
	hold(mac_new(secret, &mac) == FRESHET_OK && mac_sign(mac, parts, 3, bytes) == FRESHET_OK);
	mac_free(mac);
	memcpy(in->signature, PREFIX, sizeof PREFIX - 1);
	for (size_t i = 0; i < MAC_SIZE; i++) {
		in->signature[sizeof PREFIX - 1 + 2 * i] = digits[bytes[i] >> 4];
		in->signature[sizeof PREFIX + 2 * i] = digits[bytes[i] & 15];
	}
	for (size_t i = 0; i < in->request.header_count; i++)
		if (freshet_str_is(in->headers[i].value, "sign"))
			in->headers[i].value = (freshet_str){in->signature, sizeof in->signature - 1};
}

/* ---- the plain reading ---- */

static bool is_timestamp(freshet_str text)
{
	char digits[16];
	if (text.len == 0 || text.len >= sizeof digits)
		return false;
	memcpy(digits, text.ptr, text.len);
	digits[text.len] = '\0';
	long long seconds = atoll(digits);
	return strspn(digits, "0123456789") == text.len && seconds >= NOW_S - AGE_S && seconds <= NOW_S + AGE_S;
}

static bool is_signed(const struct input *in)
{
	freshet_str signature = {"", 0};
	freshet_str timestamp = {"", 0};
	return find(in, "x-sudoiq-signature", &signature) == 1 && signature.ptr == in->signature &&
	       find(in, "x-sudoiq-timestamp", &timestamp) == 1 && is_timestamp(timestamp);
}

/* The part of the text before the first of the character, as a string of its own. */
static char *before(const char *text, char c)
{
	const char *end = strchr(text, c);
	char *copy = strndup(text, end != NULL ? (size_t)(end - text) : strlen(text));
	hold(copy != NULL);
	return copy;
}

static bool has_parameter(char *query)
{
	size_t named = 0;
	bool right = false;
	char *rest = NULL;
	for (char *part = strtok_r(query, "&", &rest); part != NULL; part = strtok_r(NULL, "&", &rest)) {
		if (strcmp(part, "token") != 0 && strncmp(part, "token=", 6) != 0)
			continue;
		named++;
		right = strcmp(part, "token=" TOKEN) == 0;
	}
	return named == 1 && right;
}

/* Of a target without NUL. */
static bool has_token(freshet_str target, bool in_path)
{
	char *whole = strndup(target.len > 0 ? target.ptr : "", target.len);
	hold(whole != NULL);
	char *text = before(whole, '#');
	char *path = before(text, '?');
	const char *slash = strrchr(path, '/');
	bool found = in_path ? strcmp(slash != NULL ? slash + 1 : path, TOKEN) == 0
			     : strchr(text, '?') != NULL && has_parameter(strchr(text, '?') + 1);
	free(path);
	free(text);
	free(whole);
	return found;
}

/* ---- both ---- */

static freshet_webhook_cause ask(const struct input *in, freshet_webhook_options *o)
{
	freshet_webhook *w;
	freshet_webhook_delivery d;
	o->platform = FRESHET_WEBHOOK_SUDOIQ;
	o->any_content_type = true;
	o->now = stand_still;
	hold(freshet_webhook_new(o, &w) == FRESHET_OK);
	freshet_webhook_receive(w, &in->request, &d);
	freshet_webhook_cause cause = d.cause;
	hold(cause == FRESHET_WEBHOOK_CAUSE_NONE || d.outcome == FRESHET_WEBHOOK_REFUSED);
	hold(cause == FRESHET_WEBHOOK_CAUSE_METHOD || freshet_str_is(in->request.method, "POST"));
	freshet_webhook_free(w);
	return cause;
}

static void check_signature(struct input *in)
{
	static const freshet_str secret = {"\x8f\x13 nobody guesses this", 23};
	freshet_webhook_options o;
	freshet_webhook_options_init(&o);
	o.secrets = &secret;
	o.secret_count = 1;
	sign(in, secret);
	freshet_webhook_cause cause = ask(in, &o);
	bool refused =
		cause >= FRESHET_WEBHOOK_CAUSE_SIGNATURE_MISSING && cause <= FRESHET_WEBHOOK_CAUSE_TIMESTAMP_FUTURE;
	hold(cause == FRESHET_WEBHOOK_CAUSE_METHOD || refused != is_signed(in));
}

static void check_token(const struct input *in, bool in_path)
{
	static const freshet_str token = {TOKEN, sizeof TOKEN - 1};
	freshet_webhook_options o;
	freshet_webhook_options_init(&o);
	o.tokens = &token;
	o.token_count = 1;
	o.token_place = in_path ? FRESHET_WEBHOOK_TOKEN_PATH : FRESHET_WEBHOOK_TOKEN_QUERY;
	freshet_webhook_cause cause = ask(in, &o);
	if (memchr(in->request.target.ptr, '\0', in->request.target.len) == NULL &&
		cause != FRESHET_WEBHOOK_CAUSE_METHOD)
		hold((cause != FRESHET_WEBHOOK_CAUSE_TOKEN) == has_token(in->request.target, in_path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {.request = {.header_count = 0}};
	if (size == 0)
		return 0;
	read_request(&in, (freshet_str){(const char *)data + 1, size - 1});
	switch (data[0] % 3) {
	case 0: check_signature(&in); break;
	default: check_token(&in, data[0] % 3 == 1); break;
	}
	return 0;
}
