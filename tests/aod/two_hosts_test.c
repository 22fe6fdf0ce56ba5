/*
 * The emulator on one host, the library on another, and a cable between them that loses packets, takes its time, and is
 * pulled: sessions that are followed across it show every row once and in order, as the emulator's own book has them.
 * This is the one test that waits for real time to pass, since the kernel's timers take part; each weather has a process
 * and a cable of its own, and they all wait at the same time.
 */
#include "support/client.h"
#include "support/test.h"
#include "support/wire.h"

#include "mockd/mockd.h"

#include <freshet/aod.h>
#include <jansson.h>
#include <time.h>
#include <unistd.h>

#define SESSIONS 12
#define PORT     "8080"
#define URL      "http://" WIRE_FAR ":" PORT

/* What happens while the sessions run. */
struct weather {
	const char *what;
	const char *script;
	unsigned loss_percent;
	unsigned latency_ms;
	enum { NOTHING, CABLE_PULLED, LINK_DOWN } event;
	unsigned for_s;
	uint64_t signs_of_life_ms; /* silence before the library asks, and how long it waits then; 0: its defaults */
	enum { NO_CUT, SOME_CUTS, EACH_CUT } cuts; /* of the streams */
};

/* clang-format off */
static struct weather weathers[] = {
	{"a tenth of the packets lost, 60 ms each way", "script:success rows=200 row_ms=20", 10, 60, NOTHING, 0, 0, SOME_CUTS},
	{"cable pulled for a moment", "script:success rows=40 row_ms=100", 0, 5, CABLE_PULLED, 1, 0, NO_CUT},
	{"cable pulled for 6 s", "script:success rows=60 row_ms=100", 2, 20, CABLE_PULLED, 6, 1000, EACH_CUT},
	{"link down for 3 s", "script:success rows=60 row_ms=100", 2, 20, LINK_DOWN, 3, 1000, SOME_CUTS},
	{"cable pulled for 40 s", "script:success rows=120 row_ms=400", 5, 30, CABLE_PULLED, 40, 0, EACH_CUT},
};
/* clang-format on */

static struct wire *wire;
static struct process far;

/* --- The far host. */

static void run_emulator(void *user)
{
	const int *ready = user;
	dup2(ready[1], STDOUT_FILENO);
	execl(MOCKD_PROGRAM, "mockd", "--address", WIRE_FAR, "--port", PORT, "--control", (char *)NULL);
	_exit(127);
}

/* --- The near host. */

struct scene;

struct follower_of_session {
	struct scene *scene;
	char session[MOCKD_ID_SIZE];
	uint64_t hash;
	uint64_t last_id;
	size_t rows;
	unsigned out_of_order;
	unsigned cuts;
	unsigned dones;
	freshet_err err;
	char text[160];
};

struct scene {
	const struct weather *weather;
	struct client client;
	freshet_endpoint *control;
	freshet_aod *clients[2]; /* by HTTP/2 and by HTTP/1.1 */
	struct follower_of_session followers[SESSIONS];
	uint64_t until_ms;
};

static void on_event(freshet_aod_stream *stream, const freshet_aod_event *event, void *user)
{
	struct follower_of_session *f = user;
	(void)stream;
	if (event->type != FRESHET_AOD_EVENT_STAGE && event->type != FRESHET_AOD_EVENT_OUTPUT)
		return;
	f->out_of_order += event->id <= f->last_id;
	f->last_id = event->id;
	f->hash = mockd_hash_row(f->hash, event->id, event->raw.ptr, event->raw.len);
	f->rows++;
}

static void on_cut(freshet_aod_stream *stream, const freshet_outcome *cause, uint64_t retry_ms, void *user)
{
	struct follower_of_session *f = user;
	(void)stream;
	(void)cause;
	(void)retry_ms;
	f->cuts++;
}

static void on_done(freshet_aod_stream *stream, const freshet_aod_stream_end *end, void *user)
{
	struct follower_of_session *f = user;
	freshet_str text = end->error.outcome.text;
	(void)stream;
	f->dones++;
	f->err = end->error.outcome.err;
	snprintf(f->text, sizeof f->text, "%.*s", (int)text.len, text.ptr);
	f->scene->client.live--;
}

