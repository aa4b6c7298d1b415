/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/threshold on what exporters report afterwards, and on what several of them saw. */
#include "follow.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"

#define HOST  "198.51.100.7"
#define S     10U /* ticks of a second; ages are counted in them */
#define GROUP 0x80000000U

/* A row of packets that were spread over the ticks from @begin to @end before now. */
static struct tally row_of(uint64_t packets, unsigned begin, unsigned end, uint32_t vantage)
{
	struct tally row = tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, packets);

	row.begin_age = (uint16_t)begin;
	row.end_age = (uint16_t)end;
	row.vantage = vantage;
	return row;
}

static void start_with(struct fixture *f, uint64_t pps)
{
	prepare(f);
	f->tick = 100000;
	threshold(f, ALL, pps);
	start(f);
}

/* Ticks of silence. Return: number of findings in all of them. */
static unsigned wait_ticks(struct fixture *f, unsigned ticks)
{
	unsigned findings = 0;

	for (unsigned i = 0; i < ticks; i++)
		findings += tick(f);
	return findings;
}

static void a_long_flow_is_no_spike(void **state)
{
	struct fixture f;
	struct tally row = row_of(80000000, 1800 * S, 0, 1);

	(void)state;
	start_with(&f, 0);
	threshold(&f, ALL, 0)->limit[METRIC_BPS] = 1000000000;
	detector()->reload(f.state, &f.space.config);
	/* 100 GB in half an hour, reported at once: 444 Mbps. */
	row.bytes = 100000000000;
	observe(&f, row);
	assert_int_equal(wait_ticks(&f, 300 * S), 0);
	/* The same in ten seconds: 80 Gbps. */
	row.begin_age = 10 * S;
	observe(&f, row);
	assert_int_equal(tick(&f), 1);
	assert_in_range(f.caught[0].value, 79900000000, 80100000000);
	assert_in_range(f.caught[0].bps, 79900000000, 80100000000);
	assert_int_equal(f.caught[0].severity, SEVERITY_CRITICAL);
	assert_in_range(f.caught[0].onset_ns, (f.tick - 11 * S) * TICK_NS,
			(f.tick - 9 * S) * TICK_NS);
	close_all(&f);
}

/* Two minutes at twice the limit, seen only in reports at the end of each minute. */
static void an_active_timeout_delays_and_does_not_repeat(void **state)
{
	struct fixture f;
	uint64_t begin;
	unsigned firsts = 0;

	(void)state;
	start_with(&f, 1000);
	begin = f.tick;
	assert_int_equal(wait_ticks(&f, 60 * S - 1), 0);
	while (f.tick < begin + 600 * S) {
		uint64_t next = f.tick + 1 - begin;
		if (next == 60 * S || next == 120 * S) {
			for (unsigned i = 0; i < 100; i++)
				observe(&f, row_of(1200, 60 * S, 0, 1));
		}
		tick(&f);
		bool reported = next >= 60 * S;
		/* Until windows are final, and of the first that are, half a limit is left. */
		bool over = next > (120 + 60 + 5 + 3) * S;
		assert_int_equal(f.count > 0, reported && !over ? 1 : 0);
		if (!f.count)
			continue;
		firsts += f.caught[0].first;
		assert_int_equal(f.caught[0].onset_ns, begin * TICK_NS);
		if (next < (115 + 60 + 5) * S)
			/* Less than a sixteenth of the limit was only glanced at. */
			assert_in_range(f.caught[0].value, 2000 - 1000 / 16, 2000);
	}
	assert_int_equal(firsts, 1);
	close_all(&f);
}

/* Flows of a second each, reported 15 s after their last packet. */
static void an_inactive_timeout_puts_flows_where_they_were(void **state)
{
	struct fixture f;
	uint64_t begin;
	unsigned firsts = 0;
	uint64_t last = 0;

	(void)state;
	start_with(&f, 1000);
	begin = f.tick;
	for (unsigned t = 1; t < 200 * S; t++) {
		if (t > 16 * S && t <= (16 + 20) * S)
			observe(&f, row_of(200, 16 * S, 15 * S, 1));
		tick(&f);
		if (!f.count)
			continue;
		firsts += f.caught[0].first;
		last = t;
		/* From half a window's worth on it is above; its first second was filling. */
		assert_in_range(f.caught[0].onset_ns, begin * TICK_NS, (begin + 2 * S) * TICK_NS);
	}
	assert_int_equal(firsts, 1);
	/* The traffic ended after 20 s, and 16 s and the spare later that is certain. */
	assert_in_range(last, (20 + 16 + 4) * S, (21 + 16 + 5 + 5) * S);
	close_all(&f);
}

static void prompt_and_late_traffic_add_up(void **state)
{
	struct fixture f;

	(void)state;
	start_with(&f, 1000);
	/* 600 a second each way, of the same vantage. */
	for (unsigned t = 0; t < 60 * S; t++) {
		observe(&f, row_of(60, 0, 0, 1));
		assert_int_equal(tick(&f), 0);
	}
	observe(&f, row_of(600 * 30, 30 * S, 0, 1));
	/* Of the time before there was a history, the window is known: four seconds and a bit. */
	assert_int_equal(tick(&f), 1);
	assert_in_range(f.caught[0].value, 1080, 1210);
	close_all(&f);
}

