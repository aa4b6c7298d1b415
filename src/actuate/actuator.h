/* SPDX-License-Identifier: Apache-2.0 */
/*
 * actuator: the plug-in that makes what is wanted true outside.
 *
 * A reconciler, not a sender of changes: it is given all plans that shall be in
 * force, compares with what it finds, and makes the two equal. The same set
 * again changes nothing; an empty set takes back everything that is Weir's, and
 * nothing that is not. What it holds stays when this process ends, until its
 * expiry; the first call after a restart finds it and goes on.
 *
 * open, check, reload and close: control thread. reconcile: the worker thread of
 * this actuator (slow work is allowed there, each wait bounded by the time-out of
 * the settings); its calls never overlap. An actuator is chosen by what it can,
 * never by name.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "config/config.h"
#include "model/drop.h"
#include "model/plan.h"

/** What an actuator can express and do. */
enum actuator_caps {
	ACTUATOR_CAN_OBSERVE = 1 << 0,
	ACTUATOR_CAN_RATE_LIMIT = 1 << 1,
	ACTUATOR_CAN_DROP = 1 << 2,
	ACTUATOR_CAN_QUARANTINE = 1 << 3,
	ACTUATOR_CAN_BLACKHOLE = 1 << 4,
};

/** Sessions over which what is announced reaches routers. */
struct actuator_peers {
	bool known;     /**< false: it has none, or cannot tell */
	unsigned up;    /**< now */
	unsigned all;   /**< configured there */
	uint64_t falls; /**< sessions that were up and fell out, since the start; only grows */
};

/** What came of a call of reconcile. */
struct actuator_result {
	struct effect
		*effects; /**< one for each plan of the set, in its order; room is the caller's */
	uint64_t added;   /**< rules or routes put in, taken out, found as wanted */
	uint64_t removed;
	uint64_t kept;
	struct actuator_peers peers;
	uint64_t again_ns; /**< call again after so long, there is more to do; 0: as ever */
	/** On failure, or when a plan is refused: one sentence that says what to do. */
	struct text *why;
};

/** Takes a packet that was dropped; borrowed for the call. */
typedef void actuator_drop_fn(void *self, const struct drop *drop);

/** An actuator's descriptor, at the end of its file. */
struct actuator {
	const char *name;
	const char *summary;
	const char *profile; /**< what its rules can say: a name of plan/profile.h; NULL: nothing */

	/**
	 * open() - check the settings and take memory; does not touch the outside.
	 * @config: the whole configuration; borrowed until close or reload()
	 * @settings: its entry; NULL for `observe`, which needs none; borrowed until close
	 * @ret_caps: enum actuator_caps, as these settings allow
	 * @why: on failure gets one sentence
	 */
	int (*open)(const struct config *config, const struct config_actuator *settings,
		    void **ret_state, uint32_t *ret_caps, struct text *why);

	/** check() - could this be put in force? Return: 0, or -EOPNOTSUPP and the like with @why. */
	int (*check)(void *state, const struct wanted *wanted, struct text *why);

	/**
	 * reconcile() - make exactly this true.
	 * @set: borrowed for the call
	 * @result: counters and effects zeroed by the caller
	 *
	 * All or, where the outside allows it, nothing: on failure what was in force is still, or
	 * the effects say what is. Plans that expired meanwhile are not put in force.
	 * Return: 0; -ENOTCONN (nobody there), -ETIMEDOUT, -WEIR_EFORMAT (nonsense as answer),
	 * -EACCES, -WEIR_EFULL (no room outside), -EOPNOTSUPP. It is called again later.
	 */
	int (*reconcile)(void *state, const struct wanted_set *set, struct actuator_result *result);

	/**
	 * reload() - from now on the networks and `protect` of @config count; settings stay.
	 * @config: borrowed until the next reload() or close
	 *
	 * A reconcile that runs meanwhile may end with the one before. NULL: it reads neither.
	 */
	void (*reload)(void *state, const struct config *config);

	/**
	 * drops() - hand over the dropped packets that were caught since the last call.
	 * @take: called with each whose plan was in the last set
	 * @counts: filled in, also on failure
	 *
	 * The worker thread, several times a second between calls of reconcile. Never waits.
	 * NULL: it cannot. Return: 0 or what the outside refused.
	 */
	int (*drops)(void *state, actuator_drop_fn *take, void *self, struct drop_counts *counts);

	/** close() - let go; what is held stays. */
	void (*close)(void *state);
};

/** All actuators, generated from the list in src/actuate/meson.build; NULL-terminated. */
extern const struct actuator *const actuator_registry[];

/** actuator_find() - by the kind in the configuration; NULL if there is none. */
const struct actuator *actuator_find(const char *kind);
