/* SPDX-License-Identifier: Apache-2.0 */
/* measure: means and maxima of the true rates, times shares of classes that are drawn. */
#include "lab/measure.h"

#include <math.h>

/* Packets a second that shares of classes are drawn from. */
#define DRAWS_SECOND 1000
#define BIN_S        10
#define MARGIN       2
#define PLACE_PPS    500
#define PORT_PPS     1
#define TOTAL_PPS    5000

static const double floors[CLASS_COUNT] = {
	[CLASS_UDP_AMP] = 10,   [CLASS_UDP_ANSWER] = 500, [CLASS_UDP] = 5000,
	[CLASS_FRAGMENT] = 100, [CLASS_SYN] = 1000,       [CLASS_SYNACK] = 1000,
	[CLASS_RST_FIN] = 1000, [CLASS_TCP] = 5000,       [CLASS_TCP_BAD] = 10,
	[CLASS_ICMP] = 200,     [CLASS_OTHER] = 5000,
};

static bool is_target(const struct cast *cast, unsigned host)
{
	const struct scenario *s = cast->scenario;

	/* A /22 is a quarter of the /20; its hosts are known by their addresses. */
	if (s->entity != ENTITY_PREFIX)
		return host == cast->victim;
	return s->len <= SITE_OWN_LEN ||
	       (cast->site->hosts[host].ip & 0xfffffc00U) == ((SITE_OWN + 0x400) & 0xfffffc00U);
}

static enum traffic_class class_of(const struct lab_packet *packet)
{
	const struct flow flow = {
		.has = FLOW_HAS_PROTO | FLOW_HAS_SPORT | FLOW_HAS_DPORT | FLOW_HAS_TCP_FLAGS,
		.proto = packet->proto,
		.sport = packet->sport,
		.dport = packet->dport,
		.tcp_flags = packet->tcp_flags,
		.fragment = packet->fragment,
		.packets = 1,
		.bytes = packet->length,
		.source = FLOW_PACKET,
	};

	return flow_classify(&flow);
}

/*
 * Hosts by what they carry just now, and a few packets each second: the mixture at one moment is
 * that of the few conversations there are then.
 */
static void draw_shares(struct measure *measure, struct background *background, double sum)
{
	bool outbound = measure->cast->scenario->direction == DIRECTION_OUTBOUND;

	for (unsigned host = 0; host < SITE_HOSTS; host++) {
		struct lab_packet packet;
		if (!is_target(measure->cast, host))
			continue;
		measure->owed += background_rate(background, host) / sum * DRAWS_SECOND;
		for (; measure->owed >= 1; measure->owed--) {
			background_draw(background, host, &packet);
			measure->drawn++;
			if ((packet.in_if != SITE_UPLINK) == outbound)
				measure->seen[class_of(&packet)]++;
		}
	}
}

void measure_second(struct measure *measure, struct background *background)
{
	double sum = 0;

	if (measure->seconds == MEASURE_SECONDS)
		return;
	for (unsigned i = 0; i < SITE_HOSTS; i++)
		sum += is_target(measure->cast, i) ? background_rate(background, i) : 0;
	measure->load[measure->seconds++] = sum;
	if (sum > 0)
		draw_shares(measure, background, sum);
}

static double share_of(const struct measure *measure, unsigned class)
{
	return measure->drawn ? (double)measure->seen[class] / (double)measure->drawn : 0;
}

static double mean_of(const struct measure *measure)
{
	double sum = 0;

	for (unsigned i = 0; i < measure->seconds; i++)
		sum += measure->load[i];
	return measure->seconds ? sum / measure->seconds : 0;
}

/* Of so few bins the 99.9 % quantile is the largest. */
static double most_of(const struct measure *measure)
{
	double most = 0;

	for (unsigned i = 0; i + BIN_S <= measure->seconds; i += BIN_S) {
		double sum = 0;
		for (unsigned k = 0; k < BIN_S; k++)
			sum += measure->load[i + k];
		most = fmax(most, sum / BIN_S);
	}
	return most;
}

static double floor_of(const struct cast *cast, double floor)
{
	if (cast->scenario->entity != ENTITY_PREFIX)
		return floor;
	return floor * 4;
}

/* The steady part of what is sent at the onset: of pulses the first one, of ramps all. */
static double attack_of(struct cast *cast, double ret_by_class[static CLASS_COUNT])
{
	double all = 0;

	for (unsigned i = 0; i < SCENARIO_PARTS && cast->scenario->parts[i].pps > 0; i++) {
		const struct lab_part *part = &cast->scenario->parts[i];
		struct lab_packet packet;
		if (part->origin != LAB_ATTACK || part->shape == SHAPE_BEFORE || part->third > 1)
			continue;
		cast_packet(cast, part, cast->onset_s, &packet);
		ret_by_class[class_of(&packet)] += part->pps;
		all += part->pps;
	}
	return all;
}

static unsigned limits_of_classes(const struct measure *measure,
				  const double attack[static CLASS_COUNT], double all,
				  struct measure_limit *ret_limits)
{
	const struct cast *cast = measure->cast;
	double mean = mean_of(measure);
	double most = most_of(measure);
	double way = 0;
	unsigned count = 0;

	for (unsigned c = 0; c < CLASS_COUNT; c++) {
		way += share_of(measure, c);
		if (attack[c] <= 0)
			continue;
		ret_limits[count++] = (struct measure_limit){
			.class = class_name(c),
			.before_pps = mean * share_of(measure, c),
			.envelope_pps = fmax(floor_of(cast, floors[c]),
					     MARGIN * most * share_of(measure, c)),
			.attack_pps = attack[c],
		};
	}
	ret_limits[count++] = (struct measure_limit){
		.class = "total",
		.before_pps = mean * way,
		.envelope_pps = fmax(floor_of(cast, TOTAL_PPS), MARGIN * most * way),
		.attack_pps = all,
	};
	return count;
}

unsigned measure_limits(const struct measure *measure, struct cast *cast,
			struct measure_limit ret_limits[static CLASS_COUNT + 1])
{
	double attack[CLASS_COUNT] = { 0 };
	double all = attack_of(cast, attack);

	switch ((enum scenario_entity)cast->scenario->entity) {
	case ENTITY_PLACE:
		ret_limits[0] =
			(struct measure_limit){ "total", 0, PLACE_PPS, all / SCENARIO_SITES };
		return 1;
	case ENTITY_PORT:
		ret_limits[0] = (struct measure_limit){ "foreign", 0, PORT_PPS, all };
		return 1;
	default:
		return limits_of_classes(measure, attack, all, ret_limits);
	}
}
