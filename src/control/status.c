/* SPDX-License-Identifier: Apache-2.0 */
/* status: a view of all counters in, JSON out. Any thread. */
#include "control/status.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "model/flow.h"

double status_lost_share(const struct exporter_stats *stats)
{
	return stats->expected ? (double)stats->lost / (double)stats->expected : 0;
}

static void put_rate(struct jsonw *w, const char *key, const struct status_rate *rate)
{
	jsonw_object(w, key);
	jsonw_number(w, "1s", rate->last_1s);
	jsonw_number(w, "10s", rate->last_10s);
	jsonw_object_end(w);
}

static void put_undecodable(struct jsonw *w, const uint64_t *counts)
{
	jsonw_object(w, "undecodable");
	for (int i = 0; i < REASON_COUNT_OF; i++) {
		if (counts[i])
			jsonw_u64(w, reason_name((enum reason)i), counts[i]);
	}
	jsonw_object_end(w);
}

static void put_exporter_id(struct jsonw *w, const struct status_exporter *exporter)
{
	const struct exporter_stats *stats = &exporter->stats;

	jsonw_ip(w, "address", &stats->key.address);
	jsonw_string(w, "name",
		     exporter->name  ? exporter->name
		     : *stats->label ? stats->label
				     : NULL);
	jsonw_string(w, "protocol", flow_source_name((enum flow_source)stats->key.source));
	jsonw_u64(w, "odid", stats->key.odid);
	if (!ip_is_zero(&stats->agent))
		jsonw_ip(w, "agent", &stats->agent);
	jsonw_u64(w, "thread", exporter->thread);
}

static void put_sampling(struct jsonw *w, const struct exporter_stats *stats)
{
	jsonw_object(w, "sampling");
	if (stats->sampling)
		jsonw_u64(w, "rate", stats->sampling);
	else
		jsonw_null(w, "rate");
	jsonw_string(w, "source",
		     sampling_source_name((enum sampling_source)stats->sampling_source));
	if (stats->sampling_announced)
		jsonw_u64(w, "announced", stats->sampling_announced);
	jsonw_u64(w, "doubted_records", stats->doubted_records);
	jsonw_u64(w, "unknown_records", stats->unknown_sampling);
	jsonw_u64(w, "samplers_turned_away", stats->samplers_turned_away);
	if (stats->pool_samples)
		jsonw_number(w, "measured",
			     (double)stats->sample_pool / (double)stats->pool_samples);
	jsonw_object_end(w);
}

static void put_lost(struct jsonw *w, const struct exporter_stats *stats)
{
	jsonw_object(w, "lost");
	jsonw_u64(w, "count", stats->lost);
	jsonw_string(w, "unit",
		     exporter_counts_records(stats->key.source) ? "records" : "datagrams");
	jsonw_number(w, "share", status_lost_share(stats));
	jsonw_u64(w, "at_exporter", stats->drops);
	jsonw_u64(w, "restarts", stats->restarts);
	jsonw_object_end(w);
}

static void put_truth(struct jsonw *w, const struct status_exporter *exporter)
{
	const struct exporter_stats *stats = &exporter->stats;

	jsonw_array(w, "faults");
	for (unsigned kind = 0; kind < FAULT_KIND_COUNT; kind++) {
		if (exporter->faults & 1U << kind)
			jsonw_string(w, NULL, fault_kind_name((enum fault_kind)kind));
	}
	jsonw_array_end(w);
	if (exporter->last_minute.minutes)
		coverage_to_json(&exporter->last_minute, exporter->name, w, "last_minute");
	if (stats->active_timeout_ms)
		jsonw_number(w, "active_timeout_s", (double)stats->active_timeout_ms / 1000);
	if (stats->inactive_timeout_ms)
		jsonw_number(w, "inactive_timeout_s", (double)stats->inactive_timeout_ms / 1000);
	jsonw_u64(w, "reordered", stats->reordered);
	jsonw_u64(w, "repeated", stats->repeated);
	jsonw_bool(w, "disjoint", stats->disjoint);
}

