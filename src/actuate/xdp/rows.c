/* SPDX-License-Identifier: Apache-2.0 */
/* rows: a set of rules in, the number of its row out; equal sets share one. */
#include "actuate/xdp/rows.h"

#include "base/hash.h"

static void append(struct rows *rows, const struct bits *bits)
{
	struct xdp_row *row = &rows->at[rows->count++];

	memcpy(row->word, bits->word, sizeof(row->word));
	row->summary = 0;
	for (int w = 0; w < FILTER_WORDS; w++)
		row->summary |= (uint64_t)(bits->word[w] != 0) << w;
}

void rows_start(struct rows *rows, struct xdp_row *at, const struct bits *all)
{
	static const struct bits none;

	rows->at = at;
	rows->count = 0;
	rows->full = false;
	memset(rows->index, 0, sizeof(rows->index));
	append(rows, &none);
	append(rows, all);
}

static uint64_t hash_of(const struct bits *bits)
{
	uint64_t hash = 0;

	for (int w = 0; w < FILTER_WORDS; w += 2)
		hash = hash_words(bits->word[w], bits->word[w + 1], hash);
	return hash;
}

static bool is_row(const struct rows *rows, uint32_t row, const struct bits *bits)
{
	return memcmp(rows->at[row].word, bits->word, sizeof(bits->word)) == 0;
}

uint16_t rows_put(struct rows *rows, const struct bits *bits)
{
	const uint32_t mask = 2 * FILTER_ROWS - 1;

	if (is_row(rows, FILTER_ROW_NONE, bits))
		return FILTER_ROW_NONE;
	if (is_row(rows, FILTER_ROW_ALL, bits))
		return FILTER_ROW_ALL;
	uint32_t at = (uint32_t)hash_of(bits) & mask;
	for (; rows->index[at]; at = (at + 1) & mask) {
		if (is_row(rows, rows->index[at] - 1U, bits))
			return rows->index[at] - 1U;
	}
	if (rows->count == FILTER_ROWS) {
		rows->full = true;
		return FILTER_ROW_NONE;
	}
	rows->index[at] = (uint16_t)(rows->count + 1);
	append(rows, bits);
	return (uint16_t)(rows->count - 1);
}
