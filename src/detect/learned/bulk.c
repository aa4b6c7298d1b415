/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk: suspects in, findings for information out: far more than ever before, and no attack by itself.
 *
 * A host of ours that sends somebody ten times what it ever sent may make a backup, or be emptied by a
 * thief. Neither is held back; but people want to know. It is told until it has ended, or is usual.
 */
#include "detect/learned/learned.h"

#include <string.h>

#define SECOND_NS 1000000000ULL
/* So long it must have lasted. */
#define LASTS_NS  (10 * SECOND_NS)
/* Multiple of what is allowed from which on it is told. */
#define TIMES     2
/* Share of the packets that one place gets. */
#define TOP       0.8

static bool may_be(const struct learned *l, const struct subject *s, uint64_t now_ns)
{
	return s->kind == TALLY_OWN && s->len == 128 && s->direction == DIRECTION_OUTBOUND &&
	       s->state == SUBJECT_SUSPECT && now_ns >= s->suspect_ns + LASTS_NS &&
	       now_ns >= s->bulk_ns + SECOND_NS && now_ns >= l->first_ns + LEARNED_USEFUL_NS &&
	       s->verdict.nats < EVIDENCE_ENOUGH;
}

static bool is_bulk(const struct learned *l, const struct scene *scene)
{
	const struct rates *all = &scene->by_class[CLASS_COUNT];

	return scene->view.targets.top >= TOP && scene_times(scene) >= TIMES &&
	       (all->now - all->usual >= (double)l->config->floor_pps ||
		scene->now_bps - scene->usual_bps >= (double)l->config->floor_bps);
}

static void tell(struct learned *l, struct subject *s, const struct scene *scene, uint64_t now_ns,
		 const struct finding_sink *sink)
{
	const struct prefix place = prefix_of_host(&scene->view.targets.busiest);
	struct finding finding;

	learned_describe(scene, &finding);
	finding.first = !s->bulk_key;
	if (finding.first)
		s->bulk_key = l->stories.next_key++;
	finding.above = true;
	finding.host = s->ip;
	finding.len = s->len;
	finding.kind = KIND_BULK;
	finding.vector_count = 0;
	finding.direction = s->direction;
	finding.severity = SEVERITY_INFO;
	finding.story = s->bulk_key;
	finding.now_ns = now_ns;
	finding.onset_ns = s->rise_ns;
	finding.first_ns = scene->view.first_ns;
	finding.suspect_ns = s->suspect_ns;
	finding.targets = &place;
	finding.target_count = 1;
	finding.advice = "it is not held back; ask its tenant whether it was meant to be sent";
	sink->finding(sink->self, &finding);
}

void learned_bulk(struct learned *l, uint64_t now_ns, const struct finding_sink *sink)
{
	for (uint32_t i = 0; i < l->subjects.active_count; i++) {
		struct subject *s = subjects_at(&l->subjects, l->subjects.active[i]);
		struct scene scene;
		if (!may_be(l, s, now_ns))
			continue;
		s->bulk_ns = now_ns;
		learned_scene(l, s, now_ns, &scene);
		if (is_bulk(l, &scene))
			tell(l, s, &scene, now_ns, sink);
	}
}
