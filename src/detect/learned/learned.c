/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learned: rows and samples in, findings out: what is far above normal, and looks like an attack.
 *
 * Two stages. Volume: every host, prefix and outside address has its own envelope, learned or by
 * class, and a bank of change tests against it (bank.h). Structure: what rises is looked at sample
 * by sample, and reasons for and against an attack are weighed (evidence.h). Only what passes both
 * is told. Control thread; allocates at open only. learned.md explains it for people.
 */
#include "detect/learned/learned.h"

#include <errno.h>
#include <stdlib.h>

/* Vantages whose ages are remembered. */
#define HORIZONS_MAX  4096
/* Filters of who talks to whom, each. */
#define SEEN_BYTES    (8U << 20)
/* Ticks are no longer than this, whatever was between them. */
#define TICK_MOST_NS  100000000ULL
/* Attacks at once. */
#define STORIES_MAX   512
#define DAY_S         86400.0
#define SECOND_NS     1000000000ULL
/* How long a suspect is worth shorter ticks. */
#define HOT_NS        SECOND_NS
/* Of so many places in the tables one has a counter that could fire: most are empty, or quiet. */
#define COUNTERS_IDLE 16
/* Suspects for one confirmed: the second stage has to turn the others away. */
#define SUSPECTS      100

static void learned_close(void *self)
{
	struct learned *l = self;

	if (!l)
		return;
	counters_close(&l->counters);
	counters_close(&l->strangers);
	door_close(&l->door);
	profiles_close(&l->profiles);
	subjects_close(&l->subjects);
	stories_close(&l->stories);
	seen_close(&l->seen);
	lates_close(&l->lates);
	horizons_close(&l->horizons);
	ports_close(&l->ports);
	free(l);
}

static void use_config(struct learned *l, const struct config *config)
{
	double per_day = (double)config->sensitivity / 1000;

	l->config = config;
	l->margin = (float)config->margin / 1000;
	l->alpha = (float)(per_day * SUSPECTS /
			   (DAY_S * ((double)config->max_counters / COUNTERS_IDLE)));
}

static int open_tables(struct learned *l, const struct config *config, uint64_t seed)
{
	int err = counters_open(&l->counters, config->max_counters, seed);

	if (!err)
		err = counters_open(&l->strangers, config->max_counters / 4, seed);
	if (!err)
		err = door_open(&l->door, config->max_counters / 4);
	if (!err)
		err = profiles_open(&l->profiles, config->max_profiles, seed);
	if (!err)
		err = subjects_open(&l->subjects, config->max_subjects, seed);
	if (!err)
		err = stories_open(&l->stories, STORIES_MAX);
	if (!err)
		err = seen_open(&l->seen, SEEN_BYTES, seed);
	if (!err)
		err = lates_open(&l->lates, config->max_watched);
	if (!err)
		err = horizons_open(&l->horizons, HORIZONS_MAX);
	if (!err)
		err = ports_open(&l->ports);
	return err;
}

static int learned_open(const struct config *config, uint64_t seed, void **ret_state)
{
	struct learned *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	use_config(l, config);
	int err = open_tables(l, config, seed);
	if (err) {
		learned_close(l);
		return err;
	}
	*ret_state = l;
	return 0;
}

static void learned_reload(void *self, const struct config *config)
{
	struct learned *l = self;

	l->ends = l->config->sensitivity && !config->sensitivity;
	use_config(l, config);
}

static void learned_observe(void *self, const struct tally_set *set)
{
	struct learned *l = self;

	if (!l->config->sensitivity)
		return;
	if (set->tick_ns > l->tick_ns) {
		l->tick_length_ns = set->tick_ns - l->tick_ns;
		if (l->tick_length_ns > TICK_MOST_NS)
			l->tick_length_ns = TICK_MOST_NS;
	}
	l->tick_ns = set->tick_ns;
	l->profiles.bin = (uint32_t)(set->tick_ns / (PROFILE_BIN_S * 1000000000ULL));
	if (!l->first_ns)
		l->first_ns = set->tick_ns;
	learned_rows(l, set);
	learned_samples(l, set);
}

static void learned_tick(void *self, uint64_t now_ns, const struct finding_sink *sink)
{
	struct learned *l = self;

	if (!l->first_ns)
		return;
	if (now_ns > l->tick_ns)
		l->tick_ns = now_ns;
	seen_tick(&l->seen, l->tick_ns);
	if (l->ends)
		learned_end(l, sink);
	l->ends = false;
	if (!l->config->sensitivity)
		return;
	learned_judge(l, l->tick_ns);
	learned_tell(l, l->tick_ns, sink);
	learned_bulk(l, l->tick_ns, sink);
	ports_tick(&l->ports, l->config, l->tick_ns, sink);
}

/* A fresh suspect: what the next few samples show decides. */
static bool learned_is_hot(const void *self)
{
	const struct learned *l = self;

	for (uint32_t i = 0; i < l->subjects.active_count; i++) {
		const struct subject *s = subjects_at(&l->subjects, l->subjects.active[i]);
		if (s->state == SUBJECT_SUSPECT && l->tick_ns < s->suspect_ns + HOT_NS)
			return true;
	}
	return false;
}

/* Suspects that look like an attack while it is not known yet what is usual. */
static uint64_t held_back(const struct learned *l)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < l->subjects.active_count; i++) {
		const struct subject *s = subjects_at(&l->subjects, l->subjects.active[i]);
		count += s->state == SUBJECT_SUSPECT && s->verdict.nats >= EVIDENCE_ENOUGH;
	}
	return count;
}

static void learned_stats(const void *self, struct detector_stats *ret_stats)
{
	const struct learned *l = self;
	uint64_t useful_ns = l->first_ns ? l->first_ns + LEARNED_USEFUL_NS : 0;
	bool settling = l->config->sensitivity && l->tick_ns < useful_ns;

	*ret_stats = (struct detector_stats){
		.settling_s = settling ? (useful_ns - l->tick_ns) / SECOND_NS + 1 : 0,
		.held_back = settling ? held_back(l) : 0,
		.hosts = l->subjects.active_count + ports_are_busy(&l->ports),
		.turned_away = l->counters.replaced + l->strangers.replaced,
		.watched = l->subjects.active_count,
		.watched_turned_away = l->subjects.turned_away,
		.rings_turned_away = l->lates.turned_away,
		.late = l->late,
		.profiles = l->profiles.count,
		.profiles_turned_away = l->profiles.turned_away,
		.profiles_replaced = l->profiles.replaced,
		.stories_turned_away = l->stories.turned_away,
		.ports_turned_away = l->ports.turned_away,
		.pairs_fill = seen_fill(&l->seen),
		.pairs_turned_early = l->seen.early,
	};
}

const struct detector detector_learned = {
	.name = "learned",
	.summary = "what is far above its own normal and looks like an attack",
	.open = learned_open,
	.reload = learned_reload,
	.observe = learned_observe,
	.tick = learned_tick,
	.is_hot = learned_is_hot,
	.save = learned_save,
	.load = learned_load,
	.stats = learned_stats,
	.top = learned_top,
	.close = learned_close,
};
