/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: readings of counters in, minutes and faults out. Control thread. */
#include "archive/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "archive/entry.h"
#include "base/clock.h"
#include "model/flow.h"

/* Between two ticks; a longer pause was not watched. */
#define PAUSE_MAX_NS (5 * NS_PER_S)
/* Listed exporters that are watched for never having sent anything. */
#define ABSENT_MAX   1024
/* Time that a listed exporter has to send its first datagram. */
#define ABSENT_NS    (60 * NS_PER_S)
/* Less of a minute than this says too little to accuse anybody. */
#define JUDGED_NS    (10 * NS_PER_S)
/* Exporters whose flows are compared with each other's. */
#define COMPARED_MAX 64
/* Time without drops after which a thread keeps up again. */
#define KERNEL_GOOD  60

/* An ingest thread. */
struct thread_entries {
	struct ledger_entry *entries; /* limit of them */
	size_t count;
	uint64_t kernel_base;   /* when the minute began */
	uint64_t kernel_judged; /* a second ago */
	uint64_t kernel_latest;
	struct fault_slot kernel;
	uint64_t kernel_before; /* when the open fault began */
};

/* A listed exporter of which nothing was ever heard. */
struct absent {
	const struct config_exporter *listed;
	struct fault_slot slot;
	bool heard;
};

struct ledger {
	const struct config *config;
	struct faults *faults;
	unsigned thread_count;
	size_t limit; /* entries of a thread */
	uint64_t started_ns;
	uint64_t now_ns;     /* of the latest tick; 0: none yet */
	uint64_t judged_ns;  /* when the rules of the second ran */
	uint64_t watched_ns; /* of the minute that has begun */
	struct ledger_stats stats;
	size_t absent_count;
	struct absent absent[ABSENT_MAX];
	struct thread_entries threads[];
};

static void list_absent(struct ledger *ledger)
{
	const struct config *config = ledger->config;

	ledger->absent_count = 0;
	for (size_t i = 0; i < config->exporter_count; i++) {
		if (ledger->absent_count == ABSENT_MAX) {
			ledger->stats.turned_away += config->exporter_count - i;
			return;
		}
		ledger->absent[ledger->absent_count++] =
			(struct absent){ .listed = &config->exporters[i] };
	}
}

struct ledger *ledger_new(const struct config *config, unsigned threads)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger) + threads * sizeof(ledger->threads[0]));

	if (!ledger)
		return NULL;
	ledger->config = config;
	ledger->limit = config->max_exporters;
	ledger->faults = faults_new();
	bool ok = ledger->faults != NULL;
	for (unsigned i = 0; ok && i < threads; i++) {
		ledger->threads[i].entries = calloc(ledger->limit, sizeof(struct ledger_entry));
		ok = ledger->threads[i].entries != NULL;
		ledger->thread_count++;
	}
	if (!ok) {
		ledger_free(ledger);
		return NULL;
	}
	list_absent(ledger);
	return ledger;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	for (unsigned i = 0; i < ledger->thread_count; i++)
		free(ledger->threads[i].entries);
	faults_free(ledger->faults);
	free(ledger);
}

static struct judge judge_of(const struct ledger *ledger)
{
	return (struct judge){ .config = ledger->config,
			       .faults = ledger->faults,
			       .now_ns = ledger->now_ns };
}

static void begin_time(struct ledger *ledger, uint64_t now_ns, const struct ledger_sink *sink)
{
	const struct fault_sink faults = { .fault = sink->fault, .self = sink->self };

	faults_begin_time(ledger->faults, now_ns, &faults);
}

void ledger_reload(struct ledger *ledger, const struct config *config,
		   const struct ledger_sink *sink)
{
	begin_time(ledger, ledger->now_ns, sink);
	/* Whoever is still missing is found missing again, in the words of the new list. */
	for (size_t i = 0; i < ledger->absent_count; i++)
		faults_good(ledger->faults, &ledger->absent[i].slot, 1, "the list has changed");
	ledger->config = config;
	list_absent(ledger);
	for (unsigned t = 0; t < ledger->thread_count; t++) {
		for (size_t i = 0; i < ledger->threads[t].count; i++) {
			struct ledger_entry *entry = &ledger->threads[t].entries[i];
			entry->listed = config_exporter_of(config, &entry->latest.key.address);
		}
	}
}

