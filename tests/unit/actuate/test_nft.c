/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actuate/nft: plans become statements, and what is there already is not touched. */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

#include "actuate/actuator.h"
#include "actuate/nft/change.h"
#include "actuate/nft/express.h"

#define OWN "198.51.100.7/32"
#define NOW 1000000000000ULL

static const struct config_word near = { .text = "eth0" };
static const struct nft_place place = { "weir", &near, 1 };

/* The statements of the only rule, as text. */
static void expect(const struct wanted *w, const char *wanted)
{
	const struct wanted_set set = { .plans = w, .count = 1, .now_ns = NOW };
	struct nft_want want;

	assert_int_equal(nft_want_make(&set, &want, NULL), 0);
	assert_int_equal(want.count, 1);
	char *words = json_dumps(want.plans[0].rules[0].expr, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(words, wanted);
	free(words);
	nft_want_done(&want);
}

static void conditions_become_matches(void **unused)
{
	struct plan_rule rule = udp_rule(OWN, 123);

	(void)unused;
	struct wanted w = one_rule("a", OWN, rule);
	expect(&w, "[{\"match\":{\"left\":{\"meta\":{\"key\":\"l4proto\"}},\"op\":\"==\","
		   "\"right\":17}},{\"match\":{\"left\":{\"payload\":{\"field\":\"sport\","
		   "\"protocol\":\"th\"}},\"op\":\"==\",\"right\":123}},{\"counter\":null},"
		   "{\"drop\":null}]");
	/* A limit counts what is above it apart. */
	rule = plan_rule_any();
	rule.dst = net(OWN);
	rule.rate_pps = 1000;
	w = one_rule("a", OWN, rule);
	expect(&w, "[{\"counter\":null},{\"limit\":{\"burst\":100,\"inv\":true,\"per\":\"second\","
		   "\"rate\":1000}},{\"counter\":null},{\"drop\":null}]");
	/* IPv6 says the length of what is behind its header. */
	rule = plan_rule_any();
	rule.dst = net("2001:db8::7/128");
	rule.length = (struct plan_range){ 20, 1000 };
	w = one_rule("a", "2001:db8::7/128", rule);
	w.plan.level = LEVEL_OBSERVE;
	expect(&w, "[{\"match\":{\"left\":{\"payload\":{\"field\":\"length\",\"protocol\":\"ip6\"}}"
		   ",\"op\":\"==\",\"right\":{\"range\":[0,960]}}},{\"counter\":null}]");
}

static void what_has_no_words_is_refused(void **unused)
{
	struct plan_rule rule = udp_rule(OWN, 123);
	char words[256];
	struct text why = text_fixed(words, sizeof(words));

	(void)unused;
	rule.proto = 47;
	struct wanted w = one_rule("gre", OWN, rule);
	assert_int_equal(nft_check(&w, &why), -95);
	assert_non_null(strstr(words, "plan gre"));
	assert_non_null(strstr(words, "have ports; leave them out"));
	rule = udp_rule("2001:db8::7/128", 1);
	rule.length.max = 39;
	w = one_rule("short", OWN, rule);
	assert_int_equal(nft_check(&w, NULL), -95);
}

static size_t count_verb(const json_t *commands, const char *verb, const char *kind)
{
	size_t found = 0;

	for (size_t i = 0; i < json_array_size(commands); i++)
		found += json_object_get(json_object_get(json_array_get(commands, i), verb),
					 kind) != NULL;
	return found;
}

/* A listing as the kernel would give it after these commands. */
static json_t *listing_after(const json_t *commands)
{
	json_t *list = json_array();
	int handle = 10;

	for (size_t i = 0; i < json_array_size(commands); i++) {
		json_t *what = json_object_get(json_array_get(commands, i), "add");
		assert_non_null(what);
		json_t *copy = json_deep_copy(what);
		json_t *rule = json_object_get(copy, "rule");
		if (rule)
			json_object_set_new(rule, "handle", json_integer(handle++));
		json_array_append_new(list, copy);
	}
	return json_pack("{so}", "nftables", list);
}

/* The commands from that listing to those plans. */
static json_t *change(json_t *listing, const struct wanted *plans, size_t count,
		      struct nft_memory *memory)
{
	const struct wanted_set set = { .plans = plans, .count = count, .now_ns = NOW };
	struct found found;
	struct nft_want want;

	assert_int_equal(found_read(listing, &found), 0);
	assert_int_equal(nft_want_make(&set, &want, NULL), 0);
	json_t *commands = nft_change(&place, &want, &found, memory, NOW);
	assert_non_null(commands);
	assert_int_equal(nft_remember(memory, &want), 0);
	nft_want_done(&want);
	found_done(&found);
	return commands;
}

static void only_what_differs_is_changed(void **unused)
{
	const struct ip sources[2] = { net("192.0.2.1/32").ip, net("192.0.2.2/32").ip };
	struct nft_memory memory = { 0 };
	struct wanted w[2] = { one_rule("a", OWN, udp_rule(OWN, 123)),
			       one_rule("b", OWN, udp_rule(OWN, 53)) };

	(void)unused;
	w[0].plan.expires_ns = NOW + 60000000000ULL;
	w[0].plan.rules[0].from_set = true;
	w[0].sources = sources;
	w[0].source_count = 2;
	json_t *first = change(NULL, w, 2, &memory);
	assert_int_equal(count_verb(first, "add", "table"), 1);
	assert_int_equal(count_verb(first, "add", "chain"), 4);
	assert_int_equal(count_verb(first, "add", "set"), 3);
	assert_int_equal(count_verb(first, "add", "element"), 3);
	assert_int_equal(count_verb(first, "add", "rule"), 5);
	/* The same again. */
	json_t *none = change(listing_after(first), w, 2, &memory);
	assert_int_equal(json_array_size(none), 0);
	/* One source less, a later end, and another rule. */
	w[0].source_count = 1;
	w[0].plan.expires_ns += 30000000000ULL;
	w[1].plan.rules[0].rate_pps = 7;
	json_t *some = change(listing_after(first), w, 2, &memory);
	assert_int_equal(count_verb(some, "delete", "element"), 1);
	assert_int_equal(count_verb(some, "flush", "set"), 1);
	assert_int_equal(count_verb(some, "add", "element"), 1);
	assert_int_equal(count_verb(some, "add", "rule"), 1);
	assert_int_equal(count_verb(some, "delete", "rule"), 1);
	assert_int_equal(json_array_size(some), 5);
	/* After a restart nobody knows what the sets have. */
	w[1].plan.rules[0].rate_pps = 0;
	nft_forget(&memory);
	json_t *again = change(listing_after(first), w, 2, &memory);
	assert_int_equal(count_verb(again, "flush", "set"), 3);
	assert_int_equal(count_verb(again, "add", "element"), 3);
	assert_int_equal(json_array_size(again), 6);
	/* A plan goes with all it had. */
	json_t *less = change(listing_after(first), w, 1, &memory);
	assert_int_equal(count_verb(less, "delete", "rule"), 1);
	assert_int_equal(count_verb(less, "flush", "chain"), 1);
	assert_int_equal(count_verb(less, "delete", "chain"), 1);
	assert_int_equal(count_verb(less, "delete", "set"), 1);
	assert_int_equal(json_array_size(less), 4);
	json_decref(first);
	json_decref(none);
	json_decref(some);
	json_decref(again);
	json_decref(less);
	nft_forget(&memory);
}

static void gates_hold_no_prefix_twice(void **unused)
{
	struct wanted w = one_rule("a", "198.51.100.0/24", udp_rule(OWN, 1));
	const struct wanted_set set = { .plans = &w, .count = 1, .now_ns = NOW };
	struct nft_want want;

	(void)unused;
	w.plan.rules[1] = udp_rule("198.51.100.0/25", 2);
	w.plan.rules[2] = udp_rule("198.51.100.200/32", 3);
	w.plan.rule_count = 3;
	assert_int_equal(nft_want_make(&set, &want, NULL), 0);
	assert_int_equal(want.plans[0].gates[0].count, 2);
	assert_false(want.plans[0].gates[0].hosts);
	assert_int_equal(want.plans[0].gates[1].count, 0);
	/* Each rule then asks for its own. */
	assert_int_equal(json_array_size(want.plans[0].rules[0].expr), 5);
	nft_want_done(&want);
}

static void nonsense_is_no_listing(void **unused)
{
	struct found found;

	(void)unused;
	assert_int_equal(found_read(json_pack("{si}", "nftables", 5), &found), -WEIR_EFORMAT);
	found_done(&found);
	assert_int_equal(
		found_read(json_pack("{s[{s{}}{s{}}i]}", "nftables", "rule", "chain", 5), &found),
		0);
	assert_int_equal(found.rule_count, 1);
	found_done(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_become_matches),
		cmocka_unit_test(what_has_no_words_is_refused),
		cmocka_unit_test(only_what_differs_is_changed),
		cmocka_unit_test(gates_hold_no_prefix_twice),
		cmocka_unit_test(nonsense_is_no_listing),
	};

	return cmocka_run_group_tests_name("actuate/nft", tests, NULL, NULL);
}
