/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/@NAME@: it fires, stays silent, and clears. */
#include "check.h"

#include <string.h>

#include "detect/detector.h"

#define TICK_NS 1000000000ULL

struct caught {
	struct finding last;
	unsigned count;
};

static void catch_finding(void *self, const struct finding *finding)
{
	struct caught *caught = self;

	caught->last = *finding;
	caught->count++;
}

static const struct detector *detector_here(void)
{
	for (const struct detector *const *d = detector_registry; *d; d++) {
		if (strcmp((*d)->name, "@NAME@") == 0)
			return *d;
	}
	return NULL;
}

/* Two ticks of one second; in the second, a host gets @packets. The number of findings. */
static struct caught findings_for(uint64_t packets, enum direction direction)
{
	const struct detector *detector = detector_here();
	struct caught caught = { 0 };
	const struct finding_sink sink = { .finding = catch_finding, .self = &caught };
	const struct tally row = {
		.host = { .b = { [15] = 7 } },
		.direction = (uint8_t)direction,
		.class = CLASS_UDP,
		.len = 128,
		.packets = packets,
		.bytes = packets * 100,
		.flows = 1,
	};
	const struct tally_set set = { .rows = &row, .count = 1, .tick_ns = 2 * TICK_NS };
	void *state = NULL;

	assert_non_null(detector);
	assert_int_equal(detector->open(NULL, 1, &state), 0);
	detector->tick(state, TICK_NS, &sink);
	detector->observe(state, &set);
	detector->tick(state, 2 * TICK_NS, &sink);
	unsigned after_attack = caught.count;
	detector->tick(state, 3 * TICK_NS, &sink);
	assert_int_equal(caught.count, after_attack); /* it clears by itself */
	detector->close(state);
	return caught;
}

static void a_loud_host_is_found(void **state)
{
	(void)state;
	struct caught caught = findings_for(5000, DIRECTION_INBOUND);
	assert_int_equal(caught.count, 1);
	assert_int_equal(caught.last.pps, 5000);
	assert_int_equal(caught.last.host.b[15], 7);
}

static void a_quiet_host_is_not(void **state)
{
	(void)state;
	assert_int_equal(findings_for(10, DIRECTION_INBOUND).count, 0);
}

static void another_direction_is_not(void **state)
{
	(void)state;
	assert_int_equal(findings_for(5000, DIRECTION_OUTBOUND).count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loud_host_is_found),
		cmocka_unit_test(a_quiet_host_is_not),
		cmocka_unit_test(another_direction_is_not),
	};

	return cmocka_run_group_tests_name("detect/@NAME@", tests, NULL, NULL);
}
