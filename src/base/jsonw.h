/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonw: writes JSON (RFC 8259) onto a text, one value after the other.
 *
 * Keeps the commas, escapes strings, and gives the same bytes for the same
 * values on every machine; a fixed text means no allocation. The caller keeps
 * objects and arrays balanced (asserted). A NULL key writes an array element.
 * Reading JSON is jansson's business (ADR 0008). One owner at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/text.h"

/** A writer; start with jsonw_on(). */
struct jsonw {
	struct text *out;
	bool comma;
	int depth;
};

/** A writer that appends to @out, which is borrowed. */
static inline struct jsonw jsonw_on(struct text *out)
{
	return (struct jsonw){ .out = out };
}

/** jsonw_object() - open an object as value of @key. */
void jsonw_object(struct jsonw *w, const char *key);
/** jsonw_array() - open an array as value of @key. */
void jsonw_array(struct jsonw *w, const char *key);
/** jsonw_object_end() - close the innermost object. */
void jsonw_object_end(struct jsonw *w);
/** jsonw_array_end() - close the innermost array. */
void jsonw_array_end(struct jsonw *w);

/** jsonw_string() - a string; bytes that are not UTF-8 become U+FFFD. NULL writes null. */
void jsonw_string(struct jsonw *w, const char *key, const char *value);
/** jsonw_u64() - an unsigned integer. */
void jsonw_u64(struct jsonw *w, const char *key, uint64_t value);
/** jsonw_i64() - a signed integer. */
void jsonw_i64(struct jsonw *w, const char *key, int64_t value);
/** jsonw_number() - a fraction, shortest form that reads back within 6 digits; not finite: null. */
void jsonw_number(struct jsonw *w, const char *key, double value);
/** jsonw_bool() - true or false. */
void jsonw_bool(struct jsonw *w, const char *key, bool value);
/** jsonw_null() - null. */
void jsonw_null(struct jsonw *w, const char *key);
/** jsonw_time() - a time as RFC 3339 string with microseconds. */
void jsonw_time(struct jsonw *w, const char *key, uint64_t time_ns);
/** jsonw_ip() - an address as string. */
void jsonw_ip(struct jsonw *w, const char *key, const struct ip *ip);
/** jsonw_prefix() - a prefix as string. */
void jsonw_prefix(struct jsonw *w, const char *key, const struct prefix *prefix);
/** jsonw_raw() - JSON text that was already written elsewhere. */
void jsonw_raw(struct jsonw *w, const char *key, const char *json);
