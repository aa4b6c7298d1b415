/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge: two readings of an exporter's counters in, faults out.
 *
 * Limits at which a fault begins lie apart from those at which it ends, and the
 * end takes several good looks in a row, so that nothing flaps. Control thread.
 */
#include "archive/entry.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/parse.h"
#include "model/flow.h"

/* Bad minutes end a fault's good ones; so many good ones in a row end the fault. */
#define GOOD_MINUTES     2
/* A state that is looked at every second and has no noise in it. */
#define GOOD_SECONDS     60
/* Less than this lost is chance, and no reason to wake anybody. */
#define LOST_LEAST       2
/* Of a minute's datagrams, so many that had come before are more than a network's whim. */
#define REPEATED_BAD     0.01
#define REPEATED_LEAST   3
/* Announced and measured rate may differ by so much. */
#define RATE_TOLERANCE   0.3
/* Samples behind a measured rate: with fewer, chance alone is more than the tolerance. */
#define RATE_SAMPLES_MIN 100
#define COUNTED_MIN      400
/* Of what an exporter sent, so much may be of a kind that nobody can decode. */
#define UNDECODED_BAD    0.05
#define UNDECODED_GOOD   0.025
/* A clock that moves by so much between two minutes was set, or is no clock. */
#define CLOCK_JUMP_NS    (10 * (int64_t)NS_PER_S)
#define RESTART_EVERY_NS (300 * NS_PER_S)
/* Reports of the same traffic: when it is worth a word, and when it is over. */
#define TWIN_BAD         0.2
#define TWIN_GOOD        0.1
#define TWIN_COMPARED    64
#define TWIN_MINUTES     30

/* Longest silences that are still ordinary. */
#define SILENCE_LEAST_NS (60 * NS_PER_S)
#define SILENCE_MOST_NS  (900 * NS_PER_S)
/* Forgotten after a day of silence, unless the operator named it. */
#define FORGOTTEN_NS     (86400 * NS_PER_S)

static uint64_t growth(uint64_t before, uint64_t after)
{
	return after > before ? after - before : 0;
}

bool entry_should_send(const struct ledger_entry *entry, uint64_t now_ns)
{
	const struct exporter_stats *stats = &entry->latest;
	bool regular = stats->datagrams >= 3 && stats->records + stats->options > 0 &&
		       stats->last_ns >= stats->first_ns + SILENCE_LEAST_NS &&
		       now_ns < stats->last_ns + FORGOTTEN_NS;

	return stats->key.source < FLOW_PACKET && (entry->listed || regular);
}

static uint64_t silence_limit(const struct ledger_entry *entry)
{
	uint64_t limit_ns = 4 * entry->gap_ns;

	if (limit_ns < SILENCE_LEAST_NS)
		return SILENCE_LEAST_NS;
	return limit_ns < SILENCE_MOST_NS ? limit_ns : SILENCE_MOST_NS;
}

bool entry_is_silent(const struct ledger_entry *entry, uint64_t now_ns)
{
	return entry_should_send(entry, now_ns) &&
	       now_ns > entry->latest.last_ns + silence_limit(entry);
}

struct fault entry_fault(const struct ledger_entry *entry, enum fault_kind kind)
{
	struct fault fault = {
		.kind = kind,
		.severity = SEVERITY_WARNING,
		.key = entry->latest.key,
		.agent = entry->latest.agent,
	};

	if (entry->listed && entry->listed->name)
		snprintf(fault.name, sizeof(fault.name), "%s", entry->listed->name);
	return fault;
}

__attribute__((format(printf, 2, 3))) static void say(struct fault *fault, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
}

static void advise(struct fault *fault, const char *advice)
{
	snprintf(fault->advice, sizeof(fault->advice), "%s", advice);
}

static void bad(const struct judge *judge, struct ledger_entry *entry, const struct fault *fault)
{
	faults_bad(judge->faults, &entry->slots[fault->kind], fault, entry->listed);
}

static void good(const struct judge *judge, struct ledger_entry *entry, enum fault_kind kind,
		 unsigned looks, const char *words)
{
	faults_good(judge->faults, &entry->slots[kind], looks, words);
}

