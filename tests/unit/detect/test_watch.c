/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/threshold/watch: who is watched when there is no room for all. */
#include "check.h"

#include <stdlib.h>

#include "detect/threshold/lane.h"

#define TICK_NS   100000000UL
#define SECOND_NS 1000000000UL
#define NOW_NS    (1000 * SECOND_NS)

struct fixture {
	struct glances glances;
	struct watches watches;
};

static void open_all(struct fixture *f, size_t watches)
{
	assert_int_equal(glances_open(&f->glances, 1000, 3), 0);
	assert_int_equal(watches_open(&f->watches, &f->glances, watches, 2), 0);
	f->watches.bin_ns = SECOND_NS;
}

static void close_all(struct fixture *f)
{
	watches_close(&f->watches);
	glances_close(&f->glances);
}

static struct glance *glance_of(struct fixture *f, uint8_t number)
{
	struct ip ip = { .b = { [15] = number } };

	return glances_take(&f->glances, &ip, 0, glances_hash(&f->glances, &ip, 0), true);
}

static struct tally row_of(uint32_t vantage, enum traffic_class class, uint64_t packets)
{
	return (struct tally){ .packets = packets,
			       .bytes = packets * 100,
			       .flows = 1,
			       .sampled = (uint32_t)packets,
			       .vantage = vantage,
			       .class = (uint8_t) class,
			       .len = 128 };
}

static void count(struct fixture *f, struct watch *watch, struct tally row, float load,
		  uint64_t tick_ns)
{
	const struct arrival arrival = { &row, tick_ns, load };

	assert_true(lane_count(&f->watches, watch, &arrival));
}

static void the_lightest_makes_room_but_never_an_open_one(void **state)
{
	struct fixture f;
	struct watch *watch[4];

	(void)state;
	open_all(&f, 4);
	for (uint8_t i = 0; i < 4; i++) {
		watch[i] = watches_add(&f.watches, glance_of(&f, i), 1, NOW_NS);
		assert_non_null(watch[i]);
		count(&f, watch[i], row_of(1, CLASS_UDP, 10), 0.1F * (float)(i + 1), NOW_NS);
	}
	watch[0]->open = true;
	/* As light as the lightest that may go: stays outside, and is counted. */
	assert_null(watches_add(&f.watches, glance_of(&f, 10), 0.2F, NOW_NS));
	assert_int_equal(f.watches.stats.turned_away, 1);
	/* Heavier: takes the place, and the other one begins anew. */
	struct watch *heavy = watches_add(&f.watches, glance_of(&f, 11), 0.25F, NOW_NS);
	assert_ptr_equal(heavy, watch[1]);
	assert_int_equal(f.watches.stats.replaced, 1);
	assert_null(watches_of(&f.watches, glance_of(&f, 1)));
	assert_ptr_equal(watches_of(&f.watches, glance_of(&f, 11)), heavy);
	assert_int_equal(f.watches.lanes.count, 3);
	assert_true(watch[0]->used);
	close_all(&f);
}

static void weight_fades_with_time(void **state)
{
	struct fixture f;

	(void)state;
	open_all(&f, 2);
	struct watch *old = watches_add(&f.watches, glance_of(&f, 1), 1, NOW_NS);
	count(&f, old, row_of(1, CLASS_UDP, 10), 0.9F, NOW_NS);
	struct watch *late = watches_add(&f.watches, glance_of(&f, 2), 1, NOW_NS + 20 * SECOND_NS);
	count(&f, late, row_of(1, CLASS_UDP, 10), 0.3F, NOW_NS + 20 * SECOND_NS);
	assert_ptr_equal(watches_add(&f.watches, glance_of(&f, 3), 0.1F, NOW_NS + 20 * SECOND_NS),
			 old);
	close_all(&f);
}

