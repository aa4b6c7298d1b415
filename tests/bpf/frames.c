/* SPDX-License-Identifier: Apache-2.0 */
/* frames: a description in, the bytes of a packet out. */
#include "frames.h"

#include <netinet/in.h>
#include <string.h>

#include "check.h"

struct writer {
	uint8_t *at;
	size_t len;
};

static void put8(struct writer *w, unsigned value)
{
	w->at[w->len++] = (uint8_t)value;
}

static void put16(struct writer *w, unsigned value)
{
	put8(w, value >> 8);
	put8(w, value);
}

static void put_bytes(struct writer *w, const uint8_t *bytes, size_t len)
{
	memcpy(w->at + w->len, bytes, len);
	w->len += len;
}

static void put_ethernet(struct writer *w, const struct frame_spec *s)
{
	for (int i = 0; i < 12; i++)
		put8(w, 0x20U + (unsigned)i);
	for (unsigned i = 0; i < s->tags; i++) {
		put16(w, i ? 0x8100 : 0x88a8);
		put16(w, 100 + i);
	}
	put16(w, ip_is_v4(&s->dst) ? 0x0800 : 0x86dd);
}

static void put_v4(struct writer *w, const struct frame_spec *s)
{
	put8(w, 0x45U + s->options);
	put8(w, 0);
	put16(w, 0); /* length: below */
	put16(w, 7);
	put16(w, (s->fragment & 1U) << 13 | s->fragment >> 1);
	put8(w, s->ttl);
	put8(w, s->proto);
	put16(w, 0);
	put_bytes(w, s->src.b + 12, 4);
	put_bytes(w, s->dst.b + 12, 4);
	for (int i = 0; i < s->options * 4; i++)
		put8(w, 1);
}

static void put_extension(struct writer *w, unsigned which, unsigned next, unsigned words)
{
	size_t size = which == IPPROTO_AH ? (words + 2) * 4 : (words + 1) * 8;

	put8(w, next);
	put8(w, words);
	for (size_t i = 2; i < size; i++)
		put8(w, 0);
}

static void put_v6(struct writer *w, const struct frame_spec *s)
{
	bool fragment = s->fragment || s->atomic;
	unsigned last = fragment ? IPPROTO_FRAGMENT : s->proto;

	put8(w, 0x60);
	put8(w, 0);
	put16(w, 0);
	put16(w, 0); /* length: below */
	put8(w, s->chain_len ? s->chain[0] : last);
	put8(w, s->ttl);
	put_bytes(w, s->src.b, 16);
	put_bytes(w, s->dst.b, 16);
	for (unsigned i = 0; i < s->chain_len; i++)
		put_extension(w, s->chain[i], i + 1 < s->chain_len ? s->chain[i + 1] : last,
			      s->chain_words);
	if (fragment) {
		put8(w, s->proto);
		put8(w, 0);
		put16(w, (s->fragment & 0xfffeU) << 2 | (s->fragment & 1U));
		put16(w, 0);
		put16(w, 7);
	}
}

static void put_transport(struct writer *w, const struct frame_spec *s)
{
	put16(w, s->proto == IPPROTO_ICMP || s->proto == IPPROTO_ICMPV6 ? s->dport : s->sport);
	put16(w, s->proto == IPPROTO_ICMP || s->proto == IPPROTO_ICMPV6 ? 0 : s->dport);
	put16(w, 0);
	put16(w, 0);
	if (s->proto != IPPROTO_TCP)
		return;
	put16(w, 0);
	put16(w, 0);
	put8(w, 0x50);
	put8(w, s->flags);
	for (int i = 0; i < 6; i++)
		put8(w, 0);
}

size_t frame_make(const struct frame_spec *s, uint8_t *frame)
{
	struct writer w = { .at = frame };
	bool v4 = ip_is_v4(&s->dst);

	put_ethernet(&w, s);
	size_t ip = w.len;
	if (v4)
		put_v4(&w, s);
	else
		put_v6(&w, s);
	put_transport(&w, s);
	while (w.len - ip < s->length && w.len < FRAME_MAX)
		put8(&w, 0xaa);
	size_t length = w.len - ip - (v4 ? 0 : 40);
	frame[ip + (v4 ? 2 : 4)] = (uint8_t)(length >> 8);
	frame[ip + (v4 ? 3 : 5)] = (uint8_t)length;
	return w.len;
}

struct ip ip_of(const char *text)
{
	struct ip ip = { 0 };

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

struct prefix prefix_of(const char *text)
{
	struct prefix prefix = { 0 };

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}
