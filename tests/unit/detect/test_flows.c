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
static const struct sort request_out = { TCP, 0, 443, 0x02, 60, 7 };
static const struct sort data_far = { TCP, 0, 443, 0x18, 300, 7 };
static const struct sort far = { UDP, 0, 9000, 0, 300, 7 };
static const struct sort refusal = { TCP, 443, 0, 0x04, 40, 7 };

/* Single packets of flows, each reported when its cache has waited for more. */
static void idle(struct stage *s, double pps, const struct sort *sort, struct range src,
		 struct range dst)
{
	for (uint64_t n = stage_draw(s, pps); n > 0; n--) {
		struct ip from = ip_at(src.first, lab_rng_below(&s->rng, src.count));
		struct ip to = ip_at(dst.first, lab_rng_below(&s->rng, dst.count));
		stage_record(s, sort, from, to, (struct stretch){ 1, IDLE_S, IDLE_S });
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
			stage_record(&s, &answer, victim, place, (struct stretch){ 250, 60, 0 });
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
			stage_record(&s, &upload, host, place, (struct stretch){ 6000, 60, 0 });
		if (i == 30)
			stage_record(&s, &receipt, place, host, (struct stretch){ 2400, 60, 0 });
		stage_tick(&s);
	}
	for (unsigned i = 0; i < s.count; i++)
		assert_int_equal(s.caught[i].finding.severity, SEVERITY_INFO);
	stage_end(&s);
}

/* Many of ours send little to each of eight places. Return: the last of what was found. */
static const struct finding *campaign(struct stage *s, const struct sort *one,
				      const struct sort *other, double pps, unsigned seconds)
{
	for (unsigned i = 0; i < seconds * 10; i++) {
		everyday(s);
		idle(s, pps / 2, one, RANGE("198.51.100.40", 200), RANGE(PLACE, 8));
		idle(s, pps / 2, other, RANGE("198.51.100.40", 200), RANGE(PLACE, 8));
		stage_tick(s);
	}
	assert_true(s->count > 0);
	for (unsigned i = 0; i < s->count; i++)
		assert_int_equal(s->caught[i].finding.story, s->caught[0].finding.story);
	return &s->caught[s->count - 1].finding;
}

/* By the time that a flow cache has told of it, it has gone on for long: that does not make it usual. */
static void a_place_is_not_usual_because_it_is_attacked(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	assert_int_equal(campaign(&s, &request_out, &data_far, 8 * 700, 120)->kind, KIND_CAMPAIGN);
	stage_end(&s);
}

static void a_campaign_is_as_bad_as_all_of_it(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	const struct finding *f = campaign(&s, &far, &far, 8 * 1200, 200);
	assert_int_equal(f->kind, KIND_CAMPAIGN);
	assert_int_equal(f->target_count, 8);
	assert_int_equal(f->severity, SEVERITY_WARNING);
	stage_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_long_flow_is_found_with_its_record),
		cmocka_unit_test(the_answers_to_a_long_flow_may_come_a_little_later),
		cmocka_unit_test(a_place_is_not_usual_because_it_is_attacked),
		cmocka_unit_test(a_campaign_is_as_bad_as_all_of_it),
		cmocka_unit_test(refusals_that_come_first_are_no_attack_of_the_victim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
