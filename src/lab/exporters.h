/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporters: the routers of a run: packets in, telemetry.pcap with what they export out.
 *
 * One, or two that see the same traffic; with what goes wrong in or behind them. One thread.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "lab/encoder.h"
#include "lab/fault.h"
#include "lab/maker.h"
#include "lab/pcap_out.h"

/** Most of a run. */
#define EXPORTERS_MAX         2
/** Timeouts of their flow caches. */
#define EXPORTERS_ACTIVE_MS   60000
#define EXPORTERS_INACTIVE_MS 15000

/** When what goes wrong does, and of what run they are. */
struct exporters_setup {
	const struct maker_request *request;
	uint32_t sampling;
	uint64_t begin_ns;
	uint64_t onset_ns;
	uint64_t rate_ns; /**< another sampling rate is announced */
	uint64_t loss_ns; /**< datagrams are lost from here on for a minute */
};

/** All of them; has to stay where it is while it is open. */
struct exporters {
	struct lab_pcap_out *out;
	struct lab_sink sink;
	struct lab_loss loss;
	struct {
		const struct lab_encoder *encoder;
		void *state;
	} at[EXPORTERS_MAX];
	unsigned count;
};

/**
 * exporters_open() - open the file, and as many as the request's fault needs.
 * @error: gets one line for people on failure
 */
WEIR_CHECK int exporters_open(struct exporters *exporters, const struct exporters_setup *setup,
			      struct text *error);

/** exporters_packet() - one sampled packet at exporter @number. */
void exporters_packet(struct exporters *exporters, unsigned number,
		      const struct lab_packet *packet);

/** exporters_time() - all of them: it is @now_ns, and so much passed since the last time. */
void exporters_time(struct exporters *exporters, uint64_t now_ns, uint64_t packets,
		    uint64_t octets);

/** exporters_failed() - can the file not be written any more? */
bool exporters_failed(const struct exporters *exporters);

/** exporters_close() - export what is left. @ret_datagrams: all that were written. */
WEIR_CHECK int exporters_close(struct exporters *exporters, uint64_t *ret_datagrams);
