/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/threshold: fires, stays silent, clears; bounds, reload, order, a naive reference. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "detect/detector.h"
#include "own_space.h"
#include "tally/shard.h"

#define TICK_NS    (SECOND_NS / 10)
#define ALL        ((1U << CLASS_COUNT) - 1)
#define MAX_CAUGHT 64
#define FAR_TICK   1000 /* tests begin at a time that is not zero */

struct fixture {
	struct own_space space;
	void *state;
	uint64_t tick; /* number of the next one */
	struct finding caught[MAX_CAUGHT];
	unsigned count; /* findings of the last tick */
};

static const struct detector *detector(void)
{
	for (const struct detector *const *d = detector_registry; *d; d++) {
		if (strcmp((*d)->name, "threshold") == 0)
			return *d;
	}
	fail_msg("threshold is not in the registry");
	return NULL;
}

static void catch_finding(void *self, const struct finding *finding)
{
	struct fixture *f = self;

	assert_true(f->count < MAX_CAUGHT);
	f->caught[f->count++] = *finding;
}

static struct config_threshold *threshold(struct fixture *f, uint32_t classes, uint64_t pps)
{
	struct config_threshold *t = &f->space.thresholds[f->space.config.threshold_count++];

	*t = (struct config_threshold){ .name = "",
					.any_network = true,
					.directions =
						1U << DIRECTION_INBOUND | 1U << DIRECTION_OUTBOUND,
					.classes = classes,
					.limit = { [METRIC_PPS] = pps },
					.severity = SEVERITY_WARNING };
	return t;
}

static void prepare(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	own_space_init(&f->space);
	f->tick = FAR_TICK;
}

static void start(struct fixture *f)
{
	assert_int_equal(detector()->open(&f->space.config, 1, &f->state), 0);
}

static void close_all(struct fixture *f)
{
	detector()->close(f->state);
	own_space_done(&f->space);
}

static struct tally tally_of(const char *host, enum direction direction, enum traffic_class class,
			     uint64_t packets)
{
	struct tally tally = { .host = ip_of(host),
			       .direction = (uint8_t)direction,
			       .sampled = packets };

	tally.by_class[class] = (struct tally_count){ packets, packets * 100, 1 };
	return tally;
}

static void observe(struct fixture *f, struct tally tally)
{
	tally.tick_ns = (f->tick + 1) * TICK_NS;
	detector()->observe(f->state, &tally, 1);
}

static unsigned tick(struct fixture *f)
{
	const struct finding_sink sink = { .finding = catch_finding, .self = f };

	f->count = 0;
	detector()->tick(f->state, ++f->tick * TICK_NS, &sink);
	return f->count;
}

static unsigned send_ticks(struct fixture *f, const char *host, unsigned ticks, uint64_t packets)
{
	unsigned findings = 0;

	for (unsigned i = 0; i < ticks; i++) {
		observe(f, tally_of(host, DIRECTION_INBOUND, CLASS_UDP, packets));
		findings += tick(f);
	}
	return findings;
}

#define HOST "198.51.100.7"

static void it_fires_above_the_limit_and_not_at_it(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	assert_int_equal(send_ticks(&f, HOST, 100, 100), 0);
	assert_int_equal(send_ticks(&f, "198.51.100.8", 49, 101), 0);
	/* The fiftieth completes a window of 5050 packets, 1010 a second. */
	assert_int_equal(send_ticks(&f, "198.51.100.8", 1, 101), 1);
	const struct finding *found = &f.caught[0];
	struct ip host = ip_of("198.51.100.8");
	assert_true(ip_equal(&found->host, &host));
	assert_true(found->above);
	assert_int_equal(found->metric, METRIC_PPS);
	assert_int_equal(found->severity, SEVERITY_WARNING);
	assert_int_equal(found->limit, 1000);
	assert_int_equal(found->value, 1010);
	assert_int_equal(found->pps, 1010);
	assert_int_equal(found->bps, 1010 * 800);
	assert_int_equal(found->sampled, 5050);
	assert_int_equal(found->now_ns, f.tick * TICK_NS);
	assert_int_equal(found->onset_ns, (f.tick - 49) * TICK_NS);
	assert_string_equal(found->why,
			    "inbound total 1.01 kpps over 5 s, limit 1.00 kpps (1.0 x)");
	assert_int_equal(found->vector_count, 1);
	assert_string_equal(found->vectors[0].name, "udp-flood");
	close_all(&f);
}

