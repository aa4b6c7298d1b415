/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned as a whole: what is found, as what, once; and what is not. */
#include "stage.h"

#define HOSTS  20
#define HOST   "198.51.100.10"
#define PEER   "192.0.2.1"
#define CROWD  "100.64.0.0"
#define WARM_S 320

#define UDP 17
#define TCP 6

static const struct sort ntp = { UDP, 123, 0, 0, 468, 1 };
static const struct sort cldap = { UDP, 389, 0, 0, 1420, 1 };
static const struct sort request = { TCP, 0, 443, 0x02, 60, 1 };
static const struct sort request_out = { TCP, 0, 443, 0x02, 60, 7 };
static const struct sort reply = { TCP, 443, 0, 0x12, 60, 7 };
static const struct sort data_in = { TCP, 0, 443, 0x18, 200, 1 };
static const struct sort data_out = { TCP, 443, 0, 0x18, 1400, 7 };
static const struct sort small_out = { TCP, 443, 0, 0x10, 60, 7 };
static const struct sort forged = { UDP, 0, 0, 0, 500, 7 };

/* Twenty hosts and those who talk to them every day; one of them more than the others. */
static void everyday(struct stage *s, double times)
{
	stage_send(s, 400, &request, RANGE(PEER, 40), RANGE(HOST, HOSTS));
	stage_send(s, 400, &reply, RANGE(HOST, HOSTS), RANGE(PEER, 40));
	stage_send(s, 6000, &data_in, RANGE(PEER, 40), RANGE(HOST, HOSTS));
	stage_send(s, 8000, &data_out, RANGE(HOST, HOSTS), RANGE(PEER, 40));
	/* What grows with its visitors. */
	stage_send(s, 50 * times, &request, RANGE(CROWD, 5000), RANGE(HOST, 1));
	stage_send(s, 50 * times, &reply, RANGE(HOST, 1), RANGE(CROWD, 5000));
	stage_send(s, 1000 * times, &data_in, RANGE(CROWD, 5000), RANGE(HOST, 1));
	stage_send(s, 1500 * times, &data_out, RANGE(HOST, 1), RANGE(CROWD, 5000));
}

static void quiet(struct stage *s, unsigned seconds)
{
	for (unsigned i = 0; i < seconds * 10; i++) {
		everyday(s, 1);
		stage_tick(s);
	}
}

static void begin(struct stage *s)
{
	stage_prepare(s);
	stage_start(s);
	quiet(s, WARM_S);
	assert_int_equal(s->count, 0);
}

/* All findings are of one story, which begins once. Return: the last. */
static const struct finding *only_story(const struct stage *s)
{
	unsigned firsts = 0;

	assert_true(s->count > 0);
	for (unsigned i = 0; i < s->count; i++) {
		assert_int_equal(s->caught[i].finding.story, s->caught[0].finding.story);
		firsts += s->caught[i].finding.first;
	}
	assert_int_equal(firsts, 1);
	assert_true(s->caught[0].finding.first);
	return &s->caught[s->count - 1].finding;
}

static void a_flood_is_found_and_stays_one_story_over_its_pulses(void **state)
{
	const struct ip victim = ip_at(HOST, 3);
	struct stage s;

	(void)state;
	begin(&s);
	const uint64_t onset_ns = s.tick * TICK_NS;
	for (unsigned pulse = 0; pulse < 4; pulse++) {
		unsigned before = s.count;
		for (unsigned i = 0; i < 100; i++) {
			everyday(&s, 1);
			stage_send(&s, 100e3, &ntp, RANGE(CROWD, 3000), RANGE("198.51.100.13", 1));
			stage_tick(&s);
		}
		assert_true(s.count > before + 50);
		quiet(&s, 30);
	}
	const struct finding *f = only_story(&s);
	const struct finding *first = &s.caught[0].finding;
	assert_int_equal(f->kind, KIND_FLOOD);
	assert_int_equal(f->direction, DIRECTION_INBOUND);
	assert_int_equal(f->len, 128);
	assert_true(ip_equal(&f->host, &victim));
	assert_string_equal(f->vectors[0].name, "ntp-amplification");
	assert_non_null(strstr(f->why, "ntp-amplification"));
	/* Within a second, and its beginning is told right. */
	assert_true(first->now_ns <= onset_ns + SECOND_NS);
	assert_true(first->onset_ns + SECOND_NS >= onset_ns && first->onset_ns <= first->now_ns);
	assert_true(first->suspect_ns >= first->onset_ns && first->suspect_ns <= first->now_ns);
	/*
	 * It comes back every forty seconds: that it is quiet in between does not end it, nor that
	 * the next one is late by four tenths of that. This one began ten seconds ago and more.
	 */
	assert_true(f->hold_ns > 35 * SECOND_NS && f->hold_ns < 47 * SECOND_NS);
	stage_end(&s);
}

