/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan: template record in, compiled plan out.
 *
 * The first field of several that say the same wins, unless one has a better
 * rank: routers that send tunnelled traffic list the outer header first.
 * Structured data (RFC 6313) is variable-length or fixed like any other field
 * and so is stepped over whole.
 */
#include "ingest/plan.h"

#include "base/err.h"

#define RANK_FREE       255
/* Scope type "interface" of RFC 3954, 6.1. */
#define SCOPE_INTERFACE 2

/* A plan under construction. */
struct compiler {
	struct plan *plan;
	uint32_t at;  /* next byte, from the end of the last variable field */
	uint32_t len; /* of the record so far */
	bool family;  /* an address has been seen */
	uint8_t rank[SLOT_COUNT];
};

static const struct {
	enum slot slot;
	uint32_t has;
} always[] = {
	{ SLOT_BYTES, FLOW_HAS_BYTES },
	{ SLOT_PACKETS, FLOW_HAS_PACKETS },
	{ SLOT_SPORT, FLOW_HAS_SPORT },
	{ SLOT_DPORT, FLOW_HAS_DPORT },
	{ SLOT_SPORT_TCP, FLOW_HAS_SPORT },
	{ SLOT_DPORT_TCP, FLOW_HAS_DPORT },
	{ SLOT_PROTO, FLOW_HAS_PROTO },
	{ SLOT_TCP_FLAGS, FLOW_HAS_TCP_FLAGS },
	{ SLOT_TOS, FLOW_HAS_TOS },
	{ SLOT_TTL, FLOW_HAS_TTL },
	{ SLOT_VLAN, FLOW_HAS_VLAN },
	{ SLOT_IN_IF, FLOW_HAS_IN_IF },
	{ SLOT_OUT_IF, FLOW_HAS_OUT_IF },
	{ SLOT_SRC_AS, FLOW_HAS_SRC_AS },
	{ SLOT_DST_AS, FLOW_HAS_DST_AS },
	{ SLOT_REV_BYTES, FLOW_HAS_REVERSE },
	{ SLOT_REV_PACKETS, FLOW_HAS_REVERSE },
	{ SLOT_FRAGMENT_OFFSET, FLOW_HAS_FRAGMENT },
	{ SLOT_FRAGMENT_FLAGS, FLOW_HAS_FRAGMENT },
};

static uint64_t mask_of(uint16_t len)
{
	return len >= 8 ? UINT64_MAX : (1ULL << (8 * len)) - 1;
}

/* Which address family the template names first. */
static void note_family(struct compiler *c, enum slot slot)
{
	if (c->family || slot < SLOT_SRC4 || slot > SLOT_DST6)
		return;
	c->family = true;
	c->plan->v6_first = slot == SLOT_SRC6 || slot == SLOT_DST6;
}

static void place_section(struct compiler *c, enum slot slot, uint16_t len)
{
	struct plan_section *section = slot == SLOT_FRAME ? &c->plan->frame : &c->plan->ip_packet;

	*section = (struct plan_section){
		.present = true,
		.variable = len == ELEMENT_VARIABLE,
		.base = c->plan->variables,
		.field = c->plan->variables,
		.at = (uint16_t)c->at,
		.len = len,
	};
}

/* Use the field that begins at c->at for its slot, if it can be read and none is better. */
static void place(struct compiler *c, const struct element *element, uint16_t len)
{
	bool section = element->max_len == 0;

	if (element->slot == SLOT_NONE || element->rank >= c->rank[element->slot])
		return;
	if (!section && (len < element->min_len || len > element->max_len))
		return;
	c->rank[element->slot] = element->rank;
	c->plan->slots |= 1ULL << element->slot;
	note_family(c, element->slot);
	if (section) {
		place_section(c, element->slot, len);
		return;
	}
	c->plan->slot[element->slot] = (struct plan_slot){
		.mask = mask_of(len),
		.end = (uint16_t)(c->at + len),
		.base = c->plan->variables,
		.unit = element->unit,
	};
}

