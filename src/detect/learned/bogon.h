/* SPDX-License-Identifier: Apache-2.0 */
/* bogon: an address in, whether nobody can rightly send from it over the Internet out. Pure. */
#pragma once

#include <stdbool.h>

#include "base/ip.h"

/**
 * bogon_is() - special-purpose addresses that are no sources of packets between networks.
 *
 * RFC 6890 and the IANA registries: this network, loopback, link-local, multicast, reserved, and
 * for IPv6 all outside 2000::/3. Private and shared space (RFC 1918, 6598, 4193) and space for
 * benchmarks and documentation is not among them: inside networks it is used.
 */
bool bogon_is(const struct ip *ip);
