/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge: listed watches in, findings out; at the end of each tick.
 *
 * A watch is compared over the window that ends now and, if it has trails, over
 * all windows that can still grow: the worse of the two speaks.
 */
#include "detect/threshold/threshold.h"

#include <stdlib.h>

#include "detect/threshold/say.h"
#include "detect/vector.h"

/* Traffic this many times above its limit is critical. */
#define CRITICAL_TIMES 10

/* What is to be said of a watch, and what it rests on. */
struct statement {
	struct verdict verdict;
	bool past; /* it is about a window of the trails */
	struct sums sums;
};

/* How many of the last seconds can still grow: as many as any of its vantages needs. */
static uint64_t horizon_of(const struct threshold *t, const struct watch *watch)
{
	uint64_t horizon_s = 0;

	for (unsigned i = 0; i < watch->view_count; i++) {
		uint64_t s = horizons_of(&t->horizons, watch->views[i].vantage, watch->second);
		if (s > horizon_s)
			horizon_s = s;
	}
	return horizon_s;
}

/* Look through the trails when that could say something new. */
static void look_back(struct threshold *t, struct watch *watch)
{
	bool due = watch->peak + watch->since >= 1;

	/* What is open must be looked at whenever a window may have become final. */
	if (watch->open)
		due = watch->second != watch->scanned_s ||
		      (watch->since > 0 && !watch->excess.said);
	if (!watch->past || !due)
		return;
	scan_fill(&t->limits, &t->watches, watch, horizon_of(t, watch), &t->scan);
	watch->scanned_s = watch->second;
	watch->peak = scan_load(&t->scan);
	watch->since = 0;
	watch->excess.said = false;
	if (watch->peak >= 1 || watch->open)
		scan_excess(&t->scan, watch->held, &watch->excess);
}

/* Return: there is something to say. */
static bool weigh(const struct threshold *t, const struct watch *watch, const struct sums *now,
		  struct statement *ret_statement)
{
	const struct sums_evidence evidence = limits_evidence(now);
	const struct subject subject = { &watch->host, (enum direction)watch->direction,
					 watch->held };
	const struct verdict *past = &watch->excess.verdict;
	struct statement *st = ret_statement;
	bool said = limits_judge(&t->limits, &subject, &evidence.evidence, &st->verdict);

	st->past = watch->excess.said && (!said || limits_worse(past, &st->verdict));
	st->sums = st->past ? watch->excess.sums : *now;
	if (!watch->excess.said)
		return said;
	uint64_t rules = (said ? st->verdict.rules : 0) | past->rules;
	if (st->past)
		st->verdict = *past;
	st->verdict.rules = rules;
	return true;
}

/* End of the first tick of the run of bins, up to now, that each exceed their part of the limit. */
static uint64_t onset_of(const struct threshold *t, const struct watch *watch,
			 const struct measure *measure)
{
	uint64_t onset_ns = 0;

	for (unsigned age = 0; age < WINDOW_BINS; age++) {
		struct sums sums;
		struct peak peaks[2];
		lane_bin_sums(&t->watches, watch, age, &sums);
		const struct sums_evidence evidence = limits_evidence(&sums);
		evidence.evidence.peaks(&evidence.evidence, measure->threshold->classes,
					measure->metric, 0, peaks);
		/* As if all bins were like this one. */
		bool exceeds = limits_rate(&t->limits, measure->metric,
					   peaks[PEAK_MOST].amount * WINDOW_BINS) > measure->limit;
		if (exceeds)
			onset_ns = watch->first_ns[(watch->bin - age) % WINDOW_BINS];
		else if (onset_ns)
			break;
	}
	return onset_ns;
}

static void close_watch(const struct threshold *t, struct watch *watch)
{
	uint64_t horizon_s = horizon_of(t, watch);

	watch->open = false;
	watch->held = 0;
	/* Should what is reported go further back one day: this has been told of. */
	if (watch->past && watch->second > horizon_s)
		watch->told_s = watch->second - horizon_s;
}

