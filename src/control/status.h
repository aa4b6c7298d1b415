/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status: everything a person asks a running daemon about its health, as JSON.
 *
 * The daemon fills a status_view on the control thread from the counters of
 * all rooms; status_to_json() turns it into the text that GET /api/v1/status
 * gives out. The shape is documented in docs/manual/api.md; fields are added,
 * never renamed. Pure: no clock, no lock, no allocation but the text's own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/text.h"
#include "model/coverage.h"
#include "model/drop.h"
#include "model/exporter.h"
#include "model/fault.h"
#include "model/interface.h"
#include "model/reason.h"
#include "model/source.h"

/** How fast a counter grew: over the last second, and as a mean of the last ten. */
struct status_rate {
	double last_1s;
	double last_10s;
};

/** One exporter as its ingest thread knows it. */
struct status_exporter {
	struct exporter_stats stats;
	const char *name; /**< from the configuration; NULL if it has none */
	unsigned thread;  /**< the ingest thread that owns it */
	struct status_rate datagrams_per_s;
	struct status_rate records_per_s;
	unsigned faults;             /**< open ones, bits 1 << enum fault_kind */
	struct coverage last_minute; /**< minutes 0: not known yet */
};

/** The coverage ledger on disk. */
struct status_coverage {
	const char *path; /**< NULL: nothing is kept */
	bool degraded;
	const char *reason;   /**< why it is degraded; may be NULL */
	uint64_t kept;        /**< rows in the file */
	uint64_t written;     /**< since the start */
	uint64_t waiting;     /**< for the disk */
	uint64_t lost;        /**< rows that found no room to wait */
	uint64_t failed;      /**< writes that failed, and were tried again */
	uint64_t strangers;   /**< minutes of exporters that never gave a record: no row */
	uint64_t turned_away; /**< listed exporters that are not missed: too many */
};

/** One ingest thread, with its tally shard. */
struct status_thread {
	uint64_t datagrams;
	uint64_t records;
	int cpu; /**< it stays on; -1: the kernel chooses */
	/** Lost because its socket buffer was full (SO_RXQ_OVFL); pieces, so a lower bound. */
	uint64_t kernel_dropped;
	uint64_t receive_buffer;       /**< granted by the kernel for each socket, the least */
	uint64_t queued_bytes;         /**< kernel memory taken by what waits to be read */
	uint64_t hosts;                /**< tallied now */
	uint64_t hosts_limit;          /**< room for so many */
	uint64_t hosts_turned_away;    /**< records of hosts that found no room */
	uint64_t hosts_replaced;       /**< silent ones that made room for others */
	uint64_t prefixes_turned_away; /**< sums of a prefix for which a tick had no row */
	uint64_t outside;              /**< outside addresses followed, by class and vantage */
	uint64_t outside_replaced;     /**< of them, how often one made room for another */
	uint64_t details;              /**< busy hosts whose peers are kept now */
	uint64_t details_turned_away;  /**< busy hosts that found no room for their peers */
	uint64_t ticks_dropped; /**< finished ticks the control thread did not take in time */
	uint64_t templates;     /**< known now */
	uint64_t templates_turned_away;
	uint64_t held_turned_away;       /**< data sets given up while waiting for their template */
	uint64_t exporters_replaced;     /**< whose entries were re-used for others */
	uint64_t late;                   /**< records too old to tally */
	uint64_t interfaces;             /**< whose counter samples are kept now */
	uint64_t interfaces_turned_away; /**< counter samples of those that found no room */
};

/** One detector; see struct detector_stats for what is counted. */
struct status_detector {
	const char *name;
	uint64_t hosts;
	uint64_t turned_away;
	uint64_t watched;
	uint64_t watched_turned_away;
	uint64_t watched_replaced;
	uint64_t rings;
	uint64_t rings_turned_away;
	uint64_t vantages_replaced;
	uint64_t details_turned_away;
	uint64_t late; /**< tallies too old to count */
	uint64_t profiles;
	uint64_t profiles_turned_away;
	uint64_t profiles_replaced;
	uint64_t stories_turned_away;
	uint64_t ports_turned_away;
	uint64_t pairs_fill; /**< percent */
	uint64_t pairs_turned_early;
	uint64_t settling_s;
	uint64_t held_back;
};

/** One sink. */
struct status_sink {
	const char *kind;
	const char *path; /**< may be NULL */
	uint64_t emitted;
	uint64_t dropped;
	int last_error; /**< negative error of the latest drop; 0: none */
};

/** One actuator. */
struct status_actuator {
	const char *name;
	const char *kind;
	bool failing;
	const char *why; /**< what to do about that */
	uint64_t plans;  /**< that it holds, or shall */
	uint64_t held;   /**< of them it says that it does */
	uint64_t tries;
	uint64_t failures;
	uint64_t added; /**< rules or routes, since the start */
	uint64_t removed;
	double took_s;     /**< of the last try */
	bool peers_known;  /**< the next two are */
	unsigned peers_up; /**< BGP sessions */
	unsigned peers_all;
	bool catches; /**< it hands over some of what it drops */
	struct drop_counts drops;
};

