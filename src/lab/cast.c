/* SPDX-License-Identifier: Apache-2.0 */
/* cast: ends of packets drawn by their roles, rates by their shapes. */
#include "lab/cast.h"

#include <math.h>
#include <string.h>

#define PURPOSE_CAST 4
#define PULSE_S      60.0
#define PULSE_ON_S   10.0
#define ROTATE_S     3.0
#define ROTATE_HOSTS 64
#define ROTATE_SLOTS 16
#define ROTATE_AT    (SITE_OWN + 0x400) /* a /22 of the /20 */
#define PARTNERS     200
#define SCATTER_S    5.0
#define MACHINE_STEP 5 /* every fifth host takes part, so that all tenants do */
#define OUTSIDE      0x2d000001U
#define SPOOFED_PORT SITE_PORT(7)

static void choose_machines(struct cast *cast)
{
	unsigned owned = 0;

	for (unsigned i = 0; i < SCENARIO_MACHINES; i++)
		cast->machines[i] = i * MACHINE_STEP % SITE_HOSTS;
	/* Of one owner: whoever is in the first tenants' space, some of them twice. */
	for (unsigned i = 0; cast->site->one_owner && i < SITE_HOSTS && owned < SCENARIO_MACHINES;
	     i++) {
		if (cast->site->hosts[i].tenant < 7)
			cast->machines[owned++] = i;
	}
	for (unsigned i = owned; cast->site->one_owner && owned && i < SCENARIO_MACHINES; i++)
		cast->machines[i] = cast->machines[i % owned];
	for (unsigned i = 0; i < SCENARIO_MACHINES; i++)
		cast->delays[i] = (float)((2 * lab_rng_unit(&cast->rng) - 1) * SCATTER_S);
}

void cast_open(struct cast *cast, const struct scenario *scenario, struct site *site, uint64_t seed,
	       uint32_t sampling)
{
	*cast = (struct cast){ .scenario = scenario, .site = site, .sampling = sampling };
	lab_rng_seed(&cast->rng, seed, PURPOSE_CAST);
	site->one_owner = scenario->one_owner;
	cast->victim = 1;
	cast->place = OUTSIDE;
	for (unsigned i = 0; i < SCENARIO_SITES; i++)
		cast->sites[i] = OUTSIDE + i * 0x70007U;
	site->hosts[cast->victim].kind = scenario->victim;
	if (scenario->victim_pps > 0)
		site->hosts[cast->victim].mean_pps = scenario->victim_pps;
	choose_machines(cast);
}

static bool is_during(const struct cast *cast, double time_s)
{
	return time_s >= cast->onset_s && time_s < cast->end_s;
}

static double pulse(const struct lab_part *part, double since_s)
{
	unsigned number = (unsigned)(since_s / PULSE_S);

	if (fmod(since_s, PULSE_S) >= PULSE_ON_S)
		return 0;
	return part->third == 0 || number / 3 % 3 + 1 == part->third;
}

double cast_is_on(const struct cast *cast, const struct lab_part *part, double time_s)
{
	double since_s = time_s - cast->onset_s;

	switch ((enum part_shape)part->shape) {
	case SHAPE_ALWAYS:
		return 1;
	case SHAPE_BEFORE:
		return since_s < 0 && since_s >= -(double)cast->scenario->ride_s;
	case SHAPE_SCATTERED:
		return since_s >= -SCATTER_S && time_s < cast->end_s;
	case SHAPE_PULSE:
		return is_during(cast, time_s) ? pulse(part, since_s) : 0;
	case SHAPE_RAMP:
		return is_during(cast, time_s) ? fmin(since_s / 300, 1) : 0;
	case SHAPE_RISE:
		return is_during(cast, time_s) ? fmin(since_s / 30, 1) : 0;
	case SHAPE_MINUTE:
		return is_during(cast, time_s) && since_s < 60;
	default:
		return is_during(cast, time_s);
	}
}

/* A draw of a role's address; @machine: the one that plays, for both ends to agree. */
static uint32_t draw_end(struct cast *cast, const struct lab_part *part, enum part_end end,
			 unsigned machine, double time_s)
{
	const struct site *site = cast->site;
	/* Some begin before the onset. */
	double since_s = fmax(time_s - cast->onset_s, 0);
	unsigned slot = (unsigned)(since_s / ROTATE_S) % ROTATE_SLOTS;

	switch (end) {
	case END_VICTIM:
		return site->hosts[cast->victim].ip;
	case END_STRANGERS:
		return site->strangers[part->first + lab_rng_below(&cast->rng, part->count)];
	case END_ANYWHERE:
		return (uint32_t)lab_rng_u64(&cast->rng);
	case END_PUBLIC:
		return site_stranger(&cast->rng);
	case END_PARTNERS:
		return site->hosts[cast->victim]
			.regulars[lab_rng_below(&cast->rng, PARTNERS) % SITE_REGULARS];
	case END_CARPET:
		return SITE_OWN + lab_rng_below(&cast->rng, 1U << (32 - SITE_OWN_LEN));
	case END_ROTATING:
		return ROTATE_AT + slot * ROTATE_HOSTS + lab_rng_below(&cast->rng, ROTATE_HOSTS);
	case END_DARK:
		return SITE_DARK + lab_rng_below(&cast->rng, 1U << (32 - SITE_DARK_LEN));
	case END_MACHINES:
		return site->hosts[cast->machines[machine]].ip;
	case END_SITES:
		return cast->sites[lab_rng_below(&cast->rng, SCENARIO_SITES)];
	case END_REGISTRY:
		return site->popular[3];
	case END_RESOLVER:
		return site->popular[SITE_POPULAR - 1 - lab_rng_below(&cast->rng, SITE_RESOLVERS)];
	default:
		return cast->place;
	}
}

