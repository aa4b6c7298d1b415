/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rails: what is refused, how fast, how much; and 10,000 random plans. */
#include "check.h"

#include <string.h>

#include "base/hash.h"
#include "own_space.h"
#include "plan/rails.h"

static struct prefix own[2];
static struct prefix never[3];

static struct rails_limits limits_of(void)
{
	struct rails_limits limits = rails_defaults();

	own[0] = prefix_of("198.51.96.0/19");
	own[1] = prefix_of("2001:db8::/32");
	never[0] = prefix_of("198.51.100.53/32");
	never[1] = prefix_of("203.0.113.0/24");
	never[2] = prefix_of("2001:db8:53::/48");
	limits.own = own;
	limits.own_count = 2;
	limits.never = never;
	limits.never_count = 3;
	limits.plan_rules = 8;
	return limits;
}

static struct plan_rule rule_to(const char *dst)
{
	struct plan_rule rule = plan_rule_any();

	rule.dst = prefix_of(dst);
	rule.proto = 17;
	return rule;
}

static void expect(const struct plan_rule *rule, enum rails_why why)
{
	struct rails_limits limits = limits_of();

	assert_int_equal(rails_check_rule(&limits, rule, DIRECTION_INBOUND), why);
}

static void a_plain_rule_is_admitted(void **state)
{
	struct plan_rule rule = rule_to("198.51.100.7/32");

	(void)state;
	expect(&rule, RAILS_OK);
	rule.sport = plan_range_of(123);
	rule.length = (struct plan_range){ 468, 468 };
	expect(&rule, RAILS_OK);
	rule = rule_to("2001:db8::7/128");
	expect(&rule, RAILS_OK);
}

static void our_side_is_long_enough_and_ours(void **state)
{
	struct plan_rule rule = rule_to("198.51.101.0/24");
	struct rails_limits limits = limits_of();

	(void)state;
	expect(&rule, RAILS_OK);
	rule = rule_to("198.51.102.0/23");
	expect(&rule, RAILS_FLOOR);
	rule = rule_to("2001:db8:8000::/33");
	expect(&rule, RAILS_FLOOR);
	rule.dst = (struct prefix){ 0 };
	expect(&rule, RAILS_FLOOR);
	rule = rule_to("192.0.2.7/32");
	expect(&rule, RAILS_NOT_OWN);
	/* Outbound it is the source that is ours. */
	rule = rule_to("192.0.2.7/32");
	assert_int_equal(rails_check_rule(&limits, &rule, DIRECTION_OUTBOUND), RAILS_FLOOR);
	rule.src = prefix_of("198.51.100.7/32");
	assert_int_equal(rails_check_rule(&limits, &rule, DIRECTION_OUTBOUND), RAILS_OK);
}

static void what_is_never_touched_is_refused_not_narrowed(void **state)
{
	struct rails_limits limits = limits_of();
	struct plan_rule rule = rule_to("198.51.100.0/24");
	struct ip sources[2] = { ip_of("192.0.2.1"), ip_of("203.0.113.9") };

	(void)state;
	expect(&rule, RAILS_NEVER);
	rule = rule_to("198.51.100.53/32");
	expect(&rule, RAILS_NEVER);
	rule = rule_to("198.51.100.7/32");
	rule.src = prefix_of("203.0.112.0/20");
	expect(&rule, RAILS_NEVER);
	rule.src = prefix_of("203.0.113.77/32");
	expect(&rule, RAILS_NEVER);
	assert_int_equal(rails_check_sources(&limits, sources, 1), RAILS_OK);
	assert_int_equal(rails_check_sources(&limits, sources, 2), RAILS_NEVER);
}