static void a_little_at_each_host_of_a_prefix_is_one_carpet(void **state)
{
	const struct prefix own = prefix_of("198.51.100.0/24");
	struct stage s;

	(void)state;
	begin(&s);
	for (unsigned i = 0; i < 600; i++) {
		everyday(&s, 1);
		stage_send(&s, 256 * 40, &cldap, RANGE(CROWD, 3000), RANGE("198.51.100.0", 256));
		stage_tick(&s);
	}
	const struct finding *f = only_story(&s);
	const struct prefix found = { .ip = f->host, .len = f->len };
	assert_int_equal(f->kind, KIND_CARPET);
	/* A prefix of what is hit: of few samples it may be a part only. */
	assert_true(f->len < 128 && f->len >= own.len);
	assert_true(prefix_overlaps(&own, &found));
	assert_string_equal(f->vectors[0].name, "cldap-amplification");
	stage_end(&s);
}

static void hosts_of_ours_that_turn_on_some_sites_are_one_campaign(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	for (unsigned i = 0; i < 600; i++) {
		everyday(&s, 1);
		stage_send(&s, 30e3, &request_out, RANGE("198.51.100.100", 30),
			   RANGE("203.0.114.1", 3));
		stage_tick(&s);
	}
	const struct finding *f = only_story(&s);
	assert_int_equal(f->kind, KIND_CAMPAIGN);
	assert_int_equal(f->direction, DIRECTION_OUTBOUND);
	assert_int_equal(f->target_count, 3);
	const struct prefix sites = prefix_of("203.0.114.0/29");
	for (unsigned i = 0; i < f->target_count; i++)
		assert_true(prefix_overlaps(&f->targets[i], &sites));
	/* All thirty, and nobody else. */
	assert_int_equal(f->machine_count, 30);
	for (unsigned i = 0; i < f->machine_count; i++) {
		assert_true(f->machines[i].ip.b[15] >= 100 && f->machines[i].ip.b[15] < 130);
		assert_true(f->machines[i].packets > 0);
	}
	stage_end(&s);
}

/* A backup: one of our hosts to one place, answered as TCP is. */
static void a_bulk_transfer_is_told_for_information(void **state)
{
	static const struct sort copy = { TCP, 40000, 873, 0x18, 1500, 7 };
	static const struct sort copied = { TCP, 873, 40000, 0x10, 52, 1 };
	struct stage s;

	(void)state;
	begin(&s);
	for (unsigned i = 0; i < 400; i++) {
		everyday(&s, 1);
		stage_send(&s, 90e3, &copy, RANGE("198.51.100.77", 1), RANGE("203.0.114.9", 1));
		stage_send(&s, 30e3, &copied, RANGE("203.0.114.9", 1), RANGE("198.51.100.77", 1));
		stage_tick(&s);
	}
	const struct finding *f = only_story(&s);
	assert_int_equal(f->kind, KIND_BULK);
	assert_int_equal(f->severity, SEVERITY_INFO);
	assert_int_equal(f->direction, DIRECTION_OUTBOUND);
	assert_int_equal(f->vector_count, 0);
	assert_true(f->suspect_ns + 10 * SECOND_NS <= s.caught[0].finding.now_ns);
	stage_end(&s);
}

static struct detector_stats stats_of(const struct stage *s)
{
	struct detector_stats stats;

	learned()->stats(s->state, &stats);
	return stats;
}