static void a_whole_window_in_one_tick_is_certain(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	/* 4,900 packets in a tick are 49 kpps for that tick, but not yet 1 kpps over a window. */
	assert_int_equal(send_ticks(&f, HOST, 1, 4900), 0);
	assert_int_equal(send_ticks(&f, HOST, 1, 105), 1);
	assert_int_equal(f.caught[0].value, 1001);
	assert_int_equal(f.caught[0].onset_ns, (FAR_TICK + 1) * TICK_NS);
	close_all(&f);
}

static void bits_and_flows_have_limits_too(void **state)
{
	struct fixture f;
	struct tally tally = tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 10);

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 0)->limit[METRIC_BPS] = 8000;
	threshold(&f, 1U << CLASS_SYN, 0)->limit[METRIC_FPS] = 20;
	start(&f);
	tally.by_class[CLASS_UDP].bytes = 5001;
	observe(&f, tally);
	assert_int_equal(tick(&f), 1);
	assert_int_equal(f.caught[0].metric, METRIC_BPS);
	assert_int_equal(f.caught[0].value, 8001);
	tally = tally_of(HOST, DIRECTION_OUTBOUND, CLASS_SYN, 10);
	tally.by_class[CLASS_SYN].flows = 105;
	observe(&f, tally);
	assert_int_equal(tick(&f), 2);
	assert_int_equal(f.caught[1].metric, METRIC_FPS);
	assert_int_equal(f.caught[1].value, 21);
	assert_int_equal(f.caught[1].direction, DIRECTION_OUTBOUND);
	close_all(&f);
}

static void too_few_samples_prove_nothing(void **state)
{
	struct fixture f;
	struct tally tally = tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 50000);

	(void)state;
	prepare(&f);
	f.space.config.min_sampled = 8;
	threshold(&f, 1U << CLASS_UDP, 1000);
	start(&f);
	/* As many TCP packets: half of the samples are UDP's. */
	tally.by_class[CLASS_TCP] = tally.by_class[CLASS_UDP];
	tally.sampled = 15;
	observe(&f, tally);
	assert_int_equal(tick(&f), 0);
	tally.by_class[CLASS_UDP].packets = tally.by_class[CLASS_TCP].packets = 1;
	tally.sampled = 1;
	observe(&f, tally);
	assert_int_equal(tick(&f), 1);
	assert_int_equal(f.caught[0].sampled, 8);
	close_all(&f);
}

static void it_holds_until_far_below_and_then_is_silent(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	send_ticks(&f, HOST, 50, 120);
	assert_true(f.caught[0].above);
	uint64_t onset_ns = f.caught[0].onset_ns;
	/* 800 a second: below the limit, above the closing level of 500. */
	send_ticks(&f, HOST, 100, 80);
	assert_int_equal(f.count, 1);
	assert_false(f.caught[0].above);
	assert_int_equal(f.caught[0].value, 800);
	assert_int_equal(f.caught[0].onset_ns, onset_ns);
	/* Up again: still the same excess. */
	send_ticks(&f, HOST, 50, 150);
	assert_true(f.caught[0].above);
	assert_int_equal(f.caught[0].onset_ns, onset_ns);
	send_ticks(&f, HOST, 50, 40);
	assert_int_equal(f.count, 0);
	/* Below the limit after that: nothing, and above it: a new excess. */
	assert_int_equal(send_ticks(&f, HOST, 50, 80), 0);
	send_ticks(&f, HOST, 50, 150);
	assert_true(f.caught[0].above);
	assert_true(f.caught[0].onset_ns > onset_ns);
	close_all(&f);
}

static void silence_ends_it_without_any_tally(void **state)
{
	struct fixture f;
	unsigned findings = 0;

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	send_ticks(&f, HOST, 50, 200);
	for (int i = 0; i < 60; i++)
		findings += tick(&f);
	/* At 2 kpps, the window is at the closing level when four of its bins have gone. */
	assert_in_range(findings, 30, 40);
	assert_int_equal(f.count, 0);
	close_all(&f);
}

