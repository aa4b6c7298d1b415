/* SPDX-License-Identifier: Apache-2.0 */
/* want: plans in; names, gates and rules of the table out. */
#include "actuate/nft/want.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/nft/express.h"
#include "base/hash.h"

/* As the profile of nft says. */
#define SOURCES_MAX 65536

static int rules_of(const struct wanted *wanted, struct host_rule rules[PLAN_RULES],
		    struct text *why)
{
	int count = host_rules(wanted, rules, why);

	for (int i = 0; i < count; i++) {
		const char *wrong = nft_expressible(&rules[i]);
		if (!wrong && rules[i].match.from_set && wanted->source_count > SOURCES_MAX)
			wrong = "more than 65,536 sources; use xdp, or rules without sources";
		if (!wrong)
			continue;
		if (why)
			text_addf(why, "plan %s cannot be put in force by nft: %s", wanted->plan.id,
				  wrong);
		return -EOPNOTSUPP;
	}
	return count;
}

int nft_check(const struct wanted *wanted, struct text *why)
{
	struct host_rule rules[PLAN_RULES];
	int count = rules_of(wanted, rules, why);

	return count < 0 ? count : 0;
}

/* A prefix that lies in another one of the gate is not needed there. */
static void add_member(struct nft_gate *gate, const struct prefix *prefix)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < gate->count; i++) {
		const struct prefix *old = &gate->members[i];
		if (old->len <= prefix->len && prefix_overlaps(old, prefix))
			return;
		if (!prefix_overlaps(old, prefix))
			gate->members[kept++] = *old;
	}
	gate->members[kept] = *prefix;
	gate->count = kept + 1;
}

static int by_address(const void *a, const void *b)
{
	return ip_compare(&((const struct prefix *)a)->ip, &((const struct prefix *)b)->ip);
}

/* Other members are another set: what is there need not be compared. */
static void name_gate(struct nft_gate *gate, uint64_t plan, bool v6)
{
	uint64_t sum = 0;

	gate->hosts = true;
	qsort(gate->members, gate->count, sizeof(gate->members[0]), by_address);
	for (unsigned i = 0; i < gate->count; i++) {
		gate->hosts = gate->hosts && gate->members[i].len == 128;
		sum = hash_words(hash_ip(&gate->members[i].ip, sum), gate->members[i].len, 1);
	}
	if (!gate->count)
		return;
	snprintf(gate->set, sizeof(gate->set), "gate%d_%016" PRIx64 "_%08x", v6 ? 6 : 4, plan,
		 (unsigned)(uint32_t)sum);
	snprintf(gate->comment, sizeof(gate->comment), "weir %s", gate->set);
}

static void make_gates(struct nft_plan *p, const struct host_rule *rules, int count, uint64_t hash)
{
	for (int i = 0; i < count; i++) {
		const struct plan_rule *m = &rules[i].match;
		add_member(&p->gates[rules[i].v6], p->outbound || !m->dst.len ? &m->src : &m->dst);
		if (m->from_set)
			snprintf(p->sources[rules[i].v6], sizeof(p->sources[0]),
				 "from%d_%016" PRIx64, rules[i].v6 ? 6 : 4, hash);
	}
	name_gate(&p->gates[0], hash, false);
	name_gate(&p->gates[1], hash, true);
}

static int make_rule(struct nft_plan *p, const struct host_rule *from, bool gated)
{
	struct nft_rule *rule = &p->rules[p->rule_count];

	*rule = (struct nft_rule){ .action = from->action };
	rule->expr = nft_express(from, gated, p->outbound, p->sources[from->v6]);
	char *words = rule->expr ? json_dumps(rule->expr, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	if (!words) {
		json_decref(rule->expr);
		return -ENOMEM;
	}
	rule->sum = hash_bytes(words, strlen(words), from->id);
	free(words);
	snprintf(rule->comment, sizeof(rule->comment), "weir %s %016" PRIx64, p->wanted->plan.id,
		 rule->sum);
	p->rule_count++;
	return 0;
}

static int make_plan(struct nft_plan *p, const struct host_rule *rules, int count)
{
	const char *id = p->wanted->plan.id;
	uint64_t hash = hash_bytes(id, strlen(id), 0);

	p->outbound = p->wanted->direction == DIRECTION_OUTBOUND;
	snprintf(p->chain, sizeof(p->chain), "plan_%016" PRIx64, hash);
	make_gates(p, rules, count, hash);
	/* One prefix in all: then whatever comes by the gate is about it. */
	bool gated = p->gates[0].count + p->gates[1].count == 1;
	for (int i = 0; i < count; i++) {
		const struct plan_rule *m = &rules[i].match;
		const struct prefix *own = p->outbound || !m->dst.len ? &m->src : &m->dst;
		bool whole = gated && own->len == p->gates[rules[i].v6].members[0].len &&
			     (p->outbound || m->dst.len);
		int err = make_rule(p, &rules[i], whole);
		if (err)
			return err;
	}
	return 0;
}

int nft_want_make(const struct wanted_set *set, struct nft_want *ret_want, struct text *why)
{
	struct nft_want want = { .plans = calloc(set->count + 1, sizeof(*want.plans)) };

	if (!want.plans)
		return -ENOMEM;
	for (size_t i = 0; i < set->count; i++) {
		struct host_rule rules[PLAN_RULES];
		char reason[256];
		struct text said = text_fixed(reason, sizeof(reason));
		if (!host_plan_lives(&set->plans[i].plan, set->now_ns))
			continue;
		int count = rules_of(&set->plans[i], rules, &said);
		if (count < 0 && why && !why->len)
			text_add(why, reason);
		if (count <= 0)
			continue;
		struct nft_plan *p = &want.plans[want.count++];
		p->place = i;
		p->wanted = &set->plans[i];
		int err = make_plan(p, rules, count);
		if (err) {
			nft_want_done(&want);
			return err;
		}
	}
	*ret_want = want;
	return 0;
}

void nft_want_done(struct nft_want *want)
{
	for (size_t i = 0; i < want->count; i++) {
		for (unsigned k = 0; k < want->plans[i].rule_count; k++)
			json_decref(want->plans[i].rules[k].expr);
	}
	free(want->plans);
	*want = (struct nft_want){ 0 };
}
