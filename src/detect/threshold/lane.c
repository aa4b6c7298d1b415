/* SPDX-License-Identifier: Apache-2.0 */
/* lane: a list for each watch, short enough to be walked. */
#include "detect/threshold/lane.h"

#define TICK_NS (TALLY_AGE_MS * 1000000UL)

static struct lane *lane_at(const struct watches *watches, uint32_t place)
{
	return place ? pool_at(&watches->lanes, place) : NULL;
}

static void drop_view(struct watches *watches, struct watch *watch, uint32_t vantage)
{
	uint32_t *link = &watch->lanes;

	while (*link) {
		struct lane *lane = lane_at(watches, *link);
		if (lane->vantage == vantage)
			watches_free_lane(watches, link);
		else
			link = &lane->next;
	}
}

static struct view *lightest_view(struct watch *watch)
{
	struct view *least = &watch->views[0];

	for (unsigned i = 1; i < WATCH_VIEWS; i++) {
		if (watch->views[i].weight < least->weight)
			least = &watch->views[i];
	}
	return least;
}

/*
 * One more vantage than there are views. Only the one that comes the most of those without is
 * weighed against them: the others take off what it has gathered (Misra, Gries 1982).
 */
static bool challenge(struct watches *watches, struct watch *watch, uint32_t vantage, float load)
{
	struct view *rival = &watch->rival;

	if (rival->vantage == vantage) {
		rival->weight += load;
	} else if (rival->weight < load) {
		*rival = (struct view){ vantage, load - rival->weight };
	} else {
		rival->weight -= load;
		return false;
	}
	struct view *least = lightest_view(watch);
	if (rival->weight <= least->weight)
		return false;
	drop_view(watches, watch, least->vantage);
	*least = *rival;
	*rival = (struct view){ 0 };
	watches->stats.views_replaced++;
	return true;
}

/* Note the weight of a vantage. Return: it has a view. */
static bool see(struct watches *watches, struct watch *watch, uint32_t vantage, float load)
{
	for (unsigned i = 0; i < watch->view_count; i++) {
		if (watch->views[i].vantage == vantage) {
			watch->views[i].weight += load;
			return true;
		}
	}
	if (watch->view_count == WATCH_VIEWS)
		return challenge(watches, watch, vantage, load);
	watch->views[watch->view_count++] = (struct view){ vantage, load };
	return true;
}

static struct lane *lane_of(struct watches *watches, struct watch *watch, const struct tally *row)
{
	uint32_t vantage = lane_vantage(row);
	uint32_t *link = &watch->lanes;

	for (struct lane *lane; (lane = lane_at(watches, *link)); link = &lane->next) {
		if (lane->vantage == vantage && lane->class == row->class)
			return lane;
	}
	uint32_t place = watches_place(watches, &watches->lanes, watch);
	if (!place)
		return NULL;
	/* Behind the others: the order of lanes is that of the rows. */
	*link = place;
	struct lane *lane = lane_at(watches, place);
	*lane = (struct lane){ .vantage = vantage, .class = row->class };
	return lane;
}

/* What the window holds happened as well: it belongs to the trail. */
static void seed_trail(const struct watches *watches, const struct watch *watch,
		       const struct lane *lane, struct trail *trail, uint64_t tick_ns)
{
	for (uint64_t age = 0; age < WINDOW_BINS && age <= watch->bin; age++) {
		uint64_t bin = watch->bin - age;
		const struct window_count *from = &lane->window.bins[bin % WINDOW_BINS];
		const struct trail_sum amount = { {
			[TRAIL_PACKETS] = (double)from->count.packets,
			[TRAIL_BYTES] = (double)from->count.bytes,
			[TRAIL_FLOWS] = (double)from->count.flows,
			[TRAIL_SAMPLED] = (double)from->sampled,
		} };
		struct span span = { bin * watches->bin_ns, (bin + 1) * watches->bin_ns };
		if (span.to_ns > tick_ns && span.from_ns < tick_ns)
			span.to_ns = tick_ns;
		trail_add(trail, watch->second, &span, &amount);
	}
}

static struct trail *trail_of(struct watches *watches, struct watch *watch, struct lane *lane,
			      uint64_t tick_ns)
{
	if (lane->trail)
		return watches_trail(watches, lane);
	lane->trail = watches_place(watches, &watches->trails, watch);
	if (!lane->trail) {
		watches->stats.trails_turned_away++;
		return NULL;
	}
	struct trail *trail = watches_trail(watches, lane);
	*trail = (struct trail){ 0 };
	seed_trail(watches, watch, lane, trail, tick_ns);
	return trail;
}

static bool count_past(struct watches *watches, struct watch *watch, struct lane *lane,
		       const struct arrival *arrival)
{
	const struct tally *row = arrival->row;
	const struct trail_sum amount = { {
		[TRAIL_PACKETS] = (double)row->packets,
		[TRAIL_BYTES] = (double)row->bytes,
		[TRAIL_FLOWS] = row->flows,
		[TRAIL_SAMPLED] = row->sampled,
	} };
	struct span span = span_of(row, arrival->tick_ns);
	struct trail *trail = trail_of(watches, watch, lane, arrival->tick_ns);

	if (!span_is_past(row))
		span.from_ns = span.to_ns > TICK_NS ? span.to_ns - TICK_NS : 0;
	watch->since += arrival->load;
	return !trail || trail_add(trail, watch->second, &span, &amount) < 1;
}