static freshet_aod *new_client(struct scene *scene, freshet_protocol protocol)
{
	freshet_endpoint_options e;
	freshet_aod_options o;
	freshet_aod *aod;
	freshet_endpoint_options_init(&e);
	freshet_aod_options_init(&o);
	e.protocol = protocol;
	if (scene->weather->signs_of_life_ms != 0) {
		e.ping_interval_ms = scene->weather->signs_of_life_ms;
		e.ping_timeout_ms = scene->weather->signs_of_life_ms;
		e.connect_timeout_ms = 2 * scene->weather->signs_of_life_ms;
		e.stream.backoff_max_ms = scene->weather->signs_of_life_ms;
	}
	o.url = URL;
	o.token = MOCKD_TOKEN;
	o.endpoint = &e;
	assert_int_equal(freshet_aod_new(scene->client.reactor, &o, &aod), FRESHET_OK);
	return aod;
}

/* An answer of the emulator's control API. */
struct answer {
	struct client *client;
	int status;
	json_t *json;
	char text[160];
};

static void on_answer(freshet_request *request, const freshet_response *response, void *user)
{
	struct answer *a = user;
	(void)request;
	freshet_str text = response->outcome.text;
	a->status = response->status;
	snprintf(a->text, sizeof a->text, "%.*s", (int)text.len, text.ptr);
	a->json = json_loadb(response->body.ptr, response->body.len, 0, NULL);
	a->client->live--;
}

static json_t *ask(struct scene *scene, const char *method, const char *path, const char *body)
{
	struct answer a = {.client = &scene->client};
	freshet_request_options o;
	freshet_request_options_init(&o);
	o.method = method;
	o.path = path;
	o.body = freshet_str_of(body);
	o.on_done = on_answer;
	o.user = &a;
	assert_int_equal(freshet_request_send(scene->control, &o, NULL), FRESHET_OK);
	scene->client.live++;
	client_run(&scene->client, NULL, NULL);
	if (a.json == NULL || a.status / 100 != 2)
		fail_msg("%s %s: status %d, %s", method, path, a.status, a.text);
	return a.json;
}

static void start(struct scene *scene, const struct weather *weather)
{
	memset(scene, 0, sizeof *scene);
	scene->weather = weather;
	client_start(&scene->client, NULL);
	scene->control = client_endpoint(&scene->client, &(struct client_url){"http", WIRE_FAR, 8080, NULL});
	scene->clients[0] = new_client(scene, FRESHET_PROTOCOL_HTTP2);
	scene->clients[1] = new_client(scene, FRESHET_PROTOCOL_HTTP1);
	for (size_t i = 0; i < SESSIONS; i++) {
		json_t *made = ask(scene, "POST", "/mockd/sessions", weather->script);
		const char *id = json_string_value(json_object_get(made, "id"));
		assert_non_null(id);
		snprintf(scene->followers[i].session, MOCKD_ID_SIZE, "%s", id);
		json_decref(made);
	}
}

static void follow_all(struct scene *scene)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		struct follower_of_session *f = &scene->followers[i];
		freshet_aod_stream_options o;
		freshet_aod_stream *stream;
		freshet_aod_stream_options_init(&o);
		f->scene = scene;
		f->hash = MOCKD_HASH_START;
		o.session_id = freshet_str_of(f->session);
		o.callbacks = (freshet_aod_stream_callbacks){NULL, on_event, on_cut, on_done};
		o.user = f;
		assert_int_equal(freshet_aod_stream_open(scene->clients[i % 2], &o, &stream), FRESHET_OK);
		scene->client.live++;
	}
}

/* Rows of each session have come, and there are more to come. */
static bool all_have_begun(void *user)
{
	const struct scene *scene = user;
	size_t begun = 0;
	for (size_t i = 0; i < SESSIONS; i++)
		begun += scene->followers[i].rows >= 8;
	return begun == SESSIONS;
}

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool time_has_passed(void *user)
{
	const struct scene *scene = user;
	return now_ms() >= scene->until_ms;
}

static void let_it_happen(struct scene *scene)
{
	const struct weather *w = scene->weather;
	struct wire_quality quality = {.loss_percent = w->loss_percent, .latency_ms = w->latency_ms};
	if (w->event == NOTHING)
		return;
	client_run(&scene->client, all_have_begun, scene);
	quality.pulled = w->event == CABLE_PULLED;
	wire_set(wire, &quality);
	if (w->event == LINK_DOWN)
		wire_link(wire, false);
	scene->until_ms = now_ms() + (uint64_t)w->for_s * 1000;
	client_run(&scene->client, time_has_passed, scene);
	if (w->event == LINK_DOWN)
		wire_link(wire, true);
	quality.pulled = false;
	wire_set(wire, &quality);
}

