/*
 * Signatures: right, wrong in every way, each with its cause; tokens; what counts as JSON.
 */
#include "webhook/post.h"

#include "support/failmem.h"

static const char body[] = POST_STATUS(7, "running", 3);

static freshet_webhook_cause cause_of(freshet_webhook *w, const struct post *p)
{
	freshet_webhook_cause cause = FRESHET_WEBHOOK_CAUSE_METHOD;
	assert_int_equal(freshet_webhook_verify(w, &p->q, &cause), FRESHET_OK);
	/* The joined function says the same, with 401, and gives no ticket and no object. */
	freshet_webhook_delivery d;
	freshet_webhook_receive(w, &p->q, &d);
	if (cause == FRESHET_WEBHOOK_CAUSE_NONE) {
		assert_int_not_equal(d.answer.status, 401);
		if (d.ticket != 0)
			assert_int_equal(
				freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_REJECTED, NULL), FRESHET_OK);
	} else {
		assert_int_equal(d.outcome, FRESHET_WEBHOOK_REFUSED);
		assert_int_equal(d.cause, cause);
		assert_int_equal(d.answer.status, 401);
		assert_null(d.sudoiq);
		assert_null(d.agentos);
		assert_true(d.ticket == 0);
		assert_false(d.verified);
	}
	return cause;
}

static freshet_webhook *sudoiq(void)
{
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	return post_receiver(&o);
}

static freshet_webhook_cause with_signature(freshet_webhook *w, const char *signature, size_t len)
{
	struct post p;
	post_sudoiq(&p, body, NULL);
	p.headers[2].value = (freshet_str){signature, len};
	return cause_of(w, &p);
}

static void right_and_wrong(void **state)
{
	(void)state;
	freshet_webhook *w = sudoiq();
	struct post p;
	post_sudoiq(&p, body, NULL);
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_NONE);
	/* Another secret, another body, another timestamp. */
	post_begin(&p, freshet_str_of(body));
	post_sign_sudoiq(&p, POST_OTHER, POST_NOW_S);
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_SIGNATURE_WRONG);
	post_sudoiq(&p, body, NULL);
	p.q.body.len--;
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_SIGNATURE_WRONG);
	post_sudoiq(&p, body, NULL);
	p.timestamp[strlen(p.timestamp) - 1] ^= 1;
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_SIGNATURE_WRONG);
	/* A full stop may stand elsewhere: "1.2" and "3" are not "1" and "2.3". */
	post_sudoiq(&p, "1.{}", NULL);
	char text[64];
	snprintf(text, sizeof text, "%s.1", p.timestamp);
	p.headers[1].value = freshet_str_of(text);
	p.q.body = freshet_str_of("{}");
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_TIMESTAMP_MISSING);
	freshet_webhook_free(w);
}

static void missing_and_repeated(void **state)
{
	(void)state;
	freshet_webhook *w = sudoiq();
	struct post p;
	post_begin(&p, freshet_str_of(body));
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_SIGNATURE_MISSING);
	assert_int_equal(with_signature(w, "", 0), FRESHET_WEBHOOK_CAUSE_SIGNATURE_MISSING);
	post_sudoiq(&p, body, NULL);
	post_header(&p, "x-sudoiq-signature", p.signature);
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_SIGNATURE_REPEATED);
	post_sudoiq(&p, body, NULL);
	post_header(&p, "X-SUDOIQ-TIMESTAMP", p.timestamp);
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_TIMESTAMP_MISSING);
	/* Names of headers have no case. */
	post_sudoiq(&p, body, NULL);
	p.headers[1].name = freshet_str_of("x-SUDOIQ-timestamp");
	p.headers[2].name = freshet_str_of("x-sudoiq-SIGNATURE");
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_NONE);
	freshet_webhook_free(w);
}

