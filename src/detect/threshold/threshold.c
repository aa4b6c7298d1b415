/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threshold: rows in, findings out: hosts above a configured limit.
 *
 * Most hosts are far below every limit: of them it keeps a glance, an upper
 * bound of their load. Those that come near are watched: their traffic is
 * added up over a sliding window and, where exporters report afterwards, second
 * by second, compared with every limit that is about the host, and told of
 * tick by tick until it is far below again. Control thread; allocates at open
 * only. What it does not do: learn what is normal, or look at more than one
 * host at a time.
 */
#include "detect/threshold/threshold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Hosts are watched from this load on. */
#define WATCH_LOAD   (1.0F / 16)
/* Peers are gathered from this load on. */
#define NEAR_LOAD    0.5F
/* Vantages whose ages are remembered. */
#define HORIZONS_MAX 4096
/* Rows whose cache misses overlap. */
#define RUN          32
/* Share of the tables that is swept in one tick. */
#define SWEEP_PART   64

/* A row on its way to its glance. */
struct pick {
	const struct tally *row;
	uint32_t hash;
};

static void threshold_close(void *self)
{
	struct threshold *t = self;

	if (!t)
		return;
	watches_close(&t->watches);
	glances_close(&t->glances);
	horizons_close(&t->horizons);
	free(t->listed);
	free(t);
}

static void set_limits(struct threshold *t, const struct config *config)
{
	const uint64_t stretch_ns = GLANCE_STRETCH_S * SPAN_SECOND_NS;

	t->limits = limits_of(config);
	t->past_level = WATCH_LOAD;
	/* All stretches of a long window together must stay below it. */
	if (t->limits.window_ns > stretch_ns)
		t->past_level *= (float)stretch_ns / (float)t->limits.window_ns;
}

static int threshold_open(const struct config *config, uint64_t seed, void **ret_state)
{
	struct threshold *t = calloc(1, sizeof(*t));
	size_t watched = config->max_watched ? config->max_watched : 1;

	if (!t)
		return -ENOMEM;
	set_limits(t, config);
	t->listed = calloc(watched + 1, sizeof(struct watch *));
	int err = t->listed ? glances_open(&t->glances, config->max_hosts, seed) : -ENOMEM;
	if (!err)
		err = watches_open(&t->watches, &t->glances, watched, config->max_details);
	if (!err)
		err = horizons_open(&t->horizons, HORIZONS_MAX);
	if (err) {
		threshold_close(t);
		return err;
	}
	t->watches.bin_ns = limits_bin_ns(&t->limits);
	*ret_state = t;
	return 0;
}

static void reload_watch(struct watch *watch)
{
	/* Rules have other numbers now: any of them may hold what is open. */
	if (watch->open)
		watch->held = UINT64_MAX;
	watch->excess.said = false;
	watch->scanned_s = 0;
	watch->peak = 1;
}

static void threshold_reload(void *self, const struct config *config)
{
	struct threshold *t = self;
	uint64_t window_ns = t->limits.window_ns;

	set_limits(t, config);
	for (uint32_t place = 1; place <= t->watches.pool.fresh; place++) {
		struct watch *watch = pool_at(&t->watches.pool, place);
		if (watch->used)
			reload_watch(watch);
	}
	/* Loads are shares of limits that may be others now. */
	for (size_t i = 0; i < t->glances.fresh; i++)
		glance_clear(&t->glances.pool[i]);
	if (t->limits.window_ns != window_ns)
		watches_forget_windows(&t->watches, limits_bin_ns(&t->limits));
}

static bool is_near(const struct threshold *t, const struct watch *watch)
{
	struct sums sums;

	if (watch->past && watch->peak + watch->since >= NEAR_LOAD)
		return true;
	lane_sums(&t->watches, watch, &sums);
	return limits_sums_load(&t->limits, (enum direction)watch->direction, &sums) >= NEAR_LOAD;
}

static void gather_peers(struct threshold *t, struct watch *watch, const struct tally_detail *from)
{
	struct watch_detail *detail;

	if (!is_near(t, watch) || !(detail = watches_detail_of(&t->watches, watch)))
		return;
	if (detail->faded_bin + WINDOW_BINS <= watch->bin) {
		detail->distinct_before = tally_detail_distinct(&detail->detail);
		tally_detail_decay(&detail->detail);
		detail->faded_bin = watch->bin;
	}
	tally_detail_merge(&detail->detail, from);
}

/* What a row would add to the load of a window if all of it fell into one. */
static float load_of(const struct threshold *t, const struct tally *row)
{
	const float amount[METRIC_COUNT] = { [METRIC_PPS] = (float)row->packets,
					     [METRIC_BPS] = (float)row->bytes,
					     [METRIC_FPS] = (float)row->flows };

	return limits_load(&t->limits, (enum direction)row->direction,
			   (enum traffic_class)row->class, amount);
}

