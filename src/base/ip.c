/* SPDX-License-Identifier: Apache-2.0 */
/* ip: text to address and back, prefixes (RFC 4291, RFC 5952). Any thread. */
#include "base/ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "base/parse.h"

char *ip_format(const struct ip *ip, char *text)
{
	if (ip_is_v4(ip))
		(void)inet_ntop(AF_INET, &ip->b[12], text, IP_TEXT_MAX);
	else
		(void)inet_ntop(AF_INET6, ip->b, text, IP_TEXT_MAX);
	return text;
}

int ip_parse(const char *text, struct ip *ret_ip)
{
	uint8_t v4[4];
	struct ip ip;

	if (inet_pton(AF_INET, text, v4) == 1) {
		*ret_ip = ip_from_v4(v4);
		return 0;
	}
	if (inet_pton(AF_INET6, text, ip.b) != 1)
		return -WEIR_ESYNTAX;
	*ret_ip = ip;
	return 0;
}

static bool host_bits_clear(const struct prefix *prefix)
{
	for (unsigned i = prefix->len; i < 128; i++) {
		if (prefix->ip.b[i / 8] & (0x80U >> (i % 8)))
			return false;
	}
	return true;
}

int prefix_parse(const char *text, struct prefix *ret_prefix)
{
	char host[IP_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t host_len = slash ? (size_t)(slash - text) : strlen(text);
	struct prefix prefix;
	uint64_t len;

	if (host_len >= sizeof(host))
		return -WEIR_ESYNTAX;
	memcpy(host, text, host_len);
	host[host_len] = '\0';
	if (ip_parse(host, &prefix.ip))
		return -WEIR_ESYNTAX;
	unsigned bits = ip_is_v4(&prefix.ip) ? 32 : 128;
	len = bits;
	if (slash && parse_u64(slash + 1, &len))
		return -WEIR_ESYNTAX;
	/* Some read 010 as eight. */
	if (slash && slash[1] == '0' && slash[2])
		return -WEIR_ESYNTAX;
	/* The length may be meant of 32 bits or of 128. */
	if (len > bits || (slash && bits == 32 && strchr(host, ':')))
		return -WEIR_ERANGE;
	prefix.len = (uint8_t)(128 - bits + len);
	if (!host_bits_clear(&prefix))
		return -EINVAL;
	*ret_prefix = prefix;
	return 0;
}

char *prefix_format(const struct prefix *prefix, char *text)
{
	bool v4 = prefix_is_v4(prefix);

	ip_format(&prefix->ip, text);
	size_t used = strlen(text);
	snprintf(text + used, IP_TEXT_MAX - used, "/%u", v4 ? prefix->len - 96U : prefix->len);
	return text;
}

struct prefix prefix_of_host(const struct ip *ip)
{
	return (struct prefix){ .ip = *ip, .len = 128 };
}

bool prefix_has_ip(const struct prefix *prefix, const struct ip *ip)
{
	unsigned whole = prefix->len / 8;
	unsigned rest = prefix->len % 8;

	if (memcmp(prefix->ip.b, ip->b, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	uint8_t mask = (uint8_t)(0xff00U >> rest);
	return ((prefix->ip.b[whole] ^ ip->b[whole]) & mask) == 0;
}

bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	return a->len <= b->len ? prefix_has_ip(a, &b->ip) : prefix_has_ip(b, &a->ip);
}

bool prefix_is_v4(const struct prefix *prefix)
{
	return prefix->len >= 96 && ip_is_v4(&prefix->ip);
}
