/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/capture: files written by libpcap, whole, cut short, and no captures at all. */
#include "check.h"

#include <endian.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "ingest/capture.h"
#include "ingest/state.h"

#define START_NS 1700000000123456789U

struct fixture {
	char path[64];
	struct config config;
	struct decode_state *state;
	struct capture_stats stats;
	struct flow flows[8]; /**< the first that came */
	size_t flow_count;
	size_t flows_at_time[8]; /**< how many had come at each call of the clock */
	uint64_t times[8];
	size_t time_count;
	uint64_t done, total;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->config.max_exporters = 8;
	f->config.max_templates = 8;
	f->config.max_held_bytes = 4096;
	f->state = decode_state_new(&f->config, 1);
	assert_non_null(f->state);
	snprintf(f->path, sizeof(f->path), "/tmp/weir-capture-XXXXXX");
	int fd = mkstemp(f->path);
	assert_true(fd >= 0);
	close(fd);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	decode_state_free(f->state);
	free(f);
	return 0;
}

static void take_flows(void *self, struct flow *flows, size_t count)
{
	struct fixture *f = self;

	for (size_t i = 0; i < count; i++) {
		if (f->flow_count < 8)
			f->flows[f->flow_count] = flows[i];
		f->flow_count++;
	}
}

static void take_time(void *self, uint64_t now_ns)
{
	struct fixture *f = self;

	if (f->time_count < 8) {
		f->flows_at_time[f->time_count] = f->flow_count;
		f->times[f->time_count] = now_ns;
	}
	f->time_count++;
}

static void take_progress(void *self, uint64_t done, uint64_t total)
{
	struct fixture *f = self;

	f->done = done;
	f->total = total;
}

static int read_as(struct fixture *f, const char *as, char error[static 512])
{
	const struct capture_request request = {
		.path = f->path,
		.as = as,
		.hooks = { .time = take_time, .progress = take_progress, .self = f },
	};
	const struct flow_sink sink = { take_flows, NULL, f };
	struct text text = text_fixed(error, 512);

	return capture_read(&request, f->state, &sink, &f->stats, &text);
}

static int read_all(struct fixture *f)
{
	char error[512];

	return read_as(f, NULL, error);
}

/* An IPv4 packet with so many bytes of UDP payload. */
static size_t udp_packet(uint8_t *at, uint16_t dport, const uint8_t *payload, size_t len)
{
	static const uint8_t ip[20] = { 0x45, 0, 0,   0, 0, 1, 0,   0,  64,  17,
					0,    0, 192, 0, 2, 1, 198, 51, 100, 2 };

	memcpy(at, ip, sizeof(ip));
	at[2] = (uint8_t)((28 + len) >> 8);
	at[3] = (uint8_t)(28 + len);
	at[20] = 0x80;
	at[21] = 0;
	at[22] = (uint8_t)(dport >> 8);
	at[23] = (uint8_t)dport;
	at[24] = (uint8_t)((8 + len) >> 8);
	at[25] = (uint8_t)(8 + len);
	at[26] = 0;
	at[27] = 0;
	memcpy(at + 28, payload, len);
	return 28 + len;
}

/* An sFlow datagram with one sample of one sampled IPv4 record. */
static size_t sflow_datagram(uint8_t *at, uint8_t sequence)
{
	const uint32_t words[] = {
		5, 1,  0xc0000207, 0,  sequence,   1000,       1,              /* header */
		1, 72, 1,          3,  512,        0,          0,  3,    4, 1, /* sample */
		3, 32, 60,         17, 0xc0000209, 0xc6336408, 53, 5000, 0, 0  /* record */
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		uint32_t be = htobe32(words[i]);
		memcpy(at + i * sizeof(be), &be, sizeof(be));
	}
	return sizeof(words);
}

