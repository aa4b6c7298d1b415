/* SPDX-License-Identifier: Apache-2.0 */
/* shard: runs of flows are aimed, then looked up, then counted, to hide cache misses. */
#include "tally/shard.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tally/floor.h"
#include "tally/fold.h"
#include "tally/hosts.h"
#include "tally/outside.h"
#include "tally/row.h"

#define SECOND_NS       1000000000U
/* Flows whose cache misses overlap. */
#define RUN             32
/* Flows of one host, class and tick that all count for its peers; of more, one in eight. */
#define DETAIL_ALL      64
#define DETAIL_PART     8
/* Silent hosts go after this time; sooner once the table is three quarters full. */
#define IDLE_S          30
#define IDLE_FULL_S     2
/* Share of the table that is swept in one tick. */
#define SWEEP_PART      64
/* Rows of a host that are compared before it gets another one. */
#define CHAIN_LOOK      4
#define CACHE_LINE      64
/* New rows are in cache before they are needed. */
#define ROWS_AHEAD      8
/* The thinnest that flows are handed on as evidence. */
#define SAMPLE_EACH_MAX 65536
/* The oldest that a row can speak of. */
#define AGE_MAX_MS      ((uint64_t)UINT16_MAX * TALLY_AGE_MS)

/* A flow on its way through the three steps, with all that is needed of it. */
struct pick {
	struct tally add; /* the flow as a row of its host */
	struct ip peer;
	struct host_aim aim;
	struct host_slot *found; /* by look(); may have moved since */
	uint64_t outside;        /* hash of the peer, if outbound */
	uint16_t sport;
	uint16_t dport;
	uint8_t proto;
};

/* Flows of one run, and their answers. */
struct picks {
	struct pick at[2 * RUN];
	size_t count;
};

struct shard {
	const struct config *config;
	struct hosts hosts;
	struct outside outside;
	struct fold fold;
	struct tally_batch now; /* the tick being filled */
	uint32_t tick;          /* number of it; never 0 */
	uint16_t second;        /* of its beginning */
	struct floor floor;
	uint32_t sample_each; /* one flow in so many is handed on; a power of two */
	uint32_t sample_skip; /* flows to go until the next */
	uint64_t sample_dice;
	size_t sample_most; /* in one tick of this second */
	uint64_t hosts_limit;
	struct shard_stats stats;
	struct picks picks[2];
	struct picks *fresh;   /* being aimed */
	struct picks *waiting; /* aimed before, not counted yet: their rows are on the way */
	struct flow told;      /* what tally_detail_add() wants to know of a flow */
};

/* Fixed places have room for each direction; the others share a table. */
static void use_config(struct shard *shard, const struct config *config)
{
	shard->config = config;
	floor_config(&shard->floor, config);
	shard->hosts_limit = shard->hosts.max;
	for (size_t i = 0; i < config->network_count; i++) {
		const struct config_network *network = &config->networks[i];
		bool again = network->parent && config->networks[network->parent - 1].dense;
		if (network->dense && !again)
			shard->hosts_limit += (uint64_t)HOSTS_DIRECTIONS
					      << (128 - network->prefix.len);
	}
}

int shard_open(const struct config *config, uint64_t seed, struct shard **ret_shard)
{
	struct shard *shard = calloc(1, sizeof(*shard)); /* banned-ok: at open */

	if (!shard)
		return -ENOMEM;
	shard->tick = 1;
	shard->sample_each = 1;
	shard->sample_dice = seed;
	shard->fresh = &shard->picks[0];
	shard->waiting = &shard->picks[1];
	floor_init(&shard->floor);
	int err = tally_batch_init(&shard->now, config);
	if (!err)
		err = hosts_open(&shard->hosts, config->max_hosts, seed);
	if (!err)
		err = outside_open(&shard->outside, config->max_outside, seed);
	if (!err)
		err = fold_open(&shard->fold, config, shard->now.prefix_cap - shard->now.host_cap,
				seed);
	if (err) {
		shard_close(shard);
		return err;
	}
	use_config(shard, config);
	*ret_shard = shard;
	return 0;
}