static uint64_t growth(uint64_t before, uint64_t after)
{
	return after > before ? after - before : 0;
}

static void take_counts(struct coverage *row, const struct exporter_stats *before,
			const struct exporter_stats *after)
{
	uint64_t expected = growth(before->expected, after->expected);

	row->datagrams = growth(before->datagrams, after->datagrams);
	row->records = growth(before->records, after->records);
	row->options = growth(before->options, after->options);
	row->units = growth(before->received, after->received);
	/* What was late in the minute before may come in this one, and then fills no gap of it. */
	if (row->units > expected)
		row->units = expected;
	row->lost = expected - row->units;
	row->repeated = growth(before->repeated, after->repeated);
	row->restarts = (uint32_t)growth(before->restarts, after->restarts);
	for (unsigned i = 0; i < REASON_COUNT_OF; i++)
		row->undecodable[i] = growth(before->undecodable[i], after->undecodable[i]);
	row->held = growth(before->held, after->held);
	row->unknown_sampling = growth(before->unknown_sampling, after->unknown_sampling);
	row->sample_pool = growth(before->sample_pool, after->sample_pool);
	row->pool_samples = growth(before->pool_samples, after->pool_samples);
	row->agent_drops = growth(before->drops, after->drops);
}

static struct coverage row_of(const struct ledger_entry *entry)
{
	const struct exporter_stats *after = &entry->latest;
	struct coverage row = {
		.key = after->key,
		.agent = after->agent,
		.minutes = 1,
		.templates = after->templates,
		.clock_offset_ns = after->clock_offset_ns,
		.active_timeout_ms = after->active_timeout_ms,
		.inactive_timeout_ms = after->inactive_timeout_ms,
		.sampling = after->sampling_announced ? after->sampling_announced : after->sampling,
		.sampling_source = after->sampling_source,
	};

	take_counts(&row, &entry->base, after);
	row.compared = entry->compared;
	row.duplicates = entry->duplicates;
	if (row.duplicates)
		row.twin = entry->twin;
	return row;
}

static const char *name_of(const struct config_exporter *listed)
{
	return listed ? listed->name : NULL;
}

static void give_row(struct ledger *ledger, const struct coverage *row,
		     const struct config_exporter *listed, const struct ledger_sink *sink)
{
	ledger->stats.rows++;
	if (sink->row)
		sink->row(sink->self, row, name_of(listed));
}

static uint64_t records_of(const struct ledger_entry *entry)
{
	return growth(entry->base.records, entry->latest.records);
}

/* Keeps the busiest of all that it was given. */
static void keep_busy(struct ledger_entry *entry, struct ledger_entry **busiest, size_t *count)
{
	size_t least = 0;

	if (*count < COMPARED_MAX) {
		busiest[(*count)++] = entry;
		return;
	}
	for (size_t i = 1; i < COMPARED_MAX; i++) {
		if (records_of(busiest[i]) < records_of(busiest[least]))
			least = i;
	}
	if (records_of(entry) > records_of(busiest[least]))
		busiest[least] = entry;
}

/* The busiest of this minute are compared, each with each; those with few flows never. */
static size_t pick_busiest(const struct ledger *ledger, struct ledger_entry **ret_entries)
{
	size_t count = 0;

	for (unsigned t = 0; t < ledger->thread_count; t++) {
		for (size_t i = 0; i < ledger->threads[t].count; i++) {
			struct ledger_entry *entry = &ledger->threads[t].entries[i];
			if (entry->used && entry->sketch.count >= SKETCH_LEAST)
				keep_busy(entry, ret_entries, &count);
		}
	}
	return count;
}

/* What one address sends in several domains is its own business, told apart by itself. */
static bool may_be_twins(const struct ledger_entry *a, const struct ledger_entry *b)
{
	return !ip_equal(&a->latest.key.address, &b->latest.key.address) ||
	       !ip_equal(&a->latest.agent, &b->latest.agent);
}

