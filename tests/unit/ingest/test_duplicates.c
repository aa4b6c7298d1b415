/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the sketches in ingest/state: flows that two exporters report find each other. */
#include "check.h"

#include "wire.h"

/* NetFlow v5: @count flows from number @first on, 30 a datagram, told by @sender. */
static void tell(struct feed *feed, uint8_t sender, uint32_t first, uint32_t count)
{
	feed->sender = sender;
	for (uint32_t done = 0; done < count; done += 30) {
		struct wire w = { 0 };
		uint32_t now = count - done < 30 ? count - done : 30;

		put(&w, 5, 2);
		put(&w, now, 2);
		put(&w, 1000000, 4);
		put(&w, WIRE_NOW_S, 4);
		put_zeros(&w, 4);
		put(&w, done, 4);
		put_zeros(&w, 4);
		for (uint32_t i = first + done; i < first + done + now; i++) {
			put(&w, 0x0a000000U + i / 7, 4);
			put(&w, 0xc6336400U + i % 199, 4);
			put_zeros(&w, 8);
			put(&w, 1, 4);
			put(&w, 100, 4);
			put(&w, 1000000, 4);
			put(&w, 1000000, 4);
			put(&w, 1024 + i % 997, 2);
			put(&w, 53, 2);
			put(&w, 0, 2);
			put(&w, 17, 1);
			put_zeros(&w, 9);
		}
		assert_int_equal(feed_wire(feed, &w), now);
	}
}

static void flows_of_both_are_found(void **state)
{
	struct feed feed;
	struct flow_sketch sketches[3];

	(void)state;
	feed_open(&feed, "netflow5");
	tell(&feed, 1, 0, 6000);
	tell(&feed, 2, 3000, 6000);
	tell(&feed, 3, 20000, 6000);
	for (unsigned i = 0; i < 3; i++)
		exporter_sketch_take(feed.state, i, &sketches[i]);
	assert_int_equal(sketches[0].count, SKETCH_SIZE);
	double half = sketch_share(&sketches[0], &sketches[1]);
	assert_true(half > 0.4 && half < 0.6);
	assert_true(sketch_share(&sketches[0], &sketches[2]) == 0);
	/* Taken is taken. */
	exporter_sketch_take(feed.state, 0, &sketches[0]);
	assert_int_equal(sketches[0].count, 0);
	feed_close(&feed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flows_of_both_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