static void every_truncation(void **state)
{
	(void)state;
	freshet_webhook *w = sudoiq();
	struct post p;
	post_sudoiq(&p, body, NULL);
	size_t len = strlen(p.signature);
	for (size_t cut = 1; cut < len; cut++)
		assert_int_equal(with_signature(w, p.signature, cut), FRESHET_WEBHOOK_CAUSE_SIGNATURE_TRUNCATED);
	/* From the front, the prefix is damaged or the digits are too few. */
	for (size_t cut = 1; cut < len; cut++)
		assert_int_not_equal(with_signature(w, p.signature + cut, len - cut), FRESHET_WEBHOOK_CAUSE_NONE);
	char longer[160];
	snprintf(longer, sizeof longer, "%s0", p.signature);
	assert_int_equal(with_signature(w, longer, len + 1), FRESHET_WEBHOOK_CAUSE_SIGNATURE_ENCODING);
	freshet_webhook_free(w);
}

static void every_bit(void **state)
{
	(void)state;
	freshet_webhook *w = sudoiq();
	struct post p;
	post_sudoiq(&p, body, NULL);
	size_t len = strlen(p.signature);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		char text[128];
		memcpy(text, p.signature, len);
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		assert_int_not_equal(with_signature(w, text, len), FRESHET_WEBHOOK_CAUSE_NONE);
	}
	/* And of what the digits mean. */
	for (size_t bit = 0; bit < 256; bit++) {
		unsigned char mac[32];
		char text[128] = "sha256=";
		for (size_t i = 0; i < 32; i++) {
			unsigned byte;
			assert_int_equal(sscanf(p.signature + 7 + 2 * i, "%2x", &byte), 1);
			mac[i] = (unsigned char)byte;
		}
		mac[bit / 8] = (unsigned char)(mac[bit / 8] ^ 1u << bit % 8);
		post_hex(mac, 32, text + 7);
		assert_int_equal(with_signature(w, text, len), FRESHET_WEBHOOK_CAUSE_SIGNATURE_WRONG);
	}
	freshet_webhook_free(w);
}

static void spellings_of_hex(void **state)
{
	(void)state;
	freshet_webhook *w = sudoiq();
	struct post p;
	char text[160];
	post_sudoiq(&p, body, NULL);
	size_t len = strlen(p.signature);
	strcpy(text, p.signature);
	for (size_t i = 7; i < len; i++)
		if (text[i] >= 'a')
			text[i] = (char)(text[i] - 'a' + 'A');
	assert_int_equal(with_signature(w, text, len), FRESHET_WEBHOOK_CAUSE_SIGNATURE_ENCODING);
	assert_int_equal(with_signature(w, p.signature + 7, len - 7), FRESHET_WEBHOOK_CAUSE_SIGNATURE_ENCODING);
	snprintf(text, sizeof text, "SHA256=%s", p.signature + 7);
	assert_int_equal(with_signature(w, text, len), FRESHET_WEBHOOK_CAUSE_SIGNATURE_ENCODING);
	snprintf(text, sizeof text, " %s", p.signature);
	assert_int_equal(with_signature(w, text, len + 1), FRESHET_WEBHOOK_CAUSE_SIGNATURE_ENCODING);
	freshet_webhook_free(w);
}

/* ---- age ---- */

static freshet_webhook_cause with_age(freshet_webhook *w, int64_t age_s)
{
	struct post p;
	post_begin(&p, freshet_str_of(body));
	post_sign_sudoiq(&p, POST_SECRET, POST_NOW_S - age_s);
	return cause_of(w, &p);
}

static freshet_webhook_cause with_timestamp(freshet_webhook *w, const char *text)
{
	struct post p;
	post_sudoiq(&p, body, NULL);
	p.headers[1].value = freshet_str_of(text);
	return cause_of(w, &p);
}

