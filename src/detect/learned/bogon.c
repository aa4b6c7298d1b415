/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bogon: the IANA special-purpose address registries as a table, the first line that fits decides.
 *
 * https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry, with
 * multicast, which they leave out.
 */
#include "detect/learned/bogon.h"

#include <stddef.h>

/* Addresses that begin with the same bits. */
struct range {
	struct prefix prefix;
	bool bogon;
};

#define V4(length, ...)                                                                        \
	{                                                                                      \
		.ip = { .b = { [10] = 0xff, [11] = 0xff, __VA_ARGS__ } }, .len = 96 + (length) \
	}
#define V6(length, ...)                                         \
	{                                                       \
		.ip = { .b = { __VA_ARGS__ } }, .len = (length) \
	}

static const struct range v4[] = {
	{ V4(8, 0), true },               /* this network, RFC 791 */
	{ V4(8, 127), true },             /* loopback, RFC 1122 */
	{ V4(16, 169, 254), true },       /* link-local, RFC 3927 */
	{ V4(29, 192, 0, 0, 0), false },  /* DS-Lite, RFC 7335: private */
	{ V4(32, 192, 0, 0, 8), false },  /* dummy of translators, RFC 7600 */
	{ V4(32, 192, 0, 0, 9), false },  /* port control, RFC 7723 */
	{ V4(32, 192, 0, 0, 10), false }, /* relays, RFC 8155 */
	{ V4(24, 192, 0, 0), true },      /* the rest for protocols, RFC 6890 */
	{ V4(3, 224), true },             /* multicast, reserved, broadcast */
};

static const struct range v6[] = {
	{ V6(32, 0x20, 0x01, 0, 0), false },             /* Teredo, RFC 4380 */
	{ V6(128, 0x20, 0x01, 0, 1, [15] = 1), false },  /* port control, RFC 7723 */
	{ V6(127, 0x20, 0x01, 0, 1, [15] = 2), false },  /* relays, names, RFC 8155, 9665 */
	{ V6(48, 0x20, 0x01, 0, 2, 0, 0), false },       /* benchmarks, RFC 5180: private */
	{ V6(32, 0x20, 0x01, 0, 3), false },             /* multicast tunnels, RFC 7450 */
	{ V6(48, 0x20, 0x01, 0, 4, 0x01, 0x12), false }, /* AS112, RFC 7535 */
	{ V6(28, 0x20, 0x01, 0, 0x20), false },          /* ORCHIDv2, RFC 7343 */
	{ V6(28, 0x20, 0x01, 0, 0x30), false },          /* drones, RFC 9374 */
	{ V6(23, 0x20, 0x01, 0), true },                 /* the rest for protocols, RFC 2928 */
	{ V6(3, 0x20), false },                          /* global unicast, with 6to4, RFC 3056 */
	{ V6(96, 0, 0x64, 0xff, 0x9b), false },          /* translated, RFC 6052 */
	{ V6(48, 0, 0x64, 0xff, 0x9b, 0, 1), false },    /* the same, private, RFC 8215 */
	{ V6(16, 0x5f), false },                         /* segment routing, RFC 9602: private */
	{ V6(7, 0xfc), false },                          /* unique local, RFC 4193: private */
	/* Loopback, discard-only, link-local, site-local, multicast; what nobody was given. */
	{ V6(0, 0), true },
};

static bool decide(const struct range *ranges, size_t count, const struct ip *ip)
{
	for (size_t i = 0; i < count; i++) {
		if (prefix_has_ip(&ranges[i].prefix, ip))
			return ranges[i].bogon;
	}
	return false;
}

bool bogon_is(const struct ip *ip)
{
	return ip_is_v4(ip) ? decide(v4, sizeof(v4) / sizeof(v4[0]), ip)
			    : decide(v6, sizeof(v6) / sizeof(v6[0]), ip);
}