/* A flood without a sign in its packets, a minute after the start: it waits until five are over. */
static void what_is_not_acted_on_yet_is_counted(void **state)
{
	static const struct sort flood = { UDP, 0, 7777, 0, 500, 1 };
	struct stage s;

	(void)state;
	stage_prepare(&s);
	stage_start(&s);
	assert_int_equal(stats_of(&s).settling_s, 0);
	quiet(&s, 60);
	assert_in_range(stats_of(&s).settling_s, 235, 245);
	assert_int_equal(stats_of(&s).held_back, 0);
	for (unsigned i = 0; i < 100; i++) {
		everyday(&s, 1);
		stage_send(&s, 300e3, &flood, RANGE("100.64.0.0", 5000), RANGE("198.51.100.13", 1));
		stage_tick(&s);
	}
	assert_int_equal(s.count, 0);
	assert_true(stats_of(&s).held_back >= 1);
	stage_end(&s);
}

static void forged_sources_are_told_with_their_port(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	for (unsigned i = 0; i < 200; i++) {
		everyday(&s, 1);
		stage_send(&s, 50e3, &forged, RANGE("8.0.0.0", 1U << 24), RANGE("203.0.114.1", 1));
		stage_tick(&s);
	}
	const struct finding *f = only_story(&s);
	const struct ip target = ip_of("203.0.114.1");
	assert_int_equal(f->kind, KIND_SPOOFED_EGRESS);
	assert_int_equal(f->direction, DIRECTION_TRANSIT);
	assert_non_null(strstr(f->why, "port 7 of 192.0.2.254"));
	assert_int_equal(f->target_count, 1);
	assert_true(ip_equal(&f->targets[0].ip, &target));
	assert_non_null(f->advice);
	stage_end(&s);
}

static void what_grows_both_ways_is_nothing(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	for (unsigned i = 0; i < 3000; i++) {
		everyday(&s, 1 + 7.0 * i / 3000);
		stage_tick(&s);
	}
	assert_int_equal(s.count, 0);
	stage_end(&s);
}

static void without_sensitivity_it_is_silent(void **state)
{
	struct detector_row rows[4];
	struct stage s;

	(void)state;
	stage_prepare(&s);
	s.space.config.sensitivity = 0;
	stage_start(&s);
	for (unsigned i = 0; i < 300; i++) {
		everyday(&s, 1);
		stage_send(&s, 1e6, &ntp, RANGE(CROWD, 3000), RANGE("198.51.100.13", 1));
		stage_tick(&s);
	}
	assert_int_equal(s.count, 0);
	assert_false(learned()->is_hot(s.state));
	assert_int_equal(learned()->top(s.state, rows, 4), 0);
	stage_end(&s);
}

/* The same play. Return: findings, all their figures and words. */
static struct text play(void)
{
	struct text out = text_heap();
	struct stage s;

	begin(&s);
	for (unsigned i = 0; i < 200; i++) {
		everyday(&s, 1);
		stage_send(&s, 60e3, &ntp, RANGE(CROWD, 3000), RANGE("198.51.100.13", 1));
		stage_send(&s, 30e3, &request_out, RANGE("198.51.100.100", 30),
			   RANGE("203.0.114.1", 3));
		stage_tick(&s);
	}
	for (unsigned i = 0; i < s.count; i++) {
		const struct finding *f = &s.caught[i].finding;
		text_addf(&out, "%ju %ju %u %u %u %ju %ju %ju %u %u %s\n", f->now_ns, f->story,
			  f->kind, f->len, f->host.b[15], f->pps, f->bps, f->onset_ns,
			  f->machine_count, f->target_count, f->why);
	}
	stage_end(&s);
	return out;
}

static void the_same_input_gives_the_same_findings(void **state)
{
	(void)state;
	struct text one = play();
	struct text two = play();
	assert_true(one.len > 1000);
	assert_string_equal(text_string(&one), text_string(&two));
	text_done(&one);
	text_done(&two);
}

/* What comes in to a host, by its class that is nearest to its envelope, as weir top shows it. */
static struct detector_row row_of(struct stage *s, const char *host)
{
	struct detector_row rows[64];
	const struct ip ip = ip_of(host);

	size_t count = learned()->top(s->state, rows, 64);
	for (size_t i = 0; i < count; i++) {
		if (ip_equal(&rows[i].what.ip, &ip) && rows[i].what.len == 128 &&
		    rows[i].direction == DIRECTION_INBOUND)
			return rows[i];
	}
	fail_msg("%s is not shown", host);
	return rows[0];
}

