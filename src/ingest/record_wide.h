/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_wide: records of fixed layout in, the plain fields of flows out, 16 bytes at a time.
 *
 * Where the processor can put 16 bytes in any order at once, a template becomes a
 * short list of such orders: each makes 16 bytes of struct flow of 16 bytes of
 * the record. That only moves bytes; what has to be worked out (times,
 * direction, ICMP) is left to ingest/record.c. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/flow.h"

/** Places in struct flow that are filled 16 bytes at once. */
#define WIDE_PLACES 7

/** Where 16 bytes of a flow come from. */
struct wide_order {
	uint16_t from;     /**< first of 16 bytes of the record */
	uint8_t order[16]; /**< which of them goes where; 0x80: none */
};

/** A template as orders; `first` alone where `twice` is not set, else both are ored. */
struct wide_plan {
	bool usable; /**< by this processor too */
	bool twice;
	struct wide_order first[WIDE_PLACES];
	struct wide_order second[WIDE_PLACES];
};

struct plan;

/** wide_compile() - make orders of a plan that is else complete; not usable if it is not plain. */
void wide_compile(const struct plan *plan, struct wide_plan *ret_wide);

/**
 * wide_read() - the fields of records that lie one behind the other.
 * @pattern: what else flows have; zero where records say it
 * @len: of a record; at least 16
 * @flows: written in full but for start_ns, end_ns and the cold part
 */
void wide_read(const struct wide_plan *wide, const struct flow *pattern, const uint8_t *at,
	       uint16_t len, struct flow *flows, unsigned count);
