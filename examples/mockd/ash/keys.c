/*
 * Credentials and API keys (contract 6.11). A credential's secret is not kept at all; an API key is shown once.
 */
#include "mockd/ash/ajv.h"
#include "mockd/ash/ash.h"

#include "mockd/alloc.h"
#include "mockd/server.h"

#include <stdio.h>

void ash_credentials_create(struct ash_call *call)
{
	static const char *const needed[] = {"type", "key", NULL};
	static const char *const types[] = {"anthropic", "openai", "bedrock", "custom", NULL};
	struct ajv c;
	ajv_body(&c, call);
	ajv_required(&c, needed);
	const char *type = ajv_word(&c, "type", types);
	ajv_string(&c, "key", 1, SIZE_MAX);
	const char *label = ajv_string(&c, "label", 0, SIZE_MAX);
	if (!ajv_end(&c))
		return;
	if (call->ash->no_master_key) {
		ash_fail(call, 500, "Credential encryption is not configured");
		return;
	}
	json_t *credential = json_pack("{s:o, s:s, s:s, s:b, s:o}", "id", ash_uuid(uuid_new(&call->ash->mockd->random)),
		"type", type, "label", label != NULL ? label : "", "active", 1, "createdAt",
		ash_time(ash_wall_us(call->ash)));
	json_array_append(call->tenant->credentials, credential);
	ash_answer_member(call, 201, "credential", json_deep_copy(credential));
	json_object_set_new(credential, "lastUsedAt", json_null());
	json_decref(credential);
}

void ash_credentials_list(struct ash_call *call)
{
	ash_answer_member(call, 200, "credentials", json_deep_copy(call->tenant->credentials));
}

/* The index of the one with that id, or SIZE_MAX. */
static size_t find(const json_t *array, const char *id)
{
	size_t i;
	json_t *item;
	json_array_foreach(array, i, item)
	{
		if (strcmp(json_string_value(json_object_get(item, "id")), id) == 0)
			return i;
	}
	return SIZE_MAX;
}

bool ash_credential_use(struct ash_call *call, const char *id)
{
	json_t *credential = json_array_get(call->tenant->credentials, find(call->tenant->credentials, id));
	json_object_set_new(credential, "lastUsedAt", ash_time(ash_wall_us(call->ash)));
	return credential != NULL;
}

void ash_credentials_delete(struct ash_call *call)
{
	if (json_array_remove(call->tenant->credentials, find(call->tenant->credentials, call->params[0])) == 0)
		ash_answer_nothing(call);
	else
		ash_fail(call, 404, "Credential not found");
}

static void free_key(struct ash_key *key)
{
	list_remove(&key->node);
	json_decref(key->json);
	free(key);
}

void ash_keys_clear(struct ash *a)
{
	list_each_safe (node, after, &a->keys)
		free_key(container_of(node, struct ash_key, node));
}

/* "ash_" and 32 characters of URL-safe base64. */
static void write_token(char token[ASH_KEY_SIZE], struct random *random)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	memcpy(token, "ash_", 4);
	for (size_t i = 4; i < ASH_KEY_SIZE - 1; i++)
		token[i] = digits[random_below(random, 64)];
	token[ASH_KEY_SIZE - 1] = '\0';
}

void ash_keys_create(struct ash_call *call)
{
	struct ash *a = call->ash;
	const char *label = NULL;
	struct ajv c;
	if (call->body != NULL) {
		ajv_body(&c, call);
		label = ajv_string(&c, "label", 0, SIZE_MAX);
		if (!ajv_end(&c))
			return;
	}
	struct ash_key *key = must_alloc(sizeof *key);
	key->tenant = call->tenant;
	write_token(key->token, &a->mockd->random);
	char prefix[9] = "";
	memcpy(prefix, key->token, sizeof prefix - 1);
	key->json = json_pack("{s:o, s:s, s:s, s:o}", "id", ash_uuid(uuid_new(&a->mockd->random)), "label",
		label != NULL ? label : "", "keyPrefix", prefix, "createdAt", ash_time(ash_wall_us(a)));
	list_push_back(&a->keys, &key->node);
	ash_answer(call, 201, json_pack("{s:O, s:s}", "id", json_object_get(key->json, "id"), "key", key->token));
}

void ash_keys_list(struct ash_call *call)
{
	char prefix[9] = "";
	snprintf(prefix, sizeof prefix, "%s", call->tenant->token);
	json_t *keys = json_pack("[{s:s, s:s, s:s, s:s}]", "id", "env", "label", "Environment key", "keyPrefix", prefix,
		"createdAt", "");
	list_each (node, &call->ash->keys) {
		const struct ash_key *key = container_of(node, struct ash_key, node);
		if (key->tenant == call->tenant)
			json_array_append(keys, key->json);
	}
	ash_answer_member(call, 200, "keys", keys);
}

/* Those of other tenants, too. */
void ash_keys_delete(struct ash_call *call)
{
	list_each (node, &call->ash->keys) {
		struct ash_key *key = container_of(node, struct ash_key, node);
		if (strcmp(json_string_value(json_object_get(key->json, "id")), call->params[0]) != 0)
			continue;
		free_key(key);
		ash_answer_nothing(call);
		return;
	}
	ash_answer(call, 404, json_pack("{s:s}", "error", "API key not found"));
}

struct ash_tenant *ash_keys_tenant(const struct ash *a, freshet_str token)
{
	list_each (node, &a->keys) {
		const struct ash_key *key = container_of(node, struct ash_key, node);
		if (freshet_str_is(token, key->token))
			return key->tenant;
	}
	return NULL;
}
