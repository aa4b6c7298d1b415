/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config: one immutable, fully checked snapshot of what the operator wants.
 *
 * YAML text in; either a snapshot, or a list of all errors with file, line and
 * column. A snapshot never changes and is freed as a whole; a reload makes a
 * new one. Reading it is safe from any thread while it lives.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/lpm.h"
#include "base/text.h"
#include "model/finding.h"
#include "model/flow.h"
#include "model/flowlog.h"

/** A place in the file; line 0 for what is built in. */
struct config_place {
	unsigned line;
	unsigned column;
};

/** A part of the operator's own address space. */
struct config_network {
	struct prefix prefix;
	const char *tenant;      /**< NULL if not given */
	const char *region;      /**< NULL if not given */
	uint64_t capacity_bps;   /**< 0: unknown */
	uint64_t value_per_hour; /**< money, no unit; 0: unknown */
	bool nested;             /**< lies inside another network of the list */
	struct prefix within;    /**< that network, the nearest one; zero if not nested */
	uint32_t parent;         /**< its place in the list, plus one; 0: not nested */
	/**
	 * Place of its first address among all addresses that have a fixed place, plus one; the
	 * others follow in order. 0: its hosts are looked up by hashing.
	 */
	uint32_t dense;
	struct config_place at;
};

/** What is known beforehand about one exporter. */
struct config_exporter {
	struct ip address;
	const char *name;  /**< NULL if not given */
	uint32_t sampling; /**< override 1:N; 0: as the exporter says */
	bool disjoint;     /**< no other exporter reports the packets it does */
	struct config_place at;
};

/** A socket to receive telemetry on. */
struct config_listen {
	struct ip ip; /**< 0.0.0.0: all of IPv4; ::, the default: all, IPv4 as well (dual stack) */
	uint16_t port;
	bool sflow; /**< sFlow port; otherwise NetFlow and IPFIX */
	struct config_place at;
};

/** How packets are taken from an interface. */
enum capture_mode {
	CAPTURE_PACKET, /**< packet socket: both directions */
	CAPTURE_XDP,    /**< sampler in the driver, or behind it: only what comes in */
	CAPTURE_AUTO,   /**< XDP where the driver does it itself, else packet socket */
	CAPTURE_MODE_COUNT
};

/** Most interfaces that are sampled. */
#define CONFIG_INTERFACES_MAX 16

/** An interface of this machine whose packets are sampled. */
struct config_interface {
	const char *name;
	uint32_t sampling; /**< 1:N */
	enum capture_mode mode;
	bool promiscuous;
	struct config_place at;
};

/** A processor that an ingest thread stays on. */
struct config_cpu {
	unsigned cpu; /**< as the kernel numbers them, from 0 */
	struct config_place at;
};

/** A file or folder with flow logs of a cloud. */
struct config_flowlog {
	const char *path;
	enum flowlog_format format;
	uint32_t sampling; /**< the cloud keeps one record of so many; 0: all of them */
	struct config_place at;
};

/** A fixed limit on the traffic of each host it matches. */
struct config_threshold {
	const char *name;             /**< "" if not given */
	bool any_network;             /**< no network named: all own hosts */
	struct prefix network;        /**< hosts inside it */
	const char *tenant;           /**< NULL: any */
	uint32_t directions;          /**< bit 1 << enum direction */
	uint32_t classes;             /**< bit 1 << enum traffic_class, added up before comparing */
	uint64_t limit[METRIC_COUNT]; /**< in the metric's unit; 0: none */
	enum severity severity;       /**< warning, or as given */
	struct config_place at;
};

/** Where events go. */
struct config_sink {
	const char *kind; /**< name of a sink plug-in: "jsonl", "text" */
	const char *path; /**< file, "-" for standard output */
	struct config_place at;
};

/** Where an XDP program runs. */
enum attach_mode {
	ATTACH_BEST,    /**< in the driver, or behind it where the driver cannot */
	ATTACH_NATIVE,  /**< in the driver or not at all */
	ATTACH_GENERIC, /**< behind the driver; any interface, at twice the cost */
	ATTACH_MODE_COUNT
};

/** One word of a list. */
struct config_word {
	const char *text;
	struct config_place at;
};

/** One prefix of a list. */
struct config_prefix {
	struct prefix prefix;
	struct config_place at;
};

