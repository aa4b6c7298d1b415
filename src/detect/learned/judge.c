/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge: subjects from the first sign to the end.
 *
 *   rising --(above its envelope for certain)--> suspect --(looks like an attack)--> confirmed
 *      ^  <--(it was chance)--       |  <--(it is taken for normal, and learned)--      |  ^
 *      |                             v                                                   v  |
 *     free <-------------------------+----------------(quiet for long)---------------- armed
 */
#include "detect/learned/learned.h"

#include <math.h>

#include "detect/span.h"

#define SECOND_NS      1000000000ULL
/* A suspect that looks like nothing bad for so long is taken for normal. */
#define ABSORB_NS      (60 * SECOND_NS)
/* Evidence below which it is. */
#define ABSORB_NATS    3.0F
/* Quiet before an attack counts as gone, and how long it is waited for to come back. */
#define QUIET_NS       (10 * SECOND_NS)
#define ARMED_LEAST_NS (120 * SECOND_NS)
#define ARMED_MOST_NS  (1800 * SECOND_NS)
/* Evidence in the packets themselves that is needed without any history behind it. */
#define COLD_NATS      3.0F
/* So many bad hosts of a prefix are an attack on the prefix. */
#define FEW            4
/* Time and number of samples that a rate is taken over when there are few. */
#define COUNT_NS       (10 * SECOND_NS)
#define SAMPLES_ENOUGH 8
/* Alarm below which a subject that only rises is let go. */
#define LEARNED_QUIET  0.05F
/* Share of the peak rate below which an attack is over. */
#define PEAK_PART      0.05F
/* Rung from which on a change is large: 5 times what is allowed. */
#define SUDDEN_RUNG    2

struct counter *learned_lane(struct learned *l, const struct subject *subject,
			     const struct subject_lane *lane)
{
	struct counter *c = &learned_table(l, subject->kind)->at[lane->counter - 1];
	bool same = c->last_ns && c->vantage == lane->vantage && c->key.class == lane->class &&
		    c->key.len == subject->len && c->key.kind == subject->kind &&
		    c->key.direction == subject->direction && ip_equal(&c->key.ip, &subject->ip);

	return same ? c : NULL;
}

static void note_sudden(struct subject *subject, const struct counter *counter)
{
	float small = fmaxf(counter->bank.w[0], counter->bank.w[1]);
	float large = 0;

	for (unsigned i = SUDDEN_RUNG; i < BANK_RUNGS; i++)
		large = fmaxf(large, counter->bank.w[i]);
	subject->sudden = large >= small;
}

/* The evidence of all lanes. Return: that of the worst, in nats. */
static float look_at_lanes(struct learned *l, struct subject *subject, uint64_t now_ns)
{
	float worst = 0;

	subject->alarm = 0;
	for (uint32_t i = 0; i < subject->lane_count; i++) {
		struct counter *c = learned_lane(l, subject, &subject->lanes[i]);
		if (!c)
			continue;
		counter_pass(c, now_ns);
		late_pass(&l->lates, c, now_ns);
		float rate = c->allowed / (float)c->sampling;
		float alarm = bank_alarm(&c->bank, rate / c->phi, l->alpha);
		worst = fmaxf(worst, bank_worst(&c->bank));
		if (alarm <= subject->alarm)
			continue;
		subject->alarm = alarm;
		if (subject->state == SUBJECT_RISING) {
			subject->rise_ns = c->rise_ns ? c->rise_ns : now_ns;
			note_sudden(subject, c);
		}
	}
	subject->alarm_most = fmaxf(subject->alarm_most, subject->alarm);
	return worst;
}

void learned_forget(struct learned *l, uint32_t number, uint64_t now_ns)
{
	struct subject *subject = subjects_at(&l->subjects, number);

	for (uint32_t i = 0; i < subject->lane_count; i++) {
		struct counter *c = learned_lane(l, subject, &subject->lanes[i]);
		if (!c)
			continue;
		c->subject = 0;
		if (subject->state > SUBJECT_RISING)
			late_told(&l->lates, c, now_ns);
	}
	subjects_free(&l->subjects, number);
}

