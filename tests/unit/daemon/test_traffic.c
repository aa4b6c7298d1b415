/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of daemon/traffic, gauge and heavy: against a recount of all rows, and their bounds. */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "daemon/gauge.h"
#include "daemon/heavy.h"
#include "daemon/traffic.h"
#include "model/exporter.h"

#define SECOND_NS 1000000000UL
#define TICK_NS   (SECOND_NS / 10)
#define START_S   1800000000UL
#define ROWS      4000
#define CROWD     50000

struct seen {
	struct tally row;
	uint64_t tick_ns;
};

/* The share of a row that went by in the seconds from @first to before @end. */
static double share_in(const struct seen *seen, uint64_t first, uint64_t end)
{
	double unit_ns = TALLY_AGE_MS * 1e6;
	double to = (double)(seen->tick_ns - START_S * SECOND_NS) - seen->row.end_age * unit_ns;
	double from = (double)(seen->tick_ns - START_S * SECOND_NS) - seen->row.begin_age * unit_ns;
	double begin = ((double)first - START_S) * 1e9, finish = ((double)end - START_S) * 1e9;

	if (from >= to)
		return to > begin && to <= finish;
	double part = fmin(to, finish) - fmax(from, begin);
	return part > 0 ? part / (to - from) : 0;
}

static struct gauge_sum recount(const struct seen *seen, size_t count, uint64_t second)
{
	struct gauge_sum most = { 0 }, disjoint = { 0 };

	for (uint32_t vantage = 0; vantage < 4; vantage++) {
		struct gauge_sum sum = { 0 };
		for (size_t i = 0; i < count; i++) {
			bool apart = seen[i].row.vantage & VANTAGE_DISJOINT;
			double part = share_in(&seen[i], second - GAUGE_WINDOW_S, second);
			if (apart ? vantage != 3 : seen[i].row.vantage != vantage)
				continue;
			sum.packets += part * (double)seen[i].row.packets;
			sum.bytes += part * (double)seen[i].row.bytes;
		}
		if (vantage == 3)
			disjoint = sum;
		most.packets = vantage < 3 ? fmax(most.packets, sum.packets) : most.packets;
		most.bytes = vantage < 3 ? fmax(most.bytes, sum.bytes) : most.bytes;
	}
	return (struct gauge_sum){ most.packets + disjoint.packets, most.bytes + disjoint.bytes };
}

static struct tally random_row(uint64_t i)
{
	uint64_t r = hash_words(i, 7, 11);
	struct tally row = { .packets = 1 + r % 50,
			     .bytes = 60 + (r >> 8) % 9000,
			     .vantage = (uint32_t)(r >> 24) % 3 };

	if (r >> 32 & 1) {
		row.begin_age = (uint16_t)((r >> 36) % 120);
		row.end_age = (uint16_t)((r >> 44) % (row.begin_age + 2U));
	}
	/* Each of them a vantage of its own, but all added up. */
	if ((r >> 56) % 5 == 0)
		row.vantage = VANTAGE_DISJOINT | (uint32_t)(i % 40);
	return row;
}

static void assert_close(double got, double wanted)
{
	if (fabs(got - wanted) > 1e-6 * fmax(1, wanted))
		fail_msg("%f instead of %f", got, wanted);
}

static void a_gauge_says_what_a_recount_says(void **state)
{
	struct seen *seen = calloc(ROWS, sizeof(*seen));
	struct gauge gauge = { 0 };
	size_t count = 0;

	(void)state;
	assert_non_null(seen);
	for (uint64_t tick = 1; count < ROWS; tick++) {
		uint64_t tick_ns = START_S * SECOND_NS + tick * TICK_NS;
		/* Silence longer than the window, too. */
		for (unsigned i = 0; i < 20 && tick % 300 < 200; i++, count++) {
			seen[count] = (struct seen){ random_row(count), tick_ns };
			gauge_add(&gauge, &seen[count].row, tick_ns);
		}
		if (tick % 7)
			continue;
		uint64_t second = gauge_second(tick_ns);
		struct gauge_sum got = gauge_total(&gauge, second, GAUGE_WINDOW_S);
		struct gauge_sum wanted = recount(seen, count, second);
		assert_close(got.packets, wanted.packets);
		assert_close(got.bytes, wanted.bytes);
	}
	free(seen);
}

