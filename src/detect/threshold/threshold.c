/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threshold: tallies in, findings out: hosts above a configured limit.
 *
 * Adds up each host's traffic over a sliding window, compares it with every
 * limit that is about the host, and says so tick by tick until the traffic is
 * far below again. Control thread; allocates at open only. What it does not
 * do: learn what is normal, or look at more than one host at a time.
 */
#include "detect/detector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "detect/threshold/limits.h"
#include "detect/threshold/say.h"
#include "detect/threshold/watch.h"
#include "detect/threshold/window.h"
#include "detect/vector.h"

/* Peers are gathered from this share of the lowest limit on, in percent. */
#define NEAR_PERCENT   50
/* Traffic this many times above its limit is critical. */
#define CRITICAL_TIMES 10
/* Tallies whose cache misses overlap. */
#define RUN            16
/* Share of the hosts that is swept in one tick. */
#define SWEEP_PART     64

struct state {
	struct limits limits;
	struct watches watches;
	struct watch **listed; /* touched in this tick, or open */
	size_t listed_count;
	struct detector_stats stats;
};

static void threshold_close(void *self)
{
	struct state *state = self;

	if (!state)
		return;
	watches_close(&state->watches);
	free(state->listed);
	free(state);
}

static int threshold_open(const struct config *config, uint64_t seed, void **ret_state)
{
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->limits = limits_of(config);
	state->listed = calloc(config->max_hosts + 1, sizeof(struct watch *));
	int err = state->listed ? watches_open(&state->watches, config->max_hosts,
					       config->max_details, seed)
				: -ENOMEM;
	if (err) {
		threshold_close(state);
		return err;
	}
	*ret_state = state;
	return 0;
}

static void threshold_reload(void *self, const struct config *config)
{
	struct state *state = self;
	uint64_t window_ns = state->limits.window_ns;

	state->limits = limits_of(config);
	for (size_t i = 0; i < state->watches.fresh; i++) {
		struct watch *watch = &state->watches.pool[i];
		/* Rules have other numbers now: any of them may hold what is open. */
		if (watch->open)
			watch->held = UINT64_MAX;
		if (state->limits.window_ns != window_ns)
			watch->window = (struct window){ 0 };
	}
}

static uint64_t distinct_of(const struct watch_detail *detail)
{
	uint64_t now = tally_detail_distinct(&detail->detail);

	return now > detail->distinct_before ? now : detail->distinct_before;
}

static void gather_peers(struct state *state, struct watch *watch, const struct tally_detail *from)
{
	if (!limits_are_near(&state->limits, (enum direction)watch->direction, &watch->window,
			     NEAR_PERCENT))
		return;
	struct watch_detail *detail = watches_detail_of(&state->watches, watch);
	if (!detail) {
		state->stats.details_turned_away++;
		return;
	}
	if (detail->faded_bin + WINDOW_BINS <= watch->window.bin) {
		detail->distinct_before = tally_detail_distinct(&detail->detail);
		tally_detail_decay(&detail->detail);
		detail->faded_bin = watch->window.bin;
	}
	tally_detail_merge(&detail->detail, from);
}

static void observe_one(struct state *state, const struct tally_set *set, const struct tally *row,
			uint32_t hash)
{
	if (row->len < 128 || row->kind != TALLY_OWN)
		return;
	struct watch *watch = watches_take(&state->watches, &row->host, row->direction, hash);
	if (!watch) {
		state->stats.turned_away++;
		return;
	}
	if (!window_add(&watch->window, row, set->tick_ns, limits_bin_ns(&state->limits))) {
		state->stats.late++;
		return;
	}
	if (!watch->listed) {
		watch->listed = true;
		state->listed[state->listed_count++] = watch;
	}
	if (row->detail)
		gather_peers(state, watch, &set->details[row->detail - 1]);
}

/* Look-ups go in three steps, so that the cache misses of a run overlap. */
static void observe_run(struct state *state, const struct tally_set *set, size_t first,
			size_t count)
{
	const struct tally *rows = &set->rows[first];
	uint32_t hashes[RUN];

	for (size_t i = 0; i < count; i++)
		hashes[i] = watches_hash(&state->watches, &rows[i].host, rows[i].direction);
	for (size_t i = 0; i < count; i++)
		watches_prefetch(&state->watches, hashes[i]);
	for (size_t i = 0; i < count; i++)
		observe_one(state, set, &rows[i], hashes[i]);
}

static void threshold_observe(void *self, const struct tally_set *set)
{
	for (size_t at = 0; at < set->count; at += RUN)
		observe_run(self, set, at, set->count - at < RUN ? set->count - at : RUN);
}