void learned_let_go(struct learned *l, uint64_t now_ns)
{
	while (l->subjects.active_count > 0)
		learned_forget(l, l->subjects.active[0], now_ns);
}

/* Packets a second of a class in the last seconds, by the samples that are kept. */
static float counted_rate(const struct subject *subject, uint8_t class, uint64_t now_ns,
			  uint32_t *ret_samples)
{
	float packets = 0;

	*ret_samples = 0;
	for (uint32_t i = 0; i < subject->count; i++) {
		const struct subject_sample *s = &subject->samples[i];
		if ((class < CLASS_COUNT && s->sample.class != class) ||
		    s->time_ns + COUNT_NS < now_ns)
			continue;
		++*ret_samples;
		packets += (float)sample_packets(&s->sample);
	}
	return packets / ((float)COUNT_NS / SECOND_NS);
}

/* A lane's rate, if it rests on enough samples to be one. */
static float rate_of(struct learned *l, const struct subject *subject, const struct counter *c,
		     uint64_t now_ns)
{
	float samples = c->rate * COUNTER_RATE_S / (float)c->sampling;
	uint32_t counted;

	if (c->late) {
		uint64_t most = horizons_of(&l->horizons, c->vantage, now_ns / SPAN_SECOND_NS);
		uint64_t back = late_back(&l->lates, c, most);
		return late_peak(&l->lates, c, back, 5) * (float)c->sampling;
	}
	if (samples >= SAMPLES_ENOUGH)
		return c->rate;
	float pps = counted_rate(subject, c->key.class, now_ns, &counted);
	return counted >= SAMPLES_ENOUGH / 2 ? pps : 0;
}

/* Is it back by a lane? A burst of other traffic, which only all of it together shows, is not. */
static bool tells_return(const struct subject *subject, const struct subject_lane *lane)
{
	return subject->kind != TALLY_OWN || !subject->classes || lane->class < CLASS_COUNT;
}

/* By what has not been reported any more. */
static bool is_over(struct learned *l, const struct counter *c, float level, uint64_t now_ns)
{
	return c->late &&
	       late_over(&l->lates, c, horizons_of(&l->horizons, c->vantage, now_ns / SECOND_NS),
			 level / (float)c->sampling);
}

/*
 * Above a share of the way from the usual to what is allowed, in any lane: it has not ended. What has
 * come down to a twentieth of its peak has, though, where so little is allowed that chance exceeds it.
 */
static bool is_up(struct learned *l, struct subject *subject, uint64_t now_ns, float share)
{
	float most = 0;
	bool up = false;

	for (uint32_t i = 0; i < subject->lane_count; i++) {
		const struct counter *c = learned_lane(l, subject, &subject->lanes[i]);
		if (!c)
			continue;
		float level = fmaxf(c->usual + share * (c->allowed - c->usual),
				    PEAK_PART * subject->peak);
		float rate = rate_of(l, subject, c, now_ns);
		bool tells = subject->state != SUBJECT_ARMED ||
			     tells_return(subject, &subject->lanes[i]);
		most = fmaxf(most, rate);
		up |= tells && rate >= level && !is_over(l, c, level, now_ns);
	}
	subject->peak = fmaxf(subject->peak, most);
	return up;
}

static bool is_harmful(const struct learned *l, const struct scene *scene, double part)
{
	const struct config *config = l->config;
	const struct subject *s = scene->subject;
	double floor = (double)config->floor_pps * part;
	double excess = scene_excess(scene);
	const struct rates *syn = &scene->by_class[CLASS_SYN];

	if (s->kind == TALLY_OUTSIDE)
		floor /= 10;
	if ((subject_classes(s) & 1U << CLASS_SYN) && syn->now - syn->usual >= floor / 5)
		return true;
	return excess >= floor ||
	       scene->now_bps - scene->usual_bps >= (double)config->floor_bps * part;
}

/* It is taken for normal: that much may be from now on. */
static void absorb(struct learned *l, uint32_t number, uint64_t now_ns)
{
	struct subject *subject = subjects_at(&l->subjects, number);

	for (uint32_t i = 0; i < subject->lane_count; i++) {
		struct counter *c = learned_lane(l, subject, &subject->lanes[i]);
		if (c)
			learned_teach(l, c, rate_of(l, subject, c, now_ns));
	}
	learned_forget(l, number, now_ns);
}