void shard_close(struct shard *shard)
{
	if (!shard)
		return;
	hosts_close(&shard->hosts);
	outside_close(&shard->outside);
	fold_close(&shard->fold);
	tally_batch_done(&shard->now);
	free(shard);
}

/* What slots say of this tick's rows holds no longer. */
static void forget_rows(struct shard *shard)
{
	if (++shard->tick == 0)
		shard->tick = 1;
}

/* Where a flow belongs: its direction, and the own network on the side that is tallied. */
static const struct config_network *network_of(const struct config *config, struct flow *flow)
{
	if (config->network_count == 0) {
		flow->direction = DIRECTION_INBOUND;
		return NULL;
	}
	uint32_t from = lpm_find(config->network_lpm, &flow->src);
	uint32_t to = lpm_find(config->network_lpm, &flow->dst);
	if (from == LPM_NONE) {
		flow->direction = to == LPM_NONE ? DIRECTION_TRANSIT : DIRECTION_INBOUND;
		return to == LPM_NONE ? NULL : &config->networks[to];
	}
	flow->direction = to == LPM_NONE ? DIRECTION_OUTBOUND : DIRECTION_INTERNAL;
	return &config->networks[to == LPM_NONE ? from : to];
}

static uint64_t scaled(uint64_t count, uint64_t scale)
{
	uint64_t product;
	return __builtin_mul_overflow(count, scale, &product) ? UINT64_MAX : product;
}

static uint64_t share(uint64_t count, uint64_t kept_ms, uint64_t whole_ms)
{
	return (uint64_t)((unsigned __int128)count * kept_ms / whole_ms);
}

/*
 * Ages as rows have them. What is older than a row can say is left out in
 * proportion: squeezed into the time that is left it would look like a flood.
 */
static uint64_t set_ages(struct tally *add, const struct flow *flow, uint64_t word)
{
	uint64_t begin_ms = flow->begin_age_ms;
	uint64_t end_ms = flow->end_age_ms;

	if (end_ms > AGE_MAX_MS || begin_ms < end_ms)
		end_ms = begin_ms = begin_ms < AGE_MAX_MS ? begin_ms : AGE_MAX_MS;
	if (begin_ms > AGE_MAX_MS) {
		add->packets = share(add->packets, AGE_MAX_MS - end_ms, begin_ms - end_ms);
		add->bytes = share(add->bytes, AGE_MAX_MS - end_ms, begin_ms - end_ms);
		begin_ms = AGE_MAX_MS;
	}
	return row_with_ages(word, (uint16_t)((begin_ms + TALLY_AGE_MS - 1) / TALLY_AGE_MS),
			     (uint16_t)(end_ms / TALLY_AGE_MS));
}

static void count_stats(struct shard_stats *stats, const struct flow *flow, uint64_t packets,
			uint64_t bytes)
{
	stats->flows[flow->direction]++;
	stats->packets[flow->direction] = tally_sum(stats->packets[flow->direction], packets);
	stats->bytes[flow->direction] = tally_sum(stats->bytes[flow->direction], bytes);
	stats->unknown_sampling += flow->sampling == 0;
}

/* What is needed of a flow that belongs to a host, and where to look for it. */
static void aim(struct shard *shard, const struct flow *flow, const struct config_network *network,
		const uint64_t packets_bytes[2])
{
	struct pick *pick = &shard->fresh->at[shard->fresh->count++];
	const bool outbound = flow->direction == DIRECTION_OUTBOUND;
	const struct ip *host = outbound ? &flow->src : &flow->dst;
	uint64_t word = row_word_of(flow->direction, flow->class);

	pick->add = (struct tally){ .host = *host,
				    .packets = packets_bytes[0],
				    .bytes = packets_bytes[1],
				    .flows = 1,
				    .sampled = row_sum(0, flow->packets),
				    .vantage = flow->vantage };
	if (flow->begin_age_ms | flow->end_age_ms)
		word = set_ages(&pick->add, flow, word);
	row_set_word(&pick->add, word);
	pick->peer = outbound ? flow->dst : flow->src;
	pick->sport = flow->sport;
	pick->dport = flow->dport;
	pick->proto = flow->proto;
	pick->aim = hosts_aim(&shard->hosts, network, host, flow->direction);
	if (outbound)
		pick->outside = outside_aim(&shard->outside, &pick->peer);
}

