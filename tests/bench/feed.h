/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed: what the generator's records tell: which host, which peer, how long ago.
 *
 * Every own host has its turn once before any has it again, in shuffled order; or
 * hosts are drawn by Zipf's law, the busiest of them spread over the whole space. The
 * order is made before sending, so that a record costs a few instructions. The
 * same options give the same hosts in the same order. Routers do not all see the same
 * hosts: these are dealt to groups, and an exporter tells of one group's. One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define FEED_GROUPS_MAX 256

/** What one record tells; ages are counted back from its export. */
struct sight {
	uint32_t src;
	uint32_t dst;
	uint32_t begin_age_ms;
	uint32_t end_age_ms;
	uint16_t sport;
};

/** What to tell. Addresses in host order. */
struct feed_options {
	uint32_t own;               /**< the first own host */
	uint32_t hosts;             /**< how many there are */
	uint32_t peers;             /**< outside addresses, a power of two */
	uint32_t zipf;              /**< draw hosts by Zipf's law */
	uint32_t groups;            /**< hosts are dealt to so many; 0 is 1 */
	uint32_t outbound_percent;  /**< records from own hosts to outside */
	uint32_t long_percent;      /**< records that lasted `active_timeout_ms` */
	uint32_t active_timeout_ms; /**< duration of long records */
	uint64_t seed;
};

/** Hosts that some exporters tell of. */
struct feed_group {
	const uint32_t *order; /* as offsets, in the order of their turns */
	size_t len;
	size_t at;
};

/** State; start with feed_open(). */
struct feed {
	struct feed_options options;
	struct feed_group group[FEED_GROUPS_MAX];
	uint32_t *order; /* of all groups, one behind the other */
	uint64_t random;
	uint32_t outbound_below; /* of 2^16 */
	uint32_t long_below;
};

/**
 * feed_open() - make the order of hosts, in each group.
 *
 * Return: 0, -ENOMEM, or -EINVAL for more groups than hosts; release with feed_close().
 */
WEIR_CHECK int feed_open(struct feed *feed, const struct feed_options *options);

/** feed_close() - release the order. */
void feed_close(struct feed *feed);

/** feed_next() - the next @count records of hosts in group @group. */
void feed_next(struct feed *feed, uint32_t group, struct sight *sights, unsigned count);
