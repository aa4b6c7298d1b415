/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of incident/incidents and story: open, update, close, limits, order, names. */
#include "scene.h"

#define IN  DIRECTION_INBOUND
#define OUT DIRECTION_OUTBOUND

struct scene {
	struct config config;
	struct incidents *incidents;
	struct seen seen;
};

static int begin(void **state)
{
	static struct scene scene;

	scene = (struct scene){ .config = scene_config() };
	*state = &scene;
	return incidents_open(&scene.config, NULL, START_NS, &scene.incidents);
}

static int end(void **state)
{
	struct scene *scene = *state;

	incidents_close(scene->incidents);
	lpm_free(scene->config.network_lpm);
	return 0;
}

/* A finding about a host at some second, and the tick of that second. */
static void see(struct scene *scene, const char *host, enum direction direction, unsigned second,
		bool above)
{
	uint64_t now_ns = START_NS + second * NS_PER_S;
	struct finding finding = scene_finding(host, direction, now_ns);

	finding.above = above;
	scene_step(scene->incidents, &finding, now_ns, &scene->seen);
}

static void pass(struct scene *scene, unsigned second)
{
	scene_step(scene->incidents, NULL, START_NS + second * NS_PER_S, &scene->seen);
}

static void expect(struct scene *scene, size_t index, enum event_type type)
{
	assert_true(scene->seen.count > index);
	assert_string_equal(event_type_name(scene->seen.events[index].type), event_type_name(type));
}

static void an_excess_opens_an_incident(void **state)
{
	struct scene *scene = *state;
	const struct incident *incident = &scene->seen.events[0].incident;
	char target[IP_TEXT_MAX];

	see(scene, "198.51.100.7", IN, 0, true);
	assert_int_equal(scene->seen.count, 1);
	expect(scene, 0, EVENT_INCIDENT_OPENED);
	assert_memory_equal(incident->id, "20261122T140505-in-", 19);
	assert_int_equal(strlen(incident->id), 19 + 8);
	assert_string_equal(incident->tenant, "acme");
	assert_string_equal(incident->region, "tokyo");
	assert_int_equal(incident->target_count, 1);
	assert_string_equal(prefix_format(&incident->targets[0], target), "198.51.100.7/32");
	assert_int_equal(incident->sources_estimated, 300);
	assert_int_equal(incident->targets_estimated, 1);
	assert_int_equal(incident->detected_ns, START_NS);
	assert_int_equal(incident->onset_ns, START_NS - NS_PER_S);
	assert_int_equal(incident->detected_pps, 20000);
	assert_string_equal(incident->why, "20.0 kpps, limit 5.00 kpps");
	assert_ptr_equal(incidents_find(scene->incidents, "no such id"), NULL);
	assert_non_null(incidents_find(scene->incidents, incident->id));
}

static void the_same_input_gives_the_same_ids(void **state)
{
	struct scene *scene = *state;
	struct incidents *other = NULL;
	struct seen seen = { 0 };
	struct finding finding = scene_finding("198.51.100.7", IN, START_NS);

	assert_int_equal(incidents_open(&scene->config, NULL, START_NS, &other), 0);
	see(scene, "198.51.100.7", IN, 0, true);
	scene_step(other, &finding, START_NS, &seen);
	assert_string_equal(seen.events[0].incident.id, scene->seen.events[0].incident.id);
	incidents_close(other);
}

static void below_the_limit_nothing_opens(void **state)
{
	struct scene *scene = *state;

	see(scene, "198.51.100.7", IN, 0, false);
	assert_int_equal(scene->seen.count, 0);
}

static void updates_keep_their_distance(void **state)
{
	struct scene *scene = *state;

	for (unsigned second = 0; second <= 25; second++)
		see(scene, "198.51.100.7", IN, second, true);
	assert_int_equal(scene->seen.count, 3);
	expect(scene, 1, EVENT_INCIDENT_UPDATED);
	assert_int_equal(scene->seen.events[1].incident.updated_ns, START_NS + 10 * NS_PER_S);
	assert_int_equal(scene->seen.events[2].incident.updated_ns, START_NS + 20 * NS_PER_S);
	/* Silence is no news. */
	pass(scene, 40);
	assert_int_equal(scene->seen.count, 4);
	pass(scene, 51);
	assert_int_equal(scene->seen.count, 4);
}

