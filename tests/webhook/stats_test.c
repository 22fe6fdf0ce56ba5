/*
 * Counters of what came, what it was taken for and how it ended.
 */
#include "webhook/post.h"

#include <stddef.h>

static freshet_webhook_stats stats_of(const freshet_webhook *w)
{
	freshet_webhook_stats s;
	freshet_webhook_stats_init(&s);
	assert_int_equal(freshet_webhook_stats_get(w, &s), FRESHET_OK);
	return s;
}

static void what_came_is_counted(void **state)
{
	(void)state;
	freshet_webhook *w = post_sudoiq_receiver();
	struct post p;
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 2), "d1"), FRESHET_WEBHOOK_NEW);
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 2), "d1"), FRESHET_WEBHOOK_DUPLICATE);
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 2), "d2"), FRESHET_WEBHOOK_DUPLICATE);
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 1), "d3"), FRESHET_WEBHOOK_OLD);
	assert_int_equal(post_to(w, POST_STATUS(8, "running", 1), "d4", FRESHET_WEBHOOK_IGNORED), FRESHET_WEBHOOK_NEW);
	post_sudoiq(&p, POST_STATUS(9, "running", 1), "d5");
	uint64_t ticket = post_receive(w, &p).ticket;
	assert_int_equal(post_receive(w, &p).outcome, FRESHET_WEBHOOK_BUSY);
	p.q.body = freshet_str_of("{}");
	assert_int_equal(post_receive(w, &p).cause, FRESHET_WEBHOOK_CAUSE_SIGNATURE_WRONG);
	post_begin(&p, freshet_str_of("{}"));
	post_sign_sudoiq(&p, POST_SECRET, POST_NOW_S - 301);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(post_receive(w, &p).cause, FRESHET_WEBHOOK_CAUSE_TIMESTAMP_OLD);
	freshet_webhook_stats s = stats_of(w);
	assert_int_equal(s.received, 10);
	assert_int_equal(s.outcomes[FRESHET_WEBHOOK_NEW], 3);
	assert_int_equal(s.outcomes[FRESHET_WEBHOOK_DUPLICATE], 2);
	assert_int_equal(s.outcomes[FRESHET_WEBHOOK_OLD], 1);
	assert_int_equal(s.outcomes[FRESHET_WEBHOOK_BUSY], 1);
	assert_int_equal(s.outcomes[FRESHET_WEBHOOK_REFUSED], 3);
	assert_int_equal(s.refused_by[FRESHET_WEBHOOK_CAUSE_SIGNATURE_WRONG], 1);
	assert_int_equal(s.refused_by[FRESHET_WEBHOOK_CAUSE_TIMESTAMP_OLD], 2);
	assert_int_equal(s.finished[FRESHET_WEBHOOK_TAKEN], 1);
	assert_int_equal(s.finished[FRESHET_WEBHOOK_IGNORED], 1);
	assert_int_equal(s.open, 1);
	assert_int_equal(s.seen, 2);
	assert_int_equal(s.runs, 2);
	assert_int_equal(freshet_webhook_finish(w, ticket, FRESHET_WEBHOOK_REJECTED, NULL), FRESHET_OK);
	s = stats_of(w);
	assert_int_equal(s.finished[FRESHET_WEBHOOK_REJECTED], 1);
	assert_int_equal(s.open + s.turned_away, 0);
	assert_int_equal(s.seen, 1);
	freshet_webhook_free(w);
}

/* A caller of an older version gets what it has room for, one of a newer version zeroes for the rest. */
static void counters_go_by_the_size_of_the_caller(void **state)
{
	(void)state;
	freshet_webhook *w = post_sudoiq_receiver();
	struct {
		freshet_webhook_stats stats;
		uint64_t more;
	} newer = {.more = 77};
	freshet_webhook_stats older;
	assert_int_equal(post_take(w, POST_STATUS(7, "running", 2), "d1"), FRESHET_WEBHOOK_NEW);
	newer.stats.size = sizeof newer;
	assert_int_equal(freshet_webhook_stats_get(w, &newer.stats), FRESHET_OK);
	assert_int_equal(newer.stats.received, 1);
	assert_int_equal(newer.stats.seen, 1);
	assert_int_equal(newer.stats.size, sizeof newer);
	assert_int_equal(newer.more, 0);
	memset(&older, 0xff, sizeof older);
	older.size = offsetof(freshet_webhook_stats, outcomes);
	assert_int_equal(freshet_webhook_stats_get(w, &older), FRESHET_OK);
	assert_int_equal(older.received, 1);
	assert_true(older.outcomes[0] == UINT64_MAX);
	older.size = 0;
	assert_int_equal(freshet_webhook_stats_get(w, &older), FRESHET_EINVAL);
	assert_int_equal(freshet_webhook_stats_get(w, NULL), FRESHET_EINVAL);
	freshet_webhook_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_is_counted),
		cmocka_unit_test(counters_go_by_the_size_of_the_caller),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