static void find_twin(struct ledger_entry *entry, struct ledger_entry *const *others, size_t count)
{
	double most = -1;

	for (size_t i = 0; i < count; i++) {
		double share = may_be_twins(entry, others[i])
				       ? sketch_share(&entry->sketch, &others[i]->sketch)
				       : -1;
		if (share <= most)
			continue;
		most = share;
		entry->twin = others[i]->latest.key;
	}
	entry->compared = most < 0 ? 0 : entry->sketch.count;
	entry->duplicates = (uint32_t)(most * entry->compared + 0.5);
}

static void compare_flows(struct ledger *ledger)
{
	struct ledger_entry *busiest[COMPARED_MAX];
	size_t count = pick_busiest(ledger, busiest);

	for (size_t i = 0; i < count; i++)
		find_twin(busiest[i], busiest, count);
	for (unsigned t = 0; t < ledger->thread_count; t++) {
		for (size_t i = 0; i < ledger->threads[t].count; i++)
			ledger->threads[t].entries[i].sketch.count = 0;
	}
}

/* The minute that ends now: a row if there is anything to say. */
static void close_entry(struct ledger *ledger, struct thread_entries *thread,
			struct ledger_entry *entry, uint64_t begin_ns,
			const struct ledger_sink *sink)
{
	struct coverage row = row_of(entry);
	const struct judge judge = judge_of(ledger);

	row.begin_ns = begin_ns;
	row.seconds = (uint32_t)((ledger->watched_ns + NS_PER_S / 2) / NS_PER_S);
	row.kernel_drops = growth(thread->kernel_base, thread->kernel_latest);
	row.silent = row.datagrams == 0 && entry_is_silent(entry, ledger->now_ns);
	if (entry->latest.records + entry->latest.options == 0 && !entry->listed)
		ledger->stats.strangers += row.datagrams > 0;
	else if (row.datagrams || row.silent)
		give_row(ledger, &row, entry->listed, sink);
	entry->last = row;
	entry->compared = entry->duplicates = 0;
	if (ledger->watched_ns >= JUDGED_NS)
		judge_minute(&judge, entry);
	entry->base = entry->latest;
}

/* A listed exporter that never sent anything is a gap as well. */
static void close_absent(struct ledger *ledger, struct absent *absent, uint64_t begin_ns,
			 const struct ledger_sink *sink)
{
	const struct coverage row = {
		.key = { .address = absent->listed->address, .source = FLOW_SOURCE_COUNT },
		.begin_ns = begin_ns,
		.minutes = 1,
		.seconds = (uint32_t)((ledger->watched_ns + NS_PER_S / 2) / NS_PER_S),
		.silent = 1,
	};

	if (!absent->heard && ledger->now_ns > ledger->started_ns + ABSENT_NS)
		give_row(ledger, &row, absent->listed, sink);
}

static void close_minute(struct ledger *ledger, uint64_t begin_ns, const struct ledger_sink *sink)
{
	compare_flows(ledger);
	for (unsigned t = 0; t < ledger->thread_count; t++) {
		struct thread_entries *thread = &ledger->threads[t];
		for (size_t i = 0; i < thread->count; i++) {
			if (thread->entries[i].used)
				close_entry(ledger, thread, &thread->entries[i], begin_ns, sink);
		}
		thread->kernel_base = thread->kernel_latest;
	}
	for (size_t i = 0; i < ledger->absent_count; i++)
		close_absent(ledger, &ledger->absent[i], begin_ns, sink);
	ledger->watched_ns = 0;
}

/* The place belongs to another exporter now: the one before gets its row, and no more. */
static void change_hands(struct ledger *ledger, struct thread_entries *thread,
			 struct ledger_entry *entry, const struct ledger_sink *sink)
{
	const struct judge judge = judge_of(ledger);

	begin_time(ledger, ledger->now_ns, sink);
	if (entry->latest.datagrams > entry->base.datagrams)
		close_entry(ledger, thread, entry,
			    ledger->now_ns - ledger->now_ns % COVERAGE_MINUTE_NS, sink);
	judge_end(&judge, entry, "forgotten: its place was needed for another exporter");
	*entry = (struct ledger_entry){ 0 };
}

