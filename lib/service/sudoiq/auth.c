/*
 * Happy path: a key or a cookie is a header of the endpoint, and nothing else is to be done. Where the key must be
 * exchanged, the first request asks for a token and waits; a token is asked for anew shortly before the old one expires,
 * and once after a 401. However many requests wait, one asks.
 *
 * Failures: what the exchange came to is the end of all that waited for it; the next request asks again.
 */
#include "client.h"

#include "failure.h"
#include "run.h"

#define BEARER         "Bearer "
#define DEFAULT_HEADER "X-API-Key"
#define DEFAULT_COOKIE "custom_session"

/* No token is held to live longer. */
#define LIFE_MAX_S ((int64_t)365 * 24 * 3600)

/* ---- headers ---- */

/* "<prefix><text>"; NULL without memory. */
static char *join(const char *prefix, const char *between, freshet_str text)
{
	size_t a = strlen(prefix), b = strlen(between);
	char *joined = text.len < SIZE_MAX - a - b ? freshet_mem_new(a + b + text.len + 1, 1) : NULL;
	if (joined == NULL)
		return NULL;
	memcpy(joined, prefix, a);
	memcpy(joined + a, between, b);
	memcpy(joined + a + b, text.ptr, text.len);
	return joined;
}

static bool is_given(const char *text)
{
	return text != NULL && *text != '\0';
}

static void warn_of_key(const char *key)
{
	if (strncmp(key, "sk_", 3) != 0)
		freshet_log(FRESHET_LOG_WARNING, "sudoiq: the API key does not begin with sk_");
}

/* `value` is NULL without memory, and else goes over. */
static freshet_err set_header(struct sudoiq_auth *auth, const char *name, char *value, size_t secret)
{
	auth->secret = secret;
	auth->header_name = guest_copy(freshet_str_of(name));
	auth->header = value;
	return auth->header_name != NULL && value != NULL ? FRESHET_OK : FRESHET_ENOMEM;
}

static freshet_err take_key(struct sudoiq_auth *auth, const freshet_sudoiq_options *o)
{
	freshet_str key = freshet_str_of(o->api_key);
	warn_of_key(o->api_key);
	switch (auth->mode) {
	case FRESHET_SUDOIQ_AUTH_BEARER_KEY:
		return set_header(auth, "authorization", join(BEARER, "", key), strlen(BEARER));
	case FRESHET_SUDOIQ_AUTH_HEADER_KEY:
		return set_header(
			auth, o->auth_header_name != NULL ? o->auth_header_name : DEFAULT_HEADER, guest_copy(key), 0);
	case FRESHET_SUDOIQ_AUTH_TOKEN_EXCHANGE:
		auth->key = guest_copy(key);
		return auth->key != NULL ? FRESHET_OK : FRESHET_ENOMEM;
	case FRESHET_SUDOIQ_AUTH_COOKIE: break;
	}
	return FRESHET_EINVAL;
}

freshet_err sudoiq_auth_init(struct sudoiq_auth *auth, const freshet_sudoiq_options *o)
{
	memset(auth, 0, sizeof *auth);
	auth->mode = o->auth;
	if (o->auth == FRESHET_SUDOIQ_AUTH_COOKIE) {
		const char *name = o->cookie_name != NULL ? o->cookie_name : DEFAULT_COOKIE;
		if (!is_given(o->cookie))
			return FRESHET_EAUTH;
		return set_header(auth, "cookie", join(name, "=", freshet_str_of(o->cookie)), strlen(name) + 1);
	}
	return is_given(o->api_key) ? take_key(auth, o) : FRESHET_EAUTH;
}

void sudoiq_auth_clear(struct sudoiq_auth *auth)
{
	guest_free_secret(auth->header);
	guest_free_secret(auth->key);
	guest_free_secret(auth->token);
	freshet_mem_free(auth->header_name);
	memset(auth, 0, sizeof *auth);
}

bool sudoiq_auth_header(const struct sudoiq_auth *auth, freshet_header *header)
{
	if (auth->header == NULL)
		return false;
	*header = (freshet_header){freshet_str_of(auth->header_name), freshet_str_of(auth->header), true};
	return true;
}

static void add_secret(freshet_str *secrets, size_t *count, const char *terminated, size_t skip)
{
	if (terminated != NULL)
		secrets[(*count)++] = freshet_str_of(terminated + skip);
}

size_t sudoiq_auth_secrets(const struct sudoiq_auth *auth, freshet_str secrets[SUDOIQ_SECRETS])
{
	size_t count = 0;
	add_secret(secrets, &count, auth->header, auth->secret);
	add_secret(secrets, &count, auth->key, 0);
	add_secret(secrets, &count, auth->token, strlen(BEARER));
	return count;
}

/* ---- the exchange ---- */

/* It will be a header's value: nothing but visible ASCII. */
static bool is_token(freshet_str token)
{
	for (size_t i = 0; i < token.len; i++)
		if (token.ptr[i] <= ' ' || token.ptr[i] >= 0x7f)
			return false;
	return token.len > 0;
}

