/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse: numbers and quantities as people write them, and back.
 *
 * "10Gbps", "5kpps", "60s", "1:1000", "30d", "16MiB" in; plain integers out.
 * The one place that turns text into numbers: the C library's own functions
 * accept too much (spaces, signs, trailing text). Any thread; no allocation.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** What a quantity measures; decides which units are accepted. */
enum quantity {
	QUANTITY_COUNT,    /**< plain number, k/M/G */
	QUANTITY_PPS,      /**< packets per second: 5k, 5kpps */
	QUANTITY_BPS,      /**< bits per second: 10G, 10Gbps */
	QUANTITY_FPS,      /**< flows per second: 3k, 3kfps */
	QUANTITY_DURATION, /**< nanoseconds: 500ms, 60s, 5m, 1h, 30d */
	QUANTITY_BYTES,    /**< bytes: 64k, 16MiB, 1GB */
	QUANTITY_RATIO,    /**< sampling 1:N, gives N */
	QUANTITY_PERCENT,  /**< 50%, gives 50 */
	QUANTITY_FACTOR,   /**< 2, 1.5: gives thousandths */
	QUANTITY_OFTEN,    /**< 1/day, 2/hour: gives thousandths of a time a day */
	QUANTITY_KINDS
};

/**
 * parse_u64() - a decimal number, digits only.
 * @text: zero-terminated
 * @ret_value: untouched on failure
 *
 * Return: 0; -WEIR_ESYNTAX when there is anything but digits, -WEIR_ERANGE above 64 bits.
 */
WEIR_CHECK int parse_u64(const char *text, uint64_t *ret_value);

/**
 * parse_quantity() - a number with its unit ("1.5Gbps").
 * @text: zero-terminated; a fraction is allowed where the result is whole
 * @kind: what is expected
 * @ret_value: in the base unit of @kind; untouched on failure
 *
 * Return: 0; -WEIR_ESYNTAX for no number or half a base unit, -WEIR_EUNIT for
 * a unit of another kind, -WEIR_ERANGE for a value that does not fit.
 */
WEIR_CHECK int parse_quantity(const char *text, enum quantity kind, uint64_t *ret_value);

/** quantity_example() - a correct value of that kind, for error messages. */
const char *quantity_example(enum quantity kind);

/**
 * quantity_format() - a value as people read it: 1234567 pps is "1.23 Mpps".
 * @text: at least 32 bytes
 *
 * Return: @text.
 */
char *quantity_format(uint64_t value, enum quantity kind, char *text);
