/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine: makes a complete set of rules true in the kernel, before packets reach the host (XDP).
 *
 * Control thread. Everything that is wanted is given at once, and is put in
 * force at once: no packet is judged by a mixture of two sets. What is in force
 * stays when this process ends, if it was pinned, until each rule's own expiry;
 * the next open finds it. Packets that no rule matches, and all that is not
 * understood, pass. Source: the kernel's documentation of XDP, bpf(2).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actuate/xdp/rule.h"
#include "base/err.h"
#include "base/text.h"
#include "bpf/xdp_abi.h"

struct xdp_engine;

/** Where the program runs. */
enum xdp_mode {
	XDP_MODE_BEST,    /**< in the driver, or behind it where the driver cannot */
	XDP_MODE_NATIVE,  /**< in the driver or not at all */
	XDP_MODE_GENERIC, /**< behind the driver; with any interface, at twice the cost */
};

/** How the engine is opened; 0 takes the default, except where it says so. */
struct xdp_engine_config {
	const char *pin_dir;           /**< a folder of its own on bpffs; NULL: nothing is pinned */
	const char *const *interfaces; /**< borrowed; names */
	size_t interface_count;        /**< 0: attached nowhere */
	enum xdp_mode mode;
	bool idle;              /**< only load: pinned and attached by xdp_engine_attach() */
	uint32_t blocks_max;    /**< IPv4 /24 that can be told apart; 16384; 512 bytes twice each */
	uint32_t prefixes6_max; /**< IPv6 prefixes protected; 65536 */
	uint32_t hosts_max;     /**< single hosts in all source sets; 1048576 */
	uint32_t members_max;   /**< prefixes in all source sets; 65536 */
	uint32_t ring_bytes;    /**< for samples; 1 MiB; made a power of two */
	uint32_t sampling;      /**< one dropped packet of so many is kept; 0: none */
	uint32_t cpus;          /**< that a rate is divided by; all that are online */
	uint64_t seed;          /**< of the drawing of samples; 0 is a seed too */
	uint32_t
		test_spread; /**< measuring: bits of destinations that are drawn anew: all of IPv4's,
	                          or the second 32 of IPv6's */
	bool test_clock;     /**< tests: see xdp_engine_test_clock() */
};

/** All that is wanted. */
struct xdp_wanted {
	const struct xdp_protected *protect; /**< borrowed for the call */
	size_t protect_count;
	const struct xdp_rule *rules; /**< borrowed for the call */
	size_t rule_count;            /**< up to FILTER_RULES */
};

/** Of a rule, all CPUs together; they only grow while the rule is in each set. */
struct xdp_rule_counters {
	uint64_t packets; /**< that it decided */
	uint64_t bytes;   /**< IP's total lengths */
	uint64_t dropped_packets;
	uint64_t dropped_bytes;
};

/** Of the program, all CPUs together; they only grow. */
struct xdp_engine_counters {
	uint64_t packets[FILTER_REASONS]; /**< by enum filter_reason */
};

/** Called with each sample; borrowed for the call. */
typedef void xdp_sample_fn(void *self, const struct xdp_sample *sample);

/** xdp_pins_are() - is there a folder with pins? */
bool xdp_pins_are(const char *pin_dir);

/**
 * xdp_pins_remove() - take away all that is pinned, of whatever version, without an engine.
 * @pin_dir: its own folder on bpffs; it is removed too. Anywhere else nothing is touched.
 * @error: on failure gets one sentence for people, and what to do
 *
 * Links that are pinned nowhere else end with it. Return: 0, also when there is nothing; -EBUSY
 * (an engine works with it), -EACCES, -EOPNOTSUPP (not on bpffs) and the like.
 */
WEIR_CHECK int xdp_pins_remove(const char *pin_dir, struct text *error);

/** xdp_engine_is_built() - was this program built with BPF? */
bool xdp_engine_is_built(void);

/**
 * xdp_engine_open() - load the program, or take over what is pinned, and attach it.
 * @config: borrowed for the call
 * @ret_engine: given; release with xdp_engine_close() or xdp_engine_remove()
 * @error: on failure gets one sentence for people, and what to do
 *
 * What is taken over goes on unchanged, also its counters; a program of this
 * version takes the place of the one attached. Interfaces that are no longer
 * named are let go. Memory of the kernel, which this process maps: 64 MiB and 1 KiB
 * for each of blocks_max; its own beside that is as much of 32 MiB as is protected.
 *
 * Return: 0; -EPERM, -EOPNOTSUPP (kernel, driver, or built without BPF), -EBUSY
 * (another XDP program), -ENODEV, -ENOMEM, -EINVAL (pinned with other sizes),
 * -WEIR_EVERSION (pinned by another version).
 */
WEIR_CHECK int xdp_engine_open(const struct xdp_engine_config *config,
			       struct xdp_engine **ret_engine, struct text *error);

/**
 * xdp_engine_attach() - attach where it is not: after idling, and where interfaces came back.
 * @config: as it was opened with; borrowed for the call
 * @error: on failure gets one sentence for people, and what to do
 *
 * Packets are judged by the set in force as soon as a driver has the program; the call then waits
 * some milliseconds for the kernel. Also pins links again whose pins were taken away. Return: as
 * xdp_engine_open(); where the program was attached, it still is.
 */
