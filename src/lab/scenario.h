/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario: what happens in a run, as data: who sends what to whom, how much, and the right answer.
 *
 * Twenty-four labelled ones (design notes, section 9), and a plain day. Constant.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/finding.h"
#include "model/flow.h"

#define SCENARIO_PARTS    8
#define SCENARIO_VECTORS  4
/** Outside sites that a campaign attacks, and machines of ours that do. */
#define SCENARIO_SITES    8
#define SCENARIO_MACHINES 400

/** Who is at one end of a part's packets. */
enum part_end {
	END_VICTIM,    /**< the own host that it is about */
	END_STRANGERS, /**< outside addresses, the same ones all the time */
	END_ANYWHERE,  /**< any 32 bits: forged */
	END_PUBLIC,    /**< any public address */
	END_PARTNERS,  /**< strangers that really are the victim's clients */
	END_CARPET,    /**< all of the own prefix */
	END_ROTATING,  /**< 64 hosts of a /22, others every three seconds */
	END_DARK,      /**< own addresses where nobody is */
	END_MACHINES,  /**< own hosts that take part, at different tenants */
	END_SITES,     /**< the outside sites of a campaign */
	END_PLACE,     /**< one outside address */
	END_REGISTRY,  /**< a popular place */
	END_RESOLVER,  /**< name servers that the site uses */
};

/** How its rate goes over time. */
enum part_shape {
	SHAPE_STEADY,
	SHAPE_PULSE,     /**< ten seconds of each minute */
	SHAPE_RAMP,      /**< up within five minutes, then steady */
	SHAPE_RISE,      /**< up within half a minute */
	SHAPE_SCATTERED, /**< each machine begins within five seconds before or after */
	SHAPE_MINUTE,    /**< only the first minute */
	SHAPE_BEFORE, /**< before the onset only, for the time that is ridden below the envelope */
	SHAPE_ALWAYS, /**< also before and after */
};

/** Packets of one sort. */
struct lab_part {
	double pps;
	uint8_t origin; /**< enum lab_origin */
	uint8_t shape;  /**< enum part_shape */
	uint8_t src;    /**< enum part_end */
	uint8_t dst;    /**< enum part_end */
	uint32_t first; /**< of the strangers */
	uint32_t count; /**< of them */
	uint16_t sport; /**< 0: any from 1024 on */
	uint16_t dport; /**< 0: likewise */
	uint8_t proto;
	uint8_t flags;
	uint8_t fragment;
	uint8_t ttl;    /**< 0: by the source; else this or two less */
	uint16_t least; /**< lengths */
	uint16_t most;
	uint8_t third; /**< of a pulse's vectors: only in pulses of this third; 0: all */
};

/** What the oracle is asked about. */
enum scenario_entity { ENTITY_HOST, ENTITY_PREFIX, ENTITY_PLACE, ENTITY_PORT };

/** A scenario. */
struct scenario {
	const char *id;
	const char *title;
	bool benign;
	uint8_t direction; /**< enum direction */
	uint8_t kind;      /**< enum attack_kind: the right label */
	uint8_t entity;    /**< enum scenario_entity */
	uint8_t len;       /**< of the target's prefix, as in IPv4; 32: the victim */
	uint16_t duration_s;
	uint16_t long_s;   /**< with --long */
	uint16_t ride_s;   /**< time before the onset at 0.95 of the envelope */
	uint8_t victim;    /**< enum site_kind */
	double victim_pps; /**< everyday rate of the victim; 0: as it comes */
	bool one_owner;    /**< the machines belong to one tenant */
	const char *vectors[SCENARIO_VECTORS];
	struct lab_part parts[SCENARIO_PARTS];
};

extern const struct scenario scenarios[];
extern const unsigned scenario_count;

/** scenario_find() - by its id, in any case; NULL if there is none. */
const struct scenario *scenario_find(const char *id);
