/* SPDX-License-Identifier: Apache-2.0 */
/* hands_part: what the files of hands share: one case for each incident. Inside hands*.c. */
#pragma once

#include "daemon/hands.h"
#include "plan/bars.h"
#include "plan/ladder.h"
#include "plan/maker.h"
#include "plan/rails.h"
#include "verify/harm.h"

/** Why somebody who flaps is left as he is. */
#define CASE_FLAPS "it changed ten times within an hour, and stays as it is until that is over"

/** Machines of a campaign that a case keeps. */
#define CASE_MACHINES 2048
/** Dropped packets that a case keeps, the latest. */
#define CASE_CAUGHT   512

/** A plan on its way over canaries. */
struct hand_trial {
	bool on;
	bool well;                  /**< all was, when the canary got it */
	bool passed;                /**< and is, for as long as it has to be */
	size_t member;              /**< where it shall be in force in the end */
	size_t at;                  /**< the canary that has it last */
	unsigned generation;        /**< of its rules */
	uint64_t since_ns;          /**< in force there since; 0: not yet */
	uint64_t falls;             /**< of sessions there, before */
	char trouble[PLAN_WHY_MAX]; /**< why it is not, where it was not well before */
	struct wanted wanted;
};

/** May a choice be carried out now? */
enum gate {
	GATE_OPEN,
	GATE_STAY, /**< not yet: what is in force stays as it is */
};

/** One incident and what is done about it. */
struct hand_case {
	bool used;
	bool over;      /**< the incident is */
	bool rejected;  /**< somebody said no */
	bool fresh;     /**< the plan has not been told */
	bool wanted_on; /**< in force: admitted by the rails, and in the set of its actuator */
	bool told_applied;
	bool recheck; /**< the configuration changed: may it stay in force? */
	struct incident incident;
	struct finding_machine *machines;
	unsigned watch;
	uint64_t watched_ns; /**< since then */
	double excess_most;  /**< packets a second above the usual, since the rules were made */
	bool moved;          /**< the targets are others than the rules were made for */
	bool scoped;         /**< `scope` says whose samples; false: nothing can be held back */
	struct stock_scope scope;
	struct prefix around; /**< the targets, as long as they are prefixes; length 0: not yet */
	unsigned grown;       /**< times that they came to be more than that */
	uint64_t begun_ns;
	uint64_t full_ns; /**< the line has been full since then; 0: it is not */
	size_t tried_at;  /**< samples there were when rules were made last */
	bool paused;      /**< the attack was, when rules could be made last */
	size_t make_from; /**< samples there were when it began, or came back */
	size_t make_at;   /**< samples since then from which on rules are made anew */
	uint64_t make_ns; /**< or from then on */
	unsigned generation;
	struct made *made; /**< the rules that the plan is about */
	struct made *kept; /**< those of what is in force, while newer ones wait */
	struct hand_trial trial;
	bool stopped;  /**< by a canary, until `refused_ns` */
	bool leave;    /**< a person said so: the next change is not put off for flapping */
	bool flapping; /**< it changed so often that it stays as it is */
	struct ladder_state ladder;
	struct ladder_step step; /**< the latest */
	uint8_t approved;        /**< enum plan_level */
	char approved_by[64];
	size_t member;        /**< of the crew; 0 observes */
	struct wanted wanted; /**< the plan as told */
	double own_share;     /**< as admitted */
	uint64_t extended_ns; /**< not withdrawn before, a person said */
	struct effect effect;
	uint64_t matched_ns;   /**< counters grew last */
	uint64_t look_ns;      /**< looked at next */
	struct sample *caught; /**< CASE_CAUGHT dropped packets, of the plan as it is now */
	uint64_t *caught_ns;
	size_t caught_count; /**< ever: the ring is that modulo CASE_CAUGHT */
	double dropped_pps;  /**< by the filter's counters; 0: not known */
	bool rate_mixed;     /**< what counters gain next is not of the present rules alone */
	double unusual;      /**< of what `made` matches, as it was made; see verify_unusual() */
	struct harm harm;
	bool told_harm;      /**< that something is known of it */
	unsigned harmful;    /**< seconds in a row */
	bool stepped_down;   /**< because of harm; until there are others */
	uint64_t refused_ns; /**< the rails did not admit it: not tried again before */
	char refusal[PLAN_WHY_MAX];
	char trouble[PLAN_WHY_MAX]; /**< why the actuator does not hold it; "": it does */
};

struct hands {
	const struct config *config;
	bool has_actuators; /* configured at the start, whether or not they are used */
	struct journal *journal;
	struct crew *crew;
	bool act;
	bool dirty[CREW_MEMBERS]; /**< by member: its set is not what it was given */
	struct stock *stock;
	struct maker *maker;
	struct made *trial;
	struct look_peer *room; /* for SYNTH_BASE packets */
	struct sample dropped[CASE_CAUGHT];
	struct bars bars;
	struct hand_case cases[HANDS_CASES];
	unsigned turn;    /**< whose rules are made next */
	bool making_done; /**< this tick */
	struct prefix *own;
	struct prefix *never;
	struct rails_limits limits;
	struct ladder_limits ladder;
	struct rails_state rails;
	struct rails_hold hold;
	bool fault;
	bool panic;
	bool kill_file;
	uint64_t kill_looked_ns;
	uint64_t turned_away;
	uint64_t refused;
	uint64_t now_ns;
	const struct event_sink *sink; /**< of the running tick */
	struct wanted list[CREW_PLANS];
	struct crew_report report;
	struct {
		size_t member; /* 0: none */
		uint64_t for_ns;
	} canaries[CREW_MEMBERS];                  /* by member */
	struct actuator_peers peers[CREW_MEMBERS]; /* by member, as told last */
	bool failing[CREW_MEMBERS];                /**< by member, as told */
	struct status_actuator views[CREW_MEMBERS];
	char whys[CREW_MEMBERS][256];
};

