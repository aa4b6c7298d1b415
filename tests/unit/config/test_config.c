/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of reading a configuration: what it gives, and each mistake at its line and column. */
#include "check.h"

#include <string.h>

#include "config/config.h"

static struct config *good(const char *yaml)
{
	struct text errors = text_heap();
	struct config *config = NULL;
	int err = config_parse("weir.yaml", yaml, strlen(yaml), &errors, &config);

	assert_string_equal(text_string(&errors), "");
	assert_int_equal(err, 0);
	assert_non_null(config);
	text_done(&errors);
	return config;
}

static void assert_errors(const char *yaml, const char *expected)
{
	static int untouched;
	struct text errors = text_heap();
	struct config *config = (struct config *)&untouched;

	assert_int_equal(config_parse("f", yaml, strlen(yaml), &errors, &config), -WEIR_ECONFIG);
	assert_string_equal(text_string(&errors), expected);
	assert_ptr_equal(config, &untouched);
	text_done(&errors);
}

/* A text and the one line that is wrong with it. */
struct mistake {
	const char *yaml;
	const char *error;
};

static void assert_mistakes(const struct mistake *mistakes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct text line = text_heap();
		text_addf(&line, "%s\n", mistakes[i].error);
		assert_errors(mistakes[i].yaml, text_string(&line));
		text_done(&line);
	}
}

#define ASSERT_MISTAKES(table) assert_mistakes(table, sizeof(table) / sizeof((table)[0]))

static void nothing_gives_the_defaults(void **state)
{
	static const char *const texts[] = { "", "# nothing\n", "---\n", "detect:\nnetworks:\n" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct config *c = good(texts[i]);
		assert_string_equal(c->file, "weir.yaml");
		assert_int_equal(c->network_count, 0);
		assert_int_equal(c->exporter_count, 0);
		assert_false(c->exporters_only);
		assert_int_equal(c->listen_count, 3);
		for (int l = 0; l < 3; l++) {
			static const uint16_t ports[] = { 2055, 4739, 6343 };
			assert_int_equal(c->listens[l].port, ports[l]);
			assert_true(ip_is_zero(&c->listens[l].ip));
			assert_int_equal(c->listens[l].sflow, l == 2);
			assert_int_equal(c->listens[l].at.line, 0);
		}
		assert_int_equal(c->threads, 2);
		assert_int_equal(c->receive_buffer, 32 << 20);
		assert_int_equal(c->window_ns, 5000000000);
		assert_int_equal(c->min_sampled, 8);
		assert_int_equal(c->close_after_ns, 60000000000);
		assert_int_equal(c->close_percent, 50);
		assert_int_equal(c->update_every_ns, 10000000000);
		assert_int_equal(c->max_hosts, 65536);
		assert_int_equal(c->max_exporters, 1024);
		assert_int_equal(c->max_templates, 8192);
		assert_int_equal(c->max_held_bytes, 4 << 20);
		assert_int_equal(c->max_details, 4096);
		assert_int_equal(c->max_incidents, 10000);
		assert_int_equal(c->sink_count, 1);
		assert_string_equal(c->sinks[0].kind, "text");
		assert_string_equal(c->sinks[0].path, "-");
		assert_string_equal(c->state_path, "/var/lib/weir");
		assert_string_equal(c->control_socket, "/run/weir/weir.sock");
		config_free(c);
	}
}

static void interfaces_have_three_spellings(void **state)
{
	static const char *const texts[] = {
		"listen: {interface: eth0}",
		"listen: {interface: [eth0]}",
		"listen: {interface: [{name: eth0}]}",
	};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct config *c = good(texts[i]);
		assert_int_equal(c->listen_count, 0);
		assert_int_equal(c->interface_count, 1);
		assert_string_equal(c->interfaces[0].name, "eth0");
		assert_int_equal(c->interfaces[0].sampling, 100);
		assert_int_equal(c->interfaces[0].mode, CAPTURE_PACKET);
		assert_false(c->interfaces[0].promiscuous);
		config_free(c);
	}
	struct config *c = good("listen: {interface: [eth0, {name: eth1, sampling: 1:7, "
				"mode: xdp, promiscuous: true}]}");
	assert_int_equal(c->interface_count, 2);
	assert_int_equal(c->interfaces[1].sampling, 7);
	assert_int_equal(c->interfaces[1].mode, CAPTURE_XDP);
	assert_true(c->interfaces[1].promiscuous);
	config_free(c);
}

