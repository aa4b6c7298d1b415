/* SPDX-License-Identifier: Apache-2.0 */
/* subject: a pool found by hashing; those in use are listed, in the order in which they came. */
#include "detect/learned/subject.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

int subjects_open(struct subjects *subjects, size_t max, uint64_t seed)
{
	uint32_t buckets = 64;

	while (buckets < 2 * max)
		buckets *= 2;
	*subjects = (struct subjects){ .mask = buckets - 1, .max = (uint32_t)max, .seed = seed };
	subjects->at = calloc(max + 1, sizeof(*subjects->at));
	subjects->buckets = calloc(buckets, sizeof(*subjects->buckets));
	subjects->active = calloc(max + 1, sizeof(*subjects->active));
	subjects->unused = calloc(max + 1, sizeof(*subjects->unused));
	if (!subjects->at || !subjects->buckets || !subjects->active || !subjects->unused) {
		subjects_close(subjects);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < max; i++)
		subjects->unused[i] = (uint32_t)max - i;
	subjects->unused_count = (uint32_t)max;
	return 0;
}

void subjects_close(struct subjects *subjects)
{
	free(subjects->at);
	free(subjects->buckets);
	free(subjects->active);
	free(subjects->unused);
	memset(subjects, 0, sizeof(*subjects));
}

static uint32_t *bucket_of(const struct subjects *subjects, const struct ip *ip, uint8_t len,
			   uint8_t kind, uint8_t direction)
{
	uint64_t rest = (uint64_t)len << 16 | (uint64_t)kind << 8 | direction;
	uint64_t hash = hash_mix(hash_ip(ip, subjects->seed), rest ^ 0xe7037ed1a0b428dbU);

	return &subjects->buckets[(uint32_t)hash & subjects->mask];
}

uint32_t subjects_find(const struct subjects *subjects, const struct ip *ip, uint8_t len,
		       uint8_t kind, uint8_t direction)
{
	uint32_t at = *bucket_of(subjects, ip, len, kind, direction);

	for (; at; at = subjects_at(subjects, at)->next) {
		const struct subject *s = subjects_at(subjects, at);
		if (ip_equal(&s->ip, ip) && s->len == len && s->kind == kind &&
		    s->direction == direction)
			return at;
	}
	return 0;
}

void subjects_free(struct subjects *subjects, uint32_t number)
{
	struct subject *subject = subjects_at(subjects, number);
	uint32_t *link =
		bucket_of(subjects, &subject->ip, subject->len, subject->kind, subject->direction);

	while (*link && *link != number)
		link = &subjects_at(subjects, *link)->next;
	if (*link)
		*link = subject->next;
	for (uint32_t i = 0; i < subjects->active_count; i++) {
		if (subjects->active[i] != number)
			continue;
		memmove(&subjects->active[i], &subjects->active[i + 1],
			(subjects->active_count - i - 1) * sizeof(*subjects->active));
		subjects->active_count--;
		break;
	}
	subjects->len_count[subject->kind][subject->len]--;
	subject->state = SUBJECT_FREE;
	subjects->unused[subjects->unused_count++] = number;
}

/* How much one says; those that say nothing bad although they were looked at make room, too. */
static float weight_of(const struct subject *subject, uint64_t now_ns)
{
	bool looked_at = subject->judged_ns && now_ns >= subject->suspect_ns + SUBJECT_LOOK_NS;

	if (subject->state == SUBJECT_RISING && subject->alarm < SUBJECT_LIGHT)
		return subject->alarm;
	if (subject->state == SUBJECT_SUSPECT && looked_at && subject->verdict.nats < SUBJECT_NATS)
		return 1 + fmaxf(subject->verdict.nats, 0);
	return INFINITY;
}

/* Keep the numbers of those that say least, the least of them last. */
static void note_light(struct subjects *subjects, uint32_t number, float weight)
{
	uint32_t at = 0;

	while (at < subjects->light_count && weight < subjects->light_weight[at])
		at++;
	if (subjects->light_count < SUBJECT_SWAPS) {
		for (uint32_t i = subjects->light_count++; i > at; i--) {
			subjects->light[i] = subjects->light[i - 1];
			subjects->light_weight[i] = subjects->light_weight[i - 1];
		}
	} else if (at-- > 0) {
		for (uint32_t i = 0; i < at; i++) {
			subjects->light[i] = subjects->light[i + 1];
			subjects->light_weight[i] = subjects->light_weight[i + 1];
		}
	} else {
		return;
	}
	subjects->light[at] = number;
	subjects->light_weight[at] = weight;
}

uint32_t subjects_lightest(struct subjects *subjects, uint64_t now_ns)
{
	if (subjects->light_ns != now_ns) {
		subjects->light_ns = now_ns;
		subjects->light_count = 0;
		for (uint32_t i = 0; i < subjects->active_count; i++) {
			uint32_t number = subjects->active[i];
			float weight = weight_of(subjects_at(subjects, number), now_ns);
			if (weight < INFINITY)
				note_light(subjects, number, weight);
		}
	}
	while (subjects->light_count) {
		uint32_t number = subjects->light[--subjects->light_count];
		/* It may have gone, or become more, since the list was made. */
		if (weight_of(subjects_at(subjects, number), now_ns) < INFINITY)
			return number;
	}
	return 0;
}

uint32_t subjects_take(struct subjects *subjects, const struct subject *like, uint64_t now_ns)
{
	uint32_t number =
		subjects_find(subjects, &like->ip, like->len, like->kind, like->direction);

	if (number)
		return number;
	if (!subjects->unused_count) {
		subjects->turned_away++;
		return 0;
	}
	number = subjects->unused[--subjects->unused_count];
	struct subject *subject = subjects_at(subjects, number);
	uint32_t *bucket = bucket_of(subjects, &like->ip, like->len, like->kind, like->direction);
	/* All but the samples, which are many. */
	memset(subject, 0, offsetof(struct subject, samples));
	subject->ip = like->ip;
	subject->len = like->len;
	subject->kind = like->kind;
	subject->direction = like->direction;
	subject->state = SUBJECT_RISING;
	subject->rise_ns = now_ns;
	subject->next = *bucket;
	*bucket = number;
	subjects->active[subjects->active_count++] = number;
	subjects->len_count[subject->kind][subject->len]++;
	return number;
}

void subject_put(struct subject *subject, const struct subject_sample *sample)
{
	subject->samples[subject->head] = *sample;
	subject->head = (subject->head + 1) % SUBJECT_SAMPLES;
	subject->count += subject->count < SUBJECT_SAMPLES;
	subject->fresh++;
}

void subject_lane(struct subject *subject, uint32_t counter, uint32_t vantage, uint8_t class)
{
	for (uint32_t i = 0; i < subject->lane_count; i++) {
		struct subject_lane *lane = &subject->lanes[i];
		if (lane->class == class && lane->vantage == vantage) {
			lane->counter = counter;
			return;
		}
	}
	if (subject->lane_count < SUBJECT_LANES)
		subject->lanes[subject->lane_count++] =
			(struct subject_lane){ counter, vantage, class };
}
