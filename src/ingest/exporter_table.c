/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter_table: datagram in, the exporter it belongs to out.
 *
 * Owned by one ingest thread. Anybody can forge a header, so an entry proves
 * nothing until it has given a record. One address may take a share of the
 * table, and when there is no room an entry that never gave a record, or was
 * silent for long, is re-used; addresses on the operator's list come before
 * all others. For each newcomer at most SCAN entries are looked at. What finds
 * no room is counted under REASON_EXPORTER_FULL.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "ingest/state.h"
#include "ingest/template.h"

#define EMPTY UINT32_MAX
/* Entries looked at to find one that can be re-used. */
#define SCAN  16

/* What is known about a datagram's exporter before it has an entry. */
struct newcomer {
	const struct exporter_key *key;
	const struct ip *agent;
	uint64_t now_ns;
	uint32_t siblings; /* entries its address has already */
	bool listed;
};

static uint32_t *chain_of(const struct decode_state *state, const struct exporter_key *key,
			  const struct ip *agent)
{
	uint64_t word = (uint64_t)key->odid << 8 | key->source;
	uint64_t seed = state->seed ^ hash_mix(word, state->seed | 1);
	uint64_t hash = hash_ip(&key->address, seed) ^ hash_ip(agent, seed + 1);

	return &state->index[hash & state->index_mask];
}

static bool same_exporter(const struct exporter_stats *stats, const struct exporter_key *key,
			  const struct ip *agent)
{
	return ip_equal(&stats->key.address, &key->address) && stats->key.odid == key->odid &&
	       stats->key.source == key->source && ip_equal(&stats->agent, agent);
}

static struct exporter *find(const struct decode_state *state, const struct exporter_key *key,
			     const struct ip *agent)
{
	uint32_t i = *chain_of(state, key, agent);

	while (i != EMPTY && !same_exporter(&state->exporters[i].stats, key, agent))
		i = state->exporters[i].chain_next;
	return i == EMPTY ? NULL : &state->exporters[i];
}

static uint32_t *sender_chain_of(const struct decode_state *state, const struct ip *address)
{
	return &state->sender_index[hash_ip(address, state->seed + 2) & state->index_mask];
}

static struct sender *sender_find(const struct decode_state *state, const struct ip *address)
{
	uint32_t i = *sender_chain_of(state, address);

	while (i != EMPTY && !ip_equal(&state->senders[i].address, address))
		i = state->senders[i].next;
	return i == EMPTY ? NULL : &state->senders[i];
}

/* There are as many senders as exporters, and each in use has an exporter. */
static struct sender *sender_add(struct decode_state *state, const struct ip *address)
{
	uint32_t *chain = sender_chain_of(state, address);
	uint32_t i = state->sender_free;
	struct sender *sender = &state->senders[i];

	assert(i != EMPTY);
	state->sender_free = sender->next;
	*sender = (struct sender){ .address = *address, .next = *chain };
	*chain = i;
	return sender;
}

static void sender_remove(struct decode_state *state, struct sender *sender)
{
	uint32_t i = (uint32_t)(sender - state->senders);
	uint32_t *link = sender_chain_of(state, &sender->address);

	while (*link != i)
		link = &state->senders[*link].next;
	*link = sender->next;
	sender->next = state->sender_free;
	state->sender_free = i;
}

/* The entries of one address are a ring, so that they can be looked at in turn. */
static void join_sender(struct decode_state *state, struct exporter *exporter,
			struct sender *sender)
{
	uint32_t i = (uint32_t)(exporter - state->exporters);

	exporter->sender = (uint32_t)(sender - state->senders);
	if (sender->exporters++ == 0) {
		exporter->ring_next = i;
		exporter->ring_before = i;
		sender->hand = i;
		return;
	}
	struct exporter *hand = &state->exporters[sender->hand];
	exporter->ring_next = sender->hand;
	exporter->ring_before = hand->ring_before;
	state->exporters[hand->ring_before].ring_next = i;
	hand->ring_before = i;
}

static void leave_sender(struct decode_state *state, struct exporter *exporter)
{
	struct sender *sender = &state->senders[exporter->sender];

	state->exporters[exporter->ring_before].ring_next = exporter->ring_next;
	state->exporters[exporter->ring_next].ring_before = exporter->ring_before;
	sender->hand = exporter->ring_next;
	if (--sender->exporters == 0)
		sender_remove(state, sender);
}

static void leave_chain(struct decode_state *state, struct exporter *exporter)
{
	uint32_t i = (uint32_t)(exporter - state->exporters);
	uint32_t *link = chain_of(state, &exporter->stats.key, &exporter->stats.agent);

	while (*link != i)
		link = &state->exporters[*link].chain_next;
	*link = exporter->chain_next;
}