static pcap_dumper_t *dump_open(const char *path, int dlt, pcap_t **ret_pcap)
{
	pcap_t *pcap = pcap_open_dead_with_tstamp_precision(dlt, 65535, PCAP_TSTAMP_PRECISION_NANO);
	assert_non_null(pcap);
	pcap_dumper_t *dumper = pcap_dump_open(pcap, path);
	assert_non_null(dumper);
	*ret_pcap = pcap;
	return dumper;
}

static void dump_at(pcap_dumper_t *dumper, uint64_t time_ns, const uint8_t *data, size_t len)
{
	struct pcap_pkthdr header = {
		.ts = { .tv_sec = (time_t)(time_ns / 1000000000U),
			.tv_usec = (suseconds_t)(time_ns % 1000000000U) },
		.caplen = (bpf_u_int32)len,
		.len = (bpf_u_int32)len,
	};

	pcap_dump((u_char *)dumper, &header, data);
}

/* A capture of raw IP: @plain datagrams nobody decodes, then @sflow that are telemetry. */
static void write_capture(const struct fixture *f, unsigned plain, unsigned sflow, uint16_t dport)
{
	uint8_t packet[512], payload[256] = { 0x12, 0x34 };
	uint64_t time_ns = START_NS;
	pcap_t *pcap;
	pcap_dumper_t *dumper = dump_open(f->path, DLT_RAW, &pcap);

	for (unsigned i = 0; i < plain + sflow; i++, time_ns += 1000) {
		size_t len = i < plain ? 40 : sflow_datagram(payload, (uint8_t)i);
		len = udp_packet(packet, dport, payload, len);
		dump_at(dumper, time_ns, packet, len);
	}
	pcap_dump_close(dumper);
	pcap_close(pcap);
}

static void every_packet_of_traffic_is_a_flow(void **state)
{
	struct fixture *f = *state;

	write_capture(f, 100, 0, 53);
	assert_int_equal(read_all(f), 0);
	assert_int_equal(f->stats.kind, CAPTURE_PACKETS);
	assert_int_equal(f->stats.packets, 100);
	assert_int_equal(f->stats.flows, 100);
	assert_int_equal(f->flow_count, 100);
	const struct flow *flow = &f->flows[1];
	assert_int_equal(flow->source, FLOW_PACKET);
	assert_true(ip_is_zero(&flow->exporter));
	assert_int_equal(flow->sampling, 1);
	assert_int_equal(flow->bytes, 68);
	assert_int_equal(flow->dport, 53);
	assert_int_equal(flow->start_ns, START_NS + 1000); /* to the nanosecond */
	assert_int_equal(flow->end_ns, flow->start_ns);
	assert_int_equal(f->stats.first_ns, START_NS);
	assert_int_equal(f->stats.last_ns, START_NS + 99000);
}

static void telemetry_is_recognised_on_any_port(void **state)
{
	struct fixture *f = *state;

	write_capture(f, 0, 3, 31337);
	assert_int_equal(read_all(f), 0);
	assert_int_equal(f->stats.kind, CAPTURE_TELEMETRY);
	assert_int_equal(f->stats.datagrams, 3);
	assert_int_equal(f->stats.flows, 3);
	assert_int_equal(f->flows[0].source, FLOW_SFLOW5);
	assert_int_equal(f->flows[0].received_ns, START_NS);
	assert_int_equal(f->flows[0].sampling, 512);
	assert_int_equal(f->flows[0].exporter_port, 0x8000);
}

static void a_stray_datagram_does_not_make_telemetry_of_traffic(void **state)
{
	struct fixture *f = *state;

	write_capture(f, 40, 30, 6343);
	assert_int_equal(read_all(f), 0);
	assert_int_equal(f->stats.kind, CAPTURE_PACKETS);
	assert_int_equal(f->stats.flows, 70);
}

