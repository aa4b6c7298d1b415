/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * weir_parse: a frame in, the fields that rules look at out. For weir.bpf.c alone.
 *
 * In two steps, so that what goes to nobody's address costs only the first: up
 * to the IP header, and behind it. Spec: RFC 791, RFC 8200 section 4, RFC 4302,
 * RFC 6946 (an atomic fragment is none), IEEE 802.1Q.
 */
#pragma once

#define TYPE_IPV4   0x0800
#define TYPE_IPV6   0x86dd
#define TYPE_VLAN   0x8100
#define TYPE_VLAN_S 0x88a8
#define TYPE_NONE   0x10000

#define FRAGMENT       0xfff9 /* an atomic one, which is whole, has none of these bits */
#define FRAGMENT_LATER 0xfff8 /* not the first */

/* Where the second step goes on. */
struct packet {
	__u32 src[4]; /* as on the wire; IPv4 in the first */
	__u32 dst[4];
	__u32 dst_host; /* IPv4's, in host order */
	__u32 header;   /* bytes of the IP header, then up to the transport's */
	__u32 odd;      /* what else is to be counted; 0: nothing */
	__u16 length;   /* IP's total */
	__u16 sport;
	__u16 dport;
	__u8 proto;
	__u8 ttl;
	__u8 flags;
	__u8 v6;
	__u8 l4;
	__u16 fragment; /* as IPv6 has it: offset / 8 << 3, and bit 0: more come */
};

struct vlan_tag {
	__be16 tci;
	__be16 type;
};

/* Up to two VLAN tags. Return: the Ethernet type, or TYPE_NONE when the frame ends before it. */
static __always_inline __u32 skip_ethernet(void **at, const void *end)
{
	const struct ethhdr *ethernet = *at;

	if ((const void *)(ethernet + 1) > end)
		return TYPE_NONE;
	__u32 type = bpf_ntohs(ethernet->h_proto);
	*at += sizeof(*ethernet);
#pragma unroll
	for (int i = 0; i < 2; i++) {
		const struct vlan_tag *tag = *at;
		if (type != TYPE_VLAN && type != TYPE_VLAN_S)
			break;
		if ((const void *)(tag + 1) > end)
			return TYPE_NONE;
		type = bpf_ntohs(tag->type);
		*at += sizeof(*tag);
	}
	return type;
}

/* More than the first buffer holds is looked for only when it is needed. */
static __always_inline bool has_all(struct xdp_md *ctx, const void *ip, const void *end,
				    __u32 length)
{
	if (ip + length <= end)
		return true;
	return bpf_xdp_get_buff_len(ctx) >= (__u64)(ip - (void *)(long)ctx->data) + length;
}

/* Return: FILTER_VERDICTS when all is well, or why not. */
static __always_inline __u32 read_v4(struct xdp_md *ctx, const void *at, const void *end,
				     struct packet *p)
{
	const struct iphdr *ip = at;

	if ((const void *)(ip + 1) > end)
		return FILTER_BAD_SHORT;
	if (ip->version != 4)
		return FILTER_BAD_VERSION;
	p->header = ip->ihl * 4;
	p->length = bpf_ntohs(ip->tot_len);
	if (p->header < sizeof(*ip))
		return FILTER_BAD_HEADER;
	if (p->length < p->header)
		return FILTER_BAD_LENGTH;
	if (!has_all(ctx, at, end, p->length))
		return FILTER_BAD_TRUNCATED;
	p->src[0] = ip->saddr;
	p->dst[0] = ip->daddr;
	p->dst_host = bpf_ntohl(ip->daddr);
	p->proto = ip->protocol;
	p->ttl = ip->ttl;
	__u16 fragment = bpf_ntohs(ip->frag_off);
	p->fragment = (__u16)(fragment << 3) | (fragment >> 13 & 1);
	return FILTER_VERDICTS;
}

/* As read_v4(). A jumbogram says 0: it is then as long as its header. */
static __always_inline __u32 read_v6(struct xdp_md *ctx, const void *at, const void *end,
				     struct packet *p)
{
	const struct ipv6hdr *ip = at;