static void directions_and_families_give_the_same_numbers(void **state)
{
	static const char *const hosts[] = { "198.51.100.7", "2001:db8:a::7" };
	struct fixture f;
	struct finding first = { 0 };

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	for (unsigned i = 0; i < 50; i++) {
		for (unsigned h = 0; h < 4; h++)
			observe(&f, tally_of(hosts[h / 2], h % 2, CLASS_SYN, 300));
		tick(&f);
	}
	assert_int_equal(f.count, 4);
	for (unsigned i = 0; i < 4; i++) {
		struct finding *found = &f.caught[i];
		/* Inbound first, and in each direction by address: ::ffff:0:0/96 is the lower. */
		struct ip host = ip_of(hosts[i % 2]);
		assert_int_equal(found->direction, i / 2);
		assert_true(ip_equal(&found->host, &host));
		found->host = (struct ip){ 0 };
		found->direction = 0;
		memset(found->why, 0, sizeof(found->why));
		if (i == 0)
			first = *found;
		assert_memory_equal(found, &first, sizeof(first));
	}
	close_all(&f);
}

static void classes_are_added_up(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	threshold(&f, 1U << CLASS_UDP | 1U << CLASS_UDP_AMP, 1000);
	start(&f);
	observe(&f, tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 3000));
	observe(&f, tally_of(HOST, DIRECTION_INBOUND, CLASS_TCP, 90000));
	assert_int_equal(tick(&f), 0);
	observe(&f, tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP_AMP, 7000));
	assert_int_equal(tick(&f), 1);
	assert_int_equal(f.caught[0].value, 2000);
	assert_int_equal(f.caught[0].pps, 20000);
	/* Vectors of the classes that exceed, not of the bystanders. */
	assert_int_equal(f.caught[0].vector_count, 2);
	assert_string_equal(f.caught[0].vectors[0].name, "udp-amplification");
	assert_string_equal(f.caught[0].vectors[1].name, "udp-flood");
	close_all(&f);
}

static void networks_tenants_and_directions_narrow_a_threshold(void **state)
{
	struct fixture f;
	struct config_threshold *t;

	(void)state;
	prepare(&f);
	t = threshold(&f, ALL, 1000);
	t->any_network = false;
	t->network = prefix_of("198.51.100.0/30");
	t->directions = 1U << DIRECTION_INBOUND;
	threshold(&f, ALL, 5000)->tenant = "other";
	start(&f);
	observe(&f, tally_of("198.51.100.3", DIRECTION_INBOUND, CLASS_UDP, 6000));
	observe(&f, tally_of("198.51.100.3", DIRECTION_OUTBOUND, CLASS_UDP, 60000));
	observe(&f, tally_of("198.51.100.4", DIRECTION_INBOUND, CLASS_UDP, 60000));
	observe(&f, tally_of("203.0.113.1", DIRECTION_OUTBOUND, CLASS_UDP, 30000));
	observe(&f, tally_of("203.0.113.2", DIRECTION_OUTBOUND, CLASS_UDP, 24000));
	assert_int_equal(tick(&f), 2);
	assert_int_equal(f.caught[0].limit, 1000);
	assert_int_equal(f.caught[1].limit, 5000);
	assert_int_equal(f.caught[1].value, 6000);
	close_all(&f);
}

static void the_worst_limit_speaks_and_names_the_others(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 10000);
	threshold(&f, 1U << CLASS_UDP, 1000)->severity = SEVERITY_INFO;
	start(&f);
	observe(&f, tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 75000));
	assert_int_equal(tick(&f), 1);
	assert_int_equal(f.caught[0].limit, 1000);
	/* Fifteen times the limit, but that threshold asked for no more than info. */
	assert_int_equal(f.caught[0].severity, SEVERITY_INFO);
	assert_string_equal(f.caught[0].why,
			    "inbound udp 15.0 kpps over 5 s, limit 1.00 kpps (15.0 x); "
			    "also total 15.0 kpps, limit 10.0 kpps (1.5 x)");
	close_all(&f);
}