static void judge_silence(const struct judge *judge, struct ledger_entry *entry)
{
	uint64_t silent_s = growth(entry->latest.last_ns, judge->now_ns) / NS_PER_S;
	struct fault fault = entry_fault(entry, FAULT_SILENT);
	char words[32];

	if (!entry_is_silent(entry, judge->now_ns)) {
		good(judge, entry, FAULT_SILENT, 1,
		     entry_should_send(entry, judge->now_ns)
			     ? "it sends again"
			     : "forgotten after a day of silence; list it under `exporters` to be"
			       " told for as long as it lasts");
		return;
	}
	fault.since_ns = entry->latest.last_ns;
	fault.numbers[0] = (struct fault_number){ "silent_s", (double)silent_s };
	say(&fault, "it has sent nothing for %s",
	    quantity_format(silent_s * NS_PER_S, QUANTITY_DURATION, words));
	advise(&fault, "see whether it is up, exports to this address and port, and is not filtered"
		       " on the way");
	bad(judge, entry, &fault);
}

/* The announced rate grew so suddenly that ingest goes on with the one before. */
static void judge_doubt(const struct judge *judge, struct ledger_entry *entry)
{
	const struct exporter_stats *now = &entry->latest;
	struct fault fault = entry_fault(entry, FAULT_SAMPLING);

	fault.severity = SEVERITY_CRITICAL;
	fault.numbers[0] = (struct fault_number){ "announced", now->sampling_announced };
	fault.numbers[1] = (struct fault_number){ "used", now->sampling };
	fault.numbers[2] = (struct fault_number){ "doubted_records", (double)now->doubted_records };
	say(&fault,
	    "its announced sampling rate jumped to 1:%" PRIu32
	    "%s; Weir goes on counting with 1:%" PRIu32,
	    now->sampling_announced, now->rate_refused ? ", against what its own counters say" : "",
	    now->sampling);
	advise(&fault, "look at the exporter's sampling; if the new rate is right, set `sampling`"
		       " for it under `exporters`");
	bad(judge, entry, &fault);
}

static void note_rate(const struct judge *judge, struct ledger_entry *entry)
{
	struct fault fault = entry_fault(entry, FAULT_SAMPLING);
	uint32_t before = entry->judged.sampling;

	fault.severity = SEVERITY_INFO;
	fault.numbers[0] = (struct fault_number){ "announced", entry->latest.sampling_announced };
	fault.numbers[1] = (struct fault_number){ "before", before };
	say(&fault, "its announced sampling rate changed from 1:%" PRIu32 " to 1:%" PRIu32, before,
	    entry->latest.sampling);
	faults_note(judge->faults, &fault, entry->listed);
}

static void judge_rate(const struct judge *judge, struct ledger_entry *entry)
{
	if (entry->latest.rate_doubts) {
		judge_doubt(judge, entry);
		return;
	}
	/* What a minute's measure found is for the minute to take back. */
	const struct fault *open = faults_of(judge->faults, &entry->slots[FAULT_SAMPLING]);
	if (open && open->severity == SEVERITY_CRITICAL)
		good(judge, entry, FAULT_SAMPLING, 5, "its sampling rate is no longer in doubt");
	if (entry->latest.rate_changes > entry->judged.rate_changes &&
	    entry->latest.sampling != entry->judged.sampling && entry->judged.sampling)
		note_rate(judge, entry);
}

static void judge_clock(const struct judge *judge, struct ledger_entry *entry)
{
	double offset_s = (double)entry->latest.clock_offset_ns / (double)NS_PER_S;
	struct fault fault = entry_fault(entry, FAULT_CLOCK);

	if (!entry->latest.clock_wrong) {
		good(judge, entry, FAULT_CLOCK, GOOD_SECONDS, "its clock is right again");
		return;
	}
	fault.numbers[0] = (struct fault_number){ "offset_s", offset_s };
	say(&fault, "its clock is %.0f s %s", fabs(offset_s),
	    offset_s > 0 ? "behind ours" : "ahead of ours");
	advise(&fault, "let both machines take their time by NTP; Weir corrects the times of its"
		       " flows meanwhile");
	bad(judge, entry, &fault);
}

static void note_clock_step(const struct judge *judge, struct ledger_entry *entry)
{
	struct fault fault = entry_fault(entry, FAULT_CLOCK);
	int64_t before_ns = entry->judged.clock_offset_ns;
	int64_t after_ns = entry->latest.clock_offset_ns;
	int64_t step_ns = after_ns - before_ns;

	if (entry->latest.clock_steps == entry->judged.clock_steps && step_ns > -CLOCK_JUMP_NS &&
	    step_ns < CLOCK_JUMP_NS)
		return;
	if (entry->judged.datagrams < 2)
		return;
	fault.severity = SEVERITY_INFO;
	fault.numbers[0] = (struct fault_number){ "step_s", -(double)step_ns / (double)NS_PER_S };
	say(&fault, "its clock was set %s by %.0f s", step_ns > 0 ? "back" : "forward",
	    fabs((double)step_ns / (double)NS_PER_S));
	faults_note(judge->faults, &fault, entry->listed);
}

