/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_traffic: what the traffic of the status costs the control thread for each row.
 *
 * Not a test. CPU time of this thread for observe() and tick() on rows of many own hosts and
 * outside addresses, 100,000 a tick; the median tick and the worst. Rows are made beforehand,
 * and are out of the cache when they are read, as those of the daemon are.
 *
 *   meson compile -C build/release bench_traffic && build/release/tests/bench/bench_traffic
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "config/config.h"
#include "daemon/traffic.h"

#define TICK_NS   100000000UL
#define TICK_ROWS 100000U
#define FIRST_NS  (1700000000UL * 1000000000UL)
#define TICKS     100U

/* One kind of traffic. */
struct load {
	const char *what;
	uint16_t begin_age;      /* at most */
	unsigned prefix_percent; /* rows of prefixes, one of a hundred of them of a network */
	bool equal;              /* all hosts the same */
};

static const struct load loads[] = {
	{ "hosts of all sizes", 0, 0, false },
	{ "a crowd of equal hosts", 0, 0, true },
	{ "hosts and prefixes", 0, 30, false },
	{ "hosts, reported up to a minute late", 600, 0, false },
	{ "hosts and prefixes, late", 600, 30, false },
};

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static struct tally row_of(const struct load *load, uint64_t number)
{
	static const uint8_t base[4] = { 10, 0, 0, 0 };
	uint64_t r = hash_words(number, 1, 2);
	uint64_t host = hash_words(number % 300000, 3, 4);
	struct tally row = { .host = ip_from_v4(base),
			     .packets = 10,
			     .bytes = load->equal ? 1000 : 60 + (host >> 40) % 4096 * (r >> 60),
			     .vantage = 2,
			     .direction = (uint8_t)(r & 1),
			     .len = 128,
			     .kind = (r >> 1 & 3) ? TALLY_OWN : TALLY_OUTSIDE };

	row.host.b[13] = (uint8_t)(host >> 16);
	row.host.b[14] = (uint8_t)(host >> 8);
	row.host.b[15] = (uint8_t)host;
	if (r >> 8 & 15 && (r >> 16) % 100 < load->prefix_percent) {
		row.len = r >> 12 & 3 ? 120 : 112;
		row.host.b[15] = 0;
		row.host.b[14] = row.len == 120 ? row.host.b[14] : 0;
		row.kind = TALLY_OWN;
	}
	if (load->begin_age) {
		row.begin_age = (uint16_t)(1 + (r >> 32) % load->begin_age);
		row.end_age = (uint16_t)((r >> 48) % row.begin_age);
	}
	return row;
}

static int order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void measure(const struct config *config, struct tally *rows, const struct load *load)
{
	struct traffic *traffic = traffic_new(config, 1);
	uint64_t took_ns[TICKS];

	if (!traffic)
		return;
	for (uint64_t tick = 0; tick < TICKS; tick++) {
		const struct tally_set set = { rows, TICK_ROWS, NULL, 0,
					       FIRST_NS + tick * TICK_NS };
		for (uint64_t i = 0; i < TICK_ROWS; i++)
			rows[i] = row_of(load, tick * TICK_ROWS + i);
		uint64_t start = cpu_ns();
		traffic_observe(traffic, &set);
		traffic_tick(traffic, set.tick_ns);
		took_ns[tick] = cpu_ns() - start;
	}
	qsort(took_ns, TICKS, sizeof(took_ns[0]), order);
	const uint64_t median_ns = took_ns[TICKS / 2];
	printf("%-38s %6.1f ns/row  worst tick %6.2f ms\n", load->what,
	       (double)median_ns / TICK_ROWS, (double)took_ns[TICKS - 1] / 1e6);
	traffic_free(traffic);
}

int main(void)
{
	static const char yaml[] =
		"networks: [{prefix: 10.0.0.0/8}, {prefix: 10.1.0.0/16,"
		" within: 10.0.0.0/8}, {prefix: 10.1.2.0/24, within: 10.1.0.0/16}]\n";
	struct text errors = text_heap();
	struct config *config = NULL;
	struct tally *rows = calloc(TICK_ROWS, sizeof(*rows));

	if (!rows || config_parse("bench", yaml, strlen(yaml), &errors, &config)) {
		fprintf(stderr, "bench_traffic: %s\n", text_string(&errors));
		return 1;
	}
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		measure(config, rows, &loads[i]);
	config_free(config);
	text_done(&errors);
	free(rows);
	return 0;
}
