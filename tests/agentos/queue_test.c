/*
 * The queue of events by itself: what is dropped for room, what is held, and that the counts always add up. Random steps
 * are held against a model that looks at everything.
 */
#include "support/failmem.h"
#include "support/test.h"

#include "service/agentos/queue.h"

#define LANES 7

static struct agentos_queue queue;
static struct agentos_lane lanes[LANES];

static void open_with(size_t events, size_t bytes, freshet_agentos_overflow overflow)
{
	freshet_agentos_options o;
	freshet_agentos_options_init(&o);
	o.max_queue_events = events;
	o.max_queue_bytes = bytes;
	o.overflow = overflow;
	agentos_queue_init(&queue, &o);
	memset(lanes, 0, sizeof lanes);
}

static void close_all(void)
{
	for (size_t i = 0; i < LANES; i++) {
		agentos_queue_drop_held(&queue, &lanes[i], FRESHET_AGENTOS_DROPPED_CLOSED);
		agentos_queue_drop_waiting(&queue, &lanes[i], FRESHET_AGENTOS_DROPPED_CLOSED);
		assert_null(lanes[i].first);
		assert_null(lanes[i].last);
	}
	assert_int_equal(queue.events, 0);
	assert_int_equal(queue.bytes, 0);
	assert_int_equal(queue.longest, 0);
	agentos_queue_clear(&queue);
}

static freshet_err put(size_t lane, const char *text)
{
	return agentos_queue_put(&queue, &lanes[lane], freshet_str_of(text));
}

/* The texts of a list, with a bar behind those that are held. */
static const char *texts(size_t lane)
{
	static char out[512];
	size_t len = 0;
	out[0] = '\0';
	for (const struct agentos_event *e = lanes[lane].first; e != NULL; e = e->next) {
		len += (size_t)snprintf(out + len, sizeof out - len, "%.*s%s", (int)e->len, e->text,
			e == lanes[lane].held_last ? "|" : "");
	}
	return out;
}

static uint64_t dropped(void)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < FRESHET_AGENTOS_DROP_CAUSES; i++)
		sum += queue.dropped[i];
	return sum;
}

static void the_longest_list_gives_way(void **state)
{
	(void)state;
	open_with(6, 1 << 20, FRESHET_AGENTOS_DROP_OLDEST);
	put(0, "a"), put(1, "k"), put(1, "l"), put(1, "m"), put(2, "x"), put(2, "y");
	assert_int_equal(put(0, "b"), FRESHET_OK);
	assert_string_equal(texts(1), "lm");
	assert_string_equal(texts(0), "ab");
	/* Also when it is the one that grows. */
	assert_int_equal(put(1, "n"), FRESHET_OK);
	assert_int_equal(put(1, "o"), FRESHET_OK);
	assert_int_equal(queue.events, 6);
	assert_int_equal(queue.dropped[FRESHET_AGENTOS_DROPPED_OLDEST], 3);
	assert_int_equal(lanes[0].dropped + lanes[1].dropped + lanes[2].dropped, 3);
	close_all();
}

static void what_is_held_stays(void **state)
{
	(void)state;
	open_with(4, 1 << 20, FRESHET_AGENTOS_DROP_OLDEST);
	put(0, "a"), put(0, "b"), put(0, "c"), put(0, "d");
	assert_int_equal(agentos_queue_hold(&queue, &lanes[0], 2, UINT64_MAX, 1 << 20), 2);
	assert_string_equal(texts(0), "ab|cd");
	assert_int_equal(agentos_lane_oldest(&lanes[0]), 2);
	put(0, "e");
	assert_string_equal(texts(0), "ab|de");
	put(1, "x"), put(1, "y");
	/* Of lists that are equally long either may give way. */
	assert_int_equal(queue.events, 4);
	agentos_queue_sent(&queue, &lanes[0]);
	assert_int_equal(queue.sent, 2);
	close_all();
	open_with(2, 1 << 20, FRESHET_AGENTOS_DROP_OLDEST);
	put(0, "a"), put(0, "b");
	agentos_queue_hold(&queue, &lanes[0], 9, UINT64_MAX, 1 << 20);
	/* Nothing waits that might go: the new one does. */
	assert_int_equal(put(1, "x"), FRESHET_OK);
	assert_int_equal(queue.dropped[FRESHET_AGENTOS_DROPPED_NEWEST], 1);
	assert_string_equal(texts(0), "ab|");
	assert_string_equal(texts(1), "");
	close_all();
}

