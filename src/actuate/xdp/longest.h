/* SPDX-License-Identifier: Apache-2.0 */
/*
 * longest: one generation of a kernel map of longest matches, made what is wanted. For the XDP
 * engine alone.
 *
 * Control thread. Remembers what the map has, so that only differences are written.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "bpf/xdp_abi.h"

/** One entry of the map. */
struct longest_entry {
	struct xdp_lpm_key key;
	uint32_t value;
};

/** What a generation has in the map, sorted. */
struct longest {
	int fd; /**< borrowed */
	struct longest_entry *entries;
	size_t count;
	size_t cap;
	uint64_t written; /**< entries added, changed and taken out, ever */
};

/** longest_key() - the key of a prefix in a generation. */
struct xdp_lpm_key longest_key(const struct prefix *prefix, uint32_t generation);

/**
 * longest_adopt() - learn what the map has of a generation.
 * @fd: the map; borrowed until longest_done()
 *
 * Return: 0 or a negative errno.
 */
WEIR_CHECK int longest_adopt(struct longest *l, int fd, uint32_t generation);

/**
 * longest_set() - make the generation's part of the map exactly this.
 * @wanted: sorted in place; no key twice
 *
 * Return: 0 or a negative errno; the map is then anything between before and
 * wanted, and the next call sets it right.
 */
WEIR_CHECK int longest_set(struct longest *l, struct longest_entry *wanted, size_t count);

/** longest_done() - release the memory; the map stays as it is. */
void longest_done(struct longest *l);
