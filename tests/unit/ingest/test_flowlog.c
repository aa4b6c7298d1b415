/* SPDX-License-Identifier: Apache-2.0 */
/* test_flowlog: fields, broken pieces and clocks of flow logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ingest/flowlog/flowlog.h"
#include "ingest/state.h"

static const struct config config = { .max_exporters = 16,
				      .max_templates = 16,
				      .max_held_bytes = 4096 };

struct scene {
	struct decode_state *state;
	struct flowlog *log;
	struct flow flows[16];
	size_t count;
	struct flow_sink sink;
	struct flowlog_input input;
};

static void keep(void *self, struct flow *flows, size_t count)
{
	struct scene *s = self;

	for (size_t i = 0; i < count && s->count < 16; i++)
		s->flows[s->count++] = flows[i];
}

static int open_scene(void **ret_scene)
{
	static struct scene s;

	s = (struct scene){ .state = decode_state_new(&config, 1), .log = flowlog_new() };
	s.sink = (struct flow_sink){ .flows = keep, .self = &s };
	s.input = (struct flowlog_input){ .state = s.state, .sink = &s.sink };
	*ret_scene = &s;
	return 0;
}

static int close_scene(void **scene)
{
	struct scene *s = *scene;

	decode_state_free(s->state);
	flowlog_free(s->log);
	return 0;
}

static size_t give(struct scene *s, const char *text)
{
	flowlog_begin(s->log, &s->input);
	return flowlog_take(s->log, text, strlen(text), true, 1000);
}

#define HEADER                                                                                     \
	"version vpc-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr srcport dstport protocol packets " \
	"bytes start end action tcp-flags flow-direction log-status account-id\n"

static void all_fields_of_a_custom_format(void **scene)
{
	struct scene *s = *scene;

	give(s, HEADER "5 vpc-1 10.0.0.2 192.0.2.1 10.0.9.9 192.0.2.1 1024 443 6 7 900 1700000000 "
		       "1700000030 REJECT 18 egress OK 123\n");
	const struct flow *f = s->flows;
	assert_int_equal(s->count, 1);
	assert_int_equal(f->src.b[14], 9);
	assert_int_equal(f->sport, 1024);
	assert_int_equal(f->dport, 443);
	assert_int_equal(f->proto, 6);
	assert_int_equal(f->packets, 7);
	assert_int_equal(f->bytes, 900);
	assert_int_equal(f->tcp_flags, 18);
	assert_true(f->start_ns == 1700000000 * NS_PER_S && f->end_ns == 1700000030 * NS_PER_S);
	assert_true(f->egress && f->vantage & 1);
	assert_true(f->has & FLOW_HAS_DROPPED);
	assert_int_equal(f->sampling, 1);
	/* The log is its own clock: it ended now and began half a minute ago. */
	assert_int_equal(f->begin_age_ms, 30000);
	assert_int_equal(f->end_age_ms, 0);
}

static void an_interface_that_passes_on_is_another_vantage(void **scene)
{
	struct scene *s = *scene;

	give(s, HEADER "5 v 10.0.0.2 192.0.2.1 10.0.0.2 192.0.2.1 1 2 17 1 9 1700000000 1700000001 "
		       "ACCEPT - egress OK 123\n"
		       "5 v 10.0.0.3 192.0.2.1 10.0.0.2 192.0.2.1 1 2 17 1 9 1700000000 1700000001 "
		       "ACCEPT - egress OK 123\n");
	assert_int_equal(s->count, 2);
	assert_true(s->flows[0].vantage != s->flows[1].vantage);
	assert_true(ip_equal(&s->flows[0].src, &s->flows[1].src));
}

