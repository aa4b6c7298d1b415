/* SPDX-License-Identifier: Apache-2.0 */
/* conversation: one row of the table for each kind, and the dice. */
#include "lab/conversation.h"

#include <math.h>
#include <string.h>

#define TCP        6
#define UDP        17
#define FIN        0x01
#define SYN        0x02
#define PSH        0x08
#define ACK        0x10
/* Hops that strangers are away. */
#define HOPS_LEAST 3
#define HOPS_MORE  22
/* Share of a host's conversations that its daily clients have. */
#define REGULAR    0.7

/* Besides what hosts are for, all of them do these. */
enum { ASK_NAME = SITE_KINDS, ASK_TIME, VISIT, KINDS };

struct kind {
	uint8_t proto;
	uint16_t port;                      /* of the side that is asked */
	bool asks;                          /* the own host does */
	double in_share;                    /* of the packets, those that come in */
	uint16_t ask_least, ask_most;       /* lengths of what the asking side sends */
	uint16_t answer_least, answer_most; /* and of the answers */
};

static const struct kind kinds[KINDS] = {
	[SITE_WEB] = { TCP, 443, false, 0.45, 40, 700, 200, 1500 },
	[SITE_GAME] = { UDP, 27500, false, 0.5, 60, 160, 60, 300 },
	[SITE_MAIL] = { TCP, 25, false, 0.55, 40, 1500, 40, 300 },
	[SITE_DNS] = { UDP, 53, false, 0.5, 60, 90, 80, 480 },
	[SITE_CLIENT] = { TCP, 443, true, 0.6, 40, 700, 200, 1500 },
	[SITE_QUIC] = { UDP, 443, false, 0.4, 60, 130, 1200, 1360 },
	[SITE_BULK] = { TCP, 443, false, 0.35, 40, 200, 1400, 1500 },
	[ASK_NAME] = { UDP, 53, true, 0.5, 60, 90, 80, 480 },
	[ASK_TIME] = { UDP, 123, true, 0.5, 76, 76, 76, 76 },
	[VISIT] = { TCP, 443, true, 0.6, 40, 700, 200, 1500 },
};

static uint8_t draw_ttl(struct lab_rng *rng)
{
	static const uint8_t begins[] = { 64, 64, 128, 255 };

	return (uint8_t)(begins[lab_rng_below(rng, 4)] - HOPS_LEAST -
			 lab_rng_below(rng, HOPS_MORE));
}

static void draw_client(struct conversation *c, const struct site_host *host, struct lab_rng *rng)
{
	double rank = pow(lab_rng_unit(rng), 2);

	c->kind = host->kind;
	c->peer = lab_rng_unit(rng) < REGULAR ? host->regulars[(unsigned)(SITE_REGULARS * rank)]
					      : site_stranger(rng);
}

void conversation_begin(struct conversation *c, const struct site *site,
			const struct site_host *host, struct lab_rng *rng)
{
	double x = lab_rng_unit(rng);

	*c = (struct conversation){ .port = (uint16_t)(1024 + lab_rng_below(rng, 64000)),
				    .ttl = draw_ttl(rng) };
	c->length = (float)(200 + 600 * lab_rng_exponential(rng));
	if (x < 0.02) {
		c->kind = ASK_NAME;
		c->peer = site->popular[SITE_POPULAR - 1 - lab_rng_below(rng, SITE_RESOLVERS)];
	} else if (x < 0.025) {
		c->kind = ASK_TIME;
		c->peer = site->popular[SITE_POPULAR - 20 - lab_rng_below(rng, 20)];
	} else if (x < 0.15) {
		c->kind = VISIT;
		c->peer = site_place(site, rng);
	} else {
		draw_client(c, host, rng);
	}
}

void conversation_fetch(struct conversation *c, uint32_t place, struct lab_rng *rng)
{
	*c = (struct conversation){ .peer = place,
				    .port = (uint16_t)(1024 + lab_rng_below(rng, 64000)),
				    .kind = VISIT,
				    .ttl = draw_ttl(rng),
				    .length = 800 };
}

/* Flags and length of a TCP packet: begins and ends are as rare as conversations are long. */
static void dress_tcp(const struct conversation *c, const struct kind *kind, bool asking,
		      struct lab_rng *rng, struct lab_packet *packet)
{
	double x = lab_rng_unit(rng) * (double)c->length;
	bool data = asking ? lab_rng_below(rng, 10) < 2 : lab_rng_below(rng, 10) < 9;

	packet->tcp_flags = ACK;
	if (x < 1) {
		packet->tcp_flags = asking ? SYN : SYN | ACK;
		packet->length = (uint16_t)(52 + 4 * lab_rng_below(rng, 3));
		return;
	}
	if (x < 2)
		packet->tcp_flags |= FIN;
	if (!data || x < 2) {
		packet->length = lab_rng_below(rng, 3) ? 52 : 40;
		return;
	}
	packet->tcp_flags |= PSH;
	uint16_t least = asking ? kind->ask_least : kind->answer_least;
	uint16_t most = asking ? kind->ask_most : kind->answer_most;
	/* Two in three packets of a transfer are full. */
	packet->length = !asking && lab_rng_below(rng, 3)
				 ? most
				 : (uint16_t)(least + lab_rng_below(rng, most - least + 1U));
}

static void dress_udp(const struct kind *kind, bool asking, struct lab_rng *rng,
		      struct lab_packet *packet)
{
	uint16_t least = asking ? kind->ask_least : kind->answer_least;
	uint16_t most = asking ? kind->ask_most : kind->answer_most;

	packet->length = (uint16_t)(least + lab_rng_below(rng, most - least + 1U));
}

static void address(const struct conversation *c, const struct site *site,
		    const struct site_host *host, const struct kind *kind, bool in,
		    struct lab_packet *packet)
{
	uint16_t own = kind->asks ? c->port : kind->port;
	uint16_t other = kind->asks ? kind->port : c->port;

	/* Time servers ask from the port that they answer from. */
	if (kind->port == 123)
		own = other = 123;
	packet->src = site_ip(site, in ? c->peer : host->ip);
	packet->dst = site_ip(site, in ? host->ip : c->peer);
	packet->sport = in ? other : own;
	packet->dport = in ? own : other;
	packet->ttl = in ? c->ttl : 64;
	packet->in_if = in ? SITE_UPLINK : SITE_PORT(host->tenant);
	packet->out_if = in ? SITE_PORT(host->tenant) : SITE_UPLINK;
}

void conversation_packet(struct conversation *c, const struct site *site,
			 const struct site_host *host, double sampling, struct lab_rng *rng,
			 struct lab_packet *ret_packet)
{
	/* So many packets of it went by unseen since the last one; was one of them its end? */
	if (lab_rng_unit(rng) < 1 - pow(1 - 1 / (double)c->length, sampling))
		conversation_begin(c, site, host, rng);
	const struct kind *kind = &kinds[c->kind];
	bool in = lab_rng_unit(rng) < kind->in_share;
	bool asking = in != kind->asks;

	*ret_packet = (struct lab_packet){ .proto = kind->proto };
	address(c, site, host, kind, in, ret_packet);
	if (kind->proto == TCP)
		dress_tcp(c, kind, asking, rng, ret_packet);
	else
		dress_udp(kind, asking, rng, ret_packet);
}
