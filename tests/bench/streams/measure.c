/*
 * Measures one client in one scenario. The emulator runs in this process, on the last core; the client is a child, on
 * the first one. What is taken of the client is what the kernel says of it: its resident memory (/proc/PID/statm), and
 * the CPU time, user and system, of all its threads (its CPU clock while it runs, wait4 when it has ended). No client
 * measures itself, so that all are measured alike.
 *
 *	idle  `streams` streams are open and silent: resident memory. Then each gets one event and ends.
 *	live  each stream gets one event per interval: CPU time over a window in which nothing is opened or closed.
 *	bulk  events as fast as the client takes them, to the end: CPU time of the whole process.
 *	aod   as idle, with sessions of Agent on Demand: their ids are in the file that {sessions} names.
 *
 * In every scenario the server ends the streams and the client then ends by itself. One line comes out, `name=value`
 * pairs. A client that fails, or that does not reach the scenario's state in time, is an error: no figure comes out.
 */
#include "descriptors.h"
#include "mockd/mockd.h"

#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS   5
#define OPEN_MS   2000
#define ARGS_MAX  64
#define PATH_SIZE 256

enum scenario { IDLE, LIVE, BULK, AOD };

enum phase {
	OPENING,  /* until all streams are open */
	SETTLING, /* until the effects of that are over */
	WINDOW,
	ENDING, /* until the client has ended */
};

struct sample {
	uint64_t cpu_ns;
	uint64_t events;
	uint64_t bytes;
	uint64_t at_ms;
};

struct measure {
	enum scenario scenario;
	unsigned streams;
	unsigned interval_ms;
	unsigned settle_ms;
	unsigned window_ms;
	unsigned patience_ms;
	unsigned event_bytes;
	uint64_t total_bytes; /* of each stream */
	bool spread;
	bool verbose;
	char path[PATH_SIZE];
	char sessions[32]; /* file of AOD */
	char **client;

	struct mockd *mockd;
	struct event_base *base;
	pid_t child;
	clockid_t child_clock;
	enum phase phase;
	uint64_t started_ms;
	uint64_t phase_ms; /* when the phase began */
	uint64_t open_ms;  /* how long opening took */
	size_t rss_bytes;
	struct sample first;
	struct sample last;
	struct rusage usage;
	int status;
	bool failed;
};

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void fail(struct measure *m, const char *why)
{
	fprintf(stderr, "measure: %s: %s\n", m->client[0], why);
	m->failed = true;
	event_base_loopbreak(m->base);
}

