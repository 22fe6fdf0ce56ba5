/*
 * The client: an endpoint with the service's settings. It lives as long as the endpoint does, which tells its end, so that
 * closing the client and closing the reactor come to the same.
 *
 * What must not be done inside a call of the application's is done in a later turn, by one timer: what could not be asked
 * of a token, what tasks have to do, the ends of runs that had nothing in flight.
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_URL "https://sudoiq.com"

const struct guest_route sudoiq_routes[ROUTE_COUNT] = {SUDOIQ_ROUTE_MAP(GUEST_ROUTE_ROW)};

/* ---- settings ---- */

static void set_bounds(struct sudoiq_settings *s, const freshet_sudoiq_options *o)
{
	s->max_parallel_tools = guest_or_u32(o->max_parallel_tools, 8);
	s->max_runs = guest_or_u32(o->max_runs, 1000000);
	s->max_known_runs = guest_or_u32(o->max_known_runs, 4096);
	s->max_run_calls = guest_or_u32(o->max_run_calls, 4096);
	s->max_args = guest_or_size(o->max_args, (size_t)1 << 20);
	s->max_result = guest_or_size(o->max_result, (size_t)1 << 20);
	s->max_answer = guest_or_size(o->max_answer, (size_t)16 << 20);
	s->max_page = guest_or_u32(o->max_page, 200);
}

static void set_settings(struct sudoiq_settings *s, const freshet_sudoiq_options *o)
{
	const freshet_endpoint_options *endpoint = o->endpoint;
	*s = (struct sudoiq_settings){
		.stream_mode = o->stream_mode,
		.unknown_tool = o->unknown_tool,
		.batch = o->batch,
		.timeout_ms = guest_or_u64(o->timeout_ms, 30000),
		.response_timeout_ms = guest_or_u64(o->response_timeout_ms, 600000),
		.tool_timeout_ms = guest_or_u64(o->tool_timeout_ms, 60000),
		.token_renew_ms = guest_or_u64(o->token_renew_ms, 60000),
		.max_stream_retries = guest_or_u32(o->max_stream_retries, 8),
		.retry_start = o->retry_start,
		.cancel_on_timeout = o->cancel_on_timeout,
		.omit_is_error = o->omit_is_error,
		.send_tool_telemetry = o->send_tool_telemetry,
	};
	set_bounds(s, o);
	s->backoff = (struct guest_backoff){
		.max_retries = o->max_retries == UINT32_MAX ? 0 : guest_or_u32(o->max_retries, 3),
		.base_ms = guest_or_u64(o->retry_min_ms, 250),
		.cap_ms = guest_or_u64(o->retry_max_ms, 8000),
		.asked_ms = guest_or_u64(o->retry_asked_ms, 60000),
	};
	s->stream_backoff = (struct guest_backoff){
		.max_retries = s->max_stream_retries,
		.base_ms = guest_or_u64(endpoint != NULL ? endpoint->stream.backoff_min_ms : 0, 500),
		.cap_ms = guest_or_u64(endpoint != NULL ? endpoint->stream.backoff_max_ms : 0, 15000),
		.asked_ms = s->backoff.asked_ms,
	};
}

static bool are_known(const freshet_sudoiq_options *o)
{
	return o->auth <= FRESHET_SUDOIQ_AUTH_COOKIE && o->stream_mode <= FRESHET_SUDOIQ_STREAM_POST &&
	       o->unknown_tool <= FRESHET_SUDOIQ_UNKNOWN_FAIL && o->batch <= FRESHET_SUDOIQ_BATCH_EACH;
}

void freshet_sudoiq_options_from_env(freshet_sudoiq_options *options)
{
	options->url = guest_or_environment(options->url, "SUDOIQ_BASE_URL");
	options->api_key = guest_or_environment(options->api_key, "SUDOIQ_API_KEY");
	options->default_environment = guest_or_environment(options->default_environment, "SUDOIQ_ENVIRONMENT");
}

/* ---- turns ---- */

