/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actuate/bird: the file, what BIRD says to it, and everything that can go wrong between. */
#include "announce.h"
#include "fake_bird.h"

#include <errno.h>

#include "actuate/bird/peers.h"

#define PLANS 4

/* Of those that never answer; all others have time, however busy the machine is. */
#define SHORT_NS 200000000U

/* An open actuator before a fake BIRD, and the last result. */
struct bench {
	struct fake_bird bird;
	struct config *config;
	struct config_actuator settings;
	const struct actuator *actuator;
	void *state;
	struct wanted plans[PLANS];
	struct effect effects[PLANS];
	struct actuator_result result;
	struct text why;
	uint64_t now_ns;
};

static void reopen(struct bench *b)
{
	struct text why = text_heap();
	uint32_t caps = 0;

	if (b->state)
		b->actuator->close(b->state);
	assert_int_equal(b->actuator->open(b->config, &b->settings, &b->state, &caps, &why), 0);
	assert_int_equal(caps,
			 ACTUATOR_CAN_RATE_LIMIT | ACTUATOR_CAN_DROP | ACTUATOR_CAN_BLACKHOLE);
	text_done(&why);
}

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	char yaml[1024];

	assert_non_null(b);
	fake_prepare(&b->bird);
	snprintf(yaml, sizeof(yaml),
		 OWN_NETWORKS
		 "actuators:\n"
		 "  - {name: edge, kind: bird, socket: %s, include: %s, timeout: 30s,\n"
		 "     next_hop: 192.0.2.1}\n",
		 b->bird.socket, b->bird.include);
	b->config = config_of(yaml);
	b->settings = b->config->actuators[0];
	b->actuator = actuator_find("bird");
	b->why = text_heap();
	b->now_ns = 100;
	reopen(b);
	b->plans[0] = wanted_of("p0", LEVEL_BLACKHOLE, "198.51.100.7/32");
	b->plans[1] = wanted_of("p1", LEVEL_DROP, "198.51.100.8/32");
	b->plans[1].plan.rules[0].proto = 17;
	b->plans[2] = wanted_of("p2", LEVEL_RATE_LIMIT, "2001:db8::8/128");
	b->plans[2].plan.rules[0].rate_pps = 1000;
	b->plans[3] = wanted_of("p3", LEVEL_BLACKHOLE, "192.0.2.1/32"); /* not ours */
	return b;
}

static void bench_free(struct bench *b)
{
	b->actuator->close(b->state);
	if (b->bird.listener >= 0)
		fake_stop(&b->bird);
	fake_remove(&b->bird);
	config_free(b->config);
	text_done(&b->why);
	free(b);
}

static int reconcile(struct bench *b, size_t count)
{
	struct wanted_set set = { .plans = b->plans, .count = count, .now_ns = b->now_ns };

	text_clear(&b->why);
	memset(b->effects, 0, sizeof(b->effects));
	b->result = (struct actuator_result){ .effects = b->effects, .why = &b->why };
	return b->actuator->reconcile(b->state, &set, &b->result);
}

static void says(const struct bench *b, const char *words)
{
	if (!strstr(text_string(&b->why), words))
		fail_msg("no \"%s\" in: %s", words, text_string(&b->why));
}

static char *contents(const char *path)
{
	static char data[8192];
	FILE *file = fopen(path, "r");
	size_t len = file ? fread(data, 1, sizeof(data) - 1, file) : 0;

	if (file)
		fclose(file);
	data[len] = '\0';
	return file ? data : NULL;
}

static bool is_beside(const struct bench *b, const char *end)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", b->bird.include, end);
	return access(path, F_OK) == 0;
}

static const char whole_file[] = "protocol static weir_rtbh4 {\n"
				 "\tipv4;\n"
				 "\troute 198.51.100.7/32 blackhole { "
				 "bgp_community.add((65535,666)); bgp_next_hop = 192.0.2.1; };\n"
				 "}\n"
				 "protocol static weir_rtbh6 {\n"
				 "\tipv6;\n"
				 "}\n"
				 "protocol static weir_flow4 {\n"
				 "\tflow4;\n"
				 "\troute flow4 { dst 198.51.100.8/32; proto = 17; } { "
				 "bgp_ext_community.add((generic, 0x80060000, 0x0)); };\n"
				 "}\n"
				 "protocol static weir_flow6 {\n"
				 "\tflow6;\n"
				 "\troute flow6 { dst 2001:db8::8/128; } { "
				 "bgp_ext_community.add((generic, 0x80060000, 0x49b71b00)); "
				 "bgp_ext_community.add((generic, 0x800c0000, 0x447a0000)); };\n"
				 "}\n";