static void note_restart(const struct judge *judge, struct ledger_entry *entry)
{
	struct fault fault = entry_fault(entry, FAULT_RESTART);

	if (entry->latest.restarts <= entry->judged.restarts ||
	    (entry->restart_told_ns && judge->now_ns < entry->restart_told_ns + RESTART_EVERY_NS))
		return;
	entry->restart_told_ns = judge->now_ns;
	fault.severity = SEVERITY_INFO;
	fault.numbers[0] = (struct fault_number){ "restarts", (double)entry->latest.restarts };
	say(&fault, "it began again: its sequence or uptime did; this is no loss");
	faults_note(judge->faults, &fault, entry->listed);
}

struct judged judged_of(const struct exporter_stats *stats)
{
	return (struct judged){ .datagrams = stats->datagrams,
				.restarts = stats->restarts,
				.rate_changes = stats->rate_changes,
				.clock_steps = stats->clock_steps,
				.clock_offset_ns = stats->clock_offset_ns,
				.sampling = stats->sampling };
}

/* A sender that gave nothing may be forged by anybody: only the operator's list speaks for it. */
static bool has_given(const struct exporter_stats *stats)
{
	return stats->records || stats->options || stats->counter_samples || stats->discard_samples;
}

void judge_second(const struct judge *judge, struct ledger_entry *entry)
{
	bool given = has_given(&entry->latest);

	if (given || entry->listed)
		judge_silence(judge, entry);
	if (given) {
		judge_rate(judge, entry);
		judge_clock(judge, entry);
		note_clock_step(judge, entry);
		note_restart(judge, entry);
	}
	entry->judged = judged_of(&entry->latest);
}

static void judge_loss(const struct judge *judge, struct ledger_entry *entry)
{
	const struct coverage *last = &entry->last;
	const char *unit = exporter_counts_records(last->key.source) ? "records" : "datagrams";
	double limit = judge->config->loss_percent / 100.0;
	double share = coverage_lost_share(last);
	bool here = coverage_is_lost_here(last);
	struct fault fault = entry_fault(entry, FAULT_LOSS);

	if (last->lost < LOST_LEAST || share <= limit) {
		/* A minute without anything is no sign that the path works again. */
		if (last->datagrams && share <= limit / 2)
			good(judge, entry, FAULT_LOSS, GOOD_MINUTES, "what it sends arrives again");
		return;
	}
	fault.since_ns = last->begin_ns;
	fault.numbers[0] = (struct fault_number){ "share", share };
	fault.numbers[1] = (struct fault_number){ "lost", (double)last->lost };
	fault.numbers[2] = (struct fault_number){ "expected", (double)(last->lost + last->units) };
	fault.numbers[3] = (struct fault_number){ "limit", limit };
	if (here)
		fault.numbers[4] =
			(struct fault_number){ "kernel_dropped", (double)last->kernel_drops };
	say(&fault,
	    "%.1f%% of the %s that it numbered did not arrive (%" PRIu64 " of %" PRIu64
	    " in a minute)",
	    share * 100, unit, last->lost, last->lost + last->units);
	advise(&fault, here ? "socket buffers were full here: raise `ingest.receive_buffer`, "
			      "sysctl net.core.rmem_max and `ingest.threads`"
			    : "look at the path from it to here, and at its own export queue: "
			      "all its rates are too low");
	bad(judge, entry, &fault);
}

static void judge_repeated(const struct judge *judge, struct ledger_entry *entry)
{
	const struct coverage *last = &entry->last;
	double share = coverage_repeated_share(last);
	struct fault fault = entry_fault(entry, FAULT_REPEATED);

	if (last->repeated < REPEATED_LEAST || share <= REPEATED_BAD) {
		if (last->datagrams && share <= REPEATED_BAD / 2)
			good(judge, entry, FAULT_REPEATED, GOOD_MINUTES,
			     "what it sends arrives once again");
		return;
	}
	fault.since_ns = last->begin_ns;
	fault.numbers[0] = (struct fault_number){ "share", share };
	fault.numbers[1] = (struct fault_number){ "repeated", (double)last->repeated };
	fault.numbers[2] = (struct fault_number){ "datagrams", (double)last->datagrams };
	say(&fault,
	    "its datagrams arrive twice: %.1f%% had come before (%" PRIu64 " of %" PRIu64
	    " in a minute)",
	    share * 100, last->repeated, last->datagrams);
	advise(&fault, "look for what copies them on the way (a mirror, a replicator, two export"
		       " targets that lead here): each should come once");
	bad(judge, entry, &fault);
}

