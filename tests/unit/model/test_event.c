/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of model/event, incident and plan: the exact JSON and the exact words. */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "model/event.h"
#include "model/lines.h"

static uint64_t at(const char *rfc3339)
{
	uint64_t ns = 0;

	assert_int_equal(time_parse(rfc3339, &ns), 0);
	return ns;
}

static struct ip ip(const char *text)
{
	struct ip ip = { 0 };

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

static struct prefix host(const char *text)
{
	struct ip address = ip(text);

	return prefix_of_host(&address);
}

static struct incident inbound(void)
{
	struct incident incident = {
		.id = "20261122T140501-in-1a2b3c4d",
		.severity = SEVERITY_CRITICAL,
		.direction = DIRECTION_INBOUND,
		.metric = METRIC_PPS,
		.host = ip("198.51.100.7"),
		.target_count = 1,
		.targets = { host("198.51.100.7") },
		.source_count = 2,
		.sources = { host("192.0.2.1"), host("192.0.2.2") },
		.sources_seen = 2,
		.sources_estimated = 3120,
		.targets_estimated = 1,
		.focus = { .proto = 17, .sport = 123, .dport = -1 },
		.vector_count = 2,
		.vectors = { { "ntp-amplification", 0.96 }, { "udp", 0.003 } },
		.limit = 5000,
		.pps = 1234567,
		.bps = 4500000000,
		.detected_pps = 1234567,
		.peak_pps = 1234567,
		.peak_bps = 4500000000,
		.onset_ns = at("2026-11-22T14:05:01.25Z"),
		.detected_ns = at("2026-11-22T14:05:06.5Z"),
		.updated_ns = at("2026-11-22T14:05:06.5Z"),
		.above_ns = at("2026-11-22T14:05:06.5Z"),
		.seen_ns = at("2026-11-22T14:05:06.5Z"),
		.why = "1.23 Mpps for 5 s, limit 5.00 kpps",
		.tenant = "acme",
		.region = "tokyo",
	};

	return incident;
}

static struct incident outbound(void)
{
	struct incident incident = inbound();

	incident.direction = DIRECTION_OUTBOUND;
	incident.severity = SEVERITY_WARNING;
	memset(incident.tenant, 0, sizeof(incident.tenant));
	incident.source_count = 1;
	incident.sources[0] = host("198.51.100.7");
	incident.sources_seen = incident.sources_estimated = 1;
	incident.target_count = 7;
	for (unsigned i = 0; i < 7; i++) {
		incident.targets[i] = host("203.0.113.9");
		incident.targets[i].ip.b[15] = (uint8_t)(1 + i);
	}
	incident.targets_estimated = 7;
	return incident;
}

static struct plan plan_for(const struct incident *incident)
{
	struct plan plan = {
		.level = LEVEL_OBSERVE,
		.actuator = "observe",
		.rule_count = 1,
		.rules = { plan_rule_any() },
	};

