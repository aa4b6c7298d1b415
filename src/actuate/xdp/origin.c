/* SPDX-License-Identifier: Apache-2.0 */
/* origin: source prefixes of rules in, a map from a source to its row out. */
#include "actuate/xdp/origin.h"

#include <errno.h>
#include <stdlib.h>

#include "actuate/xdp/covers.h"

int origin_compile(struct compiling *c, struct longest *l, uint32_t generation)
{
	struct cover *covers = calloc(FILTER_RULES, sizeof(*covers));
	struct longest_entry *entries = calloc(FILTER_RULES, sizeof(*entries));
	struct bits any = { 0 };
	int err = -ENOMEM;

	if (!covers || !entries)
		goto out;
	for (unsigned i = 0; i < c->count; i++) {
		if (!xdp_rule_has_source(c->rules[i]))
			bits_set(&any, i);
	}
	uint32_t count = covers_find(covers, c, COVER_SOURCES);
	for (uint32_t i = 0; i < count; i++) {
		/* Parents come first, so that theirs are complete. */
		bits_add(&covers[i].rules,
			 covers[i].parent < 0 ? &any : &covers[covers[i].parent].rules);
		entries[i] = (struct longest_entry){ longest_key(&covers[i].prefix, generation),
						     rows_put(c->rows, &covers[i].rules) };
	}
	c->tables->by_source = count != 0;
	c->tables->no_source = rows_put(c->rows, &any);
	err = longest_set(l, entries, count);
out:
	free(entries);
	free(covers);
	return err;
}
