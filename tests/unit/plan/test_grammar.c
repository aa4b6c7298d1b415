/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of grammar, holdout and side, on the inside of synth: forms that are never safe. */
#include "check.h"

#include <string.h>

#include "base/hash.h"
#include "own_space.h"
#include "plan/work.h"

static struct synth *synth;
static struct synth_result result;
static struct sample now[1024];
static struct sample base[2048];

static struct sample packet(uint8_t proto, uint16_t sport, uint16_t dport, uint16_t length)
{
	return (struct sample){ .src = ip_of("192.0.2.1"),
				.dst = ip_of("198.51.100.7"),
				.packets = 1,
				.proto = proto,
				.sport = sport,
				.dport = dport,
				.length = length,
				.ttl = 60,
				.has = SAMPLE_HAS_TTL };
}

/* A flood of UDP from port 123 on a host that gets DNS answers and HTTPS, and no GRE. */
static int flood(void **state)
{
	static struct synth_input input;

	input = (struct synth_input){
		.scope = { .own = prefix_of("198.51.100.7/32") },
		.now = { now, 1024 },
		.base = { base, 2048 },
		.now_pps = 20,
		.base_pps = 1,
		.profile = profile_find("xdp"),
	};

	(void)state;
	for (unsigned i = 0; i < 1024; i++)
		now[i] = packet(17, 123, (uint16_t)(1024 + i * 60), 468);
	for (unsigned i = 0; i < 2048; i++)
		base[i] = i % 4 ? packet(6, (uint16_t)(2000 + i), 443, 100)
				: packet(17, 53, (uint16_t)(2000 + i), 200);
	if (!synth && synth_open(&synth))
		return -1;
	synth_rules(synth, &input, &result);
	assert_int_equal(result.why, SYNTH_FOUND);
	/* As before the search. */
	memset(synth->covered, 0, sizeof(synth->covered));
	memset(synth->covered_base, 0, sizeof(synth->covered_base));
	memcpy(synth->active, synth->train, sizeof(synth->active));
	return 0;
}

static struct draft draft_with(const struct cond *conds, unsigned count)
{
	struct draft draft = { 0 };

	memcpy(draft.now, synth->now.scope, sizeof(draft.now));
	memcpy(draft.base, synth->base.scope, sizeof(draft.base));
	for (unsigned i = 0; i < count; i++)
		draft_add(synth, &draft, &conds[i]);
	return draft;
}

static bool allows(const struct cond *conds, unsigned count)
{
	struct draft draft = draft_with(conds, count);

	return grammar_allows(synth, &draft);
}

static const struct cond tcp = { .field = FIELD_PROTO, .min = 6, .max = 6 };
static const struct cond udp = { .field = FIELD_PROTO, .min = 17, .max = 17 };
static const struct cond length = { .field = FIELD_LENGTH, .min = 468, .max = 468 };
static const struct cond ttl = { .field = FIELD_TTL, .min = 60, .max = 60 };

static void a_protocol_is_named_or_a_fragment_is_meant(void **state)
{
	struct cond port = { .field = FIELD_SPORT, .min = 123, .max = 123 };
	struct cond later = { .field = FIELD_FRAGMENT, .min = 2, .max = 2 };

	(void)state;
	assert_false(allows(&port, 1));
	assert_true(allows(&later, 1));
	assert_true(allows((struct cond[]){ udp, port }, 2));
}

static void lengths_and_distances_alone_say_nothing(void **state)
{
	(void)state;
	assert_false(allows(&length, 1));
	assert_false(allows((struct cond[]){ udp, length }, 2));
	assert_false(allows((struct cond[]){ udp, ttl }, 2));
	assert_false(allows((struct cond[]){ udp, length, ttl }, 3));
	/* Unless there is nothing innocent of the protocol, and it is much of the attack. */
	for (uint32_t i = 0; i < synth->base.count; i++)
		synth->base.column[FIELD_PROTO][i] = 6;
	assert_true(allows((struct cond[]){ udp, length }, 2));
	synth->now.column[FIELD_PROTO][0] = 47;
	assert_false(allows((struct cond[]){ { .field = FIELD_PROTO, .min = 47, .max = 47 } }, 1));
}