static void busy(struct stage *s, unsigned seconds)
{
	for (unsigned i = 0; i < seconds * 10; i++) {
		stage_send(s, 20e3, &data_in, RANGE(CROWD, 5000), RANGE(HOST, 1));
		stage_send(s, 20e3, &small_out, RANGE(HOST, 1), RANGE(CROWD, 5000));
		stage_tick(s);
	}
}

static void what_was_learned_outlives_a_restart(void **state)
{
	struct text bytes = text_heap();
	struct stage s;

	(void)state;
	stage_prepare(&s);
	stage_start(&s);
	busy(&s, WARM_S);
	const struct detector_row before = row_of(&s, HOST);
	/* Four times the floor of all traffic is usual for it. */
	assert_true(before.usual_pps > 15e3 && before.times < 1);
	assert_true(before.envelope_pps > 35e3 && before.envelope_pps < 80e3);
	learned()->save(s.state, &bytes);
	learned()->close(s.state);
	assert_int_equal(learned()->open(&s.space.config, 2, &s.state), 0);
	assert_int_equal(learned()->load(s.state, bytes.data, bytes.len, s.tick * TICK_NS), 0);
	busy(&s, 1);
	const struct detector_row after = row_of(&s, HOST);
	assert_true(after.times < 1);
	assert_true(after.envelope_pps > before.envelope_pps * 0.95);
	assert_true(after.envelope_pps < before.envelope_pps * 1.05);
	/* Without it the floor is the envelope. */
	learned()->close(s.state);
	assert_int_equal(learned()->open(&s.space.config, 2, &s.state), 0);
	busy(&s, 1);
	assert_true(row_of(&s, HOST).times > 1);
	assert_true(row_of(&s, HOST).envelope_pps == 5000);
	text_done(&bytes);
	stage_end(&s);
}

static void what_is_damaged_is_refused_and_changes_nothing(void **state)
{
	struct text bytes = text_heap(), fresh = text_heap(), now = text_heap();
	struct stage s;

	(void)state;
	stage_prepare(&s);
	stage_start(&s);
	learned()->save(s.state, &fresh);
	busy(&s, 30);
	learned()->save(s.state, &bytes);
	const uint64_t now_ns = s.tick * TICK_NS;
	learned()->close(s.state);
	assert_int_equal(learned()->open(&s.space.config, 1, &s.state), 0);
	assert_int_equal(learned()->load(s.state, bytes.data, 0, now_ns), -WEIR_EFORMAT);
	assert_int_equal(learned()->load(s.state, bytes.data, 40, now_ns), -WEIR_EFORMAT);
	assert_int_equal(learned()->load(s.state, bytes.data, bytes.len - 1, now_ns),
			 -WEIR_EFORMAT);
	/* Magic, version, size of a profile, size of the filters: each by itself. */
	static const size_t places[] = { 0, 8, 12, 40 };
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		bytes.data[places[i]] ^= 1;
		assert_true(learned()->load(s.state, bytes.data, bytes.len, now_ns) < 0);
		bytes.data[places[i]] ^= 1;
	}
	/* More profiles than there are bytes for. */
	bytes.data[16] ^= 1;
	assert_int_equal(learned()->load(s.state, bytes.data, bytes.len, now_ns), -WEIR_EFORMAT);
	bytes.data[16] ^= 1;
	learned()->save(s.state, &now);
	assert_int_equal(now.len, fresh.len);
	assert_memory_equal(now.data, fresh.data, fresh.len);
	assert_int_equal(learned()->load(s.state, bytes.data, bytes.len, now_ns), 0);
	text_done(&bytes);
	text_done(&fresh);
	text_done(&now);
	stage_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_is_found_and_stays_one_story_over_its_pulses),
		cmocka_unit_test(a_little_at_each_host_of_a_prefix_is_one_carpet),
		cmocka_unit_test(hosts_of_ours_that_turn_on_some_sites_are_one_campaign),
		cmocka_unit_test(a_bulk_transfer_is_told_for_information),
		cmocka_unit_test(what_is_not_acted_on_yet_is_counted),
		cmocka_unit_test(forged_sources_are_told_with_their_port),
		cmocka_unit_test(what_grows_both_ways_is_nothing),
		cmocka_unit_test(without_sensitivity_it_is_silent),
		cmocka_unit_test(the_same_input_gives_the_same_findings),
		cmocka_unit_test(what_was_learned_outlives_a_restart),
		cmocka_unit_test(what_is_damaged_is_refused_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