/* The number of the one inside @subject that a sample is to or from, and that looks bad by itself; 0. */
static uint32_t bad_one_of(const struct learned *l, const struct subject *subject,
			   const struct sample *sample)
{
	const struct ip *ip =
		subject->direction == DIRECTION_OUTBOUND ? &sample->src : &sample->dst;
	uint32_t number = subjects_find(&l->subjects, ip, 128, TALLY_OWN, subject->direction);
	const struct subject *in = number ? subjects_at(&l->subjects, number) : NULL;

	return in && (in->state >= SUBJECT_CONFIRMED || in->verdict.nats >= EVIDENCE_ENOUGH)
		       ? number
		       : 0;
}

static bool is_one_of(const uint32_t *ones, unsigned count, uint32_t number)
{
	for (unsigned i = 0; i < count; i++) {
		if (ones[i] == number)
			return true;
	}
	return false;
}

/*
 * Before it is known what is usual all traffic of a prefix counts as excess, and an attack on one
 * host in it as the prefix's: so the hard evidence has to be there without such hosts, too. Where they are
 * many it is the prefix's.
 */
static float hard_of_others(const struct learned *l, const struct scene *scene, float all)
{
	uint32_t ones[FEW];
	unsigned count = 0;
	struct subject rest = *scene->subject;
	struct scene others = *scene;
	struct evidence evidence;

	rest.count = 0;
	for (uint32_t i = 0; i < scene->subject->count; i++) {
		const struct subject_sample *s = &scene->subject->samples[i];
		uint32_t bad = bad_one_of(l, &rest, &s->sample);
		if (!bad)
			rest.samples[rest.count++] = *s;
		else if (!is_one_of(ones, count, bad) && count < FEW)
			ones[count++] = bad;
	}
	if (count == FEW)
		return all;
	others.subject = &rest;
	view_of(&rest, l->config, scene->view.first_ns, &others.view);
	evidence_of(&others, &evidence);
	return evidence.hard;
}

static bool is_too_early(const struct learned *l, const struct scene *scene, float hard,
			 uint64_t now_ns)
{
	const struct subject *s = scene->subject;

	if (now_ns >= l->first_ns + LEARNED_USEFUL_NS)
		return false;
	if (s->kind == TALLY_OWN && s->len < 128 && hard >= COLD_NATS)
		hard = hard_of_others(l, scene, hard);
	return hard < COLD_NATS;
}

static void weigh(struct learned *l, uint32_t number, uint64_t now_ns)
{
	struct subject *subject = subjects_at(&l->subjects, number);
	struct scene scene;
	struct evidence evidence;
	struct text why = text_fixed(subject->verdict.why, sizeof(subject->verdict.why));

	learned_scene(l, subject, now_ns, &scene);
	subject->judged_ns = now_ns;
	subject->fresh = 0;
	if (learned_is_explained(l, &scene)) {
		subject->verdict.nats = 0;
		if (scene.view.n >= 8 && subject->kind == TALLY_OUTSIDE)
			absorb(l, number, now_ns);
		return;
	}
	evidence_of(&scene, &evidence);
	subject->verdict.nats = evidence.nats;
	evidence_say(&evidence, &why);
	if (scene_times(&scene) < 1 || evidence.nats < EVIDENCE_ENOUGH ||
	    !is_harmful(l, &scene, 0.1))
		return;
	if (!is_too_early(l, &scene, evidence.hard, now_ns))
		learned_confirm(l, number, &scene);
}

static void judge_suspect(struct learned *l, uint32_t number, uint64_t now_ns)
{
	struct subject *subject = subjects_at(&l->subjects, number);
	bool due = now_ns >= subject->judged_ns + SECOND_NS ||
		   subject->fresh * 8 >= subject->count + 8;

	if (subject->alarm >= 1)
		subject->above_ns = now_ns;
	if (due)
		weigh(l, number, now_ns);
	if (subject->state != SUBJECT_SUSPECT)
		return;
	if (now_ns >= subject->above_ns + QUIET_NS && subject->alarm < 0.5F)
		learned_forget(l, number, now_ns);
	else if (now_ns >= subject->suspect_ns + ABSORB_NS && subject->verdict.nats < ABSORB_NATS)
		absorb(l, number, now_ns);
}

