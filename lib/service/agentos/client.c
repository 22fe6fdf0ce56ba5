/*
 * The client: an endpoint, two keys, a table of paths and lists of names. It lives as long as its endpoint, which tells
 * its end, so that closing the client and closing its reactor come to the same: what reporting still holds is dropped and
 * counted, the callbacks that are due are called, the memory goes.
 */
#include "client.h"

#include "hosted.h"

#include <freshet/timer.h>

#include <stdio.h>

#define DEFAULT_URL  "https://agentos-ai.dev"
#define AGENT_PREFIX "aos_agent_"
#define SPACE_PREFIX "aos_ws_"

/* Less would not hold one event with what stands around it. */
#define REQUEST_BYTES_MIN 1024

const struct guest_route agentos_routes[ROUTE_COUNT] = {AGENTOS_ROUTES(GUEST_ROUTE_ROW)};

/* ---- options ---- */

static void fill_in(freshet_agentos_options *o)
{
	o->timeout_ms = guest_or_u64(o->timeout_ms, 10000);
	o->invoke_timeout_ms = guest_or_u64(o->invoke_timeout_ms, 300000);
	o->stream_idle_timeout_ms = guest_or_u64(o->stream_idle_timeout_ms, 60000);
	o->batch_size = guest_or_u32(o->batch_size, 50);
	o->batch_interval_ms = guest_or_u64(o->batch_interval_ms, 500);
	o->max_request_bytes = guest_or_size(o->max_request_bytes, (size_t)256 * 1024);
	o->max_type = guest_or_size(o->max_type, 200);
	o->max_ingest_streams = guest_or_u32(o->max_ingest_streams, 16);
	o->max_queue_events = guest_or_size(o->max_queue_events, 10000);
	o->max_queue_bytes = guest_or_size(o->max_queue_bytes, (size_t)16 << 20);
	o->max_control_bytes = guest_or_size(o->max_control_bytes, (size_t)16 << 20);
	o->max_runs = guest_or_size(o->max_runs, 100000);
	o->max_open = guest_or_u32(o->max_open, 10000);
	o->max_retries = guest_or_u32(o->max_retries, 5);
	o->retry_base_ms = guest_or_u64(o->retry_base_ms, 500);
	o->retry_cap_ms = guest_or_u64(o->retry_cap_ms, 30000);
	o->retry_asked_ms = guest_or_u64(o->retry_asked_ms, 300000);
	o->close_timeout_ms = guest_or_u64(o->close_timeout_ms, 5000);
	if (o->max_retries == UINT32_MAX)
		o->max_retries = 0;
	if (o->invoke_timeout_ms == UINT64_MAX)
		o->invoke_timeout_ms = o->timeout_ms;
}

static bool are_sound(const freshet_agentos_options *o)
{
	return o->max_request_bytes >= REQUEST_BYTES_MIN && o->max_queue_bytes >= o->max_request_bytes &&
	       o->overflow <= FRESHET_AGENTOS_REFUSE && o->task_id_source <= FRESHET_AGENTOS_TASK_ID_SERVER &&
	       o->close_open_tasks <= FRESHET_AGENTOS_OPEN_TASKS_FAILED && o->span_mode <= FRESHET_AGENTOS_SPANS_OFF;
}

/* The pointers are copied where they are kept; here they would outlive what they point to. */
static void forget_pointers(freshet_agentos_options *o)
{
	o->api_key = o->workspace_key = o->agent_id = o->base_url = NULL;
	o->endpoint = NULL;
	o->idempotency_header = o->path_prefix = NULL;
	o->routes = NULL;
	o->names = NULL;
}

/* ---- keys ---- */

const struct agentos_key *agentos_key_of(const freshet_agentos *client, size_t route)
{
	bool workspace = route == ROUTE_approvals_list || route == ROUTE_approvals_decide;
	if (route == ROUTE_invoke || route == ROUTE_run_get || route == ROUTE_run_reply || route == ROUTE_run_stream)
		workspace = client->options.invoke_with_workspace_key;
	return workspace && client->workspace_key.field != NULL ? &client->workspace_key : &client->api_key;
}

