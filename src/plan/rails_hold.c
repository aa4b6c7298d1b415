/* SPDX-License-Identifier: Apache-2.0 */
/* rails_hold: what comes back soon stays longer each time. */
#include "plan/rails.h"

static bool same(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && ip_equal(&a->ip, &b->ip);
}

/* Where a prefix is; RAILS_HELD: nowhere. */
static unsigned find(const struct rails_hold *hold, const struct prefix *prefix)
{
	unsigned at = 0;

	while (at < RAILS_HELD && !(hold->held[at].times && same(&hold->held[at].prefix, prefix)))
		at++;
	return at;
}

/* A free place, or the one that was quiet for longest: first of those not in force. */
static struct rails_held *place_for(struct rails_hold *hold)
{
	struct rails_held *oldest = &hold->held[0];

	for (unsigned i = 0; i < RAILS_HELD; i++) {
		struct rails_held *held = &hold->held[i];
		bool idle = held->since_ns == 0;
		bool oldest_idle = oldest->since_ns == 0;
		if (held->times == 0)
			return held;
		if (idle != oldest_idle ? idle : held->last_ns < oldest->last_ns)
			oldest = held;
	}
	hold->forgotten++;
	return oldest;
}

static uint64_t until(const struct rails_limits *limits, const struct rails_held *held)
{
	uint64_t hold_ns = limits->hold_ns;

	for (unsigned i = 1; i < held->times && hold_ns < limits->hold_max_ns; i++)
		hold_ns *= 2;
	return held->since_ns + (hold_ns < limits->hold_max_ns ? hold_ns : limits->hold_max_ns);
}

uint64_t rails_hold_begin(const struct rails_limits *limits, struct rails_hold *hold,
			  const struct prefix *prefix, uint64_t now_ns)
{
	unsigned at = find(hold, prefix);
	struct rails_held *held = at < RAILS_HELD ? &hold->held[at] : place_for(hold);

	if (at < RAILS_HELD && held->since_ns)
		return until(limits, held);
	if (at == RAILS_HELD)
		*held = (struct rails_held){ .prefix = *prefix };
	else if (now_ns - held->last_ns > limits->memory_ns)
		held->times = 0;
	held->times++;
	held->since_ns = held->last_ns = now_ns;
	return until(limits, held);
}

uint64_t rails_hold_until(const struct rails_limits *limits, const struct rails_hold *hold,
			  const struct prefix *prefix)
{
	unsigned at = find(hold, prefix);

	return at < RAILS_HELD && hold->held[at].since_ns ? until(limits, &hold->held[at]) : 0;
}

void rails_hold_end(struct rails_hold *hold, const struct prefix *prefix, uint64_t now_ns)
{
	unsigned at = find(hold, prefix);

	if (at == RAILS_HELD)
		return;
	hold->held[at].since_ns = 0;
	hold->held[at].last_ns = now_ns;
}

void rails_hold_change(struct rails_hold *hold, const struct prefix *prefix, uint64_t now_ns)
{
	unsigned at = find(hold, prefix);

	if (at == RAILS_HELD)
		return;
	struct rails_held *held = &hold->held[at];
	unsigned last = (held->next + RAILS_CHANGES - 1) % RAILS_CHANGES;
	if (held->changed_ns[last] == now_ns)
		return;
	held->changed_ns[held->next] = now_ns;
	held->next = (held->next + 1) % RAILS_CHANGES;
}

unsigned rails_hold_room(const struct rails_limits *limits, const struct rails_hold *hold,
			 const struct prefix *prefix, uint64_t now_ns)
{
	unsigned at = find(hold, prefix);
	unsigned changes = 0;

	for (unsigned i = 0; at < RAILS_HELD && i < RAILS_CHANGES; i++) {
		uint64_t changed_ns = hold->held[at].changed_ns[i];
		changes += changed_ns && now_ns - changed_ns < limits->flap_ns;
	}
	return changes < limits->flaps ? limits->flaps - changes : 0;
}
