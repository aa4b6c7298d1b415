/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally: the bounded lists behind a busy host's tally.
 *
 * Heavy peers and ports are kept by SpaceSaving (Metwally, Agrawal, El Abbadi
 * 2005): a list that is full gives its lightest place to the newcomer, which
 * inherits the count as its error. Lists merge as in "Mergeable Summaries"
 * (Agarwal et al. 2012). Distinct peers are counted by HyperLogLog (Flajolet
 * et al. 2007). No allocation, no clock; any thread.
 */
#include "model/tally.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/hash.h"

/* WHY constant: shards and replays must fill the same registers for the same peers. */
#define SKETCH_SEED 0x5eed0fd157147c75U
#define SKETCH_BITS 8
static_assert(TALLY_SKETCH == 1 << SKETCH_BITS, "the register is picked by SKETCH_BITS bits");

/* What peers and ports have in common: a key of 16 bytes and what it weighs. */
struct heavy {
	uint64_t key[2];
	uint64_t packets;
	uint64_t bytes;
	uint64_t error;
};
#define SAME_LAYOUT(type)                                                                   \
	static_assert(sizeof(type) == sizeof(struct heavy) &&                               \
			      offsetof(type, packets) == offsetof(struct heavy, packets) && \
			      offsetof(type, bytes) == offsetof(struct heavy, bytes) &&     \
			      offsetof(type, error) == offsetof(struct heavy, error),       \
		      "a list of these is a list of struct heavy")
SAME_LAYOUT(struct tally_peer);
SAME_LAYOUT(struct tally_port);

/* NOLINTNEXTLINE(bugprone-branch-clone): two macros of different value */
enum { HEAVY_MAX = TALLY_PEERS > TALLY_PORTS ? TALLY_PEERS : TALLY_PORTS };

/* One list of a detail; places in use come first. */
struct heavies {
	struct heavy *at;
	size_t cap;
};

static struct heavies peers_of(struct tally_detail *detail)
{
	return (struct heavies){ (struct heavy *)detail->peers, TALLY_PEERS };
}

static struct heavies ports_of(struct tally_detail *detail)
{
	return (struct heavies){ (struct heavy *)detail->ports, TALLY_PORTS };
}

static bool key_same(const struct heavy *a, const struct heavy *b)
{
	return a->key[0] == b->key[0] && a->key[1] == b->key[1];
}

static void heavy_raise(struct heavy *heavy, const struct heavy *by)
{
	heavy->packets = tally_sum(heavy->packets, by->packets);
	heavy->bytes = tally_sum(heavy->bytes, by->bytes);
	heavy->error = tally_sum(heavy->error, by->error);
}

static void heavies_add(struct heavies list, const struct heavy *add)
{
	struct heavy *least = list.at;

	for (struct heavy *heavy = list.at; heavy < list.at + list.cap; heavy++) {
		if (heavy->packets == 0) {
			*heavy = *add;
			return;
		}
		if (key_same(heavy, add)) {
			heavy_raise(heavy, add);
			return;
		}
		if (heavy->packets < least->packets)
			least = heavy;
	}
	memcpy(least->key, add->key, sizeof(add->key));
	least->error = least->packets;
	heavy_raise(least, add);
}

static void sketch_add(struct tally_detail *detail, const struct ip *peer)
{
	uint64_t hash = hash_ip(peer, SKETCH_SEED);
	size_t at = hash >> (64 - SKETCH_BITS);
	uint64_t rest = hash << SKETCH_BITS | 1U << (SKETCH_BITS - 1);
	uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);

	if (rank > detail->sketch[at])
		detail->sketch[at] = rank;
}

/* The one port of @flow that says what it is; see struct tally_port. */
static struct tally_port port_of(const struct flow *flow)
{
	struct tally_port port = { .proto = flow->proto, .class = flow->class };
	bool by_source = flow->class == CLASS_UDP_AMP || flow->class == CLASS_UDP_ANSWER ||
			 flow->dport == 0 || (flow->sport != 0 && flow->sport <= flow->dport);

	if (by_source)
		port.sport = flow->sport;
	else
		port.dport = flow->dport;
	return port;
}

