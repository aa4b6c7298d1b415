/* SPDX-License-Identifier: Apache-2.0 */
/* lines: words in, labelled lines out. */
#include "model/lines.h"

#include <string.h>

#include "base/clock.h"
#include "base/parse.h"

/* Of a label, with the blanks before and behind it. */
#define INDENT 14

void lines_label(struct text *out, const char *label)
{
	text_addf(out, "    %-10s", label);
}

void lines_wrapped(struct text *out, const char *label, const char *words)
{
	size_t at = INDENT;

	lines_label(out, label);
	while (*words) {
		size_t len = strcspn(words, " ");
		if (at > INDENT && at + 1 + len > LINES_WIDTH) {
			text_add(out, "\n");
			lines_label(out, "");
			at = INDENT;
		} else if (at > INDENT) {
			text_add(out, " ");
			at++;
		}
		text_add_n(out, words, len);
		at += len;
		words += len + (words[len] == ' ');
	}
	text_add(out, "\n");
}

void lines_time(struct text *out, uint64_t time_ns)
{
	char rfc3339[TIME_TEXT_MAX];

	time_format(time_ns, rfc3339);
	text_addf(out, "%.10s %.8s UTC", rfc3339, rfc3339 + 11);
}

void lines_duration(struct text *out, uint64_t from_ns, uint64_t to_ns)
{
	char words[32];

	text_add(out,
		 quantity_format(to_ns > from_ns ? to_ns - from_ns : 0, QUANTITY_DURATION, words));
}
