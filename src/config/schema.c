/* SPDX-License-Identifier: Apache-2.0 */
/* schema: the tables of all settings. No code but what rows point to. */
#include "config/schema.h"

#include <string.h>

#include "config/entries.h"

#define RELOAD              false
#define RESTART             true
#define FIELD(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define SETTING(member)     FIELD(struct config, member)
#define LIST_OF(member, number) \
	.offset = offsetof(struct config, member), .count_offset = offsetof(struct config, number)
#define ENTRIES_OF(type, member, number) \
	.offset = offsetof(type, member), .count_offset = offsetof(type, number)
#define ENTRIES(member, number) ENTRIES_OF(struct config_actuator, member, number)
#define KEYS(table)             .keys = (table), .count = sizeof(table) / sizeof((table)[0])

/* One row: the name, what it takes, its default, how it changes, where it goes, its meaning. */
#define ROW(title, what, without, change, place, ...)                                              \
	{                                                                                          \
		.name = (title), .kind = VALUE_##what, .fallback = (without), .restart = (change), \
		place, .doc = __VA_ARGS__                                                          \
	}
/* A quantity from `low` to `high`. */
#define NUMBER(title, unit, low, high, without, change, place, meaning)                            \
	{                                                                                          \
		.name = (title), .kind = VALUE_NUMBER, .quantity = QUANTITY_##unit,                \
		.least = (low), .most = (high), .fallback = (without), .restart = (change), place, \
		.doc = (meaning)                                                                   \
	}
/* A key with keys of its own. */
#define MAP(title, table, meaning) ROW(title, MAP, NULL, RELOAD, .inside = &(table), meaning)
/* A key of the outline that this version refuses. */
#define LATER(title)                                 \
	{                                            \
		.name = (title), .kind = VALUE_LATER \
	}

/* A table is read by its columns: one row is two lines, whatever their length allows. */
/* clang-format off */
static const struct schema_key network_keys[] = {
	ROW("prefix", PREFIX, NULL, RELOAD, FIELD(struct config_network, prefix),
	    "The addresses, with the host bits zero", .required = true),
	ROW("within", PREFIX, NULL, RELOAD, FIELD(struct config_network, within),
	    "The network of this list right around this one; without it an overlap is an error"),
	ROW("tenant", TEXT, NULL, RELOAD, FIELD(struct config_network, tenant), "Whose it is"),
	ROW("region", TEXT, NULL, RELOAD, FIELD(struct config_network, region), "Where it is"),
	NUMBER("capacity", BPS, "1kbps", "1000Tbps", NULL, RELOAD,
	       FIELD(struct config_network, capacity_bps), "What its line carries"),
	NUMBER("value_per_hour", COUNT, NULL, "1000000G", NULL, RELOAD,
	       FIELD(struct config_network, value_per_hour),
	       "What an hour without it costs, in your own currency"),
};

static const struct schema schema_network = {
	KEYS(network_keys),   .entry_size = sizeof(struct config_network),
	.entries_max = 16384, .place_offset = offsetof(struct config_network, at),
	.subject = "prefix",  .finish = network_finish,
};

static const struct schema_key exporter_keys[] = {
	ROW("address", ADDRESS, NULL, RELOAD, FIELD(struct config_exporter, address),
	    "Source address of its datagrams", .required = true),
	ROW("name", TEXT, NULL, RELOAD, FIELD(struct config_exporter, name), "What to call it"),
	NUMBER("sampling", RATIO, NULL, NULL, NULL, RELOAD, FIELD(struct config_exporter, sampling),
	       "Its sampling rate; wins over what it says itself"),
	ROW("disjoint", BOOL, "false", RELOAD, FIELD(struct config_exporter, disjoint),
	    "No other exporter reports the packets it does: its counts are added to theirs"),
};

static const struct schema schema_exporter = {
	KEYS(exporter_keys),  .entry_size = sizeof(struct config_exporter),
	.entries_max = 65536, .place_offset = offsetof(struct config_exporter, at),
	.subject = "address",
};