	plan.rules[0].dst = host("198.51.100.7");
	plan.rules[0].sport = plan_range_of(123);
	plan.rules[0].proto = 17;
	memcpy(plan.incident, incident->id, sizeof(plan.incident));
	memcpy(plan.id, "20261122T140501-in-1a2b3c4d-p1", sizeof("20261122T140501-in-1a2b3c4d-p1"));
	return plan;
}

#define INBOUND_JSON                                                                             \
	"{\"id\":\"20261122T140501-in-1a2b3c4d\",\"severity\":\"critical\","                     \
	"\"direction\":\"inbound\",\"targets\":[\"198.51.100.7/32\"],"                           \
	"\"vectors\":[\"ntp-amplification\",\"udp\"],\"vector_shares\":[0.96,0.003],"            \
	"\"sources_seen\":2,\"sources_estimated\":3120,"                                         \
	"\"sources\":[\"192.0.2.1/32\",\"192.0.2.2/32\"],\"pps\":1234567,\"bps\":4500000000,"    \
	"\"peak_pps\":1234567,\"peak_bps\":4500000000,\"onset\":\"2026-11-22T14:05:01.250000Z\"" \
	",\"detected\":\"2026-11-22T14:05:06.500000Z\",\"state\":\"open\","                      \
	"\"kind\":\"flood\",\"host\":\"198.51.100.7\",\"tenant\":\"acme\",\"region\":\"tokyo\"," \
	"\"metric\":\"pps\","                                                                    \
	"\"limit\":5000,\"why\":\"1.23 Mpps for 5 s, limit 5.00 kpps\","                         \
	"\"targets_estimated\":1,\"detected_pps\":1234567,"                                      \
	"\"focus\":{\"proto\":17,\"sport\":123},"                                                \
	"\"last_above\":\"2026-11-22T14:05:06.500000Z\","                                        \
	"\"last_seen\":\"2026-11-22T14:05:06.500000Z\","                                         \
	"\"updated\":\"2026-11-22T14:05:06.500000Z\"}"

static void an_opened_incident_as_json(void **state)
{
	struct incident incident = inbound();
	struct event event = { EVENT_INCIDENT_OPENED, incident.detected_ns, &incident };
	struct text out = text_heap();

	(void)state;
	event_to_json(&event, &out);
	assert_string_equal(text_string(&out), "{\"event\":\"incident.opened\","
					       "\"time\":\"2026-11-22T14:05:06.500000Z\","
					       "\"incident\":" INBOUND_JSON "}");
	text_done(&out);
}

static void a_plan_without_forecast_as_json(void **state)
{
	struct incident incident = inbound();
	struct plan plan = plan_for(&incident);
	struct verdict verdict = { .arriving = true, .pps_before = 9, .pps_now = 8 };
	struct event event = { EVENT_PLAN_APPLIED, 0, NULL, &plan, &verdict, "a \"note\"" };
	struct text out = text_heap();

	(void)state;
	memcpy(verdict.plan, plan.id, sizeof(verdict.plan));
	event_to_json(&event, &out);
	assert_string_equal(
		text_string(&out),
		"{\"event\":\"plan.applied\",\"time\":\"1970-01-01T00:00:00.000000Z\","
		"\"plan\":{\"id\":\"20261122T140501-in-1a2b3c4d-p1\","
		"\"incident\":\"20261122T140501-in-1a2b3c4d\",\"level\":\"observe\","
		"\"actuator\":\"observe\",\"rules\":[{\"dst\":\"198.51.100.7/32\",\"proto\":17,"
		"\"sport\":123}],\"needs_approval\":false},"
		"\"verdict\":{\"plan\":\"20261122T140501-in-1a2b3c4d-p1\",\"arriving\":true,"
		"\"pps_before\":9,\"pps_now\":8,\"time\":\"1970-01-01T00:00:00.000000Z\"},"
		"\"text\":\"a \\\"note\\\"\"}");
	text_done(&out);
}

static void a_forecast_and_an_expiry_are_written_when_known(void **state)
{
	struct plan plan = { .has_forecast = true,
			     .attack_share = 0.98,
			     .collateral_share = 0.001,
			     .collateral_upper = 0.01,
			     .level = LEVEL_DROP,
			     .expires_ns = NS_PER_S };
	struct text out = text_heap();
	struct jsonw w = jsonw_on(&out);

	(void)state;
	plan_to_json(&plan, NULL, 0, &w, NULL);
	assert_non_null(strstr(text_string(&out),
			       "\"rules\":[],\"forecast\":{\"attack_share\":0.98,"
			       "\"collateral_share\":0.001,\"upper\":0.01},"
			       "\"expires\":\"1970-01-01T00:00:01.000000Z\","));
	text_done(&out);
}

static void an_incident_survives_json(void **state)
{
	struct incident before = outbound();
	struct incident after = { 0 };
	struct text first = text_heap();
	struct text second = text_heap();
	struct jsonw w = jsonw_on(&first);

	(void)state;
	before.focus.peer = ip("2001:db8::1");
	before.resumed = 3;
	before.state = INCIDENT_CLOSED;
	before.ended_ns = before.above_ns;
	incident_to_json(&before, &w, NULL);
	assert_int_equal(incident_from_json(text_string(&first), &after), 0);
	w = jsonw_on(&second);
	incident_to_json(&after, &w, NULL);
	assert_string_equal(text_string(&first), text_string(&second));
	assert_true(ip_equal(&after.focus.peer, &before.focus.peer));
	assert_int_equal(after.focus.dport, -1);
	assert_int_equal(after.ended_ns, before.ended_ns);
	assert_int_equal(after.target_count, 7);
	text_done(&first);
	text_done(&second);
}

/* A campaign: own machines of a prefix, at two places outside. Machines are not read back. */
static void a_campaign_survives_json(void **state)
{
	static const struct finding_machine machines[] = {
		{ .packets = 5000 },
		{ .packets = 3000 },
	};
	struct finding_machine taking_part[2];
	struct incident before = outbound();
	struct incident after = { 0 };
	struct text out = text_heap();
	struct jsonw w = jsonw_on(&out);

	(void)state;
	memcpy(taking_part, machines, sizeof(machines));
	taking_part[0].ip = ip("198.51.100.7");
	taking_part[1].ip = ip("198.51.100.9");
	before.kind = KIND_CAMPAIGN;
	before.host = ip("198.51.100.0");
	before.host_len = 120;
	before.first_ns = before.onset_ns;
	before.suspect_ns = before.onset_ns + 1000000;
	before.target_count = INCIDENT_TARGETS;
	for (unsigned i = 0; i < INCIDENT_TARGETS; i++)
		before.targets[i] = host("203.0.113.9");
	snprintf(before.advice, sizeof(before.advice), "look at what they have in common");
	before.machines = taking_part;
	before.machine_count = 2;
	incident_to_json(&before, &w, NULL);
	assert_non_null(strstr(text_string(&out), "\"kind\":\"campaign\",\"host\":\"198.51.100.0\","
						  "\"host_len\":120,"));
	assert_non_null(strstr(text_string(&out),
			       "\"first_sample\":\"2026-11-22T14:05:01.250000Z\","
			       "\"suspected\":\"2026-11-22T14:05:01.251000Z\","));
	assert_non_null(strstr(text_string(&out),
			       "\"advice\":\"look at what they have in common\","
			       "\"machines\":[{\"ip\":\"198.51.100.7\",\"packets\":5000,"));
	assert_int_equal(incident_from_json(text_string(&out), &after), 0);
	assert_int_equal(after.kind, KIND_CAMPAIGN);
	assert_int_equal(after.host_len, 120);
	assert_int_equal(after.first_ns, before.first_ns);
	assert_int_equal(after.suspect_ns, before.suspect_ns);
	assert_int_equal(after.target_count, INCIDENT_TARGETS);
	assert_string_equal(after.advice, before.advice);
	assert_null(after.machines);
	assert_int_equal(after.machine_count, 0);
	text_done(&out);
}

/* Journals of before have no kind and no length. */
static void an_incident_without_kind_has_that_of_its_direction(void **state)
{
	struct incident incident;

	(void)state;
	assert_int_equal(incident_from_json("{\"id\":\"x\",\"direction\":\"outbound\","
					    "\"host\":\"198.51.100.7\"}",
					    &incident),
			 0);
	assert_int_equal(incident.kind, KIND_OUTBOUND_FLOOD);
	assert_int_equal(incident.host_len, 128);
	assert_int_equal(incident_from_json("{\"id\":\"x\",\"direction\":\"inbound\","
					    "\"host\":\"198.51.100.7\"}",
					    &incident),
			 0);
	assert_int_equal(incident.kind, KIND_FLOOD);
}

static void text_that_is_no_incident_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{\"id\":\"x\"}",
		"{\"id\":\"x\",\"direction\":\"up\",\"host\":\"::1\"}",
		("{\"id\":\"0123456789012345678901234567890123456789\",\"direction\":\"inbound\","
		 "\"host\":\"::1\"}"),
	};
	struct incident incident = { .pps = 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(incident_from_json(bad[i], &incident), -WEIR_EFORMAT);
	assert_int_equal(incident.pps, 7);
}

static void expect_words(const struct event *event, const char *words)
{
	struct text out = text_heap();

	event_to_text(event, &out);
	assert_string_equal(text_string(&out), words);
	text_done(&out);
}

static void a_prefix_is_named_with_its_length(void **state)
{
	struct incident incident = inbound();
	char words[IP_TEXT_MAX];

	(void)state;
	/* One of a journal of before. */
	assert_string_equal(incident_where(&incident, words), "198.51.100.7");
	incident.host_len = 128;
	assert_string_equal(incident_where(&incident, words), "198.51.100.7");
	incident.host = ip("198.51.100.0");
	incident.host_len = 120;
	assert_string_equal(incident_where(&incident, words), "198.51.100.0/24");
	incident.host = ip("2001:db8::");
	incident.host_len = 48;
	assert_string_equal(incident_where(&incident, words), "2001:db8::/48");
	struct event event = { EVENT_INCIDENT_OPENED, incident.detected_ns, &incident };
	struct text out = text_heap();
	event_to_text(&event, &out);
	assert_non_null(
		strstr(text_string(&out), "attack on 2001:db8::/48 (acme, tokyo) has begun"));
	text_done(&out);
}

static void an_inbound_incident_in_words(void **state)
{
	struct incident incident = inbound();
	struct event event = { EVENT_INCIDENT_OPENED, incident.detected_ns, &incident };

	(void)state;
	expect_words(&event,
		     "2026-11-22 14:05:06 UTC  CRITICAL  attack on 198.51.100.7 (acme, tokyo) "
		     "has begun: 1.23 Mpps, 4.50 Gbps\n"
		     "    why       1.23 Mpps for 5 s, limit 5.00 kpps\n"
		     "    vectors   ntp-amplification 96%, udp under 1%\n"
		     "    from      about 3.12 k addresses, most of it from 192.0.2.1, 192.0.2.2\n"
		     "    began     2026-11-22 14:05:01 UTC, noticed 5.2 s later\n"
		     "    incident  20261122T140501-in-1a2b3c4d\n");
	incident.detected_ns = incident.onset_ns + NS_PER_S / 20;
	event.time_ns = incident.detected_ns;
	struct text out = text_heap();
	event_to_text(&event, &out);
	assert_non_null(strstr(text_string(&out), "began     2026-11-22 14:05:01 UTC, noticed at"
						  " once\n"));
	text_done(&out);
	event.time_ns = at("2026-11-22T14:05:06.5Z");
	incident.source_count = 0;
	incident.resumed = 1;
	incident.pps = 4000;
	incident.bps = 9000;
	event.type = EVENT_INCIDENT_UPDATED;
	event.time_ns += 60 * NS_PER_S;
	event.text = "carried on after a restart";
	expect_words(&event,
		     "2026-11-22 14:06:06 UTC  CRITICAL  attack on 198.51.100.7 (acme, tokyo) "
		     "goes on: 4.00 kpps, 9.00 kbps\n"
		     "    why       at its worst: 1.23 Mpps for 5 s, limit 5.00 kpps\n"
		     "    vectors   ntp-amplification 96%, udp under 1%\n"
		     "    from      about 3.12 k addresses, none of them stands out\n"
		     "    peak      1.23 Mpps, 4.50 Gbps\n"
		     "    began     2026-11-22 14:05:01 UTC, 65 s ago, carried on over 1 restart\n"
		     "    incident  20261122T140501-in-1a2b3c4d\n"
		     "    note      carried on after a restart\n");
}

static void an_outbound_incident_ends_in_words(void **state)
{
	struct incident incident = outbound();
	struct plan plan = plan_for(&incident);
	struct verdict verdict = { .pps_before = 1234567 };
	struct event event = { EVENT_INCIDENT_CLOSED, at("2026-11-22T14:11:00Z"), &incident, &plan,
			       &verdict };

	(void)state;
	incident.state = INCIDENT_CLOSED;
	incident.pps = incident.bps = 0;
	incident.ended_ns = incident.seen_ns = at("2026-11-22T14:10:00Z");
	expect_words(&event,
		     "2026-11-22 14:11:00 UTC  WARNING   attack from 198.51.100.7 (tokyo) is over "
		     "after 4 min 58 s: peak 1.23 Mpps, 4.50 Gbps\n"
		     "    why       1.23 Mpps for 5 s, limit 5.00 kpps\n"
		     "    vectors   ntp-amplification 96%, udp under 1%\n"
		     "    to        203.0.113.1, 203.0.113.2, 203.0.113.3, 203.0.113.4, "
		     "203.0.113.5, 203.0.113.6,\n"
		     "              203.0.113.7\n"
		     "    began     2026-11-22 14:05:01 UTC, ended 2026-11-22 14:10:00 UTC\n"
		     "    action    observe only, nothing is blocked\n"
		     "    verdict   no longer arriving; it was 1.23 Mpps at its peak\n"
		     "    incident  20261122T140501-in-1a2b3c4d\n");
}

/* Of two tenants, the second of which has two regions; the last address is nobody's. */
static void whose_is(const void *self, const struct ip *ip, const char **ret_tenant,
		     const char **ret_region)
{
	uint8_t last = ip->b[15];

	(void)self;
	*ret_tenant = last > 12 ? "" : last < 5 ? "t01" : "t02";
	*ret_region = last > 12 ? "" : last < 12 ? "tokyo" : "osaka";
}

#define MACHINES 13

static struct finding_machine machines[MACHINES];
static const struct incident_whose whose = { .of = whose_is };

static struct incident campaign(void)
{
	struct incident incident = outbound();