/** What puts plans in force; which fields count depends on the kind. */
struct config_actuator {
	const char *name; /**< its own */
	const char
		*kind; /**< name of a plug-in: "observe", "xdp", "nft", "bird", "gobgp", "hook" */
	const struct config_word *interfaces; /**< xdp, nft */
	size_t interface_count;
	enum attach_mode mode; /**< xdp */
	const char *pin;       /**< xdp: folder of its own on bpffs; NULL: nothing outlives us */
	const char *table;     /**< nft: its own table */
	const char *socket;    /**< bird: control socket */
	const char *include;   /**< bird: file that its configuration includes */
	const char *address;   /**< gobgp: host:port of its API */
	struct ip next_hop_v4; /**< bird, gobgp: of blackholes; zero: not given */
	struct ip next_hop_v6;
	const struct config_word *communities; /**< of blackholes, "65535:666" */
	size_t community_count;
	bool flowspec;          /**< bird, gobgp: announce rules, not only blackholes */
	bool source_rules;      /**< bird, gobgp: rules without a destination of ours (outbound) */
	uint64_t routes;        /**< bird, gobgp: most routes at once */
	uint64_t changes;       /**< bird, gobgp: most that change in a second */
	const char *program;    /**< hook; NULL: not given */
	const char *url;        /**< hook; NULL: not given */
	const char *token_file; /**< hook, with url; these five are paths; NULL: not given */
	const char *secret_file;
	const char *ca_file;
	const char *cert_file;
	const char *key_file;
	uint64_t timeout_ns; /**< of one try */
	uint64_t retries;    /**< hook: further tries */
	const char *canary;  /**< name of the actuator that gets plans first; NULL: none */
	uint64_t canary_ns;  /**< so long they have to be well there */
	struct config_place at;
};

/** How far Weir goes with what, by itself and when a person says so; the first that matches. */
struct config_policy {
	uint32_t directions; /**< bit 1 << enum direction; 0: any */
	const char *tenant;  /**< NULL: any */
	bool any_network;
	struct prefix network;
	uint32_t ladder;                     /**< bit 1 << enum plan_level: what goes by itself */
	uint32_t approve;                    /**< what waits for a person */
	const struct config_word *actuators; /**< by name; none: any that can */
	size_t actuator_count;
	struct config_place at;
};

/** What rooms that config cannot see know, so that a mistake is found with all the others. */
struct config_known {
	const char *const *sinks;     /**< kinds of sinks, NULL-terminated; NULL: any is fine */
	const char *const *actuators; /**< kinds of actuators, likewise */
	uint64_t memory_bytes;        /**< that there are for the tables; 0: any size is fine */
	const uint8_t *cpus; /**< by number, so many below cpu_count: 1 where there is one */
	size_t cpu_count;    /**< 0: any number is fine */
	bool no_xdp;         /**< this program was built without BPF */
};

/** The snapshot. */
struct config {
	const char *file; /**< where it came from, for messages; "built-in defaults" without one */

	const struct config_network *networks;
	size_t network_count;
	struct lpm *network_lpm; /**< address to index in networks */

	const struct config_exporter *exporters;
	size_t exporter_count;
	bool exporters_only; /**< the list is an allow-list */

	const struct config_listen *listens;
	size_t listen_count;
	const struct config_interface *interfaces;
	size_t interface_count;
	unsigned threads; /**< ingest threads */
	const struct config_cpu
		*cpus; /**< the processor of each thread; none: the kernel chooses */
	size_t cpu_count;
	bool gro; /**< take several datagrams in one piece (UDP_GRO) */
	const struct config_flowlog *flowlogs;
	size_t flowlog_count;
	uint64_t receive_buffer; /**< socket buffer to ask for, bytes */
	uint64_t packet_ring;    /**< for packets of one interface in one thread, bytes */

	const struct config_threshold *thresholds;
	size_t threshold_count;
	uint64_t window_ns;   /**< rates are means over this time */
	uint64_t sensitivity; /**< false alarms a day, in thousandths; 0: nothing is learned */
	uint64_t floor_pps;   /**< of a host: less does no harm */
	uint64_t floor_bps;
	uint64_t margin;      /**< of envelopes over what is usual, in thousandths */
	uint64_t min_sampled; /**< least packets behind a rate before it counts */

	uint64_t close_after_ns;  /**< quiet time that ends an incident */
	unsigned close_percent;   /**< quiet means below this share of the limit */
	uint64_t update_every_ns; /**< least time between updates of one incident */

