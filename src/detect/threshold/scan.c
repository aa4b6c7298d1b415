/* SPDX-License-Identifier: Apache-2.0 */
/* scan: sums slide in doubles, so that taking a second off leaves nothing of it. */
#include "detect/threshold/scan.h"

#include <string.h>

/* Samples that are spread do not come in whole ones. */
#define SAMPLED_SPARE 0.001

static const enum trail_part part_of[METRIC_COUNT] = {
	[METRIC_PPS] = TRAIL_PACKETS,
	[METRIC_BPS] = TRAIL_BYTES,
	[METRIC_FPS] = TRAIL_FLOWS,
};

static uint64_t whole(double amount)
{
	return amount > 0x1p62 ? 1UL << 62 : (uint64_t)amount;
}

static void combine(struct trail_bin *into, const struct trail_sum *sum, bool add)
{
	for (unsigned p = 0; p < TRAIL_PARTS; p++) {
		float part = (float)sum->part[p];
		if (add)
			into->part[p] += part;
		else if (part > into->part[p])
			into->part[p] = part;
	}
}

/* Move the window over one lane's trail. */
static void scan_lane(struct scan *scan, const struct trail *trail, struct trail_bin *into,
		      bool add)
{
	struct trail_sum sum = { 0 };
	uint64_t begin_s = scan->first_s - (scan->seconds - 1);

	for (uint64_t s = begin_s; s < scan->first_s; s++)
		trail_sum_add(&sum, trail_at(trail, s), 1);
	for (unsigned i = 0; i < scan->places; i++) {
		trail_sum_add(&sum, trail_at(trail, scan->first_s + i), 1);
		combine(&into[i], &sum, add);
		trail_sum_add(&sum, trail_at(trail, begin_s + i), -1);
	}
}