static const struct schema_key interface_keys[] = {
	ROW("name", TEXT, NULL, RESTART, FIELD(struct config_interface, name),
	    "The interface, as `ip link` shows it", .required = true),
	NUMBER("sampling", RATIO, NULL, NULL, "1:100", RESTART,
	       FIELD(struct config_interface, sampling), "One packet of so many is looked at"),
	ROW("mode", WORD, "packet", RESTART, FIELD(struct config_interface, mode),
	    "`packet` sees both directions; `xdp` only what comes in, counted exactly; `auto` is "
	    "`xdp` where the driver can do it, else `packet`", .words = &words_capture),
	ROW("promiscuous", BOOL, "false", RESTART, FIELD(struct config_interface, promiscuous),
	    "Also take what is not addressed to this machine, as on a mirror port"),
};

static const struct schema schema_interface = {
	KEYS(interface_keys), .entry_size = sizeof(struct config_interface),
	.entries_max = CONFIG_INTERFACES_MAX, .place_offset = offsetof(struct config_interface, at),
	.subject = "name", .brief = true, .finish = interface_finish,
};

static const struct schema_key flowlog_keys[] = {
	ROW("path", PATH, NULL, RESTART, FIELD(struct config_flowlog, path),
	    "A file, or a folder with all that is below it; followed as it grows",
	    .required = true),
	ROW("format", WORD, "auto", RESTART, FIELD(struct config_flowlog, format),
	    "Whose logs they are; `auto` recognises it", .words = &words_flowlog),
	NUMBER("sampling", RATIO, NULL, NULL, NULL, RESTART,
	       FIELD(struct config_flowlog, sampling),
	       "Of so many records the cloud keeps one, as `flow_sampling` of Google's subnets"),
};

static const struct schema schema_flowlog = {
	KEYS(flowlog_keys), .entry_size = sizeof(struct config_flowlog),
	.entries_max = SCHEMA_LOGS_MAX, .place_offset = offsetof(struct config_flowlog, at),
	.subject = "path", .brief = true,
};

static const struct schema_key listen_keys[] = {
	ROW("netflow", SOCKETS, NULL, RESTART, .sflow = false,
	    "Where NetFlow v5, v9 and IPFIX are received"),
	ROW("ipfix", SOCKETS, NULL, RESTART, .sflow = false,
	    "The same as `netflow`: each of the two takes all three"),
	ROW("sflow", SOCKETS, NULL, RESTART, .sflow = true, "Where sFlow v5 is received"),
	ROW("interface", LIST, NULL, RESTART, LIST_OF(interfaces, interface_count),
	    "Interfaces of this machine whose packets are sampled; a name alone is an entry too",
	    .differs = interfaces_differ, .inside = &schema_interface),
	ROW("flowlog", LIST, NULL, RESTART, LIST_OF(flowlogs, flowlog_count),
	    "Flow logs of clouds; a path alone is an entry too",
	    .differs = flowlogs_differ, .inside = &schema_flowlog),
};

static const struct schema schema_listen = { KEYS(listen_keys) };

static const struct schema_key cpu_keys[] = {
	ROW("cpu", NUMBER, NULL, RESTART, FIELD(struct config_cpu, cpu),
	    "A processor, as the kernel numbers them; a number alone is an entry too",
	    .quantity = QUANTITY_COUNT, .most = "1023", .required = true),
};

static const struct schema schema_cpu = {
	KEYS(cpu_keys), .entry_size = sizeof(struct config_cpu),
	.entries_max = 64, .place_offset = offsetof(struct config_cpu, at),
	.subject = "cpu", .brief = true,
};

static const struct schema_key ingest_keys[] = {
	NUMBER("threads", COUNT, "1", "64", "2", RESTART, SETTING(threads),
	       "Threads that decode, each with its own sockets and tables"),
	ROW("cpus", LIST, NULL, RESTART, LIST_OF(cpus, cpu_count),
	    "The processor that each thread stays on, one for each; without, the kernel chooses",
	    .differs = cpus_differ, .inside = &schema_cpu),
	ROW("gro", BOOL, "true", RESTART, SETTING(gro),
	    "Let the kernel hand over several datagrams in one piece (UDP_GRO)"),
	NUMBER("receive_buffer", BYTES, "64KiB", "1GiB", "32MiB", RESTART, SETTING(receive_buffer),
	       "Buffer to ask the kernel for, for each socket"),
	NUMBER("packet_ring", BYTES, "1MiB", "1GiB", "16MiB", RESTART, SETTING(packet_ring),
	       "Memory for packets that wait, for each interface and thread"),
};

