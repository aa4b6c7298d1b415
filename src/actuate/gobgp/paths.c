/* SPDX-License-Identifier: Apache-2.0 */
/* paths: see paths.h. */
#include "actuate/gobgp/paths.h"

#include <string.h>

#include "base/hash.h"

enum attribute {
	A_ORIGIN = 1,
	A_NEXT_HOP = 3,
	A_COMMUNITIES = 8,
	A_MP_REACH = 14,
	A_EXT_COMMUNITIES = 16,
};

#define OPTIONAL   0x80
#define TRANSITIVE 0x40
#define LONG       0x10 /* two bytes of length */

int path_afi(enum bgp_kind kind)
{
	return kind == BGP_RTBH4 || kind == BGP_FLOW4 ? 1 : 2;
}

int path_safi(enum bgp_kind kind)
{
	return kind == BGP_RTBH4 || kind == BGP_RTBH6 ? 1 : 133;
}

/* Begin an attribute whose value has so many bytes. Return: where the value goes. */
static uint8_t *add(struct path_attributes *all, unsigned flags, enum attribute type, size_t len)
{
	struct path_attribute *one = &all->list[all->count++];

	one->data[0] = (uint8_t)flags;
	one->data[1] = (uint8_t)type;
	one->data[2] = (uint8_t)len;
	one->len = len + 3;
	return one->data + 3;
}

static void put_u32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Of rules it is 0.0.0.0: GoBGP wants one, and sends none (RFC 8955, 4). */
static void add_next_hop(struct path_attributes *all, const struct ip *next_hop)
{
	uint8_t *at = add(all, TRANSITIVE, A_NEXT_HOP, 4);

	if (next_hop)
		memcpy(at, &next_hop->b[12], 4);
	else
		memset(at, 0, 4);
}

/* RFC 4760, 3. */
static void add_mp_reach(struct path_attributes *all, const struct ip *next_hop,
			 const struct bgp_route *route)
{
	uint8_t *at = add(all, OPTIONAL, A_MP_REACH, 21U + route->nlri_len);

	at[0] = 0;
	at[1] = (uint8_t)path_afi(route->kind);
	at[2] = (uint8_t)path_safi(route->kind);
	at[3] = 16;
	memcpy(at + 4, next_hop->b, 16);
	at[20] = 0;
	memcpy(at + 21, route->nlri, route->nlri_len);
}

static void add_communities(struct path_attributes *all, const struct path_style *style)
{
	if (style->community_count == 0)
		return;
	uint8_t *at = add(all, OPTIONAL | TRANSITIVE, A_COMMUNITIES, style->community_count * 4);
	for (size_t i = 0; i < style->community_count; i++)
		put_u32(at + i * 4, style->communities[i]);
}

static void add_actions(struct path_attributes *all, const struct plan_rule *rule)
{
	uint64_t actions[BGP_ACTIONS_MAX];
	size_t count = bgp_actions(rule, actions);
	uint8_t *at = add(all, OPTIONAL | TRANSITIVE, A_EXT_COMMUNITIES, count * 8);

	for (size_t i = 0; i < count; i++) {
		put_u32(at + i * 8, (uint32_t)(actions[i] >> 32));
		put_u32(at + i * 8 + 4, (uint32_t)actions[i]);
	}
}

void path_attributes_of(const struct path_style *style, const struct bgp_route *route,
			struct path_attributes *ret)
{
	ret->count = 0;
	*add(ret, TRANSITIVE, A_ORIGIN, 1) = 0; /* IGP */
	if (route->kind == BGP_RTBH6)
		add_mp_reach(ret, &style->next_hop_v6, route);
	else
		add_next_hop(ret, route->kind == BGP_RTBH4 ? &style->next_hop_v4 : NULL);
	if (route->kind == BGP_RTBH4 || route->kind == BGP_RTBH6)
		add_communities(ret, style);
	else
		add_actions(ret, &route->rule);
}

/* What of an attribute counts; NULL: nothing. */
static const uint8_t *what_counts(enum bgp_kind kind, enum attribute type, const uint8_t *value,
				  size_t *len)
{
	bool blackhole = kind == BGP_RTBH4 || kind == BGP_RTBH6;

	if (type == A_COMMUNITIES || type == A_EXT_COMMUNITIES || (type == A_NEXT_HOP && blackhole))
		return value;
	if (type != A_MP_REACH || !blackhole || *len < 4 || *len < 4U + value[3])
		return NULL;
	*len = value[3];
	return value + 4;
}

uint64_t path_sum(uint64_t sum, enum bgp_kind kind, const uint8_t *attribute, size_t len)
{
	size_t head = len && attribute[0] & LONG ? 4 : 3;

	if (len < head)
		return sum;
	size_t value_len = len - head;
	const uint8_t *value =
		what_counts(kind, (enum attribute)attribute[1], attribute + head, &value_len);
	return value ? sum + hash_bytes(value, value_len, attribute[1]) : sum;
}