/* The other key goes to the calls that its kind is for; a wrong one is sent all the same, in case the kinds change. */
static void warn_of_kind(const char *key, const char *wanted, const char *what)
{
	char line[128];
	if (strncmp(key, wanted, strlen(wanted)) == 0 || !freshet_log_wanted(FRESHET_LOG_WARNING))
		return;
	snprintf(line, sizeof line, "agentos: the %s does not begin with \"%s\": the service may refuse it", what,
		wanted);
	freshet_log(FRESHET_LOG_WARNING, line);
}

static bool is_key(const char *key)
{
	const char *at = key;
	while (*at > ' ' && *at < 0x7f)
		at++;
	return at != key && *at == '\0';
}

static freshet_err set_key(struct agentos_key *key, const char *value, const char *prefix, const char *what)
{
	if (value == NULL || !is_key(value))
		return FRESHET_EINVAL;
	size_t len = strlen(value);
	char *field = freshet_mem_new(1, sizeof "Bearer " + len);
	if (field == NULL)
		return FRESHET_ENOMEM;
	memcpy(field, "Bearer ", sizeof "Bearer " - 1);
	memcpy(field + sizeof "Bearer " - 1, value, len);
	guest_free_secret(key->field);
	key->field = field;
	key->version++;
	warn_of_kind(value, prefix, what);
	return FRESHET_OK;
}

freshet_err freshet_agentos_set_api_key(freshet_agentos *client, const char *api_key)
{
	freshet_err err = set_key(&client->api_key, api_key, AGENT_PREFIX, "api key");
	if (err == FRESHET_OK)
		agentos_report_restart(client);
	return err;
}

freshet_err freshet_agentos_set_workspace_key(freshet_agentos *client, const char *workspace_key)
{
	return set_key(&client->workspace_key, workspace_key, SPACE_PREFIX, "workspace key");
}

static enum guest_auth authorize(
	struct guest *guest, size_t route, const struct guest_credential *refused, struct guest_credential *credential)
{
	freshet_agentos *client = guest_client(guest, freshet_agentos, guest);
	const struct agentos_key *key = agentos_key_of(client, route);
	if (key->field == NULL || (refused != NULL && refused->version == key->version))
		return GUEST_AUTH_NONE;
	credential->field = (freshet_header){freshet_str_of("authorization"), freshet_str_of(key->field), true};
	credential->version = key->version;
	return GUEST_AUTH_READY;
}

/* ---- new ---- */

freshet_err agentos_is_open(const freshet_agentos *client)
{
	return client->report.closing || client->gone ? FRESHET_ESTATE : FRESHET_OK;
}

static void client_free(freshet_agentos *client)
{
	guest_end(&client->guest);
	agentos_report_clear(client);
	agentos_hosted_free(client);
	agentos_names_clear(&client->names);
	guest_free_secret(client->api_key.field);
	guest_free_secret(client->workspace_key.field);
	guest_scratch_clear(&client->scratch);
	freshet_mem_free(client->agent_id);
	freshet_mem_free(client->url);
	freshet_mem_free(client);
}

/* The last turn: whoever is called back here may ask, but nothing new is taken. */
static void endpoint_gone(void *user)
{
	freshet_agentos *client = user;
	client->gone = true;
	guest_end(&client->guest);
	agentos_hosted_end(client);
	agentos_report_end(client);
	if (client->on_closed != NULL) {
		freshet_agentos_stats stats = {.size = sizeof stats};
		freshet_agentos_stats_get(client, &stats);
		client->on_closed(&stats, client->closed_user);
	}
	client_free(client);
}

static freshet_err copy_keys(freshet_agentos *client, const freshet_agentos_options *o)
{
	freshet_err err = FRESHET_OK;
	if (o->api_key != NULL)
		err = set_key(&client->api_key, o->api_key, AGENT_PREFIX, "api key");
	if (err == FRESHET_OK && o->workspace_key != NULL)
		err = set_key(&client->workspace_key, o->workspace_key, SPACE_PREFIX, "workspace key");
	return err;
}

static freshet_err copy_rest(freshet_agentos *client, const freshet_agentos_options *o)
{
	struct guest *guest = &client->guest;
	const char *header = o->idempotency_header != NULL ? o->idempotency_header : "idempotency-key";
	client->agent_id = guest_copy(freshet_str_of(o->agent_id != NULL ? o->agent_id : ""));
	client->url = guest_url(o->base_url != NULL ? o->base_url : DEFAULT_URL);
	guest->idempotency_header = guest_copy(freshet_str_of(header));
	if (client->agent_id == NULL || client->url == NULL || guest->idempotency_header == NULL)
		return FRESHET_ENOMEM;
	guest->request_hook = o->request_hook;
	guest->response_hook = o->response_hook;
	guest->hook_user = o->hook_user;
	guest->authorize = authorize;
	freshet_err err = agentos_names_init(&client->names, o->names);
	if (err == FRESHET_OK)
		err = guest_routes_init(
			&guest->routes, agentos_routes, ROUTE_COUNT, o->path_prefix, o->routes, o->route_count);
	return err;
}