static void turn(freshet_timer *timer, void *user)
{
	freshet_sudoiq *client = user;
	(void)timer;
	sudoiq_auth_turn(client);
	sudoiq_tasks_turn(client);
	sudoiq_runs_turn(client, false);
}

void sudoiq_soon(freshet_sudoiq *client)
{
	if (client->soon != NULL)
		freshet_timer_set(client->soon, 0);
}

uint64_t sudoiq_random(freshet_sudoiq *client)
{
	return guest_random_next(&client->guest.random);
}

/* ---- new and close ---- */

static void client_free(freshet_sudoiq *client)
{
	sudoiq_port_close(client->port);
	freshet_timer_free(client->soon);
	sudoiq_tools_clear(&client->tools);
	sudoiq_auth_clear(&client->auth);
	sudoiq_names_clear(&client->names);
	guest_scratch_clear(&client->scratch);
	freshet_mem_free(client->url);
	freshet_mem_free(client->environment);
	freshet_mem_free(client);
}

/* Last callbacks first: what they ask of the client is refused, but the client is still there. */
static void client_gone(void *user)
{
	freshet_sudoiq *client = user;
	client->closing = true;
	guest_end(&client->guest);
	sudoiq_runs_turn(client, true);
	sudoiq_tasks_end(client);
	client_free(client);
}

/* One without an endpoint. */
static void discard(freshet_sudoiq *client)
{
	guest_end(&client->guest);
	client_free(client);
}

static void set_policy(freshet_stream_policy *policy, const struct sudoiq_settings *settings)
{
	const size_t max_frame = (size_t)4 << 20;
	policy->cursor_place = FRESHET_CURSOR_HEADER;
	policy->duplicates = FRESHET_DUPLICATES_SHOW;
	policy->end_is_final = false;
	policy->parts = false;
	policy->max_attempts =
		settings->max_stream_retries < UINT32_MAX - 1 ? settings->max_stream_retries + 1 : UINT32_MAX;
	policy->backoff_min_ms = settings->stream_backoff.base_ms;
	policy->backoff_max_ms = settings->stream_backoff.cap_ms;
	policy->idle_timeout_ms = guest_or_u64(policy->idle_timeout_ms, 60000);
	policy->max_line = guest_or_size(policy->max_line, max_frame);
	policy->max_event = guest_or_size(policy->max_event, max_frame);
}

static freshet_err open_endpoint(freshet_sudoiq *client, freshet_reactor *reactor, const freshet_sudoiq_options *o)
{
	freshet_endpoint_options endpoint;
	freshet_header *headers = NULL;
	freshet_endpoint_options_init(&endpoint);
	if (o->endpoint != NULL && !guest_options(&endpoint, sizeof endpoint, o->endpoint))
		return FRESHET_EINVAL;
	headers = freshet_mem_new(endpoint.header_count + 1, sizeof *headers);
	if (headers == NULL)
		return FRESHET_ENOMEM;
	if (endpoint.header_count > 0)
		memcpy(headers, endpoint.headers, endpoint.header_count * sizeof *headers);
	endpoint.size = sizeof endpoint;
	endpoint.url = client->url;
	endpoint.bearer_token = NULL;
	endpoint.headers = headers;
	if (sudoiq_auth_header(&client->auth, &headers[endpoint.header_count]))
		endpoint.header_count++;
	set_policy(&endpoint.stream, &client->settings);
	client->start_policy = endpoint.stream;
	client->start_policy.max_attempts = 1;
	client->start_policy.end_is_final = true;
	client->start_policy.cursor_place = FRESHET_CURSOR_NONE;
	client->start_policy.cursor_query = NULL;
	endpoint.on_closed = client_gone;
	endpoint.user = client;
	freshet_endpoint *made;
	freshet_err err = freshet_endpoint_new(reactor, &endpoint, &made);
	freshet_mem_free(headers);
	return err == FRESHET_OK ? guest_begin(&client->guest, made) : err;
}

