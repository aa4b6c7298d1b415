/* SPDX-License-Identifier: Apache-2.0 */
/* parse: quantities in text to integers and back. Any thread; no allocation. */
#include "base/parse.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *suffix;
	double factor;
};

static const struct unit units_count[] = {
	{ "", 1 }, { "k", 1e3 }, { "M", 1e6 }, { "G", 1e9 }, { NULL, 0 },
};

static const struct unit units_pps[] = {
	{ "pps", 1 }, { "kpps", 1e3 }, { "Mpps", 1e6 }, { "Gpps", 1e9 }, { "", 1 },
	{ "k", 1e3 }, { "M", 1e6 },    { "G", 1e9 },    { NULL, 0 },
};

static const struct unit units_bps[] = {
	{ "bps", 1 },     { "kbps", 1e3 }, { "Mbps", 1e6 }, { "Gbps", 1e9 },
	{ "Tbps", 1e12 }, { "", 1 },       { "k", 1e3 },    { "M", 1e6 },
	{ "G", 1e9 },     { "T", 1e12 },   { NULL, 0 },
};

static const struct unit units_fps[] = {
	{ "fps", 1 }, { "kfps", 1e3 }, { "Mfps", 1e6 }, { "", 1 },
	{ "k", 1e3 }, { "M", 1e6 },    { NULL, 0 },
};

static const struct unit units_duration[] = {
	{ "s", 1e9 },    { "ms", 1e6 },   { "us", 1e3 },    { "ns", 1 },       { "m", 60e9 },
	{ "min", 60e9 }, { "h", 3600e9 }, { "d", 86400e9 }, { "w", 604800e9 }, { NULL, 0 },
};

static const struct unit units_bytes[] = {
	{ "B", 1 },        { "kB", 1e3 },        { "MB", 1e6 },           { "GB", 1e9 },
	{ "KiB", 1024.0 }, { "MiB", 1048576.0 }, { "GiB", 1073741824.0 }, { "", 1 },
	{ "k", 1024.0 },   { "M", 1048576.0 },   { "G", 1073741824.0 },   { NULL, 0 },
};

static const struct unit units_percent[] = { { "%", 1 }, { NULL, 0 } };

static const struct unit units_factor[] = { { "", 1e3 }, { "x", 1e3 }, { NULL, 0 } };

static const struct unit units_often[] = {
	{ "/day", 1e3 },
	{ "/hour", 24e3 },
	{ NULL, 0 },
};

static const struct {
	const struct unit *units;
	const char *example;
} kinds[QUANTITY_KINDS] = {
	[QUANTITY_COUNT] = { units_count, "100, 5k" },
	[QUANTITY_PPS] = { units_pps, "5kpps" },
	[QUANTITY_BPS] = { units_bps, "10Gbps" },
	[QUANTITY_FPS] = { units_fps, "3kfps" },
	[QUANTITY_DURATION] = { units_duration, "60s, 5m, 500ms" },
	[QUANTITY_BYTES] = { units_bytes, "16MiB" },
	[QUANTITY_RATIO] = { NULL, "1:1000" },
	[QUANTITY_PERCENT] = { units_percent, "50%" },
	[QUANTITY_FACTOR] = { units_factor, "2, 1.5" },
	[QUANTITY_OFTEN] = { units_often, "1/day" },
};

