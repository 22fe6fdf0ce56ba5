#include "guest/map.h"

#include "support/failmem.h"
#include "support/test.h"

#include "guest/guest.h"
#include "guest/ring.h"

/* ---- SipHash ---- */

/* The key 00 01 .. 0f and messages 00 01 .. of each length: from the vectors that its authors publish. */
static void the_hash_is_siphash_2_4(void **state)
{
	(void)state;
	static const struct {
		size_t len;
		uint64_t hash;
	} vectors[] = {{0, 0x726fdb47dd0e0e31u}, {1, 0x74f839c593dc67fdu}, {7, 0xab0200f58b01d137u},
		{8, 0x93f5f5799a932462u}, {15, 0xa129ca6149be45e5u}, {63, 0x958a324ceb064572u}};
	const uint64_t key[2] = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
	char message[64];
	for (size_t i = 0; i < sizeof message; i++)
		message[i] = (char)i;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
		assert_true(guest_siphash(key, (freshet_str){message, vectors[i].len}) == vectors[i].hash);
}

/* A number and a text are hashed as the bytes of one message. */
static void a_number_goes_ahead_of_the_text(void **state)
{
	(void)state;
	struct guest_map map = {.key = {1, 2}};
	const char message[] = "\x01\x02\0\0\0\0\0\0agent";
	assert_true(guest_hash(&map, freshet_str_of("agent"), 0x0201) ==
		    guest_siphash(map.key, (freshet_str){message, sizeof message - 1}));
	assert_true(
		guest_hash(&map, freshet_str_of("agent"), 0x0202) != guest_hash(&map, freshet_str_of("agent"), 0x0201));
}

/* ---- the table ---- */

#define MANY 1000

struct record {
	struct guest_map_entry entry;
	char id[24];
};

static struct record *record_of(struct guest_map_entry *entry)
{
	return guest_client(entry, struct record, entry);
}

static struct record *find(const struct guest_map *map, const char *id)
{
	struct guest_map_entry *e = guest_map_first(map, guest_hash(map, freshet_str_of(id), 0));
	while (e != NULL && strcmp(record_of(e)->id, id) != 0)
		e = guest_map_next(e);
	return e != NULL ? record_of(e) : NULL;
}

static void fill(struct guest_map *map, struct record *records)
{
	for (size_t i = 0; i < MANY; i++) {
		snprintf(records[i].id, sizeof records[i].id, "call-%zu", i);
		assert_null(find(map, records[i].id));
		assert_int_equal(guest_map_reserve(map), FRESHET_OK);
		guest_map_put(map, &records[i].entry, guest_hash(map, freshet_str_of(records[i].id), 0));
	}
}

static void what_is_entered_is_found_until_it_is_removed(void **state)
{
	(void)state;
	static struct record records[MANY];
	struct guest_map map = {0};
	fill(&map, records);
	assert_int_equal(map.count, MANY);
	for (size_t i = 0; i < MANY; i += 2)
		guest_map_remove(&map, &records[i].entry);
	for (size_t i = 0; i < MANY; i++)
		assert_ptr_equal(find(&map, records[i].id), i % 2 != 0 ? &records[i] : NULL);
	assert_int_equal(map.count, MANY / 2);
	guest_map_clear(&map);
	assert_null(find(&map, "call-1"));
}

static void one_after_the_other_is_taken_out(void **state)
{
	(void)state;
	static struct record records[MANY];
	struct guest_map map = {0};
	struct guest_map_entry *entry;
	size_t from = 0, taken = 0;
	assert_null(guest_map_any(&map, &from));
	fill(&map, records);
	for (; (entry = guest_map_any(&map, &from)) != NULL; taken++)
		guest_map_remove(&map, entry);
	assert_int_equal(taken, MANY);
	guest_map_clear(&map);
}

static void entries_of_one_hash_are_told_apart_by_their_owner(void **state)
{
	(void)state;
	struct guest_map map = {0};
	struct record a = {.id = "a"}, b = {.id = "b"}, c = {.id = "c"};
	assert_int_equal(guest_map_reserve(&map), FRESHET_OK);
	guest_map_put(&map, &a.entry, 8);
	guest_map_put(&map, &b.entry, 16);
	guest_map_put(&map, &c.entry, 8);
	size_t met = 0;
	for (struct guest_map_entry *e = guest_map_first(&map, 8); e != NULL; e = guest_map_next(e), met++)
		assert_true(e == &a.entry || e == &c.entry);
	assert_int_equal(met, 2);
	guest_map_clear(&map);
}

/* Ids that meet in one chain of one table are spread over those of another: nobody can prepare them. */
static void tables_have_keys_of_their_own(void **state)
{
	(void)state;
	struct guest_map one = {0}, other = {0};
	assert_int_equal(guest_map_reserve(&one), FRESHET_OK);
	assert_int_equal(guest_map_reserve(&other), FRESHET_OK);
	assert_true(guest_hash(&one, freshet_str_of("id"), 0) != guest_hash(&other, freshet_str_of("id"), 0));
	guest_map_clear(&one);
	guest_map_clear(&other);
}

static void without_memory_what_is_there_stands(void **state)
{
	(void)state;
	struct guest_map map = {0};
	struct record records[9];
	failmem_arm(1);
	assert_int_equal(guest_map_reserve(&map), FRESHET_ENOMEM);
	failmem_off();
	size_t count = 0;
	while (count == 0 || map.count < map.chain_count) {
		assert_true(count < sizeof records / sizeof records[0]);
		assert_int_equal(guest_map_reserve(&map), FRESHET_OK);
		snprintf(records[count].id, sizeof records[count].id, "%zu", count);
		guest_map_put(&map, &records[count].entry, guest_hash(&map, freshet_str_of(records[count].id), 0));
		count++;
	}
	failmem_arm(1);
	assert_int_equal(guest_map_reserve(&map), FRESHET_ENOMEM);
	failmem_off();
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(find(&map, records[i].id), &records[i]);
	guest_map_clear(&map);
}

/* ---- rings ---- */

static void links_leave_without_knowing_their_ring(void **state)
{
	(void)state;
	struct guest_link head, other, a = {0}, b = {0}, c = {0};
	guest_ring_init(&head);
	guest_ring_init(&other);
	assert_true(guest_ring_is_empty(&head) && !guest_link_is_in(&a));
	guest_link_remove(&a);
	guest_link_append(&head, &a);
	guest_link_append(&head, &c);
	guest_link_insert(&c, &b);
	assert_true(head.next == &a && a.next == &b && b.next == &c && c.next == &head);
	guest_link_remove(&b);
	assert_false(guest_link_is_in(&b));
	guest_link_append(&other, &b);
	guest_ring_move(&other, &head);
	assert_true(guest_ring_is_empty(&head));
	assert_true(other.next == &a && a.next == &c && c.next == &b && b.next == &other);
	assert_true(other.previous == &b && b.previous == &c && c.previous == &a && a.previous == &other);
	guest_ring_move(&other, &head);
	assert_true(other.next == &a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_siphash_2_4),
		cmocka_unit_test(a_number_goes_ahead_of_the_text),
		cmocka_unit_test(what_is_entered_is_found_until_it_is_removed),
		cmocka_unit_test(one_after_the_other_is_taken_out),
		cmocka_unit_test(entries_of_one_hash_are_told_apart_by_their_owner),
		cmocka_unit_test(tables_have_keys_of_their_own),
		cmocka_unit_test(without_memory_what_is_there_stands),
		cmocka_unit_test(links_leave_without_knowing_their_ring),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
