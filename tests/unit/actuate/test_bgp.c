/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actuate/bgp: nothing is announced that is not ours, or that says more than was wanted. */
#include "announce.h"

#include <errno.h>
#include <stdlib.h>

#include "actuate/bgp/attributes.h"
#include "actuate/bgp/route.h"
#include "actuate/bgp/routes.h"

static struct config *config;
static const struct bgp_limits usual = {
	.floor_v4 = FLOOR_V4,
	.floor_v6 = FLOOR_V6,
	.flowspec = true,
	.source_rules = true,
	.routes = 1000,
};

static struct bgp_limits limits_here(void)
{
	struct bgp_limits limits = usual;

	limits.config = config;
	return limits;
}

static void is_refused_for(const struct bgp_limits *limits, const struct wanted *wanted,
			   const char *words)
{
	struct text why = text_heap();

	assert_int_equal(bgp_check(limits, wanted, &why), -EOPNOTSUPP);
	if (!strstr(text_string(&why), words))
		fail_msg("no \"%s\" in: %s", words, text_string(&why));
	text_done(&why);
}

static void is_fine(const struct bgp_limits *limits, const struct wanted *wanted)
{
	struct text why = text_heap();
	int err = bgp_check(limits, wanted, &why);

	assert_string_equal(text_string(&why), "");
	assert_int_equal(err, 0);
	text_done(&why);
}

static void only_ours_and_no_shorter_than_the_floor(void **state)
{
	struct bgp_limits limits = limits_here();
	struct wanted w = wanted_of("p1", LEVEL_BLACKHOLE, "198.51.100.7/32");

	(void)state;
	is_fine(&limits, &w);
	w = wanted_of("p1", LEVEL_BLACKHOLE, "198.51.7.0/24");
	is_fine(&limits, &w);
	w = wanted_of("p1", LEVEL_BLACKHOLE, "198.51.6.0/23");
	is_refused_for(&limits, &w, "shorter than `protect.min_prefix`");
	w = wanted_of("p1", LEVEL_DROP, "192.0.2.0/24");
	is_refused_for(&limits, &w, "is not in `networks`");
	w = wanted_of("p1", LEVEL_DROP, "203.0.113.0/24"); /* only half of it is ours */
	is_refused_for(&limits, &w, "is not in `networks`");
	w = wanted_of("p1", LEVEL_DROP, "2001:db8:7::/48");
	is_fine(&limits, &w);
	w = wanted_of("p1", LEVEL_DROP, "2001:db8:6::/47");
	is_refused_for(&limits, &w, "shorter than");
	w.plan.rules[0].dst = (struct prefix){ 0 };
	is_refused_for(&limits, &w, "names no prefix of ours");
	limits.floor_v4 = 128;
	w = wanted_of("p1", LEVEL_BLACKHOLE, "198.51.7.0/24");
	is_refused_for(&limits, &w, "shorter than");
}

static void without_networks_nothing_is_ours(void **state)
{
	struct bgp_limits limits = limits_here();
	struct config *bare = config_of("report: []\n");
	struct wanted w = wanted_of("p1", LEVEL_BLACKHOLE, "198.51.100.7/32");

	(void)state;
	limits.config = bare;
	is_refused_for(&limits, &w, "add the network");
	config_free(bare);
}

static void the_floor_is_that_of_the_configuration(void **state)
{
	struct config *other = config_of("networks: [{prefix: 198.51.0.0/16}]\n"
					 "protect: {min_prefix: {ipv4: 28, ipv6: 56}}\n"
					 "actuators: [{name: a, kind: bird, routes: 7}]\n");
	struct bgp_limits limits = bgp_limits_of(other, &other->actuators[0]);

	(void)state;
	assert_int_equal(limits.floor_v4, 96 + 28);
	assert_int_equal(limits.floor_v6, 56);
	assert_int_equal(limits.routes, 7);
	assert_true(limits.flowspec && !limits.source_rules);
	limits = bgp_limits_of(config, &other->actuators[0]);
	assert_int_equal(limits.floor_v4, FLOOR_V4);
	assert_int_equal(limits.floor_v6, FLOOR_V6);
	config_free(other);
}