static freshet_err copy_strings(freshet_sudoiq *client, const freshet_sudoiq_options *o)
{
	const char *header = o->idempotency_header != NULL ? o->idempotency_header : "Idempotency-Key";
	client->url = guest_url(o->url != NULL ? o->url : DEFAULT_URL);
	client->guest.idempotency_header = guest_copy(freshet_str_of(header));
	if (o->default_environment != NULL)
		client->environment = guest_copy(freshet_str_of(o->default_environment));
	bool whole = client->url != NULL && client->guest.idempotency_header != NULL &&
		     (o->default_environment == NULL || client->environment != NULL);
	return whole ? FRESHET_OK : FRESHET_ENOMEM;
}

/* All but the endpoint. */
static freshet_err set_up(freshet_sudoiq *client, freshet_reactor *reactor, const freshet_sudoiq_options *o)
{
	set_settings(&client->settings, o);
	client->guest.request_hook = o->request_hook;
	client->guest.response_hook = o->response_hook;
	client->guest.hook_user = o->hook_user;
	client->guest.authorize = sudoiq_authorize;
	client->on_tool_record = o->on_tool_record;
	client->on_answers_lost = o->on_answers_lost;
	client->user = o->user;
	freshet_err err = copy_strings(client, o);
	if (err == FRESHET_OK)
		err = sudoiq_auth_init(&client->auth, o);
	if (err == FRESHET_OK)
		err = sudoiq_names_init(&client->names, o->names);
	if (err == FRESHET_OK)
		err = guest_routes_init(&client->guest.routes, sudoiq_routes, ROUTE_COUNT,
			o->path_prefix != NULL ? o->path_prefix : "/api/v1", o->routes, o->route_count);
	if (err == FRESHET_OK)
		err = sudoiq_port_new(reactor, &client->port);
	return err == FRESHET_OK ? freshet_timer_new(reactor, turn, client, &client->soon) : err;
}

freshet_err freshet_sudoiq_new(freshet_reactor *reactor, const freshet_sudoiq_options *options, freshet_sudoiq **out)
{
	freshet_sudoiq_options o;
	freshet_sudoiq_options_init(&o);
	*out = NULL;
	if (reactor == NULL || !guest_options(&o, sizeof o, options) || !are_known(&o))
		return FRESHET_EINVAL;
	freshet_sudoiq *client = freshet_mem_new(1, sizeof *client);
	if (client == NULL)
		return FRESHET_ENOMEM;
	freshet_err err = set_up(client, reactor, &o);
	if (err == FRESHET_OK)
		err = open_endpoint(client, reactor, &o);
	if (err == FRESHET_OK)
		*out = client;
	else if (client->guest.endpoint != NULL)
		freshet_endpoint_close(client->guest.endpoint);
	else
		discard(client);
	return err;
}

void freshet_sudoiq_close(freshet_sudoiq *client)
{
	if (client == NULL || client->closing)
		return;
	client->closing = true;
	guest_close(&client->guest);
}

freshet_endpoint *freshet_sudoiq_endpoint(const freshet_sudoiq *client)
{
	return client->guest.endpoint;
}

static const char *auth_name(freshet_sudoiq_auth auth)
{
	switch (auth) {
	case FRESHET_SUDOIQ_AUTH_BEARER_KEY: return "bearer key";
	case FRESHET_SUDOIQ_AUTH_HEADER_KEY: return "key in a header";
	case FRESHET_SUDOIQ_AUTH_TOKEN_EXCHANGE: return "token for a key";
	case FRESHET_SUDOIQ_AUTH_COOKIE: return "cookie";
	}
	return "unknown";
}

size_t freshet_sudoiq_describe(const freshet_sudoiq *client, char *to, size_t size)
{
	int len = snprintf(to, size, "sudoiq: %s, %s, %s, runs %zu, known %zu, tools %zu", client->url,
		auth_name(client->auth.mode),
		client->settings.stream_mode == FRESHET_SUDOIQ_STREAM_POST ? "streams by POST" : "streams by GET",
		client->run_count, client->tasks.map.count, client->tools.count);
	return len > 0 ? (size_t)len : 0;
}
