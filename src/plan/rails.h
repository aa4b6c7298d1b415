/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rails: what no plan may do, whoever asks for it, and what none may do by itself.
 *
 * Rules are checked one by one (what they say, whom they touch), plans as a whole (how many, how
 * much), and then against the clock (how fast, how often). A plan is admitted or refused, never
 * narrowed: what was asked for is what a person reads.
 *
 * All state is in struct rails_state and struct rails_hold; time is a parameter, monotonic. One
 * thread at a time for each state; no allocation.
 *
 * Lengths that no router is given: on 3 March 2013 a rule for packets of 99,971 to 99,985 bytes took
 * down the edge of a large network. Only own prefixes: RFC 8955, section 6.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/flow.h"
#include "model/plan.h"

/** Prefixes whose comings and goings are remembered. */
#define RAILS_HELD    256
/** Changes of each that are, and so the most that limits may allow in a time. */
#define RAILS_CHANGES 10

/** Why something is refused. */
enum rails_why {
	RAILS_OK,
	RAILS_PREFIX,     /**< no prefix: too long, or host bits set */
	RAILS_FAMILY,     /**< IPv4 and IPv6 in one rule */
	RAILS_NUMBER,     /**< a number that the field does not have, or ends the wrong way round */
	RAILS_LENGTH,     /**< a packet length that is not between 20 and 9216 */
	RAILS_EMPTY,      /**< no packet can match */
	RAILS_FLOOR,      /**< a prefix of ours shorter than the floor, or none */
	RAILS_NOT_OWN,    /**< not about a prefix of ours */
	RAILS_NEVER,      /**< overlaps what is never touched */
	RAILS_LEVEL,      /**< not a level for this direction, or for rules like these */
	RAILS_RULES,      /**< too many rules */
	RAILS_BLACKHOLES, /**< too many blackholed prefixes, or too much of our space */
	RAILS_SHARE,      /**< too much of our own traffic matched */
	RAILS_SLOWER,     /**< too many changes a second; ask again */
	RAILS_BRAKE,      /**< many actions at once: a person has to look */
	RAILS_TELEMETRY,  /**< what is seen may be wrong: nothing new by itself */
	RAILS_WHY_COUNT
};

/** The limits; from the configuration. Lists are borrowed as long as the limits are used. */
struct rails_limits {
	const struct prefix *never; /**< resolvers, peers, exporters, management, ourselves */
	size_t never_count;
	const struct prefix *own;
	size_t own_count;
	uint8_t floor_v4; /**< shortest prefix of ours, in the 128-bit form: 120 is /24 */
	uint8_t floor_v6;
	unsigned plan_rules;    /**< of one plan */
	unsigned rules;         /**< in force at once */
	unsigned blackholes;    /**< prefixes at once */
	double blackhole_share; /**< of our IPv4 space; one is always allowed */
	double own_share;       /**< of our usual traffic that all rules may match */
	unsigned changes_per_s; /**< rules put in or taken out */
	unsigned brake_actions; /**< so many admitted by themselves within brake_window_ns ... */
	uint64_t brake_window_ns;
	uint64_t brake_ns; /**< ... and none more is for so long */
	uint64_t hold_ns;  /**< shortest time in force; doubles with each return */
	uint64_t hold_max_ns;
	uint64_t memory_ns; /**< after so long a return is a first time again */
	unsigned flaps;     /**< changes about one prefix within flap_ns, RAILS_CHANGES at most */
	uint64_t flap_ns;
};

/** What is in force and how fast it changed; zeroed: nothing yet. */
struct rails_state {
	unsigned rules;
	unsigned blackholes;
	double own_share;
	double tokens; /**< changes still allowed now */
	uint64_t tokens_ns;
	uint64_t window_ns; /**< begin of the window that actions are counted in */
	unsigned actions;
	uint64_t brake_until_ns;
	uint64_t refused[RAILS_WHY_COUNT]; /**< counters */
};

