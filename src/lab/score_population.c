/* SPDX-License-Identifier: Apache-2.0 */
/* score_population: population.csv in, packets out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "lab/score_rule.h"

enum column {
	COLUMN_ORIGIN,
	COLUMN_TIME,
	COLUMN_SRC,
	COLUMN_DST,
	COLUMN_SPORT,
	COLUMN_DPORT,
	COLUMN_PROTO,
	COLUMN_FLAGS,
	COLUMN_TTL,
	COLUMN_LENGTH,
	COLUMN_FRAGMENT,
	COLUMN_COUNT
};

static const char head[] = "origin,time_ns,src,dst,sport,dport,proto,tcp_flags,ttl,length,fragment";

/* The cells of a line, zero-terminated in place. Return: how many. */
static unsigned split(char *line, char *cells[COLUMN_COUNT])
{
	unsigned count = 0;
	char *rest = line;

	while (rest && count < COLUMN_COUNT)
		cells[count++] = strsep(&rest, ",");
	return rest ? 0 : count;
}

/* Packets of the warm-up and of replies are of no use here. */
static int origin_of(const char *cell)
{
	if (strcmp(cell, "attack") == 0)
		return LAB_ATTACK;
	return strcmp(cell, "benign") == 0 ? LAB_BENIGN : -WEIR_EFORMAT;
}

static bool number(const char *cell, uint64_t max, uint64_t *ret_value)
{
	return parse_u64(cell, ret_value) == 0 && *ret_value <= max;
}

static bool packet_of(char *line, struct lab_packet *packet)
{
	static const uint64_t most[COLUMN_COUNT] = {
		[COLUMN_TIME] = UINT64_MAX,   [COLUMN_SPORT] = UINT16_MAX,
		[COLUMN_DPORT] = UINT16_MAX,  [COLUMN_PROTO] = UINT8_MAX,
		[COLUMN_FLAGS] = UINT8_MAX,   [COLUMN_TTL] = UINT8_MAX,
		[COLUMN_LENGTH] = UINT16_MAX, [COLUMN_FRAGMENT] = UINT8_MAX,
	};
	char *cells[COLUMN_COUNT];
	uint64_t values[COLUMN_COUNT] = { 0 };

	if (split(line, cells) != COLUMN_COUNT)
		return false;
	int origin = origin_of(cells[COLUMN_ORIGIN]);
	if (origin < 0 || ip_parse(cells[COLUMN_SRC], &packet->src) ||
	    ip_parse(cells[COLUMN_DST], &packet->dst))
		return false;
	for (unsigned i = 0; i < COLUMN_COUNT; i++) {
		if (most[i] && !number(cells[i], most[i], &values[i]))
			return false;
	}
	packet->origin = (uint8_t)origin;
	packet->time_ns = values[COLUMN_TIME];
	packet->sport = (uint16_t)values[COLUMN_SPORT];
	packet->dport = (uint16_t)values[COLUMN_DPORT];
	packet->proto = (uint8_t)values[COLUMN_PROTO];
	packet->tcp_flags = (uint8_t)values[COLUMN_FLAGS];
	packet->ttl = (uint8_t)values[COLUMN_TTL];
	packet->length = (uint16_t)values[COLUMN_LENGTH];
	packet->fragment = (uint8_t)values[COLUMN_FRAGMENT];
	return true;
}

int score_population_read(char *csv, struct score_population *ret_population)
{
	struct score_population population = { 0 };
	char *rest = csv;
	char *line = strsep(&rest, "\n");

	if (strcmp(line, head) != 0)
		return -WEIR_EFORMAT;
	population.packets = calloc(SCORE_PACKETS_MAX, sizeof(*population.packets));
	if (!population.packets)
		return -ENOMEM;
	while ((line = strsep(&rest, "\n")) && population.count < SCORE_PACKETS_MAX)
		population.count += packet_of(line, &population.packets[population.count]);
	*ret_population = population;
	return 0;
}

void score_population_done(struct score_population *population)
{
	free(population->packets);
	*population = (struct score_population){ 0 };
}