static void another_interface_waits_for_a_restart(void **state)
{
	struct config *before = good("listen: {interface: eth0}");
	struct config *after = good("listen: {interface: {name: eth0, sampling: 1:50}}");
	struct text fields = text_heap();

	(void)state;
	assert_int_equal(config_restart_needed(before, after, &fields), 1);
	assert_string_equal(text_string(&fields), "listen");
	text_done(&fields);
	config_free(before);
	config_free(after);
}

static void without_limits_what_is_learned_decides(void **state)
{
	struct config *c = good("");

	(void)state;
	assert_int_equal(c->threshold_count, 0);
	assert_int_equal(c->sensitivity, 1000);
	assert_int_equal(c->floor_pps, 5000);
	assert_int_equal(c->floor_bps, 50000000);
	assert_int_equal(c->margin, 2000);
	config_free(c);
	/* Each key of the floor keeps its own default; 0/day turns learning off. */
	c = good("detect: {sensitivity: 0/day, floor: {bps: 1Gbps}}");
	assert_int_equal(c->sensitivity, 0);
	assert_int_equal(c->floor_pps, 5000);
	assert_int_equal(c->floor_bps, 1000000000);
	config_free(c);
	c = good("detect: {sensitivity: 2/hour, margin: 1.25x}");
	assert_int_equal(c->sensitivity, 48000);
	assert_int_equal(c->margin, 1250);
	config_free(c);
}

