/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_detect: how long the threshold detector takes for a row, and what memory for a host.
 *
 * Not a test. CPU time of this thread for observe() and tick() on rows of many
 * hosts, each touched now and then in random order, with a dozen limits:
 * far below them all, reported a minute late, and with a part of the hosts near
 * a limit; the median tick and the worst. Rows are made beforehand. Resident memory is that of the process
 * after the detector has seen every host, less what it was before it opened.
 *
 *   meson compile -C build/release bench_detect && build/release/tests/bench/bench_detect
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "config/config.h"
#include "detect/detector.h"
#include "limits.h"

#define TICK_NS   100000000UL
#define TICK_ROWS 100000U
#define FIRST_NS  (1700000000UL * 1000000000UL)
#define TICKS     100U /* measured, after as many that warm up */

/* One kind of traffic. */
struct load {
	const char *what;
	uint32_t hosts;
	uint16_t begin_age; /* at most */
	uint32_t near_part; /* one host in so many is near a limit; 0: none */
};

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static double resident_mib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long all = 0;
	unsigned long resident = 0;

	if (file) {
		if (fscanf(file, "%lu %lu", &all, &resident) != 2)
			resident = 0;
		fclose(file);
	}
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static struct tally row_of(const struct load *load, uint64_t number)
{
	static const uint8_t base[4] = { 10, 0, 0, 0 };
	uint64_t r = hash_words(number, 1, 2);
	uint32_t host = (uint32_t)(r % load->hosts);
	bool near = load->near_part && host % load->near_part == 0;
	struct tally row = { .host = ip_from_v4(base),
			     .packets = near ? 20000 : 1,
			     .bytes = near ? 20000000 : 500,
			     .flows = 1,
			     .sampled = 1,
			     .vantage = 2,
			     .direction = (uint8_t)(host & 1),
			     .class = CLASS_TCP,
			     .len = 128,
			     .kind = TALLY_OWN };

	row.host.b[13] = (uint8_t)(host >> 16);
	row.host.b[14] = (uint8_t)(host >> 8);
	row.host.b[15] = (uint8_t)host;
	if (load->begin_age) {
		row.begin_age = (uint16_t)(1 + (r >> 32) % load->begin_age);
		row.end_age = (uint16_t)((r >> 48) % row.begin_age);
	}
	return row;
}

static void count_finding(void *self, const struct finding *finding)
{
	(void)finding;
	++*(uint64_t *)self;
}

static int order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* One tick of rows. Return: what it took. */
static uint64_t run_tick(const struct load *load, void *state, struct tally *rows, uint64_t tick,
			 uint64_t *findings)
{
	const struct finding_sink sink = { .finding = count_finding, .self = findings };
	const struct tally_set set = { .rows = rows,
				       .count = TICK_ROWS,
				       .tick_ns = FIRST_NS + tick * TICK_NS };

	for (uint64_t i = 0; i < TICK_ROWS; i++)
		rows[i] = row_of(load, tick * TICK_ROWS + i);
	uint64_t start = cpu_ns();
	detector_registry[0]->observe(state, &set);
	detector_registry[0]->tick(state, set.tick_ns, &sink);
	return cpu_ns() - start;
}

static void measure(const struct config *config, struct tally *rows, const struct load *load)
{
	double before_mib = resident_mib();
	struct detector_stats stats;
	void *state = NULL;
	uint64_t findings = 0;
	uint64_t took_ns[TICKS];

	if (detector_registry[0]->open(config, 1, &state)) {
		fprintf(stderr, "no memory\n");
		exit(1);
	}
	for (uint64_t tick = 1; tick <= (uint64_t)2 * TICKS; tick++) {
		uint64_t ns = run_tick(load, state, rows, tick, &findings);
		if (tick > TICKS)
			took_ns[tick - TICKS - 1] = ns;
	}
	qsort(took_ns, TICKS, sizeof(took_ns[0]), order);
	uint64_t median_ns = took_ns[TICKS / 2];
	detector_registry[0]->stats(state, &stats);
	printf("%-34s %6.1f ns a row  worst tick %6.2f ms  %7.1f MiB  hosts %7llu  watched %5llu"
	       "  rings %5llu\n",
	       load->what, (double)median_ns / TICK_ROWS, (double)took_ns[TICKS - 1] / 1e6,
	       resident_mib() - before_mib, (unsigned long long)stats.hosts,
	       (unsigned long long)stats.watched, (unsigned long long)stats.rings);
	detector_registry[0]->close(state);
}

static struct config *configure(void)
{
	static const char yaml[] =
		"networks: [{prefix: 10.0.0.0/8}]\nlimits: {hosts: 1M}\n" LIMITS_YAML;
	struct text errors = text_heap();
	struct config *config = NULL;

	if (config_parse("bench", yaml, strlen(yaml), &errors, &config))
		fprintf(stderr, "%s\n", text_string(&errors));
	text_done(&errors);
	return config;
}

int main(void)
{
	static const struct load loads[] = {
		{ "65,536 hosts, now", 65536, 0, 0 },
		{ "1,000,000 hosts, now", 1000000, 0, 0 },
		{ "65,536 hosts, up to 60 s late", 65536, 600, 0 },
		{ "1,000,000 hosts, up to 60 s late", 1000000, 600, 0 },
		{ "65,536 hosts, 1,024 near, now", 65536, 0, 64 },
		{ "65,536 hosts, 1,024 near, late", 65536, 600, 64 },
	};
	struct config *config = configure();
	struct tally *rows = calloc(TICK_ROWS, sizeof(*rows));

	if (!config || !rows)
		return 1;
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		measure(config, rows, &loads[i]);
	free(rows);
	config_free(config);
	return 0;
}
