/*
 * What reporting an event costs: checked, written as JSON, put into a full queue, from which an older one is dropped; beside
 * a plain loop that prints the same text unchecked into a copy of its own and frees an older one.
 * usage: bench_emit [--runs N]
 */
#include <freshet/agentos.h>
#include <freshet/freshet.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define EVENTS   400000
#define WAITING  10000
#define MAX_RUNS 101

static const char payload[] = "{\"order\":17,\"lines\":[1,2,3],\"note\":\"checked by the night shift\",\"ok\":true}";

static double now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare);
	return values[count / 2];
}

/* ---- plain ---- */

static char *ring[WAITING];

static double run_plain(void)
{
	double begin = now_ns();
	for (size_t i = 0; i < EVENTS; i++) {
		char text[512], second[32];
		struct timespec wall;
		struct tm tm;
		clock_gettime(CLOCK_REALTIME, &wall);
		gmtime_r(&wall.tv_sec, &tm);
		strftime(second, sizeof second, "%Y-%m-%dT%H:%M:%S", &tm);
		int len = snprintf(text, sizeof text,
			"{\"type\":\"%s\",\"level\":\"%s\",\"payload\":%s,\"occurred_at\":\"%s.%03ldZ\"}",
			"order.checked", "info", payload, second, wall.tv_nsec / 1000000);
		char *copy = malloc((size_t)len);
		if (copy == NULL)
			return 0;
		memcpy(copy, text, (size_t)len);
		free(ring[i % WAITING]);
		ring[i % WAITING] = copy;
	}
	return (now_ns() - begin) / EVENTS;
}

/* ---- freshet ---- */

static freshet_agentos_run **runs;
static size_t run_count;

static double run_freshet(void)
{
	const freshet_str type = freshet_str_of("order.checked");
	const freshet_str body = {payload, sizeof payload - 1};
	double begin = now_ns();
	for (size_t i = 0; i < EVENTS; i++)
		if (freshet_agentos_emit(runs[i % run_count], type, body, FRESHET_AGENTOS_LEVEL_INFO) != FRESHET_OK)
			return 0;
	return (now_ns() - begin) / EVENTS;
}

/* Nobody turns the loop: no request is made. */
static bool open_runs(freshet_reactor *reactor, freshet_agentos **client, size_t count)
{
	freshet_agentos_options o;
	freshet_agentos_options_init(&o);
	o.api_key = "aos_agent_bench";
	o.agent_id = "00000000-0000-4000-8000-000000000000";
	o.base_url = "http://127.0.0.1:9";
	o.max_queue_events = WAITING;
	if (freshet_agentos_new(reactor, &o, client) != FRESHET_OK)
		return false;
	runs = calloc(count, sizeof *runs);
	for (run_count = 0; runs != NULL && run_count < count; run_count++)
		if (freshet_agentos_run_start(*client, NULL, &runs[run_count]) != FRESHET_OK)
			return false;
	return runs != NULL;
}

static bool bench(const char *name, size_t count, size_t times)
{
	double ours[MAX_RUNS], plain[MAX_RUNS];
	freshet_reactor *reactor;
	freshet_agentos *client;
	if (freshet_reactor_new(NULL, &reactor) != FRESHET_OK)
		return false;
	bool good = open_runs(reactor, &client, count);
	for (size_t i = 0; good && i < times; i++) {
		plain[i] = run_plain();
		ours[i] = run_freshet();
		good = plain[i] > 0 && ours[i] > 0;
	}
	freshet_reactor_free(reactor);
	free(runs);
	if (!good)
		return false;
	double a = median(ours, times), b = median(plain, times);
	printf("%-6s freshet %8.1f ns/event   plain loop %8.1f ns/event   ratio %.2f\n", name, a, b, a / b);
	return true;
}

int main(int argc, char **argv)
{
	size_t times = 7;
	if (argc == 3 && strcmp(argv[1], "--runs") == 0)
		times = strtoul(argv[2], NULL, 10);
	if ((argc != 1 && argc != 3) || times == 0 || times > MAX_RUNS) {
		fprintf(stderr, "usage: bench_emit [--runs N]\n");
		return 2;
	}
	bool good = bench("one", 1, times) && bench("many", 10000, times);
	for (size_t i = 0; i < WAITING; i++)
		free(ring[i]);
	return good ? 0 : 1;
}
