/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stock: the samples of each tick in, what of them is now, usual and clean out.
 *
 * Rules are made from three lots of samples: of the target now, of the target before, of everybody
 * before. Who is under attack, or attacks, is watched: its samples are kept as they come, and are
 * no part of what is usual as long as that lasts. Control thread; memory is taken at open: 18 KiB
 * for each host, 144 KiB for each watch, 6 MiB for the rest.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/tally.h"
#include "plan/synth.h"

struct stock;

/** Most prefixes on either side of a watch. */
#define STOCK_SIDE 16

/** Whose samples a watch keeps; an empty list is anybody. */
struct stock_scope {
	uint8_t direction; /**< enum direction */
	uint8_t own_count;
	uint8_t peer_count;
	float share;                    /**< of the incident's targets that fits in; 1: all */
	struct prefix own[STOCK_SIDE];  /**< inbound: who receives; outbound: who sends */
	struct prefix peer[STOCK_SIDE]; /**< the other side */
};

/** Sizes. */
struct stock_limits {
	size_t hosts;   /**< whose usual traffic is kept */
	size_t watches; /**< at once */
};

/**
 * What synth_input wants of one watch; borrowed until the next call for the stock.
 *
 * Where a side has several prefixes, all samples are told as of the first one: `scope`.
 */
struct stock_view {
	struct synth_scope scope;
	struct synth_samples now;
	struct synth_samples base;
	struct synth_samples clean;
	double now_pps;
	double now_s; /**< stock_look(): seconds that `now` is from, at most */
	double base_pps;
	size_t own; /**< of base: the target's own; the rest stands in for them */
};

/** Counters. */
struct stock_stats {
	uint64_t watches;
	uint64_t turned_away; /**< watches that found no room */
};

/** stock_open() - 0 or -ENOMEM. */
WEIR_CHECK int stock_open(const struct stock_limits *limits, uint64_t seed,
			  struct stock **ret_stock);

/** stock_close() - NULL is fine. */
void stock_close(struct stock *stock);

/** stock_observe() - take the samples of a tick. */
void stock_observe(struct stock *stock, const struct tally_set *set);

/**
 * stock_watch() - keep samples of this scope from now on, and what there is since @since_ns.
 *
 * Return: a handle above 0 for the calls below; 0: no room, counted.
 */
unsigned stock_watch(struct stock *stock, const struct stock_scope *scope, uint64_t since_ns);

/** stock_unwatch() - it is over; 0 is fine. */
void stock_unwatch(struct stock *stock, unsigned watch);

/** stock_samples() - how many of the watch there are. */
size_t stock_samples(const struct stock *stock, unsigned watch);

/** stock_view() - what there is of a watch. */
void stock_view(struct stock *stock, unsigned watch, uint64_t now_ns, struct stock_view *ret_view);

/**
 * stock_look() - the last ten seconds, and who was with the target before.
 *
 * That is the target's own baseline until ten seconds before the attack; of a sender what went to
 * the same places.
 */
void stock_look(struct stock *stock, unsigned watch, uint64_t now_ns, struct stock_view *ret_view);

/** stock_stats() - copy of the counters. */
void stock_stats(const struct stock *stock, struct stock_stats *ret_stats);
