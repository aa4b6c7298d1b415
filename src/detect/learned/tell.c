/* SPDX-License-Identifier: Apache-2.0 */
/* tell: stories in, findings out, one a tick for each that goes on. */
#include "detect/learned/learned.h"

#include <math.h>
#include <string.h>

#include "base/parse.h"
#include "detect/learned/shape.h"

/* Words and figures are made anew after this time; in between they are told again. */
#define WORDS_NS     (500 * 1000000ULL)
/* The next pulse is waited for until so many tenths of a period after the begin of the latest. */
#define PULSE_HOLD   14
/* Times it has to come back before it is said to pulse. */
#define PULSES_LEAST 2

/* The members of a story, added up. */
struct crowd {
	uint32_t lead; /* subject that says the most; 0: none is left */
	double pps;
	double bps;
	bool up;
	uint64_t period_ns;
	uint64_t pulse_ns; /* begin of the latest of these */
};

static double weight_of(const struct subject *s)
{
	/* The widest that is up; the strongest of equals. */
	return (s->up ? 1e6 : 0) + (128 - s->len) * 1e3 + fmin((double)s->verdict.nats, 100);
}

static void gather(const struct learned *l, uint32_t number, struct crowd *ret_crowd)
{
	struct crowd crowd = { 0 };

	for (uint32_t i = 0; i < l->subjects.active_count; i++) {
		uint32_t at = l->subjects.active[i];
		const struct subject *s = subjects_at(&l->subjects, at);
		if (s->story != number)
			continue;
		crowd.up |= s->up;
		if (s->pulses >= PULSES_LEAST && s->period_ns > crowd.period_ns) {
			crowd.period_ns = s->period_ns;
			crowd.pulse_ns = s->pulse_ns;
		}
		if (!crowd.lead || weight_of(s) > weight_of(subjects_at(&l->subjects, crowd.lead)))
			crowd.lead = at;
	}
	*ret_crowd = crowd;
}

/* The class that is the most above its envelope. */
static unsigned worst_class(const struct scene *scene)
{
	unsigned worst = CLASS_COUNT;
	double most = 0;

	for (unsigned c = 0; c <= CLASS_COUNT; c++) {
		const struct rates *r = &scene->by_class[c];
		bool rises = c == CLASS_COUNT || (subject_classes(scene->subject) & 1U << c);
		if (rises && r->allowed > 0 && r->now / r->allowed > most) {
			most = r->now / r->allowed;
			worst = c;
		}
	}
	return worst;
}

static void fill_detail(const struct subject *subject, uint64_t from_ns,
			struct tally_detail *detail)
{
	memset(detail, 0, sizeof(*detail));
	for (uint32_t i = 0; i < subject->count; i++) {
		const struct subject_sample *s = &subject->samples[i];
		const struct sample *sample = &s->sample;
		const struct flow flow = { .sport = sample->sport,
					   .dport = sample->dport,
					   .proto = sample->proto,
					   .class = sample->class };
		bool outbound =
			sample->direction == DIRECTION_OUTBOUND && subject->kind == TALLY_OWN;
		uint64_t packets = (uint64_t)sample_packets(sample);
		if (view_is_recent(subject, s, from_ns))
			tally_detail_add(detail, outbound ? &sample->dst : &sample->src, &flow,
					 packets, packets * sample->length);
	}
}

static double rising_pps(const struct scene *scene)
{
	double pps = 0;

	for (unsigned c = 0; c < CLASS_COUNT; c++)
		pps += subject_classes(scene->subject) & 1U << c ? scene->by_class[c].now : 0;
	return pps;
}

/* What a campaign's sites get all together. */
static void add_sites(struct learned *l, uint32_t number, uint64_t now_ns, struct crowd *crowd)
{
	for (uint32_t i = 0; i < l->subjects.active_count; i++) {
		const struct subject *s = subjects_at(&l->subjects, l->subjects.active[i]);
		struct scene scene;
		if (s->story != number || !s->up || s->kind != TALLY_OUTSIDE)
			continue;
		learned_scene(l, s, now_ns, &scene);
		crowd->pps += rising_pps(&scene);
		crowd->bps += scene.now_bps;
	}
}

