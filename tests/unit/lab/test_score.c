/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lab/score: made-up events against a made-up truth, one thing wrong at a time. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "lab/score.h"

#define HEAD                                                                                  \
	"\"mode\":\"sflow\",\"seed\":3,\"family\":\"ipv4\",\"sampling\":1000,"                \
	"\"fault\":\"none\",\"begin\":\"2026-01-01T00:00:00Z\",\"onset\":\"2026-01-01T00:10:" \
	"00Z\","                                                                              \
	"\"end\":\"2026-01-01T00:12:00Z\",\"finish\":\"2026-01-01T00:14:30Z\","               \
	"\"export_delay_ms\":100,\"counts\":{\"samples\":5},"

static const char flood[] =
	"{\"scenario\":\"I2\",\"kind\":\"attack\"," HEAD
	"\"attacks\":[{\"direction\":\"inbound\",\"label\":\"flood\","
	"\"targets\":[\"198.18.1.7/32\"],\"vectors\":[\"ntp-amplification\"],"
	"\"never_block\":[\"192.0.2.9\"],"
	"\"limits\":[{\"class\":\"udp\",\"before_pps\":500,\"envelope_pps\":5000,"
	"\"attack_pps\":20000},{\"class\":\"udp-amp\",\"before_pps\":0,\"envelope_pps\":10,"
	"\"attack_pps\":20000}]}]}";

static const char carpet[] = "{\"scenario\":\"I7\",\"kind\":\"attack\"," HEAD
			     "\"attacks\":[{\"direction\":\"inbound\",\"label\":\"carpet\","
			     "\"targets\":[\"198.18.0.0/20\"],\"vectors\":[]}]}";

static const char campaign[] =
	"{\"scenario\":\"O1\",\"kind\":\"attack\"," HEAD
	"\"attacks\":[{\"direction\":\"outbound\",\"label\":\"campaign\","
	"\"targets\":[\"192.0.2.1\",\"192.0.2.2\"],\"vectors\":[\"syn-flood\"],"
	"\"machines\":[\"198.18.0.1\",\"198.18.0.2\",\"198.18.0.3\",\"198.18.0.4\"],"
	"\"machines_sampled_60s\":[\"198.18.0.1\",\"198.18.0.2\"]}]}";

static const char scan[] = "{\"scenario\":\"B7\",\"kind\":\"benign\"," HEAD
			   "\"attacks\":[{\"direction\":\"outbound\",\"label\":\"scan\","
			   "\"targets\":[],\"vectors\":[]}]}";

static const char population[] =
	"origin,time_ns,src,dst,sport,dport,proto,tcp_flags,ttl,length,fragment\n"
	"attack,1,203.0.113.1,198.18.1.7,123,40000,17,0,60,468,0\n"
	"attack,2,203.0.113.2,198.18.1.7,123,40001,17,0,60,468,0\n"
	"attack,3,203.0.113.3,198.18.1.7,123,40002,17,0,60,468,0\n"
	"attack,4,203.0.113.4,198.18.1.7,53,40003,17,0,60,1480,1\n"
	"benign,5,203.0.113.5,198.18.1.7,123,123,17,0,60,76,0\n"
	"benign,6,203.0.113.6,198.18.1.7,5000,443,6,16,60,40,0\n"
	"broken line\n"
	"warmup,7,203.0.113.7,198.18.1.7,123,123,17,0,60,76,0\n";

struct run {
	struct score_truth truth;
	struct score *score;
	struct score_population population;
	struct score_result result;
};

static void begin(struct run *run, const char *truth)
{
	char csv[sizeof(population)];
	struct text error = text_heap();

	memset(run, 0, sizeof(*run));
	assert_int_equal(score_truth_parse(truth, &error, &run->truth), 0);
	run->score = score_new(&run->truth);
	assert_non_null(run->score);
	memcpy(csv, population, sizeof(csv));
	assert_int_equal(score_population_read(csv, &run->population), 0);
	text_done(&error);
}