static void the_heaviest_vantages_are_kept(void **state)
{
	struct fixture f;
	struct sums sums;

	(void)state;
	open_all(&f, 2);
	struct watch *watch = watches_add(&f.watches, glance_of(&f, 1), 1, NOW_NS);
	for (uint64_t t = 0; t < 20; t++) {
		/* Vantage 9 comes last and sees the most. */
		for (uint32_t vantage = 1; vantage <= 9; vantage++) {
			uint64_t packets = vantage == 9 ? 500 : vantage;
			count(&f, watch, row_of(vantage, CLASS_UDP, packets),
			      (float)packets / 10000, NOW_NS + t * TICK_NS);
		}
	}
	assert_int_equal(watch->view_count, WATCH_VIEWS);
	assert_true(f.watches.stats.views_replaced >= 1);
	assert_int_equal(lane_vantages(&f.watches, watch, 1U << CLASS_UDP), WATCH_VIEWS);
	lane_sums(&f.watches, watch, &sums);
	/* All but what came before it had a place. */
	assert_in_range(sums.by_class[CLASS_UDP].count.packets, 19 * 500, 20 * 500);
	close_all(&f);
}

static void the_largest_vantage_counts_and_disjoint_ones_add_up(void **state)
{
	struct fixture f;
	struct sums sums;

	(void)state;
	open_all(&f, 2);
	struct watch *watch = watches_add(&f.watches, glance_of(&f, 1), 1, NOW_NS);
	count(&f, watch, row_of(1, CLASS_UDP, 100), 0.1F, NOW_NS);
	count(&f, watch, row_of(2, CLASS_UDP, 130), 0.1F, NOW_NS);
	count(&f, watch, row_of(2, CLASS_TCP, 7), 0.1F, NOW_NS);
	count(&f, watch, row_of(1, CLASS_TCP, 9), 0.1F, NOW_NS);
	lane_sums(&f.watches, watch, &sums);
	assert_int_equal(sums.by_class[CLASS_UDP].count.packets, 130);
	assert_int_equal(sums.by_class[CLASS_UDP].count.bytes, 13000);
	assert_int_equal(sums.by_class[CLASS_TCP].count.packets, 9);
	for (uint32_t vantage = 5; vantage < 8; vantage++)
		count(&f, watch, row_of(vantage | WATCH_DISJOINT, CLASS_UDP, 10), 0.01F, NOW_NS);
	lane_sums(&f.watches, watch, &sums);
	assert_int_equal(sums.by_class[CLASS_UDP].count.packets, 160);
	assert_int_equal(sums.by_class[CLASS_UDP].sampled, 160);
	assert_int_equal(lane_vantages(&f.watches, watch, 1U << CLASS_UDP), 2);
	close_all(&f);
}

static void what_is_done_is_swept_and_what_is_listed_stays(void **state)
{
	struct fixture f;

	(void)state;
	open_all(&f, 8);
	struct watch *listed = watches_add(&f.watches, glance_of(&f, 1), 1, NOW_NS);
	struct watch *open = watches_add(&f.watches, glance_of(&f, 2), 1, NOW_NS);
	struct watch *quiet = watches_add(&f.watches, glance_of(&f, 3), 1, NOW_NS);
	struct watch *past = watches_add(&f.watches, glance_of(&f, 4), 1, NOW_NS);
	struct tally row = row_of(1, CLASS_UDP, 10);
	listed->listed = true;
	open->open = true;
	count(&f, quiet, row, 0.1F, NOW_NS);
	row.begin_age = 600;
	count(&f, past, row, 0.1F, NOW_NS);
	assert_int_equal(f.watches.trails.count, 1);
	watches_sweep(&f.watches, NOW_NS + 4 * SECOND_NS, 8);
	assert_int_equal(f.watches.pool.count, 4);
	watches_sweep(&f.watches, NOW_NS + 6 * SECOND_NS, 8);
	assert_int_equal(f.watches.pool.count, 3);
	assert_false(quiet->used);
	watches_sweep(&f.watches, NOW_NS + 300 * SECOND_NS, 8);
	assert_int_equal(f.watches.pool.count, 2);
	assert_int_equal(f.watches.trails.count, 0);
	assert_true(listed->used && open->used);
	close_all(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lightest_makes_room_but_never_an_open_one),
		cmocka_unit_test(weight_fades_with_time),
		cmocka_unit_test(the_heaviest_vantages_are_kept),
		cmocka_unit_test(the_largest_vantage_counts_and_disjoint_ones_add_up),
		cmocka_unit_test(what_is_done_is_swept_and_what_is_listed_stays),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
