/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bank: six Poisson CUSUM tests side by side, one for each of six sizes of change.
 *
 * Sampled packets in, evidence in nats that the rate is above what is allowed out. Page's test
 * (1954) in the form that is optimal for Poisson counts (Moustakides 1986; Peskir and Shiryaev
 * 2002): W = max(0, W + k ln(rho) - lA (rho - 1) dt). Pure; inline, as it runs once a row.
 */
#pragma once

#include <math.h>

/** Sizes of change that are tested for, as multiples of the allowed rate. */
#define BANK_RUNGS 6

/** More evidence is not kept: it would take as long to fade as the attack lasted. */
#define BANK_MOST 60.0F

/** The tests of one counter. */
struct bank {
	float w[BANK_RUNGS]; /**< nats; never below 0 */
};

/** Multiples of the allowed rate, and what a sample is worth under each. */
static const float bank_rho[BANK_RUNGS] = { 1.5F, 2.5F, 5, 12, 40, 200 };
static const float bank_gain[BANK_RUNGS] = { 0.405465F, 0.916291F, 1.609438F,
					     2.484907F, 3.688879F, 5.298317F };

/** bank_drain() - time passes without a sample. @allowed: samples that the time allows, over phi */
static inline void bank_drain(struct bank *bank, float allowed)
{
	for (int i = 0; i < BANK_RUNGS; i++) {
		float w = bank->w[i] - (bank_rho[i] - 1) * allowed;
		bank->w[i] = w > 0 ? w : 0;
	}
}

/** bank_add() - samples came. @count: of them, over phi */
static inline void bank_add(struct bank *bank, float count)
{
	for (int i = 0; i < BANK_RUNGS; i++) {
		float w = bank->w[i] + bank_gain[i] * count;
		bank->w[i] = w < BANK_MOST ? w : BANK_MOST;
	}
}

/** bank_worst() - the strongest evidence of all tests. */
static inline float bank_worst(const struct bank *bank)
{
	float worst = 0;

	for (int i = 0; i < BANK_RUNGS; i++)
		worst = bank->w[i] > worst ? bank->w[i] : worst;
	return worst;
}

/**
 * bank_alarm() - how far the nearest test is to its threshold, 1: there.
 * @rate: allowed samples a second
 * @alpha: false alarms a second that are tolerated for this counter
 *
 * A test fires falsely at most (rate rho) e^-h a second (Wald's bound for a sequential test that
 * begins anew at each sample), and there are six of them: h = ln(6 rate rho / alpha).
 */
static inline float bank_alarm(const struct bank *bank, float rate, float alpha)
{
	float base = logf(BANK_RUNGS * rate / alpha);
	float most = 0;

	for (int i = 0; i < BANK_RUNGS; i++) {
		float h = base + bank_gain[i];
		/* However little is allowed: fewer than two samples of the largest change are chance. */
		if (h < 9)
			h = 9;
		most = bank->w[i] / h > most ? bank->w[i] / h : most;
	}
	return most;
}
