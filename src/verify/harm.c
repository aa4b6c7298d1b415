/* SPDX-License-Identifier: Apache-2.0 */
/* harm: samples of now, of before and of what was dropped in; the share of innocents lost out. */
#include "verify/harm.h"

#include <math.h>

/* The normal quantile of a one-sided 95 % bound. */
#define Z 1.6449

/* Innocent packets that are enough to act upon: among all in the telemetry, or among dropped ones. */
#define SEEN_LEAST   20
#define CAUGHT_LEAST 5
/* With fewer samples of the attack it is not known how it looks. */
#define ATTACK_LEAST 64
/* None in so many seconds is, with 95 % certainty, less than so many. */
#define NONE_SEEN    3.0

/* Samples by their signs: known peers, and what else looks usual. */
struct lot {
	size_t count;
	size_t known;
	size_t usual;
	double packets; /* all of them stand for */
};

static bool is_hit(const struct harm_input *input, const struct sample *s)
{
	for (unsigned r = 0; r < input->plan->rule_count; r++) {
		if (input->match(&input->plan->rules[r], s, input->sources, input->source_count))
			return true;
	}
	return false;
}

static void add(struct lot *lot, const struct look *look, const struct sample *s)
{
	unsigned signs = look_signs(look, s);

	lot->count++;
	lot->packets += sample_packets(s);
	if (signs & LOOK_KNOWN)
		lot->known++;
	else if (signs & LOOK_USUAL)
		lot->usual++;
}

/* Wilson's score interval (JASA 22, 1927); @z below 0: its lower end. */
static double bound(double hits, double n, double z)
{
	if (n <= 0)
		return z < 0 ? 0 : 1;
	double p = fmin(hits / n, 1);
	double middle = p + z * z / (2 * n);
	double half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));

	return fmin(fmax((middle + half) / (1 + z * z / n), 0), 1);
}

/* Beyond what of the attack itself looks usual. */
static double excess(const struct harm_input *input, double share)
{
	return input->unusual > 0 ? fmax(share - (1 - input->unusual), 0) : 0;
}

/* Of what is held back, the share that is innocent: @z as in bound(), 0 for the likeliest. */
static double innocent_of(const struct harm_input *input, const struct lot *lot, double z)
{
	double n = (double)lot->count;

	return bound((double)lot->known, n, z) + excess(input, bound((double)lot->usual, n, z));
}

/* Packets with a sign that counts. */
static size_t signs_of(const struct harm_input *input, const struct lot *lot)
{
	return lot->known + (input->unusual > 0 ? lot->usual : 0);
}

static double mean_packets(const struct harm_input *input, const struct lot *passed)
{
	if (passed->count)
		return passed->packets / (double)passed->count;
	return input->before_count ? sample_packets(&input->before[0]) : 1;
}

/* Packets a second that innocents get through, at most or likeliest. */
static double passing(const struct harm_input *input, const struct lot *passed, double z)
{
	double innocents = (double)signs_of(input, passed);
	double n = (double)input->now_count;
	double most = z > 0 ? NONE_SEEN * mean_packets(input, passed) / fmax(input->now_s, 1) : 0;

	if (n <= 0)
		return most;
	return fmax(bound(innocents, n, z) * input->now_pps, most);
}

static double ratio(double part, double rest)
{
	return part > 0 ? part / (part + rest) : 0;
}

/* What the filter caught says what it drops, its counters how much. */
static void by_drops(const struct harm_input *input, const struct lot *dropped,
		     const struct lot *passed, struct harm *harm)
{
	double likely = innocent_of(input, dropped, 0) * input->dropped_pps;
	double least = innocent_of(input, dropped, -Z) * input->dropped_pps;

	harm->caught = true;
	harm->looked = dropped->count;
	harm->known = signs_of(input, dropped);
	harm->enough = harm->known >= CAUGHT_LEAST;
	harm->innocent = ratio(likely, passing(input, passed, 0));
	harm->least = ratio(least, passing(input, passed, Z));
}

/* Of what rules match, a limit holds back what is above it. */
static double held_back(const struct harm_input *input, double stopped)
{
	double limit = 0;

	if (input->plan->level != LEVEL_RATE_LIMIT || input->now_pps <= 0)
		return 1;
	for (unsigned r = 0; r < input->plan->rule_count; r++)
		limit += (double)input->plan->rules[r].rate_pps;
	return fmax(1 - limit / fmax(stopped * input->now_pps, 1), 0);
}

static void by_telemetry(const struct harm_input *input, const struct lot *matched,
			 const struct lot *passed, struct harm *harm)
{
	double n = (double)matched->count;
	double usual = n > 0 ? excess(input, (double)matched->usual / n) * n : 0;
	double hits = (double)matched->known + usual;
	double rest = (double)signs_of(input, passed);
	double part = held_back(input, harm->stopped);

	harm->looked = matched->count + passed->count;
	harm->known = (size_t)(hits + rest);
	harm->enough = matched->count > 0 && harm->known >= SEEN_LEAST;
	harm->innocent = part * ratio(hits, rest);
	harm->least = part * bound(hits, hits + rest, -Z);
}

void verify_harm(const struct harm_input *input, struct look_peer *room, struct harm *ret_harm)
{
	struct look look;
	struct lot matched = { 0 };
	struct lot passed = { 0 };
	struct lot dropped = { 0 };
	struct harm harm = { 0 };

	look_learn(input->before, input->before_count, input->outbound, room, &look);
	for (size_t i = 0; i < input->now_count; i++)
		add(is_hit(input, &input->now[i]) ? &matched : &passed, &look, &input->now[i]);
	for (size_t i = 0; i < input->dropped_count; i++)
		add(&dropped, &look, &input->dropped[i]);
	harm.stopped = ratio(matched.packets, passed.packets);
	if (dropped.count && input->dropped_pps > 0)
		by_drops(input, &dropped, &passed, &harm);
	else
		by_telemetry(input, &matched, &passed, &harm);
	*ret_harm = harm;
}

double verify_unusual(const struct harm_input *input, struct look_peer *room)
{
	struct look look;
	struct lot matched = { 0 };

	look_learn(input->before, input->before_count, input->outbound, room, &look);
	for (size_t i = 0; i < input->now_count; i++) {
		if (is_hit(input, &input->now[i]))
			add(&matched, &look, &input->now[i]);
	}
	if (matched.count < ATTACK_LEAST)
		return 0;
	return 1 - bound((double)(matched.known + matched.usual), (double)matched.count, Z);
}