static void what_is_wanted_is_held_and_twice_is_once(void **unused)
{
	struct bench *b = bench_new();

	(void)unused;
	fake_start(&b->bird);
	assert_int_equal(reconcile(b, 3), 0);
	assert_string_equal(text_string(&b->why), "");
	assert_string_equal(strstr(contents(b->bird.include), "protocol"), whole_file);
	assert_int_equal(b->result.added, 3);
	assert_true(b->effects[0].applied && b->effects[1].applied && b->effects[2].applied);
	assert_string_equal(b->effects[2].plan, "p2");
	assert_int_equal(b->effects[2].rules_held, 1);
	assert_false(is_beside(b, ".before") || is_beside(b, ".new"));
	assert_int_equal(reconcile(b, 3), 0);
	assert_int_equal(b->result.kept, 3);
	assert_int_equal(b->result.added + b->result.removed, 0);
	assert_int_equal(b->bird.configured, 1);
	bench_free(b);
}

static void changes_are_counted_and_all_can_be_taken_back(void **unused)
{
	struct bench *b = bench_new();

	(void)unused;
	fake_start(&b->bird);
	assert_int_equal(reconcile(b, 2), 0);
	b->plans[0] = b->plans[2];
	assert_int_equal(reconcile(b, 2), 0);
	assert_int_equal(b->result.added, 1);
	assert_int_equal(b->result.removed, 1);
	assert_int_equal(b->result.kept, 1);
	assert_int_equal(reconcile(b, 0), 0);
	assert_int_equal(b->result.removed, 2);
	assert_null(strstr(contents(b->bird.include), "route"));
	bench_free(b);
}

static void after_a_restart_of_either_it_goes_on(void **unused)
{
	struct bench *b = bench_new();

	(void)unused;
	fake_start(&b->bird);
	assert_int_equal(reconcile(b, 3), 0);
	reopen(b);
	assert_int_equal(reconcile(b, 3), 0);
	assert_int_equal(b->bird.configured, 1);
	fake_stop(&b->bird);
	assert_int_equal(reconcile(b, 3), -ENOTCONN);
	assert_false(b->effects[0].applied);
	fake_start(&b->bird);
	assert_int_equal(reconcile(b, 3), 0);
	assert_int_equal(b->bird.configured, 1); /* it had read the file by itself */
	/* One that somebody gave another file, or none. */
	snprintf(b->bird.set, sizeof(b->bird.set), "0123");
	assert_int_equal(reconcile(b, 3), 0);
	assert_int_equal(b->bird.configured, 2);
	bench_free(b);
}

static void what_expired_is_not_put_in_force(void **unused)
{
	struct bench *b = bench_new();

	(void)unused;
	fake_start(&b->bird);
	b->plans[0].plan.expires_ns = 200;
	assert_int_equal(reconcile(b, 2), 0);
	assert_true(b->effects[0].applied);
	b->now_ns = 200;
	assert_int_equal(reconcile(b, 2), 0);
	assert_false(b->effects[0].applied);
	assert_int_equal(b->result.removed, 1);
	bench_free(b);
}

static void a_plan_that_cannot_be_announced_does_not_stop_the_others(void **unused)
{
	struct bench *b = bench_new();

	(void)unused;
	fake_start(&b->bird);
	assert_int_equal(reconcile(b, 4), 0);
	assert_true(b->effects[2].applied);
	assert_false(b->effects[3].applied);
	says(b, "plan p3 cannot be announced");
	says(b, "is not in `networks`");
	assert_null(strstr(contents(b->bird.include), "192.0.2.1/32"));
	bench_free(b);
}

/* What may be announced is said before it is, by the networks of then. */
static void a_reload_counts_for_what_is_asked_and_what_is_held(void **unused)
{
	struct bench *b = bench_new();
	struct config *later = config_of("networks: [{prefix: 192.0.2.0/24}]\n");

	(void)unused;
	fake_start(&b->bird);
	assert_int_equal(reconcile(b, 4), 0);
	assert_false(b->effects[3].applied);
	assert_int_equal(b->actuator->check(b->state, &b->plans[3], &b->why), -EOPNOTSUPP);
	b->actuator->reload(b->state, later);
	text_clear(&b->why);
	assert_int_equal(b->actuator->check(b->state, &b->plans[3], &b->why), 0);
	assert_int_equal(b->actuator->check(b->state, &b->plans[0], &b->why), -EOPNOTSUPP);
	assert_int_equal(reconcile(b, 4), 0);
	assert_int_equal(b->result.removed, 3);
	assert_false(b->effects[0].applied);
	assert_true(b->effects[3].applied);
	bench_free(b);
	config_free(later);
}

