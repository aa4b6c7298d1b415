/* SPDX-License-Identifier: Apache-2.0 */
/* oracle: the CUSUM that knows the attack; threshold by importance sampling, delay by simulation. */
#include "lab/oracle.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"

#define DELAY_RUNS   1000
#define HIT_RUNS     1000
#define CYCLE_RUNS   4000
#define CALIBRATIONS 12
#define CALIBRATED   0.02 /* nats */
/* A path is given up after so many samples: only rates just above the envelope need many. */
#define SAMPLES_MAX  200000
/* Nearer to the envelope than this the delay is days. */
#define RHO_MIN      1.01

/* The statistic: up by `step` at each sample, down by `drain` a second. */
struct cusum {
	double allowed; /* samples a second */
	double attacked;
	double step;
	double drain;
};

/* WHY: a stream of its own for each purpose, so that one more run of one moves no other. */
static double uniform(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15U;
	return (double)((hash_words(*state, 0, 1) >> 11) + 1) * 0x1p-53;
}

static double wait_s(uint64_t *state, double rate)
{
	return -log(uniform(state)) / rate;
}

static int cusum_of(const struct oracle_case *c, struct cusum *ret_cusum)
{
	if (!(c->envelope_pps > 0) || !(c->sampling >= 1) || !(c->before_pps >= 0) ||
	    !(c->before_pps + c->attack_pps > c->envelope_pps * RHO_MIN))
		return -WEIR_ERANGE;
	const double allowed = c->envelope_pps / c->sampling;
	const double attacked = (c->before_pps + c->attack_pps) / c->sampling;
	*ret_cusum = (struct cusum){ .allowed = allowed,
				     .attacked = attacked,
				     .step = log(attacked / allowed),
				     .drain = attacked - allowed };
	return 0;
}

static double closed_form(const struct cusum *q)
{
	double information = q->attacked * q->step - q->drain;

	return log(q->attacked / ORACLE_ALPHA) / information;
}

double oracle_closed_form(const struct oracle_case *c)
{
	struct cusum q;

	return cusum_of(c, &q) ? INFINITY : closed_form(&q);
}

/*
 * One excursion from its first sample until it is back at 0 or has reached @threshold, samples
 * coming at @rate. Gives where it ended (0 or above the threshold); adds its length to @length_s.
 */
static double excursion(const struct cusum *q, double rate, double threshold, uint64_t *state,
			double *length_s)
{
	double w = q->step;

	for (unsigned n = 0; w < threshold && n < SAMPLES_MAX; n++) {
		double wait = wait_s(state, rate);
		if (w <= q->drain * wait) {
			*length_s += w / q->drain;
			return 0;
		}
		*length_s += wait;
		w += q->step - q->drain * wait;
	}
	return w;
}

/* Mean time under what is allowed from one visit at 0 to the next. */
static double cycle_s(const struct cusum *q, uint64_t seed)
{
	double length_s = 0;

	for (unsigned i = 0; i < CYCLE_RUNS; i++)
		excursion(q, q->allowed, HUGE_VAL, &seed, &length_s);
	return 1 / q->allowed + length_s / CYCLE_RUNS;
}

/*
 * How likely an excursion reaches the threshold under what is allowed. Simulated under the attack,
 * where it is not rare, each hit weighed by how much less likely it is: e^-(what W has gained).
 */
static double hit_chance(const struct cusum *q, double threshold, uint64_t seed)
{
	double sum = 0;
	double unused_s = 0;

	for (unsigned i = 0; i < HIT_RUNS; i++) {
		double w = excursion(q, q->attacked, threshold, &seed, &unused_s);
		if (w >= threshold)
			sum += exp(q->step - w);
	}
	return sum / HIT_RUNS;
}

/* The rate of false alarms falls about e-fold with each nat: so that is the step to take. */
static double calibrate(const struct cusum *q, uint64_t seed)
{
	const double per_cycle = ORACLE_ALPHA * cycle_s(q, seed ^ 1);
	double threshold = log(q->attacked / ORACLE_ALPHA);

	for (unsigned i = 0; i < CALIBRATIONS; i++) {
		double off = log(hit_chance(q, threshold, seed ^ 2) / per_cycle);
		if (threshold + off < q->step / 2)
			return q->step / 2;
		threshold += off;
		if (fabs(off) < CALIBRATED)
			break;
	}
	return threshold;
}

static double one_delay_s(const struct cusum *q, double threshold, uint64_t *state)
{
	double w = 0;
	double now_s = 0;

	for (unsigned n = 0; w < threshold && n < SAMPLES_MAX; n++) {
		double wait = wait_s(state, q->attacked);
		now_s += wait;
		w = fmax(0, w - q->drain * wait) + q->step;
	}
	return now_s;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

int oracle_delay(const struct oracle_case *c, uint64_t seed, struct oracle_delay *ret_delay)
{
	double delays[DELAY_RUNS];
	double sum = 0;
	struct cusum q;
	int err = cusum_of(c, &q);

	if (err)
		return err;
	const double threshold = calibrate(&q, seed);
	uint64_t state = seed ^ 3;
	for (unsigned i = 0; i < DELAY_RUNS; i++) {
		delays[i] = one_delay_s(&q, threshold, &state);
		sum += delays[i];
	}
	qsort(delays, DELAY_RUNS, sizeof(delays[0]), by_value);
	*ret_delay = (struct oracle_delay){ .mean_s = sum / DELAY_RUNS,
					    .p95_s = delays[DELAY_RUNS * 95 / 100],
					    .closed_s = closed_form(&q),
					    .threshold = threshold };
	return 0;
}
