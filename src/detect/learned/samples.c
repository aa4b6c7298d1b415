/* SPDX-License-Identifier: Apache-2.0 */
/* samples: shown to every subject that they are about; and who talks to whom is noted. */
#include "detect/learned/learned.h"

#include <endian.h>
#include <math.h>

#define AGE_NS (TALLY_AGE_MS * 1000000ULL)

/* Prefix lengths that have a subject, so that others are not looked up. */
struct lengths {
	uint8_t at[129];
	unsigned count;
};

static void lengths_of(const struct subjects *subjects, struct lengths *ret_lengths)
{
	ret_lengths->count = 0;
	for (unsigned len = 0; len < 128; len++) {
		if (subjects->len_count[TALLY_OWN][len])
			ret_lengths->at[ret_lengths->count++] = (uint8_t)len;
	}
}

static struct ip masked(const struct ip *ip, uint8_t len)
{
	uint64_t high = len >= 64 ? UINT64_MAX : htobe64(len ? UINT64_MAX << (64 - len) : 0);
	uint64_t low = len <= 64 ? 0 : htobe64(UINT64_MAX << (128 - len));

	return (struct ip){ .w = { ip->w[0] & high, ip->w[1] & low } };
}

/* Return: the subject is suspected, so that its traffic is no sign of what is usual. */
static bool show(struct learned *l, uint32_t number, const struct subject_sample *sample)
{
	if (!number)
		return false;
	struct subject *subject = subjects_at(&l->subjects, number);
	if (subject_classes(subject) & 1U << sample->sample.class)
		subject_put(subject, sample);
	if (subject->story && subject->kind == TALLY_OUTSIDE)
		stories_machine(&l->stories, subject->story, &sample->sample.src,
				(uint64_t)sample_packets(&sample->sample), sample->time_ns);
	return subject->state >= SUBJECT_SUSPECT || subject->len == 128;
}

/* What a place outside sends back, while it is looked at. */
static void show_back(struct learned *l, const struct subject_sample *sample)
{
	uint32_t number = subjects_find(&l->subjects, &sample->sample.src, 128, TALLY_OUTSIDE,
					DIRECTION_OUTBOUND);

	if (!number)
		return;
	struct subject *subject = subjects_at(&l->subjects, number);
	double passed =
		l->tick_ns > subject->back_ns ? (double)(l->tick_ns - subject->back_ns) / 1e9 : 0;
	subject->back =
		subject->back * expf(-(float)passed / 4) + (float)sample_packets(&sample->sample);
	subject->back_ns = l->tick_ns;
}

static bool show_all(struct learned *l, const struct lengths *lengths,
		     const struct subject_sample *sample)
{
	const struct subjects *subjects = &l->subjects;
	const uint8_t direction = sample->sample.direction;
	bool outbound = direction == DIRECTION_OUTBOUND;
	const struct ip *own = outbound ? &sample->sample.src : &sample->sample.dst;
	bool suspected = show(l, subjects_find(subjects, own, 128, TALLY_OWN, direction), sample);

	for (unsigned i = 0; i < lengths->count && !outbound; i++) {
		struct ip prefix = masked(own, lengths->at[i]);
		suspected |= show(
			l, subjects_find(subjects, &prefix, lengths->at[i], TALLY_OWN, direction),
			sample);
	}
	if (!outbound && subjects->len_count[TALLY_OUTSIDE][128])
		show_back(l, sample);
	if (outbound && subjects->len_count[TALLY_OUTSIDE][128])
		suspected |= show(
			l,
			subjects_find(subjects, &sample->sample.dst, 128, TALLY_OUTSIDE, direction),
			sample);
	return suspected;
}

static void take_sample(struct learned *l, const struct lengths *lengths,
			const struct sample *sample)
{
	struct subject_sample s = { .sample = *sample };
	bool outbound = sample->direction == DIRECTION_OUTBOUND;
	const struct ip *own = outbound ? &sample->src : &sample->dst;
	const struct ip *far = outbound ? &sample->dst : &sample->src;
	uint64_t pair = seen_hash(&l->seen, own, far);
	const struct ip nobody = { 0 };
	bool suspected = false;

	s.time_ns = l->tick_ns - (sample->age * AGE_NS < l->tick_ns ? sample->age * AGE_NS : 0);
	if (l->subjects.active_count) {
		s.known_pair = seen_test(&l->seen, pair);
		s.known_peer = seen_test(&l->seen, seen_hash(&l->seen, far, &nobody));
		suspected = show_all(l, lengths, &s);
	}
	/* Hygiene: what an attack brings must not look familiar in an hour. */
	if (!suspected) {
		seen_put(&l->seen, pair);
		if (outbound)
			seen_put(&l->seen, seen_hash(&l->seen, far, &nobody));
	}
}

void learned_samples(struct learned *l, const struct tally_set *set)
{
	struct lengths lengths;

	lengths_of(&l->subjects, &lengths);
	for (size_t i = 0; i < set->sample_count; i++) {
		const struct sample *sample = &set->samples[i];
		ports_sample(&l->ports, sample, l->tick_ns);
		if (sample->direction != DIRECTION_TRANSIT)
			take_sample(l, &lengths, sample);
	}
	for (size_t i = 0; i < set->vantage_count; i++)
		ports_name(&l->ports, &set->vantages[i]);
}
