/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_cache: see flow_cache.h.
 *
 * Entries are in a hash chain and in two lists: by first packet, and by latest packet. What is
 * too old is at the front of the one, what is silent at the front of the other, so that looking
 * costs what it finds.
 */
#include "lab/flow_cache.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "lab/frame.h"

enum {
	NONE = -1,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_ICMPV6 = 58,
	TCP_FIN = 1,
	TCP_RST = 4,
};

/* By the packet that moves an entry to the end. */
enum list { BY_FIRST, BY_LAST, LISTS };

struct link {
	int32_t next;
	int32_t before;
};

struct entry {
	struct lab_flow flow;
	struct link links[LISTS];
	int32_t chain; /* next one in the chain, or among the free */
};

struct ends {
	int32_t front;
	int32_t back;
};

struct lab_flow_cache {
	struct lab_flow_sink sink;
	uint64_t active_ns;
	uint64_t inactive_ns;
	uint64_t boot_ns;
	uint64_t scan_ns; /* next look for timeouts */
	size_t limit;
	size_t count;
	size_t mask;
	int32_t free;
	struct ends ends[LISTS];
	int32_t *chains;
	struct entry *entries;
};

static int32_t *chain_of(struct lab_flow_cache *cache, const struct lab_flow *flow)
{
	uint64_t ports = (uint64_t)flow->sport << 48 | (uint64_t)flow->dport << 32 |
			 (uint64_t)flow->proto << 24 | (uint64_t)flow->tos << 16;
	uint64_t hash = hash_words(hash_ip(&flow->src, 0), hash_ip(&flow->dst, 1), ports);

	return &cache->chains[hash_words(hash, flow->in_if, 2) & cache->mask];
}

static bool same(const struct lab_flow *a, const struct lab_flow *b)
{
	return ip_equal(&a->src, &b->src) && ip_equal(&a->dst, &b->dst) && a->sport == b->sport &&
	       a->dport == b->dport && a->proto == b->proto && a->tos == b->tos &&
	       a->in_if == b->in_if;
}

static void list_append(struct lab_flow_cache *cache, enum list list, int32_t i)
{
	struct ends *ends = &cache->ends[list];

	cache->entries[i].links[list] = (struct link){ .next = NONE, .before = ends->back };
	if (ends->back == NONE)
		ends->front = i;
	else
		cache->entries[ends->back].links[list].next = i;
	ends->back = i;
}

static void list_remove(struct lab_flow_cache *cache, enum list list, int32_t i)
{
	struct ends *ends = &cache->ends[list];
	struct link link = cache->entries[i].links[list];

	if (link.before == NONE)
		ends->front = link.next;
	else
		cache->entries[link.before].links[list].next = link.next;
	if (link.next == NONE)
		ends->back = link.before;
	else
		cache->entries[link.next].links[list].before = link.before;
}

static void end_flow(struct lab_flow_cache *cache, int32_t i, uint64_t now_ns)
{
	struct entry *entry = &cache->entries[i];
	int32_t *at = chain_of(cache, &entry->flow);

	while (*at != i)
		at = &cache->entries[*at].chain;
	*at = entry->chain;
	list_remove(cache, BY_FIRST, i);
	list_remove(cache, BY_LAST, i);
	entry->chain = cache->free;
	cache->free = i;
	cache->count--;
	cache->sink.flow(cache->sink.self, &entry->flow, now_ns);
}

static struct lab_flow flow_of(const struct lab_packet *packet)
{
	bool icmp = packet->proto == PROTO_ICMP || packet->proto == PROTO_ICMPV6;

	return (struct lab_flow){
		.src = packet->src,
		.dst = packet->dst,
		.in_if = packet->in_if,
		.out_if = packet->out_if,
		.sport = icmp ? 0 : packet->sport,
		.dport = packet->dport,
		.proto = packet->proto,
		.first_ns = packet->time_ns,
	};
}

/* An entry for a flow that has none. */
static int32_t begin_flow(struct lab_flow_cache *cache, const struct lab_flow *flow, int32_t *chain)
{
	if (cache->free == NONE)
		end_flow(cache, cache->ends[BY_FIRST].front, flow->first_ns);
	int32_t i = cache->free;
	struct entry *entry = &cache->entries[i];

	cache->free = entry->chain;
	entry->flow = *flow;
	entry->chain = *chain;
	*chain = i;
	list_append(cache, BY_FIRST, i);
	list_append(cache, BY_LAST, i);
	cache->count++;
	return i;
}

