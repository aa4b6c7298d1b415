/* SPDX-License-Identifier: Apache-2.0 */
/* usual: samples in, rows of a bounded table out. Control thread. */
#include "plan/usual.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"

#define WAYS      4
#define SECOND_NS 1000000000ULL
/* Pause between samples of a row while it fills, and once it is full: ten minutes stay. */
#define FILL_NS   (SECOND_NS / 10)
#define PAUSE_NS  (5 * SECOND_NS)
/* Rates are means over so long, and change with so many of them. */
#define PERIOD_NS (10 * SECOND_NS)
#define SLOWNESS  60
/* From so many periods on a rate is known, and one period cannot more than double it. */
#define KNOWN     6

struct row {
	struct ip host;
	uint32_t heat;
	bool used;
	bool outbound;
	uint16_t count;
	uint32_t periods; /* that are in pps */
	uint64_t born_ns;
	uint64_t next_ns; /* no sample is taken before */
	uint64_t period;  /* number of the one that runs */
	double packets;   /* in it */
	double pps;
	struct sample samples[USUAL_SAMPLES];
	uint64_t times[USUAL_SAMPLES];
};

struct usual {
	struct row *rows;
	size_t sets;
	uint64_t seed;
	uint64_t draws;
};

int usual_open(size_t hosts, uint64_t seed, struct usual **ret_usual)
{
	struct usual *usual = calloc(1, sizeof(*usual));

	if (!usual)
		return -ENOMEM;
	usual->sets = (hosts + WAYS - 1) / WAYS;
	usual->seed = seed;
	usual->rows = calloc(usual->sets * WAYS, sizeof(*usual->rows));
	if (!usual->rows) {
		free(usual);
		return -ENOMEM;
	}
	*ret_usual = usual;
	return 0;
}

void usual_close(struct usual *usual)
{
	if (!usual)
		return;
	free(usual->rows);
	free(usual);
}

static bool is_of(const struct row *row, const struct ip *host, bool outbound)
{
	return row->used && row->outbound == outbound && ip_equal(&row->host, host);
}

/* The host's row, or the coldest of its set when that has cooled down; NULL: not yet. */
static struct row *row_of(struct usual *usual, const struct ip *host, bool outbound,
			  uint64_t now_ns)
{
	uint64_t hash = hash_ip(host, usual->seed + outbound);
	struct row *set = &usual->rows[hash % usual->sets * WAYS];
	struct row *coldest = set;

	for (unsigned i = 0; i < WAYS; i++) {
		if (is_of(&set[i], host, outbound))
			return &set[i];
		if (coldest->used && (!set[i].used || set[i].heat < coldest->heat))
			coldest = &set[i];
	}
	if (coldest->used && coldest->heat > 0) {
		coldest->heat--;
		return NULL;
	}
	*coldest = (struct row){ .host = *host,
				 .used = true,
				 .outbound = outbound,
				 .born_ns = now_ns,
				 .period = now_ns / PERIOD_NS };
	return coldest;
}

/* The running period ends when another begins; those without any traffic count too. */
static void settle(struct row *row, uint64_t now_ns)
{
	uint64_t period = now_ns / PERIOD_NS;

	for (unsigned i = 0; row->period < period && i < SLOWNESS * 4; i++, row->period++) {
		double pps = row->packets * SECOND_NS / PERIOD_NS;
		uint32_t slowness = row->periods < SLOWNESS ? row->periods + 1 : SLOWNESS;
		if (row->periods >= KNOWN && pps > 2 * row->pps && row->pps > 0)
			pps = 2 * row->pps;
		row->pps += (pps - row->pps) / slowness;
		row->periods++;
		row->packets = 0;
	}
	row->period = period;
}

void usual_add(struct usual *usual, const struct ip *host, bool outbound,
	       const struct sample *sample, double packets, uint64_t now_ns)
{
	struct row *row = row_of(usual, host, outbound, now_ns);

	if (!row)
		return;
	settle(row, now_ns);
	row->packets += packets;
	if (row->heat < UINT16_MAX)
		row->heat++;
	if (now_ns < row->next_ns)
		return;
	bool full = row->count == USUAL_SAMPLES;
	uint64_t draw = hash_words(usual->draws++, now_ns, usual->seed);
	unsigned place = full ? (unsigned)(draw % USUAL_SAMPLES) : row->count++;
	row->samples[place] = *sample;
	row->times[place] = now_ns;
	row->next_ns = now_ns + (full ? PAUSE_NS : FILL_NS);
}

static bool inside(const struct row *row, const struct prefix *own, bool outbound)
{
	return row->used && row->outbound == outbound && prefix_has_ip(own, &row->host);
}

static size_t count_of(const struct usual *usual, const struct usual_who *who)
{
	size_t count = 0;

	for (size_t i = 0; i < usual->sets * WAYS; i++) {
		const struct row *row = &usual->rows[i];
		count += inside(row, &who->own, who->outbound) ? row->count : 0;
	}
	return count;
}

size_t usual_read(const struct usual *usual, const struct usual_who *who, uint64_t before_ns,
		  struct usual_out *out)
{
	size_t step = out->room ? (count_of(usual, who) + out->room - 1) / out->room : 1;
	size_t n = 0;

	out->pps = 0;
	step = step ? step : 1;
	for (size_t i = 0; i < usual->sets * WAYS; i++) {
		const struct row *row = &usual->rows[i];
		if (!inside(row, &who->own, who->outbound) || row->born_ns >= before_ns)
			continue;
		out->pps += row->pps;
		for (size_t j = i % step; j < row->count && n < out->room; j += step) {
			if (row->times[j] < before_ns)
				out->samples[n++] = row->samples[j];
		}
	}
	return n;
}

void usual_forget(struct usual *usual, const struct prefix *own, bool outbound, uint64_t since_ns)
{
	for (size_t i = 0; i < usual->sets * WAYS; i++) {
		struct row *row = &usual->rows[i];
		unsigned kept = 0;
		if (!inside(row, own, outbound))
			continue;
		for (unsigned j = 0; j < row->count; j++) {
			if (row->times[j] >= since_ns)
				continue;
			row->samples[kept] = row->samples[j];
			row->times[kept++] = row->times[j];
		}
		row->count = (uint16_t)kept;
		if (row->born_ns >= since_ns)
			row->used = false;
	}
}
