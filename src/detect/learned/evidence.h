/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence: what a subject's traffic looks like in, how surely it is an attack out.
 *
 * Volume says that something is above its envelope; that alone is no attack. Here reasons for and
 * against are added up as log-likelihood ratios, in nats: that traffic like this is an attack
 * rather than an honest burst. A table of small tests, each of which says its number in words.
 * Pure: no state, no clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "detect/learned/view.h"

/** Nats from which on it is an attack. */
#define EVIDENCE_ENOUGH 6.0

/** Rates of one class, both ways, packets a second. */
struct rates {
	double now;
	double usual;
	double there;      /**< as `now`, over the same time and in the same way as `back` */
	double allowed;    /**< envelope */
	double back;       /**< the other way, at most: it is not known better so early */
	double back_least; /**< and at least */
	double back_usual;
};

/** All that is known when a subject is judged. */
struct scene {
	const struct subject *subject;
	const struct config *config;
	struct view view;
	struct rates by_class[CLASS_COUNT + 1]; /**< the last: all together */
	double now_bps;
	double usual_bps;
	double allowed_bps;
	double sampling;     /**< 1:N of what is seen; at least 1 */
	double capacity_bps; /**< of its network; 0: not told */
	double site_each;    /**< TCP packets for each connection request, of the whole site */
	double window_s;     /**< the rates are means over about this */
	double rise_s;       /**< from the first sign to the alarm */
	double suspect_s;    /**< since the alarm */
	double accomplices; /**< of a place outside: share of samples from machines of a campaign */
	bool flows;  /**< flow caches report it, afterwards and with the flags of whole flows */
	bool sudden; /**< the test for a large change was the first to fire */
	bool seen_enough; /**< who talks to whom has been noted for five minutes */
};

/** A reason, for or against. */
struct clue {
	float nats;
	char text[72];
};

#define EVIDENCE_REASONS 16

/** All of them, the strongest first. */
struct evidence {
	float nats;
	float hard; /**< of them, what the packets show that needs no history to judge */
	unsigned count;
	struct clue reasons[EVIDENCE_REASONS];
};

/** evidence_of() - weigh a scene. */
void evidence_of(const struct scene *scene, struct evidence *ret_evidence);

/** evidence_say() - append the strongest reasons: "+6.0 …; -4.0 …". */
void evidence_say(const struct evidence *evidence, struct text *out);

/** scene_excess() - packets a second above what is usual, of the classes that rise. */
double scene_excess(const struct scene *scene);

/** scene_times() - how many times what is allowed, of the class that is the most above. */
double scene_times(const struct scene *scene);
