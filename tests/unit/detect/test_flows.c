/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned on what flow caches report: afterwards, and many packets in one record. */
#include "stage.h"

#define HOST   "198.51.100.10"
#define VICTIM "198.51.100.13"
#define PEER   "192.0.2.1"
#define CROWD  "100.64.0.0"
#define PLACE  "192.0.2.200"
#define WARM_S 320
/* A flow of which nothing comes is reported after so long. */
#define IDLE_S 15.0

#define UDP 17
#define TCP 6

static const struct sort data_in = { TCP, 0, 443, 0x18, 200, 1 };
static const struct sort data_out = { TCP, 443, 0, 0x18, 1400, 7 };
static const struct sort ack = { TCP, 0, 443, 0x10, 50, 1 };
static const struct sort answer = { UDP, 53, 4444, 0, 1400, 7 };
static const struct sort upload = { UDP, 40000, 443, 0, 1300, 7 };
static const struct sort receipt = { UDP, 443, 40000, 0, 80, 1 };
static const struct sort refusal = { TCP, 443, 0, 0x04, 40, 7 };

/* Single packets of flows, each reported when its cache has waited for more. */
static void idle(struct stage *s, double pps, const struct sort *sort, struct range src,
		 struct range dst)
{
	for (uint64_t n = stage_draw(s, pps); n > 0; n--) {
		struct ip from = ip_at(src.first, lab_rng_below(&s->rng, src.count));
		struct ip to = ip_at(dst.first, lab_rng_below(&s->rng, dst.count));
		stage_record(s, sort, from, to, 1, IDLE_S, IDLE_S);
	}
}

/* Twenty hosts and those who talk to them every day. */
static void everyday(struct stage *s)
{
	idle(s, 6000, &data_in, RANGE(PEER, 40), RANGE(HOST, 20));
	idle(s, 8000, &data_out, RANGE(HOST, 20), RANGE(PEER, 40));
}

static void begin(struct stage *s)
{
	stage_prepare(s);
	stage_start(s);
	for (unsigned i = 0; i < WARM_S * 10; i++) {
		everyday(s);
		stage_tick(s);
	}
	assert_int_equal(s->count, 0);
}

static void refusals_that_come_first_are_no_attack_of_the_victim(void **state)
{
	const struct ip victim = ip_of(VICTIM);
	struct stage s;

	(void)state;
	begin(&s);
	for (unsigned i = 0; i < 400; i++) {
		everyday(&s);
		/* A refusal ends its flow; what was refused waits. */
		stage_send(&s, 20e3, &refusal, RANGE(VICTIM, 1), RANGE(CROWD, 300));
		if (i >= IDLE_S * 10)
			idle(&s, 120e3, &ack, RANGE(CROWD, 300), RANGE(VICTIM, 1));
		stage_tick(&s);
	}
	assert_true(s.count > 0);
	for (unsigned i = 0; i < s.count; i++) {
		const struct finding *f = &s.caught[i].finding;
		assert_int_equal(f->direction, DIRECTION_INBOUND);
		assert_int_equal(f->kind, KIND_FLOOD);
		assert_true(ip_equal(&f->host, &victim));
		assert_int_equal(f->story, s.caught[0].finding.story);
	}
	stage_end(&s);
}

/* Until a cache gives up waiting for its end, nothing is heard of a flow; then all of it at once. */
static void one_long_flow_is_found_with_its_record(void **state)
{
	const struct ip victim = ip_of(VICTIM);
	const struct ip place = ip_of(PLACE);
	struct stage s;

	(void)state;
	begin(&s);
	for (unsigned i = 0; i < 20; i++) {
		everyday(&s);
		if (i == 7)
			stage_record(&s, &answer, victim, place, 250, 60, 0);
		stage_tick(&s);
		if (i == 7)
			assert_int_equal(s.count, 1);
	}
	const struct finding *f = &s.caught[0].finding;
	assert_int_equal(f->kind, KIND_REFLECTOR);
	assert_true(ip_equal(&f->host, &victim));
	assert_int_equal(f->target_count, 1);
	assert_true(ip_equal(&f->targets[0].ip, &place));
	assert_string_equal(f->vectors[0].name, "dns-amplification");
	stage_end(&s);
}

/* Both halves of a long exchange are reported when each cache entry is old, not at the same moment. */
static void the_answers_to_a_long_flow_may_come_a_little_later(void **state)
{
	const struct ip host = ip_of(VICTIM);
	const struct ip place = ip_of(PLACE);
	struct stage s;

	(void)state;
	begin(&s);
	for (unsigned i = 0; i < 200; i++) {
		everyday(&s);
		if (i == 7)
			stage_record(&s, &upload, host, place, 6000, 60, 0);
		if (i == 30)
			stage_record(&s, &receipt, place, host, 2400, 60, 0);
		stage_tick(&s);
	}
	for (unsigned i = 0; i < s.count; i++)
		assert_int_equal(s.caught[i].finding.severity, SEVERITY_INFO);
	stage_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_long_flow_is_found_with_its_record),
		cmocka_unit_test(the_answers_to_a_long_flow_may_come_a_little_later),
		cmocka_unit_test(refusals_that_come_first_are_no_attack_of_the_victim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
