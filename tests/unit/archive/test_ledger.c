/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of archive/ledger: readings a second apart in, minutes and faults out. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/ledger.h"
#include "base/clock.h"
#include "model/flow.h"

#define BEGIN_NS   (29660000ULL * COVERAGE_MINUTE_NS)
#define ROWS_MAX   64
#define FAULTS_MAX 64

/* A ledger with one thread, and what came out of it. */
struct scene {
	struct config *config;
	struct ledger *ledger;
	uint64_t now_ns;
	struct exporter_stats stats[2];
	size_t count;
	uint64_t kernel_drops;
	struct coverage rows[ROWS_MAX];
	size_t row_count;
	struct fault faults[FAULTS_MAX];
	size_t fault_count;
	char name[64]; /* of the latest row */
};

static void take_row(void *self, const struct coverage *row, const char *name)
{
	struct scene *scene = self;

	assert_true(scene->row_count < ROWS_MAX);
	scene->rows[scene->row_count++] = *row;
	snprintf(scene->name, sizeof(scene->name), "%s", name ? name : "");
}

static void take_fault(void *self, const struct fault *fault)
{
	struct scene *scene = self;

	assert_true(scene->fault_count < FAULTS_MAX);
	scene->faults[scene->fault_count++] = *fault;
}

static struct ledger_sink sink_of(struct scene *scene)
{
	return (struct ledger_sink){ .row = take_row, .fault = take_fault, .self = scene };
}

static void scene_open(struct scene *scene, const char *yaml)
{
	struct text errors = text_heap();

	memset(scene, 0, sizeof(*scene));
	assert_int_equal(config_parse("test", yaml, strlen(yaml), &errors, &scene->config), 0);
	text_done(&errors);
	scene->ledger = ledger_new(scene->config, 1);
	assert_non_null(scene->ledger);
	scene->now_ns = BEGIN_NS;
	scene->count = 1;
	for (unsigned i = 0; i < 2; i++) {
		struct exporter_stats *stats = &scene->stats[i];
		assert_int_equal(ip_parse(i ? "192.0.2.2" : "192.0.2.1", &stats->key.address), 0);
		stats->key.source = FLOW_NETFLOW9;
		stats->generation = 1;
		stats->first_ns = stats->last_ns = BEGIN_NS;
		stats->sampling = stats->sampling_announced = 1000;
	}
}

static void scene_close(struct scene *scene)
{
	ledger_free(scene->ledger);
	config_free(scene->config);
}

/* Ten datagrams of 20 records a second, of which @lost are missing. */
static void send(struct scene *scene, unsigned i, unsigned lost)
{
	struct exporter_stats *stats = &scene->stats[i];

	stats->datagrams += 10 - lost;
	stats->records += (10 - lost) * 20;
	stats->packets += (10 - lost) * 200;
	stats->packets_scaled += (uint64_t)(10 - lost) * 200 * stats->sampling;
	stats->expected += 10;
	stats->received += 10 - lost;
	stats->lost = stats->expected - stats->received;
	stats->last_ns = scene->now_ns;
}

static void second(struct scene *scene)
{
	const struct ledger_sink sink = sink_of(scene);
	const struct ledger_reading reading = { .exporters = scene->stats,
						.count = scene->count,
						.kernel_drops = scene->kernel_drops };

	ledger_tick(scene->ledger, scene->now_ns, &sink);
	ledger_take(scene->ledger, 0, &reading, &sink);
	scene->now_ns += NS_PER_S;
}

static void run(struct scene *scene, unsigned seconds, unsigned lost)
{
	for (unsigned s = 0; s < seconds; s++) {
		send(scene, 0, lost);
		second(scene);
	}
}

static void be_silent(struct scene *scene, unsigned seconds)
{
	for (unsigned s = 0; s < seconds; s++)
		second(scene);
}

static const struct fault *find(const struct scene *scene, enum fault_kind kind,
				enum fault_state state)
{
	for (size_t i = 0; i < scene->fault_count; i++) {
		if (scene->faults[i].kind == kind && scene->faults[i].state == state)
			return &scene->faults[i];
	}
	return NULL;
}

