/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lab/score_flaps: plans that go and come back, and plans that only change. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "lab/score.h"

static const char flood[] =
	"{\"scenario\":\"I2\",\"kind\":\"attack\",\"mode\":\"sflow\",\"seed\":3,\"family\":"
	"\"ipv4\","
	"\"sampling\":1000,\"fault\":\"none\",\"begin\":\"2026-01-01T00:00:00Z\","
	"\"onset\":\"2026-01-01T00:10:00Z\",\"end\":\"2026-01-01T00:12:00Z\","
	"\"finish\":\"2026-01-01T00:14:30Z\",\"export_delay_ms\":100,\"counts\":{\"samples\":5},"
	"\"attacks\":[{\"direction\":\"inbound\",\"label\":\"flood\","
	"\"targets\":[\"198.18.1.7/32\"],\"vectors\":[]}]}";

#define VICTIM "198.18.1.7/32"
#define OTHER  "198.18.1.8/32"
#define NTP    "{\"proto\":17,\"sport\":123}"
#define SYN    "{\"proto\":6,\"dport\":443}"

struct run {
	struct score_truth truth;
	struct score *score;
	struct score_result result;
};

static void send(struct run *run, double after_s, const char *what, const char *target,
		 const char *incident, const char *plan)
{
	char json[1024];
	char time[TIME_TEXT_MAX];

	time_format(run->truth.onset_ns + (uint64_t)(int64_t)(after_s * 1e9), time);
	snprintf(json, sizeof(json),
		 "{\"event\":\"%s\",\"time\":\"%s\",\"incident\":{\"id\":\"%s\","
		 "\"severity\":\"critical\",\"direction\":\"inbound\",\"targets\":[\"%s\"]}%s}",
		 what, time, incident, target, plan);
	score_event(run->score, json);
}

/* @id: the incident's letter and the plan's number */
static void plan(struct run *run, double after_s, const char *what, const char *id,
		 const char *level, const char *rules)
{
	const char incident[] = { id[0], '\0' };
	char json[512];

	snprintf(json, sizeof(json),
		 ",\"plan\":{\"id\":\"%s\",\"incident\":\"%s\",\"level\":\"%s\",\"rules\":[%s]}",
		 id, incident, level, rules);
	send(run, after_s, what, id[0] == 'z' ? OTHER : VICTIM, incident, json);
}

static void put_in_force(struct run *run, double after_s, const char *id, const char *rules)
{
	plan(run, after_s, "plan.proposed", id, "drop", rules);
	/* An actuator takes its time. */
	plan(run, after_s + 0.2, "plan.applied", id, "drop", rules);
}

static void let_go(struct run *run, double after_s, const char *id, const char *rules)
{
	plan(run, after_s, "plan.withdrawn", id, "drop", rules);
}

static void begin(struct run *run)
{
	struct text error = text_heap();

	memset(run, 0, sizeof(*run));
	assert_int_equal(score_truth_parse(flood, &error, &run->truth), 0);
	run->score = score_new(&run->truth);
	assert_non_null(run->score);
	text_done(&error);
	send(run, 0.5, "incident.opened", VICTIM, "a", "");
}

static const struct score_result *judge(struct run *run)
{
	const struct score_population nobody = { 0 };

	score_judge(run->score, &run->truth, &nobody, &run->result);
	score_free(run->score);
	score_truth_done(&run->truth);
	return &run->result;
}

static void one_that_stays_until_the_end_is_none(void **state)
{
	struct run run;

	(void)state;
	begin(&run);
	put_in_force(&run, 1, "a1", NTP);
	let_go(&run, 190, "a1", NTP);
	const struct score_result *r = judge(&run);
	assert_int_equal(r->flaps, 0);
	assert_int_equal(r->acting, 1);
	assert_true(r->withdrawn && fabs(r->withdraw_s - 70) < 1e-6);
}

static void better_rules_take_over(void **state)
{
	struct run run;

	(void)state;
	begin(&run);
	put_in_force(&run, 1, "a1", NTP);
	let_go(&run, 3, "a1", NTP);
	put_in_force(&run, 3, "a2", NTP "," SYN);
	const struct score_result *r = judge(&run);
	assert_int_equal(r->flaps, 0);
	assert_int_equal(r->acting, 2);
	assert_false(r->withdrawn);
}

