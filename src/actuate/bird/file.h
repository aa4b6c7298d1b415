/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file: routes in, the text of the file that BIRD includes out.
 *
 * The same routes give the same bytes. The file carries its own name, a number
 * made of its contents, as a constant that BIRD can be asked for: so it is known
 * which file is loaded, also after either of the two was restarted. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "actuate/bgp/attributes.h"
#include "actuate/bgp/routes.h"
#include "base/text.h"

/** Bytes of a file's number in hexadecimal and its terminating zero. */
#define BIRD_SET_MAX 17

/** What is the same in all files of one actuator. */
struct bird_style {
	struct ip next_hop_v4; /**< of blackholes; zero: BIRD's own */
	struct ip next_hop_v6;
	uint32_t communities[BGP_COMMUNITIES_MAX]; /**< of blackholes */
	size_t community_count;
	bool flowspec; /**< with the two protocols of rules */
};

/** How two files differ, in routes. */
struct bird_change {
	uint64_t added;
	uint64_t removed;
	uint64_t kept;
};

/** bird_protocol() - the name of the protocol that holds routes of a kind: "weir_rtbh4". Static. */
const char *bird_protocol(enum bgp_kind kind);

/**
 * bird_file_write() - append the whole file.
 * @ret_set: its number, in BIRD_SET_MAX bytes
 *
 * Look at @out->failed.
 */
void bird_file_write(const struct bird_style *style, const struct bgp_routes *routes,
		     struct text *out, char *ret_set);

/**
 * bird_file_held() - which of the routes, with their actions, stand in a file.
 * @ret_held: for each route
 *
 * Return: 0, -ENOMEM.
 */
WEIR_CHECK int bird_file_held(const struct bird_style *style, const struct bgp_routes *routes,
			      const struct text *file, bool *ret_held);

/** bird_file_compare() - lines of routes in two files, either may be empty. Return: 0, -ENOMEM. */
WEIR_CHECK int bird_file_compare(const struct text *before, const struct text *after,
				 struct bird_change *ret_change);
