/* SPDX-License-Identifier: Apache-2.0 */
/* hands_make: when rules are made anew, and whether the new ones are better. Control thread. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/hands_part.h"
#include "plan/match.h"

/* Samples from which on rules are worth a try, and from which on more of them say more. */
#define FIRST_AT 32
#define LAST_AT  2048
/* In any case after so long: attacks change. Without rules sooner. */
#define ANEW_NS  (10 * NS_PER_S)
#define RETRY_NS NS_PER_S
/* A watch that is younger has no rate of its own yet. */
#define YOUNG_NS (5 * NS_PER_S)
/* With less of its greatest excess an attack is over, or pauses: what is left are the others. */
#define EBB      0.1
/* New rules have to stop so much more of what comes now to take the place of old ones. */
#define BETTER   0.05

struct maker_limits case_limits(const struct hands *hands)
{
	return (struct maker_limits){
		.own = hands->limits.own,
		.own_count = hands->limits.own_count,
		.floor_v4 = hands->limits.floor_v4,
		.floor_v6 = hands->limits.floor_v6,
	};
}

/* Among those the policy allows the first that can drop or limit; else what our own program can. */
static const struct plan_profile *profile_of(const struct hands *hands, const struct hand_case *c)
{
	const struct config_policy *policy = case_policy(hands, c);

	for (size_t m = 1; m < crew_count(hands->crew); m++) {
		const struct crew_member *member = crew_member(hands->crew, m);
		const struct plan_profile *profile =
			member->profile ? profile_find(member->profile) : NULL;
		if (profile && profile->fields && case_may_choose(hands, policy, m))
			return profile;
	}
	return profile_find("xdp");
}

static bool same_side(const struct prefix *a, const struct prefix *b, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (a[i].len != b[i].len || !ip_equal(&a[i].ip, &b[i].ip))
			return false;
	}
	return true;
}

static bool same_scope(const struct stock_scope *a, const struct stock_scope *b)
{
	return a->direction == b->direction && a->own_count == b->own_count &&
	       a->peer_count == b->peer_count && same_side(a->own, b->own, a->own_count) &&
	       same_side(a->peer, b->peer, a->peer_count);
}

/* An attack that moves on through a prefix is met where it will be, a step further with each move. */
static void lead(const struct maker_limits *limits, struct hand_case *c, struct stock_scope *scope)
{
	struct prefix all = maker_around(scope);

	if (all.len == 128)
		return;
	if (c->around.len && all.len < c->around.len && prefix_has_ip(&all, &c->around.ip))
		c->grown++;
	c->around = all;
	if (c->grown)
		maker_lead(limits, c->grown, scope);
}

/* Targets come and go: the watch follows. */
static void follow(struct hands *hands, struct hand_case *c)
{
	const struct maker_limits limits = case_limits(hands);
	struct stock_scope scope = { 0 };
	bool scoped = maker_scope(&c->incident, &limits, &scope);

	if (scoped)
		lead(&limits, c, &scope);
	if (scoped == c->scoped && (!scoped || (c->watch && same_scope(&scope, &c->scope))))
		return;
	stock_unwatch(hands->stock, c->watch);
	c->watch = 0;
	c->scoped = scoped;
	c->scope = scope;
	if (scoped)
		c->watch = stock_watch(hands->stock, &scope, c->incident.onset_ns);
	c->watched_ns = hands->now_ns;
	c->make_from = 0;
	c->make_at = FIRST_AT;
	c->tried_at = 0;
	c->moved = true;
}

/* What comes back may be another attack: rules are made with the first samples again. */
static void watch_pauses(struct hand_case *c, size_t samples)
{
	bool paused = c->incident.quiet_ns != 0;

	if (c->paused && !paused) {
		c->make_from = samples;
		c->make_at = FIRST_AT;
	}
	c->paused = paused;
}

static double coverage(const struct made *made, const struct stock_view *view)
{
	double all = 0;
	double hit = 0;

	for (size_t i = 0; i < view->now.count; i++) {
		const struct sample *s = &view->now.samples[i];
		bool matched = false;
		for (unsigned r = 0; r < made->plan.rule_count && !matched; r++)
			matched = match_rule(&made->plan.rules[r], s, made->sources,
					     made->source_count);
		all += sample_packets(s);
		hit += matched ? sample_packets(s) : 0;
	}
	return all > 0 ? hit / all : 0;
}

