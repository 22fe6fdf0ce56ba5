/*
 * The client of the benchmarks that is libcurl: its multi interface with the socket callbacks on epoll, which is its
 * fastest one. It counts bytes and looks at none of them. Ends with 1 when a transfer failed.
 *
 *	bench_client_curl --streams N [--per-connection N] [--http1] [--ca FILE] [--buffer BYTES] URL
 *
 * libcurl 7.88, which Debian 12 has, fails every transfer that reuses an HTTP/2 connection made with prior knowledge:
 * it puts a second HTTP/2 layer upon the first (curl issue 10634, mended in 8.0). What asks for HTTP/2 without prior
 * knowledge reuses the connection as it is. So only the first transfer of each connection says so, and since the next
 * connection would need another first one, each connection has a multi handle of its own.
 */
#include "descriptors.h"

#include <curl/curl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#define EVENTS_AT_ONCE 256

struct options {
	const char *url;
	const char *ca; /* NULL: cleartext */
	bool http1;     /* each transfer has a connection of its own */
	unsigned streams;
	unsigned per_connection;
	long buffer; /* CURLOPT_BUFFERSIZE, of which each transfer has one; 0: curl's default, 16 KiB */
};

struct client;

/* One connection and the transfers on it. */
struct group {
	struct client *client;
	CURLM *multi;
	uint64_t due_ms; /* when curl wants to be called; UINT64_MAX: never */
};

