/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/interfaces: rates between counter samples, restarts, a full table. */
#include "check.h"

#include "base/clock.h"
#include "ingest/interfaces.h"

static struct interface_counters sample(uint32_t if_index, uint64_t second, uint64_t octets)
{
	return (struct interface_counters){
		.if_index = if_index,
		.if_speed_bps = 10000000000U,
		.in_octets = octets,
		.out_octets = octets * 2,
		.in_packets = octets / 100,
		.out_packets = octets / 50,
		.received_ns = second * NS_PER_S,
	};
}

static void take(struct interfaces *t, uint32_t if_index, uint64_t second, uint64_t octets)
{
	struct interface_counters counters = sample(if_index, second, octets);

	interfaces_update(t, &counters);
}

static void two_samples_give_a_rate(void **state)
{
	struct interfaces *t = interfaces_new(4, 1);
	size_t count = 0;

	(void)state;
	assert_non_null(t);
	take(t, 7, 100, 1000000);
	const struct interface_rate *rates = interfaces_rates(t, &count);
	assert_int_equal(count, 1);
	assert_int_equal(rates[0].over_ns, 0);
	take(t, 7, 120, 21000000);
	assert_int_equal(rates[0].in_bps, 8000000);
	assert_int_equal(rates[0].out_bps, 16000000);
	assert_int_equal(rates[0].in_pps, 10000);
	assert_int_equal(rates[0].over_ns, 20 * NS_PER_S);
	assert_int_equal(rates[0].speed_bps, 10000000000U);
	interfaces_free(t);
}

static void a_restart_gives_no_absurd_rate(void **state)
{
	struct interfaces *t = interfaces_new(4, 1);
	size_t count = 0;

	(void)state;
	take(t, 7, 100, 1000000);
	take(t, 7, 120, 21000000);
	take(t, 7, 140, 500);
	const struct interface_rate *rates = interfaces_rates(t, &count);
	assert_int_equal(rates[0].in_bps, 8000000); /* still that of before */
	assert_int_equal(rates[0].last_ns, 140 * NS_PER_S);
	take(t, 7, 150, 10500);
	assert_int_equal(rates[0].in_bps, 8000);
	take(t, 7, 150, 20500); /* twice in the same instant */
	assert_int_equal(rates[0].in_bps, 8000);
	interfaces_free(t);
}

static void a_full_table_counts(void **state)
{
	struct interfaces *t = interfaces_new(3, 1);
	size_t count = 0;

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		take(t, i, 100, 1);
	take(t, 0, 110, 1001);
	const struct interface_rate *rates = interfaces_rates(t, &count);
	assert_int_equal(count, 3);
	assert_int_equal(interfaces_turned_away(t), 2);
	assert_int_equal(rates[0].in_bps, 800);
	interfaces_free(t);
	interfaces_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_samples_give_a_rate),
		cmocka_unit_test(a_restart_gives_no_absurd_rate),
		cmocka_unit_test(a_full_table_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
