/* SPDX-License-Identifier: Apache-2.0 */
/*
 * population: a fair sample of a run's packets, for judging rules: population.csv.
 *
 * Packets in, so many of each origin out (reservoir sampling, Vitter 1985). One thread.
 */
#pragma once

#include "base/text.h"
#include "lab/packet.h"
#include "lab/rng.h"

#define POPULATION_MOST 4096

/** The reservoirs. */
struct population {
	struct lab_rng rng;
	uint64_t seen[2];
	struct lab_packet kept[2][POPULATION_MOST]; /**< benign, attack */
};

/** population_open() - empty ones. */
void population_open(struct population *population, uint64_t seed);

/** population_add() - a packet; replies to an attack are neither. */
void population_add(struct population *population, const struct lab_packet *packet);

/** population_to_csv() - append all, with the head line. */
void population_to_csv(const struct population *population, struct text *out);