/* Say whose vantage it is, once a tick. */
static void name_vantage(struct tally_batch *now, const struct flow *flow)
{
	size_t i = 0;

	while (i < now->vantage_count && now->vantages[i].vantage != flow->vantage)
		i++;
	if (i == now->vantage_count && i < TALLY_VANTAGES)
		now->vantages[now->vantage_count++] =
			(struct tally_vantage){ flow->vantage, flow->exporter };
}

/*
 * Flows until the next sample: as many as not on average, but by chance, so that no traffic can keep
 * step with it (RFC 5475, section 5). Knuth's generator: the same input gives the same samples.
 */
static uint32_t draw_skip(struct shard *shard)
{
	uint64_t most = 2 * (uint64_t)shard->sample_each - 1;

	shard->sample_dice = shard->sample_dice * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)((shard->sample_dice >> 33) * most >> 31);
}

/* Hand a flow on as evidence, if it is its turn and there is room. */
static void put_sample(struct shard *shard, const struct flow *flow)
{
	struct tally_batch *now = &shard->now;

	if (shard->sample_skip) {
		shard->sample_skip--;
		return;
	}
	shard->sample_skip = draw_skip(shard);
	if (now->sample_count == now->sample_cap) {
		/* Thinner from here on: what comes late in a tick must not be missed altogether. */
		shard->sample_each += shard->sample_each < SAMPLE_EACH_MAX ? shard->sample_each : 0;
		return;
	}
	now->samples[now->sample_count++] = sample_of(flow);
	if (flow->direction == DIRECTION_TRANSIT)
		name_vantage(now, flow);
}

/* Count what is counted of every flow, and aim those that belong to a host. */
static void take(struct shard *shard, struct flow *flow)
{
	const struct config_network *network = network_of(shard->config, flow);
	const uint64_t scale = flow_scale(flow);
	const uint64_t packets_bytes[2] = { scaled(flow->packets, scale),
					    scaled(flow->bytes, scale) };

	assert(flow->class < CLASS_COUNT);
	/* Minutes of data that come in one piece would look like a flood. */
	if (flow->late) {
		shard->stats.late++;
		return;
	}
	count_stats(&shard->stats, flow, packets_bytes[0], packets_bytes[1]);
	put_sample(shard, flow);
	if (flow->direction != DIRECTION_TRANSIT)
		aim(shard, flow, network, packets_bytes);
}

/* Have the rows in cache that will be needed. */
static void look(const struct shard *shard, struct pick *pick)
{
	const struct host_slot *slot = pick->found =
		hosts_find(&shard->hosts, &pick->aim, &pick->add.host, pick->add.direction);

	if (slot && slot->tick == shard->tick)
		__builtin_prefetch(&shard->now.rows[slot->row], 1);
	if (pick->add.direction == DIRECTION_OUTBOUND)
		outside_look(&shard->outside, pick->outside);
}

/* A new row for what is counted first in it; NULL when the tick has none left. */
static struct tally *row_new(struct shard *shard, const struct tally *add)
{
	struct tally_batch *now = &shard->now;

	if (now->count == now->host_cap)
		return NULL;
	struct tally *row = &now->rows[now->count++];
	__builtin_prefetch(row + ROWS_AHEAD, 1);
	*row = *add;
	return row;
}

/* The host's first row in this tick: see whether a new second began. */
static struct tally *touch(struct shard *shard, struct host_slot *slot, const struct tally *add)
{
	struct tally *row = row_new(shard, add);

