/* SPDX-License-Identifier: Apache-2.0 */
/* row: what tells the rows of one tick apart, and adding to them. Any thread; no state. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "model/tally.h"

static_assert(offsetof(struct tally, begin_age) == 56, "ages to kind are the row's last word");

/* Where the parts of the last word lie in it. */
enum {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	ROW_BEGIN_SHIFT = 0,
	ROW_END_SHIFT = 16,
	ROW_DIRECTION_SHIFT = 32,
	ROW_CLASS_SHIFT = 40,
	ROW_LEN_SHIFT = 48,
	ROW_KIND_SHIFT = 56,
#else
	ROW_BEGIN_SHIFT = 48,
	ROW_END_SHIFT = 32,
	ROW_DIRECTION_SHIFT = 24,
	ROW_CLASS_SHIFT = 16,
	ROW_LEN_SHIFT = 8,
	ROW_KIND_SHIFT = 0,
#endif
};

/** Both ages in the last word. */
#define ROW_AGES ((uint64_t)UINT16_MAX << ROW_BEGIN_SHIFT | (uint64_t)UINT16_MAX << ROW_END_SHIFT)

/** Ages, direction, class, length and kind as one word. */
static inline uint64_t row_word(const struct tally *row)
{
	uint64_t word;
	memcpy(&word, &row->begin_age, sizeof(word));
	return word;
}

/**
 * row_set_word() - set ages to kind at once.
 *
 * Written one by one and then read as a word, they would have to wait for each other.
 */
static inline void row_set_word(struct tally *row, uint64_t word)
{
	memcpy(&row->begin_age, &word, sizeof(word));
}

/** The word without ages, of a host's row. */
static inline uint64_t row_word_of(uint8_t direction, uint8_t class)
{
	return (uint64_t)direction << ROW_DIRECTION_SHIFT | (uint64_t) class << ROW_CLASS_SHIFT |
	       (uint64_t)128 << ROW_LEN_SHIFT | (uint64_t)TALLY_OWN << ROW_KIND_SHIFT;
}

/** A word's ages put in. */
static inline uint64_t row_with_ages(uint64_t word, uint16_t begin, uint16_t end)
{
	return (word & ~ROW_AGES) | (uint64_t)begin << ROW_BEGIN_SHIFT |
	       (uint64_t)end << ROW_END_SHIFT;
}

/** A word's length put in. */
static inline uint64_t row_with_len(uint64_t word, uint8_t len)
{
	return (word & ~((uint64_t)UINT8_MAX << ROW_LEN_SHIFT)) | (uint64_t)len << ROW_LEN_SHIFT;
}

/** Rows of the same host (not compared) that merge by addition. */
static inline bool row_same(const struct tally *a, const struct tally *b)
{
	return row_word(a) == row_word(b) && a->vantage == b->vantage;
}

/** A sum that stays at the largest number. */
static inline uint32_t row_sum(uint32_t a, uint64_t b)
{
	uint64_t sum = tally_sum(a, b);
	return sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

/** Add what @from counted. */
static inline void row_add(struct tally *into, const struct tally *from)
{
	into->packets = tally_sum(into->packets, from->packets);
	into->bytes = tally_sum(into->bytes, from->bytes);
	into->flows = row_sum(into->flows, from->flows);
	into->sampled = row_sum(into->sampled, from->sampled);
}

/** An age in steps of @step, rounded down or up, as far as a row can say it. */
static inline uint16_t row_age_step(uint32_t age, uint32_t step, bool up)
{
	uint32_t rounded = (age + (up ? step - 1 : 0)) / step * step;
	return rounded > UINT16_MAX ? UINT16_MAX : (uint16_t)rounded;
}

/** Ages of prefix rows and of outside rows: steps of 8 s. */
#define ROW_AGE_STEP 80

/** A word with its ages rounded so that the time between them never gets shorter. */
static inline uint64_t row_rounded(uint64_t word)
{
	if (!(word & ROW_AGES))
		return word;
	return row_with_ages(word,
			     row_age_step((uint16_t)(word >> ROW_BEGIN_SHIFT), ROW_AGE_STEP, true),
			     row_age_step((uint16_t)(word >> ROW_END_SHIFT), ROW_AGE_STEP, false));
}

/** row_rounded() in place. */
static inline void row_round_ages(struct tally *row)
{
	row_set_word(row, row_rounded(row_word(row)));
}
