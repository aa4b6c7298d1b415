/* SPDX-License-Identifier: Apache-2.0 */
/*
 * actuator: the plug-in that makes a plan true outside, and can take it back.
 *
 * Control thread. apply and withdraw are idempotent; withdraw succeeds on
 * something already gone. An actuator is chosen by what it can, never by name.
 */
#pragma once

#include <stdint.h>

#include "config/config.h"
#include "model/plan.h"

/** What an actuator can express and do. */
enum actuator_caps {
	ACTUATOR_CAN_OBSERVE = 1 << 0,
	ACTUATOR_CAN_RATE_LIMIT = 1 << 1,
	ACTUATOR_CAN_DROP = 1 << 2,
	ACTUATOR_CAN_QUARANTINE = 1 << 3,
	ACTUATOR_CAN_BLACKHOLE = 1 << 4,
};

/** An actuator's descriptor, at the end of its file. */
struct actuator {
	const char *name;
	const char *summary;
	uint32_t caps; /**< enum actuator_caps */
	int (*open)(const struct config *config, void **ret_state);
	/** Dry run: can this plan be applied? Return: 0 or why not. */
	int (*check)(void *state, const struct plan *plan);
	int (*apply)(void *state, const struct plan *plan, uint64_t now_ns,
		     struct effect *ret_effect);
	int (*withdraw)(void *state, const struct plan *plan, uint64_t now_ns,
			struct effect *ret_effect);
	/** After a restart: learn what is held for a plan of the journal. */
	int (*resync)(void *state, const struct plan *plan, uint64_t now_ns,
		      struct effect *ret_effect);
	void (*close)(void *state);
};

/** All actuators, generated from the list in src/actuate/meson.build; NULL-terminated. */
extern const struct actuator *const actuator_registry[];

/** actuator_for() - the first that can do @level; NULL if none. */
const struct actuator *actuator_for(enum plan_level level);
