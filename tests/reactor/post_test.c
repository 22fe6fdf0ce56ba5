/*
 * Calls from other threads: all of them run, on the reactor's thread, in the order of each poster; what comes too late is
 * dropped and told; nothing is lost in between.
 */
#include "support/failmem.h"
#include "support/test.h"

#include <freshet/freshet.h>

#include <pthread.h>
#include <stdatomic.h>

#define POSTERS 4
#define POSTS   5000

struct poster {
	freshet_reactor *reactor;
	pthread_t thread;
	unsigned next;    /* what is expected from it; touched by the reactor's thread only */
	unsigned dropped; /* and this */
	unsigned refused;
};

struct post {
	struct poster *poster;
	unsigned number;
};

static pthread_t loop_thread;
static unsigned total;
static unsigned close_at;
static bool closed;

static void on_closed(void *user)
{
	*(bool *)user = true;
}

static void take_post(freshet_reactor *reactor, void *arg)
{
	struct post *post = arg;
	assert_true(pthread_equal(pthread_self(), loop_thread));
	assert_int_equal(post->number, post->poster->next);
	post->poster->next++;
	free(post);
	if (++total == close_at)
		freshet_reactor_close(reactor, on_closed, &closed);
	else if (total == POSTERS * POSTS)
		freshet_reactor_stop(reactor);
}

static void drop_post(void *arg)
{
	struct post *post = arg;
	assert_true(pthread_equal(pthread_self(), loop_thread));
	/* on_closed is the last of all. */
	assert_false(closed);
	post->poster->dropped++;
	free(post);
}

static void *post_all(void *arg)
{
	struct poster *poster = arg;
	for (unsigned i = 0; i < POSTS; i++) {
		struct post *post = malloc(sizeof *post);
		*post = (struct post){poster, i};
		freshet_err err = freshet_reactor_post(poster->reactor, take_post, drop_post, post);
		if (err != FRESHET_OK) {
			free(post);
			poster->refused++;
		}
	}
	return NULL;
}

static freshet_reactor *new_reactor(bool posts)
{
	freshet_reactor_options options;
	freshet_reactor *reactor;
	freshet_reactor_options_init(&options);
	options.posts = posts;
	assert_int_equal(freshet_reactor_new(&options, &reactor), FRESHET_OK);
	return reactor;
}

static void start(struct poster *posters, freshet_reactor *reactor)
{
	loop_thread = pthread_self();
	total = 0;
	for (size_t i = 0; i < POSTERS; i++) {
		posters[i] = (struct poster){.reactor = reactor};
		assert_int_equal(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
	}
}

static void all_posts_run_in_order(void **state)
{
	struct poster posters[POSTERS];
	(void)state;
	close_at = 0;
	freshet_reactor *reactor = new_reactor(true);
	start(posters, reactor);
	assert_int_equal(freshet_reactor_run(reactor), FRESHET_OK);
	for (size_t i = 0; i < POSTERS; i++) {
		pthread_join(posters[i].thread, NULL);
		assert_int_equal(posters[i].next, POSTS);
		assert_int_equal(posters[i].dropped + posters[i].refused, 0);
	}
	freshet_reactor_free(reactor);
}

/* Some run, one of them closes the reactor, the rest is dropped. */
static void posts_after_the_close_are_dropped(void **state)
{
	struct poster posters[POSTERS];
	unsigned dropped = 0;
	(void)state;
	close_at = POSTS;
	closed = false;
	freshet_reactor *reactor = new_reactor(true);
	start(posters, reactor);
	/* A reactor must outlive those who post. */
	for (size_t i = 0; i < POSTERS; i++)
		pthread_join(posters[i].thread, NULL);
	assert_int_equal(freshet_reactor_run(reactor), FRESHET_OK);
	assert_true(closed);
	assert_int_equal(total, POSTS);
	for (size_t i = 0; i < POSTERS; i++) {
		assert_int_equal(posters[i].refused, 0);
		dropped += posters[i].dropped;
	}
	assert_int_equal(dropped, (POSTERS - 1) * POSTS);
}

static void without_the_option_posting_is_refused(void **state)
{
	(void)state;
	freshet_reactor *reactor = new_reactor(false);
	assert_int_equal(freshet_reactor_post(reactor, take_post, NULL, NULL), FRESHET_ESTATE);
	assert_int_equal(freshet_reactor_post(reactor, NULL, NULL, NULL), FRESHET_EINVAL);
	freshet_reactor_free(reactor);
}

static void no_memory_is_told(void **state)
{
	(void)state;
	freshet_reactor *reactor = new_reactor(true);
	failmem_arm(1);
	assert_int_equal(freshet_reactor_post(reactor, take_post, NULL, NULL), FRESHET_ENOMEM);
	failmem_off();
	freshet_reactor_free(reactor);
}

static unsigned going;

/* Its own place is free again while it runs. */
static void post_again(freshet_reactor *reactor, void *arg)
{
	unsigned *left = arg;
	if (--*left > 0)
		assert_int_equal(freshet_reactor_post(reactor, post_again, NULL, left), FRESHET_OK);
	else if (--going == 0)
		freshet_reactor_stop(reactor);
}

static freshet_counters counters_of(freshet_reactor *reactor)
{
	freshet_counters counters;
	freshet_counters_init(&counters);
	assert_int_equal(freshet_reactor_counters_get(reactor, &counters), FRESHET_OK);
	return counters;
}

/* What does not keep up is told so at once, and what was refused is the poster's still. */
static void the_box_has_a_bound(void **state)
{
	freshet_reactor_options options;
	freshet_reactor *reactor;
	(void)state;
	freshet_reactor_options_init(&options);
	options.posts = true;
	options.max_posts = 3;
	assert_int_equal(freshet_reactor_new(&options, &reactor), FRESHET_OK);
	for (unsigned round = 1; round <= 3; round++) {
		unsigned left[3] = {1, 2, 3};
		going = 3;
		for (int i = 0; i < 3; i++)
			assert_int_equal(freshet_reactor_post(reactor, post_again, NULL, &left[i]), FRESHET_OK);
		assert_int_equal(freshet_reactor_post(reactor, post_again, NULL, NULL), FRESHET_EPOSTS_FULL);
		assert_int_equal(counters_of(reactor).posts_waiting, 3);
		assert_int_equal(counters_of(reactor).posts_refused, round);
		assert_int_equal(freshet_reactor_run(reactor), FRESHET_OK);
		assert_int_equal(going, 0);
		assert_int_equal(counters_of(reactor).posts_waiting, 0);
		assert_int_equal(counters_of(reactor).posts_run, 6 * round);
	}
	freshet_reactor_free(reactor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_posts_run_in_order),
		cmocka_unit_test(posts_after_the_close_are_dropped),
		cmocka_unit_test(without_the_option_posting_is_refused),
		cmocka_unit_test(no_memory_is_told),
		cmocka_unit_test(the_box_has_a_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
