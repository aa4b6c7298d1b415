/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nlri: what a route matches in, the bytes that BGP carries for it out.
 *
 * The bytes are the route's identity: they sort, they tell doubles, and GoBGP
 * takes and gives them as they are. Pure; any thread.
 */
#pragma once

#include <stdint.h>

#include "actuate/bgp/route.h"

/**
 * bgp_nlri_unicast() - length in bits and the bytes of a prefix (RFC 4271, 4.3).
 * @ret_nlri: at least BGP_NLRI_MAX bytes
 *
 * Return: bytes written.
 */
uint8_t bgp_nlri_unicast(const struct prefix *prefix, uint8_t *ret_nlri);

/**
 * bgp_nlri_flow() - length and components in order of their types (RFC 8955, 4; RFC 8956, 3).
 * @v6: of IPv6
 * @ret_nlri: at least BGP_NLRI_MAX bytes
 *
 * Return: bytes written.
 */
uint8_t bgp_nlri_flow(const struct plan_rule *rule, bool v6, uint8_t *ret_nlri);