/* An event @after_s from the onset; @members are those of the incident but its id. */
static void tell(struct run *run, const char *what, double after_s, const char *id,
		 const char *members)
{
	char json[2048];
	char time[TIME_TEXT_MAX];

	time_format(run->truth.onset_ns + (uint64_t)(int64_t)(after_s * 1e9), time);
	snprintf(json, sizeof(json),
		 "{\"event\":\"%s\",\"time\":\"%s\",\"incident\":{\"id\":\"%s\",%s}}", what, time,
		 id, members);
	score_event(run->score, json);
}

static void tell_plan(struct run *run, const char *what, double after_s, const char *rules)
{
	char json[2048];
	char time[TIME_TEXT_MAX];

	time_format(run->truth.onset_ns + (uint64_t)(int64_t)(after_s * 1e9), time);
	snprintf(json, sizeof(json),
		 "{\"event\":\"%s\",\"time\":\"%s\",\"plan\":{\"id\":\"p\",\"incident\":\"a\","
		 "\"rules\":[%s]}}",
		 what, time, rules);
	score_event(run->score, json);
}

static const struct score_result *judge(struct run *run)
{
	score_judge(run->score, &run->truth, &run->population, &run->result);
	score_free(run->score);
	score_truth_done(&run->truth);
	score_population_done(&run->population);
	return &run->result;
}

#define VICTIM(severity, vectors)                                  \
	"\"severity\":\"" severity "\",\"direction\":\"inbound\"," \
	"\"host\":\"198.18.1.7\",\"targets\":[\"198.18.1.7/32\"],\"vectors\":[" vectors "]"
#define NTP "\"ntp-amplification\""

/* All as it shall be: full marks but for the fragment that no rule matches. */
static void a_good_run_gets_full_marks(void **state)
{
	struct run run;

	(void)state;
	begin(&run, flood);
	tell(&run, "incident.opened", 0.3, "a", VICTIM("info", ""));
	tell(&run, "incident.updated", 0.4, "a", VICTIM("critical", NTP));
	tell_plan(&run, "plan.applied", 0.5,
		  "{\"dst\":\"198.18.1.7/32\",\"proto\":17,\"sport\":123,"
		  "\"length\":[400,500]}");
	tell(&run, "incident.closed", 190, "a", VICTIM("critical", NTP));
	const struct score_result *r = judge(&run);
	assert_true(r->weir.detected && r->weir.in_time);
	assert_true(fabs(r->weir.delay_s - 0.4) < 1e-6);
	assert_string_equal(r->bound.class, "udp-amp");
	assert_true(r->bound.limit_s > 0.2 && r->bound.limit_s < 0.5);
	assert_true(r->label_right && r->vectors_right && r->exit_clean);
	assert_true(fabs(r->exit_s - 70) < 1e-6);
	assert_int_equal(r->incidents, 1);
	assert_int_equal(r->weir.false_alarms, 0);
	assert_true(fabs(r->recall - 0.75) < 1e-9 && r->collateral == 0);
	assert_true(!r->benign_acted && !r->never_touched);
	assert_true(fabs(r->utility - (0.35 + 0.35 * 0.75 + 0.3)) < 1e-6);
}

static void info_detects_nothing(void **state)
{
	struct run run;

	(void)state;
	begin(&run, flood);
	tell(&run, "incident.opened", 0.3, "a", VICTIM("info", NTP));
	const struct score_result *r = judge(&run);
	assert_false(r->weir.detected);
	assert_int_equal(r->infos, 1);
	assert_true(r->utility == 0);
}

/* Another host, the other direction, or before the attack: false, and no detection. */
static void what_is_not_the_attack_is_false(void **state)
{
	struct run run;

	(void)state;
	begin(&run, flood);
	tell(&run, "incident.opened", 1, "b",
	     "\"severity\":\"warning\",\"direction\":\"inbound\",\"host\":\"198.18.1.8\","
	     "\"targets\":[\"198.18.1.8/32\"]");
	tell(&run, "incident.opened", 1, "c",
	     "\"severity\":\"warning\",\"direction\":\"outbound\",\"host\":\"198.18.1.7\","
	     "\"targets\":[\"192.0.2.1/32\"]");
	tell(&run, "incident.opened", -5, "a", VICTIM("warning", NTP));
	tell(&run, "incident.updated", 5, "a", VICTIM("critical", NTP));
	tell_plan(&run, "plan.applied", 5, "{\"dst\":\"198.18.1.7/32\"}");
	const struct score_result *r = judge(&run);
	assert_false(r->weir.detected);
	assert_int_equal(r->weir.false_alarms, 3);
	assert_true(r->benign_acted);
	assert_int_equal(r->rules, 0);
}

