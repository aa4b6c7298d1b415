/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detector: the plug-in that turns tallies into findings.
 *
 * Pure given its state: no clock, no log, no I/O; `now` is a parameter, so the
 * same tallies give the same findings to the byte. Control thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "config/config.h"
#include "model/finding.h"
#include "model/tally.h"

/** Receives findings, in an order that depends on the tallies alone. */
struct finding_sink {
	void (*finding)(void *self, const struct finding *finding);
	void *self;
};

/** Counters every detector keeps. */
struct detector_stats {
	uint64_t hosts;               /**< hosts followed now */
	uint64_t turned_away;         /**< rows of hosts for which the table had no room */
	uint64_t watched;             /**< hosts looked at closely now */
	uint64_t watched_turned_away; /**< rows of hosts that found heavier ones in their place */
	uint64_t watched_replaced;    /**< hosts that made room for heavier ones */
	uint64_t rings;               /**< histories of traffic that was reported afterwards, now */
	uint64_t rings_turned_away;   /**< rows that found no such history */
	uint64_t vantages_replaced;   /**< vantages of a host that made room for heavier ones */
	uint64_t details_turned_away; /**< details of tallies for which there was no room */
	uint64_t late;                /**< tallies older than all that is still looked at */
	uint64_t profiles;            /**< rates whose usual is known now */
	uint64_t profiles_turned_away; /**< times that one was to be learned and found no room */
	uint64_t profiles_replaced;    /**< that made room: nothing was heard of them for a week */
	uint64_t stories_turned_away;  /**< attacks that found no room among those that go on */
	uint64_t ports_turned_away;    /**< ports of switches that found no room */
	uint64_t pairs_fill;         /**< percent of what remembers who talks to whom that is set */
	uint64_t pairs_turned_early; /**< times that it had to forget because half was set */
	uint64_t
		settling_s; /**< until it is known what is usual: only sure signs count; 0: it is */
	uint64_t held_back; /**< that look like an attack and are not told before */
};

/** An entity as it is now, for people who watch; strings are static. */
struct detector_row {
	struct prefix what; /**< a host if `len` is 128 */
	bool outside;       /**< an outside address, or prefix of them */
	uint8_t direction;  /**< enum direction */
	const char *class;  /**< what is the most above: a class, "total", or "bits" of all */
	double pps;         /**< of that, now */
	double bps;
	double usual_pps; /**< of the last minutes */
	double usual_bps;
	double envelope_pps;
	double envelope_bps; /**< of "bits"; else 0: packets are what is allowed */
	double times;        /**< rate, as a multiple of the envelope */
	const char *state;   /**< "rising", "suspect", "attack", "armed" or "" */
	double alarm;        /**< 0 to 1: above its envelope, for certain */
	double nats;         /**< evidence that it is an attack, as last weighed */
};

/** A detector's descriptor, at the end of its file. */
struct detector {
	const char *name;
	const char *summary;
	/** Take all memory; @config is borrowed. Return: 0 or negative error. */
	int (*open)(const struct config *config, uint64_t seed, void **ret_state);
	/** Go on with another configuration. */
	void (*reload)(void *state, const struct config *config);
	/** Add rows; those of one host and tick may come in several calls. */
	void (*observe)(void *state, const struct tally_set *set);
	/** The tick that ends at @now_ns is complete: say what is found. */
	void (*tick)(void *state, uint64_t now_ns, const struct finding_sink *sink);
	/** Would it know more with shorter ticks? May be NULL: never. */
	bool (*is_hot)(const void *state);
	/**
	 * The entities that are nearest to their envelopes, or above, those with the largest `times`
	 * first, ties by address; no finding depends on whether it is called. At most once a second;
	 * NULL: it has none. Return: how many.
	 */
	size_t (*top)(void *state, struct detector_row *rows, size_t most);
	void (*stats)(const void *state, struct detector_stats *ret_stats);
	/** Append what was learned, as bytes for load(). May be NULL: nothing is. */
	void (*save)(const void *state, struct text *out);
	/**
	 * Go on with what save() wrote; right after open(). Return: 0; -WEIR_ESCHEMA of another
	 * version or size, -WEIR_EFORMAT if it is damaged, -WEIR_EOLD or -WEIR_EFUTURE if its time
	 * says nothing about now: then nothing was taken.
	 */
	int (*load)(void *state, const void *data, size_t len, uint64_t now_ns);
	void (*close)(void *state);
};

/** All detectors, generated from the list in src/detect/meson.build; NULL-terminated. */
extern const struct detector *const detector_registry[];