static void the_kind_can_be_forced(void **state)
{
	struct fixture *f = *state;
	char error[512];

	write_capture(f, 1, 2, 6343);
	assert_int_equal(read_as(f, "packets", error), 0);
	assert_int_equal(f->stats.flows, 3);
	assert_int_equal(f->flows[0].source, FLOW_PACKET);
	memset(&f->stats, 0, sizeof(f->stats));
	assert_int_equal(read_as(f, "sflow5", error), 0);
	assert_int_equal(f->stats.flows, 2);
	assert_int_equal(f->stats.datagrams, 3);
	assert_int_equal(read_as(f, "sflow6", error), -EINVAL);
	assert_non_null(strstr(error, "sflow6"));
	assert_non_null(strstr(error, "sflow5"));
	assert_non_null(strstr(error, "packets"));
}

static void the_clock_goes_before_the_packets_and_never_back(void **state)
{
	struct fixture *f = *state;
	uint8_t packet[64], payload[8] = { 0 };
	pcap_t *pcap;
	pcap_dumper_t *dumper = dump_open(f->path, DLT_RAW, &pcap);
	size_t len = udp_packet(packet, 53, payload, sizeof(payload));

	dump_at(dumper, 2000, packet, len);
	dump_at(dumper, 1000, packet, len);
	dump_at(dumper, 3000, packet, len);
	pcap_dump_close(dumper);
	pcap_close(pcap);
	assert_int_equal(read_all(f), 0);
	assert_int_equal(f->time_count, 3);
	assert_int_equal(f->times[0], 2000);
	assert_int_equal(f->times[1], 2000);
	assert_int_equal(f->times[2], 3000);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(f->flows_at_time[i], i);
	assert_int_equal(f->flows[1].start_ns, 1000);
	assert_int_equal(f->stats.first_ns, 1000);
}

static void progress_ends_with_the_whole_file(void **state)
{
	struct fixture *f = *state;

	write_capture(f, 10, 0, 53);
	assert_int_equal(read_all(f), 0);
	assert_int_equal(f->total, 24 + 10 * (16 + 68));
	assert_int_equal(f->done, f->total);
}

static void a_file_cut_short_gives_what_it_has(void **state)
{
	struct fixture *f = *state;
	char error[512];

	/* Both within what is read ahead and behind it. */
	for (unsigned packets = 10; packets <= 2000; packets += 1990) {
		write_capture(f, packets, 0, 53);
		memset(&f->stats, 0, sizeof(f->stats));
		f->flow_count = 0;
		assert_int_equal(truncate(f->path, 24 + packets * (16 + 68) - 5), 0);
		assert_int_equal(read_as(f, NULL, error), -WEIR_ETRUNC);
		assert_int_equal(f->flow_count, packets - 1);
		assert_int_equal(f->stats.flows, packets - 1);
		assert_non_null(strstr(error, f->path));
		assert_non_null(strstr(error, packets == 10 ? "packet 10," : "packet 2000,"));
	}
}

static void write_text(const struct fixture *f, const char *text)
{
	FILE *file = fopen(f->path, "wb");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void what_is_no_capture_is_said_to_be_none(void **state)
{
	struct fixture *f = *state;
	char error[512];

	write_text(f, "networks:\n  - prefix: 192.0.2.0/24\n");
	assert_int_equal(read_as(f, NULL, error), -WEIR_EFORMAT);
	assert_non_null(strstr(error, f->path));
	write_text(f, "");
	assert_int_equal(read_as(f, NULL, error), -WEIR_EFORMAT);
	assert_non_null(strstr(error, "empty"));
	unlink(f->path);
	assert_int_equal(read_as(f, NULL, error), -ENOENT);
	assert_non_null(strstr(error, "No such file"));
	snprintf(f->path, sizeof(f->path), "/tmp");
	assert_int_equal(read_as(f, NULL, error), -EISDIR);
}

static void a_compressed_file_is_told_how_to_unpack(void **state)
{
	static const struct {
		const char *head;
		const char *advice;
	} kinds[] = {
		{ "\x1f\x8b\x08 and more", "compressed by gzip; `gunzip` it first" },
		{ "\x28\xb5\x2f\xfd and more", "compressed by zstd; `unzstd` it first" },
		{ "\xfd"
		  "7zXZ and more",
		  "compressed by xz; `unxz` it first" },
	};
	struct fixture *f = *state;
	char error[512];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		write_text(f, kinds[i].head);
		assert_int_equal(read_as(f, NULL, error), -WEIR_EFORMAT);
		assert_non_null(strstr(error, f->path));
		assert_non_null(strstr(error, kinds[i].advice));
	}
}

