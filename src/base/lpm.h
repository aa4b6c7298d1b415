/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lpm: longest-prefix match over both families.
 *
 * Built once from a configuration, then only read, by any number of threads.
 * A trie with 8 bits a step and the answer pushed into the leaves, so that an
 * IPv4 look-up is at most four dependent loads.
 */
#pragma once

#include <stdint.h>

#include "base/ip.h"

struct lpm;

/** What lpm_find() returns for an address that no prefix holds. */
#define LPM_NONE UINT32_MAX

/** lpm_new() - an empty table. NULL when memory is short. */
struct lpm *lpm_new(void);

/** lpm_free() - NULL is fine. */
void lpm_free(struct lpm *lpm);

/**
 * lpm_add() - let a prefix answer @value.
 * @prefix: later and longer prefixes win; the same prefix again replaces
 * @value: below 2^31
 *
 * Return: 0, -ENOMEM, -WEIR_ERANGE for a value too large.
 */
WEIR_CHECK int lpm_add(struct lpm *lpm, const struct prefix *prefix, uint32_t value);

/** lpm_find() - value of the longest prefix around @ip, or LPM_NONE. Any thread. */
uint32_t lpm_find(const struct lpm *lpm, const struct ip *ip);