/* The endpoint comes last: once it is there its end is the client's. */
static freshet_err open_endpoint(
	freshet_agentos *client, freshet_reactor *reactor, const freshet_endpoint_options *given)
{
	freshet_endpoint_options o;
	freshet_endpoint_options_init(&o);
	if (given != NULL && !guest_options(&o, sizeof o, given))
		return FRESHET_EINVAL;
	o.size = sizeof o;
	o.url = client->url;
	o.bearer_token = NULL;
	o.on_closed = endpoint_gone;
	o.user = client;
	return freshet_endpoint_new(reactor, &o, &client->endpoint);
}

static freshet_err build(freshet_agentos *client, freshet_reactor *reactor, const freshet_agentos_options *o)
{
	client->options = *o;
	forget_pointers(&client->options);
	freshet_err err = copy_keys(client, o);
	if (err == FRESHET_OK)
		err = copy_rest(client, o);
	if (err == FRESHET_OK)
		err = agentos_report_init(client, reactor);
	if (err == FRESHET_OK)
		err = open_endpoint(client, reactor, o->endpoint);
	return err;
}

static freshet_err new_client(freshet_reactor *reactor, freshet_agentos_options *o, freshet_agentos **out)
{
	fill_in(o);
	if (!o->disabled && o->api_key == NULL)
		return FRESHET_EAUTH;
	if (!are_sound(o) || (!o->disabled && (o->agent_id == NULL || *o->agent_id == '\0')))
		return FRESHET_EINVAL;
	freshet_agentos *client = freshet_mem_new(1, sizeof *client);
	if (client == NULL)
		return FRESHET_ENOMEM;
	freshet_err err = build(client, reactor, o);
	if (err != FRESHET_OK) {
		client_free(client);
		return err;
	}
	err = guest_begin(&client->guest, client->endpoint);
	if (err != FRESHET_OK)
		/* The endpoint's end frees the client, which nobody has seen. */
		guest_close(&client->guest);
	else
		*out = client;
	return err;
}

freshet_err freshet_agentos_new(freshet_reactor *reactor, const freshet_agentos_options *options, freshet_agentos **out)
{
	freshet_agentos_options o;
	freshet_agentos_options_init(&o);
	*out = NULL;
	if (reactor == NULL || !guest_options(&o, sizeof o, options))
		return FRESHET_EINVAL;
	return new_client(reactor, &o, out);
}

freshet_err freshet_agentos_new_from_env(
	freshet_reactor *reactor, const freshet_agentos_options *options, freshet_agentos **out)
{
	freshet_agentos_options o;
	freshet_agentos_options_init(&o);
	*out = NULL;
	if (reactor == NULL || (options != NULL && !guest_options(&o, sizeof o, options)))
		return FRESHET_EINVAL;
	o.api_key = guest_or_environment(o.api_key, "AGENTOS_API_KEY");
	o.agent_id = guest_or_environment(o.agent_id, "AGENTOS_AGENT_ID");
	o.base_url = guest_or_environment(o.base_url, "AGENTOS_BASE_URL");
	o.workspace_key = guest_or_environment(o.workspace_key, "AGENTOS_WORKSPACE_KEY");
	return new_client(reactor, &o, out);
}

/* ---- the end ---- */

void freshet_agentos_close(freshet_agentos *client, uint64_t timeout_ms, freshet_agentos_closed_fn *done, void *user)
{
	if (client == NULL || client->report.closing || client->gone)
		return;
	client->on_closed = done;
	client->closed_user = user;
	agentos_report_close(client, timeout_ms != 0 ? timeout_ms : client->options.close_timeout_ms);
}

void freshet_agentos_free(freshet_agentos *client)
{
	if (client == NULL || client->gone)
		return;
	agentos_report_halt(client);
	guest_close(&client->guest);
}

freshet_endpoint *freshet_agentos_endpoint(const freshet_agentos *client)
{
	return client->endpoint;
}
