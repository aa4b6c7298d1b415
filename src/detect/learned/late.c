/* SPDX-License-Identifier: Apache-2.0 */
/* late: a ring of seconds; the tests run over it from the oldest to the newest. */
#include "detect/learned/late.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect/span.h"

/* Sampled packets that a counter must wait for before it gets a history. */
#define WAIT_LEAST 3
/* The share that is nearly all. */
#define NEARLY     0.9F
/* What is left of a lag's weight after LATE_BIN_S: it says what reports are like in these minutes. */
#define LAG_KEPT   0.95F

int lates_open(struct lates *lates, size_t max)
{
	*lates = (struct lates){ .max = (uint32_t)max };
	lates->at = calloc(max + 1, sizeof(*lates->at));
	return lates->at ? 0 : -ENOMEM;
}

void lates_close(struct lates *lates)
{
	free(lates->at);
	memset(lates, 0, sizeof(*lates));
}

static struct late *late_at(const struct lates *lates, uint32_t number)
{
	return &lates->at[number - 1];
}

static bool is_owner(const struct late *late, const struct counter *counter)
{
	return late->owner == counter;
}

static void slide_bins(struct late *late, uint64_t second)
{
	uint64_t bin = late->second / LATE_BIN_S;
	uint64_t passed = second / LATE_BIN_S - bin;

	if (passed) {
		float kept = powf(LAG_KEPT, (float)passed);
		for (unsigned i = 0; i < LATE_BINS; i++)
			late->lag[i] *= kept;
	}
	for (unsigned i = 0; bin < second / LATE_BIN_S && i < LATE_BINS; i++)
		late->came[++bin % LATE_BINS] = 0;
}

/* Forget the seconds that have left the ring. */
static void slide(struct late *late, uint64_t second)
{
	uint64_t passed = second > late->second ? second - late->second : 0;

	for (uint64_t i = 0; i < passed && i < LATE_SECONDS; i++) {
		float *oldest = &late->at[(late->second + 1 + i) % LATE_SECONDS];
		late->weight -= *oldest;
		*oldest = 0;
	}
	if (passed) {
		slide_bins(late, second);
		late->second = second;
	}
	if (late->weight < 0)
		late->weight = 0;
}

/* The lightest of a few; those whose counter speaks for a subject stay. */
static uint32_t place_for(struct lates *lates, uint64_t second)
{
	uint32_t best = 0;

	for (unsigned i = 0; i < 16; i++) {
		uint32_t number = lates->cursor++ % lates->max + 1;
		struct late *late = late_at(lates, number);
		if (!late->owner)
			return number;
		slide(late, second);
		bool kept = late->owner->late == number && late->owner->subject;
		if (!kept && (!best || late->weight < late_at(lates, best)->weight))
			best = number;
	}
	return best;
}

static struct late *late_take(struct lates *lates, struct counter *counter, uint64_t second)
{
	if (counter->late && is_owner(late_at(lates, counter->late), counter))
		return late_at(lates, counter->late);
	uint32_t number = place_for(lates, second);
	counter->late = number;
	if (!number) {
		lates->turned_away++;
		return NULL;
	}
	struct late *late = late_at(lates, number);
	if (late->owner && late->owner->late == number)
		late->owner->late = 0;
	memset(late, 0, sizeof(*late));
	late->owner = counter;
	late->second = second;
	return late;
}

static void spread(struct late *late, const struct tally *row, uint64_t tick_ns, float amount)
{
	const struct span span = span_of(row, tick_ns);
	uint64_t last = span_number(span.to_ns, SPAN_SECOND_NS);
	uint64_t first = span_number(span.from_ns + 1, SPAN_SECOND_NS);

	if (first + LATE_SECONDS <= late->second)
		first = late->second - LATE_SECONDS + 1;
	for (uint64_t s = first; s <= last && s <= late->second; s++) {
		float part = (float)span_part(&span, s * SPAN_SECOND_NS, (s + 1) * SPAN_SECOND_NS);
		late->at[s % LATE_SECONDS] += amount * part;
		late->lag[(late->second - s) / LATE_BIN_S] += amount * part;
		late->weight += amount * part;
	}
}

/* Six tests, and two that stay at 0: processors take four or eight numbers at a time. */
#define LANES 8

/* The tests while a history is gone through. */
struct pass {
	float w[LANES];
	float most[LANES];   /* the largest that each reached */
	int32_t rise[LANES]; /* the second where the rise to that began */
	float gain[LANES];
	float drain[LANES]; /* a second */
};

static void pass_begin(struct pass *pass, float allowed)
{
	*pass = (struct pass){ 0 };
	for (int i = 0; i < BANK_RUNGS; i++) {
		pass->gain[i] = bank_gain[i];
		pass->drain[i] = (bank_rho[i] - 1) * allowed;
	}
}

/* What came in a second came somewhere in it: it drains for the whole of it. */
static void pass_second(struct pass *pass, float count, int32_t rise)
{
	for (int i = 0; i < LANES; i++) {
		float w = pass->w[i] + pass->gain[i] * count;
		w = (w < BANK_MOST ? w : BANK_MOST) - pass->drain[i];
		w = w > 0 ? w : 0;
		pass->w[i] = w;
		pass->rise[i] = w > pass->most[i] ? rise : pass->rise[i];
		pass->most[i] = w > pass->most[i] ? w : pass->most[i];
	}
}

/* Into the counter's bank; when the strongest began to rise, if any did. */
static void pass_end(const struct pass *pass, uint64_t first, struct counter *counter)
{
	int best = 0;

	for (int i = 0; i < BANK_RUNGS; i++) {
		counter->bank.w[i] = pass->most[i];
		best = pass->most[i] > pass->most[best] ? i : best;
	}
	if (pass->most[best] > 0)
		counter->rise_ns = (first + (uint64_t)pass->rise[best]) * SPAN_SECOND_NS;
}

