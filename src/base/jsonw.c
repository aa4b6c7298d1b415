/* SPDX-License-Identifier: Apache-2.0 */
/* jsonw: values in, JSON text out (RFC 8259). One owner at a time. */
#include "base/jsonw.h"

#include <assert.h>
#include <math.h>

#include "base/clock.h"

static void put_escaped(struct text *out, const char *string);

static void before_value(struct jsonw *w, const char *key)
{
	if (w->comma)
		text_add_n(w->out, ",", 1);
	w->comma = true;
	if (key) {
		put_escaped(w->out, key);
		text_add_n(w->out, ":", 1);
	}
}

/* Length of the valid UTF-8 sequence at @p (RFC 3629), 0 if there is none. */
static size_t utf8_length(const unsigned char *p)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

static void put_escaped(struct text *out, const char *string)
{
	const unsigned char *p = (const unsigned char *)string;

	text_add_n(out, "\"", 1);
	while (*p) {
		size_t len = utf8_length(p);
		if (len == 0) {
			text_add(out, "\xef\xbf\xbd");
			p++;
			continue;
		}
		if (*p == '"' || *p == '\\')
			text_addf(out, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			text_addf(out, "\\u%04x", *p);
		else
			text_add_n(out, (const char *)p, len);
		p += len;
	}
	text_add_n(out, "\"", 1);
}

void jsonw_object(struct jsonw *w, const char *key)
{
	before_value(w, key);
	text_add_n(w->out, "{", 1);
	w->comma = false;
	w->depth++;
}

void jsonw_array(struct jsonw *w, const char *key)
{
	before_value(w, key);
	text_add_n(w->out, "[", 1);
	w->comma = false;
	w->depth++;
}

static void close_with(struct jsonw *w, const char *bracket)
{
	assert(w->depth > 0);
	text_add_n(w->out, bracket, 1);
	w->comma = true;
	w->depth--;
}

void jsonw_object_end(struct jsonw *w)
{
	close_with(w, "}");
}

void jsonw_array_end(struct jsonw *w)
{
	close_with(w, "]");
}

void jsonw_string(struct jsonw *w, const char *key, const char *value)
{
	if (!value) {
		jsonw_null(w, key);
		return;
	}
	before_value(w, key);
	put_escaped(w->out, value);
}

void jsonw_u64(struct jsonw *w, const char *key, uint64_t value)
{
	before_value(w, key);
	text_add_u64(w->out, value);
}

void jsonw_i64(struct jsonw *w, const char *key, int64_t value)
{
	before_value(w, key);
	if (value < 0)
		text_add_n(w->out, "-", 1);
	text_add_u64(w->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void jsonw_number(struct jsonw *w, const char *key, double value)
{
	if (!isfinite(value)) {
		jsonw_null(w, key);
		return;
	}
	before_value(w, key);
	text_addf(w->out, "%.6g", value);
}

void jsonw_bool(struct jsonw *w, const char *key, bool value)
{
	before_value(w, key);
	text_add(w->out, value ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
	before_value(w, key);
	text_add_n(w->out, "null", 4);
}

/* Times and addresses hold no character that needs escaping. */
static void put_plain(struct jsonw *w, const char *key, const char *plain)
{
	before_value(w, key);
	text_add_n(w->out, "\"", 1);
	text_add(w->out, plain);
	text_add_n(w->out, "\"", 1);
}

void jsonw_time(struct jsonw *w, const char *key, uint64_t time_ns)
{
	char text[TIME_TEXT_MAX];

	put_plain(w, key, time_format(time_ns, text));
}

void jsonw_ip(struct jsonw *w, const char *key, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	put_plain(w, key, ip_format(ip, text));
}

void jsonw_prefix(struct jsonw *w, const char *key, const struct prefix *prefix)
{
	char text[IP_TEXT_MAX];

	put_plain(w, key, prefix_format(prefix, text));
}

void jsonw_raw(struct jsonw *w, const char *key, const char *json)
{
	before_value(w, key);
	text_add(w->out, json);
}
