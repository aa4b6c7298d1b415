/* SPDX-License-Identifier: Apache-2.0 */
/* What people see of a daemon's answer, from the same JSON that the daemon writes. */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "cli/render.h"
#include "cli/screen.h"
#include "control/api.h"
#include "control/status.h"
#include "model/verdict.h"

#define NOW (1800000000ULL * NS_PER_S)

static struct text page;
static struct render_layout layout;

static int set_up(void **state)
{
	(void)state;
	page = text_heap();
	layout = (struct render_layout){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	text_done(&page);
	return 0;
}

static void has(const char *part)
{
	if (!strstr(text_string(&page), part))
		fail_msg("no \"%s\" in:\n%s", part, text_string(&page));
}

static void lacks(const char *part)
{
	if (strstr(text_string(&page), part))
		fail_msg("\"%s\" in:\n%s", part, text_string(&page));
}

static void begins(const char *part)
{
	if (strncmp(text_string(&page), part, strlen(part)) != 0)
		fail_msg("does not begin with \"%s\":\n%s", part, text_string(&page));
}

static void comes_before(const char *first, const char *second)
{
	has(first);
	has(second);
	if (strstr(text_string(&page), first) > strstr(text_string(&page), second))
		fail_msg("\"%s\" behind \"%s\" in:\n%s", first, second, text_string(&page));
}

static void fits(size_t width)
{
	const char *at = text_string(&page);

	for (size_t len; *at; at += len + (at[len] == '\n')) {
		len = strcspn(at, "\n");
		if (len > width)
			fail_msg("%zu characters: %.*s", len, (int)len, at);
	}
}

static void render_view(const struct status_view *view, uint64_t now_ns)
{
	struct text json = text_heap();

	status_to_json(view, &json);
	json_t *status = json_loads(text_string(&json), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(status);
	render_status(status, now_ns, &layout, &page);
	json_decref(status);
	text_done(&json);
}

static struct status_exporter make_exporter(uint32_t sampling)
{
	static const uint8_t address[4] = { 192, 0, 2, 1 };
	struct status_exporter exporter = { .name = "edge1" };

	exporter.stats.key.address = ip_from_v4(address);
	exporter.stats.key.source = FLOW_SFLOW5;
	exporter.stats.key.odid = 3;
	exporter.stats.datagrams = 100;
	exporter.stats.records = 700;
	exporter.stats.sampling = sampling;
	exporter.stats.sampling_source = sampling ? SAMPLING_HEADER : SAMPLING_UNKNOWN;
	exporter.stats.unknown_sampling = sampling ? 0 : 700;
	exporter.stats.last_ns = NOW - 3 * NS_PER_S;
	exporter.records_per_s.last_10s = 1234;
	return exporter;
}

static struct status_view make_view(void)
{
	return (struct status_view){
		.version = "9.9.9",
		.started_ns = NOW - 60 * NS_PER_S,
		.now_ns = NOW,
		.config_file = "weir.yaml",
		.generation = 1,
		.listen = "0.0.0.0:2055",
	};
}

static void a_fresh_daemon_is_quiet(void **state)
{
	struct status_view view = make_view();

	(void)state;
	render_view(&view, NOW);
	has("weir 9.9.9, up 60 s, configuration weir.yaml\n");
	has("listening  0.0.0.0:2055\n");
	has("no exporter has sent anything yet\n");
	has("journal    none");
	lacks("to look after");
	lacks("OLD");
}

static void hosts_near_a_limit_are_counted(void **state)
{
	struct status_detector detector = {
		.name = "threshold", .hosts = 1200, .watched = 12, .rings = 7
	};
	struct status_view view = make_view();

	(void)state;
	view.detectors = &detector;
	view.detector_count = 1;
	render_view(&view, NOW);
	has("hosts      1.20 k followed, 12 near a limit, 7 histories of what came late\n");
	lacks("to look after");
	detector.rings_turned_away = 3;
	render_view(&view, NOW);
	has("raise limits.watched");
}

/* Of the learned detector other tables are full, and other limits to raise. */
static void what_is_unusual_is_counted(void **state)
{
	struct status_detector detectors[] = {
		{ .name = "threshold" },
		{ .name = "learned", .hosts = 4, .watched = 3 },
	};
	struct status_view view = make_view();

	(void)state;
	view.detectors = detectors;
	view.detector_count = 2;
	render_view(&view, NOW);
	has("unusual    3 hosts, networks and places outside, looked at sample by sample\n");
	lacks("followed");
	lacks("to look after");
	detectors[1].turned_away = 1;
	detectors[1].watched_turned_away = 1;
	render_view(&view, NOW);
	has("raise limits.counters");
	has("raise limits.subjects");
	lacks("raise limits.hosts");
	lacks("raise limits.profiles");
	lacks("raise detect.floor");
	lacks("beyond 4096");
	detectors[1].profiles_turned_away = 3;
	detectors[1].stories_turned_away = 4;
	detectors[1].ports_turned_away = 5;
	render_view(&view, NOW);
	has("found no room: 3\n      raise limits.profiles");
	has("was not told: 4\n      raise detect.floor");
	has("by ports beyond 4096, not looked at for forged sources: 5\n");
	detectors[0].turned_away = 1;
	render_view(&view, NOW);
	has("raise limits.hosts");
}

static void what_is_not_acted_on_yet_is_told(void **state)
{
	struct status_detector detectors[] = { { .name = "learned", .settling_s = 240 } };
	struct status_view view = make_view();

	(void)state;
	view.detectors = detectors;
	view.detector_count = 1;
	render_view(&view, NOW);
	has("learning what is usual for another 240 s");
	lacks("not acted on yet");
	detectors[0].held_back = 3;
	render_view(&view, NOW);
	has("3 more look like an attack and are not acted on yet");
	text_done(&page);
	page = text_heap();
	detectors[0].settling_s = 0;
	render_view(&view, NOW);
	lacks("not acted on yet");
}

static void a_healthy_exporter_has_its_row(void **state)
{
	struct status_exporter exporter = make_exporter(1000);
	struct status_view view = make_view();

	(void)state;
	view.exporters = &exporter;
	view.exporter_count = 1;
	render_view(&view, NOW);
	has("192.0.2.1/3  edge1  sflow5       1.23 k  1:1000 (header)  0.0%");
	has("3.0 s ago\n");
	lacks("UNKNOWN");
	lacks("to look after");
}

static void a_clock_far_off_is_told_in_days(void **state)
{
	struct status_exporter exporter = make_exporter(1000);
	struct status_view view = make_view();

	(void)state;
	view.exporters = &exporter;
	view.exporter_count = 1;
	exporter.stats.clock_offset_ns = -2500 * (int64_t)NS_PER_MS;
	render_view(&view, NOW);
	has("-2.5 s");
	lacks("to look after");
	exporter.stats.clock_offset_ns = -62 * 86400 * (int64_t)NS_PER_S;
	render_view(&view, NOW);
	has("-62 d 0 h");
	has("exporters whose clock is more than 5 s off: 1\n      set up NTP there\n");
	text_clear(&page);
	exporter.stats.records = 0;
	render_view(&view, NOW);
	lacks("to look after");
}

static void unknown_sampling_is_loud(void **state)
{
	struct status_exporter exporter = make_exporter(0);
	struct status_view view = make_view();

	(void)state;
	view.exporters = &exporter;
	view.exporter_count = 1;
	render_view(&view, NOW);
	has("UNKNOWN");
	begins("to look after\n  exporters that sent records without a sampling rate: 1\n");
}

static void trouble_comes_with_advice(void **state)
{
	struct status_thread threads[2] = { { .hosts_turned_away = 4 },
					    { .hosts_turned_away = 5 } };
	struct status_view view = make_view();

	(void)state;
	view.threads = threads;
	view.thread_count = 2;
	view.kernel_dropped = 12;
	view.undecodable[REASON_SHORT] = 2;
	view.undecodable[REASON_VERSION] = 1;
	view.journal =
		(struct status_journal){ .path = "/j", .degraded = true, .reason = "disk full" };
	render_view(&view, NOW + 60 * NS_PER_S);
	has("hosts that found no room in the tally: 9\n      raise");
	has("datagrams lost in full socket buffers (at least): 12\n      raise "
	    "ingest.receive_buffer");
	has("undecoded  3: short 2, unknown-version 1\n");
	has("/j, CANNOT BE WRITTEN\n");
	has("the journal cannot be written: disk full");
	begins("to look after\n  OLD: all this was true 60 s ago\n");
	comes_before("journal cannot be written", "found no room in the tally");
	comes_before("found no room in the tally", "weir 9.9.9");
}

static void what_was_refused_is_to_look_after(void **state)
{
	static const struct {
		enum reason reason;
		const char *note;
	} cases[] = {
		{ REASON_EXPORTER_FULL, "found no room, and are not seen at all: 7\n      raise "
					"limits.exporters" },
		{ REASON_NOT_ALLOWED, "senders that are not under exporters: 7\n      add them" },
		{ REASON_TEMPLATE_FULL, "templates that found no room: 7\n      raise "
					"limits.templates" },
		{ REASON_NO_TEMPLATE, "waited for their template: 7\n      let the exporter send" },
		{ REASON_TEMPLATE_BAD, "templates that cannot be used, nor the data that follows "
				       "them: 7\n      see whose" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct status_view view = make_view();
		view.undecodable[cases[i].reason] = 7;
		text_clear(&page);
		render_view(&view, NOW);
		begins("to look after\n");
		has(cases[i].note);
		fits(80);
	}
}

/* A plan that reaches nobody, and one that was stopped, are told with what to do. */
static void what_became_of_plans_is_to_look_after(void **state)
{
	const struct status_actuator actuators[] = {
		{ .name = "edge", .kind = "bird", .peers_known = true, .peers_all = 3 },
		{ .name = "rim",
		  .kind = "gobgp",
		  .peers_known = true,
		  .peers_all = 2,
		  .peers_up = 1 },
		{ .name = "here", .kind = "xdp" },
	};
	struct status_view view = make_view();

	view.actuators = actuators;
	view.actuator_count = 3;
	view.needs_restart = "actuators (edge is new)";
	view.plans.stopped = 2;
	view.plans.flapping = 3;
	(void)state;
	render_view(&view, NOW);
	has("actuator edge: of 3 BGP sessions none is up");
	lacks("actuator rim");
	lacks("actuator here");
	has("plans that a canary stopped: 2");
	has("plans that changed ten times within an hour: 3");
	has("changed, and waiting for a restart: actuators (edge is new)");
}

static void those_in_trouble_are_on_top_and_the_rest_is_counted(void **state)
{
	static struct status_exporter many[100];
	struct status_view view = make_view();
	char line[64];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		many[i] = make_exporter(1000);
		many[i].stats.key.odid = 1000 + i;
		many[i].records_per_s.last_10s = 1 + i;
	}
	many[3].stats.unknown_sampling = 1;
	many[5].stats.expected = 200;
	many[5].stats.lost = 100;
	view.exporters = many;
	view.exporter_count = 100;
	render_view(&view, NOW);
	comes_before("192.0.2.1/1003", "192.0.2.1/1005");
	comes_before("192.0.2.1/1005", "192.0.2.1/1099");
	comes_before("192.0.2.1/1099", "192.0.2.1/1098");
	has("192.0.2.1/1062");
	lacks("192.0.2.1/1061");
	has("and 60 with less trouble or traffic; --all shows them\n");
	layout.all = true;
	text_clear(&page);
	render_view(&view, NOW);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "192.0.2.1/%u ", 1000 + i);
		has(line);
	}
	lacks("--all");
}

