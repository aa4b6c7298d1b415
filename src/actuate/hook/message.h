/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message: a wanted plan in, what the other side is told about it out.
 *
 * The key is made of the plan's id and a hash of what it does, so that a
 * message about the same is the same message, also from another process. Pure;
 * any thread.
 */
#pragma once

#include "base/text.h"
#include "model/wanted.h"

/** "20261128-…" of the plan, the event, 16 digits. */
#define HOOK_KEY_MAX (INCIDENT_ID_MAX + 8 + 32)

/** What is said; its name is the argument of programs. */
enum hook_event {
	HOOK_APPLY,    /**< put in force, or instead of what was in force of this plan */
	HOOK_WITHDRAW, /**< take back */
	HOOK_SYNC,     /**< these and no others, at start */
};

/** A message, as it goes out. */
struct hook_message {
	enum hook_event event;
	char key[HOOK_KEY_MAX];
	const struct wanted *wanted; /**< borrowed; NULL with HOOK_SYNC */
	struct text body;            /**< JSON; on the heap */
};

/** Who speaks, and when. */
struct hook_speaker {
	const char *actuator; /**< its name in the configuration */
	uint64_t now_ns;
};

/** hook_event_name() - "apply", "withdraw", "sync". */
const char *hook_event_name(enum hook_event event);

/**
 * hook_hash() - of level, rules, expiry, direction, own prefix and sources.
 *
 * Not of forecast and reasons: a plan that only these changed of is not sent again. The same in
 * each process. Return: false without memory.
 */
bool hook_hash(const struct wanted *wanted, uint64_t *ret_hash);

/** hook_key() - the key of a plan's message. */
void hook_key(const char *plan, enum hook_event event, uint64_t hash, char ret_key[HOOK_KEY_MAX]);

/** hook_message_plan() - about one plan; release with hook_message_done(). */
void hook_message_plan(const struct hook_speaker *speaker, enum hook_event event,
		       const struct wanted *wanted, uint64_t hash,
		       struct hook_message *ret_message);

/** One plan of HOOK_SYNC. */
struct hook_line {
	const char *plan; /**< borrowed */
	uint64_t hash;
};

/** hook_message_sync() - all that shall be in force; release with hook_message_done(). */
void hook_message_sync(const struct hook_speaker *speaker, const struct hook_line *lines,
		       size_t count, struct hook_message *ret_message);

/** hook_message_done() - release. */
void hook_message_done(struct hook_message *message);
