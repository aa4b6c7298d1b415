/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template: definitions in, the plan for a data set out.
 *
 * A hash table with chains over an array that is taken at open. One address
 * may have a share of it, beyond which its own templates make room: those that
 * never described data first, then the longest unused. When the table is full,
 * a template that nobody has used for TEMPLATE_IDLE_NS makes room, or one
 * without data of an address that has more than the newcomer's. What is given
 * up or turned away is counted as REASON_TEMPLATE_FULL.
 */
#include "ingest/template.h"

#include <stdlib.h>

#include "base/hash.h"
#include "ingest/held.h"

#define NONE        UINT32_MAX
#define ANY_PORT    0
/* Entries looked at to find one that makes room, so that a full table stays cheap. */
#define IDLE_SCAN   16
/* Templates any address may have, however small the table. */
#define SHARE_LEAST 64

/* One template. */
struct template
{
	struct exporter *exporter; /* address, domain and protocol; NULL: unused */
	uint64_t layout;           /* hash of the definition */
	uint64_t used_ns;          /* latest definition or data */
	uint32_t next;             /* in the chain, or in the list of free ones */
	uint32_t newer;            /* in the exporter's list: 1 + index; 0: none */
	uint32_t older;
	uint32_t ring_next; /* the templates of one address: 1 + index */
	uint32_t ring_before;
	bool described; /* data came for it */
	uint16_t id;
	uint16_t port;  /* whose data it describes; ANY_PORT: the exporter's general one */
	uint16_t owner; /* port that defined it */
	struct plan plan;
};

struct template_table {
	const struct decode_state *state; /* whose senders they are */
	struct held *held;
	struct template *templates;
	uint32_t *chains;
	uint32_t chain_mask;
	uint32_t limit;
	uint32_t free;
	uint32_t hand; /* next entry to look at for an idle one */
	uint64_t seed;
	struct plan scratch; /* a definition is compiled here before it replaces another */
};

struct template_table *template_table_new(const struct decode_state *state, size_t templates,
					  size_t held_bytes)
{
	struct template_table *table = calloc(1, sizeof(*table)); /* banned-ok: at open */
	uint32_t chains = 16;

	if (!table)
		return NULL;
	table->limit = templates < NONE / 4 ? (uint32_t)templates : NONE / 4;
	table->seed = state->seed;
	table->state = state;
	while (chains < table->limit)
		chains *= 2;
	table->chain_mask = chains - 1;
	table->held = held_new(held_bytes);
	uint32_t room = table->limit ? table->limit : 1;
	table->templates = calloc(room, sizeof(*table->templates)); /* banned-ok: at open */
	table->chains = malloc(chains * sizeof(*table->chains));    /* banned-ok: at open */
	if (!table->held || !table->templates || !table->chains) {
		template_table_free(table);
		return NULL;
	}
	memset(table->chains, 0xff, chains * sizeof(*table->chains));
	table->free = table->limit ? 0 : NONE;
	for (uint32_t i = 0; i < table->limit; i++)
		table->templates[i].next = i + 1 < table->limit ? i + 1 : NONE;
	return table;
}

void template_table_free(struct template_table *table)
{
	if (!table)
		return;
	held_free(table->held);
	free(table->templates);
	free(table->chains);
	free(table);
}

static uint32_t *chain_of(const struct template_table *table, const struct exporter *exporter,
			  uint16_t id, uint16_t port)
{
	uint64_t hash = hash_words((uintptr_t)exporter, (uint64_t)id << 16 | port, table->seed);

	return &table->chains[hash & table->chain_mask];
}

static struct template *find_exact(const struct template_table *table,
				   const struct exporter *exporter, uint16_t id, uint16_t port)
{
	uint32_t i = *chain_of(table, exporter, id, port);

	while (i != NONE) {
		struct template *t = &table->templates[i];
		if (t->exporter == exporter && t->id == id && t->port == port)
			return t;
		i = t->next;
	}
	return NULL;
}

/* The template for this message's data: its port's own, else the exporter's. */
static struct template *find(const struct message *message, uint16_t id)
{
	const struct template_table *table = message->state->templates;
	struct template *own = find_exact(table, message->exporter, id, message->datagram->sport);

