/*
 * Follows one session of Agent on Demand to its end and prints what its agent writes.
 * usage: AOD_API_URL=https://... AOD_API_TOKEN=... stream_one SESSION_ID
 */
#include <freshet/aod.h>
#include <freshet/freshet.h>

#include <stdio.h>

static void on_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	(void)stream, (void)user;
	if (event->type == FRESHET_AOD_EVENT_OUTPUT)
		fwrite(event->output.data.ptr, 1, event->output.data.len, stdout);
}

static void on_done(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	(void)stream;
	*(freshet_err *)user = end->error.outcome.err;
	fprintf(stderr, "%.*s\n", (int)end->error.outcome.text.len, end->error.outcome.text.ptr);
}

static freshet_err stream_one(freshet_reactor *reactor, const char *session_id)
{
	freshet_aod *aod;
	freshet_aod_stream *stream;
	freshet_err result = FRESHET_OK;
	freshet_endpoint_options endpoint;
	freshet_aod_options options;
	freshet_aod_stream_options opening;

	freshet_endpoint_options_init(&endpoint);
	endpoint.protocol = FRESHET_PROTOCOL_HTTP2;
	freshet_aod_options_init(&options); /* the URL and the token come from the environment */
	options.endpoint = &endpoint;
	freshet_err err = freshet_aod_new(reactor, &options, &aod);
	if (err != FRESHET_OK)
		return err;
	freshet_aod_stream_options_init(&opening);
	opening.session_id = freshet_str_of(session_id);
	opening.callbacks.on_event = on_event;
	opening.callbacks.on_done = on_done;
	opening.user = &result;
	err = freshet_aod_stream_open(aod, &opening, &stream);
	if (err == FRESHET_OK)
		err = freshet_reactor_run(reactor); /* returns when nothing is left to wait for */
	return err != FRESHET_OK ? err : result;
}

int main(int argc, char **argv)
{
	freshet_reactor *reactor = NULL;
	freshet_err err = argc == 2 ? freshet_reactor_new(NULL, &reactor) : FRESHET_EINVAL;
	if (err == FRESHET_OK)
		err = stream_one(reactor, argv[1]);
	freshet_reactor_free(reactor);
	if (err != FRESHET_OK)
		fprintf(stderr, "stream_one: %s\n", freshet_err_text(err));
	return err == FRESHET_OK ? 0 : 1;
}
