/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nft: plans in, rules of nftables on this host's interfaces out, and what they did.
 *
 * One table of its own in the family netdev. Each call lists it, works out what
 * differs, and changes that in one transaction; without plans there is no
 * table. It stays when the process ends, each plan until its expiry, and is
 * taken over by the first call after a start. Control thread, and the
 * actuator's worker.
 */
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/actuator.h"
#include "actuate/held.h"
#include "actuate/nft/change.h"
#include "actuate/nft/kernel.h"
#include "base/clock.h"

#define ETHERNET_HEADER 14
/* Where nothing is to be changed, looking takes one part in so many of the time, if it is dear. */
#define LOOKING         20
#define DEAR_NS         (20 * NS_PER_MS)

struct nft_state {
	struct nft_place place;
	struct nft_memory memory;
	struct held held;
	bool adopted;          /* what an earlier process left is known */
	uint64_t looked_ns;    /* monotonic; when the table was listed last, */
	uint64_t looked_at_ns; /* on the clock of the plans, */
	uint64_t looking_ns;   /* and its CPU time: libnftables reads all members of sets */
};

static int open(const struct config *config, const struct config_actuator *settings,
		void **ret_state, uint32_t *ret_caps, struct text *why)
{
	(void)config;
	if (!settings || !settings->interface_count || !settings->table) {
		text_add(why, "nft: no interfaces are named: give `interfaces`, as [eth0]");
		return -EINVAL;
	}
	struct nft_state *s = calloc(1, sizeof(*s));
	if (!s) {
		text_add(why, "nft: no memory: lower `limits`, or give the machine more");
		return -ENOMEM;
	}
	s->place = (struct nft_place){ settings->table, settings->interfaces,
				       settings->interface_count };
	*ret_state = s;
	*ret_caps = ACTUATOR_CAN_OBSERVE | ACTUATOR_CAN_RATE_LIMIT | ACTUATOR_CAN_DROP |
		    ACTUATOR_CAN_QUARANTINE | ACTUATOR_CAN_BLACKHOLE;
	return 0;
}

static int check(void *self, const struct wanted *wanted, struct text *why)
{
	(void)self;
	return nft_check(wanted, why);
}

static int check_interfaces(const struct nft_state *s, struct text *why)
{
	for (size_t i = 0; i < s->place.interface_count; i++) {
		const char *name = s->place.interfaces[i].text;
		if (if_nametoindex(name))
			continue;
		text_addf(why, "nft: there is no interface %s: see `ip -br link`", name);
		return -ENODEV;
	}
	return 0;
}

/* Comments end with the number of their rule. Return: 0 for those of other rules. */
static uint64_t sum_of(const char *comment)
{
	const char *last = strrchr(comment, ' ');
	uint64_t sum = 0;

	if (strncmp(comment, "weir ", 5) != 0 || !last || sscanf(last, " %16" SCNx64, &sum) != 1 ||
	    strlen(last) != 17)
		return 0;
	return sum;
}

/* Counters as they are, also of rules that go now; once, those that an earlier process left. */
static int look(struct nft_state *s, const struct found *found)
{
	uint64_t *ids = s->adopted ? NULL : calloc(found->rule_count + 1, sizeof(*ids));
	size_t count = 0;
	int err = 0;

	if (!s->adopted && !ids)
		return -ENOMEM;
	for (size_t i = 0; i < found->rule_count && !s->adopted; i++) {
		uint64_t sum = sum_of(found->rules[i].comment);
		if (sum)
			ids[count++] = sum;
	}
	if (!s->adopted)
		err = held_adopt(&s->held, ids, count);
	s->adopted = s->adopted || !err;
	free(ids);
	return err;
}

static int make_true(struct nft_state *s, const struct nft_want *want, struct found *found,
		     uint64_t now_ns, struct text *why)
{
	json_t *commands;

	if (want->count == 0) {
		commands = found->listing ? json_pack("[{s{s{ssss}}}]", "delete", "table", "family",
						      "netdev", "name", s->place.table)
					  : json_array();
	} else {
		int err = check_interfaces(s, why);
		if (err)
			return err;
		commands = nft_change(&s->place, want, found, &s->memory, now_ns);
	}
	int err = !commands ? -ENOMEM : json_array_size(commands) ? nft_run(commands, why) : 0;
	json_decref(commands);
	return err ? err : nft_remember(&s->memory, want);
}

/* IP's bytes, as the other counters of Weir have them. */
static uint64_t ip_bytes(const struct nft_plan *p, uint64_t packets, uint64_t bytes)
{
	uint64_t headers = p->outbound ? packets * ETHERNET_HEADER : 0;

	return bytes > headers ? bytes - headers : 0;
}

