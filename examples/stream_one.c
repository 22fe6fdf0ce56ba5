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

int main(int argc, char **argv)
{
	freshet_reactor *reactor;
	freshet_aod *aod;
	freshet_aod_stream *stream;
	freshet_aod_stream_options options;
	freshet_err end = FRESHET_OK;

	freshet_aod_stream_options_init(&options);
	options.session_id = freshet_str_of(argc > 1 ? argv[1] : NULL);
	options.callbacks.on_event = on_event;
	options.callbacks.on_done = on_done;
	options.user = &end;
	freshet_err err = freshet_reactor_new(NULL, &reactor);
	if (err == FRESHET_OK)
		err = freshet_aod_new(reactor, NULL, &aod); /* the URL and the token come from the environment */
	if (err == FRESHET_OK)
		err = freshet_aod_stream_open(aod, &options, &stream);
	if (err == FRESHET_OK)
		err = freshet_reactor_run(reactor); /* until nothing is left to wait for */
	freshet_reactor_free(reactor);
	if (err != FRESHET_OK)
		fprintf(stderr, "stream_one: %s\n", freshet_err_text(err));
	return err == FRESHET_OK && end == FRESHET_OK ? 0 : 1;
}
