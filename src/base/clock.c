/* SPDX-License-Identifier: Apache-2.0 */
/* clock: system clocks in, nanoseconds and RFC 3339 text out. Any thread. */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t clock_mono_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* Steady time less monotonic time; 0 before the first use. */
static _Atomic uint64_t anchor_ns;

static uint64_t anchor_get(void)
{
	uint64_t anchor = atomic_load_explicit(&anchor_ns, memory_order_relaxed);

	if (anchor)
		return anchor;
	uint64_t first = clock_wall_ns() - clock_mono_ns();
	/* Whoever is first decides for all threads; a loser finds the winner's in `anchor`. */
	return atomic_compare_exchange_strong(&anchor_ns, &anchor, first) ? first : anchor;
}

uint64_t clock_steady_ns(void)
{
	return clock_mono_ns() + anchor_get();
}

uint64_t clock_anchor_next(uint64_t anchor, uint64_t wall_ns, uint64_t mono_ns,
			   int64_t *ret_step_ns)
{
	int64_t step = (int64_t)(wall_ns - (mono_ns + anchor));

	*ret_step_ns = step > -(int64_t)NS_PER_S && step < (int64_t)NS_PER_S ? 0 : step;
	return step > 0 ? anchor + (uint64_t)step : anchor;
}

int64_t clock_steady_follow(void)
{
	int64_t step;
	uint64_t anchor = clock_anchor_next(anchor_get(), clock_wall_ns(), clock_mono_ns(), &step);

	atomic_store_explicit(&anchor_ns, anchor, memory_order_relaxed);
	return step;
}

uint64_t clock_cpu_ns(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/*
 * Days since 1970-01-01 to a civil date, for the Gregorian calendar: own
 * arithmetic because gmtime_r() costs ten times as much for each flow line.
 */
static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
	days += 719468; /* 0000-03-01 */
	int64_t era = days / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

static char *put_digits(char *at, unsigned value, int width)
{
	for (int i = width - 1; i >= 0; i--) {
		at[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return at + width;
}

char *time_format(uint64_t time_ns, char *text)
{
	uint64_t s = time_ns / NS_PER_S;
	unsigned in_day = (unsigned)(s % 86400);
	int year;
	int month;
	int day;

	civil_from_days((int64_t)(s / 86400), &year, &month, &day);
	char *at = put_digits(text, (unsigned)year, 4);
	*at++ = '-';
	at = put_digits(at, (unsigned)month, 2);
	*at++ = '-';
	at = put_digits(at, (unsigned)day, 2);
	*at++ = 'T';
	at = put_digits(at, in_day / 3600, 2);
	*at++ = ':';
	at = put_digits(at, in_day / 60 % 60, 2);
	*at++ = ':';
	at = put_digits(at, in_day % 60, 2);
	*at++ = '.';
	at = put_digits(at, (unsigned)(time_ns % NS_PER_S / NS_PER_US), 6);
	memcpy(at, "Z", 2);
	return text;
}

static uint64_t parse_fraction(const char **text)
{
	uint64_t scale = NS_PER_S / 10;
	uint64_t ns = 0;

	if (**text == '.') {
		(*text)++;
		for (; **text >= '0' && **text <= '9'; (*text)++) {
			ns += (uint64_t)(**text - '0') * scale;
			scale /= 10;
		}
	}
	return ns;
}

static int parse_offset(const char *text, int64_t *ret_seconds)
{
	int hours;
	int minutes;
	int used = 0;

	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
		*ret_seconds = 0;
		return 0;
	}
	/* sscanf() would take blanks and a second sign where the digits should be. */
	if ((*text != '+' && *text != '-') || strspn(text + 1, "0123456789:") != strlen(text + 1))
		return -WEIR_ESYNTAX;
	if (sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || text[1 + used])
		return -WEIR_ESYNTAX;
	*ret_seconds = (*text == '-' ? -1 : 1) * (hours * INT64_C(3600) + minutes * INT64_C(60));
	return 0;
}

int time_parse(const char *text, uint64_t *ret_ns)
{
	struct tm tm = { 0 };
	int64_t offset;
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!rest)
		return -WEIR_ESYNTAX;
	uint64_t fraction = parse_fraction(&rest);
	int err = parse_offset(rest, &offset);
	if (err)
		return err;
	int64_t seconds = (int64_t)timegm(&tm) - offset;
	if (seconds < 0)
		return -WEIR_ERANGE;
	*ret_ns = (uint64_t)seconds * NS_PER_S + fraction;
	return 0;
}
