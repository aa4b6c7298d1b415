/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold: host rows in, prefix rows out, at the end of a tick.
 *
 * Rows of hosts are added up by /24, then /20, then /16 (IPv6: /64, /56, /48),
 * and by each configured network, still apart by direction, class and vantage;
 * ages are rounded to steps of 8 s, away from what would make a flow shorter.
 * Prefix rows follow the host rows in the batch. Where they have no room the
 * next larger prefix still gets the sum, and the gap is counted. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "tally/batch.h"

/** Steps to ever larger prefixes: the host and three more. */
#define FOLD_STEPS 4

/** Where the prefix rows of a tick are found. */
struct fold {
	uint32_t *index; /**< `base` + row; valid as far as the tick has rows */
	size_t mask;
	uint32_t base;
	uint64_t seed;
	const struct config *config;
	bool small[2][FOLD_STEPS]; /**< by family: networks between this step and the next */
	uint64_t turned_away;      /**< sums for which there was no row */
};

/** fold_open() - for batches with room for @rows prefix rows. Return: 0 or -ENOMEM. */
WEIR_CHECK int fold_open(struct fold *fold, const struct config *config, size_t rows,
			 uint64_t seed);

/** fold_close() - give the memory back; harmless when repeated. */
void fold_close(struct fold *fold);

/** fold_reload() - go on with other networks; @config is borrowed. */
void fold_reload(struct fold *fold, const struct config *config);

/** fold_rows() - append the prefix rows of all rows in @batch, up to @max rows in all. */
void fold_rows(struct fold *fold, struct tally_batch *batch, size_t max);
