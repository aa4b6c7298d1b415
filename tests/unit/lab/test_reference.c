/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lab/reference: when the two simple detectors fire, stay silent, and fire again. */
#include "check.h"

#include "base/clock.h"
#include "lab/reference.h"

#define BEGIN_NS (1800000000 * NS_PER_S)

struct heard {
	struct reference *reference;
	unsigned count[REFERENCE_COUNT];
	struct reference_alarm last[REFERENCE_COUNT];
};

static void hear(void *self, const struct reference_alarm *alarm)
{
	struct heard *heard = self;

	heard->count[alarm->kind]++;
	heard->last[alarm->kind] = *alarm;
}

static void open_with(struct heard *heard, size_t hosts_max, uint64_t learn_s)
{
	const struct reference_options options = { .hosts_max = hosts_max,
						   .learn_ns = learn_s * NS_PER_S };
	const struct reference_sink sink = { .alarm = hear, .self = heard };

	*heard = (struct heard){ .reference = reference_new(&options, &sink) };
	assert_non_null(heard->reference);
	reference_tick(heard->reference, BEGIN_NS);
}

static struct ip host(uint8_t number)
{
	const uint8_t bytes[4] = { 198, 18, 0, number };

	return ip_from_v4(bytes);
}

/* A second with @pps towards host 1, sampled 1:100. */
static void second(struct heard *heard, uint64_t number, uint64_t pps, uint64_t length)
{
	const struct flow flow = { .dst = host(1),
				   .packets = pps / 100,
				   .bytes = pps / 100 * length,
				   .sampling = 100,
				   .direction = DIRECTION_INBOUND };

	reference_flows(heard->reference, &flow, 1);
	reference_tick(heard->reference, BEGIN_NS + (number + 1) * NS_PER_S);
}

/* The average reaches 20 k of 40 k after 5 ln 2 = 3.5 s, which is seen at the fourth check. */
static void average_crosses_its_limit_late(void **state)
{
	struct heard heard;

	(void)state;
	open_with(&heard, 8, 0);
	for (uint64_t i = 0; i < 10; i++)
		second(&heard, i, 40000, 100);
	assert_int_equal(heard.count[REFERENCE_STATIC], 1);
	assert_int_equal(heard.last[REFERENCE_STATIC].time_ns, BEGIN_NS + 4 * NS_PER_S);
	assert_int_equal(heard.last[REFERENCE_STATIC].direction, DIRECTION_INBOUND);
	assert_int_equal(heard.count[REFERENCE_SIGMA], 0);
	reference_free(heard.reference);
}

static void bits_count_as_well(void **state)
{
	struct heard heard;

	(void)state;
	open_with(&heard, 8, 0);
	for (uint64_t i = 0; i < 30; i++)
		second(&heard, i, 19000, 1500);
	assert_int_equal(heard.count[REFERENCE_STATIC], 0);
	for (uint64_t i = 30; i < 60; i++)
		second(&heard, i, 19000, 9000);
	assert_int_equal(heard.count[REFERENCE_STATIC], 1);
	reference_free(heard.reference);
}

static void fires_again_after_a_quiet_minute(void **state)
{
	static const uint64_t pauses_s[] = { 50, 100 };

	(void)state;
	for (unsigned n = 0; n < 2; n++) {
		struct heard heard;
		uint64_t at = 0;
		open_with(&heard, 8, 0);
		for (unsigned i = 0; i < 10; i++)
			second(&heard, at++, 100000, 100);
		for (uint64_t i = 0; i < pauses_s[n]; i++)
			second(&heard, at++, 100, 100);
		for (unsigned i = 0; i < 10; i++)
			second(&heard, at++, 100000, 100);
		assert_int_equal(heard.count[REFERENCE_STATIC], n + 1);
		reference_free(heard.reference);
	}
}

/* Learned: mean 1000, sigma 200; 2000 is the line. */
static void sigma_learns_then_judges(void **state)
{
	struct heard heard;

	(void)state;
	open_with(&heard, 8, 100);
	for (uint64_t i = 0; i < 100; i++)
		second(&heard, i, i % 2 ? 800 : 1200, 100);
	second(&heard, 100, 2000, 100);
	assert_int_equal(heard.count[REFERENCE_SIGMA], 0);
	second(&heard, 101, 2100, 100);
	assert_int_equal(heard.count[REFERENCE_SIGMA], 1);
	assert_int_equal(heard.last[REFERENCE_SIGMA].time_ns, BEGIN_NS + 102 * NS_PER_S);
	assert_int_equal(heard.count[REFERENCE_STATIC], 0);
	reference_free(heard.reference);
}

static void outbound_names_the_origin(void **state)
{
	const struct flow flow = {
		.src = host(9), .dst = host(1), .packets = 1000000, .direction = DIRECTION_OUTBOUND
	};
	const struct flow passing = {
		.src = host(3), .dst = host(4), .packets = 1000000, .direction = DIRECTION_TRANSIT
	};
	struct heard heard;
	const struct ip origin = host(9);

	(void)state;
	open_with(&heard, 8, 0);
	reference_flows(heard.reference, &flow, 1);
	reference_flows(heard.reference, &passing, 1);
	reference_tick(heard.reference, BEGIN_NS + NS_PER_S);
	assert_int_equal(heard.count[REFERENCE_STATIC], 1);
	assert_true(ip_equal(&heard.last[REFERENCE_STATIC].host, &origin));
	assert_int_equal(heard.last[REFERENCE_STATIC].direction, DIRECTION_OUTBOUND);
	reference_free(heard.reference);
}

static void full_table_turns_away(void **state)
{
	struct heard heard;

	(void)state;
	open_with(&heard, 2, 0);
	for (uint8_t i = 0; i < 5; i++) {
		const struct flow flow = { .dst = host(i),
					   .packets = 1,
					   .direction = DIRECTION_INBOUND };
		reference_flows(heard.reference, &flow, 1);
	}
	assert_int_equal(reference_turned_away(heard.reference), 3);
	reference_free(heard.reference);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(average_crosses_its_limit_late),
		cmocka_unit_test(bits_count_as_well),
		cmocka_unit_test(fires_again_after_a_quiet_minute),
		cmocka_unit_test(sigma_learns_then_judges),
		cmocka_unit_test(outbound_names_the_origin),
		cmocka_unit_test(full_table_turns_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
