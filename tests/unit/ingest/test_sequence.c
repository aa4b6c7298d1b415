/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of ingest/exporter_sequence: losses on the way are counted as they were, at random and
 * in bursts; order, repeats and restarts are none.
 */
#include "check.h"

#include <string.h>

#include "base/clock.h"
#include "ingest/state.h"

#define START_NS (1700000000 * NS_PER_S)

/* An exporter and the way to us. */
struct way {
	struct exporter exporter;
	struct sequence_mark mark; /* of the next datagram */
	uint64_t step_ns;
	uint64_t sent;    /* units */
	uint64_t arrived; /* of them */
	uint64_t random;
	/* What the numbers count, whatever the protocol says. */
	bool by_datagram;
	bool by_flow;
	bool itself; /* the datagram's own units included */
};

enum kind { NETFLOW5, NETFLOW9, IPFIX, SFLOW5, KINDS };

static uint32_t chance(struct way *way, uint32_t below)
{
	way->random = way->random * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)((way->random >> 33) % below);
}

static void open_way(struct way *way, enum kind kind, uint32_t sequence)
{
	*way = (struct way){
		.mark = { .sequence = sequence,
			  .has_uptime = kind != IPFIX,
			  .unit = kind == IPFIX      ? SEQUENCE_RECORDS
				  : kind == NETFLOW5 ? SEQUENCE_FLOWS
						     : SEQUENCE_DATAGRAMS,
			  .stamp_ms = 100000,
			  .received_ns = START_NS },
		.step_ns = 2 * NS_PER_MS,
		.random = 1 + (uint64_t)kind,
		.by_datagram = kind == NETFLOW9 || kind == SFLOW5,
	};
}

static uint32_t units_of(const struct way *way, const struct sequence_mark *mark)
{
	if (way->by_datagram)
		return 1;
	return way->by_flow ? mark->flows : mark->records;
}

/* The next datagram as it is sent. */
static struct sequence_mark send(struct way *way)
{
	struct sequence_mark mark;

	way->mark.flows = 1 + chance(way, 30);
	way->mark.records = way->mark.flows;
	if (way->mark.unit == SEQUENCE_RECORDS && chance(way, 50) == 0)
		way->mark.records++; /* of options data */
	uint32_t units = units_of(way, &way->mark);
	way->sent += units;
	if (way->itself)
		way->mark.sequence += units;
	mark = way->mark;
	if (!way->itself)
		way->mark.sequence += units;
	way->mark.received_ns += way->step_ns;
	uint32_t passed_ms = (uint32_t)((way->mark.received_ns - START_NS) / NS_PER_MS);
	way->mark.stamp_ms = way->mark.has_uptime ? 100000 + passed_ms : passed_ms / 1000 * 1000;
	return mark;
}

/* As the decoders do. Return: false when it was known to have come before. */
static bool hand_in(struct way *way, const struct sequence_mark *mark, uint64_t received_ns)
{
	uint32_t content[] = { mark->sequence, mark->stamp_ms, mark->records, mark->flows };
	const struct datagram datagram = { .data = (const uint8_t *)content,
					   .len = sizeof(content),
					   .received_ns = received_ns };

	if (exporter_repeated(&way->exporter, &datagram, mark->sequence))
		return false;
	exporter_sequence(&way->exporter, mark);
	return true;
}

static void arrive(struct way *way, const struct sequence_mark *mark)
{
	way->arrived += units_of(way, mark);
	assert_true(hand_in(way, mark, mark->received_ns));
}

static void pass(struct way *way, unsigned datagrams)
{
	for (unsigned i = 0; i < datagrams; i++) {
		struct sequence_mark mark = send(way);
		arrive(way, &mark);
	}
}

static void lose(struct way *way, unsigned datagrams)
{
	for (unsigned i = 0; i < datagrams; i++)
		(void)send(way);
}

static double share(const struct way *way)
{
	const struct exporter_stats *stats = &way->exporter.stats;

	assert_int_equal(stats->lost, stats->expected - stats->received);
	return 1 - (double)stats->received / (double)stats->expected;
}

static void assert_exact(const struct way *way)
{
	const struct exporter_stats *stats = &way->exporter.stats;

	assert_int_equal(stats->expected, way->sent);
	assert_int_equal(stats->received, way->arrived);
	assert_int_equal(stats->restarts, 0);
	assert_int_equal(stats->repeated, 0);
}