static void age(void **state)
{
	(void)state;
	freshet_webhook_options o;
	freshet_webhook *w = sudoiq();
	assert_int_equal(with_age(w, 300), FRESHET_WEBHOOK_CAUSE_NONE);
	assert_int_equal(with_age(w, 301), FRESHET_WEBHOOK_CAUSE_TIMESTAMP_OLD);
	assert_int_equal(with_age(w, POST_NOW_S), FRESHET_WEBHOOK_CAUSE_TIMESTAMP_OLD);
	assert_int_equal(with_age(w, -300), FRESHET_WEBHOOK_CAUSE_NONE);
	assert_int_equal(with_age(w, -301), FRESHET_WEBHOOK_CAUSE_TIMESTAMP_FUTURE);
	assert_int_equal(with_age(w, POST_NOW_S - 999999999999999), FRESHET_WEBHOOK_CAUSE_TIMESTAMP_FUTURE);
	/* What no clock can say. */
	static const char *const bad[] = {"", "-1", "+1", " 1795334400", "1795334400 ", "1795334400.0", "0x6b",
		"1795334400000000", "99999999999999999999999999", "now"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(with_timestamp(w, bad[i]), FRESHET_WEBHOOK_CAUSE_TIMESTAMP_MISSING);
	freshet_webhook_free(w);

	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.max_age_s = 10;
	o.max_ahead_s = 2;
	w = post_receiver(&o);
	assert_int_equal(with_age(w, 10), FRESHET_WEBHOOK_CAUSE_NONE);
	assert_int_equal(with_age(w, 11), FRESHET_WEBHOOK_CAUSE_TIMESTAMP_OLD);
	assert_int_equal(with_age(w, -3), FRESHET_WEBHOOK_CAUSE_TIMESTAMP_FUTURE);
	freshet_webhook_free(w);

	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.max_age_s = UINT64_MAX;
	w = post_receiver(&o);
	assert_int_equal(with_age(w, POST_NOW_S), FRESHET_WEBHOOK_CAUSE_NONE);
	freshet_webhook_free(w);
}

/* ---- several secrets ---- */

static void secrets_change_without_a_gap(void **state)
{
	(void)state;
	static const freshet_str both[] = {{POST_OTHER, sizeof POST_OTHER - 1}, {POST_SECRET, sizeof POST_SECRET - 1}};
	freshet_webhook *w = sudoiq();
	struct post old, new;
	post_sudoiq(&old, body, NULL);
	post_begin(&new, freshet_str_of(body));
	post_sign_sudoiq(&new, POST_OTHER, POST_NOW_S);
	assert_int_equal(cause_of(w, &new), FRESHET_WEBHOOK_CAUSE_SIGNATURE_WRONG);
	assert_int_equal(freshet_webhook_secrets_set(w, both, 2), FRESHET_OK);
	assert_int_equal(cause_of(w, &old), FRESHET_WEBHOOK_CAUSE_NONE);
	assert_int_equal(cause_of(w, &new), FRESHET_WEBHOOK_CAUSE_NONE);
	assert_int_equal(freshet_webhook_secrets_set(w, both, 1), FRESHET_OK);
	assert_int_equal(cause_of(w, &old), FRESHET_WEBHOOK_CAUSE_SIGNATURE_WRONG);
	assert_int_equal(cause_of(w, &new), FRESHET_WEBHOOK_CAUSE_NONE);
	static const freshet_str empty = {"", 0};
	assert_int_equal(freshet_webhook_secrets_set(w, &empty, 1), FRESHET_EINVAL);
	assert_int_equal(cause_of(w, &new), FRESHET_WEBHOOK_CAUSE_NONE);
	freshet_webhook_free(w);
}

/* ---- other platforms ---- */

static void agentos_with_and_without_prefix(void **state)
{
	(void)state;
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_AGENTOS);
	freshet_webhook *w = post_receiver(&o);
	struct post p;
	char text[160];
	post_begin(&p, freshet_str_of("{\"event\":\"x\"}"));
	post_sign_agentos(&p, POST_SECRET);
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_NONE);
	snprintf(text, sizeof text, "sha256=%s", p.signature);
	p.headers[1].value = freshet_str_of(text);
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_NONE);
	for (size_t cut = 1; cut < strlen(text); cut++) {
		p.headers[1].value = (freshet_str){text, cut};
		assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_SIGNATURE_TRUNCATED);
	}
	post_begin(&p, freshet_str_of("{\"event\":\"x\"}"));
	post_sign_agentos(&p, POST_OTHER);
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_SIGNATURE_WRONG);
	freshet_webhook_free(w);
}