static void worse_news_come_at_once(void **state)
{
	struct scene *scene = *state;
	struct finding finding = scene_finding("198.51.100.7", IN, START_NS + NS_PER_S);

	see(scene, "198.51.100.7", IN, 0, true);
	finding.pps = 39999;
	scene_step(scene->incidents, &finding, finding.now_ns, &scene->seen);
	assert_int_equal(scene->seen.count, 1);
	finding.pps = 40000;
	snprintf(finding.why, sizeof(finding.why), "40.0 kpps");
	scene_step(scene->incidents, &finding, finding.now_ns - 1, &scene->seen);
	assert_int_equal(scene->seen.count, 1); /* but not within the same second */
	scene_step(scene->incidents, &finding, finding.now_ns, &scene->seen);
	assert_int_equal(scene->seen.count, 2);
	assert_string_equal(scene->seen.events[1].incident.why, "40.0 kpps");
	finding.severity = SEVERITY_CRITICAL;
	snprintf(finding.why, sizeof(finding.why), "worse");
	scene_step(scene->incidents, &finding, finding.now_ns, &scene->seen);
	assert_int_equal(scene->seen.count, 3);
	assert_int_equal(scene->seen.events[2].incident.severity, SEVERITY_CRITICAL);
	assert_string_equal(scene->seen.events[2].incident.why, "worse");
	finding.severity = SEVERITY_INFO;
	finding.pps = 30000;
	finding.bps--;
	snprintf(finding.why, sizeof(finding.why), "better");
	finding.now_ns += 20 * NS_PER_S;
	scene_step(scene->incidents, &finding, finding.now_ns, &scene->seen);
	assert_int_equal(scene->seen.events[3].incident.severity, SEVERITY_CRITICAL);
	assert_int_equal(scene->seen.events[3].incident.peak_pps, 40000);
	assert_int_equal(scene->seen.events[3].incident.pps, 30000);
	assert_string_equal(scene->seen.events[3].incident.why, "worse");
}

static void holding_keeps_it_open_and_quiet_closes_it(void **state)
{
	struct scene *scene = *state;
	struct incidents_stats stats;
	const struct incident *last;

	see(scene, "198.51.100.7", IN, 0, true);
	for (unsigned second = 50; second <= 200; second += 50)
		see(scene, "198.51.100.7", IN, second, false);
	pass(scene, 259);
	incidents_stats(scene->incidents, &stats);
	assert_int_equal(stats.open, 1);
	pass(scene, 260);
	last = &scene->seen.events[scene->seen.count - 1].incident;
	expect(scene, scene->seen.count - 1, EVENT_INCIDENT_CLOSED);
	assert_int_equal(last->state, INCIDENT_CLOSED);
	assert_int_equal(last->ended_ns, START_NS + 200 * NS_PER_S);
	assert_int_equal(last->pps, 0);
	assert_int_equal(last->peak_pps, 20000);
	incidents_stats(scene->incidents, &stats);
	assert_int_equal(stats.open, 0);
	assert_int_equal(stats.closed, 1);
	pass(scene, 400);
	expect(scene, scene->seen.count - 1, EVENT_INCIDENT_CLOSED);
}

static void without_a_finding_it_is_quiet(void **state)
{
	struct scene *scene = *state;
	const struct incident *now;

	see(scene, "198.51.100.7", IN, 0, true);
	see(scene, "198.51.100.7", IN, 2, false);
	now = incidents_find(scene->incidents, scene->seen.events[0].incident.id);
	assert_int_equal(now->pps, 20000);
	assert_int_equal(now->quiet_ns, 0);
	assert_int_equal(now->above_ns, START_NS);
	assert_int_equal(now->seen_ns, START_NS + 2 * NS_PER_S);
	/* Known at once, told when it is time for an update anyway, and once. */
	pass(scene, 3);
	assert_int_equal(now->pps, 0);
	assert_int_equal(now->bps, 0);
	assert_int_equal(now->quiet_ns, START_NS + 2 * NS_PER_S);
	assert_int_equal(now->closes_ns, START_NS + 62 * NS_PER_S);
	assert_int_equal(scene->seen.count, 1);
	for (unsigned second = 4; second <= 30; second++)
		pass(scene, second);
	assert_int_equal(scene->seen.count, 2);
	assert_int_equal(scene->seen.events[1].incident.updated_ns, START_NS + 10 * NS_PER_S);
	assert_int_equal(scene->seen.events[1].incident.pps, 0);
	assert_int_equal(scene->seen.events[1].incident.quiet_ns, START_NS + 2 * NS_PER_S);
	/* Back before its time. */
	see(scene, "198.51.100.7", IN, 31, true);
	assert_int_equal(scene->seen.count, 3);
	assert_int_equal(scene->seen.events[2].incident.pps, 20000);
	assert_int_equal(scene->seen.events[2].incident.quiet_ns, 0);
	pass(scene, 91);
	expect(scene, 3, EVENT_INCIDENT_CLOSED);
	assert_int_equal(scene->seen.events[3].incident.quiet_ns, 0);
	assert_int_equal(scene->seen.events[3].incident.ended_ns, START_NS + 31 * NS_PER_S);
}

