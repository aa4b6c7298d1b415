/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tally/shard: what is counted where, limits and their counters, ticks, reload. */
#include "check.h"

#include <stdlib.h>

#include "base/hash.h"
#include "own_space.h"
#include "tally/hosts.h"
#include "tally/shard.h"

struct fixture {
	struct own_space space;
	struct shard *shard;
	struct tally_batch *batch;
};

static void open_with(struct fixture *f, uint64_t max_hosts, uint64_t max_details)
{
	own_space_init(&f->space);
	f->space.config.max_hosts = max_hosts;
	f->space.config.max_details = max_details;
	f->space.config.max_samples = 512;
	f->shard = NULL;
	assert_int_equal(shard_open(&f->space.config, 1, &f->shard), 0);
	f->batch = tally_batch_new(&f->space.config);
	assert_non_null(f->batch);
}

static void close_all(struct fixture *f)
{
	shard_close(f->shard);
	tally_batch_free(f->batch);
	own_space_done(&f->space);
}

/* Rows of own hosts; they come first. */
static size_t host_rows(const struct tally_batch *batch)
{
	size_t count = 0;

	while (count < batch->count && batch->rows[count].len == 128 &&
	       batch->rows[count].kind == TALLY_OWN)
		count++;
	for (size_t i = count; i < batch->count; i++)
		assert_true(batch->rows[i].len < 128 || batch->rows[i].kind == TALLY_OUTSIDE);
	return count;
}

/* A host's first row in one direction. */
static const struct tally *find(const struct tally_batch *batch, const char *host,
				enum direction direction)
{
	struct ip ip = ip_of(host);

	for (size_t i = 0; i < batch->count; i++) {
		const struct tally *row = &batch->rows[i];
		if (ip_equal(&row->host, &ip) && row->direction == direction)
			return row;
	}
	return NULL;
}

/* What it got in one class, all of its rows together. */
static struct tally_count of_class(const struct tally_batch *batch, const struct tally *first,
				   enum traffic_class class)
{
	struct tally_count sum = { 0 };

	for (const struct tally *row = first;; row = &batch->rows[row->next - 1]) {
		struct tally_count count = { row->packets, row->bytes, row->flows };
		if (row->class == class)
			tally_count_add(&sum, &count);
		if (!row->next)
			return sum;
	}
}

static const struct tally_detail *detail_of(const struct tally_batch *batch,
					    const struct tally *first)
{
	return first->detail ? &batch->details[first->detail - 1] : NULL;
}

static void add(struct fixture *f, struct flow flow)
{
	assert_int_equal(shard_add(f->shard, &flow, 1), 1);
}

static void each_direction_counts_at_its_own_host(void **state)
{
	struct fixture f;
	struct flow flows[] = {
		flow_of("192.0.2.1", "198.51.100.7", CLASS_UDP_AMP, 2, 2000),
		flow_of("2001:db8:a::7", "2001:db8:b::1", CLASS_SYN, 3, 120),
		flow_of("198.51.100.7", "203.0.113.9", CLASS_TCP, 5, 500),
		flow_of("192.0.2.1", "192.0.2.2", CLASS_TCP, 7, 700),
	};

	(void)state;
	open_with(&f, 100, 10);
	assert_int_equal(shard_add(f.shard, flows, 4), 4);
	shard_tick(f.shard, SECOND_NS, f.batch);
	assert_int_equal(host_rows(f.batch), 3);
	assert_int_equal(f.batch->tick_ns, SECOND_NS);

	const struct tally *in = find(f.batch, "198.51.100.7", DIRECTION_INBOUND);
	assert_ptr_equal(in, &f.batch->rows[0]);
	assert_int_equal(of_class(f.batch, in, CLASS_UDP_AMP).packets, 2);
	assert_int_equal(of_class(f.batch, in, CLASS_UDP_AMP).bytes, 2000);
	assert_int_equal(of_class(f.batch, in, CLASS_UDP_AMP).flows, 1);
	assert_int_equal(in->sampled, 2);
	const struct tally *out = find(f.batch, "2001:db8:a::7", DIRECTION_OUTBOUND);
	assert_ptr_equal(out, &f.batch->rows[1]);
	assert_int_equal(of_class(f.batch, out, CLASS_SYN).packets, 3);
	const struct tally *inside = find(f.batch, "203.0.113.9", DIRECTION_INTERNAL);
	assert_ptr_equal(inside, &f.batch->rows[2]);
	assert_int_equal(of_class(f.batch, inside, CLASS_TCP).bytes, 500);

	for (size_t d = 0; d < DIRECTION_COUNT; d++)
		assert_int_equal(f.batch->stats.flows[d], 1);
	assert_int_equal(f.batch->stats.packets[DIRECTION_TRANSIT], 7);
	assert_int_equal(f.batch->stats.bytes[DIRECTION_INTERNAL], 500);
	assert_int_equal(f.batch->stats.hosts, 3);
	assert_int_equal(flows[3].direction, DIRECTION_TRANSIT);
	close_all(&f);
}

