/* SPDX-License-Identifier: Apache-2.0 */
/* scene: all that is known of a subject at one moment, gathered from counters and samples. */
#include "detect/learned/learned.h"

#include <math.h>
#include <string.h>

#include "detect/span.h"

#define SECOND_NS    1000000000ULL
/* Time of the samples that are judged: since the first sign, but no more than this. */
#define LOOK_NS      (10 * SECOND_NS)
/* Shorter than this nothing is a rate. */
#define RATE_LEAST_S 0.1
/* Standard deviations that what comes back may be off by. */
#define BOUND        1.5
/* Up to this age a rise is measured from its beginning, later by what fades. */
#define RATE_MOST_S  4.0

static double seconds(uint64_t from_ns, uint64_t to_ns)
{
	return to_ns > from_ns ? (double)(to_ns - from_ns) / 1e9 : 0;
}

static double rising_for(const struct subject *subject, uint64_t now_ns)
{
	return seconds(subject->rise_ns, now_ns) + RATE_LEAST_S;
}

/* Packets (or bytes) a second now: what fades is slow at first, so a young rise is counted. */
static double now_of(struct learned *l, const struct counter *c, uint64_t now_ns, double ret_bps[1])
{
	double since_s = c->rise_ns ? seconds(c->rise_ns, now_ns) + RATE_LEAST_S : RATE_MOST_S;
	double pps = c->rate;
	double bps = c->bytes;

	if (c->late) {
		uint64_t back = horizons_of(&l->horizons, c->vantage, now_ns / SPAN_SECOND_NS);
		double late = (double)late_peak(&l->lates, c, back, 5) * c->sampling;
		bps = c->usual > 0 ? late * c->usual_bytes / c->usual : late * 500;
		pps = late;
	} else if (since_s < RATE_MOST_S) {
		/* One sample began it: it does not count. */
		double counted = ((double)c->since - c->sampling) / since_s;
		if (counted > pps) {
			bps = c->rate > 0 ? counted * c->bytes / c->rate : 0;
			pps = counted;
		}
	}
	*ret_bps = bps * 8;
	return pps;
}

static struct counter *find(struct learned *l, const struct subject *subject, uint8_t direction,
			    uint8_t class, uint32_t vantage)
{
	const struct profile_key key = { .ip = subject->ip,
					 .len = subject->len,
					 .kind = subject->kind,
					 .direction = direction,
					 .class = class };

	const struct counters *table = learned_table(l, subject->kind);

	return counters_find(table, counters_set(table, &key, vantage), &key, vantage);
}

/*
 * The other way's rate over the time that the rise has lasted. What fades is slow to show it, so a
 * change is taken for what it will be; how much of it may be chance is told with it.
 */
static void back_of(struct counter *c, const struct subject *subject, bool late, uint64_t now_ns,
		    double ret_most_least[2])
{
	double part = late ? 1 : 1 - exp(-rising_for(subject, now_ns) / COUNTER_RATE_S);
	double each = (double)c->sampling / (2 * COUNTER_RATE_S);

	counter_pass(c, now_ns);
	double more = (c->rate - c->usual) / part;
	double chance = BOUND * sqrt((fmax(c->rate, c->usual) + each) * each) / part;
	ret_most_least[0] = fmax(c->usual + more + chance, 0);
	ret_most_least[1] = fmax(c->usual + more - chance, 0);
}

static uint8_t opposite(uint8_t direction)
{
	return direction == DIRECTION_OUTBOUND ? DIRECTION_INBOUND : DIRECTION_OUTBOUND;
}

static void add_vantage(struct learned *l, const struct subject *subject, uint8_t class,
			uint32_t vantage, struct rates *rates, double ret_bps[2])
{
	struct counter *c = find(l, subject, subject->direction, class, vantage);
	struct counter *back = find(l, subject, opposite(subject->direction), class, vantage);
	uint64_t now_ns = l->tick_ns;
	double bps;

	if (c) {
		double now = now_of(l, c, now_ns, &bps);
		rates->allowed = fmax(rates->allowed, c->allowed);
		rates->there = fmax(rates->there, c->late ? c->rate : now);
		rates->usual = fmax(rates->usual, c->usual);
		if (now > rates->now) {
			rates->now = now;
			ret_bps[0] = bps;
			ret_bps[1] = c->usual_bytes * 8;
		}
	}
	if (back) {
		double bounds[2];
		back_of(back, subject, c && c->late, now_ns, bounds);
		rates->back = fmax(rates->back, bounds[0]);
		rates->back_least = fmax(rates->back_least, bounds[1]);
		rates->back_usual = fmax(rates->back_usual, back->usual);
	}
}

void learned_rate(struct learned *l, const struct subject *subject, uint8_t class,
		  struct rates *ret_rates, double ret_bps[2])
{
	*ret_rates = (struct rates){ 0 };
	for (uint32_t i = 0; i < subject->lane_count; i++) {
		bool known = false;
		for (uint32_t j = 0; j < i; j++)
			known |= subject->lanes[j].vantage == subject->lanes[i].vantage;
		if (!known)
			add_vantage(l, subject, class, subject->lanes[i].vantage, ret_rates,
				    ret_bps);
	}
}