static void what_is_to_look_after_is_not_ok(void **state)
{
	struct status_exporter exporter = make_exporter(1000);
	struct status_thread thread = { 0 };
	struct status_view view = make_view();

	(void)state;
	view.exporters = &exporter;
	view.exporter_count = 1;
	view.threads = &thread;
	view.thread_count = 1;
	exporter.stats.expected = 200;
	exporter.stats.lost = 100;
	render_view(&view, NOW);
	has("more than 1% is lost on the way: 1\n      look at the path");
	has("LOST    192.0.2.1/3");
	thread.kernel_dropped = view.kernel_dropped = exporter.stats.lost;
	text_clear(&page);
	render_view(&view, NOW);
	lacks("look at the path");
	has("datagrams lost in full socket buffers");
	has("LOST    192.0.2.1/3");
	exporter.stats.lost = 0;
	exporter.last_minute =
		(struct coverage){ .minutes = 1, .datagrams = 10, .units = 10, .lost = 30 };
	text_clear(&page);
	render_view(&view, NOW);
	has("LOST    192.0.2.1/3");
	has("75.0%");
	exporter.last_minute = (struct coverage){ 0 };
	exporter.faults = 1U << FAULT_DUPLICATES;
	text_clear(&page);
	render_view(&view, NOW);
	has("TWIN    192.0.2.1/3");
}