static double off_by(double measured, double announced)
{
	return announced > 0 ? measured / announced - 1 : 0;
}

/* Counter samples tell of one way or of both: only far from all of them is it wrong. */
static double off_counters(const struct exporter_stats *before, const struct exporter_stats *now)
{
	double in = (double)growth(before->counted_in, now->counted_in);
	double out = (double)growth(before->counted_out, now->counted_out);
	double estimate = (double)growth(before->counted_estimate, now->counted_estimate);
	const double counted[] = { in, out, in + out };
	double nearest = 0;
	bool any = false;

	if (!now->sampling || estimate / now->sampling < COUNTED_MIN)
		return 0;
	for (unsigned i = 0; i < 3; i++) {
		double off = off_by(counted[i], estimate);
		if (counted[i] > 0 && (!any || fabs(off) < fabs(nearest))) {
			nearest = off;
			any = true;
		}
	}
	return nearest;
}

static void judge_measure(const struct judge *judge, struct ledger_entry *entry)
{
	const struct coverage *last = &entry->last;
	uint64_t packets = growth(entry->base.packets, entry->latest.packets);
	uint64_t scaled = growth(entry->base.packets_scaled, entry->latest.packets_scaled);
	double announced = packets ? (double)scaled / (double)packets : 0;
	struct fault fault = entry_fault(entry, FAULT_SAMPLING);
	double off = 0;

	if (last->pool_samples >= RATE_SAMPLES_MIN)
		off = off_by(coverage_measured_sampling(last), announced);
	if (fabs(off) <= RATE_TOLERANCE)
		off = off_counters(&entry->base, &entry->latest);
	if (entry->latest.rate_doubts)
		return;
	if (fabs(off) <= RATE_TOLERANCE) {
		if (last->datagrams)
			good(judge, entry, FAULT_SAMPLING, GOOD_MINUTES,
			     "its announced sampling rate agrees with what is measured again");
		return;
	}
	fault.since_ns = last->begin_ns;
	fault.numbers[0] = (struct fault_number){ "announced", announced };
	fault.numbers[1] = (struct fault_number){ "measured", announced * (1 + off) };
	say(&fault,
	    "it announces a sampling rate of 1:%.0f, and its own counters say 1:%.0f: its rates"
	    " are %s",
	    announced, announced * (1 + off), off > 0 ? "too low" : "too high");
	advise(&fault, "believe none of its numbers until this is mended; set `sampling` for it"
		       " under `exporters` if the exporter cannot be");
	bad(judge, entry, &fault);
}

static void judge_templates(const struct judge *judge, struct ledger_entry *entry)
{
	const uint64_t *undecodable = entry->last.undecodable;
	uint64_t given_up = undecodable[REASON_NO_TEMPLATE];
	uint64_t refused = undecodable[REASON_TEMPLATE_BAD] + undecodable[REASON_TEMPLATE_FULL];
	bool waits =
		entry->last.held && !growth(entry->base.held_decoded, entry->latest.held_decoded);
	struct fault fault = entry_fault(entry, FAULT_TEMPLATES);

	if (!given_up && !refused && !waits) {
		if (entry->last.datagrams)
			good(judge, entry, FAULT_TEMPLATES, GOOD_MINUTES,
			     "its templates have come");
		return;
	}
	fault.since_ns = entry->last.begin_ns;
	fault.numbers[0] = (struct fault_number){ "given_up", (double)given_up };
	fault.numbers[1] = (struct fault_number){ "waiting", (double)entry->last.held };
	fault.numbers[2] = (struct fault_number){ "refused", (double)refused };
	if (refused) {
		say(&fault, "%" PRIu64 " of its templates found no room or cannot be used",
		    refused);
		advise(&fault, "see which under `undecodable`: raise limits.templates, or look at"
			       " what it is set to send");
	} else {
		say(&fault,
		    "data came without their template: %" PRIu64 " sets wait, %" PRIu64
		    " were given up",
		    entry->last.held, given_up);
		advise(&fault, "let it send templates every minute (template refresh rate)");
	}
	bad(judge, entry, &fault);
}

