/*
 * Several threads, each with a reactor and a loop of its own, follow streams over TLS at the same time, read their JSON
 * with one plan and allocate through one hook: they share nothing else, and the thread sanitizer finds nothing.
 */
#include "support/certs.h"
#include "support/peer.h"
#include "support/test.h"

#include <freshet/freshet.h>

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 4
#define STREAMS 8
#define EVENTS  3

FRESHET_JSON_PLAN(plan, "n");

struct follower {
	pthread_t thread;
	const char *url;
	const char *authority;
	freshet_reactor *reactor;
	/* Assertions belong to the test's thread: this is what it looks at. */
	freshet_err err;
	unsigned opened;
	unsigned events;
	unsigned right; /* of them */
	unsigned done;
	bool elsewhere; /* a callback came on another thread */
};

static atomic_uint allocations;

static void *allocate(size_t size, void *user)
{
	atomic_fetch_add((atomic_uint *)user, 1);
	return malloc(size);
}

static void *reallocate(void *memory, size_t size, void *user)
{
	(void)user;
	return realloc(memory, size);
}

static void release(void *memory, void *user)
{
	(void)user;
	free(memory);
}

static void answer_all(struct peer_conn *c, void *user)
{
	uint32_t id;
	(void)user;
	if (!peer_greet(c))
		return;
	while ((id = peer_request(c)) != 0) {
		peer_answer(c, id, 200, peer_event_stream);
		peer_text(c, id, "data: {\"n\": 0}\n\ndata: {\"n\": 1}\n\n");
		peer_text(c, id, "data: {\"n\": 2}\n\n");
		peer_end(c, id);
	}
}

static void on_event(freshet_stream *stream, const freshet_event *event, void *user)
{
	struct follower *f = user;
	freshet_json_value value;
	int64_t number = -1;
	(void)stream;
	f->elsewhere |= !pthread_equal(pthread_self(), f->thread);
	f->events++;
	if (freshet_json_pick(&plan, event->data, &value, NULL) == FRESHET_OK &&
		freshet_json_int64(&value, &number) == FRESHET_OK)
		f->right += number >= 0 && number < EVENTS;
}

static void on_done(freshet_stream *stream, const freshet_stream_end *end, void *user)
{
	struct follower *f = user;
	(void)stream;
	if (end->outcome.err != FRESHET_OK)
		f->err = end->outcome.err;
	if (++f->done == f->opened)
		freshet_reactor_stop(f->reactor);
}

static freshet_err open_streams(struct follower *f)
{
	freshet_endpoint *endpoint;
	freshet_endpoint_options at;
	freshet_stream_options o;
	freshet_endpoint_options_init(&at);
	at.url = f->url;
	at.ca_file = f->authority;
	at.stream.end_is_final = true;
	freshet_err err = freshet_endpoint_new(f->reactor, &at, &endpoint);
	freshet_stream_options_init(&o);
	o.path = "/";
	o.callbacks.on_event = on_event;
	o.callbacks.on_done = on_done;
	o.user = f;
	for (; err == FRESHET_OK && f->opened < STREAMS; f->opened++) {
		freshet_stream *stream;
		err = freshet_stream_open(endpoint, &o, &stream);
	}
	return err;
}

static void *follow(void *user)
{
	struct follower *f = user;
	f->thread = pthread_self(); /* also before pthread_create has told it to the other side */
	freshet_err err = freshet_reactor_new(NULL, &f->reactor);
	if (err == FRESHET_OK)
		err = open_streams(f);
	if (err == FRESHET_OK)
		err = freshet_reactor_run(f->reactor);
	freshet_reactor_free(f->reactor);
	if (err != FRESHET_OK)
		f->err = err;
	return NULL;
}

static void each_thread_has_its_own_reactor(void **state)
{
	const freshet_allocator counting = {allocate, reallocate, release, &allocations};
	struct test_folder folder;
	struct cert authority;
	struct cert cert;
	char url[64];
	char file[512];
	pthread_t threads[THREADS];
	struct follower followers[THREADS] = {{0}};
	(void)state;
	test_folder_make(&folder);
	cert_make(&authority, NULL, &(struct cert_wish){.authority = true});
	cert_make(&cert, &authority, &(struct cert_wish){0});
	snprintf(file, sizeof file, "%s", test_folder_file(&folder, "authority.pem"));
	cert_write(&authority, file);
	struct peer *peer = peer_start(answer_all, NULL, &(struct peer_tls){.cert = &cert});
	snprintf(url, sizeof url, "https://localhost:%u", peer_port(peer));
	freshet_set_allocator(&counting);
	for (size_t i = 0; i < THREADS; i++) {
		followers[i] = (struct follower){.url = url, .authority = file};
		assert_int_equal(pthread_create(&threads[i], NULL, follow, &followers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	freshet_set_allocator(NULL);
	peer_stop(peer);
	cert_clear(&cert);
	cert_clear(&authority);
	test_folder_remove(&folder);
	for (size_t i = 0; i < THREADS; i++) {
		assert_string_equal(freshet_err_name(followers[i].err), "FRESHET_OK");
		assert_int_equal(followers[i].events, STREAMS * EVENTS);
		assert_int_equal(followers[i].right, STREAMS * EVENTS);
		assert_int_equal(followers[i].done, STREAMS);
		assert_false(followers[i].elsewhere);
	}
	assert_true(atomic_load(&allocations) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_thread_has_its_own_reactor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