	for (unsigned i = 0; i < MACHINES; i++) {
		machines[i] = (struct finding_machine){ .ip = ip("198.51.100.0"),
							.packets = 100 * (i + 1) };
		machines[i].ip.b[15] = (uint8_t)(i + 1);
	}
	incident.kind = KIND_CAMPAIGN;
	incident.machines = machines;
	incident.machine_count = MACHINES;
	incident.whose = &whose;
	incident.target_count = incident.targets_estimated = 2;
	incident.first_ns = incident.onset_ns + NS_PER_S / 10;
	incident.suspect_ns = incident.onset_ns + 4 * (NS_PER_S / 10);
	incident.detected_ns = incident.onset_ns + NS_PER_S / 2;
	memcpy(incident.advice, "look at them", sizeof("look at them"));
	memcpy(incident.why,
	       "syn 12.3 kpps, envelope 1.00 kpps; +9.5 nats: +8.0 many machines; -1.5 a crowd",
	       sizeof("syn 12.3 kpps, envelope 1.00 kpps; +9.5 nats: +8.0 many machines; -1.5 a "
		      "crowd"));
	return incident;
}

static void a_campaign_in_words(void **state)
{
	struct incident incident = campaign();
	struct text out = text_heap();

	(void)state;
	incident_to_text(&incident, &out);
	assert_string_equal(
		text_string(&out),
		"WARNING   campaign from 13 of our machines (2 tenants) at 2 sites goes on: 1.23 "
		"Mpps, 4.50 Gbps\n"
		"    why       syn 12.3 kpps, envelope 1.00 kpps; +9.5 nats:\n"
		"              +8.0 many machines\n"
		"              -1.5 a crowd\n"
		"    vectors   ntp-amplification 96%, udp under 1%\n"
		"    to        203.0.113.1, 203.0.113.2\n"
		"    machines  13 of ours, by tenant t02, tokyo: 7; t01, tokyo: 4; t02, osaka: 1\n"
		"              198.51.100.13    1.30 k packets\n"
		"              198.51.100.12    1.20 k packets (t02, osaka)\n"
		"              198.51.100.11    1.10 k packets (t02, tokyo)\n"
		"              198.51.100.10    1.00 k packets (t02, tokyo)\n"
		"              198.51.100.9     900 packets (t02, tokyo)\n"
		"              198.51.100.8     800 packets (t02, tokyo)\n"
		"              198.51.100.7     700 packets (t02, tokyo)\n"
		"              198.51.100.6     600 packets (t02, tokyo)\n"
		"              198.51.100.5     500 packets (t02, tokyo)\n"
		"              198.51.100.4     400 packets (t01, tokyo)\n"
		"              and 3 more; --json has all of them\n"
		"    began     2026-11-22 14:05:01 UTC, noticed 0.5 s later\n"
		"    stages    onset 14:05:01.2, first sample +0.1 s, suspected +0.4 s, confirmed "
		"+0.5 s\n"
		"    to do     look at them\n"
		"    incident  20261122T140501-in-1a2b3c4d\n");
	text_done(&out);
}

static void machines_as_json_have_their_tenants(void **state)
{
	struct incident incident = campaign();
	struct text out = text_heap();
	struct jsonw w = jsonw_on(&out);

	(void)state;
	incident_to_json(&incident, &w, NULL);
	assert_non_null(strstr(text_string(&out),
			       "\"tenants\":[{\"tenant\":\"t02\",\"region\":\"tokyo\","
			       "\"machines\":7},{\"tenant\":\"t01\",\"region\":\"tokyo\","
			       "\"machines\":4},{\"tenant\":\"t02\",\"region\":\"osaka\","
			       "\"machines\":1}],\"machines\":[{\"ip\":\"198.51.100.1\","
			       "\"tenant\":\"t01\",\"region\":\"tokyo\",\"packets\":100,"));
	assert_non_null(strstr(text_string(&out), "{\"ip\":\"198.51.100.13\",\"packets\":1300,"));
	text_clear(&out);
	incident.whose = NULL;
	w = jsonw_on(&out);
	incident_to_json(&incident, &w, NULL);
	assert_null(strstr(text_string(&out), "\"tenants\""));
	text_done(&out);
}

static void expect_first_line(const struct incident *incident, const char *begin)
{
	struct text out = text_heap();

	incident_to_text(incident, &out);
	if (strncmp(text_string(&out), begin, strlen(begin)) != 0)
		fail_msg("does not begin with \"%s\":\n%s", begin, text_string(&out));
	text_done(&out);
}

static void kinds_in_words(void **state)
{
	struct incident incident = inbound();
	struct text out = text_heap();

	(void)state;
	incident.kind = KIND_CARPET;
	incident.host = ip("198.18.0.0");
	incident.host_len = 96 + 20;
	expect_first_line(&incident,
			  "CRITICAL  carpet attack on 198.18.0.0/20 (acme, tokyo) goes on: ");
	incident_to_text(&incident, &out);
	assert_non_null(strstr(text_string(&out), "    targets   198.51.100.7\n"));
	text_done(&out);
	incident = outbound();
	incident.kind = KIND_REFLECTOR;
	expect_first_line(&incident, "WARNING   reflector at 198.51.100.7 (tokyo) goes on: ");
	incident.kind = KIND_SCAN;
	incident.severity = SEVERITY_INFO;
	expect_first_line(&incident, "INFO      scan from 198.51.100.7 (tokyo) goes on: ");
	incident.kind = KIND_BULK;
	expect_first_line(&incident, "INFO      bulk transfer from 198.51.100.7 (tokyo) goes on: ");
	incident.kind = KIND_SPOOFED_EGRESS;
	incident.direction = DIRECTION_TRANSIT;
	expect_first_line(&incident, "INFO      forged sources out of a port, of 198.51.100.7 ");
	memcpy(incident.why, "port 7 of 192.0.2.1: 3.00 kpps",
	       sizeof("port 7 of 192.0.2.1: 3.00 kpps"));
	expect_first_line(&incident, "INFO      forged sources out of port 7 of 192.0.2.1, of "
				     "198.51.100.7 (tokyo) goes on: ");
	incident.kind = KIND_CAMPAIGN;
	incident.sources_seen = 400;
	incident.targets_estimated = 8;
	expect_first_line(&incident, "INFO      campaign from 400 of our machines at 8 sites ");
}

static void long_facts_go_on_below(void **state)
{
	struct text out = text_heap();

	(void)state;
	lines_wrapped(&out, "to do",
		      "123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
		      "123456789 123456 123456789");
	assert_string_equal(text_string(&out),
			    "    to do     123456789 123456789 123456789 123456789 123456789 "
			    "123456789 123456789 123456789 123456\n"
			    "              123456789\n");
	text_done(&out);
}

static struct incident quiet(void)
{
	struct incident incident = inbound();