	if (!row)
		return NULL;
	slot->tick = shard->tick;
	slot->refused = false;
	slot->row = (uint32_t)(row - shard->now.rows);
	if (slot->second != shard->second) {
		bool before = slot->second == (uint16_t)(shard->second - 1);
		slot->busy = before && slot->sampled > shard->floor.sampled;
		slot->second = shard->second;
		slot->sampled = 0;
	}
	return row;
}

/* Count in one of the first few rows that the host has, or in another one. Return: that row. */
static struct tally *count_host(struct shard *shard, struct host_slot *slot,
				const struct tally *add)
{
	if (slot->tick != shard->tick)
		return touch(shard, slot, add);
	struct tally *rows = shard->now.rows;
	struct tally *first = &rows[slot->row];
	struct tally *row = first;
	for (unsigned looked = 1; !row_same(row, add); looked++) {
		if (looked < CHAIN_LOOK && row->next) {
			row = &rows[row->next - 1];
			continue;
		}
		row = row_new(shard, add);
		if (!row)
			return NULL;
		/* Behind the first: what comes now is likelier to come again. */
		row->next = first->next;
		first->next = (uint32_t)(row - rows) + 1;
		return row;
	}
	row_add(row, add);
	return row;
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
		shard->floor.refused++;
		shard->stats.details_turned_away++;
		return NULL;
	}
	struct tally_detail *detail = &now->details[now->detail_count++];
	memset(detail, 0, sizeof(*detail));
	for (size_t at = 0; at < sizeof(*detail); at += CACHE_LINE)
		__builtin_prefetch((char *)(detail + 1) + at, 1);
	first->detail = (uint32_t)now->detail_count;
	return detail;
}

/* The lists cost more than all else: of a flood, a part of the flows stands for the others. */
static void add_detail(struct shard *shard, struct host_slot *slot, const struct pick *pick,
		       uint32_t flows)
{
	uint64_t times = flows <= DETAIL_ALL ? 1 : flows % DETAIL_PART == 0 ? DETAIL_PART : 0;
	struct tally_detail *detail = detail_of(shard, slot);
	struct flow *told = &shard->told;

	if (!detail)
		return;
	told->sport = pick->sport;
	told->dport = pick->dport;
	told->proto = pick->proto;
	told->class = pick->add.class;
	tally_detail_add(detail, &pick->peer, told, scaled(pick->add.packets, times),
			 scaled(pick->add.bytes, times));
}

static void count(struct shard *shard, const struct pick *pick)
{
	const uint8_t direction = pick->add.direction;

	if (direction == DIRECTION_OUTBOUND)
		outside_add(&shard->outside, pick->outside, &pick->peer, &pick->add);
	struct host_slot *slot =
		hosts_take(&shard->hosts, &pick->aim, pick->found, &pick->add, shard->second);
	const struct tally *row = slot ? count_host(shard, slot, &pick->add) : NULL;
	if (!row) {
		shard->stats.turned_away++;
		return;
	}
	slot->sampled = row_sum(slot->sampled, pick->add.sampled);
	if ((slot->busy || slot->sampled > shard->floor.sampled) &&
	    !floor_is_small(&shard->floor, row))
		add_detail(shard, slot, pick, row->flows);
}

static void count_waiting(struct shard *shard)
{
	for (size_t i = 0; i < shard->waiting->count; i++)
		count(shard, &shard->waiting->at[i]);
	shard->waiting->count = 0;
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
	take(shard, &back);
}

/* What came with the run before has its slots and rows in cache by now. */
static void add_run(struct shard *shard, struct flow *flows, size_t n)
{
	assert(n <= RUN);
	for (size_t i = 0; i < n; i++)
		take(shard, &flows[i]);
	for (size_t i = 0; i < n; i++) {
		bool reverse = flows[i].has & FLOW_HAS_REVERSE;
		if (reverse && (flows[i].rev_packets || flows[i].rev_bytes))
			add_reverse(shard, &flows[i]);
	}
	count_waiting(shard);
	for (size_t i = 0; i < shard->fresh->count; i++)
		look(shard, &shard->fresh->at[i]);
	struct picks *empty = shard->waiting;
	shard->waiting = shard->fresh;
	shard->fresh = empty;
}

