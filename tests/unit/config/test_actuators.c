/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of config/actuators: what entries of `actuators` become, and what is wrong with them. */
#include "config_text.h"

static void entries_keep_what_is_given_and_have_defaults(void **state)
{
	struct config *config =
		config_of("actuators:\n"
			  "  - {name: edge, kind: bird, next_hop: 192.0.2.1}\n"
			  "  - {name: here, kind: xdp, interfaces: [eth0, eth1], mode: native}\n");

	(void)state;
	assert_int_equal(config->actuator_count, 2);
	assert_string_equal(config->actuators[0].name, "edge");
	assert_string_equal(config->actuators[0].communities[0].text, "65535:666");
	assert_int_equal(config->actuators[0].community_count, 1);
	assert_true(config->actuators[0].flowspec);
	assert_int_equal(config->actuators[1].interface_count, 2);
	assert_string_equal(config->actuators[1].interfaces[1].text, "eth1");
	assert_int_equal(config->actuators[1].mode, ATTACH_NATIVE);
	config_free(config);
}

static void mistakes_are_told_where_they_stand(void **state)
{
	(void)state;
	config_is_refused("actuators: [{name: a, kind: nft}]",
			  "f:1:20: `kind: nft` needs `interfaces`");
	config_is_refused("actuators: [{name: a, kind: hook}]", "either `program` or `url`");
	config_is_refused("actuators: [{name: a, kind: hook, url: 'http://example.net/x'}]",
			  "https://");
	config_is_refused(
		"actuators: [{name: a, kind: hook, url: 'http://127.0.0.1@example.net/'}]",
		"https://");
	config_is_refused(
		"actuators: [{name: a, kind: hook, url: 'http://127.0.0.1:80@example.net/'}]",
		"https://");
	config_is_refused("actuators: [{name: a, kind: hook, url: 'http://localhost.example.net'}]",
			  "https://");
	config_free(config_of("actuators: [{name: a, kind: hook, url: 'http://[::1]:8080/x'}]"));
	config_free(config_of("actuators: [{name: a, kind: hook, url: 'http://localhost'}]"));
	config_is_refused("actuators: [{name: a, kind: hook, program: /x, token_file: /t}]",
			  "go with `url`");
	config_is_refused("actuators: [{name: a, kind: hook, program: /x, secret_file: /t}]",
			  "go with `url`");
	config_is_refused(
		"actuators: [{name: a, kind: hook, url: 'http://localhost', ca_file: /c}]",
		"begins with https://");
	config_is_refused("actuators: [{name: a, kind: hook, url: 'https://x', key_file: /k}]",
			  "give both, or none");
	config_free(config_of("actuators: [{name: a, kind: hook, url: 'http://localhost',\n"
			      "             token_file: /t, secret_file: /s}]"));
	config_free(config_of("actuators: [{name: a, kind: hook, url: 'https://x', ca_file: /c,\n"
			      "             cert_file: /c, key_file: /k}]"));
	config_is_refused("actuators: [{name: a, kind: bird, communities: [65536:1]}]",
			  "no community");
	config_is_refused("actuators: [{name: a, kind: bird}, {name: a, kind: bird}]",
			  "`a` is the name of f:1:20 as well");
	config_is_refused("actuators: [{kind: bird}]", "`name` is missing");
}

static void a_canary_is_another_one_that_acts(void **state)
{
	struct config *config =
		config_of("actuators:\n  - {name: rest, kind: bird, canary: rim, canary_for: 9s}\n"
			  "  - {name: rim, kind: bird, socket: /b, canary: first}\n"
			  "  - {name: first, kind: bird, socket: /c}\n");
	struct config *without = config_of("actuators:\n  - {name: rest, kind: bird}\n"
					   "  - {name: rim, kind: bird, socket: /b}\n"
					   "  - {name: first, kind: bird, socket: /c}\n");
	struct text fields = text_heap();

	(void)state;
	assert_string_equal(config->actuators[0].canary, "rim");
	assert_int_equal(config->actuators[0].canary_ns, 9000000000U);
	assert_int_equal(config->actuators[1].canary_ns, 5000000000U);
	assert_null(config->actuators[2].canary);
	assert_int_equal(config_restart_needed(config, without, &fields), 0);
	config_free(config);
	config_free(without);
	text_done(&fields);
	config_is_refused("actuators: [{name: a, kind: bird, canary: b}]",
			  "f:1:20: `canary`: no actuator is called `b`");
	config_is_refused("actuators: [{name: a, kind: bird, canary: a}]", "waits for itself");
	config_is_refused("actuators: [{name: a, kind: bird, canary: c}, {name: b, kind: bird,\n"
			  "  socket: /b, canary: a}, {name: c, kind: bird, socket: /c, canary: b}]",
			  "`b` waits for itself");
	config_is_refused("actuators: [{name: a, kind: bird, canary: o}, {name: o, kind: observe}]",
			  "only observes");
	config_is_refused("actuators: [{name: a, kind: bird, canary_for: 4s}]", "5s");
}

static void any_difference_needs_a_restart(void **state)
{
	struct config *a = config_of("actuators: [{name: a, kind: nft, interfaces: [eth0]}]");
	struct config *b = config_of("actuators: [{name: a, kind: nft, interfaces: [eth1]}]");
	struct text fields = text_heap();

	(void)state;
	assert_int_equal(config_restart_needed(a, a, &fields), 0);
	assert_int_equal(config_restart_needed(a, b, &fields), 1);
	assert_string_equal(text_string(&fields), "actuators (a is set differently)");
	text_done(&fields);
	config_free(a);
	config_free(b);
}

static void a_change_says_which_ones_it_is_about(void **state)
{
	struct config *a = config_of("actuators:\n  - {name: a, kind: bird}\n"
				     "  - {name: b, kind: bird, socket: /b}\n");
	struct config *b = config_of("actuators:\n  - {name: b, kind: bird, socket: /c}\n"
				     "  - {name: c, kind: bird}\n");
	struct config *turned = config_of("actuators:\n  - {name: b, kind: bird, socket: /b}\n"
					  "  - {name: a, kind: bird}\n");
	struct text fields = text_heap();

	(void)state;
	assert_int_equal(config_restart_needed(a, b, &fields), 1);
	assert_string_equal(text_string(&fields),
			    "actuators (b is set differently, c is new, a is gone)");
	text_clear(&fields);
	assert_int_equal(config_restart_needed(a, turned, &fields), 1);
	assert_string_equal(text_string(&fields), "actuators (another order)");
	text_done(&fields);
	config_free(a);
	config_free(b);
	config_free(turned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_keep_what_is_given_and_have_defaults),
		cmocka_unit_test(mistakes_are_told_where_they_stand),
		cmocka_unit_test(a_canary_is_another_one_that_acts),
		cmocka_unit_test(any_difference_needs_a_restart),
		cmocka_unit_test(a_change_says_which_ones_it_is_about),
	};

	return cmocka_run_group_tests_name("config/actuators", tests, NULL, NULL);
}
