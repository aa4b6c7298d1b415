/* SPDX-License-Identifier: Apache-2.0 */
/* health: parcels' counters in, status view out. Control thread only. */
#include "daemon/health.h"

#include <stdlib.h>

#define HISTORY 11 /* ten seconds need eleven readings */

struct history {
	uint64_t values[HISTORY];
};

struct thread_health {
	struct exporter_stats *exporters;
	struct history *datagrams; /* of each exporter */
	struct history *records;
	unsigned exporter_count;
	struct exporter_gone gone;
	struct interface_rate *interfaces;
	size_t interface_count;
	uint64_t undecodable[REASON_COUNT_OF];
	struct status_thread view;
};

struct health {
	struct ledger *ledger;
	const struct fault *faults[FAULTS_OPEN_MAX]; /* what the view points to */
	unsigned thread_count;
	unsigned exporter_limit; /* of each thread */
	struct thread_health *threads;
	struct status_exporter *exporter_views;
	struct status_thread *thread_views;
	struct interface_rate *interface_views;
	struct history datagrams;
	struct history records;
	unsigned seconds; /* readings taken, up to HISTORY */
	unsigned at;      /* slot of the latest reading */
};

static bool thread_new(struct thread_health *thread, size_t limit)
{
	thread->exporters = calloc(limit, sizeof(*thread->exporters));
	thread->datagrams = calloc(limit, sizeof(*thread->datagrams));
	thread->records = calloc(limit, sizeof(*thread->records));
	thread->interfaces = calloc(WORKER_INTERFACES, sizeof(*thread->interfaces));
	return thread->exporters && thread->datagrams && thread->records && thread->interfaces;
}

struct health *health_new(const struct config *config, unsigned threads)
{
	struct health *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->exporter_limit = (unsigned)config->max_exporters;
	h->ledger = ledger_new(config, threads);
	h->threads = calloc(threads, sizeof(*h->threads));
	h->thread_views = calloc(threads, sizeof(*h->thread_views));
	h->exporter_views = calloc((size_t)threads * h->exporter_limit, sizeof(*h->exporter_views));
	h->interface_views =
		calloc((size_t)threads * WORKER_INTERFACES, sizeof(*h->interface_views));
	bool ok = h->ledger && h->threads && h->thread_views && h->exporter_views &&
		  h->interface_views;
	for (h->thread_count = 0; ok && h->thread_count < threads; h->thread_count++)
		ok = thread_new(&h->threads[h->thread_count], h->exporter_limit);
	if (!ok) {
		health_free(h);
		return NULL;
	}
	return h;
}

void health_free(struct health *health)
{
	if (!health)
		return;
	for (unsigned i = 0; i < health->thread_count; i++) {
		free(health->threads[i].exporters);
		free(health->threads[i].datagrams);
		free(health->threads[i].records);
		free(health->threads[i].interfaces);
	}
	ledger_free(health->ledger);
	free(health->threads);
	free(health->thread_views);
	free(health->interface_views);
	free(health->exporter_views);
	free(health);
}

/* The entry is another exporter's now: its counters begin anew, so must their history. */
static void begin_anew(struct thread_health *thread, const struct parcel *parcel)
{
	for (unsigned e = 0; e < parcel->exporter_count; e++) {
		if (thread->exporters[e].generation == parcel->exporters[e].generation)
			continue;
		thread->datagrams[e] = (struct history){ 0 };
		thread->records[e] = (struct history){ 0 };
	}
}

static uint64_t kernel_drops(const struct parcel *parcel)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < parcel->source_count; i++)
		sum += parcel->sources[i].kernel_drops;
	return sum;
}

/* Of the sockets: the least buffer of all, and what waits in all of them. */
static void sum_sockets(const struct parcel *parcel, struct status_thread *view)
{
	for (unsigned i = 0; i < parcel->source_count; i++) {
		const struct source_stats *source = &parcel->sources[i];
		if (!source->buffer_bytes)
			continue;
		if (!view->receive_buffer || source->buffer_bytes < view->receive_buffer)
			view->receive_buffer = source->buffer_bytes;
		view->queued_bytes += source->queued_bytes;
	}
}

struct ledger *health_ledger(struct health *health)
{
	return health->ledger;
}

void health_take(struct health *health, unsigned thread, const struct parcel *parcel,
		 const struct ledger_sink *sink)
{
	struct thread_health *t = &health->threads[thread];

	if (!parcel->fresh)
		return;
	begin_anew(t, parcel);
	t->exporter_count = parcel->exporter_count;
	t->gone = parcel->gone;
	memcpy(t->exporters, parcel->exporters, parcel->exporter_count * sizeof(*t->exporters));
	t->interface_count = parcel->interface_count;
	memcpy(t->interfaces, parcel->interfaces, t->interface_count * sizeof(*t->interfaces));
	memcpy(t->undecodable, parcel->undecodable, sizeof(t->undecodable));
	t->view = (struct status_thread){
		.datagrams = parcel->datagrams,
		.records = parcel->records,
		.kernel_dropped = kernel_drops(parcel),
		.cpu = parcel->cpu,
		.hosts = parcel->shard.hosts,
		.hosts_limit = parcel->shard.hosts_limit,
		.hosts_turned_away = parcel->shard.turned_away,
		.hosts_replaced = parcel->shard.replaced,
		.prefixes_turned_away = parcel->shard.prefixes_turned_away,
		.outside = parcel->shard.outside,
		.outside_replaced = parcel->shard.outside_replaced,
		.details = parcel->batch->detail_count,
		.details_turned_away = parcel->shard.details_turned_away,
		.ticks_dropped = parcel->ticks_late,
		.late = parcel->shard.late,
		.exporters_replaced = parcel->gone.exporters,
		/* Of exporters that are gone; fill_exporters() adds the others. */
		.templates_turned_away = parcel->undecodable[REASON_TEMPLATE_FULL],
		.held_turned_away = parcel->undecodable[REASON_NO_TEMPLATE],
		.interfaces = parcel->interface_count,
		.interfaces_turned_away = parcel->interfaces_turned_away,
	};
	sum_sockets(parcel, &t->view);
	const struct ledger_reading reading = {
		.exporters = t->exporters,
		.count = t->exporter_count,
		.kernel_drops = t->view.kernel_dropped,
		.sketches = parcel->sketches,
	};
	ledger_take(health->ledger, thread, &reading, sink);
}