static void nonsense_is_refused(void **state)
{
	struct plan_rule good = rule_to("198.51.100.7/32");
	struct plan_rule rule = good;

	(void)state;
	rule.length = (struct plan_range){ 99, 9971 };
	expect(&rule, RAILS_LENGTH);
	rule.length = (struct plan_range){ 19, 100 };
	expect(&rule, RAILS_LENGTH);
	rule.length = (struct plan_range){ 200, 100 };
	expect(&rule, RAILS_NUMBER);
	rule.length = (struct plan_range){ 20, 19 };
	expect(&rule, RAILS_NUMBER);
	rule = good;
	rule.length = (struct plan_range){ 20, 27 };
	rule.fragment = PLAN_FRAGMENT_NONE;
	expect(&rule, RAILS_EMPTY);
	rule = good;
	rule.sport = (struct plan_range){ 2, 1 };
	expect(&rule, RAILS_NUMBER);
	rule = good;
	rule.proto = 1;
	rule.dport = plan_range_of(80);
	expect(&rule, RAILS_EMPTY);
	rule = good;
	rule.tcp_mask = 2;
	expect(&rule, RAILS_EMPTY);
	rule.proto = 6;
	expect(&rule, RAILS_OK);
	rule.tcp_flags = 4;
	expect(&rule, RAILS_EMPTY);
	rule = good;
	rule.fragment = PLAN_FRAGMENT_LATER;
	expect(&rule, RAILS_OK);
	rule.sport = plan_range_of(53);
	expect(&rule, RAILS_EMPTY);
	rule = good;
	rule.fragment = 1;
	expect(&rule, RAILS_NUMBER);
	rule = good;
	rule.icmp_type = 8;
	expect(&rule, RAILS_EMPTY);
	rule.proto = 58;
	expect(&rule, RAILS_EMPTY);
	rule.proto = 1;
	expect(&rule, RAILS_OK);
	rule.proto = 256;
	expect(&rule, RAILS_NUMBER);
	rule = good;
	rule.src = prefix_of("2001:db8:1::/48");
	expect(&rule, RAILS_FAMILY);
	rule.src = (struct prefix){ .len = 8 };
	expect(&rule, RAILS_FAMILY);
	rule = good;
	rule.src = (struct prefix){ .ip = ip_of("192.0.2.1"), .len = 120 };
	expect(&rule, RAILS_PREFIX);
	rule.src.len = 129;
	expect(&rule, RAILS_PREFIX);
}

static struct plan plan_of(enum plan_level level, unsigned number)
{
	struct plan plan = { .level = (uint8_t)level, .rule_count = 1 };
	struct ip ip = ip_at("198.51.101.0", number);

	plan.rules[0] = plan_rule_any();
	plan.rules[0].dst = prefix_of_host(&ip);
	return plan;
}

static struct rails_request ask(const struct plan *plan, uint64_t now_ns)
{
	return (struct rails_request){ .plan = plan,
				       .direction = DIRECTION_INBOUND,
				       .now_ns = now_ns };
}

static void levels_fit_direction_and_rules(void **state)
{
	struct rails_limits limits = limits_of();
	struct plan plan = plan_of(LEVEL_BLACKHOLE, 7);
	struct rails_request request = ask(&plan, 1);

	(void)state;
	assert_int_equal(rails_check_plan(&limits, &request), RAILS_OK);
	plan.rules[0].proto = 17;
	assert_int_equal(rails_check_plan(&limits, &request), RAILS_LEVEL);
	plan = plan_of(LEVEL_BLACKHOLE, 7);
	plan.rules[0].dst = prefix_of("198.51.101.0/24");
	assert_int_equal(rails_check_plan(&limits, &request), RAILS_LEVEL);
	plan = plan_of(LEVEL_QUARANTINE, 7);
	assert_int_equal(rails_check_plan(&limits, &request), RAILS_LEVEL);
	plan = plan_of(LEVEL_RATE_LIMIT, 7);
	assert_int_equal(rails_check_plan(&limits, &request), RAILS_LEVEL);
	plan.rules[0].rate_pps = 100;
	assert_int_equal(rails_check_plan(&limits, &request), RAILS_OK);
	plan = plan_of(LEVEL_DROP, 7);
	plan.rules[0].from_set = true;
	assert_int_equal(rails_check_plan(&limits, &request), RAILS_EMPTY);
	plan.rule_count = 0;
	assert_int_equal(rails_check_plan(&limits, &request), RAILS_EMPTY);
	plan.rule_count = 9;
	assert_int_equal(rails_check_plan(&limits, &request), RAILS_RULES);
}