static bool count_now(struct watches *watches, struct watch *watch, struct lane *lane,
		      const struct arrival *arrival)
{
	uint64_t bin = span_number(arrival->tick_ns, watches->bin_ns);
	uint64_t *first_ns = &watch->first_ns[bin % WINDOW_BINS];

	if (watch->bin - bin >= WINDOW_BINS)
		return false;
	if (*first_ns == 0 || arrival->tick_ns < *first_ns)
		*first_ns = arrival->tick_ns;
	window_add(&lane->window, bin, arrival->row);
	return true;
}

/* From now on the watch has trails, and each lane puts what it knows into its own. */
static void look_back(struct watches *watches, struct watch *watch, uint64_t tick_ns)
{
	watch->past_s = watch->second;
	if (watch->past)
		return;
	watch->past = true;
	/* Nobody has looked at it yet. */
	watch->since = 1;
	for (struct lane *lane = lane_at(watches, watch->lanes); lane;
	     lane = lane_at(watches, lane->next))
		(void)trail_of(watches, watch, lane, tick_ns);
}

bool lane_count(struct watches *watches, struct watch *watch, const struct arrival *arrival)
{
	const struct tally *row = arrival->row;
	bool past = span_is_past(row);

	watches_slide(watches, watch, arrival->tick_ns);
	watch->weight += arrival->load;
	if (!see(watches, watch, lane_vantage(row), arrival->load))
		return true;
	struct lane *lane = lane_of(watches, watch, row);
	if (!lane) {
		watches->stats.turned_away++;
		return true;
	}
	if (past)
		look_back(watches, watch, arrival->tick_ns);
	/* First the trail: what it takes over from the window must not have the row in it. */
	bool counted = !watch->past || count_past(watches, watch, lane, arrival);
	return past ? counted : count_now(watches, watch, lane, arrival);
}

static void raise_to(struct window_count *most, const struct window_count *by)
{
	if (by->count.packets > most->count.packets)
		most->count.packets = by->count.packets;
	if (by->count.bytes > most->count.bytes)
		most->count.bytes = by->count.bytes;
	if (by->count.flows > most->count.flows)
		most->count.flows = by->count.flows;
	if (by->sampled > most->sampled)
		most->sampled = by->sampled;
}

static void add_to(struct window_count *sum, const struct window_count *by)
{
	tally_count_add(&sum->count, &by->count);
	sum->sampled = tally_sum(sum->sampled, by->sampled);
}

static const struct window_count *count_of(const struct watch *watch, const struct lane *lane,
					   unsigned age)
{
	static const struct window_count none;

	if (age == WINDOW_BINS)
		return &lane->window.sum;
	return age > watch->bin ? &none : &lane->window.bins[(watch->bin - age) % WINDOW_BINS];
}

static void sum_up(const struct watches *watches, const struct watch *watch, unsigned age,
		   struct sums *ret_sums)
{
	bool disjoint = false;

	*ret_sums = (struct sums){ 0 };
	for (const struct lane *lane = watches_lane(watches, watch->lanes); lane;
	     lane = watches_lane(watches, lane->next)) {
		if (lane->vantage == WATCH_DISJOINT)
			disjoint = true;
		else
			raise_to(&ret_sums->by_class[lane->class], count_of(watch, lane, age));
	}
	if (!disjoint)
		return;
	for (const struct lane *lane = watches_lane(watches, watch->lanes); lane;
	     lane = watches_lane(watches, lane->next)) {
		if (lane->vantage == WATCH_DISJOINT)
			add_to(&ret_sums->by_class[lane->class], count_of(watch, lane, age));
	}
}

void lane_sums(const struct watches *watches, const struct watch *watch, struct sums *ret_sums)
{
	sum_up(watches, watch, WINDOW_BINS, ret_sums);
}

void lane_bin_sums(const struct watches *watches, const struct watch *watch, unsigned age,
		   struct sums *ret_sums)
{
	sum_up(watches, watch, age, ret_sums);
}

static bool saw(const struct watches *watches, const struct watch *watch, uint32_t vantage,
		uint32_t classes)
{
	for (const struct lane *lane = watches_lane(watches, watch->lanes); lane;
	     lane = watches_lane(watches, lane->next)) {
		const struct tally_count *sum = &lane->window.sum.count;
		if (lane->vantage == vantage && (classes & 1U << lane->class) &&
		    (sum->packets | sum->bytes | sum->flows))
			return true;
	}
	return false;
}

unsigned lane_vantages(const struct watches *watches, const struct watch *watch, uint32_t classes)
{
	unsigned count = 0;

	for (unsigned i = 0; i < watch->view_count; i++) {
		uint32_t vantage = watch->views[i].vantage;
		count += vantage != WATCH_DISJOINT && saw(watches, watch, vantage, classes);
	}
	return count;
}
