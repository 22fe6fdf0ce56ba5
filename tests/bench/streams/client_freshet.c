/*
 * The client of the benchmarks that is freshet: opens streams and reads every event as a typed one, until the server
 * has ended them all. Ends with 1 when a stream failed, was cut or brought anything but what it should.
 *
 *	bench_client_freshet --streams N [--per-connection N] [--connections N] [--http1] [--ca FILE] [--raw] BASE PATH
 *	bench_client_freshet --aod [...] BASE SESSIONS
 *
 * SESSIONS is a file with the ids of sessions of Agent on Demand, one a line; their streams are those of that service.
 */
#include "descriptors.h"

#include <freshet/aod.h>
#include <freshet/freshet.h>
#include <freshet/json.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

/* Which the emulator accepts (mockd/mockd.h, MOCKD_TOKEN). */
#define AOD_TOKEN "aod_0123456789abcdefghijklmnopqrstuvwxyz0123456"

FRESHET_JSON_PLAN(plan, "type", "data");

struct client {
	freshet_reactor *reactor;
	freshet_json_scratch scratch;
	unsigned left;    /* streams that have not ended */
	uint64_t outputs; /* typed events read */
	uint64_t exits;
	uint64_t bytes; /* of their texts */
	bool raw;       /* events are counted, not read */
	bool aod;
	int failures;
};

static void complain(struct client *c, const char *what, freshet_str why)
{
	if (c->failures++ < 5)
		fprintf(stderr, "client_freshet: %s: %.*s\n", what, (int)why.len, why.ptr);
}

/* One more member beside the type, decoded. */
static void read_output(struct client *c, const freshet_json_value *text)
{
	freshet_str data;
	freshet_err err = freshet_json_string(text, &c->scratch, &data);
	if (err != FRESHET_OK)
		complain(c, "an output without a text", freshet_str_of(freshet_err_text(err)));
	c->bytes += data.len;
	c->outputs++;
	freshet_json_scratch_reset(&c->scratch);
}

static void on_event(freshet_stream *stream, const freshet_event *event, void *user)
{
	struct client *c = user;
	freshet_json_value value[2];
	(void)stream;
	if (c->raw) {
		c->outputs++;
		return;
	}
	freshet_err err = freshet_json_pick_utf8(&plan, event->data, value, NULL);
	if (err != FRESHET_OK)
		complain(c, "an event that cannot be read", freshet_str_of(freshet_err_text(err)));
	else if (freshet_json_is(&value[0], "output"))
		read_output(c, &value[1]);
	else if (freshet_json_is(&value[0], "exit"))
		c->exits++;
	else
		complain(c, "an unknown event", event->data);
}

static void on_cut(freshet_stream *stream, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	(void)stream;
	(void)retry_ms;
	complain(user, "cut", cause->text);
}

static void on_done(freshet_stream *stream, const freshet_stream_end *end, void *user)
{
	struct client *c = user;
	(void)stream;
	if (end->outcome.err != FRESHET_OK)
		complain(c, "failed", end->outcome.text);
	c->left--;
}

static bool open_streams(struct client *c, freshet_endpoint *endpoint, const char *path, unsigned count)
{
	freshet_stream_options o;
	freshet_stream_options_init(&o);
	o.path = path;
	o.callbacks.on_event = on_event;
	o.callbacks.on_cut = on_cut;
	o.callbacks.on_done = on_done;
	o.user = c;
	for (unsigned i = 0; i < count; i++) {
		freshet_stream *stream;
		freshet_err err = freshet_stream_open(endpoint, &o, &stream);
		if (err != FRESHET_OK) {
			complain(c, "open", freshet_str_of(freshet_err_text(err)));
			return false;
		}
		c->left++;
	}
	return true;
}

static void on_aod_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	struct client *c = user;
	(void)stream;
	if (event->type == FRESHET_AOD_EVENT_OUTPUT) {
		c->outputs++;
		c->bytes += event->output.data.len;
	} else if (event->type == FRESHET_AOD_EVENT_EXIT) {
		c->exits++;
	}
}

static void on_aod_cut(freshet_aod_stream *stream, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	(void)stream;
	(void)retry_ms;
	complain(user, "cut", cause->text);
}