static void every_key_is_read(void **state)
{
	struct config *c =
		good("networks:\n"
		     "  - prefix: 198.51.100.0/24\n"
		     "    tenant: acme\n"
		     "    region: tokyo\n"
		     "    capacity: 10Gbps\n"
		     "    value_per_hour: 40000\n"
		     "  - {prefix: 198.51.100.64/26, within: 198.51.100.0/24, tenant: \"Bär\"}\n"
		     "  - {prefix: '2001:db8::/32'}\n"
		     "listen: {netflow: [0.0.0.0:2055, 192.0.2.1:9995], ipfix: '[::1]:4739',\n"
		     "         sflow: ['[2001:db8::1]:6343']}\n"
		     "exporters:\n"
		     "  - {address: 192.0.2.9, name: edge2, sampling: 1:1000}\n"
		     "  - {address: 192.0.2.1}\n"
		     "exporters_only: true\n"
		     "ingest: {threads: 4, receive_buffer: 64MiB}\n"
		     "detect:\n"
		     "  window: 10s\n"
		     "  min_sampled: 20\n"
		     "  sensitivity: 0.5/day\n"
		     "  floor: {pps: 2kpps, bps: 20Mbps}\n"
		     "  margin: 3\n"
		     "  thresholds:\n"
		     "    - name: dns\n"
		     "      network: 198.51.100.64/26\n"
		     "      tenant: acme\n"
		     "      direction: [inbound, internal]\n"
		     "      class: [udp, udp-amp]\n"
		     "      pps: 5kpps\n"
		     "      bps: 50Mbps\n"
		     "      flows: 3kfps\n"
		     "      severity: critical\n"
		     "    - {pps: 7}\n"
		     "incidents: {close_after: 2min, close_below: 70%, update_every: 30s,\n"
		     "            max_open: 5}\n"
		     "limits: {hosts: 1000, exporters: 10, templates: 100, held: 1MiB,\n"
		     "         details: 100, counters: 2048, profiles: 200, subjects: 20,\n"
		     "         samples: 512}\n"
		     "report: [{kind: jsonl, path: /var/log/weir.jsonl}, {kind: text}]\n"
		     "state: {path: none}\n"
		     "control: {socket: none}\n");

	(void)state;
	assert_int_equal(c->network_count, 3);
	struct ip in;
	assert_int_equal(ip_parse("198.51.100.1", &in), 0);
	const struct config_network *n = config_network_of(c, &in);
	assert_non_null(n);
	assert_string_equal(n->tenant, "acme");
	assert_string_equal(n->region, "tokyo");
	assert_int_equal(n->capacity_bps, 10000000000);
	assert_int_equal(n->value_per_hour, 40000);
	assert_false(n->nested);
	assert_int_equal(n->at.line, 2);
	assert_int_equal(n->at.column, 13);
	assert_int_equal(ip_parse("198.51.100.65", &in), 0);
	n = config_network_of(c, &in);
	assert_string_equal(n->tenant, "Bär");
	assert_null(n->region);
	assert_true(n->nested);
	assert_int_equal(n->within.len, 120);

	assert_int_equal(c->listen_count, 4);
	assert_int_equal(c->listens[1].port, 9995);
	assert_int_equal(c->listens[1].at.line, 9);
	assert_int_equal(c->listens[1].at.column, 34);
	assert_false(c->listens[2].sflow);
	assert_true(c->listens[3].sflow);

	assert_true(c->exporters_only);
	assert_int_equal(ip_parse("192.0.2.9", &in), 0);
	const struct config_exporter *e = config_exporter_of(c, &in);
	assert_string_equal(e->name, "edge2");
	assert_int_equal(e->sampling, 1000);
	assert_int_equal(ip_parse("192.0.2.1", &in), 0);
	e = config_exporter_of(c, &in);
	assert_null(e->name);
	assert_int_equal(e->sampling, 0);
	assert_int_equal(c->threads, 4);
	assert_int_equal(c->receive_buffer, 64 << 20);

	assert_int_equal(c->window_ns, 10000000000);
	assert_int_equal(c->min_sampled, 20);
	assert_int_equal(c->sensitivity, 500);
	assert_int_equal(c->floor_pps, 2000);
	assert_int_equal(c->floor_bps, 20000000);
	assert_int_equal(c->margin, 3000);
	assert_int_equal(c->threshold_count, 2);
	const struct config_threshold *t = &c->thresholds[0];
	assert_string_equal(t->name, "dns");
	assert_false(t->any_network);
	assert_int_equal(t->network.len, 122);
	assert_string_equal(t->tenant, "acme");
	assert_int_equal(t->directions, 1U << DIRECTION_INBOUND | 1U << DIRECTION_INTERNAL);
	assert_int_equal(t->classes, 1U << CLASS_UDP | 1U << CLASS_UDP_AMP);
	assert_int_equal(t->limit[METRIC_PPS], 5000);
	assert_int_equal(t->limit[METRIC_BPS], 50000000);
	assert_int_equal(t->limit[METRIC_FPS], 3000);
	assert_int_equal(t->severity, SEVERITY_CRITICAL);
	t = &c->thresholds[1];
	assert_string_equal(t->name, "");
	assert_true(t->any_network);
	assert_int_equal(t->directions, 1U << DIRECTION_INBOUND);
	assert_int_equal(t->classes, (1U << CLASS_COUNT) - 1);
	assert_int_equal(t->limit[METRIC_PPS], 7);
	assert_int_equal(t->limit[METRIC_BPS], 0);
	assert_int_equal(t->severity, SEVERITY_WARNING);

	assert_int_equal(c->close_after_ns, 120000000000);
	assert_int_equal(c->close_percent, 70);
	assert_int_equal(c->update_every_ns, 30000000000);
	assert_int_equal(c->max_incidents, 5);
	assert_int_equal(c->max_hosts, 1000);
	assert_int_equal(c->max_exporters, 10);
	assert_int_equal(c->max_templates, 100);
	assert_int_equal(c->max_held_bytes, 1 << 20);
	assert_int_equal(c->max_details, 100);
	assert_int_equal(c->max_counters, 2048);
	assert_int_equal(c->max_profiles, 200);
	assert_int_equal(c->max_subjects, 20);
	assert_int_equal(c->max_samples, 512);
	assert_int_equal(c->sink_count, 2);
	assert_string_equal(c->sinks[0].path, "/var/log/weir.jsonl");
	assert_string_equal(c->sinks[1].kind, "text");
	assert_string_equal(c->sinks[1].path, "-");
	assert_int_equal(c->sinks[1].at.column, 59);
	assert_null(c->state_path);
	assert_null(c->control_socket);
	config_free(c);
}