static void our_own_drops_are_told_once(void **state)
{
	struct fault faults[2] = {
		{ .kind = FAULT_KERNEL, .of_thread = true, .text = "the kernel dropped 9" },
		{ .kind = FAULT_LOSS,
		  .numbers = { { "share", 0.5 }, { "kernel_dropped", 9 } },
		  .text = "half did not arrive" },
	};
	const struct fault *open[2] = { &faults[0], &faults[1] };
	struct status_view view = make_view();

	(void)state;
	view.faults = open;
	view.fault_count = 2;
	view.kernel_dropped = 9;
	render_view(&view, NOW);
	has("ingest thread 0: the kernel dropped 9");
	lacks("half did not arrive");
	lacks("lost in full socket buffers");
	faults[1].numbers[1] = (struct fault_number){ 0 };
	render_view(&view, NOW);
	has("half did not arrive");
}

static void an_agent_that_is_not_the_sender_is_shown(void **state)
{
	static const uint8_t agent[4] = { 10, 9, 8, 7 };
	struct status_exporter exporter = make_exporter(1000);
	struct status_view view = make_view();

	(void)state;
	view.exporters = &exporter;
	view.exporter_count = 1;
	exporter.stats.agent = exporter.stats.key.address;
	render_view(&view, NOW);
	has("192.0.2.1/3 ");
	exporter.stats.agent = ip_from_v4(agent);
	render_view(&view, NOW);
	has("192.0.2.1/10.9.8.7/3 ");
}