static const struct schema schema_ingest = { KEYS(ingest_keys) };

static const struct schema_key threshold_keys[] = {
	ROW("name", TEXT, "", RELOAD, FIELD(struct config_threshold, name),
	    "What to call it in incidents"),
	ROW("network", PREFIX, NULL, RELOAD, FIELD(struct config_threshold, network),
	    "Only for hosts inside it; without: for all"),
	ROW("tenant", TEXT, NULL, RELOAD, FIELD(struct config_threshold, tenant),
	    "Only for hosts in networks of this tenant"),
	ROW("direction", WORDS, "inbound", RELOAD, FIELD(struct config_threshold, directions),
	    "Which way the traffic goes, seen from `networks`", .words = &words_direction),
	ROW("class", WORDS, "total", RELOAD, FIELD(struct config_threshold, classes),
	    "Kinds of traffic, added up before they are compared", .words = &words_class),
	NUMBER("pps", PPS, "1pps", "1000Gpps", NULL, RELOAD,
	       FIELD(struct config_threshold, limit[METRIC_PPS]),
	       "Most packets per second of one host"),
	NUMBER("bps", BPS, "1bps", "1000Tbps", NULL, RELOAD,
	       FIELD(struct config_threshold, limit[METRIC_BPS]),
	       "Most bits per second of one host"),
	NUMBER("flows", FPS, "1fps", "1000Mfps", NULL, RELOAD,
	       FIELD(struct config_threshold, limit[METRIC_FPS]),
	       "Most flows per second of one host"),
	ROW("severity", WORD, "warning", RELOAD, FIELD(struct config_threshold, severity),
	    "How serious it is when the limit is passed", .words = &words_severity),
};

static const struct schema schema_threshold = {
	KEYS(threshold_keys),       .entry_size = sizeof(struct config_threshold),
	.entries_max = 256,         .place_offset = offsetof(struct config_threshold, at),
	.finish = threshold_finish,
};

static const struct schema_key floor_keys[] = {
	NUMBER("pps", PPS, "10pps", "1000Gpps", "5kpps", RELOAD, SETTING(floor_pps),
	       "Packets a second of one host; special kinds of traffic have a part of it"),
	NUMBER("bps", BPS, "100kbps", "1000Tbps", "50Mbps", RELOAD, SETTING(floor_bps),
	       "Bits a second of one host"),
};

static const struct schema schema_floor = { KEYS(floor_keys) };

static const struct schema_key detect_keys[] = {
	NUMBER("window", DURATION, "1s", "5min", "5s", RELOAD, SETTING(window_ns),
	       "Rates are means over this time"),
	NUMBER("min_sampled", COUNT, "1", "100k", "8", RELOAD, SETTING(min_sampled),
	       "Fewer sampled packets in a window say nothing"),
	ROW("thresholds", LIST, NULL, RELOAD, LIST_OF(thresholds, threshold_count),
	    "Fixed limits on the traffic of each host, beside what is learned",
	    .inside = &schema_threshold),
	NUMBER("sensitivity", OFTEN, "0/day", "1000/day", "1/day", RELOAD, SETTING(sensitivity),
	       "False alarms to put up with, of the whole site; `0/day` turns learning off: what goes on closes"),
	MAP("floor", schema_floor, "What does no harm, however unusual it is"),
	NUMBER("margin", FACTOR, "1", "20", "2", RELOAD, SETTING(margin),
	       "How many times what was usual at most is still allowed"),
};

static const struct schema schema_detect = { KEYS(detect_keys) };

static const struct schema_key incidents_keys[] = {
	NUMBER("close_after", DURATION, "1s", "1d", "60s", RELOAD, SETTING(close_after_ns),
	       "Quiet time that ends an incident"),
	NUMBER("close_below", PERCENT, "1%", "100%", "50%", RELOAD, SETTING(close_percent),
	       "Quiet is less than this share of the limit"),
	NUMBER("update_every", DURATION, "1s", "1d", "10s", RELOAD, SETTING(update_every_ns),
	       "Least time between two updates of one incident"),
	NUMBER("max_open", COUNT, "1", "1M", "10000", RELOAD, SETTING(max_incidents),
	       "Incidents open at once; more are counted, not kept"),
};