/* Let an entry go; what it counted stays in the sums. */
static void forget(struct decode_state *state, struct exporter *exporter)
{
	const struct exporter_stats *stats = &exporter->stats;

	template_forget(state->templates, exporter);
	for (unsigned r = 0; r < REASON_COUNT_OF; r++)
		state->undecodable[r] += stats->undecodable[r];
	state->undecodable[REASON_NO_TEMPLATE] += exporter->held_now;
	state->gone.exporters++;
	state->gone.lost += stats->lost;
	state->gone.options += stats->options;
	state->gone.unknown_sampling += stats->unknown_sampling;
	leave_chain(state, exporter);
	leave_sender(state, exporter);
}

static bool has_given(const struct exporter *exporter)
{
	const struct exporter_stats *stats = &exporter->stats;

	return stats->records || stats->options || stats->counter_samples || stats->discard_samples;
}

static bool may_go(const struct decode_state *state, const struct exporter *old,
		   const struct newcomer *newcomer)
{
	const struct sender *sender = &state->senders[old->sender];
	uint64_t last_ns = old->stats.last_ns;

	if (newcomer->now_ns > last_ns && newcomer->now_ns - last_ns > EXPORTER_IDLE_NS)
		return true;
	if (old->listed != newcomer->listed)
		return newcomer->listed;
	if (!has_given(old))
		return true;
	/* Whoever has many of them makes room for one who has none. */
	return newcomer->siblings == 0 && sender->exporters > EXPORTER_SHARE_LEAST;
}

/* The better one to let go: without a record, then silent for longer. */
static struct exporter *lesser(struct exporter *a, struct exporter *b)
{
	if (!a || !b)
		return a ? a : b;
	if (has_given(a) != has_given(b))
		return has_given(a) ? b : a;
	return a->stats.last_ns <= b->stats.last_ns ? a : b;
}

/* An entry of the newcomer's own address that can be re-used. */
static struct exporter *pick_sibling(struct decode_state *state, struct sender *sender,
				     const struct newcomer *newcomer)
{
	struct exporter *best = NULL;

	for (unsigned i = 0; i < SCAN && i < sender->exporters; i++) {
		struct exporter *old = &state->exporters[sender->hand];
		sender->hand = old->ring_next;
		if (may_go(state, old, newcomer))
			best = lesser(best, old);
	}
	return best;
}

static struct exporter *pick_any(struct decode_state *state, const struct newcomer *newcomer)
{
	struct exporter *best = NULL;

	for (unsigned i = 0; i < SCAN && i < state->exporter_count; i++) {
		struct exporter *old =
			&state->exporters[state->exporter_hand++ % state->exporter_count];
		if (may_go(state, old, newcomer))
			best = lesser(best, old);
	}
	return best;
}

/* How many entries one address may have. */
static unsigned share_of(const struct decode_state *state, bool listed)
{
	unsigned share = state->exporter_limit / (listed ? 2 : 4);

	return share > EXPORTER_SHARE_LEAST ? share : EXPORTER_SHARE_LEAST;
}

/* An unused entry, or one that is let go; NULL: no room. */
static struct exporter *take_entry(struct decode_state *state, struct newcomer *newcomer)
{
	struct sender *sender = sender_find(state, &newcomer->key->address);
	struct exporter *old;

	newcomer->siblings = sender ? sender->exporters : 0;
	if (sender && sender->exporters >= share_of(state, newcomer->listed))
		old = pick_sibling(state, sender, newcomer);
	else if (state->exporter_count < state->exporter_limit)
		return &state->exporters[state->exporter_count++];
	else
		old = pick_any(state, newcomer);
	if (old)
		forget(state, old);
	return old;
}

static void take_config(struct decode_state *state, struct exporter *exporter)
{
	const struct config_exporter *entry =
		config_exporter_of(state->config, &exporter->stats.key.address);

	exporter->config_rate = entry ? entry->sampling : 0;
	if (exporter->config_rate)
		exporter_trust_rates(exporter);
	exporter->stats.disjoint = entry && entry->disjoint;
	/* All threads look at an interface from the same place, each at a part of it. */
	uint32_t link = exporter->stats.key.source == FLOW_PACKET ? exporter->stats.key.odid : 0;
	uint32_t own = (uint32_t)state->thread << VANTAGE_THREAD |
		       (uint32_t)(exporter - state->exporters) << 1 |
		       (exporter->stats.disjoint ? VANTAGE_DISJOINT : 0);
	exporter->vantage = link ? VANTAGE_LINK | link << 1 : own;
	/* A capture of packets is one exporter, and what the operator asked for, as are flow logs. */
	exporter->listed = entry || exporter->stats.key.source >= FLOW_PACKET;
}