/* What ours send to one host may be named by a shorter prefix, or by a set of ours; nothing else may. */
static void the_floor_gives_way_for_one_host_outside(void **state)
{
	struct rails_limits limits = limits_of();
	struct plan_rule rule = plan_rule_any();

	(void)state;
	limits.never_count = 0;
	rule.proto = 17;
	rule.src = prefix_of("198.51.96.0/19");
	rule.dst = prefix_of("192.0.2.1");
	assert_int_equal(rails_check_rule(&limits, &rule, DIRECTION_OUTBOUND), RAILS_OK);
	rule.dst = prefix_of("192.0.2.0/24");
	assert_int_equal(rails_check_rule(&limits, &rule, DIRECTION_OUTBOUND), RAILS_FLOOR);
	rule.dst = prefix_of("192.0.2.1");
	rule.src = (struct prefix){ 0 };
	assert_int_equal(rails_check_rule(&limits, &rule, DIRECTION_OUTBOUND), RAILS_FLOOR);
	rule.from_set = true;
	assert_int_equal(rails_check_rule(&limits, &rule, DIRECTION_OUTBOUND), RAILS_OK);
	rule.src = prefix_of("203.0.112.0/20");
	assert_int_equal(rails_check_rule(&limits, &rule, DIRECTION_OUTBOUND), RAILS_NOT_OWN);
	/* A set stands for ours only if all of it is. */
	const struct ip sources[2] = { ip_of("198.51.100.1"), ip_of("192.0.2.9") };
	struct plan plan = { .level = LEVEL_DROP, .rule_count = 1 };
	plan.rules[0] = plan_rule_any();
	plan.rules[0].dst = prefix_of("192.0.2.1");
	plan.rules[0].from_set = true;
	struct rails_request request = { .plan = &plan,
					 .sources = sources,
					 .source_count = 1,
					 .direction = DIRECTION_OUTBOUND };
	assert_int_equal(rails_check_plan(&limits, &request), RAILS_OK);
	request.source_count = 2;
	assert_int_equal(rails_check_plan(&limits, &request), RAILS_NOT_OWN);
	/* Inbound the floor is ours. */
	rule = rule_to("198.51.96.0/19");
	rule.src = prefix_of("192.0.2.1");
	assert_int_equal(rails_check_rule(&limits, &rule, DIRECTION_INBOUND), RAILS_FLOOR);
}

static void amounts_have_ends(void **state)
{
	struct rails_limits limits = limits_of();
	struct rails_state rails = { 0 };
	struct plan plan = plan_of(LEVEL_DROP, 1);
	struct rails_request request = ask(&plan, SECOND_NS);

	(void)state;
	limits.rules = 2;
	request.own_share = 0.15;
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_OK);
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_SHARE);
	request.own_share = 0;
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_OK);
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_RULES);
	rails_release(&limits, &rails, &request);
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_OK);
	assert_int_equal(rails.refused[RAILS_SHARE], 1);
	assert_int_equal(rails.refused[RAILS_RULES], 1);
}

/* 8192 own addresses: a thousandth is eight. */
static void blackholes_have_an_end(void **state)
{
	struct rails_limits limits = limits_of();
	struct rails_state rails = { 0 };

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		struct plan plan = plan_of(LEVEL_BLACKHOLE, i);
		struct rails_request request = ask(&plan, (i + 1) * SECOND_NS);
		request.by_person = true;
		assert_int_equal(rails_admit(&limits, &rails, &request),
				 i < 8 ? RAILS_OK : RAILS_BLACKHOLES);
	}
	/* Of a small network one is allowed all the same. */
	own[0] = prefix_of("198.51.101.0/24");
	rails = (struct rails_state){ 0 };
	for (unsigned i = 0; i < 2; i++) {
		struct plan plan = plan_of(LEVEL_BLACKHOLE, i);
		struct rails_request request = ask(&plan, SECOND_NS);
		assert_int_equal(rails_admit(&limits, &rails, &request),
				 i ? RAILS_BLACKHOLES : RAILS_OK);
	}
}

