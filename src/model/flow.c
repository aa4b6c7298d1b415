/* SPDX-License-Identifier: Apache-2.0 */
/* flow: names of the enumerations a flow carries. Any thread; no state. */
#include "model/flow.h"

const char *flow_source_name(enum flow_source source)
{
	static const char *const names[FLOW_SOURCE_COUNT] = {
		[FLOW_NETFLOW5] = "netflow5",   [FLOW_NETFLOW9] = "netflow9",
		[FLOW_IPFIX] = "ipfix",         [FLOW_SFLOW5] = "sflow5",
		[FLOW_PACKET] = "packet",       [FLOW_AWS_VPC] = "aws-vpc",
		[FLOW_AZURE_NSG] = "azure-nsg", [FLOW_GCP_VPC] = "gcp-vpc",
	};

	return names[source];
}

const char *direction_name(enum direction direction)
{
	static const char *const names[DIRECTION_COUNT] = {
		[DIRECTION_INBOUND] = "inbound",
		[DIRECTION_OUTBOUND] = "outbound",
		[DIRECTION_INTERNAL] = "internal",
		[DIRECTION_TRANSIT] = "transit",
	};

	return names[direction];
}

const char *class_name(enum traffic_class class)
{
	static const char *const names[CLASS_COUNT] = {
		[CLASS_UDP_AMP] = "udp-amp",
		[CLASS_UDP_ANSWER] = "udp-answer",
		[CLASS_UDP] = "udp",
		[CLASS_FRAGMENT] = "fragment",
		[CLASS_SYN] = "syn",
		[CLASS_SYNACK] = "syn-ack",
		[CLASS_RST_FIN] = "rst-fin",
		[CLASS_TCP] = "tcp",
		[CLASS_TCP_BAD] = "tcp-bad-flags",
		[CLASS_ICMP] = "icmp",
		[CLASS_OTHER] = "other",
	};

	return names[class];
}

const char *tunnel_name(enum tunnel tunnel)
{
	static const char *const names[TUNNEL_COUNT] = {
		[TUNNEL_NONE] = "none",
		[TUNNEL_GRE] = "gre",
		[TUNNEL_IPIP] = "ipip",
		[TUNNEL_VXLAN] = "vxlan",
	};

	return names[tunnel];
}

const char *sampling_source_name(enum sampling_source source)
{
	static const char *const names[SAMPLING_SOURCE_COUNT] = {
		[SAMPLING_UNKNOWN] = "unknown", [SAMPLING_HEADER] = "header",
		[SAMPLING_OPTIONS] = "options", [SAMPLING_RECORD] = "record",
		[SAMPLING_CONFIG] = "config",
	};

	return names[source];
}