WEIR_CHECK int xdp_engine_attach(struct xdp_engine *engine, const struct xdp_engine_config *config,
				 struct text *error);

/**
 * xdp_engine_set() - make this the truth.
 * @wanted: borrowed for the call
 * @error: on failure gets one sentence for people; may be NULL
 *
 * When it returns 0 every packet that comes is judged by the new set; packets
 * that were on their way may still be by the old one until
 * xdp_engine_settle(). Two calls less than some milliseconds apart: the second
 * one waits for that. Rules keep counters and bucket if their id was in the set before.
 *
 * Return: 0; -EINVAL (a rule or prefix that is unsound, an id twice),
 * -WEIR_EFULL (too many rules, or too different ones), -ENOMEM or what the
 * kernel refused. On failure the set before stays in force, whole.
 */
WEIR_CHECK int xdp_engine_set(struct xdp_engine *engine, const struct xdp_wanted *wanted,
			      struct text *error);

/** xdp_engine_settle() - wait (some ms) until no packet is judged by an older set any more. */
void xdp_engine_settle(struct xdp_engine *engine);

/**
 * xdp_engine_sources_add() - put sources into a set, or move them there from another.
 * @set: 1..FILTER_SETS - 1
 * @members: borrowed; hosts and prefixes of both families; the longest one decides
 *
 * In force for each member at once, in whatever rule set. Return: 0, -EINVAL,
 * -E2BIG or -ENOSPC (no room for all; those before it are in) or what the kernel refused.
 */
WEIR_CHECK int xdp_engine_sources_add(struct xdp_engine *engine, uint16_t set,
				      const struct prefix *members, size_t count);

/** xdp_engine_sources_remove() - take sources out of whatever set; those in none are no error. */
WEIR_CHECK int xdp_engine_sources_remove(struct xdp_engine *engine, const struct prefix *members,
					 size_t count);

/** xdp_engine_sources_clear() - empty one set, or all with 0; takes a walk over all of them. */
WEIR_CHECK int xdp_engine_sources_clear(struct xdp_engine *engine, uint16_t set);

/** Called with each member of a source set; borrowed for the call. */
typedef void xdp_source_fn(void *self, const struct prefix *member, uint16_t set);

/**
 * xdp_engine_sources() - hand over all members of all sets, as after taking over.
 *
 * In no order; takes some microseconds for each. Return: 0 or what the kernel refused.
 */
WEIR_CHECK int xdp_engine_sources(const struct xdp_engine *engine, xdp_source_fn *take, void *self);

/**
 * xdp_engine_rule_counters() - what a rule of this set, or the one before, has done.
 *
 * Return: 0, -ENOENT (no such rule) or what the kernel refused.
 */
WEIR_CHECK int xdp_engine_rule_counters(const struct xdp_engine *engine, uint64_t id,
					struct xdp_rule_counters *ret_counters);

/** xdp_engine_counters() - what became of all packets. Return: 0 or what the kernel refused. */
WEIR_CHECK int xdp_engine_counters(const struct xdp_engine *engine,
				   struct xdp_engine_counters *ret_counters);

/**
 * xdp_engine_rules() - which rules are in force, as after taking over.
 * @ret_ids: room for FILTER_RULES; by priority
 *
 * Expired ones are among them. Return: how many.
 */
size_t xdp_engine_rules(const struct xdp_engine *engine, uint64_t *ret_ids);

/**
 * xdp_engine_samples() - hand over the dropped packets that were kept since.
 * @most: at most so many
 *
 * Never waits; nobody is woken, so call it every few milliseconds. Return: how many, or a
 * negative errno.
 */
int xdp_engine_samples(struct xdp_engine *engine, xdp_sample_fn *take, void *self, size_t most);

/**
 * xdp_engine_rest() - take the program off all interfaces, and unpin everything.
 * @protect: what the next set is likely to protect; borrowed for the call
 *
 * Stays loaded, without rules, and with its tables laid: xdp_engine_set() and then
 * xdp_engine_attach() are quick. Also after an idle open. Return: 0 or what the kernel refused.
 */
WEIR_CHECK int xdp_engine_rest(struct xdp_engine *engine, const struct xdp_protected *protect,
			       size_t count);

/** xdp_engine_close() - let go; what is pinned stays in force, else it ends. NULL is fine. */
void xdp_engine_close(struct xdp_engine *engine);

/** xdp_engine_remove() - take the program off all interfaces, unpin everything, and close. */
void xdp_engine_remove(struct xdp_engine *engine);

/** xdp_engine_fd() - the program, for BPF_PROG_TEST_RUN; borrowed. */
int xdp_engine_fd(const struct xdp_engine *engine);

/** xdp_engine_test_clock() - what time it is for an engine opened with `test_clock`. */
void xdp_engine_test_clock(struct xdp_engine *engine, uint64_t now_ns);

/** xdp_engine_test_told() - what such an engine decided last; on this CPU or another. */
struct xdp_told xdp_engine_test_told(const struct xdp_engine *engine);