static unsigned count(const struct scene *scene, enum fault_kind kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < scene->fault_count; i++)
		n += scene->faults[i].kind == kind;
	return n;
}

static void a_minute_says_what_came_and_what_did_not(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "exporters: [{address: 192.0.2.1, name: edge1}]");
	run(&scene, 61, 1);
	assert_int_equal(scene.row_count, 1);
	assert_int_equal(scene.rows[0].begin_ns, BEGIN_NS);
	assert_int_equal(scene.rows[0].seconds, 60);
	assert_int_equal(scene.rows[0].units, 540);
	assert_int_equal(scene.rows[0].lost, 60);
	assert_true(coverage_lost_share(&scene.rows[0]) == 0.1);
	assert_int_equal(scene.rows[0].sampling, 1000);
	assert_string_equal(scene.name, "edge1");
	scene_close(&scene);
}

static void loss_begins_once_and_ends_once(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	run(&scene, 60, 0);
	run(&scene, 180, 1);
	assert_int_equal(count(&scene, FAULT_LOSS), 1);
	const struct fault *begun = find(&scene, FAULT_LOSS, FAULT_BEGUN);
	assert_non_null(begun);
	assert_int_equal(begun->since_ns, BEGIN_NS + COVERAGE_MINUTE_NS);
	assert_true(begun->numbers[0].value > 0.09 && begun->numbers[0].value < 0.11);
	assert_non_null(strstr(begun->text, "10.0% of the datagrams"));
	assert_int_equal(ledger_faults_of(scene.ledger, 0, 0), 1 << FAULT_LOSS);
	run(&scene, 180, 0);
	assert_int_equal(count(&scene, FAULT_LOSS), 2);
	assert_non_null(find(&scene, FAULT_LOSS, FAULT_ENDED));
	assert_int_equal(ledger_faults_of(scene.ledger, 0, 0), 0);
	scene_close(&scene);
}

static void a_fault_that_becomes_another_is_told_again(void **state)
{
	const struct fault *open[FAULTS_OPEN_MAX];
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	run(&scene, 10, 0);
	scene.stats[0].clock_wrong = true;
	scene.stats[0].clock_offset_ns = 2000 * (int64_t)NS_PER_S;
	run(&scene, 400, 0);
	assert_int_equal(scene.fault_count, 2); /* noted that it was set, and begun */
	scene.stats[0].clock_offset_ns = -200002000 * (int64_t)NS_PER_S;
	run(&scene, 400, 0);
	const struct fault *changed = find(&scene, FAULT_CLOCK, FAULT_CHANGED);
	assert_non_null(changed);
	assert_non_null(strstr(changed->text, "200002000 s ahead"));
	assert_int_equal(changed->since_ns, find(&scene, FAULT_CLOCK, FAULT_BEGUN)->since_ns);
	assert_int_equal(scene.fault_count, 4);
	assert_int_equal(ledger_faults(scene.ledger, open), 1);
	assert_non_null(strstr(open[0]->text, "200002000 s ahead"));
	assert_int_equal(open[0]->state, FAULT_BEGUN);
	scene_close(&scene);
}

static void loss_that_flutters_is_told_rarely(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	for (unsigned minute = 0; minute < 21; minute++)
		run(&scene, 60, minute % 2 ? 1 : 5);
	assert_true(count(&scene, FAULT_LOSS) >= 2);
	assert_true(count(&scene, FAULT_LOSS) <= 5);
	scene_close(&scene);
}

static void the_share_that_is_a_fault_is_configurable(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "faults: {loss: 20%}");
	run(&scene, 181, 1);
	assert_int_equal(scene.fault_count, 0);
	scene_close(&scene);
}

