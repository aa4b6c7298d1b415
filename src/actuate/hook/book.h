/* SPDX-License-Identifier: Apache-2.0 */
/*
 * book: wanted sets in, what the other side has still to be told out.
 *
 * Remembers of each plan what was said last and what was answered. Only in
 * memory: a new process begins with nothing, and with HOOK_SYNC. The
 * actuator's thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "model/wanted.h"

/** Plans that are wanted, and such that have yet to be taken back. */
#define HOOK_ENTRIES  256
/** What was refused is asked again after so long. */
#define HOOK_AGAIN_NS (300 * 1000000000ULL)
#define HOOK_WHY_MAX  240

/** One plan, and what the other side knows of it. */
struct hook_entry {
	bool used;
	bool wanted_now;      /**< else: to be taken back */
	bool confirmed;       /**< it said that it holds just this */
	bool maybe;           /**< it may hold this or an older form */
	bool held;            /**< it said that it holds this or an older form */
	bool tried;           /**< in this pass */
	bool failed;          /**< the last try */
	unsigned held_rules;  /**< of the form it holds */
	uint64_t held_at_ns;  /**< since then */
	uint64_t refused_ns;  /**< when it refused this; 0: it did not */
	uint64_t hash;        /**< of `wanted` */
	struct wanted wanted; /**< with `sources` of its own */
	struct ip *sources;
	int err; /**< what is wrong; 0: nothing */
	char why[HOOK_WHY_MAX];
};

struct hook_book {
	struct hook_entry entries[HOOK_ENTRIES];
};

/** hook_book_new() - empty; NULL without memory. */
struct hook_book *hook_book_new(void);

/** hook_book_free() - NULL is fine. */
void hook_book_free(struct hook_book *book);

/**
 * hook_book_want() - a pass begins: exactly the plans of this set that have not expired.
 * @why: on failure one sentence
 *
 * Return: 0; -WEIR_EFULL or -ENOMEM: some plans found no place.
 */
WEIR_CHECK int hook_book_want(struct hook_book *book, const struct wanted_set *set,
			      struct text *why);

/** hook_book_find() - NULL if it is not there. */
struct hook_entry *hook_book_find(struct hook_book *book, const char *plan);

/**
 * hook_book_next() - what is to be said next in this pass; NULL: nothing.
 *
 * What failed before comes last, so that it holds up nothing else; before that, what is to be
 * taken back comes first.
 */
struct hook_entry *hook_book_next(struct hook_book *book, uint64_t now_ns);

/** hook_book_told() - what came of telling it (hook_send()). @why: one sentence when it failed */
void hook_book_told(struct hook_entry *entry, int err, const struct text *why, uint64_t now_ns);

/** hook_book_drop() - forget what is neither wanted nor held any more. */
void hook_book_drop(struct hook_book *book, uint64_t now_ns);