	uint64_t max_hosts;      /**< hosts tallied, each shard and the detector */
	uint64_t max_watched;    /**< hosts that the detector looks at closely */
	uint64_t max_outside;    /**< outside addresses followed, each shard */
	uint64_t max_exporters;  /**< exporters for each thread */
	uint64_t max_templates;  /**< templates for each thread */
	uint64_t max_held_bytes; /**< data waiting for templates, each thread */
	uint64_t max_details;    /**< busy hosts whose peers are kept, each shard */
	uint64_t max_counters;   /**< entities by class that are tested at once */
	uint64_t max_profiles;   /**< learned envelopes */
	uint64_t max_subjects;   /**< entities looked at sample by sample */
	uint64_t max_samples;    /**< flows handed on as evidence in a tick, each shard */
	uint64_t max_incidents;  /**< open at once */

	const struct config_sink *sinks;
	size_t sink_count;

	const struct config_actuator *actuators;
	size_t actuator_count;
	const struct config_policy *policies;
	size_t policy_count;

	const struct config_prefix *never_touch;
	size_t never_touch_count;
	const struct config_prefix *expendable; /**< may be blackholed unasked */
	size_t expendable_count;
	uint64_t floor_v4; /**< no prefix of ours shorter than this is acted on */
	uint64_t floor_v6;
	uint64_t max_rules;      /**< in force at once */
	uint64_t max_blackholed; /**< prefixes at once */
	unsigned max_share;      /**< of our usual traffic that rules may match, percent */
	uint64_t max_actions;    /**< by itself within ten seconds; more pull the brake */
	const char *kill_file;   /**< while it is there nothing is in force; NULL: none */

	uint64_t coverage_ns;  /**< how long the coverage ledger is kept; 0: it is not */
	unsigned loss_percent; /**< more lost than this in a minute is a fault */

	const char *state_path;     /**< folder of the journal; NULL: keep nothing */
	const char *control_socket; /**< path of the unix socket; NULL: none */
};

/** config_free() - NULL is fine. */
void config_free(struct config *config);

/**
 * config_load() - read and check a file.
 * @path: the file; NULL for the built-in defaults
 * @errors: gets one line for each error, "file:line:column: what; what to do"
 * @ret_config: owned by the caller on success, untouched on failure
 *
 * All errors are found, not just the first. Return: 0; -WEIR_ECONFIG with @errors filled;
 * -ENOMEM.
 */
WEIR_CHECK int config_load(const char *path, struct text *errors, struct config **ret_config);

/** config_load_known() - as config_load(), and checks names against @known; NULL: does not. */
WEIR_CHECK int config_load_known(const char *path, const struct config_known *known,
				 struct text *errors, struct config **ret_config);

/** config_parse() - as config_load(), from text in memory; @name stands for the file's. */
WEIR_CHECK int config_parse(const char *name, const char *yaml, size_t len, struct text *errors,
			    struct config **ret_config);

/**
 * config_memory_bytes() - the most that tables and buffers of these sizes take.
 *
 * What they take from the kernel when they are full; at first it is far less.
 */
uint64_t config_memory_bytes(const struct config *config);

/** capture_mode_name() - "packet", "xdp", "auto". */
const char *capture_mode_name(enum capture_mode mode);

/**
 * config_policy_of() - what goes with an own host's traffic.
 * @host: ours; @tenant: whose, "" if nobody's
 *
 * Without a policy that matches the built-in one. Never NULL.
 */
const struct config_policy *config_policy_of(const struct config *config, enum direction direction,
					     const struct ip *host, const char *tenant);

/** attach_mode_name() - "best", "native", "generic". */
const char *attach_mode_name(enum attach_mode mode);

/** config_workers() - ingest threads, with the one that reads flow logs where there are any. */
static inline unsigned config_workers(const struct config *config)
{
	return config->threads + (config->flowlog_count > 0);
}

/** config_schema_print() - append a Markdown table of all keys: unit, default, when it changes. */
void config_schema_print(struct text *out);

/**
 * config_restart_needed() - settings that differ and only a restart can change.
 * @fields: gets their names, comma-separated, with what differs where that is not one value
 *
 * Return: number of such settings.
 */
int config_restart_needed(const struct config *before, const struct config *after,
			  struct text *fields);

/** config_network_of() - the most specific own network around @ip; NULL if it is outside. */
const struct config_network *config_network_of(const struct config *config, const struct ip *ip);

/** config_exporter_of() - the entry for an exporter's address; NULL if there is none. */
const struct config_exporter *config_exporter_of(const struct config *config,
						 const struct ip *address);

/**
 * config_direction() - which way a flow goes, seen from the own networks.
 *
 * Without any network configured every destination counts as own: inbound.
 */
enum direction config_direction(const struct config *config, const struct ip *src,
				const struct ip *dst);