static const struct schema schema_incidents = { KEYS(incidents_keys) };

static const struct schema_key limits_keys[] = {
	NUMBER("hosts", COUNT, "64", "16M", "65536", RESTART, SETTING(max_hosts),
	       "Hosts tallied at once, by each thread"),
	NUMBER("watched", COUNT, "64", "1M", "16384", RESTART, SETTING(max_watched),
	       "Hosts near a limit, looked at closely; lighter ones make room for heavier ones"),
	NUMBER("outside", COUNT, "64", "8M", "65536", RESTART, SETTING(max_outside),
	       "Outside addresses that your hosts send to, followed by each thread"),
	NUMBER("exporters", COUNT, "1", "65536", "1024", RESTART, SETTING(max_exporters),
	       "Exporters known at once, by each thread"),
	NUMBER("templates", COUNT, "16", "1M", "8192", RESTART, SETTING(max_templates),
	       "Templates known at once, by each thread"),
	NUMBER("held", BYTES, NULL, "1GiB", "4MiB", RESTART, SETTING(max_held_bytes),
	       "Data that waits for its template, in each thread"),
	NUMBER("details", COUNT, "16", "1M", "4096", RESTART, SETTING(max_details),
	       "Busy hosts whose peers and ports are kept, by each thread"),
	NUMBER("counters", COUNT, "1024", "16M", "1M", RESTART, SETTING(max_counters),
	       "Hosts, prefixes and outside addresses by class that are tested at once"),
	NUMBER("profiles", COUNT, "64", "4M", "262144", RESTART, SETTING(max_profiles),
	       "Of those, how many have an envelope of their own"),
	NUMBER("subjects", COUNT, "16", "65536", "1024", RESTART, SETTING(max_subjects),
	       "Of those, how many are looked at sample by sample at once"),
	NUMBER("samples", COUNT, "256", "1M", "16384", RESTART, SETTING(max_samples),
	       "Flows of a tick that detectors look at as evidence, from each thread"),
};

static const struct schema schema_limits = { KEYS(limits_keys) };

static const struct schema_key report_keys[] = {
	ROW("kind", NAME, NULL, RELOAD, FIELD(struct config_sink, kind),
	    "How events are written: `text` for people, `jsonl` for programs", .required = true),
	ROW("path", PATH, "-", RELOAD, FIELD(struct config_sink, path),
	    "File to append to; `-` is standard output"),
};

static const struct schema schema_report = {
	KEYS(report_keys), .entry_size = sizeof(struct config_sink),
	.entries_max = SCHEMA_SINKS_MAX, .place_offset = offsetof(struct config_sink, at),
	.subject = "kind",
};

static const struct schema_key word_keys[] = {
	ROW("name", TEXT, NULL, RELOAD, FIELD(struct config_word, text), "The word", .required = true),
};

static const struct schema schema_word = {
	KEYS(word_keys), .entry_size = sizeof(struct config_word), .entries_max = 16,
	.place_offset = offsetof(struct config_word, at), .subject = "name", .brief = true,
};

