/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/ring and base/bytes: order between threads, reads past the end. */
#include "check.h"

#include <pthread.h>
#include <sched.h>

#include "base/bytes.h"
#include "base/ring.h"

#define ITEMS 20000

static void *push_all(void *arg)
{
	struct ring *ring = arg;

	for (uintptr_t i = 1; i <= ITEMS; i++) {
		while (!ring_push(ring, (void *)i))
			sched_yield();
	}
	return NULL;
}

static void items_cross_threads_in_order(void **state)
{
	struct ring *ring = ring_new(5);
	pthread_t pusher;

	(void)state;
	assert_non_null(ring);
	assert_int_equal(pthread_create(&pusher, NULL, push_all, ring), 0);
	for (uintptr_t wanted = 1; wanted <= ITEMS;) {
		void *item = ring_pop(ring);
		if (!item) {
			sched_yield();
			continue;
		}
		assert_int_equal((uintptr_t)item, wanted);
		wanted++;
	}
	pthread_join(pusher, NULL);
	assert_null(ring_pop(ring));
	ring_free(ring);
}

static void a_full_ring_says_so(void **state)
{
	struct ring *ring = ring_new(4);
	int item;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_true(ring_push(ring, &item));
	assert_false(ring_push(ring, &item));
	assert_ptr_equal(ring_pop(ring), &item);
	assert_true(ring_push(ring, &item));
	ring_free(ring);
}

static void reads_past_the_end_fail_for_good(void **state)
{
	static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7 };
	struct bytes b = bytes_of(data, sizeof(data));

	(void)state;
	assert_int_equal(bytes_be16(&b), 0x0102);
	assert_int_equal(bytes_be32(&b), 0x03040506);
	assert_int_equal(bytes_be16(&b), 0);
	assert_true(b.failed);
	assert_int_equal(bytes_u8(&b), 0); /* one byte is left, but the cursor has failed */
	struct bytes whole = bytes_of(data, sizeof(data));
	struct bytes part = bytes_split(&whole, 3);
	assert_int_equal(bytes_left(&part), 3);
	assert_int_equal(bytes_left(&whole), 4);
	part = bytes_split(&whole, 5);
	assert_true(part.failed);
	assert_true(whole.failed);
	assert_int_equal(be_uint_at(data, 3), 0x010203);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_cross_threads_in_order),
		cmocka_unit_test(a_full_ring_says_so),
		cmocka_unit_test(reads_past_the_end_fail_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
