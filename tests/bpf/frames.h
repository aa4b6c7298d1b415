/* SPDX-License-Identifier: Apache-2.0 */
/* frames: packets as bytes, from a description; for tests of the XDP program. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

#define FRAME_MAX 2048

/* One packet; zeros are a plain one. */
struct frame_spec {
	unsigned tags; /* VLAN tags */
	struct ip src; /* both of one family */
	struct ip dst;
	uint8_t proto;
	uint8_t ttl;
	uint16_t sport;
	uint16_t dport; /* ICMP: type << 8 | code */
	uint8_t flags;
	uint16_t length;   /* IP's total; less than the headers: what they need */
	uint8_t options;   /* IPv4: words of options, up to 10 */
	uint16_t fragment; /* offset in 8 bytes << 1 | more; IPv6: as a fragment header */
	bool atomic;       /* IPv6: a fragment header also where `fragment` is 0 */
	uint8_t chain
		[16]; /* IPv6: extension headers before it, by number; 0xff ends, as 0 is one */
	unsigned chain_len;
	uint8_t chain_words; /* length byte of each */
};

/* Writes the frame. Return: its length, up to FRAME_MAX. */
size_t frame_make(const struct frame_spec *spec, uint8_t *frame);

/* "10.0.0.1" or "2001:db8::1"; the test fails on anything else. */
struct ip ip_of(const char *text);

/* "10.0.0.0/8"; the test fails on anything else. */
struct prefix prefix_of(const char *text);
