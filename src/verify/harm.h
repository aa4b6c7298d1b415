/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harm: what rules in force hit, as the latest samples show it; who of that looks innocent.
 *
 * A source that was with the target before the attack is taken for innocent. Of those, the share of
 * packets that the rules match is what the rules cost; its bounds say how sure that is. Forged
 * sources hit known ones by chance only. Control thread; pure but for the memory it is given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/plan.h"
#include "model/sample.h"

/** Does a rule of the plan match? Handed in: rooms do not know each other. */
typedef bool verify_match_fn(const struct plan_rule *rule, const struct sample *sample,
			     const struct ip *sources, size_t source_count);

/** What is compared; borrowed for the call. */
struct harm_input {
	const struct plan *plan;
	const struct ip *sources; /**< of its set */
	size_t source_count;
	const struct sample *now; /**< of the target, the latest */
	size_t now_count;
	const struct sample *before; /**< of the target, from before the attack */
	size_t before_count;
	verify_match_fn *match;
	bool outbound; /**< the peers are the destinations */
};

/** What came of it. */
struct harm {
	double stopped;  /**< share of all packets now that the rules match */
	double innocent; /**< share of known peers' packets that they match */
	double least;    /**< lower 95 % bound of that */
	size_t known;    /**< samples of known peers it rests on */
};

/** verify_harm() - @room: for before_count addresses, overwritten. */
void verify_harm(const struct harm_input *input, struct ip *room, struct harm *ret_harm);
