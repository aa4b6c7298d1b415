/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned/evidence: attacks and what only looks like them, built by hand. */
#include "samples.h"

#include "detect/learned/evidence.h"

/* Traffic of one class that a scene is made of. */
struct traffic {
	enum traffic_class class;
	uint8_t proto;
	uint16_t sport;
	uint16_t dport;
	uint16_t length;
	unsigned samples;
	unsigned sources;
	bool known;
};

static void put(struct subject *subject, const struct traffic *traffic)
{
	for (unsigned i = 0; i < traffic->samples; i++) {
		struct subject_sample sample =
			sample_like(traffic->class, traffic->proto, traffic->sport, traffic->dport,
				    traffic->length);
		sample.sample.src = ip_at("100.64.0.0", i % traffic->sources);
		sample.sample.has = SAMPLE_HAS_TTL;
		sample.sample.ttl = (uint8_t)(40 + i % traffic->sources % 20);
		sample.known_pair = sample.known_peer = traffic->known;
		subject_put(subject, &sample);
	}
}

/* A scene at a subject with its samples; rates are set by the test. */
static struct scene scene_of(const struct subject *subject)
{
	struct scene scene = { .subject = subject,
			       .sampling = 1000,
			       .site_each = 10,
			       .window_s = 2,
			       .rise_s = 2,
			       .sudden = true,
			       .seen_enough = true };
	struct own_space space;

	own_space_init(&space);
	view_of(subject, &space.config, NOW_NS - SECOND_NS, &scene.view);
	own_space_done(&space);
	return scene;
}

static void rate(struct scene *scene, unsigned class, double now, double usual, double allowed)
{
	scene->by_class[class].now = scene->by_class[class].there = now;
	scene->by_class[class].usual = usual;
	scene->by_class[class].allowed = allowed;
}

static void back(struct scene *scene, unsigned class, double now, double usual)
{
	scene->by_class[class].back = scene->by_class[class].back_least = now;
	scene->by_class[class].back_usual = usual;
}

/* Weigh it. Return: nats, and the words if asked for. */
static float weigh(const struct scene *scene, char *words, size_t size)
{
	struct evidence evidence;
	float sum = 0;

	evidence_of(scene, &evidence);
	for (unsigned i = 0; i < evidence.count; i++) {
		sum += evidence.reasons[i].nats;
		assert_true(evidence.reasons[i].text[0]);
	}
	assert_true(sum - evidence.nats < 1e-3F && evidence.nats - sum < 1e-3F);
	if (words) {
		struct text text = text_fixed(words, size);
		evidence_say(&evidence, &text);
	}
	return evidence.nats;
}

static void ntp_amplification_is_certain_by_itself(void **state)
{
	const struct traffic ntp = { CLASS_UDP_AMP, 17, 123, 5000, 468, 64, 64, false };
	struct subject *s =
		subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, 1U << CLASS_UDP_AMP);
	struct evidence evidence;
	char words[512];

	(void)state;
	put(s, &ntp);
	struct scene scene = scene_of(s);
	rate(&scene, CLASS_UDP_AMP, 100e3, 0, 10);
	rate(&scene, CLASS_COUNT, 102e3, 2e3, 5e3);
	evidence_of(&scene, &evidence);
	assert_true(evidence.nats > 10);
	assert_true(evidence.hard >= 6);
	weigh(&scene, words, sizeof(words));
	/* The strongest comes first. */
	assert_true(strncmp(words, "+6.5 100% is ntp-amplification", 30) == 0);
	/* Two packets from that port may be chance. */
	s->count = 2;
	scene = scene_of(s);
	evidence_of(&scene, &evidence);
	assert_true(evidence.hard == 0);
}

static void a_flash_crowd_is_none(void **state)
{
	const struct traffic data = { CLASS_TCP, 6, 50000, 443, 200, 200, 180, false };
	const struct traffic begin = { CLASS_SYN, 6, 50000, 443, 60, 20, 20, false };
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND,
					  1U << CLASS_TCP | 1U << CLASS_SYN);

	(void)state;
	put(s, &data);
	put(s, &begin);
	struct scene scene = scene_of(s);
	rate(&scene, CLASS_SYN, 1600, 200, 1000);
	rate(&scene, CLASS_TCP, 16e3, 2e3, 5e3);
	rate(&scene, CLASS_COUNT, 18e3, 2.2e3, 5e3);
	back(&scene, CLASS_SYNACK, 1600, 200);
	back(&scene, CLASS_TCP, 20e3, 2.5e3);
	back(&scene, CLASS_COUNT, 22e3, 2.7e3);
	assert_true(weigh(&scene, NULL, 0) < EVIDENCE_ENOUGH);
	/* The same without any answer is one. */
	back(&scene, CLASS_SYNACK, 0, 0);
	back(&scene, CLASS_TCP, 0, 0);
	back(&scene, CLASS_COUNT, 0, 0);
	assert_true(weigh(&scene, NULL, 0) >= EVIDENCE_ENOUGH);
}