static void ten_times_the_limit_is_critical(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	observe(&f, tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 50000));
	tick(&f);
	assert_int_equal(f.caught[0].severity, SEVERITY_WARNING);
	observe(&f, tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 5));
	tick(&f);
	assert_int_equal(f.caught[0].severity, SEVERITY_CRITICAL);
	close_all(&f);
}

static void peers_and_ports_are_told(void **state)
{
	struct fixture f;
	struct tally tally = tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP_AMP, 910000);
	struct flow flow = { .class = CLASS_UDP_AMP, .proto = 17, .sport = 123, .dport = 80 };
	struct tally_detail detail = { 0 };

	(void)state;
	prepare(&f);
	threshold(&f, 1U << CLASS_UDP_AMP, 10000);
	start(&f);
	for (uint32_t i = 0; i < 3000; i++) {
		struct ip peer = ip_of("192.0.2.1");
		memcpy(&peer.b[4], &i, sizeof(i));
		tally_detail_add(&detail, &peer, &flow, 1, 468);
	}
	tally.detail = &detail;
	observe(&f, tally);
	assert_int_equal(tick(&f), 1);
	assert_string_equal(f.caught[0].vectors[0].name, "ntp-amplification");
	assert_true(f.caught[0].vectors[0].share > 0.999);
	assert_in_range(f.caught[0].distinct, 2500, 3500);
	assert_non_null(f.caught[0].detail);
	assert_non_null(strstr(f.caught[0].why,
			       "inbound udp-amp 182 kpps over 5 s, limit 10.0 kpps (18.2 x), "
			       "from about "));
	assert_non_null(strstr(f.caught[0].why, "00 sources"));
	/* The count of peers survives the fading of the lists. */
	uint64_t distinct = f.caught[0].distinct;
	tally.detail = NULL;
	for (int i = 0; i < 60; i++) {
		observe(&f, tally);
		tick(&f);
	}
	assert_int_equal(f.caught[0].distinct, distinct);
	close_all(&f);
}

static void a_full_table_counts_and_makes_room_again(void **state)
{
	struct fixture f;
	struct detector_stats stats;

	(void)state;
	prepare(&f);
	f.space.config.max_hosts = 4;
	threshold(&f, ALL, 1000);
	start(&f);
	for (unsigned i = 0; i < 10; i++) {
		struct tally tally = tally_of("198.51.100.0", DIRECTION_INBOUND, CLASS_UDP, 6000);
		tally.host.b[15] = (uint8_t)i;
		observe(&f, tally);
	}
	assert_int_equal(tick(&f), 4);
	detector()->stats(f.state, &stats);
	assert_int_equal(stats.hosts, 4);
	assert_int_equal(stats.turned_away, 6);
	for (int i = 0; i < 60; i++)
		tick(&f);
	detector()->stats(f.state, &stats);
	assert_int_equal(stats.hosts, 0);
	assert_int_equal(send_ticks(&f, "198.51.100.9", 1, 6000), 1);
	close_all(&f);
}

static void details_are_bounded_and_come_back(void **state)
{
	struct fixture f;
	struct detector_stats stats;
	struct tally_detail detail = { 0 };

	(void)state;
	prepare(&f);
	f.space.config.max_details = 2;
	threshold(&f, ALL, 1000);
	start(&f);
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 3; i++) {
			struct tally tally =
				tally_of("198.51.100.0", DIRECTION_INBOUND, CLASS_UDP, 6000);
			tally.host.b[15] = (uint8_t)i;
			tally.detail = &detail;
			observe(&f, tally);
		}
		assert_int_equal(tick(&f), 3);
		assert_non_null(f.caught[0].detail);
		assert_non_null(f.caught[1].detail);
		assert_null(f.caught[2].detail);
		for (int i = 0; i < 100; i++)
			tick(&f);
	}
	detector()->stats(f.state, &stats);
	assert_int_equal(stats.details_turned_away, 2);
	close_all(&f);
}

