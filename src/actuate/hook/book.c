/* SPDX-License-Identifier: Apache-2.0 */
/* book: wanted sets and answers in, what is still to be said out. The actuator's thread. */
#include "actuate/hook/book.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/hook/message.h"

struct hook_book *hook_book_new(void)
{
	return calloc(1, sizeof(struct hook_book));
}

static void clear(struct hook_entry *entry)
{
	free(entry->sources);
	memset(entry, 0, sizeof(*entry));
}

void hook_book_free(struct hook_book *book)
{
	if (!book)
		return;
	for (unsigned i = 0; i < HOOK_ENTRIES; i++)
		clear(&book->entries[i]);
	free(book);
}

struct hook_entry *hook_book_find(struct hook_book *book, const char *plan)
{
	for (unsigned i = 0; i < HOOK_ENTRIES; i++) {
		struct hook_entry *entry = &book->entries[i];
		if (entry->used && strcmp(entry->wanted.plan.id, plan) == 0)
			return entry;
	}
	return NULL;
}

static struct hook_entry *free_place(struct hook_book *book)
{
	for (unsigned i = 0; i < HOOK_ENTRIES; i++) {
		if (!book->entries[i].used)
			return &book->entries[i];
	}
	return NULL;
}

static void forget_trouble(struct hook_entry *entry)
{
	entry->refused_ns = 0;
	entry->failed = false;
	entry->err = 0;
	entry->why[0] = '\0';
}

static bool keep_sources(struct hook_entry *entry, const struct wanted *wanted)
{
	struct ip *sources = NULL;

	if (wanted->source_count) {
		sources = calloc(wanted->source_count, sizeof(*sources));
		if (!sources)
			return false;
		memcpy(sources, wanted->sources, wanted->source_count * sizeof(*sources));
	}
	free(entry->sources);
	entry->sources = sources;
	return true;
}

static int want_one(struct hook_book *book, const struct wanted *wanted)
{
	struct hook_entry *entry = hook_book_find(book, wanted->plan.id);
	bool known = entry != NULL;
	uint64_t hash;

	if (!hook_hash(wanted, &hash))
		return -ENOMEM;
	if (!known)
		entry = free_place(book);
	if (!entry)
		return -WEIR_EFULL;
	if (!known || entry->hash != hash) {
		if (!keep_sources(entry, wanted))
			return -ENOMEM;
		entry->hash = hash;
		entry->confirmed = false;
		forget_trouble(entry);
	} else if (!entry->wanted_now) {
		forget_trouble(entry);
	}
	entry->wanted = *wanted;
	entry->wanted.sources = entry->sources;
	entry->used = true;
	entry->wanted_now = true;
	return 0;
}

static bool is_wanted(const struct wanted_set *set, const char *plan)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct plan *other = &set->plans[i].plan;
		if (strcmp(other->id, plan) == 0)
			return !other->expires_ns || other->expires_ns > set->now_ns;
	}
	return false;
}

static void take_back_others(struct hook_book *book, const struct wanted_set *set)
{
	for (unsigned i = 0; i < HOOK_ENTRIES; i++) {
		struct hook_entry *entry = &book->entries[i];
		entry->tried = false;
		if (!entry->used || !entry->wanted_now || is_wanted(set, entry->wanted.plan.id))
			continue;
		entry->wanted_now = false;
		forget_trouble(entry);
	}
}

int hook_book_want(struct hook_book *book, const struct wanted_set *set, struct text *why)
{
	int err = 0;

	take_back_others(book, set);
	for (size_t i = 0; i < set->count; i++) {
		const struct wanted *wanted = &set->plans[i];
		if (!is_wanted(set, wanted->plan.id))
			continue;
		int one = want_one(book, wanted);
		if (one && !err) {
			err = one;
			text_addf(why,
				  one == -WEIR_EFULL
					  ? "no room for %s: too many plans have yet to be taken "
					    "back; see why the other side does not answer"
					  : "no memory for %s; give the machine more",
				  wanted->plan.id);
		}
	}
	return err;
}

static bool has_to_be_told(const struct hook_entry *entry, uint64_t now_ns)
{
	bool refused = entry->refused_ns && now_ns - entry->refused_ns < HOOK_AGAIN_NS;

	return entry->used && !entry->tried && !refused &&
	       (entry->wanted_now ? !entry->confirmed : entry->maybe);
}

struct hook_entry *hook_book_next(struct hook_book *book, uint64_t now_ns)
{
	struct hook_entry *best = NULL;
	unsigned best_rank = 4;

	for (unsigned i = 0; i < HOOK_ENTRIES; i++) {
		struct hook_entry *entry = &book->entries[i];
		if (!has_to_be_told(entry, now_ns))
			continue;
		unsigned rank = entry->failed * 2U + entry->wanted_now;
		if (rank < best_rank) {
			best = entry;
			best_rank = rank;
		}
	}
	return best;
}

/* It may have done it and not have been able to say so. */
static void doubt(struct hook_entry *entry)
{
	entry->maybe = true;
	if (!entry->wanted_now)
		entry->confirmed = entry->held = false;
}

static void believe(struct hook_entry *entry, uint64_t now_ns)
{
	entry->confirmed = entry->held = entry->maybe = entry->wanted_now;
	entry->held_rules = entry->wanted.plan.rule_count ? entry->wanted.plan.rule_count : 1;
	entry->held_at_ns = now_ns;
	forget_trouble(entry);
}

void hook_book_told(struct hook_entry *entry, int err, const struct text *why, uint64_t now_ns)
{
	entry->tried = true;
	if (!err) {
		believe(entry, now_ns);
		return;
	}
	entry->err = err;
	entry->failed = err != -EAGAIN;
	snprintf(entry->why, sizeof(entry->why), "%s", text_string(why));
	if (err == -EACCES)
		entry->refused_ns = now_ns;
	else if (err != -EAGAIN)
		doubt(entry);
}

/* A withdrawal that is refused for good ends with the plan: the other side knows when that is. */
static bool is_over(const struct hook_entry *entry, uint64_t now_ns)
{
	uint64_t expires_ns = entry->wanted.plan.expires_ns;

	return !entry->maybe || (entry->refused_ns && expires_ns && expires_ns <= now_ns);
}

void hook_book_drop(struct hook_book *book, uint64_t now_ns)
{
	for (unsigned i = 0; i < HOOK_ENTRIES; i++) {
		struct hook_entry *entry = &book->entries[i];
		if (entry->used && !entry->wanted_now && is_over(entry, now_ns))
			clear(entry);
	}
}
