/* SPDX-License-Identifier: Apache-2.0 */
/* limits: rates and comparisons in 128-bit integers, so that no rounding decides. */
#include "detect/threshold/limits.h"

#include <string.h>

#define SECOND_NS   1000000000UL
#define RULE_BITS   64
/* Shares err upwards, further than floats err in adding them up. */
#define SHARE_SPARE 1.001

/* The same for all rules of one look. */
struct look {
	const struct limits *limits;
	const struct subject *subject;
	const struct evidence *evidence;
};

uint64_t limits_part(enum metric metric, const struct tally_count *sum)
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

uint64_t limits_rate(const struct limits *limits, enum metric metric, uint64_t amount)
{
	return clamp((unsigned __int128)amount * unit_of(metric) / limits->window_ns);
}

/* What one unit over a window is of a limit. */
static float share_of(const struct limits *limits, enum metric metric, uint64_t limit)
{
	double rate = (double)unit_of(metric) / (double)limits->window_ns;

	return (float)(rate / (double)limit * SHARE_SPARE);
}

static void note_share(struct limits *limits, const struct config_threshold *threshold,
		       enum metric metric)
{
	float share = share_of(limits, metric, threshold->limit[metric]);

	for (unsigned d = 0; d < DIRECTION_COUNT; d++) {
		if (!(threshold->directions & 1U << d))
			continue;
		limits->directions |= 1U << d;
		for (unsigned c = 0; c < CLASS_COUNT; c++) {
			float *most = &limits->share[d][c][metric];
			if ((threshold->classes & 1U << c) && share > *most)
				*most = share;
		}
	}
}

struct limits limits_of(const struct config *config)
{
	uint64_t bin_ns = config->window_ns / WINDOW_BINS;
	struct limits limits = { .config = config };

	limits.window_ns = (bin_ns ? bin_ns : 1) * WINDOW_BINS;
	for (size_t i = 0; i < config->threshold_count; i++) {
		for (enum metric m = 0; m < METRIC_COUNT; m++) {
			if (config->thresholds[i].limit[m])
				note_share(&limits, &config->thresholds[i], m);
		}
	}
	return limits;
}

float limits_sums_load(const struct limits *limits, enum direction direction,
		       const struct sums *sums)
{
	float load = 0;

	for (enum traffic_class c = 0; c < CLASS_COUNT; c++) {
		const struct tally_count *count = &sums->by_class[c].count;
		const float amount[METRIC_COUNT] = { [METRIC_PPS] = (float)count->packets,
						     [METRIC_BPS] = (float)count->bytes,
						     [METRIC_FPS] = (float)count->flows };
		load += limits_load(limits, direction, c, amount);
	}
	return load;
}

static void sums_peaks(const struct evidence *self, uint32_t classes, enum metric metric,
		       uint64_t min_sampled, struct peak ret_peaks[static 2])
{
	const struct sums *sums = ((const struct sums_evidence *)self)->sums;
	struct peak peak = { 0 };

	for (size_t c = 0; c < CLASS_COUNT; c++) {
		if (!(classes & 1U << c))
			continue;
		const struct window_count *by = &sums->by_class[c];
		peak.amount = tally_sum(peak.amount, limits_part(metric, &by->count));
		peak.sampled = tally_sum(peak.sampled, by->sampled);
	}
	ret_peaks[PEAK_MOST] = peak;
	ret_peaks[PEAK_SURE] = peak.sampled >= min_sampled ? peak : (struct peak){ 0 };
}

struct sums_evidence limits_evidence(const struct sums *sums)
{
	return (struct sums_evidence){ .evidence = { .peaks = sums_peaks }, .sums = sums };
}

static bool is_about(const struct look *look, const struct config_threshold *threshold)
{
	const struct ip *host = look->subject->host;

	if (!threshold->any_network && !prefix_has_ip(&threshold->network, host))
		return false;
	if (!threshold->tenant)
		return true;
	const struct config_network *network = config_network_of(look->limits->config, host);
	return network && network->tenant && strcmp(network->tenant, threshold->tenant) == 0;
}

static bool is_worse(const struct measure *a, const struct measure *b)
{
	return (unsigned __int128)a->value * b->limit > (unsigned __int128)b->value * a->limit;
}

bool limits_worse(const struct verdict *a, const struct verdict *b)
{
	return a->above != b->above ? a->above : is_worse(&a->worst, &b->worst);
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

static void take_peak(const struct limits *limits, const struct peak *peak, struct measure *measure)
{
	measure->value = limits_rate(limits, measure->metric, peak->amount);
	measure->sampled = peak->sampled;
	measure->second = peak->second;
}

static void judge_rule(const struct look *look, struct measure *measure, unsigned number,
		       struct verdict *verdict)
{
	const struct config *config = look->limits->config;
	uint64_t bit = 1UL << number % RULE_BITS;
	struct peak peaks[2];

	measure->limit = measure->threshold->limit[measure->metric];
	look->evidence->peaks(look->evidence, measure->threshold->classes, measure->metric,
			      config->min_sampled, peaks);
	take_peak(look->limits, &peaks[PEAK_SURE], measure);
	if (measure->value > measure->limit) {
		if (is_about(look, measure->threshold))
			note_above(verdict, measure, bit);
		return;
	}
	take_peak(look->limits, &peaks[PEAK_MOST], measure);
	bool held = (look->subject->held & bit) && measure->value > 0 &&
		    (unsigned __int128)measure->value * 100 >=
			    (unsigned __int128)measure->limit * config->close_percent;
	if (held && is_about(look, measure->threshold))
		note_held(verdict, measure);
}

static void judge_threshold(const struct look *look, size_t at, struct verdict *verdict)
{
	struct measure measure = { .threshold = &look->limits->config->thresholds[at] };

	if (!(measure.threshold->directions & 1U << look->subject->direction))
		return;
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		measure.metric = m;
		if (measure.threshold->limit[m])
			judge_rule(look, &measure, (unsigned)(at * METRIC_COUNT + m), verdict);
	}
}

bool limits_judge(const struct limits *limits, const struct subject *subject,
		  const struct evidence *evidence, struct verdict *ret_verdict)
{
	const struct look look = { limits, subject, evidence };
	struct verdict verdict = { 0 };

	for (size_t i = 0; i < limits->config->threshold_count; i++)
		judge_threshold(&look, i, &verdict);
	if (!verdict.worst.threshold)
		return false;
	*ret_verdict = verdict;
	return true;
}
