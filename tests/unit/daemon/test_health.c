/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of daemon/health: an entry that goes to another exporter begins its rates anew. */
#include "check.h"

#include "daemon/health.h"

static void second(struct health *health, struct parcel *parcel)
{
	const struct ledger_sink nobody = { 0 };

	parcel->fresh = true;
	health_take(health, 0, parcel, &nobody);
	health_second(health);
}

static void rates_begin_anew_with_another_exporter(void **state)
{
	const struct config config = { .max_exporters = 4 };
	struct exporter_stats stats = { .generation = 1, .unknown_sampling = 5 };
	struct tally_batch batch = { .cap = 1 };
	struct interface_rate none;
	struct parcel parcel = {
		.batch = &batch, .exporters = &stats, .exporter_count = 1, .interfaces = &none
	};
	struct status_view view = { 0 };

	(void)state;
	struct health *health = health_new(&config, 1);
	assert_non_null(health);
	for (unsigned i = 1; i <= 5; i++) {
		stats.datagrams = i * 100;
		second(health, &parcel);
	}
	health_fill(health, &config, &view);
	assert_true(view.exporters[0].datagrams_per_s.last_1s == 100);
	/* Less than the exporter before had: not a huge growth. */
	stats = (struct exporter_stats){ .generation = 2, .datagrams = 3 };
	parcel.gone = (struct exporter_gone){ .exporters = 1, .unknown_sampling = 5 };
	parcel.undecodable[REASON_TEMPLATE_FULL] = 7;
	second(health, &parcel);
	view = (struct status_view){ 0 };
	health_fill(health, &config, &view);
	assert_true(view.exporters[0].datagrams_per_s.last_1s == 3);
	assert_true(view.exporters[0].datagrams_per_s.last_10s < 3);
	assert_int_equal(view.unknown_sampling, 5);
	assert_int_equal(view.threads[0].exporters_replaced, 1);
	assert_int_equal(view.threads[0].templates_turned_away, 7);
	health_free(health);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_begin_anew_with_another_exporter),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
