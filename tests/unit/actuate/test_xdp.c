/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actuate/xdp: plans become rules and sets of the engine; no kernel is asked. */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

#include "actuate/actuator.h"
#include "actuate/xdp/compose.h"
#include "base/hash.h"

#define OWN  "198.51.100.7/32"
#define MONO 5000000000ULL

static struct composed c;

static void compose_all(const struct wanted *plans, size_t count, int wanted_err)
{
	const struct wanted_set set = { .plans = plans, .count = count, .now_ns = 1000 };
	const struct sets nobody = { 0 };
	char words[256];
	struct text why = text_fixed(words, sizeof(words));

	assert_int_equal(compose(&set, &nobody, MONO, &c, &why), wanted_err);
}

static void each_field_is_taken_over(void **unused)
{
	struct plan_rule rule = udp_rule(OWN, 123);

	(void)unused;
	rule.src = net("192.0.2.0/24");
	rule.length = (struct plan_range){ 100, 200 };
	rule.ttl = (struct plan_range){ 50, 60 };
	rule.rate_pps = 77;
	struct wanted w = one_rule("a", OWN, rule);
	w.plan.expires_ns = 1500;
	compose_all(&w, 1, 0);
	const struct xdp_rule *r = &c.rules[0];
	assert_int_equal(c.count, 1);
	assert_int_equal(r->proto, 17);
	assert_int_equal(r->src_port.min, 123);
	assert_int_equal(r->src_port.max, 123);
	assert_int_equal(r->dst_port.max, 65535);
	assert_int_equal(r->src.len, 120);
	assert_int_equal(r->length.min, 100);
	assert_int_equal(r->ttl.max, 60);
	assert_int_equal(r->action, FILTER_LIMIT);
	assert_int_equal(r->rate_pps, 77);
	assert_int_equal(r->expires_ns, MONO + 500);
	assert_false(xdp_rule_has_sets(r));
	compose_done(&c);
}

static void drops_come_before_limits_and_those_before_watching(void **unused)
{
	struct wanted w[3] = { one_rule("watch", OWN, udp_rule(OWN, 1)),
			       one_rule("limit", OWN, udp_rule(OWN, 2)),
			       one_rule("drop", OWN, udp_rule(OWN, 3)) };

	(void)unused;
	w[0].plan.level = LEVEL_OBSERVE;
	w[1].plan.rules[0].rate_pps = 5;
	compose_all(w, 3, 0);
	assert_int_equal(c.rules[0].action, FILTER_COUNT);
	assert_true(c.rules[2].priority < c.rules[1].priority);
	assert_true(c.rules[1].priority < c.rules[0].priority);
	compose_done(&c);
}

static void the_expired_and_the_refused_are_left_out(void **unused)
{
	struct wanted w[3] = { one_rule("old", OWN, udp_rule(OWN, 1)),
			       one_rule("bad", OWN, udp_rule(OWN, 2)),
			       one_rule("good", OWN, udp_rule(OWN, 3)) };

	(void)unused;
	w[0].plan.expires_ns = 1000;
	w[1].plan.rules[0].proto = 132; /* the engine sees ports of TCP and UDP only */
	compose_all(w, 3, 0);
	assert_int_equal(c.count, 1);
	assert_int_equal(c.plan_of[0], 2);
	assert_false(c.full);
	char words[256];
	struct text why = text_fixed(words, sizeof(words));
	assert_int_equal(compose_check(&w[1], &why), -95);
	assert_non_null(strstr(words, "TCP and UDP only"));
	compose_done(&c);
}

static void what_finds_no_room_is_told(void **unused)
{
	struct wanted *w = calloc(100, sizeof(*w));

	(void)unused;
	assert_non_null(w);
	for (unsigned i = 0; i < 100; i++) {
		char id[16];
		snprintf(id, sizeof(id), "p%u", i);
		w[i] = one_rule(id, OWN, udp_rule(OWN, 1));
		for (unsigned k = 0; k < PLAN_RULES; k++)
			w[i].plan.rules[k] = udp_rule(OWN, (int)(i * PLAN_RULES + k));
		w[i].plan.rule_count = PLAN_RULES;
	}
	compose_all(w, 100, 0);
	assert_int_equal(c.count, FILTER_RULES);
	assert_true(c.full);
	compose_done(&c);
	free(w);
}

static void outbound_needs_all_destinations(void **unused)
{
	const char *yaml = "networks: [{prefix: 198.51.100.0/24}, {prefix: 2001:db8::/48}]";
	static struct xdp_protected protect[COMPOSE_PROTECT_MAX];
	struct wanted in = one_rule("in", OWN, udp_rule(OWN, 1));
	struct wanted out = one_rule("out", OWN, plan_rule_any());
	struct text errors = text_heap();
	struct config *config = NULL;

	(void)unused;
	out.direction = DIRECTION_OUTBOUND;
	assert_int_equal(config_parse("f", yaml, strlen(yaml), &errors, &config), 0);
	compose_all(&in, 1, 0);
	assert_int_equal(compose_protect(config, &c, protect), 2);
	assert_int_equal(protect[0].prefix.len, 120);
	compose_done(&c);
	compose_all(&out, 1, 0);
	assert_int_equal(c.rules[0].dst.len, 96);
	assert_int_equal(c.rules[0].src.len, 128);
	assert_int_equal(compose_protect(config, &c, protect), 2);
	assert_int_equal(protect[0].prefix.len, 96);
	assert_int_equal(protect[1].prefix.len, 0);
	compose_done(&c);
	config_free(config);
	text_done(&errors);
}

