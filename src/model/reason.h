/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reason: why something received was not turned into a flow.
 *
 * Hostile or broken input makes a counter, by reason and exporter, never a log
 * line. The names are part of the output ("undecodable" in the summary).
 */
#pragma once

/** Reasons, for datagrams and for parts of them. */
enum reason {
	REASON_NO_DECODER,    /**< datagram that no decoder recognises */
	REASON_SHORT,         /**< datagram or packet ends inside a header or record */
	REASON_LENGTH,        /**< a length field that contradicts its surroundings */
	REASON_COUNT,         /**< a record count that contradicts the length */
	REASON_VERSION,       /**< a version or type that is not known */
	REASON_TEMPLATE_BAD,  /**< a template that cannot be used */
	REASON_TEMPLATE_FULL, /**< no room for another template */
	REASON_NO_TEMPLATE,   /**< data given up while waiting for their template */
	REASON_EXPORTER_FULL, /**< no room for another exporter */
	REASON_NOT_ALLOWED,   /**< exporter not on the configured allow-list */
	REASON_NOT_IP,        /**< sampled packet that carries no IP */
	REASON_LINK_TYPE,     /**< capture or sample of an unknown link type */
	REASON_FIELD,         /**< record without the fields a flow needs */
	REASON_FRAGMENT,      /**< fragment of an exporter's datagram, in a capture */
	REASON_VALUE,         /**< text that is no number, time or address where one should be */
	REASON_SYNTAX,        /**< text that is no JSON where it should be */
	REASON_DEPTH,         /**< JSON with too many brackets inside each other */
	REASON_COUNT_OF
};

/** reason_name() - the name used in output, as "no-template". Never NULL. */
const char *reason_name(enum reason reason);