/* Templates have a fault of their own; a packet that is not IP is no fault of anybody. */
static uint64_t undecoded(const struct coverage *last)
{
	return coverage_undecoded(last) - last->undecodable[REASON_NO_TEMPLATE] -
	       last->undecodable[REASON_TEMPLATE_BAD] - last->undecodable[REASON_TEMPLATE_FULL] -
	       last->undecodable[REASON_NOT_IP];
}

static enum reason commonest(const struct coverage *last)
{
	enum reason most = REASON_NO_DECODER;

	for (unsigned r = 0; r < REASON_COUNT_OF; r++) {
		if (r != REASON_NOT_IP && r != REASON_NO_TEMPLATE &&
		    last->undecodable[r] > last->undecodable[most])
			most = (enum reason)r;
	}
	return most;
}

static void judge_undecodable(const struct judge *judge, struct ledger_entry *entry)
{
	const struct coverage *last = &entry->last;
	uint64_t count = undecoded(last);
	uint64_t all = count + last->records + last->options;
	double share = all ? (double)count / (double)all : 0;
	struct fault fault = entry_fault(entry, FAULT_UNDECODABLE);

	if (share <= UNDECODED_BAD) {
		if (last->datagrams && share <= UNDECODED_GOOD)
			good(judge, entry, FAULT_UNDECODABLE, GOOD_MINUTES,
			     "what it sends can be decoded again");
		return;
	}
	fault.since_ns = last->begin_ns;
	fault.numbers[0] = (struct fault_number){ "share", share };
	fault.numbers[1] = (struct fault_number){ "undecodable", (double)count };
	say(&fault, "%.0f%% of what it sends cannot be decoded (mostly: %s)", share * 100,
	    reason_name(commonest(last)));
	advise(&fault, "look at its export version and format; `weir decode` shows what a capture"
		       " of it holds");
	bad(judge, entry, &fault);
}

static bool is_disjoint(const struct config_exporter *listed)
{
	return listed && listed->disjoint;
}

/* What is declared disjoint is added up, and then the same packet counts twice. */
static void describe_twin(const struct judge *judge, const struct ledger_entry *entry,
			  const char *twin, struct fault *fault)
{
	double percent = coverage_duplicate_share(&entry->last) * 100;

	if (is_disjoint(entry->listed)) {
		say(fault,
		    "declared disjoint and is not: %.0f%% of its traffic is reported by %s too,"
		    " and counts twice",
		    percent, twin);
		advise(fault, "remove `disjoint` from it under `exporters`");
	} else if (is_disjoint(config_exporter_of(judge->config, &entry->last.twin.address))) {
		say(fault,
		    "%.0f%% of its traffic is reported by %s too, which is declared disjoint and is"
		    " not: it counts twice",
		    percent, twin);
		advise(fault, "remove `disjoint` from that one under `exporters`");
	} else {
		fault->severity = SEVERITY_INFO;
		say(fault, "%.0f%% of its traffic is reported by %s too", percent, twin);
		advise(fault,
		       "nothing: Weir takes the larger of the two, never the sum; declare"
		       " `disjoint: true` only for exporters that never see the same packet");
	}
}

static void judge_twin(const struct judge *judge, struct ledger_entry *entry)
{
	const struct coverage *last = &entry->last;
	double share = coverage_duplicate_share(last);
	struct fault fault = entry_fault(entry, FAULT_DUPLICATES);
	char address[IP_TEXT_MAX];

	if (last->compared < TWIN_COMPARED || share < TWIN_BAD) {
		if (last->compared >= TWIN_COMPARED && share < TWIN_GOOD)
			good(judge, entry, FAULT_DUPLICATES, TWIN_MINUTES,
			     "no other exporter reports the same traffic any more");
		return;
	}
	fault.since_ns = last->begin_ns;
	fault.numbers[0] = (struct fault_number){ "share", share };
	ip_format(&last->twin.address, address);
	describe_twin(judge, entry, address, &fault);
	bad(judge, entry, &fault);
}

void judge_minute(const struct judge *judge, struct ledger_entry *entry)
{
	bool given = has_given(&entry->latest);

	if (given) {
		judge_loss(judge, entry);
		judge_repeated(judge, entry);
		judge_measure(judge, entry);
		judge_twin(judge, entry);
	}
	if (given || entry->listed) {
		judge_templates(judge, entry);
		judge_undecodable(judge, entry);
	}
}

void judge_end(const struct judge *judge, struct ledger_entry *entry, const char *words)
{
	for (unsigned kind = 0; kind < FAULT_KIND_COUNT; kind++)
		good(judge, entry, (enum fault_kind)kind, 1, words);
}