static void both_families_count_alike(void **state)
{
	struct fixture f;

	(void)state;
	open_with(&f, 100, 10);
	for (uint64_t i = 1; i < 50; i++) {
		add(&f, flow_of("192.0.2.1", "198.51.100.1", CLASS_UDP, i, i * 60));
		add(&f, flow_of("2001:db8::1", "2001:db8:a::1", CLASS_UDP, i, i * 60));
	}
	shard_tick(f.shard, SECOND_NS, f.batch);
	const struct tally *v4 = find(f.batch, "198.51.100.1", DIRECTION_INBOUND);
	const struct tally *v6 = find(f.batch, "2001:db8:a::1", DIRECTION_INBOUND);
	assert_int_equal(v4->packets, 49 * 50 / 2);
	assert_int_equal(v4->packets, v6->packets);
	assert_int_equal(v4->bytes, v6->bytes);
	assert_int_equal(v4->sampled, v6->sampled);
	assert_memory_equal(detail_of(f.batch, v4)->ports, detail_of(f.batch, v6)->ports,
			    sizeof(detail_of(f.batch, v4)->ports));
	close_all(&f);
}

static void sampling_scales_and_never_wraps(void **state)
{
	struct fixture f;
	struct flow flow = flow_of("192.0.2.1", "198.51.100.1", CLASS_UDP, 2, 120);
	struct flow unknown = flow;
	struct flow absurd = flow_of("192.0.2.1", "198.51.100.2", CLASS_UDP, UINT64_MAX / 2, 3);

	(void)state;
	open_with(&f, 100, 10);
	flow.sampling = 1000;
	unknown.sampling = 0;
	absurd.sampling = 4096;
	add(&f, flow);
	add(&f, unknown);
	add(&f, absurd);
	add(&f, absurd);
	shard_tick(f.shard, SECOND_NS, f.batch);
	const struct tally *tally = find(f.batch, "198.51.100.1", DIRECTION_INBOUND);
	assert_int_equal(of_class(f.batch, tally, CLASS_UDP).packets, 2002);
	assert_int_equal(of_class(f.batch, tally, CLASS_UDP).bytes, 120120);
	assert_int_equal(tally->sampled, 4);
	assert_int_equal(f.batch->stats.unknown_sampling, 1);
	tally = find(f.batch, "198.51.100.2", DIRECTION_INBOUND);
	assert_true(of_class(f.batch, tally, CLASS_UDP).packets == UINT64_MAX);
	assert_int_equal(of_class(f.batch, tally, CLASS_UDP).bytes, 6 * 4096);
	close_all(&f);
}

static void a_biflow_counts_both_ways(void **state)
{
	struct fixture f;
	struct flow flow = flow_of("198.51.100.1", "192.0.2.53", CLASS_UDP, 1, 60);

	(void)state;
	open_with(&f, 100, 10);
	flow.dport = 53;
	flow.sampling = 10;
	flow.has = FLOW_HAS_PROTO | FLOW_HAS_SPORT | FLOW_HAS_DPORT | FLOW_HAS_REVERSE;
	flow.rev_packets = 20;
	flow.rev_bytes = 28000;
	add(&f, flow);
	shard_tick(f.shard, SECOND_NS, f.batch);
	const struct tally *out = find(f.batch, "198.51.100.1", DIRECTION_OUTBOUND);
	const struct tally *in = find(f.batch, "198.51.100.1", DIRECTION_INBOUND);
	assert_int_equal(of_class(f.batch, out, CLASS_UDP).packets, 10);
	/* The answer comes from port 53. */
	assert_int_equal(of_class(f.batch, in, CLASS_UDP_AMP).packets, 200);
	assert_int_equal(of_class(f.batch, in, CLASS_UDP_AMP).bytes, 280000);
	assert_non_null(detail_of(f.batch, in));
	assert_int_equal(detail_of(f.batch, in)->ports[0].sport, 53);
	struct ip server = ip_of("192.0.2.53");
	assert_true(ip_equal(&detail_of(f.batch, in)->peers[0].ip, &server));
	close_all(&f);
}