static const struct schema_key actuator_keys[] = {
	ROW("name", NAME, NULL, RESTART, FIELD(struct config_actuator, name),
	    "What to call it, in policies and plans", .required = true),
	ROW("kind", NAME, NULL, RESTART, FIELD(struct config_actuator, kind),
	    "How it acts: `observe`, `xdp`, `nft`, `bird`, `gobgp`, `hook`", .required = true),
	ROW("interfaces", LIST, NULL, RESTART, ENTRIES(interfaces, interface_count),
	    "`xdp`, `nft`: interfaces of this machine that it acts at", .inside = &schema_word,
	    .differs = actuators_differ),
	ROW("mode", WORD, "best", RESTART, FIELD(struct config_actuator, mode),
	    "`xdp`: in the driver (`native`), behind it (`generic`), or as it can (`best`)",
	    .words = &words_attach),
	ROW("pin", PATH, "/sys/fs/bpf/weir", RESTART, FIELD(struct config_actuator, pin),
	    "`xdp`: folder of its own on a bpffs, so that rules outlive the daemon; `none` is without",
	    .or_none = true),
	ROW("table", NAME, "weir", RESTART, FIELD(struct config_actuator, table),
	    "`nft`: its own table of the family netdev"),
	ROW("socket", PATH, "/run/bird/bird.ctl", RESTART, FIELD(struct config_actuator, socket),
	    "`bird`: its control socket", .most = "107"),
	ROW("include", PATH, "/etc/bird/weir.conf", RESTART, FIELD(struct config_actuator, include),
	    "`bird`: the file with our routes, which its configuration includes"),
	ROW("address", TEXT, "127.0.0.1:50051", RESTART, FIELD(struct config_actuator, address),
	    "`gobgp`: host and port of its API"),
	ROW("next_hop", ADDRESS, NULL, RESTART, FIELD(struct config_actuator, next_hop_v4),
	    "`bird`, `gobgp`: IPv4 next hop of blackholes, an address that your routers discard"),
	ROW("next_hop6", ADDRESS, NULL, RESTART, FIELD(struct config_actuator, next_hop_v6),
	    "`bird`, `gobgp`: the same for IPv6"),
	ROW("communities", LIST, "['65535:666']", RESTART, ENTRIES(communities, community_count),
	    "`bird`, `gobgp`: communities of blackholes (RFC 7999)", .inside = &schema_word,
	    .differs = actuators_differ),
	ROW("flowspec", BOOL, "true", RESTART, FIELD(struct config_actuator, flowspec),
	    "`bird`, `gobgp`: announce rules (RFC 8955), not only blackholes"),
	ROW("source_rules", BOOL, "false", RESTART, FIELD(struct config_actuator, source_rules),
	    "`bird`, `gobgp`: rules about what your own machines send too"),
	NUMBER("routes", COUNT, "1", "100k", "1000", RESTART, FIELD(struct config_actuator, routes),
	       "`bird`, `gobgp`: routes and rules at once"),
	NUMBER("changes", COUNT, "1", "100k", "10", RESTART, FIELD(struct config_actuator, changes),
	       "`bird`, `gobgp`: routes and rules that change in a second; more follow in the next"),
	ROW("program", PATH, NULL, RESTART, FIELD(struct config_actuator, program),
	    "`hook`: program that is started; it gets JSON on its standard input"),
	ROW("url", TEXT, NULL, RESTART, FIELD(struct config_actuator, url),
	    "`hook`: where JSON is posted, by HTTPS, or by HTTP to this machine"),
	ROW("token_file", PATH, NULL, RESTART, FIELD(struct config_actuator, token_file),
	    "`hook`: file with the bearer token to show at `url`, read for each message"),
	ROW("secret_file", PATH, NULL, RESTART, FIELD(struct config_actuator, secret_file),
	    "`hook`: file with the secret that messages are signed with (Standard Webhooks)"),
	ROW("ca_file", PATH, NULL, RESTART, FIELD(struct config_actuator, ca_file),
	    "`hook`: authorities of the certificate at `url`, as PEM; without, those of the machine"),
	ROW("cert_file", PATH, NULL, RESTART, FIELD(struct config_actuator, cert_file),
	    "`hook`: our own certificate to show at `url`, as PEM"),
	ROW("key_file", PATH, NULL, RESTART, FIELD(struct config_actuator, key_file),
	    "`hook`: its key; without, it is in `cert_file`"),
	NUMBER("timeout", DURATION, "100ms", "5min", "5s", RESTART,
	       FIELD(struct config_actuator, timeout_ns), "How long the other side may take"),
	NUMBER("retries", COUNT, NULL, "20", "3", RESTART, FIELD(struct config_actuator, retries),
	       "`hook`: further tries, each after twice the pause"),
	ROW("canary", NAME, NULL, RELOAD, FIELD(struct config_actuator, canary),
	    "Name of another actuator that gets each plan first; only if all is well there, this one"),
	NUMBER("canary_for", DURATION, "5s", "10min", "5s", RELOAD,
	       FIELD(struct config_actuator, canary_ns), "How long all has to be well there"),
};

static const struct schema schema_actuator = {
	KEYS(actuator_keys), .entry_size = sizeof(struct config_actuator), .entries_max = 16,
	.place_offset = offsetof(struct config_actuator, at), .subject = "name",
	.finish = actuator_finish,
};

