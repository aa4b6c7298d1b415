/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rng: random numbers that are the same for the same seed, on every machine.
 *
 * xoshiro256** (Blackman, Vigna 2018), seeded by splitmix64. Streams split by purpose, so that what one
 * part draws does not change another. One thread a stream; no allocation.
 */
#pragma once

#include <stdint.h>

/** A stream. */
struct lab_rng {
	uint64_t s[4];
};

/** lab_rng_seed() - begin a stream. @purpose: any number; other numbers give independent streams */
void lab_rng_seed(struct lab_rng *rng, uint64_t seed, uint64_t purpose);

/** lab_rng_u64() - 64 random bits. */
uint64_t lab_rng_u64(struct lab_rng *rng);

/** lab_rng_unit() - from 0 up to, not including, 1. */
double lab_rng_unit(struct lab_rng *rng);

/** lab_rng_below() - a whole number from 0 up to, not including, @limit; 0 for 0. */
uint32_t lab_rng_below(struct lab_rng *rng, uint32_t limit);

/** lab_rng_normal() - mean 0, standard deviation 1. */
double lab_rng_normal(struct lab_rng *rng);

/** lab_rng_exponential() - mean 1. */
double lab_rng_exponential(struct lab_rng *rng);

/** lab_rng_poisson() - a count of that mean. */
uint64_t lab_rng_poisson(struct lab_rng *rng, double mean);
