/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: one data record in work, between record.c and record_rate.c.
 *
 * A record lies where its plan's slots say, from the bases that were measured
 * for it; see ingest/plan.h. Pure.
 */
#pragma once

#include "ingest/plan.h"

/** The bit of a slot in plan.slots. */
#define SLOT_BIT(slot) (1ULL << (slot))

/** Where the parts of one record begin. */
struct places {
	const uint8_t *base[PLAN_VARIABLE_MAX + 1]; /**< the record; ends of variable fields */
	const uint8_t *field[PLAN_VARIABLE_MAX];    /**< contents of variable fields */
	uint16_t field_len[PLAN_VARIABLE_MAX];
};

/** One record in work. */
struct record {
	const struct plan *plan;
	const struct places *places;
};

/** As field_end(), of a record without variable fields. */
static inline const uint8_t *plain_end(const struct plan *plan, const uint8_t *record,
				       enum slot slot)
{
	return record + plan->slot[slot].end;
}

/** As value(), of a record without variable fields. */
static inline uint64_t plain_value(const struct plan *plan, const uint8_t *record, enum slot slot)
{
	return be64_at(plain_end(plan, record, slot) - 8) & plan->slot[slot].mask;
}

/** First byte behind a slot's field. */
static inline const uint8_t *field_end(const struct record *r, enum slot slot)
{
	const struct plan_slot *s = &r->plan->slot[slot];

	return r->places->base[s->base] + s->end;
}

/** A slot's number; 0 if the template has no such field. */
static inline uint64_t value(const struct record *r, enum slot slot)
{
	return be64_at(field_end(r, slot) - 8) & r->plan->slot[slot].mask;
}

/** plan_names_rate() - may its records name a sampling rate? */
static inline bool plan_names_rate(const struct plan *plan)
{
	return plan->slots &
	       (SLOT_BIT(SLOT_INTERVAL) | SLOT_BIT(SLOT_RANDOM_INTERVAL) |
		SLOT_BIT(SLOT_PACKET_INTERVAL) | SLOT_BIT(SLOT_SIZE) | SLOT_BIT(SLOT_PROBABILITY));
}

/**
 * record_flow_rate() - the sampling rate to count a record by.
 * @flow: made of it
 *
 * What it names itself, else that of the sampler it names, else of its interface, else of the
 * only sampler. Return: 0 if that tells nothing.
 */
uint32_t record_flow_rate(const struct record *r, struct exporter *exporter,
			  const struct flow *flow, enum sampling_source *ret_source);

/** record_options() - learn from a record of options data. */
void record_options(struct message *message, const struct record *r);