static void accept(struct hands *hands, struct hand_case *c)
{
	struct made *old = c->made;
	/* Until something else is in force, its sources are those of the rules it was made of. */
	bool used = c->wanted_on && c->wanted.plan.level && c->wanted.sources == old->sources;

	c->made = hands->trial;
	hands->trial = used ? c->kept : old;
	c->kept = used ? old : c->kept;
	c->fresh = true;
	c->unusual = 0;
	c->stepped_down = c->stepped_down && bars_same(&c->made->plan, &old->plan);
}

static bool is_better(const struct hands *hands, const struct hand_case *c,
		      const struct stock_view *view)
{
	const struct made *trial = hands->trial;

	if (!trial->safe)
		return false;
	if (!c->made->safe)
		return true;
	if (hands_bars(hands, trial) != hands_bars(hands, c->made))
		return hands_bars(hands, c->made);
	return coverage(trial, view) > coverage(c->made, view) + BETTER;
}

static void plan_next(struct hand_case *c, size_t samples, uint64_t now_ns)
{
	size_t since = samples - c->make_from;

	while (c->make_at <= since && c->make_at < LAST_AT)
		c->make_at *= 2;
	if (since >= LAST_AT)
		c->make_at = SIZE_MAX;
	c->tried_at = samples;
	c->make_ns = now_ns + (c->made->safe ? ANEW_NS : RETRY_NS);
}

/* What the incident is about, without a promise: told at once, until there is better. */
static void make_plain(struct hands *hands, struct hand_case *c)
{
	const struct maker_input input = {
		.incident = &c->incident,
		.profile = profile_of(hands, c),
		.limits = case_limits(hands),
	};

	maker_make(hands->maker, &input, hands->trial);
	accept(hands, c);
}

static void read_view(struct hands *hands, const struct hand_case *c, struct stock_view *ret_view)
{
	stock_view(hands->stock, c->watch, hands->now_ns, ret_view);
	if (hands->now_ns - c->watched_ns < YOUNG_NS && ret_view->now_pps < (double)c->incident.pps)
		ret_view->now_pps = (double)c->incident.pps;
}

/* Incidents tell only each ten seconds that nothing comes any more. */
static bool has_ebbed(const struct hand_case *c, double excess)
{
	return c->made->safe && excess < EBB * c->excess_most;
}

static void make_rules(struct hands *hands, struct hand_case *c)
{
	struct stock_view view;
	const struct maker_input input = {
		.incident = &c->incident,
		.scope = &c->scope,
		.view = &view,
		.profile = profile_of(hands, c),
		.limits = case_limits(hands),
	};

	read_view(hands, c, &view);
	double excess = view.now_pps - view.base_pps;
	if (has_ebbed(c, excess)) {
		plan_next(c, stock_samples(hands->stock, c->watch), hands->now_ns);
		return;
	}
	c->excess_most = excess > c->excess_most ? excess : c->excess_most;
	hands->making_done = true;
	maker_make(hands->maker, &input, hands->trial);
	if (is_better(hands, c, &view) || (c->moved && hands->trial->safe)) {
		accept(hands, c);
		c->unusual = case_unusual(hands, c, &view);
		c->moved = false;
		c->excess_most = excess;
	} else if (!c->made->safe) {
		snprintf(c->made->plan.why, sizeof(c->made->plan.why), "%s",
			 hands->trial->plan.why);
		snprintf(c->wanted.plan.why, sizeof(c->wanted.plan.why), "%s",
			 hands->trial->plan.why);
	}
	plan_next(c, stock_samples(hands->stock, c->watch), hands->now_ns);
}

void case_make(struct hands *hands, struct hand_case *c)
{
	if (!c->over && c->incident.severity >= SEVERITY_WARNING)
		follow(hands, c);
	size_t samples = stock_samples(hands->stock, c->watch);
	watch_pauses(c, samples);
	/* Of the same samples come the same rules. */
	bool due = samples - c->make_from >= c->make_at ||
		   (samples >= FIRST_AT && samples > c->tried_at && hands->now_ns >= c->make_ns);
	if (c->watch && !c->over && !c->trial.on && due && !hands->making_done &&
	    !c->incident.quiet_ns)
		make_rules(hands, c);
	if (c->made->plan.rule_count == 0)
		make_plain(hands, c);
}
