/* SPDX-License-Identifier: Apache-2.0 */
/* problems: errors with their places in, sorted lines out. */
#include "config/problems.h"

#include <stdlib.h>
#include <string.h>

/* Names longer than this have no near neighbour among ours. */
#define NAME_MAX_COMPARED 32

void problem_add(struct problems *problems, struct config_place at, const char *format, ...)
{
	struct text sentence = text_heap();
	size_t order = problems->count++;
	va_list args;

	if (order >= PROBLEMS_MAX)
		return;
	va_start(args, format);
	text_vaddf(&sentence, format, args);
	va_end(args);
	const char *what = arena_string(problems->arena, text_string(&sentence));
	problems->short_memory |= sentence.failed || !what;
	problems->list[order] = (struct problem){ at, order, what ? what : "" };
	text_done(&sentence);
}

static int problem_compare(const void *left, const void *right)
{
	const struct problem *a = left;
	const struct problem *b = right;

	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	if (a->at.column != b->at.column)
		return a->at.column < b->at.column ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

void problems_print(struct problems *problems, struct text *out)
{
	size_t kept = problems->count < PROBLEMS_MAX ? problems->count : PROBLEMS_MAX;

	qsort(problems->list, kept, sizeof(problems->list[0]), problem_compare);
	for (size_t i = 0; i < kept; i++) {
		const struct problem *p = &problems->list[i];
		if (p->at.line)
			text_addf(out, "%s:%u:%u: %s\n", problems->file, p->at.line, p->at.column,
				  p->what);
		else
			text_addf(out, "%s: %s\n", problems->file, p->what);
	}
	if (problems->count > kept)
		text_addf(out, "%s: and %zu more errors; mend these first\n", problems->file,
			  problems->count - kept);
}

const char *quote(const char *text, char ret_quote[QUOTE_MAX])
{
	static const char more[] = "…";
	size_t len = strlen(text);

	if (len < QUOTE_MAX) {
		memcpy(ret_quote, text, len + 1);
		return ret_quote;
	}
	len = QUOTE_MAX - sizeof(more);
	/* Never cut a character in two. */
	while (len > 0 && ((unsigned char)text[len] & 0xc0U) == 0x80U)
		len--;
	memcpy(ret_quote, text, len);
	memcpy(ret_quote + len, more, sizeof(more));
	return ret_quote;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Letters to insert, drop, change or swap with the next to get from a to b. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][NAME_MAX_COMPARED + 1];
	size_t len_a = strlen(a);
	size_t len_b = strlen(b);

	if (len_a > NAME_MAX_COMPARED || len_b > NAME_MAX_COMPARED)
		return NAME_MAX_COMPARED;
	for (unsigned j = 0; j <= len_b; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= len_b; j++) {
			unsigned change = a[i - 1] != b[j - 1];
			row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], rows[(i + 1) % 3][j - 2] + 1, row[j]);
		}
	}
	return rows[len_a % 3][len_b];
}

const char *name_nearest(const char *name, const char *const *names, size_t count)
{
	const char *nearest = NULL;
	unsigned best = (unsigned)strlen(name) / 3 + 1;

	for (size_t i = 0; i < count; i++) {
		unsigned d = names[i] ? distance(name, names[i]) : NAME_MAX_COMPARED;
		if (d > best || (d == best && nearest) || d >= strlen(name))
			continue;
		best = d;
		nearest = names[i];
	}
	return nearest;
}