void tally_detail_add(struct tally_detail *detail, const struct ip *peer, const struct flow *flow,
		      uint64_t packets, uint64_t bytes)
{
	struct heavy add = { .packets = packets, .bytes = bytes };
	struct tally_port port = port_of(flow);
	struct tally_count sum = { packets, bytes, 1 };

	sketch_add(detail, peer);
	tally_count_add(&detail->by_class[flow->class], &sum);
	if (packets == 0)
		return;
	memcpy(add.key, peer, sizeof(add.key));
	heavies_add(peers_of(detail), &add);
	memcpy(add.key, &port, sizeof(add.key));
	heavies_add(ports_of(detail), &add);
}

/* The most that a key missing in @list may weigh: all of it error. Nothing unless it is full. */
static struct heavy missing_in(struct heavies list)
{
	struct heavy least = list.at[0];

	for (size_t i = 1; i < list.cap; i++) {
		if (list.at[i].packets < least.packets)
			least = list.at[i];
	}
	if (least.packets == 0)
		return (struct heavy){ 0 };
	least.error = least.packets;
	return least;
}

static const struct heavy *heavies_find(struct heavies list, const struct heavy *key)
{
	for (size_t i = 0; i < list.cap && list.at[i].packets; i++) {
		if (key_same(&list.at[i], key))
			return &list.at[i];
	}
	return NULL;
}

/* Every key of either list with what both say of it; those of @b alone come last. */
static size_t heavies_union(struct heavies a, struct heavies b, struct heavy *ret_all)
{
	struct heavy missing_a = missing_in(a);
	struct heavy missing_b = missing_in(b);
	size_t count = 0;

	for (; count < a.cap && a.at[count].packets; count++) {
		const struct heavy *other = heavies_find(b, &a.at[count]);
		ret_all[count] = a.at[count];
		heavy_raise(&ret_all[count], other ? other : &missing_b);
	}
	for (size_t i = 0; i < b.cap && b.at[i].packets; i++) {
		if (heavies_find(a, &b.at[i]))
			continue;
		ret_all[count] = b.at[i];
		heavy_raise(&ret_all[count++], &missing_a);
	}
	return count;
}

static void heavies_merge(struct heavies into, struct heavies from)
{
	struct heavy all[2 * HEAVY_MAX];
	size_t count = heavies_union(into, from, all);

	/* Heaviest first; among equals the earlier, so that the order is certain. */
	for (size_t kept = 0; kept < into.cap && count > 0; kept++) {
		size_t best = 0;
		for (size_t i = 1; i < count; i++) {
			if (all[i].packets > all[best].packets)
				best = i;
		}
		into.at[kept] = all[best];
		memmove(&all[best], &all[best + 1], (--count - best) * sizeof(all[0]));
	}
}

void tally_detail_merge(struct tally_detail *into, const struct tally_detail *from)
{
	struct tally_detail copy = *from;

	heavies_merge(peers_of(into), peers_of(&copy));
	heavies_merge(ports_of(into), ports_of(&copy));
	for (size_t c = 0; c < CLASS_COUNT; c++)
		tally_count_add(&into->by_class[c], &from->by_class[c]);
	for (size_t i = 0; i < TALLY_SKETCH; i++) {
		if (from->sketch[i] > into->sketch[i])
			into->sketch[i] = from->sketch[i];
	}
}

static void heavies_decay(struct heavies list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list.cap; i++) {
		struct heavy heavy = list.at[i];
		heavy.packets /= 2;
		heavy.bytes /= 2;
		heavy.error /= 2;
		if (heavy.packets)
			list.at[kept++] = heavy;
	}
	memset(&list.at[kept], 0, (list.cap - kept) * sizeof(list.at[0]));
}

void tally_detail_decay(struct tally_detail *detail)
{
	heavies_decay(peers_of(detail));
	heavies_decay(ports_of(detail));
	for (size_t c = 0; c < CLASS_COUNT; c++) {
		struct tally_count *count = &detail->by_class[c];
		*count = (struct tally_count){ count->packets / 2, count->bytes / 2,
					       count->flows / 2 };
	}
	memset(detail->sketch, 0, sizeof(detail->sketch));
}

uint64_t tally_detail_distinct(const struct tally_detail *detail)
{
	const double m = TALLY_SKETCH;
	double sum = 0;
	unsigned zeros = 0;

	for (size_t i = 0; i < TALLY_SKETCH; i++) {
		sum += ldexp(1, -detail->sketch[i]);
		zeros += detail->sketch[i] == 0;
	}
	double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
	/* Few peers leave registers empty, and counting the empty ones is closer then. */
	if (estimate <= 2.5 * m && zeros > 0)
		estimate = m * log(m / zeros);
	return (uint64_t)(estimate + 0.5);
}
