/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned/bogon: each line of the IANA special-purpose registries, at both its ends. */
#include "check.h"

#include "detect/learned/bogon.h"
#include "own_space.h"

struct line {
	const char *first;
	const char *last;
	bool bogon;
};

static void check(const struct line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct ip first = ip_of(lines[i].first), last = ip_of(lines[i].last);
		if (bogon_is(&first) != lines[i].bogon || bogon_is(&last) != lines[i].bogon)
			fail_msg("%s to %s", lines[i].first, lines[i].last);
	}
}

static void lines_of_the_ipv4_registry_are_told(void **state)
{
	static const struct line lines[] = {
		{ "0.0.0.0", "0.255.255.255", true },
		{ "1.0.0.0", "9.255.255.255", false },
		{ "10.0.0.0", "10.255.255.255", false },
		{ "100.64.0.0", "100.127.255.255", false },
		{ "126.255.255.255", "128.0.0.0", false },
		{ "127.0.0.0", "127.255.255.255", true },
		{ "169.253.255.255", "169.255.0.0", false },
		{ "169.254.0.0", "169.254.255.255", true },
		{ "172.16.0.0", "172.31.255.255", false },
		{ "191.255.255.255", "192.0.1.0", false },
		{ "192.0.0.0", "192.0.0.10", false },
		{ "192.0.0.11", "192.0.0.169", true },
		{ "192.0.0.170", "192.0.0.171", true },
		{ "192.0.0.172", "192.0.0.255", true },
		{ "192.0.2.0", "192.0.2.255", false },
		{ "192.31.196.0", "192.31.196.255", false },
		{ "192.52.193.0", "192.52.193.255", false },
		{ "192.88.99.0", "192.88.99.255", false },
		{ "192.168.0.0", "192.168.255.255", false },
		{ "192.175.48.0", "192.175.48.255", false },
		{ "198.18.0.0", "198.19.255.255", false },
		{ "198.51.100.0", "198.51.100.255", false },
		{ "203.0.113.0", "223.255.255.255", false },
		{ "224.0.0.0", "239.255.255.255", true },
		{ "240.0.0.0", "255.255.255.255", true },
	};

	(void)state;
	check(lines, sizeof(lines) / sizeof(lines[0]));
}

static void lines_of_the_ipv6_registry_are_told(void **state)
{
	static const struct line lines[] = {
		{ "::", "::1", true },
		{ "64:ff9b::", "64:ff9b::ffff:ffff", false },
		{ "64:ff9b::1:0:0", "64:ff9b:0:ffff::", true },
		{ "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", false },
		{ "64:ff9b:2::", "64:ffff::", true },
		{ "100::", "100::ffff:ffff:ffff:ffff", true },
		{ "100:0:0:1::", "1fff:ffff::", true },
		{ "2000::", "2000:ffff::", false },
		{ "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", false },
		{ "2001:1::1", "2001:1::3", false },
		{ "2001:1::", "2001:1::4", true },
		{ "2001:1::5", "2001:1:ffff::", true },
		{ "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", false },
		{ "2001:2:1::", "2001:2:ffff::", true },
		{ "2001:3::", "2001:3:ffff::", false },
		{ "2001:4:112::", "2001:4:112:ffff::", false },
		{ "2001:10::", "2001:1f:ffff::", true },
		{ "2001:20::", "2001:3f:ffff::", false },
		{ "2001:40::", "2001:1ff:ffff::", true },
		{ "2001:200::", "2001:db8::1", false },
		{ "2002::", "2002:ffff::", false },
		{ "2620:4f:8000::", "2620:4f:8000:ffff::", false },
		{ "3fff::", "3fff:ffff::", false },
		{ "4000::", "5eff:ffff::", true },
		{ "5f00::", "5f00:ffff::", false },
		{ "5f01::", "fbff:ffff::", true },
		{ "fc00::", "fdff:ffff::", false },
		{ "fe00::", "fe7f:ffff::", true },
		{ "fe80::1", "febf:ffff::", true },
		{ "fec0::", "feff:ffff::", true },
		{ "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
	};

	(void)state;
	check(lines, sizeof(lines) / sizeof(lines[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_the_ipv4_registry_are_told),
		cmocka_unit_test(lines_of_the_ipv6_registry_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