/* End of the first tick of the run of bins, up to now, that each exceed their part of the limit. */
static uint64_t onset_of(const struct limits *limits, const struct window *window,
			 const struct measure *measure)
{
	uint64_t onset_ns = 0;

	for (unsigned age = 0; age < WINDOW_BINS; age++) {
		struct tally_count sum = window_bin_sum(window, age, measure->threshold->classes);
		/* As if all bins were like this one. */
		struct tally_count whole = { sum.packets * WINDOW_BINS, sum.bytes * WINDOW_BINS,
					     sum.flows * WINDOW_BINS };
		bool exceeds = limits_rate(limits, measure->metric, &whole) > measure->limit;
		if (exceeds)
			onset_ns = window_first_ns(window, age);
		else if (onset_ns)
			break;
	}
	return onset_ns;
}

/* Bring a host up to now. Return: there is something to say. */
static bool judge(const struct state *state, struct watch *watch, uint64_t bin)
{
	const struct limits *limits = &state->limits;
	enum direction direction = (enum direction)watch->direction;
	struct verdict verdict;

	window_slide(&watch->window, bin);
	if (!watch->open && !limits_are_near(limits, direction, &watch->window, 100))
		return false;
	if (!limits_judge(limits, &watch->host, direction, &watch->window, watch->held, &verdict)) {
		watch->open = false;
		watch->held = 0;
		return false;
	}
	if (!watch->open)
		watch->onset_ns = onset_of(limits, &watch->window, &verdict.worst);
	watch->fresh = !watch->open;
	watch->open = true;
	watch->held |= verdict.rules;
	return true;
}

static enum severity severity_of(const struct measure *measure)
{
	bool far = measure->value > (unsigned __int128)measure->limit * CRITICAL_TIMES;

	/* Info was asked for as something that never acts. */
	if (measure->threshold->severity == SEVERITY_INFO || !far)
		return measure->threshold->severity;
	return SEVERITY_CRITICAL;
}

static void emit(const struct state *state, const struct watch *watch, uint64_t now_ns,
		 const struct finding_sink *sink)
{
	const struct limits *limits = &state->limits;
	const struct watch_detail *detail = watches_detail(&state->watches, watch);
	struct verdict verdict;

	if (!limits_judge(limits, &watch->host, (enum direction)watch->direction, &watch->window,
			  watch->held, &verdict))
		return;
	struct finding finding = {
		.host = watch->host,
		.direction = watch->direction,
		.metric = (uint8_t)verdict.worst.metric,
		.severity = (uint8_t)severity_of(&verdict.worst),
		.first = watch->fresh,
		.above = verdict.above,
		.limit = verdict.worst.limit,
		.value = verdict.worst.value,
		.pps = limits_rate(limits, METRIC_PPS, &watch->window.total),
		.bps = limits_rate(limits, METRIC_BPS, &watch->window.total),
		.sampled = verdict.worst.sampled,
		.now_ns = now_ns,
		.onset_ns = watch->onset_ns,
		.distinct = detail ? distinct_of(detail) : 0,
		.detail = detail ? &detail->detail : NULL,
	};
	finding.vector_count =
		vector_shares(watch->window.sum, verdict.classes,
			      verdict.worst.metric == METRIC_BPS, finding.detail, finding.vectors);
	say_why(&finding, &verdict, limits->window_ns, finding.why);
	sink->finding(sink->self, &finding);
}

static int watch_compare(const void *a, const void *b)
{
	const struct watch *left = *(struct watch *const *)a;
	const struct watch *right = *(struct watch *const *)b;

	if (left->direction != right->direction)
		return left->direction < right->direction ? -1 : 1;
	return ip_compare(&left->host, &right->host);
}

static void threshold_tick(void *self, uint64_t now_ns, const struct finding_sink *sink)
{
	struct state *state = self;
	uint64_t bin = window_bin_of(now_ns, limits_bin_ns(&state->limits));
	size_t kept = 0;

	for (size_t i = 0; i < state->listed_count; i++) {
		struct watch *watch = state->listed[i];
		watch->listed = judge(state, watch, bin);
		if (watch->listed)
			state->listed[kept++] = watch;
	}
	/* What is open now stays listed for the next tick. */
	state->listed_count = kept;
	if (kept)
		qsort(state->listed, kept, sizeof(struct watch *), watch_compare);
	for (size_t i = 0; i < kept; i++)
		emit(state, state->listed[i], now_ns, sink);
	watches_sweep(&state->watches, bin, state->watches.max / SWEEP_PART + SWEEP_PART);
}

static void threshold_stats(const void *self, struct detector_stats *ret_stats)
{
	const struct state *state = self;

	*ret_stats = state->stats;
	ret_stats->hosts = state->watches.count;
}

const struct detector detector_threshold = {
	.name = "threshold",
	.summary = "hosts above a configured packet, bit or flow rate",
	.open = threshold_open,
	.reload = threshold_reload,
	.observe = threshold_observe,
	.tick = threshold_tick,
	.stats = threshold_stats,
	.close = threshold_close,
};