/** How far to go now. */
struct choice {
	uint8_t level;
	uint8_t asked;
	uint8_t would; /**< of the levels that go by themselves, were there an actuator */
	size_t member;
	char why[PLAN_WHY_MAX];
};

/** hands_limits() - the lists of the configuration as the rails want them. Return: 0, -ENOMEM. */
WEIR_CHECK int hands_limits(struct hands *hands, const struct config *config);
/** case_of() - by the id of the incident or of its plan; NULL. */
struct hand_case *case_of(struct hands *hands, const char *id);
/** case_may_use() - does the policy let this actuator be used? */
bool case_may_use(const struct config_policy *policy, const char *name);
/** case_may_choose() - and is it not there to go first to another that may be used? */
bool case_may_choose(const struct hands *hands, const struct config_policy *policy, size_t member);
/** case_is_stranded() - in force, and no actuator of the policy is here before a restart? */
bool case_is_stranded(const struct hands *hands, const struct hand_case *c,
		      const struct config_policy *policy);
/** case_policy() - what goes with the incident. Never NULL. */
const struct config_policy *case_policy(const struct hands *hands, const struct hand_case *c);
/** case_step() - one tick of it. */
void case_step(struct hands *hands, struct hand_case *c);
/** case_make() - rules anew, if it is time and nobody else's turn. */
void case_make(struct hands *hands, struct hand_case *c);
/** case_watch() - each second: does it help, does it hurt? */
void case_watch(struct hands *hands, struct hand_case *c);
/** case_unusual() - how much of what its rules match is unlike the usual, at their making. */
double case_unusual(struct hands *hands, const struct hand_case *c, const struct stock_view *view);
/** case_forget_caught() - what was dropped until now was dropped by other rules. */
void case_forget_caught(const struct hands *hands, struct hand_case *c);
/** case_add_verdict() - what came of its plan, if it holds something back. */
void case_add_verdict(const struct hand_case *c, struct verdict *verdict);
/** hands_bars() - did rules like these do harm a moment ago? */
bool hands_bars(const struct hands *hands, const struct made *made);
/** hands_catch() - take what actuators caught. */
void hands_catch(struct hands *hands);
/** case_take_off() - out of force: rails, journal, event; @why for people. */
void case_take_off(struct hands *hands, struct hand_case *c, enum act_state state, const char *why);
/** case_request() - what the rails are asked. @own_share: of all our traffic that it matches */
struct rails_request case_request(const struct hands *hands, const struct hand_case *c,
				  const struct wanted *wanted, double own_share);
/** case_gate() - may the choice be carried out now? Else it is changed to what may be. */
enum gate case_gate(struct hands *hands, struct hand_case *c, struct choice *choice);
/** hands_canaries() - who goes first to whom, as the configuration says. */
void hands_canaries(struct hands *hands, const struct config *config);
/** hands_goes_over() - is @at the member itself, its canary, or the canary of that? */
bool hands_goes_over(const struct hands *hands, size_t member, size_t at);
/** hands_mark() - member and canaries are given anew what is wanted of them. */
void hands_mark(struct hands *hands, size_t member);
/** case_at() - what is wanted of a member in it; NULL: nothing. */
const struct wanted *case_at(const struct hands *hands, const struct hand_case *c, size_t member);
/** case_passes_canaries() - it was given to them all before, and all was well. */
bool case_passes_canaries(struct hands *hands, struct hand_case *c, const struct wanted *wanted,
			  size_t member);
/** case_trial_report() - hands->report is news of a member. */
void case_trial_report(struct hands *hands, struct hand_case *c, size_t member);
/** case_end_trial() - the canaries let go; harmless when there is none. */
void case_end_trial(struct hands *hands, struct hand_case *c);
/** case_say_trial() - how far it is, for people. */
void case_say_trial(const struct hands *hands, const struct hand_case *c,
		    char ret_words[PLAN_WHY_MAX]);
/** case_refuse() - the rails say no: not tried again for a while. */
void case_refuse(struct hands *hands, struct hand_case *c, enum rails_why why);
/** case_recheck() - take out of force what the present configuration forbids. */
void case_recheck(struct hands *hands, struct hand_case *c);
/** case_tell() - an event about its plan. */
void case_tell(struct hands *hands, struct hand_case *c, enum event_type type, const char *text);
/** case_decide() - how far to go in it, and by whom. */
struct choice case_decide(const struct hands *hands, struct hand_case *c);
/** case_write() - its plan as it would be on a level at one of the actuators. */
void case_write(const struct hands *hands, struct hand_case *c, uint8_t level, size_t member,
		struct wanted *wanted);
/** choice_say() - why it goes so far and no further. */
void choice_say(struct choice *choice, const char *why);
/** reports_take() - what the actuators say of what they hold. */
void reports_take(struct hands *hands);
/** case_limits() - what the maker is to keep to. */
struct maker_limits case_limits(const struct hands *hands);
