/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter_sequence: sequence numbers in; what was expected of an exporter and
 * what came, gaps, late datagrams, restarts out. What came twice never gets here
 * (ingest/exporter_repeat.c).
 *
 * The numbers count what the protocol says (NetFlow v5: Cisco's format, flows;
 * RFC 3954, 5.1: datagrams; RFC 7011, 3.1: data records; sFlow v5: datagrams),
 * or what the exporter shows to count instead. A step forward is a loss as far
 * as the exporter's own rate makes it plausible. The latest gaps are kept: what
 * comes late falls into one of them, what came before does not. Numbers from
 * nowhere are a series of their own once a second datagram goes on with it: the
 * exporter began again. Owned by one ingest thread.
 */
#include <string.h>

#include "base/clock.h"
#include "ingest/state.h"

/* Datagrams lost at one stroke that are plausible at any rate. */
#define BURST_DATAGRAMS 1024U
/* And so many times what the exporter sends in the time that passed. */
#define RATE_MARGIN     4
/* No datagram holds more of anything. */
#define UNITS_MAX       65535U
/* SysUptime back, and the start of the exporter by so much later: it began again. */
#define BOOT_MOVED_MS   5000
/* Steps in a row that only another rule explains before that is believed. */
#define OTHER_SURE      4
#define STEP_MAX        INT32_MAX

/* A datagram's mark in the unit that its exporter counts. */
struct step {
	const struct sequence_mark *mark;
	uint32_t first; /* number of its first unit */
	uint32_t units; /* it holds */
	bool unsure;    /* it holds more, but nobody knows how many */
};

static void get_counts(const struct sequence_mark *mark, uint32_t ret_counts[SEQUENCE_UNITS])
{
	ret_counts[SEQUENCE_DATAGRAMS] = 1;
	ret_counts[SEQUENCE_RECORDS] = mark->records < UNITS_MAX ? mark->records : UNITS_MAX;
	ret_counts[SEQUENCE_FLOWS] = mark->flows < UNITS_MAX ? mark->flows : UNITS_MAX;
}

static struct step step_of(const struct exporter_series *series, const struct sequence_mark *mark)
{
	enum sequence_unit unit = series->rule % SEQUENCE_UNITS;
	bool itself = series->rule >= SEQUENCE_UNITS;
	uint32_t counts[SEQUENCE_UNITS];

	get_counts(mark, counts);
	return (struct step){
		.mark = mark,
		.first = mark->sequence - (itself ? counts[unit] : 0),
		.units = counts[unit],
		.unsure = unit != SEQUENCE_DATAGRAMS && mark->unread,
	};
}

static void count(struct exporter *exporter, uint64_t expected, uint64_t received)
{
	struct exporter_stats *stats = &exporter->stats;

	stats->expected += expected;
	stats->received += received;
	stats->lost = stats->expected - stats->received;
}

/* The rate is that of the busiest second of late: a gap may lie in such a one. */
static void note_rate(struct exporter_series *series, uint32_t units, uint64_t now_ns)
{
	series->span_units += units;
	if (now_ns < series->span_ns)
		series->span_ns = now_ns;
	if (now_ns - series->span_ns < NS_PER_S)
		return;
	double rate = (double)series->span_units * NS_PER_S / (double)(now_ns - series->span_ns);
	series->rate -= series->rate / 8;
	if (rate > series->rate)
		series->rate = rate;
	series->span_units = 0;
	series->span_ns = now_ns;
}

static void go_on(struct exporter_series *series, const struct step *step)
{
	const struct sequence_mark *mark = step->mark;

	note_rate(series, step->units, mark->received_ns);
	series->next = step->first + step->units;
	series->stamp_ms = mark->stamp_ms;
	series->last_ns = mark->received_ns;
	series->unsure = step->unsure;
	series->stray = false;
	if (step->units > series->units_max)
		series->units_max = step->units;
}

static void begin(struct exporter *exporter, const struct step *step)
{
	struct exporter_series *series = &exporter->series;

	memset(series->gaps, 0, sizeof(series->gaps));
	series->known = true;
	exporter->recent.newest = step->mark->sequence;
	series->rate = 0;
	series->span_units = 0;
	series->span_ns = step->mark->received_ns;
	series->units_max = 1;
	count(exporter, step->units, step->units);
	go_on(series, step);
}

static void begin_again(struct exporter *exporter, const struct step *step)
{
	exporter->stats.restarts++;
	memset(exporter->sources, 0, sizeof(exporter->sources));
	begin(exporter, step);
}

/* The largest step that is a loss and not another series. */
static uint32_t plausible_step(const struct exporter_series *series, uint64_t now_ns)
{
	double seconds = now_ns > series->last_ns
				 ? (double)(now_ns - series->last_ns) / (double)NS_PER_S
				 : 0;
	double most = (double)BURST_DATAGRAMS * series->units_max +
		      RATE_MARGIN * series->rate * (seconds + 1);

	return most < STEP_MAX ? (uint32_t)most : STEP_MAX;
}

static bool uptime_began_again(const struct exporter_series *series,
			       const struct sequence_mark *mark)
{
	int32_t uptime_ms = (int32_t)(mark->stamp_ms - series->stamp_ms);

	if (!mark->has_uptime || uptime_ms >= 0 || mark->received_ns < series->last_ns)
		return false;
	uint64_t passed_ms = (mark->received_ns - series->last_ns) / NS_PER_MS;
	return passed_ms + (uint64_t) - (int64_t)uptime_ms > BOOT_MOVED_MS;
}

