/*
 * The client: an endpoint with the service's settings. It lives as long as the endpoint does, which tells its end, so
 * that closing the client and closing the reactor come to the same.
 */
#include "client.h"

#include "guest/describe.h"

#define DEFAULT_URL "http://localhost:4100"

/* The server never sends a heartbeat, and an agent's shell command may run for ten minutes without a word. */
#define IDLE_TIMEOUT_MS 900000

/* A message of the agent comes on one line, the files that it read included. */
#define MAX_EVENT ((size_t)64 << 20)

/* ---- commands ---- */

static struct ash_command *command_of(struct guest_map_entry *entry)
{
	return (struct ash_command *)(void *)((char *)entry - offsetof(struct ash_command, entry));
}

struct ash_command *ash_command_find(const freshet_ash *client, const char *session)
{
	const struct guest_map *map = &client->commands;
	struct guest_map_entry *e = guest_map_first(map, guest_hash(map, freshet_str_of(session), 0));
	while (e != NULL && strcmp(command_of(e)->session, session) != 0)
		e = guest_map_next(e);
	return e != NULL ? command_of(e) : NULL;
}

freshet_err ash_command_enter(freshet_ash *client, struct ash_command *command)
{
	struct guest_map *map = &client->commands;
	if (ash_command_find(client, command->session) != NULL)
		return FRESHET_ESTATE;
	freshet_err err = guest_map_reserve(map);
	if (err != FRESHET_OK)
		return err;
	guest_map_put(map, &command->entry, guest_hash(map, freshet_str_of(command->session), 0));
	command->entered = true;
	return FRESHET_OK;
}

void ash_command_leave(freshet_ash *client, struct ash_command *command)
{
	if (!command->entered)
		return;
	guest_map_remove(&client->commands, &command->entry);
	command->entered = false;
}

/* ---- new and close ---- */

static void client_gone(void *user)
{
	freshet_ash *client = user;
	guest_scratch_clear(&client->scratch);
	guest_free_secret(client->key);
	freshet_mem_free(client->url);
	guest_map_clear(&client->commands);
	freshet_mem_free(client);
}

/* A stream of this service is one answer to one POST: it is never taken up again, and its end is its end. */
static void set_policy(freshet_stream_policy *policy)
{
	policy->cursor_place = FRESHET_CURSOR_NONE;
	policy->duplicates = FRESHET_DUPLICATES_SHOW;
	policy->end_is_final = true;
	policy->parts = false;
	if (policy->idle_timeout_ms == 0)
		policy->idle_timeout_ms = IDLE_TIMEOUT_MS;
	if (policy->max_line == 0)
		policy->max_line = MAX_EVENT;
	if (policy->max_event == 0)
		policy->max_event = MAX_EVENT;
}

static freshet_err open_endpoint(
	freshet_ash *client, freshet_reactor *reactor, const freshet_ash_options *o, const char *url, const char *key)
{
	freshet_endpoint_options endpoint;
	freshet_endpoint_options_init(&endpoint);
	if (o->endpoint != NULL && !guest_options(&endpoint, sizeof endpoint, o->endpoint))
		return FRESHET_EINVAL;
	endpoint.size = sizeof endpoint;
	endpoint.url = url;
	endpoint.bearer_token = key;
	set_policy(&endpoint.stream);
	endpoint.on_closed = client_gone;
	endpoint.user = client;
	return freshet_endpoint_new(reactor, &endpoint, &client->endpoint);
}

freshet_err freshet_ash_new(freshet_reactor *reactor, const freshet_ash_options *options, freshet_ash **out)
{
	freshet_ash_options o;
	freshet_ash_options_init(&o);
	*out = NULL;
	if (reactor == NULL || (options != NULL && !guest_options(&o, sizeof o, options)))
		return FRESHET_EINVAL;
	const char *key = guest_or_environment(o.api_key, "ASH_API_KEY");
	if (key == NULL)
		return FRESHET_EAUTH;
	const char *url = guest_or_environment(o.url, "ASH_SERVER_URL");
	char *trimmed = guest_url(url != NULL ? url : DEFAULT_URL);
	freshet_ash *client = freshet_mem_new(1, sizeof *client);
	freshet_err err = FRESHET_ENOMEM;
	if (client != NULL)
		client->key = guest_copy(freshet_str_of(key));
	if (trimmed != NULL && client != NULL && client->key != NULL) {
		client->deadline_ms = o.deadline_ms;
		client->max_answer = o.max_answer;
		err = open_endpoint(client, reactor, &o, trimmed, key);
	}
	if (err != FRESHET_OK) {
		freshet_mem_free(trimmed);
		if (client != NULL)
			guest_free_secret(client->key);
		freshet_mem_free(client);
		return err;
	}
	client->url = trimmed;
	*out = client;
	return FRESHET_OK;
}

void freshet_ash_close(freshet_ash *client)
{
	if (client != NULL)
		freshet_endpoint_close(client->endpoint);
}

freshet_endpoint *freshet_ash_endpoint(const freshet_ash *client)
{
	return client->endpoint;
}

size_t freshet_ash_describe(const freshet_ash *client, char *to, size_t size)
{
	return guest_describe("ash", client->url, client->endpoint, to, size);
}
