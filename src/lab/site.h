/* SPDX-License-Identifier: Apache-2.0 */
/*
 * site: the operator's network that the laboratory simulates, and the world around it.
 *
 * Addresses are drawn as 32 bits; site_ip() gives them in either family, so that a scenario means the
 * same in both: an IPv4 /L is an IPv6 /(32 + L). Immutable after open. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "lab/packet.h"
#include "lab/rng.h"

#define SITE_HOSTS        2000
#define SITE_TENANTS      60
#define SITE_OWN          0xc6120000U /* 198.18.0.0/20 */
#define SITE_OWN_LEN      20
#define SITE_DARK         0xc6130000U /* 198.19.0.0/16, where nobody is */
#define SITE_DARK_LEN     16
#define SITE_POPULAR      300
#define SITE_STRANGERS    20000
#define SITE_RESOLVERS    6
#define SITE_REGULARS     64
#define SITE_EXPORTER     0xc0000201U /* 192.0.2.1 */
#define SITE_COLLECTOR    0xc00002feU
#define SITE_UPLINK       1
#define SITE_PORT(tenant) (100U + (tenant))

/** What a host mainly does. */
enum site_kind {
	SITE_WEB,
	SITE_GAME,
	SITE_MAIL,
	SITE_DNS,
	SITE_CLIENT,
	SITE_QUIC,
	SITE_BULK,
	SITE_KINDS
};

/** An own host. */
struct site_host {
	uint32_t ip;
	uint8_t kind; /**< enum site_kind */
	uint8_t tenant;
	double mean_pps;                  /**< both ways, over a day */
	uint32_t regulars[SITE_REGULARS]; /**< who talks to it every day */
};

/** All of it. */
struct site {
	bool ipv6;
	struct site_host hosts[SITE_HOSTS];
	uint32_t popular[SITE_POPULAR];     /**< places outside that many own hosts use */
	double weight[SITE_POPULAR];        /**< sums to 1 */
	uint32_t strangers[SITE_STRANGERS]; /**< reflectors, bots, crowds */
	bool one_owner;                     /**< the first seven tenants belong to one */
	bool two_routers;                   /**< a second one reports the same packets */
};

/** site_open() - draw it. @median_pps: of hosts */
void site_open(struct site *site, uint64_t seed, double median_pps, bool ipv6);

/** site_stranger() - a public address that nobody has drawn on purpose. */
uint32_t site_stranger(struct lab_rng *rng);

/** site_place() - a popular place, the popular ones more often. */
uint32_t site_place(const struct site *site, struct lab_rng *rng);

/** site_is_own() - does the address belong to the operator? */
bool site_is_own(uint32_t address);

/** site_ip() - an address in the site's family. */
struct ip site_ip(const struct site *site, uint32_t address);

/** site_prefix() - likewise a prefix; @len counted as in IPv4. */
struct prefix site_prefix(const struct site *site, uint32_t address, unsigned len);

/** site_tenant() - name of the tenant at an own address: "t01"…, or the shared owner's. */
void site_tenant(const struct site *site, uint32_t address, struct text *out);

/** site_config() - append the weir.yaml that fits the site. */
void site_config(const struct site *site, const char *mode, struct text *out);
