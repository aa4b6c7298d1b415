/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of daemon/caught: packets that an actuator hands over, as samples of their plans. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/caught.h"

/* Ethernet, IPv4, UDP: 192.0.2.9 port 123 to 198.51.100.7 port 5000, 100 bytes from IP on. */
static const uint8_t frame[] = { 2,    0, 0,   0,   0,   1, 2, 0,   0,    0,    0, 2,  8,   0,
				 0x45, 0, 0,   100, 0,   1, 0, 0,   61,   17,   0, 0,  192, 0,
				 2,    9, 198, 51,  100, 7, 0, 123, 0x13, 0x88, 0, 80, 0,   0 };

/* What stands for the outside: so many packets of each plan wait to be handed over. */
struct outside {
	unsigned waiting[CAUGHT_PLANS + 8];
	bool broken;   /* frames are no IP */
	bool numbered; /* lengths say which packet of its plan it was */
	struct drop_counts counts;
};

static int drops(void *state, actuator_drop_fn *take, void *self, struct drop_counts *counts)
{
	struct outside *outside = state;

	for (unsigned p = 0; p < CAUGHT_PLANS + 8; p++) {
		for (; outside->waiting[p]; outside->waiting[p]--) {
			struct drop drop = { .each = 64, .wire_len = 114, .len = sizeof(frame) };
			snprintf(drop.plan, sizeof(drop.plan), "inc-%u-p1", p);
			memcpy(drop.data, frame, sizeof(frame));
			drop.data[12] = outside->broken ? 0x77 : 8;
			if (outside->numbered)
				drop.data[16] = (uint8_t)(outside->waiting[p] >> 8);
			outside->counts.read++;
			take(self, &drop);
		}
	}
	*counts = outside->counts;
	return 0;
}

static const struct actuator actuator = { .name = "test", .drops = drops };
static struct outside outside;
static struct caught *caught;

static int begin(void **state)
{
	(void)state;
	memset(&outside, 0, sizeof(outside));
	caught = caught_new();
	assert_non_null(caught);
	return 0;
}

static int end(void **state)
{
	(void)state;
	caught_free(caught);
	return 0;
}

static void read_once(void)
{
	struct wanted wanted = { .direction = DIRECTION_OUTBOUND };
	const struct wanted_set set = { .plans = &wanted, .count = 1 };

	snprintf(wanted.plan.id, sizeof(wanted.plan.id), "inc-1-p1");
	caught_read(caught, &actuator, &outside, &set);
}

static void packets_become_samples_of_their_plan(void **state)
{
	(void)state;
	outside.waiting[0] = 2;
	outside.waiting[1] = 3;
	read_once();
	struct caught_parcel *parcel = caught_next(caught);
	assert_non_null(parcel);
	assert_int_equal(parcel->count, 2);
	assert_string_equal(parcel->plans[1].id, "inc-1-p1");
	assert_int_equal(parcel->plans[0].count, 2);
	assert_int_equal(parcel->plans[1].count, 3);
	const struct sample *s = &parcel->plans[1].samples[2];
	assert_int_equal(s->sport, 123);
	assert_int_equal(s->dport, 5000);
	assert_int_equal(s->proto, 17);
	assert_int_equal(s->length, 100);
	assert_int_equal(s->ttl, 61);
	assert_int_equal(s->sampling, 64);
	assert_int_equal(s->direction, DIRECTION_OUTBOUND);
	assert_int_equal(parcel->plans[0].samples[0].direction, DIRECTION_INBOUND);
	caught_back(caught, parcel);
	read_once();
	assert_null(caught_next(caught));
	assert_int_equal(caught_counts(caught).read, 5);
	assert_int_equal(caught_counts(caught).turned_away, 0);
}

/* However much of one plan, another has its place; and what is beyond is counted. */
static void a_flood_of_one_plan_hides_no_other(void **state)
{
	(void)state;
	outside.waiting[0] = 100 * CAUGHT_EACH;
	outside.waiting[1] = 1;
	read_once();
	struct caught_parcel *parcel = caught_next(caught);
	assert_int_equal(parcel->count, 2);
	assert_int_equal(parcel->plans[0].count, CAUGHT_EACH);
	assert_int_equal(parcel->plans[1].count, 1);
	assert_int_equal(caught_counts(caught).turned_away, 99 * CAUGHT_EACH);
	caught_back(caught, parcel);
	for (unsigned p = 0; p < CAUGHT_PLANS + 8; p++)
		outside.waiting[p] = 1;
	read_once();
	parcel = caught_next(caught);
	assert_int_equal(parcel->count, CAUGHT_PLANS);
	assert_int_equal(caught_counts(caught).turned_away, 99 * CAUGHT_EACH + 8);
	caught_back(caught, parcel);
}

/* The first ones of a lot may be others than the last. */
static void those_handed_on_are_of_all_the_lot(void **state)
{
	double sum = 0;

	(void)state;
	outside.numbered = true;
	outside.waiting[0] = 10000;
	read_once();
	struct caught_parcel *parcel = caught_next(caught);
	for (unsigned i = 0; i < CAUGHT_EACH; i++)
		sum += parcel->plans[0].samples[i].length;
	/* Evenly from 0 to 9,984: a mean of 4,992 and, of 48, four deviations of 416. */
	assert_true(fabs(sum / CAUGHT_EACH - 5000) < 4 * 416);
	caught_back(caught, parcel);
}

/* The control thread is late: parcels wait, then packets are counted, and it goes on after. */
static void what_nobody_takes_is_counted(void **state)
{
	unsigned parcels = 0;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		outside.waiting[0] = 5;
		read_once();
	}
	uint64_t away = caught_counts(caught).turned_away;
	for (struct caught_parcel *p; (p = caught_next(caught)); caught_back(caught, p))
		parcels++;
	assert_true(parcels > 0);
	assert_int_equal(parcels * 5 + away, 50);
	outside.waiting[0] = 5;
	read_once();
	assert_int_equal(caught_counts(caught).turned_away, away);
	assert_non_null(caught_next(caught));
}

static void what_is_no_ip_is_counted(void **state)
{
	(void)state;
	outside.broken = true;
	outside.waiting[0] = 4;
	read_once();
	struct caught_parcel *parcel = caught_next(caught);
	assert_int_equal(parcel->plans[0].count, 0);
	assert_int_equal(caught_counts(caught).turned_away, 4);
}

#define caught_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		caught_test(packets_become_samples_of_their_plan),
		caught_test(a_flood_of_one_plan_hides_no_other),
		caught_test(those_handed_on_are_of_all_the_lot),
		caught_test(what_nobody_takes_is_counted),
		caught_test(what_is_no_ip_is_counted),
	};

	return cmocka_run_group_tests_name("daemon/caught", tests, NULL, NULL);
}