static size_t rss_of(pid_t pid)
{
	char name[64];
	unsigned long size;
	unsigned long resident;
	snprintf(name, sizeof name, "/proc/%d/statm", (int)pid);
	FILE *file = fopen(name, "r");
	if (file == NULL)
		return 0;
	int found = fscanf(file, "%lu %lu", &size, &resident);
	fclose(file);
	return found == 2 ? resident * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

static struct sample take_sample(const struct measure *m)
{
	struct mockd_stats stats;
	struct timespec cpu = {0, 0};
	mockd_get_stats(m->mockd, &stats);
	clock_gettime(m->child_clock, &cpu);
	return (struct sample){
		(uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec, stats.events, stats.bytes_out, now_ms()};
}

static void enter(struct measure *m, enum phase phase)
{
	m->phase = phase;
	m->phase_ms = now_ms();
}

static bool lasted(const struct measure *m, unsigned ms)
{
	return now_ms() - m->phase_ms >= ms;
}

/* Idle streams must still be silent when the memory is read. */
static void read_memory(struct measure *m)
{
	struct mockd_stats stats;
	mockd_get_stats(m->mockd, &stats);
	m->rss_bytes = rss_of(m->child);
	if (stats.exchanges != m->streams || stats.events != 0)
		fail(m, "the streams are not idle: take a longer interval");
}

static void settled(struct measure *m)
{
	m->first = take_sample(m);
	if (m->scenario == IDLE || m->scenario == AOD)
		read_memory(m);
	enter(m, m->scenario == LIVE ? WINDOW : ENDING);
}

static void check_opening(struct measure *m)
{
	struct mockd_stats stats;
	mockd_get_stats(m->mockd, &stats);
	if (stats.exchanges == m->streams) {
		m->open_ms = now_ms() - m->started_ms;
		enter(m, SETTLING);
	} else if (lasted(m, m->patience_ms)) {
		fprintf(stderr, "measure: %zu of %u streams are open\n", stats.exchanges, m->streams);
		fail(m, "the streams did not open");
	}
}

static void on_poll(evutil_socket_t fd, short what, void *user)
{
	struct measure *m = user;
	(void)fd;
	(void)what;
	switch (m->phase) {
	case OPENING: check_opening(m); break;
	case SETTLING:
		if (lasted(m, m->settle_ms))
			settled(m);
		break;
	case WINDOW:
		if (lasted(m, m->window_ms)) {
			m->last = take_sample(m);
			enter(m, ENDING);
		}
		break;
	case ENDING:
		if (lasted(m, m->patience_ms))
			fail(m, "the client does not end");
		break;
	}
}

static void on_child(evutil_socket_t fd, short what, void *user)
{
	struct measure *m = user;
	(void)fd;
	(void)what;
	if (wait4(m->child, &m->status, WNOHANG, &m->usage) != m->child)
		return;
	m->child = 0;
	if (m->phase != ENDING && m->scenario != BULK)
		fail(m, "the client ended too early");
	event_base_loopbreak(m->base);
}

static void pin(bool first)
{
	cpu_set_t set;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	CPU_ZERO(&set);
	CPU_SET((size_t)(first ? 0 : cores - 1), &set);
	if (sched_setaffinity(0, sizeof set, &set) != 0)
		perror("measure: sched_setaffinity");
}

/* The argument with what it names in braces put in. */
static char *filled_in(const struct measure *m, const char *argument)
{
	char *text = NULL;
	int len;
	if (strcmp(argument, "{url}") == 0)
		len = asprintf(&text, "%s%s", mockd_url(m->mockd), m->path);
	else if (strcmp(argument, "{base}") == 0)
		len = asprintf(&text, "%s", mockd_url(m->mockd));
	else if (strcmp(argument, "{path}") == 0)
		len = asprintf(&text, "%s", m->path);
	else if (strcmp(argument, "{sessions}") == 0)
		len = asprintf(&text, "%s", m->sessions);
	else
		len = asprintf(&text, "%s", argument);
	if (len < 0)
		abort();
	return text;
}

static void run_client(const struct measure *m)
{
	char *args[ARGS_MAX] = {NULL};
	for (size_t i = 0; m->client[i] != NULL && i + 1 < ARGS_MAX; i++)
		args[i] = filled_in(m, m->client[i]);
	pin(true);
	if (!m->verbose && freopen("/dev/null", "w", stdout) == NULL)
		_exit(127);
	execvp(args[0], args);
	fprintf(stderr, "measure: %s: %s\n", args[0], strerror(errno));
	_exit(127);
}

static bool start_client(struct measure *m)
{
	m->started_ms = now_ms();
	m->child = fork();
	if (m->child < 0)
		return false;
	if (m->child == 0)
		run_client(m);
	return clock_getcpuclockid(m->child, &m->child_clock) == 0;
}

static uint64_t cpu_of(const struct rusage *usage)
{
	const struct timeval *u = &usage->ru_utime;
	const struct timeval *s = &usage->ru_stime;
	return ((uint64_t)u->tv_sec + (uint64_t)s->tv_sec) * 1000000000u +
	       ((uint64_t)u->tv_usec + (uint64_t)s->tv_usec) * 1000u;
}

static void print_result(const struct measure *m)
{
	struct mockd_stats stats;
	mockd_get_stats(m->mockd, &stats);
	printf("streams=%u connections=%llu open_ms=%llu total_cpu_ns=%llu total_events=%llu total_bytes=%llu "
	       "wall_ms=%llu",
		m->streams, (unsigned long long)stats.accepted, (unsigned long long)m->open_ms,
		(unsigned long long)cpu_of(&m->usage), (unsigned long long)stats.events,
		(unsigned long long)stats.bytes_out, (unsigned long long)(now_ms() - m->started_ms));
	if (m->scenario == IDLE || m->scenario == AOD)
		printf(" rss_bytes=%zu", m->rss_bytes);
	if (m->scenario == LIVE)
		printf(" cpu_ns=%llu events=%llu bytes=%llu window_ms=%llu",
			(unsigned long long)(m->last.cpu_ns - m->first.cpu_ns),
			(unsigned long long)(m->last.events - m->first.events),
			(unsigned long long)(m->last.bytes - m->first.bytes),
			(unsigned long long)(m->last.at_ms - m->first.at_ms));
	printf("\n");
}

/* Opening may take so long; then come settling and the window, and no stream may end before that is over. */
static unsigned live_count(const struct measure *m)
{
	return (OPEN_MS + m->settle_ms + m->window_ms) / m->interval_ms + 2;
}

static void choose_path(struct measure *m)
{
	const char *spread = m->spread ? "&spread=1" : "";
	if (m->scenario == BULK)
		snprintf(m->path, sizeof m->path, "/events/bulk?event_bytes=%u&total_bytes=%llu", m->event_bytes,
			(unsigned long long)m->total_bytes);
	else
		snprintf(m->path, sizeof m->path, "/events/tick?interval_ms=%u&bytes=%u&count=%u%s", m->interval_ms,
			m->event_bytes, m->scenario == LIVE ? live_count(m) : 1, spread);
}

/* Sessions that are silent from their start to their one row, an interval later. */
static bool add_sessions(struct measure *m)
{
	char id[MOCKD_ID_SIZE];
	char prompt[96];
	if (m->scenario != AOD)
		return true;
	strcpy(m->sessions, "/tmp/bench_sessions.XXXXXX");
	int fd = mkstemp(m->sessions);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL)
		return false;
	snprintf(prompt, sizeof prompt, "script:success stages=0 rows=1 bytes=40 row_ms=%u", m->interval_ms);
	for (unsigned i = 0; i < m->streams && mockd_add_session(m->mockd, prompt, id) == FRESHET_OK; i++)
		fprintf(file, "%s\n", id);
	return fclose(file) == 0;
}

/* The child is ended if it still runs: the emulator has gone from under it. */
static void end_client(struct measure *m)
{
	if (m->child == 0)
		return;
	kill(m->child, SIGTERM);
	waitpid(m->child, &m->status, 0);
}

static bool measure(struct measure *m, const struct mockd_options *options)
{
	const struct timeval poll = {0, POLL_MS * 1000};
	m->base = event_base_new();
	if (m->base == NULL || mockd_new(m->base, options, &m->mockd) != FRESHET_OK || !add_sessions(m)) {
		fprintf(stderr, "measure: the emulator does not start\n");
		return false;
	}
	choose_path(m);
	struct event *child = evsignal_new(m->base, SIGCHLD, on_child, m);
	struct event *timer = event_new(m->base, -1, EV_PERSIST, on_poll, m);
	evsignal_add(child, NULL);
	event_add(timer, &poll);
	enter(m, m->scenario == BULK ? ENDING : OPENING);
	if (start_client(m))
		event_base_dispatch(m->base);
	else
		fail(m, strerror(errno));
	if (!m->failed && (!WIFEXITED(m->status) || WEXITSTATUS(m->status) != 0))
		fail(m, "the client failed");
	if (!m->failed)
		print_result(m);
	event_free(child);
	event_free(timer);
	mockd_free(m->mockd);
	end_client(m);
	if (m->sessions[0] != '\0')
		unlink(m->sessions);
	event_base_free(m->base);
	libevent_global_shutdown();
	return !m->failed;
}

static const struct option flags[] = {
	{"scenario", required_argument, NULL, 's'},
	{"streams", required_argument, NULL, 'n'},
	{"max-streams", required_argument, NULL, 'm'},
	{"interval-ms", required_argument, NULL, 'i'},
	{"settle-ms", required_argument, NULL, 'S'},
	{"window-ms", required_argument, NULL, 'w'},
	{"patience-ms", required_argument, NULL, 'p'},
	{"event-bytes", required_argument, NULL, 'b'},
	{"total-bytes", required_argument, NULL, 'B'},
	{"tls-certificate", required_argument, NULL, 'c'},
	{"tls-key", required_argument, NULL, 'k'},
	{"spread", no_argument, NULL, 'x'},
	{"verbose", no_argument, NULL, 'v'},
	{NULL, 0, NULL, 0},
};

static int usage(void)
{
	fprintf(stderr,
		"usage: bench_measure --scenario idle|live|bulk|aod --streams N [--FLAG VALUE]... -- CLIENT...\n"
		"{base}, {path}, {url} and {sessions} among the client's arguments become what it is to ask for; "
		"flags:\n");
	for (const struct option *f = flags; f->name != NULL; f++)
		fprintf(stderr, "  --%s\n", f->name);
	return 2;
}

static bool choose_scenario(struct measure *m, const char *name)
{
	static const char *const names[] = {[IDLE] = "idle", [LIVE] = "live", [BULK] = "bulk", [AOD] = "aod"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(name, names[i]) == 0) {
			m->scenario = (enum scenario)i;
			return true;
		}
	}
	return false;
}