static void mark_heard(struct ledger *ledger, const struct config_exporter *listed)
{
	size_t index = listed ? (size_t)(listed - ledger->config->exporters) : ABSENT_MAX;

	if (index >= ledger->absent_count || ledger->absent[index].heard)
		return;
	ledger->absent[index].heard = true;
	faults_good(ledger->faults, &ledger->absent[index].slot, 1, "it sends now");
}

/* Silence that was a fault teaches little, or the next one would find nobody watching. */
static void learn_gap(struct ledger_entry *entry, uint64_t last_ns)
{
	uint64_t gap_ns = growth(entry->latest.last_ns, last_ns);

	if (entry->slots[FAULT_SILENT].place && gap_ns > entry->gap_ns + entry->gap_ns / 2)
		gap_ns = entry->gap_ns ? entry->gap_ns + entry->gap_ns / 2 : 20 * NS_PER_S;
	if (gap_ns > entry->gap_ns)
		entry->gap_ns = gap_ns;
}

static void take_exporter(struct ledger *ledger, struct ledger_entry *entry,
			  const struct exporter_stats *stats)
{
	if (!entry->used) {
		*entry = (struct ledger_entry){
			.used = true,
			.listed = config_exporter_of(ledger->config, &stats->key.address),
		};
		entry->base.key = stats->key;
		entry->latest = *stats;
		entry->judged = judged_of(stats);
	} else {
		learn_gap(entry, stats->last_ns);
		entry->latest = *stats;
	}
	mark_heard(ledger, entry->listed);
}

void ledger_take(struct ledger *ledger, unsigned thread, const struct ledger_reading *reading,
		 const struct ledger_sink *sink)
{
	struct thread_entries *t = &ledger->threads[thread];

	begin_time(ledger, ledger->now_ns, sink);
	t->kernel_latest = reading->kernel_drops;
	t->count = reading->count < ledger->limit ? reading->count : ledger->limit;
	for (size_t i = 0; i < t->count; i++) {
		struct ledger_entry *entry = &t->entries[i];
		const struct exporter_stats *stats = &reading->exporters[i];
		if (entry->used && entry->latest.generation != stats->generation)
			change_hands(ledger, t, entry, sink);
		take_exporter(ledger, entry, stats);
		if (reading->sketches)
			entry->sketch = reading->sketches[i];
	}
}

static void judge_thread(struct ledger *ledger, unsigned number)
{
	struct thread_entries *thread = &ledger->threads[number];
	struct fault fault = {
		.kind = FAULT_KERNEL,
		.severity = SEVERITY_WARNING,
		.of_thread = true,
		.thread = number,
	};

	if (thread->kernel_latest == thread->kernel_judged) {
		faults_good(ledger->faults, &thread->kernel, KERNEL_GOOD, "it keeps up again");
		return;
	}
	if (!thread->kernel.place)
		thread->kernel_before = thread->kernel_judged;
	thread->kernel_judged = thread->kernel_latest;
	fault.numbers[0] =
		(struct fault_number){ "dropped", (double)growth(thread->kernel_before,
								 thread->kernel_latest) };
	snprintf(fault.text, sizeof(fault.text),
		 "the kernel dropped at least %" PRIu64
		 " datagrams because the socket buffer of this thread was full",
		 growth(thread->kernel_before, thread->kernel_latest));
	snprintf(fault.advice, sizeof(fault.advice),
		 "raise `ingest.receive_buffer` and sysctl net.core.rmem_max for bursts, "
		 "`ingest.threads` if its processor is busy");
	faults_bad(ledger->faults, &thread->kernel, &fault, true);
}