static void networks_and_the_heaviest_are_tables(void **state)
{
	static const uint8_t long_one[16] = { 0x20, 1,    0xd,  0xb8, 0x12, 0x34, 0x12, 0x34,
					      0x12, 0x34, 0x12, 0x34, 0x12, 0x34, 0x12, 0x34 };
	struct status_network networks[12];
	const struct status_talker talker = { ip_from_v6(long_one), { 12345678, 98765432100 } };
	struct status_view view = make_view();

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		const uint8_t address[4] = { 10, 0, (uint8_t)i, 0 };
		networks[i] = (struct status_network){
			.prefix = { ip_from_v4(address), 120 },
			.tenant = "a tenant with a long name",
			.in = { 123456789, 98765432100 },
			.out = { 7, 4242 },
		};
	}
	networks[0].prefix = (struct prefix){ ip_from_v6(long_one), 127 };
	view.networks = networks;
	view.network_count = 12;
	view.networks_dropped = 30;
	view.top.window_s = 5;
	view.top.hosts_in = (struct status_talkers){ &talker, 1 };
	view.top.outside = (struct status_talkers){ &talker, 1 };
	render_view(&view, NOW);
	has("a tenant with a long name  98.8 G   123 M   4.24 k        7\n");
	comes_before("10.0.9.0/24", "and 32 more; --all shows those that are followed");
	lacks("10.0.10.0/24");
	lacks("lower bounds");
	has("to own host  2001:db8:1234:1234:1234:1234:1234:1234  98.8 G  12.3 M\n");
	has("to outside");
	layout = (struct render_layout){ .width = 80, .all = true };
	view.top.older_share = 1;
	text_clear(&page);
	render_view(&view, NOW);
	has("10.0.11.0/24");
	has("and 30 more");
	has("100% of what was reported had gone by before these 5 s: they are lower bounds");
	fits(80);
}

