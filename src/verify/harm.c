/* SPDX-License-Identifier: Apache-2.0 */
/* harm: samples of now and before in, the share of innocent ones that rules hit out. */
#include "verify/harm.h"

#include <math.h>
#include <stdlib.h>

/* The normal quantile of a one-sided 95 % bound. */
#define Z 1.6449

static int order(const void *a, const void *b)
{
	return ip_compare(a, b);
}

static const struct ip *peer_of(const struct harm_input *input, const struct sample *s)
{
	return input->outbound ? &s->dst : &s->src;
}

static size_t list_known(const struct harm_input *input, struct ip *known)
{
	for (size_t i = 0; i < input->before_count; i++)
		known[i] = *peer_of(input, &input->before[i]);
	qsort(known, input->before_count, sizeof(*known), order);
	return input->before_count;
}

static bool is_hit(const struct harm_input *input, const struct sample *s)
{
	for (unsigned r = 0; r < input->plan->rule_count; r++) {
		if (input->match(&input->plan->rules[r], s, input->sources, input->source_count))
			return true;
	}
	return false;
}

/* The lower end of Wilson's score interval (JASA 22, 1927). */
static double lower(double hits, double n)
{
	if (n <= 0)
		return 0;
	double p = hits / n;
	double middle = p + Z * Z / (2 * n);
	double half = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n));

	return fmax((middle - half) / (1 + Z * Z / n), 0);
}

void verify_harm(const struct harm_input *input, struct ip *room, struct harm *ret_harm)
{
	size_t known = list_known(input, room);
	struct harm harm = { 0 };
	double all = 0;
	double hit = 0;
	size_t known_hit = 0;

	for (size_t i = 0; i < input->now_count; i++) {
		const struct sample *s = &input->now[i];
		bool matched = is_hit(input, s);
		double weight = sample_packets(s);
		all += weight;
		hit += matched ? weight : 0;
		if (!bsearch(peer_of(input, s), room, known, sizeof(*room), order))
			continue;
		harm.known++;
		known_hit += matched;
	}
	harm.stopped = all > 0 ? hit / all : 0;
	harm.innocent = harm.known ? (double)known_hit / (double)harm.known : 0;
	harm.least = lower((double)known_hit, (double)harm.known);
	*ret_harm = harm;
}
