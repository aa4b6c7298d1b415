/* SPDX-License-Identifier: Apache-2.0 */
/* limits: rates and comparisons in 128-bit integers, so that no rounding decides. */
#include "detect/threshold/limits.h"

#include <string.h>

#define SECOND_NS 1000000000UL
#define RULE_BITS 64

/* A host being compared. */
struct subject {
	const struct limits *limits;
	const struct ip *host;
	enum direction direction;
	const struct window *window;
	uint64_t held;
};

static uint64_t part_of(enum metric metric, const struct tally_count *sum)
{
	switch (metric) {
	case METRIC_PPS:
		return sum->packets;
	case METRIC_BPS:
		return sum->bytes;
	default:
		return sum->flows;
	}
}

/* What one counted unit for a nanosecond's window would be as a rate. */
static uint64_t unit_of(enum metric metric)
{
	return metric == METRIC_BPS ? 8 * SECOND_NS : SECOND_NS;
}

static uint64_t clamp(unsigned __int128 value)
{
	return value > UINT64_MAX ? UINT64_MAX : (uint64_t)value;
}

uint64_t limits_rate(const struct limits *limits, enum metric metric, const struct tally_count *sum)
{
	unsigned __int128 units = (unsigned __int128)part_of(metric, sum) * unit_of(metric);

	return clamp(units / limits->window_ns);
}

/* The least sum over a window whose rate is above @limit. */
static uint64_t least_sum(const struct limits *limits, enum metric metric, uint64_t limit)
{
	unsigned __int128 units = ((unsigned __int128)limit + 1) * limits->window_ns;

	return clamp((units + unit_of(metric) - 1) / unit_of(metric));
}

static void note_least(struct limits *limits, const struct config_threshold *threshold)
{
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		if (threshold->limit[m] == 0)
			continue;
		uint64_t sum = least_sum(limits, m, threshold->limit[m]);
		for (size_t d = 0; d < DIRECTION_COUNT; d++) {
			if ((threshold->directions & 1U << d) && sum < limits->least[d][m])
				limits->least[d][m] = sum;
		}
	}
}

struct limits limits_of(const struct config *config)
{
	uint64_t bin_ns = config->window_ns / WINDOW_BINS;
	struct limits limits = { .config = config };

	limits.window_ns = (bin_ns ? bin_ns : 1) * WINDOW_BINS;
	memset(limits.least, 0xff, sizeof(limits.least));
	for (size_t i = 0; i < config->threshold_count; i++)
		note_least(&limits, &config->thresholds[i]);
	return limits;
}

bool limits_are_near(const struct limits *limits, enum direction direction,
		     const struct window *window, unsigned percent)
{
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		uint64_t least = limits->least[direction][m];
		if (least == UINT64_MAX)
			continue;
		if (part_of(m, &window->total) >= (unsigned __int128)least * percent / 100)
			return true;
	}
	return false;
}

static bool is_about(const struct config_threshold *threshold, const struct subject *subject)
{
	if (!threshold->any_network && !prefix_has_ip(&threshold->network, subject->host))
		return false;
	if (!threshold->tenant)
		return true;
	const struct config_network *network =
		config_network_of(subject->limits->config, subject->host);
	return network && network->tenant && strcmp(network->tenant, threshold->tenant) == 0;
}

/* Samples are not counted by class: they fall on the classes as the packets do. */
static uint64_t sampled_of(const struct window *window, const struct tally_count *sum)
{
	if (sum->packets == window->total.packets)
		return window->sampled_sum;
	return (uint64_t)((unsigned __int128)window->sampled_sum * sum->packets /
			  window->total.packets);
}

static bool is_worse(const struct measure *a, const struct measure *b)
{
	return (unsigned __int128)a->value * b->limit > (unsigned __int128)b->value * a->limit;
}

static void note_above(struct verdict *verdict, const struct measure *measure, uint64_t bit)
{
	const struct measure *lesser = measure;
	struct measure before = verdict->worst;

	if (!verdict->above) {
		/* What was merely held does not count any more. */
		*verdict = (struct verdict){ .above = true, .worst = *measure };
		lesser = NULL;
	} else if (is_worse(measure, &before)) {
		verdict->worst = *measure;
		lesser = &before;
	}
	if (lesser && verdict->other_count < VERDICT_OTHERS)
		verdict->others[verdict->other_count++] = *lesser;
	verdict->rules |= bit;
	verdict->classes |= measure->threshold->classes;
}

static void note_held(struct verdict *verdict, const struct measure *measure)
{
	if (verdict->above || (verdict->worst.threshold && !is_worse(measure, &verdict->worst)))
		return;
	verdict->worst = *measure;
	verdict->classes = measure->threshold->classes;
}

static void judge_rule(const struct subject *subject, struct measure *measure,
		       const struct tally_count *sum, unsigned number, struct verdict *verdict)
{
	const struct config *config = subject->limits->config;
	uint64_t bit = 1UL << number % RULE_BITS;

	measure->limit = measure->threshold->limit[measure->metric];
	measure->value = limits_rate(subject->limits, measure->metric, sum);
	bool above = measure->value > measure->limit;
	bool held = (subject->held & bit) && measure->value > 0 &&
		    (unsigned __int128)measure->value * 100 >=
			    (unsigned __int128)measure->limit * config->close_percent;
	if ((!above && !held) || !is_about(measure->threshold, subject))
		return;
	measure->sampled = sampled_of(subject->window, sum);
	if (above && measure->sampled >= config->min_sampled)
		note_above(verdict, measure, bit);
	else if (held)
		note_held(verdict, measure);
}

static void judge_threshold(const struct subject *subject, size_t at, struct verdict *verdict)
{
	struct measure measure = { .threshold = &subject->limits->config->thresholds[at] };

	if (!(measure.threshold->directions & 1U << subject->direction))
		return;
	struct tally_count sum = window_sum(subject->window, measure.threshold->classes);
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		measure.metric = m;
		if (measure.threshold->limit[m])
			judge_rule(subject, &measure, &sum, (unsigned)(at * METRIC_COUNT + m),
				   verdict);
	}
}

bool limits_judge(const struct limits *limits, const struct ip *host, enum direction direction,
		  const struct window *window, uint64_t held, struct verdict *ret_verdict)
{
	const struct subject subject = { limits, host, direction, window, held };
	struct verdict verdict = { 0 };

	for (size_t i = 0; i < limits->config->threshold_count; i++)
		judge_threshold(&subject, i, &verdict);
	if (!verdict.worst.threshold)
		return false;
	*ret_verdict = verdict;
	return true;
}
