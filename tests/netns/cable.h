/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cable: simulated packets in at one end, counts of what is left of them at the other out.
 *
 * Each frame carries in its source address to which group it belongs and when it was sent; no filter
 * looks there, nor does Weir. So it is known of each tenth of a second how many packets of each
 * group arrive behind the filter. Only between two ends of one virtual cable in this namespace.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "lab/packet.h"

#define CABLE_BIN_NS 100000000ULL
/** A quarter of an hour. */
#define CABLE_BINS   9000

/** Whose packet it is. */
enum cable_group {
	CABLE_OTHERS, /**< innocent, of no concern to who is attacked, or attacks */
	CABLE_OWN,    /**< innocent, to or from them */
	CABLE_ATTACK,
	CABLE_REPLY,
	CABLE_PROBE, /**< of the attack's kind, after all is over */
	CABLE_GROUPS
};

struct cable;

/** Packets by group, and by the tenth of a second in which they were sent. */
struct cable_counts {
	uint32_t sent[CABLE_GROUPS][CABLE_BINS];
	uint32_t arrived[CABLE_GROUPS][CABLE_BINS];
	uint64_t unsent; /**< the kernel did not take them */
	uint64_t missed; /**< arrived, but too fast to be counted */
};

/**
 * cable_open() - take both ends, and begin to count.
 * @zero_ns: wall clock of the first bin
 * @ret_cable: for cable_close(); untouched on failure
 *
 * Return: 0; -EPERM when these are not two ends of one cable in this namespace; other errno.
 */
WEIR_CHECK int cable_open(const char *out, const char *in, uint64_t zero_ns,
			  struct cable **ret_cable);

/** cable_put() - one packet, sent with the next 63 or with cable_flush(). @now_ns: wall clock */
void cable_put(struct cable *cable, const struct lab_packet *packet, enum cable_group group,
	       uint64_t now_ns);

/** cable_flush() - send what waits. */
void cable_flush(struct cable *cable);

/** cable_close() - wait for what is on its way, then stop counting. @ret_counts: all of it */
void cable_close(struct cable *cable, struct cable_counts *ret_counts);
