/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grammar: drafts of rules in; whether a rule may look like that out.
 *
 * What was counted can be wrong: baselines are short and tomorrow is different. So some forms are
 * never safe, whatever the figures say.
 */
#include <string.h>

#include "plan/work.h"

/* Conditions that tell sorts of traffic apart; lengths and TTLs only come to them. */
#define TELLING                                                                             \
	(1U << FIELD_FLAGS | 1U << FIELD_SPORT | 1U << FIELD_DPORT | 1U << FIELD_FRAGMENT | \
	 1U << FIELD_ICMP | 1U << FIELD_SRC | 1U << FIELD_SET)
/* Conditions that a busy service's traffic needs beside its port. */
#define BESIDE   (1U << FIELD_FLAGS | 1U << FIELD_LENGTH | 1U << FIELD_TTL)
/* A whole protocol is held back only where it is so much of the excess. */
#define BLANKET  0.25
/* Source prefixes shorter than these say nothing by themselves; IPv4 /16 and IPv6 /40. */
#define SHORT_V4 112
#define SHORT_V6 40

static unsigned telling(const struct draft *draft)
{
	unsigned fields = draft->fields & TELLING;
	const struct prefix *src = &draft->conds[FIELD_SRC].src;

	if (fields & 1U << FIELD_SRC && src->len < (prefix_is_v4(src) ? SHORT_V4 : SHORT_V6))
		fields &= ~(1U << FIELD_SRC);
	return fields;
}

/*
 * Without lengths and TTLs only a protocol is left. That may be where there is next to nothing
 * innocent of it, and it is no mere by-product of the attack.
 */
static bool may_be_blanket(struct synth *synth, const struct draft *draft)
{
	uint64_t base[BASE_WORDS];

	memcpy(base, synth->base.scope, sizeof(base));
	side_match(&synth->base, &draft->conds[FIELD_PROTO], base);
	return work_hits(synth, base) <= synth->hits_max &&
	       work_share(synth, draft->now, synth->active) >= BLANKET;
}

static bool hits_service(const struct synth *synth, const struct draft *draft)
{
	for (unsigned i = 0; i < synth->service_count; i++) {
		const struct service *service = &synth->services[i];
		const struct cond *port = &draft->conds[service->field];
		if (draft->fields & 1U << service->field && service->port >= port->min &&
		    service->port <= port->max && draft->conds[FIELD_PROTO].min == service->proto)
			return true;
	}
	return false;
}

bool grammar_allows(struct synth *synth, const struct draft *draft)
{
	bool proto = draft->fields & 1U << FIELD_PROTO;

	if (!proto && !(draft->fields & 1U << FIELD_FRAGMENT))
		return false;
	if (!telling(draft) && !may_be_blanket(synth, draft))
		return false;
	return draft->fields & BESIDE || !hits_service(synth, draft);
}
