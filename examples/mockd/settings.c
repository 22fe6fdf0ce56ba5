/*
 * Options: their defaults, the emulator's own copy of them, and those that can be changed while it runs.
 */
#include "mockd/alloc.h"
#include "mockd/aod/aod.h"
#include "mockd/ash.h"
#include "mockd/server.h"

static const char *const default_tokens[] = {MOCKD_TOKEN};

void mockd_options_init(struct mockd_options *options)
{
	*options = (struct mockd_options){
		.address = "127.0.0.1",
		.max_concurrent_streams = 1000,
		.initial_window = 65535,
		.keep_alive_ms = 5000,
		.clock_scale = 1,
		.seed = 1,
		.quota = 100,
		.first_row_id = 9001,
		.row_gap = 3,
		.stage_ms = 200,
		.row_ms = 100,
		.poll_ms = 500,
		.poll_rows = 100,
		.heartbeat_ms = 15000,
		.stale_ms = 600000,
		.scripts = "success",
		.ash_scripts = "success",
		.agentos_agent_key = MOCKD_AGENTOS_AGENT_KEY,
		.agentos_workspace_key = MOCKD_AGENTOS_WORKSPACE_KEY,
		.agentos_scripts = "success",
		.agentos_number = "n",
		.sudoiq_table = "default",
		.sudoiq_auth = "bearer",
		.sudoiq_scripts = "success",
		.webhook_records = 100000,
	};
}

static bool is_key(const char *key)
{
	return key != NULL && *key != '\0' && strlen(key) < MOCKD_AGENTOS_KEY_SIZE;
}

bool settings_make_sense(const struct mockd_options *o)
{
	return o->address != NULL && (o->tls_certificate == NULL) == (o->tls_key == NULL) &&
	       (o->tls_client_ca == NULL || o->tls_key != NULL) && o->clock_scale > 0 && o->poll_ms > 0 &&
	       o->poll_rows > 0 && o->row_gap > 0 && o->first_row_id > 0 && o->scripts != NULL &&
	       o->ash_scripts != NULL && o->agentos_scripts != NULL && o->agentos_number != NULL &&
	       is_key(o->agentos_agent_key) && is_key(o->agentos_workspace_key) && o->sudoiq_table != NULL &&
	       o->sudoiq_auth != NULL && o->sudoiq_scripts != NULL && o->initial_window <= INT32_MAX &&
	       !(o->no_http1 && o->no_http2);
}

void settings_copy(struct mockd_options *to, const struct mockd_options *from)
{
	*to = *from;
	to->address = must_copy(from->address);
	to->tls_certificate = must_copy(from->tls_certificate);
	to->tls_key = must_copy(from->tls_key);
	to->tls_client_ca = must_copy(from->tls_client_ca);
	to->scripts = must_copy(from->scripts);
	to->ash_scripts = must_copy(from->ash_scripts);
	to->ash_data = must_copy(from->ash_data);
	to->agentos_agent_key = must_copy(from->agentos_agent_key);
	to->agentos_workspace_key = must_copy(from->agentos_workspace_key);
	to->agentos_scripts = must_copy(from->agentos_scripts);
	to->agentos_number = must_copy(from->agentos_number);
	to->agentos_webhook = must_copy(from->agentos_webhook);
	to->agentos_webhook_secret = must_copy(from->agentos_webhook_secret);
	to->sudoiq_table = must_copy(from->sudoiq_table);
	to->sudoiq_auth = must_copy(from->sudoiq_auth);
	to->sudoiq_scripts = must_copy(from->sudoiq_scripts);
	to->sudoiq_webhook = must_copy(from->sudoiq_webhook);
	to->sudoiq_webhook_secret = must_copy(from->sudoiq_webhook_secret);
	to->events_file = must_copy(from->events_file);
	const char *const *tokens = from->token_count > 0 ? from->tokens : default_tokens;
	to->token_count = from->token_count > 0 ? from->token_count : 1;
	const char **copies = must_alloc(to->token_count * sizeof *copies);
	for (size_t i = 0; i < to->token_count; i++)
		copies[i] = must_copy(tokens[i]);
	to->tokens = copies;
}

void free_const(const void *memory)
{
	union {
		const void *constant;
		void *owned;
	} pointer = {memory};
	free(pointer.owned);
}

void settings_free(struct mockd_options *o)
{
	free_const(o->address);
	free_const(o->tls_certificate);
	free_const(o->tls_key);
	free_const(o->tls_client_ca);
	free_const(o->scripts);
	free_const(o->ash_scripts);
	free_const(o->ash_data);
	free_const(o->agentos_agent_key);
	free_const(o->agentos_workspace_key);
	free_const(o->agentos_scripts);
	free_const(o->agentos_number);
	free_const(o->agentos_webhook);
	free_const(o->agentos_webhook_secret);
	free_const(o->sudoiq_table);
	free_const(o->sudoiq_auth);
	free_const(o->sudoiq_scripts);
	free_const(o->sudoiq_webhook);
	free_const(o->sudoiq_webhook_secret);
	free_const(o->events_file);
	for (size_t i = 0; i < o->token_count; i++)
		free_const(o->tokens[i]);
	free_const(o->tokens);
}

/* The settings that are options. */
static uint32_t *find_setting(struct mockd_options *o, const char *name)
{
	const struct {
		const char *name;
		uint32_t *value;
	} settings[] = {{"quota", &o->quota}, {"poll_ms", &o->poll_ms}, {"poll_rows", &o->poll_rows},
		{"heartbeat_ms", &o->heartbeat_ms}, {"stale_ms", &o->stale_ms}, {"stage_ms", &o->stage_ms},
		{"row_ms", &o->row_ms}, {"keep_alive_ms", &o->keep_alive_ms}};
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		if (strcmp(name, settings[i].name) == 0)
			return settings[i].value;
	}
	return NULL;
}

static bool set_of_platform(struct mockd *m, const char *name, uint64_t value)
{
	if (aod_set(m->aod, name, value) || ash_set(m->ash, name, value))
		return true;
	for (size_t i = 0; i < m->platform_count; i++) {
		struct platform *p = m->platforms[i];
		if (p->set != NULL && p->set(p, name, value))
			return true;
	}
	return false;
}

bool mockd_set(struct mockd *m, const char *name, uint64_t value)
{
	uint32_t *setting = find_setting(&m->options, name);
	if (setting == NULL)
		return set_of_platform(m, name, value);
	uint32_t before = *setting;
	*setting = (uint32_t)value;
	if (value <= UINT32_MAX && settings_make_sense(&m->options))
		return true;
	*setting = before;
	return false;
}