static const struct schema_key match_keys[] = {
	ROW("direction", WORDS, NULL, RELOAD, FIELD(struct config_policy, directions),
	    "Which way the attack goes, seen from `networks`; without, any way", .words = &words_direction),
	ROW("tenant", TEXT, NULL, RELOAD, FIELD(struct config_policy, tenant),
	    "Only about hosts of this tenant"),
	ROW("network", PREFIX, NULL, RELOAD, FIELD(struct config_policy, network),
	    "Only about hosts inside it"),
};

static const struct schema schema_match = { KEYS(match_keys) };

static const struct schema_key policy_keys[] = {
	MAP("match", schema_match, "What the policy is about; without, everything"),
	ROW("ladder", WORDS, "observe", RELOAD, FIELD(struct config_policy, ladder),
	    "Levels that go by themselves, where the forecast is good enough",
	    .words = &words_level),
	ROW("approve", WORDS, "observe", RELOAD, FIELD(struct config_policy, approve),
	    "Levels that are proposed and wait for a person", .words = &words_level),
	ROW("actuators", LIST, NULL, RELOAD, ENTRIES_OF(struct config_policy, actuators, actuator_count),
	    "Names of the actuators to use, the first that can do it", .inside = &schema_word),
};

static const struct schema schema_policy = {
	KEYS(policy_keys), .entry_size = sizeof(struct config_policy), .entries_max = 256,
	.place_offset = offsetof(struct config_policy, at), .finish = policy_finish,
};

static const struct schema_key prefix_keys[] = {
	ROW("prefix", PREFIX, NULL, RELOAD, FIELD(struct config_prefix, prefix),
	    "Addresses; a prefix alone is an entry too", .required = true),
};

static const struct schema schema_prefix = {
	KEYS(prefix_keys), .entry_size = sizeof(struct config_prefix), .entries_max = 1024,
	.place_offset = offsetof(struct config_prefix, at), .subject = "prefix", .brief = true,
};

static const struct schema_key floor_lengths_keys[] = {
	NUMBER("ipv4", COUNT, "8", "32", "24", RELOAD, SETTING(floor_v4),
	       "Shortest IPv4 prefix of yours that is ever acted on, as its length"),
	NUMBER("ipv6", COUNT, "16", "128", "48", RELOAD, SETTING(floor_v6), "The same for IPv6"),
};

static const struct schema schema_floor_lengths = { KEYS(floor_lengths_keys) };

static const struct schema_key protect_keys[] = {
	ROW("never_touch", LIST, NULL, RELOAD, LIST_OF(never_touch, never_touch_count),
	    "Addresses that no rule may overlap: resolvers, peers, exporters, management",
	    .inside = &schema_prefix),
	ROW("expendable", LIST, NULL, RELOAD, LIST_OF(expendable, expendable_count),
	    "Your addresses that may be blackholed without asking", .inside = &schema_prefix),
	MAP("min_prefix", schema_floor_lengths, "How large a part of your network may be acted on"),
	NUMBER("max_rules", COUNT, "1", "10000", "1000", RELOAD, SETTING(max_rules),
	       "Rules in force at once"),
	NUMBER("max_blackholed", COUNT, NULL, "1000", "8", RELOAD, SETTING(max_blackholed),
	       "Addresses blackholed at once"),
	NUMBER("max_share", PERCENT, "1%", "100%", "20%", RELOAD, SETTING(max_share),
	       "Of your usual traffic that all rules together may match"),
	NUMBER("max_actions", COUNT, "1", "1000", "20", RELOAD, SETTING(max_actions),
	       "Actions without a person in ten seconds; more stop all further ones for five minutes"),
	ROW("kill_file", PATH, "/run/weir/panic", RELOAD, SETTING(kill_file),
	    "As long as this file is there, nothing is held back; `none` looks for none",
	    .or_none = true),
};

static const struct schema schema_protect = { KEYS(protect_keys) };

static const struct schema_key archive_keys[] = {
	NUMBER("coverage", DURATION, NULL, "3650d", "90d", RESTART, SETTING(coverage_ns),
	       "How long the minutes of the coverage ledger are kept; `0s` keeps none"),
	LATER("path"),
	LATER("keep"),
};