static void silence_is_a_gap_and_a_fault(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	run(&scene, 121, 0);
	be_silent(&scene, 240);
	assert_int_equal(count(&scene, FAULT_SILENT), 1);
	assert_int_equal(scene.faults[0].since_ns, BEGIN_NS + 120 * NS_PER_S);
	assert_int_equal(scene.row_count, 6);
	assert_int_equal(scene.rows[1].silent, 0);
	for (unsigned i = 3; i < 6; i++) {
		assert_int_equal(scene.rows[i].silent, 1);
		assert_int_equal(scene.rows[i].datagrams, 0);
	}
	run(&scene, 5, 0);
	assert_non_null(find(&scene, FAULT_SILENT, FAULT_ENDED));
	scene_close(&scene);
}

static void an_exporter_that_sends_now_and_then_is_not_silent(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	for (unsigned i = 0; i < 30; i++) {
		run(&scene, 1, 0);
		be_silent(&scene, 44);
	}
	assert_int_equal(scene.fault_count, 0);
	for (size_t i = 0; i < scene.row_count; i++)
		assert_int_equal(scene.rows[i].silent, 0);
	scene_close(&scene);
}

static void a_listed_exporter_that_never_came_is_told(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "exporters: [{address: 192.0.2.2, name: edge2}]");
	run(&scene, 181, 0);
	assert_int_equal(count(&scene, FAULT_SILENT), 1);
	assert_string_equal(scene.faults[0].name, "edge2");
	assert_int_equal(scene.rows[scene.row_count - 1].silent, 1);
	scene.count = 2;
	send(&scene, 1, 0);
	second(&scene);
	assert_non_null(find(&scene, FAULT_SILENT, FAULT_ENDED));
	scene_close(&scene);
}

static void a_restart_is_noted_and_is_no_loss(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	run(&scene, 30, 0);
	scene.stats[0].restarts++;
	run(&scene, 31, 0);
	assert_int_equal(scene.fault_count, 1);
	assert_int_equal(scene.faults[0].kind, FAULT_RESTART);
	assert_int_equal(scene.faults[0].state, FAULT_NOTED);
	assert_int_equal(scene.rows[0].lost, 0);
	assert_int_equal(scene.rows[0].restarts, 1);
	scene_close(&scene);
}

static void a_doubted_rate_is_told_at_once(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	run(&scene, 10, 0);
	scene.stats[0].sampling_announced = 100000;
	scene.stats[0].rate_doubts = 1;
	run(&scene, 5, 0);
	assert_int_equal(scene.fault_count, 1);
	assert_int_equal(scene.faults[0].kind, FAULT_SAMPLING);
	assert_int_equal(scene.faults[0].severity, SEVERITY_CRITICAL);
	assert_non_null(strstr(scene.faults[0].text, "1:100000"));
	assert_non_null(strstr(scene.faults[0].text, "1:1000"));
	scene.stats[0].sampling_announced = 1000;
	scene.stats[0].rate_doubts = 0;
	run(&scene, 10, 0);
	assert_int_equal(scene.fault_count, 2);
	assert_int_equal(scene.faults[1].state, FAULT_ENDED);
	scene_close(&scene);
}

static void a_rate_that_the_pool_contradicts_is_told(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	scene.stats[0].key.source = FLOW_SFLOW5;
	for (unsigned s = 0; s < 61; s++) {
		scene.stats[0].pool_samples += 200;
		scene.stats[0].sample_pool += 200 * 2000;
		run(&scene, 1, 0);
	}
	assert_int_equal(scene.fault_count, 1);
	assert_int_equal(scene.faults[0].kind, FAULT_SAMPLING);
	assert_non_null(strstr(scene.faults[0].text, "say 1:2000: its rates are too low"));
	scene_close(&scene);
}

static void few_samples_contradict_nothing(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	for (unsigned s = 0; s < 61; s++) {
		scene.stats[0].pool_samples += 1;
		scene.stats[0].sample_pool += 2000;
		run(&scene, 1, 0);
	}
	assert_int_equal(scene.fault_count, 0);
	scene_close(&scene);
}