/* Whether the prefix must be there is the host's to say. */
static void a_prefix_may_be_required_or_not(void **state)
{
	(void)state;
	for (int required = 0; required < 2; required++) {
		freshet_webhook_options o;
		struct post p;
		char text[160];
		post_options(&o, FRESHET_WEBHOOK_AGENTOS);
		o.prefix = required != 0 ? FRESHET_WEBHOOK_PREFIX_REQUIRED : FRESHET_WEBHOOK_PREFIX_DEFAULT;
		freshet_webhook *w = post_receiver(&o);
		post_begin(&p, freshet_str_of("{\"event\":\"x\"}"));
		post_sign_agentos(&p, POST_SECRET);
		assert_int_equal(cause_of(w, &p) == FRESHET_WEBHOOK_CAUSE_NONE, required == 0);
		snprintf(text, sizeof text, "sha256=%s", p.signature);
		p.headers[1].value = freshet_str_of(text);
		assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_NONE);
		freshet_webhook_free(w);
		post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
		o.prefix = required != 0 ? FRESHET_WEBHOOK_PREFIX_DEFAULT : FRESHET_WEBHOOK_PREFIX_OPTIONAL;
		w = post_receiver(&o);
		post_begin(&p, freshet_str_of("{}"));
		post_sign_sudoiq(&p, POST_SECRET, POST_NOW_S);
		assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_NONE);
		p.headers[2].value = freshet_str_of(p.signature + strlen("sha256="));
		assert_int_equal(cause_of(w, &p) == FRESHET_WEBHOOK_CAUSE_NONE, required == 0);
		freshet_webhook_free(w);
	}
}

/* Everything that the platforms do not publish, spelled in another way. */
static void base64_and_other_names(void **state)
{
	(void)state;
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.signature_header = "X-Signature";
	o.signature_prefix = "v1,";
	o.encoding = FRESHET_WEBHOOK_BASE64;
	o.signed_text = FRESHET_WEBHOOK_SIGNED_BODY;
	freshet_webhook *w = post_receiver(&o);
	struct post p;
	unsigned char mac[32];
	char text[160] = "v1,";
	post_hmac(POST_SECRET, body, strlen(body), mac);
	assert_int_equal(EVP_EncodeBlock((unsigned char *)text + 3, mac, 32), 44);
	post_begin(&p, freshet_str_of(body));
	post_header(&p, "X-Signature", text);
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_NONE);
	for (size_t cut = 1; cut < strlen(text); cut++) {
		p.headers[1].value = (freshet_str){text, cut};
		assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_SIGNATURE_TRUNCATED);
	}
	/* Every single bit, those that the last digit does not use among them. */
	for (size_t bit = 0; bit < 8 * strlen(text); bit++) {
		char flipped[128];
		strcpy(flipped, text);
		flipped[bit / 8] = (char)(flipped[bit / 8] ^ 1 << bit % 8);
		p.headers[1].value = (freshet_str){flipped, strlen(text)};
		assert_int_not_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_NONE);
	}
	/* Two bits of the last digit mean nothing: only zeros are right. */
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t last = strlen(text) - 2;
	char digit = text[last];
	for (size_t more = 1; more <= 3; more++) {
		text[last] = alphabet[(size_t)(strchr(alphabet, digit) - alphabet) + more];
		p.headers[1].value = freshet_str_of(text);
		assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_SIGNATURE_ENCODING);
	}
	text[last] = digit;
	strcat(text, "=");
	p.headers[1].value = freshet_str_of(text);
	assert_int_equal(cause_of(w, &p), FRESHET_WEBHOOK_CAUSE_SIGNATURE_ENCODING);
	freshet_webhook_free(w);
}

/* ---- tokens ---- */

static bool let_in(freshet_webhook *w, const char *target)
{
	freshet_webhook_delivery d;
	struct post p;
	post_begin(&p, freshet_str_of(body));
	p.q.target = freshet_str_of(target);
	freshet_webhook_receive(w, &p.q, &d);
	if (d.outcome != FRESHET_WEBHOOK_NEW) {
		assert_int_equal(d.cause, FRESHET_WEBHOOK_CAUSE_TOKEN);
		assert_int_equal(d.answer.status, 401);
		return false;
	}
	assert_false(d.verified);
	assert_int_equal(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_REJECTED, NULL), FRESHET_OK);
	return true;
}

