/* SPDX-License-Identifier: Apache-2.0 */
/* bogon: by the first bytes. */
#include "detect/learned/bogon.h"

bool bogon_is(const struct ip *ip)
{
	if (!ip_is_v4(ip)) {
		bool global = (ip->b[0] & 0xe0) == 0x20;
		bool unique_local = (ip->b[0] & 0xfe) == 0xfc;
		bool link_local = ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
		return !global && !unique_local && !link_local;
	}
	return ip->b[12] == 0 || ip->b[12] == 127 || ip->b[12] >= 224 ||
	       (ip->b[12] == 169 && ip->b[13] == 254);
}