static void wrong_values_are_told_with_their_place(void **state)
{
	static const struct mistake mistakes[] = {
		{ "detect:\n  window: 60\n",
		  "f:2:11: `window`: `60` has no unit that fits; expected a duration, as 60s, 5m, "
		  "500ms" },
		{ "networks: [{prefix: 192.0.2.0/24, capacity: 5kpps}]",
		  "f:1:45: `capacity`: `5kpps` has no unit that fits; expected a data rate, as "
		  "10Gbps" },
		{ "ingest: {threads: two}",
		  "f:1:19: `threads`: `two` is not a whole number; write it as 100, 5k" },
		{ "ingest: {threads: -1}",
		  "f:1:19: `threads`: `-1` is not a whole number; write it as 100, 5k" },
		{ "ingest: {threads: 65}", "f:1:19: `threads`: `65` is too large; at most 64" },
		{ "ingest: {threads: 99999999999999999999999999}",
		  "f:1:19: `threads`: `99999999999999999999999999` is too large; at most 64" },
		{ "ingest: {threads: 0}", "f:1:19: `threads`: `0` is too small; at least 1" },
		{ "detect: {window: 1h}", "f:1:18: `window`: `1h` is too large; at most 5min" },
		{ "detect: {sensitivity: 1}",
		  "f:1:23: `sensitivity`: `1` has no unit that fits; expected a frequency, as "
		  "1/day" },
		{ "detect: {sensitivity: 1001/day}",
		  "f:1:23: `sensitivity`: `1001/day` is too large; at most 1000/day" },
		{ "detect: {margin: 50%}",
		  "f:1:18: `margin`: `50%` has no unit that fits; expected a factor, as 2, 1.5" },
		{ "detect: {margin: 0.5}", "f:1:18: `margin`: `0.5` is too small; at least 1" },
		{ "detect: {floor: {pps: 1pps}}",
		  "f:1:23: `pps`: `1pps` is too small; at least 10pps" },
		{ "incidents: {close_below: 101%}",
		  "f:1:26: `close_below`: `101%` is too large; at most 100%" },
		{ "exporters: [{address: 192.0.2.1, sampling: 1000}]",
		  "f:1:44: `sampling`: `1000` is not a sampling ratio; write it as 1:1000" },
		{ "exporters: [{address: edge1}]",
		  "f:1:23: `address`: `edge1` is no address; write one as 192.0.2.1 or "
		  "2001:db8::1, names are not looked up" },
		{ "exporters_only: yes",
		  "f:1:17: `exporters_only`: `yes` is neither; write true or false" },
		{ "networks: [{prefix: 198.51.100.1/24}]",
		  "f:1:21: `prefix`: 198.51.100.1/24 has host bits set; did you mean "
		  "198.51.100.0/24?" },
		{ "networks: [{prefix: '2001:db8::1/32'}]",
		  "f:1:21: `prefix`: 2001:db8::1/32 has host bits set; did you mean "
		  "2001:db8::/32?" },
		{ "networks: [{prefix: 198.51.100.0/33}]",
		  "f:1:21: `prefix`: 198.51.100.0/33 has a length that does not exist; at most "
		  "/32 for IPv4, /128 for IPv6" },
		{ "networks: [{prefix: 10.0.0.0/08}]",
		  "f:1:21: `prefix`: 10.0.0.0/08: a length has no zeros in front; did you mean "
		  "10.0.0.0/8?" },
		{ "networks: [{prefix: '::ffff:198.51.100.0/120'}]",
		  "f:1:21: `prefix`: ::ffff:198.51.100.0/120: IPv4 inside IPv6 is written as "
		  "IPv4; did you mean 198.51.100.0/24?" },
		{ "networks: [{prefix: '::ffff:c633:6401/24'}]",
		  "f:1:21: `prefix`: ::ffff:c633:6401/24: IPv4 inside IPv6 is written as IPv4; "
		  "did you mean 198.51.100.0/24?" },
		{ "networks: [{prefix: '::ffff:198.51.100.0/129'}]",
		  "f:1:21: `prefix`: ::ffff:198.51.100.0/129 has a length that does not exist; "
		  "at most /32 for IPv4, /128 for IPv6" },
		{ "networks: [{prefix: 198.51.100/24}]",
		  "f:1:21: `prefix`: `198.51.100/24` is no network; write it as 198.51.100.0/24 "
		  "or 2001:db8::/32" },
		{ "networks: [{prefix: 0.0.0.0/0}]",
		  "f:1:21: the whole Internet is not your own network; name your prefixes, or "
		  "leave `networks` away" },
		{ "detect: {thresholds: [{pps: 1, direction: transit}]}",
		  "f:1:43: `direction`: unknown word `transit`; the words are inbound, outbound, "
		  "internal" },
		{ "detect: {thresholds: [{pps: 1, class: [udp, udpamp]}]}",
		  "f:1:45: `class`: unknown word `udpamp`; did you mean `udp-amp`?" },
		{ "detect: {thresholds: [{pps: 1, class: [udp, udp]}]}",
		  "f:1:45: `class`: `udp` is in the list already; remove it" },
		{ "detect: {thresholds: [{pps: 1, class: []}]}",
		  "f:1:39: `class` is empty; name at least one, as total" },
		{ "detect: {thresholds: [{pps: 1, severity: info}]}",
		  "f:1:42: `severity`: unknown word `info`; the words are warning, critical" },
		{ "detect: {thresholds: [{name: x}]}",
		  "f:1:23: a threshold without a limit; give it `pps`, `bps` or `flows`" },
		{ "detect: {thresholds: [{pps: }]}",
		  "f:1:29: `pps` has no value; give it one or remove it" },
		{ "report: [{kind: Web Hook}]",
		  "f:1:17: `kind`: `Web Hook` is no name; use lower-case letters, digits and "
		  "dashes" },
		{ "state: {path: ''}", "f:1:15: `path` is empty; give it a path, or `none`" },
		{ "networks: [{prefix: 192.0.2.0/24, tenant: ''}]",
		  "f:1:43: `tenant` is empty; give it a value or remove it" },
		{ "networks: [{prefix: 192.0.2.0/24, tenant: \"a\\eb\"}]",
		  "f:1:43: a value with a line break or control character; write it on one line" },
		{ "listen: {netflow: ['::1:2055']}",
		  "f:1:20: `netflow`: `::1:2055` is no address and port; write it as 0.0.0.0:2055 "
		  "or \"[::]:2055\", names are not looked up" },
		{ "listen: {netflow: localhost:2055}",
		  "f:1:19: `netflow`: `localhost:2055` is no address and port; write it as "
		  "0.0.0.0:2055 or \"[::]:2055\", names are not looked up" },
		{ "listen: {netflow: 0.0.0.0:65536}",
		  "f:1:19: `netflow`: `0.0.0.0:65536`: a port is from 1 to 65535" },
		{ "listen: {netflow: [[::]:2055]}",
		  "f:1:20: a key must be text; put a value with brackets, as an IPv6 address, in "
		  "quotes; nothing after this place was looked at" },
		{ "listen: {netflow: [[::]]}",
		  "f:1:21: not YAML: a colon where none can be; put a value with colons, as an "
		  "IPv6 address, in quotes; nothing after this place was looked at" },
	};

	(void)state;
	ASSERT_MISTAKES(mistakes);
}