/* Bring a watch up to now. Return: there is something to say. */
static bool judge(struct threshold *t, struct watch *watch, uint64_t now_ns)
{
	struct sums now;
	struct statement statement;

	if (!watch->used)
		return false;
	watches_slide(&t->watches, watch, now_ns);
	look_back(t, watch);
	lane_sums(&t->watches, watch, &now);
	if (!watch->open && !watch->excess.said &&
	    limits_sums_load(&t->limits, (enum direction)watch->direction, &now) < 1)
		return false;
	if (!weigh(t, watch, &now, &statement)) {
		if (watch->open)
			close_watch(t, watch);
		return false;
	}
	if (!watch->open)
		watch->onset_ns = statement.past ? watch->excess.onset_ns
						 : onset_of(t, watch, &statement.verdict.worst);
	watch->fresh = !watch->open;
	watch->open = true;
	watch->held |= statement.verdict.rules;
	return true;
}

static enum severity severity_of(const struct measure *measure)
{
	bool far = measure->value > (unsigned __int128)measure->limit * CRITICAL_TIMES;

	/* Info was asked for as something that never acts. */
	if (measure->threshold->severity == SEVERITY_INFO || !far)
		return measure->threshold->severity;
	return SEVERITY_CRITICAL;
}

static uint64_t distinct_of(const struct watch_detail *detail)
{
	uint64_t now = tally_detail_distinct(&detail->detail);

	return now > detail->distinct_before ? now : detail->distinct_before;
}

/* The numbers of the whole host, and what its traffic is made of. */
static void describe(const struct threshold *t, const struct statement *statement,
		     struct finding *finding)
{
	const struct verdict *verdict = &statement->verdict;
	struct tally_count by_class[CLASS_COUNT];
	struct tally_count total = { 0 };

	for (unsigned c = 0; c < CLASS_COUNT; c++) {
		by_class[c] = statement->sums.by_class[c].count;
		tally_count_add(&total, &by_class[c]);
	}
	finding->pps = limits_rate(&t->limits, METRIC_PPS, total.packets);
	finding->bps = limits_rate(&t->limits, METRIC_BPS, total.bytes);
	finding->vector_count =
		vector_shares(by_class, verdict->classes, verdict->worst.metric == METRIC_BPS,
			      finding->detail, finding->vectors);
}

static void emit(const struct threshold *t, const struct watch *watch, uint64_t now_ns,
		 const struct finding_sink *sink)
{
	const struct watch_detail *detail = watches_detail(&t->watches, watch);
	struct sums now;
	struct statement statement;

	lane_sums(&t->watches, watch, &now);
	if (!weigh(t, watch, &now, &statement))
		return;
	const struct verdict *verdict = &statement.verdict;
	struct finding finding = {
		.host = watch->host,
		.len = 128,
		.kind = watch->direction == DIRECTION_OUTBOUND ? KIND_OUTBOUND_FLOOD : KIND_FLOOD,
		.direction = watch->direction,
		.metric = (uint8_t)verdict->worst.metric,
		.severity = (uint8_t)severity_of(&verdict->worst),
		.first = watch->fresh,
		.above = verdict->above,
		.limit = verdict->worst.limit,
		.value = verdict->worst.value,
		.sampled = verdict->worst.sampled,
		.now_ns = now_ns,
		.onset_ns = watch->onset_ns,
		.distinct = detail ? distinct_of(detail) : 0,
		.detail = detail ? &detail->detail : NULL,
	};
	unsigned vantages = statement.past ? watch->excess.vantages
					   : lane_vantages(&t->watches, watch, verdict->classes);
	describe(t, &statement, &finding);
	say_why(&finding, verdict, vantages, t->limits.window_ns, finding.why);
	sink->finding(sink->self, &finding);
}

static int watch_compare(const void *a, const void *b)
{
	const struct watch *left = *(struct watch *const *)a;
	const struct watch *right = *(struct watch *const *)b;

	if (left->direction != right->direction)
		return left->direction < right->direction ? -1 : 1;
	return ip_compare(&left->host, &right->host);
}

void judge_all(struct threshold *threshold, uint64_t now_ns, const struct finding_sink *sink)
{
	struct threshold *t = threshold;
	size_t kept = 0;

	for (size_t i = 0; i < t->listed_count; i++) {
		struct watch *watch = t->listed[i];
		watch->listed = judge(t, watch, now_ns);
		if (watch->listed)
			t->listed[kept++] = watch;
	}
	/* What is open now stays listed for the next tick. */
	t->listed_count = kept;
	if (kept)
		qsort(t->listed, kept, sizeof(struct watch *), watch_compare);
	for (size_t i = 0; i < kept; i++)
		emit(t, t->listed[i], now_ns, sink);
}
