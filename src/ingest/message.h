/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message: one NetFlow v9 or IPFIX datagram on its way through the template engine.
 *
 * A decoder reads its header into a struct message; message_sets() walks the
 * sets, hands templates to ingest/template.h and data to their plans. The two
 * protocols differ in set ids and in how a template record is written, which
 * struct message_form describes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "ingest/stamp.h"
#include "ingest/state.h"

/** What is written differently in the two protocols. */
struct message_form {
	uint16_t template_set; /**< set id of templates */
	uint16_t options_set;  /**< set id of options templates */
	bool scope_types;      /**< scopes are the five types of RFC 3954, 6.1, lengths in bytes */
	bool enterprise;       /**< the top bit of an element number announces an enterprise */
	bool zero_fill;        /**< datagrams may be filled up with zeros */
	bool withdrawal;       /**< a template without fields takes one back (RFC 7011, 8.1) */
};

/** One datagram; lives for the length of a decode call. */
struct message {
	struct decode_state *state;
	struct exporter *exporter;
	const struct datagram *datagram; /**< sender, ports, time of receipt */
	const struct message_form *form;
	struct stamp_base base; /**< times of the header */
	int flows;              /**< data records given on, held ones included */
	uint32_t units;         /**< data and options records of this datagram itself */
	uint32_t options;       /**< of those, options records */
	bool repeated;          /**< it came before: its templates are read, its data are not */
	bool incomplete;        /**< some of it could not be read, so `units` is too low */
};

/** message_count() - count something that could not be used for the exporter. */
static inline void message_count(struct message *message, enum reason reason)
{
	message->exporter->stats.undecodable[reason]++;
	message->incomplete = true;
}

/**
 * message_sets() - decode all sets of a message.
 * @sets: behind the header, to the end of the datagram
 * @end: where the message ends; sets that begin before it are used
 */
void message_sets(struct message *message, struct bytes sets, const uint8_t *end);
