/* SPDX-License-Identifier: Apache-2.0 */
/*
 * held: data sets that arrived before their template.
 *
 * Kept in the order of arrival in one ring of bytes, each with what its own
 * datagram's header said, so that times and senders are right when the
 * template comes. Bounded by bytes, by count and by age; the oldest are given
 * up first and counted for their exporter as REASON_NO_TEMPLATE. All memory is
 * taken at open.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ingest/message.h"
#include "ingest/plan.h"

/** Data sets waiting at once. */
#define HELD_SETS    1024
/** Data older than this are given up; routers repeat templates at least so often. */
#define HELD_AGE_NS  (1800 * 1000000000ULL)
/** What waited longer is no traffic of now any more: flow.late. */
#define HELD_LATE_NS (1 * 1000000000ULL)

struct held;

/** held_new() - room for @bytes of data sets. Return: NULL when memory is short. */
struct held *held_new(size_t bytes);

/** held_free() - NULL is fine. */
void held_free(struct held *held);

/** held_put() - keep a data set; without room for it, it is counted as given up. */
void held_put(struct held *held, const struct message *message, uint16_t id, struct bytes records);

/**
 * held_decode() - decode what waits for a template of this exporter, oldest first.
 * @any_port: data of all source ports, else only of the message's own
 *
 * Adds to the message's flows.
 */
void held_decode(struct held *held, struct message *message, uint16_t id, const struct plan *plan,
		 bool any_port);

/** held_expire() - give up what is older than HELD_AGE_NS at @now_ns; UINT64_MAX: all. */
void held_expire(struct held *held, uint64_t now_ns);