static void the_same_from_two_vantages_counts_once(void **state)
{
	struct fixture f;

	(void)state;
	start_with(&f, 1000);
	for (unsigned t = 0; t < 60 * S; t++) {
		observe(&f, row_of(60, 0, 0, 2));
		observe(&f, row_of(60, 0, 0, 4));
		observe(&f, row_of(60, 2 * S, 0, 6));
		assert_int_equal(tick(&f), 0);
	}
	/* More than the limit: once it counts, as much as the largest saw. */
	for (unsigned t = 0; t < 30 * S; t++) {
		observe(&f, row_of(110, 0, 0, 2));
		observe(&f, row_of(120, 0, 0, 4));
		tick(&f);
	}
	assert_int_equal(f.count, 1);
	assert_in_range(f.caught[0].value, 1190, 1200);
	assert_in_range(f.caught[0].pps, 1190, 1200);
	assert_non_null(strstr(f.caught[0].why, "; 2 vantages saw it, the largest counts"));
	close_all(&f);
}

static void disjoint_vantages_add_up(void **state)
{
	struct fixture f;

	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		start_with(&f, 1000);
		for (unsigned t = 0; t < 12 * S; t++) {
			for (uint32_t v = 0; v < 6; v++)
				observe(&f, row_of(10, late * 2 * S, late * S, GROUP | v << 1));
			observe(&f, row_of(60, late * 2 * S, late * S, 1));
			tick(&f);
		}
		assert_int_equal(f.count, 1);
		assert_in_range(f.caught[0].value, 1150, 1200);
		assert_null(strstr(f.caught[0].why, "vantages"));
		close_all(&f);
	}
}

static void what_was_told_is_not_told_again(void **state)
{
	struct fixture f;
	unsigned firsts = 0;

	(void)state;
	start_with(&f, 1000);
	observe(&f, row_of(20000, 10 * S, 0, 1));
	for (unsigned t = 0; t < 60 * S; t++) {
		tick(&f);
		firsts += f.count && f.caught[0].first;
	}
	assert_int_equal(firsts, 1);
	/* An exporter that suddenly goes further back: all that is open again. */
	observe(&f, row_of(200, 100 * S, 0, 1));
	assert_int_equal(wait_ticks(&f, 10 * S), 0);
	/* What is new there is told of, with its onset. */
	observe(&f, row_of(20000, 40 * S, 30 * S, 1));
	assert_int_equal(tick(&f), 1);
	assert_true(f.caught[0].first);
	assert_in_range(f.caught[0].onset_ns, (f.tick - 41 * S) * TICK_NS,
			(f.tick - 39 * S) * TICK_NS);
	close_all(&f);
}

static void without_trails_for_all_the_heaviest_have_them(void **state)
{
	struct fixture f;
	struct detector_stats stats;

	(void)state;
	prepare(&f);
	f.tick = 100000;
	f.space.config.max_watched = 4;
	threshold(&f, ALL, 1000);
	start(&f);
	for (unsigned i = 0; i < 12; i++) {
		struct tally row = row_of(4000 + 100 * i, 10 * S, 0, 1);
		row.host.b[15] = (uint8_t)i;
		observe(&f, row);
		tick(&f);
	}
	detector()->stats(f.state, &stats);
	assert_int_equal(stats.watched, 4);
	assert_int_equal(stats.rings, 4);
	assert_true(stats.watched_replaced >= 4);
	struct tally row = row_of(20000, 10 * S, 0, 1);
	observe(&f, row);
	assert_int_equal(tick(&f), 1);
	close_all(&f);
}

/* Hosts, vantages and classes by far too many: nothing is lost in the tables when it is over. */
static void a_storm_leaves_nothing_behind(void **state)
{
	struct fixture f;
	struct detector_stats stats;

	(void)state;
	prepare(&f);
	f.tick = 100000;
	f.space.config.max_watched = 8;
	f.space.config.max_hosts = 100;
	/* Never exceeded, as nothing that is open makes room. */
	threshold(&f, ALL, 100000);
	start(&f);
	for (uint64_t i = 0; i < 60000; i++) {
		uint64_t r = hash_words(i, 5, 6);
		unsigned end = (unsigned)((r >> 8) % (50 * S));
		struct tally row = row_of((r >> 16) % 200000, end + (r >> 34) % (20 * S), end,
					  (uint32_t)(r >> 40) % 7);
		row.class = (uint8_t)((r >> 44) % CLASS_COUNT);
		row.host.b[15] = (uint8_t)((r >> 48) % 150);
		row.direction = (uint8_t)((r >> 60) % 2);
		if (r % 3 == 0)
			row.begin_age = row.end_age = 0;
		observe(&f, row);
		if (i % 50 == 0)
			tick(&f);
	}
	detector()->stats(f.state, &stats);
	assert_int_equal(stats.watched, 8);
	assert_int_equal(stats.rings, 8);
	assert_true(stats.turned_away && stats.watched_turned_away && stats.watched_replaced &&
		    stats.rings_turned_away && stats.vantages_replaced);
	wait_ticks(&f, 700 * S);
	detector()->stats(f.state, &stats);
	assert_int_equal(stats.hosts, 0);
	assert_int_equal(stats.watched, 0);
	assert_int_equal(stats.rings, 0);
	observe(&f, row_of(6000000, 10 * S, 0, 1));
	assert_int_equal(tick(&f), 1);
	close_all(&f);
}

