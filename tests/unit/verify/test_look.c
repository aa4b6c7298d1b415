/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of verify/look: who and what looks as it did before an attack. */
#include "check.h"

#include "base/hash.h"
#include "own_space.h"
#include "verify/look.h"

#define COUNT 400

static struct sample before[COUNT];
static struct look_peer room[COUNT];

static struct sample packet(unsigned host, uint8_t proto, uint16_t sport, uint16_t dport)
{
	uint8_t be[4] = { 192, 0, (uint8_t)(host >> 8), (uint8_t)host };

	return (struct sample){ .src = ip_from_v4(be),
				.dst = ip_of("198.51.100.7"),
				.packets = 1,
				.proto = proto,
				.sport = sport,
				.dport = dport,
				.length = 52,
				.tcp_flags = 0x10,
				.has = SAMPLE_HAS_FLAGS };
}

static uint16_t drawn(unsigned i)
{
	return (uint16_t)(20000 + hash_words(i, 1, 2) % 40000);
}

/* Three quarters are clients of a web server, the rest answers of name servers; one is a stray. */
static struct look learned(void)
{
	struct look look;

	for (unsigned i = 0; i < COUNT; i++) {
		if (i % 4)
			before[i] = packet(i, 6, drawn(i), 443);
		else
			before[i] = packet(i, 17, 53, drawn(i));
		before[i].length = (uint16_t)(i % 4 ? 52 : 200);
	}
	before[7] = packet(7, 6, drawn(7), 22);
	look_learn(before, COUNT, false, room, &look);
	return look;
}

static unsigned signs_of(const struct look *look, struct sample s, uint16_t length)
{
	s.length = length;
	return look_signs(look, &s);
}

/* Its own service, its own size, or what is usual here; a reflector that is a peer as well is none. */
static void known_peers_are_known_by_what_they_send(void **state)
{
	const struct look look = learned();

	(void)state;
	assert_int_equal(signs_of(&look, packet(7, 6, 999, 22), 52), LOOK_KNOWN);
	assert_int_equal(signs_of(&look, packet(7, 6, 999, 22), 1000), 0);
	assert_int_equal(signs_of(&look, packet(7, 17, 999, 22), 52), 0);
	assert_int_equal(signs_of(&look, packet(8, 17, 53, 999), 1400), 0);
	assert_int_equal(signs_of(&look, packet(8, 17, 53, 999), 250), LOOK_KNOWN | LOOK_USUAL);
	assert_int_equal(signs_of(&look, packet(COUNT, 6, 999, 22), 52), 0);
}

static void services_of_ours_and_of_theirs_with_their_sizes_are_usual(void **state)
{
	const struct look look = learned();

	(void)state;
	assert_int_equal(look.service_count, 2);
	assert_int_equal(signs_of(&look, packet(999, 6, 3333, 443), 50), LOOK_USUAL);
	assert_int_equal(signs_of(&look, packet(999, 17, 53, 3333), 210), LOOK_USUAL);
	assert_int_equal(signs_of(&look, packet(5, 6, 3333, 443), 50), LOOK_USUAL | LOOK_KNOWN);
	/* Long answers are what amplifiers send; a port that one packet had is no service. */
	assert_int_equal(signs_of(&look, packet(999, 17, 53, 3333), 1400), 0);
	assert_int_equal(signs_of(&look, packet(999, 6, 3333, 22), 52), 0);
	assert_int_equal(signs_of(&look, packet(999, 6, 443, 3333), 52), 0);
}

/* Requests and resets are what is forged most easily. */
static void tcp_outside_of_a_connection_is_not(void **state)
{
	static const uint8_t flags[] = { 0x02, 0x12, 0x04, 0x14, 0x00 };
	const struct look look = learned();
	struct sample s = packet(999, 6, 3333, 443);

	(void)state;
	for (size_t i = 0; i < sizeof(flags); i++) {
		s.tcp_flags = flags[i];
		assert_int_equal(look_signs(&look, &s), 0);
	}
	/* From who was there before they are as good as anything. */
	s.src = before[5].src;
	s.tcp_flags = 0x02;
	assert_int_equal(look_signs(&look, &s), LOOK_KNOWN);
	s.src = packet(999, 6, 0, 0).src;
	s.tcp_flags = 0x11;
	assert_int_equal(look_signs(&look, &s), LOOK_USUAL);
	s.has = 0;
	assert_int_equal(look_signs(&look, &s), 0);
}

/* Outbound the peers are those sent to. */
static void outbound_it_is_the_other_way_round(void **state)
{
	struct look look;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		struct sample s = packet(i, 6, 443, drawn(i));
		before[i] = s;
		before[i].src = s.dst;
		before[i].dst = s.src;
	}
	look_learn(before, COUNT, true, room, &look);
	struct sample s = before[5];
	assert_int_equal(look_signs(&look, &s), LOOK_KNOWN | LOOK_USUAL);
	s.sport = 80;
	assert_int_equal(look_signs(&look, &s), LOOK_KNOWN); /* the port of the peer is the same */
	s.dport++;
	assert_int_equal(look_signs(&look, &s), 0);
	s.dst = s.src;
	s.sport = 443;
	assert_int_equal(look_signs(&look, &s), LOOK_USUAL);
}

static void of_nothing_nothing_is_learned(void **state)
{
	const struct sample s = packet(1, 6, 3333, 443);
	struct look look;

	(void)state;
	look_learn(before, 0, false, room, &look);
	assert_int_equal(look_signs(&look, &s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_peers_are_known_by_what_they_send),
		cmocka_unit_test(services_of_ours_and_of_theirs_with_their_sizes_are_usual),
		cmocka_unit_test(tcp_outside_of_a_connection_is_not),
		cmocka_unit_test(outbound_it_is_the_other_way_round),
		cmocka_unit_test(of_nothing_nothing_is_learned),
	};

	return cmocka_run_group_tests_name("verify/look", tests, NULL, NULL);
}