static void late_tallies_find_their_bin_or_are_counted(void **state)
{
	struct fixture f;
	struct detector_stats stats;
	struct tally tally = tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, 3000);

	(void)state;
	prepare(&f);
	threshold(&f, ALL, 1000);
	start(&f);
	observe(&f, tally);
	assert_int_equal(tick(&f), 0);
	/* Two seconds ago: within the window. */
	tally.tick_ns = (f.tick - 20) * TICK_NS;
	detector()->observe(f.state, &tally, 1);
	assert_int_equal(tick(&f), 1);
	assert_int_equal(f.caught[0].value, 1200);
	tally.tick_ns = (f.tick - 100) * TICK_NS;
	detector()->observe(f.state, &tally, 1);
	assert_int_equal(tick(&f), 1);
	assert_int_equal(f.caught[0].value, 1200);
	detector()->stats(f.state, &stats);
	assert_int_equal(stats.late, 1);
	close_all(&f);
}

static void a_reload_keeps_the_windows(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f);
	struct config_threshold *t = threshold(&f, ALL, 1000);
	start(&f);
	assert_int_equal(send_ticks(&f, HOST, 50, 90), 0);
	t->limit[METRIC_PPS] = 700;
	detector()->reload(f.state, &f.space.config);
	/* Four full bins and a tenth of the fifth: 738 a second. */
	assert_int_equal(send_ticks(&f, HOST, 1, 90), 1);
	assert_int_equal(f.caught[0].value, 738);
	t->limit[METRIC_PPS] = 1000;
	detector()->reload(f.state, &f.space.config);
	assert_int_equal(send_ticks(&f, HOST, 1, 90), 1);
	assert_false(f.caught[0].above);
	/* Another window: begins anew. */
	f.space.config.window_ns = 10 * SECOND_NS;
	detector()->reload(f.state, &f.space.config);
	assert_int_equal(send_ticks(&f, HOST, 1, 90), 0);
	assert_int_equal(send_ticks(&f, HOST, 98, 120), 98 - 82);
	close_all(&f);
}

static void absurd_counts_do_not_wrap(void **state)
{
	struct fixture f;
	struct tally tally = tally_of(HOST, DIRECTION_INBOUND, CLASS_UDP, UINT64_MAX);

	(void)state;
	prepare(&f);
	threshold(&f, ALL, UINT64_MAX / 2);
	threshold(&f, ALL, 1)->limit[METRIC_BPS] = 1;
	start(&f);
	for (size_t c = 0; c < CLASS_COUNT; c++)
		tally.by_class[c] = (struct tally_count){ UINT64_MAX, UINT64_MAX, UINT64_MAX };
	for (int i = 0; i < 100; i++) {
		observe(&f, tally);
		assert_int_equal(tick(&f), 1);
	}
	assert_true(f.caught[0].value > 1UL << 56);
	close_all(&f);
}

/* A stream of tallies that is the same for the same seed: few hosts, all classes, many rates. */
static struct tally random_tally(uint64_t seed, uint64_t i)
{
	static const char *const hosts[] = { "198.51.100.0", "2001:db8:a::", "203.0.113.0" };
	uint64_t r = hash_words(i, 11, seed);
	struct tally tally = tally_of(hosts[r % 3], (enum direction)((r >> 4) % 2),
				      (enum traffic_class)((r >> 8) % CLASS_COUNT), 0);

	tally.host.b[15] = (uint8_t)((r >> 16) % 6);
	/* Bursts: whole seconds in which all is silent or loud. */
	uint64_t loud = hash_words(i / 300, tally.host.b[15], seed) % 4;
	uint64_t packets = loud ? (r >> 24) % (100 * loud * loud) : 0;
	tally.by_class[(r >> 8) % CLASS_COUNT] =
		(struct tally_count){ packets, packets * (40 + (r >> 40) % 1400),
				      1 + packets / 50 };
	tally.sampled = packets / 10;
	return tally;
}

static void set_random_thresholds(struct fixture *f)
{
	f->space.config.min_sampled = 5;
	threshold(f, ALL, 600)->limit[METRIC_BPS] = 3000000;
	threshold(f, 1U << CLASS_SYN | 1U << CLASS_TCP, 120)->limit[METRIC_FPS] = 10;
	threshold(f, 1U << CLASS_UDP_AMP, 40)->directions = 1U << DIRECTION_OUTBOUND;
	threshold(f, ALL, 300)->tenant = "other";
}