static void more_than_the_line_carries_is_noted(void **state)
{
	struct scene *scene = *state;
	struct config narrow = scene->config;
	struct config_network network = scene->config.networks[0];
	struct finding finding = scene_finding("198.51.100.7", IN, START_NS);

	network.capacity_bps = finding.bps;
	narrow.networks = &network;
	assert_int_equal(incidents_reload(scene->incidents, &narrow), 0);
	scene_step(scene->incidents, &finding, finding.now_ns, &scene->seen);
	assert_int_equal(scene->seen.events[0].incident.capacity_bps, 0);
	finding.bps++;
	finding.now_ns += 10 * NS_PER_S;
	scene_step(scene->incidents, &finding, finding.now_ns, &scene->seen);
	assert_int_equal(scene->seen.events[1].incident.capacity_bps, network.capacity_bps);
	assert_int_equal(scene->seen.events[1].incident.severity, SEVERITY_WARNING);
	/* Later is not earlier: it stays noted. */
	finding.bps = 1;
	finding.now_ns += 10 * NS_PER_S;
	scene_step(scene->incidents, &finding, finding.now_ns, &scene->seen);
	assert_int_equal(scene->seen.events[2].incident.capacity_bps, network.capacity_bps);
	/* What stays inside never passed the line. */
	finding = scene_finding("198.51.100.8", DIRECTION_INTERNAL, finding.now_ns);
	finding.bps++;
	scene_step(scene->incidents, &finding, finding.now_ns, &scene->seen);
	assert_int_equal(scene->seen.events[3].incident.capacity_bps, 0);
	assert_int_equal(incidents_reload(scene->incidents, &scene->config), 0);
}

static void coming_back_is_a_new_incident(void **state)
{
	struct scene *scene = *state;
	struct finding finding = scene_finding("198.51.100.7", IN, START_NS + 100 * NS_PER_S);

	see(scene, "198.51.100.7", IN, 0, true);
	pass(scene, 60);
	/* Even if the detector speaks of the same onset. */
	finding.onset_ns = START_NS - NS_PER_S;
	scene_step(scene->incidents, &finding, finding.now_ns, &scene->seen);
	assert_int_equal(scene->seen.count, 3);
	expect(scene, 2, EVENT_INCIDENT_OPENED);
	assert_string_not_equal(scene->seen.events[0].incident.id,
				scene->seen.events[2].incident.id);
}

static void directions_are_apart_and_in_order(void **state)
{
	struct scene *scene = *state;
	struct finding findings[] = {
		scene_finding("198.51.100.9", OUT, START_NS),
		scene_finding("198.51.100.9", IN, START_NS),
		scene_finding("198.51.100.8", IN, START_NS),
	};

	for (size_t i = 0; i < 3; i++)
		incidents_finding(scene->incidents, &findings[i]);
	pass(scene, 0);
	assert_int_equal(scene->seen.count, 3);
	for (size_t i = 1; i < 3; i++)
		assert_true(strcmp(scene->seen.events[i - 1].incident.id,
				   scene->seen.events[i].incident.id) < 0);
	assert_int_equal(scene->seen.events[2].incident.direction, OUT);
	assert_int_equal(scene->seen.events[2].incident.sources_seen, 1);
	assert_int_equal(scene->seen.events[2].incident.sources_estimated, 1);
	assert_int_equal(scene->seen.events[2].incident.targets_estimated, 300);
}