static void kernel_drops_belong_to_the_thread(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	run(&scene, 10, 0);
	scene.kernel_drops = 77;
	run(&scene, 52, 0);
	assert_int_equal(scene.fault_count, 1);
	assert_int_equal(scene.faults[0].kind, FAULT_KERNEL);
	assert_true(scene.faults[0].of_thread);
	assert_non_null(strstr(scene.faults[0].text, "77 datagrams"));
	assert_non_null(strstr(scene.faults[0].advice, "ingest.receive_buffer"));
	assert_int_equal(scene.rows[0].kernel_drops, 77);
	run(&scene, 70, 0);
	assert_int_equal(scene.fault_count, 2);
	assert_int_equal(scene.faults[1].state, FAULT_ENDED);
	scene_close(&scene);
}

static void loss_in_our_own_buffers_is_named_so(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	run(&scene, 60, 0);
	run(&scene, 60, 1);
	scene.kernel_drops = 5;
	run(&scene, 1, 0);
	const struct fault *loss = find(&scene, FAULT_LOSS, FAULT_BEGUN);
	assert_non_null(loss);
	assert_null(loss->numbers[4].name);
	assert_non_null(strstr(loss->advice, "look at the path"));
	scene_close(&scene);
	scene_open(&scene, "{}");
	run(&scene, 30, 0);
	scene.kernel_drops = 30;
	run(&scene, 31, 1);
	loss = find(&scene, FAULT_LOSS, FAULT_BEGUN);
	assert_non_null(loss);
	assert_string_equal(loss->numbers[4].name, "kernel_dropped");
	assert_non_null(strstr(loss->advice, "ingest.receive_buffer"));
	scene_close(&scene);
}

static void datagrams_that_come_twice_are_told(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	run(&scene, 60, 0);
	for (unsigned s = 0; s < 60; s++) {
		scene.stats[0].datagrams += 10;
		scene.stats[0].repeated += 10;
		run(&scene, 1, 0);
	}
	run(&scene, 1, 0);
	const struct fault *begun = find(&scene, FAULT_REPEATED, FAULT_BEGUN);
	assert_non_null(begun);
	assert_non_null(strstr(begun->text, "arrive twice: 50.0%"));
	assert_int_equal(begun->severity, SEVERITY_WARNING);
	assert_int_equal(scene.rows[0].repeated, 0);
	assert_int_equal(scene.rows[1].repeated, 600);
	assert_int_equal(scene.rows[1].lost, 0);
	run(&scene, 120, 0);
	assert_non_null(find(&scene, FAULT_REPEATED, FAULT_ENDED));
	scene_close(&scene);
}

static void clocks_templates_and_garbage_are_told(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	run(&scene, 20, 0);
	scene.stats[0].clock_wrong = true;
	scene.stats[0].clock_offset_ns = -400 * (int64_t)NS_PER_S;
	scene.stats[0].undecodable[REASON_NO_TEMPLATE] = 3;
	scene.stats[0].undecodable[REASON_SHORT] = 5000;
	run(&scene, 41, 0);
	assert_non_null(find(&scene, FAULT_CLOCK, FAULT_BEGUN));
	assert_non_null(strstr(find(&scene, FAULT_CLOCK, FAULT_BEGUN)->text, "400 s ahead"));
	assert_non_null(find(&scene, FAULT_TEMPLATES, FAULT_BEGUN));
	assert_non_null(find(&scene, FAULT_UNDECODABLE, FAULT_BEGUN));
	assert_non_null(strstr(find(&scene, FAULT_UNDECODABLE, FAULT_BEGUN)->text, "short"));
	scene_close(&scene);
}

static void a_pause_was_not_watched(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	run(&scene, 90, 0);
	scene.now_ns += 600 * NS_PER_S;
	run(&scene, 60, 0);
	assert_int_equal(scene.row_count, 3);
	assert_int_equal(scene.rows[1].seconds, 29);
	assert_int_equal(scene.rows[2].begin_ns, BEGIN_NS + 11 * COVERAGE_MINUTE_NS);
	assert_int_equal(scene.rows[2].seconds, 30);
	scene_close(&scene);
}

