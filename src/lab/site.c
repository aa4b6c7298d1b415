/* SPDX-License-Identifier: Apache-2.0 */
/* site: hosts at random places of a /20, sixty tenants, and who they talk to. */
#include "lab/site.h"

#include <math.h>
#include <string.h>

#define PURPOSE_SITE 1
/* Rates are log-normal; what one host can have is limited by its line. */
#define SIGMA        1.6
#define MOST_TIMES   1000
/* Addresses of the tenants, 64 each; the rest of the /20 is dark. */
#define TENANT_HOSTS 64
#define SHARED_OWNER 7

static const double kind_shares[SITE_KINDS] = {
	[SITE_WEB] = 0.60,    [SITE_GAME] = 0.08, [SITE_MAIL] = 0.07, [SITE_DNS] = 0.02,
	[SITE_CLIENT] = 0.08, [SITE_QUIC] = 0.10, [SITE_BULK] = 0.05,
};

uint32_t site_stranger(struct lab_rng *rng)
{
	for (;;) {
		uint32_t address = (uint32_t)lab_rng_u64(rng);
		uint32_t first = address >> 24;
		/* Nothing that is special, and nothing that this site or its tests use. */
		if (first > 10 && first < 224 && first != 100 && first != 127 && first != 169 &&
		    first != 172 && first != 192 && first != 198 && first != 203)
			return address;
	}
}

static uint8_t draw_kind(struct lab_rng *rng)
{
	double x = lab_rng_unit(rng);

	for (unsigned kind = 0; kind < SITE_KINDS; kind++) {
		x -= kind_shares[kind];
		if (x < 0)
			return (uint8_t)kind;
	}
	return SITE_WEB;
}

static void draw_hosts(struct site *site, struct lab_rng *rng, double median_pps)
{
	bool used[SITE_TENANTS * TENANT_HOSTS] = { 0 };

	for (unsigned i = 0; i < SITE_HOSTS; i++) {
		struct site_host *host = &site->hosts[i];
		uint32_t at;
		do
			at = lab_rng_below(rng, SITE_TENANTS * TENANT_HOSTS);
		while (used[at]);
		used[at] = true;
		host->ip = SITE_OWN + at;
		host->tenant = (uint8_t)(at / TENANT_HOSTS);
		host->kind = draw_kind(rng);
		host->mean_pps = fmin(median_pps * exp(SIGMA * lab_rng_normal(rng)),
				      median_pps * MOST_TIMES);
		for (unsigned k = 0; k < SITE_REGULARS; k++)
			host->regulars[k] = site_stranger(rng);
	}
}

void site_open(struct site *site, uint64_t seed, double median_pps, bool ipv6)
{
	struct lab_rng rng;
	double sum = 0;

	memset(site, 0, sizeof(*site));
	site->ipv6 = ipv6;
	lab_rng_seed(&rng, seed, PURPOSE_SITE);
	for (unsigned i = 0; i < SITE_POPULAR; i++) {
		site->popular[i] = site_stranger(&rng);
		site->weight[i] = 1.0 / (i + 1);
		sum += site->weight[i];
	}
	for (unsigned i = 0; i < SITE_POPULAR; i++)
		site->weight[i] /= sum;
	for (unsigned i = 0; i < SITE_STRANGERS; i++)
		site->strangers[i] = site_stranger(&rng);
	draw_hosts(site, &rng, median_pps);
}

uint32_t site_place(const struct site *site, struct lab_rng *rng)
{
	double x = lab_rng_unit(rng);

	for (unsigned i = 0; i < SITE_POPULAR; i++) {
		x -= site->weight[i];
		if (x < 0)
			return site->popular[i];
	}
	return site->popular[0];
}

bool site_is_own(uint32_t address)
{
	return (address & ~((1U << (32 - SITE_OWN_LEN)) - 1)) == SITE_OWN ||
	       (address & ~((1U << (32 - SITE_DARK_LEN)) - 1)) == SITE_DARK;
}

struct ip site_ip(const struct site *site, uint32_t address)
{
	const uint8_t be[4] = { (uint8_t)(address >> 24), (uint8_t)(address >> 16),
				(uint8_t)(address >> 8), (uint8_t)address };
	bool own = site_is_own(address);

	if (!site->ipv6)
		return ip_from_v4(be);
	struct ip ip = { .b = { own ? 0x20 : 0x24, own ? 0x01 : 0x00, own ? 0x0d : 0,
				own ? 0xb8 : 0, be[0], be[1], be[2], be[3], [15] = 1 } };
	/* What cannot exist in one family cannot in the other. */
	if (be[0] == 0 || be[0] == 127 || be[0] >= 224)
		ip.b[0] = 0xf0;
	return ip;
}

struct prefix site_prefix(const struct site *site, uint32_t address, unsigned len)
{
	struct prefix prefix = { .ip = site_ip(site, address),
				 .len = (uint8_t)(site->ipv6 ? 32 + len : 96 + len) };

	/* A host is one address, not the /64 that stands for it. */
	if (len == 32)
		prefix.len = 128;
	else if (site->ipv6)
		prefix.ip.b[15] = 0;
	return prefix;
}

void site_tenant(const struct site *site, uint32_t address, struct text *out)
{
	uint32_t tenant = (address - SITE_OWN) / TENANT_HOSTS;

	if (site->one_owner && tenant < SHARED_OWNER)
		text_add(out, "bigcorp");
	else
		text_addf(out, "t%02u", tenant + 1);
}

static void add_prefix(const struct site *site, uint32_t address, unsigned len, struct text *out)
{
	char text[IP_TEXT_MAX];
	struct prefix prefix = site_prefix(site, address, len);

	text_add(out, prefix_format(&prefix, text));
}

void site_config(const struct site *site, const char *mode, struct text *out)
{
	text_add(out, "# Made by `weir lab make`.\nnetworks:\n  - {prefix: '");
	add_prefix(site, SITE_OWN, SITE_OWN_LEN, out);
	text_add(out, "', capacity: 40Gbps}\n  - {prefix: '");
	add_prefix(site, SITE_DARK, SITE_DARK_LEN, out);
	text_add(out, "'}\n");
	for (uint32_t t = 0; t < SITE_TENANTS; t++) {
		text_add(out, "  - {prefix: '");
		add_prefix(site, SITE_OWN + t * TENANT_HOSTS, 26, out);
		text_add(out, "', within: '");
		add_prefix(site, SITE_OWN, SITE_OWN_LEN, out);
		text_add(out, "', tenant: ");
		site_tenant(site, SITE_OWN + t * TENANT_HOSTS, out);
		text_addf(out, ", region: %s}\n", t < SITE_TENANTS / 2 ? "tokyo" : "singapore");
	}
	if (strcmp(mode, "packet") != 0)
		text_add(out, "exporters:\n  - {address: 192.0.2.1, name: border1}\n");
	/* One that is listed and silent is a fault of the telemetry. */
	if (strcmp(mode, "packet") != 0 && site->two_routers)
		text_add(out, "  - {address: 192.0.2.2, name: border2}\n");
	text_add(out, "state: {path: none}\n");
}