static void wrong_keys_are_told_with_their_place(void **state)
{
	static const struct mistake mistakes[] = {
		{ "netwroks: []", "f:1:1: unknown key `netwroks`; did you mean `networks`?" },
		{ "detect: {treshold: []}",
		  "f:1:10: unknown key `treshold`; did you mean `thresholds`?" },
		{ "detect: {zzz: 1}", "f:1:10: unknown key `zzz`; the keys here are window, "
				      "min_sampled, thresholds, sensitivity, floor, margin" },
		{ "detect:\n  window: 5s\n  window: 6s\n",
		  "f:3:3: `window` is there twice, first in f:2:3; remove one" },
		{ "networks: [{tenant: x}]", "f:1:12: `prefix` is missing; add it" },
		{ "networks: [198.51.100.0/24]",
		  "f:1:12: an entry of `networks` has keys of its own; write it as {prefix: …}" },
		{ "networks: {prefix: 198.51.100.0/24}",
		  "f:1:11: `networks` is a list; begin each entry with a dash" },
		{ "detect: 5s", "f:1:9: `detect` has keys inside, as `window`; write them below "
				"it, indented" },
		{ "detect: {window: [5s]}",
		  "f:1:18: `window` takes one value, not several; write it as text" },
		{ "archive: {path: /x}", "f:1:11: `path` is not there in this version; remove it" },
		{ "console: {}", "f:1:1: `console` is not there in this version; remove it" },
		{ "control: {listen: 127.0.0.1:80}",
		  "f:1:11: `listen` is not there in this version; remove it" },
		{ "- networks", "f:1:1: a configuration consists of keys; begin with one, as "
				"`networks:`" },
		{ "networks", "f:1:1: a configuration consists of keys; begin with one, as "
			      "`networks:`" },
	};

	(void)state;
	ASSERT_MISTAKES(mistakes);
}