/* Step over the field. Return: 0, or -WEIR_ERANGE when the template becomes unusable. */
static int advance(struct compiler *c, uint16_t len)
{
	struct plan *plan = c->plan;

	if (len != ELEMENT_VARIABLE) {
		c->at += len;
		c->len += len;
		return c->len > UINT16_MAX ? -WEIR_ERANGE : 0;
	}
	if (plan->variables == PLAN_VARIABLE_MAX)
		return -WEIR_ERANGE;
	plan->gap[plan->variables++] = (uint16_t)c->at;
	c->at = 0;
	c->len++;
	return 0;
}

/* The element of the next field specifier; scopes of v9 have numbers of their own. */
static const struct element *read_spec(const struct message_form *form, struct bytes *specs,
				       bool scope, uint16_t *ret_len)
{
	uint16_t id = bytes_be16(specs);
	uint32_t pen = 0;

	*ret_len = bytes_be16(specs);
	if (scope && form->scope_types)
		return element_find(0, id == SCOPE_INTERFACE ? 10 : 0);
	if (form->enterprise && id & 0x8000) {
		id &= 0x7fff;
		pen = bytes_be32(specs);
	}
	return element_find(pen, id);
}

#define BIT(slot) (1ULL << (slot))

#define IN_V4 (BIT(SLOT_SRC4) | BIT(SLOT_DST4))
#define IN_V6 (BIT(SLOT_SRC6) | BIT(SLOT_DST6))

/* Of fixed length, with both addresses of one family, and times that stand for themselves. */
static enum plan_plain plain_of(const struct plan *plan)
{
	const uint64_t unwanted =
		BIT(SLOT_DURATION) | BIT(SLOT_SYSTEM_INIT) | BIT(SLOT_FRAME) | BIT(SLOT_IP_PACKET);
	const uint64_t v4 = plan->slots & (IN_V4 | BIT(SLOT_NEXT_HOP4));
	const uint64_t v6 = plan->slots & (IN_V6 | BIT(SLOT_NEXT_HOP6));

	/* Shorter than the padding of a set: where the records end is then a question. */
	if (plan->options || plan->variables || plan->len < 4 || plan->slots & unwanted)
		return PLAN_NOT_PLAIN;
	if ((v4 & IN_V4) == IN_V4 && !v6)
		return PLAN_PLAIN_V4;
	return (v6 & IN_V6) == IN_V6 && !v4 ? PLAN_PLAIN_V6 : PLAN_NOT_PLAIN;
}

static void finish(struct compiler *c)
{
	struct plan *plan = c->plan;

	plan->len = (uint16_t)c->len;
	plan->tail = (uint16_t)c->at;
	/* Ports that hold for one protocol only count where the general ones are missing. */
	if (c->rank[SLOT_SPORT] == 0)
		plan->slots &= ~(1ULL << SLOT_SPORT_TCP | 1ULL << SLOT_DPORT_TCP);
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		if (plan_has(plan, always[i].slot))
			plan->has |= always[i].has;
	}
	plan->plain = plain_of(plan);
	if (plan->plain) {
		plan->has |= FLOW_HAS_SRC | FLOW_HAS_DST;
		if (plan_has(plan, SLOT_NEXT_HOP4) || plan_has(plan, SLOT_NEXT_HOP6))
			plan->has |= FLOW_HAS_NEXT_HOP;
	}
	wide_compile(plan, &plan->wide);
}

int plan_compile(const struct message_form *form, const struct template_spec *spec,
		 struct plan *ret_plan)
{
	struct compiler c = { .plan = ret_plan };
	struct bytes specs = spec->specs;

	*ret_plan = (struct plan){ .options = spec->options };
	memset(c.rank, RANK_FREE, sizeof(c.rank));
	for (unsigned i = 0; i < spec->fields; i++) {
		uint16_t len;
		const struct element *element = read_spec(form, &specs, i < spec->scopes, &len);
		place(&c, element, len);
		if (advance(&c, len))
			return -WEIR_ERANGE;
	}
	finish(&c);
	return c.len == 0 ? -WEIR_ERANGE : 0;
}
