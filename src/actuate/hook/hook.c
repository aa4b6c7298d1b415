/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook: plans in, messages to a program or an HTTPS address out; what it
 * confirms is the effect.
 *
 * For what Weir cannot do itself: quarantine a virtual machine, call a
 * scrubbing service. A plan is told when it is new, changed or over, and then
 * no more. reconcile runs on the actuator's thread and waits there.
 */
#include "actuate/actuator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/hook/book.h"
#include "actuate/hook/message.h"
#include "actuate/hook/post.h"
#include "actuate/hook/send.h"
#include "actuate/hook/spawn.h"
#include "base/log.h"

#define LEVELS                                                                   \
	(ACTUATOR_CAN_RATE_LIMIT | ACTUATOR_CAN_DROP | ACTUATOR_CAN_QUARANTINE | \
	 ACTUATOR_CAN_BLACKHOLE)

struct state {
	const char *name;
	struct hook_target target;
	struct text place;
	struct hook_book *book;
	bool synced;
};

/* One pass over all there is to say. */
struct round {
	struct state *state;
	struct hook_speaker speaker;
	struct hook_pass pass;
	struct text why; /* of the last message */
	struct actuator_result *result;
	int err; /* the first */
};

static void close(void *self)
{
	struct state *state = self;

	hook_book_free(state->book);
	text_done(&state->place);
	free(state);
}

static int check_settings(const struct config_actuator *settings, struct text *ret_place,
			  struct text *why)
{
	if (!settings || !settings->program == !settings->url) {
		text_add(why, "a hook needs either `program` or `url`");
		return -EINVAL;
	}
	if (settings->url) {
		const struct hook_target target = hook_target_of(settings);
		return hook_post_check(&target, ret_place, why);
	}
	text_add(ret_place, settings->program);
	return hook_spawn_check(settings->program, why);
}

static int open(const struct config *config, const struct config_actuator *settings,
		void **ret_state, uint32_t *ret_caps, struct text *why)
{
	struct text place = text_heap();
	struct state *state = NULL;

	(void)config;
	int err = check_settings(settings, &place, why);
	if (!err) {
		state = calloc(1, sizeof(*state));
		err = state && !place.failed ? 0 : -ENOMEM;
	}
	if (err) {
		text_done(&place);
		free(state);
		return err;
	}
	*state = (struct state){ .name = settings->name,
				 .target = hook_target_of(settings),
				 .place = place,
				 .book = hook_book_new() };
	state->target.place = text_string(&state->place);
	if (!state->book) {
		close(state);
		return -ENOMEM;
	}
	*ret_state = state;
	*ret_caps = LEVELS;
	return 0;
}