static void say(const struct scene *scene, const struct finding *finding, struct finding *ret)
{
	struct text out = text_fixed(ret->why, sizeof(ret->why));
	unsigned c = worst_class(scene);
	char now[32], allowed[32];

	text_addf(&out, "%s %s, envelope %s", c < CLASS_COUNT ? class_name(c) : "total",
		  quantity_format(finding->value, QUANTITY_PPS, now),
		  quantity_format(finding->limit, QUANTITY_PPS, allowed));
	text_addf(&out, "; %+.1f nats: %s", (double)scene->subject->verdict.nats,
		  scene->subject->verdict.why);
}

static const char *advice_of(const struct story *story)
{
	switch ((enum attack_kind)story->kind) {
	case KIND_REFLECTOR:
		return "this server answers questions that others forge: let it answer its own "
		       "clients only, or limit the rate of its answers";
	case KIND_CAMPAIGN:
		return "look at what these machines have in common: tenant, image, launch time";
	default:
		return NULL;
	}
}

static struct prefix machines_cover(const struct finding_machine *machines, unsigned count)
{
	struct prefix cover = prefix_of_host(&machines[0].ip);

	while (cover.len > 0 && !prefix_has_ip(&cover, &machines[count - 1].ip)) {
		cover.len--;
		cover.ip.b[cover.len / 8] &= (uint8_t) ~(1U << (7 - cover.len % 8));
	}
	return cover;
}

static void place(struct learned *l, uint32_t number, struct finding *finding)
{
	struct story *story = stories_at(&l->stories, number);
	const struct subject *lead = subjects_at(&l->subjects, story->lead);
	struct prefix where = story->cover;

	finding->machine_count = stories_roll(&l->stories, number, &finding->machines);
	finding->machines_estimated = finding->machine_count;
	if (story->direction == DIRECTION_OUTBOUND)
		where = finding->machine_count
				? machines_cover(finding->machines, finding->machine_count)
				: (struct prefix){ .ip = lead->ip, .len = lead->len };
	finding->host = where.ip;
	finding->len = where.len;
	if (story->direction == DIRECTION_OUTBOUND) {
		finding->targets = story->targets;
		finding->target_count = story->target_count;
	}
}

void learned_describe(const struct scene *scene, struct finding *ret_finding)
{
	const struct subject *subject = scene->subject;
	const struct rates *worst = &scene->by_class[worst_class(scene)];
	bool far = subject->direction == DIRECTION_OUTBOUND && subject->kind == TALLY_OWN;
	const struct view *view = &scene->view;

	*ret_finding = (struct finding){
		.metric = METRIC_PPS,
		.above = worst->now >= worst->allowed,
		.limit = (uint64_t)worst->allowed,
		.value = (uint64_t)worst->now,
		.pps = (uint64_t)scene->by_class[CLASS_COUNT].now,
		.bps = (uint64_t)scene->now_bps,
		.sampled = view->n,
		.distinct = (uint64_t)(far ? view->targets.about : view->sources.about),
		.vector_count = view->vector_count,
	};
	memcpy(ret_finding->vectors, view->vectors, sizeof(ret_finding->vectors));
	ret_finding->shape_count = shapes_of(subject, view->first_ns, ret_finding->shapes);
	say(scene, ret_finding, ret_finding);
}

