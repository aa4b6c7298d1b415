/* SPDX-License-Identifier: Apache-2.0 */
/*
 * story: what findings say, written into the incident they are about.
 *
 * Findings in, fields of one incident out. Pure: no memory of its own, no
 * clock, no log; who is open and what is told outside is incidents.c.
 */
#pragma once

#include "config/config.h"
#include "model/finding.h"
#include "model/incident.h"

/**
 * story_begin() - a new incident from its first finding.
 * @config: names tenant and region of the host
 * @finding: above its limit
 * @ret_incident: overwritten as a whole, open, with its id
 */
void story_begin(const struct config *config, const struct finding *finding,
		 struct incident *ret_incident);

/**
 * story_add() - what another finding of the same host and direction adds.
 * @config: knows the capacity of the host's network
 */
void story_add(const struct config *config, struct incident *incident,
	       const struct finding *finding);

/**
 * story_hush() - no finding came at a tick: below the closing level, at a rate that nobody told.
 * @quiet_ns: last finding, or when a restarted daemon began to look
 * @closes_ns: when it will be over unless a finding comes
 */
void story_hush(struct incident *incident, uint64_t quiet_ns, uint64_t closes_ns);

/** story_end() - it is over; its end is when it was last above the closing level. */
void story_end(struct incident *incident);
