/* SPDX-License-Identifier: Apache-2.0 */
/* explain: a scene in, whether another subject is the reason for it out. */
#include "detect/learned/learned.h"

/* What goes the other way of an attack is what it brings about. */
static bool is_reply(const struct learned *l, const struct subject *subject)
{
	uint8_t other =
		subject->direction == DIRECTION_OUTBOUND ? DIRECTION_INBOUND : DIRECTION_OUTBOUND;
	uint32_t number =
		subjects_find(&l->subjects, &subject->ip, subject->len, subject->kind, other);

	return number && subjects_at(&l->subjects, number)->state >= SUBJECT_CONFIRMED;
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
		return is_reply(l, s);
	return crowd->top >= 0.5 || (s->kind == TALLY_OWN && is_of_one_inside(l, scene));
}