static void the_new_one_gives_way_or_is_refused(void **state)
{
	(void)state;
	open_with(2, 1 << 20, FRESHET_AGENTOS_DROP_NEWEST);
	put(0, "a"), put(0, "b");
	assert_int_equal(put(0, "c"), FRESHET_OK);
	assert_string_equal(texts(0), "ab");
	assert_int_equal(queue.emitted, 3);
	assert_int_equal(queue.dropped[FRESHET_AGENTOS_DROPPED_NEWEST], 1);
	close_all();
	open_with(2, 1 << 20, FRESHET_AGENTOS_REFUSE);
	put(0, "a"), put(0, "b");
	assert_int_equal(put(1, "c"), FRESHET_EQUEUE_FULL);
	assert_int_equal(queue.emitted, 2);
	assert_int_equal(dropped(), 0);
	close_all();
}

static void bytes_are_bounded_too(void **state)
{
	const size_t small = sizeof(struct agentos_event) + 1;
	(void)state;
	open_with(100, 5 * small, FRESHET_AGENTOS_DROP_OLDEST);
	put(0, "a"), put(0, "b"), put(0, "c"), put(0, "d"), put(0, "e");
	assert_int_equal(queue.bytes, 5 * small);
	/* A longer one drives out two. */
	assert_int_equal(put(1, "0123456789"), FRESHET_OK);
	assert_string_equal(texts(0), "cde");
	assert_true(queue.bytes <= 5 * small);
	close_all();
	open_with(100, 2 * small, FRESHET_AGENTOS_REFUSE);
	put(0, "a");
	assert_int_equal(put(0, "0123456789"), FRESHET_EQUEUE_FULL);
	assert_int_equal(put(0, "b"), FRESHET_OK);
	close_all();
}

static void a_batch_is_bounded_by_number_barrier_and_bytes(void **state)
{
	(void)state;
	open_with(100, 1 << 20, FRESHET_AGENTOS_DROP_OLDEST);
	put(0, "aaa"), put(0, "bbb"), put(0, "ccc"), put(0, "ddd");
	struct agentos_lane *lane = &lanes[0];
	assert_int_equal(agentos_queue_hold(&queue, lane, 9, 3, 1 << 20), 3);
	agentos_queue_drop_held(&queue, lane, FRESHET_AGENTOS_DROPPED_RETRIES);
	assert_string_equal(texts(0), "ddd");
	put(0, "eee"), put(0, "fff"), put(0, "ggg");
	/* Two with the byte between them take seven. */
	assert_int_equal(agentos_queue_hold(&queue, lane, 9, UINT64_MAX, 7), 2);
	agentos_queue_sent(&queue, lane);
	assert_int_equal(agentos_queue_hold(&queue, lane, 9, UINT64_MAX, 6), 1);
	agentos_queue_sent(&queue, lane);
	assert_int_equal(agentos_queue_hold(&queue, lane, 9, UINT64_MAX, 1), 1);
	agentos_queue_sent(&queue, lane);
	assert_int_equal(agentos_queue_hold(&queue, lane, 9, UINT64_MAX, 1), 0);
	assert_int_equal(agentos_lane_oldest(lane), 7);
	close_all();
}