static void vantages_and_ages_have_rows_of_their_own(void **state)
{
	struct fixture f;
	struct flow now = flow_of("192.0.2.1", "198.51.100.1", CLASS_UDP, 3, 300);
	struct flow other = now;
	struct flow aged = now;

	(void)state;
	open_with(&f, 100, 10);
	other.vantage = 7;
	aged.begin_age_ms = 60001;
	aged.end_age_ms = 15999;
	for (int i = 0; i < 2; i++) {
		add(&f, now);
		add(&f, other);
		add(&f, aged);
	}
	shard_tick(f.shard, SECOND_NS, f.batch);
	assert_int_equal(host_rows(f.batch), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(f.batch->rows[i].packets, 6);
		assert_int_equal(f.batch->rows[i].flows, 2);
		assert_int_equal(f.batch->rows[i].sampled, 6);
		assert_int_equal(f.batch->rows[i].vantage, i == 1 ? 7 : 0);
		/* Begins are rounded away from now and ends towards it: never shorter. */
		assert_int_equal(f.batch->rows[i].begin_age, i == 2 ? 601 : 0);
		assert_int_equal(f.batch->rows[i].end_age, i == 2 ? 159 : 0);
	}
	assert_int_equal(of_class(f.batch, &f.batch->rows[0], CLASS_UDP).packets, 18);
	close_all(&f);
}

static void what_no_row_can_date_is_left_out_and_not_squeezed(void **state)
{
	struct fixture f;
	struct flow flow = flow_of("192.0.2.1", "198.51.100.1", CLASS_UDP, 1000, 80000);

	(void)state;
	open_with(&f, 100, 10);
	/* Twice as long as the oldest age there is. */
	flow.begin_age_ms = 2 * UINT16_MAX * TALLY_AGE_MS;
	add(&f, flow);
	shard_tick(f.shard, SECOND_NS, f.batch);
	assert_int_equal(f.batch->rows[0].packets, 500);
	assert_int_equal(f.batch->rows[0].bytes, 40000);
	assert_int_equal(f.batch->rows[0].begin_age, UINT16_MAX);
	assert_int_equal(f.batch->stats.packets[DIRECTION_INBOUND], 1000);
	close_all(&f);
}

static void full_rows_ask_for_an_early_end_of_the_tick(void **state)
{
	struct fixture f;
	struct flow flow = flow_of("192.0.2.1", "198.51.100.1", CLASS_UDP, 1, 60);
	uint64_t packets = 0;
	unsigned ends = 0;

	(void)state;
	open_with(&f, 10, 10);
	for (uint32_t i = 0; i < 20000; i++) {
		flow.vantage = i;
		if (shard_add(f.shard, &flow, 1) == 1)
			continue;
		shard_tick(f.shard, SECOND_NS, f.batch);
		packets += of_class(f.batch, &f.batch->rows[0], CLASS_UDP).packets;
		assert_int_equal(shard_add(f.shard, &flow, 1), 1);
		ends++;
	}
	shard_tick(f.shard, SECOND_NS, f.batch);
	packets += of_class(f.batch, &f.batch->rows[0], CLASS_UDP).packets;
	assert_in_range(ends, 1, 20);
	assert_int_equal(packets, 20000);
	assert_int_equal(f.batch->stats.turned_away, 0);
	close_all(&f);
}

static void without_a_parcel_flows_are_turned_away_and_counted(void **state)
{
	struct fixture f;
	struct flow flow = flow_of("192.0.2.1", "198.51.100.1", CLASS_UDP, 1, 60);

	(void)state;
	open_with(&f, 10, 10);
	for (uint32_t i = 0; i < 20000; i++) {
		flow.vantage = i;
		shard_squeeze(f.shard, &flow, 1);
	}
	/* What has a row goes on counting. */
	flow.vantage = 0;
	shard_squeeze(f.shard, &flow, 1);
	shard_tick(f.shard, SECOND_NS, f.batch);
	assert_int_equal(f.batch->rows[0].packets, 2);
	assert_true(f.batch->stats.turned_away > 0);
	assert_int_equal(of_class(f.batch, &f.batch->rows[0], CLASS_UDP).packets +
				 f.batch->stats.turned_away,
			 20001);
	assert_int_equal(f.batch->stats.packets[DIRECTION_INBOUND], 20001);
	close_all(&f);
}

static void late_flows_are_counted_as_such_and_not_tallied(void **state)
{
	struct fixture f;
	struct flow flow = flow_of("192.0.2.1", "198.51.100.1", CLASS_UDP, 2, 120);
	struct flow late = flow_of("192.0.2.1", "198.51.100.2", CLASS_UDP, 9000, 540000);

	(void)state;
	open_with(&f, 100, 10);
	late.late = true;
	add(&f, late);
	add(&f, flow);
	shard_tick(f.shard, SECOND_NS, f.batch);
	assert_int_equal(host_rows(f.batch), 1);
	assert_null(find(f.batch, "198.51.100.2", DIRECTION_INBOUND));
	assert_int_equal(f.batch->stats.late, 1);
	assert_int_equal(f.batch->stats.packets[DIRECTION_INBOUND], 2);
	assert_int_equal(f.batch->stats.turned_away, 0);
	close_all(&f);
}

