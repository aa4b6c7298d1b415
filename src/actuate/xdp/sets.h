/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sets: source lists of plans, which may overlap, in; sets of the engine, which do not, out.
 *
 * In the engine a source is in one set. Sources that the same plans want form
 * a set, and a plan takes all sets in which it has sources. A source that is in
 * a set already stays in it if that can be, so that nothing is let through while
 * others come and go, nor after a restart. Worker thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "actuate/xdp/engine.h"
#include "model/plan.h"

/** A source, and the set of the engine that it is in. */
struct set_member {
	struct ip ip;
	uint16_t set;
};

/** Which sets a plan takes: bit s for set s. */
struct set_mask {
	uint64_t bits[FILTER_SETS / 64];
};

/** Who is in which set, by ip_compare(); start from zeroes. */
struct sets {
	struct set_member *members;
	size_t count;
};

/**
 * sets_make() - who should be in which set.
 * @now: who is
 * @takes: for each plan of the set: are its sources asked for?
 * @ret_next: release by sets_done()
 * @ret_masks: room for one for each plan of the set
 *
 * Return: 0, -ENOMEM or -WEIR_EFULL (the plans overlap in more ways than there are sets).
 */
WEIR_CHECK int sets_make(const struct sets *now, const struct wanted_set *set, const bool *takes,
			 struct sets *ret_next, struct set_mask *ret_masks);

/** sets_read() - who is in which set of the engine. Return: 0 or a negative errno. */
WEIR_CHECK int sets_read(const struct xdp_engine *engine, struct sets *ret_sets);

/** sets_apply() - bring the engine from one to the other. Return: 0 or a negative errno. */
WEIR_CHECK int sets_apply(struct xdp_engine *engine, const struct sets *now,
			  const struct sets *next);

/** sets_done() - release the memory. */
void sets_done(struct sets *sets);