static void put_exporter(struct jsonw *w, const struct status_exporter *exporter)
{
	const struct exporter_stats *stats = &exporter->stats;

	jsonw_object(w, NULL);
	put_exporter_id(w, exporter);
	jsonw_u64(w, "datagrams", stats->datagrams);
	jsonw_u64(w, "records", stats->records);
	jsonw_u64(w, "options", stats->options);
	jsonw_u64(w, "counter_samples", stats->counter_samples);
	jsonw_u64(w, "discard_samples", stats->discard_samples);
	put_rate(w, "datagrams_per_s", &exporter->datagrams_per_s);
	put_rate(w, "records_per_s", &exporter->records_per_s);
	put_sampling(w, stats);
	put_lost(w, stats);
	put_truth(w, exporter);
	put_undecodable(w, stats->undecodable);
	jsonw_u64(w, "templates", stats->templates);
	jsonw_u64(w, "held", stats->held);
	jsonw_u64(w, "held_decoded", stats->held_decoded);
	if (stats->datagrams) {
		jsonw_number(w, "clock_offset_s",
			     (double)stats->clock_offset_ns / (double)NS_PER_S);
		jsonw_time(w, "first_seen", stats->first_ns);
		jsonw_time(w, "last_seen", stats->last_ns);
	}
	jsonw_object_end(w);
}

static void put_thread(struct jsonw *w, const struct status_thread *thread)
{
	jsonw_object(w, NULL);
	jsonw_u64(w, "datagrams", thread->datagrams);
	jsonw_u64(w, "records", thread->records);
	jsonw_u64(w, "kernel_dropped", thread->kernel_dropped);
	if (thread->cpu < 0)
		jsonw_null(w, "cpu");
	else
		jsonw_i64(w, "cpu", thread->cpu);
	jsonw_u64(w, "receive_buffer", thread->receive_buffer);
	jsonw_u64(w, "queued_bytes", thread->queued_bytes);
	jsonw_u64(w, "hosts", thread->hosts);
	jsonw_u64(w, "hosts_limit", thread->hosts_limit);
	jsonw_u64(w, "hosts_turned_away", thread->hosts_turned_away);
	jsonw_u64(w, "hosts_replaced", thread->hosts_replaced);
	jsonw_u64(w, "prefixes_turned_away", thread->prefixes_turned_away);
	jsonw_u64(w, "outside", thread->outside);
	jsonw_u64(w, "outside_replaced", thread->outside_replaced);
	jsonw_u64(w, "details", thread->details);
	jsonw_u64(w, "details_turned_away", thread->details_turned_away);
	jsonw_u64(w, "ticks_dropped", thread->ticks_dropped);
	jsonw_u64(w, "templates", thread->templates);
	jsonw_u64(w, "templates_turned_away", thread->templates_turned_away);
	jsonw_u64(w, "held_turned_away", thread->held_turned_away);
	jsonw_u64(w, "exporters_replaced", thread->exporters_replaced);
	jsonw_u64(w, "late", thread->late);
	jsonw_u64(w, "interfaces", thread->interfaces);
	jsonw_u64(w, "interfaces_turned_away", thread->interfaces_turned_away);
	jsonw_object_end(w);
}

static void put_drops(struct jsonw *w, const struct drop_counts *drops)
{
	jsonw_object(w, "caught");
	jsonw_u64(w, "read", drops->read);
	jsonw_u64(w, "lost", drops->lost);
	jsonw_u64(w, "turned_away", drops->turned_away);
	jsonw_object_end(w);
}

