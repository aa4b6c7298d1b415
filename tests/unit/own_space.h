/* SPDX-License-Identifier: Apache-2.0 */
/* own_space: a small configuration with own networks, for tests of tally and detect. */
#pragma once

#include "check.h"

#include <string.h>

#include "config/config.h"
#include "model/flow.h"

#define SECOND_NS 1000000000UL

/** An address from text; the test fails if it is none. */
static inline struct ip ip_of(const char *text)
{
	struct ip ip = { 0 };

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

/** An address from a number: @base with @number added. */
static inline struct ip ip_at(const char *base, uint32_t number)
{
	struct ip ip = ip_of(base);
	uint32_t value = (uint32_t)ip.b[12] << 24 | (uint32_t)ip.b[13] << 16 |
			 (uint32_t)ip.b[14] << 8 | ip.b[15];

	value += number;
	for (unsigned i = 0; i < 4; i++)
		ip.b[12 + i] = (uint8_t)(value >> (24 - 8 * i));
	return ip;
}

/** A prefix from text. */
static inline struct prefix prefix_of(const char *text)
{
	struct prefix prefix = { 0 };

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

/** What a test may change before it uses it; release with own_space_done(). */
struct own_space {
	struct config config;
	struct config_network networks[4];
	struct config_threshold thresholds[8];
};

/** 198.51.100.0/24 and 2001:db8:a::/48 of tenant acme, 203.0.113.0/24 of tenant other. */
static inline void own_space_init(struct own_space *space)
{
	static const char *const prefixes[] = { "198.51.100.0/24", "2001:db8:a::/48",
						"203.0.113.0/24" };

	memset(space, 0, sizeof(*space));
	space->config = (struct config){ .networks = space->networks,
					 .network_count = 3,
					 .network_lpm = lpm_new(),
					 .thresholds = space->thresholds,
					 .window_ns = 5 * SECOND_NS,
					 .min_sampled = 1,
					 .close_percent = 50,
					 .max_hosts = 1000,
					 .max_watched = 500,
					 .max_details = 100 };
	assert_non_null(space->config.network_lpm);
	for (uint32_t i = 0; i < 3; i++) {
		space->networks[i].prefix = prefix_of(prefixes[i]);
		space->networks[i].tenant = i < 2 ? "acme" : "other";
		assert_int_equal(lpm_add(space->config.network_lpm, &space->networks[i].prefix, i),
				 0);
	}
}

/** Give the table of networks back. */
static inline void own_space_done(struct own_space *space)
{
	lpm_free(space->config.network_lpm);
}

/** A classified flow; 1:1 sampling. */
static inline struct flow flow_of(const char *src, const char *dst, enum traffic_class class,
				  uint64_t packets, uint64_t bytes)
{
	return (struct flow){ .src = ip_of(src),
			      .dst = ip_of(dst),
			      .proto = 17,
			      .sport = 40000,
			      .dport = 50000,
			      .class = (uint8_t) class,
			      .packets = packets,
			      .bytes = bytes,
			      .sampling = 1 };
}
