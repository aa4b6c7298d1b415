/* SPDX-License-Identifier: Apache-2.0 */
/* span: pieces of text to numbers, times and addresses; without a copy where that is possible. */
#include "ingest/flowlog/span.h"

#include "base/clock.h"

/** Times from here on are in milliseconds: as seconds it would be the year 5138. */
#define MILLISECONDS_FROM 100000000000U

bool span_u64(struct span span, uint64_t most, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (span.len == 0 || span.len > 20)
		return false;
	for (size_t i = 0; i < span.len; i++) {
		unsigned digit = (unsigned char)span.at[i] - '0';
		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value > most)
		return false;
	*ret_value = value;
	return true;
}

/* As inet_pton(): four numbers, none with more than three digits or a leading zero. */
static bool ip_of_v4(struct span span, struct ip *ret_ip)
{
	uint8_t v4[4];
	size_t at = 0;

	for (unsigned part = 0; part < 4; part++) {
		size_t begin = at;
		unsigned value = 0;
		while (at < span.len && at - begin < 3 && (unsigned char)(span.at[at] - '0') <= 9)
			value = value * 10 + (unsigned char)(span.at[at++] - '0');
		bool zeros = at - begin > 1 && span.at[begin] == '0';
		if (at == begin || value > 255 || zeros)
			return false;
		v4[part] = (uint8_t)value;
		if (part < 3 && (at == span.len || span.at[at++] != '.'))
			return false;
	}
	if (at != span.len)
		return false;
	*ret_ip = ip_from_v4(v4);
	return true;
}

bool span_ip(struct span span, struct ip *ret_ip)
{
	char text[IP_TEXT_MAX];

	if (span.len == 0 || span.len >= sizeof(text))
		return false;
	if (!memchr(span.at, ':', span.len))
		return ip_of_v4(span, ret_ip);
	memcpy(text, span.at, span.len);
	text[span.len] = '\0';
	return ip_parse(text, ret_ip) == 0;
}

bool span_time(struct span span, uint64_t *ret_ns)
{
	uint64_t value;

	if (!span_u64(span, UINT64_MAX / NS_PER_S * 1000, &value))
		return false;
	if (value < MILLISECONDS_FROM)
		*ret_ns = value * NS_PER_S;
	else if (value <= UINT64_MAX / NS_PER_MS)
		*ret_ns = value * NS_PER_MS;
	else
		return false;
	return true;
}

struct span span_cut(struct span *rest, char separator)
{
	const char *found = rest->len ? memchr(rest->at, separator, rest->len) : NULL;
	struct span piece = { rest->at, found ? (size_t)(found - rest->at) : rest->len };
	size_t gone = piece.len + (found != NULL);

	rest->at += gone;
	rest->len -= gone;
	return piece;
}
