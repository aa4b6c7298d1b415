/* SPDX-License-Identifier: Apache-2.0 */
/* join: which attack a confirmed subject is part of: one that goes on, or a new one. */
#include "detect/learned/learned.h"

#include <stdio.h>
#include <string.h>

#define SECOND_NS      1000000000ULL
/* Parts of one attack are seen within this time of each other. */
#define TOGETHER_NS    (120 * SECOND_NS)
/* One that left its target that long ago may have gone to the next. */
#define ROTATED_NS     (15 * SECOND_NS)
/* Prefixes shorter than these are not said to be one target because two in it are. */
#define COVER_LEAST_V4 112
#define COVER_LEAST_V6 48
/* Senders up to which it is one that looks around, not a crowd. */
#define SCANNERS       3
/* Targets, at least, of a scan by a host of ours. */
#define SCAN_TARGETS   30
#define CRITICAL_TIMES 10

static struct prefix common(const struct prefix *a, const struct prefix *b)
{
	struct prefix cover = { 0 };
	uint8_t most = a->len < b->len ? a->len : b->len;

	while (cover.len < most) {
		unsigned bit = cover.len;
		uint8_t mask = (uint8_t)(1U << (7 - bit % 8));
		if ((a->ip.b[bit / 8] ^ b->ip.b[bit / 8]) & mask)
			break;
		cover.ip.b[bit / 8] |= a->ip.b[bit / 8] & mask;
		cover.len++;
	}
	return cover;
}

static enum attack_kind outbound_kind(const struct scene *scene)
{
	const struct view *v = &scene->view;
	uint32_t answers = v->by_class[CLASS_UDP_AMP] + v->by_class[CLASS_UDP_ANSWER];

	if (v->targets.least >= SCAN_TARGETS && v->targets.top < 0.1 && v->small > 0.8)
		return KIND_SCAN;
	return answers * 5 >= v->n ? KIND_REFLECTOR : KIND_OUTBOUND_FLOOD;
}

enum attack_kind learned_kind(const struct scene *scene)
{
	const struct subject *s = scene->subject;
	const struct view *v = &scene->view;

	if (s->kind == TALLY_OUTSIDE)
		return KIND_CAMPAIGN;
	if (s->direction == DIRECTION_OUTBOUND)
		return outbound_kind(scene);
	if (s->len == 128)
		return KIND_FLOOD;
	return v->sources.seen <= SCANNERS && v->targets.least >= 10 ? KIND_SCAN : KIND_CARPET;
}

/* What rises, with what was usual where that itself looks like it. */
static double learned_risen(const struct scene *scene)
{
	double excess = scene_excess(scene);
	double now = 0;

	for (unsigned c = 0; c < CLASS_COUNT; c++)
		now += subject_classes(scene->subject) & 1U << c ? scene->by_class[c].now : 0;
	return excess * 4 > now ? now : excess;
}

enum severity learned_severity(const struct learned *l, const struct scene *scene,
			       enum attack_kind kind)
{
	double floor = (double)l->config->floor_pps;
	double excess = learned_risen(scene);
	const struct rates *syn = &scene->by_class[CLASS_SYN];
	bool many_syn = (subject_classes(scene->subject) & 1U << CLASS_SYN) &&
			syn->now - syn->usual >= floor / 5;
	double bps = scene->now_bps - scene->usual_bps;

	if (kind == KIND_SCAN)
		return SEVERITY_INFO;
	if (excess < floor && bps < (double)l->config->floor_bps && !many_syn)
		return SEVERITY_INFO;
	if (excess >= CRITICAL_TIMES * floor && scene_times(scene) >= CRITICAL_TIMES)
		return SEVERITY_CRITICAL;
	return SEVERITY_WARNING;
}

static bool like(const struct story *story, const struct scene *scene)
{
	return scene->view.vector_count && strcmp(story->vector, scene->view.vectors[0].name) == 0;
}

/* Is it the same attack on our own space? @ret_cover: what both together hit. */
static bool joins_inbound(const struct story *story, const struct scene *scene,
			  const struct prefix *target, uint64_t now_ns, struct prefix *ret_cover)
{
	bool v4 = ip_is_v4(&target->ip);
	bool wide = story->cover.len < 128 || target->len < 128;
	bool rotated = story->above_ns + ROTATED_NS >= now_ns;

	*ret_cover = common(&story->cover, target);
	if (ret_cover->len == story->cover.len || ret_cover->len == target->len)
		return true;
	if (ret_cover->len < (v4 ? COVER_LEAST_V4 : COVER_LEAST_V6) || !like(story, scene))
		return false;
	/* Two hosts at the same time are two attacks; one after the other is one that wanders. */
	bool gone = story->above_ns + SECOND_NS / 2 < now_ns;
	return wide || (rotated && gone);
}

