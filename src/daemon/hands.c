/* SPDX-License-Identifier: Apache-2.0 */
/* hands: incidents and samples in; wanted sets and events out. Control thread. */
#include "daemon/hands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/hands_part.h"
#include "plan/observe.h"
#include "verify/judge.h"

/* Hosts whose usual traffic is kept, at most; config/memory.c counts with it. */
#define USUAL_MOST 8192

static int take_memory(struct hands *hands, uint64_t seed)
{
	const struct stock_limits sizes = {
		.hosts = hands->config->max_hosts / 32 < USUAL_MOST ? hands->config->max_hosts / 32
								    : USUAL_MOST,
		.watches = HANDS_CASES,
	};
	int err = stock_open(&sizes, seed, &hands->stock);

	err = err ? err : maker_open(&hands->maker);
	hands->trial = calloc(1, sizeof(*hands->trial));
	hands->room = calloc(SYNTH_BASE, sizeof(*hands->room));
	for (unsigned i = 0; i < HANDS_CASES; i++) {
		struct hand_case *c = &hands->cases[i];
		c->made = calloc(1, sizeof(*c->made));
		c->kept = calloc(1, sizeof(*c->kept));
		c->machines = calloc(CASE_MACHINES, sizeof(*c->machines));
		c->caught = calloc(CASE_CAUGHT, sizeof(*c->caught));
		c->caught_ns = calloc(CASE_CAUGHT, sizeof(*c->caught_ns));
		bool all = c->made && c->kept && c->machines && c->caught && c->caught_ns;
		err = all ? err : -ENOMEM;
	}
	return hands->trial && hands->room ? err : -ENOMEM;
}

/* The lists of the configuration as the rails want them. */
int hands_limits(struct hands *hands, const struct config *config)
{
	struct prefix *own = calloc(config->network_count + 1, sizeof(*own));
	struct prefix *never = calloc(config->never_touch_count + 1, sizeof(*never));

	if (!own || !never) {
		free(own);
		free(never);
		return -ENOMEM;
	}
	for (size_t i = 0; i < config->network_count; i++)
		own[i] = config->networks[i].prefix;
	for (size_t i = 0; i < config->never_touch_count; i++)
		never[i] = config->never_touch[i].prefix;
	free(hands->own);
	free(hands->never);
	hands->own = own;
	hands->never = never;
	hands->ladder = ladder_defaults();
	hands->limits = rails_defaults();
	hands->limits.own = own;
	hands->limits.own_count = config->network_count;
	hands->limits.never = never;
	hands->limits.never_count = config->never_touch_count;
	hands->limits.floor_v4 = (uint8_t)(config->floor_v4 + 96);
	hands->limits.floor_v6 = (uint8_t)config->floor_v6;
	hands->limits.rules = (unsigned)config->max_rules;
	hands->limits.blackholes = (unsigned)config->max_blackholed;
	hands->limits.own_share = config->max_share / 100.0;
	hands->limits.brake_actions = (unsigned)config->max_actions;
	return 0;
}

int hands_open(const struct config *config, const struct hands_options *options, struct text *error,
	       struct hands **ret_hands)
{
	struct hands *hands = calloc(1, sizeof(*hands));

	if (!hands)
		return -ENOMEM;
	hands->journal = options->journal;
	hands->act = options->act;
	hands->now_ns = options->now_ns;
	hands->config = config;
	hands->has_actuators = config->actuator_count > 0;
	int err = hands_limits(hands, config);
	err = err ? err : take_memory(hands, options->seed);
	err = err ? err : crew_open(config, options->act, error, &hands->crew);
	if (err) {
		hands_close(hands);
		return err;
	}
	hands_canaries(hands, config);
	*ret_hands = hands;
	return 0;
}

void hands_close(struct hands *hands)
{
	if (!hands)
		return;
	crew_close(hands->crew);
	for (unsigned i = 0; i < HANDS_CASES; i++) {
		free(hands->cases[i].made);
		free(hands->cases[i].kept);
		free(hands->cases[i].machines);
		free(hands->cases[i].caught);
		free(hands->cases[i].caught_ns);
	}
	stock_close(hands->stock);
	maker_close(hands->maker);
	free(hands->trial);
	free(hands->room);
	free(hands->own);
	free(hands->never);
	free(hands);
}

