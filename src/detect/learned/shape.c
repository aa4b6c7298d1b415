/* SPDX-License-Identifier: Apache-2.0 */
/* shape: samples by vector, then each field by itself. */
#include "detect/learned/shape.h"

#include <stdlib.h>

#include "detect/learned/view.h"
#include "detect/vector.h"

/* Share of all samples that a sort needs, and share of its samples that have to agree. */
#define SORT_LEAST 0.05
#define AGREE      0.95
/* Of the lengths the shortest and longest are passed over, one in so many. */
#define TRIM       50
/* Frames are padded: what looks this long may be as short as headers get. */
#define PADDED     46
#define HEADERS    20
/* Lengths that are met are not all there are. */
#define WIDER      33

struct sort {
	const struct sample *samples[SUBJECT_SAMPLES];
	uint32_t count;
};

static int length_order(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* The value of nearly all, or -1. Values are few, or they do not agree. */
static int common(const struct sort *sort, int (*value)(const struct sample *))
{
	int first = 0;
	uint32_t votes = 0;
	uint32_t same = 0;

	/* Boyer and Moore: whatever more than half have is what is left. */
	for (uint32_t i = 0; i < sort->count; i++) {
		int v = value(sort->samples[i]);
		first = votes ? first : v;
		votes += v == first ? 1 : UINT32_MAX;
	}
	for (uint32_t i = 0; i < sort->count; i++)
		same += value(sort->samples[i]) == first;
	return same >= AGREE * sort->count ? first : -1;
}

static int proto_of(const struct sample *s)
{
	return s->proto;
}

static int sport_of(const struct sample *s)
{
	return s->sport ? s->sport : -1;
}

static int dport_of(const struct sample *s)
{
	return s->dport ? s->dport : -1;
}

static int flags_of(const struct sample *s)
{
	/* Of several packets flags are those of all: they say nothing of one. */
	return s->proto == 6 && (s->has & SAMPLE_HAS_FLAGS) && s->packets <= 1 ? s->tcp_flags : -1;
}

static int fragment_of(const struct sample *s)
{
	return s->fragment == 2 ? 2 : -1;
}

static void measure_lengths(const struct sort *sort, struct finding_shape *shape)
{
	int lengths[SUBJECT_SAMPLES];

	for (uint32_t i = 0; i < sort->count; i++)
		lengths[i] = sort->samples[i]->length;
	qsort(lengths, sort->count, sizeof(lengths[0]), length_order);
	unsigned least = (unsigned)lengths[sort->count / TRIM];
	unsigned most = (unsigned)lengths[sort->count - 1 - sort->count / TRIM];
	shape->length_min = least <= PADDED ? HEADERS : least - least / WIDER;
	shape->length_max = most + most / WIDER;
}

static void describe(const struct sort *sort, uint32_t all, struct finding_shape *shape)
{
	*shape = (struct finding_shape){
		.proto = common(sort, proto_of),
		.sport = common(sort, sport_of),
		.dport = common(sort, dport_of),
		.tcp_flags = common(sort, flags_of),
		.fragment = common(sort, fragment_of),
		.share = (double)sort->count / all,
	};
	measure_lengths(sort, shape);
}

static int share_order(const void *a, const void *b)
{
	double x = ((const struct finding_shape *)a)->share;
	double y = ((const struct finding_shape *)b)->share;

	return x < y ? 1 : x > y ? -1 : 0;
}

unsigned shapes_of(const struct subject *subject, uint64_t from_ns,
		   struct finding_shape ret_shapes[static FINDING_SHAPES])
{
	struct finding_shape shapes[VECTOR_ROWS];
	struct sort sort;
	uint32_t all = 0;
	unsigned count = 0;

	for (uint32_t i = 0; i < subject->count; i++)
		all += view_is_recent(subject, &subject->samples[i], from_ns);
	for (unsigned row = 0; row < VECTOR_ROWS && all; row++) {
		sort.count = 0;
		for (uint32_t i = 0; i < subject->count; i++) {
			const struct sample *s = &subject->samples[i].sample;
			if (view_is_recent(subject, &subject->samples[i], from_ns) &&
			    vector_match(s).row == row)
				sort.samples[sort.count++] = s;
		}
		if (sort.count >= 2 && sort.count >= SORT_LEAST * all)
			describe(&sort, all, &shapes[count++]);
	}
	qsort(shapes, count, sizeof(shapes[0]), share_order);
	if (count > FINDING_SHAPES)
		count = FINDING_SHAPES;
	for (unsigned i = 0; i < count; i++)
		ret_shapes[i] = shapes[i];
	return count;
}
