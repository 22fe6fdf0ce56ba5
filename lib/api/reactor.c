/*
 * Exported calls of the reactor and the endpoint: arguments checked, one call down.
 */
#include <freshet/endpoint.h>
#include <freshet/reactor.h>

#include "reactor/endpoint.h"
#include "reactor/reactor.h"

void freshet_reactor_options_init(freshet_reactor_options *options)
{
	*options = (freshet_reactor_options){.size = sizeof *options};
}

freshet_err freshet_reactor_new(const freshet_reactor_options *options, freshet_reactor **out)
{
	freshet_reactor_options defaults;
	if (out == NULL)
		return FRESHET_EINVAL;
	*out = NULL;
	freshet_reactor_options_init(&defaults);
	if (options == NULL)
		options = &defaults;
	if (options->size != sizeof *options)
		return FRESHET_EINVAL;
	return reactor_new(options, out);
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

void freshet_endpoint_options_init(freshet_endpoint_options *options)
{
	*options = (freshet_endpoint_options){.size = sizeof *options};
}

freshet_err freshet_endpoint_new(
	freshet_reactor *reactor, const freshet_endpoint_options *options, freshet_endpoint **out)
{
	if (out == NULL)
		return FRESHET_EINVAL;
	*out = NULL;
	if (reactor == NULL || options == NULL || options->size != sizeof *options)
		return FRESHET_EINVAL;
	if (options->header_count > 0 && options->headers == NULL)
		return FRESHET_EINVAL;
	return endpoint_new(reactor, options, out);
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
