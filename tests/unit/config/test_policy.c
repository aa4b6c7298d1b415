/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of config/policy: how far to go with whom, and what is never done. */
#include "config_text.h"
#include "model/plan.h"

static const struct ip host = {
	.b = { [10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100, [15] = 7 }
};

static void without_a_policy_our_machines_are_not_cut_off(void **state)
{
	struct config *config = config_of("");
	const struct config_policy *in = config_policy_of(config, DIRECTION_INBOUND, &host, "");
	const struct config_policy *out = config_policy_of(config, DIRECTION_OUTBOUND, &host, "");

	(void)state;
	assert_true(in->ladder & 1U << LEVEL_DROP);
	assert_false(in->ladder & 1U << LEVEL_BLACKHOLE);
	assert_true(out->ladder & 1U << LEVEL_RATE_LIMIT);
	assert_false(out->ladder & 1U << LEVEL_DROP);
	assert_true(out->approve & 1U << LEVEL_QUARANTINE);
	assert_int_equal(config->floor_v4, 24);
	assert_int_equal(config->max_blackholed, 8);
	config_free(config);
}

static void the_first_that_matches_counts(void **state)
{
	struct config *config =
		config_of("policy:\n"
			  "  - {match: {direction: outbound, tenant: acme}, ladder: [observe, "
			  "rate-limit], approve: drop}\n"
			  "  - {match: {network: 198.51.100.0/24}, ladder: [observe, drop]}\n"
			  "  - {ladder: observe}\n");

	(void)state;
	assert_ptr_equal(config_policy_of(config, DIRECTION_OUTBOUND, &host, "acme"),
			 &config->policies[0]);
	assert_ptr_equal(config_policy_of(config, DIRECTION_OUTBOUND, &host, "zeta"),
			 &config->policies[1]);
	assert_ptr_equal(config_policy_of(config, DIRECTION_INBOUND, &(struct ip){ 0 }, "acme"),
			 &config->policies[2]);
	assert_int_equal(config->policies[0].approve, 1U << LEVEL_DROP);
	config_free(config);
}

static void contradictions_are_told(void **state)
{
	(void)state;
	config_is_refused("policy: [{ladder: [observe, drop], approve: drop}]",
			  "either goes by itself");
	config_is_refused("policy: [{actuators: edge}]", "no actuator is called `edge`");
	config_is_refused("policy: [{ladder: dorp}]", "drop");
	config_is_refused("protect: {never_touch: [198.51.100.7/24]}", "host bits");
	config_is_refused("protect: {min_prefix: {ipv4: 4}}", "ipv4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_policy_our_machines_are_not_cut_off),
		cmocka_unit_test(the_first_that_matches_counts),
		cmocka_unit_test(contradictions_are_told),
	};

	return cmocka_run_group_tests_name("config/policy", tests, NULL, NULL);
}