static void an_elephant_is_less_than_nothing(void **state)
{
	const struct traffic bulk = { CLASS_TCP, 6, 873, 40000, 1500, 200, 1, false };
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, 1U << CLASS_TCP);
	char words[512];

	(void)state;
	put(s, &bulk);
	struct scene scene = scene_of(s);
	rate(&scene, CLASS_TCP, 500e3, 100, 5e3);
	rate(&scene, CLASS_COUNT, 500e3, 150, 5e3);
	back(&scene, CLASS_TCP, 170e3, 100);
	assert_true(weigh(&scene, words, sizeof(words)) < 0);
	assert_non_null(strstr(words, "-6.0 one pair has 100%, and it is answered"));
}

static void connection_requests_without_options_are_a_flood(void **state)
{
	const struct traffic bare = { CLASS_SYN, 6, 50000, 443, 40, 100, 100, false };
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, 1U << CLASS_SYN);
	char words[512];

	(void)state;
	put(s, &bare);
	struct scene scene = scene_of(s);
	rate(&scene, CLASS_SYN, 100e3, 10, 1e3);
	rate(&scene, CLASS_COUNT, 100e3, 500, 5e3);
	back(&scene, CLASS_SYNACK, 2e3, 10);
	assert_true(weigh(&scene, words, sizeof(words)) > EVIDENCE_ENOUGH);
	assert_non_null(strstr(words, "100% of connection requests have no options"));
}

static void udp_from_a_crowd_that_nobody_answers_is_a_flood(void **state)
{
	const struct traffic game = { CLASS_UDP, 17, 50000, 27500, 100, 200, 200, false };
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, 1U << CLASS_UDP);

	(void)state;
	put(s, &game);
	struct scene scene = scene_of(s);
	rate(&scene, CLASS_UDP, 150e3, 1e3, 5e3);
	rate(&scene, CLASS_COUNT, 150e3, 1e3, 5e3);
	back(&scene, CLASS_UDP, 1e3, 1e3);
	back(&scene, CLASS_COUNT, 1e3, 1e3);
	assert_true(weigh(&scene, NULL, 0) > EVIDENCE_ENOUGH);
	/* A launch day: whoever comes is served, and players do not all say the same. */
	for (unsigned i = 0; i < s->count; i++)
		s->samples[i].sample.length = (uint16_t)(60 + i % 70);
	scene.view = scene_of(s).view;
	assert_true(weigh(&scene, NULL, 0) > EVIDENCE_ENOUGH);
	back(&scene, CLASS_UDP, 100e3, 1e3);
	back(&scene, CLASS_COUNT, 100e3, 1e3);
	assert_true(weigh(&scene, NULL, 0) < EVIDENCE_ENOUGH);
}

static void answered_udp_stays_answered_beside_flows_of_tcp(void **state)
{
	const struct traffic game = { CLASS_UDP, 17, 50000, 27500, 100, 200, 200, false };
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND,
					  1U << CLASS_UDP | 1U << CLASS_TCP);
	char words[512];

	(void)state;
	put(s, &game);
	struct scene scene = scene_of(s);
	rate(&scene, CLASS_UDP, 100e3, 100, 5e3);
	rate(&scene, CLASS_TCP, 10e3, 100, 5e3);
	rate(&scene, CLASS_COUNT, 110e3, 200, 5e3);
	back(&scene, CLASS_UDP, 100e3, 100);
	back(&scene, CLASS_TCP, 10e3, 100);
	back(&scene, CLASS_COUNT, 110e3, 200);
	for (unsigned flows = 0; flows < 2; flows++) {
		scene.flows = flows;
		weigh(&scene, words, sizeof(words));
		assert_non_null(strstr(words, "-4.0 at least 1 packets back for each"));
	}
}