static void the_same_input_gives_the_same_findings(void **state)
{
	struct fixture *runs = calloc(2, sizeof(*runs));

	(void)state;
	assert_non_null(runs);
	for (int r = 0; r < 2; r++) {
		prepare(&runs[r]);
		set_random_thresholds(&runs[r]);
		/* Another seed for the table: its order must not show. */
		assert_int_equal(
			detector()->open(&runs[r].space.config, 77 + (uint64_t)r, &runs[r].state),
			0);
	}
	unsigned findings = 0;
	for (uint64_t t = 0; t < 600; t++) {
		for (uint64_t i = 0; i < 30; i++) {
			struct tally tally = random_tally(5, t * 30 + i);
			observe(&runs[0], tally);
			observe(&runs[1], tally);
		}
		assert_int_equal(tick(&runs[0]), tick(&runs[1]));
		for (unsigned i = 0; i < runs[0].count; i++) {
			assert_memory_equal(&runs[0].caught[i], &runs[1].caught[i],
					    sizeof(struct finding));
		}
		findings += runs[0].count;
	}
	assert_true(findings > 100);
	close_all(&runs[0]);
	close_all(&runs[1]);
	free(runs);
}

static void parts_of_two_shards_equal_the_whole(void **state)
{
	struct fixture *runs = calloc(2, sizeof(*runs));

	(void)state;
	assert_non_null(runs);
	for (int r = 0; r < 2; r++) {
		prepare(&runs[r]);
		set_random_thresholds(&runs[r]);
		start(&runs[r]);
	}
	for (uint64_t t = 0; t < 300; t++) {
		for (uint64_t i = 0; i < 30; i++)
			observe(&runs[0], random_tally(6, t * 30 + i));
		for (uint64_t shard = 0; shard < 2; shard++) {
			for (uint64_t i = shard; i < 30; i += 2)
				observe(&runs[1], random_tally(6, t * 30 + i));
		}
		assert_int_equal(tick(&runs[0]), tick(&runs[1]));
		for (unsigned i = 0; i < runs[0].count; i++) {
			assert_memory_equal(&runs[0].caught[i], &runs[1].caught[i],
					    sizeof(struct finding));
		}
	}
	close_all(&runs[0]);
	close_all(&runs[1]);
	free(runs);
}

/* Flows of an NTP flood at one host among ordinary ones at others. */
static struct flow flood_flow(uint64_t i)
{
	uint64_t r = hash_words(i, 13, 8);
	bool attack = r % 3;
	struct flow flow = flow_of("192.0.2.0", "2001:db8:a::", attack ? CLASS_UDP_AMP : CLASS_TCP,
				   1 + (r >> 8) % 3, 468);

	flow.src.b[14] = (uint8_t)(r >> 16);
	flow.src.b[15] = (uint8_t)(r >> 24);
	flow.dst.b[15] = attack ? 1 : (uint8_t)(r >> 32);
	flow.sport = attack ? 123 : 443;
	flow.sampling = 100;
	return flow;
}

/* Send the flood through @shards shards in turns. The last tick's only finding. */
static struct finding flood_through(struct fixture *f, size_t shards)
{
	struct shard *shard[2] = { NULL };
	struct tally_batch *batch = tally_batch_new(&f->space.config);

	assert_non_null(batch);
	for (size_t s = 0; s < shards; s++)
		assert_int_equal(shard_open(&f->space.config, 1, &shard[s]), 0);
	for (uint64_t t = 0; t < 70; t++) {
		for (uint64_t i = 0; i < 60; i++) {
			struct flow flow = flood_flow(t * 60 + i);
			shard_add(shard[i % shards], &flow, 1);
		}
		for (size_t s = 0; s < shards; s++) {
			shard_tick(shard[s], (f->tick + 1) * TICK_NS, batch);
			detector()->observe(f->state, batch->tallies, batch->count);
		}
		tick(f);
	}
	for (size_t s = 0; s < shards; s++)
		shard_close(shard[s]);
	tally_batch_free(batch);
	assert_int_equal(f->count, 1);
	struct finding found = f->caught[0];
	/* The peers live in the detector. */
	assert_non_null(found.detail);
	found.detail = NULL;
	return found;
}

