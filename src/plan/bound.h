/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bound: what a share may be at most, after so many of so many were counted.
 *
 * The one-sided exact bound of Clopper and Pearson (Biometrika 26, 1934): the quantile of a beta
 * distribution, by halving. Weighted samples come in as an effective number of equal ones (Kish).
 * Pure; any thread.
 */
#pragma once

/**
 * bound_upper() - upper 95 % bound of a share.
 * @hits: counted; need not be whole
 * @n: of so many
 *
 * With no hits it is 3 / n, the rule of three, a little above the exact value. Return: 0..1; 1 for
 * n = 0.
 */
double bound_upper(double hits, double n);

/** bound_hits() - the most hits of @n whose upper bound is not above @share; below 0: none fit. */
double bound_hits(double share, double n);