static void late_is_detected_but_not_in_time(void **state)
{
	struct run run;

	(void)state;
	begin(&run, flood);
	tell(&run, "incident.opened", 30, "a", VICTIM("critical", NTP));
	tell(&run, "incident.closed", 110, "a", VICTIM("critical", NTP));
	const struct score_result *r = judge(&run);
	assert_true(r->weir.detected && !r->weir.in_time);
	assert_true(r->exited && !r->exit_clean); /* ended while the attack went on */
	assert_true(fabs(r->utility - 0.15) < 1e-6);
}

static void wrong_names_are_wrong(void **state)
{
	struct run run;

	(void)state;
	begin(&run, flood);
	tell(&run, "incident.opened", 1, "a", VICTIM("critical", "\"syn-flood\""));
	assert_false(judge(&run)->label_right);
	begin(&run, flood);
	tell(&run, "incident.opened", 1, "a", VICTIM("critical", NTP) ",\"kind\":\"carpet\"");
	const struct score_result *r = judge(&run);
	assert_true(r->vectors_right && !r->label_right);
	begin(&run, flood);
	tell(&run, "incident.opened", 1, "a", VICTIM("critical", NTP) ",\"kind\":\"flood\"");
	assert_true(judge(&run)->label_right);
}

#define PREFIX(prefix)                                                               \
	"\"severity\":\"critical\",\"direction\":\"inbound\",\"targets\":[\"" prefix \
	"\"],\"vectors\":[]"

static void a_carpet_wants_the_right_prefix(void **state)
{
	struct run run;

	(void)state;
	begin(&run, carpet);
	tell(&run, "incident.opened", 1, "a", PREFIX("198.18.0.0/20"));
	assert_true(judge(&run)->label_right);
	begin(&run, carpet);
	tell(&run, "incident.opened", 1, "a", PREFIX("198.18.0.0/21"));
	tell(&run, "incident.opened", 1, "b", PREFIX("198.18.4.0/22"));
	const struct score_result *r = judge(&run);
	assert_true(fabs(r->targets - 0.5) < 1e-9);
	assert_int_equal(r->incidents, 2);
	assert_false(r->label_right);
}

static void a_campaign_names_sites_and_machines(void **state)
{
	struct run run;

	(void)state;
	begin(&run, campaign);
	tell(&run, "incident.opened", 20, "a",
	     "\"severity\":\"warning\",\"direction\":\"outbound\",\"host\":\"198.18.0.1\","
	     "\"targets\":[\"192.0.2.1/32\"],\"vectors\":[\"syn-flood\"],"
	     "\"stages\":{\"suspect\":\"2026-01-01T00:10:15Z\"},"
	     "\"machines\":[{\"ip\":\"198.18.0.1\"},{\"ip\":\"198.18.0.9\"}]");
	tell(&run, "incident.updated", 61, "a",
	     "\"severity\":\"warning\",\"direction\":\"outbound\","
	     "\"targets\":[\"192.0.2.1/32\"],"
	     "\"machines\":[{\"ip\":\"198.18.0.1\"},{\"ip\":\"198.18.0.2\"}]");
	const struct score_result *r = judge(&run);
	assert_true(r->weir.detected && r->has_machines);
	assert_true(r->machine_recall == 0.5 && r->machine_precision == 0.5);
	assert_int_equal(r->targets_named, 1);
	assert_int_equal(r->targets_true, 2);
	assert_false(r->label_right);
	assert_int_equal(r->stage_count, 1);
	assert_true(r->stages[0].after_s == 15);
}