static void a_refusal_brings_back_the_file_of_before(void **unused)
{
	struct bench *b = bench_new();
	char before[8192];

	(void)unused;
	fake_start(&b->bird);
	b->bird.mood = MOOD_REFUSES;
	assert_int_equal(reconcile(b, 1), -EOPNOTSUPP);
	says(b, "BIRD refuses its configuration");
	says(b, "weir.conf:7:3 syntax error");
	assert_null(contents(b->bird.include));
	b->bird.mood = MOOD_GOOD;
	assert_int_equal(reconcile(b, 1), 0);
	snprintf(before, sizeof(before), "%s", contents(b->bird.include));
	b->bird.mood = MOOD_REFUSES;
	assert_int_equal(reconcile(b, 3), -EOPNOTSUPP);
	assert_string_equal(contents(b->bird.include), before);
	assert_false(is_beside(b, ".before") || is_beside(b, ".new"));
	/* The file as it is wanted, but not loaded: it stays. */
	b->bird.set[0] = '\0';
	assert_int_equal(reconcile(b, 1), -EOPNOTSUPP);
	assert_string_equal(contents(b->bird.include), before);
	bench_free(b);
}

/* A crash after the rename, before BIRD was asked: the one before stands beside it. */
static void a_crash_does_not_hide_the_last_good_file(void **unused)
{
	struct bench *b = bench_new();
	char before[8192];
	char path[128];

	(void)unused;
	fake_start(&b->bird);
	assert_int_equal(reconcile(b, 1), 0);
	snprintf(before, sizeof(before), "%s", contents(b->bird.include));
	b->bird.mood = MOOD_MUTE;
	b->settings.timeout_ns = SHORT_NS;
	assert_int_equal(reconcile(b, 3), -ETIMEDOUT);
	assert_string_equal(contents(b->bird.include), before);
	/* As it would be found. */
	snprintf(path, sizeof(path), "%s.before", b->bird.include);
	assert_int_equal(rename(b->bird.include, path), 0);
	FILE *file = fopen(b->bird.include, "w");
	fputs("half a fi", file);
	fclose(file);
	b->bird.mood = MOOD_REFUSES;
	b->settings.timeout_ns = b->config->actuators[0].timeout_ns;
	reopen(b);
	assert_int_equal(reconcile(b, 3), -EOPNOTSUPP);
	assert_string_equal(contents(b->bird.include), before);
	b->bird.mood = MOOD_GOOD;
	assert_int_equal(reconcile(b, 3), 0);
	assert_false(is_beside(b, ".before"));
	bench_free(b);
}

static void nobody_there_is_told_and_nothing_is_written(void **unused)
{
	struct bench *b = bench_new();

	(void)unused;
	assert_int_equal(reconcile(b, 1), -ENOTCONN);
	says(b, "nobody there; start it");
	assert_null(contents(b->bird.include));
	assert_string_equal(b->effects[0].plan, "p0");
	assert_false(b->effects[0].applied);
	/* But what is taken back must not come again when it starts. */
	fake_start(&b->bird);
	assert_int_equal(reconcile(b, 1), 0);
	fake_stop(&b->bird);
	assert_int_equal(reconcile(b, 2), -ENOTCONN);
	assert_non_null(strstr(contents(b->bird.include), "198.51.100.7"));
	assert_int_equal(reconcile(b, 0), -ENOTCONN);
	assert_null(strstr(contents(b->bird.include), "198.51.100.7"));
	bench_free(b);
}

