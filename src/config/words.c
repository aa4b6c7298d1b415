/* SPDX-License-Identifier: Apache-2.0 */
/* words: values out of a fixed set: one into an enum, several into bits. */
#include <string.h>

#include "config/read.h"

/* More than any set of ours has. */
#define WORDS_MAX 32

static void refuse_word(struct reader *r, const struct schema_key *key, const struct node *node)
{
	const struct words *words = key->words;
	const char *names[WORDS_MAX + 1];
	size_t count = 0;
	struct text list = text_heap();
	char shown[QUOTE_MAX];

	if (words->all)
		names[count++] = words->all;
	for (unsigned i = 0; i < words->count; i++) {
		if (words->allowed & 1U << i)
			names[count++] = words->name(i);
	}
	for (size_t i = 0; i < count; i++)
		text_addf(&list, "%s%s", i ? ", " : "", names[i]);
	quote(node->text, shown);
	const char *meant = name_nearest(node->text, names, count);
	if (meant)
		problem_add(r->problems, node->at, "`%s`: unknown word `%s`; did you mean `%s`?",
			    key->name, shown, meant);
	else
		problem_add(r->problems, node->at, "`%s`: unknown word `%s`; the words are %s",
			    key->name, shown, text_string(&list));
	text_done(&list);
}

/* The bits of one word; 0 after a problem. */
static uint32_t word_bits(struct reader *r, const struct schema_key *key, const struct node *node)
{
	const struct words *words = key->words;

	if (node->kind != NODE_TEXT || node_is_empty(node)) {
		problem_add(r->problems, node->at, "`%s` takes words; write one, as %s", key->name,
			    key->fallback);
		return 0;
	}
	if (words->all && strcmp(node->text, words->all) == 0)
		return words->allowed;
	for (unsigned i = 0; i < words->count; i++) {
		if ((words->allowed & 1U << i) && strcmp(node->text, words->name(i)) == 0)
			return 1U << i;
	}
	refuse_word(r, key, node);
	return 0;
}

static uint32_t list_bits(struct reader *r, const struct schema_key *key, const struct node *list)
{
	uint32_t all = 0;

	if (list->count == 0)
		problem_add(r->problems, list->at, "`%s` is empty; name at least one, as %s",
			    key->name, key->fallback);
	for (const struct node *node = list->first; node; node = node->next) {
		uint32_t bits = word_bits(r, key, node);
		if (bits & all)
			problem_add(r->problems, node->at,
				    "`%s`: `%s` is in the list already; remove it", key->name,
				    node->text);
		all |= bits;
	}
	return all;
}

void read_words(struct reader *r, const struct schema_key *key, const struct node *node, void *at)
{
	bool several = key->kind == VALUE_WORDS && node->kind == NODE_LIST;
	uint32_t bits = several ? list_bits(r, key, node) : word_bits(r, key, node);

	if (!bits)
		return;
	if (key->kind == VALUE_WORD)
		bits = (uint32_t)__builtin_ctz(bits);
	memcpy(at, &bits, sizeof(bits));
}
