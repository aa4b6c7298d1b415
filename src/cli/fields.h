/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields: one field of the daemon's JSON in, a value out.
 *
 * What is absent or of another type reads as nothing (0, ""), so that pages
 * are made of whatever answered. Pure.
 */
#pragma once

#include <stdint.h>

#include <jansson.h>

/** string_at() - a string; "" without one. Borrowed from @json. */
const char *string_at(const json_t *json, const char *key);

/** count_at() - a number from 0 up. */
uint64_t count_at(const json_t *json, const char *key);

/** number_at() - any number. */
double number_at(const json_t *json, const char *key);

/** time_at() - an RFC 3339 time in nanoseconds; 0 without one. */
uint64_t time_at(const json_t *json, const char *key);

/** sum_of() - of all counts in an object. */
uint64_t sum_of(const json_t *counts);

/** sum_in() - of one count in all objects of an array. */
uint64_t sum_in(const json_t *list, const char *key);

/** detector_at() - the one of this name; NULL without, which counts as empty. */
const json_t *detector_at(const json_t *detectors, const char *name);