static void changes_have_a_rate_and_many_pull_the_brake(void **state)
{
	struct rails_limits limits = limits_of();
	struct rails_state rails = { 0 };
	struct plan plan = plan_of(LEVEL_DROP, 1);
	struct rails_request request = ask(&plan, SECOND_NS);

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_OK);
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_SLOWER);
	request.now_ns += SECOND_NS;
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_OK);
	request.now_ns += SECOND_NS;
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_BRAKE);
	assert_true(rails_brake(&rails, request.now_ns));
	request.by_person = true;
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_OK);
	request.by_person = false;
	request.now_ns += limits.brake_ns;
	assert_false(rails_brake(&rails, request.now_ns));
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_OK);
}

/* As many as a plan can have, for as many: in one step, or nothing changes. */
static void what_takes_the_place_of_another_counts_once(void **state)
{
	struct rails_limits limits = limits_of();
	struct rails_state rails = { 0 };
	struct plan old = plan_of(LEVEL_DROP, 1);
	struct plan better = old;

	(void)state;
	old.rule_count = better.rule_count = PLAN_RULES;
	for (unsigned i = 1; i < PLAN_RULES; i++)
		old.rules[i] = better.rules[i] = old.rules[0];
	limits.plan_rules = limits.rules = PLAN_RULES;
	limits.own_share = 0.1;
	struct rails_request out = ask(&old, SECOND_NS);
	struct rails_request in = ask(&better, SECOND_NS);
	out.own_share = in.own_share = 0.08;
	assert_int_equal(rails_exchange(&limits, &rails, NULL, &out), RAILS_OK);
	assert_int_equal(rails_exchange(&limits, &rails, &out, &in), RAILS_SLOWER);
	assert_int_equal(rails.refused[RAILS_SLOWER], 1);
	assert_int_equal(rails.rules, PLAN_RULES);
	assert_true(rails.own_share > 0.079 && rails.own_share < 0.081);
	in.now_ns = 3 * SECOND_NS;
	assert_int_equal(rails_exchange(&limits, &rails, &out, &in), RAILS_OK);
	assert_int_equal(rails.rules, PLAN_RULES);
	assert_true(rails.own_share > 0.079 && rails.own_share < 0.081);
	/* Without what it replaces there would be no room. */
	in.now_ns = 5 * SECOND_NS;
	assert_int_equal(rails_exchange(&limits, &rails, NULL, &in), RAILS_RULES);
	/* To give up everything is never refused. */
	better.level = LEVEL_OBSERVE;
	assert_int_equal(rails_exchange(&limits, &rails, &in, &in), RAILS_OK);
}

/* Sixteen rules at once, and then no more than ten a second on average. */
static void a_large_plan_is_paid_back(void **state)
{
	struct rails_limits limits = limits_of();
	struct rails_state rails = { 0 };
	struct plan plan = plan_of(LEVEL_DROP, 1);
	struct rails_request request = ask(&plan, SECOND_NS);

	(void)state;
	limits.plan_rules = plan.rule_count = 16;
	for (unsigned i = 1; i < 16; i++)
		plan.rules[i] = plan.rules[0];
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_OK);
	request.now_ns += 1500000000U;
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_SLOWER);
	request.now_ns += 200000000U;
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_OK);
}

static void faulty_telemetry_starts_nothing(void **state)
{
	struct rails_limits limits = limits_of();
	struct rails_state rails = { 0 };
	struct plan plan = plan_of(LEVEL_DROP, 1);
	struct plan watch = plan_of(LEVEL_OBSERVE, 1);
	struct rails_request request = ask(&plan, SECOND_NS);

	(void)state;
	request.telemetry_fault = true;
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_TELEMETRY);
	request.plan = &watch;
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_OK);
	assert_int_equal(rails.rules, 0);
	request.plan = &plan;
	request.by_person = true;
	assert_int_equal(rails_admit(&limits, &rails, &request), RAILS_OK);
}