static void without_memory_nothing_changes(void **state)
{
	(void)state;
	for (size_t n = 1; n < 3; n++) {
		failmem_off();
		failmem_arm(n);
		open_with(4, 1 << 20, FRESHET_AGENTOS_DROP_OLDEST);
		assert_int_equal(put(0, "a"), FRESHET_ENOMEM);
		assert_int_equal(queue.emitted, 0);
		assert_int_equal(queue.events, 0);
		close_all();
		assert_int_equal(failmem_live(), 0);
	}
	failmem_off();
}

/* ---- against a model ---- */

static uint64_t dice = 1;

static size_t roll(size_t sides)
{
	dice = dice * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(dice >> 33) % sides;
}

static void check_all(void)
{
	size_t longest = 0, events = 0, bytes = 0;
	uint64_t emitted = 0, sent = 0, gone = 0;
	for (size_t i = 0; i < LANES; i++) {
		size_t count = 0, waiting_bytes = 0;
		uint64_t last = 0;
		for (const struct agentos_event *e = lanes[i].first; e != NULL; e = e->next, count++) {
			assert_true(count == 0 || e->number > last);
			last = e->number;
			bytes += sizeof *e + e->len;
			waiting_bytes += count >= lanes[i].held ? e->len : 0;
			if (e->next == NULL)
				assert_ptr_equal(lanes[i].last, e);
		}
		assert_int_equal(count, lanes[i].waiting + lanes[i].held);
		assert_int_equal(waiting_bytes, lanes[i].waiting_bytes);
		assert_int_equal(lanes[i].emitted, lanes[i].sent + lanes[i].dropped + count);
		longest = lanes[i].waiting > longest ? lanes[i].waiting : longest;
		events += count;
		emitted += lanes[i].emitted;
		sent += lanes[i].sent;
		gone += lanes[i].dropped;
	}
	assert_int_equal(queue.longest, longest);
	assert_int_equal(queue.events, events);
	assert_int_equal(queue.bytes, bytes);
	assert_int_equal(queue.emitted, emitted);
	assert_int_equal(queue.sent, sent);
	assert_int_equal(dropped(), gone);
	assert_int_equal(queue.emitted, queue.sent + dropped() + queue.events);
	assert_true(queue.events <= queue.max_events);
	assert_true(queue.bytes <= queue.max_bytes);
}

static void one_step(void)
{
	static const char text[] = "0123456789012345678901234567890123456789";
	struct agentos_lane *lane = &lanes[roll(roll(2) ? LANES : 2)];
	freshet_agentos_drop cause = (freshet_agentos_drop)roll(FRESHET_AGENTOS_DROP_CAUSES);
	switch (roll(16)) {
	case 0:
		if (lane->held == 0)
			agentos_queue_hold(&queue, lane, 1 + roll(5), lane->emitted - roll(3), 1 + roll(100));
		break;
	case 1: agentos_queue_sent(&queue, lane); break;
	case 2: agentos_queue_drop_held(&queue, lane, cause); break;
	case 3:
		if (lane->held == 0 && roll(8) == 0)
			agentos_queue_drop_waiting(&queue, lane, cause);
		break;
	case 4: agentos_queue_pass(&queue, lane, cause); break;
	default: agentos_queue_put(&queue, lane, (freshet_str){text, roll(sizeof text)}); break;
	}
}

static void counts_add_up_whatever_happens(void **state)
{
	(void)state;
	for (int policy = 0; policy < 3; policy++) {
		open_with(40 + roll(200), 3000, (freshet_agentos_overflow)policy);
		for (size_t i = 0; i < 20000; i++) {
			one_step();
			check_all();
		}
		close_all();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_list_gives_way),
		cmocka_unit_test(what_is_held_stays),
		cmocka_unit_test(the_new_one_gives_way_or_is_refused),
		cmocka_unit_test(bytes_are_bounded_too),
		cmocka_unit_test(a_batch_is_bounded_by_number_barrier_and_bytes),
		cmocka_unit_test(without_memory_nothing_changes),
		cmocka_unit_test(counts_add_up_whatever_happens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