	incident.pps = incident.bps = 0;
	incident.quiet_ns = incident.seen_ns = at("2026-11-22T14:05:09.5Z");
	incident.closes_ns = incident.quiet_ns + 60 * NS_PER_S;
	incident.source_count = 0;
	return incident;
}

static void a_quiet_incident_is_not_told_as_going_on(void **state)
{
	struct incident incident = quiet();
	struct plan plan = plan_for(&incident);
	struct verdict verdict = { .pps_before = 1234567 };
	struct event event = { EVENT_INCIDENT_UPDATED, at("2026-11-22T14:05:16.5Z"), &incident,
			       &plan, &verdict };
	struct text out = text_heap();

	(void)state;
	expect_words(
		&event,
		"2026-11-22 14:05:16 UTC  CRITICAL  attack on 198.51.100.7 (acme, tokyo) "
		"has been quiet for 7.0 s, closes after 60 s of it\n"
		"    why       at its worst: 1.23 Mpps for 5 s, limit 5.00 kpps\n"
		"    vectors   ntp-amplification 96%, udp under 1%\n"
		"    from      about 3.12 k addresses, none of them stands out\n"
		"    peak      1.23 Mpps, 4.50 Gbps\n"
		"    began     2026-11-22 14:05:01 UTC, 15 s ago\n"
		"    action    observe only, nothing is blocked\n"
		"    verdict   nothing above the closing level arrives; it was 1.23 Mpps at its"
		" peak\n"
		"    incident  20261122T140501-in-1a2b3c4d\n");
	incident_to_text(&incident, &out);
	assert_ptr_equal(strstr(text_string(&out),
				"CRITICAL  attack on 198.51.100.7 (acme, tokyo) is quiet since "
				"2026-11-22 14:05:09 UTC, closes after 60 s of it\n"),
			 text_string(&out));
	text_done(&out);
}

static void after_a_restart_it_is_unseen(void **state)
{
	struct incident incident = quiet();
	struct text out = text_heap();

	(void)state;
	assert_false(incident_is_unseen(&incident));
	incident.quiet_ns += NS_PER_S;
	incident.closes_ns += NS_PER_S;
	assert_true(incident_is_unseen(&incident));
	incident_to_text(&incident, &out);
	assert_non_null(strstr(text_string(&out),
			       "(acme, tokyo) has not been seen since the restart at 2026-11-22 "
			       "14:05:10 UTC, closes after 60 s of it\n"));
	incident.quiet_ns = 0;
	assert_false(incident_is_unseen(&incident));
	text_done(&out);
}

static void a_quiet_incident_as_json(void **state)
{
	struct incident before = quiet();
	struct incident after = { 0 };
	struct text out = text_heap();
	struct jsonw w = jsonw_on(&out);

	(void)state;
	incident_to_json(&before, &w, NULL);
	assert_non_null(strstr(text_string(&out), "\"pps\":0,\"bps\":0,\"peak_pps\":1234567,"));
	assert_non_null(strstr(text_string(&out), "\"last_above\":\"2026-11-22T14:05:06.500000Z\","
						  "\"last_seen\":\"2026-11-22T14:05:09.500000Z\","
						  "\"quiet_since\":\"2026-11-22T14:05:09.500000Z\","
						  "\"closes\":\"2026-11-22T14:06:09.500000Z\","));
	assert_int_equal(incident_from_json(text_string(&out), &after), 0);
	assert_int_equal(after.above_ns, before.above_ns);
	assert_int_equal(after.seen_ns, before.seen_ns);
	assert_int_equal(after.quiet_ns, before.quiet_ns);
	assert_int_equal(after.closes_ns, before.closes_ns);
	text_done(&out);
}

static void more_than_the_line_carries_is_doubted(void **state)
{
	struct incident incident = inbound();
	struct incident after = { 0 };
	struct event event = { EVENT_INCIDENT_OPENED, incident.detected_ns, &incident };
	struct text out = text_heap();
	struct jsonw w = jsonw_on(&out);

	(void)state;
	incident.capacity_bps = 1000000000;
	expect_words(
		&event,
		"2026-11-22 14:05:06 UTC  CRITICAL  attack on 198.51.100.7 (acme, tokyo) "
		"has begun: 1.23 Mpps, 4.50 Gbps\n"
		"    why       1.23 Mpps for 5 s, limit 5.00 kpps\n"
		"    capacity  more than the 1.00 Gbps of this network: doubt the sampling rate"
		" of the exporter\n"
		"    vectors   ntp-amplification 96%, udp under 1%\n"
		"    from      about 3.12 k addresses, most of it from 192.0.2.1, 192.0.2.2\n"
		"    began     2026-11-22 14:05:01 UTC, noticed 5.2 s later\n"
		"    incident  20261122T140501-in-1a2b3c4d\n");
	incident_to_json(&incident, &w, NULL);
	assert_non_null(strstr(text_string(&out), "\"detected_pps\":1234567,"
						  "\"above_capacity\":true,"
						  "\"capacity_bps\":1000000000,"));
	assert_int_equal(incident_from_json(text_string(&out), &after), 0);
	assert_int_equal(after.capacity_bps, 1000000000);
	incident.bps = 1000000000;
	text_clear(&out);
	incident_to_text(&incident, &out);
	assert_non_null(strstr(text_string(&out),
			       "    capacity  at its worst more than the 1.00 Gbps of this"));
	text_done(&out);
}

static void a_plan_in_words(void **state)
{
	struct incident incident = inbound();
	struct plan plan = plan_for(&incident);
	struct verdict verdict = { .arriving = true, .pps_before = 12000, .pps_now = 11000 };
	struct event event = { EVENT_PLAN_PROPOSED, incident.detected_ns, &incident, &plan };

	(void)state;
	expect_words(&event, "2026-11-22 14:05:06 UTC  plan      proposed for 198.51.100.7: "
			     "observe only, nothing is blocked\n"
			     "    matches   udp from port 123 to 198.51.100.7/32\n"
			     "    incident  20261122T140501-in-1a2b3c4d\n");
	event.type = EVENT_PLAN_APPLIED;
	event.verdict = &verdict;
	plan.level = LEVEL_DROP;
	plan.needs_approval = true;
	plan.proposed = LEVEL_BLACKHOLE;
	expect_words(&event, "2026-11-22 14:05:06 UTC  plan      applied for 198.51.100.7: "
			     "drop by observe; blackhole waits for approval\n"
			     "    verdict   still arriving: 11.0 kpps now, 12.0 kpps at its peak\n"
			     "    incident  20261122T140501-in-1a2b3c4d\n");
	/* What it would do, what that costs, and why. */
	event = (struct event){ EVENT_PLAN_PROPOSED, incident.detected_ns, &incident, &plan };
	plan.level = LEVEL_OBSERVE;
	plan.needs_approval = false;
	plan.would = LEVEL_DROP;
	plan.has_forecast = true;
	plan.attack_share = 0.94;
	plan.collateral_upper = 0.0085;
	snprintf(plan.why, sizeof(plan.why), "the rules hardly hit innocent traffic");
	expect_words(&event,
		     "2026-11-22 14:05:06 UTC  plan      proposed for 198.51.100.7: "
		     "observe only, nothing is blocked; with an actuator it would drop\n"
		     "    matches   udp from port 123 to 198.51.100.7/32\n"
		     "    forecast  stops 94 % of the attack, hits 0 % of innocent traffic, "
		     "at most 0.85 %\n"
		     "    because   the rules hardly hit innocent traffic\n"
		     "    incident  20261122T140501-in-1a2b3c4d\n");
}

static void a_fault_and_a_quiet_story_in_words(void **state)
{
	struct incident incident = inbound();
	struct event event = { EVENT_TELEMETRY_FAULT, incident.detected_ns,
			       .text = "exporter 192.0.2.1 is silent" };
	struct text out = text_heap();

	(void)state;
	expect_words(&event, "2026-11-22 14:05:06 UTC  fault     exporter 192.0.2.1 is silent\n");
	incident.severity = SEVERITY_INFO;
	incident.direction = DIRECTION_INTERNAL;
	incident.sources_estimated = 2;
	incident.vector_count = 0;
	incident.why[0] = '\0';
	incident_to_text(&incident, &out);
	assert_string_equal(text_string(&out),
			    "INFO      unusual traffic to 198.51.100.7 (acme, tokyo) from inside "
			    "the own networks goes on: 1.23 Mpps, 4.50 Gbps\n"
			    "    from      192.0.2.1, 192.0.2.2\n"
			    "    began     2026-11-22 14:05:01 UTC, noticed 5.2 s later\n"
			    "    incident  20261122T140501-in-1a2b3c4d\n");
	text_done(&out);
}

static void rules_in_words(void **state)
{
	static const struct {
		int proto;
		int sport;
		int dport;
		const char *words;
		int flags; /* plus one; 0: any */
		int fragment;
		uint16_t least;
		uint16_t most;
	} cases[] = {
		{ 6, -1, 443,
		  "tcp from 192.0.2.1/32 to 198.51.100.7/32 port 443, flags 0x02, 40 to 44 bytes",
		  3, 0, 40, 44 },
		{ 17, -1, -1, "udp from 192.0.2.1/32 to 198.51.100.7/32, fragments without ports",
		  0, 2 },
		{ -1, -1, -1, "all traffic from 192.0.2.1/32 to 198.51.100.7/32" },
		{ 6, 80, 443, "tcp from 192.0.2.1/32 port 80 to 198.51.100.7/32 port 443" },
		{ 47, -1, -1, "gre from 192.0.2.1/32 to 198.51.100.7/32" },
		{ 99, -1, -1, "protocol 99 from 192.0.2.1/32 to 198.51.100.7/32" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan_rule rule = plan_rule_any();
		rule.src = host("192.0.2.1");
		rule.dst = host("198.51.100.7");
		rule.proto = cases[i].proto;
		rule.sport = plan_range_of(cases[i].sport);
		rule.dport = plan_range_of(cases[i].dport);
		rule.tcp_flags = (uint8_t)(cases[i].flags - 1);
		rule.tcp_mask = cases[i].flags ? UINT8_MAX : 0;
		rule.fragment = (int8_t)(cases[i].fragment ? cases[i].fragment : -1);
		if (cases[i].most)
			rule.length = (struct plan_range){ cases[i].least, cases[i].most };
		struct text out = text_heap();
		plan_rule_to_text(&rule, &out);
		assert_string_equal(text_string(&out), cases[i].words);
		text_done(&out);
	}
}

static void all_that_a_rule_can_ask(void **state)
{
	struct plan plan = { .level = LEVEL_DROP, .rule_count = 2 };
	struct plan_rule *rule = &plan.rules[0];
	struct text words = text_heap();
	struct text out = text_heap();
	struct jsonw w = jsonw_on(&out);

	(void)state;
	plan.rules[0] = plan.rules[1] = plan_rule_any();
	rule->dst = host("198.51.100.7");
	rule->proto = 6;
	rule->sport = (struct plan_range){ 1024, 2047 };
	rule->dport = (struct plan_range){ 0, 1023 };
	rule->tcp_flags = 2;
	rule->tcp_mask = 0x12;
	rule->fragment = PLAN_FRAGMENT_NONE;
	rule->length = (struct plan_range){ 40, 40 };
	rule->ttl = (struct plan_range){ 242, 244 };
	rule->icmp_type = 3;
	rule->icmp_code = 4;
	rule->from_set = true;
	rule->rate_pps = 100;
	plan_to_json(&plan, NULL, 0, &w, NULL);
	assert_string_equal(
		text_string(&out),
		"{\"id\":\"\",\"incident\":\"\",\"level\":\"drop\",\"actuator\":\"\","
		"\"rules\":[{\"dst\":\"198.51.100.7/32\",\"proto\":6,"
		"\"sport\":{\"min\":1024,\"max\":2047},\"dport\":{\"min\":0,\"max\":1023},"
		"\"tcp_flags\":{\"value\":2,\"mask\":18},\"fragment\":0,"
		"\"length\":{\"min\":40,\"max\":40},\"ttl\":{\"min\":242,\"max\":244},"
		"\"icmp_type\":3,\"icmp_code\":4,\"from_set\":true,\"rate_pps\":100},{}],"
		"\"needs_approval\":false}");
	plan_rule_to_text(rule, &words);
	assert_string_equal(
		text_string(&words),
		"tcp from ports 1024 to 2047 to 198.51.100.7/32 ports 0 to 1023, flags 0x02 "
		"of 0x12, type 3, code 4, no fragments, 40 bytes, TTL 242 to 244, "
		"from the sources listed, above 100 packets/s");
	text_done(&words);
	text_done(&out);
}

static struct fault lossy(void)
{
	struct fault fault = {
		.kind = FAULT_LOSS,
		.severity = SEVERITY_WARNING,
		.key = { .address = ip("192.0.2.1"), .source = FLOW_NETFLOW9, .odid = 7 },
		.name = "edge1",
		.since_ns = at("2026-11-22T14:05:00Z"),
		.time_ns = at("2026-11-22T14:06:00Z"),
		.numbers = { { "lost", 120 }, { "share", 0.1 } },
		.text = "10.0% of its datagrams were lost on the way",
		.advice = "look at the path",
	};

	return fault;
}

static void a_fault_as_json(void **state)
{
	struct fault fault = lossy();
	struct event event = { .type = EVENT_TELEMETRY_FAULT,
			       .time_ns = fault.time_ns,
			       .fault = &fault };
	struct text out = text_heap();

	(void)state;
	event_to_json(&event, &out);
	assert_string_equal(
		text_string(&out),
		"{\"event\":\"telemetry.fault\",\"time\":\"2026-11-22T14:06:00.000000Z\","
		"\"fault\":{\"kind\":\"loss\",\"state\":\"begun\",\"severity\":\"warning\","
		"\"exporter\":{\"address\":\"192.0.2.1\",\"name\":\"edge1\","
		"\"protocol\":\"netflow9\",\"odid\":7},"
		"\"since\":\"2026-11-22T14:05:00.000000Z\","
		"\"numbers\":{\"lost\":120,\"share\":0.1},"
		"\"text\":\"10.0% of its datagrams were lost on the way\","
		"\"advice\":\"look at the path\"}}");
	text_done(&out);
}

static void a_fault_in_words_from_begin_to_end(void **state)
{
	struct fault fault = lossy();
	struct event event = { .type = EVENT_TELEMETRY_FAULT,
			       .time_ns = fault.time_ns,
			       .fault = &fault };
	struct text out = text_heap();

	(void)state;
	event_to_text(&event, &out);
	fault.state = FAULT_ENDED;
	fault.name[0] = fault.advice[0] = '\0';
	event_to_text(&event, &out);
	assert_string_equal(text_string(&out),
			    "2026-11-22 14:06:00 UTC  WARNING   edge1 (192.0.2.1, netflow9, "
			    "domain 7): 10.0% of its datagrams were lost on the way\n"
			    "    to do     look at the path\n"
			    "2026-11-22 14:06:00 UTC  mended    exporter 192.0.2.1 (netflow9, "
			    "domain 7): 10.0% of its datagrams were lost on the way\n"
			    "    lasted    60 s\n");
	text_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_as_json),
		cmocka_unit_test(a_fault_in_words_from_begin_to_end),
		cmocka_unit_test(an_opened_incident_as_json),
		cmocka_unit_test(a_plan_without_forecast_as_json),
		cmocka_unit_test(a_forecast_and_an_expiry_are_written_when_known),
		cmocka_unit_test(an_incident_survives_json),
		cmocka_unit_test(a_campaign_survives_json),
		cmocka_unit_test(an_incident_without_kind_has_that_of_its_direction),
		cmocka_unit_test(text_that_is_no_incident_is_refused),
		cmocka_unit_test(a_prefix_is_named_with_its_length),
		cmocka_unit_test(an_inbound_incident_in_words),
		cmocka_unit_test(an_outbound_incident_ends_in_words),
		cmocka_unit_test(a_campaign_in_words),
		cmocka_unit_test(machines_as_json_have_their_tenants),
		cmocka_unit_test(kinds_in_words),
		cmocka_unit_test(long_facts_go_on_below),
		cmocka_unit_test(a_quiet_incident_is_not_told_as_going_on),
		cmocka_unit_test(after_a_restart_it_is_unseen),
		cmocka_unit_test(a_quiet_incident_as_json),
		cmocka_unit_test(more_than_the_line_carries_is_doubted),
		cmocka_unit_test(a_plan_in_words),
		cmocka_unit_test(a_fault_and_a_quiet_story_in_words),
		cmocka_unit_test(rules_in_words),
		cmocka_unit_test(all_that_a_rule_can_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