static void contradictions_name_both_places(void **state)
{
	static const struct mistake mistakes[] = {
		{ "networks:\n- {prefix: 10.0.0.0/8}\n- {prefix: 10.1.0.0/16}\n",
		  "f:3:12: 10.1.0.0/16 overlaps 10.0.0.0/8 in f:2:12; remove one, or say that it "
		  "is meant with `within: 10.0.0.0/8`" },
		{ "networks:\n- {prefix: 10.1.0.0/16}\n- {prefix: 10.0.0.0/8}\n",
		  "f:2:12: 10.1.0.0/16 overlaps 10.0.0.0/8 in f:3:12; remove one, or say that it "
		  "is meant with `within: 10.0.0.0/8`" },
		{ "networks:\n- {prefix: 10.0.0.0/8}\n- {prefix: 10.0.0.0/8, within: 10.0.0.0/8}\n",
		  "f:3:12: 10.0.0.0/8 is there already, in f:2:12; remove one" },
		{ "networks:\n- {prefix: 10.0.0.0/8}\n- {prefix: 10.1.0.0/16, within: 10.0.0.0/8}\n"
		  "- {prefix: 10.1.1.0/24, within: 10.0.0.0/8}\n",
		  "f:4:12: the network right around 10.1.1.0/24 is 10.1.0.0/16 in f:3:12; write "
		  "`within: 10.1.0.0/16`" },
		{ "networks:\n- {prefix: 10.0.0.0/9, within: 10.0.0.0/8}\n",
		  "f:2:12: 10.0.0.0/9 is not inside another network of the list; add 10.0.0.0/8 "
		  "or remove `within`" },
		{ "exporters: [{address: 192.0.2.1}, {address: 192.0.2.1}]",
		  "f:1:45: exporter 192.0.2.1 is there already, in f:1:23; remove one" },
		{ "exporters_only: true",
		  "f:1:17: `exporters_only` without `exporters` would take no telemetry at all; "
		  "list them, or remove it" },
		{ "listen: {netflow: ['[::]:2055'], sflow: [0.0.0.0:2055]}",
		  "f:1:42: this address and port is taken by f:1:20; remove one (netflow and ipfix "
		  "take both, [::] takes IPv4 too)" },
		{ "listen: {ipfix: 192.0.2.1:2055, netflow: 192.0.2.1:2055}",
		  "f:1:42: this address and port is taken by f:1:17; remove one (netflow and ipfix "
		  "take both, [::] takes IPv4 too)" },
		{ "listen: {netflow: [], sflow: }",
		  "f:1:9: `listen` names no address; give it one, or remove it to listen on the "
		  "usual ports" },
		{ "listen: {interface: [lo, {name: lo, sampling: 1:10}]}",
		  "f:1:33: interface `lo` is there already, in f:1:22; remove one" },
		{ "listen: {interface: a/b}", "f:1:21: `name`: `a/b` can be no interface; `ip -br "
					      "link` lists those there are" },
		{ "listen: {interface: [{name: lo, mode: xpd}]}",
		  "f:1:39: `mode`: unknown word `xpd`; did you mean `xdp`?" },
		{ "listen: {interface: [[lo]]}", "f:1:22: an entry of `interface` has keys of its "
						 "own; write it as {name: …}" },
		{ "ingest: {threads: 2, cpus: 1}",
		  "f:1:28: `cpus` names 1 for 2 threads; name one for each, or set `threads: 1`" },
		{ "ingest: {threads: 1, cpus: [{}]}", "f:1:29: `cpu` is missing; add it" },
		{ "ingest: {threads: 1, cpus: [2000]}",
		  "f:1:29: `cpu`: `2000` is too large; at most 1023" },
		{ "listen: {}", "f:1:9: `listen` names no address; give it one, or remove it to "
				"listen on the usual ports" },
		{ "report: [{kind: text}, {kind: jsonl}]",
		  "f:1:31: f:1:17 writes to `-` as well; give each a path of its own" },
		{ "report: [{kind: text}, {kind: jsonl, path: /dev//stdout}]",
		  "f:1:31: f:1:17 writes to `/dev//stdout` as well; give each a path of its own" },
		{ "report: [{kind: text, path: /tmp/a}, {kind: jsonl, path: /tmp//a}]",
		  "f:1:45: f:1:17 writes to `/tmp//a` as well; give each a path of its own" },
		{ "report: [{kind: text, path: /tmp/a}, {kind: jsonl, path: /x/../tmp/b/./../a}]",
		  "f:1:45: f:1:17 writes to `/x/../tmp/b/./../a` as well; give each a path of its "
		  "own" },
		{ "report: [{kind: text, path: /a}, {kind: jsonl, path: /../../a}]",
		  "f:1:41: f:1:17 writes to `/../../a` as well; give each a path of its own" },
		{ "report: [{kind: text, path: ./x/../../a/}, {kind: jsonl, path: ../a}]",
		  "f:1:51: f:1:17 writes to `../a` as well; give each a path of its own" },
		{ "networks: [{prefix: 10.0.0.0/8}]\n"
		  "detect: {thresholds: [{pps: 1, network: 11.0.0.0/8}]}",
		  "f:2:23: 11.0.0.0/8 is outside all your networks; add it in `networks`, or "
		  "remove this threshold" },
		{ "networks: [{prefix: 10.0.0.0/8, tenant: acme}]\n"
		  "detect: {thresholds: [{pps: 1, tenant: amce}]}",
		  "f:2:23: no network has the tenant `amce`; did you mean `acme`?" },
		{ "detect: {thresholds: [{pps: 1, tenant: acme}]}",
		  "f:1:23: no network has the tenant `acme`; add it in `networks`, or remove it "
		  "here" },
	};

	(void)state;
	ASSERT_MISTAKES(mistakes);
}

