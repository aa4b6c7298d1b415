/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lab/flow_cache: what is one flow, and when it ends. */
#include "check.h"

#include "lab/flow_cache.h"
#include "lab/sent.h"

/* The latest flows that ended. */
struct ended {
	struct lab_flow flows[64];
	uint64_t at_ns[64];
	size_t count;
	struct lab_flow_cache *cache;
};

static void take(void *self, const struct lab_flow *flow, uint64_t now_ns)
{
	struct ended *ended = self;

	assert_true(ended->count < 64);
	ended->at_ns[ended->count] = now_ns;
	ended->flows[ended->count++] = *flow;
}

static void begin(struct ended *ended, uint32_t flows)
{
	struct lab_exporter exporter = sent_exporter();
	const struct lab_flow_sink sink = { .flow = take, .self = ended };

	exporter.cache_flows = flows;
	ended->count = 0;
	assert_int_equal(lab_flow_cache_new(&exporter, &sink, &ended->cache), 0);
}

/* @packet at @ms. */
static void packet_at(struct ended *ended, struct lab_packet packet, uint64_t ms)
{
	packet.time_ns = SENT_NOW_NS + ms * NS_PER_MS;
	lab_flow_cache_packet(ended->cache, &packet);
}

static void time_at(struct ended *ended, uint64_t ms)
{
	lab_flow_cache_time(ended->cache, SENT_NOW_NS + ms * NS_PER_MS);
}

static void packets_of_one_flow_are_one_record(void **state)
{
	struct lab_packet packet = sent_packet(0, true, 0);
	struct ended ended;

	(void)state;
	begin(&ended, 10);
	packet.tcp_flags = 2;
	packet_at(&ended, packet, 100);
	packet.tcp_flags = 0x10;
	packet.length = 1000;
	packet_at(&ended, packet, 300);
	assert_int_equal(lab_flow_cache_count(ended.cache), 1);
	lab_flow_cache_flush(ended.cache, SENT_NOW_NS + NS_PER_S);
	assert_int_equal(ended.count, 1);
	assert_int_equal(ended.flows[0].packets, 2);
	assert_int_equal(ended.flows[0].octets, 1120);
	assert_int_equal(ended.flows[0].tcp_flags, 0x12);
	assert_int_equal(ended.flows[0].first_ns, SENT_NOW_NS + 100 * NS_PER_MS);
	assert_int_equal(ended.flows[0].last_ns, SENT_NOW_NS + 300 * NS_PER_MS);
	lab_flow_cache_free(ended.cache);
}

static void each_part_of_the_key_tells_flows_apart(void **state)
{
	struct lab_packet packets[7];
	struct ended ended;

	(void)state;
	begin(&ended, 10);
	for (unsigned i = 0; i < 7; i++)
		packets[i] = sent_packet(0, true, 0);
	packets[1].src.b[15]++;
	packets[2].dst.b[15]++;
	packets[3].sport++;
	packets[4].dport++;
	packets[5].proto = 17;
	packets[6].in_if++;
	for (unsigned i = 0; i < 7; i++)
		packet_at(&ended, packets[i], i);
	assert_int_equal(lab_flow_cache_count(ended.cache), 7);
	for (unsigned i = 0; i < 7; i++)
		packet_at(&ended, packets[i], 10 + i);
	assert_int_equal(lab_flow_cache_count(ended.cache), 7);
	assert_int_equal(ended.count, 0);
	lab_flow_cache_free(ended.cache);
}

static void a_single_packet_is_reported_after_silence(void **state)
{
	struct ended ended;

	(void)state;
	begin(&ended, 10);
	packet_at(&ended, sent_packet(1, true, 0), 500);
	for (uint64_t ms = 600; ms <= 15400; ms += 100)
		time_at(&ended, ms);
	assert_int_equal(ended.count, 0);
	/* Silent for 15 s at 15.5; looked at in whole seconds. */
	for (uint64_t ms = 15500; ms <= 16000; ms += 100)
		time_at(&ended, ms);
	assert_int_equal(ended.count, 1);
	assert_int_equal(ended.at_ns[0], SENT_NOW_NS + 16000 * NS_PER_MS);
	assert_int_equal(lab_flow_cache_count(ended.cache), 0);
	lab_flow_cache_free(ended.cache);
}

static void a_flow_that_goes_on_is_reported_at_its_active_timeout(void **state)
{
	struct ended ended;

	(void)state;
	begin(&ended, 10);
	for (uint64_t ms = 0; ms < 125000; ms += 100) {
		packet_at(&ended, sent_packet(1, true, 0), ms);
		time_at(&ended, ms);
	}
	assert_int_equal(ended.count, 2);
	assert_int_equal(ended.at_ns[0], SENT_NOW_NS + 60 * NS_PER_S);
	/* The next begins with the packet after the report, so it is a second late. */
	assert_int_equal(ended.at_ns[1], SENT_NOW_NS + 121 * NS_PER_S);
	assert_int_equal(ended.flows[0].packets, 601);
	assert_int_equal(ended.flows[1].packets, 610);
	lab_flow_cache_free(ended.cache);
}

static void an_end_of_tcp_is_reported_at_once(void **state)
{
	struct lab_packet packet = sent_packet(0, true, 0);
	struct ended ended;

	(void)state;
	begin(&ended, 10);
	packet_at(&ended, packet, 0);
	packet.tcp_flags = 0x11;
	packet_at(&ended, packet, 5);
	packet.tcp_flags = 4;
	packet_at(&ended, packet, 6);
	/* The same bits mean nothing in UDP. */
	packet.proto = 17;
	packet_at(&ended, packet, 7);
	assert_int_equal(ended.count, 2);
	assert_int_equal(ended.flows[0].packets, 2);
	assert_int_equal(ended.flows[1].tcp_flags, 4);
	assert_int_equal(lab_flow_cache_count(ended.cache), 1);
	lab_flow_cache_free(ended.cache);
}

static void a_full_cache_gives_its_oldest_early(void **state)
{
	struct ended ended;

	(void)state;
	begin(&ended, 4);
	for (unsigned i = 0; i < 10; i++)
		packet_at(&ended, sent_packet(i, true, 0), i);
	assert_int_equal(lab_flow_cache_count(ended.cache), 4);
	assert_int_equal(ended.count, 6);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(ended.flows[i].first_ns, SENT_NOW_NS + i * NS_PER_MS);
	lab_flow_cache_forget(ended.cache);
	assert_int_equal(lab_flow_cache_count(ended.cache), 0);
	packet_at(&ended, sent_packet(9, true, 0), 20);
	assert_int_equal(lab_flow_cache_count(ended.cache), 1);
	assert_int_equal(ended.count, 6);
	lab_flow_cache_free(ended.cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_one_flow_are_one_record),
		cmocka_unit_test(each_part_of_the_key_tells_flows_apart),
		cmocka_unit_test(a_single_packet_is_reported_after_silence),
		cmocka_unit_test(a_flow_that_goes_on_is_reported_at_its_active_timeout),
		cmocka_unit_test(an_end_of_tcp_is_reported_at_once),
		cmocka_unit_test(a_full_cache_gives_its_oldest_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
