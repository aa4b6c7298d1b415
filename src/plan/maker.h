/* SPDX-License-Identifier: Apache-2.0 */
/*
 * maker: an incident and its samples in, the rules of a plan with their forecast out.
 *
 * All targets of an incident are looked at as one, and each rule is written for every one of them.
 * Where no safe rule is found, what is told is the traffic that the incident is about, without a
 * forecast, and why. Control thread.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "model/incident.h"
#include "model/plan.h"
#include "plan/profile.h"
#include "plan/stock.h"
#include "plan/synth.h"

/** A limit lets through so much at least, packets a second. */
#define MAKER_LIMIT_LEAST 10

struct maker;

/** What it is to keep to. */
struct maker_limits {
	const struct prefix *own; /**< the operator's networks; borrowed for the call */
	size_t own_count;
	uint8_t floor_v4; /**< as in rails_limits */
	uint8_t floor_v6;
	double collateral; /**< of innocent traffic, upper bound; 0: the default */
};

/** What was made. */
struct made {
	struct plan plan; /**< rules, forecast and why; all else as zeroed */
	enum synth_why why;
	bool safe;             /**< the rules come from samples, with a forecast */
	unsigned source_count; /**< of the rules with `from_set` */
	struct ip sources[SYNTH_SOURCES];
	size_t samples;   /**< that it rests on */
	double own_share; /**< of all clean traffic that the rules match */
	double limit_pps; /**< what a limit would let through of what the rules match */
};

/** maker_open() - take the memory (10 MB). 0 or -ENOMEM. */
WEIR_CHECK int maker_open(struct maker **ret_maker);

/** maker_close() - NULL is fine. */
void maker_close(struct maker *maker);

/**
 * maker_scope() - whose samples belong to an incident.
 *
 * Targets of ours that lie in one prefix that is long enough are that prefix. Return: false when
 * nothing of it can be held back by a rule about ours, as with forged senders.
 */
bool maker_scope(const struct incident *incident, const struct maker_limits *limits,
		 struct stock_scope *ret_scope);

/**
 * maker_around() - the prefix of ours that an inbound incident's targets make up.
 *
 * Return: length 128: they are single hosts, or lie scattered.
 */
struct prefix maker_around(const struct stock_scope *scope);

/**
 * maker_lead() - targets that move will be where they have not been yet.
 * @bits: how much shorter the prefix around them becomes; never more than the operator's network
 * @scope: of prefixes, maker_around() is not 128; rewritten
 */
void maker_lead(const struct maker_limits *limits, unsigned bits, struct stock_scope *scope);

/** What rules are made from; all borrowed for the call. */
struct maker_input {
	const struct incident *incident;
	const struct stock_scope *scope; /**< as given to the watch that `view` is of */
	const struct stock_view *view;   /**< NULL: no samples */
	const struct plan_profile *profile;
	struct maker_limits limits;
};

/** maker_make() - rules for an incident. @ret_made: overwritten as a whole */
void maker_make(struct maker *maker, const struct maker_input *input, struct made *ret_made);
