/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_synth: how long it takes to find rules, attack by attack.
 *
 * Not a test. The recorded attacks among recorded ordinary traffic of tests/unit/plan/mix.h, 20
 * draws of each: 2,048 samples of now, 4,096 of the baseline, the rest as clean traffic of the site.
 * Printed is the CPU time of this thread for one call, median and worst. With a look-alike that
 * gives no rule, too: the search then goes to its end.
 *
 *   meson compile -C build/bench benches && build/bench/tests/bench/bench_synth
 */
#include <time.h>

#include "unit/plan/mix.h"

#define DRAWS 20

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int number_order(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(struct synth *synth, const struct mix_data *data, const struct mix_lot *lot,
		    const char *name, const char *profile)
{
	static struct mix_draw draw;
	static struct synth_result result;
	double ms[DRAWS];
	unsigned nodes = 0;

	for (unsigned i = 0; i < DRAWS; i++) {
		mix_draw(data, lot, profile_find(profile), i + 1, false, &draw);
		double begin = cpu_ms();
		synth_rules(synth, &draw.input, &result);
		ms[i] = cpu_ms() - begin;
		nodes = result.nodes > nodes ? result.nodes : nodes;
		mix_draw_done(&draw);
	}
	qsort(ms, DRAWS, sizeof(ms[0]), number_order);
	printf("%-8s %-44.44s %6.2f ms median %6.2f ms worst, %5u nodes\n", profile, name,
	       ms[DRAWS / 2], ms[DRAWS - 1], nodes);
}

static uint16_t draw(uint64_t *seed, uint32_t below)
{
	return (uint16_t)(hash_words(++*seed, 1, 2) % below);
}

/* As many items as there can be, that go together in every way, with every weight. */
static void measure_worst(struct synth *synth, const char *profile)
{
	static struct sample samples[SYNTH_NOW + SYNTH_BASE + SYNTH_CLEAN];
	static struct synth_result result;
	uint64_t seed = 1;
	double begin;

	for (uint32_t i = 0; i < SYNTH_NOW + SYNTH_BASE + SYNTH_CLEAN; i++) {
		bool now = i < SYNTH_NOW;
		uint8_t src[4] = { (uint8_t)(now ? 10 + draw(&seed, 10) : draw(&seed, 200)), 1, 1,
				   1 };
		static const uint8_t dst[4] = { 198, 51, 100, 7 };
		samples[i] = (struct sample){
			.src = ip_from_v4(src),
			.dst = ip_from_v4(dst),
			.packets = 1 + draw(&seed, 1000),
			.proto = draw(&seed, 2) ? 6 : 17,
			.sport = now ? draw(&seed, 10) : draw(&seed, 300),
			.dport = now ? draw(&seed, 10) : draw(&seed, 300),
			.length = (uint16_t)(40 + (now ? draw(&seed, 10) : draw(&seed, 60))),
			.ttl = (uint8_t)(now ? draw(&seed, 10) : draw(&seed, 60)),
			.has = SAMPLE_HAS_TTL,
		};
	}
	struct synth_input input = {
		.scope = { .own = prefix_of_host(&samples[0].dst) },
		.now = { samples, SYNTH_NOW },
		.base = { samples + SYNTH_NOW, SYNTH_BASE },
		.clean = { samples + SYNTH_NOW + SYNTH_BASE, SYNTH_CLEAN },
		.now_pps = 20,
		.base_pps = 1,
		.profile = profile_find(profile),
	};
	begin = cpu_ms();
	synth_rules(synth, &input, &result);
	printf("%-8s %-44.44s %6.2f ms, %5u nodes%s, %u rules\n", profile,
	       "everything with everything, weighted", cpu_ms() - begin, result.nodes,
	       result.cut ? " (cut)" : "", result.rule_count);
}

int main(void)
{
	static const char *const profiles[] = { "flowspec", "xdp" };
	static struct mix_data data;
	struct synth *synth;

	if (!mix_load(&data)) {
		fprintf(stderr, "no recorded data: set WEIR_DATA to the folder\n");
		return 77;
	}
	if (synth_open(&synth))
		return 1;
	for (unsigned p = 0; p < 2; p++) {
		for (unsigned i = 0; i < data.attack_count; i++)
			measure(synth, &data, &data.attacks[i].lot, data.attacks[i].name,
				profiles[p]);
		/* More of the same as always. */
		measure(synth, &data, &data.benign, "look-alike: ordinary traffic itself",
			profiles[p]);
		measure_worst(synth, profiles[p]);
	}
	synth_close(synth);
	mix_done(&data);
	return 0;
}