/* The new one is asked for `ahead_ms` before the end, or halfway where its life is shorter than twice that. */
static void set_life(freshet_sudoiq *client, int64_t seconds)
{
	uint64_t ahead_ms = client->settings.token_renew_ms;
	uint64_t life_ms = (uint64_t)(seconds < LIFE_MAX_S ? seconds : LIFE_MAX_S) * 1000;
	uint64_t ahead = life_ms / 2 < ahead_ms ? life_ms / 2 : ahead_ms;
	client->auth.renew_at_ms = seconds > 0 ? client->guest.clock() + life_ms - ahead : UINT64_MAX;
}

/* FRESHET_OK, or why the answer cannot be used. */
static freshet_err take_token(freshet_sudoiq *client, freshet_str body)
{
	union sudoiq_token_values v;
	freshet_json_scratch *scratch = guest_scratch_begin(&client->scratch, body.len);
	freshet_str token = {NULL, 0};
	int64_t seconds = 0;
	freshet_err err = guest_fields_pick(client->names.token, body, v.picked, NULL);
	if (err == FRESHET_OK)
		err = guest_take_str(&v.members.access_token_fields, scratch, &token);
	if (err == FRESHET_OK)
		err = guest_take_int(&v.members.expires_in_fields, &seconds);
	if (err == FRESHET_OK && !is_token(token))
		err = FRESHET_EBAD_ANSWER;
	if (err != FRESHET_OK)
		return err;
	char *joined = join(BEARER, "", token);
	if (joined == NULL)
		return FRESHET_ENOMEM;
	guest_free_secret(client->auth.token);
	client->auth.token = joined;
	client->auth.version++;
	set_life(client, seconds);
	return FRESHET_OK;
}

/* Those that waited go on, or end; `why` is NULL when there is a token. */
static void tell_waiting(freshet_sudoiq *client, const freshet_outcome *why)
{
	sudoiq_runs_authorized(client, why);
	guest_authorized(&client->guest, why);
}

static void bought(struct guest_call *call, const freshet_response *response)
{
	freshet_sudoiq *client = guest_client(call, freshet_sudoiq, auth.call);
	struct sudoiq_failure failure;
	client->auth.buying = false;
	bool good = response->outcome.err == FRESHET_OK && response->status >= 200 && response->status < 300;
	freshet_err err = good ? take_token(client, response->body) : FRESHET_OK;
	if (good && err == FRESHET_OK) {
		tell_waiting(client, NULL);
		return;
	}
	if (good)
		sudoiq_failure_unreadable(&failure, &response->outcome, err, 0);
	else
		sudoiq_failure_of_response(&failure, client, response);
	tell_waiting(client, &failure.error.outcome);
}

static freshet_err buy(freshet_sudoiq *client)
{
	freshet_json_writer *writer;
	struct guest_text path = {0};
	freshet_err err = guest_writer(0, &writer);
	if (err != FRESHET_OK)
		return err;
	freshet_json_write_object(writer);
	guest_write(writer, "api_key", freshet_str_of(client->auth.key));
	freshet_json_write_end(writer);
	guest_route_path(&client->guest.routes, ROUTE_auth_token, NULL, 0, &path);
	struct guest_call_options options = {
		.route = ROUTE_auth_token,
		.path = &path,
		.writer = writer,
		.again = GUEST_AGAIN_ANY,
		.backoff = client->settings.backoff,
		.attempt_ms = client->settings.timeout_ms,
		.max_answer = client->settings.max_answer,
		.done = bought,
	};
	err = guest_call_send(&client->guest, &client->auth.call, &options);
	client->auth.buying = err == FRESHET_OK;
	return err;
}

static bool is_fresh(const freshet_sudoiq *client, const struct guest_credential *refused)
{
	const struct sudoiq_auth *auth = &client->auth;
	if (auth->token == NULL)
		return false;
	return refused != NULL ? auth->version != refused->version : client->guest.clock() < auth->renew_at_ms;
}

enum guest_auth sudoiq_authorize(
	struct guest *guest, size_t route, const struct guest_credential *refused, struct guest_credential *credential)
{
	freshet_sudoiq *client = guest_client(guest, freshet_sudoiq, guest);
	struct sudoiq_auth *auth = &client->auth;
	if (auth->mode != FRESHET_SUDOIQ_AUTH_TOKEN_EXCHANGE || route == ROUTE_auth_token)
		return GUEST_AUTH_NONE;
	if (is_fresh(client, refused)) {
		credential->field =
			(freshet_header){freshet_str_of("authorization"), freshet_str_of(auth->token), true};
		credential->version = auth->version;
		return GUEST_AUTH_READY;
	}
	if (!auth->buying && auth->failed == FRESHET_OK) {
		auth->failed = buy(client);
		if (auth->failed != FRESHET_OK)
			sudoiq_soon(client);
	}
	return GUEST_AUTH_LATER;
}

void sudoiq_auth_turn(freshet_sudoiq *client)
{
	freshet_outcome why = {.err = client->auth.failed};
	if (why.err == FRESHET_OK)
		return;
	client->auth.failed = FRESHET_OK;
	why.text = freshet_str_of(freshet_err_text(why.err));
	tell_waiting(client, &why);
}
