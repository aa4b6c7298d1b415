/* SPDX-License-Identifier: Apache-2.0 */
/* watch: pools of watches, of their lanes, and of the trails of these. */
#include "detect/threshold/watch.h"

#include <string.h>

/* Lanes in the pool for each watch, on average: classes times vantages. */
#define LANES_EACH       4
/* Bins without new peers after which a detail is given back: four windows. */
#define DETAIL_IDLE_BINS (4UL * WINDOW_BINS)
/* Watches looked at for the one that makes room. */
#define CANDIDATES       8
/* What is left of a weight after a bin; in a steady state it is the load of a window. */
#define FADE             (1 - 1.0F / WINDOW_BINS)
/* Of a vantage's: it may report but once in a minute, and must not lose its place until then. */
#define FADE_VIEW        (1 - 1.0F / 64)
/* Then nothing is left of either. */
#define FADED_BINS       512
/* A watch lighter than this whose traffic is all of now needs no closer look any more. */
#define LIGHT            (1.0F / 128)

int watches_open(struct watches *watches, struct glances *glances, size_t max, size_t max_details)
{
	struct watches fresh = { .glances = glances };
	int err = pool_open(&fresh.pool, max, sizeof(struct watch));

	if (!err)
		err = pool_open(&fresh.lanes, max * LANES_EACH, sizeof(struct lane));
	if (!err)
		err = pool_open(&fresh.trails, max, sizeof(struct trail));
	if (!err)
		err = pool_open(&fresh.details, max_details, sizeof(struct watch_detail));
	if (err) {
		watches_close(&fresh);
		return err;
	}
	*watches = fresh;
	return 0;
}

void watches_close(struct watches *watches)
{
	pool_close(&watches->pool);
	pool_close(&watches->lanes);
	pool_close(&watches->trails);
	pool_close(&watches->details);
	memset(watches, 0, sizeof(*watches));
}

static struct lane *lane_at(const struct watches *watches, uint32_t place)
{
	return place ? pool_at(&watches->lanes, place) : NULL;
}

static void free_detail(struct watches *watches, struct watch *watch)
{
	if (watch->detail)
		pool_give(&watches->details, watch->detail);
	watch->detail = 0;
}

void watches_free_lane(struct watches *watches, uint32_t *link)
{
	uint32_t place = *link;
	struct lane *lane = lane_at(watches, place);

	if (lane->trail)
		pool_give(&watches->trails, lane->trail);
	*link = lane->next;
	pool_give(&watches->lanes, place);
}

static void watch_free(struct watches *watches, struct watch *watch)
{
	struct glance *glance = &watches->glances->pool[watch->glance];

	while (watch->lanes)
		watches_free_lane(watches, &watch->lanes);
	free_detail(watches, watch);
	pool_give(&watches->pool, glance->watch);
	watch->used = false;
	glance->watch = 0;
	glance_clear(glance);
}

/* What is left of a weight after some bins, when @each is left of it after one. */
static float fading(uint64_t bins, float each)
{
	float left = 1;

	if (bins >= FADED_BINS)
		return 0;
	while (bins-- > 0)
		left *= each;
	return left;
}

/* How much it would be missed at @bin. */
static float value_of(const struct watch *watch, uint64_t bin)
{
	float weight = watch->weight * fading(bin > watch->bin ? bin - watch->bin : 0, FADE);

	/* What is reported now and then would have faded before it comes again. */
	if (watch->past && watch->peak + watch->since > weight)
		return watch->peak + watch->since;
	return weight;
}

/* Free the lightest of the next few that is lighter than @load; with trails, if those are needed. */
static bool make_room(struct watches *watches, float load, bool past, uint64_t bin)
{
	struct watch *found = NULL;

	for (unsigned i = 0; i < CANDIDATES && i < watches->pool.fresh; i++) {
		if (++watches->candidate > watches->pool.fresh)
			watches->candidate = 1;
		struct watch *watch = pool_at(&watches->pool, watches->candidate);
		if (!watch->used || watch->open || (past && !watch->past))
			continue;
		if (value_of(watch, bin) < load) {
			load = value_of(watch, bin);
			found = watch;
		}
	}
	if (!found)
		return false;
	watch_free(watches, found);
	watches->stats.replaced++;
	return true;
}

uint32_t watches_place(struct watches *watches, struct pool *pool, const struct watch *watch)
{
	uint32_t place = pool_take(pool);
	bool trails = pool == &watches->trails;

	if (!place && make_room(watches, value_of(watch, watch->bin), trails, watch->bin))
		place = pool_take(pool);
	return place;
}