/*
 * All tests from the oldest second to the newest; each keeps the largest that it reached. The first
 * test drains the slowest for what a sample adds: when it is at 0, all are.
 */
static void scan(struct late *late, struct counter *counter)
{
	uint64_t first = late->second >= LATE_SECONDS ? late->second - LATE_SECONDS + 1 : 0;
	struct pass pass;
	int32_t rise = 0;

	if (first <= late->told_s)
		first = late->told_s + 1;
	pass_begin(&pass, counter->allowed / (float)counter->sampling / counter->phi);
	for (uint64_t s = first; s <= late->second; s++) {
		float count = late->at[s % LATE_SECONDS] / counter->phi;
		if (pass.w[0] <= 0) {
			rise = (int32_t)(s - first);
			if (count <= 0)
				continue;
		}
		pass_second(&pass, count, rise);
	}
	pass_end(&pass, first, counter);
	late->scanned_s = late->second;
}

void late_add(struct lates *lates, struct counter *counter, const struct tally *row,
	      uint64_t tick_ns, float unit)
{
	uint64_t second = span_number(tick_ns, SPAN_SECOND_NS);
	float amount = (float)row->sampled * unit;

	counter->bin_packets += (float)row->packets * unit;
	counter->bytes += (float)row->bytes / COUNTER_RATE_S;
	counter->rate += (float)row->packets * unit / COUNTER_RATE_S;
	if (!counter->late) {
		counter->waiting += amount;
		if (counter->waiting < WAIT_LEAST ||
		    counter->waiting < counter->allowed / (float)counter->sampling)
			return;
	}
	struct late *late = late_take(lates, counter, second);
	if (!late)
		return;
	slide(late, second);
	late->came[second / LATE_BIN_S % LATE_BINS] += amount;
	spread(late, row, tick_ns, amount);
	/* Once a second, and at once when it is as much as all before: the row's sample comes with it. */
	bool due = late->scanned_s != second || 2 * amount >= late->weight;
	if (due && late->weight * bank_gain[BANK_RUNGS - 1] > counter->phi)
		scan(late, counter);
}

void late_pass(struct lates *lates, struct counter *counter, uint64_t now_ns)
{
	struct late *late = counter->late ? late_at(lates, counter->late) : NULL;

	if (!late || !is_owner(late, counter))
		return;
	slide(late, span_number(now_ns, SPAN_SECOND_NS));
	if (late->scanned_s != late->second)
		scan(late, counter);
}

void late_told(struct lates *lates, struct counter *counter, uint64_t now_ns)
{
	if (counter->late && is_owner(late_at(lates, counter->late), counter))
		late_at(lates, counter->late)->told_s = span_number(now_ns, SPAN_SECOND_NS);
	counter->bank = (struct bank){ 0 };
}

/* Reported in the bins before @end. */
static float came_before(const struct late *late, uint64_t end)
{
	float sum = 0;

	for (uint64_t bin = end - LATE_SILENCE_S / LATE_BIN_S; bin < end; bin++)
		sum += late->came[bin % LATE_BINS];
	return sum;
}

bool late_over(struct lates *lates, const struct counter *counter, uint64_t back_s, float level)
{
	struct late *late = counter->late ? late_at(lates, counter->late) : NULL;
	const uint64_t silence = LATE_SILENCE_S / LATE_BIN_S;
	const float least = level * LATE_SILENCE_S;

	if (!late || !is_owner(late, counter) || late->second < LATE_SECONDS ||
	    back_s + 3UL * LATE_SILENCE_S > LATE_SECONDS)
		return false;
	uint64_t end = late->second / LATE_BIN_S; /* the bin of now is not full */
	float last = came_before(late, end);
	/* Two standard deviations: what is that much below is not so by chance. */
	if (last + 2 * sqrtf(counter->phi * (last + 1)) >= least)
		return false;
	uint64_t first = end - (back_s + LATE_BIN_S - 1) / LATE_BIN_S;
	for (uint64_t at = end - silence; at >= first; at--) {
		if (came_before(late, at) < least)
			return false;
	}
	late->over_s = late->second - LATE_SILENCE_S;
	return true;
}

uint64_t late_back(const struct lates *lates, const struct counter *counter, uint64_t most)
{
	const struct late *late = counter->late ? late_at(lates, counter->late) : NULL;
	float all = 0;
	float sum = 0;

	if (!late || !is_owner(late, counter))
		return most;
	for (unsigned i = 0; i < LATE_BINS; i++)
		all += late->lag[i];
	for (uint64_t i = 0; all > 0 && i < LATE_BINS; i++) {
		sum += late->lag[i];
		if (sum >= NEARLY * all)
			return (i + 1) * LATE_BIN_S < most ? (i + 1) * LATE_BIN_S : most;
	}
	return most;
}

float late_peak(const struct lates *lates, const struct counter *counter, uint64_t back_s,
		unsigned window)
{
	const struct late *late = counter->late ? late_at(lates, counter->late) : NULL;
	float sum = 0;
	float most = 0;

	if (!late || !is_owner(late, counter))
		return 0;
	if (back_s + window > LATE_SECONDS)
		back_s = LATE_SECONDS - window;
	uint64_t first = late->second > back_s + window ? late->second - back_s - window : 0;
	if (first < late->over_s)
		first = late->over_s;
	for (uint64_t s = first + 1; s <= late->second; s++) {
		sum += late->at[s % LATE_SECONDS];
		if (s > first + window)
			sum -= late->at[(s - window) % LATE_SECONDS];
		most = sum > most ? sum : most;
	}
	return most / (float)window;
}
