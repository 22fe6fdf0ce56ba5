/*
 * The program: its one line, its flags, a client from elsewhere (curl), and a clean end.
 */
#include "support/process.h"
#include "support/test.h"

#include "mockd/mockd.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* A run of the program. */
struct run {
	pid_t pid;
	FILE *out;
	char url[128];
};

/* Starts the program with these flags; it is ready when this returns with true. */
static bool start(struct run *run, const char *flags)
{
	int ends[2];
	char command[512];
	snprintf(command, sizeof command, "exec %s %s", MOCKD_PROGRAM, flags);
	assert_int_equal(pipe(ends), 0);
	run->pid = fork();
	assert_true(run->pid >= 0);
	if (run->pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	run->out = fdopen(ends[0], "r");
	assert_non_null(run->out);
	char line[128];
	run->url[0] = '\0';
	if (fgets(line, sizeof line, run->out) != NULL)
		sscanf(line, "listening on %127s", run->url);
	return run->url[0] != '\0';
}

/* Waits for the end; the exit status. */
static int end(struct run *run, int signal_number)
{
	int status;
	if (signal_number != 0)
		kill(run->pid, signal_number);
	assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
	fclose(run->out);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What curl says to these arguments. */
__attribute__((format(printf, 1, 2))) static const char *curl(const char *format, ...)
{
	static char answer[65536];
	char arguments[1024], command[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(arguments, sizeof arguments, format, args);
	va_end(args);
	snprintf(command, sizeof command,
		"curl -s --max-time 20 --http2-prior-knowledge -H 'Authorization: Bearer %s' %s", MOCKD_TOKEN,
		arguments);
	FILE *pipe_end = popen(command, "r");
	assert_non_null(pipe_end);
	size_t len = fread(answer, 1, sizeof answer - 1, pipe_end);
	answer[len] = '\0';
	pclose(pipe_end);
	return answer;
}

/* The text after `before`, up to a quote. */
static void pick(const char *text, const char *before, char *out, size_t room)
{
	const char *at = strstr(text, before);
	assert_non_null(at);
	at += strlen(before);
	snprintf(out, room, "%.*s", (int)strcspn(at, "\""), at);
}

static void curl_runs_a_session(void **state)
{
	(void)state;
	struct run run;
	char agent[64], session[64];
	assert_true(start(&run, "--clock-scale 100 --quota 2 --seed 3"));
	assert_memory_equal(run.url, "http://127.0.0.1:", 17);
	assert_string_equal(
		curl("%s/health", run.url), "{\"status\": \"ok\", \"checks\": {\"db\": \"ok\", \"crypto\": \"ok\"}}");
	pick(curl("-d '{\"name\": \"n\", \"provider\": \"anthropic\", \"model\": \"m\"}' %s/agents", run.url),
		"\"id\": \"", agent, sizeof agent);
	pick(curl("-d '{\"agent_id\": \"%s\", \"prompt\": \"script:exit code=5 rows=3\"}' %s/sessions", agent, run.url),
		"\"id\": \"", session, sizeof session);
	const char *stream = curl("%s/sessions/%s/stream", run.url, session);
	assert_memory_equal(stream, "data: {\"type\": \"start\"", 21);
	assert_non_null(strstr(stream, "\"code\": 5}\n\n"));
	assert_non_null(strstr(curl("-i %s/mockd/stats", run.url), "HTTP/2 404"));
	assert_int_equal(end(&run, SIGTERM), 0);
}

static void flags_reach_the_emulator(void **state)
{
	(void)state;
	struct run run;
	assert_true(start(&run, "--control --token one --token two --dialect R --manual-clock --cuts-per-minute 0.5 "
				"--fault 'action=status status=418 path=/agents'"));
	assert_non_null(strstr(curl("%s/sessions", run.url), "detail"));
	assert_string_equal(curl("-H 'Authorization: Bearer two' -H 'Authorization;' %s/health", run.url),
		"{\"status\": \"ok\", \"checks\": {\"db\": \"ok\", \"crypto\": \"ok\"}}");
	assert_non_null(strstr(curl("-i %s/agents", run.url), "HTTP/2 418"));
	assert_non_null(strstr(curl("-d 'script:success' %s/mockd/sessions", run.url), "\"id\""));
	assert_non_null(strstr(curl("-X POST '%s/mockd/advance?ms=100000'", run.url), "{}"));
	assert_non_null(strstr(curl("%s/mockd/ledger", run.url), "\"status\": \"completed\""));
	assert_int_equal(end(&run, SIGINT), 0);
}

/* Who answers what nobody has, each in its own words; all others keep the paths that are theirs alone. */
static void any_platform_answers_at_the_root(void **state)
{
	(void)state;
	static const struct {
		const char *platform, *words;
	} rows[] = {
		{"aod", "<title>Not Found</title>"},
		{"ash", "Route GET:/none not found"},
		{"sudoiq", "there is nothing at GET /none"},
		{"agentos", "There is no such path"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct run run;
		char flags[64];
		snprintf(flags, sizeof flags, "--platform %s", rows[i].platform);
		assert_true(start(&run, flags));
		assert_non_null(strstr(curl("%s/none", run.url), rows[i].words));
		assert_non_null(strstr(curl("%s/api/none", run.url), "Route GET:/api/none not found"));
		assert_non_null(strstr(curl("%s/api/v1/none", run.url), "there is nothing at GET /api/v1/none"));
		assert_non_null(strstr(curl("%s/api/v1/runs/none", run.url), "\"error\":"));
		assert_int_equal(end(&run, SIGTERM), 0);
	}
	struct run run;
	assert_false(start(&run, "--platform none"));
	assert_int_equal(end(&run, 0), 2);
}

static void flags_of_sudoiq_reach_it(void **state)
{
	(void)state;
	struct run run;
	assert_true(
		start(&run, "--control --manual-clock --sudoiq-table other --sudoiq-auth header --sudoiq-scripts hang "
			    "--sudoiq-webhook http://127.0.0.1:1/ --sudoiq-webhook-secret s "
			    "--webhook-fault 'action=lose times=0'"));
	assert_non_null(strstr(curl("-i %s/svc/agentsapi/schemas", run.url), "HTTP/2 401"));
	assert_non_null(strstr(curl("-H 'X-Graph-Key: %s' %s/svc/agentsapi/schemas", MOCKD_TOKEN, run.url), "[]"));
	assert_non_null(strstr(curl("-X POST %s/mockd/sudoiq/runs", run.url), "\"task\""));
	assert_non_null(strstr(curl("-X POST '%s/mockd/advance?ms=100000'", run.url), "{}"));
	assert_non_null(strstr(curl("%s/mockd/sudoiq/totals", run.url), "\"going_on\": 1,"));
	assert_non_null(strstr(curl("%s/mockd/webhooks", run.url), "\"lost\": 1,"));
	assert_int_equal(end(&run, SIGINT), 0);
}

static void flags_of_agentos_reach_it(void **state)
{
	(void)state;
	struct run run;
	assert_true(start(&run, "--control --manual-clock --agentos-renamed --agentos-agent-key " MOCKD_TOKEN
				" --agentos-scripts hang --agentos-strict --agentos-webhook http://127.0.0.1:1/ "
				"--agentos-webhook-secret s --webhook-fault 'action=lose times=0'"));
	assert_non_null(strstr(curl("-H 'Content-Type: application/json' -d '{\"agent_id\":\"" MOCKD_AGENTOS_AGENT
				    "\",\"more\":1}' %s/telemetry/begin",
				       run.url),
		"more: is unknown"));
	assert_non_null(
		strstr(curl("-d text '%s/mockd/agentos/schedule?agent=" MOCKD_AGENTOS_AGENT "'", run.url), "\"run\""));
	assert_non_null(strstr(curl("%s/mockd/agentos/runs", run.url), "\"status\": \"running\""));
	assert_non_null(strstr(curl("%s/mockd/webhooks", run.url), "\"lost\": 1,"));
	assert_int_equal(end(&run, SIGINT), 0);
}

static void bad_flags_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"--none", "--port 65536", "--port -1", "--port", "--dialect X", "--quota x",
		"--clock-scale fast", "extra", "--clock-scale 0", "--fault action=none", "--scripts none",
		"--tls-key /nowhere", "--tls-client-ca /nowhere", "--proxy --proxy-target 10.0.0.1:80",
		"--proxy --proxy-fault action=none", "--proxy --address 0.0.0.0", "--events-file /nowhere",
		"--address nowhere", "--sudoiq-table third", "--sudoiq-auth basic", "--sudoiq-scripts none",
		"--sudoiq-webhook https://127.0.0.1/", "--agentos-scripts none", "--agentos-agent-key ''",
		"--agentos-webhook https://127.0.0.1/", "--webhook-fault action=none"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct run run;
		assert_false(start(&run, bad[i]));
		assert_true(end(&run, 0) != 0);
	}
	struct run run;
	assert_false(start(&run, "--help"));
	assert_int_equal(end(&run, 0), 0);
}

static void it_ends_with_streams_open(void **state)
{
	(void)state;
	struct run run;
	assert_true(start(&run, ""));
	char command[256], line[64];
	snprintf(command, sizeof command,
		"curl -sN --max-time 20 --http2-prior-knowledge '%s/events/tick?interval_ms=10'", run.url);
	FILE *reader = popen(command, "r");
	assert_non_null(reader);
	assert_non_null(fgets(line, sizeof line, reader));
	assert_string_equal(line, "id: 1\n");
	assert_int_equal(end(&run, SIGTERM), 0);
	pclose(reader);
}

/* The status of the answer to CONNECT. */
static const char *ask_proxy(const char *proxy, const char *flags, const char *host, unsigned port)
{
	return curl("-p -o /dev/null -w '%%{http_connect}' -x %s %s http://%s:%u/health", proxy, flags, host, port);
}

static void a_proxy_stands_beside_it(void **state)
{
	(void)state;
	struct run run;
	char line[128], proxy[128] = "";
	unsigned port = 0;
	assert_true(
		start(&run, "--proxy --proxy-credentials user:pass --proxy-fault 'action=refuse status=429 times=1' "
			    "--proxy-target api.example.test:80=127.0.0.1:1"));
	assert_non_null(fgets(line, sizeof line, run.out));
	assert_int_equal(sscanf(line, "proxy on %127s", proxy), 1);
	assert_int_equal(sscanf(run.url, "http://127.0.0.1:%u", &port), 1);
	assert_string_equal(ask_proxy(proxy, "", "localhost", port), "429");
	assert_string_equal(ask_proxy(proxy, "", "localhost", port), "407");
	assert_string_equal(ask_proxy(proxy, "-U user:pass", "localhost", port), "200");
	assert_string_equal(ask_proxy(proxy, "-U user:pass", "127.0.0.1", port), "200");
	assert_string_equal(ask_proxy(proxy, "-U user:pass", "api.example.test", 80), "502");
	assert_string_equal(ask_proxy(proxy, "-U user:pass", "api.example.test", 81), "403");
	assert_int_equal(end(&run, SIGTERM), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(curl_runs_a_session),
		cmocka_unit_test(flags_reach_the_emulator),
		cmocka_unit_test(any_platform_answers_at_the_root),
		cmocka_unit_test(flags_of_sudoiq_reach_it),
		cmocka_unit_test(flags_of_agentos_reach_it),
		cmocka_unit_test(bad_flags_are_refused),
		cmocka_unit_test(it_ends_with_streams_open),
		cmocka_unit_test(a_proxy_stands_beside_it),
	};
	if (process_find("curl") == NULL)
		return TEST_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