/* Rows as two ordinary exporters and two disjoint ones might give them, with bursts. */
static struct tally random_row(uint64_t seed, uint64_t i)
{
	static const uint32_t vantages[] = { 2, 4, GROUP | 6, GROUP | 8 };
	static const enum traffic_class classes[] = { CLASS_UDP, CLASS_TCP, CLASS_SYN };
	uint64_t r = hash_words(i, 17, seed);
	uint64_t loud = hash_words(i / 200, 0, seed) % 4;
	unsigned end = (unsigned)((r >> 8) % (20 * S));
	struct tally row = row_of((r >> 16) % (1 + 300 * loud), end + (r >> 32) % (40 * S), end,
				  vantages[r % 4]);

	if (r % 5 == 0)
		row.begin_age = row.end_age = 0;
	row.class = (uint8_t)classes[(r >> 40) % 3];
	return row;
}

struct seen {
	struct tally row;
	uint64_t tick_ns;
};

/* Packets per second over the five seconds up to @last_s, the plain way. */
static double naive_rate(const struct seen *seen, size_t count, uint64_t last_s)
{
	double by[CLASS_COUNT][4] = { 0 };
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		const struct tally *row = &seen[i].row;
		double begin = (double)seen[i].tick_ns / 1e9 - row->begin_age / 10.0;
		double end = (double)seen[i].tick_ns / 1e9 - row->end_age / 10.0;
		/* Prompt traffic is of the whole tick. */
		if (row->begin_age == 0)
			begin -= 0.1;
		double length = end > begin ? end - begin : 1e-9;
		double from = fmax(end - length, (double)last_s - 4);
		double to = fmin(end, (double)last_s + 1);
		if (to > from)
			by[row->class][row->vantage & GROUP ? 3 : row->vantage / 4] +=
				(double)row->packets * (to - from) / length;
	}
	for (unsigned c = 0; c < CLASS_COUNT; c++)
		sum += fmax(by[c][0], by[c][1]) + by[c][3];
	return sum / 5;
}

static void late_rows_equal_a_naive_reference(void **state)
{
	enum { ROWS = 12000, TICKS = 600, EACH = 4 };
	struct seen *seen = calloc(ROWS, sizeof(*seen));
	struct fixture f;
	size_t count = 0;
	unsigned aboves = 0;
	uint64_t told_s = 0;
	bool open = false;

	(void)state;
	assert_non_null(seen);
	start_with(&f, 6000);
	for (unsigned t = 0; t < TICKS; t++) {
		/* The first one is heavy: from then on it is watched, with trails. */
		for (unsigned i = 0; i < EACH; i++) {
			struct tally row = t == 0 ? row_of(6000, 55 * S, 0, 2)
						  : random_row(9, (uint64_t)t * EACH + i);
			observe(&f, row);
			seen[count++] = (struct seen){ row, (f.tick + 1) * TICK_NS };
			/* The same horizon for all of them from the first tick on. */
			if (t == 0 && i == 0)
				break;
		}
		tick(&f);
		/* What is open is looked through once a second, and right after it changed. */
		if (f.tick % S != 1 && open)
			continue;
		uint64_t now_s = (f.tick * TICK_NS - 1) / SECOND_NS;
		uint64_t first_s = now_s - 64 > told_s ? now_s - 64 : told_s;
		double most = 0;
		for (uint64_t s = first_s; s <= now_s; s++)
			most = fmax(most, naive_rate(seen, count, s));
		bool above = f.count && f.caught[0].above;
		if (fabs(most - 6000) > 12)
			assert_int_equal(above, most > 6000);
		if (above) {
			assert_true(fabs((double)f.caught[0].value - most) < 2 + most / 10000);
			aboves++;
		}
		if (open && !f.count)
			told_s = now_s - 65;
		open = f.count > 0;
	}
	assert_in_range(aboves, 10, TICKS - 20);
	close_all(&f);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_flow_is_no_spike),
		cmocka_unit_test(an_active_timeout_delays_and_does_not_repeat),
		cmocka_unit_test(an_inactive_timeout_puts_flows_where_they_were),
		cmocka_unit_test(prompt_and_late_traffic_add_up),
		cmocka_unit_test(the_same_from_two_vantages_counts_once),
		cmocka_unit_test(disjoint_vantages_add_up),
		cmocka_unit_test(what_was_told_is_not_told_again),
		cmocka_unit_test(without_trails_for_all_the_heaviest_have_them),
		cmocka_unit_test(a_storm_leaves_nothing_behind),
		cmocka_unit_test(late_rows_equal_a_naive_reference),
	};

	return cmocka_run_group_tests_name("threshold-late", tests, NULL, NULL);
}
