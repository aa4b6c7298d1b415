/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actuate/host_rule: what plans mean for filters on this host, and what is refused. */
#include "rules.h"

#include <errno.h>
#include <string.h>

#include "actuate/host_rule.h"

#define OWN "198.51.100.7/32"

static struct host_rule only(const struct wanted *wanted)
{
	struct host_rule rules[PLAN_RULES];

	assert_int_equal(host_rules(wanted, rules, NULL), 1);
	return rules[0];
}

static void ids_are_of_plan_and_match(void **unused)
{
	struct wanted a = one_rule("a", OWN, udp_rule(OWN, 123));
	struct wanted b = one_rule("b", OWN, udp_rule(OWN, 123));
	struct wanted c = one_rule("a", OWN, udp_rule(OWN, 124));
	const uint64_t id = only(&a).id;

	(void)unused;
	assert_int_not_equal(id, only(&b).id);
	assert_int_not_equal(id, only(&c).id);
	/* What is done may change: its counters go on. */
	a.plan.level = LEVEL_RATE_LIMIT;
	a.plan.rules[0].rate_pps = 5;
	a.plan.expires_ns = 99;
	assert_int_equal(id, only(&a).id);
	a.plan.rules[0].ttl.max = 255;
	assert_int_equal(id, only(&a).id);
	a.plan.rules[0].fragment = PLAN_FRAGMENT_NONE;
	assert_int_not_equal(id, only(&a).id);
}

static void levels_say_what_is_done(void **unused)
{
	struct wanted w = one_rule("a", OWN, udp_rule(OWN, 123));

	(void)unused;
	assert_int_equal(only(&w).action, HOST_DROP);
	w.plan.rules[0].rate_pps = 100;
	assert_int_equal(only(&w).action, HOST_LIMIT);
	w.plan.level = LEVEL_OBSERVE;
	assert_int_equal(only(&w).action, HOST_WATCH);
}

static void no_rule_reaches_further_than_its_plan(void **unused)
{
	struct plan_rule all = plan_rule_any();
	struct wanted in = one_rule("a", OWN, all);
	struct wanted out = one_rule("a", "2001:db8::7/128", all);

	(void)unused;
	out.direction = DIRECTION_OUTBOUND;
	assert_int_equal(only(&in).match.dst.len, 128);
	assert_int_equal(only(&in).match.src.len, 0);
	assert_false(only(&in).v6);
	assert_int_equal(only(&out).match.src.len, 128);
	assert_int_equal(only(&out).match.dst.len, 0);
	assert_true(only(&out).v6);
}

static void the_last_levels_need_no_rules(void **unused)
{
	struct host_rule rules[PLAN_RULES];
	struct wanted w = one_rule("a", OWN, plan_rule_any());

	(void)unused;
	w.plan.rule_count = 0;
	assert_int_equal(host_rules(&w, rules, NULL), -EINVAL);
	w.plan.level = LEVEL_BLACKHOLE;
	assert_int_equal(only(&w).match.proto, -1);
	assert_int_equal(only(&w).match.dst.len, 128);
}

static void a_rule_that_is_there_twice_is_held_once(void **unused)
{
	struct wanted w = one_rule("a", OWN, udp_rule(OWN, 123));

	(void)unused;
	w.plan.rules[w.plan.rule_count++] = w.plan.rules[0];
	assert_int_equal(only(&w).match.sport.min, 123);
}

static void refused(struct plan_rule rule, enum plan_level level, const char *reason)
{
	struct host_rule rules[PLAN_RULES];
	struct wanted w = one_rule("plan-9", OWN, rule);
	char words[256];
	struct text why = text_fixed(words, sizeof(words));

	w.plan.level = (uint8_t)level;
	assert_int_equal(host_rules(&w, rules, &why), -EINVAL);
	assert_non_null(strstr(words, "plan-9"));
	assert_non_null(strstr(words, reason));
	assert_non_null(strstr(words, "; "));
}

static void contradictions_are_refused_with_a_reason(void **unused)
{
	struct plan_rule rule = udp_rule(OWN, 123);

	(void)unused;
	rule.length = (struct plan_range){ 9, 8 };
	refused(rule, LEVEL_DROP, "ends before it begins");
	rule = udp_rule(OWN, 123);
	rule.fragment = PLAN_FRAGMENT_LATER;
	refused(rule, LEVEL_DROP, "match nothing");
	rule = udp_rule(OWN, 123);
	rule.tcp_mask = 2;
	refused(rule, LEVEL_DROP, "only TCP");
	rule = udp_rule(OWN, 123);
	rule.from_set = true;
	refused(rule, LEVEL_DROP, "it has none");
	rule = udp_rule(OWN, 123);
	refused(rule, LEVEL_RATE_LIMIT, "lets nothing through");
	rule.src = net("2001:db8::/32");
	refused(rule, LEVEL_DROP, "two families");
	rule = udp_rule(OWN, -1);
	rule.icmp_code = 3;
	refused(rule, LEVEL_DROP, "without a type");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_of_plan_and_match),
		cmocka_unit_test(levels_say_what_is_done),
		cmocka_unit_test(no_rule_reaches_further_than_its_plan),
		cmocka_unit_test(the_last_levels_need_no_rules),
		cmocka_unit_test(a_rule_that_is_there_twice_is_held_once),
		cmocka_unit_test(contradictions_are_refused_with_a_reason),
	};

	return cmocka_run_group_tests_name("actuate/host_rule", tests, NULL, NULL);
}
