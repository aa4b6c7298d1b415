/* SPDX-License-Identifier: Apache-2.0 */
/* suggest: a mistyped word in, the name that was meant out. */
#include "cli/suggest.h"

#include <limits.h>
#include <string.h>

/* Names are short; a longer word is no mistyped name. */
#define WORD_MAX 31

static int least(int a, int b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment distance: Levenshtein's, with the swap of two neighbours as one
 * step, because that is how people mistype.
 */
static int distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int d[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= a_len; i++)
		d[i][0] = (int)i;
	for (size_t j = 0; j <= b_len; j++)
		d[0][j] = (int)j;
	for (size_t i = 1; i <= a_len; i++) {
		for (size_t j = 1; j <= b_len; j++) {
			int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			best = least(best, least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = least(best, d[i - 2][j - 2] + 1);
			d[i][j] = best;
		}
	}
	return d[a_len][b_len];
}

static const char *only_beginning(const char *word, const char *const *names, int count)
{
	const char *found = NULL;

	for (int i = 0; i < count; i++) {
		if (strncmp(word, names[i], strlen(word)) != 0)
			continue;
		if (found)
			return NULL;
		found = names[i];
	}
	return found;
}

const char *suggest(const char *word, const char *const *names, int count)
{
	size_t len = strlen(word);
	const char *found = NULL;
	int best = INT_MAX;

	if (len == 0 || len > WORD_MAX)
		return NULL;
	for (int i = 0; i < count; i++) {
		size_t name_len = strlen(names[i]);
		if (name_len > WORD_MAX)
			continue;
		int steps = distance(word, len, names[i], name_len);
		if (steps <= (int)(name_len + 2) / 3 && steps < best) {
			best = steps;
			found = names[i];
		}
	}
	return found ? found : only_beginning(word, names, count);
}
