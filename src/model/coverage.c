/* SPDX-License-Identifier: Apache-2.0 */
/* coverage: rows of the ledger in, sums, shares and JSON out. Any thread. */
#include "model/coverage.h"

#include <assert.h>
#include <inttypes.h>

#include "base/clock.h"
#include "model/flow.h"

bool exporter_counts_records(uint8_t source)
{
	return source == FLOW_NETFLOW5 || source == FLOW_IPFIX;
}

bool coverage_is_same_exporter(const struct coverage *a, const struct coverage *b)
{
	return ip_equal(&a->key.address, &b->key.address) && a->key.odid == b->key.odid &&
	       a->key.source == b->key.source && ip_equal(&a->agent, &b->agent);
}

/* What is a state and no count: the later row knows better, if it has heard anything. */
static void take_state(struct coverage *sum, const struct coverage *later)
{
	if (!later->datagrams)
		return;
	if (!sum->datagrams || later->clock_offset_ns < sum->clock_offset_ns)
		sum->clock_offset_ns = later->clock_offset_ns;
	sum->templates = later->templates;
	sum->sampling = later->sampling;
	sum->sampling_source = later->sampling_source;
	if (later->active_timeout_ms)
		sum->active_timeout_ms = later->active_timeout_ms;
	if (later->inactive_timeout_ms)
		sum->inactive_timeout_ms = later->inactive_timeout_ms;
	if (later->duplicates)
		sum->twin = later->twin;
}

void coverage_add(struct coverage *sum, const struct coverage *later)
{
	bool same_minute =
		later->minutes == 1 && sum->minutes == 1 && later->begin_ns == sum->begin_ns;

	assert(coverage_is_same_exporter(sum, later));
	take_state(sum, later);
	if (same_minute && (sum->datagrams || later->datagrams))
		sum->silent = 0;
	else if (!same_minute)
		sum->silent += later->silent;
	if (!same_minute)
		sum->minutes += later->minutes;
	sum->seconds += later->seconds;
	sum->restarts += later->restarts;
	sum->datagrams += later->datagrams;
	sum->records += later->records;
	sum->options += later->options;
	sum->units += later->units;
	sum->lost += later->lost;
	sum->kernel_drops += later->kernel_drops;
	for (unsigned i = 0; i < REASON_COUNT_OF; i++)
		sum->undecodable[i] += later->undecodable[i];
	sum->held += later->held;
	sum->unknown_sampling += later->unknown_sampling;
	sum->sample_pool += later->sample_pool;
	sum->pool_samples += later->pool_samples;
	sum->agent_drops += later->agent_drops;
	sum->duplicates += later->duplicates;
	sum->compared += later->compared;
	sum->repeated += later->repeated;
}

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

double coverage_lost_share(const struct coverage *coverage)
{
	return ratio(coverage->lost, coverage->lost + coverage->units);
}

bool coverage_is_lost_here(const struct coverage *coverage)
{
	double lost = (double)coverage->lost;

	if (exporter_counts_records(coverage->key.source) && coverage->units)
		lost *= (double)coverage->datagrams / (double)coverage->units;
	return lost > 0 && 2 * (double)coverage->kernel_drops >= lost;
}

uint64_t coverage_undecoded(const struct coverage *coverage)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < REASON_COUNT_OF; i++)
		sum += coverage->undecodable[i];
	return sum;
}

double coverage_measured_sampling(const struct coverage *coverage)
{
	return ratio(coverage->sample_pool, coverage->pool_samples);
}

double coverage_repeated_share(const struct coverage *coverage)
{
	return ratio(coverage->repeated, coverage->datagrams);
}

double coverage_duplicate_share(const struct coverage *coverage)
{
	return ratio(coverage->duplicates, coverage->compared);
}

double coverage_share(const struct coverage *coverage)
{
	double watched = (double)coverage->seconds / (60.0 * coverage->minutes);
	double heard = 1 - (double)coverage->silent / coverage->minutes;

	return (watched < 1 ? watched : 1) * heard * (1 - coverage_lost_share(coverage));
}

void exporter_key_to_json(const struct exporter_key *key, const struct ip *agent, const char *name,
			  struct jsonw *w)
{
	jsonw_ip(w, "address", &key->address);
	jsonw_string(w, "name", name);
	if (key->source < FLOW_SOURCE_COUNT) {
		jsonw_string(w, "protocol", flow_source_name((enum flow_source)key->source));
		jsonw_u64(w, "odid", key->odid);
	}
	if (!ip_is_zero(agent))
		jsonw_ip(w, "agent", agent);
}

static void put_undecodable(const struct coverage *coverage, struct jsonw *w)
{
	jsonw_object(w, "undecodable");
	for (unsigned i = 0; i < REASON_COUNT_OF; i++) {
		if (coverage->undecodable[i])
			jsonw_u64(w, reason_name((enum reason)i), coverage->undecodable[i]);
	}
	jsonw_object_end(w);
}