static void short_prefixes_of_sources_say_nothing(void **state)
{
	struct cond src = { .field = FIELD_SRC, .src = prefix_of("192.0.0.0/15") };

	(void)state;
	src.src = prefix_of("192.0.0.0/16");
	assert_true(allows((struct cond[]){ udp, src }, 2));
	src.src = prefix_of("192.0.0.0/15");
	assert_false(allows((struct cond[]){ udp, src }, 2));
	src.src = prefix_of("2001:d00::/39");
	assert_false(allows((struct cond[]){ udp, src }, 2));
}

static void a_busy_service_needs_more_than_its_port(void **state)
{
	struct cond port = { .field = FIELD_DPORT, .min = 400, .max = 500 };
	struct cond flags = { .field = FIELD_FLAGS, .min = 2, .max = 2 };
	struct cond dns = { .field = FIELD_SPORT, .min = 53, .max = 53 };

	(void)state;
	assert_false(allows((struct cond[]){ tcp, port }, 2));
	assert_true(allows((struct cond[]){ tcp, port, flags }, 3));
	assert_true(allows((struct cond[]){ tcp, port, length }, 3));
	assert_false(allows((struct cond[]){ udp, dns }, 2));
	/* Of another protocol the port is no service. */
	assert_true(allows((struct cond[]){ udp, port }, 2));
}

static void wide_intervals_are_no_condition(void **state)
{
	struct cond port = { .field = FIELD_DPORT, .min = 0, .max = 32767 };
	struct cond bytes = { .field = FIELD_LENGTH, .min = 20, .max = 759 };

	(void)state;
	assert_true(items_fits(synth, &port));
	assert_true(items_fits(synth, &bytes));
	port.max++;
	bytes.max++;
	assert_false(items_fits(synth, &port));
	assert_false(items_fits(synth, &bytes));
}

static void a_rule_that_fails_on_the_other_half_is_refused(void **state)
{
	struct cond port = { .field = FIELD_SPORT, .min = 123, .max = 123 };
	struct draft draft = draft_with((struct cond[]){ udp, port }, 2);

	(void)state;
	assert_true(holdout_agrees(synth, &draft));
	/* Of the other half it matches a third less. */
	for (uint32_t i = 0; i < 1024; i += 3)
		draft.now[i / 64] &= ~(synth->test[i / 64] & 1UL << (i % 64));
	assert_false(holdout_agrees(synth, &draft));
	/* Or the half of the baseline that it was not cut to is full of it. */
	draft = draft_with((struct cond[]){ udp, port }, 2);
	for (unsigned i = 0; i < 32; i++)
		draft.base[i] = ~synth->train_base[i] & 0xff;
	assert_false(holdout_agrees(synth, &draft));
}

static void weights_add_up(void **state)
{
	uint64_t all[NOW_WORDS];
	uint64_t none[NOW_WORDS] = { 0 };
	struct side side;

	(void)state;
	memset(all, 0xff, sizeof(all));
	assert_int_equal(side_open(&side, SYNTH_NOW, false), 0);
	side_fill(&side, &(struct synth_samples){ now, 1000 }, NULL);
	assert_true(side_weight(&side, all, NULL) == 1000);
	assert_true(side.effective == 1000);
	assert_true(side_weight(&side, all, none) == 0);
	now[7].packets = 999;
	side_fill(&side, &(struct synth_samples){ now, 1000 }, NULL);
	none[0] = 1U << 7;
	assert_true(side_weight(&side, none, NULL) == 4095);
	assert_true(side_weight(&side, all, NULL) == side.total);
	assert_true(side.effective < 5);
	now[7].packets = 1;
	side_close(&side);
}

static int give_back(void **state)
{
	(void)state;
	synth_close(synth);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_protocol_is_named_or_a_fragment_is_meant, flood),
		cmocka_unit_test_setup(lengths_and_distances_alone_say_nothing, flood),
		cmocka_unit_test_setup(short_prefixes_of_sources_say_nothing, flood),
		cmocka_unit_test_setup(a_busy_service_needs_more_than_its_port, flood),
		cmocka_unit_test_setup(wide_intervals_are_no_condition, flood),
		cmocka_unit_test_setup(a_rule_that_fails_on_the_other_half_is_refused, flood),
		cmocka_unit_test_setup(weights_add_up, flood),
	};

	return cmocka_run_group_tests(tests, NULL, give_back);
}