void hands_observe(struct hands *hands, const struct tally_set *set)
{
	stock_observe(hands->stock, set);
}

/* HANDS_CASES: there is none. */
static unsigned place_of(const struct hands *hands, const char *id)
{
	unsigned i = 0;

	for (; i < HANDS_CASES; i++) {
		const struct hand_case *c = &hands->cases[i];
		if (c->used &&
		    (strcmp(c->incident.id, id) == 0 || strcmp(c->wanted.plan.id, id) == 0))
			break;
	}
	return i;
}

struct hand_case *case_of(struct hands *hands, const char *id)
{
	unsigned place = place_of(hands, id);

	return place < HANDS_CASES ? &hands->cases[place] : NULL;
}

/* Also its machines, which are borrowed only as long as the event. */
static void copy_incident(struct hand_case *c, const struct incident *incident)
{
	unsigned count =
		incident->machine_count < CASE_MACHINES ? incident->machine_count : CASE_MACHINES;

	if (count)
		memcpy(c->machines, incident->machines, count * sizeof(*c->machines));
	c->incident = *incident;
	c->incident.machines = c->machines;
	c->incident.machine_count = count;
	c->incident.whose = NULL;
}

static struct hand_case *begin_case(struct hands *hands, const struct incident *incident)
{
	for (unsigned i = 0; i < HANDS_CASES; i++) {
		struct hand_case *c = &hands->cases[i];
		if (c->used)
			continue;
		memset(c->made, 0, sizeof(*c->made));
		*c = (struct hand_case){ .used = true,
					 .made = c->made,
					 .kept = c->kept,
					 .machines = c->machines,
					 .caught = c->caught,
					 .caught_ns = c->caught_ns,
					 .begun_ns = hands->now_ns };
		copy_incident(c, incident);
		return c;
	}
	hands->turned_away++;
	return NULL;
}

void hands_incident(struct hands *hands, const struct event *event)
{
	const struct incident *incident = event->incident;
	struct hand_case *c = case_of(hands, incident->id);

	if (event->time_ns > hands->now_ns)
		hands->now_ns = event->time_ns;
	/* What is only worth a look never acts, and takes nobody's place. */
	if (!c && event->type != EVENT_INCIDENT_CLOSED && incident->severity > SEVERITY_INFO)
		c = begin_case(hands, incident);
	else if (c)
		copy_incident(c, incident);
	if (c)
		c->over = incident->state == INCIDENT_CLOSED;
}

/* A file that anybody with rights there can make, also when nothing of Weir answers any more. */
static void look_for_kill_file(struct hands *hands)
{
	const char *path = hands->config->kill_file;

	if (!hands->act || hands->now_ns - hands->kill_looked_ns < NS_PER_S)
		return;
	hands->kill_looked_ns = hands->now_ns;
	bool there = path && access(path, F_OK) == 0;
	if (there != hands->kill_file)
		log_warning("plan",
			    there ? "%s is there: everything that is held back is let go"
				  : "%s is gone: attacks are held back again",
			    path);
	hands->kill_file = there;
}

void hands_tick(struct hands *hands, uint64_t now_ns, bool telemetry_fault,
		const struct event_sink *sink)
{
	hands->now_ns = now_ns;
	hands->fault = telemetry_fault;
	hands->sink = sink;
	hands->making_done = false;
	look_for_kill_file(hands);
	reports_take(hands);
	hands_catch(hands);
	for (unsigned i = 0; i < HANDS_CASES; i++) {
		struct hand_case *c = &hands->cases[(hands->turn + i) % HANDS_CASES];
		if (c->used)
			case_step(hands, c);
	}
	hands->turn++; /* whoever came last is first some time */
	hands->sink = NULL;
}

