/* SPDX-License-Identifier: Apache-2.0 */
/* trail: fractions of a span at its ends, whole seconds in between. */
#include "detect/threshold/trail.h"

#include <string.h>

void trail_slide(struct trail *trail, uint64_t from_s, uint64_t to_s)
{
	if (to_s <= from_s)
		return;
	if (to_s - from_s >= TRAIL_S) {
		memset(trail, 0, sizeof(*trail));
		return;
	}
	while (from_s < to_s)
		trail->bins[++from_s % TRAIL_S] = (struct trail_bin){ 0 };
}

static void add_part(struct trail_bin *bin, const struct trail_sum *amount, double share)
{
	for (unsigned p = 0; p < TRAIL_PARTS; p++)
		bin->part[p] += (float)(amount->part[p] * share);
}

double trail_add(struct trail *trail, uint64_t newest_s, const struct span *span,
		 const struct trail_sum *amount)
{
	uint64_t oldest_s = newest_s >= TRAIL_S - 1 ? newest_s - (TRAIL_S - 1) : 0;
	uint64_t last_s = span_number(span->to_ns, SPAN_SECOND_NS);
	/* The beginning of a span that has a length belongs to what comes after it. */
	uint64_t first_s = span->from_ns < span->to_ns ? span->from_ns / SPAN_SECOND_NS : last_s;
	double cut = 1;

	if (first_s < oldest_s)
		first_s = oldest_s;
	if (last_s > newest_s)
		last_s = newest_s;
	for (uint64_t s = first_s; s <= last_s; s++) {
		double share =
			span_part(span, s * SPAN_SECOND_NS, s * SPAN_SECOND_NS + SPAN_SECOND_NS);
		add_part(&trail->bins[s % TRAIL_S], amount, share);
		cut -= share;
	}
	return cut > 1e-9 ? cut : 0;
}
