/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate_guard: sampling rates as announced in, sampling rates to count by out.
 *
 * A rate that becomes another by a factor of 2 or more, from one moment to the
 * next, is either true or a fault; a fault upwards would make an attack of
 * ordinary traffic. While that is open the smaller of both rates counts. It is
 * believed when the sampled packets a second moved the other way, so that
 * packets times rate stayed; when sFlow's sample pool measures it; when it is
 * steady for RATE_STEADY_NS and nothing contradicts it; and at once when it
 * goes back. Contradicted, it stays refused. One guard for each source of
 * rates: exporter, sampler, interface. Pure; owned by one ingest thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/exporter.h"

/** A rate nobody contradicts is believed after so long. */
#define RATE_STEADY_NS (300 * 1000000000ULL)

/** One source of a rate. All zero: nothing is known of it yet. */
struct rate_guard {
	uint64_t id;      /**< of the sampler, interface or data source */
	uint64_t packets; /**< sampled ones, since span_ns */
	uint64_t span_ns;
	uint64_t since_ns;     /**< since when `announced` is what it is */
	double before_pps;     /**< sampled packets a second at the trusted rate; 0: unknown */
	uint64_t pool;         /**< sFlow: packets that were sampled from, since span_ns */
	uint32_t pool_samples; /**< and samples of them */
	uint32_t trusted;      /**< the rate that is sure; 0: none yet */
	uint32_t announced;
	uint32_t rate; /**< to count by */
	bool used;
	bool doubted;
	bool refused; /**< doubted, and contradicted by what was measured */
};

/**
 * rate_announce() - the source says that its rate is @announced (not 0).
 * @stats: of its exporter; counts doubts
 *
 * Return: the rate to count by.
 */
uint32_t rate_announce(struct rate_guard *guard, uint32_t announced, uint64_t now_ns,
		       struct exporter_stats *stats);

/** rate_judge() - weigh what was measured; about once a second. */
void rate_judge(struct rate_guard *guard, uint64_t now_ns, struct exporter_stats *stats);

/** rate_trust() - believe @announced without asking, and end every doubt. */
void rate_trust(struct rate_guard *guard, uint32_t announced, struct exporter_stats *stats);
