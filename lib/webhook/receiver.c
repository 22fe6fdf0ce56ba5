/*
 * The receiver as an object.
 *
 * Happy path: options are taken over the platform's defaults, all that they point to is copied, secrets become keys that
 * only OpenSSL can read and tokens become digests.
 *
 * Failures: one call frees a half-built receiver.
 *
 * Closing: who waits for an answer gets one, then everything goes; inside a callback of the receiver it waits for that.
 */
#include "receiver.h"
#include "spelling.h"

#include "guest/clock.h"

#define DEFAULT_MAX_AGE_S   300
#define DEFAULT_MAX_BODY    ((size_t)4 * 1024 * 1024)
#define DEFAULT_MAX_DEPTH   64
#define DEFAULT_MAX_MEMBERS 256
#define DEFAULT_MAX_SEEN    4096
#define DEFAULT_SEEN_MS     ((uint64_t)24 * 60 * 60 * 1000)
#define DEFAULT_MAX_RUNS    4096
#define DEFAULT_MAX_OPEN    1024
/* What tables and places count up to. */
#define MOST_KEPT (UINT32_MAX / 4)

int64_t receiver_now_ms(const freshet_webhook *w)
{
	return w->o.now != NULL ? w->o.now(w->o.user) : guest_wall_ms();
}

/* ---- options ---- */

static void default_str(const char **option, const char *value)
{
	if (*option == NULL)
		*option = value;
}

static void platform_defaults(freshet_webhook_options *o)
{
	bool sudoiq = o->platform == FRESHET_WEBHOOK_SUDOIQ;
	default_str(&o->signature_header, sudoiq ? "X-Sudoiq-Signature" : "X-AgentOS-Signature");
	default_str(&o->timestamp_header, sudoiq ? "X-Sudoiq-Timestamp" : "");
	default_str(&o->delivery_header, sudoiq ? "X-Sudoiq-Delivery" : "");
	if (o->prefix == FRESHET_WEBHOOK_PREFIX_DEFAULT)
		o->prefix = sudoiq ? FRESHET_WEBHOOK_PREFIX_REQUIRED : FRESHET_WEBHOOK_PREFIX_OPTIONAL;
	if (o->signed_text == FRESHET_WEBHOOK_SIGNED_DEFAULT)
		o->signed_text = sudoiq ? FRESHET_WEBHOOK_SIGNED_TIMESTAMP_BODY : FRESHET_WEBHOOK_SIGNED_BODY;
}

/* What waits is in both tables: no more than the smaller one holds. */
static uint32_t most_open(const freshet_webhook_options *o)
{
	uint32_t seen = o->store == NULL ? o->max_seen : UINT32_MAX;
	uint32_t runs = o->platform == FRESHET_WEBHOOK_SUDOIQ ? o->max_runs : UINT32_MAX;
	return seen < runs ? seen : runs;
}

static uint32_t default_open(const freshet_webhook_options *o)
{
	return most_open(o) < DEFAULT_MAX_OPEN ? most_open(o) : DEFAULT_MAX_OPEN;
}

static void fill_defaults(freshet_webhook_options *o)
{
	platform_defaults(o);
	if (o->encoding == FRESHET_WEBHOOK_ENCODING_DEFAULT)
		o->encoding = FRESHET_WEBHOOK_HEX;
	default_str(&o->signature_prefix, "sha256=");
	default_str(&o->token_query, "token");
	o->max_age_s = guest_or_u64(o->max_age_s, DEFAULT_MAX_AGE_S);
	o->max_ahead_s = guest_or_u64(o->max_ahead_s, DEFAULT_MAX_AGE_S);
	o->max_body = guest_or_size(o->max_body, DEFAULT_MAX_BODY);
	o->max_depth = guest_or_size(o->max_depth, DEFAULT_MAX_DEPTH);
	o->max_members = guest_or_size(o->max_members, DEFAULT_MAX_MEMBERS);
	o->max_seen = guest_or_u32(o->max_seen, DEFAULT_MAX_SEEN);
	o->seen_ms = guest_or_u64(o->seen_ms, DEFAULT_SEEN_MS);
	o->max_runs = guest_or_u32(o->max_runs, DEFAULT_MAX_RUNS);
	o->max_open = guest_or_u32(o->max_open, default_open(o));
}

/* All of them are there. */
static bool are_there(const freshet_str *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (texts == NULL || texts[i].ptr == NULL || texts[i].len == 0)
			return false;
	return true;
}

/* Nothing that a URL would spell in another way. */
static bool is_unreserved(freshet_str text)
{
	static const char marks[] = "-._~";
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!plain && (c == '\0' || strchr(marks, c) == NULL))
			return false;
	}
	return true;
}