static const struct schema schema_archive = { KEYS(archive_keys) };

static const struct schema_key faults_keys[] = {
	NUMBER("loss", PERCENT, "1%", "100%", "1%", RELOAD, SETTING(loss_percent),
	       "More of an exporter's telemetry lost than this share in a minute is a fault"),
};

static const struct schema schema_faults = { KEYS(faults_keys) };

static const struct schema_key state_keys[] = {
	ROW("path", PATH, "/var/lib/weir", RESTART, SETTING(state_path),
	    "Folder of the journal of incidents; `none` keeps nothing over a restart",
	    .or_none = true),
};

static const struct schema schema_state = { KEYS(state_keys) };

static const struct schema_key control_keys[] = {
	ROW("socket", PATH, "/run/weir/weir.sock", RESTART, SETTING(control_socket),
	    "Unix socket for `weir status` and `weir incidents`; `none` opens none",
	    .or_none = true, .most = "107"),
	LATER("listen"),
	LATER("users"),
};

static const struct schema schema_control = { KEYS(control_keys) };

static const struct schema_key file_keys[] = {
	ROW("networks", LIST, NULL, RELOAD, LIST_OF(networks, network_count),
	    "Your own addresses; without any, all traffic counts as inbound",
	    .inside = &schema_network),
	ROW("listen", MAP, "{netflow: '[::]:2055', ipfix: '[::]:4739', sflow: '[::]:6343'}",
	    RESTART, .differs = listens_differ,
	    "Where telemetry is received; when given, only there", .inside = &schema_listen),
	ROW("exporters", LIST, NULL, RELOAD, LIST_OF(exporters, exporter_count),
	    "What you know about senders of telemetry", .inside = &schema_exporter),
	ROW("exporters_only", BOOL, "false", RELOAD, SETTING(exporters_only),
	    "Take telemetry from `exporters` only; count and drop all other"),
	MAP("ingest", schema_ingest, "How telemetry is received"),
	MAP("detect", schema_detect, "What is an attack"),
	MAP("incidents", schema_incidents, "How attacks become incidents"),
	MAP("limits", schema_limits, "Sizes of tables; what does not fit is counted"),
	ROW("report", LIST, "[{kind: text, path: '-'}]", RELOAD, LIST_OF(sinks, sink_count),
	    "Where events go; `[]` is nowhere", .inside = &schema_report),
	ROW("actuators", LIST, NULL, RESTART, LIST_OF(actuators, actuator_count),
	    "What puts plans in force; without any, Weir watches and says what it would do",
	    .differs = actuators_differ, .explain = actuators_explain, .inside = &schema_actuator),
	ROW("policy", LIST, NULL, RELOAD, LIST_OF(policies, policy_count),
	    "How far Weir goes, by itself and with a person; the first entry that matches",
	    .inside = &schema_policy),
	MAP("protect", schema_protect, "What is never done, whoever asks"),
	MAP("faults", schema_faults, "When telemetry is at fault"),
	MAP("archive", schema_archive, "What is kept about the past"),
	MAP("state", schema_state, "What outlives a restart"),
	MAP("control", schema_control, "How to talk to the running daemon"),
	LATER("cluster"),
	LATER("console"),
	LATER("bus"),
	LATER("lab"),
};
/* clang-format on */

const struct schema schema_file = { KEYS(file_keys) };

const struct schema_key *schema_find(const struct schema *schema, const char *name)
{
	for (size_t i = 0; i < schema->count; i++) {
		if (strcmp(schema->keys[i].name, name) == 0)
			return &schema->keys[i];
	}
	return NULL;
}

const char *quantity_noun(enum quantity kind)
{
	static const char *const nouns[QUANTITY_KINDS] = {
		[QUANTITY_COUNT] = "whole number",   [QUANTITY_PPS] = "packet rate",
		[QUANTITY_BPS] = "data rate",        [QUANTITY_FPS] = "flow rate",
		[QUANTITY_DURATION] = "duration",    [QUANTITY_BYTES] = "size",
		[QUANTITY_RATIO] = "sampling ratio", [QUANTITY_PERCENT] = "percentage",
		[QUANTITY_FACTOR] = "factor",        [QUANTITY_OFTEN] = "frequency",
	};

	return nouns[kind];
}
