/* SPDX-License-Identifier: Apache-2.0 */
/* population: two reservoirs. */
#include "lab/population.h"

#include <string.h>

#include "lab/frame.h"

#define PURPOSE_POPULATION 5

void population_open(struct population *population, uint64_t seed)
{
	population->seen[0] = population->seen[1] = 0;
	lab_rng_seed(&population->rng, seed, PURPOSE_POPULATION);
}

void population_add(struct population *population, const struct lab_packet *packet)
{
	if (packet->origin > LAB_ATTACK)
		return;
	uint64_t seen = population->seen[packet->origin]++;
	uint64_t at = seen < POPULATION_MOST
			      ? seen
			      : (uint64_t)(lab_rng_unit(&population->rng) * (double)(seen + 1));
	if (at < POPULATION_MOST)
		population->kept[packet->origin][at] = *packet;
}

static void put_line(const struct lab_packet *p, struct text *out)
{
	char src[IP_TEXT_MAX], dst[IP_TEXT_MAX];

	text_addf(out, "%s,%llu,%s,%s,%u,%u,%u,%u,%u,%u,%u\n",
		  p->origin == LAB_ATTACK ? "attack" : "benign", (unsigned long long)p->time_ns,
		  ip_format(&p->src, src), ip_format(&p->dst, dst), p->sport, p->dport, p->proto,
		  p->tcp_flags, p->ttl, (unsigned)frame_length(p), p->fragment);
}

void population_to_csv(const struct population *population, struct text *out)
{
	text_add(out, "origin,time_ns,src,dst,sport,dport,proto,tcp_flags,ttl,length,fragment\n");
	for (unsigned origin = LAB_BENIGN; origin <= LAB_ATTACK; origin++) {
		uint64_t count = population->seen[origin];
		for (uint64_t i = 0; i < count && i < POPULATION_MOST; i++)
			put_line(&population->kept[origin][i], out);
	}
}