static bool are_tokens(const freshet_str *tokens, size_t count)
{
	if (!are_there(tokens, count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!is_unreserved(tokens[i]))
			return false;
	return true;
}

static bool are_known(const freshet_webhook_options *o)
{
	return (o->platform == FRESHET_WEBHOOK_SUDOIQ || o->platform == FRESHET_WEBHOOK_AGENTOS) &&
	       o->encoding <= FRESHET_WEBHOOK_BASE64 && o->signed_text <= FRESHET_WEBHOOK_SIGNED_TIMESTAMP_BODY &&
	       o->prefix <= FRESHET_WEBHOOK_PREFIX_OPTIONAL && o->token_place <= FRESHET_WEBHOOK_TOKEN_PATH;
}

static bool are_sound(const freshet_webhook_options *o)
{
	bool stamped = o->signed_text == FRESHET_WEBHOOK_SIGNED_TIMESTAMP_BODY;
	if (!are_there(o->secrets, o->secret_count) || !are_tokens(o->tokens, o->token_count))
		return false;
	if (o->signature_header[0] == '\0' || (stamped && o->timestamp_header[0] == '\0'))
		return false;
	if (o->confirm_with_status && o->platform != FRESHET_WEBHOOK_SUDOIQ)
		return false;
	if (o->store != NULL && (o->store->begin == NULL || o->store->end == NULL))
		return false;
	return o->max_depth <= FRESHET_JSON_DEPTH_MAX && o->max_seen <= MOST_KEPT && o->max_runs <= MOST_KEPT &&
	       o->max_open <= MOST_KEPT && o->max_open <= most_open(o);
}

/* ---- secrets ---- */

static void free_keys(struct mac **keys, size_t count)
{
	for (size_t i = 0; keys != NULL && i < count; i++)
		mac_free(keys[i]);
	freshet_mem_free(keys);
}

freshet_err freshet_webhook_secrets_set(freshet_webhook *w, const freshet_str *secrets, size_t count)
{
	struct mac **keys = NULL;
	freshet_err err = FRESHET_OK;
	if (!are_there(secrets, count))
		return FRESHET_EINVAL;
	if (count > 0 && (keys = freshet_mem_new(count, sizeof(struct mac *))) == NULL)
		return FRESHET_ENOMEM;
	for (size_t i = 0; err == FRESHET_OK && i < count; i++)
		err = mac_new(secrets[i], &keys[i]);
	if (err != FRESHET_OK) {
		free_keys(keys, count);
		return err;
	}
	free_keys(w->keys, w->key_count);
	w->keys = keys;
	w->key_count = count;
	return FRESHET_OK;
}

static freshet_err take_tokens(freshet_webhook *w, const freshet_str *tokens, size_t count)
{
	freshet_err err = FRESHET_OK;
	if (count > 0 && (w->tokens = freshet_mem_new(count, sizeof *w->tokens)) == NULL)
		return FRESHET_ENOMEM;
	for (size_t i = 0; err == FRESHET_OK && i < count; i++)
		err = mac_digest(&tokens[i], 1, w->tokens[i].bytes);
	return err;
}

/* ---- the object ---- */

static freshet_err copy_names(freshet_webhook *w, const freshet_webhook_options *o)
{
	const struct {
		char **to;
		const char *from;
	} names[] = {{&w->signature_header, o->signature_header}, {&w->timestamp_header, o->timestamp_header},
		{&w->delivery_header, o->delivery_header}, {&w->signature_prefix, o->signature_prefix},
		{&w->token_query, o->token_query}};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if ((*names[i].to = guest_copy(freshet_str_of(names[i].from))) == NULL)
			return FRESHET_ENOMEM;
	return FRESHET_OK;
}

static freshet_err build(freshet_webhook *w, const freshet_webhook_options *o)
{
	static const char *const whole[] = {""};
	freshet_err err;
	if ((err = table_init(&w->seen, o->max_seen, o->seen_ms)) != FRESHET_OK)
		return err;
	if ((err = table_init(&w->runs, o->max_runs, o->seen_ms)) != FRESHET_OK)
		return err;
	if ((err = copy_names(w, o)) != FRESHET_OK)
		return err;
	if ((err = spelling_new(o->names, &w->spelling)) != FRESHET_OK)
		return err;
	if ((err = freshet_json_plan_new(whole, 1, o->max_depth, &w->whole)) != FRESHET_OK)
		return err;
	if ((err = take_tokens(w, o->tokens, o->token_count)) != FRESHET_OK)
		return err;
	return freshet_webhook_secrets_set(w, o->secrets, o->secret_count);
}

static void warn(const freshet_webhook_options *o)
{
	if (o->secret_count == 0 && o->token_count == 0 && !o->confirm_with_status)
		freshet_log(FRESHET_LOG_WARNING,
			"webhook: no secret, no token and nothing confirmed: whoever finds the address is believed");
}

freshet_err freshet_webhook_new(const freshet_webhook_options *options, freshet_webhook **out)
{
	freshet_webhook_options o;
	*out = NULL;
	freshet_webhook_options_init(&o);
	if (!guest_options(&o, sizeof o, options) || !are_known(&o))
		return FRESHET_EINVAL;
	fill_defaults(&o);
	if (!are_sound(&o))
		return FRESHET_EINVAL;
	freshet_webhook *w = freshet_mem_new(1, sizeof *w);
	if (w == NULL)
		return FRESHET_ENOMEM;
	w->o = o;
	w->unused = OPEN_NONE;
	if (o.store != NULL)
		w->store = *o.store;
	freshet_err err = build(w, &o);
	if (err != FRESHET_OK) {
		receiver_destroy(w);
		return err;
	}
	warn(&o);
	*out = w;
	return FRESHET_OK;
}

void receiver_destroy(freshet_webhook *w)
{
	free_keys(w->keys, w->key_count);
	freshet_mem_free(w->tokens);
	freshet_mem_free(w->signature_header);
	freshet_mem_free(w->timestamp_header);
	freshet_mem_free(w->delivery_header);
	freshet_mem_free(w->signature_prefix);
	freshet_mem_free(w->token_query);
	spelling_free(w->spelling);
	freshet_json_plan_free(w->whole);
	table_clear(&w->seen);
	table_clear(&w->runs);
	freshet_mem_free(w->open);
	freshet_sudoiq_status_free(w->status);
	guest_scratch_clear(&w->scratch);
	guest_text_clear(&w->signature);
	guest_text_clear(&w->timestamp);
	freshet_mem_free(w);
}

void freshet_webhook_free(freshet_webhook *w)
{
	if (w == NULL || w->leaving)
		return;
	w->leaving = true;
	receiver_unmount(w);
	if (w->depth == 0)
		receiver_destroy(w);
}
