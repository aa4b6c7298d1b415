/* SPDX-License-Identifier: Apache-2.0 */
/* A view with every part filled in comes out as JSON that says so. */
#include "check.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "control/status.h"
#include "model/flow.h"

static json_t *json_of(const struct status_view *view)
{
	struct text out = text_heap();
	json_error_t error;

	status_to_json(view, &out);
	assert_false(out.failed);
	json_t *json = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(json);
	text_done(&out);
	return json;
}

static const json_t *at(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	assert_non_null(value);
	return value;
}

static struct status_exporter make_exporter(void)
{
	static const uint8_t address[4] = { 192, 0, 2, 1 };
	struct status_exporter exporter = { .name = "edge1", .thread = 1 };

	exporter.stats.key.address = ip_from_v4(address);
	exporter.stats.key.source = FLOW_NETFLOW9;
	exporter.stats.key.odid = 7;
	exporter.stats.datagrams = 75;
	exporter.stats.records = 1000;
	exporter.stats.expected = 100;
	exporter.stats.received = 75;
	exporter.stats.lost = 25;
	exporter.stats.samplers_turned_away = 8;
	exporter.stats.undecodable[REASON_NO_TEMPLATE] = 3;
	exporter.stats.clock_offset_ns = -1500 * (int64_t)NS_PER_MS;
	exporter.stats.last_ns = 5 * NS_PER_S;
	exporter.records_per_s.last_1s = 12.5;
	return exporter;
}

static void an_empty_view_is_valid(void **state)
{
	struct status_view view = { .version = "0", .config_file = "x" };

	(void)state;
	json_t *json = json_of(&view);
	assert_int_equal(json_array_size(at(json, "exporters")), 0);
	assert_true(json_is_null(at(at(json, "journal"), "path")));
	assert_int_equal(json_object_size(at(at(json, "totals"), "undecodable")), 0);
	json_decref(json);
}

static void an_exporter_is_told_in_full(void **state)
{
	struct status_exporter exporter = make_exporter();
	struct status_view view = { .exporters = &exporter, .exporter_count = 1 };

	(void)state;
	json_t *json = json_of(&view);
	const json_t *one = json_array_get(at(json, "exporters"), 0);
	assert_string_equal(json_string_value(at(one, "address")), "192.0.2.1");
	assert_string_equal(json_string_value(at(one, "protocol")), "netflow9");
	assert_string_equal(json_string_value(at(one, "name")), "edge1");
	assert_true(json_is_null(at(at(one, "sampling"), "rate")));
	assert_string_equal(json_string_value(at(at(one, "sampling"), "source")), "unknown");
	assert_int_equal(json_integer_value(at(at(one, "sampling"), "samplers_turned_away")), 8);
	assert_string_equal(json_string_value(at(at(one, "lost"), "unit")), "datagrams");
	assert_true(fabs(json_real_value(at(at(one, "lost"), "share")) - 0.25) < 1e-9);
	assert_int_equal(json_integer_value(at(at(one, "undecodable"), "no-template")), 3);
	assert_true(fabs(json_real_value(at(one, "clock_offset_s")) + 1.5) < 1e-9);
	assert_string_equal(json_string_value(at(one, "last_seen")), "1970-01-01T00:00:05.000000Z");
	assert_true(fabs(json_real_value(at(at(one, "records_per_s"), "1s")) - 12.5) < 1e-9);
	json_decref(json);
}

static void loss_is_in_the_unit_that_the_exporter_numbers(void **state)
{
	/* IPFIX by its protocol, but it numbers datagrams: records and options say nothing. */
	struct exporter_stats stats = { .datagrams = 75,
					.records = 2900,
					.options = 10,
					.expected = 100,
					.received = 75,
					.lost = 25 };

	(void)state;
	stats.key.source = FLOW_IPFIX;
	assert_true(fabs(status_lost_share(&stats) - 0.25) < 1e-9);
	stats = (struct exporter_stats){ .datagrams = 1 };
	assert_true(status_lost_share(&stats) == 0);
}

static void trouble_is_told(void **state)
{
	struct status_sink sink = { .kind = "jsonl", .dropped = 2, .last_error = -28 };
	struct status_thread thread = { .hosts = 5,
					.hosts_turned_away = 9,
					.outside_replaced = 11,
					.kernel_dropped = 4,
					.cpu = -1,
					.receive_buffer = 4096,
					.queued_bytes = 77 };
	struct status_detector detector = {
		.name = "threshold", .turned_away = 6, .watched = 11, .rings = 12
	};
	struct status_view view = {
		.started_ns = 10 * NS_PER_S,
		.now_ns = 70 * NS_PER_S,
		.sinks = &sink,
		.sink_count = 1,
		.threads = &thread,
		.thread_count = 1,
		.detectors = &detector,
		.detector_count = 1,
		.journal = { .path = "/x", .degraded = true, .reason = "disk full" },
	};

	(void)state;
	json_t *json = json_of(&view);
	assert_int_equal(json_integer_value(at(json, "uptime_s")), 60);
	assert_true(json_is_true(at(at(json, "journal"), "degraded")));
	assert_string_equal(
		json_string_value(at(json_array_get(at(json, "sinks"), 0), "last_error")),
		"No space left on device");
	assert_int_equal(
		json_integer_value(at(json_array_get(at(json, "threads"), 0), "outside_replaced")),
		11);
	assert_int_equal(
		json_integer_value(at(json_array_get(at(json, "threads"), 0), "hosts_turned_away")),
		9);
	json_t *told = json_array_get(at(json, "threads"), 0);
	assert_true(json_is_null(at(told, "cpu")));
	assert_int_equal(json_integer_value(at(told, "receive_buffer")), 4096);
	assert_int_equal(json_integer_value(at(told, "queued_bytes")), 77);
	assert_int_equal(
		json_integer_value(at(json_array_get(at(json, "detectors"), 0), "turned_away")), 6);
	assert_int_equal(
		json_integer_value(at(json_array_get(at(json, "detectors"), 0), "watched")), 11);
	assert_int_equal(json_integer_value(at(json_array_get(at(json, "detectors"), 0), "rings")),
			 12);
	json_decref(json);
}

