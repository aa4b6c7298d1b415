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
/* Rows of a host that are compared before it gets another one. */
#define CHAIN_LOOK       4
/* The oldest that a row can speak of. */
#define AGE_MAX_MS       ((uint64_t)UINT16_MAX * TALLY_AGE_MS)

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

/* What tells the rows of one host and direction apart. */
struct row_key {
	uint32_t vantage;
	uint16_t begin_age;
	uint16_t end_age;
	uint8_t class;
};

/* A flow on its way through the three steps. */
struct pick {
	const struct ip *host; /* NULL: nobody's */
	const struct ip *peer;
	struct host_slot *slot; /* NULL: turned away */
	size_t home;
	struct tally *row;
	uint64_t packets; /* scaled, and only what the row's ages cover */
	uint64_t bytes;
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

static uint64_t scaled(uint64_t count, uint64_t scale)
{
	uint64_t product;
	return __builtin_mul_overflow(count, scale, &product) ? UINT64_MAX : product;
}

static uint32_t saturated(uint64_t count)
{
	return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

static uint64_t share(uint64_t count, uint64_t kept_ms, uint64_t whole_ms)
{
	return (uint64_t)((unsigned __int128)count * kept_ms / whole_ms);
}

/*
 * Ages as rows have them. What is older than a row can say is left out in
 * proportion: squeezed into the time that is left it would look like a flood.
 */
static struct row_key key_of(const struct flow *flow, struct pick *pick)
{
	struct row_key key = { .vantage = flow->vantage, .class = flow->class };
	uint64_t begin_ms = flow->begin_age_ms;
	uint64_t end_ms = flow->end_age_ms;

	if ((begin_ms | end_ms) == 0)
		return key;
	if (end_ms > AGE_MAX_MS || begin_ms < end_ms)
		end_ms = begin_ms = begin_ms < AGE_MAX_MS ? begin_ms : AGE_MAX_MS;
	if (begin_ms > AGE_MAX_MS) {
		pick->packets = share(pick->packets, AGE_MAX_MS - end_ms, begin_ms - end_ms);
		pick->bytes = share(pick->bytes, AGE_MAX_MS - end_ms, begin_ms - end_ms);
		begin_ms = AGE_MAX_MS;
	}
	key.begin_age = (uint16_t)((begin_ms + TALLY_AGE_MS - 1) / TALLY_AGE_MS);
	key.end_age = (uint16_t)(end_ms / TALLY_AGE_MS);
	return key;
}

static bool row_has(const struct tally *row, const struct row_key *key)
{
	return row->class == key->class && row->vantage == key->vantage &&
	       row->begin_age == key->begin_age && row->end_age == key->end_age;
}

static struct tally *row_new(struct shard *shard, const struct host_slot *slot,
			     const struct row_key *key)
{
	if (shard->now.count == shard->now.cap)
		return NULL;
	struct tally *row = &shard->now.rows[shard->now.count++];
	*row = (struct tally){ .host = slot->ip,
			       .vantage = key->vantage,
			       .begin_age = key->begin_age,
			       .end_age = key->end_age,
			       .direction = slot->direction,
			       .class = key->class,
			       .len = 128,
			       .kind = TALLY_OWN };
	return row;
}

/* The host's first row in this tick: see whether a new second began. */
static struct tally *touch(struct shard *shard, struct host_slot *slot, const struct row_key *key)
{
	struct tally *row = row_new(shard, slot, key);

	if (!row)
		return NULL;
	slot->tick = shard->tick;
	slot->refused = false;
	slot->row = (uint32_t)(row - shard->now.rows);
	if (slot->second != shard->second) {
		bool before = slot->second == (uint16_t)(shard->second - 1);
		slot->busy = before && slot->sampled > shard->floor;
		slot->second = shard->second;
		slot->sampled = 0;
	}
	return row;
}

/* The row of a flow: one of the first few that the host has, or another one. */
static struct tally *row_of(struct shard *shard, struct host_slot *slot, const struct row_key *key)
{
	if (slot->tick != shard->tick)
		return touch(shard, slot, key);
	struct tally *first = &shard->now.rows[slot->row];
	struct tally *row = first;
	for (unsigned looked = 1; !row_has(row, key); looked++) {
		if (looked < CHAIN_LOOK && row->next) {
			row = &shard->now.rows[row->next - 1];
			continue;
		}
		struct tally *fresh = row_new(shard, slot, key);
		if (!fresh)
			return NULL;
		/* Behind the first: what comes now is likelier to come again. */
		fresh->next = first->next;
		first->next = (uint32_t)(fresh - shard->now.rows) + 1;
		return fresh;
	}
	return row;
}

static void find_row(struct shard *shard, const struct flow *flow, struct pick *pick)
{
	uint64_t scale = flow_scale(flow);

	pick->packets = scaled(flow->packets, scale);
	pick->bytes = scaled(flow->bytes, scale);
	pick->slot = NULL;
	if (!pick->host)
		return;
	struct row_key key = key_of(flow, pick);
	struct host_slot *slot = hosts_take(&shard->hosts, pick->host, flow->direction, pick->home);
	pick->row = slot ? row_of(shard, slot, &key) : NULL;
	if (!pick->row) {
		shard->stats.turned_away++;
		return;
	}
	pick->slot = slot;
	__builtin_prefetch(pick->row, 1);
}

/* The detail of a busy host, taken from the tick's pool at first need; NULL when none is left. */
static struct tally_detail *detail_of(struct shard *shard, struct host_slot *slot)
{
	struct tally_batch *now = &shard->now;
	struct tally *first = &now->rows[slot->row];

	if (first->detail)
		return &now->details[first->detail - 1];
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
	first->detail = (uint32_t)now->detail_count;
	return detail;
}

/* The lists cost more than all else: of a flood, a part of the flows stands for the others. */
static void add_detail(struct tally_detail *detail, const struct flow *flow,
		       const struct pick *pick)
{
	uint64_t flows = pick->row->flows;
	uint64_t times = flows <= DETAIL_ALL ? 1 : flows % DETAIL_PART == 0 ? DETAIL_PART : 0;

	tally_detail_add(detail, pick->peer, flow, scaled(pick->packets, times),
			 scaled(pick->bytes, times));
}

static void count(struct shard *shard, const struct flow *flow, const struct pick *pick)
{
	struct shard_stats *stats = &shard->stats;

	assert(flow->class < CLASS_COUNT);
	/* Minutes of data that come in one piece would look like a flood. */
	if (flow->late) {
		stats->late++;
		return;
	}
	uint64_t scale = flow_scale(flow);
	stats->flows[flow->direction]++;
	stats->packets[flow->direction] =
		tally_sum(stats->packets[flow->direction], scaled(flow->packets, scale));
	stats->bytes[flow->direction] =
		tally_sum(stats->bytes[flow->direction], scaled(flow->bytes, scale));
	stats->unknown_sampling += flow->sampling == 0;
	if (!pick->slot)
		return;

	struct host_slot *slot = pick->slot;
	struct tally *row = pick->row;
	row->packets = tally_sum(row->packets, pick->packets);
	row->bytes = tally_sum(row->bytes, pick->bytes);
	row->flows += row->flows < UINT32_MAX;
	row->sampled = saturated(tally_sum(row->sampled, flow->packets));
	slot->sampled = saturated(tally_sum(slot->sampled, flow->packets));
	if (!slot->busy && slot->sampled <= shard->floor)
		return;
	struct tally_detail *detail = detail_of(shard, slot);
	if (detail)
		add_detail(detail, flow, pick);
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

static void add_both_ways(struct shard *shard, struct flow *flows, size_t n)
{
	add_run(shard, flows, n);
	for (size_t i = 0; i < n; i++) {
		bool reverse = flows[i].has & FLOW_HAS_REVERSE;
		if (reverse && (flows[i].rev_packets || flows[i].rev_bytes))
			add_reverse(shard, &flows[i]);
	}
}

size_t shard_add(struct shard *shard, struct flow *flows, size_t count)
{
	size_t taken = 0;

	while (taken < count) {
		size_t n = count - taken < RUN ? count - taken : RUN;
		/* Each flow may need a row, and its answer another one. */
		if (shard->now.cap - shard->now.count < 2 * n)
			break;
		add_both_ways(shard, &flows[taken], n);
		taken += n;
	}
	return taken;
}

void shard_squeeze(struct shard *shard, struct flow *flows, size_t count)
{
	for (size_t taken = 0; taken < count;) {
		size_t n = count - taken < RUN ? count - taken : RUN;
		add_both_ways(shard, &flows[taken], n);
		taken += n;
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
