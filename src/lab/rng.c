/* SPDX-License-Identifier: Apache-2.0 */
/* rng: a generator and the few distributions that traffic needs. */
#include "lab/rng.h"

#include <math.h>

/* From this mean on a Poisson count is near enough to a normal one. */
#define POISSON_NORMAL 50

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

void lab_rng_seed(struct lab_rng *rng, uint64_t seed, uint64_t purpose)
{
	uint64_t state = seed * 0xd1b54a32d192ed03U + purpose;

	for (unsigned i = 0; i < 4; i++)
		rng->s[i] = splitmix(&state);
}

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

uint64_t lab_rng_u64(struct lab_rng *rng)
{
	uint64_t result = rotate(rng->s[1] * 5, 7) * 9;
	uint64_t t = rng->s[1] << 17;

	rng->s[2] ^= rng->s[0];
	rng->s[3] ^= rng->s[1];
	rng->s[1] ^= rng->s[2];
	rng->s[0] ^= rng->s[3];
	rng->s[2] ^= t;
	rng->s[3] = rotate(rng->s[3], 45);
	return result;
}

double lab_rng_unit(struct lab_rng *rng)
{
	return (double)(lab_rng_u64(rng) >> 11) * 0x1p-53;
}

uint32_t lab_rng_below(struct lab_rng *rng, uint32_t limit)
{
	return (uint32_t)((lab_rng_u64(rng) >> 32) * limit >> 32);
}

double lab_rng_normal(struct lab_rng *rng)
{
	double radius = sqrt(-2 * log(1 - lab_rng_unit(rng)));

	return radius * cos(2 * M_PI * lab_rng_unit(rng));
}

double lab_rng_exponential(struct lab_rng *rng)
{
	return -log(1 - lab_rng_unit(rng));
}

uint64_t lab_rng_poisson(struct lab_rng *rng, double mean)
{
	if (mean >= POISSON_NORMAL) {
		double value = mean + sqrt(mean) * lab_rng_normal(rng) + 0.5;
		return value > 0 ? (uint64_t)value : 0;
	}
	double limit = exp(-mean);
	double product = lab_rng_unit(rng);
	uint64_t count = 0;
	for (; product > limit; count++)
		product *= lab_rng_unit(rng);
	return count;
}