static void errors_before_broken_yaml_are_told_too(void **state)
{
	(void)state;
	assert_errors(
		"networks:\n"
		"  - {prefix: 198.51.100.1/24}\n"
		"  - {tenant: acme}\n"
		"detct: {}\n"
		"exporters:\n"
		"  - name: edge\n"
		"    sampling: [\n",
		"f:2:14: `prefix`: 198.51.100.1/24 has host bits set; did you mean "
		"198.51.100.0/24?\n"
		"f:3:5: `prefix` is missing; add it\n"
		"f:4:1: unknown key `detct`; did you mean `detect`?\n"
		"f:8:1: not YAML: did not find expected node content, while parsing a flow node; "
		"look at brackets, quotes and indentation here; nothing after this place was "
		"looked at\n");
}

/* A key whose value did not come, and an entry that may go on, are nobody's mistake. */
static void what_broken_yaml_cuts_off_is_not_complained_about(void **state)
{
	static const struct mistake mistakes[] = {
		{ "networks:\n  - tenant: acme\n\tprefix: 192.0.2.0/24\n",
		  "f:3:1: a tab; indent with spaces; nothing after this place was looked at" },
		{ "listen:\n  netflow:\n\t- 0.0.0.0:2055\n",
		  "f:3:1: a tab; indent with spaces; nothing after this place was looked at" },
	};

	(void)state;
	ASSERT_MISTAKES(mistakes);
}

static void paths_that_differ_may_stand_side_by_side(void **state)
{
	(void)state;
	config_free(good("report: [{kind: text, path: /a}, {kind: text, path: /ab},\n"
			 "  {kind: text, path: a}, {kind: text, path: ../a},\n"
			 "  {kind: text, path: ../../a}, {kind: text, path: /dev/stderr},\n"
			 "  {kind: text, path: /a/b}, {kind: text, path: /b}]\n"));
}

static void broken_yaml_is_told_with_its_place(void **state)
{
	static const struct mistake mistakes[] = {
		{ "networks:\n\t- {prefix: 10.0.0.0/8}\n",
		  "f:2:1: a tab; indent with spaces; nothing after this place was looked at" },
		{ "networks:\n  - {prefix: 10.0.0.0/8\n  - x\n",
		  "f:4:1: not YAML: did not find expected ',' or '}', while parsing a flow mapping "
		  "that begins in line 2; look at brackets, quotes and indentation from there on; "
		  "nothing after this place was looked at" },
		{ "state: \"abc",
		  "f:1:12: not YAML: found unexpected end of stream, while scanning "
		  "a quoted scalar; look at brackets, quotes and indentation here; nothing after "
		  "this place was looked at" },
		{ "state: &here\n",
		  "f:1:8: anchors (&) are not used here; take it away, or write the value in "
		  "quotes" },
		{ "state: *here\n", "f:1:8: aliases (*) are not used here; write the value out, or "
				    "in quotes; nothing after this place was looked at" },
		{ "networks: !!seq []\n",
		  "f:1:11: tags (!) are not used here; take it away, or write the value in "
		  "quotes" },
		{ "networks: []\n---\nnetworks: []\n",
		  "f:2:1: a second document; a configuration is one, remove the `---`; nothing "
		  "after this place was looked at" },
		{ "? [a]\n: b\n",
		  "f:1:3: a key must be text; put a value with brackets, as an "
		  "IPv6 address, in quotes; nothing after this place was looked at" },
		{ "# \xc3\xa4\nstate: \xff\n",
		  "f:2:8: not a text file (invalid leading UTF-8 octet); save it as UTF-8 without "
		  "control characters; nothing after this place was looked at" },
		{ "\x7f"
		  "ELF\x02\x01",
		  "f:1:1: not a text file (control characters are not allowed); save it as UTF-8 "
		  "without control characters; nothing after this place was looked at" },
		{ "networks: [[[[[[[[[[[[[[[[[[[[[[[[",
		  "f:1:26: too deep inside other lists and keys; no setting lies there; nothing "
		  "after this place was looked at" },
	};

	(void)state;
	ASSERT_MISTAKES(mistakes);
}