static void two_shards_find_what_one_finds(void **state)
{
	struct finding found[2];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture f;
		prepare(&f);
		threshold(&f, 1U << CLASS_UDP_AMP, 10000);
		start(&f);
		found[i] = flood_through(&f, i + 1);
		close_all(&f);
		assert_string_equal(found[i].vectors[0].name, "ntp-amplification");
		assert_true(found[i].vectors[0].share > 0.99);
		/* Each shard must first see that the host is busy: a few peers fewer. */
		assert_in_range(found[i].distinct, 1200, 2400);
	}
	assert_int_equal(found[0].value, found[1].value);
	assert_int_equal(found[0].pps, found[1].pps);
	assert_int_equal(found[0].bps, found[1].bps);
	assert_int_equal(found[0].sampled, found[1].sampled);
	assert_int_equal(found[0].onset_ns, found[1].onset_ns);
	assert_int_equal(found[0].severity, found[1].severity);
}

/* The same decisions, made the slow way from all tallies ever seen. */
struct naive {
	struct tally *seen;
	size_t count;
	struct {
		struct ip host;
		uint8_t direction;
		uint64_t held;
	} open[64];
	size_t open_count;
};

static uint64_t naive_rate(const struct naive *naive, const struct tally *of, uint64_t now_ns,
			   uint32_t classes, enum metric metric, uint64_t *ret_sampled)
{
	uint64_t newest = (now_ns - 1) / SECOND_NS;
	uint64_t sum = 0;
	uint64_t packets = 0;
	uint64_t all_packets = 0;
	uint64_t sampled = 0;

	for (size_t i = 0; i < naive->count; i++) {
		const struct tally *t = &naive->seen[i];
		if (!ip_equal(&t->host, &of->host) || t->direction != of->direction ||
		    (t->tick_ns - 1) / SECOND_NS + 5 <= newest)
			continue;
		sampled += t->sampled;
		for (unsigned c = 0; c < CLASS_COUNT; c++) {
			const struct tally_count *n = &t->by_class[c];
			all_packets += n->packets;
			if (!(classes & 1U << c))
				continue;
			packets += n->packets;
			sum += metric == METRIC_PPS   ? n->packets
			       : metric == METRIC_BPS ? n->bytes * 8
						      : n->flows;
		}
	}
	*ret_sampled = all_packets ? sampled * packets / all_packets : sampled;
	return sum / 5;
}

static uint64_t *naive_held(struct naive *naive, const struct tally *of)
{
	for (size_t i = 0; i < naive->open_count; i++) {
		if (ip_equal(&naive->open[i].host, &of->host) &&
		    naive->open[i].direction == of->direction)
			return &naive->open[i].held;
	}
	naive->open[naive->open_count].host = of->host;
	naive->open[naive->open_count].direction = of->direction;
	return &naive->open[naive->open_count++].held;
}

struct naive_verdict {
	bool said;
	bool above;
	uint64_t value;
	uint64_t limit;
};

static void naive_rule(struct naive_verdict *verdict, bool above, uint64_t value, uint64_t limit)
{
	bool better = !verdict->said || (above && !verdict->above) ||
		      (above == verdict->above && value * verdict->limit > verdict->value * limit);

	if (better)
		*verdict = (struct naive_verdict){ true, above, value, limit };
}

static struct naive_verdict naive_judge(struct naive *naive, const struct config *config,
					const struct tally *of, uint64_t now_ns)
{
	const struct config_network *network = config_network_of(config, &of->host);
	uint64_t *held = naive_held(naive, of);
	struct naive_verdict verdict = { 0 };

	for (size_t i = 0; i < config->threshold_count; i++) {
		const struct config_threshold *t = &config->thresholds[i];
		if (!(t->directions & 1U << of->direction) ||
		    (t->tenant && strcmp(t->tenant, network->tenant) != 0))
			continue;
		for (enum metric m = 0; m < METRIC_COUNT; m++) {
			uint64_t sampled = 0;
			uint64_t bit = 1UL << (i * METRIC_COUNT + m);
			uint64_t value = naive_rate(naive, of, now_ns, t->classes, m, &sampled);
			if (t->limit[m] == 0)
				continue;
			bool above = value > t->limit[m] && sampled >= config->min_sampled;
			if (above || ((*held & bit) && value * 2 >= t->limit[m] && value))
				naive_rule(&verdict, above, value, t->limit[m]);
			if (above)
				*held |= bit;
		}
	}
	if (!verdict.said)
		*held = 0;
	return verdict;
}

