/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock: the only place that asks the system for the time, and time as text.
 *
 * Rooms never call these two readers themselves: `now` is always a parameter,
 * so that a replay sees the clock of its input. All times are nanoseconds
 * since the Unix epoch in a uint64_t. Any thread.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S  1000000000ULL

/** Bytes of "2026-11-22T14:05:06.123456Z" and its terminating zero. */
#define TIME_TEXT_MAX 32

/** clock_wall_ns() - now, wall clock (follows NTP steps). */
uint64_t clock_wall_ns(void);

/** clock_mono_ns() - a clock that never jumps, for intervals and ticks. */
uint64_t clock_mono_ns(void);

/**
 * clock_steady_ns() - the wall clock as rooms see it: it never goes back and never stands still.
 *
 * Runs with the monotonic clock from where the wall clock was at the first call. All threads
 * that stamp what rooms compare must use this one.
 */
uint64_t clock_steady_ns(void);

/**
 * clock_steady_follow() - let the steady clock follow a wall clock that was set forward.
 *
 * One thread calls it about once a second. A wall clock that was set back is not followed:
 * the steady clock runs on, ahead of it. Return: what the wall clock is ahead (positive, followed
 * now) or behind (negative); a difference below one second is 0.
 */
int64_t clock_steady_follow(void);

/**
 * clock_anchor_next() - the rule behind clock_steady_follow(), without any clock.
 * @anchor_ns: steady = monotonic + anchor
 * @ret_step_ns: as the result of clock_steady_follow()
 *
 * Return: the new anchor.
 */
uint64_t clock_anchor_next(uint64_t anchor_ns, uint64_t wall_ns, uint64_t mono_ns,
			   int64_t *ret_step_ns);

/** clock_cpu_ns() - processor time of the calling thread, for measuring. */
uint64_t clock_cpu_ns(void);

/**
 * time_format() - RFC 3339 in UTC with microseconds.
 * @text: at least TIME_TEXT_MAX bytes
 *
 * Return: @text.
 */
char *time_format(uint64_t time_ns, char *text);

/**
 * time_parse() - RFC 3339 ("2026-11-22T14:05:06.5Z", offsets allowed) to nanoseconds.
 * @ret_ns: untouched on failure
 *
 * Return: 0, -WEIR_ESYNTAX or -WEIR_ERANGE (before 1970).
 */
WEIR_CHECK int time_parse(const char *text, uint64_t *ret_ns);