struct client {
	struct group *groups;
	unsigned group_count;
	int epoll;
	unsigned left;
	unsigned failures;
	unsigned long long bytes;
};

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Which group and which socket an epoll event is of. */
static uint64_t tag_of(const struct group *g, curl_socket_t fd)
{
	return (uint64_t)(g - g->client->groups) << 32 | (uint32_t)fd;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
	static char registered;
	struct group *g = user;
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(g->client->epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	struct epoll_event event = {.data.u64 = tag_of(g, fd)};
	event.events = ((what & CURL_POLL_IN) != 0 ? (uint32_t)EPOLLIN : 0u) |
		       ((what & CURL_POLL_OUT) != 0 ? (uint32_t)EPOLLOUT : 0u);
	epoll_ctl(g->client->epoll, known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
	curl_multi_assign(g->multi, fd, &registered);
	return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
	struct group *g = user;
	(void)multi;
	g->due_ms = timeout_ms < 0 ? UINT64_MAX : now_ms() + (uint64_t)timeout_ms;
	return 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
	struct client *c = user;
	(void)bytes;
	c->bytes += size * count;
	return size * count;
}

static void take_messages(struct group *g)
{
	struct client *c = g->client;
	CURLMsg *message;
	int more;
	while ((message = curl_multi_info_read(g->multi, &more)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		if (message->data.result != CURLE_OK && c->failures++ < 5)
			fprintf(stderr, "client_curl: %s\n", curl_easy_strerror(message->data.result));
		CURL *easy = message->easy_handle;
		curl_multi_remove_handle(g->multi, easy);
		curl_easy_cleanup(easy);
		c->left--;
	}
}

static void act(struct group *g, curl_socket_t fd, int what)
{
	int running;
	curl_multi_socket_action(g->multi, fd, what, &running);
	take_messages(g);
}

static uint64_t earliest_due(const struct client *c)
{
	uint64_t due = UINT64_MAX;
	for (unsigned i = 0; i < c->group_count; i++)
		if (c->groups[i].due_ms < due)
			due = c->groups[i].due_ms;
	return due;
}

static int pause_until(uint64_t due_ms)
{
	if (due_ms == UINT64_MAX)
		return -1;
	uint64_t now = now_ms();
	return due_ms > now ? (int)(due_ms - now) : 0;
}

static void call_due(struct client *c)
{
	uint64_t now = now_ms();
	for (unsigned i = 0; i < c->group_count; i++) {
		struct group *g = &c->groups[i];
		if (g->due_ms > now)
			continue;
		g->due_ms = UINT64_MAX;
		act(g, CURL_SOCKET_TIMEOUT, 0);
	}
}

static void turn(struct client *c)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	uint64_t due = earliest_due(c);
	int count = epoll_wait(c->epoll, events, EVENTS_AT_ONCE, pause_until(due));
	for (int i = 0; i < count; i++) {
		int what = ((events[i].events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
			   ((events[i].events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
			   ((events[i].events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
		act(&c->groups[events[i].data.u64 >> 32], (curl_socket_t)(uint32_t)events[i].data.u64, what);
	}
	if (due != UINT64_MAX)
		call_due(c);
}

static long version_for(const struct options *o, bool first)
{
	if (o->http1)
		return CURL_HTTP_VERSION_1_1;
	if (o->ca != NULL)
		return CURL_HTTP_VERSION_2TLS;
	return first ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_2_0;
}

static bool add_transfer(struct group *g, const struct options *o, bool first)
{
	CURL *easy = curl_easy_init();
	if (easy == NULL)
		return false;
	curl_easy_setopt(easy, CURLOPT_URL, o->url);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version_for(o, first));
	/* Wait for a connection that is being made rather than make another. */
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, o->http1 ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, g->client);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	if (o->buffer != 0)
		curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, o->buffer);
	if (o->ca != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, o->ca);
	g->client->left++;
	return curl_multi_add_handle(g->multi, easy) == CURLM_OK;
}

static bool open_group(struct client *c, struct group *g, const struct options *o)
{
	*g = (struct group){c, curl_multi_init(), UINT64_MAX};
	if (g->multi == NULL)
		return false;
	curl_multi_setopt(g->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(g->multi, CURLMOPT_SOCKETDATA, g);
	curl_multi_setopt(g->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(g->multi, CURLMOPT_TIMERDATA, g);
	curl_multi_setopt(g->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(g->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)o->per_connection);
	curl_multi_setopt(g->multi, CURLMOPT_MAX_HOST_CONNECTIONS, o->http1 ? 0L : 1L);
	return true;
}

static bool open_all(struct client *c, const struct options *o)
{
	c->group_count = (o->streams + o->per_connection - 1) / o->per_connection;
	c->groups = calloc(c->group_count, sizeof *c->groups);
	if (c->groups == NULL)
		return false;
	for (unsigned i = 0; i < c->group_count; i++)
		if (!open_group(c, &c->groups[i], o))
			return false;
	for (unsigned i = 0; i < o->streams; i++)
		if (!add_transfer(&c->groups[i / o->per_connection], o, i % o->per_connection == 0))
			return false;
	return true;
}

static int run(const struct options *o)
{
	struct client c = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
	if (c.epoll < 0 || !open_all(&c, o))
		return EXIT_FAILURE;
	while (c.left > 0)
		turn(&c);
	printf("bytes=%llu failures=%u\n", c.bytes, c.failures);
	for (unsigned i = 0; i < c.group_count; i++)
		curl_multi_cleanup(c.groups[i].multi);
	free(c.groups);
	return c.failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const struct option flags[] = {
	{"streams", required_argument, NULL, 'n'},
	{"per-connection", required_argument, NULL, 'm'},
	{"http1", no_argument, NULL, '1'},
	{"ca", required_argument, NULL, 'a'},
	{"buffer", required_argument, NULL, 'b'},
	{NULL, 0, NULL, 0},
};

int main(int argc, char **argv)
{
	struct options o = {.streams = 1, .per_connection = 1000};
	int flag;
	while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1) {
		switch (flag) {
		case 'n': o.streams = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'm': o.per_connection = (unsigned)strtoul(optarg, NULL, 10); break;
		case '1': o.http1 = true; break;
		case 'a': o.ca = optarg; break;
		case 'b': o.buffer = strtol(optarg, NULL, 10); break;
		default: return 2;
		}
	}
	if (argc - optind != 1 || o.per_connection == 0)
		return 2;
	o.url = argv[optind];
	if (o.http1) {
		o.per_connection = o.streams;
		bench_raise_descriptors();
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	int result = run(&o);
	curl_global_cleanup();
	return result;
}