static void token_in_the_query(void **state)
{
	(void)state;
	static const freshet_str tokens[] = {{"s3cret-token", 12}, {"next_one", 8}};
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.secret_count = 0;
	o.tokens = tokens;
	o.token_count = 2;
	freshet_webhook *w = post_receiver(&o);
	static const char *const right[] = {"/hooks?token=s3cret-token", "/hooks?token=next_one",
		"/?a=b&token=next_one&c", "/hooks?token=s3cret-token#x"};
	static const char *const wrong[] = {"/hooks", "/hooks?", "/hooks?token",
		"/hooks?token=", "/hooks?token=s3cret-toke", "/hooks?token=s3cret-tokenx", "/hooks?token=s3cret-tokem",
		"/hooks?Token=s3cret-token", "/hooks?token=bad&token=s3cret-token",
		"/hooks?token=s3cret-token&token=s3cret-token", "/hooks#?token=s3cret-token", "/hooks/s3cret-token",
		"/hooks?xtoken=s3cret-token", "", "?", "&token=next_one"};
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
		assert_true(let_in(w, right[i]));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(let_in(w, wrong[i]));
	freshet_webhook_free(w);
}

static void token_under_another_name(void **state)
{
	(void)state;
	static const freshet_str token = {"s3cret-token", 12};
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.secret_count = 0;
	o.tokens = &token;
	o.token_count = 1;
	o.token_query = "who";
	freshet_webhook *w = post_receiver(&o);
	assert_true(let_in(w, "/hooks?who=s3cret-token"));
	assert_true(let_in(w, "/hooks?a=b&who=s3cret-token&c"));
	assert_false(let_in(w, "/hooks?token=s3cret-token"));
	assert_false(let_in(w, "/hooks?whom=s3cret-token"));
	freshet_webhook_free(w);
}

static void token_in_the_path(void **state)
{
	(void)state;
	static const freshet_str token = {"s3cret-token", 12};
	freshet_webhook_options o;
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.secret_count = 0;
	o.tokens = &token;
	o.token_count = 1;
	o.token_place = FRESHET_WEBHOOK_TOKEN_PATH;
	freshet_webhook *w = post_receiver(&o);
	assert_true(let_in(w, "/hooks/s3cret-token"));
	assert_true(let_in(w, "/s3cret-token?a=b"));
	assert_false(let_in(w, "/hooks/s3cret-token/"));
	assert_false(let_in(w, "/hooks/s3cret-token/x"));
	assert_false(let_in(w, "/hooks?token=s3cret-token"));
	assert_false(let_in(w, "/hooks?/s3cret-token"));
	assert_false(let_in(w, ""));
	freshet_webhook_free(w);
}

/* ---- the kind of body ---- */

static bool is_json(freshet_webhook *w, const char *type, const char *coding)
{
	freshet_webhook_delivery d;
	struct post p;
	post_sudoiq(&p, body, NULL);
	p.headers[0].value = freshet_str_of(type);
	if (type == NULL)
		p.headers[0].name = freshet_str_of("X-Other");
	if (coding != NULL)
		post_header(&p, "Content-Encoding", coding);
	freshet_webhook_receive(w, &p.q, &d);
	if (d.outcome == FRESHET_WEBHOOK_NEW) {
		assert_int_equal(freshet_webhook_finish(w, d.ticket, FRESHET_WEBHOOK_REJECTED, NULL), FRESHET_OK);
		return true;
	}
	assert_int_equal(d.cause, FRESHET_WEBHOOK_CAUSE_CONTENT_TYPE);
	assert_int_equal(d.answer.status, 415);
	return false;
}

static void content_types(void **state)
{
	(void)state;
	freshet_webhook_options o;
	freshet_webhook *w = sudoiq();
	assert_true(is_json(w, "application/json", NULL));
	assert_true(is_json(w, "Application/JSON ; charset=utf-8", NULL));
	assert_true(is_json(w, "application/vnd.sudoiq.run+json", NULL));
	assert_true(is_json(w, "application/json", "identity"));
	assert_false(is_json(w, "text/plain", NULL));
	assert_false(is_json(w, "application/jsonp", NULL));
	assert_false(is_json(w, "+json", NULL));
	assert_false(is_json(w, "", NULL));
	assert_false(is_json(w, NULL, NULL));
	assert_false(is_json(w, "application/json", "gzip"));
	freshet_webhook_free(w);
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.any_content_type = true;
	w = post_receiver(&o);
	assert_true(is_json(w, "text/plain", NULL));
	assert_true(is_json(w, NULL, NULL));
	assert_false(is_json(w, "application/json", "gzip"));
	freshet_webhook_free(w);
}

/* ---- options ---- */

