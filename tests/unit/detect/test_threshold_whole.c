/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/threshold on long random input: repeatable, mergeable, equal to a naive recount. */
#include "follow.h"

#include <stdlib.h>

#include "base/hash.h"
#include "tally/shard.h"

#define STEADY 36 /* hosts and directions of random_tally() */

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
	tally.packets = packets;
	tally.bytes = packets * (40 + (r >> 40) % 1400);
	tally.flows = (uint32_t)(1 + packets / 50);
	tally.sampled = (uint32_t)(packets / 10);
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

/*
 * Traffic of its own for every host of random_tally(), once a second: so much that all of them are
 * watched from the first tick on, and nothing of what they do is only glanced at.
 */
static struct tally steady_tally(uint64_t tick, unsigned n)
{
	static const char *const hosts[] = { "198.51.100.0", "2001:db8:a::", "203.0.113.0" };
	struct tally tally = tally_of(hosts[n % 3], (enum direction)(n / 3 % 2), CLASS_OTHER, 0);

	tally.host.b[15] = (uint8_t)(n / 6);
	tally.packets = tick == 0 ? 300 : tick % 10 == 0 ? 30 : 0;
	tally.bytes = tally.packets;
	tally.sampled = (uint32_t)tally.packets;
	return tally;
}

static void send_steady(struct fixture *f, uint64_t tick)
{
	for (unsigned n = 0; n < STEADY; n++) {
		struct tally tally = steady_tally(tick, n);
		if (tally.packets)
			observe(f, tally);
	}
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
		send_steady(&runs[0], t);
		send_steady(&runs[1], t);
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
			assert_int_equal(shard_add(shard[i % shards], &flow, 1), 1);
		}
		for (size_t s = 0; s < shards; s++) {
			shard_tick(shard[s], (f->tick + 1) * TICK_NS, batch);
			const struct tally_set set = tally_batch_set(batch);
			detector()->observe(f->state, &set);
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
	struct {
		struct tally row;
		uint64_t tick_ns;
	} * seen;
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
	uint64_t sampled = 0;

	for (size_t i = 0; i < naive->count; i++) {
		const struct tally *t = &naive->seen[i].row;
		if (!ip_equal(&t->host, &of->host) || t->direction != of->direction ||
		    (naive->seen[i].tick_ns - 1) / SECOND_NS + 5 <= newest)
			continue;
		if (!(classes & 1U << t->class))
			continue;
		sampled += t->sampled;
		sum += metric == METRIC_PPS   ? t->packets
		       : metric == METRIC_BPS ? t->bytes * 8
					      : t->flows;
	}
	*ret_sampled = sampled;
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
	naive->seen = calloc(6000, sizeof(*naive->seen));
	assert_non_null(naive->seen);
	prepare(&f);
	set_random_thresholds(&f);
	start(&f);
	for (uint64_t t = 0; t < 400; t++) {
		for (unsigned n = 0; n < STEADY; n++) {
			struct tally tally = steady_tally(t, n);
			if (!tally.packets)
				continue;
			observe(&f, tally);
			naive->seen[naive->count].row = tally;
			naive->seen[naive->count++].tick_ns = (f.tick + 1) * TICK_NS;
		}
		for (uint64_t i = 0; i < 10; i++) {
			struct tally tally = random_tally(7, t * 10 + i);
			observe(&f, tally);
			naive->seen[naive->count].row = tally;
			naive->seen[naive->count++].tick_ns = (f.tick + 1) * TICK_NS;
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
		cmocka_unit_test(the_same_input_gives_the_same_findings),
		cmocka_unit_test(parts_of_two_shards_equal_the_whole),
		cmocka_unit_test(two_shards_find_what_one_finds),
		cmocka_unit_test(random_tallies_equal_a_naive_reference),
	};

	return cmocka_run_group_tests_name("threshold-whole", tests, NULL, NULL);
}