static void what_comes_back_stays_longer(void **state)
{
	static struct rails_hold hold;
	struct rails_limits limits = limits_of();
	struct prefix prefix = prefix_of("198.51.100.7/32");
	uint64_t now_ns = SECOND_NS;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		uint64_t until = rails_hold_begin(&limits, &hold, &prefix, now_ns);
		uint64_t minutes = i < 6 ? 1U << i : 60;
		assert_int_equal(until, now_ns + minutes * 60 * SECOND_NS);
		assert_int_equal(rails_hold_begin(&limits, &hold, &prefix, now_ns + 1), until);
		assert_int_equal(rails_hold_until(&limits, &hold, &prefix), until);
		now_ns = until;
		rails_hold_end(&hold, &prefix, now_ns);
		assert_int_equal(rails_hold_until(&limits, &hold, &prefix), 0);
	}
	now_ns += limits.memory_ns + 1;
	assert_int_equal(rails_hold_begin(&limits, &hold, &prefix, now_ns),
			 now_ns + 60 * SECOND_NS);
	for (unsigned i = 0; i < 2 * RAILS_HELD; i++) {
		struct ip ip = ip_at("198.51.96.0", i);
		struct prefix host = prefix_of_host(&ip);
		rails_hold_begin(&limits, &hold, &host, now_ns + 1 + i);
		rails_hold_end(&hold, &host, now_ns + 1 + i);
	}
	assert_int_equal(hold.forgotten, RAILS_HELD + 1);
	/* What is in force is the last to be forgotten. */
	assert_true(rails_hold_until(&limits, &hold, &prefix) > 0);
}

static void changes_about_a_prefix_have_a_budget(void **state)
{
	static struct rails_hold hold;
	struct rails_limits limits = limits_of();
	struct prefix prefix = prefix_of("198.51.100.8/32");
	struct prefix other = prefix_of("198.51.100.9/32");
	uint64_t hour_ns = 3600 * SECOND_NS;
	uint64_t now_ns = hour_ns;

	(void)state;
	rails_hold_begin(&limits, &hold, &prefix, now_ns);
	assert_int_equal(rails_hold_room(&limits, &hold, &prefix, now_ns), 10);
	for (unsigned i = 0; i < 10; i++) {
		now_ns += 60 * SECOND_NS;
		rails_hold_change(&hold, &prefix, now_ns);
		/* What goes and comes in the same moment is replaced. */
		rails_hold_change(&hold, &prefix, now_ns);
		assert_int_equal(rails_hold_room(&limits, &hold, &prefix, now_ns), 9 - i);
	}
	assert_int_equal(rails_hold_room(&limits, &hold, &other, now_ns), 10);
	rails_hold_change(&hold, &other, now_ns);
	assert_int_equal(rails_hold_room(&limits, &hold, &other, now_ns), 10);
	/* Also a prefix that is out of force is remembered, and more changes than there is room for. */
	rails_hold_end(&hold, &prefix, now_ns);
	assert_int_equal(rails_hold_room(&limits, &hold, &prefix, now_ns), 0);
	rails_hold_change(&hold, &prefix, now_ns + SECOND_NS);
	assert_int_equal(rails_hold_room(&limits, &hold, &prefix, now_ns + SECOND_NS), 0);
	now_ns += hour_ns - 540 * SECOND_NS + 60 * SECOND_NS;
	assert_int_equal(rails_hold_room(&limits, &hold, &prefix, now_ns), 1);
	assert_int_equal(rails_hold_room(&limits, &hold, &prefix, now_ns + hour_ns), 10);
}

static uint64_t draw_seed;

static uint32_t draw(uint32_t below)
{
	return (uint32_t)(hash_words(++draw_seed, 1, 2) % below);
}

static struct prefix random_prefix(void)
{
	static const char *const near[] = { "198.51.96.0",   "203.0.113.0",    "2001:db8::",
					    "198.51.100.53", "2001:db8:53::1", "::" };
	struct ip ip = ip_of(near[draw(6)]);
	struct prefix prefix = { .len = (uint8_t)(draw(4) ? 112 + draw(17) : draw(129)) };