static void judge_absent(struct ledger *ledger, struct absent *absent)
{
	struct fault fault = {
		.kind = FAULT_SILENT,
		.severity = SEVERITY_WARNING,
		.key = { .address = absent->listed->address, .source = FLOW_SOURCE_COUNT },
		.since_ns = ledger->started_ns,
		.text = "it is listed under `exporters`, and has sent nothing since the start",
		.advice = "see whether it is up and exports to this address and port; or take it"
			  " off the list",
	};

	if (absent->heard || ledger->now_ns <= ledger->started_ns + ABSENT_NS)
		return;
	if (absent->listed->name)
		snprintf(fault.name, sizeof(fault.name), "%s", absent->listed->name);
	uint64_t silent_s = growth(ledger->started_ns, ledger->now_ns) / NS_PER_S;
	fault.numbers[0] = (struct fault_number){ "silent_s", (double)silent_s };
	faults_bad(ledger->faults, &absent->slot, &fault, true);
}

static void judge_all(struct ledger *ledger)
{
	const struct judge judge = judge_of(ledger);

	for (unsigned t = 0; t < ledger->thread_count; t++) {
		for (size_t i = 0; i < ledger->threads[t].count; i++) {
			if (ledger->threads[t].entries[i].used)
				judge_second(&judge, &ledger->threads[t].entries[i]);
		}
		judge_thread(ledger, t);
	}
	for (size_t i = 0; i < ledger->absent_count; i++)
		judge_absent(ledger, &ledger->absent[i]);
}

void ledger_tick(struct ledger *ledger, uint64_t now_ns, const struct ledger_sink *sink)
{
	uint64_t before_ns = ledger->now_ns;
	uint64_t minute_ns = before_ns - before_ns % COVERAGE_MINUTE_NS;
	uint64_t end_ns = minute_ns + COVERAGE_MINUTE_NS;
	bool watched = before_ns && now_ns >= before_ns && now_ns - before_ns <= PAUSE_MAX_NS;

	if (!before_ns) {
		ledger->started_ns = ledger->now_ns = ledger->judged_ns = now_ns;
		return;
	}
	begin_time(ledger, now_ns, sink);
	if (watched)
		ledger->watched_ns += (now_ns < end_ns ? now_ns : end_ns) - before_ns;
	ledger->now_ns = now_ns;
	if (now_ns >= end_ns || now_ns < minute_ns) {
		close_minute(ledger, minute_ns, sink);
		if (watched)
			ledger->watched_ns = now_ns - end_ns;
	}
	if (now_ns >= ledger->judged_ns + NS_PER_S || now_ns < ledger->judged_ns) {
		ledger->judged_ns = now_ns - now_ns % NS_PER_S;
		judge_all(ledger);
	}
}

void ledger_finish(struct ledger *ledger, const struct ledger_sink *sink)
{
	if (!ledger->now_ns)
		return;
	begin_time(ledger, ledger->now_ns, sink);
	judge_all(ledger);
	close_minute(ledger, ledger->now_ns - ledger->now_ns % COVERAGE_MINUTE_NS, sink);
}

static const struct ledger_entry *entry_at(const struct ledger *ledger, unsigned thread,
					   size_t index)
{
	const struct thread_entries *t = &ledger->threads[thread];

	return index < t->count && t->entries[index].used ? &t->entries[index] : NULL;
}

void ledger_last(const struct ledger *ledger, unsigned thread, size_t index,
		 struct coverage *ret_coverage)
{
	const struct ledger_entry *entry = entry_at(ledger, thread, index);

	*ret_coverage = (struct coverage){ 0 };
	if (entry)
		*ret_coverage = entry->last.minutes ? entry->last : row_of(entry);
}

unsigned ledger_faults_of(const struct ledger *ledger, unsigned thread, size_t index)
{
	const struct ledger_entry *entry = entry_at(ledger, thread, index);
	unsigned bits = 0;

	for (unsigned kind = 0; entry && kind < FAULT_KIND_COUNT; kind++)
		bits |= entry->slots[kind].place ? 1U << kind : 0;
	return bits;
}

bool ledger_doubt(const struct ledger *ledger)
{
	return faults_doubt(ledger->faults);
}

size_t ledger_faults(const struct ledger *ledger, const struct fault **ret_list)
{
	return faults_list(ledger->faults, ret_list);
}

void ledger_stats(const struct ledger *ledger, struct ledger_stats *ret_stats)
{
	*ret_stats = ledger->stats;
	faults_stats(ledger->faults, &ret_stats->faults);
}