static bool is_reported_late(struct learned *l, const struct subject *subject)
{
	for (uint32_t i = 0; i < subject->lane_count; i++) {
		const struct counter *c = learned_lane(l, subject, &subject->lanes[i]);
		if (c && c->late)
			return true;
	}
	return false;
}

static double sampling_of(struct learned *l, const struct subject *subject)
{
	double sampling = 1;

	for (uint32_t i = 0; i < subject->lane_count; i++) {
		const struct counter *c = learned_lane(l, subject, &subject->lanes[i]);
		if (c)
			sampling = fmax(sampling, c->sampling);
	}
	return sampling;
}

/* Since the first sign; of what is reported afterwards that lies back as far as reports do. */
static uint64_t look_from(const struct subject *subject, uint64_t now_ns)
{
	uint64_t from_ns = subject->rise_ns > SECOND_NS / 5 ? subject->rise_ns - SECOND_NS / 5 : 0;
	uint64_t newest_ns = 0;

	for (uint32_t i = 0; i < subject->count; i++) {
		if (subject->samples[i].time_ns > newest_ns)
			newest_ns = subject->samples[i].time_ns;
	}
	if (newest_ns > now_ns)
		newest_ns = now_ns;
	if (newest_ns > LOOK_NS && from_ns < newest_ns - LOOK_NS)
		from_ns = newest_ns - LOOK_NS;
	return from_ns;
}

/* Of places outside only connections and all together are counted, and what comes back by samples. */
static void fill_outside(const struct subject *subject, uint64_t now_ns, struct scene *scene)
{
	const struct rates *all = &scene->by_class[CLASS_COUNT];
	const struct rates *syn = &scene->by_class[CLASS_SYN];
	struct rates *rest = &scene->by_class[CLASS_TCP];
	double since_s = fmin(rising_for(subject, now_ns), RATE_MOST_S);
	double fade = exp(-seconds(subject->back_ns, now_ns) / RATE_MOST_S);
	double back = subject->back * fade / since_s;

	rest->now = fmax(all->now - syn->now, 0);
	rest->usual = fmax(all->usual - syn->usual, 0);
	for (unsigned c = 0; c <= CLASS_COUNT; c++) {
		scene->by_class[c].back = scene->by_class[c].back_least = 0;
		scene->by_class[c].back_usual = 0;
	}
	/* Once: whatever class rises, it is compared with all that comes back. */
	unsigned at = subject->classes & 1U << CLASS_SYN ? CLASS_SYNACK : CLASS_TCP;
	scene->by_class[at].back = back + 2 * scene->sampling / since_s;
	scene->by_class[at].back_least = back;
}

/* Share of the samples that come from machines which are known to attack somebody else already. */
static double accomplices_of(const struct learned *l, const struct subject *subject,
			     uint64_t from_ns)
{
	uint32_t all = 0;
	uint32_t known = 0;

	if (subject->kind != TALLY_OUTSIDE || subject->story)
		return 0;
	for (uint32_t i = 0; i < subject->count; i++) {
		const struct subject_sample *s = &subject->samples[i];
		if (!view_is_recent(subject, s, from_ns))
			continue;
		all++;
		known += stories_has(&l->stories, &s->sample.src);
	}
	return all ? (double)known / all : 0;
}

void learned_scene(struct learned *l, const struct subject *subject, uint64_t now_ns,
		   struct scene *ret_scene)
{
	struct scene scene = { .subject = subject, .config = l->config };
	const struct config_network *network = config_network_of(l->config, &subject->ip);
	double bps[2] = { 0 };

	scene.sampling = sampling_of(l, subject);
	scene.accomplices = accomplices_of(l, subject, look_from(subject, now_ns));
	scene.flows = is_reported_late(l, subject);
	view_of(subject, l->config, look_from(subject, now_ns), &scene.view);
	for (unsigned c = 0; c < CLASS_COUNT; c++)
		learned_rate(l, subject, c, &scene.by_class[c], bps);
	bps[0] = bps[1] = 0;
	learned_rate(l, subject, COUNTER_TOTAL, &scene.by_class[CLASS_COUNT], bps);
	if (subject->kind == TALLY_OUTSIDE)
		fill_outside(subject, now_ns, &scene);
	scene.now_bps = bps[0];
	scene.usual_bps = bps[1];
	scene.rise_s = rising_for(subject, now_ns);
	scene.suspect_s = subject->suspect_ns ? seconds(subject->suspect_ns, now_ns) : 0;
	/* What comes afterwards is compared as it comes, over the time that fades. */
	if (scene.flows)
		scene.rise_s = RATE_MOST_S;
	scene.window_s = scene.rise_s < RATE_MOST_S ? scene.rise_s : RATE_MOST_S;
	scene.site_each = l->site_syn > 0 ? l->site_tcp / l->site_syn : 10;
	scene.sudden = subject->sudden;
	scene.seen_enough = l->seen.first_ns && now_ns >= l->seen.first_ns + LEARNED_USEFUL_NS;
	if (network && subject->kind == TALLY_OWN && subject->direction != DIRECTION_INTERNAL)
		scene.capacity_bps = (double)network->capacity_bps;
	*ret_scene = scene;
}