static struct held_count count_of(const struct nft_plan *p, const struct nft_rule *rule,
				  const struct found_rule *r)
{
	struct held_count now = { 0 };
	int last = rule->action == HOST_LIMIT;

	if (!r)
		return now;
	now.matched_packets = r->packets[0];
	now.matched_bytes = ip_bytes(p, r->packets[0], r->bytes[0]);
	if (rule->action != HOST_WATCH) {
		now.dropped_packets = r->packets[last];
		now.dropped_bytes = ip_bytes(p, r->packets[last], r->bytes[last]);
	}
	return now;
}

static int report(struct nft_state *s, const struct wanted_set *set, const struct nft_want *want,
		  const struct found *found, struct actuator_result *result)
{
	struct held_rule *rules = calloc(want->count * PLAN_RULES + 1, sizeof(*rules));
	size_t count = 0;

	if (!rules)
		return -ENOMEM;
	for (size_t i = 0; i < want->count; i++) {
		const struct nft_plan *p = &want->plans[i];
		result->effects[p->place].applied = true;
		for (unsigned k = 0; k < p->rule_count; k++)
			rules[count++] = (struct held_rule){
				.id = p->rules[k].sum,
				.plan = p->place,
				.now = count_of(
					p, &p->rules[k],
					found_rule_in(found, p->chain, p->rules[k].comment)),
			};
	}
	int err = held_update(&s->held, set, rules, count, result);
	free(rules);
	return err;
}

static bool is_held(const struct nft_state *s, const struct nft_want *want)
{
	size_t count = 0;

	for (size_t i = 0; i < want->count; i++) {
		for (unsigned k = 0; k < want->plans[i].rule_count; k++, count++) {
			if (!held_find(&s->held, want->plans[i].rules[k].sum))
				return false;
		}
	}
	return count && count == s->held.rule_count && nft_remembers(&s->memory, want);
}

/* Nothing is to be changed, and the last look was a moment ago: what it saw is told again. */
static int tell_again(struct nft_state *s, const struct wanted_set *set,
		      const struct nft_want *want, struct actuator_result *result)
{
	struct held_rule *rules = calloc(s->held.rule_count + 1, sizeof(*rules));
	size_t count = 0;

	if (!rules)
		return -ENOMEM;
	for (size_t i = 0; i < want->count; i++) {
		const struct nft_plan *p = &want->plans[i];
		result->effects[p->place].applied = true;
		result->effects[p->place].at_ns = s->looked_at_ns;
		for (unsigned k = 0; k < p->rule_count; k++)
			rules[count++] = (struct held_rule){
				.id = p->rules[k].sum,
				.plan = p->place,
				.now = held_find(&s->held, p->rules[k].sum)->now,
			};
	}
	int err = held_update(&s->held, set, rules, count, result);
	free(rules);
	return err;
}

static int look_and_work(struct nft_state *s, const struct wanted_set *set,
			 const struct nft_want *want, struct actuator_result *result)
{
	struct found found = { 0 };
	json_t *listing = NULL;
	uint64_t cpu_ns = clock_cpu_ns();
	int err = nft_list(s->place.table, &listing, result->why);

	if (err)
		return err;
	err = found_read(listing, &found);
	if (!err)
		err = look(s, &found);
	s->looked_ns = clock_mono_ns();
	s->looking_ns = clock_cpu_ns() - cpu_ns;
	s->looked_at_ns = set->now_ns;
	if (!err)
		err = make_true(s, want, &found, set->now_ns, result->why);
	if (!err)
		err = report(s, set, want, &found, result);
	found_done(&found);
	return err;
}

static int work(struct nft_state *s, const struct wanted_set *set, struct actuator_result *result)
{
	struct nft_want want = { 0 };
	int err = nft_want_make(set, &want, result->why);

	if (err)
		return err;
	bool rests =
		s->looking_ns > DEAR_NS && clock_mono_ns() < s->looked_ns + LOOKING * s->looking_ns;
	if (rests && is_held(s, &want))
		err = tell_again(s, set, &want, result);
	else
		err = look_and_work(s, set, &want, result);
	nft_want_done(&want);
	return err;
}

static int reconcile(void *self, const struct wanted_set *set, struct actuator_result *result)
{
	for (size_t i = 0; i < set->count; i++) {
		struct effect *effect = &result->effects[i];
		snprintf(effect->plan, sizeof(effect->plan), "%s", set->plans[i].plan.id);
		effect->at_ns = set->now_ns;
	}
	int err = work(self, set, result);
	if (err && result->why && !result->why->len)
		text_addf(result->why, "nft: %s; it is tried again", err_text(err));
	return err;
}

static void close(void *self)
{
	struct nft_state *s = self;

	if (!s)
		return;
	nft_forget(&s->memory);
	held_done(&s->held);
	free(s);
}

const struct actuator actuator_nft = {
	.name = "nft",
	.summary = "drop or limit packets on this machine, by nftables",
	.profile = "nft",
	.open = open,
	.check = check,
	.reconcile = reconcile,
	.close = close,
};
