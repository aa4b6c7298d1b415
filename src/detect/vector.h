/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vector: counts by class and the heaviest ports in, names of attack vectors out.
 *
 * A table of (class, protocol, port) rows; a new vector is one more line. What
 * no row of a port claims goes to the general row of its class. Pure; any
 * thread; no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/finding.h"
#include "model/sample.h"
#include "model/tally.h"

/**
 * vector_find() - name a single kind of traffic.
 * @class: enum traffic_class
 * @proto: IP protocol; 0 if unknown
 * @sport: source port if that says what it is, else 0
 * @dport: destination port likewise
 *
 * Return: a static string, at most VECTOR_NAME_MAX with its end; never NULL.
 */
const char *vector_find(enum traffic_class class, uint8_t proto, uint16_t sport, uint16_t dport);

/** What a sample alone says about being part of an attack. */
enum vector_certainty {
	VECTOR_GENERAL, /**< nothing: honest traffic looks like that too */
	VECTOR_LIKELY,  /**< honest hosts get little of it */
	VECTOR_CERTAIN, /**< so much of it is always an attack */
};

/** Most rows of the table. */
#define VECTOR_ROWS 96

/** The vector that a sample belongs to. */
struct vector_match {
	uint8_t row; /**< number of the table's row, below VECTOR_ROWS */
	uint8_t certainty;
	const char *name; /**< static */
};

/** vector_match() - name what a sample is part of, if it is part of an attack. */
struct vector_match vector_match(const struct sample *sample);

/**
 * vector_shares() - name every vector that makes up at least a tenth, largest first.
 * @by_class: what was counted
 * @classes: bits 1 << enum traffic_class of those that matter; shares add up to 1 over them
 * @by_bytes: shares of the bytes instead of the packets
 * @detail: the ports; NULL gives the general names of the classes
 * @ret_vectors: filled from the front, at most FINDING_VECTORS
 *
 * Return: number of vectors.
 */
unsigned vector_shares(const struct tally_count by_class[static CLASS_COUNT], uint32_t classes,
		       bool by_bytes, const struct tally_detail *detail,
		       struct vector_share ret_vectors[static FINDING_VECTORS]);
