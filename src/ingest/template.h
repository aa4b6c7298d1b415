/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template: the one template engine below NetFlow v9 and IPFIX.
 *
 * Template records in; compiled plans of copies, and by them flows out. Also
 * keeps, within limits, the data sets that arrive before their template
 * (RFC 7011, section 8; RFC 3954, section 5.1).
 *
 * A template belongs to (protocol, exporter address, observation domain, id).
 * The source port is not part of that: routers send templates and data from
 * different ports. Only when another port of the same address defines the
 * same id differently does that port get a template of its own, which is
 * then preferred for its data.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ingest/message.h"
#include "ingest/plan.h"

/** A template unused for so long makes room for another when the table is full. */
#define TEMPLATE_IDLE_NS (1800 * 1000000000ULL)

struct template_table;

/**
 * template_table_new() - room for @templates templates and @held_bytes of waiting data.
 * @state: borrowed until template_table_free(); its seed is read, later its senders
 */
struct template_table *template_table_new(const struct decode_state *state, size_t templates,
					  size_t held_bytes);

/** template_table_free() - NULL is fine. */
void template_table_free(struct template_table *table);

/**
 * template_define() - learn a template, and decode the data that waited for it.
 * @spec: its `specs` hold as many field specifiers as it says
 *
 * Repeating a known definition changes nothing. What cannot be learnt is counted.
 */
void template_define(struct message *message, const struct template_spec *spec);

/** template_withdraw() - forget the template @id of this exporter (RFC 7011, 8.1). */
void template_withdraw(struct message *message, uint16_t id);

/** template_withdraw_all() - forget this exporter's templates, or its options templates. */
void template_withdraw_all(struct message *message, bool options);

/** template_forget() - the exporter's entry goes to another: forget all its templates. */
void template_forget(struct template_table *table, const struct exporter *exporter);

/**
 * template_data() - decode a data set by its template, or hold it until that comes.
 * @records: the set without its header; inside the datagram
 */
void template_data(struct message *message, uint16_t id, struct bytes records);

/**
 * template_give_up() - stop waiting: all held data are counted as lost, by exporter.
 *
 * To be called at the end of a recorded input, so that the counters tell all.
 */
void template_give_up(struct template_table *table);