static void benign_runs_lose_by_warnings_and_actions(void **state)
{
	struct run run;

	(void)state;
	begin(&run, scan);
	tell(&run, "incident.opened", 1, "a",
	     "\"severity\":\"info\",\"direction\":\"outbound\",\"kind\":\"scan\"");
	const struct score_result *r = judge(&run);
	assert_true(r->label_right && r->utility == 1);
	begin(&run, scan);
	tell(&run, "incident.opened", 1, "a",
	     "\"severity\":\"warning\",\"direction\":\"outbound\",\"kind\":\"scan\"");
	r = judge(&run);
	assert_true(!r->label_right && r->utility == 0.5 && !r->benign_acted);
	begin(&run, scan);
	tell(&run, "incident.opened", 1, "a",
	     "\"severity\":\"warning\",\"direction\":\"outbound\"");
	tell_plan(&run, "plan.applied", 1, "{}");
	r = judge(&run);
	assert_true(r->benign_acted && r->utility == -0.5);
}

static void plans_are_judged_as_of_ten_seconds(void **state)
{
	struct run run;

	(void)state;
	begin(&run, flood);
	tell(&run, "incident.opened", 1, "a", VICTIM("critical", NTP));
	tell_plan(&run, "plan.proposed", 1, "{\"src\":\"192.0.2.0/24\"}");
	tell_plan(&run, "plan.proposed", 9, "{\"sport\":\"53\",\"colour\":3},{\"proto\":6}");
	tell_plan(&run, "plan.proposed", 11, "{\"dst\":\"198.18.1.7/32\"}");
	const struct score_result *r = judge(&run);
	assert_int_equal(r->rules, 2);
	assert_int_equal(r->rule_members_unknown, 1);
	assert_true(r->recall == 0.25 && r->collateral == 0.5 && !r->never_touched);
	begin(&run, flood);
	tell(&run, "incident.opened", 20, "a", VICTIM("critical", NTP));
	tell_plan(&run, "plan.proposed", 20, "{\"src\":\"192.0.2.0/24\"}");
	tell_plan(&run, "plan.proposed", 21, "{}");
	r = judge(&run);
	assert_true(r->rules == 1 && r->recall == 0 && r->never_touched);
}

static bool hits(const char *rule, const char *packet_members)
{
	json_t *json = json_loads(rule, 0, NULL);
	struct lab_packet packet = { .proto = 6, .sport = 80, .dport = 1000, .length = 60 };
	struct score_rule compiled;

	packet.tcp_flags = strcmp(packet_members, "syn+ece") == 0 ? 0x42 : 0x10;
	packet.fragment = strcmp(packet_members, "fragment") == 0 ? 2 : 0;
	assert_non_null(json);
	assert_int_equal(score_rule_read(json, NULL, &compiled), 0);
	bool hit = score_rule_matches(&compiled, &packet);
	score_rule_done(&compiled);
	json_decref(json);
	return hit;
}

static void numbers_have_many_forms(void **state)
{
	(void)state;
	assert_true(hits("{\"sport\":80}", "") && !hits("{\"sport\":81}", ""));
	assert_true(hits("{\"length\":\"40-60\"}", "") && !hits("{\"length\":\"61-70\"}", ""));
	assert_true(hits("{\"length\":{\"min\":60}}", "") &&
		    !hits("{\"length\":{\"max\":59}}", ""));
	const char *syn = "{\"tcp_flags\":{\"value\":2,\"mask\":18}}";
	assert_true(hits(syn, "syn+ece") && !hits(syn, ""));
	assert_true(hits("{\"fragment\":true}", "fragment") && !hits("{\"fragment\":true}", ""));
	assert_true(!hits("{\"fragment\":false}", "fragment") && hits("{\"fragment\":false}", ""));
}

