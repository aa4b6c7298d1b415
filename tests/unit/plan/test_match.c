/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of match and profile: which samples a rule means, and who can do it. */
#include "check.h"

#include <stdlib.h>

#include "own_space.h"
#include "plan/match.h"
#include "plan/profile.h"

static struct sample ntp(void)
{
	return (struct sample){ .src = ip_of("192.0.2.9"),
				.dst = ip_of("198.51.100.7"),
				.packets = 1,
				.proto = 17,
				.sport = 123,
				.dport = 4000,
				.length = 468,
				.ttl = 60,
				.has = SAMPLE_HAS_TTL };
}

static bool matches(const struct plan_rule *rule, const struct sample *sample)
{
	return match_rule(rule, sample, NULL, 0);
}

static void any_means_all(void **state)
{
	struct plan_rule rule = plan_rule_any();
	struct sample sample = ntp();

	(void)state;
	assert_true(matches(&rule, &sample));
	sample = (struct sample){ 0 };
	assert_true(matches(&rule, &sample));
	assert_int_equal(profile_fields_of(&rule), 0);
}

static void each_field_by_itself(void **state)
{
	struct sample sample = ntp();
	struct plan_rule rules[8];

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		rules[i] = plan_rule_any();
	rules[0].src = prefix_of("192.0.3.0/24");
	rules[1].dst = prefix_of("198.51.100.8/32");
	rules[2].proto = 6;
	rules[3].sport = (struct plan_range){ 124, 200 };
	rules[4].dport = (struct plan_range){ 0, 3999 };
	rules[5].length = (struct plan_range){ 469, 1500 };
	rules[6].ttl = (struct plan_range){ 0, 59 };
	rules[7].fragment = PLAN_FRAGMENT_LATER;
	for (unsigned i = 0; i < 8; i++)
		assert_false(matches(&rules[i], &sample));
	rules[0].src = prefix_of("192.0.2.0/24");
	rules[1].dst = prefix_of("198.51.100.7/32");
	rules[2].proto = 17;
	rules[3].sport.min = 123;
	rules[4].dport.max = 4000;
	rules[5].length.min = 468;
	rules[6].ttl.max = 60;
	rules[7].fragment = PLAN_FRAGMENT_NONE;
	for (unsigned i = 0; i < 8; i++)
		assert_true(matches(&rules[i], &sample));
}

/* A later fragment has no ports, and a sample without TTL no TTL. */
static void what_is_not_there_does_not_match(void **state)
{
	struct plan_rule ports = plan_rule_any();
	struct plan_rule ttl = plan_rule_any();
	struct sample sample = ntp();

	(void)state;
	ports.sport = (struct plan_range){ 0, 60000 };
	ttl.ttl = (struct plan_range){ 0, 254 };
	sample.fragment = 2;
	assert_false(matches(&ports, &sample));
	assert_true(matches(&ttl, &sample));
	sample.has = 0;
	assert_false(matches(&ttl, &sample));
	sample = ntp();
	sample.proto = 47;
	assert_false(matches(&ports, &sample));
}

static void flags_and_types(void **state)
{
	struct plan_rule rule = plan_rule_any();
	struct sample sample = ntp();

	(void)state;
	rule.tcp_flags = 0x02;
	rule.tcp_mask = 0x12;
	assert_false(matches(&rule, &sample));
	sample.proto = 6;
	sample.has = SAMPLE_HAS_FLAGS;
	sample.tcp_flags = 0xc2;
	assert_true(matches(&rule, &sample));
	rule.tcp_mask = 0xff;
	assert_false(matches(&rule, &sample));
	sample.tcp_flags = 0x12;
	assert_false(matches(&rule, &sample));
	rule = plan_rule_any();
	rule.icmp_type = 8;
	assert_false(matches(&rule, &sample));
	sample = (struct sample){ .proto = 1, .icmp_type = 8, .has = SAMPLE_HAS_ICMP };
	assert_true(matches(&rule, &sample));
	sample.icmp_type = 0;
	assert_false(matches(&rule, &sample));
}

static void a_set_is_looked_up(void **state)
{
	struct ip sources[2] = { ip_of("192.0.2.9"), ip_of("203.0.113.1") };
	struct plan_rule rule = plan_rule_any();
	struct sample sample = ntp();

	(void)state;
	rule.from_set = true;
	assert_true(match_rule(&rule, &sample, sources, 2));
	assert_false(match_rule(&rule, &sample, sources + 1, 1));
	assert_false(match_rule(&rule, &sample, NULL, 0));
}

static void data_planes_differ(void **state)
{
	struct plan_rule rule = plan_rule_any();
	struct plan_rule ttl = plan_rule_any();
	struct plan_rule set = plan_rule_any();

	(void)state;
	rule.sport = (struct plan_range){ 1, 2 };
	ttl.ttl = (struct plan_range){ 5, 5 };
	set.from_set = true;
	assert_true(profile_can(profile_find("flowspec"), &rule));
	assert_false(profile_can(profile_find("flowspec"), &ttl));
	assert_false(profile_can(profile_find("flowspec"), &set));
	assert_true(profile_can(profile_find("xdp"), &ttl));
	assert_true(profile_can(profile_find("nft"), &set));
	assert_false(profile_can(profile_find("rtbh"), &rule));
	set = plan_rule_any();
	set.dst = prefix_of("198.51.100.7/32");
	assert_true(profile_can(profile_find("rtbh"), &set));
	set.rate_pps = 5;
	assert_false(profile_can(profile_find("rtbh"), &set));
	assert_null(profile_find("iptables"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_means_all),
		cmocka_unit_test(each_field_by_itself),
		cmocka_unit_test(what_is_not_there_does_not_match),
		cmocka_unit_test(flags_and_types),
		cmocka_unit_test(a_set_is_looked_up),
		cmocka_unit_test(data_planes_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
