/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows: sets of rules as rows of bits, each different one once. For the XDP engine alone.
 *
 * Control thread. The rows themselves lie in the tables that the program reads.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "bpf/xdp_abi.h"

/** A set of rules, by their places. */
struct bits {
	uint64_t word[FILTER_WORDS];
};

/** Rows made so far. */
struct rows {
	struct xdp_row *at; /**< borrowed; FILTER_ROWS */
	uint32_t count;
	bool full;                       /**< one more did not fit */
	uint16_t index[2 * FILTER_ROWS]; /**< hash table of row + 1 */
};

/** Add a rule to a set, or take it out. */
static inline void bits_flip(struct bits *bits, unsigned rule)
{
	bits->word[rule / 64] ^= 1ULL << rule % 64;
}

/** Add a rule to a set. */
static inline void bits_set(struct bits *bits, unsigned rule)
{
	bits->word[rule / 64] |= 1ULL << rule % 64;
}

/** Add a whole set. */
static inline void bits_add(struct bits *bits, const struct bits *more)
{
	for (int w = 0; w < FILTER_WORDS; w++)
		bits->word[w] |= more->word[w];
}

/**
 * rows_start() - forget all rows, begin anew with FILTER_ROW_NONE and FILTER_ROW_ALL.
 * @at: borrowed until the next start
 * @all: every rule of the set
 */
void rows_start(struct rows *rows, struct xdp_row *at, const struct bits *all);

/** rows_put() - the row of a set. Return: its number; 0 and `full` when there is no room. */
uint16_t rows_put(struct rows *rows, const struct bits *bits);

/** rows_get() - the set of a row. */
static inline struct bits rows_get(const struct rows *rows, uint16_t row)
{
	struct bits bits;

	memcpy(bits.word, rows->at[row].word, sizeof(bits.word));
	return bits;
}
