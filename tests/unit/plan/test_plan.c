/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of plan, actuate and verify: from an incident to a plan, its effect and its verdict. */
#include "check.h"

#include <errno.h>
#include <string.h>

#include "actuate/actuator.h"
#include "plan/observe.h"
#include "verify/judge.h"

static struct incident incident_of(enum direction direction, struct incident_focus focus)
{
	struct incident incident = {
		.id = "20261122T140505-in-1a2b3c4d",
		.direction = (uint8_t)direction,
		.focus = focus,
		.pps = 9000,
		.peak_pps = 12000,
	};

	assert_int_equal(ip_parse("198.51.100.7", &incident.host), 0);
	return incident;
}

static void expect_rule(enum direction direction, struct incident_focus focus, const char *words)
{
	struct incident incident = incident_of(direction, focus);
	struct text text = text_heap();
	struct plan plan;

	plan_observe(&incident, &plan);
	assert_int_equal(plan.rule_count, 1);
	plan_rule_to_text(&plan.rules[0], &text);
	assert_string_equal(text_string(&text), words);
	text_done(&text);
}

static void the_rule_is_as_narrow_as_the_excess(void **state)
{
	struct incident_focus any = { .proto = -1, .sport = -1, .dport = -1 };
	struct incident_focus ntp = { .proto = 17, .sport = 123, .dport = 4000 };
	struct incident_focus web = { .proto = 6, .sport = -1, .dport = 443 };
	struct incident_focus peer = { .proto = 17, .sport = 5000, .dport = 53 };

	(void)state;
	assert_int_equal(ip_parse("2001:db8::9", &peer.peer), 0);
	expect_rule(DIRECTION_INBOUND, any, "all traffic to 198.51.100.7/32");
	expect_rule(DIRECTION_INBOUND, ntp, "udp from port 123 to 198.51.100.7/32");
	expect_rule(DIRECTION_INBOUND, web, "tcp to 198.51.100.7/32 port 443");
	expect_rule(DIRECTION_INTERNAL, web, "tcp to 198.51.100.7/32 port 443");
	expect_rule(DIRECTION_OUTBOUND, any, "all traffic from 198.51.100.7/32");
	expect_rule(DIRECTION_OUTBOUND, peer,
		    "udp from 198.51.100.7/32 to 2001:db8::9/128 port 53");
	expect_rule(DIRECTION_OUTBOUND, web, "tcp from 198.51.100.7/32 to port 443");
}

static void a_plan_only_watches_and_ends_with_its_incident(void **state)
{
	struct incident_focus any = { .proto = -1, .sport = -1, .dport = -1 };
	struct incident incident = incident_of(DIRECTION_INBOUND, any);
	struct plan plan;
	struct plan again;

	(void)state;
	memset(&plan, 0xff, sizeof(plan));
	plan_observe(&incident, &plan);
	assert_string_equal(plan.id, "20261122T140505-in-1a2b3c4d-p1");
	assert_string_equal(plan.incident, incident.id);
	assert_int_equal(plan.level, LEVEL_OBSERVE);
	assert_false(plan.has_forecast);
	assert_false(plan.needs_approval);
	assert_int_equal(plan.expires_ns, 0);
	/* Rates and lists move on; the plan stays what it was. */
	incident.pps = 5;
	incident.source_count = 3;
	plan_observe(&incident, &again);
	assert_string_equal(again.id, plan.id);
	assert_true(ip_equal(&again.rules[0].dst.ip, &plan.rules[0].dst.ip));
}

static void actuators_are_found_by_kind(void **state)
{
	(void)state;
	assert_string_equal(actuator_find("observe")->name, "observe");
	assert_null(actuator_find("observer"));
	assert_null(actuator_find(""));
}

static void observing_holds_nothing(void **state)
{
	const struct actuator *observe = actuator_find("observe");
	const struct wanted wanted[2] = { { .plan = { .id = "p1", .level = LEVEL_OBSERVE } },
					  { .plan = { .id = "p2", .level = LEVEL_DROP } } };
	const struct wanted_set set = { .plans = wanted, .count = 2, .now_ns = 7 };
	struct effect effects[2] = { { .applied = false } };
	struct actuator_result result = { .effects = effects };
	uint32_t caps = 0;
	void *self = NULL;

	(void)state;
	assert_int_equal(observe->open(NULL, NULL, &self, &caps, NULL), 0);
	assert_int_equal(caps, ACTUATOR_CAN_OBSERVE);
	assert_int_equal(observe->check(self, &wanted[1], NULL), 0);
	assert_int_equal(observe->reconcile(self, &set, &result), 0);
	for (int i = 0; i < 2; i++) {
		assert_true(effects[i].applied);
		assert_int_equal(effects[i].rules_held, 0);
		assert_int_equal(effects[i].at_ns, 7);
		assert_string_equal(effects[i].plan, wanted[i].plan.id);
	}
	observe->close(self);
}

static void a_verdict_compares_before_and_now(void **state)
{
	struct incident_focus any = { .proto = -1, .sport = -1, .dport = -1 };
	struct incident incident = incident_of(DIRECTION_INBOUND, any);
	struct plan plan;
	struct verdict verdict;

	(void)state;
	plan_observe(&incident, &plan);
	verify_judge(&plan, &incident, 77, &verdict);
	assert_true(verdict.arriving);
	assert_int_equal(verdict.pps_before, 12000);
	assert_int_equal(verdict.pps_now, 9000);
	assert_int_equal(verdict.at_ns, 77);
	assert_string_equal(verdict.plan, plan.id);
	incident.quiet_ns = 70;
	incident.pps = 0;
	verify_judge(&plan, &incident, 77, &verdict);
	assert_false(verdict.arriving);
	assert_int_equal(verdict.pps_now, 0);
	incident.quiet_ns = 0;
	incident.pps = 9000;
	incident.state = INCIDENT_CLOSED;
	verify_judge(&plan, &incident, 78, &verdict);
	assert_false(verdict.arriving);
	assert_int_equal(verdict.pps_now, 0);
	assert_int_equal(verdict.pps_before, 12000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rule_is_as_narrow_as_the_excess),
		cmocka_unit_test(a_plan_only_watches_and_ends_with_its_incident),
		cmocka_unit_test(actuators_are_found_by_kind),
		cmocka_unit_test(observing_holds_nothing),
		cmocka_unit_test(a_verdict_compares_before_and_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