static void each_mood_has_its_error(void **unused)
{
	static const struct {
		enum mood mood;
		int err;
		const char *words;
	} cases[] = {
		{ MOOD_SILENT, -ETIMEDOUT, "does not answer" },
		{ MOOD_MUTE, -ETIMEDOUT, "Raise `timeout`" },
		{ MOOD_NONSENSE, -WEIR_EFORMAT, "is not BIRD 2" },
		{ MOOD_ENDLESS, -WEIR_EFORMAT, "is not BIRD 2" },
		{ MOOD_HALF, -ENOTCONN, "nobody there" },
		{ MOOD_DENIES, -EACCES, "group `bird`" },
		{ MOOD_NOT_INCLUDED, -EOPNOTSUPP, "a line that includes it" },
		{ MOOD_ONE_DOWN, -EOPNOTSUPP, "birdc enable weir_flow4" },
		{ MOOD_LOSES, -EOPNOTSUPP, "weir_rtbh4 holds 0 routes, not 1" },
		{ MOOD_STOPS, -ENOTCONN, "shutting down" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench *b = bench_new();
		fake_start(&b->bird);
		b->bird.mood = cases[i].mood;
		if (cases[i].err == -ETIMEDOUT)
			b->settings.timeout_ns = SHORT_NS;
		assert_int_equal(reconcile(b, 3), cases[i].err);
		says(b, cases[i].words);
		assert_false(b->effects[0].applied || b->effects[1].applied);
		bench_free(b);
	}
}

static void a_slow_reconfiguration_is_waited_for(void **unused)
{
	struct bench *b = bench_new();

	(void)unused;
	fake_start(&b->bird);
	b->bird.mood = MOOD_SLOWLY;
	assert_int_equal(reconcile(b, 3), 0);
	assert_true(b->effects[2].applied);
	bench_free(b);
}

static void a_folder_that_cannot_be_written_is_told(void **unused)
{
	struct bench *b = bench_new();
	char path[128];

	(void)unused;
	fake_start(&b->bird);
	/* Root may write anywhere, but not onto a folder. */
	snprintf(path, sizeof(path), "%s.new", b->bird.include);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(reconcile(b, 3) < 0);
	says(b, "weir.conf: ");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(reconcile(b, 3), 0);
	bench_free(b);
}

static struct actuator_peers peers_of(struct bgp_peers *peers, const char *lines)
{
	struct text answer = text_heap();

	text_addf(&answer,
		  "2002-Name       Proto      Table      State  Since         Info\n"
		  "1002-device1    Device     ---        up     18:12:01.101  \n"
		  " weir_flow4 Static     flowtab4   up     18:12:01.101  \n%s0000 \n",
		  lines);
	struct actuator_peers ret = bird_parse_peers(peers, text_string(&answer));
	text_done(&answer);
	return ret;
}

static void sessions_are_counted_and_each_fall_of_one(void **unused)
{
	static const char first[] =
		" to0        BGP        ---        up     18:12:05.300  Established   \n";
	static const char again[] =
		" to0        BGP        ---        up     18:13:44.001  Established   \n";
	static const char waits[] =
		" to0        BGP        ---        start  18:13:40.100  Active        Socket: "
		"Connection refused\n";
	static const char both[] =
		" to0        BGP        ---        up     2026-11-28 18:12:05  Established   \n"
		" to1        BGP        ---        up     2026-11-28 18:14:00  Established   \n"
		" to2        BGP        ---        down   2026-11-28 18:14:00  \n";
	struct bgp_peers peers = { 0 };

	(void)unused;
	struct actuator_peers got = peers_of(&peers, first);
	assert_true(got.known && got.up == 1 && got.all == 1 && got.falls == 0);
	assert_int_equal(peers_of(&peers, first).falls, 0);
	assert_int_equal(peers_of(&peers, again).falls, 1);
	got = peers_of(&peers, waits);
	assert_true(got.up == 0 && got.all == 1 && got.falls == 2);
	/* What was down and comes up is no fall, nor is a new one. */
	got = peers_of(&peers, both);
	assert_true(got.up == 2 && got.all == 3 && got.falls == 2);
	got = peers_of(&peers, "");
	assert_true(got.known && got.up == 0 && got.all == 0 && got.falls == 4);
}

static void without_flowspec_only_blackholes_can_be_held(void **unused)
{
	struct bench *b = bench_new();
	struct text why = text_heap();
	uint32_t caps;

	(void)unused;
	b->settings.flowspec = false;
	b->actuator->close(b->state);
	assert_int_equal(b->actuator->open(b->config, &b->settings, &b->state, &caps, &why), 0);
	assert_int_equal(caps, ACTUATOR_CAN_BLACKHOLE);
	fake_start(&b->bird);
	assert_int_equal(reconcile(b, 2), 0);
	assert_true(b->effects[0].applied && !b->effects[1].applied);
	assert_null(strstr(contents(b->bird.include), "flow4"));
	text_done(&why);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wanted_is_held_and_twice_is_once),
		cmocka_unit_test(changes_are_counted_and_all_can_be_taken_back),
		cmocka_unit_test(after_a_restart_of_either_it_goes_on),
		cmocka_unit_test(what_expired_is_not_put_in_force),
		cmocka_unit_test(a_plan_that_cannot_be_announced_does_not_stop_the_others),
		cmocka_unit_test(a_reload_counts_for_what_is_asked_and_what_is_held),
		cmocka_unit_test(a_refusal_brings_back_the_file_of_before),
		cmocka_unit_test(a_crash_does_not_hide_the_last_good_file),
		cmocka_unit_test(nobody_there_is_told_and_nothing_is_written),
		cmocka_unit_test(each_mood_has_its_error),
		cmocka_unit_test(a_slow_reconfiguration_is_waited_for),
		cmocka_unit_test(a_folder_that_cannot_be_written_is_told),
		cmocka_unit_test(sessions_are_counted_and_each_fall_of_one),
		cmocka_unit_test(without_flowspec_only_blackholes_can_be_held),
	};

	return cmocka_run_group_tests_name("actuate/bird", tests, NULL, NULL);
}
