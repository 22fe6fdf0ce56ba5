/*
 * tinyproxy stands between the library and node: live streams go through it over every protocol, with credentials; what
 * it refuses is told apart from what the server refuses; and it may die and come back under open streams.
 */
#include "support/live.h"
#include "support/test.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *node, *tinyproxy;

/* node, and tinyproxy before it. */
struct scene {
	struct live_server server;
	struct process proxy;
	uint16_t port;
	uint16_t closed_port; /* allowed, but nobody listens there */
	char proxy_url[128];
};

/* Connections to the server's port and to the closed one are allowed, and only to a user with a password. */
static void write_config(uint16_t port, void *user)
{
	const struct scene *scene = user;
	char text[512];
	int len = snprintf(text, sizeof text,
		"Port %u\nListen 127.0.0.1\nTimeout 600\nMaxClients 200\nLogFile \"%s\"\nAllow 127.0.0.1\n"
		"BasicAuth user pass\nConnectPort %u\nConnectPort %u\n",
		port, test_folder_file(&scene->server.folder, "requests.log"), scene->server.port, scene->closed_port);
	assert_in_range(len, 1, sizeof text - 1);
	test_file_write(test_folder_file(&scene->server.folder, "tinyproxy.conf"), text, (size_t)len);
}

/* Starts the proxy, or starts it again where it was. */
static void run_proxy(struct scene *scene, bool again)
{
	const struct test_folder *folder = &scene->server.folder;
	const char *const argv[] = {tinyproxy, "-d", "-c", test_folder_file(folder, "tinyproxy.conf"), NULL};
	const char *log = test_folder_file(folder, "tinyproxy.log");
	if (again)
		process_restart_at_port(&scene->proxy, argv, log, scene->port);
	else
		scene->port = process_start_at_port(&scene->proxy, argv, log, write_config, scene);
}

static void start(struct scene *scene, const struct live_wish *wish)
{
	*scene = (struct scene){0};
	live_start(&scene->server, wish);
	scene->closed_port = free_port();
	run_proxy(scene, false);
}

static void stop(struct scene *scene)
{
	live_stop(&scene->server);
	process_end(&scene->proxy);
}

static void restart_proxy(void *user)
{
	run_proxy(user, true);
}

/* --- What goes through. */

struct way {
	const char *kind;
	const char *version;
	freshet_protocol protocol;
};

static void streams(void **state)
{
	static const struct way ways[] = {
		{"http", NULL, FRESHET_PROTOCOL_AUTO},
		{"h2c", NULL, FRESHET_PROTOCOL_HTTP2},
		{"https", "1.2", FRESHET_PROTOCOL_AUTO},
		{"h2", "1.3", FRESHET_PROTOCOL_AUTO},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		const struct live_wish wish = {
			.program = node, .script = LIVE_NODE, .kind = ways[i].kind, .version = ways[i].version};
		struct scene scene;
		char proxy[128];
		freshet_endpoint_options o;
		start(&scene, &wish);
		live_endpoint_options(&scene.server, &o, ways[i].version != NULL, scene.server.port);
		snprintf(proxy, sizeof proxy, "http://user:p%%61ss@127.0.0.1:%u", scene.port);
		o.proxy = proxy;
		o.protocol = ways[i].protocol;
		o.stream.max_attempts = UINT32_MAX;
		live_connect(&scene.server, &o);
		live_follow(&scene.server, "whole", 0);
		live_follow(&scene.server, "cut", 3);
		live_follow(&scene.server, "end", 3);
		live_upload(&scene.server);
		live_follow_across(&scene.server, restart_proxy, &scene);
		stop(&scene);
	}
}