static uint16_t draw_port(struct cast *cast, uint16_t port)
{
	return port ? port : (uint16_t)(1024 + lab_rng_below(&cast->rng, 64512));
}

static uint8_t draw_ttl(struct cast *cast, const struct lab_part *part, uint32_t src)
{
	if (part->ttl == 64)
		return 64;
	if (part->ttl)
		return (uint8_t)(part->ttl - 2 * lab_rng_below(&cast->rng, 2));
	/* Everybody is at a distance of his own. */
	return (uint8_t)((src & 1 ? 128 : 64) - 3 - src / 2 % 22);
}

static void draw_interfaces(const struct cast *cast, uint32_t src, uint32_t dst,
			    struct lab_packet *packet)
{
	bool from_us = site_is_own(src);
	uint32_t own = from_us ? src : dst;
	uint32_t port = site_is_own(own) && own < SITE_OWN + SITE_TENANTS * 64
				? SITE_PORT((own - SITE_OWN) / 64)
				: SITE_PORT(SITE_TENANTS);

	packet->in_if = from_us ? port : SITE_UPLINK;
	packet->out_if = from_us ? SITE_UPLINK : port;
	/* Forged by somebody behind a customer's port. */
	if (cast->scenario->entity == ENTITY_PORT && !from_us && !site_is_own(dst))
		packet->in_if = SPOOFED_PORT;
}

static void put_packet(struct cast *cast, const struct lab_part *part, double time_s,
		       unsigned machine, struct lab_packet *ret_packet)
{
	uint32_t src = draw_end(cast, part, part->src, machine, time_s);
	uint32_t dst = draw_end(cast, part, part->dst, machine, time_s);

	*ret_packet = (struct lab_packet){
		.src = site_ip(cast->site, src),
		.dst = site_ip(cast->site, dst),
		.length = (uint16_t)(part->least +
				     lab_rng_below(&cast->rng, part->most - part->least + 1U)),
		.proto = part->proto,
		.tcp_flags = part->flags,
		.ttl = draw_ttl(cast, part, src),
		.fragment = part->fragment,
		.origin = part->origin,
	};
	if (part->fragment != 2) {
		ret_packet->sport = draw_port(cast, part->sport);
		ret_packet->dport = draw_port(cast, part->dport);
	}
	draw_interfaces(cast, src, dst, ret_packet);
}

void cast_packet(struct cast *cast, const struct lab_part *part, double time_s,
		 struct lab_packet *ret_packet)
{
	put_packet(cast, part, time_s, lab_rng_below(&cast->rng, SCENARIO_MACHINES), ret_packet);
}

static void play(struct cast *cast, const struct lab_part *part, uint64_t begin_ns, double time_s,
		 const struct lab_taker *taker)
{
	unsigned machine = lab_rng_below(&cast->rng, SCENARIO_MACHINES);
	struct lab_packet packet;

	if (part->shape == SHAPE_SCATTERED &&
	    time_s < cast->onset_s + (double)cast->delays[machine])
		return;
	put_packet(cast, part, time_s, machine, &packet);
	packet.time_ns = begin_ns + (uint64_t)(time_s * 1e9);
	if (part->origin == LAB_ATTACK) {
		cast->attack_samples++;
		if (part->src == END_MACHINES && time_s < cast->onset_s + 60)
			cast->sampled[machine] = true;
	}
	taker->packet(taker->self, &packet);
}

double cast_step(struct cast *cast, uint64_t begin_ns, double from_s, double step_s,
		 const struct lab_taker *taker)
{
	double passed = 0;

	for (unsigned i = 0; i < SCENARIO_PARTS && cast->scenario->parts[i].pps > 0; i++) {
		const struct lab_part *part = &cast->scenario->parts[i];
		double packets = part->pps * step_s * cast_is_on(cast, part, from_s);
		if (packets <= 0)
			continue;
		passed += packets;
		uint64_t count = lab_rng_poisson(&cast->rng, packets / cast->sampling);
		for (uint64_t k = 0; k < count; k++)
			play(cast, part, begin_ns, from_s + lab_rng_unit(&cast->rng) * step_s,
			     taker);
	}
	return passed;
}

double cast_lead(const struct cast *cast)
{
	for (unsigned i = 0; i < SCENARIO_PARTS; i++) {
		if (cast->scenario->parts[i].shape == SHAPE_SCATTERED)
			return SCATTER_S;
	}
	return 0;
}

bool cast_concerns(const struct cast *cast, const struct lab_packet *packet)
{
	const struct scenario *scenario = cast->scenario;
	struct ip victim = site_ip(cast->site, cast->site->hosts[cast->victim].ip);

	if (scenario->direction == DIRECTION_INBOUND && scenario->entity == ENTITY_PREFIX) {
		uint32_t at = scenario->len == 22 ? ROTATE_AT : SITE_OWN;
		struct prefix prefix = site_prefix(cast->site, at, scenario->len);
		return prefix_has_ip(&prefix, &packet->dst);
	}
	if (scenario->direction == DIRECTION_INBOUND)
		return ip_equal(&packet->dst, &victim);
	if (scenario->kind == KIND_CAMPAIGN) {
		for (unsigned i = 0; i < SCENARIO_MACHINES; i++) {
			struct ip ip = site_ip(cast->site, cast->site->hosts[cast->machines[i]].ip);
			if (ip_equal(&packet->src, &ip))
				return true;
		}
		return false;
	}
	return ip_equal(&packet->src, &victim);
}
