/* SPDX-License-Identifier: Apache-2.0 */
/* explain: a scene in, whether another subject is the reason for it out. */
#include "detect/learned/learned.h"

#include "detect/span.h"

/* Nothing but refusals, or other ends of connections, rises. */
static bool only_refuses(const struct subject *subject)
{
	return subject->classes == 1U << CLASS_RST_FIN;
}

/* What goes the other way of an attack is what it brings about; refusals bring nothing about. */
static bool is_reply(const struct learned *l, const struct subject *subject)
{
	uint8_t back =
		subject->direction == DIRECTION_OUTBOUND ? DIRECTION_INBOUND : DIRECTION_OUTBOUND;
	uint32_t number =
		subjects_find(&l->subjects, &subject->ip, subject->len, subject->kind, back);
	const struct subject *other = number ? subjects_at(&l->subjects, number) : NULL;

	return other && other->state >= SUBJECT_CONFIRMED && !only_refuses(other);
}

/*
 * A flow cache reports a refusal at once, as it ends its flow, and what was refused a timeout later.
 * Until then it may be the reply to an attack on us that nobody knows of yet.
 */
static bool may_be_reply(const struct learned *l, const struct subject *subject)
{
	if (!only_refuses(subject) || subject->direction != DIRECTION_OUTBOUND)
		return false;
	for (uint32_t i = 0; i < subject->lane_count; i++) {
		uint64_t back_s = horizons_of(&l->horizons, subject->lanes[i].vantage,
					      l->tick_ns / SPAN_SECOND_NS);
		if (back_s > LATE_SECONDS)
			back_s = LATE_SECONDS;
		if (l->tick_ns < subject->suspect_ns + back_s * SPAN_SECOND_NS)
			return true;
	}
	return false;
}

/* Does one that lies in it, and looks bad by itself, get half of what it has too much? */
static bool is_of_one_inside(struct learned *l, const struct scene *scene)
{
	const struct subject *s = scene->subject;
	const struct prefix prefix = { .ip = s->ip, .len = s->len };
	double half = scene_excess(scene) / 2;

	for (uint32_t i = 0; i < l->subjects.active_count; i++) {
		const struct subject *in = subjects_at(&l->subjects, l->subjects.active[i]);
		struct rates all;
		double bps[2];
		if (in->kind != TALLY_OWN || in->len <= s->len || in->direction != s->direction ||
		    !prefix_has_ip(&prefix, &in->ip) ||
		    (in->state < SUBJECT_CONFIRMED && in->verdict.nats < EVIDENCE_ENOUGH))
			continue;
		double excess = 0;
		for (unsigned c = 0; c < CLASS_COUNT; c++) {
			if (!(subject_classes(s) & 1U << c))
				continue;
			learned_rate(l, in, c, &all, bps);
			excess += all.now - all.usual;
		}
		if (excess >= half)
			return true;
	}
	return false;
}

/* Does more than half of it concern one end that has a subject of its own? */
bool learned_is_explained(struct learned *l, const struct scene *scene)
{
	const struct subject *s = scene->subject;
	const struct view_crowd *crowd =
		s->kind == TALLY_OUTSIDE || s->direction == DIRECTION_OUTBOUND
			? &scene->view.sources
			: &scene->view.targets;

	if (s->kind == TALLY_OWN && s->len == 128)
		return is_reply(l, s) || may_be_reply(l, s);
	return crowd->top >= 0.5 || (s->kind == TALLY_OWN && is_of_one_inside(l, scene));
}