static unsigned number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

static bool read_flags(int argc, char **argv, struct measure *m, struct mockd_options *options)
{
	int flag;
	bool good = true;
	while ((flag = getopt_long(argc, argv, "+", flags, NULL)) != -1) {
		switch (flag) {
		case 's': good = good && choose_scenario(m, optarg); break;
		case 'n': m->streams = number(optarg); break;
		case 'm': options->max_concurrent_streams = number(optarg); break;
		case 'i': m->interval_ms = number(optarg); break;
		case 'S': m->settle_ms = number(optarg); break;
		case 'w': m->window_ms = number(optarg); break;
		case 'p': m->patience_ms = number(optarg); break;
		case 'b': m->event_bytes = number(optarg); break;
		case 'B': m->total_bytes = strtoull(optarg, NULL, 10); break;
		case 'c': options->tls_certificate = optarg; break;
		case 'k': options->tls_key = optarg; break;
		case 'x': m->spread = true; break;
		case 'v': m->verbose = true; break;
		default: return false;
		}
	}
	m->client = argv + optind;
	return good && optind < argc && m->streams > 0 && m->interval_ms > 0;
}

int main(int argc, char **argv)
{
	struct mockd_options options;
	struct measure m = {.interval_ms = 1000,
		.settle_ms = 500,
		.window_ms = 3000,
		.patience_ms = 60000,
		.event_bytes = 40,
		.total_bytes = (uint64_t)64 << 20};
	mockd_options_init(&options);
	if (!read_flags(argc, argv, &m, &options))
		return usage();
	pin(false);
	bench_raise_descriptors();
	return measure(&m, &options) ? EXIT_SUCCESS : EXIT_FAILURE;
}