	for (unsigned i = draw(4) ? 12 : 4; i < 16; i++)
		ip.b[i] ^= (uint8_t)(draw(4) ? 0 : draw(256));
	for (unsigned bit = 0; bit < prefix.len; bit++)
		prefix.ip.b[bit / 8] |= (uint8_t)(ip.b[bit / 8] & (0x80 >> bit % 8));
	return prefix;
}

static struct plan_rule random_rule(void)
{
	struct plan_rule rule = plan_rule_any();

	rule.dst = random_prefix();
	if (draw(2))
		rule.src = random_prefix();
	rule.proto = draw(4) ? 17 : (int)draw(258) - 1;
	if (draw(6) == 0)
		rule.length = (struct plan_range){ (uint16_t)draw(12000), (uint16_t)draw(12000) };
	if (draw(6) == 0)
		rule.sport = (struct plan_range){ (uint16_t)draw(65536), (uint16_t)draw(65536) };
	rule.rate_pps = draw(2) ? draw(1000) : 0;
	return rule;
}

static bool touches_never(const struct prefix *prefix)
{
	for (unsigned i = 0; i < 3; i++) {
		if (prefix_overlaps(&never[i], prefix))
			return true;
	}
	return false;
}

static void check_admitted(const struct plan_rule *rule, bool outbound)
{
	const struct prefix *ours = outbound ? &rule->src : &rule->dst;
	const struct prefix *theirs = outbound ? &rule->dst : &rule->src;

	assert_true(ours->len >= (prefix_is_v4(ours) ? 120 : 48));
	assert_false(touches_never(ours));
	assert_false(theirs->len && touches_never(theirs));
	assert_true(rule->length.min <= rule->length.max);
	assert_true(rule->length.max <= 9216 || plan_range_is_any(&rule->length, 65535));
	assert_true(rule->sport.min <= rule->sport.max);
}

/* Whatever is asked for, by whomever. */
static void of_10000_random_plans_none_passes_the_rails(void **state)
{
	struct rails_limits limits = limits_of();
	struct rails_state rails = { 0 };
	unsigned admitted = 0;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		struct plan plan = { .level = (uint8_t)(1 + draw(LEVEL_COUNT - 1)),
				     .rule_count = 1 + draw(3) / 2 };
		struct rails_request request = ask(&plan, (i + 1) * SECOND_NS);
		request.direction = draw(2) ? DIRECTION_INBOUND : DIRECTION_OUTBOUND;
		request.by_person = draw(2);
		request.own_share = draw(10) / 1000.0;
		for (unsigned r = 0; r < plan.rule_count; r++)
			plan.rules[r] = random_rule();
		if (rails_admit(&limits, &rails, &request))
			continue;
		admitted++;
		for (unsigned r = 0; r < plan.rule_count; r++)
			check_admitted(&plan.rules[r], request.direction == DIRECTION_OUTBOUND);
		assert_true(rails.rules <= limits.rules && rails.blackholes <= limits.blackholes &&
			    rails.own_share <= limits.own_share);
		rails_release(&limits, &rails, &request);
	}
	print_message("# %u of 10000 were admitted\n", admitted);
	assert_true(admitted > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_rule_is_admitted),
		cmocka_unit_test(our_side_is_long_enough_and_ours),
		cmocka_unit_test(what_is_never_touched_is_refused_not_narrowed),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(levels_fit_direction_and_rules),
		cmocka_unit_test(the_floor_gives_way_for_one_host_outside),
		cmocka_unit_test(amounts_have_ends),
		cmocka_unit_test(blackholes_have_an_end),
		cmocka_unit_test(changes_have_a_rate_and_many_pull_the_brake),
		cmocka_unit_test(what_takes_the_place_of_another_counts_once),
		cmocka_unit_test(a_large_plan_is_paid_back),
		cmocka_unit_test(faulty_telemetry_starts_nothing),
		cmocka_unit_test(what_comes_back_stays_longer),
		cmocka_unit_test(changes_about_a_prefix_have_a_budget),
		cmocka_unit_test(of_10000_random_plans_none_passes_the_rails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