void lab_flow_cache_packet(struct lab_flow_cache *cache, const struct lab_packet *packet)
{
	struct lab_flow key = flow_of(packet);
	int32_t *chain = chain_of(cache, &key);
	int32_t i = *chain;

	while (i != NONE && !same(&cache->entries[i].flow, &key))
		i = cache->entries[i].chain;
	if (i == NONE) {
		i = begin_flow(cache, &key, chain);
	} else {
		list_remove(cache, BY_LAST, i);
		list_append(cache, BY_LAST, i);
	}
	struct lab_flow *flow = &cache->entries[i].flow;
	flow->packets++;
	flow->octets += frame_length(packet);
	flow->tcp_flags |= packet->tcp_flags;
	flow->last_ns = packet->time_ns;
	if (packet->proto == PROTO_TCP && packet->tcp_flags & (TCP_FIN | TCP_RST))
		end_flow(cache, i, packet->time_ns);
}

void lab_flow_cache_time(struct lab_flow_cache *cache, uint64_t now_ns)
{
	const struct entry *entries = cache->entries;
	const struct ends *ends = cache->ends;

	if (now_ns < cache->scan_ns)
		return;
	cache->scan_ns = now_ns + NS_PER_S - (now_ns - cache->boot_ns) % NS_PER_S;
	while (ends[BY_LAST].front != NONE &&
	       now_ns - entries[ends[BY_LAST].front].flow.last_ns >= cache->inactive_ns)
		end_flow(cache, ends[BY_LAST].front, now_ns);
	while (ends[BY_FIRST].front != NONE &&
	       now_ns - entries[ends[BY_FIRST].front].flow.first_ns >= cache->active_ns)
		end_flow(cache, ends[BY_FIRST].front, now_ns);
}

void lab_flow_cache_flush(struct lab_flow_cache *cache, uint64_t now_ns)
{
	while (cache->ends[BY_FIRST].front != NONE)
		end_flow(cache, cache->ends[BY_FIRST].front, now_ns);
}

void lab_flow_cache_forget(struct lab_flow_cache *cache)
{
	for (size_t i = 0; i <= cache->mask; i++)
		cache->chains[i] = NONE;
	for (size_t i = 0; i < cache->limit; i++)
		cache->entries[i].chain = i + 1 < cache->limit ? (int32_t)i + 1 : NONE;
	for (enum list list = 0; list < LISTS; list++)
		cache->ends[list] = (struct ends){ NONE, NONE };
	cache->free = 0;
	cache->count = 0;
}

size_t lab_flow_cache_count(const struct lab_flow_cache *cache)
{
	return cache->count;
}

int lab_flow_cache_new(const struct lab_exporter *exporter, const struct lab_flow_sink *sink,
		       struct lab_flow_cache **ret_cache)
{
	size_t chains = 64;

	if (exporter->cache_flows == 0 || exporter->cache_flows > INT32_MAX)
		return -EINVAL;
	while (chains < exporter->cache_flows)
		chains *= 2;
	struct lab_flow_cache *cache = calloc(1, sizeof(*cache));
	if (!cache)
		return -ENOMEM;
	cache->sink = *sink;
	cache->active_ns = exporter->active_timeout_ms * NS_PER_MS;
	cache->inactive_ns = exporter->inactive_timeout_ms * NS_PER_MS;
	cache->boot_ns = exporter->boot_ns;
	cache->limit = exporter->cache_flows;
	cache->mask = chains - 1;
	cache->chains = calloc(chains, sizeof(*cache->chains));
	cache->entries = calloc(cache->limit, sizeof(*cache->entries));
	if (!cache->chains || !cache->entries) {
		lab_flow_cache_free(cache);
		return -ENOMEM;
	}
	lab_flow_cache_forget(cache);
	*ret_cache = cache;
	return 0;
}

void lab_flow_cache_free(struct lab_flow_cache *cache)
{
	if (!cache)
		return;
	free(cache->entries);
	free(cache->chains);
	free(cache);
}
