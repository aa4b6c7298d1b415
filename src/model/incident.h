/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incident: the story of one attack from its first excess to its end.
 *
 * Only the incident room keeps it; everyone else gets it inside an event.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "base/jsonw.h"
#include "model/finding.h"
#include "model/flow.h"

#define INCIDENT_ID_MAX     40
#define INCIDENT_TARGETS    16
#define INCIDENT_SOURCES    16
#define INCIDENT_ADVICE_MAX 200

enum incident_state { INCIDENT_OPEN, INCIDENT_CLOSED, INCIDENT_STATE_COUNT };

/**
 * What most of the excess had in common when it was detected; fixed from then
 * on, so that a plan made from it stays the same after a restart.
 */
struct incident_focus {
	int proto;      /**< IP protocol; -1: several */
	int sport;      /**< source port; -1: several */
	int dport;      /**< destination port; -1: several */
	struct ip peer; /**< the heaviest peer; zero: none stands out */
};

/** Knows whose own addresses are; the room that keeps incidents has it from the configuration. */
struct incident_whose {
	/** Both borrowed as long as the call that was handed the incident; "" where nothing is given. */
	void (*of)(const void *self, const struct ip *ip, const char **ret_tenant,
		   const char **ret_region);
	const void *self;
};

/** One attack; a value that can be copied and stored, but for `machines`. */
struct incident {
	char id[INCIDENT_ID_MAX]; /**< from onset, host and direction: the same input gives the same id */
	uint8_t state;            /**< enum incident_state */
	uint8_t severity;         /**< enum severity, the highest reached */
	uint8_t direction;        /**< enum direction */
	uint8_t metric;           /**< enum metric that opened it */
	uint8_t kind;             /**< enum attack_kind */
	uint8_t host_len;         /**< 128: `host` is one; else the prefix that it began as */
	struct ip host;           /**< own host: the victim if inbound, the origin if outbound */
	unsigned target_count;
	struct prefix targets[INCIDENT_TARGETS];
	unsigned source_count;
	struct prefix sources[INCIDENT_SOURCES];
	uint64_t sources_seen;      /**< distinct sources named */
	uint64_t sources_estimated; /**< distinct sources, estimated; the highest so far */
	uint64_t targets_estimated; /**< distinct targets, estimated; the highest so far */
	struct incident_focus focus;
	unsigned shape_count;
	struct finding_shape shapes[FINDING_SHAPES]; /**< of the latest words; none: see focus */
	unsigned vector_count;
	struct vector_share vectors[FINDING_VECTORS];
	uint64_t limit; /**< that was exceeded, in the metric's unit */
	uint64_t pps;   /**< latest rate; 0 while it is quiet and once it is over */
	uint64_t bps;
	uint64_t detected_pps; /**< rate when it was detected */
	uint64_t peak_pps;
	uint64_t peak_bps;
	uint64_t capacity_bps; /**< of the network, if the rate was ever above it; 0: never */
	uint64_t onset_ns;
	uint64_t first_ns;    /**< first sample of the excess; 0: not told */
	uint64_t suspect_ns;  /**< certain to be above its envelope; 0: not told */
	uint64_t detected_ns; /**< certain to be an attack */
	uint64_t updated_ns;  /**< last event about it */
	uint64_t above_ns;    /**< last time above the limit */
	uint64_t seen_ns;     /**< last time above the closing level, which is lower */
	uint64_t quiet_ns;    /**< since when it is below that; 0: it is not, or it is over */
	uint64_t closes_ns;   /**< when it will be over if it stays quiet; 0 with quiet_ns */
	uint64_t ended_ns;    /**< of a closed one: equal to seen_ns; 0 while open */
	uint64_t resumed;     /**< how often a restarted daemon carried on with it */
	char why[FINDING_WHY_MAX];
	char advice[INCIDENT_ADVICE_MAX]; /**< what to do; "": nothing special */
	/**
	 * Own hosts that take part, in order of their addresses. Borrowed from who gave the incident,
	 * as long as the call: whoever keeps a copy sets this to NULL.
	 */
	const struct finding_machine *machines;
	unsigned machine_count;
	const struct incident_whose *whose; /**< of machines; borrowed likewise, NULL: not known */
	char tenant[64]; /**< whose host, from the configuration; "" if nobody's */
	char region[64];
};

/** incident_state_name() - "open", "closed". */
const char *incident_state_name(enum incident_state state);

/** incident_is_unseen() - quiet, but only because a restarted daemon has not seen it yet. */
bool incident_is_unseen(const struct incident *incident);

/** incident_where() - its host, or the prefix that it began as, in words; @text: IP_TEXT_MAX. */
char *incident_where(const struct incident *incident, char *text);

/** incident_to_json() - write the incident's fields as an object, value of @key. */
void incident_to_json(const struct incident *incident, struct jsonw *w, const char *key);

/**
 * incident_from_json() - read back what incident_to_json() wrote.
 * @json: one object, zero-terminated; times come back in whole microseconds
 * @ret_incident: untouched on failure
 *
 * Return: 0, -WEIR_EFORMAT for text that is no incident.
 */
WEIR_CHECK int incident_from_json(const char *json, struct incident *ret_incident);

/** Machines of one tenant and region. */
struct incident_tenant {
	const char *tenant; /**< "" if not given */
	const char *region;
	unsigned machines;
};

/**
 * incident_tenants() - whose its machines are, those with the most first.
 * @ret_tenants: released with free(); names are borrowed from incident->whose
 * @ret_names: number of different tenants
 *
 * Return: how many; 0 when it is not known, or memory is short.
 */
size_t incident_tenants(const struct incident *incident, struct incident_tenant **ret_tenants,
			unsigned *ret_names);

/** incident_whose_is() - tenant and region of a machine; "" if not known. */
void incident_whose_is(const struct incident *incident, const struct ip *ip,
		       const char **ret_tenant, const char **ret_region);

/** incident_machines_to_json() - write "tenants" and "machines" into an object. */
void incident_machines_to_json(const struct incident *incident, struct jsonw *w);