static void what_is_certain_is_named_and_not_what_is_most(void **state)
{
	const struct traffic ntp = { CLASS_UDP_AMP, 17, 123, 5000, 468, 84, 84, false };
	const struct traffic ack = { CLASS_TCP, 6, 50000, 443, 40, 116, 116, false };
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND,
					  1U << CLASS_UDP_AMP | 1U << CLASS_TCP);
	char words[512];

	(void)state;
	put(s, &ntp);
	put(s, &ack);
	struct scene scene = scene_of(s);
	rate(&scene, CLASS_UDP_AMP, 84e3, 0, 10);
	rate(&scene, CLASS_TCP, 116e3, 0, 5e3);
	weigh(&scene, words, sizeof(words));
	assert_non_null(strstr(words, "+6.5 42% is ntp-amplification, by port and length"));
}

static void a_place_that_is_known_speaks_against_a_campaign(void **state)
{
	struct traffic pull = { CLASS_TCP, 6, 50000, 443, 60, 100, 100, false };
	char words[512];
	float nats[2];

	(void)state;
	for (unsigned known = 0; known < 2; known++) {
		struct subject *s =
			subject_begin("192.0.2.9", TALLY_OUTSIDE, DIRECTION_OUTBOUND, 0);
		pull.known = false;
		put(s, &pull);
		for (unsigned i = 0; i < s->count; i++)
			s->samples[i].known_peer = known;
		struct scene scene = scene_of(s);
		rate(&scene, CLASS_TCP, 50e3, 10, 500);
		rate(&scene, CLASS_COUNT, 50e3, 10, 500);
		nats[known] = weigh(&scene, words, sizeof(words));
	}
	assert_true(nats[0] > EVIDENCE_ENOUGH);
	assert_true(nats[0] - nats[1] > 3.9F && nats[0] - nats[1] < 4.1F);
	assert_non_null(strstr(words, "-4.0 our hosts have talked to it before"));
}

static void those_who_talk_every_day_speak_against_it(void **state)
{
	struct traffic game = { CLASS_UDP, 17, 50000, 27500, 100, 200, 200, false };
	float nats[2];

	(void)state;
	for (unsigned known = 0; known < 2; known++) {
		struct subject *s =
			subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, 1U << CLASS_UDP);
		game.known = known;
		put(s, &game);
		struct scene scene = scene_of(s);
		rate(&scene, CLASS_UDP, 50e3, 1e3, 5e3);
		rate(&scene, CLASS_COUNT, 50e3, 1e3, 5e3);
		nats[known] = weigh(&scene, NULL, 0);
		/* In the first minutes nobody is known, and that says nothing. */
		scene.seen_enough = false;
		float fresh = weigh(&scene, NULL, 0);
		assert_true(known ? fresh > nats[1] : fresh < nats[0]);
	}
	assert_true(nats[0] - nats[1] > 5.9F);
}

static void a_line_that_is_full_is_harm_whatever_it_is(void **state)
{
	const struct traffic bulk = { CLASS_TCP, 6, 873, 40000, 1500, 200, 30, false };
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, 1U << CLASS_TCP);

	(void)state;
	put(s, &bulk);
	struct scene scene = scene_of(s);
	rate(&scene, CLASS_TCP, 80e3, 100, 5e3);
	scene.now_bps = 0.9e9;
	float without = weigh(&scene, NULL, 0);
	scene.capacity_bps = 1e9;
	assert_true(weigh(&scene, NULL, 0) - without > 5.9F);
	scene.capacity_bps = 2e9;
	assert_true(weigh(&scene, NULL, 0) == without);
}

static void what_is_said_fits_or_is_left_out(void **state)
{
	const struct traffic ntp = { CLASS_UDP_AMP, 17, 123, 5000, 468, 64, 64, false };
	struct subject *s =
		subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, 1U << CLASS_UDP_AMP);
	char whole[512], part[64];

	(void)state;
	put(s, &ntp);
	struct scene scene = scene_of(s);
	rate(&scene, CLASS_UDP_AMP, 100e3, 0, 10);
	weigh(&scene, whole, sizeof(whole));
	weigh(&scene, part, sizeof(part));
	assert_true(strlen(whole) > sizeof(part));
	assert_true(strlen(part) > 20 && strlen(part) < sizeof(part));
	assert_memory_equal(part, whole, 20);
}

/* Two packets in a tenth of a second are no rate over the second of their subject. */
static void evidence_rests_on_the_samples_there_are(void **state)
{
	const struct traffic handshakes = { CLASS_SYNACK, 6, 443, 40000, 60, 2, 2, false };
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, 1U << CLASS_SYNACK);
	char words[512];

	(void)state;
	put(s, &handshakes);
	struct scene scene = scene_of(s);
	rate(&scene, CLASS_SYNACK, 8330, 0, 1000);
	rate(&scene, CLASS_COUNT, 8330, 0, 5000);
	(void)weigh(&scene, words, sizeof(words));
	assert_null(strstr(words, "not begun"));
	assert_null(strstr(words, "packets back"));
}