/* The other side gets every field; what it makes of them is its business. */
static int check(void *self, const struct wanted *wanted, struct text *why)
{
	(void)self;
	if (wanted->plan.level < LEVEL_RATE_LIMIT || wanted->plan.level > LEVEL_BLACKHOLE) {
		text_add(why, "a hook is told of what shall be held back only; "
			      "`observe` needs no actuator");
		return -EOPNOTSUPP;
	}
	if (wanted->source_count > WANTED_SOURCES) {
		text_addf(why, "%zu sources are too many for one message; %d is the most",
			  wanted->source_count, WANTED_SOURCES);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* The caller's text may be a fixed one: rather the beginning of a sentence than none. */
static void say(struct round *round, int err, const char *words)
{
	struct text *why = round->result->why;
	size_t len = strlen(words);

	if (round->err)
		return;
	round->err = err == -EAGAIN ? -ETIMEDOUT : err;
	if (!why->grows && why->len + len + 1 > why->cap)
		len = why->cap > why->len ? why->cap - why->len - 1 : 0;
	text_add_n(why, words, len);
}

static void tell(struct round *round, struct hook_entry *entry)
{
	uint64_t now_ns = round->speaker.now_ns;
	bool held = entry->held;
	unsigned held_rules = entry->held_rules;
	struct hook_message message;

	hook_message_plan(&round->speaker, entry->wanted_now ? HOOK_APPLY : HOOK_WITHDRAW,
			  &entry->wanted, entry->hash, &message);
	int err = hook_send(&round->pass, &message, &round->why);
	hook_message_done(&message);
	hook_book_told(entry, err, &round->why, now_ns);
	if (err)
		return;
	round->result->removed += held ? held_rules : 0;
	round->result->added += entry->held ? entry->held_rules : 0;
}

static void collect_lines(struct state *state, struct hook_line lines[HOOK_ENTRIES],
			  size_t *ret_count)
{
	size_t count = 0;

	for (unsigned i = 0; i < HOOK_ENTRIES; i++) {
		const struct hook_entry *entry = &state->book->entries[i];
		if (entry->used && entry->wanted_now)
			lines[count++] = (struct hook_line){ entry->wanted.plan.id, entry->hash };
	}
	*ret_count = count;
}

/* A process before us may have put in force what nobody wants any more. */
static void sync(struct round *round)
{
	struct state *state = round->state;
	struct hook_line lines[HOOK_ENTRIES];
	struct hook_message message;
	size_t count;

	collect_lines(state, lines, &count);
	hook_message_sync(&round->speaker, lines, count, &message);
	int err = hook_send(&round->pass, &message, &round->why);
	hook_message_done(&message);
	state->synced = !err || err == -EACCES;
	if (err == -EACCES)
		log_warning("actuate.hook",
			    "%s: %s; what it held before Weir was started stays "
			    "there until it expires",
			    state->name, text_string(&round->why));
	else if (err)
		say(round, err, text_string(&round->why));
}

static void fill_effects(struct round *round, const struct wanted_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct effect *effect = &round->result->effects[i];
		const char *id = set->plans[i].plan.id;
		const struct hook_entry *entry = hook_book_find(round->state->book, id);
		snprintf(effect->plan, sizeof(effect->plan), "%s", id);
		effect->at_ns = set->now_ns;
		if (!entry || !entry->held)
			continue;
		effect->applied = true;
		effect->rules_held = entry->held_rules;
		effect->at_ns = entry->held_at_ns;
		if (!entry->tried && entry->confirmed)
			round->result->kept += entry->held_rules;
	}
}

static void say_troubles(struct round *round)
{
	for (unsigned i = 0; i < HOOK_ENTRIES; i++) {
		const struct hook_entry *entry = &round->state->book->entries[i];
		char words[HOOK_WHY_MAX + sizeof(entry->wanted.plan.id) + 16];
		if (!entry->used || !entry->err)
			continue;
		snprintf(words, sizeof(words), "%s of %s: %s",
			 entry->wanted_now ? "apply" : "withdraw", entry->wanted.plan.id,
			 entry->why);
		say(round, entry->err, words);
	}
}

static int reconcile(void *self, const struct wanted_set *set, struct actuator_result *result)
{
	struct state *state = self;
	struct round round = { .state = state,
			       .speaker = { .actuator = state->name, .now_ns = set->now_ns },
			       .pass = hook_pass_begin(&state->target),
			       .why = text_heap(),
			       .result = result };
	struct hook_entry *entry;

	round.err = hook_book_want(state->book, set, result->why);
	if (!state->synced)
		sync(&round);
	while ((entry = hook_book_next(state->book, set->now_ns)))
		tell(&round, entry);
	hook_book_drop(state->book, set->now_ns);
	fill_effects(&round, set);
	say_troubles(&round);
	text_done(&round.why);
	return round.err;
}

const struct actuator actuator_hook = {
	.name = "hook",
	.summary = "tell a program or an HTTPS address what to hold back",
	/* The one with every field a rule can have: nothing of a rule is lost in a message. */
	.profile = "xdp",
	.open = open,
	.check = check,
	.reconcile = reconcile,
	.close = close,
};
