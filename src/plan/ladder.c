/* SPDX-License-Identifier: Apache-2.0 */
/* ladder: forecast and state in, the next step out. */
#include "plan/ladder.h"

#define SECOND_NS 1000000000UL

struct ladder_limits ladder_defaults(void)
{
	return (struct ladder_limits){
		.auto_drop = 0.01,
		.auto_limit = 0.05,
		.dwell_ns = 60 * SECOND_NS,
		.overload_ns = 10 * SECOND_NS,
		.quiet_ns = 60 * SECOND_NS,
		.rule_ns = 300 * SECOND_NS,
		.blackhole_ns = 600 * SECOND_NS,
		.probe_ns = 30 * SECOND_NS,
	};
}

static bool since(uint64_t from_ns, uint64_t now_ns, uint64_t time_ns)
{
	return from_ns && now_ns >= from_ns && now_ns - from_ns >= time_ns;
}

/* What rules alone allow: in force by itself, and what a person is asked about. */
static struct ladder_step by_rules(const struct ladder_limits *limits,
				   const struct ladder_input *input)
{
	struct ladder_step step = { .why = LADDER_NO_RULE };

	if (!input->confirmed) {
		step.why = LADDER_UNSURE;
	} else if (input->rule_count == 0 || !input->can_drop) {
		/* The class as a whole may be limited: that hits everybody of it. */
		step.asked = input->over_capacity && input->can_limit ? LEVEL_RATE_LIMIT : 0;
	} else if (input->upper >= 0 && input->upper <= limits->auto_drop) {
		step.why = LADDER_SAFE;
		step.level = LEVEL_DROP;
	} else if (input->upper >= 0 && input->upper <= limits->auto_limit) {
		step.why = LADDER_RISKY;
		step.level = input->can_limit ? LEVEL_RATE_LIMIT : LEVEL_OBSERVE;
		step.asked = LEVEL_DROP;
	} else {
		/* Also what is no number: it promises nothing. */
		step.why = LADDER_HARMFUL;
		step.asked = input->can_limit ? LEVEL_RATE_LIMIT : LEVEL_DROP;
	}
	return step;
}

/* A machine of ours is slowed before it is cut off from a target, and never cut off unasked. */
static void go_outbound(const struct ladder_limits *limits, const struct ladder_state *state,
			const struct ladder_input *input, struct ladder_step *step)
{
	bool slowed = state->level >= LEVEL_RATE_LIMIT &&
		      since(state->since_ns, input->now_ns, limits->dwell_ns);

	if (step->level == LEVEL_DROP && input->can_limit && state->level < LEVEL_DROP && !slowed) {
		step->level = LEVEL_RATE_LIMIT;
		step->why = LADDER_DWELL;
	}
	if (input->confirmed && input->own_machine && state->level >= LEVEL_DROP &&
	    since(state->since_ns, input->now_ns, limits->dwell_ns))
		step->asked = LEVEL_QUARANTINE;
}

static void go_inbound(const struct ladder_limits *limits, const struct ladder_state *state,
		       const struct ladder_input *input, struct ladder_step *step)
{
	if (!input->confirmed || state->level == LEVEL_BLACKHOLE ||
	    !since(input->overload_since_ns, input->now_ns, limits->overload_ns))
		return;
	step->why = LADDER_LINK;
	if (input->expendable)
		step->level = LEVEL_BLACKHOLE;
	else
		step->asked = LEVEL_BLACKHOLE;
}

static bool is_level_for(uint8_t level, enum direction direction)
{
	if (level == LEVEL_QUARANTINE)
		return direction == DIRECTION_OUTBOUND;
	return level != LEVEL_BLACKHOLE || direction != DIRECTION_OUTBOUND;
}

/* The next level below that there is in this direction. */
static uint8_t below(uint8_t level, const struct ladder_input *input)
{
	do {
		level--;
	} while (level && (!is_level_for(level, input->direction) ||
			   (level == LEVEL_RATE_LIMIT && !input->can_limit) ||
			   (level == LEVEL_DROP && input->rule_count == 0)));
	return level;
}

/*
 * Behind a blackhole nothing can be seen. Now and then it is lifted for a moment: it ends if nothing
 * arrives until the moment is over.
 */