static void what_actuators_caught_is_a_line_of_each(void **state)
{
	const struct status_actuator actuators[2] = {
		{ .name = "edge",
		  .kind = "xdp",
		  .catches = true,
		  .drops = { .read = 12345, .lost = 6, .turned_away = 700 } },
		{ .name = "core", .kind = "bird" },
	};
	struct status_view view = make_view();

	(void)state;
	view.actuators = actuators;
	view.actuator_count = 2;
	render_view(&view, NOW);
	has("caught     12.3 k of the packets that edge dropped, 700 of them not looked at; 6 "
	    "lost\n");
	lacks("that core dropped");
}

static void an_interface_is_one_row_with_its_name(void **state)
{
	struct status_exporter exporters[3];
	struct status_view view = make_view();

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		exporters[i] = make_exporter(100);
		exporters[i].name = NULL;
		exporters[i].thread = i;
		exporters[i].stats.key = (struct exporter_key){ .odid = 2, .source = FLOW_PACKET };
		exporters[i].records_per_s.last_10s = 1000 * (i + 1);
		exporters[i].stats.undecodable[i] = 5;
		snprintf(exporters[i].stats.label, EXPORTER_LABEL_MAX, "eth7");
	}
	exporters[1].faults = 1U << FAULT_CLOCK;
	exporters[2].stats.key.source = FLOW_AWS_VPC;
	snprintf(exporters[2].stats.label, EXPORTER_LABEL_MAX, "123456789012");
	view.exporters = exporters;
	view.exporter_count = 3;
	render_view(&view, NOW);
	has("CLOCK OFF  eth7          -     packet       3.00 k  1:100 (header)  0.0%         10");
	has("123456789012  -     aws-vpc      3.00 k");
	lacks("::");
}

static void the_page_fits_a_narrow_terminal(void **state)
{
	struct status_exporter exporter = make_exporter(0);
	struct status_thread thread = { .ticks_dropped = 3, .hosts_turned_away = 4 };
	struct status_view view = make_view();

	(void)state;
	view.exporters = &exporter;
	view.exporter_count = 1;
	view.threads = &thread;
	view.thread_count = 1;
	exporter.stats.clock_offset_ns = -62 * 86400 * (int64_t)NS_PER_S;
	layout.width = 80;
	render_view(&view, NOW);
	fits(80);
	has("left out here; --wide shows all\n");
	lacks("CLOCK");
	has("UNKNOWN");
}

static void an_answer_of_another_kind_is_survived(void **state)
{
	json_t *strange = json_loads("{\"exporters\":7,\"totals\":[],\"time\":3}", 0, NULL);

	(void)state;
	render_status(strange, NOW, &layout, &page);
	has("weir ");
	render_incidents(strange, NOW, &layout, &page);
	has("no incidents\n");
	assert_int_equal(render_incident(strange, &page), -WEIR_EFORMAT);
	json_decref(strange);
}