static void give(struct hands *hands, size_t member)
{
	struct wanted_set set = { .plans = hands->list, .now_ns = hands->now_ns };

	for (unsigned i = 0; i < HANDS_CASES; i++) {
		const struct wanted *wanted = case_at(hands, &hands->cases[i], member);
		if (wanted)
			hands->list[set.count++] = *wanted;
	}
	int err = crew_want(hands->crew, member, &set);
	if (err)
		log_error("actuate", "%s: cannot take %zu plans: %s",
			  crew_member(hands->crew, member)->name, set.count, err_text(err));
}

void hands_act(struct hands *hands, uint64_t now_ns)
{
	hands->now_ns = now_ns;
	for (size_t m = 0; m < crew_count(hands->crew); m++) {
		if (hands->dirty[m])
			give(hands, m);
		hands->dirty[m] = false;
	}
}

/* What is to come, or was stopped on the way. */
static void say_waiting(const struct hands *hands, const struct hand_case *c, struct plan *plan)
{
	char words[PLAN_WHY_MAX] = "";

	if (c->flapping)
		snprintf(words, sizeof(words), "%s", CASE_FLAPS);
	else if (c->trial.on)
		case_say_trial(hands, c, words);
	else if (c->stopped && hands->now_ns < c->refused_ns)
		snprintf(words, sizeof(words), "%s", c->refusal);
	if (words[0])
		snprintf(plan->why, sizeof(plan->why), "%s%.*s",
			 plan->level && !c->flapping ? "the next step: " : "", PLAN_WHY_MAX - 16,
			 words);
}

void hands_plan(const struct hands *hands, const struct incident *incident, struct plan *ret_plan)
{
	unsigned place = place_of(hands, incident->id);
	const struct hand_case *c = place < HANDS_CASES ? &hands->cases[place] : NULL;

	if (c && c->wanted.plan.id[0]) {
		*ret_plan = c->wanted.plan;
		say_waiting(hands, c, ret_plan);
		if (c->trouble[0])
			snprintf(ret_plan->why, sizeof(ret_plan->why), "not in force yet: %.*s",
				 (int)sizeof(ret_plan->why) - 24, c->trouble);
		return;
	}
	plan_observe(incident, ret_plan);
	snprintf(ret_plan->actuator, sizeof(ret_plan->actuator), "observe");
}

size_t hands_sources(const struct hands *hands, const struct incident *incident,
		     const struct ip **ret_sources)
{
	unsigned place = place_of(hands, incident->id);
	bool there = place < HANDS_CASES;

	*ret_sources = there ? hands->cases[place].wanted.sources : NULL;
	return there ? hands->cases[place].wanted.source_count : 0;
}

bool hands_verdict(const struct hands *hands, const struct incident *incident,
		   struct verdict *ret_verdict)
{
	struct plan plan;

	if (incident_is_unseen(incident))
		return false;
	hands_plan(hands, incident, &plan);
	verify_judge(&plan, incident, hands->now_ns, ret_verdict);
	unsigned place = place_of(hands, incident->id);
	if (place < HANDS_CASES)
		case_add_verdict(&hands->cases[place], ret_verdict);
	return true;
}

void hands_stats(const struct hands *hands, struct hands_stats *ret_stats)
{
	struct hands_stats stats = {
		.turned_away = hands->turned_away,
		.rules = hands->rails.rules,
		.refused = hands->refused,
		.panic = hands->panic || hands->kill_file,
		.brake = rails_brake(&hands->rails, hands->now_ns),
	};

	for (unsigned i = 0; i < HANDS_CASES; i++) {
		const struct hand_case *c = &hands->cases[i];
		stats.cases += c->used;
		stats.in_force += c->used && c->wanted_on && c->wanted.plan.level;
		stats.waiting += c->used && c->wanted.plan.needs_approval;
		stats.at_canary += c->used && c->trial.on;
		stats.flapping += c->used && c->flapping;
		stats.stopped += c->used && c->stopped && hands->now_ns < c->refused_ns;
	}
	*ret_stats = stats;
}