/* What was seen is what the emulator wrote into its book. */
static void compare(struct scene *scene, const struct follower_of_session *f)
{
	char path[128], hash[32];
	if (f->err != FRESHET_OK)
		fail_msg("%s: %s", freshet_err_name(f->err), f->text);
	assert_int_equal(f->dones, 1);
	assert_int_equal(f->out_of_order, 0);
	snprintf(path, sizeof path, "/mockd/ledger?session=%s", f->session);
	json_t *entry = ask(scene, "GET", path, "");
	snprintf(hash, sizeof hash, "%llu", (unsigned long long)f->hash);
	assert_string_equal(json_string_value(json_object_get(entry, "status")), "completed");
	assert_int_equal(json_integer_value(json_object_get(entry, "rows")), f->rows);
	assert_string_equal(json_string_value(json_object_get(entry, "hash")), hash);
	json_decref(entry);
}

static void followed(void **state)
{
	const struct weather *w = *state;
	struct scene scene;
	start(&scene, w);
	/* The emulator is told what to do over a cable that loses nothing: a request is sent once and may fail on another. */
	wire_set(wire, &(struct wire_quality){.loss_percent = w->loss_percent, .latency_ms = w->latency_ms});
	follow_all(&scene);
	let_it_happen(&scene);
	client_run(&scene.client, NULL, NULL);
	struct wire_stats stats = wire_stats(wire);
	wire_set(wire, &(struct wire_quality){.pulled = false});
	for (size_t i = 0; i < SESSIONS; i++) {
		compare(&scene, &scene.followers[i]);
		if (w->cuts == EACH_CUT)
			assert_in_range(scene.followers[i].cuts, 1, UINT32_MAX);
		else if (w->cuts == NO_CUT)
			assert_int_equal(scene.followers[i].cuts, 0);
	}
	/* The weather was as it was said to be. */
	assert_int_equal(stats.lost > 0, w->loss_percent > 0);
	if (w->event == CABLE_PULLED)
		assert_in_range(stats.dropped, 1, UINT32_MAX);
	client_stop(&scene.client);
}

/* --- Each weather in a process of its own. */

struct place {
	struct weather *weather;
	struct process process;
	FILE *said;
};

static int live_through(struct weather *weather)
{
	const struct CMUnitTest test[] = {{weather->what, followed, NULL, NULL, weather}};
	const char *why;
	char line[64];
	int ready[2];
	if (pipe(ready) != 0)
		return 1;
	wire = wire_start(&far, run_emulator, ready, &why);
	if (wire == NULL) {
		printf("skipped: two hosts cannot be made on this machine: %s\n", why);
		return TEST_SKIPPED;
	}
	/* It says that it listens. */
	if (read(ready[0], line, sizeof line) <= 0)
		return 1;
	int failed = cmocka_run_group_tests(test, NULL, NULL);
	process_end(&far);
	wire_stop(wire);
	return failed;
}

static void run_place(void *user)
{
	struct place *place = user;
	dup2(fileno(place->said), STDOUT_FILENO);
	dup2(fileno(place->said), STDERR_FILENO);
	exit(live_through(place->weather));
}

static void repeat(FILE *said)
{
	char line[512];
	rewind(said);
	while (fgets(line, sizeof line, said) != NULL)
		fputs(line, stdout);
	fclose(said);
}

int main(void)
{
	struct place places[sizeof weathers / sizeof weathers[0]];
	const size_t count = sizeof places / sizeof places[0];
	int worst = 0;
	for (size_t i = 0; i < count; i++) {
		places[i] = (struct place){.weather = &weathers[i], .said = tmpfile()};
		if (places[i].said == NULL)
			return 1;
		process_fork(&places[i].process, run_place, &places[i]);
	}
	for (size_t i = 0; i < count; i++) {
		int result = process_wait(&places[i].process);
		repeat(places[i].said);
		if (worst == 0 || worst == TEST_SKIPPED)
			worst = result != 0 ? result : worst;
	}
	return worst;
}