static void without_networks_every_destination_is_own(void **state)
{
	struct fixture f;

	(void)state;
	open_with(&f, 100, 10);
	f.space.config.network_count = 0;
	add(&f, flow_of("198.51.100.1", "192.0.2.1", CLASS_UDP, 1, 60));
	shard_tick(f.shard, SECOND_NS, f.batch);
	assert_int_equal(host_rows(f.batch), 1);
	assert_non_null(find(f.batch, "192.0.2.1", DIRECTION_INBOUND));
	close_all(&f);
}

static void a_tick_gives_only_what_was_touched(void **state)
{
	struct fixture f;

	(void)state;
	open_with(&f, 100, 10);
	add(&f, flow_of("192.0.2.1", "198.51.100.1", CLASS_UDP, 1, 60));
	add(&f, flow_of("192.0.2.1", "198.51.100.2", CLASS_UDP, 1, 60));
	shard_tick(f.shard, SECOND_NS / 10, f.batch);
	assert_int_equal(host_rows(f.batch), 2);
	add(&f, flow_of("192.0.2.1", "198.51.100.2", CLASS_SYN, 4, 160));
	shard_tick(f.shard, SECOND_NS / 5, f.batch);
	assert_int_equal(host_rows(f.batch), 1);
	assert_int_equal(f.batch->rows[0].class, CLASS_SYN);
	assert_int_equal(f.batch->rows[0].packets, 4);
	shard_tick(f.shard, SECOND_NS / 2, f.batch);
	assert_int_equal(host_rows(f.batch), 0);
	assert_int_equal(f.batch->stats.flows[DIRECTION_INBOUND], 3);
	close_all(&f);
}

static void add_hosts(struct fixture *f, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct flow flow = flow_of("192.0.2.1", "2001:db8:a::", CLASS_UDP, 1, 60);
		flow.dst.b[14] = (uint8_t)((first + i) >> 8);
		flow.dst.b[15] = (uint8_t)(first + i);
		assert_int_equal(shard_add(f->shard, &flow, 1), 1);
	}
}

static void a_full_table_counts_and_lets_the_silent_go(void **state)
{
	struct fixture f;

	(void)state;
	open_with(&f, 300, 10);
	add_hosts(&f, 0, 500);
	shard_tick(f.shard, SECOND_NS, f.batch);
	assert_int_equal(host_rows(f.batch), 300);
	assert_int_equal(f.batch->stats.turned_away, 200);
	assert_int_equal(f.batch->stats.hosts, 300);
	/* Hosts that go on stay; the rest makes room within a sweep of the table. */
	for (uint64_t tick = 2; tick < 200; tick++) {
		add_hosts(&f, 0, 50);
		shard_tick(f.shard, tick * SECOND_NS, f.batch);
		assert_int_equal(host_rows(f.batch), 50);
	}
	assert_int_equal(f.batch->stats.hosts, 50);
	add_hosts(&f, 1000, 250);
	shard_tick(f.shard, 200 * SECOND_NS, f.batch);
	assert_int_equal(host_rows(f.batch), 250);
	assert_int_equal(f.batch->stats.turned_away, 200);
	close_all(&f);
}

static void busy_hosts_get_a_detail(void **state)
{
	struct fixture f;

	(void)state;
	open_with(&f, 100, 10);
	for (int i = 0; i < 20; i++)
		add(&f, flow_of("192.0.2.1", "198.51.100.1", CLASS_UDP, 1, 60));
	for (int i = 0; i < 8; i++)
		add(&f, flow_of("192.0.2.1", "198.51.100.2", CLASS_UDP, 1, 60));
	shard_tick(f.shard, SECOND_NS, f.batch);
	const struct tally *busy = find(f.batch, "198.51.100.1", DIRECTION_INBOUND);
	assert_non_null(detail_of(f.batch, busy));
	/* All but those that had to show that the host is busy. */
	assert_int_equal(detail_of(f.batch, busy)->peers[0].packets, 12);
	assert_int_equal(find(f.batch, "198.51.100.2", DIRECTION_INBOUND)->detail, 0);
	assert_int_equal(f.batch->detail_count, 1);

	/* Known as busy: from the first packet on, and in a detail of this tick alone. */
	add(&f, flow_of("192.0.2.9", "198.51.100.1", CLASS_UDP, 1, 60));
	shard_tick(f.shard, SECOND_NS + SECOND_NS / 10, f.batch);
	busy = find(f.batch, "198.51.100.1", DIRECTION_INBOUND);
	assert_non_null(detail_of(f.batch, busy));
	assert_int_equal(detail_of(f.batch, busy)->peers[0].packets, 1);
	assert_int_equal(detail_of(f.batch, busy)->peers[1].packets, 0);
	assert_int_equal(tally_detail_distinct(detail_of(f.batch, busy)), 1);

	/* Quiet for a second: no longer. */
	shard_tick(f.shard, 3 * SECOND_NS, f.batch);
	add(&f, flow_of("192.0.2.9", "198.51.100.1", CLASS_UDP, 1, 60));
	shard_tick(f.shard, 4 * SECOND_NS, f.batch);
	assert_int_equal(f.batch->rows[0].detail, 0);
	close_all(&f);
}

