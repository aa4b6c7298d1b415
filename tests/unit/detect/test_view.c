/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned/view: how many there are, where they are, how far away. */
#include "samples.h"

#include "detect/learned/bogon.h"
#include "detect/learned/view.h"
#include "lab/rng.h"

#define UDP_ONLY (1U << CLASS_UDP)

static struct view look(const struct subject *subject)
{
	struct own_space space;
	struct view view;

	own_space_init(&space);
	view_of(subject, &space.config, NOW_NS - SECOND_NS, &view);
	own_space_done(&space);
	return view;
}

static void a_crowd_is_as_large_as_it_is_said_to_be(void **state)
{
	static const uint32_t sizes[] = { 20, 100, 500, 3000 };

	(void)state;
	for (unsigned k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		unsigned right = 0;
		unsigned useful = 0;
		for (uint64_t seed = 1; seed <= 100; seed++) {
			struct subject *s =
				subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, UDP_ONLY);
			struct lab_rng rng;
			lab_rng_seed(&rng, seed, sizes[k]);
			for (unsigned i = 0; i < SUBJECT_SAMPLES; i++) {
				struct subject_sample sample = sample_like(CLASS_UDP, 17, 1, 2, 90);
				sample.sample.src =
					ip_at("100.64.0.0", lab_rng_below(&rng, sizes[k]));
				subject_put(s, &sample);
			}
			struct view view = look(s);
			right += view.sources.least <= sizes[k] && view.sources.most >= sizes[k];
			/* Bounds that are wide enough for anything would say nothing. */
			useful += view.sources.least > sizes[k] / 4.0;
		}
		assert_true(right >= 90);
		assert_true(useful >= 90);
	}
}

static void one_sender_is_one(void **state)
{
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, UDP_ONLY);
	const struct subject_sample sample = sample_like(CLASS_UDP, 17, 1, 2, 90);

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		subject_put(s, &sample);
	struct view view = look(s);
	assert_int_equal(view.n, 100);
	assert_int_equal(view.sources.seen, 1);
	assert_true(view.sources.least >= 1 && view.sources.most < 2);
	assert_true(view.sources.top == 1 && view.pair_top == 1);
	assert_true(ip_equal(&view.sources.busiest, &sample.sample.src));
}

static void no_two_alike_have_no_upper_bound(void **state)
{
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, UDP_ONLY);

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		struct subject_sample sample = sample_like(CLASS_UDP, 17, 1, 2, 90);
		sample.sample.src = ip_at("100.64.0.0", i);
		subject_put(s, &sample);
	}
	struct view view = look(s);
	assert_true(view.sources.most > 1e8);
	/* 19,900 pairs of which none are alike. */
	assert_true(view.sources.least > 6000 && view.sources.least < 7000);
}

static void targets_are_covered_by_the_longest_prefix(void **state)
{
	struct subject *s = subject_begin("198.51.0.0/16", TALLY_OWN, DIRECTION_INBOUND, UDP_ONLY);
	struct lab_rng rng;

	(void)state;
	lab_rng_seed(&rng, 1, 1);
	for (unsigned i = 0; i < 200; i++) {
		struct subject_sample sample = sample_like(CLASS_UDP, 17, 1, 2, 90);
		/* One in twenty is elsewhere. */
		sample.sample.dst = i % 20 ? ip_at("198.51.100.0", lab_rng_below(&rng, 1024))
					   : ip_at("198.51.0.0", lab_rng_below(&rng, 65536));
		subject_put(s, &sample);
	}
	struct prefix cover = view_cover(s, NOW_NS - SECOND_NS);
	const struct prefix wanted = prefix_of("198.51.100.0/22");
	assert_int_equal(cover.len, wanted.len);
	assert_true(ip_equal(&cover.ip, &wanted.ip));
}

static void distances_are_those_of_sources_not_of_packets(void **state)
{
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, UDP_ONLY);
	struct subject_sample sample = sample_like(CLASS_UDP, 17, 1, 2, 90);

	(void)state;
	sample.sample.has = SAMPLE_HAS_TTL;
	sample.sample.ttl = 50;
	for (unsigned i = 0; i < 100; i++)
		subject_put(s, &sample);
	sample.sample.ttl = 60;
	for (unsigned i = 0; i < 20; i++) {
		sample.sample.src = ip_at("100.64.0.0", i);
		subject_put(s, &sample);
	}
	struct view view = look(s);
	assert_int_equal(view.ttl_n, 21);
	assert_int_equal(view.ttl_kinds, 1);
	/* A crowd that is really spread out. */
	for (unsigned i = 0; i < 100; i++) {
		sample.sample.src = ip_at("100.65.0.0", i);
		sample.sample.ttl = (uint8_t)(40 + i % 20);
		subject_put(s, &sample);
	}
	view = look(s);
	assert_int_equal(view.ttl_n, 121);
	assert_true(view.ttl_kinds > 5);
}

static void addresses_that_nobody_can_send_from_are_told(void **state)
{
	static const char *const bad[] = { "0.1.2.3",   "127.0.0.1",       "169.254.1.1",
					   "224.0.0.1", "255.255.255.255", "::1",
					   "ff02::1",   "4000::1" };
	static const char *const good[] = { "8.8.8.8",     "10.0.0.1",        "100.64.0.1",
					    "169.253.1.1", "223.255.255.255", "2001:db8::1",
					    "fd00::1",     "3fff::1" };
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, UDP_ONLY);

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ip ip = ip_of(bad[i]);
		assert_true(bogon_is(&ip));
	}
	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct ip ip = ip_of(good[i]);
		assert_false(bogon_is(&ip));
	}
	for (unsigned i = 0; i < 20; i++) {
		struct subject_sample sample = sample_like(CLASS_UDP, 17, 1, 2, 90);
		sample.sample.src = i % 4 ? ip_at("100.64.0.0", i) : ip_at("240.0.0.0", i);
		subject_put(s, &sample);
	}
	assert_true(look(s).bogons == 0.25);
}

