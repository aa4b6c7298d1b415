/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash: fast 64-bit mixing for tables whose keys an outsider chooses.
 *
 * The seed is drawn at start by the daemon, so that nobody can prepare keys
 * that collide; replay uses a fixed one. No output of Weir may depend on a
 * hash order. Any thread; no allocation.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

/** Multiply-and-fold of two words: the whole 128-bit product, halves xored. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/** Hash of two words under a seed; every input bit reaches every output bit. */
static inline uint64_t hash_words(uint64_t a, uint64_t b, uint64_t seed)
{
	uint64_t x = hash_mix(a ^ 0x9e3779b97f4a7c15U, seed ^ 0xe7037ed1a0b428dbU);
	x = hash_mix(x ^ b, 0x8ebc6af09c88c6e3U ^ (seed << 1 | 1));
	/* WHY: what differs only in high bits of b has reached half of x by now. */
	return hash_mix(x ^ 0x589965cc75374cc3U, 0x1d8e4e27c47d124fU);
}

/** Hash of an address under a seed. */
static inline uint64_t hash_ip(const struct ip *ip, uint64_t seed)
{
	return hash_words(ip->w[0], ip->w[1], seed);
}

/**
 * hash_bytes() - hash of a short run of bytes, for template layouts and ids.
 * @data: borrowed
 * @len: in bytes
 * @seed: any value
 */
uint64_t hash_bytes(const void *data, size_t len, uint64_t seed);