/* A limit of 16,000 pps and 12.8 Mbps: 100 packets or 10,000 bytes in a tick are worth a look. */
static void hosts_far_below_every_limit_get_no_detail(void **state)
{
	const struct config_threshold threshold = {
		.limit = { [METRIC_PPS] = 16000, [METRIC_BPS] = 12800000 },
	};
	struct fixture f;

	(void)state;
	open_with(&f, 100, 10);
	f.space.config.thresholds = &threshold;
	f.space.config.threshold_count = 1;
	shard_reload(f.shard, &f.space.config);
	for (int i = 0; i < 99; i++) {
		add(&f, flow_of("192.0.2.1", "198.51.100.1", CLASS_UDP, 1, 60));
		add(&f, flow_of("192.0.2.1", "198.51.100.2", CLASS_UDP, 1, 60));
	}
	add(&f, flow_of("192.0.2.1", "198.51.100.2", CLASS_UDP, 1, 60));
	for (int i = 0; i < 9; i++)
		add(&f, flow_of("192.0.2.1", "198.51.100.3", CLASS_UDP, 1, 1100));
	shard_tick(f.shard, SECOND_NS, f.batch);
	assert_int_equal(find(f.batch, "198.51.100.1", DIRECTION_INBOUND)->detail, 0);
	assert_true(find(f.batch, "198.51.100.2", DIRECTION_INBOUND)->detail > 0);
	/* Enough for the floor, but not enough bytes for the limits. */
	assert_int_equal(find(f.batch, "198.51.100.3", DIRECTION_INBOUND)->detail, 0);
	add(&f, flow_of("192.0.2.1", "198.51.100.3", CLASS_UDP, 9, 10000));
	shard_tick(f.shard, SECOND_NS + SECOND_NS / 10, f.batch);
	assert_true(find(f.batch, "198.51.100.3", DIRECTION_INBOUND)->detail > 0);
	close_all(&f);
}

static void of_a_flood_a_part_stands_for_all_in_the_detail(void **state)
{
	struct fixture f;
	struct flow flow = flow_of("192.0.2.0", "198.51.100.1", CLASS_SYN, 1, 40);

	(void)state;
	open_with(&f, 100, 10);
	for (int i = 0; i < 1000; i++) {
		flow.src.b[15] = (uint8_t)(i % 2 ? 1 : 2 + i % 50);
		assert_int_equal(shard_add(f.shard, &flow, 1), 1);
	}
	shard_tick(f.shard, SECOND_NS, f.batch);
	const struct tally *tally = find(f.batch, "198.51.100.1", DIRECTION_INBOUND);
	assert_int_equal(of_class(f.batch, tally, CLASS_SYN).packets, 1000);
	assert_int_equal(tally->sampled, 1000);
	/* All but the eight that had to show that the host is busy. */
	assert_int_equal(detail_of(f.batch, tally)->by_class[CLASS_SYN].packets, 992);
	assert_int_equal(detail_of(f.batch, tally)->by_class[CLASS_SYN].bytes, 992 * 40);
	assert_in_range(tally_detail_distinct(detail_of(f.batch, tally)), 25, 27);
	close_all(&f);
}

static void one_second(struct fixture *f, uint64_t second, unsigned hosts)
{
	for (unsigned host = 0; host < hosts; host++) {
		/* Host n has n times 10 packets: the last ones are the busiest. */
		struct flow flow = flow_of("192.0.2.1", "198.51.100.0", CLASS_UDP, 1, 60);
		flow.dst.b[15] = (uint8_t)host;
		flow.packets = 10UL * (host + 1);
		assert_int_equal(shard_add(f->shard, &flow, 1), 1);
	}
	shard_tick(f->shard, second * SECOND_NS, f->batch);
}