static void a_full_table_counts_what_it_turns_away(void **state)
{
	struct scene *scene = *state;
	struct incidents_stats stats;
	char host[32];

	for (unsigned i = 0; i < 6; i++) {
		snprintf(host, sizeof(host), "198.51.100.%u", i);
		see(scene, host, IN, i, true);
	}
	incidents_stats(scene->incidents, &stats);
	assert_int_equal(stats.open, 4);
	assert_int_equal(stats.limit, 4);
	assert_int_equal(stats.turned_away, 2);
	/* Turned away is an incident, not each tick of it. */
	struct finding again = scene_finding("198.51.100.5", IN, START_NS + 6 * NS_PER_S);
	again.first = false;
	scene_step(scene->incidents, &again, again.now_ns, &scene->seen);
	incidents_stats(scene->incidents, &stats);
	assert_int_equal(stats.open, 4);
	assert_int_equal(stats.turned_away, 2);
	/* Who is in stays in, and whoever ends makes room. */
	see(scene, "198.51.100.1", IN, 70, true);
	incidents_stats(scene->incidents, &stats);
	assert_int_equal(stats.open, 1);
	see(scene, "198.51.100.200", IN, 71, true);
	incidents_stats(scene->incidents, &stats);
	assert_int_equal(stats.open, 2);
	assert_int_equal(stats.turned_away, 2);
}

static void a_reload_can_make_room(void **state)
{
	struct scene *scene = *state;
	struct config wider = scene->config;
	struct incidents_stats stats;
	char host[32];

	wider.max_incidents = 100;
	for (unsigned i = 0; i < 50; i++) {
		snprintf(host, sizeof(host), "198.51.100.%u", i);
		if (i == 4)
			assert_int_equal(incidents_reload(scene->incidents, &wider), 0);
		see(scene, host, IN, 0, true);
	}
	incidents_stats(scene->incidents, &stats);
	assert_int_equal(stats.open, 50);
	assert_int_equal(stats.turned_away, 0);
	see(scene, "198.51.100.2", IN, 1, true);
	incidents_stats(scene->incidents, &stats);
	assert_int_equal(stats.open, 50);
	assert_int_equal(incidents_reload(scene->incidents, &scene->config), 0);
}

static void set_peer(struct tally_peer *peer, const char *ip, uint64_t packets, uint64_t error)
{
	*peer = (struct tally_peer){ .ip = scene_ip(ip), .packets = packets, .error = error };
}

static void peers_that_stand_out_are_named(void **state)
{
	struct scene *scene = *state;
	struct tally_detail detail = {
		.ports = { { .proto = 17, .sport = 123, .dport = 4000, .packets = 9000 },
			   { .proto = 17, .sport = 123, .dport = 4001, .packets = 900 },
			   { .proto = 6, .sport = 443, .dport = 4000, .packets = 100 } },
	};
	struct finding finding = scene_finding("198.51.100.7", IN, START_NS);
	const struct incident *incident = &scene->seen.events[0].incident;

	set_peer(&detail.peers[0], "192.0.2.1", 1000, 0);
	set_peer(&detail.peers[1], "192.0.2.2", 8000, 100);
	set_peer(&detail.peers[2], "192.0.2.3", 900, 800); /* came by chance */
	set_peer(&detail.peers[3], "192.0.2.4", 20, 0);    /* too little to matter */
	finding.detail = &detail;
	scene_step(scene->incidents, &finding, START_NS, &scene->seen);
	assert_int_equal(incident->source_count, 2);
	assert_int_equal(incident->sources_seen, 2);
	assert_int_equal(incident->sources[0].ip.b[15], 2);
	assert_int_equal(incident->sources[1].ip.b[15], 1);
	assert_int_equal(incident->focus.proto, 17);
	assert_int_equal(incident->focus.sport, 123);
	assert_int_equal(incident->focus.dport, 4000);
	assert_int_equal(incident->focus.peer.b[15], 2);
	/* While it fades, nobody new is named. */
	finding.above = false;
	finding.now_ns += 15 * NS_PER_S;
	set_peer(&detail.peers[0], "192.0.2.99", 100000, 0);
	scene_step(scene->incidents, &finding, finding.now_ns, &scene->seen);
	assert_int_equal(scene->seen.events[1].incident.source_count, 2);
	assert_int_equal(scene->seen.events[1].incident.sources[0].ip.b[15], 2);
}