static void an_unknown_link_layer_is_named(void **state)
{
	struct fixture *f = *state;
	char error[512];
	pcap_t *pcap;
	pcap_dumper_t *dumper = dump_open(f->path, DLT_IEEE802_11, &pcap);

	pcap_dump_close(dumper);
	pcap_close(pcap);
	assert_int_equal(read_as(f, NULL, error), -WEIR_EFORMAT);
	assert_non_null(strstr(error, "IEEE802_11"));
}

static void what_is_not_ip_is_counted(void **state)
{
	struct fixture *f = *state;
	static const uint8_t arp[42] = { [12] = 0x08, [13] = 0x06 };
	pcap_t *pcap;
	pcap_dumper_t *dumper = dump_open(f->path, DLT_EN10MB, &pcap);

	dump_at(dumper, 1, arp, sizeof(arp));
	dump_at(dumper, 2, arp, 13);
	pcap_dump_close(dumper);
	pcap_close(pcap);
	assert_int_equal(read_all(f), 0);
	assert_int_equal(f->stats.packets, 2);
	assert_int_equal(f->stats.flows, 0);
	assert_int_equal(f->state->exporters[0].stats.undecodable[REASON_NOT_IP], 1);
	assert_int_equal(f->state->exporters[0].stats.undecodable[REASON_SHORT], 1);
}

static void fragments_of_telemetry_are_counted(void **state)
{
	struct fixture *f = *state;
	uint8_t packet[512], payload[256];
	pcap_t *pcap;
	pcap_dumper_t *dumper = dump_open(f->path, DLT_RAW, &pcap);
	size_t len = udp_packet(packet, 6343, payload, sflow_datagram(payload, 1));

	dump_at(dumper, 1, packet, len);
	packet[6] = 0x20; /* more to come */
	dump_at(dumper, 2, packet, len);
	packet[6] = 0;
	packet[7] = 0x10;
	dump_at(dumper, 3, packet, len);
	packet[7] = 0;
	packet[9] = 1; /* ICMP */
	dump_at(dumper, 4, packet, len);
	pcap_dump_close(dumper);
	pcap_close(pcap);
	assert_int_equal(read_all(f), 0);
	assert_int_equal(f->stats.kind, CAPTURE_TELEMETRY);
	assert_int_equal(f->stats.datagrams, 1);
	assert_int_equal(f->stats.fragments, 2);
	assert_int_equal(f->state->undecodable[REASON_FRAGMENT], 2);
	assert_int_equal(f->stats.others, 1);
	assert_int_equal(f->stats.flows, 1);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_packet_of_traffic_is_a_flow),
		TEST(telemetry_is_recognised_on_any_port),
		TEST(a_stray_datagram_does_not_make_telemetry_of_traffic),
		TEST(the_kind_can_be_forced),
		TEST(the_clock_goes_before_the_packets_and_never_back),
		TEST(progress_ends_with_the_whole_file),
		TEST(a_file_cut_short_gives_what_it_has),
		TEST(what_is_no_capture_is_said_to_be_none),
		TEST(a_compressed_file_is_told_how_to_unpack),
		TEST(an_unknown_link_layer_is_named),
		TEST(what_is_not_ip_is_counted),
		TEST(fragments_of_telemetry_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
