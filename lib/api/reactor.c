/*
 * Exported calls of the reactor and the endpoint: arguments checked, one call down.
 */
#include <freshet/endpoint.h>
#include <freshet/reactor.h>

#include "base/options.h"
#include "reactor/endpoint.h"
#include "reactor/reactor.h"

freshet_err freshet_reactor_new(const freshet_reactor_options *options, freshet_reactor **out)
{
	freshet_reactor_options o;
	if (out == NULL)
		return FRESHET_EINVAL;
	*out = NULL;
	if (!OPTIONS_TAKE(&o, options))
		return FRESHET_EINVAL;
	return reactor_new(&o, out);
}

void freshet_reactor_close(freshet_reactor *reactor, void (*on_closed)(void *user), void *user)
{
	reactor_close(reactor, on_closed, user);
}

void freshet_reactor_free(freshet_reactor *reactor)
{
	if (reactor != NULL)
		reactor_free(reactor);
}

freshet_err freshet_reactor_run(freshet_reactor *reactor)
{
	return reactor_run(reactor);
}

void freshet_reactor_stop(freshet_reactor *reactor)
{
	loop_stop(&reactor->loop);
}

freshet_err freshet_reactor_post(freshet_reactor *reactor, void (*fn)(freshet_reactor *reactor, void *arg),
	void (*dropped)(void *arg), void *arg)
{
	const struct letter letter = {.fn = fn, .dropped = dropped, .arg = arg};
	if (reactor == NULL || fn == NULL)
		return FRESHET_EINVAL;
	return reactor_post(reactor, &letter);
}

struct event_base *freshet_reactor_base(const freshet_reactor *reactor)
{
	return reactor->loop.base;
}

freshet_err freshet_endpoint_new(
	freshet_reactor *reactor, const freshet_endpoint_options *options, freshet_endpoint **out)
{
	freshet_endpoint_options o;
	if (out == NULL)
		return FRESHET_EINVAL;
	*out = NULL;
	if (reactor == NULL || options == NULL || !OPTIONS_TAKE(&o, options))
		return FRESHET_EINVAL;
	if (o.header_count > 0 && o.headers == NULL)
		return FRESHET_EINVAL;
	return endpoint_new(reactor, &o, out);
}

void freshet_endpoint_close(freshet_endpoint *endpoint)
{
	if (endpoint != NULL)
		endpoint_close(endpoint);
}

freshet_reactor *freshet_endpoint_reactor(const freshet_endpoint *endpoint)
{
	return endpoint->reactor;
}
