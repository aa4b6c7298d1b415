/* SPDX-License-Identifier: Apache-2.0 */
/* row: what tells the rows of one tick apart, and adding to them. Any thread; no state. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "model/tally.h"

static_assert(offsetof(struct tally, begin_age) == 56, "ages to kind are the row's last word");

/** Ages, direction, class, length and kind as one word. */
static inline uint64_t row_word(const struct tally *row)
{
	uint64_t word;
	memcpy(&word, &row->begin_age, sizeof(word));
	return word;
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

/** Round a row's ages so that the time between them never gets shorter. */
static inline void row_round_ages(struct tally *row)
{
	if (!(row->begin_age | row->end_age))
		return;
	row->begin_age = row_age_step(row->begin_age, ROW_AGE_STEP, true);
	row->end_age = row_age_step(row->end_age, ROW_AGE_STEP, false);
}
