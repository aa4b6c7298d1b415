/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bitmap: sets of samples as words, and what they weigh.
 *
 * Weights are cut into bit planes: the weight of a set is a sum of population counts, one for each
 * plane, and one alone where all samples weigh the same. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** Bits of a weight. */
#define BITMAP_PLANES 12

/** bitmap_ones() - set bits of a word (Knuth, The Art of Computer Programming 4A, 7.1.3). */
static inline uint64_t bitmap_ones(uint64_t x)
{
	x -= x >> 1 & 0x5555555555555555U;
	x = (x & 0x3333333333333333U) + (x >> 2 & 0x3333333333333333U);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fU;
	return x * 0x0101010101010101U >> 56;
}

/** bitmap_and() - @to = @a & @b; they may be the same. */
static inline void bitmap_and(uint64_t *to, const uint64_t *a, const uint64_t *b, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		to[i] = a[i] & b[i];
}

/** bitmap_or() - add the members of @b to @to. */
static inline void bitmap_or(uint64_t *to, const uint64_t *b, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		to[i] |= b[i];
}

/** bitmap_has() - is sample @at in the set? */
static inline bool bitmap_has(const uint64_t *set, uint32_t at)
{
	return set[at / 64] >> (at % 64) & 1;
}

/** bitmap_add() - put sample @at into the set. */
static inline void bitmap_add(uint64_t *set, uint32_t at)
{
	set[at / 64] |= 1UL << (at % 64);
}

/** bitmap_next() - the first member from @at on; 64 * @words: there is none. */
static inline uint32_t bitmap_next(const uint64_t *set, unsigned words, uint32_t at)
{
	uint64_t word = at < words * 64 ? set[at / 64] >> (at % 64) : 0;

	if (word)
		return at + (uint32_t)__builtin_ctzll(word);
	for (unsigned w = at / 64 + 1; w < words; w++) {
		if (set[w])
			return w * 64 + (uint32_t)__builtin_ctzll(set[w]);
	}
	return words * 64;
}
