/* SPDX-License-Identifier: Apache-2.0 */
/* bogon: an address in, whether nobody can rightly send from it over the Internet out. Pure. */
#pragma once

#include <stdbool.h>

#include "base/ip.h"

/**
 * bogon_is() - special-purpose addresses that are no sources of packets between networks.
 *
 * RFC 6890 and the IANA registries: this network, loopback, link-local, multicast, reserved, space of
 * protocols, and for IPv6 what nobody was given. Not among them is what is globally reachable, as
 * 64:ff9b::/96 and 2002::/16, and what is used inside networks: private and shared space (RFC 1918,
 * 6598, 4193), and space for benchmarks and documentation.
 */
bool bogon_is(const struct ip *ip);