static void note_gap(struct exporter_series *series, uint32_t first, uint32_t end)
{
	series->gaps[series->gap_next++ % EXPORTER_GAPS] =
		(struct exporter_gap){ .first = first, .end = end };
}

/* Take the datagram's part out of a gap. Return: false when it lies in none. */
static bool fill_gap(struct exporter_series *series, uint32_t first, uint32_t units)
{
	uint32_t end = first + units;

	for (unsigned i = 0; i < EXPORTER_GAPS; i++) {
		struct exporter_gap *gap = &series->gaps[i];
		struct exporter_gap whole = *gap;
		uint32_t len = whole.end - whole.first;
		if (units > len || first - whole.first > len - units)
			continue;
		if (first == whole.first) {
			gap->first = end;
			return true;
		}
		gap->end = first;
		if (end != whole.end)
			note_gap(series, end, whole.end);
		return true;
	}
	return false;
}

/* Numbers from nowhere. Whatever they are, this datagram is one that came. */
static void take_stray(struct exporter *exporter, const struct step *step)
{
	struct exporter_series *series = &exporter->series;
	uint32_t ahead = step->first - series->stray_next;

	if (series->stray && ahead <= BURST_DATAGRAMS * (step->units + 1)) {
		begin_again(exporter, step);
		return;
	}
	count(exporter, step->units, step->units);
	series->stray = true;
	series->stray_next = step->first + step->units;
}

static void take_earlier(struct exporter *exporter, const struct step *step)
{
	struct exporter_series *series = &exporter->series;
	const struct sequence_mark *mark = step->mark;
	bool newer = (int32_t)(mark->stamp_ms - series->stamp_ms) > 0;

	if (step->units && fill_gap(series, step->first, step->units)) {
		count(exporter, 0, step->units);
		exporter->stats.reordered++;
	} else if (newer || series->next - step->first > BURST_DATAGRAMS * series->units_max) {
		take_stray(exporter, step);
	} else if (step->units) {
		exporter->stats.reordered++;
	}
}

static void take_step(struct exporter *exporter, const struct step *step)
{
	struct exporter_series *series = &exporter->series;
	const struct sequence_mark *mark = step->mark;
	uint32_t ahead = step->first - series->next;

	if (ahead == 0) {
		count(exporter, step->units, step->units);
		go_on(series, step);
	} else if (uptime_began_again(series, mark)) {
		begin_again(exporter, step);
	} else if (ahead > STEP_MAX) {
		take_earlier(exporter, step);
	} else if (ahead > plausible_step(series, mark->received_ns)) {
		take_stray(exporter, step);
	} else {
		/* Behind data that could not be read it may be just these. */
		uint32_t lost = series->unsure ? 0 : ahead;
		if (lost)
			note_gap(series, series->next, step->first);
		count(exporter, (uint64_t)lost + step->units, step->units);
		go_on(series, step);
	}
}

/*
 * Some exporters count datagrams for records, or records for datagrams, leave options data out,
 * or count a datagram's own records before they send it: the way from one datagram to the next
 * shows it. Return: the rule that is sure now, else the one in force.
 */
static unsigned learn_rule(struct exporter *exporter, const struct sequence_mark *mark)
{
	struct exporter_series *series = &exporter->series;
	uint32_t way = mark->sequence - series->seen_sequence;
	uint32_t counts[SEQUENCE_UNITS];
	bool fits[2 * SEQUENCE_UNITS];
	unsigned rule = series->rule;

	get_counts(mark, counts);
	for (unsigned u = 0; u < SEQUENCE_UNITS; u++) {
		fits[u] = way == series->seen_counts[u];
		fits[SEQUENCE_UNITS + u] = way == counts[u];
	}
	for (unsigned i = 0; i < 2 * SEQUENCE_UNITS && series->seen && !mark->unread; i++) {
		if (!fits[i]) {
			series->fits[i] = 0;
		} else if (!fits[series->rule] && way != 0) {
			if (series->fits[i]++ == 0)
				series->lost_before = exporter->stats.lost;
			if (series->fits[i] == OTHER_SURE)
				rule = i;
		}
	}
	series->seen = !mark->unread;
	series->seen_sequence = mark->sequence;
	memcpy(series->seen_counts, counts, sizeof(counts));
	return rule;
}

static void change_rule(struct exporter *exporter, const struct sequence_mark *mark, unsigned rule)
{
	struct exporter_series *series = &exporter->series;
	uint64_t lost = exporter->stats.lost;

	/* What seemed lost meanwhile was not. */
	if (lost > series->lost_before)
		count(exporter, 0, lost - series->lost_before);
	*series = (struct exporter_series){ .rule = (uint8_t)rule };
	struct step step = step_of(series, mark);
	begin(exporter, &step);
}

void exporter_sequence(struct exporter *exporter, const struct sequence_mark *mark)
{
	struct exporter_series *series = &exporter->series;

	if (!series->known)
		series->rule = (uint8_t)mark->unit;
	unsigned rule = learn_rule(exporter, mark);
	struct step step = step_of(series, mark);
	if (rule != series->rule)
		change_rule(exporter, mark, rule);
	else if (!series->known)
		begin(exporter, &step);
	else
		take_step(exporter, &step);
}