static void scan_lanes(struct scan *scan, bool disjoint)
{
	const struct watches *watches = scan->watches;

	for (const struct lane *lane = watches_lane(watches, scan->watch->lanes); lane;
	     lane = watches_lane(watches, lane->next)) {
		const struct trail *trail = watches_trail(watches, lane);
		struct trail_bin *into = scan->sums[lane->class];
		if (!trail || (lane->vantage == WATCH_DISJOINT) != disjoint)
			continue;
		if (!(scan->classes & 1U << lane->class))
			memset(into, 0, scan->places * sizeof(*into));
		scan->classes |= 1U << lane->class;
		scan_lane(scan, trail, into, disjoint);
	}
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void scan_peaks(const struct evidence *self, uint32_t classes, enum metric metric,
		       uint64_t min_sampled, struct peak ret_peaks[static 2])
{
	const struct scan *scan = (const struct scan *)self;
	double most[2] = { 0 };

	memset(ret_peaks, 0, 2 * sizeof(*ret_peaks));
	for (unsigned i = 0; i < scan->places; i++) {
		double amount = 0;
		double sampled = SAMPLED_SPARE;
		for (unsigned c = 0; c < CLASS_COUNT; c++) {
			if (!(classes & scan->classes & 1U << c))
				continue;
			amount += (double)scan->sums[c][i].part[part_of[metric]];
			sampled += (double)scan->sums[c][i].part[TRAIL_SAMPLED];
		}
		for (unsigned p = PEAK_MOST; p <= PEAK_SURE; p++) {
			if (amount <= most[p] || (p == PEAK_SURE && sampled < (double)min_sampled))
				continue;
			most[p] = amount;
			ret_peaks[p] = (struct peak){ whole(amount * scan->factor), whole(sampled),
						      scan->first_s + i };
		}
	}
}

void scan_fill(const struct limits *limits, const struct watches *watches,
	       const struct watch *watch, uint64_t horizon_s, struct scan *ret_scan)
{
	struct scan *scan = ret_scan;
	uint64_t seconds = (limits->window_ns + SPAN_SECOND_NS - 1) / SPAN_SECOND_NS;
	uint64_t now_s = watch->second;

	if (seconds > TRAIL_S)
		seconds = TRAIL_S;
	scan->evidence.peaks = scan_peaks;
	scan->limits = limits;
	scan->watches = watches;
	scan->watch = watch;
	scan->classes = 0;
	scan->seconds = (unsigned)seconds;
	scan->factor = (double)limits->window_ns /
		       (double)larger(seconds * SPAN_SECOND_NS, limits->window_ns);
	/* The first whole window that the trails hold, the first that is not final or just is. */
	uint64_t oldest_s = larger(now_s + seconds, TRAIL_S) - TRAIL_S;
	uint64_t open_s = now_s > horizon_s ? now_s - horizon_s : 0;
	scan->first_s = larger(larger(oldest_s, seconds), larger(open_s, watch->told_s));
	scan->places = scan->first_s > now_s ? 0 : (unsigned)(now_s - scan->first_s + 1);
	scan_lanes(scan, false);
	scan_lanes(scan, true);
}

float scan_load(const struct scan *scan)
{
	enum direction direction = (enum direction)scan->watch->direction;
	float most = 0;

	for (unsigned i = 0; i < scan->places; i++) {
		float load = 0;
		for (enum traffic_class c = 0; c < CLASS_COUNT; c++) {
			float amount[METRIC_COUNT];
			if (!(scan->classes & 1U << c))
				continue;
			for (unsigned m = 0; m < METRIC_COUNT; m++)
				amount[m] = scan->sums[c][i].part[part_of[m]] * (float)scan->factor;
			load += limits_load(scan->limits, direction, c, amount);
		}
		most = load > most ? load : most;
	}
	return most;
}

static void sums_at(const struct scan *scan, uint64_t second, struct sums *ret_sums)
{
	*ret_sums = (struct sums){ 0 };
	for (unsigned c = 0; c < CLASS_COUNT; c++) {
		if (!(scan->classes & 1U << c))
			continue;
		const float *part = scan->sums[c][second - scan->first_s].part;
		struct window_count *to = &ret_sums->by_class[c];
		to->count.packets = whole((double)part[TRAIL_PACKETS] * scan->factor);
		to->count.bytes = whole((double)part[TRAIL_BYTES] * scan->factor);
		to->count.flows = whole((double)part[TRAIL_FLOWS] * scan->factor);
		to->sampled = whole((double)part[TRAIL_SAMPLED] + SAMPLED_SPARE);
	}
}

/* What a rule is about in one second, vantages brought together. */
static double second_of(const struct scan *scan, const struct measure *measure, uint64_t second)
{
	float most[CLASS_COUNT] = { 0 };
	double sum = 0;

	for (const struct lane *lane = watches_lane(scan->watches, scan->watch->lanes); lane;
	     lane = watches_lane(scan->watches, lane->next)) {
		const struct trail *trail = watches_trail(scan->watches, lane);
		if (!trail || !(measure->threshold->classes & 1U << lane->class))
			continue;
		float amount = trail_at(trail, second)->part[part_of[measure->metric]];
		if (lane->vantage == WATCH_DISJOINT)
			sum += (double)amount;
		else if (amount > most[lane->class])
			most[lane->class] = amount;
	}
	for (unsigned c = 0; c < CLASS_COUNT; c++)
		sum += (double)most[c];
	return measure->metric == METRIC_BPS ? sum * 8 : sum;
}

/* The beginning of the run of seconds, back from the window's last ones, that each exceed the limit. */
static uint64_t onset_of(const struct scan *scan, const struct measure *measure)
{
	uint64_t now_s = scan->watch->second;
	uint64_t oldest_s = larger(larger(now_s, TRAIL_S - 1) - (TRAIL_S - 1), scan->watch->told_s);
	uint64_t first_s = measure->second - (scan->seconds - 1);
	uint64_t onset_s = 0;

	for (uint64_t s = measure->second; s >= oldest_s && s > 0; s--) {
		if (second_of(scan, measure, s) > (double)measure->limit)
			onset_s = s;
		else if (onset_s || s <= first_s)
			break;
	}
	return (onset_s ? onset_s : first_s) * SPAN_SECOND_NS;
}

/* The lane has something in the window that ends with @second. */
static bool has_any(const struct scan *scan, const struct lane *lane, uint64_t second)
{
	const struct trail *trail = watches_trail(scan->watches, lane);

	for (uint64_t s = second - (scan->seconds - 1); trail && s <= second; s++) {
		if (trail_at(trail, s)->part[TRAIL_FLOWS] > 0)
			return true;
	}
	return false;
}

static unsigned vantages_of(const struct scan *scan, const struct verdict *verdict)
{
	uint32_t seen[WATCH_VIEWS];
	unsigned count = 0;

	for (const struct lane *lane = watches_lane(scan->watches, scan->watch->lanes); lane;
	     lane = watches_lane(scan->watches, lane->next)) {
		bool known = lane->vantage == WATCH_DISJOINT ||
			     !(verdict->classes & 1U << lane->class) ||
			     !has_any(scan, lane, verdict->worst.second);
		for (unsigned i = 0; i < count; i++)
			known = known || seen[i] == lane->vantage;
		if (!known && count < WATCH_VIEWS)
			seen[count++] = lane->vantage;
	}
	return count;
}

void scan_excess(const struct scan *scan, uint64_t held, struct excess *ret_excess)
{
	const struct subject subject = { &scan->watch->host, (enum direction)scan->watch->direction,
					 held };
	struct excess excess = { 0 };

	excess.said = limits_judge(scan->limits, &subject, &scan->evidence, &excess.verdict);
	if (excess.said) {
		sums_at(scan, excess.verdict.worst.second, &excess.sums);
		excess.onset_ns = onset_of(scan, &excess.verdict.worst);
		excess.vantages = vantages_of(scan, &excess.verdict);
	}
	*ret_excess = excess;
}
