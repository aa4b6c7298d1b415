/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ip: addresses and prefixes, both families in one 128-bit form.
 *
 * An IPv4 address is kept as the IPv4-mapped IPv6 address ::ffff:a.b.c.d
 * (RFC 4291, 2.5.5.2), so that everything behind the decoders has one code
 * path. Any thread; no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

/** Longest text of an address, prefix length and terminating zero included. */
#define IP_TEXT_MAX 52

/** An address in network byte order; IPv4 as ::ffff:a.b.c.d. */
struct ip {
	union {
		uint8_t b[16];
		uint64_t w[2];
	};
};

/** A prefix; host bits are zero. */
struct prefix {
	struct ip ip;
	uint8_t len; /**< 0..128, counted in the 128-bit form: an IPv4 /24 is 120 */
};

/** The one form of an IPv4 address in network byte order. */
static inline struct ip ip_from_v4(const uint8_t be[static 4])
{
	struct ip ip = { .b = { [10] = 0xff, [11] = 0xff } };
	memcpy(&ip.b[12], be, 4);
	return ip;
}

/** The one form of an IPv6 address in network byte order. */
static inline struct ip ip_from_v6(const uint8_t be[static 16])
{
	struct ip ip;
	memcpy(ip.b, be, 16);
	return ip;
}

/** The address is IPv4. */
static inline bool ip_is_v4(const struct ip *ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	return memcmp(ip->b, mapped, sizeof(mapped)) == 0;
}

/** The addresses are the same. */
static inline bool ip_equal(const struct ip *a, const struct ip *b)
{
	return a->w[0] == b->w[0] && a->w[1] == b->w[1];
}

/** The address is ::, which also stands for none; 0.0.0.0 is not it. */
static inline bool ip_is_zero(const struct ip *ip)
{
	return (ip->w[0] | ip->w[1]) == 0;
}

/** Order by network byte value; IPv4 sorts as its mapped form. */
static inline int ip_compare(const struct ip *a, const struct ip *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

/**
 * ip_format() - write an address as text (RFC 5952; IPv4 dotted).
 * @ip: borrowed
 * @text: at least IP_TEXT_MAX bytes
 *
 * Return: @text.
 */
char *ip_format(const struct ip *ip, char *text);

/**
 * ip_parse() - read an address of either family.
 * @text: zero-terminated
 * @ret_ip: untouched on failure
 *
 * Return: 0, or -WEIR_ESYNTAX.
 */
WEIR_CHECK int ip_parse(const char *text, struct ip *ret_ip);

/**
 * prefix_parse() - read "address/length" or a bare address (a host prefix).
 * @text: zero-terminated
 * @ret_prefix: untouched on failure
 *
 * Return: 0; -WEIR_ESYNTAX for text that is no prefix, -WEIR_ERANGE for a
 * length the family does not have, -EINVAL when host bits are set.
 */
WEIR_CHECK int prefix_parse(const char *text, struct prefix *ret_prefix);

/** prefix_format() - as ip_format(), with "/length" in the family's own count. */
char *prefix_format(const struct prefix *prefix, char *text);

/** prefix_of_host() - the prefix that holds just one address. */
struct prefix prefix_of_host(const struct ip *ip);

/** prefix_has_ip() - is the address inside the prefix? */
bool prefix_has_ip(const struct prefix *prefix, const struct ip *ip);

/** prefix_overlaps() - does one of the two prefixes contain the other? */
bool prefix_overlaps(const struct prefix *a, const struct prefix *b);

/** prefix_is_v4() - does the prefix lie inside the IPv4-mapped space? */
bool prefix_is_v4(const struct prefix *prefix);