static void of_too_many_vantages_the_heavy_ones_stay(void **state)
{
	struct gauge gauge = { 0 };
	const uint64_t at_ns = START_S * SECOND_NS + TICK_NS;

	(void)state;
	for (uint32_t vantage = 0; vantage < 40; vantage++) {
		struct tally row = { .bytes = 100 + vantage, .vantage = vantage };
		gauge_add(&gauge, &row, at_ns);
	}
	struct tally heavy = { .bytes = 5000, .packets = 3, .vantage = 77 };
	gauge_add(&gauge, &heavy, at_ns);
	struct gauge_sum sum = gauge_total(&gauge, START_S + 1, 1);
	assert_close(sum.bytes, 5000);
	assert_close(sum.packets, 3);
	/* A place whose vantage fell silent is free for anybody. */
	struct tally light = { .bytes = 1, .vantage = 99 };
	gauge_add(&gauge, &light, at_ns + 20 * SECOND_NS);
	assert_close(gauge_total(&gauge, START_S + 21, 5).bytes, 1);
}

struct scene {
	struct config *config;
	struct traffic *traffic;
	struct status_view view;
	uint64_t now_ns;
};

static struct scene scene_of(const char *yaml)
{
	struct text errors = text_heap();
	struct scene scene = { .now_ns = START_S * SECOND_NS };

	if (config_parse("test", yaml, strlen(yaml), &errors, &scene.config))
		fail_msg("%s", text_string(&errors));
	text_done(&errors);
	scene.traffic = traffic_new(scene.config, 3);
	assert_non_null(scene.traffic);
	return scene;
}

static void scene_done(struct scene *scene)
{
	traffic_free(scene->traffic);
	config_free(scene->config);
}

static void play(struct scene *scene, const struct tally *rows, size_t count, unsigned ticks)
{
	for (; ticks > 0; ticks--) {
		scene->now_ns += TICK_NS;
		const struct tally_set set = { .rows = rows,
					       .count = count,
					       .tick_ns = scene->now_ns };
		traffic_observe(scene->traffic, &set);
		traffic_tick(scene->traffic, scene->now_ns);
	}
	scene->view = (struct status_view){ 0 };
	traffic_fill(scene->traffic, &scene->view);
}

static struct tally row_of(const char *prefix, enum direction direction, uint64_t packets)
{
	struct prefix parsed;

	assert_int_equal(prefix_parse(prefix, &parsed), 0);
	return (struct tally){ .host = parsed.ip,
			       .len = parsed.len,
			       .direction = (uint8_t)direction,
			       .kind = TALLY_OWN,
			       .packets = packets,
			       .bytes = packets * 100 };
}

#define NETWORKS                                                                        \
	"networks: [{prefix: 10.0.0.0/16, tenant: big}, {prefix: 10.0.0.0/24, within: " \
	"10.0.0.0/16},"                                                                 \
	" {prefix: 10.0.9.9, within: 10.0.0.0/16}, {prefix: '2001:db8::/32'}]\n"

static const struct status_network *network(const struct scene *scene, const char *prefix)
{
	char words[IP_TEXT_MAX];

	for (size_t i = 0; i < scene->view.network_count; i++) {
		const struct status_network *one = &scene->view.networks[i];
		if (strcmp(prefix_format(&one->prefix, words), prefix) == 0)
			return one;
	}
	fail_msg("no network %s", prefix);
	return NULL;
}