static void put_sampling(const struct coverage *coverage, struct jsonw *w)
{
	jsonw_object(w, "sampling");
	if (coverage->sampling)
		jsonw_u64(w, "announced", coverage->sampling);
	else
		jsonw_null(w, "announced");
	jsonw_string(w, "source",
		     sampling_source_name((enum sampling_source)coverage->sampling_source));
	if (coverage->pool_samples) {
		jsonw_number(w, "measured", coverage_measured_sampling(coverage));
		jsonw_u64(w, "pool", coverage->sample_pool);
		jsonw_u64(w, "pool_samples", coverage->pool_samples);
	}
	jsonw_u64(w, "agent_drops", coverage->agent_drops);
	jsonw_u64(w, "unknown_records", coverage->unknown_sampling);
	jsonw_object_end(w);
}

static void put_state(const struct coverage *coverage, struct jsonw *w)
{
	if (coverage->datagrams)
		jsonw_number(w, "clock_offset_s",
			     (double)coverage->clock_offset_ns / (double)NS_PER_S);
	if (coverage->active_timeout_ms)
		jsonw_number(w, "active_timeout_s", (double)coverage->active_timeout_ms / 1000);
	if (coverage->inactive_timeout_ms)
		jsonw_number(w, "inactive_timeout_s", (double)coverage->inactive_timeout_ms / 1000);
	if (coverage->compared) {
		jsonw_object(w, "duplicates");
		jsonw_u64(w, "compared", coverage->compared);
		jsonw_u64(w, "count", coverage->duplicates);
		jsonw_number(w, "share", coverage_duplicate_share(coverage));
		if (!ip_is_zero(&coverage->twin.address))
			jsonw_ip(w, "with", &coverage->twin.address);
		jsonw_object_end(w);
	}
}

void coverage_to_json(const struct coverage *coverage, const char *name, struct jsonw *w,
		      const char *key)
{
	bool records = exporter_counts_records(coverage->key.source);

	jsonw_object(w, key);
	exporter_key_to_json(&coverage->key, &coverage->agent, name, w);
	jsonw_time(w, "begin", coverage->begin_ns);
	jsonw_u64(w, "minutes", coverage->minutes);
	jsonw_u64(w, "watched_s", coverage->seconds);
	jsonw_u64(w, "silent_minutes", coverage->silent);
	jsonw_number(w, "coverage", coverage_share(coverage));
	jsonw_u64(w, "datagrams", coverage->datagrams);
	jsonw_u64(w, "records", coverage->records);
	jsonw_u64(w, "options", coverage->options);
	jsonw_string(w, "unit", records ? "records" : "datagrams");
	jsonw_u64(w, "expected", coverage->units + coverage->lost);
	jsonw_u64(w, "received", coverage->units);
	jsonw_u64(w, "lost", coverage->lost);
	jsonw_number(w, "lost_share", coverage_lost_share(coverage));
	jsonw_u64(w, "repeated", coverage->repeated);
	jsonw_u64(w, "kernel_dropped", coverage->kernel_drops);
	put_undecodable(coverage, w);
	jsonw_u64(w, "held", coverage->held);
	jsonw_u64(w, "templates", coverage->templates);
	jsonw_u64(w, "restarts", coverage->restarts);
	put_sampling(coverage, w);
	put_state(coverage, w);
	jsonw_object_end(w);
}

static void add_extras(const struct coverage *coverage, struct text *out)
{
	uint64_t undecoded = coverage_undecoded(coverage);

	if (coverage->repeated)
		text_addf(out, ", %" PRIu64 " repeated", coverage->repeated);
	if (coverage->kernel_drops)
		text_addf(out, ", at least %" PRIu64 " dropped by the kernel",
			  coverage->kernel_drops);
	if (undecoded)
		text_addf(out, ", %" PRIu64 " undecoded", undecoded);
	if (coverage->restarts)
		text_addf(out, ", began again");
	if (coverage->sampling)
		text_addf(out, ", sampling 1:%" PRIu32, coverage->sampling);
	if (coverage->pool_samples)
		text_addf(out, " (measured 1:%.0f)", coverage_measured_sampling(coverage));
	if (coverage->duplicates)
		text_addf(out, ", %.0f%% seen elsewhere too",
			  coverage_duplicate_share(coverage) * 100);
}

void coverage_to_text(const struct coverage *coverage, const char *name, struct text *out)
{
	const char *unit = exporter_counts_records(coverage->key.source) ? "records" : "datagrams";
	char address[IP_TEXT_MAX];
	char time[TIME_TEXT_MAX];

	time_format(coverage->begin_ns, time);
	text_addf(out, "%.10s %.5s UTC  coverage  %s", time, time + 11,
		  ip_format(&coverage->key.address, address));
	if (name)
		text_addf(out, " (%s)", name);
	if (coverage->silent) {
		text_add(out, ": silent\n");
		return;
	}
	text_addf(out, ": %" PRIu64 " %s, %" PRIu64 " lost (%.1f%%)", coverage->units, unit,
		  coverage->lost, coverage_lost_share(coverage) * 100);
	add_extras(coverage, out);
	text_add(out, "\n");
}