static void lines_of_cloudwatch_carry_their_own_time(void **scene)
{
	struct scene *s = *scene;

	give(s, "2026-11-22T14:05:06.000Z 2 123 eni-1 192.0.2.1 10.0.0.1 1 2 17 1 9 1700000000 "
		"1700000001 ACCEPT OK\n"
		"2026-11-22T14:05:06.000Z eni-1-all 2 123 eni-1 192.0.2.1 10.0.0.1 1 2 17 1 9 "
		"1700000000 1700000001 ACCEPT OK\n");
	assert_int_equal(s->count, 2);
	assert_int_equal(flowlog_counts(s->log)->undecodable, 0);
}

static void what_is_broken_is_counted_where_it_is(void **scene)
{
	struct scene *s = *scene;

	give(s, "2 1 e 192.0.2.1 10.0.0.1 1 2 17 1 9 1700000000 1700000001 ACCEPT OK\n"
		"2 1 e 192.0.2.256 10.0.0.1 1 2 17 1 9 1700000000 1700000001 ACCEPT OK\n"
		"2 1 e 192.0.2.1 10.0.0.1 1 2 17 1 9x 1700000000 1700000001 ACCEPT OK\n"
		"2 1 e 192.0.2.1 10.0.0.1 1 2 17 1 9 1700000000 1700000001 ACCEPT OK more\n"
		"2 1 e - - - - - - - 1700000000 1700000001 - NODATA\n"
		"2 1 e - - - - - - - 1700000000 1700000001 - SKIPDATA\n");
	const struct flowlog_counts *counts = flowlog_counts(s->log);
	assert_int_equal(counts->flows, 1);
	assert_int_equal(counts->nodata, 1);
	assert_int_equal(counts->skipdata, 1);
	assert_int_equal(counts->undecodable, 3);
	assert_int_equal(counts->first_bad_line, 2);
	assert_int_equal(s->state->undecodable[REASON_FIELD], 1);
	assert_int_equal(s->state->undecodable[REASON_VALUE], 1);
	assert_int_equal(s->state->undecodable[REASON_COUNT], 1);
}

static void json_goes_on_behind_rubbish(void **scene)
{
	struct scene *s = *scene;

	give(s, "{\"connection\":{\"src_ip\":\"192.0.2.1\",\"dest_ip\":\"10.0.0.1\"}}\n"
		"{\"connection\":{\"src_ip\":\"192.0\n"
		"nonsense\n"
		"{\"connection\":{\"src_ip\":\"192.0.2.2\",\"dest_ip\":\"10.0.0.1\",\n"
		"\"protocol\":6},\"bytes_sent\":\"70\"}\n");
	assert_int_equal(s->count, 2);
	assert_int_equal(s->state->undecodable[REASON_SYNTAX], 2);
	assert_int_equal(s->flows[1].bytes, 70);
}

static void old_records_are_old_on_the_clock_of_the_log(void **scene)
{
	struct scene *s = *scene;

	s->input.now_ns = 1700001000 * NS_PER_S;
	s->input.lag_ns = 400 * NS_PER_S;
	give(s, "2 1 e 192.0.2.1 10.0.0.1 1 2 17 1 9 1700000000 1700000060 ACCEPT OK\n"
		"2 1 e 192.0.2.1 10.0.0.1 1 2 17 1 9 1700000740 1700000800 ACCEPT OK\n");
	/* The clock of the log stands at ...600 first; the second record brings it to ...800. */
	assert_int_equal(s->flows[0].end_age_ms, 540000);
	assert_int_equal(s->flows[0].begin_age_ms, 600000);
	assert_int_equal(s->flows[1].end_age_ms, 0);
	assert_int_equal(s->flows[1].begin_age_ms, 60000);
	assert_true(flowlog_lag_ns(s->log) == 200 * NS_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)
		CASE(all_fields_of_a_custom_format),
		CASE(an_interface_that_passes_on_is_another_vantage),
		CASE(lines_of_cloudwatch_carry_their_own_time),
		CASE(what_is_broken_is_counted_where_it_is),
		CASE(json_goes_on_behind_rubbish),
		CASE(old_records_are_old_on_the_clock_of_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
