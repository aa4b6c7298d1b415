/* SPDX-License-Identifier: Apache-2.0 */
/* side: samples in, columns of numbers and planes of weights out. */
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "plan/work.h"

#define WEIGHT_MOST ((1U << BITMAP_PLANES) - 1)

int side_open(struct side *side, uint32_t cap, bool innocent)
{
	bool failed = false;

	*side = (struct side){ .cap = cap, .innocent = innocent };
	for (unsigned i = 0; i < COLUMNS; i++) {
		side->column[i] = i == FIELD_SRC ? NULL : calloc(cap, sizeof(int32_t));
		failed |= i != FIELD_SRC && !side->column[i];
	}
	for (unsigned i = 0; i < BITMAP_PLANES; i++) {
		side->plane[i] = calloc(cap / 64, sizeof(uint64_t));
		failed |= !side->plane[i];
	}
	side->src = calloc(cap, sizeof(side->src[0]));
	side->scope = calloc(cap / 64, sizeof(uint64_t));
	side->weight = calloc(cap, sizeof(side->weight[0]));
	return failed || !side->weight || !side->src || !side->scope ? -ENOMEM : 0;
}

void side_close(struct side *side)
{
	for (unsigned i = 0; i < COLUMNS; i++)
		free(side->column[i]);
	for (unsigned i = 0; i < BITMAP_PLANES; i++)
		free(side->plane[i]);
	free(side->src);
	free(side->weight);
	free(side->scope);
	*side = (struct side){ 0 };
}

static bool has_ports(const struct sample *s)
{
	bool proto = s->proto == IPPROTO_TCP || s->proto == IPPROTO_UDP ||
		     s->proto == IPPROTO_SCTP || s->proto == IPPROTO_DCCP;

	return proto && s->fragment != PLAN_FRAGMENT_LATER;
}

static int32_t flags_of(const struct sample *s, bool innocent)
{
	if (s->proto != IPPROTO_TCP || s->fragment == PLAN_FRAGMENT_LATER)
		return VALUE_NONE;
	if (!(s->has & SAMPLE_HAS_FLAGS))
		return innocent ? VALUE_ANY : VALUE_NONE;
	/* Of several packets these are the flags of all: they say what one may have had. */
	if (s->packets > 1)
		return innocent ? VALUE_SEVERAL | s->tcp_flags : VALUE_NONE;
	return s->tcp_flags;
}

static int32_t icmp_of(const struct sample *s, bool innocent)
{
	if ((s->proto != IPPROTO_ICMP && s->proto != IPPROTO_ICMPV6) ||
	    s->fragment == PLAN_FRAGMENT_LATER)
		return VALUE_NONE;
	if (!(s->has & SAMPLE_HAS_ICMP))
		return innocent ? VALUE_ANY : VALUE_NONE;
	return s->icmp_type;
}

static void fill_row(struct side *side, uint32_t at, const struct sample *s)
{
	int32_t unknown = side->innocent ? VALUE_ANY : VALUE_NONE;

	side->column[FIELD_PROTO][at] = s->proto;
	side->column[FIELD_FLAGS][at] = flags_of(s, side->innocent);
	side->column[FIELD_SPORT][at] = has_ports(s) ? s->sport : VALUE_NONE;
	side->column[FIELD_DPORT][at] = has_ports(s) ? s->dport : VALUE_NONE;
	side->column[FIELD_FRAGMENT][at] = s->fragment;
	side->column[FIELD_ICMP][at] = icmp_of(s, side->innocent);
	side->column[FIELD_LENGTH][at] = s->length ? s->length : unknown;
	side->column[FIELD_TTL][at] = s->has & SAMPLE_HAS_TTL ? s->ttl : unknown;
	side->src[at] = s->src;
	side->frames |= s->source == FLOW_SFLOW5;
}

static bool in_scope(const struct synth_scope *scope, const struct sample *s)
{
	if (!scope)
		return true;
	if (scope->direction == DIRECTION_OUTBOUND)
		return prefix_has_ip(&scope->own, &s->src) && prefix_has_ip(&scope->peer, &s->dst);
	return prefix_has_ip(&scope->own, &s->dst);
}

/* Weights as 12-bit numbers; where all are alike, one bit. */
static void fill_planes(struct side *side, const struct sample *samples, size_t step)
{
	double most = 0;
	double least = INFINITY;
	double squares = 0;

	for (uint32_t i = 0; i < side->count; i++) {
		double weight = sample_packets(&samples[i * step]);
		most = fmax(most, weight);
		least = fmin(least, weight);
	}
	side->planes = most > least ? BITMAP_PLANES : 1;
	for (unsigned p = 0; p < side->planes; p++)
		memset(side->plane[p], 0, side->words * sizeof(uint64_t));
	for (uint32_t i = 0; i < side->count; i++) {
		double share = most > 0 ? sample_packets(&samples[i * step]) / most : 1;
		uint32_t weight = side->planes == 1 ? 1 : (uint32_t)lround(share * WEIGHT_MOST);
		weight = weight ? weight : 1;
		side->weight[i] = (uint16_t)weight;
		for (unsigned p = 0; p < side->planes; p++)
			side->plane[p][i / 64] |= (uint64_t)(weight >> p & 1) << (i % 64);
		side->total += weight;
		squares += (double)weight * weight;
	}
	side->effective = squares > 0 ? side->total * side->total / squares : 0;
}

void side_fill(struct side *side, const struct synth_samples *samples,
	       const struct synth_scope *scope)
{
	size_t step = (samples->count + side->cap - 1) / side->cap;

	step = step ? step : 1;
	side->count = (uint32_t)(samples->count / step);
	side->words = (side->count + 63) / 64;
	side->total = 0;
	side->frames = false;
	memset(side->scope, 0, side->cap / 64 * sizeof(uint64_t));
	for (uint32_t i = 0; i < side->count; i++) {
		const struct sample *s = &samples->samples[i * step];
		fill_row(side, i, s);
		if (in_scope(scope, s))
			bitmap_add(side->scope, i);
	}
	fill_planes(side, samples->samples, step);
}

double side_weight(const struct side *side, const uint64_t *set, const uint64_t *within)
{
	uint64_t sum = 0;

	for (unsigned p = 0; p < side->planes; p++) {
		uint64_t ones = 0;
		for (unsigned i = 0; i < side->words; i++) {
			uint64_t word = set[i] & side->plane[p][i];
			ones += bitmap_ones(within ? word & within[i] : word);
		}
		sum += ones << p;
	}
	return (double)sum;
}

static bool meets(int32_t value, const struct cond *cond)
{
	if (value >= cond->min && value <= cond->max)
		return true;
	if (value == VALUE_ANY)
		return true;
	return cond->field == FIELD_FLAGS && value >= VALUE_SEVERAL && (cond->min & ~value) == 0;
}

void side_match(const struct side *side, const struct cond *cond, uint64_t *set)
{
	for (unsigned w = 0; w < side->words; w++) {
		uint32_t from = w * 64;
		uint32_t n = side->count - from < 64 ? side->count - from : 64;
		uint64_t word = 0;
		for (uint32_t i = 0; set[w] && i < n; i++) {
			bool met = cond->field == FIELD_SRC
					   ? prefix_has_ip(&cond->src, &side->src[from + i])
					   : meets(side->column[cond->field][from + i], cond);
			word |= (uint64_t)met << i;
		}
		set[w] &= word;
	}
}
