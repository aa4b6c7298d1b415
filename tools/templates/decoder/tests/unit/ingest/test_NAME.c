/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ingest/@NAME@: whole datagrams, short ones, and those that promise too much. */
#include "check.h"

#include "ingest/decoder.h"
#include "ingest/state.h"

#define RECORD_1 192, 0, 2, 1, 198, 51, 100, 7, 0, 0, 0, 3, 0, 0, 1, 44

static const struct config config = {
	.max_exporters = 2,
	.max_templates = 2,
	.max_held_bytes = 1024,
};

struct caught {
	struct flow flow;
	size_t count;
};

static void catch_flows(void *self, struct flow *flows, size_t count)
{
	struct caught *caught = self;

	caught->flow = flows[0];
	caught->count += count;
}

/* Decode one datagram in a new state; what came out, and what was counted under @reason. */
static struct caught decode(const uint8_t *data, size_t len, enum reason reason,
			    uint64_t *ret_refused)
{
	struct caught caught = { 0 };
	const struct flow_sink sink = { .flows = catch_flows, .self = &caught };
	struct datagram datagram = { .data = data, .len = len };
	struct decode_state *state = decode_state_new(&config, 1);

	assert_non_null(state);
	assert_non_null(decoder_find("@NAME@"));
	decode_datagram(state, decoder_find("@NAME@"), &datagram, &sink);
	assert_int_equal(state->exporter_count, 1);
	*ret_refused = state->exporters[0].stats.undecodable[reason];
	decode_state_free(state);
	return caught;
}

static void a_record_becomes_a_flow(void **state)
{
	static const uint8_t data[] = { 0xff, 0xfe, 0, 1, RECORD_1 };
	const uint8_t src[4] = { 192, 0, 2, 1 };
	const struct ip want = ip_from_v4(src);
	uint64_t refused;

	(void)state;
	struct caught caught = decode(data, sizeof(data), REASON_COUNT, &refused);
	assert_int_equal(caught.count, 1);
	assert_true(ip_equal(&caught.flow.src, &want));
	assert_int_equal(caught.flow.packets, 3);
	assert_int_equal(caught.flow.bytes, 300);
	assert_int_equal(refused, 0);
}

static void a_missing_record_is_counted_and_the_others_are_kept(void **state)
{
	static const uint8_t data[] = { 0xff, 0xfe, 0, 2, RECORD_1, 1, 2, 3 };
	uint64_t refused;

	(void)state;
	assert_int_equal(decode(data, sizeof(data), REASON_COUNT, &refused).count, 1);
	assert_int_equal(refused, 1);
}

static void a_short_header_is_counted(void **state)
{
	static const uint8_t data[] = { 0xff, 0xfe, 0 };
	uint64_t refused;

	(void)state;
	assert_int_equal(decode(data, sizeof(data), REASON_SHORT, &refused).count, 0);
	assert_int_equal(refused, 1);
}

static void another_version_is_counted(void **state)
{
	static const uint8_t data[] = { 0, 5, 0, 1, RECORD_1 };
	uint64_t refused;

	(void)state;
	assert_int_equal(decode(data, sizeof(data), REASON_VERSION, &refused).count, 0);
	assert_int_equal(refused, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_becomes_a_flow),
		cmocka_unit_test(a_missing_record_is_counted_and_the_others_are_kept),
		cmocka_unit_test(a_short_header_is_counted),
		cmocka_unit_test(another_version_is_counted),
	};

	return cmocka_run_group_tests_name("ingest/@NAME@", tests, NULL, NULL);
}