	return own ? own : find_exact(table, message->exporter, id, ANY_PORT);
}

/* Each exporter's templates are a list, so that it can take all of them back at once. */
static void join_list(struct template_table *table, struct template *t)
{
	uint32_t link = (uint32_t)(t - table->templates) + 1;

	t->newer = 0;
	t->older = t->exporter->template_list;
	if (t->older)
		table->templates[t->older - 1].newer = link;
	t->exporter->template_list = link;
}

static void leave_list(struct template_table *table, struct template *t)
{
	if (t->newer)
		table->templates[t->newer - 1].older = t->older;
	else
		t->exporter->template_list = t->older;
	if (t->older)
		table->templates[t->older - 1].newer = t->newer;
}

/* The templates of one address are a ring, so that they can be looked at in turn. */
static void join_ring(struct template_table *table, struct sender *sender, struct template *t)
{
	uint32_t link = (uint32_t)(t - table->templates) + 1;

	if (sender->templates++ == 0) {
		t->ring_next = link;
		t->ring_before = link;
		sender->template_hand = link;
		return;
	}
	struct template *hand = &table->templates[sender->template_hand - 1];
	t->ring_next = sender->template_hand;
	t->ring_before = hand->ring_before;
	table->templates[hand->ring_before - 1].ring_next = link;
	hand->ring_before = link;
}

static void leave_ring(struct template_table *table, struct sender *sender, struct template *t)
{
	table->templates[t->ring_before - 1].ring_next = t->ring_next;
	table->templates[t->ring_next - 1].ring_before = t->ring_before;
	sender->template_hand = --sender->templates ? t->ring_next : 0;
}

static struct sender *sender_of(const struct template_table *table, const struct template *t)
{
	return &table->state->senders[t->exporter->sender];
}

static void remove_template(struct template_table *table, struct template *t)
{
	uint32_t index = (uint32_t)(t - table->templates);
	uint32_t *link = chain_of(table, t->exporter, t->id, t->port);

	while (*link != index)
		link = &table->templates[*link].next;
	*link = t->next;
	leave_list(table, t);
	leave_ring(table, sender_of(table, t), t);
	t->exporter->stats.templates--;
	t->exporter = NULL;
	t->next = table->free;
	table->free = index;
}

/* Give one up for another of the same address, or of one that has less. */
static void give_up(struct template_table *table, struct template *t)
{
	t->exporter->stats.undecodable[REASON_TEMPLATE_FULL]++;
	remove_template(table, t);
}

/* The address has its share: of a few of its own, the least worth keeping goes. */
static void make_room_within(struct template_table *table, struct sender *sender)
{
	struct template *least = NULL;

	for (unsigned i = 0; i < IDLE_SCAN && i < sender->templates; i++) {
		struct template *t = &table->templates[sender->template_hand - 1];
		sender->template_hand = t->ring_next;
		bool less =
			least && (t->described != least->described ? least->described
								   : t->used_ns < least->used_ns);
		if (!least || less)
			least = t;
	}
	if (least)
		give_up(table, least);
}

/* Full: look at a few entries for one that makes room. */
static void make_room(struct template_table *table, const struct sender *sender, uint64_t now_ns)
{
	for (unsigned i = 0; i < IDLE_SCAN && i < table->limit; i++) {
		struct template *t = &table->templates[table->hand++ % table->limit];
		if (!t->exporter)
			continue;
		if (now_ns > t->used_ns && now_ns - t->used_ns > TEMPLATE_IDLE_NS) {
			remove_template(table, t);
			return;
		}
		if (!t->described && sender_of(table, t)->templates > sender->templates + 1) {
			give_up(table, t);
			return;
		}
	}
}

/* How many templates the address of @exporter may have. */
static uint32_t share_of(const struct template_table *table, const struct exporter *exporter)
{
	uint32_t share = table->limit / (exporter->listed ? 2 : 4);

	return share > SHARE_LEAST ? share : SHARE_LEAST;
}