static void references_are_scored_alike(void **state)
{
	struct run run;
	struct reference_alarm alarm = { .kind = REFERENCE_STATIC, .direction = DIRECTION_INBOUND };

	(void)state;
	begin(&run, flood);
	assert_int_equal(ip_parse("198.18.1.7", &alarm.host), 0);
	alarm.time_ns = run.truth.onset_ns - NS_PER_S;
	score_alarm(run.score, &alarm);
	alarm.time_ns = run.truth.onset_ns + 4 * NS_PER_S;
	score_alarm(run.score, &alarm);
	alarm.direction = DIRECTION_OUTBOUND;
	score_alarm(run.score, &alarm);
	const struct score_result *r = judge(&run);
	assert_true(r->references[REFERENCE_STATIC].in_time);
	assert_true(r->references[REFERENCE_STATIC].delay_s == 4);
	assert_int_equal(r->references[REFERENCE_STATIC].false_alarms, 2);
	assert_false(r->references[REFERENCE_SIGMA].detected);
}

static void any_other_event_changes_the_digest(void **state)
{
	uint64_t digests[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct run run;
		begin(&run, flood);
		tell(&run, "incident.opened", i == 2 ? 2 : 1, "a", VICTIM("critical", NTP));
		digests[i] = judge(&run)->digest;
	}
	assert_true(digests[0] == digests[1] && digests[1] != digests[2]);
}

static void a_bad_truth_is_refused(void **state)
{
	static const char *const bad[] = { "", "[]", "{\"scenario\":\"I1\",\"mode\":\"sflow\"}",
					   "{\"scenario\":\"I1\",\"kind\":\"attack\"," HEAD
					   "\"attacks\":[]}",
					   "{\"scenario\":\"I1\",\"kind\":\"attack\"," HEAD
					   "\"attacks\":[{\"direction\":\"up\"}]}" };

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct text error = text_heap();
		struct score_truth truth;
		assert_int_equal(score_truth_parse(bad[i], &error, &truth), -WEIR_EFORMAT);
		assert_true(error.len > 0);
		text_done(&error);
	}
}

/* There is one onset and one end: a second attack would be judged by those of the first. */
static void a_truth_with_several_attacks_is_refused(void **state)
{
	static const char two[] = "{\"scenario\":\"I1\",\"kind\":\"attack\"," HEAD
				  "\"attacks\":[{\"direction\":\"inbound\",\"label\":\"flood\","
				  "\"targets\":[\"198.18.1.7\"]},{\"direction\":\"inbound\","
				  "\"label\":\"flood\",\"targets\":[\"198.18.1.8\"]}]}";
	struct text error = text_heap();
	struct score_truth truth;

	(void)state;
	assert_int_equal(score_truth_parse(two, &error, &truth), -WEIR_EFORMAT);
	assert_non_null(strstr(text_string(&error), "several attacks"));
	text_done(&error);
}

static void events_that_are_none_are_passed_over(void **state)
{
	struct run run;

	(void)state;
	begin(&run, flood);
	score_event(run.score, "{");
	score_event(run.score, "[1]");
	score_event(run.score, "{\"event\":\"incident.opened\",\"incident\":5}");
	score_event(run.score, "{\"event\":\"telemetry.fault\",\"time\":\"2026-01-01T00:11:00Z\","
			       "\"fault\":{\"state\":\"begun\"}}");
	const struct score_result *r = judge(&run);
	assert_int_equal(r->infos, 0);
	assert_int_equal(r->faults, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_run_gets_full_marks),
		cmocka_unit_test(info_detects_nothing),
		cmocka_unit_test(what_is_not_the_attack_is_false),
		cmocka_unit_test(late_is_detected_but_not_in_time),
		cmocka_unit_test(wrong_names_are_wrong),
		cmocka_unit_test(a_carpet_wants_the_right_prefix),
		cmocka_unit_test(a_campaign_names_sites_and_machines),
		cmocka_unit_test(benign_runs_lose_by_warnings_and_actions),
		cmocka_unit_test(plans_are_judged_as_of_ten_seconds),
		cmocka_unit_test(numbers_have_many_forms),
		cmocka_unit_test(references_are_scored_alike),
		cmocka_unit_test(any_other_event_changes_the_digest),
		cmocka_unit_test(a_bad_truth_is_refused),
		cmocka_unit_test(a_truth_with_several_attacks_is_refused),
		cmocka_unit_test(events_that_are_none_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
