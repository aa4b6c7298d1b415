/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the list of what is nearest to its envelope: order, slices, and that it changes nothing. */
#include "check.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "detect/detector.h"
#include "detect/learned/learned.h"
#include "own_space.h"

extern const struct detector detector_learned;

#define HOSTS   200000
#define ROWS    64
#define TICK_NS (SECOND_NS / 10)

static struct own_space space;
static struct learned *learned;
static uint64_t now_ns;

static void ignore(void *self, const struct finding *finding)
{
	(void)self;
	(void)finding;
}

static const struct finding_sink nobody = { .finding = ignore };

static int set_up(void **state)
{
	void *opened = NULL;

	(void)state;
	own_space_init(&space);
	space.config.max_counters = 262144;
	space.config.max_profiles = 1000;
	space.config.max_subjects = 64;
	space.config.sensitivity = 1000;
	space.config.margin = 3000;
	space.config.floor_pps = 20000;
	space.config.floor_bps = 200000000;
	assert_int_equal(detector_learned.open(&space.config, 1, &opened), 0);
	learned = opened;
	now_ns = 1000 * SECOND_NS;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	detector_learned.close(learned);
	own_space_done(&space);
	return 0;
}

static struct tally row_of(uint32_t host, uint64_t packets, uint64_t bytes)
{
	struct tally row = { .host = ip_of("198.51.0.0"),
			     .packets = packets,
			     .bytes = bytes,
			     .flows = 1,
			     .sampled = (uint32_t)(packets / 100 + 1),
			     .direction = DIRECTION_INBOUND,
			     .class = CLASS_UDP,
			     .len = 128 };

	row.host.b[13] = (uint8_t)(host >> 16);
	row.host.b[14] = (uint8_t)(host >> 8);
	row.host.b[15] = (uint8_t)host;
	return row;
}

static void observe(const struct tally *rows, size_t count)
{
	const struct tally_set set = { .rows = rows, .count = count, .tick_ns = now_ns };

	detector_learned.observe(learned, &set);
	detector_learned.tick(learned, now_ns, &nobody);
}

static void the_nearest_to_its_envelope_is_first(void **state)
{
	const struct tally rows[] = { row_of(1, 100, 10000), row_of(2, 300, 30000),
				      row_of(3, 300, 30000), row_of(4, 200, 600000) };
	struct detector_row top[ROWS];

	(void)state;
	assert_int_equal(detector_learned.top(learned, top, ROWS), 0);
	for (unsigned i = 0; i < 50; i++, now_ns += TICK_NS)
		observe(rows, 4);
	size_t count = 0;
	for (unsigned i = 0; i < 8; i++)
		count = detector_learned.top(learned, top, ROWS);
	assert_int_equal(count, 4);
	/* Of bits more than of packets; then the most packets, then the lower address. */
	assert_int_equal(top[0].what.ip.b[15], 4);
	assert_string_equal(top[0].class, "bits");
	assert_true(fabs(top[0].envelope_bps - 200e6) < 1e4);
	assert_true(top[0].pps > 1500 && top[0].pps < 2500);
	assert_true(fabs(top[0].times - top[0].bps / top[0].envelope_bps) < 0.01);
	assert_int_equal(top[1].what.ip.b[15], 2);
	assert_int_equal(top[2].what.ip.b[15], 3);
	assert_int_equal(top[3].what.ip.b[15], 1);
	assert_string_equal(top[1].state, "");
	assert_true(fabs(top[1].envelope_pps - 20000) < 1);
	assert_true(fabs(top[1].times - top[1].pps / 20000) < 0.001);
	assert_int_equal(detector_learned.top(learned, top, 2), 2);
	now_ns += 60 * SECOND_NS;
	observe(rows, 1);
	count = detector_learned.top(learned, top, ROWS);
	assert_int_equal(count, 1);
	assert_int_equal(top[0].what.ip.b[15], 1);
}

static void what_rises_is_listed_at_once(void **state)
{
	const struct tally row = row_of(9, 20000, 2000000);
	struct detector_row top[ROWS];

	(void)state;
	for (unsigned i = 0; i < 20; i++, now_ns += TICK_NS)
		observe(&row, 1);
	/* As if its turn had just been over. */
	for (unsigned i = 0; i < 4 && learned->top.cursor != 0; i++)
		detector_learned.top(learned, top, ROWS);
	assert_int_equal(detector_learned.top(learned, top, ROWS), 1);
	assert_true(top[0].times > 1);
	assert_true(*top[0].state != '\0');
	assert_true(top[0].alarm > 0 && top[0].alarm <= 1);
}

static void a_full_table_costs_little(void **state)
{
	static struct tally rows[HOSTS / 2];
	struct detector_row top[ROWS];
	uint64_t most_ns = 0;
	size_t count = 0;

	(void)state;
	for (unsigned i = 0; i < HOSTS / 2; i++)
		rows[i] = row_of(i, 1 + i % 997, 100 * (1 + i % 997));
	observe(rows, HOSTS / 2);
	for (unsigned i = 0; i < 12; i++) {
		uint64_t begin_ns = clock_cpu_ns();
		count = detector_learned.top(learned, top, ROWS);
		uint64_t took_ns = clock_cpu_ns() - begin_ns;
		if (i >= 4 && took_ns > most_ns)
			most_ns = took_ns;
	}
	print_message("# %.2f ms at most, %llu counters\n", (double)most_ns / 1e6,
		      (unsigned long long)learned->counters.used);
	assert_int_equal(count, ROWS);
	for (unsigned i = 1; i < ROWS; i++)
		assert_true(top[i - 1].times >= top[i].times);
	/* Ten times what it may take without sanitizers: only what is far off fails on a busy machine. */
	assert_true(most_ns < 30000000);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_nearest_to_its_envelope_is_first),
		CASE(what_rises_is_listed_at_once),
		CASE(a_full_table_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
