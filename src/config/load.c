/* SPDX-License-Identifier: Apache-2.0 */
/* load: the built-in settings. The reading of files follows. */
#include <errno.h>

#include "config/snapshot.h"

#define ALL_CLASSES ((1U << CLASS_COUNT) - 1)
#define SECOND_NS   UINT64_C(1000000000)

/* The numbers of one kind of traffic: inbound; an own host that sends does harm earlier. */
#define BOTH_WAYS(title, bits, in_pps, in_bps, out_pps, out_bps)                                   \
	{ .name = title " in",                                                                     \
	  .any_network = true,                                                                     \
	  .directions = 1U << DIRECTION_INBOUND,                                                   \
	  .classes = (bits),                                                                       \
	  .limit = { in_pps, in_bps, 0 },                                                          \
	  .severity = SEVERITY_WARNING },                                                          \
	{                                                                                          \
		.name = title " out", .any_network = true, .directions = 1U << DIRECTION_OUTBOUND, \
		.classes = (bits), .limit = { out_pps, out_bps, 0 }, .severity = SEVERITY_WARNING  \
	}

static const struct config_threshold thresholds[] = {
	BOTH_WAYS("total", ALL_CLASSES, 100000, 1000000000, 100000, 1000000000),
	BOTH_WAYS("udp", 1U << CLASS_UDP, 50000, 500000000, 50000, 500000000),
	BOTH_WAYS("udp-amp", 1U << CLASS_UDP_AMP, 10000, 100000000, 5000, 50000000),
	BOTH_WAYS("fragment", 1U << CLASS_FRAGMENT, 10000, 100000000, 5000, 50000000),
	BOTH_WAYS("syn", 1U << CLASS_SYN, 10000, 0, 5000, 0),
	BOTH_WAYS("icmp", 1U << CLASS_ICMP, 10000, 0, 5000, 0),
};

static const struct config_listen listens[] = {
	{ .port = 2055 },
	{ .port = 4739 },
	{ .port = 6343, .sflow = true },
};

static const struct config_sink sinks[] = { { .kind = "text", .path = "-" } };

static void fill_defaults(struct config *config)
{
	*config = (struct config){
		.file = "built-in defaults",
		.listens = listens,
		.listen_count = sizeof(listens) / sizeof(listens[0]),
		.threads = 2,
		.receive_buffer = UINT64_C(32) << 20,
		.thresholds = thresholds,
		.threshold_count = sizeof(thresholds) / sizeof(thresholds[0]),
		.window_ns = 5 * SECOND_NS,
		.min_sampled = 8,
		.close_after_ns = 60 * SECOND_NS,
		.close_percent = 50,
		.update_every_ns = 10 * SECOND_NS,
		.max_hosts = 65536,
		.max_exporters = 1024,
		.max_templates = 8192,
		.max_held_bytes = UINT64_C(4) << 20,
		.max_details = 4096,
		.max_incidents = 10000,
		.sinks = sinks,
		.sink_count = sizeof(sinks) / sizeof(sinks[0]),
		.state_path = "/var/lib/weir",
		.control_socket = "/run/weir/weir.sock",
	};
}

int config_load(const char *path, struct text *errors, struct config **ret_config)
{
	if (path) {
		text_addf(errors, "%s: this version cannot read files yet; leave it away\n", path);
		return -WEIR_ECONFIG;
	}
	struct snapshot *snapshot = snapshot_new();
	if (!snapshot)
		return -ENOMEM;
	fill_defaults(&snapshot->config);
	int err = snapshot_finish(snapshot);
	if (err) {
		config_free(&snapshot->config);
		return err;
	}
	*ret_config = &snapshot->config;
	return 0;
}