static void random_losses_are_counted_to_the_unit(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct way way;
		open_way(&way, kind, UINT32_MAX - 5000);
		pass(&way, 1);
		for (int i = 0; i < 20000; i++) {
			struct sequence_mark mark = send(&way);
			if (chance(&way, 10))
				arrive(&way, &mark);
		}
		pass(&way, 1);
		assert_exact(&way);
		assert_true(share(&way) > 0.09 && share(&way) < 0.11);
	}
}

static void bursts_are_counted_to_the_unit(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct way way;
		open_way(&way, kind, 77);
		pass(&way, 100);
		for (int i = 0; i < 40; i++) {
			lose(&way, 50 + chance(&way, 900));
			pass(&way, 5000);
		}
		assert_exact(&way);
		/* A quarter of an hour's outage at 500 datagrams a second. */
		lose(&way, 450000);
		pass(&way, 1);
		assert_exact(&way);
	}
}

static void order_is_no_loss(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct way way;
		open_way(&way, kind, 9);
		pass(&way, 1);
		for (int i = 0; i < 2000; i++) {
			struct sequence_mark marks[6];
			for (int m = 0; m < 6; m++)
				marks[m] = send(&way);
			for (int m = 6; m > 0; m--) {
				int pick = (int)chance(&way, (uint32_t)m);
				/* One of 60 is lost all the same. */
				if (i % 10 || m > 1)
					arrive(&way, &marks[pick]);
				marks[pick] = marks[m - 1];
			}
		}
		pass(&way, 1);
		assert_exact(&way);
		assert_true(way.exporter.stats.reordered > 1000);
	}
}

static void repeats_are_no_loss_and_no_gain(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct way way;
		struct sequence_mark last[8];
		uint64_t repeats = 0;
		open_way(&way, kind, 0);
		for (unsigned i = 0; i < 10000; i++) {
			struct sequence_mark mark = send(&way);
			arrive(&way, &mark);
			last[i % 8] = mark;
			/* Some at once, some seven datagrams later, and several in a row. */
			if (i >= 8 && i % 100 < 30) {
				struct sequence_mark *again = &last[(i + (i / 100 % 2)) % 8];
				assert_false(hand_in(&way, again, mark.received_ns));
				repeats++;
			}
		}
		assert_int_equal(way.exporter.stats.repeated, repeats);
		assert_int_equal(way.exporter.stats.expected, way.sent);
		assert_int_equal(way.exporter.stats.received, way.arrived);
		assert_int_equal(way.exporter.stats.restarts, 0);
	}
}

/* Even the same words, as those of one quiet flow may be. */
static void numbers_that_stand_still_prove_nothing(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct way way;
		open_way(&way, kind, 0);
		for (unsigned i = 0; i < 1000; i++) {
			struct sequence_mark mark = send(&way);
			mark.sequence = 7;
			/* The first two differ, and show how it is. */
			mark.stamp_ms = i < 2 ? i : 2;
			mark.flows = mark.records = 1;
			assert_true(hand_in(&way, &mark, mark.received_ns));
		}
		assert_int_equal(way.exporter.stats.repeated, 0);
	}
}

static void what_comes_much_later_was_sent_again(void **state)
{
	struct way way;

	(void)state;
	open_way(&way, IPFIX, 0);
	pass(&way, 10);
	struct sequence_mark mark = send(&way);
	arrive(&way, &mark);
	assert_false(hand_in(&way, &mark, mark.received_ns + 4 * NS_PER_S));
	assert_true(hand_in(&way, &mark, mark.received_ns + 60 * NS_PER_S));
}

/* The exporter is down for @seconds, then counts from @sequence on. */
static void restart(struct way *way, uint32_t sequence, unsigned seconds)
{
	way->mark.received_ns += seconds * NS_PER_S;
	way->mark.sequence = sequence;
	way->mark.stamp_ms += seconds * 1000;
}

static void a_restart_is_no_loss(void **state)
{
	static const uint32_t starts[] = { 0, 1, 400, 3000000000U, 123456789, 4294967290U };

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		for (unsigned s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
			struct way way;
			open_way(&way, kind, 1000000000);
			pass(&way, 3000);
			lose(&way, 3); /* what was on its way when it went down */
			way.sent = way.arrived;
			restart(&way, starts[s], 20);
			pass(&way, 3000);
			assert_int_equal(way.exporter.stats.lost, 0);
			assert_int_equal(way.exporter.stats.restarts, 1);
			assert_int_equal(way.exporter.stats.received, way.arrived);
			/* And losses are counted as before. */
			lose(&way, 10);
			pass(&way, 1);
			assert_int_equal(way.exporter.stats.expected, way.sent);
		}
	}
}