static void an_entry_that_changes_hands_keeps_nothing(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	run(&scene, 70, 0);
	be_silent(&scene, 100);
	assert_int_equal(count(&scene, FAULT_SILENT), 1);
	scene.stats[0] = scene.stats[1];
	scene.stats[0].generation = 2;
	scene.stats[0].first_ns = scene.now_ns;
	run(&scene, 20, 0);
	assert_int_equal(count(&scene, FAULT_SILENT), 2);
	run(&scene, 60, 0);
	const struct coverage *last = &scene.rows[scene.row_count - 1];
	assert_true(ip_equal(&last->key.address, &scene.stats[1].key.address));
	assert_true(last->units <= 600);
	scene_close(&scene);
}

static void strangers_get_no_rows(void **state)
{
	struct scene scene;
	struct ledger_stats stats;

	(void)state;
	scene_open(&scene, "{}");
	for (unsigned s = 0; s < 61; s++) {
		scene.stats[0].datagrams++;
		scene.stats[0].undecodable[REASON_SHORT]++;
		scene.stats[0].last_ns = scene.now_ns;
		second(&scene);
	}
	ledger_stats(scene.ledger, &stats);
	assert_int_equal(scene.row_count, 0);
	assert_int_equal(stats.strangers, 1);
	assert_int_equal(scene.fault_count, 0);
	scene_close(&scene);
}

/* Two exporters with half of their flows in common, for a minute. */
static void run_twins(struct scene *scene, const char *yaml)
{
	struct flow_sketch sketches[2] = { { 0 } };

	scene_open(scene, yaml);
	scene->count = 2;
	scene->stats[1].records = 200;
	for (uint32_t i = 0; i < 200; i++) {
		sketch_add(&sketches[0], i * 1000003);
		sketch_add(&sketches[1], (i + 100) * 1000003);
	}
	run(scene, 59, 0);
	const struct ledger_sink sink = sink_of(scene);
	const struct ledger_reading reading = { .exporters = scene->stats,
						.count = 2,
						.sketches = sketches };
	ledger_take(scene->ledger, 0, &reading, &sink);
	run(scene, 2, 0);
}

static void twins_that_are_declared_disjoint_count_twice(void **state)
{
	struct scene scene;

	(void)state;
	run_twins(&scene, "exporters: [{address: 192.0.2.2, disjoint: true}]");
	assert_int_equal(count(&scene, FAULT_DUPLICATES), 2);
	for (size_t i = 0; i < scene.fault_count; i++) {
		const struct fault *fault = &scene.faults[i];
		bool declared = ip_equal(&fault->key.address, &scene.stats[1].key.address);
		if (fault->kind != FAULT_DUPLICATES)
			continue;
		assert_int_equal(fault->severity, SEVERITY_WARNING);
		assert_non_null(strstr(fault->text, declared ? "declared disjoint and is not: "
							     : "192.0.2.2 too, which is declared"));
		assert_non_null(strstr(fault->text, "counts twice"));
		assert_non_null(strstr(fault->advice, "remove `disjoint`"));
	}
	scene_close(&scene);
}

static void twins_are_found_and_are_no_alarm(void **state)
{
	struct scene scene;

	(void)state;
	run_twins(&scene, "{}");
	const struct fault *fault = find(&scene, FAULT_DUPLICATES, FAULT_BEGUN);
	assert_non_null(fault);
	assert_int_equal(fault->severity, SEVERITY_INFO);
	assert_non_null(strstr(fault->text, "reported by 192.0.2.2 too"));
	assert_non_null(strstr(fault->advice, "disjoint: true"));
	double share = coverage_duplicate_share(&scene.rows[0]);
	assert_true(share > 0.4 && share < 0.6);
	scene_close(&scene);
}

static void count_twin(void *self, const struct coverage *row, const char *name)
{
	(void)name;
	*(unsigned *)self += row->duplicates > 0;
}