struct watch *watches_add(struct watches *watches, struct glance *glance, float load,
			  uint64_t tick_ns)
{
	uint64_t bin = span_number(tick_ns, watches->bin_ns);
	uint32_t place = pool_take(&watches->pool);

	if (!place && load > watches->bar) {
		if (make_room(watches, load, false, bin))
			place = pool_take(&watches->pool);
		else
			watches->bar = load;
	}
	if (!place) {
		watches->stats.turned_away++;
		return NULL;
	}
	struct watch *watch = pool_at(&watches->pool, place);
	*watch = (struct watch){
		.host = glance->host,
		.glance = glances_place(watches->glances, glance),
		.direction = glance->direction,
		.used = true,
		/* Whoever had the place in this tick left it in the list. */
		.listed = watch->listed,
		.bin = bin,
		.second = span_number(tick_ns, SPAN_SECOND_NS),
	};
	glance->watch = place & GLANCE_WATCH_MASK;
	return watch;
}

static void slide_lanes(struct watches *watches, struct watch *watch, uint64_t bin, uint64_t second)
{
	for (struct lane *lane = lane_at(watches, watch->lanes); lane;
	     lane = lane_at(watches, lane->next)) {
		window_slide(&lane->window, watch->bin, bin);
		if (lane->trail)
			trail_slide(watches_trail(watches, lane), watch->second, second);
	}
}

static void slide_views(struct watch *watch, uint64_t bins)
{
	float left = fading(bins, FADE_VIEW);

	watch->weight *= fading(bins, FADE);
	watch->rival.weight *= left;
	for (unsigned i = 0; i < watch->view_count; i++)
		watch->views[i].weight *= left;
}

void watches_slide(struct watches *watches, struct watch *watch, uint64_t now_ns)
{
	uint64_t bin = span_number(now_ns, watches->bin_ns);
	uint64_t second = span_number(now_ns, SPAN_SECOND_NS);

	if (bin < watch->bin)
		bin = watch->bin;
	if (second < watch->second)
		second = watch->second;
	if (bin == watch->bin && second == watch->second)
		return;
	slide_lanes(watches, watch, bin, second);
	if (bin > watch->bin)
		slide_views(watch, bin - watch->bin);
	for (uint64_t i = 1; i <= WINDOW_BINS && watch->bin + i <= bin; i++)
		watch->first_ns[(watch->bin + i) % WINDOW_BINS] = 0;
	watch->bin = bin;
	watch->second = second;
}

struct watch_detail *watches_detail_of(struct watches *watches, struct watch *watch)
{
	if (watch->detail)
		return watches_detail(watches, watch);
	watch->detail = pool_take(&watches->details);
	if (!watch->detail) {
		watches->stats.details_turned_away++;
		return NULL;
	}
	struct watch_detail *detail = watches_detail(watches, watch);
	*detail = (struct watch_detail){ .faded_bin = watch->bin };
	return detail;
}

void watches_forget_windows(struct watches *watches, uint64_t bin_ns)
{
	for (uint32_t place = 1; place <= watches->pool.fresh; place++) {
		struct watch *watch = pool_at(&watches->pool, place);
		if (!watch->used)
			continue;
		for (struct lane *lane = lane_at(watches, watch->lanes); lane;
		     lane = lane_at(watches, lane->next))
			lane->window = (struct window){ 0 };
		memset(watch->first_ns, 0, sizeof(watch->first_ns));
		watch->bin = watch->bin * watches->bin_ns / bin_ns;
	}
	watches->bin_ns = bin_ns;
}

static bool is_empty(const struct watches *watches, const struct watch *watch)
{
	uint64_t any = 0;

	for (const struct lane *lane = lane_at(watches, watch->lanes); lane;
	     lane = lane_at(watches, lane->next)) {
		const struct tally_count *sum = &lane->window.sum.count;
		any |= sum->packets | sum->bytes | sum->flows;
	}
	return any == 0;
}

/* Nothing is left in the windows and trails, or so little that a glance is enough again. */
static bool is_done(const struct watches *watches, const struct watch *watch, uint64_t bin,
		    uint64_t now_s)
{
	if (watch->past && watch->past_s + TRAIL_S >= now_s)
		return false;
	return watch->bin + WINDOW_BINS <= bin || value_of(watch, bin) < LIGHT ||
	       is_empty(watches, watch);
}

static void sweep_one(struct watches *watches, struct watch *watch, uint64_t bin, uint64_t now_s)
{
	if (!watch->used || watch->listed || watch->open)
		return;
	if (is_done(watches, watch, bin, now_s)) {
		watch_free(watches, watch);
		return;
	}
	const struct watch_detail *detail = watches_detail(watches, watch);
	if (detail && detail->faded_bin + DETAIL_IDLE_BINS <= bin)
		free_detail(watches, watch);
}

void watches_sweep(struct watches *watches, uint64_t now_ns, size_t budget)
{
	uint64_t bin = span_number(now_ns, watches->bin_ns);

	watches->bar = 0;
	if (budget > watches->pool.fresh)
		budget = watches->pool.fresh;
	for (size_t i = 0; i < budget; i++) {
		if (++watches->cursor > watches->pool.fresh)
			watches->cursor = 1;
		sweep_one(watches, pool_at(&watches->pool, watches->cursor), bin,
			  span_number(now_ns, SPAN_SECOND_NS));
	}
}
