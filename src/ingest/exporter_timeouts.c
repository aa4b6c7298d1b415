/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter_timeouts: ages of flows in, the timeouts of the exporter's cache out.
 *
 * A cache reports a flow that goes on at its active timeout, and one that is over
 * after its inactive timeout. So the age of reported flows that were busy to the
 * end has a pile at the one, and the silence before the report has one at the
 * other, and hardly anything lies beyond. Both are looked for in histograms on a
 * logarithmic scale that fade, from a few records a second, so that neither one
 * odd record nor one moment in which a cache was emptied is taken for a timeout.
 * Owned by one ingest thread.
 */
#include <math.h>

#include "base/clock.h"
#include "ingest/state.h"

/* Records looked at in a second; a pile needs more than two seconds bring. */
#define EACH_SECOND  8
#define PILE_LEAST   24
/* A pile is so many times what lies in as wide a stretch below it. */
#define PILE_ABOVE   3
/* So small a part may lie beyond a pile. */
#define BEYOND_SHARE 50
#define BEYOND_LEAST 1
/* Then all counts are halved: what was is forgotten. */
#define FADE_AT      2000
/* Bins: from here on, four an octave. */
#define FIRST_MS     500
#define PER_OCTAVE   4
/* A flow was busy to the end if it was silent for a small part of its age only. */
#define BUSY_PART    8
#define AGE_MAX_NS   (86400 * NS_PER_S)

static unsigned bin_of(uint64_t ms)
{
	return (unsigned)(PER_OCTAVE * log2((double)ms / FIRST_MS));
}

static void fade(struct timeout_ages *ages)
{
	ages->sum = 0;
	for (unsigned b = 0; b < TIMEOUT_BINS; b++) {
		ages->bins[b] /= 2;
		ages->sum += ages->bins[b];
	}
}

static uint32_t bin_at(const struct timeout_ages *ages, unsigned back, unsigned top)
{
	return back <= top ? ages->bins[top - back] : 0;
}

/* The bin in which the ages end. */
static unsigned top_of(const struct timeout_ages *ages, uint32_t *ret_beyond)
{
	uint32_t may = ages->sum / BEYOND_SHARE + BEYOND_LEAST;
	uint32_t beyond = 0;
	unsigned top = TIMEOUT_BINS - 1;

	while (top > 0 && beyond + ages->bins[top] <= may)
		beyond += ages->bins[top--];
	*ret_beyond = beyond;
	return top;
}

/* Note an age; tell the timeout if there is a pile. */
static void note(struct timeout_ages *ages, uint64_t age_ns, uint32_t *timeout_ms)
{
	uint64_t ms = age_ns / NS_PER_MS;
	uint32_t beyond;

	if (ms < FIRST_MS)
		return;
	unsigned bin = bin_of(ms);
	if (bin >= TIMEOUT_BINS)
		return;
	if (ages->sum >= FADE_AT)
		fade(ages);
	ages->bins[bin]++;
	ages->sum++;
	unsigned top = top_of(ages, &beyond);
	if (top != ages->top) {
		ages->top = (uint8_t)top;
		ages->mean_ms = 0;
	}
	/* The pile is two bins wide: it may lie on the border of both. */
	if (bin > top || bin + 1 < top)
		return;
	ages->mean_ms += ages->mean_ms > 0 ? ((float)ms - ages->mean_ms) / 16 : (float)ms;
	uint32_t pile = bin_at(ages, 0, top) + bin_at(ages, 1, top);
	uint32_t below = bin_at(ages, 2, top) + bin_at(ages, 3, top);
	if (pile >= PILE_LEAST && pile >= PILE_ABOVE * (below + beyond))
		*timeout_ms = (uint32_t)ages->mean_ms;
}

static bool ended_by_silence(const struct exporter_stats *stats, uint64_t silent_ns)
{
	uint64_t timeout_ns = stats->inactive_timeout_ms * NS_PER_MS;

	return timeout_ns && silent_ns >= timeout_ns - timeout_ns / 4;
}

static void note_flow(struct exporter *exporter, const struct flow *flow)
{
	const uint32_t has_times = FLOW_HAS_START | FLOW_HAS_END;
	uint64_t there_ns = flow->received_ns - (uint64_t)exporter->clock.now_ns;
	uint64_t age_ns = there_ns - flow->start_ns;
	uint64_t silent_ns = there_ns - flow->end_ns;

	/* Without sign: what lies in the future is far beyond a day. */
	if ((flow->has & has_times) != has_times || age_ns > AGE_MAX_NS || silent_ns > age_ns)
		return;
	if (silent_ns < age_ns / BUSY_PART && !ended_by_silence(&exporter->stats, silent_ns)) {
		note(&exporter->timeouts.active, age_ns, &exporter->stats.active_timeout_ms);
		return;
	}
	bool known = exporter->stats.inactive_timeout_ms;
	note(&exporter->timeouts.inactive, silent_ns, &exporter->stats.inactive_timeout_ms);
	/* Only now it is clear which long flows were busy to the end. */
	if (!known && exporter->stats.inactive_timeout_ms)
		exporter->timeouts.active = (struct timeout_ages){ 0 };
}

void exporter_timeouts(struct exporter *exporter, const struct flow *flows, unsigned count)
{
	struct exporter_timeouts *timeouts = &exporter->timeouts;
	uint64_t second = flows->received_ns / NS_PER_S;

	if (timeouts->second != second) {
		timeouts->second = second;
		timeouts->left = EACH_SECOND;
	}
	for (unsigned i = 0; i < count && timeouts->left; i++, timeouts->left--)
		note_flow(exporter, &flows[i]);
}
