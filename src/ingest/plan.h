/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan: a template, compiled once into where each slot lies in a record.
 *
 * Template records in, plans out; by a plan, data sets become flows and
 * options data become sampling rates. A slot is read as the 8 bytes that end
 * with its field, masked to the field's length: no branch for reduced-size
 * encoding (RFC 7011, 6.2), and absent slots read as zero. That reaches up to
 * 7 bytes before the record, so **a record must have PLAN_LEAD readable bytes
 * before it**; in a datagram these are its headers.
 *
 * Fields behind a variable-length one are placed relative to its end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "ingest/element.h"
#include "ingest/message.h"
#include "ingest/record_wide.h"

/** Readable bytes that must lie before the first record given to a plan. */
#define PLAN_LEAD         8
/** Variable-length fields one template may have. */
#define PLAN_VARIABLE_MAX 64

/** Where one slot lies. */
struct plan_slot {
	uint64_t mask; /**< of the value's bytes; 0: the template has no such field */
	uint16_t end;  /**< first byte behind the field, from `base` */
	uint8_t base;  /**< 0: the record; n: the end of the nth variable field */
	uint8_t unit;  /**< enum element_unit of times */
};

/** A field that is a piece of a packet. */
struct plan_section {
	bool present;
	bool variable; /**< `field` counts variable fields; else `at` and `len` hold */
	uint8_t base;
	uint8_t field;
	uint16_t at;
	uint16_t len;
};

/** Templates whose records can be read in one go, which most are. */
enum plan_plain {
	PLAN_NOT_PLAIN,
	PLAN_PLAIN_V4,
	PLAN_PLAIN_V6,
};

/** A compiled template. */
struct plan {
	uint64_t slots; /**< bit 1 << enum slot: the template has it */
	uint32_t has;   /**< enum flow_has that every record brings */
	uint16_t len;   /**< bytes of a record; without the contents of variable fields */
	uint16_t tail;  /**< bytes behind the last variable field; all of them if there is none */
	bool options;   /**< describes options data */
	uint8_t plain;  /**< enum plan_plain */
	bool v6_first;  /**< has addresses of both families, IPv6 before IPv4 */
	uint8_t variables;               /**< variable-length fields */
	uint16_t gap[PLAN_VARIABLE_MAX]; /**< bytes before each of them, from the one before */
	struct plan_section frame;       /**< link-layer frame */
	struct plan_section ip_packet;   /**< from the IP header on */
	struct plan_slot slot[SLOT_COUNT];
	struct wide_plan wide;
};

/** A template record as it stands in a datagram. */
struct template_spec {
	uint16_t id;
	uint16_t fields;    /**< field specifiers, scopes included */
	uint16_t scopes;    /**< so many of them, the first ones, are scopes */
	bool options;       /**< an options template */
	struct bytes specs; /**< the field specifiers and nothing else */
};

/** The template has this slot. */
static inline bool plan_has(const struct plan *plan, enum slot slot)
{
	return plan->slots >> slot & 1;
}

/**
 * plan_compile() - make a plan of a template record.
 * @form: how the protocol writes templates
 * @spec: its `specs` must be `fields` whole specifiers
 * @ret_plan: written in full
 *
 * Return: 0; -WEIR_ERANGE for a template no record can follow: of length zero, longer than a
 * set, or with more than PLAN_VARIABLE_MAX variable fields. @ret_plan is spoilt then.
 */
WEIR_CHECK int plan_compile(const struct message_form *form, const struct template_spec *spec,
			    struct plan *ret_plan);

/**
 * plan_decode() - records of one data set, by their plan.
 * @records: the set without its header; PLAN_LEAD bytes before it are readable
 *
 * Flows go to the batch, options data to the exporter. What is left at the end and is no
 * record is counted unless it is padding.
 *
 * Return: records read, of both kinds.
 */
unsigned plan_decode(struct message *message, const struct plan *plan, struct bytes records);