static void details_go_to_the_busiest(void **state)
{
	struct fixture f;
	uint64_t second = 1;

	(void)state;
	open_with(&f, 100, 4);
	one_second(&f, second++, 40);
	assert_int_equal(f.batch->detail_count, 4);
	assert_int_equal(f.batch->stats.details_turned_away, 36);
	for (int i = 0; i < 15; i++)
		one_second(&f, second++, 40);
	uint64_t turned_away = f.batch->stats.details_turned_away;
	one_second(&f, second++, 40);
	assert_int_equal(f.batch->stats.details_turned_away, turned_away);
	const struct tally *busiest = find(f.batch, "198.51.100.39", DIRECTION_INBOUND);
	assert_non_null(detail_of(f.batch, busiest));
	assert_int_equal(find(f.batch, "198.51.100.1", DIRECTION_INBOUND)->detail, 0);
	assert_true(f.batch->stats.detail_floor > 8);
	/* And when few are left, the floor sinks again. */
	for (int i = 0; i < 40; i++)
		one_second(&f, second++, 1);
	assert_int_equal(f.batch->stats.detail_floor, 8);
	close_all(&f);
}

static void other_networks_after_a_reload(void **state)
{
	struct fixture f;
	struct own_space other;

	(void)state;
	open_with(&f, 100, 10);
	own_space_init(&other);
	other.config.network_count = 1;
	lpm_free(other.config.network_lpm);
	other.config.network_lpm = lpm_new();
	other.networks[0].prefix = prefix_of("192.0.2.0/24");
	assert_int_equal(lpm_add(other.config.network_lpm, &other.networks[0].prefix, 0), 0);

	add(&f, flow_of("192.0.2.1", "198.51.100.1", CLASS_UDP, 1, 60));
	shard_reload(f.shard, &other.config);
	add(&f, flow_of("192.0.2.1", "198.51.100.1", CLASS_UDP, 1, 60));
	shard_tick(f.shard, SECOND_NS, f.batch);
	assert_int_equal(host_rows(f.batch), 2);
	assert_non_null(find(f.batch, "198.51.100.1", DIRECTION_INBOUND));
	assert_non_null(find(f.batch, "192.0.2.1", DIRECTION_OUTBOUND));
	own_space_done(&other);
	close_all(&f);
}

/* Flows that a property holds for: few hosts and many, all directions, some biflows. */
static struct flow random_flow(uint64_t seed, uint64_t i)
{
	uint64_t r = hash_words(i, 7, seed);
	const char *own = r & 1 ? "198.51.100.0" : "2001:db8:a::";
	const char *out = r & 1 ? "192.0.2.0" : "2001:db8:b::";
	bool inbound = r & 2;
	struct flow flow = flow_of(inbound ? out : own, inbound || (r & 12) == 0 ? own : out,
				   (enum traffic_class)((r >> 4) % CLASS_COUNT), 1 + (r >> 8) % 20,
				   40 + (r >> 16) % 1400);

	flow.src.b[15] = (uint8_t)(r >> 32);
	flow.dst.b[15] = (uint8_t)(r >> 40);
	flow.sampling = (uint32_t)((r >> 48) % 3 * 50);
	flow.vantage = (uint32_t)(hash_words(i, 8, seed) % 3);
	if (hash_words(i, 9, seed) % 2) {
		flow.end_age_ms = (uint32_t)(hash_words(i, 10, seed) % 5 * 300);
		flow.begin_age_ms = flow.end_age_ms + 1500;
	}
	if ((r >> 56) % 5 == 0) {
		flow.has = FLOW_HAS_REVERSE;
		flow.rev_packets = (r >> 58) & 3;
		flow.rev_bytes = flow.rev_packets * 100;
	}
	return flow;
}

/* The same, counted as simply as possible. */
struct naive {
	struct tally rows[4096];
	size_t count;
};

/* Rows that merge by addition. */
static bool same_key(const struct tally *a, const struct tally *b)
{
	return ip_equal(&a->host, &b->host) && a->direction == b->direction &&
	       a->class == b->class && a->vantage == b->vantage && a->begin_age == b->begin_age &&
	       a->end_age == b->end_age && a->len == b->len && a->kind == b->kind;
}

static void naive_count(struct naive *naive, const struct config *config, const struct flow *flow)
{
	enum direction direction = config_direction(config, &flow->src, &flow->dst);
	uint64_t scale = flow->sampling ? flow->sampling : 1;
	struct tally key = { .host = direction == DIRECTION_OUTBOUND ? flow->src : flow->dst,
			     .vantage = flow->vantage,
			     .begin_age = (uint16_t)((flow->begin_age_ms + 99) / 100),
			     .end_age = (uint16_t)(flow->end_age_ms / 100),
			     .direction = (uint8_t)direction,
			     .class = flow->class,
			     .len = 128 };
	size_t i = 0;

	if (direction == DIRECTION_TRANSIT)
		return;
	while (i < naive->count && !same_key(&naive->rows[i], &key))
		i++;
	if (i == naive->count)
		naive->rows[naive->count++] = key;
	naive->rows[i].packets += flow->packets * scale;
	naive->rows[i].bytes += flow->bytes * scale;
	naive->rows[i].flows++;
	naive->rows[i].sampled += flow->packets;
}