/* Silence is a pause only if samples were to be expected in it. */
static bool was_pause(struct learned *l, const struct subject *subject, uint64_t now_ns)
{
	float passed_s = (float)(now_ns - subject->above_ns) / SECOND_NS;
	float each = 1;

	for (uint32_t i = 0; i < subject->lane_count; i++) {
		const struct counter *c = learned_lane(l, subject, &subject->lanes[i]);
		each = c ? fmaxf(each, (float)c->sampling) : each;
	}
	return subject->peak / each * passed_s >= SAMPLES_ENOUGH;
}

static uint64_t armed_ns(const struct subject *subject)
{
	uint64_t hold = 3 * subject->period_ns;

	if (hold < ARMED_LEAST_NS)
		return ARMED_LEAST_NS;
	return hold < ARMED_MOST_NS ? hold : ARMED_MOST_NS;
}

static void judge_confirmed(struct learned *l, uint32_t number, uint64_t now_ns)
{
	struct subject *subject = subjects_at(&l->subjects, number);
	/* Back again is what exceeds the envelope at once; still there is half of it. */
	bool armed = subject->state == SUBJECT_ARMED;

	subject->up = is_up(l, subject, now_ns, armed ? 1 : 0.5F);
	if (subject->up) {
		bool pause = armed && was_pause(l, subject, now_ns);
		subject->above_ns = now_ns;
		subject->state = SUBJECT_CONFIRMED;
		if (pause) {
			subject->pulses++;
			subject->period_ns = now_ns - subject->pulse_ns;
			subject->pulse_ns = now_ns;
		}
	} else if (!armed && now_ns >= subject->above_ns + QUIET_NS / 5) {
		subject->state = SUBJECT_ARMED;
	} else if (armed && now_ns >= subject->above_ns + armed_ns(subject)) {
		learned_forget(l, number, now_ns);
	}
}

static void judge_one(struct learned *l, uint32_t number, uint64_t now_ns)
{
	struct subject *subject = subjects_at(&l->subjects, number);
	float worst = look_at_lanes(l, subject, now_ns);

	if (subject->state == SUBJECT_RISING) {
		if (subject->alarm >= 1) {
			subject->state = SUBJECT_SUSPECT;
			subject->suspect_ns = subject->above_ns = now_ns;
		} else if (worst < 1 || subject->alarm < LEARNED_QUIET) {
			learned_forget(l, number, now_ns);
			return;
		}
	}
	if (subject->state == SUBJECT_SUSPECT)
		judge_suspect(l, number, now_ns);
	else if (subject->state > SUBJECT_SUSPECT)
		judge_confirmed(l, number, now_ns);
}

/* Hosts before prefixes, small ones before large ones: what explains comes first. */
static int judge_order(const struct subject *a, const struct subject *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->len != b->len)
		return a->len > b->len ? -1 : 1;
	if (a->direction != b->direction)
		return a->direction < b->direction ? -1 : 1;
	return ip_compare(&a->ip, &b->ip);
}

/* In place, nearly sorted from the tick before. */
static void sort_active(struct subjects *subjects)
{
	for (uint32_t i = 1; i < subjects->active_count; i++) {
		uint32_t number = subjects->active[i];
		uint32_t at = i;
		while (at > 0 && judge_order(subjects_at(subjects, subjects->active[at - 1]),
					     subjects_at(subjects, number)) > 0) {
			subjects->active[at] = subjects->active[at - 1];
			at--;
		}
		subjects->active[at] = number;
	}
}

void learned_judge(struct learned *l, uint64_t now_ns)
{
	struct subjects *subjects = &l->subjects;

	sort_active(subjects);
	for (uint32_t i = 0; i < subjects->active_count;) {
		uint32_t number = subjects->active[i];
		judge_one(l, number, now_ns);
		/* One that was forgotten has left its place to the next. */
		i += i < subjects->active_count && subjects->active[i] == number;
	}
}
