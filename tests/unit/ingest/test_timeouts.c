/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/exporter_timeouts: what a flow cache of given timeouts shows of them. */
#include "check.h"

#include <math.h>

#include "base/clock.h"
#include "ingest/state.h"

#define START_S 1700000000.0

/* A flow cache, its traffic and its records. */
struct cache {
	struct exporter exporter;
	double active_s;
	double inactive_s;
	double scan_s;      /* looked through so often */
	double share_ended; /* of the flows, by FIN or RST: reported at once */
	double gap_s;       /* between the packets of a flow */
	double length_s;    /* mean, of an exponential law */
	uint64_t random;
};

static double chance(struct cache *cache)
{
	cache->random = cache->random * 6364136223846793005U + 1442695040888963407U;
	return (double)(cache->random >> 11) / 9007199254740992.0;
}

static void report(struct cache *cache, double start_s, double end_s, double report_s)
{
	const struct flow flow = {
		.has = FLOW_HAS_START | FLOW_HAS_END,
		.start_ns = (uint64_t)((START_S + start_s) * 1e9),
		.end_ns = (uint64_t)((START_S + end_s) * 1e9),
		.received_ns = (uint64_t)((START_S + report_s) * 1e9),
	};

	exporter_timeouts(&cache->exporter, &flow, 1);
}

/* The cache is looked through now and then, so reports come late. */
static double scanned(const struct cache *cache, double due_s)
{
	return ceil(due_s / cache->scan_s) * cache->scan_s + 0.02;
}

static void run_flow(struct cache *cache, double now_s)
{
	double left_s = -log(1 - chance(cache)) * cache->length_s;
	double start_s = now_s;

	while (left_s > cache->active_s) {
		double report_s = scanned(cache, start_s + cache->active_s);
		double end_s = report_s - chance(cache) * cache->gap_s;
		report(cache, start_s, end_s, report_s);
		left_s -= report_s - start_s;
		start_s = report_s + 0.01;
	}
	if (left_s < 0)
		return;
	double end_s = start_s + left_s;
	if (chance(cache) < cache->share_ended)
		report(cache, start_s, end_s, end_s + 0.3);
	else if (left_s + cache->inactive_s > cache->active_s)
		report(cache, start_s, end_s, scanned(cache, start_s + cache->active_s));
	else
		report(cache, start_s, end_s, scanned(cache, end_s + cache->inactive_s));
}

static void run(struct cache *cache, unsigned flows)
{
	cache->random = 7;
	/* Their records are out of order, which does not matter here. */
	for (unsigned i = 0; i < flows; i++)
		run_flow(cache, i * 0.5);
}

static void assert_near(const struct cache *cache)
{
	const struct exporter_stats *stats = &cache->exporter.stats;
	double active_s = stats->active_timeout_ms / 1000.0;
	double inactive_s = stats->inactive_timeout_ms / 1000.0;

	if (active_s < cache->active_s * 0.95 || active_s > cache->active_s * 1.1 + cache->scan_s ||
	    inactive_s < cache->inactive_s * 0.95 ||
	    inactive_s > cache->inactive_s * 1.1 + cache->scan_s)
		fail_msg("timeouts %g and %g observed as %g and %g", cache->active_s,
			 cache->inactive_s, active_s, inactive_s);
}

static void usual_timeouts_are_found(void **state)
{
	static const double timeouts[][2] = { { 60, 15 },  { 30, 10 },   { 10, 5 },    { 120, 15 },
					      { 300, 60 }, { 1800, 15 }, { 1800, 300 } };

	(void)state;
	for (unsigned i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
		struct cache cache = {
			.active_s = timeouts[i][0],
			.inactive_s = timeouts[i][1],
			.scan_s = 1,
			.share_ended = 0.3,
			.gap_s = 0.5,
			.length_s = timeouts[i][0] * 0.6,
		};
		run(&cache, 4000);
		assert_near(&cache);
	}
}

static void odd_records_change_nothing(void **state)
{
	struct cache cache = { .active_s = 60,
			       .inactive_s = 15,
			       .scan_s = 1,
			       .share_ended = 0.3,
			       .gap_s = 0.5,
			       .length_s = 40 };

	(void)state;
	cache.random = 7;
	for (unsigned i = 0; i < 4000; i++) {
		run_flow(&cache, i * 0.5);
		/* Now and then times of no meaning, in the future, or of a flow of hours. */
		if (i % 100 == 50)
			report(&cache, i * 0.5 - 40000, i * 0.5, i * 0.5);
		if (i % 100 == 60)
			report(&cache, i * 0.5 + 900, i * 0.5 + 800, i * 0.5);
		if (i % 100 == 70)
			report(&cache, i * 0.5 - 20000, i * 0.5 - 19000, i * 0.5);
	}
	assert_near(&cache);
}

static void a_changed_timeout_is_followed(void **state)
{
	struct cache cache = { .active_s = 300,
			       .inactive_s = 60,
			       .scan_s = 1,
			       .share_ended = 0.2,
			       .gap_s = 0.5,
			       .length_s = 200 };

	(void)state;
	run(&cache, 4000);
	assert_near(&cache);
	cache.active_s = 60;
	cache.inactive_s = 15;
	cache.length_s = 50;
	for (unsigned i = 0; i < 60000; i++)
		run_flow(&cache, 3000 + i * 0.5);
	assert_near(&cache);
}

static void short_flows_show_no_active_timeout(void **state)
{
	struct cache cache = { .active_s = 1800,
			       .inactive_s = 15,
			       .scan_s = 1,
			       .share_ended = 0.5,
			       .gap_s = 0.5,
			       .length_s = 20 };

	(void)state;
	run(&cache, 10000);
	assert_int_equal(cache.exporter.stats.active_timeout_ms, 0);
	assert_true(cache.exporter.stats.inactive_timeout_ms > 14000);
	assert_true(cache.exporter.stats.inactive_timeout_ms < 17000);
}

static void a_cache_that_is_emptied_shows_nothing(void **state)
{
	struct cache cache = { .random = 3 };

	(void)state;
	/* All at once, at the exporter's end; most of them of one age. */
	for (unsigned i = 0; i < 1000; i++)
		report(&cache, 10 + chance(&cache), 11 + chance(&cache), 40);
	assert_int_equal(cache.exporter.stats.active_timeout_ms, 0);
	assert_int_equal(cache.exporter.stats.inactive_timeout_ms, 0);
}

static void packets_reported_at_once_show_nothing(void **state)
{
	struct cache cache = { .random = 3 };

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		report(&cache, i * 0.1, i * 0.1, i * 0.1 + 0.2);
	assert_int_equal(cache.exporter.stats.active_timeout_ms, 0);
	assert_int_equal(cache.exporter.stats.inactive_timeout_ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_timeouts_are_found),
		cmocka_unit_test(odd_records_change_nothing),
		cmocka_unit_test(a_changed_timeout_is_followed),
		cmocka_unit_test(short_flows_show_no_active_timeout),
		cmocka_unit_test(a_cache_that_is_emptied_shows_nothing),
		cmocka_unit_test(packets_reported_at_once_show_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