static void naive_add(struct naive *naive, const struct config *config, const struct flow *flow)
{
	naive_count(naive, config, flow);
	if (!(flow->has & FLOW_HAS_REVERSE) || !flow->rev_packets)
		return;
	struct flow back = *flow;
	back.src = flow->dst;
	back.dst = flow->src;
	back.sport = flow->dport;
	back.dport = flow->sport;
	back.packets = flow->rev_packets;
	back.bytes = flow->rev_bytes;
	back.class = (uint8_t)flow_classify(&back);
	naive_count(naive, config, &back);
}

/* All host rows together say what the naive ones say, and nothing else. */
static void compare(const struct tally_batch *batch, const struct naive *naive)
{
	size_t used = 0;

	for (size_t i = 0; i < naive->count; i++) {
		const struct tally *should = &naive->rows[i];
		struct tally sum = { 0 };
		for (size_t j = 0; j < batch->count; j++) {
			const struct tally *is = &batch->rows[j];
			if (!same_key(is, should))
				continue;
			sum.packets += is->packets;
			sum.bytes += is->bytes;
			sum.flows += is->flows;
			sum.sampled += is->sampled;
			used++;
		}
		assert_int_equal(sum.packets, should->packets);
		assert_int_equal(sum.bytes, should->bytes);
		assert_int_equal(sum.flows, should->flows);
		assert_int_equal(sum.sampled, should->sampled);
	}
	assert_int_equal(used, host_rows(batch));
}

static void random_flows_equal_a_naive_count(void **state)
{
	struct naive *naive = malloc(sizeof(*naive));
	struct fixture f;

	(void)state;
	assert_non_null(naive);
	open_with(&f, 4096, 50);
	for (uint64_t tick = 1; tick <= 8; tick++) {
		struct flow flows[100];
		naive->count = 0;
		for (uint64_t i = 0; i < 1500;) {
			size_t n = 1 + hash_words(i, tick, 3) % 100;
			for (size_t j = 0; j < n; j++) {
				flows[j] = random_flow(tick, i++);
				naive_add(naive, &f.space.config, &flows[j]);
			}
			assert_int_equal(shard_add(f.shard, flows, n), n);
		}
		shard_tick(f.shard, tick * 40 * SECOND_NS, f.batch);
		compare(f.batch, naive);
	}
	close_all(&f);
	free(naive);
}

/* Adds and sweeps in a table so small that runs of entries collide and wrap around its end. */
static void removal_keeps_every_other_host_reachable(void **state)
{
	struct hosts hosts;
	bool live[64] = { false };

	(void)state;
	assert_int_equal(hosts_open(&hosts, 32, 5), 0);
	for (uint64_t round = 0; round < 3000; round++) {
		uint64_t r = hash_words(round, 0, 9);
		const struct tally of = { .host = { .b = { [15] = (uint8_t)(r % 64) } } };
		struct host_aim aim = hosts_aim(&hosts, NULL, &of.host, 0);
		struct host_slot *found = hosts_find(&hosts, &aim, &of.host, 0);
		struct host_slot *slot = hosts_take(&hosts, &aim, found, &of, 100);
		if (slot) {
			assert_int_equal(slot->row, live[r % 64] ? r % 64 : 0);
			assert_ptr_equal(hosts_find(&hosts, &aim, &of.host, 0), slot);
			live[r % 64] = true;
			slot->row = (uint32_t)(r % 64);
			/* Odd ones look silent to the sweep, but not enough to be replaced. */
			slot->second = r % 2 ? 99 : 100;
		}
		if (round % 20 != 0)
			continue;
		for (int i = 0; i < 3; i++)
			hosts_sweep(&hosts, 100, 0, 1);
		size_t left = 0;
		for (size_t i = 0; i < 64; i++) {
			live[i] = live[i] && i % 2 == 0;
			left += live[i];
		}
		assert_int_equal(hosts.count, left);
	}
	assert_int_equal(hosts.replaced, 0);
	hosts_close(&hosts);
}