static unsigned compare(struct fixture *f, struct naive *naive)
{
	unsigned said = 0;

	for (unsigned n = 0; n < 36; n++) {
		static const char *const hosts[] = { "198.51.100.0",
						     "2001:db8:a::", "203.0.113.0" };
		struct tally of = { .host = ip_of(hosts[n % 3]), .direction = n / 3 % 2 };
		of.host.b[15] = (uint8_t)(n / 6);
		struct naive_verdict should =
			naive_judge(naive, &f->space.config, &of, f->tick * TICK_NS);
		const struct finding *is = NULL;
		for (unsigned i = 0; i < f->count; i++) {
			if (ip_equal(&f->caught[i].host, &of.host) &&
			    f->caught[i].direction == of.direction)
				is = &f->caught[i];
		}
		assert_int_equal(is != NULL, should.said);
		if (!is)
			continue;
		said++;
		assert_int_equal(is->above, should.above);
		assert_int_equal(is->value, should.value);
		assert_int_equal(is->limit, should.limit);
	}
	return said;
}

static void random_tallies_equal_a_naive_reference(void **state)
{
	struct naive *naive = calloc(1, sizeof(*naive));
	struct fixture f;
	unsigned said = 0;

	(void)state;
	assert_non_null(naive);
	naive->seen = calloc(400 * 10, sizeof(*naive->seen));
	assert_non_null(naive->seen);
	prepare(&f);
	set_random_thresholds(&f);
	start(&f);
	for (uint64_t t = 0; t < 400; t++) {
		for (uint64_t i = 0; i < 10; i++) {
			struct tally tally = random_tally(7, t * 10 + i);
			observe(&f, tally);
			tally.tick_ns = (f.tick + 1) * TICK_NS;
			naive->seen[naive->count++] = tally;
		}
		tick(&f);
		said += compare(&f, naive);
		assert_int_equal(f.count <= 36, 1);
	}
	assert_true(said > 200);
	close_all(&f);
	free(naive->seen);
	free(naive);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_fires_above_the_limit_and_not_at_it),
		cmocka_unit_test(a_whole_window_in_one_tick_is_certain),
		cmocka_unit_test(bits_and_flows_have_limits_too),
		cmocka_unit_test(too_few_samples_prove_nothing),
		cmocka_unit_test(it_holds_until_far_below_and_then_is_silent),
		cmocka_unit_test(silence_ends_it_without_any_tally),
		cmocka_unit_test(directions_and_families_give_the_same_numbers),
		cmocka_unit_test(classes_are_added_up),
		cmocka_unit_test(networks_tenants_and_directions_narrow_a_threshold),
		cmocka_unit_test(the_worst_limit_speaks_and_names_the_others),
		cmocka_unit_test(ten_times_the_limit_is_critical),
		cmocka_unit_test(peers_and_ports_are_told),
		cmocka_unit_test(a_full_table_counts_and_makes_room_again),
		cmocka_unit_test(details_are_bounded_and_come_back),
		cmocka_unit_test(late_tallies_find_their_bin_or_are_counted),
		cmocka_unit_test(a_reload_keeps_the_windows),
		cmocka_unit_test(absurd_counts_do_not_wrap),
		cmocka_unit_test(the_same_input_gives_the_same_findings),
		cmocka_unit_test(parts_of_two_shards_equal_the_whole),
		cmocka_unit_test(two_shards_find_what_one_finds),
		cmocka_unit_test(random_tallies_equal_a_naive_reference),
	};

	return cmocka_run_group_tests_name("threshold", tests, NULL, NULL);
}