	if ((const void *)(ip + 1) > end)
		return FILTER_BAD_SHORT;
	if (ip->version != 6)
		return FILTER_BAD_VERSION;
	__u32 length = bpf_ntohs(ip->payload_len) + (__u32)sizeof(*ip);
	if (!has_all(ctx, at, end, length))
		return FILTER_BAD_TRUNCATED;
	p->header = sizeof(*ip);
	p->length = length > 65535 ? 65535 : length;
	__builtin_memcpy(p->src, &ip->saddr, 16);
	__builtin_memcpy(p->dst, &ip->daddr, 16);
	p->proto = ip->nexthdr;
	p->ttl = ip->hop_limit;
	p->v6 = 1;
	return FILTER_VERDICTS;
}

struct extension {
	__u8 next;
	__u8 len;
	__be16 offset; /* of a fragment, and whether more come */
};

/* How an extension header says its length: ((len & mask) + plus) << shift; 0: it is none. */
struct extension_kind {
	__u8 shift;
	__u8 plus;
	__u8 mask;
	__u8 is_fragment; /* 0xff: it is */
};

/* WHY: a table, as branches on the protocol would multiply what the verifier has to look at. */
static const struct extension_kind kinds[256] = {
	[IPPROTO_HOPOPTS] = { 3, 1, 255, 0 },  [IPPROTO_ROUTING] = { 3, 1, 255, 0 },
	[IPPROTO_DSTOPTS] = { 3, 1, 255, 0 },  [IPPROTO_MH] = { 3, 1, 255, 0 },
	[IPPROTO_FRAGMENT] = { 3, 1, 0, 255 }, [IPPROTO_AH] = { 2, 2, 255, 0 },
};

/* Follows the chain; p->proto is then the first header that is none of it. */
static __always_inline void skip_extensions(const void *ip, const void *end, struct packet *p)
{
	__u32 at = sizeof(struct ipv6hdr);
	__u32 proto = p->proto;

	for (int i = 0; i < FILTER_EXTENSIONS + 1; i++) {
		const struct extension *e = ip + (at & 0x7fff);
		const struct extension_kind *kind = &kinds[proto & 255];
		if (!kind->shift || (p->fragment & FRAGMENT_LATER))
			break;
		if (i == FILTER_EXTENSIONS) {
			p->odd = FILTER_LONG_CHAIN;
			break;
		}
		if ((const void *)(e + 2) > end || at + 8 > p->length) {
			p->odd = FILTER_SHORT_EXTENSION;
			break;
		}
		p->fragment |= bpf_ntohs(e->offset) & (kind->is_fragment << 8 | kind->is_fragment);
		at += ((e->len & kind->mask) + kind->plus) << (kind->shift & 3);
		proto = e->next;
	}
	p->proto = (__u8)proto;
	p->header = at;
}

/* Ports, flags, type and code, where the transport's header is whole. */
static __always_inline void read_l4(const void *ip, const void *end, struct packet *p)
{
	const __u8 *at = ip + (p->header & 0x7fff);
	bool tcp = p->proto == IPPROTO_TCP;
	bool udp = p->proto == IPPROTO_UDP;

	if (p->odd || (p->fragment & FRAGMENT_LATER) ||
	    (!tcp && !udp && p->proto != (p->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP)))
		return;
	if ((const void *)(at + 8) > end || p->header + (tcp ? 20U : 8U) > p->length ||
	    (tcp && (const void *)(at + 20) > end)) {
		p->odd = FILTER_SHORT_L4;
		return;
	}
	p->sport = bpf_ntohs(*(const __be16 *)at);
	p->dport = bpf_ntohs(*(const __be16 *)(at + 2));
	p->l4 = 1;
	if (tcp && (const void *)(at + 20) <= end)
		p->flags = at[13];
	if (!tcp && !udp) {
		p->dport = p->sport;
		p->sport = 0;
	}
}

/* Neighbour discovery comes from this link: nobody further away can have a hop limit of 255. */
static __always_inline bool is_neighbour(const struct packet *p)
{
	return p->v6 && p->l4 && p->proto == IPPROTO_ICMPV6 && !(p->fragment & FRAGMENT) &&
	       p->ttl == 255 && p->dport >= 133 << 8 && p->dport <= 137 << 8 && !(p->dport & 255);
}
