/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oracle: rates of an attack in, the delay of the best possible detector out.
 *
 * Samples of traffic at 1:N are a Poisson process. The detector that must not fire while the rate
 * is allowed, and is told everything about the attack but its beginning, is a CUSUM on single
 * samples; nobody can be faster at the same rate of false alarms. Its threshold is calibrated by
 * importance sampling, its delay by simulation, both seeded. Any thread; no state.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

/** False alarms a second that the oracle may have. */
#define ORACLE_ALPHA 1e-10

/** The question. */
struct oracle_case {
	double before_pps;   /**< of the class towards the entity, without the attack */
	double envelope_pps; /**< what is allowed */
	double attack_pps;   /**< what the attack adds */
	double sampling;     /**< 1:N */
};

/** The answer, in seconds from onset. */
struct oracle_delay {
	double mean_s;
	double p95_s;
	double closed_s;  /**< ln(l1/alpha) / I: for display */
	double threshold; /**< of the CUSUM, in nats */
};

/** oracle_closed_form() - T* in seconds; infinite when the attack stays within the envelope. */
double oracle_closed_form(const struct oracle_case *c);

/**
 * oracle_delay() - calibrate and simulate.
 * @seed: the same gives the same answer
 * @ret_delay: untouched on failure
 *
 * Return: 0; -WEIR_ERANGE when the attack stays within the envelope, or a rate is not positive.
 */
WEIR_CHECK int oracle_delay(const struct oracle_case *c, uint64_t seed,
			    struct oracle_delay *ret_delay);
