/* SPDX-License-Identifier: Apache-2.0 */
/* live_part: what both ways of sampling an interface have in common; for live*.c only. */
#pragma once

#include "ingest/live.h"
#include "ingest/packet.h"
#include "ingest/state.h"

/** How an interface is at the moment. */
struct live_link {
	unsigned index; /**< 0: it is not there */
	bool up;
	bool ethernet;
	bool loopback;
	unsigned mtu;
};

/** The common part of an interface's source; at the start of each. */
struct live {
	struct source source;
	char name[IFNAMSIZ];
	uint32_t sampling;
	struct live_link link; /**< as it was when it was opened */
};

/** One reading of packets. */
struct live_batch {
	struct live *live;
	struct decode_state *state;
	struct exporter *exporter;
	struct datagram datagram; /**< stands for "received now, from nobody" */
};

/** One packet of a batch. */
struct live_packet {
	struct packet_view view;
	uint16_t vlan; /**< tag that the kernel took off; 0: none */
	bool egress;
};

/** live_link_of() - look at an interface. Return: 0; -ENODEV with @ret_link zeroed. */
int live_link_of(const char *name, struct live_link *ret_link);

/** live_init() - fill in the common part. */
void live_init(struct live *live, const struct source_kind *kind,
	       const struct live_options *options, int fd);

/** live_begin() - start a batch. Return: false if the tables have no room for the interface. */
bool live_begin(struct live_batch *batch, struct live *live, uint64_t now_ns,
		struct decode_state *state, const struct flow_sink *sink);

/** live_take() - one sampled packet becomes a flow, or is counted. */
void live_take(struct live_batch *batch, const struct live_packet *packet);

/** live_end() - give what is left of the batch to the sink. */
void live_end(struct live_batch *batch);

/** live_explain() - one line: what failed for this interface, and what to do. */
void live_explain(struct text *error, const char *name, int err, const char *needs);