static void bad_options(void **state)
{
	(void)state;
	static const freshet_str empty = {"", 0}, spaced = {"a b", 3};
	static const freshet_webhook_store half = {NULL, NULL, NULL};
	freshet_webhook_options o;
	freshet_webhook *w;
#define REFUSED(change)                                                                                                \
	do {                                                                                                           \
		post_options(&o, FRESHET_WEBHOOK_SUDOIQ);                                                              \
		change;                                                                                                \
		w = (freshet_webhook *)&o;                                                                             \
		assert_int_equal(freshet_webhook_new(&o, &w), FRESHET_EINVAL);                                         \
		assert_null(w);                                                                                        \
	} while (0)
	REFUSED(o.platform = (freshet_webhook_platform)0);
	REFUSED(o.platform = (freshet_webhook_platform)3);
	REFUSED(o.size = sizeof o + 8);
	REFUSED(o.size = 0);
	REFUSED(o.secrets = &empty);
	REFUSED(o.secrets = NULL);
	REFUSED(o.signature_header = "");
	REFUSED(o.timestamp_header = "");
	REFUSED(o.encoding = (freshet_webhook_encoding)9);
	REFUSED(o.max_depth = FRESHET_JSON_DEPTH_MAX + 1);
	REFUSED(o.max_seen = UINT32_MAX);
	REFUSED((o.max_seen = 10, o.max_open = 11));
	REFUSED((o.max_runs = 10, o.max_open = 11));
	REFUSED(o.max_open = 4097);
	REFUSED(o.store = &half);
	REFUSED((o.tokens = &spaced, o.token_count = 1));
	REFUSED((o.platform = FRESHET_WEBHOOK_AGENTOS, o.confirm_with_status = true));
	REFUSED((o.platform = FRESHET_WEBHOOK_AGENTOS, o.signed_text = FRESHET_WEBHOOK_SIGNED_TIMESTAMP_BODY));
#undef REFUSED
	assert_int_equal(freshet_webhook_new(NULL, &w), FRESHET_EINVAL);
	freshet_webhook_free(NULL);
}

static void every_allocation_of_new_fails(void **state)
{
	(void)state;
	static const char *const fields[] = {"run", NULL};
	static const freshet_str tokens[] = {{"one", 3}, {"two", 3}};
	freshet_sudoiq_names names;
	freshet_webhook_options o;
	freshet_webhook *w;
	freshet_sudoiq_names_init(&names);
	names.task_id_fields = fields;
	names.status_fields = fields;
	names.default_namespace = "core";
	post_options(&o, FRESHET_WEBHOOK_SUDOIQ);
	o.names = &names;
	o.tokens = tokens;
	o.token_count = 2;
	size_t failures = 0;
	failmem_arm(0);
	size_t before = failmem_live();
	for (size_t n = 1; failmem_arm_one(n), freshet_webhook_new(&o, &w), failmem_fired(); n++) {
		assert_null(w);
		assert_int_equal(failmem_live(), before);
		failures++;
	}
	assert_true(failures > 8);
	freshet_webhook_free(w);
	assert_int_equal(failmem_live(), before);
	failmem_off();
}

/* ---- signing ---- */

static void hold_signed(freshet_webhook *sender, freshet_webhook *receiver, const char *text)
{
	freshet_webhook_signature s;
	struct post p;
	assert_int_equal(freshet_webhook_sign(sender, freshet_str_of(text), &s), FRESHET_OK);
	post_begin(&p, freshet_str_of(text));
	for (size_t i = 0; i < s.header_count; i++)
		p.headers[p.q.header_count++] = s.headers[i];
	assert_int_equal(cause_of(receiver, &p), FRESHET_WEBHOOK_CAUSE_NONE);
	p.q.body.len--;
	assert_int_equal(cause_of(receiver, &p), FRESHET_WEBHOOK_CAUSE_SIGNATURE_WRONG);
}