static void ignore_fault(void *self, const struct fault *fault)
{
	(void)self;
	(void)fault;
}

/* More exporters than are compared; the two that report the same come last, or are the idlest. */
static unsigned twins_among_many(uint64_t records_of_twins)
{
	enum { MANY = 80, TWINS = 2 };
	static struct exporter_stats stats[MANY];
	static struct flow_sketch sketches[MANY];
	struct scene scene;
	unsigned twins = 0;
	const struct ledger_sink sink = { .row = count_twin,
					  .fault = ignore_fault,
					  .self = &twins };

	scene_open(&scene, "{}");
	const struct ledger_reading reading = { .exporters = stats,
						.count = MANY,
						.sketches = sketches };
	memset(sketches, 0, sizeof(sketches));
	for (uint32_t i = 0; i < MANY; i++) {
		stats[i] = scene.stats[0];
		stats[i].key.address.w[1] += (uint64_t)i << 32;
		for (uint32_t f = 0; f < 100; f++) {
			uint32_t whose = i < MANY - TWINS ? i : MANY;
			sketch_add(&sketches[i], (f * 100 + whose) * 1000003);
		}
	}
	ledger_tick(scene.ledger, BEGIN_NS, &sink);
	ledger_take(scene.ledger, 0, &reading, &sink);
	for (uint32_t i = 0; i < MANY; i++) {
		stats[i].datagrams += 10;
		stats[i].records += i < MANY - TWINS ? 500 : records_of_twins;
	}
	ledger_take(scene.ledger, 0, &reading, &sink);
	ledger_tick(scene.ledger, BEGIN_NS + COVERAGE_MINUTE_NS, &sink);
	scene_close(&scene);
	return twins;
}

static void the_busiest_are_compared(void **state)
{
	(void)state;
	assert_int_equal(twins_among_many(501), 2);
	assert_int_equal(twins_among_many(499), 0);
}

static void the_end_of_the_input_closes_the_minute(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "{}");
	run(&scene, 31, 2);
	const struct ledger_sink sink = sink_of(&scene);
	ledger_finish(scene.ledger, &sink);
	assert_int_equal(scene.row_count, 1);
	assert_int_equal(scene.rows[0].seconds, 30);
	assert_non_null(find(&scene, FAULT_LOSS, FAULT_BEGUN));
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_minute_says_what_came_and_what_did_not),
		cmocka_unit_test(loss_begins_once_and_ends_once),
		cmocka_unit_test(a_fault_that_becomes_another_is_told_again),
		cmocka_unit_test(loss_that_flutters_is_told_rarely),
		cmocka_unit_test(the_share_that_is_a_fault_is_configurable),
		cmocka_unit_test(silence_is_a_gap_and_a_fault),
		cmocka_unit_test(an_exporter_that_sends_now_and_then_is_not_silent),
		cmocka_unit_test(a_listed_exporter_that_never_came_is_told),
		cmocka_unit_test(a_restart_is_noted_and_is_no_loss),
		cmocka_unit_test(a_doubted_rate_is_told_at_once),
		cmocka_unit_test(a_rate_that_the_pool_contradicts_is_told),
		cmocka_unit_test(few_samples_contradict_nothing),
		cmocka_unit_test(kernel_drops_belong_to_the_thread),
		cmocka_unit_test(loss_in_our_own_buffers_is_named_so),
		cmocka_unit_test(datagrams_that_come_twice_are_told),
		cmocka_unit_test(clocks_templates_and_garbage_are_told),
		cmocka_unit_test(a_pause_was_not_watched),
		cmocka_unit_test(an_entry_that_changes_hands_keeps_nothing),
		cmocka_unit_test(strangers_get_no_rows),
		cmocka_unit_test(twins_that_are_declared_disjoint_count_twice),
		cmocka_unit_test(twins_are_found_and_are_no_alarm),
		cmocka_unit_test(the_busiest_are_compared),
		cmocka_unit_test(the_end_of_the_input_closes_the_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
