/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places: where the counters and the bucket of each rule stand. For the XDP engine alone.
 *
 * Control thread. A rule keeps its place from set to set; one that was in
 * neither of the last two sets may be given to another rule.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/xdp_abi.h"

/** All places. */
struct places {
	struct {
		uint64_t id;
		uint64_t used; /**< number of the last set that had the rule; 0: never */
	} at[FILTER_SLOTS];
	uint16_t index[2 * FILTER_SLOTS]; /**< hash table of place + 1; of this and the last set */
	uint32_t next;                    /**< where the search for a free one goes on */
	uint64_t set;                     /**< number of the last set */
};

/** places_begin() - a new set begins; those that fell out of the last one are kept once more. */
void places_begin(struct places *p);

/** places_take() - the place of a rule of this set. @ret_new: it has to be zeroed. */
uint32_t places_take(struct places *p, uint64_t id, bool *ret_new);

/** places_find() - the place of a rule, also of one that fell out; -1: none. */
int places_find(const struct places *p, uint64_t id);

/** places_adopt() - a rule that is in force already stands there. */
void places_adopt(struct places *p, uint64_t id, uint32_t place);
