/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/threshold/glance: bounds that hold, and hosts that are never lost in the index. */
#include "check.h"

#include "base/hash.h"
#include "detect/threshold/glance.h"

#define HOSTS     64
#define SECOND_NS 1000000000UL

static struct glance *take(struct glances *glances, uint8_t number)
{
	struct ip ip = { .b = { [15] = number } };

	return glances_take(glances, &ip, 0, glances_hash(glances, &ip, 0), true);
}

/* In a table so small that runs of entries collide and wrap around its end. */
static void sweeping_keeps_every_other_host_reachable(void **state)
{
	struct glances glances;
	bool live[HOSTS] = { false };

	(void)state;
	assert_int_equal(glances_open(&glances, 32, 5), 0);
	for (uint64_t round = 0; round < 3000; round++) {
		uint8_t number = hash_words(round, 0, 9) % HOSTS;
		struct glance *glance = take(&glances, number);
		if (glance) {
			/* A host that was there has the mark it was given. */
			assert_int_equal(glance->watch, live[number] ? number + 1U : 0);
			live[number] = true;
			/* Odd ones have nothing to be remembered for. */
			glance->watch = (number + 1U) & GLANCE_WATCH_MASK;
		}
		if (round % 20 != 0)
			continue;
		for (size_t i = 0; i < glances.fresh; i++) {
			if (glances.pool[i].used && glances.pool[i].host.b[15] % 2)
				glances.pool[i].watch = 0;
		}
		glances_sweep(&glances, 100, 100, 32);
		size_t left = 0;
		for (size_t i = 0; i < HOSTS; i++) {
			live[i] = live[i] && i % 2 == 0;
			left += live[i];
		}
		assert_int_equal(glances.count, left);
	}
	glances_close(&glances);
}

static void directions_are_apart_and_the_table_has_an_end(void **state)
{
	struct glances glances;
	struct ip ip = { .b = { [15] = 1 } };

	(void)state;
	assert_int_equal(glances_open(&glances, 2, 5), 0);
	uint32_t in = glances_hash(&glances, &ip, 0);
	uint32_t out = glances_hash(&glances, &ip, 1);
	assert_null(glances_take(&glances, &ip, 0, in, false));
	struct glance *inbound = glances_take(&glances, &ip, 0, in, true);
	assert_ptr_not_equal(inbound, glances_take(&glances, &ip, 1, out, true));
	assert_ptr_equal(inbound, glances_take(&glances, &ip, 0, in, false));
	assert_null(take(&glances, 2));
	glances_close(&glances);
}

static void a_window_holds_five_bins(void **state)
{
	struct glance glance = { 0 };

	(void)state;
	/* Across the number at which the circle of numbers closes. */
	for (uint64_t bin = 65535 - 10; bin < 65535 + 10; bin++) {
		float load = glance_add_now(&glance, bin, 0.01F);
		uint64_t bins = bin - (65535 - 10) + 1;
		float real = 0.01F * (float)(bins < WINDOW_BINS ? bins : WINDOW_BINS);
		assert_true(load >= real && load < real + 0.0001F);
	}
	assert_true(glance_add_now(&glance, 65535 + 6, 0.01F) > 0.05F);
	assert_true(glance_add_now(&glance, 65535 + 2, 0.01F) < 0);
	assert_true(glance_add_now(&glance, 65535 + 20, 0.01F) < 0.011F);
}

/* Never less than what any window really holds. */
static void stretches_bound_every_window(void **state)
{
	enum { ROWS = 60, WINDOW_S = 5 };
	struct span spans[ROWS];
	float loads[ROWS];

	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		struct glance glance = { 0 };
		uint64_t now_ns = (5000 + seed * 7) * SECOND_NS;
		float most = 0;
		for (uint64_t i = 0; i < ROWS; i++) {
			uint64_t r = hash_words(i, seed, 4);
			uint64_t length_ns = r % 100 * (r >> 40) % (90 * SECOND_NS);
			spans[i].to_ns = now_ns - (r >> 8) % (100 * SECOND_NS);
			spans[i].from_ns = spans[i].to_ns - length_ns;
			loads[i] = (float)(r >> 50) / 16384 / ROWS / 8;
			float part = length_ns > WINDOW_S * SECOND_NS
					     ? (float)WINDOW_S * 1e9F / (float)length_ns
					     : 1;
			float seen = glance_add_past(&glance, now_ns / SECOND_NS, &spans[i],
						     loads[i], loads[i] * part);
			most = seen > most ? seen : most;
		}
		for (uint64_t s = now_ns / SECOND_NS - 200; s < now_ns / SECOND_NS; s++) {
			double sum = 0;
			for (unsigned i = 0; i < ROWS; i++)
				sum += (double)loads[i] * span_part(&spans[i], s * SECOND_NS,
								    (s + WINDOW_S) * SECOND_NS);
			/* A window lies in two stretches at most. */
			assert_true(sum <= 2 * (double)most);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sweeping_keeps_every_other_host_reachable),
		cmocka_unit_test(directions_are_apart_and_the_table_has_an_end),
		cmocka_unit_test(a_window_holds_five_bins),
		cmocka_unit_test(stretches_bound_every_window),
	};

	return cmocka_run_group_tests_name("glance", tests, NULL, NULL);
}