static void put_actuators(struct jsonw *w, const struct status_view *view)
{
	const struct status_plans *plans = &view->plans;

	jsonw_array(w, "actuators");
	for (size_t i = 0; i < view->actuator_count; i++) {
		const struct status_actuator *actuator = &view->actuators[i];
		jsonw_object(w, NULL);
		jsonw_string(w, "name", actuator->name);
		jsonw_string(w, "kind", actuator->kind);
		jsonw_bool(w, "failing", actuator->failing);
		jsonw_string(w, "why", actuator->failing ? actuator->why : NULL);
		jsonw_u64(w, "plans", actuator->plans);
		jsonw_u64(w, "held", actuator->held);
		jsonw_u64(w, "tries", actuator->tries);
		jsonw_u64(w, "failures", actuator->failures);
		jsonw_u64(w, "added", actuator->added);
		jsonw_u64(w, "removed", actuator->removed);
		jsonw_number(w, "took_s", actuator->took_s);
		if (actuator->peers_known) {
			jsonw_u64(w, "sessions", actuator->peers_all);
			jsonw_u64(w, "sessions_up", actuator->peers_up);
		}
		if (actuator->catches)
			put_drops(w, &actuator->drops);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_object(w, "plans");
	jsonw_u64(w, "in_force", plans->in_force);
	jsonw_u64(w, "waiting", plans->waiting);
	jsonw_u64(w, "rules", plans->rules);
	jsonw_u64(w, "at_canary", plans->at_canary);
	jsonw_u64(w, "stopped", plans->stopped);
	jsonw_u64(w, "flapping", plans->flapping);
	jsonw_u64(w, "refused", plans->refused);
	jsonw_u64(w, "turned_away", plans->turned_away);
	jsonw_bool(w, "panic", plans->panic);
	jsonw_bool(w, "brake", plans->brake);
	jsonw_object_end(w);
}

static void put_sink(struct jsonw *w, const struct status_sink *sink)
{
	jsonw_object(w, NULL);
	jsonw_string(w, "kind", sink->kind);
	jsonw_string(w, "path", sink->path);
	jsonw_u64(w, "emitted", sink->emitted);
	jsonw_u64(w, "dropped", sink->dropped);
	jsonw_string(w, "last_error", sink->last_error ? err_text(sink->last_error) : NULL);
	jsonw_object_end(w);
}

static void put_head(struct jsonw *w, const struct status_view *view)
{
	uint64_t up_ns = view->now_ns > view->started_ns ? view->now_ns - view->started_ns : 0;

	jsonw_string(w, "version", view->version);
	jsonw_time(w, "time", view->now_ns);
	jsonw_time(w, "started", view->started_ns);
	jsonw_u64(w, "uptime_s", up_ns / NS_PER_S);
	jsonw_object(w, "config");
	jsonw_string(w, "file", view->config_file);
	jsonw_u64(w, "generation", view->generation);
	jsonw_u64(w, "reloads_refused", view->reloads_refused);
	if (view->needs_restart && view->needs_restart[0])
		jsonw_string(w, "needs_restart", view->needs_restart);
	jsonw_object_end(w);
	jsonw_string(w, "listen", view->listen);
}

static void put_totals(struct jsonw *w, const struct status_view *view)
{
	jsonw_object(w, "totals");
	jsonw_u64(w, "datagrams", view->datagrams);
	jsonw_u64(w, "records", view->records);
	put_rate(w, "datagrams_per_s", &view->datagrams_per_s);
	put_rate(w, "records_per_s", &view->records_per_s);
	jsonw_u64(w, "kernel_dropped", view->kernel_dropped);
	jsonw_u64(w, "unknown_sampling", view->unknown_sampling);
	put_undecodable(w, view->undecodable);
	jsonw_object_end(w);
}

static void put_interface(struct jsonw *w, const struct interface_rate *rate)
{
	jsonw_object(w, NULL);
	jsonw_ip(w, "address", &rate->exporter);
	jsonw_ip(w, "agent", &rate->agent);
	jsonw_u64(w, "if_index", rate->if_index);
	jsonw_u64(w, "speed_bps", rate->speed_bps);
	if (rate->over_ns) {
		jsonw_u64(w, "in_bps", rate->in_bps);
		jsonw_u64(w, "out_bps", rate->out_bps);
		jsonw_u64(w, "in_pps", rate->in_pps);
		jsonw_u64(w, "out_pps", rate->out_pps);
		jsonw_number(w, "over_s", (double)rate->over_ns / NS_PER_S);
	}
	jsonw_time(w, "last_seen", rate->last_ns);
	jsonw_object_end(w);
}

static void put_detector(struct jsonw *w, const struct status_detector *detector)
{
	jsonw_object(w, NULL);
	jsonw_string(w, "name", detector->name);
	jsonw_u64(w, "hosts", detector->hosts);
	jsonw_u64(w, "turned_away", detector->turned_away);
	jsonw_u64(w, "watched", detector->watched);
	jsonw_u64(w, "watched_turned_away", detector->watched_turned_away);
	jsonw_u64(w, "watched_replaced", detector->watched_replaced);
	jsonw_u64(w, "rings", detector->rings);
	jsonw_u64(w, "rings_turned_away", detector->rings_turned_away);
	jsonw_u64(w, "vantages_replaced", detector->vantages_replaced);
	jsonw_u64(w, "details_turned_away", detector->details_turned_away);
	jsonw_u64(w, "late", detector->late);
	jsonw_u64(w, "profiles", detector->profiles);
	jsonw_u64(w, "profiles_turned_away", detector->profiles_turned_away);
	jsonw_u64(w, "profiles_replaced", detector->profiles_replaced);
	jsonw_u64(w, "stories_turned_away", detector->stories_turned_away);
	jsonw_u64(w, "ports_turned_away", detector->ports_turned_away);
	jsonw_u64(w, "pairs_fill", detector->pairs_fill);
	jsonw_u64(w, "pairs_turned_early", detector->pairs_turned_early);
	jsonw_u64(w, "settling_s", detector->settling_s);
	jsonw_u64(w, "held_back", detector->held_back);
	jsonw_object_end(w);
}

static void put_link(struct jsonw *w, const struct source_stats *link)
{
	jsonw_object(w, NULL);
	jsonw_string(w, "name", link->name);
	jsonw_string(w, "mode", link->kind);
	jsonw_u64(w, "if_index", link->if_index);
	jsonw_u64(w, "sampling", link->sampling);
	jsonw_u64(w, "packets", link->received);
	jsonw_u64(w, "bytes", link->bytes);
	jsonw_u64(w, "dropped", link->kernel_drops);
	jsonw_u64(w, "not_ip", link->others);
	/* Nobody counts them for a packet socket. */
	if (link->seen) {
		jsonw_u64(w, "seen", link->seen);
		jsonw_u64(w, "seen_bytes", link->seen_bytes);
	}
	jsonw_bool(w, "works", !link->error);
	jsonw_string(w, "reason", link->error ? err_text(link->error) : NULL);
	jsonw_object_end(w);
}

static void put_flowlog(struct jsonw *w, const struct source_stats *source)
{
	const struct flowlog_stats *log = &source->flowlog;

	jsonw_object(w, NULL);
	jsonw_string(w, "path", source->name);
	jsonw_u64(w, "flows", log->counts.flows);
	jsonw_u64(w, "nodata", log->counts.nodata);
	jsonw_u64(w, "skipdata", log->counts.skipdata);
	jsonw_u64(w, "undecodable", log->counts.undecodable);
	jsonw_u64(w, "files", log->files);
	jsonw_u64(w, "waiting", log->waiting);
	jsonw_u64(w, "unreadable", log->unreadable);
	jsonw_u64(w, "replaced", log->replaced);
	if (log->newest_ns) {
		jsonw_time(w, "newest", log->newest_ns);
		jsonw_number(w, "lag_s", (double)log->lag_ns / NS_PER_S);
	}
	jsonw_bool(w, "works", !source->error);
	jsonw_string(w, "reason", source->error ? err_text(source->error) : NULL);
	jsonw_object_end(w);
}

static void put_tables(struct jsonw *w, const struct status_view *view)
{
	jsonw_array(w, "exporters");
	for (size_t i = 0; i < view->exporter_count; i++)
		put_exporter(w, &view->exporters[i]);
	jsonw_array_end(w);
	jsonw_u64(w, "exporters_not_listed", view->exporters_dropped);
	jsonw_array(w, "interfaces");
	for (size_t i = 0; i < view->interface_count; i++)
		put_interface(w, &view->interfaces[i]);
	jsonw_array_end(w);
	jsonw_array(w, "links");
	for (size_t i = 0; i < view->link_count; i++)
		put_link(w, &view->links[i]);
	jsonw_array_end(w);
	jsonw_array(w, "flowlogs");
	for (size_t i = 0; i < view->flowlog_count; i++)
		put_flowlog(w, &view->flowlogs[i]);
	jsonw_array_end(w);
	jsonw_array(w, "threads");
	for (size_t i = 0; i < view->thread_count; i++)
		put_thread(w, &view->threads[i]);
	jsonw_array_end(w);
	jsonw_array(w, "detectors");
	for (size_t i = 0; i < view->detector_count; i++)
		put_detector(w, &view->detectors[i]);
	jsonw_array_end(w);
	put_actuators(w, view);
	jsonw_array(w, "sinks");
	for (size_t i = 0; i < view->sink_count; i++)
		put_sink(w, &view->sinks[i]);
	jsonw_array_end(w);
}

static void put_memory(struct jsonw *w, const struct status_view *view)
{
	jsonw_object(w, "incidents");
	jsonw_u64(w, "open", view->incidents_open);
	jsonw_u64(w, "total", view->incidents_total);
	jsonw_u64(w, "limit", view->incidents_limit);
	jsonw_u64(w, "turned_away", view->incidents_turned_away);
	jsonw_object_end(w);
	jsonw_object(w, "journal");
	jsonw_string(w, "path", view->journal.path);
	jsonw_bool(w, "degraded", view->journal.degraded);
	jsonw_string(w, "reason", view->journal.degraded ? view->journal.reason : NULL);
	jsonw_u64(w, "failed", view->journal.failed);
	jsonw_object_end(w);
}

static void put_coverage(struct jsonw *w, const struct status_coverage *coverage)
{
	jsonw_object(w, "coverage");
	jsonw_string(w, "path", coverage->path);
	jsonw_bool(w, "degraded", coverage->degraded);
	jsonw_string(w, "reason", coverage->degraded ? coverage->reason : NULL);
	jsonw_u64(w, "kept", coverage->kept);
	jsonw_u64(w, "written", coverage->written);
	jsonw_u64(w, "waiting", coverage->waiting);
	jsonw_u64(w, "lost", coverage->lost);
	jsonw_u64(w, "failed", coverage->failed);
	jsonw_u64(w, "strangers", coverage->strangers);
	jsonw_u64(w, "turned_away", coverage->turned_away);
	jsonw_object_end(w);
}

static void put_faults(struct jsonw *w, const struct status_view *view)
{
	jsonw_array(w, "faults");
	for (size_t i = 0; i < view->fault_count; i++)
		fault_to_json(view->faults[i], w, NULL);
	jsonw_array_end(w);
	jsonw_u64(w, "faults_turned_away", view->faults_turned_away);
	jsonw_u64(w, "faults_untold", view->faults_untold);
}

static void put_load(struct jsonw *w, const char *pps, const char *bps,
		     const struct status_load *load)
{
	jsonw_u64(w, pps, load->pps);
	jsonw_u64(w, bps, load->bps);
}

static void put_networks(struct jsonw *w, const struct status_view *view)
{
	char prefix[IP_TEXT_MAX];

	jsonw_array(w, "networks");
	for (size_t i = 0; i < view->network_count; i++) {
		const struct status_network *network = &view->networks[i];
		jsonw_object(w, NULL);
		jsonw_string(w, "prefix", prefix_format(&network->prefix, prefix));
		jsonw_string(w, "tenant", network->tenant);
		put_load(w, "in_pps", "in_bps", &network->in);
		put_load(w, "out_pps", "out_bps", &network->out);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_u64(w, "networks_not_listed", view->networks_dropped);
}

static void put_talkers(struct jsonw *w, const char *key, const struct status_talkers *talkers)
{
	jsonw_array(w, key);
	for (size_t i = 0; i < talkers->count; i++) {
		jsonw_object(w, NULL);
		jsonw_ip(w, "address", &talkers->list[i].ip);
		put_load(w, "pps", "bps", &talkers->list[i].load);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void put_top(struct jsonw *w, const struct status_top *top)
{
	jsonw_object(w, "top");
	jsonw_u64(w, "window_s", top->window_s);
	jsonw_number(w, "older_share", top->older_share);
	put_talkers(w, "hosts_in", &top->hosts_in);
	put_talkers(w, "hosts_out", &top->hosts_out);
	put_talkers(w, "outside", &top->outside);
	jsonw_object_end(w);
}

void status_to_json(const struct status_view *view, struct text *out)
{
	struct jsonw w = jsonw_on(out);

	jsonw_object(&w, NULL);
	put_head(&w, view);
	put_totals(&w, view);
	put_memory(&w, view);
	put_coverage(&w, &view->coverage);
	put_faults(&w, view);
	put_networks(&w, view);
	put_top(&w, &view->top);
	put_tables(&w, view);
	jsonw_object_end(&w);
}