/* Whatever is signed is taken by a webhook with the same options. */
static void what_is_signed_is_right(void **state)
{
	(void)state;
	static const char *const prefixes[] = {
		NULL, "", "v1=", "a prefix that is longer than any other that was ever seen: "};
	for (unsigned way = 0; way < 2 * 3 * 3 * 4; way++) {
		freshet_webhook_options o;
		post_options(&o, way % 2 != 0 ? FRESHET_WEBHOOK_SUDOIQ : FRESHET_WEBHOOK_AGENTOS);
		o.encoding = (freshet_webhook_encoding)(way / 2 % 3);
		o.signed_text = (freshet_webhook_signed)(way / 6 % 3);
		o.signature_prefix = prefixes[way / 18];
		o.timestamp_header = "X-When";
		freshet_webhook *sender = post_receiver(&o), *receiver = post_receiver(&o);
		for (size_t i = 0; i < 20; i++) {
			char text[64];
			snprintf(text, sizeof text, "{\"n\":%zu}", i);
			hold_signed(sender, receiver, text);
		}
		freshet_webhook_free(sender);
		freshet_webhook_free(receiver);
	}
}

/* Against what OpenSSL's one call makes of it. */
static void a_signature_is_spelled_as_the_platform_does(void **state)
{
	(void)state;
	freshet_webhook *w = sudoiq();
	freshet_webhook_signature s;
	struct post p;
	post_sudoiq(&p, body, NULL);
	assert_int_equal(freshet_webhook_sign(w, freshet_str_of(body), &s), FRESHET_OK);
	assert_int_equal(s.header_count, 2);
	assert_true(freshet_str_is(s.headers[0].name, "X-Sudoiq-Signature"));
	assert_true(freshet_str_is(s.headers[0].value, p.signature));
	assert_true(freshet_str_is(s.headers[1].name, "X-Sudoiq-Timestamp"));
	assert_true(freshet_str_is(s.headers[1].value, p.timestamp));
	freshet_webhook_free(w);
}

static void the_first_secret_signs(void **state)
{
	(void)state;
	static const freshet_str both[] = {{POST_OTHER, sizeof POST_OTHER - 1}, {POST_SECRET, sizeof POST_SECRET - 1}};
	freshet_webhook *w = sudoiq();
	freshet_webhook_signature s;
	struct post p;
	assert_int_equal(freshet_webhook_secrets_set(w, both, 2), FRESHET_OK);
	post_begin(&p, freshet_str_of(body));
	post_sign_sudoiq(&p, POST_OTHER, POST_NOW_S);
	assert_int_equal(freshet_webhook_sign(w, freshet_str_of(body), &s), FRESHET_OK);
	assert_true(freshet_str_is(s.headers[0].value, p.signature));
	assert_int_equal(freshet_webhook_secrets_set(w, NULL, 0), FRESHET_OK);
	assert_int_equal(freshet_webhook_sign(w, freshet_str_of(body), &s), FRESHET_ESTATE);
	assert_int_equal(s.header_count, 0);
	freshet_webhook_free(w);
}

static void without_memory_nothing_is_signed(void **state)
{
	(void)state;
	freshet_webhook *w = sudoiq(), *receiver = sudoiq();
	freshet_webhook_signature s;
	size_t n = 1;
	for (;; n++) {
		failmem_arm(n);
		freshet_err err = freshet_webhook_sign(w, freshet_str_of(body), &s);
		if (!failmem_fired())
			break;
		assert_int_equal(err, FRESHET_ENOMEM);
		assert_int_equal(s.header_count, 0);
	}
	failmem_off();
	assert_true(n > 1);
	hold_signed(w, receiver, body);
	freshet_webhook_free(w);
	freshet_webhook_free(receiver);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_signed_is_right),
		cmocka_unit_test(a_signature_is_spelled_as_the_platform_does),
		cmocka_unit_test(the_first_secret_signs),
		cmocka_unit_test(without_memory_nothing_is_signed),
		cmocka_unit_test(right_and_wrong),
		cmocka_unit_test(missing_and_repeated),
		cmocka_unit_test(every_truncation),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(spellings_of_hex),
		cmocka_unit_test(age),
		cmocka_unit_test(secrets_change_without_a_gap),
		cmocka_unit_test(agentos_with_and_without_prefix),
		cmocka_unit_test(a_prefix_may_be_required_or_not),
		cmocka_unit_test(base64_and_other_names),
		cmocka_unit_test(token_in_the_query),
		cmocka_unit_test(token_under_another_name),
		cmocka_unit_test(token_in_the_path),
		cmocka_unit_test(content_types),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(every_allocation_of_new_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
