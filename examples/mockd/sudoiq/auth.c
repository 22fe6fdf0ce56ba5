/*
 * Who asks. Each token of the options is the key of a tenant of its own; how it is to be shown is one of four ways, and
 * only that one opens the door. Tokens that were given for a key run out on the emulated clock.
 */
#include "mockd/sudoiq/sudoiq.h"

#include "mockd/server.h"

static struct siq_tenant *tenant_of_key(struct siq *s, freshet_str key)
{
	for (size_t i = 0; i < s->tenant_count; i++) {
		if (freshet_str_is(key, s->tenants[i].key))
			return &s->tenants[i];
	}
	return freshet_str_is(key, MOCKD_SUDOIQ_KEY) ? &s->tenants[0] : NULL;
}

static struct siq_tenant *tenant_of_token(struct siq *s, freshet_str text)
{
	for (size_t i = 0; i < s->token_count; i++) {
		const struct siq_token *token = &s->tokens[i];
		if (freshet_str_is(text, token->text))
			return token->until_us > siq_now_us(s) ? token->tenant : NULL;
	}
	return NULL;
}

/* What stands behind "Bearer ", whose letters may be of either case. */
static freshet_str bearer_of(const struct request *r)
{
	static const char scheme[] = "Bearer ";
	size_t len = sizeof scheme - 1;
	const freshet_str *value = request_field(r, "authorization");
	if (value == NULL || value->len <= len || strncasecmp(value->ptr, scheme, len) != 0)
		return (freshet_str){NULL, 0};
	return (freshet_str){value->ptr + len, value->len - len};
}

/* The value of a cookie in one field or several. */
static freshet_str cookie_of(const struct request *r, const char *name)
{
	size_t name_len = strlen(name);
	for (size_t i = 0; i < r->field_count; i++) {
		if (!freshet_str_is(r->fields[i].name, "cookie"))
			continue;
		freshet_str rest = r->fields[i].value;
		while (rest.len > 0) {
			const char *end = memchr(rest.ptr, ';', rest.len);
			freshet_str pair = {rest.ptr, end != NULL ? (size_t)(end - rest.ptr) : rest.len};
			size_t step = pair.len + (end != NULL);
			rest = (freshet_str){rest.ptr + step, rest.len - step};
			while (pair.len > 0 && *pair.ptr == ' ')
				pair = (freshet_str){pair.ptr + 1, pair.len - 1};
			if (pair.len > name_len && memcmp(pair.ptr, name, name_len) == 0 && pair.ptr[name_len] == '=')
				return (freshet_str){pair.ptr + name_len + 1, pair.len - name_len - 1};
		}
	}
	return (freshet_str){NULL, 0};
}

static struct siq_tenant *find_tenant(struct siq_request *q)
{
	struct siq *s = q->siq;
	const freshet_str *field = request_field(q->request, siq_name(s, SIQ_HEADER_KEY));
	switch (s->auth) {
	case SIQ_AUTH_BEARER: return tenant_of_key(s, bearer_of(q->request));
	case SIQ_AUTH_HEADER: return field != NULL ? tenant_of_key(s, *field) : NULL;
	case SIQ_AUTH_TOKEN_EXCHANGE: return tenant_of_token(s, bearer_of(q->request));
	case SIQ_AUTH_COOKIE: break;
	}
	return tenant_of_key(s, cookie_of(q->request, siq_name(s, SIQ_COOKIE)));
}

bool siq_let_in(struct siq_request *q)
{
	if (q->endpoint == SIQ_AUTH_TOKEN && q->siq->auth == SIQ_AUTH_TOKEN_EXCHANGE)
		return true;
	q->tenant = find_tenant(q);
	if (q->tenant == NULL)
		siq_fail(q, 401, "unauthorized", "the credential is missing or not good");
	return q->tenant != NULL;
}

/* The place of a token: that of one that has run out, if there is one. */
static struct siq_token *token_slot(struct siq *s)
{
	for (size_t i = 0; i < s->token_count; i++) {
		if (s->tokens[i].until_us <= siq_now_us(s))
			return &s->tokens[i];
	}
	s->tokens = must_grow(s->tokens, &s->token_capacity, s->token_count + 1, sizeof *s->tokens);
	return &s->tokens[s->token_count++];
}

void siq_auth_token(struct siq_request *q)
{
	struct siq *s = q->siq;
	const json_t *key = json_object_get(q->body, "api_key");
	struct siq_tenant *tenant = tenant_of_key(s, (freshet_str){json_string_value(key), json_string_length(key)});
	if (s->auth != SIQ_AUTH_TOKEN_EXCHANGE) {
		siq_fail(q, 404, "not_found", "there are no tokens here");
		return;
	}
	if (tenant == NULL) {
		siq_fail(q, 401, "unauthorized", "the key is not good");
		return;
	}
	struct siq_token *token = token_slot(s);
	*token = (struct siq_token){
		.tenant = tenant, .text = "at_", .until_us = siq_now_us(s) + s->token_ms * US_PER_MS};
	uuid_write(uuid_new(&s->mockd->random), token->text + strlen(token->text));
	json_t *body = json_object();
	siq_set(s, body, SIQ_FIELD_ACCESS_TOKEN, json_string(token->text));
	json_object_set_new(body, "token_type", json_string("bearer"));
	siq_set(s, body, SIQ_FIELD_EXPIRES_IN, json_integer((json_int_t)(s->token_ms / 1000)));
	siq_answer(q, 200, body);
}

bool siq_auth_read(const char *name, enum siq_auth *auth)
{
	static const char *const names[] = {[SIQ_AUTH_BEARER] = "bearer",
		[SIQ_AUTH_HEADER] = "header",
		[SIQ_AUTH_TOKEN_EXCHANGE] = "token",
		[SIQ_AUTH_COOKIE] = "cookie"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(name, names[i]) == 0) {
			*auth = (enum siq_auth)i;
			return true;
		}
	}
	return false;
}