static struct exporter *exporter_add(struct decode_state *state, struct newcomer *newcomer)
{
	const struct exporter_key *key = newcomer->key;

	/* The list is about who may send; captures and flow logs are what the operator gave. */
	newcomer->listed = key->source >= FLOW_PACKET ||
			   config_exporter_of(state->config, &key->address) != NULL;
	if (state->config->exporters_only && !newcomer->listed) {
		state->undecodable[REASON_NOT_ALLOWED]++;
		return NULL;
	}
	struct exporter *exporter = take_entry(state, newcomer);
	if (!exporter) {
		state->undecodable[REASON_EXPORTER_FULL]++;
		return NULL;
	}
	struct sender *sender = sender_find(state, &key->address);
	uint32_t *chain = chain_of(state, key, newcomer->agent);
	*exporter = (struct exporter){
		.stats = { .key = *key,
			   .agent = *newcomer->agent,
			   .generation = exporter->stats.generation + 1,
			   .first_ns = newcomer->now_ns },
		.chain_next = *chain,
	};
	*chain = (uint32_t)(exporter - state->exporters);
	state->sketches[*chain].count = 0;
	join_sender(state, exporter, sender ? sender : sender_add(state, &key->address));
	take_config(state, exporter);
	return exporter;
}

void exporter_label(struct exporter *exporter, const char *text, size_t len)
{
	char *label = exporter->stats.label;

	if (len >= EXPORTER_LABEL_MAX) {
		text += len - (EXPORTER_LABEL_MAX - 1);
		len = EXPORTER_LABEL_MAX - 1;
	}
	for (size_t i = 0; i < len; i++)
		label[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
	label[len] = '\0';
}

struct exporter *exporter_of(struct decode_state *state, const struct datagram *datagram,
			     enum flow_source source, uint32_t odid)
{
	static const struct ip none;

	return exporter_of_agent(state, datagram, source, odid, &none);
}

struct exporter *exporter_of_agent(struct decode_state *state, const struct datagram *datagram,
				   enum flow_source source, uint32_t odid, const struct ip *agent)
{
	const struct exporter_key key = { .address = datagram->src,
					  .odid = odid,
					  .source = (uint8_t)source };
	struct newcomer newcomer = { .key = &key, .agent = agent, .now_ns = datagram->received_ns };
	struct exporter *exporter = find(state, &key, agent);

	if (!exporter)
		exporter = exporter_add(state, &newcomer);
	if (!exporter)
		return NULL;
	exporter->stats.datagrams++;
	exporter->stats.last_ns = datagram->received_ns;
	exporter_judge_rates(exporter, datagram->received_ns);
	return exporter;
}

void exporter_sketch_take(struct decode_state *state, unsigned i, struct flow_sketch *ret_sketch)
{
	*ret_sketch = state->sketches[i];
	state->sketches[i].count = 0;
}

void exporter_reload(struct decode_state *state)
{
	for (unsigned i = 0; i < state->exporter_count; i++)
		take_config(state, &state->exporters[i]);
}

bool exporter_table_new(struct decode_state *state)
{
	unsigned limit = (unsigned)state->config->max_exporters;
	uint32_t size = 16;

	while (size < limit * 2)
		size *= 2;
	state->exporter_limit = limit;
	state->index_mask = size - 1;
	state->exporters = calloc(limit, sizeof(*state->exporters));       /* banned-ok: at open */
	state->index = malloc(size * sizeof(*state->index));               /* banned-ok: at open */
	state->senders = calloc(limit, sizeof(*state->senders));           /* banned-ok: at open */
	state->sender_index = malloc(size * sizeof(*state->sender_index)); /* banned-ok: at open */
	state->sketches = calloc(limit, sizeof(*state->sketches));         /* banned-ok: at open */
	if (!state->exporters || !state->sketches || !state->index || !state->senders ||
	    !state->sender_index)
		return false;
	memset(state->index, 0xff, size * sizeof(*state->index));
	memset(state->sender_index, 0xff, size * sizeof(*state->sender_index));
	state->sender_free = limit ? 0 : EMPTY;
	for (uint32_t i = 0; i < limit; i++)
		state->senders[i].next = i + 1 < limit ? i + 1 : EMPTY;
	return true;
}

void exporter_table_free(struct decode_state *state)
{
	free(state->sender_index);
	free(state->senders);
	free(state->index);
	free(state->sketches);
	free(state->exporters);
}