static void traffic_is_told(void **state)
{
	static const uint8_t address[4] = { 198, 51, 100, 7 };
	const struct status_network network = {
		.prefix = { .ip = ip_from_v4(address), .len = 128 },
		.tenant = "acme",
		.in = { .pps = 5, .bps = 6 },
		.out = { .pps = 7, .bps = 8 },
	};
	const struct status_talker talker = { .ip = ip_from_v4(address), .load = { 9, 10 } };
	const struct status_view view = {
		.networks = &network,
		.network_count = 1,
		.networks_dropped = 3,
		.top = { .window_s = 5, .older_share = 0.25, .outside = { &talker, 1 } },
	};

	(void)state;
	json_t *json = json_of(&view);
	const json_t *one = json_array_get(at(json, "networks"), 0);
	assert_string_equal(json_string_value(at(one, "prefix")), "198.51.100.7/32");
	assert_string_equal(json_string_value(at(one, "tenant")), "acme");
	assert_int_equal(json_integer_value(at(one, "in_pps")), 5);
	assert_int_equal(json_integer_value(at(one, "out_bps")), 8);
	assert_int_equal(json_integer_value(at(json, "networks_not_listed")), 3);
	const json_t *top = at(json, "top");
	assert_int_equal(json_integer_value(at(top, "window_s")), 5);
	assert_true(fabs(json_number_value(at(top, "older_share")) - 0.25) < 1e-9);
	assert_int_equal(json_array_size(at(top, "hosts_in")), 0);
	assert_int_equal(json_array_size(at(top, "hosts_out")), 0);
	one = json_array_get(at(top, "outside"), 0);
	assert_string_equal(json_string_value(at(one, "address")), "198.51.100.7");
	assert_int_equal(json_integer_value(at(one, "pps")), 9);
	assert_int_equal(json_integer_value(at(one, "bps")), 10);
	json_decref(json);
}

static void rates_and_envelopes_are_told(void **state)
{
	static const uint8_t address[4] = { 198, 51, 100, 7 };
	const struct fault faults[] = { { .severity = SEVERITY_CRITICAL },
					{ .severity = SEVERITY_CRITICAL },
					{ .severity = SEVERITY_WARNING } };
	const struct fault *const open[] = { &faults[0], &faults[1], &faults[2] };
	const struct status_row rows[] = {
		{ .detector = "learned",
		  .what = { .ip = ip_from_v4(address), .len = 128 },
		  .class = "bits",
		  .pps = 1000.4,
		  .envelope_pps = 3000,
		  .envelope_bps = 8e6,
		  .times = 12.345,
		  .state = "attack",
		  .alarm = 1,
		  .nats = -3.25 },
		{ .detector = "learned",
		  .what = { .ip = ip_from_v4(address), .len = 120 },
		  .outside = true,
		  .direction = DIRECTION_OUTBOUND,
		  .class = "syn",
		  .state = "" },
	};
	const struct status_view view = { .top = { .window_s = 5, .in = { 1, 2 } },
					  .incidents_open = 4,
					  .faults = open,
					  .fault_count = 3,
					  .rows = rows,
					  .row_count = 2 };
	struct text out = text_heap();

	(void)state;
	top_to_json(&view, &out);
	json_t *json = json_loads(text_string(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_integer_value(at(at(json, "in"), "bps")), 2);
	assert_int_equal(json_integer_value(at(json, "incidents_open")), 4);
	assert_int_equal(json_integer_value(at(at(json, "faults"), "of_worst")), 2);
	assert_string_equal(json_string_value(at(at(json, "faults"), "worst")), "critical");
	const json_t *one = json_array_get(at(json, "rows"), 0);
	assert_string_equal(json_string_value(at(one, "target")), "198.51.100.7");
	assert_string_equal(json_string_value(at(one, "kind")), "host");
	assert_int_equal(json_integer_value(at(one, "pps")), 1000);
	assert_int_equal(json_integer_value(at(one, "envelope_bps")), 8000000);
	assert_true(fabs(json_number_value(at(one, "nats")) + 3.25) < 1e-9);
	one = json_array_get(at(json, "rows"), 1);
	assert_string_equal(json_string_value(at(one, "target")), "198.51.100.7/24");
	assert_string_equal(json_string_value(at(one, "kind")), "outside");
	assert_null(json_object_get(one, "envelope_bps"));
	json_decref(json);
	text_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_view_is_valid),
		cmocka_unit_test(an_exporter_is_told_in_full),
		cmocka_unit_test(loss_is_in_the_unit_that_the_exporter_numbers),
		cmocka_unit_test(trouble_is_told),
		cmocka_unit_test(traffic_is_told),
		cmocka_unit_test(rates_and_envelopes_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