/* Random source lists of plans, over and over: who is asked for is who is wanted. */
#define SOURCES 40
#define PLANS   6

static struct ip source(unsigned i)
{
	return ip_from_v4((const uint8_t[4]){ 192, 0, 2, (uint8_t)i });
}

static bool is_in(const struct wanted *w, const struct ip *ip)
{
	for (size_t i = 0; i < w->source_count; i++) {
		if (ip_equal(&w->sources[i], ip))
			return true;
	}
	return false;
}

static uint16_t set_of(const struct sets *sets, const struct ip *ip)
{
	for (size_t i = 0; i < sets->count; i++) {
		if (ip_equal(&sets->members[i].ip, ip))
			return sets->members[i].set;
	}
	return 0;
}

static void check_sets(const struct wanted_set *set, const struct sets *sets,
		       const struct set_mask *masks)
{
	for (unsigned i = 0; i < SOURCES; i++) {
		struct ip ip = source(i);
		uint16_t in = set_of(sets, &ip);
		for (size_t p = 0; p < set->count; p++) {
			bool asked = in && masks[p].bits[in / 64] >> in % 64 & 1;
			assert_int_equal(asked, is_in(&set->plans[p], &ip));
		}
	}
}

static void sources_are_in_one_set_whatever_plans_want_them(void **unused)
{
	struct sets now = { 0 };
	struct set_mask masks[PLANS];
	struct ip lists[PLANS][SOURCES];
	struct wanted plans[PLANS];
	const bool takes[PLANS] = { true, true, true, true, true, true };
	unsigned moved = 0;

	(void)unused;
	for (unsigned round = 0; round < 300; round++) {
		const struct wanted_set set = { .plans = plans,
						.count = 1 + hash_words(round, 1, 1) % PLANS };
		memset(plans, 0, sizeof(plans));
		for (unsigned p = 0; p < set.count; p++) {
			plans[p].sources = lists[p];
			for (unsigned i = 0; i < SOURCES; i++) {
				if (hash_words(round / 3, i, p) % 3 == 0 ||
				    hash_words(round, i, p) % 20 == 0)
					lists[p][plans[p].source_count++] = source(i);
			}
		}
		struct sets next = { 0 };
		assert_int_equal(sets_make(&now, &set, takes, &next, masks), 0);
		check_sets(&set, &next, masks);
		/* The same again moves nobody. */
		struct sets again = { 0 };
		assert_int_equal(sets_make(&next, &set, takes, &again, masks), 0);
		check_sets(&set, &again, masks);
		for (size_t i = 0; i < again.count; i++)
			assert_int_equal(again.members[i].set, next.members[i].set);
		for (size_t i = 0; i < now.count; i++) {
			uint16_t there = set_of(&next, &now.members[i].ip);
			moved += there && there != now.members[i].set;
		}
		sets_done(&again);
		sets_done(&now);
		now = next;
	}
	print_message("# %u moves\n", moved);
	sets_done(&now);
}

static void a_plan_that_comes_or_goes_moves_nobody_of_others(void **unused)
{
	const struct ip both[2] = { source(1), source(2) };
	const struct wanted plans[2] = { { .sources = both, .source_count = 2 },
					 { .sources = &both[1], .source_count = 1 } };
	const struct wanted_set one = { .plans = plans, .count = 1 };
	const struct wanted_set two = { .plans = plans, .count = 2 };
	const bool takes[2] = { true, true };
	struct set_mask masks[2];
	struct sets a = { 0 };
	struct sets b = { 0 };
	struct sets d = { 0 };

	(void)unused;
	assert_int_equal(sets_make(&d, &one, takes, &a, masks), 0);
	assert_int_equal(sets_make(&a, &two, takes, &b, masks), 0);
	assert_int_equal(a.members[0].set, b.members[0].set);
	assert_int_not_equal(b.members[0].set, b.members[1].set);
	assert_int_equal(sets_make(&b, &one, takes, &d, masks), 0);
	assert_int_equal(b.members[0].set, d.members[0].set);
	assert_int_equal(b.members[1].set, d.members[1].set);
	sets_done(&a);
	sets_done(&b);
	sets_done(&d);
}

static void it_is_in_the_list(void **unused)
{
	char words[256];
	struct text why = text_fixed(words, sizeof(words));
	const struct config_actuator nowhere = { .kind = "xdp" };
	const struct actuator *xdp = actuator_find("xdp");
	void *state = NULL;
	uint32_t caps = 0;

	(void)unused;
	assert_non_null(xdp);
	assert_true(xdp->open(NULL, &nowhere, &state, &caps, &why) < 0);
	assert_null(state);
	assert_true(why.len > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_in_the_list),
		cmocka_unit_test(each_field_is_taken_over),
		cmocka_unit_test(drops_come_before_limits_and_those_before_watching),
		cmocka_unit_test(the_expired_and_the_refused_are_left_out),
		cmocka_unit_test(what_finds_no_room_is_told),
		cmocka_unit_test(outbound_needs_all_destinations),
		cmocka_unit_test(sources_are_in_one_set_whatever_plans_want_them),
		cmocka_unit_test(a_plan_that_comes_or_goes_moves_nobody_of_others),
	};

	return cmocka_run_group_tests_name("actuate/xdp", tests, NULL, NULL);
}