void health_second(struct health *health)
{
	uint64_t datagrams = 0;
	uint64_t records = 0;

	health->at = (health->at + 1) % HISTORY;
	if (health->seconds < HISTORY)
		health->seconds++;
	for (unsigned i = 0; i < health->thread_count; i++) {
		struct thread_health *t = &health->threads[i];
		datagrams += t->view.datagrams;
		records += t->view.records;
		for (unsigned e = 0; e < t->exporter_count; e++) {
			t->datagrams[e].values[health->at] = t->exporters[e].datagrams;
			t->records[e].values[health->at] = t->exporters[e].records;
		}
	}
	health->datagrams.values[health->at] = datagrams;
	health->records.values[health->at] = records;
}

/* Growth over the last @seconds readings, a second apart. */
static double growth(const struct health *health, const struct history *history, unsigned seconds)
{
	if (health->seconds < 2)
		return 0;
	if (seconds > health->seconds - 1)
		seconds = health->seconds - 1;
	unsigned before = (health->at + HISTORY - seconds) % HISTORY;
	return (double)(history->values[health->at] - history->values[before]) / seconds;
}

static struct status_rate rate_of(const struct health *health, const struct history *history)
{
	return (struct status_rate){ .last_1s = growth(health, history, 1),
				     .last_10s = growth(health, history, 10) };
}

static void fill_exporters(struct health *h, unsigned thread, const struct config *config,
			   struct status_view *view)
{
	const struct thread_health *t = &h->threads[thread];

	for (unsigned e = 0; e < t->exporter_count; e++) {
		const struct exporter_stats *stats = &t->exporters[e];
		const struct config_exporter *named =
			config_exporter_of(config, &stats->key.address);
		h->exporter_views[view->exporter_count++] = (struct status_exporter){
			.stats = *stats,
			.name = named ? named->name : NULL,
			.thread = thread,
			.datagrams_per_s = rate_of(h, &t->datagrams[e]),
			.records_per_s = rate_of(h, &t->records[e]),
			.faults = ledger_faults_of(h->ledger, thread, e),
		};
		ledger_last(h->ledger, thread, e,
			    &h->exporter_views[view->exporter_count - 1].last_minute);
		view->unknown_sampling += stats->unknown_sampling;
		for (unsigned r = 0; r < REASON_COUNT_OF; r++)
			view->undecodable[r] += stats->undecodable[r];
		h->thread_views[thread].templates += stats->templates;
		h->thread_views[thread].templates_turned_away +=
			stats->undecodable[REASON_TEMPLATE_FULL];
		h->thread_views[thread].held_turned_away += stats->undecodable[REASON_NO_TEMPLATE];
	}
}

static void fill_faults(struct health *health, struct status_view *view)
{
	struct ledger_stats stats;

	ledger_stats(health->ledger, &stats);
	view->fault_count = ledger_faults(health->ledger, health->faults);
	view->faults = health->faults;
	view->faults_turned_away = stats.faults.turned_away;
	view->faults_untold = stats.faults.untold;
	view->coverage.strangers = stats.strangers;
	view->coverage.turned_away = stats.turned_away;
}

void health_fill(struct health *health, const struct config *config, struct status_view *view)
{
	fill_faults(health, view);
	view->exporter_count = 0;
	for (unsigned i = 0; i < health->thread_count; i++) {
		const struct thread_health *t = &health->threads[i];
		health->thread_views[i] = t->view;
		view->datagrams += t->view.datagrams;
		view->records += t->view.records;
		view->kernel_dropped += t->view.kernel_dropped;
		for (unsigned r = 0; r < REASON_COUNT_OF; r++)
			view->undecodable[r] += t->undecodable[r];
		view->unknown_sampling += t->gone.unknown_sampling;
		fill_exporters(health, i, config, view);
		memcpy(health->interface_views + view->interface_count, t->interfaces,
		       t->interface_count * sizeof(*t->interfaces));
		view->interface_count += t->interface_count;
	}
	view->exporters = health->exporter_views;
	view->interfaces = health->interface_views;
	view->threads = health->thread_views;
	view->thread_count = health->thread_count;
	view->datagrams_per_s = rate_of(health, &health->datagrams);
	view->records_per_s = rate_of(health, &health->records);
}