static void from_environment(void **state)
{
	const struct live_wish wish = {.program = node, .script = LIVE_NODE, .kind = "h2"};
	struct scene scene;
	char proxy[128];
	freshet_endpoint_options o;
	(void)state;
	start(&scene, &wish);
	/* Not even a look at the environment without being asked. */
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	live_endpoint_options(&scene.server, &o, true, scene.server.port);
	live_connect(&scene.server, &o);
	live_follow(&scene.server, "whole", 0);
	live_disconnect(&scene.server);
	snprintf(proxy, sizeof proxy, "http://user:p%%61ss@127.0.0.1:%u", scene.port);
	setenv("https_proxy", proxy, 1);
	o.proxy_from_environment = true;
	live_connect(&scene.server, &o);
	live_follow_across(&scene.server, restart_proxy, &scene);
	unsetenv("https_proxy");
	stop(&scene);
}

/* --- What does not. */

struct refusal {
	const char *what;
	const char *user; /* of the proxy, as in a URL */
	freshet_err err;
	int status; /* of the proxy */
	enum { SERVER, CLOSED, FORBIDDEN } target;
};

static const struct refusal refusals[] = {
	{"no credentials", "", FRESHET_EPROXY_AUTH, 407, SERVER},
	{"another password", "user:pasS@", FRESHET_EPROXY_AUTH, 401, SERVER},
	{"another user", "other:pass@", FRESHET_EPROXY_AUTH, 401, SERVER},
	{"a port that is not allowed", "user:p%61ss@", FRESHET_EPROXY_REFUSED, 403, FORBIDDEN},
	{"a port where nobody listens", "user:p%61ss@", FRESHET_EPROXY_REFUSED, 500, CLOSED},
};

static void refuse(struct scene *scene, const struct refusal *r, bool tls)
{
	const uint16_t ports[] = {scene->server.port, scene->closed_port, 1};
	struct client client;
	struct follower f = {0};
	char proxy[128];
	freshet_endpoint_options o;
	freshet_endpoint *e;
	live_endpoint_options(&scene->server, &o, tls, ports[r->target]);
	snprintf(proxy, sizeof proxy, "http://%s127.0.0.1:%u", r->user, scene->port);
	o.proxy = proxy;
	o.bearer_token = "secret-token";
	client_start(&client, NULL);
	assert_int_equal(freshet_endpoint_new(client.reactor, &o, &e), FRESHET_OK);
	client_follow(&client, e, "/secret-path", &f);
	client_run(&client, NULL, NULL);
	client_stop(&client);
	if (f.end.outcome.err != r->err || f.end.outcome.http_status != r->status)
		fail_msg("%s: %s, status %d: %s", r->what, freshet_err_name(f.end.outcome.err),
			f.end.outcome.http_status, f.end.text);
	assert_true(f.end.outcome.unprocessed);
	assert_null(strstr(f.end.text, "pas"));
	assert_int_equal(f.opens, 0);
}

/* True when a file of the scene has those words in it. */
static bool says(const struct scene *scene, const char *file, const char *words)
{
	char line[1024];
	bool found = false;
	FILE *log = fopen(test_folder_file(&scene->server.folder, file), "r");
	assert_non_null(log);
	while (!found && fgets(line, sizeof line, log) != NULL)
		found = strstr(line, words) != NULL;
	fclose(log);
	return found;
}

/* The proxy that refuses has seen the server's name and port, and nothing that is for the server. */
static void refused(void **state)
{
	const struct live_wish wish = {.program = node, .script = LIVE_NODE};
	struct scene scene;
	(void)state;
	start(&scene, &wish);
	for (size_t i = 0; i < COUNT(refusals); i++) {
		refuse(&scene, &refusals[i], false);
		refuse(&scene, &refusals[i], true);
	}
	assert_true(says(&scene, "requests.log", "CONNECT localhost:"));
	assert_false(says(&scene, "requests.log", "secret"));
	process_end(&scene.proxy);
	refuse(&scene, &(struct refusal){"no proxy", "", FRESHET_EPROXY, 0, SERVER}, true);
	live_stop(&scene.server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams),
		cmocka_unit_test(from_environment),
		cmocka_unit_test(refused),
	};
	node = process_find("node");
	tinyproxy = process_find("tinyproxy");
	if (node == NULL || tinyproxy == NULL) {
		printf("skipped: this machine lacks %s (Debian packages nodejs, tinyproxy)\n",
			node == NULL ? "node" : "tinyproxy");
		return TEST_SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
