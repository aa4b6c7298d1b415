/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/exporter_clock: ages of flows by clocks that are off, set, or start anew. */
#include "check.h"

#include "base/clock.h"
#include "ingest/stamp.h"
#include "ingest/state.h"

#define NOW_NS (1700000000 * NS_PER_S)
#define MINUTE (60 * (int64_t)NS_PER_S)
#define HOUR   (60 * MINUTE)

/* A datagram that was sent when our clock showed NOW + @at_ns, and took @way_ns. */
static void hear(struct exporter *exporter, int64_t at_ns, int64_t clock_off_ns, int64_t way_ns)
{
	const struct stamp_base base = { .export_ns = NOW_NS + (uint64_t)(at_ns - clock_off_ns) };

	exporter_clock(exporter, &base, NOW_NS + (uint64_t)(at_ns + way_ns));
}

/* A flow from @begin_ns to @end_ns of the exporter's clock, received at NOW + @at_ns. */
static struct flow flow_of(const struct exporter *exporter, int64_t at_ns, int64_t begin_ns,
			   int64_t end_ns)
{
	struct flow flow = { .has = FLOW_HAS_START | FLOW_HAS_END,
			     .received_ns = NOW_NS + (uint64_t)at_ns,
			     .start_ns = NOW_NS + (uint64_t)begin_ns,
			     .end_ns = NOW_NS + (uint64_t)end_ns };

	flow_ages(&flow, exporter);
	return flow;
}

static void assert_ages(const struct exporter *exporter, int64_t at_ns, int64_t begin_ns,
			int64_t end_ns, uint32_t begin_ms, uint32_t end_ms)
{
	struct flow flow = flow_of(exporter, at_ns, begin_ns, end_ns);

	assert_int_equal(flow.begin_age_ms, begin_ms);
	assert_int_equal(flow.end_age_ms, end_ms);
}

static void clocks_that_are_off_are_corrected(void **state)
{
	static const int64_t off[] = { 0, MINUTE, -MINUTE, 2 * MINUTE, HOUR, -30 * HOUR };

	(void)state;
	for (unsigned i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		struct exporter exporter = { 0 };
		hear(&exporter, 0, off[i], 0);
		assert_int_equal(exporter.stats.clock_offset_ns, off[i]);
		assert_int_equal(exporter.stats.clock_wrong, off[i] > MINUTE || off[i] < -MINUTE);
		assert_ages(&exporter, 0, -30 * MINUTE - off[i], -MINUTE / 2 - off[i], 1800000,
			    30000);
		assert_ages(&exporter, 0, -(int64_t)NS_PER_S - off[i], -off[i], 0, 0);
	}
}

static void the_least_is_of_the_last_minutes(void **state)
{
	struct exporter exporter = { 0 };

	(void)state;
	for (int64_t s = 0; s < 600; s++)
		hear(&exporter, s * (int64_t)NS_PER_S, 0, s % 10 * (int64_t)NS_PER_MS);
	assert_int_equal(exporter.stats.clock_offset_ns, 0);
	/* Its clock falls behind, 1 ms a second, for an hour. */
	for (int64_t s = 600; s < 4200; s++)
		hear(&exporter, s * (int64_t)NS_PER_S, (s - 600) * (int64_t)NS_PER_MS, 0);
	assert_true(exporter.stats.clock_offset_ns >= 3000 * (int64_t)NS_PER_MS);
	assert_int_equal(exporter.stats.clock_steps, 0);
}

static void a_clock_that_is_set_is_followed(void **state)
{
	struct exporter exporter = { 0 };

	(void)state;
	hear(&exporter, 0, 0, 0);
	/* Forward at once; back when a few datagrams say so, and ages are right meanwhile. */
	hear(&exporter, 1, -HOUR, 0);
	assert_int_equal(exporter.stats.clock_offset_ns, -HOUR);
	for (int64_t i = 2; i < 6; i++) {
		hear(&exporter, i, 0, 0);
		assert_ages(&exporter, i, i - MINUTE, i - MINUTE / 2, 60000, 30000);
	}
	assert_int_equal(exporter.stats.clock_offset_ns, 0);
	assert_int_equal(exporter.stats.clock_steps, 1);
}

static void times_that_cannot_be_are_mended(void **state)
{
	struct exporter exporter = { 0 };

	(void)state;
	hear(&exporter, 0, 0, 0);
	/* Crossed, older than a day, from the future: as long as the timeout, never shorter. */
	assert_ages(&exporter, 0, -MINUTE, -2 * MINUTE, 180000, 120000);
	assert_ages(&exporter, 0, -25 * HOUR, -MINUTE, 120000, 60000);
	assert_ages(&exporter, 0, HOUR, 2 * HOUR, 60000, 0);
	exporter.stats.active_timeout_ms = 1800000;
	assert_ages(&exporter, 0, -25 * HOUR, -MINUTE, 1860000, 60000);
	/* A day is believed. */
	assert_ages(&exporter, 0, -23 * HOUR, -MINUTE, 82800000, 60000);
}

static void what_ended_over_a_day_ago_is_no_traffic_of_now(void **state)
{
	static const struct {
		int64_t begin_ns, end_ns;
		bool late;
	} rows[] = {
		{ -26 * HOUR, -25 * HOUR, true },
		{ -25 * HOUR, -25 * HOUR, true },
		{ -MINUTE, -26 * HOUR, true },
		{ -23 * HOUR, -22 * HOUR, false },
		{ -25 * HOUR, -MINUTE, false },
		{ -MINUTE, 0, false },
		{ HOUR, HOUR, false },
	};
	struct exporter exporter = { 0 };

	(void)state;
	hear(&exporter, 0, 0, 0);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flow flow = flow_of(&exporter, 0, rows[i].begin_ns, rows[i].end_ns);
		assert_int_equal(flow.late, rows[i].late);
	}
}

static void uptime_tells_the_way_over_its_wrap(void **state)
{
	struct exporter exporter = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		uint64_t sent_ns = NOW_NS + i * 100 * NS_PER_MS;
		struct stamp_base base = { .export_ns = sent_ns / NS_PER_S * NS_PER_S,
					   .uptime_ms = UINT32_MAX - 5000 + i * 100,
					   .has_uptime = true };
		exporter_clock(&exporter, &base, sent_ns + 5 * NS_PER_MS);
		struct flow flow = { .has = FLOW_HAS_START | FLOW_HAS_END,
				     .received_ns = sent_ns + 5 * NS_PER_MS,
				     .start_ns = stamp_uptime(&base, base.uptime_ms - 40000),
				     .end_ns = stamp_uptime(&base, base.uptime_ms - 20000) };
		flow_ages(&flow, &exporter);
		/* The header's whole seconds do not blur it. */
		assert_int_equal(flow.begin_age_ms, 40000);
		assert_int_equal(flow.end_age_ms, 20000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_that_are_off_are_corrected),
		cmocka_unit_test(the_least_is_of_the_last_minutes),
		cmocka_unit_test(a_clock_that_is_set_is_followed),
		cmocka_unit_test(times_that_cannot_be_are_mended),
		cmocka_unit_test(what_ended_over_a_day_ago_is_no_traffic_of_now),
		cmocka_unit_test(uptime_tells_the_way_over_its_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