/** What is asked for, beside the plan itself. */
struct rails_request {
	const struct plan *plan;  /**< borrowed */
	const struct ip *sources; /**< of rules with from_set; borrowed */
	size_t source_count;
	enum direction direction;
	double own_share; /**< of our usual traffic (all of it) that the plan matches */
	bool by_person;   /**< somebody said yes */
	bool telemetry_fault;
	uint64_t now_ns;
};

/** One prefix that was acted on. */
struct rails_held {
	struct prefix prefix;
	unsigned times;    /**< that it came back within the memory; the first is 1; 0: free */
	uint64_t since_ns; /**< in force since; 0: not now */
	uint64_t last_ns;  /**< last change */
	uint64_t changed_ns[RAILS_CHANGES]; /**< the latest, a ring; 0: none */
	unsigned next;                      /**< place in it */
};

/** Prefixes that were acted on; zeroed: none. */
struct rails_hold {
	struct rails_held held[RAILS_HELD];
	uint64_t forgotten; /**< pushed out by others before their time */
};

/** rails_defaults() - limits without lists: /24 and /48, 16 rules a plan, 1000 in all, ... */
struct rails_limits rails_defaults(void);

/** rails_check_rule() - may there be such a rule at all? Pure. */
enum rails_why rails_check_rule(const struct rails_limits *limits, const struct plan_rule *rule,
				enum direction direction);

/** rails_check_sources() - RAILS_NEVER if one of the sources is never touched. Pure. */
enum rails_why rails_check_sources(const struct rails_limits *limits, const struct ip *sources,
				   size_t count);

/** rails_check_plan() - each rule, the level, and how many there are. Pure; no state. */
enum rails_why rails_check_plan(const struct rails_limits *limits,
				const struct rails_request *request);

/**
 * rails_admit() - may the plan be put in force now?
 * @state: on RAILS_OK the plan is counted in it as being in force; else only `refused`
 *
 * Plans that only observe are always admitted and not counted. A person's yes lifts the brake and
 * telemetry, nothing else.
 */
enum rails_why rails_admit(const struct rails_limits *limits, struct rails_state *state,
			   const struct rails_request *request);

/** rails_release() - the plan is out of force; the same request as admitted, at a later time. */
void rails_release(const struct rails_limits *limits, struct rails_state *state,
		   const struct rails_request *request);

/** rails_brake() - is nothing admitted by itself just now? */
bool rails_brake(const struct rails_state *state, uint64_t now_ns);

/** rails_hold_begin() - something about @prefix is put in force. Return: until when it stays. */
uint64_t rails_hold_begin(const struct rails_limits *limits, struct rails_hold *hold,
			  const struct prefix *prefix, uint64_t now_ns);

/** rails_hold_until() - until when it stays in force; 0: it is not, or is not remembered. */
uint64_t rails_hold_until(const struct rails_limits *limits, const struct rails_hold *hold,
			  const struct prefix *prefix);

/** rails_hold_end() - it is out of force. */
void rails_hold_end(struct rails_hold *hold, const struct prefix *prefix, uint64_t now_ns);

/**
 * rails_exchange() - admit a plan in the place of another, which is released if it is.
 * @out: what is in force; NULL: nothing
 *
 * Rules that take the place of others count as changes once. Return: as rails_admit(); when it is
 * refused @out is in force as before.
 */
enum rails_why rails_exchange(const struct rails_limits *limits, struct rails_state *state,
			      const struct rails_request *out, const struct rails_request *in);

/**
 * rails_hold_change() - what is in force about @prefix changed: came, went, or became another.
 *
 * Changes of one moment are one. Nothing for a prefix that rails_hold_begin() was never called for.
 */
void rails_hold_change(struct rails_hold *hold, const struct prefix *prefix, uint64_t now_ns);

/** rails_hold_room() - changes about @prefix that are still allowed now. */
unsigned rails_hold_room(const struct rails_limits *limits, const struct rails_hold *hold,
			 const struct prefix *prefix, uint64_t now_ns);

/** rails_why_text() - in words for people; static. */
const char *rails_why_text(enum rails_why why);
