/*
 * The client: an endpoint with the service's settings. It lives as long as the endpoint does, which tells its end, so
 * that closing the client and closing the reactor come to the same.
 */
#include "client.h"

#include "guest/describe.h"

#define DEFAULT_URL "http://localhost:8777"

/* Two heartbeats may be lost in silence. */
#define IDLE_TIMEOUT_MS 45000

#define STALE_PAUSE_MS 1000

#define CALL_DEADLINE_MS 60000

static void client_gone(void *user)
{
	freshet_aod *client = user;
	guest_scratch_clear(&client->scratch);
	guest_free_secret(client->token);
	freshet_mem_free(client->url);
	freshet_mem_free(client);
}

/*
 * The rules of the event stream that the core keeps: the cursor goes in both places, since a proxy may strip the
 * header. Duplicates are judged here and not there, because a terminal frame repeats the id of the row before it.
 */
static void set_policy(freshet_stream_policy *policy)
{
	policy->cursor_place = FRESHET_CURSOR_HEADER | FRESHET_CURSOR_QUERY;
	policy->cursor_query = "since";
	policy->duplicates = FRESHET_DUPLICATES_SHOW;
	policy->end_is_final = false;
	policy->parts = false;
	if (policy->idle_timeout_ms == 0)
		policy->idle_timeout_ms = IDLE_TIMEOUT_MS;
}

static freshet_err open_endpoint(
	freshet_aod *client, freshet_reactor *reactor, const freshet_aod_options *o, const char *url, const char *token)
{
	freshet_endpoint_options endpoint;
	freshet_endpoint_options_init(&endpoint);
	const freshet_endpoint_options *given = o->endpoint;
	if (given != NULL && !guest_options(&endpoint, sizeof endpoint, given))
		return FRESHET_EINVAL;
	endpoint.size = sizeof endpoint;
	endpoint.url = url;
	endpoint.bearer_token = token;
	set_policy(&endpoint.stream);
	endpoint.on_closed = client_gone;
	endpoint.user = client;
	client->stale_pause_ms = endpoint.stream.backoff_min_ms != 0 ? endpoint.stream.backoff_min_ms : STALE_PAUSE_MS;
	return freshet_endpoint_new(reactor, &endpoint, &client->endpoint);
}

freshet_err freshet_aod_new(freshet_reactor *reactor, const freshet_aod_options *options, freshet_aod **out)
{
	freshet_aod_options o;
	freshet_aod_options_init(&o);
	*out = NULL;
	if (reactor == NULL || (options != NULL && !guest_options(&o, sizeof o, options)))
		return FRESHET_EINVAL;
	const char *token = guest_or_environment(o.token, "AOD_API_TOKEN");
	if (token == NULL)
		return FRESHET_EAUTH;
	const char *url = guest_or_environment(o.url, "AOD_API_URL");
	char *trimmed = guest_url(url != NULL ? url : DEFAULT_URL);
	freshet_aod *client = freshet_mem_new(1, sizeof *client);
	freshet_err err = FRESHET_ENOMEM;
	if (client != NULL)
		client->token = guest_copy(freshet_str_of(token));
	if (trimmed != NULL && client != NULL && client->token != NULL) {
		client->deadline_ms = o.deadline_ms != 0 ? o.deadline_ms : CALL_DEADLINE_MS;
		client->max_answer = o.max_answer;
		err = open_endpoint(client, reactor, &o, trimmed, token);
	}
	if (err != FRESHET_OK) {
		freshet_mem_free(trimmed);
		if (client != NULL)
			guest_free_secret(client->token);
		freshet_mem_free(client);
		return err;
	}
	client->url = trimmed;
	*out = client;
	return FRESHET_OK;
}

void freshet_aod_close(freshet_aod *client)
{
	if (client != NULL)
		freshet_endpoint_close(client->endpoint);
}

freshet_endpoint *freshet_aod_endpoint(const freshet_aod *client)
{
	return client->endpoint;
}

size_t freshet_aod_describe(const freshet_aod *client, char *to, size_t size)
{
	return guest_describe("aod", client->url, client->endpoint, to, size);
}
