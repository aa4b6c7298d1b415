/* SPDX-License-Identifier: Apache-2.0 */
/* holdout: a draft in; whether it does as well on samples it was not made from out. */
#include <math.h>

#include "plan/work.h"

/* A rule may lose so much of its share, and what chance explains (two standard deviations). */
#define LOSS   0.1
#define CHANCE 2

bool holdout_agrees(const struct synth *synth, const struct draft *draft)
{
	double n = synth->now.effective / 2;
	double made = work_share(synth, draft->now, synth->active);
	uint64_t rest[NOW_WORDS];
	uint64_t fresh[BASE_WORDS];
	double found;

	for (unsigned i = 0; i < NOW_WORDS; i++)
		rest[i] = synth->test[i] & ~synth->covered[i];
	found = side_weight(&synth->now, draft->now, rest) / synth->test_total;
	if (found < (1 - LOSS) * made && made - found > CHANCE * sqrt((made + found) / n))
		return false;
	/* Intervals were cut to one half of the baseline; the other must be as clear of it. */
	for (unsigned i = 0; i < BASE_WORDS; i++)
		fresh[i] = draft->base[i] & ~synth->train_base[i];
	return 2 * work_base_share(synth, fresh) <= synth->collateral;
}