static bool joins_outbound(const struct story *story, const struct scene *scene,
			   const struct prefix *target)
{
	const struct view *v = &scene->view;

	for (unsigned i = 0; i < story->target_count; i++) {
		if (prefix_overlaps(&story->targets[i], target))
			return true;
	}
	return story->kind == KIND_CAMPAIGN && scene->subject->kind == TALLY_OUTSIDE &&
	       v->proto == story->proto && (v->dport == story->dport || like(story, scene));
}

/* Whom a subject's traffic hits. */
static struct prefix target_of(const struct scene *scene, enum attack_kind kind)
{
	const struct subject *s = scene->subject;
	struct prefix own = { .ip = s->ip, .len = s->len };

	if (s->direction == DIRECTION_OUTBOUND && s->kind == TALLY_OWN)
		return prefix_of_host(&scene->view.targets.busiest);
	if (kind == KIND_CARPET || kind == KIND_SCAN)
		return view_cover(s, scene->view.first_ns);
	return own;
}

static uint32_t find_story(const struct learned *l, const struct scene *scene,
			   enum attack_kind kind, const struct prefix *target,
			   struct prefix *ret_cover)
{
	const struct subject *s = scene->subject;
	uint64_t now_ns = l->tick_ns;

	for (uint32_t i = 1; i <= l->stories.max; i++) {
		const struct story *story = stories_at(&l->stories, i);
		if (!story->key || story->direction != s->direction ||
		    story->above_ns + TOGETHER_NS < now_ns ||
		    (story->kind == KIND_SCAN) != (kind == KIND_SCAN))
			continue;
		if (s->direction == DIRECTION_OUTBOUND
			    ? joins_outbound(story, scene, target)
			    : joins_inbound(story, scene, target, now_ns, ret_cover))
			return i;
	}
	return 0;
}

static void begin_story(struct story *story, const struct scene *scene, enum attack_kind kind,
			const struct prefix *target)
{
	const struct subject *s = scene->subject;
	const struct view *v = &scene->view;

	story->kind = (uint8_t)kind;
	story->direction = s->direction;
	story->proto = v->proto;
	story->dport = v->dport;
	story->cover = *target;
	story->rise_ns = s->rise_ns;
	story->first_ns = v->first_ns;
	story->suspect_ns = s->suspect_ns;
	if (v->vector_count)
		snprintf(story->vector, sizeof(story->vector), "%s", v->vectors[0].name);
}

/* Machines that the samples kept so far are from. */
static void call_roll(struct learned *l, uint32_t number, const struct subject *subject)
{
	for (uint32_t i = 0; i < subject->count; i++) {
		const struct subject_sample *s = &subject->samples[i];
		if (view_is_recent(subject, s, subject->rise_ns))
			stories_machine(&l->stories, number, &s->sample.src,
					(uint64_t)sample_packets(&s->sample), s->time_ns);
	}
}

/* Few senders, and a different target each time: whether it is a scan or a carpet shows by more of it. */
static bool may_yet_be_scan(const struct scene *scene, enum attack_kind kind)
{
	const struct view *v = &scene->view;

	return kind == KIND_CARPET && v->sources.seen <= SCANNERS && v->targets.seen == v->n;
}

void learned_confirm(struct learned *l, uint32_t number, const struct scene *scene)
{
	struct subject *subject = subjects_at(&l->subjects, number);
	enum attack_kind kind = learned_kind(scene);
	struct prefix target = target_of(scene, kind);
	struct prefix cover = target;

	if ((kind == KIND_CAMPAIGN && scene->view.sources.seen < 5) || may_yet_be_scan(scene, kind))
		return;
	uint32_t at = find_story(l, scene, kind, &target, &cover);
	struct story *story;
	if (at) {
		story = stories_at(&l->stories, at);
		if (subject->direction != DIRECTION_OUTBOUND) {
			story->cover = cover;
			if (cover.len < 128 && story->kind == KIND_FLOOD)
				story->kind = KIND_CARPET;
		}
	} else {
		at = stories_new(&l->stories);
		if (!at)
			return;
		story = stories_at(&l->stories, at);
		begin_story(story, scene, kind, &target);
	}
	if (subject->direction == DIRECTION_OUTBOUND)
		story_target(story, &target);
	enum severity severity = learned_severity(l, scene, kind);
	if (severity > story->severity)
		story->severity = (uint8_t)severity;
	if (!story->confirm_ns)
		story->confirm_ns = l->tick_ns;
	story->above_ns = l->tick_ns;
	story->told_ns = 0;
	if (subject->kind == TALLY_OUTSIDE)
		call_roll(l, at, subject);
	subject->story = at;
	subject->state = SUBJECT_CONFIRMED;
	subject->confirm_ns = subject->pulse_ns = subject->above_ns = l->tick_ns;
	subject->up = true;
}