/** What is held back. */
struct status_plans {
	uint64_t in_force;
	uint64_t waiting; /**< for a person */
	uint64_t rules;
	uint64_t at_canary;   /**< on their way to the other actuators */
	uint64_t stopped;     /**< by a canary */
	uint64_t flapping;    /**< changed too often, and stay as they are */
	uint64_t refused;     /**< by the rails, since the start */
	uint64_t turned_away; /**< incidents that found no room for a plan */
	bool panic;
	bool brake;
};

/** The journal of incidents. */
struct status_journal {
	const char *path; /**< NULL: nothing is kept */
	bool degraded;    /**< it cannot be written: incidents go on, a restart would forget them */
	const char *reason; /**< why it is degraded; may be NULL */
	uint64_t failed;    /**< writes that failed */
};

/** Traffic a second. */
struct status_load {
	uint64_t pps;
	uint64_t bps;
};

/** Traffic of one configured network; between own hosts it counts as in. */
struct status_network {
	struct prefix prefix;
	const char *tenant; /**< may be NULL */
	struct status_load in;
	struct status_load out;
};

/** Addresses in each list of the heaviest. */
#define STATUS_TALKERS 5

/** One of the heaviest addresses. */
struct status_talker {
	struct ip ip;
	struct status_load load;
};

/** A list of them, the heaviest first. */
struct status_talkers {
	const struct status_talker *list;
	size_t count;
};

/** The heaviest addresses by bits. */
struct status_top {
	unsigned window_s;  /**< networks and these are means over so many seconds; 0: not yet */
	double older_share; /**< of the bytes reported in them: what had gone by before */
	struct status_talkers hosts_in;
	struct status_talkers hosts_out;
	struct status_talkers outside; /**< that own hosts send to */
	struct status_load in;         /**< of all own networks together */
	struct status_load out;
};

/** Rows of what is nearest to its envelope. */
#define STATUS_ROWS 64

/** One of them; see struct detector_row. */
struct status_row {
	const char *detector;
	struct prefix what;
	bool outside;
	uint8_t direction;
	const char *class;
	double pps;
	double bps;
	double usual_pps;
	double usual_bps;
	double envelope_pps;
	double envelope_bps; /**< 0: it has one of packets only */
	double times;
	const char *state;
	double alarm;
	double nats;
};

/** The whole; everything it points to is borrowed for the length of the call. */
struct status_view {
	const char *version;
	uint64_t started_ns; /**< wall clock */
	uint64_t now_ns;     /**< wall clock */
	const char *config_file;
	uint64_t generation;        /**< 1 at start, one more with each reload that succeeded */
	uint64_t reloads_refused;   /**< reloads whose configuration had errors */
	const char *needs_restart;  /**< settings that were changed and wait for one; "": none */
	const char *listen;         /**< addresses in words, "0.0.0.0:2055, 0.0.0.0:6343" */
	uint64_t datagrams;         /**< received, all threads */
	uint64_t records;           /**< flows decoded, all threads */
	uint64_t kernel_dropped;    /**< datagrams lost in socket buffers, at least */
	uint64_t unknown_sampling;  /**< records for which nobody named a rate */
	uint64_t exporters_dropped; /**< exporters left out of the list below, for its length */
	uint64_t undecodable[REASON_COUNT_OF]; /**< all threads and exporters together */
	struct status_rate datagrams_per_s;
	struct status_rate records_per_s;
	const struct status_exporter *exporters;
	size_t exporter_count;
	const struct interface_rate *interfaces;
	size_t interface_count;
	const struct source_stats *links; /**< interfaces of this machine that are sampled */
	size_t link_count;
	const struct source_stats *flowlogs; /**< flow logs that are followed */
	size_t flowlog_count;
	const struct status_network *networks; /**< the heaviest first */
	size_t network_count;
	uint64_t networks_dropped; /**< configured ones beyond those that are followed */
	struct status_top top;
	const struct status_row
		*rows; /**< the nearest to its envelope first; top_to_json() alone */
	size_t row_count;
	const struct status_thread *threads;
	size_t thread_count;
	const struct status_detector *detectors;
	size_t detector_count;
	const struct status_sink *sinks;
	size_t sink_count;
	const struct status_actuator *actuators;
	size_t actuator_count;
	struct status_plans plans;
	uint64_t incidents_open;
	uint64_t incidents_total;       /**< opened since the start, and carried on from before */
	uint64_t incidents_limit;       /**< room for so many open ones */
	uint64_t incidents_turned_away; /**< that found no room when they began */
	struct status_journal journal;
	struct status_coverage coverage;
	const struct fault *const *faults; /**< open ones, the worst first */
	size_t fault_count;
	uint64_t faults_turned_away; /**< that found no room */
	uint64_t faults_untold;      /**< changes that were too many to be told */
};

/** status_to_json() - append the view as one JSON object, without newline. */
void status_to_json(const struct status_view *view, struct text *out);

/** top_to_json() - append what GET /api/v1/top gives: totals, and the rows. */
void top_to_json(const struct status_view *view, struct text *out);

/**
 * status_lost_share() - how much of what an exporter sent did not arrive.
 *
 * Sequence numbers count flow records in NetFlow v5 and IPFIX, datagrams in NetFlow v9 and
 * sFlow, so the share is of that unit. Return: 0..1.
 */
double status_lost_share(const struct exporter_stats *stats);