/* One record of a flow cache stands for thousands: nothing that came back speaks for them all. */
static void a_flow_record_stands_for_all_its_packets(void **state)
{
	const struct traffic flood = { CLASS_UDP, 17, 4444, 27015, 1400, 2, 1, false };
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_OUTBOUND, 0);
	char words[512];

	(void)state;
	put(s, &flood);
	struct scene scene = scene_of(s);
	rate(&scene, CLASS_UDP, 80e3, 0, 5000);
	rate(&scene, CLASS_COUNT, 80e3, 0, 5000);
	scene.sudden = false;
	scene.flows = true;
	scene.suspect_s = 5;
	assert_true(weigh(&scene, words, sizeof(words)) >= EVIDENCE_ENOUGH);
	assert_non_null(strstr(words, "at most 0 packets back"));
}

/* Flow caches report ends of connections apart; those that end nothing were refusals. */
static void refusals_do_not_answer_flows(void **state)
{
	const struct traffic ack = { CLASS_TCP, 6, 50000, 443, 50, 100, 100, false };
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND, 1U << CLASS_TCP);
	char words[512];

	(void)state;
	put(s, &ack);
	struct scene scene = scene_of(s);
	scene.flows = true;
	rate(&scene, CLASS_TCP, 120e3, 1e3, 5000);
	rate(&scene, CLASS_COUNT, 120e3, 1e3, 5000);
	back(&scene, CLASS_RST_FIN, 20e3, 100);
	assert_true(weigh(&scene, words, sizeof(words)) >= EVIDENCE_ENOUGH);
	assert_non_null(strstr(words, "at most 0 packets back"));
	/* Where as many ended on this side, they are ends of what was served. */
	rate(&scene, CLASS_RST_FIN, 20e3, 100, 1000);
	(void)weigh(&scene, words, sizeof(words));
	assert_non_null(strstr(words, "-4.0 at least 0.17 packets back"));
}

/* Of a sampled flow cache most records are of one packet, and as good as packets. */
static void connections_without_traffic_show_in_flows_of_one_packet(void **state)
{
	const struct traffic begin = { CLASS_SYN, 6, 50000, 443, 60, 50, 50, false };
	const struct traffic data = { CLASS_TCP, 6, 50000, 443, 200, 150, 150, false };
	struct subject *s = subject_begin(VICTIM, TALLY_OWN, DIRECTION_INBOUND,
					  1U << CLASS_SYN | 1U << CLASS_TCP);
	char words[512];

	(void)state;
	put(s, &begin);
	put(s, &data);
	struct scene scene = scene_of(s);
	scene.flows = true;
	scene.site_each = 50;
	rate(&scene, CLASS_SYN, 16e3, 0, 1000);
	rate(&scene, CLASS_TCP, 48e3, 1e3, 5000);
	(void)weigh(&scene, words, sizeof(words));
	assert_non_null(strstr(words, "+4.0 2.9 packets a connection where 50 are usual"));
	/* Flags of several packets together tell no beginnings. */
	for (unsigned i = 0; i < s->count; i++)
		s->samples[i].sample.packets = 10;
	scene.view = scene_of(s).view;
	(void)weigh(&scene, words, sizeof(words));
	assert_null(strstr(words, "packets a connection"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ntp_amplification_is_certain_by_itself),
		cmocka_unit_test(a_flash_crowd_is_none),
		cmocka_unit_test(answered_udp_stays_answered_beside_flows_of_tcp),
		cmocka_unit_test(what_is_certain_is_named_and_not_what_is_most),
		cmocka_unit_test(an_elephant_is_less_than_nothing),
		cmocka_unit_test(connection_requests_without_options_are_a_flood),
		cmocka_unit_test(udp_from_a_crowd_that_nobody_answers_is_a_flood),
		cmocka_unit_test(a_place_that_is_known_speaks_against_a_campaign),
		cmocka_unit_test(those_who_talk_every_day_speak_against_it),
		cmocka_unit_test(a_line_that_is_full_is_harm_whatever_it_is),
		cmocka_unit_test(what_is_said_fits_or_is_left_out),
		cmocka_unit_test(evidence_rests_on_the_samples_there_are),
		cmocka_unit_test(a_flow_record_stands_for_all_its_packets),
		cmocka_unit_test(refusals_do_not_answer_flows),
		cmocka_unit_test(connections_without_traffic_show_in_flows_of_one_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
