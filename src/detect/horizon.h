/* SPDX-License-Identifier: Apache-2.0 */
/*
 * horizon: how far back each vantage may still report traffic.
 *
 * Ages of rows in, watermarks out: the largest age that a vantage reported
 * lately, and a little more. Sums over what is younger can still grow. A table
 * of fixed size; vantages that find no room are taken as slow as can be. One
 * thread; allocates at open only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/tally.h"

/** Added to the largest age, for what makes an exporter slower than it was before. */
#define HORIZON_SPARE_S   5
/** More than anything else that is remembered. */
#define HORIZON_UNKNOWN_S 86400

/** The table. */
struct horizons {
	struct horizon *slots;
	size_t mask;
	size_t count;
	size_t max;
	struct horizon *last; /* rows of one vantage come together */
};

/** horizons_open() - room for @max vantages. Return: 0 or -ENOMEM. */
WEIR_CHECK int horizons_open(struct horizons *horizons, size_t max);

/** horizons_close() - give the memory back; harmless when repeated. */
void horizons_close(struct horizons *horizons);

/** horizons_note() - @vantage reported something that began @begin_age ticks ago. */
void horizons_note(struct horizons *horizons, uint32_t vantage, uint16_t begin_age, uint64_t now_s);

/**
 * horizons_of() - how many of the last seconds @vantage may still add to.
 *
 * Return: 0 if it never reported anything but traffic of its tick; HORIZON_UNKNOWN_S if there
 * was no room to remember.
 */
uint64_t horizons_of(const struct horizons *horizons, uint32_t vantage, uint64_t now_s);