static void two_at_one_daemon_are_refused(void **state)
{
	struct config *other = config_of("actuators:\n"
					 "  - {name: a, kind: bird, socket: /x}\n"
					 "  - {name: b, kind: bird, socket: /y}\n"
					 "  - {name: c, kind: bird, socket: /x}\n");
	const struct actuator *bird = actuator_find("bird");
	const struct config_actuator *list = other->actuators;
	struct config_actuator bare = list[1];
	struct text why = text_heap();
	uint32_t caps;
	void *opened = NULL;

	(void)state;
	assert_int_equal(bird->open(other, &list[2], &opened, &caps, &why), -EINVAL);
	assert_string_equal(text_string(&why), "c and a have the same `socket`, and would take "
					       "back each other's routes; leave one out");
	text_clear(&why);
	bare.include = NULL;
	assert_int_equal(bird->open(other, &bare, &opened, &caps, &why), -EINVAL);
	assert_string_equal(text_string(&why), "b: `kind: bird` needs `include`");
	assert_null(opened);
	assert_int_equal(bird->open(other, &list[1], &opened, &caps, &why), 0);
	bird->close(opened);
	text_done(&why);
	config_free(other);
}

static void what_a_route_cannot_say_is_refused(void **state)
{
	struct bgp_limits limits = limits_here();
	struct wanted w = wanted_of("p1", LEVEL_DROP, "198.51.100.7/32");
	struct plan_rule *rule = &w.plan.rules[0];
	const struct plan_rule plain = *rule;

	(void)state;
	rule->ttl.max = 100;
	is_refused_for(&limits, &w, "time to live");
	*rule = plain;
	rule->from_set = true;
	is_refused_for(&limits, &w, "set of sources");
	*rule = plain;
	rule->tcp_flags = 2;
	is_refused_for(&limits, &w, "outside of their mask");
	*rule = plain;
	rule->sport = (struct plan_range){ 9, 8 };
	is_refused_for(&limits, &w, "turn it round");
	*rule = plain;
	rule->src = prefix_of("2001:db8::/48");
	is_refused_for(&limits, &w, "IPv4 and IPv6");
	*rule = plain;
	rule->proto = 17;
	w.plan.level = LEVEL_BLACKHOLE;
	is_refused_for(&limits, &w, "use level `drop`");
	w.plan.level = LEVEL_OBSERVE;
	is_refused_for(&limits, &w, "from `rate-limit` on");
	w.plan.level = LEVEL_DROP;
	limits.flowspec = false;
	is_refused_for(&limits, &w, "`flowspec` is off");
	w.plan.rule_count = 0;
	is_refused_for(&limits, &w, "give it 1 to");
}

static void rules_about_own_machines_need_leave(void **state)
{
	struct bgp_limits limits = limits_here();
	struct wanted w = wanted_of("p1", LEVEL_DROP, "192.0.2.1/32");

	(void)state;
	w.direction = DIRECTION_OUTBOUND;
	is_refused_for(&limits, &w, "names no prefix of ours");
	w.plan.rules[0].src = prefix_of("198.51.100.9/32");
	is_fine(&limits, &w);
	limits.source_rules = false;
	is_refused_for(&limits, &w, "`source_rules: true`");
	w.plan.level = LEVEL_BLACKHOLE;
	is_refused_for(&limits, &w, "not what comes from it");
}

/* Bytes as of RFC 8955, 4.3.1: all packets to 192.0.2.0/24 and TCP port 25, other addresses. */
static void bytes_are_those_of_the_rfc(void **state)
{
	static const uint8_t flow4[] = { 0x0b, 0x01, 0x18, 198,  51,   100,
					 0x03, 0x81, 0x06, 0x05, 0x81, 25 };
	static const uint8_t flow6[] = {
		20,   0x01, 48,   0,    0x20, 0x01, 0x0d, 0xb8, 0,    7,
		0x09, 0x01, 0x02, 0xc2, 0x10, 0x0c, 0x02, 0x02, 0xc2, 0x04
	};
	struct bgp_limits limits = limits_here();
	struct wanted w = wanted_of("p1", LEVEL_DROP, "198.51.100.0/24");
	struct bgp_route route;

	(void)state;
	w.plan.rules[0].proto = 6;
	w.plan.rules[0].dport = plan_range_of(25);
	assert_int_equal(bgp_route_make(&limits, &w, &w.plan.rules[0], &route, NULL), 0);
	assert_int_equal(route.nlri_len, sizeof(flow4));
	assert_memory_equal(route.nlri, flow4, sizeof(flow4));
	w = wanted_of("p1", LEVEL_DROP, "2001:db8:7::/48");
	w.plan.rules[0].tcp_flags = 0x02;
	w.plan.rules[0].tcp_mask = 0x12;
	w.plan.rules[0].fragment = PLAN_FRAGMENT_NONE;
	assert_int_equal(bgp_route_make(&limits, &w, &w.plan.rules[0], &route, NULL), 0);
	assert_int_equal(route.nlri_len, sizeof(flow6) + 0);
	assert_memory_equal(route.nlri + 1, flow6 + 1, sizeof(flow6) - 1);
	assert_int_equal(route.nlri[0], sizeof(flow6) - 1);
}