static void networks_are_told_by_their_own_rows(void **state)
{
	const struct tally rows[] = {
		row_of("10.0.0.0/16", DIRECTION_INBOUND, 700),
		row_of("10.0.0.0/16", DIRECTION_INTERNAL, 50),
		row_of("10.0.0.0/16", DIRECTION_OUTBOUND, 30),
		row_of("10.0.0.0/20", DIRECTION_INBOUND, 9999),
		row_of("10.0.0.0/24", DIRECTION_INBOUND, 200),
		row_of("10.0.1.0/24", DIRECTION_INBOUND, 9999),
		row_of("10.0.9.9/32", DIRECTION_OUTBOUND, 4),
		row_of("2001:db8:7::/48", DIRECTION_INBOUND, 9999),
	};
	struct scene scene = scene_of(NETWORKS);

	(void)state;
	play(&scene, rows, 8, 1);
	assert_int_equal(scene.view.top.window_s, 0);
	assert_int_equal(scene.view.network_count, 4);
	assert_int_equal(network(&scene, "10.0.0.0/16")->in.pps, 0);
	play(&scene, rows, 8, 75);
	assert_int_equal(scene.view.top.window_s, 5);
	assert_int_equal(network(&scene, "10.0.0.0/16")->in.pps, 7500);
	assert_int_equal(network(&scene, "10.0.0.0/16")->in.bps, 7500 * 800);
	assert_int_equal(network(&scene, "10.0.0.0/16")->out.pps, 300);
	assert_string_equal(network(&scene, "10.0.0.0/16")->tenant, "big");
	assert_int_equal(network(&scene, "10.0.0.0/24")->in.pps, 2000);
	assert_int_equal(network(&scene, "10.0.9.9/32")->out.pps, 40);
	assert_int_equal(network(&scene, "2001:db8::/32")->in.pps, 0);
	assert_ptr_equal(network(&scene, "10.0.0.0/16"), &scene.view.networks[0]);
	assert_ptr_equal(network(&scene, "2001:db8::/32"), &scene.view.networks[3]);
	/* Nothing comes any more. */
	play(&scene, rows, 0, 70);
	assert_int_equal(network(&scene, "10.0.0.0/16")->in.pps, 0);
	assert_int_equal(scene.view.top.hosts_out.count, 0);
	scene_done(&scene);
}

static void networks_change_with_the_configuration(void **state)
{
	const struct tally rows[] = { row_of("10.0.0.0/24", DIRECTION_INBOUND, 20) };
	struct scene scene = scene_of(NETWORKS);
	struct scene other = scene_of("networks: [{prefix: 10.0.0.0/24, tenant: new}]\n");

	(void)state;
	play(&scene, rows, 1, 60);
	traffic_reload(scene.traffic, other.config);
	play(&scene, rows, 1, 5);
	assert_int_equal(scene.view.network_count, 1);
	assert_int_equal(scene.view.top.window_s, 0);
	play(&scene, rows, 1, 30);
	assert_int_equal(scene.view.top.window_s, 3);
	assert_int_equal(scene.view.networks[0].in.pps, 200);
	assert_string_equal(scene.view.networks[0].tenant, "new");
	scene_done(&scene);
	scene_done(&other);
}

static void more_networks_than_there_is_room_for_are_said(void **state)
{
	struct text yaml = text_heap();

	(void)state;
	text_add(&yaml, "networks: [");
	for (unsigned i = 0; i < TRAFFIC_NETWORKS + 6; i++)
		text_addf(&yaml, "%s{prefix: 10.%u.%u.0/24}", i ? ", " : "", i >> 8, i & 255);
	text_add(&yaml, "]\n");
	struct scene scene = scene_of(text_string(&yaml));
	const struct tally rows[] = { row_of("10.4.5.0/24", DIRECTION_INBOUND, 20) };
	play(&scene, rows, 1, 60);
	assert_int_equal(scene.view.network_count, TRAFFIC_NETWORKS);
	assert_int_equal(scene.view.networks_dropped, 6);
	assert_int_equal(scene.view.networks[0].in.pps, 0);
	scene_done(&scene);
	text_done(&yaml);
}

static void what_is_older_is_told(void **state)
{
	struct tally rows[] = { row_of("10.0.0.1/32", DIRECTION_INBOUND, 30),
				row_of("10.0.0.2/32", DIRECTION_INBOUND, 10) };
	struct scene scene = scene_of(NETWORKS);

	(void)state;
	rows[0].begin_age = 150; /* 15 s before the tick to 0: a third may count */
	play(&scene, rows, 2, 100);
	assert_true(fabs(scene.view.top.older_share - 0.5) < 1e-9);
	scene_done(&scene);
}

