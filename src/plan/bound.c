/* SPDX-License-Identifier: Apache-2.0 */
/* bound: the regularised incomplete beta function by its continued fraction (DLMF 8.17.22). */
#include "plan/bound.h"

#include <math.h>

#define CERTAIN 0.95
#define TERMS   300
#define HALVES  50
#define TINY    1e-300

/* Lentz's way of going through a continued fraction, from the front. */
static double fraction(double a, double b, double x)
{
	double c = 1;
	double d = 1 - (a + b) * x / (a + 1);
	double value;

	d = 1 / (fabs(d) < TINY ? TINY : d);
	value = d;
	for (int m = 1; m <= TERMS; m++) {
		double terms[2] = { m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
				    -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)) };
		double step = 1;
		for (int i = 0; i < 2; i++) {
			d = 1 + terms[i] * d;
			d = 1 / (fabs(d) < TINY ? TINY : d);
			c = 1 + terms[i] / c;
			c = fabs(c) < TINY ? TINY : c;
			step = c * d;
			value *= step;
		}
		if (fabs(step - 1) < 1e-12)
			break;
	}
	return value;
}

static double log_gamma(double x)
{
	int sign;

	return lgamma_r(x, &sign);
}

/* The chance that a beta-distributed share is at most @x. */
static double beta_below(double a, double b, double x)
{
	double front;

	if (x <= 0 || x >= 1)
		return x > 0;
	front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * fraction(a, b, x) / a;
	return 1 - front * fraction(b, a, 1 - x) / b;
}

double bound_upper(double hits, double n)
{
	double low = 0;
	double high = 1;

	if (n <= 0 || hits >= n)
		return 1;
	if (hits <= 0)
		return n > 3 ? 3 / n : 1;
	for (int i = 0; i < HALVES; i++) {
		double half = (low + high) / 2;
		if (beta_below(hits + 1, n - hits, half) < CERTAIN)
			low = half;
		else
			high = half;
	}
	return high;
}

double bound_hits(double share, double n)
{
	double low = 0;
	double high = n;

	if (bound_upper(0, n) > share)
		return -1;
	for (int i = 0; i < HALVES; i++) {
		double half = (low + high) / 2;
		if (bound_upper(half, n) <= share)
			low = half;
		else
			high = half;
	}
	return low;
}