int parse_u64(const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (*text == '\0')
		return -WEIR_ESYNTAX;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -WEIR_ESYNTAX;
		if (__builtin_mul_overflow(value, 10U, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return -WEIR_ERANGE;
	}
	*ret_value = value;
	return 0;
}

static int parse_ratio(const char *text, uint64_t *ret_value)
{
	uint64_t n;

	if (strncmp(text, "1:", 2) != 0)
		return -WEIR_ESYNTAX;
	int err = parse_u64(text + 2, &n);
	if (err)
		return err;
	if (n == 0 || n > UINT32_MAX)
		return -WEIR_ERANGE;
	*ret_value = n;
	return 0;
}

/* Digits with at most one point; strtod would also take "inf", "0x1" and "1e9". */
static int parse_decimal(const char **text, double *ret_value)
{
	double value = 0;
	double scale = 1;
	bool point = false;
	int digits = 0;
	const char *p = *text;

	for (; (*p >= '0' && *p <= '9') || (*p == '.' && !point); p++) {
		if (*p == '.') {
			point = true;
			continue;
		}
		digits++;
		if (point)
			scale /= 10;
		value = point ? value + (*p - '0') * scale : value * 10 + (*p - '0');
	}
	if (digits == 0)
		return -WEIR_ESYNTAX;
	*text = p;
	*ret_value = value;
	return 0;
}

int parse_quantity(const char *text, enum quantity kind, uint64_t *ret_value)
{
	double number;

	if (kind == QUANTITY_RATIO)
		return parse_ratio(text, ret_value);
	int err = parse_decimal(&text, &number);
	if (err)
		return err;
	while (*text == ' ')
		text++;
	for (const struct unit *u = kinds[kind].units; u->suffix; u++) {
		if (strcmp(u->suffix, text) != 0)
			continue;
		double value = number * u->factor;
		if (value >= 0x1p63)
			return -WEIR_ERANGE;
		double whole = round(value);
		/* 0.1G is not exact in binary, but near; half a packet is not. */
		if (fabs(value - whole) > value * 1e-9)
			return -WEIR_ESYNTAX;
		*ret_value = (uint64_t)whole;
		return 0;
	}
	return -WEIR_EUNIT;
}

const char *quantity_example(enum quantity kind)
{
	return kinds[kind].example;
}

static char *scaled_format(double value, const char *unit, char *text)
{
	static const char *const steps[] = { "", "k", "M", "G", "T", "P" };
	size_t step = 0;

	while (value >= 999.5 && step + 1 < sizeof(steps) / sizeof(steps[0])) {
		value /= 1000;
		step++;
	}
	int decimals = step == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
	const char *gap = *steps[step] || *unit ? " " : "";
	snprintf(text, 32, "%.*f%s%s%s", decimals, value, gap, steps[step], unit);
	return text;
}

static char *duration_format(uint64_t ns, char *text)
{
	uint64_t s = ns / 1000000000;

	if (s < 10)
		snprintf(text, 32, "%.1f s", (double)ns / 1e9);
	else if (s < 120)
		snprintf(text, 32, "%" PRIu64 " s", s);
	else if (s < 7200)
		snprintf(text, 32, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else if (s < 172800)
		snprintf(text, 32, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s % 3600 / 60);
	else
		snprintf(text, 32, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s % 86400 / 3600);
	return text;
}

char *quantity_format(uint64_t value, enum quantity kind, char *text)
{
	static const char *const unit_names[QUANTITY_KINDS] = {
		[QUANTITY_COUNT] = "",     [QUANTITY_PPS] = "pps",    [QUANTITY_BPS] = "bps",
		[QUANTITY_FPS] = "fps",    [QUANTITY_DURATION] = "s", [QUANTITY_BYTES] = "B",
		[QUANTITY_RATIO] = "1:N",  [QUANTITY_PERCENT] = "%",  [QUANTITY_FACTOR] = "",
		[QUANTITY_OFTEN] = "/day",
	};

	if (kind == QUANTITY_DURATION)
		return duration_format(value, text);
	if (kind == QUANTITY_RATIO) {
		snprintf(text, 32, "1:%" PRIu64, value);
		return text;
	}
	if (kind == QUANTITY_PERCENT) {
		snprintf(text, 32, "%" PRIu64 "%%", value);
		return text;
	}
	if (kind == QUANTITY_FACTOR || kind == QUANTITY_OFTEN) {
		snprintf(text, 32, "%.4g%s", (double)value / 1000, unit_names[kind]);
		return text;
	}
	return scaled_format((double)value, unit_names[kind], text);
}