static void random_sources_name_nobody(void **state)
{
	struct scene *scene = *state;
	struct tally_detail detail = { 0 };
	struct finding finding = scene_finding("198.51.100.7", IN, START_NS);
	const struct incident *incident = &scene->seen.events[0].incident;

	for (unsigned i = 0; i < TALLY_PEERS; i++) {
		set_peer(&detail.peers[i], "192.0.2.0", 100, 99);
		detail.peers[i].ip.b[15] = (uint8_t)i;
	}
	for (unsigned i = 0; i < TALLY_PORTS; i++)
		detail.ports[i] = (struct tally_port){
			.proto = 17,
			.sport = (uint16_t)(1000 + i),
			.dport = 80,
			.packets = 100,
		};
	finding.detail = &detail;
	scene_step(scene->incidents, &finding, START_NS, &scene->seen);
	assert_int_equal(incident->source_count, 0);
	assert_int_equal(incident->sources_estimated, 300);
	assert_true(ip_is_zero(&incident->focus.peer));
	assert_int_equal(incident->focus.proto, 17);
	assert_int_equal(incident->focus.sport, -1);
	assert_int_equal(incident->focus.dport, 80);
}

static void outbound_names_its_targets(void **state)
{
	struct scene *scene = *state;
	struct tally_detail detail = { 0 };
	struct finding finding = scene_finding("198.51.100.7", OUT, START_NS);
	const struct incident *incident = &scene->seen.events[0].incident;

	for (unsigned i = 0; i < TALLY_PEERS; i++) {
		set_peer(&detail.peers[i], "203.0.113.0", 100 + i, 0);
		detail.peers[i].ip.b[15] = (uint8_t)i;
	}
	finding.detail = &detail;
	scene_step(scene->incidents, &finding, START_NS, &scene->seen);
	assert_int_equal(incident->target_count, INCIDENT_TARGETS);
	assert_int_equal(incident->targets[0].ip.b[15], TALLY_PEERS - 1);
	assert_int_equal(incident->source_count, 1);
	assert_int_equal(incident->sources[0].ip.b[15], 7);
}

/* Machines as JSON, with the tenants of the configuration. */
static void emit_json(void *self, const struct event *event)
{
	text_clear(self);
	event_to_json(event, self);
}

static void machines_have_tenants(void **state)
{
	const struct finding_machine machines[] = { { .ip = scene_ip("198.51.100.7"),
						      .packets = 5 },
						    { .ip = scene_ip("192.0.2.1"), .packets = 6 } };
	struct finding finding = scene_finding("198.51.100.7", DIRECTION_OUTBOUND, START_NS);
	struct config config = scene_config();
	struct incidents *incidents = NULL;
	struct text json = text_heap();
	const struct event_sink sink = { emit_json, &json };

	(void)state;
	finding.kind = KIND_CAMPAIGN;
	finding.story = 1;
	finding.machines = machines;
	finding.machine_count = 2;
	assert_int_equal(incidents_open(&config, NULL, START_NS, &incidents), 0);
	incidents_finding(incidents, &finding);
	incidents_tick(incidents, START_NS, &sink);
	assert_non_null(strstr(text_string(&json),
			       "\"tenants\":[{\"tenant\":\"acme\",\"region\":\"tokyo\","
			       "\"machines\":1}],\"machines\":[{\"ip\":\"198.51.100.7\","
			       "\"tenant\":\"acme\",\"region\":\"tokyo\",\"packets\":5,"));
	assert_non_null(strstr(text_string(&json), "{\"ip\":\"192.0.2.1\",\"packets\":6,"));
	incidents_close(incidents);
	lpm_free(config.network_lpm);
	text_done(&json);
}

int main(void)
{
#define scene_test(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machines_have_tenants),
		scene_test(an_excess_opens_an_incident),
		scene_test(the_same_input_gives_the_same_ids),
		scene_test(below_the_limit_nothing_opens),
		scene_test(updates_keep_their_distance),
		scene_test(worse_news_come_at_once),
		scene_test(holding_keeps_it_open_and_quiet_closes_it),
		scene_test(without_a_finding_it_is_quiet),
		scene_test(more_than_the_line_carries_is_noted),
		scene_test(coming_back_is_a_new_incident),
		scene_test(directions_are_apart_and_in_order),
		scene_test(a_full_table_counts_what_it_turns_away),
		scene_test(a_reload_can_make_room),
		scene_test(peers_that_stand_out_are_named),
		scene_test(random_sources_name_nobody),
		scene_test(outbound_names_its_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