/* The part of a row that can fall into one window. */
static float part_of(const struct threshold *t, const struct tally *row)
{
	uint64_t age_ns = (uint64_t)(row->begin_age - row->end_age) * TALLY_AGE_MS * 1000000;

	if (row->begin_age <= row->end_age || age_ns <= t->limits.window_ns)
		return 1;
	return (float)t->limits.window_ns / (float)age_ns;
}

/* Note the load of a host that is not watched. Return: its watch, once it deserves one. */
static struct watch *look_at(struct threshold *t, struct glance *glance, const struct tally *row,
			     uint64_t tick_ns, float load)
{
	float seen;
	float level = WATCH_LOAD;

	if (span_is_past(row)) {
		struct span span = span_of(row, tick_ns);
		level = t->past_level;
		seen = glance_add_past(glance, t->second, &span, load, load * part_of(t, row));
	} else {
		seen = glance_add_now(glance, t->bin, load);
		t->late += seen < 0;
	}
	return seen < level ? NULL : watches_add(&t->watches, glance, seen, tick_ns);
}

static void observe_one(struct threshold *t, const struct tally_set *set, const struct pick *pick)
{
	const struct tally *row = pick->row;
	float load = load_of(t, row);
	struct glance *glance =
		glances_take(&t->glances, &row->host, row->direction, pick->hash, load > 0);

	if (!glance) {
		t->turned_away += load > 0;
		return;
	}
	struct watch *watch = watches_of(&t->watches, glance);
	if (!watch)
		watch = look_at(t, glance, row, set->tick_ns, load);
	if (!watch)
		return;
	const struct arrival arrival = { row, set->tick_ns, load * part_of(t, row) };
	t->late += !lane_count(&t->watches, watch, &arrival);
	if (!watch->listed) {
		watch->listed = true;
		t->listed[t->listed_count++] = watch;
	}
	if (row->detail)
		gather_peers(t, watch, &set->details[row->detail - 1]);
}

/* Look-ups go in three steps, so that the cache misses of a run overlap. */
static void observe_run(struct threshold *t, const struct tally_set *set, size_t first,
			size_t count)
{
	struct pick picks[RUN];
	size_t n = 0;

	for (const struct tally *row = &set->rows[first]; row < &set->rows[first + count]; row++) {
		if (row->len < 128 || row->kind != TALLY_OWN ||
		    !(t->limits.directions & 1U << row->direction))
			continue;
		if (span_is_past(row))
			horizons_note(&t->horizons, lane_vantage(row), row->begin_age, t->second);
		picks[n].row = row;
		picks[n++].hash = glances_hash(&t->glances, &row->host, row->direction);
	}
	for (size_t i = 0; i < n; i++)
		glances_prefetch(&t->glances, picks[i].hash);
	for (size_t i = 0; i < n; i++)
		observe_one(t, set, &picks[i]);
}

static void threshold_observe(void *self, const struct tally_set *set)
{
	struct threshold *t = self;

	t->bin = span_number(set->tick_ns, t->watches.bin_ns);
	t->second = span_number(set->tick_ns, SPAN_SECOND_NS);
	for (size_t at = 0; at < set->count; at += RUN)
		observe_run(t, set, at, set->count - at < RUN ? set->count - at : RUN);
}

static void threshold_tick(void *self, uint64_t now_ns, const struct finding_sink *sink)
{
	struct threshold *t = self;
	size_t part = t->glances.max / SWEEP_PART + SWEEP_PART;

	judge_all(t, now_ns, sink);
	watches_sweep(&t->watches, now_ns, t->watches.pool.max / SWEEP_PART + SWEEP_PART);
	glances_sweep(&t->glances, span_number(now_ns, t->watches.bin_ns),
		      span_number(now_ns, SPAN_SECOND_NS), part);
}

static void threshold_stats(const void *self, struct detector_stats *ret_stats)
{
	const struct threshold *t = self;
	const struct watches_stats *watches = &t->watches.stats;

	*ret_stats = (struct detector_stats){
		.hosts = t->glances.count,
		.turned_away = t->turned_away,
		.details_turned_away = watches->details_turned_away,
		.late = t->late,
		.watched = t->watches.pool.count,
		.watched_turned_away = watches->turned_away,
		.watched_replaced = watches->replaced,
		.rings = t->watches.trails.count,
		.rings_turned_away = watches->trails_turned_away,
		.vantages_replaced = watches->views_replaced,
	};
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
