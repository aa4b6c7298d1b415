/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hands: incidents in; plans, what is really held, and their events out.
 *
 * The part of the pipeline that acts. For each incident it makes rules from samples, forecasts what
 * they cost, asks ladder, policy and rails how far to go, and gives every actuator all that is
 * wanted of it. What is in force is looked at each second: harm takes it back, quiet ends it.
 * Control thread, but for what crew does.
 */
#pragma once

#include <stdbool.h>

#include "config/config.h"
#include "control/status.h"
#include "daemon/crew.h"
#include "incident/journal.h"
#include "model/event.h"
#include "model/tally.h"

/** Incidents that plans are made for at once; more are watched only, and counted. */
#define HANDS_CASES 64

struct hands;

/** What distinguishes a daemon from a replay. */
struct hands_options {
	bool act;                /**< false: nothing is ever touched, whatever is configured */
	struct journal *journal; /**< borrowed; NULL: none */
	uint64_t seed;
	uint64_t now_ns;
};

/** What somebody wants done; all borrowed. */
struct order {
	const char
		*act; /**< "approve", "reject", "mitigate", "withdraw", "extend", "panic", "calm" */
	const char *id;  /**< of an incident or a plan; "" with panic and calm */
	int level;       /**< enum plan_level; -1: not said */
	uint64_t for_ns; /**< 0: not said */
	const char *who;
	const char *why;
};

/** How it is doing. */
struct hands_stats {
	uint64_t cases;
	uint64_t turned_away; /**< incidents that found no room */
	uint64_t in_force;    /**< plans */
	uint64_t waiting;     /**< plans that wait for a person */
	uint64_t rules;       /**< in force */
	uint64_t at_canary;   /**< plans, or newer rules of some, that are on their way */
	uint64_t stopped;     /**< by a canary, a moment ago */
	uint64_t flapping;    /**< plans that changed so often that they stay as they are */
	uint64_t refused;     /**< plans that the rails did not admit */
	bool panic;           /**< nothing is put in force until somebody says so */
	bool brake;           /**< nothing more by itself just now */
};

/** hands_open() - open all actuators. @error: gets one line. Return: 0 or negative error. */
WEIR_CHECK int hands_open(const struct config *config, const struct hands_options *options,
			  struct text *error, struct hands **ret_hands);

/** hands_close() - close them; what they hold stays. NULL is fine. */
void hands_close(struct hands *hands);

/**
 * hands_reload() - other networks, policies and limits; the actuators stay those of the start.
 * @config: borrowed until the next one
 *
 * What it forbids is taken out of force with the next tick; all else stays. The configuration of
 * before is read until hands_is_behind() says no.
 */
void hands_reload(struct hands *hands, const struct config *config);

/** hands_is_behind() - may an actuator still read the configuration of before? */
bool hands_is_behind(const struct hands *hands);

/**
 * hands_resume() - after a restart: take up the plans of the journal.
 * @find: the open incident of that id, or NULL
 */
void hands_resume(struct hands *hands, const struct incident *(*find)(void *self, const char *id),
		  void *self);

/** hands_observe() - the samples of a tick. */
void hands_observe(struct hands *hands, const struct tally_set *set);

/** hands_incident() - an event about an incident; plans follow with hands_tick(). */
void hands_incident(struct hands *hands, const struct event *event);

/** hands_tick() - decide, tell @sink of it, and write it into the journal, uncommitted. */
void hands_tick(struct hands *hands, uint64_t now_ns, bool telemetry_fault,
		const struct event_sink *sink);

/** hands_act() - the journal is committed: give the actuators what is wanted of them. */
void hands_act(struct hands *hands, uint64_t now_ns);

/** hands_plan() - the present plan of an incident. @ret_plan: overwritten as a whole */
void hands_plan(const struct hands *hands, const struct incident *incident, struct plan *ret_plan);

/** hands_sources() - of that plan's rules with `from_set`. Borrowed until the next tick. */
size_t hands_sources(const struct hands *hands, const struct incident *incident,
		     const struct ip **ret_sources);

/** hands_verdict() - whether that helps; false: nothing is known yet. */
bool hands_verdict(const struct hands *hands, const struct incident *incident,
		   struct verdict *ret_verdict);

/**
 * hands_order() - do what somebody wants, as far as the rails allow.
 * @answer: one sentence: what was done, or why not
 *
 * In the audit in either case. Return: 0; -ENOENT, -EALREADY, -EPERM (rails), -EINVAL, -ETIME (it
 * is over).
 */
int hands_order(struct hands *hands, const struct order *order, uint64_t now_ns,
		struct text *answer);

/** hands_stats() - copy of the counters. */
void hands_stats(const struct hands *hands, struct hands_stats *ret_stats);

/** hands_fill() - plans and actuators for status; borrowed until the next tick. */
void hands_fill(struct hands *hands, struct status_view *view);