static void a_gap_is_one(void **state)
{
	struct run run;

	(void)state;
	begin(&run);
	put_in_force(&run, 1, "a1", NTP);
	let_go(&run, 3, "a1", NTP);
	put_in_force(&run, 4, "a2", SYN);
	assert_int_equal(judge(&run)->flaps, 1);
	/* The same plan, by its own name. */
	begin(&run);
	put_in_force(&run, 1, "a1", NTP);
	for (unsigned i = 1; i < 4; i++) {
		let_go(&run, 10 * i, "a1", NTP);
		put_in_force(&run, 10 * i + 5, "a1", NTP);
	}
	assert_int_equal(judge(&run)->flaps, 3);
}

/* Let go, then watched only, then replaced by better rules: the gap is as long as it was watched. */
static void a_plan_that_only_watches_fills_no_gap(void **state)
{
	struct run run;

	(void)state;
	begin(&run);
	put_in_force(&run, 1, "a1", NTP);
	let_go(&run, 10, "a1", NTP);
	let_go(&run, 60, "a1", NTP);
	put_in_force(&run, 60, "a2", SYN);
	assert_int_equal(judge(&run)->flaps, 1);
}

/* An incident that was over and comes again, of the same target or of another. */
static void another_incident_counts_by_its_target(void **state)
{
	struct run run;

	(void)state;
	begin(&run);
	put_in_force(&run, 1, "a1", NTP);
	let_go(&run, 60, "a1", NTP);
	put_in_force(&run, 70, "z1", NTP);
	assert_int_equal(judge(&run)->flaps, 0);
	begin(&run);
	put_in_force(&run, 1, "a1", NTP);
	let_go(&run, 60, "a1", NTP);
	put_in_force(&run, 70, "b1", NTP);
	assert_int_equal(judge(&run)->flaps, 1);
}

/* The target is never without rules, but one of them goes and comes. */
static void a_rule_may_flap_alone(void **state)
{
	struct run run;

	(void)state;
	begin(&run);
	put_in_force(&run, 1, "a1", NTP "," SYN);
	let_go(&run, 3, "a1", "");
	put_in_force(&run, 3, "a2", SYN);
	let_go(&run, 5, "a2", SYN);
	put_in_force(&run, 5, "a3", "{\"proto\":17,\"sport\":123,\"rate_pps\":9}");
	assert_int_equal(judge(&run)->flaps, 1);
}

static void what_only_watches_is_no_plan_in_force(void **state)
{
	struct run run;

	(void)state;
	begin(&run);
	for (unsigned i = 0; i < 3; i++) {
		plan(&run, 10 * i, "plan.applied", "a1", "observe", NTP);
		plan(&run, 10 * i + 5, "plan.withdrawn", "a1", "observe", NTP);
	}
	const struct score_result *r = judge(&run);
	assert_int_equal(r->flaps, 0);
	assert_int_equal(r->acting, 0);
	assert_false(r->withdrawn);
}

/* The rails may not let better rules in: live there is nothing then, a replay does not act at all. */
static void what_it_would_do_counts_in_a_replay_only(void **state)
{
	static const char would[] = "observe\",\"would\":\"drop";

	(void)state;
	for (unsigned live = 0; live < 2; live++) {
		struct run run;
		begin(&run);
		if (live)
			memcpy(run.truth.mode, "live", sizeof("live"));
		put_in_force(&run, 1, "a1", NTP);
		let_go(&run, 3, "a1", NTP);
		plan(&run, 3, "plan.proposed", "a2", would, SYN);
		plan(&run, 3, "plan.applied", "a2", would, SYN);
		put_in_force(&run, 4, "a2", SYN);
		const struct score_result *r = judge(&run);
		assert_int_equal(r->flaps, live);
		assert_int_equal(r->acting, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_stays_until_the_end_is_none),
		cmocka_unit_test(better_rules_take_over),
		cmocka_unit_test(a_gap_is_one),
		cmocka_unit_test(a_plan_that_only_watches_fills_no_gap),
		cmocka_unit_test(another_incident_counts_by_its_target),
		cmocka_unit_test(a_rule_may_flap_alone),
		cmocka_unit_test(what_only_watches_is_no_plan_in_force),
		cmocka_unit_test(what_it_would_do_counts_in_a_replay_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
