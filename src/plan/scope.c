/* SPDX-License-Identifier: Apache-2.0 */
/* scope: the targets of an incident in, whose samples are looked at and what rules are about out. */
#include "plan/maker.h"

/* Bits that STOCK_SIDE pieces stand for. */
#define PIECES 4

/* The longest prefix that all of the list lie in. */
static struct prefix around(const struct prefix *list, unsigned count)
{
	struct prefix all = list[0];

	for (unsigned i = 1; i < count; i++) {
		while (all.len && (list[i].len < all.len || !prefix_has_ip(&all, &list[i].ip))) {
			all.len--;
			all.ip.b[all.len / 8] &= (uint8_t)(0xff00 >> (all.len % 8));
		}
	}
	return all;
}

static void add_side(struct prefix *side, uint8_t *count, const struct prefix *list, unsigned n)
{
	for (unsigned i = 0; i < n && *count < STOCK_SIDE; i++)
		side[(*count)++] = list[i];
}

/* What is larger than the floor allows is taken in pieces of that size, as far as there is room. */
static void add_pieces(const struct prefix *whole, uint8_t floor, struct stock_scope *scope)
{
	struct prefix piece = *whole;

	piece.len = whole->len > floor ? whole->len : floor;
	unsigned pieces = 1U << (piece.len - whole->len);

	for (unsigned n = 0; n < pieces && n < STOCK_SIDE; n++) {
		for (unsigned bit = whole->len; bit < piece.len; bit++) {
			uint8_t mask = (uint8_t)(0x80 >> bit % 8);
			bool set = n >> (piece.len - 1 - bit) & 1;
			piece.ip.b[bit / 8] = (uint8_t)(set ? piece.ip.b[bit / 8] | mask
							    : piece.ip.b[bit / 8] & ~mask);
		}
		add_side(scope->own, &scope->own_count, &piece, 1);
	}
	if (pieces > STOCK_SIDE)
		scope->share *= (float)STOCK_SIDE / (float)pieces;
}

/* Ours under attack: the prefix around them if it is not too large, else each of them. */
static void scope_inbound(const struct incident *incident, const struct maker_limits *limits,
			  struct stock_scope *scope)
{
	const struct prefix host = { .ip = incident->host,
				     .len = incident->host_len ? incident->host_len : 128 };
	unsigned count = incident->target_count;

	if (count == 0) {
		add_side(scope->own, &scope->own_count, &host, 1);
		return;
	}
	struct prefix all = around(incident->targets, count);
	uint8_t floor = prefix_is_v4(&all) ? limits->floor_v4 : limits->floor_v6;
	bool one = all.len >= floor;
	for (unsigned i = 0; i < (one ? 1 : count); i++) {
		const struct prefix *whole = one ? &all : &incident->targets[i];
		if (whole->len + 16 >= floor)
			add_pieces(whole, floor, scope);
	}
}

bool maker_scope(const struct incident *incident, const struct maker_limits *limits,
		 struct stock_scope *ret_scope)
{
	struct stock_scope scope = { .direction = incident->direction, .share = 1 };

	if (incident->direction != DIRECTION_OUTBOUND) {
		scope_inbound(incident, limits, &scope);
	} else if (incident->kind == KIND_SPOOFED_EGRESS) {
		return false;
	} else {
		add_side(scope.peer, &scope.peer_count, incident->targets, incident->target_count);
		if (incident->kind != KIND_CAMPAIGN) {
			const struct prefix host = { .ip = incident->host,
						     .len = incident->host_len ? incident->host_len
									       : 128 };
			add_side(scope.own, &scope.own_count, &host, 1);
		}
	}
	*ret_scope = scope;
	return scope.own_count || scope.peer_count;
}

/* Do the prefixes fill at least half of @all? */
static bool fill(const struct stock_scope *scope, const struct prefix *all)
{
	double filled = 0;

	for (unsigned i = 0; i < scope->own_count; i++)
		filled += 1 / (double)(1ULL << (scope->own[i].len - all->len));
	return filled >= 0.5;
}

struct prefix maker_around(const struct stock_scope *scope)
{
	const struct prefix none = { .len = 128 };

	if (scope->direction == DIRECTION_OUTBOUND || scope->own_count == 0)
		return none;
	struct prefix all = around(scope->own, scope->own_count);
	return all.len + 32 > 128 && all.len < 128 && fill(scope, &all) ? all : none;
}

void maker_lead(const struct maker_limits *limits, unsigned bits, struct stock_scope *scope)
{
	struct prefix all = maker_around(scope);
	uint8_t floor = prefix_is_v4(&all) ? limits->floor_v4 : limits->floor_v6;
	uint8_t least = 128;

	for (size_t i = 0; i < limits->own_count; i++) {
		if (prefix_has_ip(&limits->own[i], &all.ip) && limits->own[i].len < least)
			least = limits->own[i].len;
	}
	for (; bits && all.len > least && all.len + PIECES > floor; bits--) {
		all.len--;
		all.ip.b[all.len / 8] &= (uint8_t)(0xff00 >> (all.len % 8));
	}
	scope->own_count = 0;
	scope->share = 1;
	add_pieces(&all, floor, scope);
}