static void what_was_found_before_and_is_anothers_now_does_not_mislead(void **state)
{
	const struct tally one = { .host = { .b = { [15] = 1 } } };
	const struct tally other = { .host = { .b = { [15] = 2 } } };
	struct hosts hosts;

	(void)state;
	assert_int_equal(hosts_open(&hosts, 32, 5), 0);
	struct host_aim aim = hosts_aim(&hosts, NULL, &one.host, 0);
	struct host_slot *slot = hosts_take(&hosts, &aim, NULL, &one, 10);
	assert_ptr_equal(hosts_take(&hosts, &aim, slot, &one, 10), slot);
	aim = hosts_aim(&hosts, NULL, &other.host, 0);
	assert_ptr_not_equal(hosts_take(&hosts, &aim, slot, &other, 10), slot);
	assert_int_equal(hosts.count, 2);
	hosts_close(&hosts);
}

static void a_silent_host_makes_room_in_a_full_table(void **state)
{
	struct hosts hosts;

	(void)state;
	assert_int_equal(hosts_open(&hosts, 32, 5), 0);
	for (unsigned i = 0; i < 100; i++) {
		const struct tally of = { .host = { .b = { [15] = (uint8_t)i } } };
		struct host_aim aim = hosts_aim(&hosts, NULL, &of.host, 0);
		bool fits = hosts_take(&hosts, &aim, NULL, &of, 10) != NULL;
		assert_int_equal(fits, i < 32);
	}
	for (unsigned i = 100; i < 132; i++) {
		const struct tally of = { .host = { .b = { [15] = (uint8_t)i } } };
		struct host_aim aim = hosts_aim(&hosts, NULL, &of.host, 0);
		struct host_slot *slot = NULL;
		/* A few looks at a part of the table each. */
		for (unsigned look = 0; look < 4 && !slot; look++)
			slot = hosts_take(&hosts, &aim, NULL, &of, 12);
		assert_non_null(slot);
	}
	assert_int_equal(hosts.count, 32);
	assert_int_equal(hosts.replaced, 32);
	hosts_close(&hosts);
}

/* Every eighth packet is the attack's, while one in some power of two is handed on. */
static void no_traffic_keeps_step_with_the_samples(void **state)
{
	struct fixture f;
	const struct flow attack = flow_of("192.0.2.1", "198.51.100.7", CLASS_UDP_AMP, 1, 468);
	const struct flow other = flow_of("192.0.2.2", "198.51.100.8", CLASS_TCP, 1, 1400);
	size_t hits = 0;
	size_t all = 0;

	(void)state;
	open_with(&f, 100, 10);
	for (unsigned tick = 1; tick <= 20; tick++) {
		for (unsigned i = 0; i < 16 * f.space.config.max_samples; i++)
			add(&f, i % 8 == 3 ? attack : other);
		shard_tick(f.shard, tick * SECOND_NS, f.batch);
		/* Once it has found how thin they must be. */
		for (size_t i = 0; tick > 10 && i < f.batch->sample_count; i++, all++)
			hits += f.batch->samples[i].class == CLASS_UDP_AMP;
	}
	assert_true(all > 1000);
	assert_in_range(hits * 100 / all, 10, 15);
	close_all(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_traffic_keeps_step_with_the_samples),
		cmocka_unit_test(each_direction_counts_at_its_own_host),
		cmocka_unit_test(both_families_count_alike),
		cmocka_unit_test(sampling_scales_and_never_wraps),
		cmocka_unit_test(a_biflow_counts_both_ways),
		cmocka_unit_test(vantages_and_ages_have_rows_of_their_own),
		cmocka_unit_test(what_no_row_can_date_is_left_out_and_not_squeezed),
		cmocka_unit_test(full_rows_ask_for_an_early_end_of_the_tick),
		cmocka_unit_test(without_a_parcel_flows_are_turned_away_and_counted),
		cmocka_unit_test(late_flows_are_counted_as_such_and_not_tallied),
		cmocka_unit_test(without_networks_every_destination_is_own),
		cmocka_unit_test(a_tick_gives_only_what_was_touched),
		cmocka_unit_test(a_full_table_counts_and_lets_the_silent_go),
		cmocka_unit_test(busy_hosts_get_a_detail),
		cmocka_unit_test(hosts_far_below_every_limit_get_no_detail),
		cmocka_unit_test(of_a_flood_a_part_stands_for_all_in_the_detail),
		cmocka_unit_test(details_go_to_the_busiest),
		cmocka_unit_test(other_networks_after_a_reload),
		cmocka_unit_test(random_flows_equal_a_naive_count),
		cmocka_unit_test(removal_keeps_every_other_host_reachable),
		cmocka_unit_test(what_was_found_before_and_is_anothers_now_does_not_mislead),
		cmocka_unit_test(a_silent_host_makes_room_in_a_full_table),
	};

	return cmocka_run_group_tests_name("shard", tests, NULL, NULL);
}
