/*
 * The client: an endpoint with the service's settings. It lives as long as the endpoint does, which tells its end, so
 * that closing the client and closing the reactor come to the same.
 */
#include "client.h"

#define DEFAULT_URL "http://localhost:4100"

/* The server never sends a heartbeat, and an agent's shell command may run for ten minutes without a word. */
#define IDLE_TIMEOUT_MS 900000

/* A message of the agent comes on one line, the files that it read included. */
#define MAX_EVENT ((size_t)64 << 20)

#define FIRST_BUCKETS 16

/* ---- commands ---- */

/* FNV-1a: ids are random, whoever could choose them could only slow down a client of his own sessions. */
static size_t bucket_of(const char *session, size_t count)
{
	uint64_t hash = 14695981039346656037u;
	for (const char *at = session; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211u;
	return (size_t)(hash ^ (hash >> 32)) & (count - 1);
}

static void put(struct ash_command **buckets, size_t count, struct ash_command *command)
{
	struct ash_command **head = &buckets[bucket_of(command->session, count)];
	command->next = *head;
	*head = command;
}

/* As many buckets as commands, at least. */
static freshet_err make_room(freshet_ash *client)
{
	if (client->command_count < client->bucket_count)
		return FRESHET_OK;
	size_t count = client->bucket_count != 0 ? client->bucket_count * 2 : FIRST_BUCKETS;
	struct ash_command **buckets = freshet_mem_new(count, sizeof *buckets);
	if (buckets == NULL)
		return FRESHET_ENOMEM;
	for (size_t i = 0; i < client->bucket_count; i++) {
		for (struct ash_command *c = client->buckets[i], *next; c != NULL; c = next) {
			next = c->next;
			put(buckets, count, c);
		}
	}
	freshet_mem_free(client->buckets);
	client->buckets = buckets;
	client->bucket_count = count;
	return FRESHET_OK;
}

struct ash_command *ash_command_find(const freshet_ash *client, const char *session)
{
	if (client->bucket_count == 0)
		return NULL;
	struct ash_command *c = client->buckets[bucket_of(session, client->bucket_count)];
	while (c != NULL && strcmp(c->session, session) != 0)
		c = c->next;
	return c;
}

freshet_err ash_command_enter(freshet_ash *client, struct ash_command *command)
{
	if (ash_command_find(client, command->session) != NULL)
		return FRESHET_ESTATE;
	freshet_err err = make_room(client);
	if (err != FRESHET_OK)
		return err;
	put(client->buckets, client->bucket_count, command);
	client->command_count++;
	command->entered = true;
	return FRESHET_OK;
}

void ash_command_leave(freshet_ash *client, struct ash_command *command)
{
	if (!command->entered)
		return;
	struct ash_command **at = &client->buckets[bucket_of(command->session, client->bucket_count)];
	while (*at != command)
		at = &(*at)->next;
	*at = command->next;
	client->command_count--;
	command->entered = false;
}

/* ---- new and close ---- */

static void client_gone(void *user)
{
	freshet_ash *client = user;
	guest_scratch_clear(&client->scratch);
	freshet_mem_free(client->buckets);
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
	if (trimmed != NULL && client != NULL) {
		client->deadline_ms = o.deadline_ms;
		client->max_answer = o.max_answer;
		err = open_endpoint(client, reactor, &o, trimmed, key);
	}
	freshet_mem_free(trimmed);
	if (err != FRESHET_OK) {
		freshet_mem_free(client);
		return err;
	}
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