static struct incident make_incident(enum incident_state state)
{
	static const uint8_t host[4] = { 198, 51, 100, 7 };
	struct incident incident = {
		.id = "inc-1",
		.state = (uint8_t)state,
		.severity = SEVERITY_WARNING,
		.host = ip_from_v4(host),
		.vector_count = 2,
		.vectors = { { "ntp-amplification", 0.9 }, { "fragments", 0.1 } },
		.peak_pps = 500000,
		.peak_bps = 4000000000,
		.onset_ns = NOW - 90 * NS_PER_S,
		.ended_ns = state == INCIDENT_OPEN ? 0 : NOW - 60 * NS_PER_S,
	};

	return incident;
}

/* The answer of the API itself, so that both sides stay in step. */
static json_t *answer(const char *path, enum incident_state state, const char *plan)
{
	struct control_snapshot *snapshot = control_snapshot_new();
	struct api_request request = { .method = "GET", .path = path };
	struct incident incident = make_incident(state);
	struct text body = text_heap();

	assert_int_equal(control_snapshot_put_incident(snapshot, &incident, plan, NULL), 0);
	assert_int_equal(api_answer(&request, snapshot, &body), 200);
	json_t *json = json_loads(text_string(&body), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	text_done(&body);
	control_snapshot_unref(snapshot);
	return json;
}

static void incidents_are_a_table(void **state)
{
	json_t *list = answer("/api/v1/incidents", INCIDENT_OPEN, NULL);

	(void)state;
	render_incidents(list, NOW, &layout, &page);
	has("INCIDENT  STATE  SEVERITY");
	has("PEAK PPS   PEAK BPS  BEGAN (UTC)");
	has("inc-1     open   warning   inbound    198.51.100.7  ntp-amplification,fragments  500 "
	    "kpps  "
	    "4.00 Gbps");
	has("90 s\n");
	lacks("more");
	json_object_set_new(list, "matching", json_integer(5));
	render_incidents(list, NOW, &layout, &page);
	has("and 4 more; see --limit\n");
	json_decref(list);
}

/* The list of @incidents, as the API gives it: the one put last comes first. */
static json_t *list_of(const struct incident *incidents, size_t count)
{
	struct control_snapshot *snapshot = control_snapshot_new();
	struct api_request request = { .method = "GET", .path = "/api/v1/incidents" };
	struct text body = text_heap();

	for (size_t i = 0; i < count; i++)
		assert_int_equal(control_snapshot_put_incident(snapshot, &incidents[i], NULL, NULL),
				 0);
	assert_int_equal(api_answer(&request, snapshot, &body), 200);
	json_t *list = json_loads(text_string(&body), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(list);
	text_done(&body);
	control_snapshot_unref(snapshot);
	return list;
}

static void the_newest_then_the_largest_is_first(void **state)
{
	struct incident incidents[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		incidents[i] = make_incident(INCIDENT_OPEN);
		snprintf(incidents[i].id, sizeof(incidents[i].id), "inc-%u", i);
		incidents[i].peak_bps = 1000 + i % 2;
	}
	incidents[1].onset_ns += NS_PER_S;
	incidents[2].peak_bps = 5000;
	json_t *list = list_of(incidents, 4);
	render_incidents(list, NOW, &layout, &page);
	comes_before("inc-1", "inc-2");
	comes_before("inc-2", "inc-3");
	comes_before("inc-3", "inc-0");
	json_decref(list);
}

static void incidents_fit_a_narrow_terminal(void **state)
{
	struct incident incident = make_incident(INCIDENT_CLOSED);

	(void)state;
	snprintf(incident.id, sizeof(incident.id), "20261122T140506-in-1a2b3c4d");
	json_t *list = list_of(&incident, 1);
	layout.width = 80;
	render_incidents(list, NOW, &layout, &page);
	fits(80);
	has("20261122T140506-in-1a2b3c4d  closed  ");
	has("198.51.100.7  ntp-amplif");
	has("PEAK BPS\n");
	has("4.00 Gbps\n");
	has("columns left out here; --wide shows all\n");
	json_decref(list);
}

static void a_closed_one_lasted_until_its_end(void **state)
{
	json_t *list = answer("/api/v1/incidents", INCIDENT_CLOSED, NULL);

	(void)state;
	render_incidents(list, NOW, &layout, &page);
	has("closed");
	has("  30 s\n");
	json_decref(list);
}

static void one_incident_is_a_story(void **state)
{
	json_t *one =
		answer("/api/v1/incidents/inc-1", INCIDENT_OPEN,
		       "{\"level\":\"observe\",\"actuator\":\"observe\",\"needs_approval\":false}");

	(void)state;
	assert_int_equal(render_incident(one, &page), 0);
	has("198.51.100.7");
	has("ntp-amplification 90%");
	has("    action    observe only, nothing is blocked\n");
	json_decref(one);
}

/* What it dropped and whom that hit, as the daemon writes it. */
static void what_came_of_a_plan_is_told(void **state)
{
	struct verdict verdict = { .plan = "inc-1-p1",
				   .in_force = true,
				   .counted = true,
				   .dropped_packets = 1234567,
				   .basis = VERDICT_DROPPED,
				   .harm = 0.014,
				   .harm_least = 0.006,
				   .looked = 512,
				   .innocent = 7 };
	json_t *one = answer("/api/v1/incidents/inc-1", INCIDENT_OPEN,
			     "{\"id\":\"inc-1-p1\",\"level\":\"drop\",\"actuator\":\"edge\","
			     "\"rules\":[],\"needs_approval\":false}");
	struct text json = text_heap();
	struct jsonw w = jsonw_on(&json);

	(void)state;
	verdict_to_json(&verdict, &w, NULL);
	json_object_set_new(one, "verdict", json_loads(text_string(&json), 0, NULL));
	assert_int_equal(render_incident(one, &page), 0);
	has("    dropped   1.23 M packets by now\n"
	    "    lost      about 1.4 % of innocent traffic, at least 0.6 %: 7 of 512 dropped "
	    "packets look innocent\n");
	text_clear(&page);
	assert_int_equal(render_plan(one, &page), 0);
	has("  lost      about 1.4 %");
	/* Of what nobody sees nothing is claimed. */
	verdict = (struct verdict){ .plan = "inc-1-p1", .in_force = true };
	text_clear(&json);
	w = jsonw_on(&json);
	verdict_to_json(&verdict, &w, NULL);
	json_object_set_new(one, "verdict", json_loads(text_string(&json), 0, NULL));
	text_clear(&page);
	assert_int_equal(render_plan(one, &page), 0);
	has("  lost      not known: ");
	lacks("dropped  ");
	text_done(&json);
	json_decref(one);
}

static void a_story_names_machines_and_their_tenants(void **state)
{
	json_t *one = answer("/api/v1/incidents/inc-1", INCIDENT_OPEN, NULL);

	(void)state;
	json_object_set_new(
		json_object_get(one, "incident"), "machines",
		json_loads("[{\"ip\":\"198.51.100.9\",\"packets\":5,\"tenant\":\"acme\"},"
			   "{\"ip\":\"198.51.100.8\",\"packets\":9,\"tenant\":\"globex\","
			   "\"region\":\"osaka\"},{\"ip\":\"none\"}]",
			   0, NULL));
	assert_int_equal(render_incident(one, &page), 0);
	has("    machines  2 of ours, by tenant acme: 1; globex, osaka: 1\n"
	    "              198.51.100.8     9 packets (globex, osaka)\n"
	    "              198.51.100.9     5 packets (acme)\n");
	json_decref(one);
}

static void show_top(const struct status_view *view, size_t limit)
{
	struct text json = text_heap();

	top_to_json(view, &json);
	json_t *top = json_loads(text_string(&json), 0, NULL);
	render_top(top, NOW, limit, &layout, &page);
	json_decref(top);
	text_done(&json);
}

static struct status_row top_row(uint8_t last, double times, const char *state)
{
	const uint8_t address[4] = { 198, 51, 100, last };

	return (struct status_row){ .detector = "learned",
				    .what = { .ip = ip_from_v4(address), .len = 128 },
				    .class = "udp-amp",
				    .pps = times * 1000,
				    .usual_pps = 20,
				    .envelope_pps = 1000,
				    .times = times,
				    .state = state,
				    .alarm = 0.5,
				    .nats = 12.3 };
}

static void rates_stand_beside_their_envelopes(void **state)
{
	struct status_row rows[] = { top_row(7, 12.3, "attack"), top_row(8, 0.9, "rising"),
				     top_row(9, 0.25, "") };
	const struct status_view view = { .now_ns = NOW,
					  .top = { .in = { 1500, 2000000 } },
					  .incidents_open = 1,
					  .rows = rows,
					  .row_count = 3 };

	(void)state;
	rows[2].class = "bits";
	rows[2].envelope_bps = 8e6;
	show_top(&view, 64);
	begins("weir 08:00:00 UTC   in 1.50 kpps, 2.00 Mbps   out 0 pps, 0 bps\n"
	       "1 incident open; no fault of the telemetry\n\n");
	has("198.51.100.7  inbound    udp-amp  12.3 kpps  20 pps  1.00 kpps  12.30x  ##########>  "
	    "attack  +12.3 nats\n");
	has("#########-   rising  50% sure\n");
	has("8.00 Mbps   0.25x  ##--------   -       -\n");
	fits(104);
	text_clear(&page);
	show_top(&view, 1);
	has("attack");
	lacks("rising");
}

static void the_list_fits_a_narrow_terminal(void **state)
{
	struct status_row row = top_row(7, 2, "suspect");
	const struct status_view view = { .now_ns = NOW - 10 * NS_PER_S,
					  .rows = &row,
					  .row_count = 1 };

	(void)state;
	layout.width = 60;
	show_top(&view, 64);
	has("10 s old");
	has("suspect");
	lacks("EVIDENCE");
	has("2.00x");
	fits(60);
}

static void a_frame_is_cut_to_the_screen(void **state)
{
	const struct screen_size size = { .width = 4, .height = 3 };

	(void)state;
	screen_frame("12345\n\xc3\xa4\xc3\xa4\n3\n", &size, &page);
	assert_string_equal(text_string(&page), "\033[H1234\033[K\n\xc3\xa4\xc3\xa4\033[K\n\033[J");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_fresh_daemon_is_quiet),
		CASE(hosts_near_a_limit_are_counted),
		CASE(what_is_unusual_is_counted),
		CASE(what_is_not_acted_on_yet_is_told),
		CASE(a_healthy_exporter_has_its_row),
		CASE(a_clock_far_off_is_told_in_days),
		CASE(unknown_sampling_is_loud),
		CASE(trouble_comes_with_advice),
		CASE(an_answer_of_another_kind_is_survived),
		CASE(incidents_are_a_table),
		CASE(a_closed_one_lasted_until_its_end),
		CASE(one_incident_is_a_story),
		CASE(what_actuators_caught_is_a_line_of_each),
		CASE(what_came_of_a_plan_is_told),
		CASE(a_story_names_machines_and_their_tenants),
		CASE(what_was_refused_is_to_look_after),
		CASE(what_became_of_plans_is_to_look_after),
		CASE(those_in_trouble_are_on_top_and_the_rest_is_counted),
		CASE(what_is_to_look_after_is_not_ok),
		CASE(our_own_drops_are_told_once),
		CASE(an_agent_that_is_not_the_sender_is_shown),
		CASE(networks_and_the_heaviest_are_tables),
		CASE(an_interface_is_one_row_with_its_name),
		CASE(the_page_fits_a_narrow_terminal),
		CASE(the_newest_then_the_largest_is_first),
		CASE(incidents_fit_a_narrow_terminal),
		CASE(rates_stand_beside_their_envelopes),
		CASE(the_list_fits_a_narrow_terminal),
		CASE(a_frame_is_cut_to_the_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
