/* SPDX-License-Identifier: Apache-2.0 */
/* text: pieces of text in, one string out. One owner at a time. */
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_done(struct text *text)
{
	if (text->grows)
		free(text->data);
	*text = (struct text){ .grows = text->grows };
}

void text_clear(struct text *text)
{
	text->len = 0;
	text->failed = false;
	if (text->data)
		text->data[0] = '\0';
}

static bool make_room(struct text *text, size_t len)
{
	if (text->failed)
		return false;
	if (text->cap - text->len > len)
		return true;
	if (text->grows) {
		size_t cap = text->cap ? text->cap : 256;
		while (cap - text->len <= len)
			cap *= 2;
		char *data = realloc(text->data, cap);
		if (data) {
			text->data = data;
			text->cap = cap;
			return true;
		}
	}
	text->failed = true;
	return false;
}

void text_add_n(struct text *text, const char *data, size_t len)
{
	if (!make_room(text, len))
		return;
	memcpy(text->data + text->len, data, len);
	text->len += len;
	text->data[text->len] = '\0';
}

void text_add(struct text *text, const char *string)
{
	text_add_n(text, string, strlen(string));
}

void text_vaddf(struct text *text, const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	if (len >= 0 && make_room(text, (size_t)len)) {
		vsnprintf(text->data + text->len, (size_t)len + 1, format, again);
		text->len += (size_t)len;
	}
	va_end(again);
}

void text_addf(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vaddf(text, format, args);
	va_end(args);
}

void text_add_u64(struct text *text, unsigned long long value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	text_add_n(text, digits + at, sizeof(digits) - at);
}