static void make_words(struct learned *l, uint32_t number, struct crowd *crowd, uint64_t now_ns)
{
	struct story *story = stories_at(&l->stories, number);
	const struct subject *lead = subjects_at(&l->subjects, crowd->lead);
	struct finding *f = &story->finding;
	struct scene scene;

	learned_scene(l, lead, now_ns, &scene);
	if (story->kind == KIND_CAMPAIGN)
		add_sites(l, number, now_ns, crowd);
	else
		crowd->pps =
			lead->len == 128 ? scene.by_class[CLASS_COUNT].now : rising_pps(&scene);
	if (story->kind != KIND_CAMPAIGN)
		crowd->bps = scene.now_bps;
	learned_describe(&scene, f);
	f->pps = (uint64_t)crowd->pps;
	f->bps = (uint64_t)crowd->bps;
	story->lead = crowd->lead;
	/* A reflector's first packets may all be later fragments of answers. */
	if (story->kind == KIND_OUTBOUND_FLOOD && learned_kind(&scene) == KIND_REFLECTOR)
		story->kind = KIND_REFLECTOR;
	enum severity severity = learned_severity(l, &scene, (enum attack_kind)story->kind);
	/* Its sites may each get little. */
	if (severity == SEVERITY_INFO && story->kind == KIND_CAMPAIGN &&
	    crowd->pps >= (double)l->config->floor_pps)
		severity = SEVERITY_WARNING;
	if (severity > story->severity)
		story->severity = (uint8_t)severity;
	fill_detail(lead, scene.view.first_ns, &story->detail);
	story->told_ns = now_ns;
}

/* Quiet time from now on that is a pause only: until the next pulse should have come. */
static uint64_t hold_of(const struct story *story, uint64_t now_ns)
{
	uint64_t until_ns = story->pulse_ns + story->period_ns * PULSE_HOLD / 10;

	return story->period_ns && until_ns > now_ns ? until_ns - now_ns : 0;
}

/* What a story says now, its words as they were made. */
static void fill(struct learned *l, uint32_t number, uint64_t now_ns, struct finding *ret_finding)
{
	struct story *story = stories_at(&l->stories, number);
	struct finding finding = story->finding;

	finding.story = story->key;
	finding.kind = story->kind;
	finding.direction = story->direction;
	finding.severity = story->severity;
	finding.first = story->confirm_ns == now_ns;
	finding.above |= finding.first;
	finding.now_ns = now_ns;
	finding.onset_ns = story->rise_ns;
	finding.first_ns = story->first_ns;
	finding.suspect_ns = story->suspect_ns;
	finding.hold_ns = hold_of(story, now_ns);
	finding.detail = &story->detail;
	finding.advice = advice_of(story);
	place(l, number, &finding);
	*ret_finding = finding;
}

static void tell(struct learned *l, uint32_t number, struct crowd *crowd, uint64_t now_ns,
		 const struct finding_sink *sink)
{
	struct story *story = stories_at(&l->stories, number);
	struct finding finding;

	if (now_ns >= story->told_ns + WORDS_NS)
		make_words(l, number, crowd, now_ns);
	fill(l, number, now_ns, &finding);
	sink->finding(sink->self, &finding);
}

void learned_end(struct learned *l, const struct finding_sink *sink)
{
	for (uint32_t i = 1; i <= l->stories.max; i++) {
		const struct story *story = stories_at(&l->stories, i);
		struct finding finding;
		if (!story->key)
			continue;
		if (story->period_ns && story->told_ns) {
			fill(l, i, story->above_ns, &finding);
			finding.first = finding.above = false;
			finding.hold_ns = 0;
			sink->finding(sink->self, &finding);
		}
		stories_end(&l->stories, i);
	}
	learned_let_go(l, l->tick_ns);
	ports_end(&l->ports);
}

void learned_tell(struct learned *l, uint64_t now_ns, const struct finding_sink *sink)
{
	for (uint32_t i = 1; i <= l->stories.max; i++) {
		struct story *story = stories_at(&l->stories, i);
		struct crowd crowd;
		if (!story->key)
			continue;
		gather(l, i, &crowd);
		if (!crowd.lead) {
			stories_end(&l->stories, i);
			continue;
		}
		/* What wanders about in a prefix comes back as well, and is no pulse. */
		if (crowd.period_ns && story->kind != KIND_CARPET) {
			story->period_ns = crowd.period_ns;
			story->pulse_ns = crowd.pulse_ns;
		}
		if (!crowd.up)
			continue;
		story->above_ns = now_ns;
		tell(l, i, &crowd, now_ns, sink);
	}
}
