/* SPDX-License-Identifier: Apache-2.0 */
/* What the program caught reaches whoever asks, by plan; what it had no room for is counted. */
#include "check.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/xdp/put.h"
#include "lab.h"

#define RULE 4711

static struct lab lab;
static struct xdp_state *s;
static unsigned taken;
static struct drop last;

static void take(void *self, const struct drop *drop)
{
	(void)self;
	taken++;
	last = *drop;
}

static const struct frame_spec packet = { .proto = IPPROTO_UDP,
					  .ttl = 64,
					  .sport = 123,
					  .dport = 5000,
					  .length = 1000 };

static void send_to(const char *dst, unsigned count)
{
	struct frame_spec spec = packet;

	spec.src = ip_of("192.0.2.9");
	spec.dst = ip_of(dst);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(lab_send(&lab, &spec), FILTER_BY_DROP);
}

/* The state as reconcile leaves it: two rules in force, and one of them known as a plan's. */
static int begin(void **state)
{
	const struct xdp_engine_config config = { .sampling = 1, .ring_bytes = 65536 };
	struct wanted wanted = { 0 };
	const struct wanted_set set = { .plans = &wanted, .count = 1 };
	struct effect effect = { 0 };
	struct actuator_result result = { .effects = &effect };
	struct held_rule rule = { .id = RULE };

	(void)state;
	lab_open(&lab, &config);
	lab_protect(&lab, "10.1.2.0/24", 7);
	lab_rule(&lab, "10.1.2.3/32")->id = RULE;
	lab_rule(&lab, "10.1.2.4/32")->id = RULE + 1;
	lab_set(&lab);
	s = calloc(1, sizeof(*s));
	assert_non_null(s);
	s->engine = lab.engine;
	s->there = true;
	snprintf(wanted.plan.id, sizeof(wanted.plan.id), "inc-1-p2");
	assert_int_equal(held_update(&s->held, &set, &rule, 1, &result), 0);
	taken = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	held_done(&s->held);
	free(s);
	lab_close(&lab);
	return 0;
}

static void it_goes_to_the_plan_whose_rule_it_was(void **state)
{
	struct drop_counts counts;

	(void)state;
	send_to("10.1.2.3", 3);
	send_to("10.1.2.4", 2);
	assert_int_equal(put_drops(s, take, NULL, &counts), 0);
	assert_int_equal(taken, 3);
	assert_int_equal(counts.read, 3);
	assert_int_equal(counts.lost, 2);
	assert_string_equal(last.plan, "inc-1-p2");
	assert_int_equal(last.each, XDP_CATCH_EACH);
	assert_int_equal(last.len, DROP_SNAP);
	assert_int_equal(last.data[12], 8);
	assert_int_equal(put_drops(s, take, NULL, &counts), 0);
	assert_int_equal(taken, 3);
}

static void what_found_no_room_in_the_ring_is_counted_once(void **state)
{
	struct drop_counts counts;

	(void)state;
	assert_int_equal(put_drops(s, take, NULL, &counts), 0);
	send_to("10.1.2.3", 1000);
	assert_int_equal(put_drops(s, take, NULL, &counts), 0);
	assert_true(counts.lost > 0);
	assert_int_equal(counts.read + counts.lost, 1000);
	assert_int_equal(counts.read, taken);
	assert_int_equal(put_drops(s, take, NULL, &counts), 0);
	assert_int_equal(counts.read + counts.lost, 1000);
}

#define caught_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		caught_test(it_goes_to_the_plan_whose_rule_it_was),
		caught_test(what_found_no_room_in_the_ring_is_counted_once),
	};

	lab_need_bpf();
	return cmocka_run_group_tests_name("bpf/xdp_caught", tests, NULL, NULL);
}
