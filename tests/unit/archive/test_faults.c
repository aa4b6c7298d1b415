/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of archive/faults: who keeps a place where all of them are taken. */
#include "check.h"

#include <string.h>

#include "archive/faults.h"
#include "base/clock.h"

/* What was told. */
struct told {
	unsigned begun;
	unsigned ended;
	struct fault latest;
};

static void take(void *self, const struct fault *fault)
{
	struct told *told = self;

	told->begun += fault->state == FAULT_BEGUN;
	told->ended += fault->state == FAULT_ENDED;
	told->latest = *fault;
}

static struct fault fault_of(enum fault_kind kind, enum severity severity)
{
	return (struct fault){ .kind = kind, .severity = severity };
}

/* One stranger's fault for each place, a second apart. */
static struct faults *full(struct fault_slot *slots, struct told *told)
{
	const struct fault_sink sink = { .fault = take, .self = told };
	const struct fault clock = fault_of(FAULT_CLOCK, SEVERITY_WARNING);
	struct faults *faults = faults_new();
	struct faults_stats stats;

	assert_non_null(faults);
	memset(told, 0, sizeof(*told));
	memset(slots, 0, FAULTS_OPEN_MAX * sizeof(slots[0]));
	for (unsigned i = 0; i < FAULTS_OPEN_MAX; i++) {
		faults_begin_time(faults, (i + 1) * NS_PER_S, &sink);
		faults_bad(faults, &slots[i], &clock, false);
	}
	faults_stats(faults, &stats);
	assert_int_equal(stats.open, FAULTS_OPEN_MAX);
	assert_int_equal(stats.turned_away, 0);
	return faults;
}

static void a_listed_exporter_pushes_out_the_oldest_stranger(void **unused)
{
	struct fault_slot slots[FAULTS_OPEN_MAX], listed = { 0 };
	struct told told;
	struct faults *faults = full(slots, &told);
	const struct fault loss = fault_of(FAULT_LOSS, SEVERITY_WARNING);
	struct faults_stats stats;

	(void)unused;
	faults_bad(faults, &listed, &loss, true);
	assert_int_equal(faults_of(faults, &listed)->kind, FAULT_LOSS);
	assert_null(faults_of(faults, &slots[0]));
	assert_non_null(faults_of(faults, &slots[1]));
	assert_int_equal(told.latest.kind, FAULT_LOSS);
	assert_int_equal(told.latest.state, FAULT_BEGUN);
	assert_int_equal(told.ended, 1);
	faults_stats(faults, &stats);
	assert_int_equal(stats.open, FAULTS_OPEN_MAX);
	assert_int_equal(stats.turned_away, 1);
	faults_free(faults);
}

static void the_worse_pushes_out_the_lesser_and_never_a_listed_one(void **unused)
{
	struct fault_slot slots[FAULTS_OPEN_MAX], listed[FAULTS_OPEN_MAX] = { 0 }, worse = { 0 };
	struct told told;
	struct faults *faults = full(slots, &told);
	const struct fault rate = fault_of(FAULT_SAMPLING, SEVERITY_CRITICAL);
	const struct fault twin = fault_of(FAULT_DUPLICATES, SEVERITY_INFO);

	(void)unused;
	faults_bad(faults, &worse, &rate, false);
	assert_non_null(faults_of(faults, &worse));
	for (unsigned i = 0; i < FAULTS_OPEN_MAX; i++)
		faults_bad(faults, &listed[i], &twin, true);
	assert_null(faults_of(faults, &worse));
	faults_bad(faults, &worse, &rate, false);
	assert_null(faults_of(faults, &worse));
	assert_non_null(faults_of(faults, &listed[0]));
	faults_free(faults);
}

/* A fault that becomes worse and better again leaves no doubt behind. */
static void doubt_lasts_as_long_as_the_worst(void **unused)
{
	const struct fault mild = fault_of(FAULT_SAMPLING, SEVERITY_WARNING);
	const struct fault bad = fault_of(FAULT_SAMPLING, SEVERITY_CRITICAL);
	const struct fault_sink sink = { .fault = take, .self = &(struct told){ 0 } };
	struct fault_slot slot = { 0 };
	struct faults *faults = faults_new();

	(void)unused;
	faults_begin_time(faults, NS_PER_S, &sink);
	assert_false(faults_doubt(faults));
	faults_bad(faults, &slot, &mild, true);
	assert_false(faults_doubt(faults));
	faults_bad(faults, &slot, &bad, true);
	assert_true(faults_doubt(faults));
	faults_bad(faults, &slot, &mild, true);
	assert_false(faults_doubt(faults));
	faults_bad(faults, &slot, &bad, true);
	faults_good(faults, &slot, 1, "well again");
	assert_false(faults_doubt(faults));
	faults_free(faults);
}

static void who_is_turned_away_is_counted_once(void **unused)
{
	struct fault_slot slots[FAULTS_OPEN_MAX], other = { 0 };
	struct told told;
	struct faults *faults = full(slots, &told);
	const struct fault clock = fault_of(FAULT_CLOCK, SEVERITY_WARNING);
	struct faults_stats stats;

	(void)unused;
	for (unsigned i = 0; i < 3; i++)
		faults_bad(faults, &other, &clock, false);
	faults_stats(faults, &stats);
	assert_int_equal(stats.turned_away, 1);
	faults_good(faults, &slots[7], 1, "mended");
	faults_bad(faults, &other, &clock, false);
	assert_non_null(faults_of(faults, &other));
	faults_free(faults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listed_exporter_pushes_out_the_oldest_stranger),
		cmocka_unit_test(the_worse_pushes_out_the_lesser_and_never_a_listed_one),
		cmocka_unit_test(doubt_lasts_as_long_as_the_worst),
		cmocka_unit_test(who_is_turned_away_is_counted_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
