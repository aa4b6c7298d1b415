/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finding: "this host exceeds what is allowed", with the numbers that say so.
 *
 * A pure function of tallies, limits and `now`. Detectors make it, the
 * incident room turns it into a story.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "model/flow.h"
#include "model/tally.h"

/** Longest name of a vector and longest list of them. */
#define VECTOR_NAME_MAX 32
#define FINDING_VECTORS 8
/** Longest "why" of a finding. */
#define FINDING_WHY_MAX 320

/** What a limit is about. */
enum metric { METRIC_PPS, METRIC_BPS, METRIC_FPS, METRIC_COUNT };

/** How serious; info never acts. */
enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_COUNT };

/** What is going on, in one word. */
enum attack_kind {
	KIND_FLOOD,          /**< at one of our hosts */
	KIND_CARPET,         /**< at a whole prefix of ours, little at each host */
	KIND_CAMPAIGN,       /**< many of our hosts together at outside sites */
	KIND_OUTBOUND_FLOOD, /**< one of our hosts at somebody */
	KIND_REFLECTOR,      /**< a server of ours that answers forged requests */
	KIND_SPOOFED_EGRESS, /**< sources that are not ours come out of a port of ours */
	KIND_SCAN,           /**< somebody looks for hosts or ports */
	KIND_BULK,           /**< far more than ever before, to one place; no attack by itself */
	KIND_COUNT
};

/** Most sorts of packets that an excess is described by. */
#define FINDING_SHAPES 4

/** What a sort of packets of the excess has in common; -1 and 0: differs. */
struct finding_shape {
	int proto;
	int sport;
	int dport;
	int tcp_flags;       /**< all of them */
	int fragment;        /**< 2: parts without ports */
	unsigned length_min; /**< of IP packets, in bytes */
	unsigned length_max;
	double share; /**< of the packets, 0..1 */
};

/** One of our hosts that takes part in an attack on others. */
struct finding_machine {
	struct ip ip;
	uint64_t packets; /**< estimated, so far */
	uint64_t first_ns;
	uint64_t last_ns;
};

/** A named kind of attack traffic and its share of the packets. */
struct vector_share {
	char name[VECTOR_NAME_MAX];
	double share; /**< 0..1 */
};

/** One statement about one host. Borrowed by those who receive it. */
struct finding {
	struct ip host;    /**< first address of the prefix; a host if `len` is 128 */
	uint8_t len;       /**< of the prefix, in the 128-bit form */
	uint8_t kind;      /**< enum attack_kind */
	uint8_t direction; /**< enum direction */
	uint8_t metric;    /**< enum metric: which limit */
	uint8_t severity;  /**< enum severity */
	bool first;        /**< nothing was found about the host at the tick before */
	bool above;     /**< above the limit; false: below it but not yet below the closing level */
	uint64_t limit; /**< in the metric's unit */
	uint64_t value; /**< measured, in the metric's unit */
	uint64_t pps;   /**< total of the host, packets per second */
	uint64_t bps;   /**< total of the host, bits per second */
	uint64_t sampled;  /**< packets the estimate rests on */
	uint64_t now_ns;   /**< time of the statement */
	uint64_t onset_ns; /**< first tick of the excess */
	/**
	 * Which story it belongs to, for detectors that follow one over several hosts; the detector's
	 * own number, 0: that of its host and direction.
	 */
	uint64_t story;
	uint64_t first_ns;   /**< first sample of the excess; 0: not told */
	uint64_t suspect_ns; /**< when it was certain to be above its envelope; 0: not told */
	uint64_t hold_ns;    /**< quiet time that does not end it yet, as it comes back; 0: none */
	const struct prefix *targets; /**< whom it hits, if that is not `host` alone */
	unsigned target_count;
	const struct finding_machine *machines; /**< own hosts that take part, most packets first */
	unsigned machine_count;
	uint64_t machines_estimated; /**< about how many there are */
	unsigned shape_count;
	struct finding_shape shapes[FINDING_SHAPES]; /**< the largest first */
	const char *advice; /**< what to do, static; NULL: nothing special */
	uint64_t distinct;  /**< estimated number of peers */
	unsigned vector_count;
	struct vector_share vectors[FINDING_VECTORS];
	const struct tally_detail *detail; /**< peers and ports; may be NULL */
	char why[FINDING_WHY_MAX];         /**< the numbers in words */
};

/** metric_name() - "pps", "bps", "flows/s". */
const char *metric_name(enum metric metric);
/** kind_name() - "flood", "carpet", "campaign", … */
const char *kind_name(enum attack_kind kind);
/** severity_name() - "info", "warning", "critical". */
const char *severity_name(enum severity severity);
