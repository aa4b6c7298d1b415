/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter: sampling rates in headers, options data, samples and records in; the
 * rates to count by out, once they are believed (ingest/rate_guard.h).
 *
 * Owned by one ingest thread. Whose datagram it is: ingest/exporter_table.c.
 */
#include "base/clock.h"
#include "ingest/state.h"

/* What came since the rates of the whole exporter were judged. */
static void count_whole(struct exporter *exporter)
{
	uint64_t packets = exporter->stats.packets - exporter->judged_packets;

	exporter->header_guard.packets += packets;
	exporter->options_guard.packets += packets;
	exporter->judged_packets = exporter->stats.packets;
	if (exporter->header_guard.rate != exporter->header_guard.announced ||
	    exporter->options_guard.rate != exporter->options_guard.announced)
		exporter->stats.doubted_records +=
			exporter->stats.records - exporter->judged_records;
	exporter->judged_records = exporter->stats.records;
}

static uint32_t announce(struct exporter *exporter, struct rate_guard *guard, uint32_t rate,
			 uint64_t now_ns)
{
	exporter->stats.sampling_announced = rate;
	if (!exporter->config_rate)
		return rate_announce(guard, rate, now_ns, &exporter->stats);
	/* The operator's rate counts, so there is nothing to doubt. */
	rate_trust(guard, rate, &exporter->stats);
	return rate;
}

uint32_t exporter_header_rate(struct exporter *exporter, uint32_t rate, uint64_t now_ns)
{
	if (rate == 0)
		return 0;
	if (rate != exporter->header_guard.announced)
		count_whole(exporter);
	return announce(exporter, &exporter->header_guard, rate, now_ns);
}

void exporter_sampler_set(struct exporter *exporter, uint64_t id, bool whole, uint32_t rate,
			  uint64_t now_ns)
{
	unsigned i = 0;

	if (rate == 0)
		return;
	if (whole) {
		count_whole(exporter);
		exporter->options_rate = announce(exporter, &exporter->options_guard, rate, now_ns);
		return;
	}
	while (i < exporter->sampler_count && exporter->samplers[i].id != id)
		i++;
	if (i == EXPORTER_SAMPLERS) {
		exporter->stats.samplers_turned_away++;
		return;
	}
	if (i == exporter->sampler_count)
		exporter->samplers[exporter->sampler_count++] = (struct rate_guard){ .id = id };
	announce(exporter, &exporter->samplers[i], rate, now_ns);
}

uint32_t exporter_sampler_rate(struct exporter *exporter, uint64_t id, uint64_t packets)
{
	for (unsigned i = 0; i < exporter->sampler_count; i++) {
		struct rate_guard *sampler = &exporter->samplers[i];
		if (sampler->id != id)
			continue;
		sampler->packets += packets;
		exporter->stats.doubted_records += sampler->rate != sampler->announced;
		return sampler->rate;
	}
	return 0;
}

/* Another one has the place: not beyond what the others are trusted for. */
static uint32_t unguarded_rate(struct exporter *exporter, uint32_t rate)
{
	if (exporter->most_trusted == 0 || rate / 2 < exporter->most_trusted)
		return rate;
	exporter->stats.doubted_records++;
	return exporter->most_trusted;
}

uint32_t exporter_own_rate(struct exporter *exporter, uint64_t id, uint32_t rate, uint64_t packets,
			   uint64_t now_ns, struct rate_guard **ret_guard)
{
	struct rate_guard *guard = &exporter->guards[id % EXPORTER_GUARDS];

	*ret_guard = NULL;
	if (rate == 0)
		return 0;
	if (!guard->used) {
		guard->used = true;
		guard->id = id;
	}
	if (guard->id != id)
		return unguarded_rate(exporter, rate);
	uint32_t used = announce(exporter, guard, rate, now_ns);
	guard->packets += packets;
	if (guard->trusted > exporter->most_trusted)
		exporter->most_trusted = guard->trusted;
	exporter->stats.doubted_records += used != rate;
	*ret_guard = guard;
	return used;
}

void exporter_judge_rates(struct exporter *exporter, uint64_t now_ns)
{
	struct exporter_stats *stats = &exporter->stats;

	if (now_ns - exporter->judged_ns < NS_PER_S)
		return;
	exporter->judged_ns = now_ns;
	count_whole(exporter);
	rate_judge(&exporter->header_guard, now_ns, stats);
	rate_judge(&exporter->options_guard, now_ns, stats);
	exporter->options_rate = exporter->options_guard.rate;
	for (unsigned i = 0; i < exporter->sampler_count; i++)
		rate_judge(&exporter->samplers[i], now_ns, stats);
	for (unsigned i = 0; i < EXPORTER_GUARDS; i++) {
		if (exporter->guards[i].used)
			rate_judge(&exporter->guards[i], now_ns, stats);
	}
}

void exporter_trust_rates(struct exporter *exporter)
{
	struct exporter_stats *stats = &exporter->stats;

	rate_trust(&exporter->header_guard, exporter->header_guard.announced, stats);
	rate_trust(&exporter->options_guard, exporter->options_guard.announced, stats);
	for (unsigned i = 0; i < exporter->sampler_count; i++)
		rate_trust(&exporter->samplers[i], exporter->samplers[i].announced, stats);
	for (unsigned i = 0; i < EXPORTER_GUARDS; i++)
		rate_trust(&exporter->guards[i], exporter->guards[i].announced, stats);
}