static void all_errors_come_at_once_in_order(void **state)
{
	(void)state;
	assert_errors(
		"netwroks: []\n"
		"networks:\n"
		"  - {prefix: 10.0.0.0/8, capacity: 5kpps}\n"
		"  - {prefix: 10.1.0.0/16}\n"
		"  - {prefix: 192.0.2.1/24}\n"
		"cluster: {}\n"
		"detect:\n"
		"  thresholds: [{pps: 5Gbps, class: tpc}]\n"
		"  window: 0s\n",
		"f:1:1: unknown key `netwroks`; did you mean `networks`?\n"
		"f:3:36: `capacity`: `5kpps` has no unit that fits; expected a data rate, as "
		"10Gbps\n"
		"f:4:14: 10.1.0.0/16 overlaps 10.0.0.0/8 in f:3:14; remove one, or say that it "
		"is meant with `within: 10.0.0.0/8`\n"
		"f:5:14: `prefix`: 192.0.2.1/24 has host bits set; did you mean 192.0.2.0/24?\n"
		"f:6:1: `cluster` is not there in this version; remove it\n"
		"f:8:22: `pps`: `5Gbps` has no unit that fits; expected a packet rate, as "
		"5kpps\n"
		"f:8:36: `class`: unknown word `tpc`; did you mean `tcp`?\n"
		"f:9:11: `window`: `0s` is too small; at least 1s\n");
}

static void very_many_errors_are_counted(void **state)
{
	struct text yaml = text_heap(), errors = text_heap();
	struct config *config = NULL;
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 250; i++)
		text_addf(&yaml, "wrong%d: 1\n", i);
	assert_int_equal(config_parse("f", yaml.data, yaml.len, &errors, &config), -WEIR_ECONFIG);
	for (const char *p = errors.data; (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, 101);
	assert_non_null(strstr(errors.data, "f: and 150 more errors; mend these first\n"));
	text_done(&yaml);
	text_done(&errors);
}

static void long_values_are_cut_between_characters(void **state)
{
	struct text yaml = text_heap(), errors = text_heap();
	struct config *config = NULL;

	(void)state;
	text_add(&yaml, "detect: {window: ");
	for (int i = 0; i < 100; i++)
		text_add(&yaml, "ä");
	text_add(&yaml, "}");
	assert_int_equal(config_parse("f", yaml.data, yaml.len, &errors, &config), -WEIR_ECONFIG);
	assert_non_null(strstr(errors.data, "ää…`"));
	assert_true(errors.len < 160);
	text_done(&yaml);
	text_done(&errors);
}

static void lists_are_bounded(void **state)
{
	struct text yaml = text_heap(), errors = text_heap();
	struct config *config = NULL;

	(void)state;
	text_add(&yaml, "detect: {thresholds: [");
	for (int i = 0; i < 257; i++)
		text_add(&yaml, "{pps: 1},");
	text_add(&yaml, "]}");
	assert_int_equal(config_parse("f", yaml.data, yaml.len, &errors, &config), -WEIR_ECONFIG);
	assert_string_equal(errors.data, "f:1:22: `thresholds` has 257 entries; at most 256 fit\n");
	text_clear(&yaml);
	text_clear(&errors);
	text_add(&yaml, "x: [");
	for (int i = 0; i < 600000; i++)
		text_add(&yaml, "1,");
	assert_int_equal(config_parse("f", yaml.data, yaml.len, &errors, &config), -WEIR_ECONFIG);
	assert_non_null(strstr(errors.data, "too many values for one file; make it shorter;"));
	text_done(&yaml);
	text_done(&errors);
}

static void a_byte_order_mark_and_crlf_are_fine(void **state)
{
	struct config *c = good("\xef\xbb\xbfingest:\r\n  threads: 3\r\n");

	(void)state;
	assert_int_equal(c->threads, 3);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_gives_the_defaults),
		cmocka_unit_test(interfaces_have_three_spellings),
		cmocka_unit_test(another_interface_waits_for_a_restart),
		cmocka_unit_test(without_limits_what_is_learned_decides),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(wrong_values_are_told_with_their_place),
		cmocka_unit_test(wrong_keys_are_told_with_their_place),
		cmocka_unit_test(contradictions_name_both_places),
		cmocka_unit_test(paths_that_differ_may_stand_side_by_side),
		cmocka_unit_test(errors_before_broken_yaml_are_told_too),
		cmocka_unit_test(what_broken_yaml_cuts_off_is_not_complained_about),
		cmocka_unit_test(broken_yaml_is_told_with_its_place),
		cmocka_unit_test(all_errors_come_at_once_in_order),
		cmocka_unit_test(very_many_errors_are_counted),
		cmocka_unit_test(long_values_are_cut_between_characters),
		cmocka_unit_test(lists_are_bounded),
		cmocka_unit_test(a_byte_order_mark_and_crlf_are_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