static void only_what_rises_and_is_recent_is_looked_at(void **state)
{
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, UDP_ONLY);
	struct subject_sample sample = sample_like(CLASS_UDP, 17, 1, 53, 90);

	(void)state;
	subject_put(s, &sample);
	sample.time_ns = NOW_NS - 2 * SECOND_NS;
	subject_put(s, &sample);
	sample = sample_like(CLASS_TCP, 6, 1, 443, 90);
	subject_put(s, &sample);
	struct view view = look(s);
	assert_int_equal(view.n, 1);
	assert_int_equal(view.proto, 17);
	assert_int_equal(view.dport, 53);
	s->classes = 0;
	assert_int_equal(look(s).n, 2);
}

static void what_is_certain_counts_by_sample(void **state)
{
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, 0);
	struct subject_sample ntp = sample_like(CLASS_UDP_AMP, 17, 123, 5000, 468);
	struct subject_sample web = sample_like(CLASS_TCP, 6, 40000, 443, 52);

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		subject_put(s, i < 7 ? &ntp : &web);
	struct view view = look(s);
	assert_true(view.certain == 0.7);
	assert_int_equal(view.vector_count, 2);
	assert_string_equal(view.vectors[0].name, "ntp-amplification");
	assert_true(view.vectors[0].share == 0.7);
	assert_string_equal(view.vectors[1].name, "ack-flood");
	assert_true(view.tcp_share == 0.3 && view.small == 0.3);
}

/* An open resolver's answers: a third of the packets are first fragments, only these have ports. */
static void later_fragments_are_what_the_first_ones_are(void **state)
{
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_OUTBOUND,
					  1U << CLASS_UDP_AMP | 1U << CLASS_FRAGMENT);
	struct subject_sample answer = sample_like(CLASS_UDP_AMP, 17, 53, 4444, 1500);
	struct subject_sample later = sample_like(CLASS_FRAGMENT, 17, 0, 0, 900);

	(void)state;
	answer.sample.fragment = 1;
	later.sample.fragment = 2;
	for (unsigned i = 0; i < 9; i++)
		subject_put(s, i % 3 == 0 ? &answer : &later);
	struct view view = look(s);
	assert_int_equal(view.ported, 3);
	assert_true(view.certain == 1);
	assert_string_equal(view.certain_name, "dns-amplification");
}

/* Two first fragments among nineteen others tell nothing of these. */
static void too_few_first_fragments_speak_for_themselves(void **state)
{
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_OUTBOUND,
					  1U << CLASS_UDP_AMP | 1U << CLASS_FRAGMENT);
	struct subject_sample answer = sample_like(CLASS_UDP_AMP, 17, 53, 4444, 1500);
	struct subject_sample later = sample_like(CLASS_FRAGMENT, 17, 0, 0, 900);

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		subject_put(s, i < 2 ? &answer : &later);
	struct view view = look(s);
	assert_int_equal(view.ported, 20);
	assert_true(view.certain == 0.1);
}

static void a_record_weighs_what_it_stands_for(void **state)
{
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND,
					  1U << CLASS_UDP | 1U << CLASS_UDP_AMP);

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		struct subject_sample sample = sample_like(CLASS_UDP, 17, 40000, 443, 90);
		sample.sample.src = ip_at("100.64.0.0", i);
		sample.known_pair = true;
		subject_put(s, &sample);
	}
	struct subject_sample record = sample_like(CLASS_UDP_AMP, 17, 53, 4444, 1400);
	record.sample.packets = 190;
	subject_put(s, &record);
	struct view view = look(s);
	assert_int_equal(view.n, 11);
	assert_int_equal(view.sources.seen, 11);
	assert_true(view.packets == 200 && view.ported == 200);
	assert_true(view.certain == 0.95 && view.known_pairs == 0.05);
	assert_true(view.sources.top == 0.95 && view.pair_top == 0.95);
	assert_true(ip_equal(&view.sources.busiest, &record.sample.src));
	assert_int_equal(view.sport, 53);
	assert_string_equal(view.vectors[0].name, "dns-amplification");
	assert_true(view.vectors[0].share == 0.95);
	assert_int_equal(view.vector_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crowd_is_as_large_as_it_is_said_to_be),
		cmocka_unit_test(one_sender_is_one),
		cmocka_unit_test(no_two_alike_have_no_upper_bound),
		cmocka_unit_test(targets_are_covered_by_the_longest_prefix),
		cmocka_unit_test(distances_are_those_of_sources_not_of_packets),
		cmocka_unit_test(addresses_that_nobody_can_send_from_are_told),
		cmocka_unit_test(only_what_rises_and_is_recent_is_looked_at),
		cmocka_unit_test(what_is_certain_counts_by_sample),
		cmocka_unit_test(later_fragments_are_what_the_first_ones_are),
		cmocka_unit_test(too_few_first_fragments_speak_for_themselves),
		cmocka_unit_test(a_record_weighs_what_it_stands_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
