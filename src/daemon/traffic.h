/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traffic: the tally's rows in, traffic of the own networks and the heaviest addresses out.
 *
 * For people who look at the status, of the last GAUGE_WINDOW_S whole seconds; nothing is decided
 * by it. Networks are exact but for what their rows lack (prefix rows that found no room, ages in
 * steps of 8 s); the heaviest addresses are found as daemon/heavy.h says. Flows that exporters
 * report afterwards count only as far as they fall into these seconds, so where they are many all
 * rates are lower bounds; the share of what was older is told. Memory is taken at open, and at a
 * reload for its networks. Control thread.
 */
#pragma once

#include <stdint.h>

#include "config/config.h"
#include "control/status.h"
#include "model/tally.h"

/** Networks whose traffic is told: the first of the configuration. */
#define TRAFFIC_NETWORKS 1024

struct traffic;

/** traffic_new() - for the networks of @config, borrowed until traffic_reload(). NULL: no memory. */
struct traffic *traffic_new(const struct config *config, uint64_t seed);

/** traffic_free() - NULL is fine. */
void traffic_free(struct traffic *traffic);

/** traffic_reload() - begin anew with other networks; when memory is short none is told of. */
void traffic_reload(struct traffic *traffic, const struct config *config);

/** traffic_observe() - rows of one shard and tick; borrowed for the call. */
void traffic_observe(struct traffic *traffic, const struct tally_set *set);

/** traffic_tick() - all rows up to @now_ns are in. */
void traffic_tick(struct traffic *traffic, uint64_t now_ns);

/** traffic_fill() - fill in networks and top; valid until the next call. */
void traffic_fill(struct traffic *traffic, struct status_view *view);