static struct template *add_template(struct template_table *table, struct message *message,
				     uint16_t id, uint16_t port)
{
	struct sender *sender = &message->state->senders[message->exporter->sender];

	if (sender->templates >= share_of(table, message->exporter))
		make_room_within(table, sender);
	else if (table->free == NONE)
		make_room(table, sender, message->datagram->received_ns);
	if (table->free == NONE)
		return NULL;
	uint32_t index = table->free;
	struct template *t = &table->templates[index];
	uint32_t *chain = chain_of(table, message->exporter, id, port);
	table->free = t->next;
	t->exporter = message->exporter;
	t->id = id;
	t->port = port;
	t->next = *chain;
	*chain = index;
	t->described = false;
	join_list(table, t);
	join_ring(table, sender, t);
	message->exporter->stats.templates++;
	return t;
}

/* Where a definition of this layout belongs; NULL: not known yet in any form. */
static struct template *find_home(const struct message *message, uint16_t id, uint64_t layout)
{
	const struct template_table *table = message->state->templates;
	uint16_t port = message->datagram->sport;
	struct template *own = find_exact(table, message->exporter, id, port);

	if (own)
		return own;
	struct template *general = find_exact(table, message->exporter, id, ANY_PORT);
	if (general && (general->owner == port || general->layout == layout))
		return general;
	return NULL;
}

static uint64_t layout_of(const struct template_table *table, const struct template_spec *spec)
{
	uint64_t head = (uint64_t)spec->fields << 32 | (uint64_t)spec->scopes << 1 | spec->options;

	return hash_bytes(spec->specs.at, bytes_left(&spec->specs),
			  table->seed ^ hash_mix(head, ~0U));
}

void template_define(struct message *message, const struct template_spec *spec)
{
	struct template_table *table = message->state->templates;
	uint64_t layout = layout_of(table, spec);
	struct template *t = find_home(message, spec->id, layout);

	if (t && t->layout == layout) {
		t->used_ns = message->datagram->received_ns;
		return;
	}
	if (plan_compile(message->form, spec, &table->scratch) < 0) {
		message_count(message, REASON_TEMPLATE_BAD);
		/* What follows is not in the old layout either. */
		if (t)
			remove_template(table, t);
		return;
	}
	if (!t) {
		bool other = find_exact(table, message->exporter, spec->id, ANY_PORT);
		t = add_template(table, message, spec->id,
				 other ? message->datagram->sport : ANY_PORT);
	}
	if (!t) {
		message_count(message, REASON_TEMPLATE_FULL);
		return;
	}
	t->plan = table->scratch;
	t->layout = layout;
	t->owner = message->datagram->sport;
	t->used_ns = message->datagram->received_ns;
	held_decode(table->held, message, spec->id, &t->plan, t->port == ANY_PORT);
}

void template_withdraw(struct message *message, uint16_t id)
{
	struct template *t = find(message, id);

	/* Another session of the exporter may still use what it defined itself. */
	if (t && t->owner == message->datagram->sport)
		remove_template(message->state->templates, t);
}

void template_withdraw_all(struct message *message, bool options)
{
	struct template_table *table = message->state->templates;

	for (uint32_t link = message->exporter->template_list; link;) {
		struct template *t = &table->templates[link - 1];
		link = t->older;
		if (t->plan.options == options && t->owner == message->datagram->sport)
			remove_template(table, t);
	}
}

void template_data(struct message *message, uint16_t id, struct bytes records)
{
	struct template *t = find(message, id);

	if (!t) {
		message->incomplete = true;
		held_put(message->state->templates->held, message, id, records);
		return;
	}
	t->used_ns = message->datagram->received_ns;
	t->described = true;
	unsigned count = plan_decode(message, &t->plan, records);
	message->units += count;
	message->options += t->plan.options ? count : 0;
}

void template_forget(struct template_table *table, const struct exporter *exporter)
{
	for (uint32_t link = exporter->template_list; link;) {
		struct template *t = &table->templates[link - 1];
		link = t->older;
		remove_template(table, t);
	}
}

void template_give_up(struct template_table *table)
{
	held_expire(table->held, UINT64_MAX);
}