static void look_behind(const struct ladder_limits *limits, const struct ladder_state *state,
			const struct ladder_input *input, struct ladder_step *step)
{
	bool over = state->probe_until_ns && input->now_ns >= state->probe_until_ns;

	step->level = state->level;
	if (!over) {
		step->probe = state->probe_until_ns ||
			      since(state->since_ns, input->now_ns, limits->blackhole_ns);
	} else if (input->quiet_since_ns && !input->complete) {
		step->why = LADDER_BLIND;
	} else if (input->quiet_since_ns) {
		step->level = below(state->level, input);
		step->why = LADDER_QUIET;
	}
}

/* One step back when the attack is over. What rules turned out to hurt is taken back at once. */
static void go_back(const struct ladder_limits *limits, const struct ladder_state *state,
		    const struct ladder_input *input, struct ladder_step *step)
{
	bool quiet = since(input->quiet_since_ns, input->now_ns, limits->quiet_ns);
	bool dwelt = since(state->since_ns, input->now_ns, limits->dwell_ns);
	bool hurts = step->why == LADDER_RISKY || step->why == LADDER_HARMFUL;

	if (hurts && state->level > input->approved && !quiet)
		return;
	step->level = state->level;
	if (quiet && !input->complete) {
		step->why = LADDER_BLIND;
	} else if (quiet && dwelt) {
		step->level = below(state->level, input);
		step->why = LADDER_QUIET;
	} else if (quiet) {
		step->why = LADDER_DWELL;
	}
}

static uint64_t life_of(const struct ladder_limits *limits, uint8_t level)
{
	return level == LEVEL_BLACKHOLE ? limits->blackhole_ns + limits->probe_ns : limits->rule_ns;
}

/* A person's yes goes further than what goes by itself, but not where there is nothing to do. */
static void go_as_told(const struct ladder_input *input, struct ladder_step *step)
{
	uint8_t level = input->approved;
	bool possible = level < LEVEL_COUNT && is_level_for(level, input->direction) &&
			(level != LEVEL_RATE_LIMIT || input->can_limit) &&
			(level != LEVEL_DROP || (input->can_drop && input->rule_count));

	if (!possible || level <= step->level)
		return;
	step->level = level;
	step->why = LADDER_APPROVED;
}

struct ladder_step ladder_decide(const struct ladder_limits *limits,
				 const struct ladder_state *state, const struct ladder_input *input)
{
	struct ladder_step step = by_rules(limits, input);
	bool quiet = input->quiet_since_ns != 0;

	if (input->direction == DIRECTION_OUTBOUND)
		go_outbound(limits, state, input, &step);
	else
		go_inbound(limits, state, input, &step);
	go_as_told(input, &step);
	if (state->level == LEVEL_BLACKHOLE)
		look_behind(limits, state, input, &step);
	else if (state->level && (quiet || step.level <= state->level))
		go_back(limits, state, input, &step);
	else if (quiet)
		step.level = LEVEL_OBSERVE;
	if (quiet || step.asked <= step.level)
		step.asked = LEVEL_OBSERVE;
	step.expires_ns = step.level ? input->now_ns + life_of(limits, step.level) : 0;
	return step;
}

void ladder_take(const struct ladder_limits *limits, struct ladder_state *state,
		 const struct ladder_step *step, uint64_t now_ns)
{
	if (step->level != state->level) {
		*state = (struct ladder_state){ .level = step->level, .since_ns = now_ns };
	} else if (step->probe && !state->probe_until_ns) {
		state->probe_until_ns = now_ns + limits->probe_ns;
	} else if (!step->probe && state->probe_until_ns) {
		state->probe_until_ns = 0;
		state->since_ns = now_ns;
	}
}

const char *ladder_why_text(enum ladder_why why)
{
	static const char *const texts[LADDER_WHY_COUNT] = {
		[LADDER_UNSURE] = "it is not certain to be an attack",
		[LADDER_NO_RULE] = "no safe rule is known",
		[LADDER_SAFE] = "the rules hardly hit innocent traffic",
		[LADDER_RISKY] = "the rules may hit some innocent traffic",
		[LADDER_HARMFUL] = "the rules may hit much innocent traffic",
		[LADDER_LINK] = "the link is full in spite of rules",
		[LADDER_DWELL] = "it is too early for the next step",
		[LADDER_QUIET] = "the attack no longer arrives",
		[LADDER_BLIND] = "it seems over, but the telemetry is not complete",
		[LADDER_APPROVED] = "a person said yes",
	};

	return texts[why];
}
