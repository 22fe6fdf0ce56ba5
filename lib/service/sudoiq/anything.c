/*
 * Any endpoint of the table, with a body and an answer that nobody here looks into: for what the service has and this
 * library does not know.
 */
#include "resource.h"

#include "guest/names.h"

static void answered(freshet_sudoiq_call *call, const freshet_response *response, const freshet_sudoiq_error *error)
{
	freshet_str json = error == NULL ? response->body : (freshet_str){NULL, 0};
	((freshet_sudoiq_json_fn *)call->done)(call, error, response->status, json, call->user);
}

static bool find_route(const freshet_sudoiq *client, const char *key, size_t *route)
{
	for (*route = 0; key != NULL && *route < ROUTE_COUNT; ++*route)
		if (strcmp(guest_route_key(&client->guest.routes, *route), key) == 0)
			return true;
	return false;
}

/* Names of parameters go into the query as they are. */
static bool is_plain(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') && !(*c >= '0' && *c <= '9') &&
			strchr("-._~", *c) == NULL)
			return false;
	return *name != '\0';
}

static void put_value(struct sudoiq_ask *ask, const freshet_sudoiq_route_value *value)
{
	if (value->name == NULL || !is_plain(value->name))
		sudoiq_ask_fail(ask, FRESHET_EINVAL);
	else if (!guest_route_knows(&ask->client->guest.routes, ask->route, value->name))
		sudoiq_ask_query(ask, value->name, value->value);
	else if (ask->value_count < sizeof ask->values / sizeof ask->values[0])
		sudoiq_ask_value(ask, value->name, value->value);
	else
		sudoiq_ask_fail(ask, FRESHET_EINVAL);
}

freshet_err freshet_sudoiq_call_route(freshet_sudoiq *client, const freshet_sudoiq_route_options *options,
	freshet_sudoiq_json_fn *done, void *user, freshet_sudoiq_call **out)
{
	freshet_sudoiq_route_options o;
	struct sudoiq_ask ask;
	size_t route;
	freshet_sudoiq_route_options_init(&o);
	if (out != NULL)
		*out = NULL;
	if (!guest_options(&o, sizeof o, options) || !find_route(client, o.key, &route))
		return FRESHET_EINVAL;
	sudoiq_ask_begin(&ask, client, route);
	if (o.values == NULL && o.value_count > 0)
		sudoiq_ask_fail(&ask, FRESHET_EINVAL);
	for (size_t i = 0; i < o.value_count && ask.err == FRESHET_OK; i++)
		put_value(&ask, &o.values[i]);
	if (o.body.len > 0 && sudoiq_ask_body(&ask) != NULL)
		freshet_json_write_raw(ask.writer, o.body);
	if (o.repeatable)
		ask.again = GUEST_AGAIN_ANY;
	return sudoiq_resource_send(&ask, answered, (sudoiq_any_fn *)done, user, out);
}