static void a_restart_with_a_short_count_is_no_loss(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct way way;
		open_way(&way, kind, 0);
		pass(&way, 200);
		restart(&way, 0, 2);
		pass(&way, 3000);
		assert_int_equal(way.exporter.stats.lost, 0);
		assert_int_equal(way.exporter.stats.restarts, 1);
		assert_int_equal(way.exporter.stats.received, way.arrived);
	}
}

static void uptime_tells_a_restart_that_looks_like_a_loss(void **state)
{
	struct way way;

	(void)state;
	open_way(&way, NETFLOW9, 50);
	pass(&way, 100);
	struct sequence_mark mark = way.mark;
	mark.received_ns += 60 * NS_PER_S;
	mark.stamp_ms = 3000;
	mark.sequence = 400; /* it went down at 150, and was not heard at first */
	exporter_sequence(&way.exporter, &mark);
	assert_int_equal(way.exporter.stats.restarts, 1);
	assert_int_equal(way.exporter.stats.lost, 0);
}

static void one_odd_datagram_changes_nothing(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct way way;
		open_way(&way, kind, 5);
		pass(&way, 500);
		struct sequence_mark odd = way.mark;
		odd.sequence += 1U << 29;
		odd.records = 1;
		odd.flows = 1;
		exporter_sequence(&way.exporter, &odd);
		pass(&way, 500);
		assert_int_equal(way.exporter.stats.restarts, 0);
		assert_int_equal(way.exporter.stats.lost, 0);
	}
}

static void data_that_could_not_be_read_are_no_loss(void **state)
{
	struct way way;

	(void)state;
	open_way(&way, IPFIX, 5);
	pass(&way, 10);
	for (int i = 0; i < 10; i++) {
		struct sequence_mark mark = send(&way);
		mark.records = 0;
		mark.flows = 0;
		mark.unread = true;
		exporter_sequence(&way.exporter, &mark);
	}
	pass(&way, 10);
	assert_int_equal(way.exporter.stats.lost, 0);
	lose(&way, 1);
	pass(&way, 1);
	assert_true(way.exporter.stats.lost > 0);
}

static void assert_understood(struct way *way)
{
	pass(way, 500);
	assert_int_equal(way->exporter.stats.lost, 0);
	uint64_t restarts = way->exporter.stats.restarts;
	assert_true(restarts < 10);
	/* From here on to the unit. */
	struct exporter_stats before = way->exporter.stats;
	way->sent = way->arrived = 0;
	for (int i = 0; i < 20000; i++) {
		struct sequence_mark mark = send(way);
		if (chance(way, 10))
			arrive(way, &mark);
	}
	pass(way, 1);
	assert_int_equal(way->exporter.stats.expected - before.expected, way->sent);
	assert_int_equal(way->exporter.stats.received - before.received, way->arrived);
	assert_int_equal(way->exporter.stats.restarts, restarts);
}

static void who_counts_in_another_unit_is_understood(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < SFLOW5; kind++) {
		struct way way;
		open_way(&way, kind, 5);
		way.by_datagram = !way.by_datagram;
		assert_understood(&way);
	}
}

/* As softflowd and Open vSwitch do, softflowd without the options data. */
static void who_counts_itself_is_understood(void **state)
{
	(void)state;
	for (int flows = 0; flows < 2; flows++) {
		for (enum kind kind = 0; kind < SFLOW5; kind++) {
			struct way way;
			open_way(&way, kind, 5);
			way.itself = true;
			way.by_flow = flows;
			assert_understood(&way);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_losses_are_counted_to_the_unit),
		cmocka_unit_test(bursts_are_counted_to_the_unit),
		cmocka_unit_test(order_is_no_loss),
		cmocka_unit_test(repeats_are_no_loss_and_no_gain),
		cmocka_unit_test(numbers_that_stand_still_prove_nothing),
		cmocka_unit_test(what_comes_much_later_was_sent_again),
		cmocka_unit_test(a_restart_is_no_loss),
		cmocka_unit_test(a_restart_with_a_short_count_is_no_loss),
		cmocka_unit_test(uptime_tells_a_restart_that_looks_like_a_loss),
		cmocka_unit_test(one_odd_datagram_changes_nothing),
		cmocka_unit_test(data_that_could_not_be_read_are_no_loss),
		cmocka_unit_test(who_counts_in_another_unit_is_understood),
		cmocka_unit_test(who_counts_itself_is_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
