/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sketch: which flows an exporter saw in a minute, in little; two such in,
 * the share of one's flows that the other saw too out.
 *
 * Kept are the SKETCH_SIZE least of the keyed hashes of the flows' 5-tuples, so
 * all sketches of one daemon pick the same flows: what both exporters reported
 * is in both. Exporters that sample meet only by chance; between two that
 * sample 1:N independently even a full overlap shows little, so a share is a
 * lower bound.
 */
#pragma once

#include <stdint.h>

/** Hashes kept; a share is told to about 1/sqrt(this). */
#define SKETCH_SIZE  256
/** Fewer in common range say nothing. */
#define SKETCH_LEAST 32

/** The flows of one exporter in one minute; all zero is an empty one. */
struct flow_sketch {
	uint32_t count;
	uint32_t hashes[SKETCH_SIZE]; /**< rising */
};

/** sketch_bound() - all hashes below this that were added are kept. */
static inline uint32_t sketch_bound(const struct flow_sketch *sketch)
{
	return sketch->count < SKETCH_SIZE ? UINT32_MAX : sketch->hashes[SKETCH_SIZE - 1];
}

/** sketch_add() - note a flow; the same one twice is one. */
void sketch_add(struct flow_sketch *sketch, uint32_t hash);

/**
 * sketch_share() - which share of the flows of @a is in @b too, 0 to 1.
 *
 * Return: -1 when @a has too few flows to tell.
 */
double sketch_share(const struct flow_sketch *a, const struct flow_sketch *b);
