/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/threshold/watch: hosts come and go, and none is ever lost in the index. */
#include "check.h"

#include "base/hash.h"
#include "detect/threshold/watch.h"

#define HOSTS 64

static struct watch *take(struct watches *watches, uint8_t number)
{
	struct ip ip = { .b = { [15] = number } };

	return watches_take(watches, &ip, 0, watches_hash(watches, &ip, 0));
}

/* In a table so small that runs of entries collide and wrap around its end. */
static void sweeping_keeps_every_other_host_reachable(void **state)
{
	struct watches watches;
	bool live[HOSTS] = { false };

	(void)state;
	assert_int_equal(watches_open(&watches, 32, 4, 5), 0);
	for (uint64_t round = 0; round < 3000; round++) {
		uint8_t number = hash_words(round, 0, 9) % HOSTS;
		struct watch *watch = take(&watches, number);
		if (watch) {
			/* A host that was there has the mark it was given. */
			assert_int_equal(watch->onset_ns, live[number] ? number + 1 : 0);
			live[number] = true;
			watch->onset_ns = number + 1;
			watch->window.bin = 100;
			/* Odd ones have nothing to be remembered for. */
			watch->window.total.packets = number % 2 == 0;
		}
		if (round % 20 != 0)
			continue;
		watches_sweep(&watches, 100, 32);
		size_t left = 0;
		for (size_t i = 0; i < HOSTS; i++) {
			live[i] = live[i] && i % 2 == 0;
			left += live[i];
		}
		assert_int_equal(watches.count, left);
	}
	watches_close(&watches);
}

static void directions_are_apart(void **state)
{
	struct watches watches;
	struct ip ip = { .b = { [15] = 1 } };

	(void)state;
	assert_int_equal(watches_open(&watches, 2, 1, 5), 0);
	struct watch *in = watches_take(&watches, &ip, 0, watches_hash(&watches, &ip, 0));
	struct watch *out = watches_take(&watches, &ip, 1, watches_hash(&watches, &ip, 1));
	assert_ptr_not_equal(in, out);
	assert_ptr_equal(watches_take(&watches, &ip, 0, watches_hash(&watches, &ip, 0)), in);
	assert_null(take(&watches, 2));
	assert_non_null(watches_detail_of(&watches, in));
	assert_ptr_equal(watches_detail_of(&watches, in), watches_detail(&watches, in));
	assert_null(watches_detail_of(&watches, out));
	watches_close(&watches);
}

static void listed_hosts_stay(void **state)
{
	struct watches watches;

	(void)state;
	assert_int_equal(watches_open(&watches, 2, 1, 5), 0);
	take(&watches, 1)->listed = true;
	take(&watches, 2);
	watches_sweep(&watches, 1000, 2);
	assert_int_equal(watches.count, 1);
	assert_true(take(&watches, 1)->listed);
	watches_close(&watches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sweeping_keeps_every_other_host_reachable),
		cmocka_unit_test(directions_are_apart),
		cmocka_unit_test(listed_hosts_stay),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
