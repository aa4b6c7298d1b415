/* SPDX-License-Identifier: Apache-2.0 */
/* background: an alias table picks the host, its pool the conversation. */
#include "lab/background.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab/conversation.h"

#define PURPOSE_RATES   2
#define PURPOSE_PACKETS 3
#define PURPOSE_LOOKS   8
#define DAY_S           86400.0
/* Slow noise of each host's rate: standard deviation of its logarithm, and how long it lasts. */
#define NOISE           0.4
#define NOISE_S         20.0
/* Bursts: so many a day, Pareto by this exponent, from twice up to fifty times. */
#define BURSTS_DAY      2.0
#define BURST_EXPONENT  1.5
#define BURST_MOST      50.0
#define BURST_S         30.0
/* All fetch updates at the same moment: every so often, three hosts in ten, from one mirror. */
#define UPDATE_EVERY_S  600
#define UPDATE_AT_S     300
#define UPDATE_MIRROR   5
/* Unsampled packets come in trains of this mean length. */
#define TRAIN           4.0

struct load {
	double noise;
	double burst;
	double burst_end_s;
	bool one_peer; /* the burst is a single transfer */
	double pps;
	double alias_chance;
	uint32_t alias;
	uint32_t pool;
	struct conversation *conversations;
};

struct background {
	const struct site *site;
	double sampling;
	struct lab_rng rates;
	struct lab_rng rng;
	struct lab_rng looks; /* whoever looks must not change what passes */
	struct load loads[SITE_HOSTS];
	double total_pps;
	uint64_t second; /* that the rates are of, plus one; 0: none yet */
};

static bool open_pool(struct background *b, unsigned at)
{
	const struct site_host *host = &b->site->hosts[at];
	struct load *load = &b->loads[at];
	double pool = host->mean_pps / CONVERSATION_PPS + 2;

	load->burst = 1;
	load->pool = pool < CONVERSATIONS_MOST ? (uint32_t)pool : CONVERSATIONS_MOST;
	load->conversations = calloc(load->pool, sizeof(*load->conversations));
	for (uint32_t i = 0; load->conversations && i < load->pool; i++)
		conversation_begin(&load->conversations[i], b->site, host, &b->rng);
	return load->conversations != NULL;
}

struct background *background_new(const struct site *site, uint64_t seed, uint32_t sampling)
{
	struct background *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->site = site;
	b->sampling = sampling;
	lab_rng_seed(&b->rates, seed, PURPOSE_RATES);
	lab_rng_seed(&b->rng, seed, PURPOSE_PACKETS);
	lab_rng_seed(&b->looks, seed, PURPOSE_LOOKS);
	for (unsigned i = 0; i < SITE_HOSTS; i++) {
		if (!open_pool(b, i)) {
			background_free(b);
			return NULL;
		}
	}
	return b;
}

void background_free(struct background *background)
{
	if (!background)
		return;
	for (unsigned i = 0; i < SITE_HOSTS; i++)
		free(background->loads[i].conversations);
	free(background);
}

static void change_rate(struct background *b, unsigned at, double now_s, double day)
{
	struct load *load = &b->loads[at];
	double keep = exp(-1 / NOISE_S);

	load->noise =
		load->noise * keep + sqrt(1 - keep * keep) * NOISE * lab_rng_normal(&b->rates);
	if (now_s >= load->burst_end_s)
		load->burst = 1;
	if (lab_rng_unit(&b->rates) < BURSTS_DAY / DAY_S) {
		double size = 2 * pow(1 - lab_rng_unit(&b->rates), -1 / BURST_EXPONENT);
		load->burst = fmin(size, BURST_MOST);
		load->burst_end_s = now_s + BURST_S + BURST_S * lab_rng_exponential(&b->rates);
		load->one_peer = lab_rng_below(&b->rates, 2);
	}
	load->pps = b->site->hosts[at].mean_pps * day * load->burst *
		    exp(load->noise - NOISE * NOISE / 2);
}

