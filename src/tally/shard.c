/* SPDX-License-Identifier: Apache-2.0 */
/* shard: runs of flows are hashed, then looked up, then counted, to hide cache misses. */
#include "tally/shard.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tally/hosts.h"

#define SECOND_NS        1000000000U
/* Flows whose cache misses overlap. */
#define RUN              32
/* Fewest sampled packets a second for which peers are worth their cost. */
#define DETAIL_FLOOR_MIN 8U
#define DETAIL_FLOOR_MAX (1U << 30)
/* Flows of one host, class and tick that all count for its peers; of more, one in eight. */
#define DETAIL_ALL       64
#define DETAIL_PART      8
/* Silent hosts go after this time; sooner once the table is three quarters full. */
#define IDLE_S           30
#define IDLE_FULL_S      2
/* Share of the table that is swept in one tick. */
#define SWEEP_PART       64

struct shard {
	const struct config *config;
	struct hosts hosts;
	struct tally_batch now; /* the tick being filled */
	uint32_t tick;          /* number of it; never 0 */
	uint16_t second;        /* of its beginning */
	uint32_t floor;         /* sampled packets a second above which a host is busy */
	size_t refused;         /* busy hosts without detail in this tick */
	size_t most_details;    /* in one tick of this second */
	size_t most_refused;    /* likewise */
	struct shard_stats stats;
};

/* A flow on its way through the three steps. */
struct pick {
	const struct ip *host; /* NULL: nobody's */
	const struct ip *peer;
	struct host_slot *slot; /* NULL: turned away */
	size_t home;
};

int shard_open(const struct config *config, uint64_t seed, struct shard **ret_shard)
{
	struct shard *shard = calloc(1, sizeof(*shard)); /* banned-ok: at open */

	if (!shard)
		return -ENOMEM;
	shard->config = config;
	shard->tick = 1;
	shard->floor = DETAIL_FLOOR_MIN;
	int err = tally_batch_init(&shard->now, config);
	if (!err)
		err = hosts_open(&shard->hosts, config->max_hosts, seed);
	if (err) {
		shard_close(shard);
		return err;
	}
	*ret_shard = shard;
	return 0;
}

void shard_close(struct shard *shard)
{
	if (!shard)
		return;
	hosts_close(&shard->hosts);
	tally_batch_done(&shard->now);
	free(shard);
}

void shard_reload(struct shard *shard, const struct config *config)
{
	shard->config = config;
}

static void pick_host(struct shard *shard, struct flow *flow, struct pick *ret_pick)
{
	flow->direction = config_direction(shard->config, &flow->src, &flow->dst);
	ret_pick->host = NULL;
	if (flow->direction == DIRECTION_TRANSIT || flow->late)
		return;
	bool outbound = flow->direction == DIRECTION_OUTBOUND;
	ret_pick->host = outbound ? &flow->src : &flow->dst;
	ret_pick->peer = outbound ? &flow->dst : &flow->src;
	ret_pick->home = hosts_home(&shard->hosts, ret_pick->host, flow->direction);
	hosts_prefetch(&shard->hosts, ret_pick->home);
}

/* The host's first flow in this tick: give it a row, and see whether a new second began. */
static void touch(struct shard *shard, struct host_slot *slot)
{
	/* A host has one row a tick, and there are as many rows as hosts. */
	assert(shard->now.count < shard->now.cap);
	slot->tick = shard->tick;
	slot->refused = false;
	slot->row = (uint32_t)shard->now.count++;
	shard->now.tallies[slot->row] =
		(struct tally){ .host = slot->ip, .direction = slot->direction };
	if (slot->second != shard->second) {
		bool before = slot->second == (uint16_t)(shard->second - 1);
		slot->busy = before && slot->sampled > shard->floor;
		slot->second = shard->second;
		slot->sampled = 0;
	}
}

static void find_row(struct shard *shard, const struct flow *flow, struct pick *pick)
{
	pick->slot = NULL;
	if (!pick->host)
		return;
	pick->slot = hosts_take(&shard->hosts, pick->host, flow->direction, pick->home);
	if (!pick->slot) {
		shard->stats.turned_away++;
		return;
	}
	if (pick->slot->tick != shard->tick)
		touch(shard, pick->slot);
	const struct tally *tally = &shard->now.tallies[pick->slot->row];
	__builtin_prefetch(tally, 1);
	__builtin_prefetch(&tally->by_class[flow->class], 1);
}

static uint64_t scaled(uint64_t count, uint64_t scale)
{
	uint64_t product;
	return __builtin_mul_overflow(count, scale, &product) ? UINT64_MAX : product;
}

/* The detail of a busy host, taken from the tick's pool at first need; NULL when none is left. */
static struct tally_detail *detail_of(struct shard *shard, struct host_slot *slot,
				      struct tally *tally)
{
	struct tally_batch *now = &shard->now;

	if (tally->detail)
		return &now->details[tally->detail - now->details];
	if (slot->refused)
		return NULL;
	if (now->detail_count == now->detail_cap) {
		slot->refused = true;
		shard->refused++;
		shard->stats.details_turned_away++;
		return NULL;
	}
	struct tally_detail *detail = &now->details[now->detail_count++];
	memset(detail, 0, sizeof(*detail));
	tally->detail = detail;
	return detail;
}

/* The lists cost more than all else: of a flood, a part of the flows stands for the others. */
static void add_detail(struct tally_detail *detail, const struct ip *peer, const struct flow *flow,
		       uint64_t flows, const struct tally_count *add)
{
	uint64_t times = flows <= DETAIL_ALL ? 1 : flows % DETAIL_PART == 0 ? DETAIL_PART : 0;

	tally_detail_add(detail, peer, flow, scaled(add->packets, times),
			 scaled(add->bytes, times));
}

