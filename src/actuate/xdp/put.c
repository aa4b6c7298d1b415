/* SPDX-License-Identifier: Apache-2.0 */
/* put: composed rules and sets in; engine loaded, told, read and removed. Worker thread. */
#include "actuate/xdp/put.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define AREA           "actuate.xdp"
/* Expiries are worked out anew in each call; less than this apart they are the same. */
#define SAME_EXPIRY_NS NS_PER_S

/* Attached nowhere and without rules, but with all tables laid that the next plan is likely to need. */
static int rest(struct xdp_state *s)
{
	static const struct composed nothing;

	s->protect_count = compose_protect(s->config, &nothing, s->protect);
	return xdp_engine_rest(s->engine, s->protect, s->protect_count);
}

static void let_go(struct xdp_state *s)
{
	xdp_engine_remove(s->engine);
	s->engine = NULL;
}

/* So that the first plan need not wait for it; what is wrong is told before it is needed. */
static void load_early(struct xdp_state *s)
{
	struct xdp_engine_config settings = s->settings;
	char reason[512];
	struct text said = text_fixed(reason, sizeof(reason));

	if (s->engine || s->warned)
		return;
	settings.idle = true;
	int err = xdp_engine_open(&settings, &s->engine, &said);
	if (!err) {
		err = rest(s);
		if (err) {
			text_addf(&said, "the tables of the XDP program: %s", err_text(err));
			let_go(s);
		}
	}
	if (err) {
		log_warning(AREA, "no plan can be put in force: %s", reason);
		s->warned = true;
	}
}

/* Nothing of ours is left: no program, no pins, whichever version they are of. */
int put_take_back(struct xdp_state *s, struct text *why)
{
	if (s->engine && (s->there || s->used) && rest(s))
		let_go(s);
	s->told = s->there = s->used = false;
	compose_done(s->last);
	s->last->count = 0;
	int err = s->settings.pin_dir ? xdp_pins_remove(s->settings.pin_dir, why) : 0;
	if (!err)
		load_early(s);
	return err;
}

/* Rules that an earlier process left are not new. */
static int adopt(struct xdp_state *s)
{
	uint64_t ids[FILTER_RULES];

	return held_adopt(&s->held, ids, xdp_engine_rules(s->engine, ids));
}

static int open_engine(struct xdp_state *s, struct text *why)
{
	char reason[512];
	struct text said = text_fixed(reason, sizeof(reason));
	int err = xdp_engine_open(&s->settings, &s->engine, &said);

	/* Of another version, or with other sizes: it cannot be changed, only replaced. */
	if ((err == -WEIR_EVERSION || err == -EINVAL) && s->settings.pin_dir &&
	    xdp_pins_are(s->settings.pin_dir)) {
		log_warning(AREA, "%s; it is replaced", reason);
		text_clear(&said);
		err = xdp_pins_remove(s->settings.pin_dir, &said);
		if (!err)
			err = xdp_engine_open(&s->settings, &s->engine, &said);
	}
	if (err) {
		text_add(why, reason);
		return err;
	}
	err = sets_read(s->engine, &s->last->sets);
	if (!err)
		err = adopt(s);
	if (err) {
		text_addf(why, "xdp: what is in force cannot be read: %s; restart Weir",
			  err_text(err));
		compose_done(s->last);
		xdp_engine_close(s->engine);
		s->engine = NULL;
	}
	return err;
}

/* The engine, and on all interfaces. */
int put_be_there(struct xdp_state *s, struct text *why)
{
	int err = s->engine ? xdp_engine_attach(s->engine, &s->settings, why) : open_engine(s, why);

	s->there = s->there || !err;
	return err == -EPERM ? -EACCES : err;
}

static const struct xdp_rule *last_rule(const struct xdp_state *s, size_t hint, uint64_t id)
{
	if (hint < s->last->count && s->last->rules[hint].id == id)
		return &s->last->rules[hint];
	for (size_t i = 0; i < s->last->count; i++) {
		if (s->last->rules[i].id == id)
			return &s->last->rules[i];
	}
	return NULL;
}

static void steady_expiries(struct xdp_state *s)
{
	for (size_t i = 0; i < s->next->count; i++) {
		struct xdp_rule *rule = &s->next->rules[i];
		const struct xdp_rule *old = last_rule(s, i, rule->id);
		if (old && old->expires_ns && rule->expires_ns &&
		    old->expires_ns + SAME_EXPIRY_NS > rule->expires_ns &&
		    rule->expires_ns + SAME_EXPIRY_NS > old->expires_ns)
			rule->expires_ns = old->expires_ns;
	}
}

static bool is_told(const struct xdp_state *s)
{
	if (!s->told || s->last->count != s->next->count)
		return false;
	for (size_t i = 0; i < s->next->count; i++) {
		if (!compose_same(&s->last->rules[i], &s->next->rules[i]))
			return false;
	}
	return true;
}

/* Rules first: those of sources that move to another set ask for both. */
int put_tell(struct xdp_state *s, struct text *why)
{
	s->used = true;
	steady_expiries(s);
	if (!is_told(s)) {
		s->protect_count = compose_protect(s->config, s->next, s->protect);
		const struct xdp_wanted wanted = { s->protect, s->protect_count, s->next->rules,
						   s->next->count };
		char reason[256];
		struct text said = text_fixed(reason, sizeof(reason));
		int err = xdp_engine_set(s->engine, &wanted, &said);
		if (err) {
			text_addf(why, "xdp: %s; what was in force still is: withdraw some plans",
				  reason);
			return err;
		}
	}
	int err = sets_apply(s->engine, &s->last->sets, &s->next->sets);
	if (err) {
		text_addf(why, "xdp: not all sources are in their sets: %s; withdraw some plans",
			  err_text(err));
		compose_done(s->last);
		/* Unknown who is in now. */
		if (sets_read(s->engine, &s->last->sets))
			s->last->sets = (struct sets){ 0 };
		s->told = false;
		return err;
	}
	compose_done(s->last);
	struct composed *spare = s->last;
	s->last = s->next;
	s->next = spare;
	s->next->sets = (struct sets){ 0 };
	s->told = true;
	return 0;
}

/* What each rule did, and what changed. */
int put_report(struct xdp_state *s, const struct wanted_set *set, struct actuator_result *result)
{
	const struct composed *c = s->last;

	for (size_t i = 0; i < c->count; i++) {
		struct xdp_rule_counters now = { 0 };
		int err = xdp_engine_rule_counters(s->engine, c->rules[i].id, &now);
		if (err)
			log_warning(AREA, "counters of a rule: %s", err_text(err));
		s->counts[i] = (struct held_rule){
			.id = c->rules[i].id,
			.plan = c->plan_of[i],
			.now = { now.packets, now.bytes, now.dropped_packets, now.dropped_bytes },
		};
		result->effects[c->plan_of[i]].applied = true;
	}
	return held_update(&s->held, set, s->counts, c->count, result);
}