void shard_reload(struct shard *shard, const struct config *config)
{
	count_waiting(shard);
	use_config(shard, config);
	fold_reload(&shard->fold, config);
	/* A fixed place may be another host's now; the rows so far stay as they are. */
	forget_rows(shard);
}

size_t shard_add(struct shard *shard, struct flow *flows, size_t count)
{
	size_t taken = 0;

	while (taken < count) {
		size_t n = count - taken < RUN ? count - taken : RUN;
		/* Each flow may need a row, and its answer another one; so do those that wait. */
		if (shard->now.host_cap - shard->now.count < 2 * n + shard->waiting->count)
			break;
		add_run(shard, &flows[taken], n);
		taken += n;
	}
	return taken;
}

void shard_squeeze(struct shard *shard, struct flow *flows, size_t count)
{
	for (size_t taken = 0; taken < count;) {
		size_t n = count - taken < RUN ? count - taken : RUN;
		add_run(shard, &flows[taken], n);
		taken += n;
	}
}

/* As many samples as there is room for: thinner at once when it is short, thicker by the second. */
static void adapt_samples(struct shard *shard, bool second_over)
{
	struct tally_batch *now = &shard->now;

	if (now->sample_count > shard->sample_most)
		shard->sample_most = now->sample_count;
	if (!second_over)
		return;
	if (shard->sample_most < now->sample_cap / 3 && shard->sample_each > 1)
		shard->sample_each /= 2;
	shard->sample_most = 0;
}

static void next_tick(struct shard *shard, uint64_t tick_end_ns)
{
	uint16_t second = (uint16_t)(tick_end_ns / SECOND_NS);

	if (second != shard->second)
		floor_second(&shard->floor, shard->now.detail_cap);
	shard->second = second;
	forget_rows(shard);
	bool full = shard->hosts.count > shard->hosts.max / 4 * 3;
	hosts_sweep(&shard->hosts, second, full ? IDLE_FULL_S : IDLE_S, SWEEP_PART);
}

void shard_tick(struct shard *shard, uint64_t tick_end_ns, struct tally_batch *batch)
{
	struct tally_batch *now = &shard->now;

	assert(batch->cap == now->cap && batch->detail_cap == now->detail_cap);
	count_waiting(shard);
	fold_rows(&shard->fold, now, now->prefix_cap);
	outside_rows(&shard->outside, now, tick_end_ns);
	now->tick_ns = tick_end_ns;
	floor_tick(&shard->floor, now->detail_count);
	now->sample_each = shard->sample_each;
	shard->stats.samples += now->sample_count;
	shard_stats(shard, &now->stats);
	adapt_samples(shard, shard->second != (uint16_t)(tick_end_ns / SECOND_NS));

	struct tally_batch full = *now;
	*now = *batch;
	now->count = 0;
	now->detail_count = 0;
	now->sample_count = 0;
	now->vantage_count = 0;
	*batch = full;
	next_tick(shard, tick_end_ns);
}

void shard_stats(const struct shard *shard, struct shard_stats *ret_stats)
{
	*ret_stats = shard->stats;
	ret_stats->hosts = shard->hosts.count + shard->hosts.dense_count;
	ret_stats->hosts_limit = shard->hosts_limit;
	ret_stats->replaced = shard->hosts.replaced;
	ret_stats->prefixes_turned_away = shard->fold.turned_away;
	ret_stats->outside = shard->outside.used;
	ret_stats->outside_replaced = shard->outside.replaced;
	ret_stats->sample_each = shard->sample_each;
	ret_stats->detail_floor = shard->floor.sampled;
}