/* Walker's alias method (1977), so that picking a host costs the same whatever the rates are. */
static void make_alias(struct background *b)
{
	uint32_t small[SITE_HOSTS], large[SITE_HOSTS];
	double share[SITE_HOSTS];
	unsigned smalls = 0, larges = 0;

	b->total_pps = 0;
	for (unsigned i = 0; i < SITE_HOSTS; i++)
		b->total_pps += b->loads[i].pps;
	for (unsigned i = 0; i < SITE_HOSTS; i++) {
		share[i] = b->loads[i].pps * SITE_HOSTS / b->total_pps;
		b->loads[i].alias_chance = 1;
		if (share[i] < 1)
			small[smalls++] = i;
		else
			large[larges++] = i;
	}
	while (smalls && larges) {
		uint32_t less = small[--smalls];
		uint32_t more = large[larges - 1];
		b->loads[less].alias_chance = share[less];
		b->loads[less].alias = more;
		share[more] -= 1 - share[less];
		if (share[more] < 1) {
			larges--;
			small[smalls++] = more;
		}
	}
}

static void begin_updates(struct background *b)
{
	for (unsigned i = 0; i < SITE_HOSTS; i++) {
		struct load *load = &b->loads[i];
		if (i % 10 < 3)
			conversation_fetch(&load->conversations[lab_rng_below(&b->rng, load->pool)],
					   b->site->popular[UPDATE_MIRROR], &b->rng);
	}
}

static void begin_second(struct background *b, double now_s)
{
	uint64_t second = (uint64_t)now_s + 1;
	double day = 1 + 0.5 * sin(2 * M_PI * now_s / DAY_S);

	if (second == b->second)
		return;
	b->second = second;
	for (unsigned i = 0; i < SITE_HOSTS; i++)
		change_rate(b, i, now_s, day);
	make_alias(b);
	if (second % UPDATE_EVERY_S == UPDATE_AT_S)
		begin_updates(b);
}

static struct conversation *pick(struct background *b, unsigned *ret_host)
{
	unsigned at = lab_rng_below(&b->rng, SITE_HOSTS);

	if (lab_rng_unit(&b->rng) >= b->loads[at].alias_chance)
		at = b->loads[at].alias;
	*ret_host = at;
	const struct load *load = &b->loads[at];
	/* In a burst of one transfer all that is more belongs to it. */
	bool one = load->one_peer && load->burst > 1 && lab_rng_unit(&b->rng) < 1 - 1 / load->burst;
	return &load->conversations[one ? 0 : lab_rng_below(&b->rng, load->pool)];
}

/* One packet, or where all are seen a train of one conversation's. */
static void emit(struct background *b, uint64_t time_ns, const struct lab_taker *taker)
{
	unsigned host;
	struct conversation *c = pick(b, &host);
	struct lab_packet packet;
	unsigned left = 1;

	while (b->sampling <= 1 && lab_rng_unit(&b->rng) >= 1 / TRAIN)
		left++;
	for (; left > 0; left--) {
		conversation_packet(c, b->site, &b->site->hosts[host], b->sampling, &b->rng,
				    &packet);
		packet.time_ns = time_ns;
		taker->packet(taker->self, &packet);
		time_ns += 20000 + lab_rng_below(&b->rng, 180000);
	}
}

double background_step(struct background *background, uint64_t begin_ns, double from_s,
		       double step_s, const struct lab_taker *taker)
{
	struct background *b = background;

	begin_second(b, from_s);
	double passed = b->total_pps * step_s;
	double trains = b->sampling <= 1 ? TRAIN : 1;
	uint64_t count = lab_rng_poisson(&b->rng, passed / b->sampling / trains);
	for (uint64_t i = 0; i < count; i++) {
		double at_s = from_s + lab_rng_unit(&b->rng) * step_s;
		emit(b, begin_ns + (uint64_t)(at_s * 1e9), taker);
	}
	return passed;
}

double background_rate(const struct background *background, unsigned host)
{
	return background->loads[host].pps;
}

void background_draw(struct background *background, unsigned host, struct lab_packet *ret_packet)
{
	struct background *b = background;
	struct load *load = &b->loads[host];
	struct conversation copy = load->conversations[lab_rng_below(&b->looks, load->pool)];

	conversation_packet(&copy, b->site, &b->site->hosts[host], b->sampling, &b->looks,
			    ret_packet);
}