static void a_limit_is_never_stricter_than_wanted(void **state)
{
	struct plan_rule rule = plan_rule_any();
	uint64_t actions[BGP_ACTIONS_MAX];

	(void)state;
	assert_int_equal(bgp_actions(&rule, actions), 1);
	assert_true(actions[0] == 0x8006000000000000U);
	rule.rate_pps = 1000;
	assert_int_equal(bgp_actions(&rule, actions), 2);
	assert_true(actions[0] == 0x8006000049b71b00U); /* 1,500,000 bytes */
	assert_true(actions[1] == 0x800c0000447a0000U); /* 1,000 packets */
	rule.length.max = 100;
	bgp_actions(&rule, actions);
	assert_true(actions[0] == 0x8006000047c35000U); /* 100,000 bytes */
	for (uint64_t pps = 1; pps < 1ULL << 60; pps = pps * 3 + 1) {
		float said;
		rule.rate_pps = pps;
		bgp_actions(&rule, actions);
		uint32_t bits = (uint32_t)actions[1];
		memcpy(&said, &bits, sizeof(said));
		assert_true((double)said >= (double)pps && (double)said < (double)pps * 1.000001);
	}
}

static void the_strictest_action_holds(void **state)
{
	struct bgp_limits limits = limits_here();
	struct wanted plans[] = {
		wanted_of("p1", LEVEL_RATE_LIMIT, "198.51.100.7/32"),
		wanted_of("p2", LEVEL_DROP, "198.51.100.7/32"),
		wanted_of("p3", LEVEL_RATE_LIMIT, "198.51.100.7/32"),
	};
	struct wanted_set set = { .plans = plans, .count = 3, .now_ns = 100 };
	struct effect effects[3];
	struct bgp_routes routes;

	(void)state;
	plans[0].plan.rules[0].rate_pps = 500;
	plans[2].plan.rules[0].rate_pps = 400;
	assert_int_equal(bgp_routes_make(&limits, &set, &routes, effects, NULL), 0);
	assert_int_equal(routes.count, 1);
	assert_int_equal(routes.list[0].rule.rate_pps, 0);
	assert_true(effects[0].applied && effects[1].applied && effects[2].applied);
	bgp_routes_done(&routes);
	plans[1].plan.expires_ns = 100;
	assert_int_equal(bgp_routes_make(&limits, &set, &routes, effects, NULL), 0);
	assert_int_equal(routes.list[0].rule.rate_pps, 400);
	assert_false(effects[1].applied);
	bgp_routes_done(&routes);
}

static void plans_go_in_whole_as_far_as_there_is_room(void **state)
{
	struct bgp_limits limits = limits_here();
	struct wanted plans[] = {
		wanted_of("p1", LEVEL_DROP, "198.51.100.1/32"),
		wanted_of("p2", LEVEL_DROP, "198.51.100.2/32"),
		wanted_of("p3", LEVEL_DROP, "198.51.100.1/32"),
	};
	struct wanted_set set = { .plans = plans, .count = 3, .now_ns = 100 };
	struct effect effects[3];
	struct bgp_routes routes;
	struct text why = text_heap();

	(void)state;
	plans[1].plan.rule_count = 2;
	plans[1].plan.rules[1] = plans[1].plan.rules[0];
	plans[1].plan.rules[1].proto = 17;
	limits.routes = 2;
	assert_int_equal(bgp_routes_make(&limits, &set, &routes, effects, &why), 0);
	assert_int_equal(routes.count, 1);
	assert_true(effects[0].applied && !effects[1].applied && effects[2].applied);
	assert_string_equal(text_string(&why), "plan p2 would make more than 2 routes; raise "
					       "`routes` of the actuator, or withdraw plans");
	bgp_routes_done(&routes);
	text_done(&why);
}

static int set_up(void **state)
{
	(void)state;
	config = config_of(OWN_NETWORKS);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	config_free(config);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_ours_and_no_shorter_than_the_floor),
		cmocka_unit_test(without_networks_nothing_is_ours),
		cmocka_unit_test(the_floor_is_that_of_the_configuration),
		cmocka_unit_test(two_at_one_daemon_are_refused),
		cmocka_unit_test(what_a_route_cannot_say_is_refused),
		cmocka_unit_test(rules_about_own_machines_need_leave),
		cmocka_unit_test(bytes_are_those_of_the_rfc),
		cmocka_unit_test(a_limit_is_never_stricter_than_wanted),
		cmocka_unit_test(the_strictest_action_holds),
		cmocka_unit_test(plans_go_in_whole_as_far_as_there_is_room),
	};

	return cmocka_run_group_tests_name("actuate/bgp", tests, set_up, tear_down);
}