static void on_aod_done(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	struct client *c = user;
	(void)stream;
	if (end->error.outcome.err != FRESHET_OK || end->status != FRESHET_AOD_STATUS_COMPLETED)
		complain(c, "failed", end->error.outcome.text);
	c->left--;
}

static bool open_sessions(struct client *c, freshet_aod *aod, const char *path)
{
	freshet_aod_stream_options o;
	char line[64];
	FILE *file = fopen(path, "r");
	freshet_aod_stream_options_init(&o);
	o.callbacks.on_event = on_aod_event;
	o.callbacks.on_cut = on_aod_cut;
	o.callbacks.on_done = on_aod_done;
	o.user = c;
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		freshet_aod_stream *stream;
		o.session_id = (freshet_str){line, strcspn(line, "\n")};
		freshet_err err = freshet_aod_stream_open(aod, &o, &stream);
		if (err != FRESHET_OK)
			complain(c, "open", freshet_str_of(freshet_err_text(err)));
		else
			c->left++;
	}
	if (file != NULL)
		fclose(file);
	return c->left > 0;
}

static int report(const struct client *c)
{
	printf("outputs=%llu exits=%llu text_bytes=%llu\n", (unsigned long long)c->outputs,
		(unsigned long long)c->exits, (unsigned long long)c->bytes);
	return c->failures == 0 && c->left == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Opens everything; false when that failed. */
static bool begin(struct client *c, freshet_endpoint_options *o, const char *path, unsigned streams)
{
	freshet_endpoint *endpoint;
	freshet_err err = freshet_endpoint_new(c->reactor, o, &endpoint);
	if (err == FRESHET_OK)
		return open_streams(c, endpoint, path, streams);
	complain(c, "endpoint", freshet_str_of(freshet_err_text(err)));
	return false;
}

static bool begin_aod(struct client *c, const freshet_endpoint_options *o, const char *sessions)
{
	freshet_aod *aod;
	freshet_aod_options options;
	freshet_aod_options_init(&options);
	options.url = o->url;
	options.token = AOD_TOKEN;
	options.endpoint = o;
	freshet_err err = freshet_aod_new(c->reactor, &options, &aod);
	if (err == FRESHET_OK)
		return open_sessions(c, aod, sessions);
	complain(c, "client", freshet_str_of(freshet_err_text(err)));
	return false;
}

static int run(struct client *c, freshet_endpoint_options *o, const char *what, unsigned streams)
{
	freshet_err err = freshet_reactor_new(NULL, &c->reactor);
	if (err != FRESHET_OK) {
		complain(c, "reactor", freshet_str_of(freshet_err_text(err)));
		return EXIT_FAILURE;
	}
	if (c->aod ? begin_aod(c, o, what) : begin(c, o, what, streams))
		freshet_reactor_run(c->reactor);
	int result = report(c);
	freshet_reactor_free(c->reactor);
	return result;
}

static const struct option flags[] = {
	{"streams", required_argument, NULL, 'n'},
	{"per-connection", required_argument, NULL, 'm'},
	{"connections", required_argument, NULL, 'c'},
	{"http1", no_argument, NULL, '1'},
	{"ca", required_argument, NULL, 'a'},
	{"raw", no_argument, NULL, 'r'},
	{"aod", no_argument, NULL, 'A'},
	{NULL, 0, NULL, 0},
};

int main(int argc, char **argv)
{
	freshet_endpoint_options o;
	struct client c = {.failures = 0};
	unsigned streams = 1;
	int flag;
	freshet_endpoint_options_init(&o);
	o.protocol = FRESHET_PROTOCOL_HTTP2;
	o.stream.end_is_final = true;
	while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1) {
		switch (flag) {
		case 'n': streams = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'm': o.max_streams_per_connection = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 'c': o.max_connections = (uint32_t)strtoul(optarg, NULL, 10); break;
		case '1': o.protocol = FRESHET_PROTOCOL_HTTP1; break;
		case 'a': o.ca_file = optarg; break;
		case 'r': c.raw = true; break;
		case 'A': c.aod = true; break;
		default: return 2;
		}
	}
	if (argc - optind != 2)
		return 2;
	o.url = argv[optind];
	if (o.protocol == FRESHET_PROTOCOL_HTTP1) {
		o.max_connections = streams;
		bench_raise_descriptors();
	}
	int result = run(&c, &o, argv[optind + 1], streams);
	freshet_json_scratch_clear(&c.scratch);
	return result;
}
