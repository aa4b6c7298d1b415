/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text: a growing or fixed buffer of characters.
 *
 * Writers append; nobody checks after each piece: an append that does not fit
 * sets `failed`, appends nothing, and the owner looks once at the end. One
 * owner, one thread at a time.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/** Characters, always zero-terminated once something was appended. */
struct text {
	char *data;
	size_t len;
	size_t cap;
	bool grows;  /**< owns `data` on the heap and may enlarge it */
	bool failed; /**< something did not fit; `data` holds what came before */
};

/** text_fixed() - a text in a borrowed buffer that never grows. */
static inline struct text text_fixed(char *buffer, size_t cap)
{
	buffer[0] = '\0';
	return (struct text){ .data = buffer, .cap = cap };
}

/** text_heap() - an empty text that grows on the heap; release with text_done(). */
static inline struct text text_heap(void)
{
	return (struct text){ .grows = true };
}

/** text_done() - release a heap text; harmless on any other and when repeated. */
void text_done(struct text *text);

/** text_clear() - empty it, keep its memory. */
void text_clear(struct text *text);

/** text_add_n() - append @len characters. */
void text_add_n(struct text *text, const char *data, size_t len);

/** text_add() - append a zero-terminated string. */
void text_add(struct text *text, const char *string);

/** text_addf() - append as printf would. */
__attribute__((format(printf, 2, 3))) void text_addf(struct text *text, const char *format, ...);

/** text_vaddf() - text_addf() for a va_list. */
__attribute__((format(printf, 2, 0))) void text_vaddf(struct text *text, const char *format,
						      va_list args);

/** text_add_u64() - append a decimal number without the cost of printf. */
void text_add_u64(struct text *text, unsigned long long value);

/** text_string() - the characters as a string; "" when nothing was appended. */
static inline const char *text_string(const struct text *text)
{
	return text->data ? text->data : "";
}