static void count(struct shard *shard, const struct flow *flow, const struct pick *pick)
{
	uint64_t scale = flow_scale(flow);
	struct tally_count add = { scaled(flow->packets, scale), scaled(flow->bytes, scale), 1 };
	struct shard_stats *stats = &shard->stats;

	assert(flow->class < CLASS_COUNT);
	/* Minutes of data that come in one piece would look like a flood. */
	if (flow->late) {
		stats->late++;
		return;
	}
	stats->flows[flow->direction]++;
	stats->packets[flow->direction] = tally_sum(stats->packets[flow->direction], add.packets);
	stats->bytes[flow->direction] = tally_sum(stats->bytes[flow->direction], add.bytes);
	stats->unknown_sampling += flow->sampling == 0;
	if (!pick->slot)
		return;

	struct host_slot *slot = pick->slot;
	struct tally *tally = &shard->now.tallies[slot->row];
	tally_count_add(&tally->by_class[flow->class], &add);
	tally->sampled = tally_sum(tally->sampled, flow->packets);
	uint64_t sampled = tally_sum(slot->sampled, flow->packets);
	slot->sampled = sampled > UINT32_MAX ? UINT32_MAX : (uint32_t)sampled;
	if (!slot->busy && slot->sampled <= shard->floor)
		return;
	struct tally_detail *detail = detail_of(shard, slot, tally);
	if (detail)
		add_detail(detail, pick->peer, flow, tally->by_class[flow->class].flows, &add);
}

static void add_run(struct shard *shard, struct flow *flows, size_t n)
{
	struct pick picks[RUN];

	assert(n <= RUN);
	for (size_t i = 0; i < n; i++)
		pick_host(shard, &flows[i], &picks[i]);
	for (size_t i = 0; i < n; i++)
		find_row(shard, &flows[i], &picks[i]);
	for (size_t i = 0; i < n; i++)
		count(shard, &flows[i], &picks[i]);
}

/* The other half of a biflow (RFC 5103), as the flow that it would be by itself. */
static void add_reverse(struct shard *shard, const struct flow *flow)
{
	struct flow back = *flow;

	back.src = flow->dst;
	back.dst = flow->src;
	back.sport = flow->dport;
	back.dport = flow->sport;
	back.bytes = flow->rev_bytes;
	back.packets = flow->rev_packets;
	/* The flags were those of the way there. */
	back.tcp_flags = 0;
	back.has &= ~(uint32_t)(FLOW_HAS_REVERSE | FLOW_HAS_TCP_FLAGS);
	back.class = flow_classify(&back);
	add_run(shard, &back, 1);
}

void shard_add(struct shard *shard, struct flow *flows, size_t count)
{
	while (count > 0) {
		size_t n = count < RUN ? count : RUN;
		add_run(shard, flows, n);
		for (size_t i = 0; i < n; i++) {
			bool reverse = flows[i].has & FLOW_HAS_REVERSE;
			if (reverse && (flows[i].rev_packets || flows[i].rev_bytes))
				add_reverse(shard, &flows[i]);
		}
		flows += n;
		count -= n;
	}
}

/* A second is over: too many busy hosts raise the floor, few let it sink again. */
static void adapt_floor(struct shard *shard)
{
	size_t cap = shard->now.detail_cap;

	if (shard->most_refused > cap && shard->floor < DETAIL_FLOOR_MAX)
		shard->floor *= 2;
	else if (shard->most_refused > 0 && shard->floor < DETAIL_FLOOR_MAX)
		shard->floor += shard->floor / 4;
	else if (shard->most_refused == 0 && shard->most_details < cap / 2)
		shard->floor -= shard->floor / 8; /* other steps down than up: no swinging */
	if (shard->floor < DETAIL_FLOOR_MIN)
		shard->floor = DETAIL_FLOOR_MIN;
	shard->most_details = 0;
	shard->most_refused = 0;
}

static void next_tick(struct shard *shard, uint64_t tick_end_ns)
{
	uint16_t second = (uint16_t)(tick_end_ns / SECOND_NS);

	if (second != shard->second)
		adapt_floor(shard);
	shard->second = second;
	if (++shard->tick == 0)
		shard->tick = 1;
	bool full = shard->hosts.count > shard->hosts.max / 4 * 3;
	hosts_sweep(&shard->hosts, second, full ? IDLE_FULL_S : IDLE_S,
		    (shard->hosts.mask + 1) / SWEEP_PART);
}

void shard_tick(struct shard *shard, uint64_t tick_end_ns, struct tally_batch *batch)
{
	struct tally_batch *now = &shard->now;

	assert(batch->cap == now->cap && batch->detail_cap == now->detail_cap);
	for (size_t i = 0; i < now->count; i++)
		now->tallies[i].tick_ns = tick_end_ns;
	now->tick_ns = tick_end_ns;
	if (now->detail_count > shard->most_details)
		shard->most_details = now->detail_count;
	if (shard->refused > shard->most_refused)
		shard->most_refused = shard->refused;
	shard->refused = 0;
	shard_stats(shard, &now->stats);

	struct tally_batch full = *now;
	*now = *batch;
	now->count = 0;
	now->detail_count = 0;
	*batch = full;
	next_tick(shard, tick_end_ns);
}

void shard_stats(const struct shard *shard, struct shard_stats *ret_stats)
{
	*ret_stats = shard->stats;
	ret_stats->hosts = shard->hosts.count;
	ret_stats->detail_floor = shard->floor;
}