/* A crowd that changes from tick to tick, each host with several classes, and a few that stand out. */
static size_t make_rows(struct tally *rows, uint64_t tick)
{
	size_t count = 0;

	for (unsigned i = 0; i < CROWD; i++) {
		struct tally row = row_of("10.0.0.0/32", DIRECTION_INBOUND, 1);
		uint64_t r = hash_words(i, tick, 5);
		row.host.b[13] = (uint8_t)(1 + (r >> 8) % 3);
		row.host.b[14] = (uint8_t)(r >> 16);
		row.host.b[15] = (uint8_t)(r >> 24);
		row.bytes = 50 + r % 50;
		row.class = (uint8_t)(r >> 32) % 3;
		if (i % 3 == 1)
			row.direction = DIRECTION_OUTBOUND;
		if (i % 3 == 2)
			row.kind = TALLY_OUTSIDE;
		rows[count++] = row;
	}
	for (unsigned i = 0; i < 24; i++) {
		struct tally row = row_of("10.0.250.0/32", DIRECTION_INBOUND, 10 + i / 3);
		row.host.b[15] = (uint8_t)(i / 3);
		row.bytes = 200 * (1 + i / 3);
		if (i % 3 == 1)
			row.direction = DIRECTION_OUTBOUND;
		if (i % 3 == 2)
			row.kind = TALLY_OUTSIDE;
		rows[count++] = row;
	}
	return count;
}

static void check_list(const struct status_talkers *talkers)
{
	assert_int_equal(talkers->count, STATUS_TALKERS);
	for (unsigned i = 0; i < STATUS_TALKERS; i++) {
		assert_int_equal(talkers->list[i].ip.b[14], 250);
		assert_int_equal(talkers->list[i].ip.b[15], 7 - i);
		assert_int_equal(talkers->list[i].load.pps, 10 * (17 - i));
		assert_int_equal(talkers->list[i].load.bps, 8UL * 10 * 200 * (8 - i));
	}
}

static void the_heaviest_are_found_in_a_crowd(void **state)
{
	struct tally *rows = calloc(CROWD + 24, sizeof(*rows));
	struct scene scene = scene_of(NETWORKS);

	(void)state;
	assert_non_null(rows);
	/* Eight seconds: three to be found, five that are then counted in full. */
	for (uint64_t tick = 0; tick < 85; tick++)
		play(&scene, rows, make_rows(rows, tick), 1);
	check_list(&scene.view.top.hosts_in);
	check_list(&scene.view.top.hosts_out);
	check_list(&scene.view.top.outside);
	scene_done(&scene);
	free(rows);
}

static void a_table_full_of_equals_lets_a_heavier_one_in(void **state)
{
	struct heavy heavy;
	struct heavy_pick best;
	struct tally row = row_of("10.0.0.0/32", DIRECTION_INBOUND, 1);

	(void)state;
	assert_int_equal(heavy_open(&heavy, 9), 0);
	for (unsigned tick = 1; tick <= 80; tick++) {
		const uint64_t tick_ns = START_S * SECOND_NS + tick * TICK_NS;
		for (unsigned i = 0; i < 5000; i++) {
			row.host.b[14] = (uint8_t)(i >> 8);
			row.host.b[15] = (uint8_t)i;
			/* The heavier one comes last, when all places are taken. */
			row.bytes = i == 4999 ? 1300 : 1000;
			heavy_add(&heavy, &row, tick_ns);
		}
		assert_true(heavy.count <= HEAVY_PLACES);
		heavy_tick(&heavy, gauge_second(tick_ns));
	}
	assert_int_equal(heavy_top(&heavy, START_S + 8, 4, &best, 1), 1);
	assert_int_equal(best.ip.b[14] << 8 | best.ip.b[15], 4999);
	assert_close(best.sum.bytes, 4 * 10 * 1300);
	heavy_close(&heavy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gauge_says_what_a_recount_says),
		cmocka_unit_test(of_too_many_vantages_the_heavy_ones_stay),
		cmocka_unit_test(networks_are_told_by_their_own_rows),
		cmocka_unit_test(networks_change_with_the_configuration),
		cmocka_unit_test(more_networks_than_there_is_room_for_are_said),
		cmocka_unit_test(what_is_older_is_told),
		cmocka_unit_test(the_heaviest_are_found_in_a_crowd),
		cmocka_unit_test(a_table_full_of_equals_lets_a_heavier_one_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
