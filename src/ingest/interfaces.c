/* SPDX-License-Identifier: Apache-2.0 */
/* interfaces: counter samples to rates (sFlow v5, generic interface counters). One thread. */
#include "ingest/interfaces.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"

#define EMPTY UINT32_MAX

struct interfaces {
	struct interface_rate *rates;
	struct interface_counters *latest; /* beside rates */
	size_t count;
	size_t limit;
	uint32_t *index;
	uint32_t index_mask;
	uint64_t seed;
	uint64_t turned_away;
};

struct interfaces *interfaces_new(size_t limit, uint64_t seed)
{
	struct interfaces *t = calloc(1, sizeof(*t)); /* banned-ok: at open */
	uint32_t size = 16;

	if (!t)
		return NULL;
	while (size < limit * 2)
		size *= 2;
	t->limit = limit;
	t->seed = seed;
	t->index_mask = size - 1;
	t->rates = calloc(limit, sizeof(*t->rates));   /* banned-ok: at open */
	t->latest = calloc(limit, sizeof(*t->latest)); /* banned-ok: at open */
	t->index = malloc(size * sizeof(*t->index));   /* banned-ok: at open */
	if (!t->rates || !t->latest || !t->index) {
		interfaces_free(t);
		return NULL;
	}
	for (uint32_t i = 0; i < size; i++)
		t->index[i] = EMPTY;
	return t;
}

void interfaces_free(struct interfaces *interfaces)
{
	if (!interfaces)
		return;
	free(interfaces->rates);
	free(interfaces->latest);
	free(interfaces->index);
	free(interfaces);
}

static bool same_interface(const struct interface_rate *rate, const struct interface_counters *c)
{
	return rate->if_index == c->if_index && ip_equal(&rate->exporter, &c->exporter) &&
	       ip_equal(&rate->agent, &c->agent);
}

/* The entry of an interface, made if there is room; `limit` of them at most. */
static size_t find(struct interfaces *t, const struct interface_counters *c)
{
	uint64_t hash = hash_words(hash_ip(&c->exporter, t->seed),
				   hash_ip(&c->agent, t->seed) ^ c->if_index, t->seed);

	for (uint32_t i = (uint32_t)hash;; i++) {
		uint32_t *slot = &t->index[i & t->index_mask];
		if (*slot != EMPTY && same_interface(&t->rates[*slot], c))
			return *slot;
		if (*slot != EMPTY)
			continue;
		if (t->count == t->limit)
			return t->limit;
		*slot = (uint32_t)t->count;
		t->rates[t->count] = (struct interface_rate){ .exporter = c->exporter,
							      .agent = c->agent,
							      .if_index = c->if_index };
		return t->count++;
	}
}

static uint64_t per_second(uint64_t before, uint64_t now, uint64_t over_ns)
{
	return (uint64_t)((double)(now - before) * NS_PER_S / (double)over_ns);
}

static bool went_on(const struct interface_counters *before, const struct interface_counters *now)
{
	return now->received_ns > before->received_ns && now->in_octets >= before->in_octets &&
	       now->out_octets >= before->out_octets && now->in_packets >= before->in_packets &&
	       now->out_packets >= before->out_packets;
}

void interfaces_update(struct interfaces *interfaces, const struct interface_counters *counters)
{
	size_t at = find(interfaces, counters);

	if (at == interfaces->limit) {
		interfaces->turned_away++;
		return;
	}
	struct interface_rate *rate = &interfaces->rates[at];
	const struct interface_counters *before = &interfaces->latest[at];
	if (rate->last_ns && went_on(before, counters)) {
		uint64_t over_ns = counters->received_ns - before->received_ns;
		rate->in_bps = per_second(before->in_octets, counters->in_octets, over_ns) * 8;
		rate->out_bps = per_second(before->out_octets, counters->out_octets, over_ns) * 8;
		rate->in_pps = per_second(before->in_packets, counters->in_packets, over_ns);
		rate->out_pps = per_second(before->out_packets, counters->out_packets, over_ns);
		rate->over_ns = over_ns;
	}
	rate->speed_bps = counters->if_speed_bps;
	rate->last_ns = counters->received_ns;
	interfaces->latest[at] = *counters;
}

const struct interface_rate *interfaces_rates(const struct interfaces *interfaces,
					      size_t *ret_count)
{
	*ret_count = interfaces->count;
	return interfaces->rates;
}

uint64_t interfaces_turned_away(const struct interfaces *interfaces)
{
	return interfaces->turned_away;
}
