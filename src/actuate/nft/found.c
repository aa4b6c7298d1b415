/* SPDX-License-Identifier: Apache-2.0 */
/* found: JSON of `list table` in; sorted arrays out. Spec: libnftables-json(5). */
#include "actuate/nft/found.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *words_at(const json_t *from, const char *key)
{
	const char *words = json_string_value(json_object_get(from, key));

	return words ? words : "";
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct found_name *)a)->name, ((const struct found_name *)b)->name);
}

static int by_comment(const void *a, const void *b)
{
	const struct found_rule *x = a;
	const struct found_rule *y = b;
	int order = strcmp(x->comment, y->comment);

	return order ? order : strcmp(x->chain, y->chain);
}

static uint64_t number_at(const json_t *from, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(from, key));

	return value > 0 ? (uint64_t)value : 0;
}

static void read_rule(const json_t *from, struct found_rule *ret_rule)
{
	const json_t *expr = json_object_get(from, "expr");
	size_t counters = 0;

	*ret_rule = (struct found_rule){ .chain = words_at(from, "chain"),
					 .comment = words_at(from, "comment"),
					 .handle = number_at(from, "handle") };
	for (size_t i = 0; i < json_array_size(expr) && counters < 2; i++) {
		const json_t *counter = json_object_get(json_array_get(expr, i), "counter");
		if (!counter)
			continue;
		ret_rule->packets[counters] = number_at(counter, "packets");
		ret_rule->bytes[counters++] = number_at(counter, "bytes");
	}
}

static void read_each(const json_t *list, struct found *f)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *each = json_array_get(list, i);
		const json_t *chain = json_object_get(each, "chain");
		const json_t *set = json_object_get(each, "set");
		const json_t *rule = json_object_get(each, "rule");
		if (chain)
			f->chains[f->chain_count++].name = words_at(chain, "name");
		if (set)
			f->sets[f->set_count++].name = words_at(set, "name");
		if (rule)
			read_rule(rule, &f->rules[f->rule_count++]);
	}
}

int found_read(json_t *listing, struct found *ret_found)
{
	const json_t *list = json_object_get(listing, "nftables");
	size_t most = json_array_size(list) + 1;

	*ret_found = (struct found){ .listing = listing };
	if (listing && !json_is_array(list))
		return -WEIR_EFORMAT;
	ret_found->chains = calloc(most, sizeof(*ret_found->chains));
	ret_found->sets = calloc(most, sizeof(*ret_found->sets));
	ret_found->rules = calloc(most, sizeof(*ret_found->rules));
	if (!ret_found->chains || !ret_found->sets || !ret_found->rules)
		return -ENOMEM;
	read_each(list, ret_found);
	qsort(ret_found->chains, ret_found->chain_count, sizeof(*ret_found->chains), by_name);
	qsort(ret_found->sets, ret_found->set_count, sizeof(*ret_found->sets), by_name);
	qsort(ret_found->rules, ret_found->rule_count, sizeof(*ret_found->rules), by_comment);
	return 0;
}

static struct found_name *named(struct found_name *names, size_t count, const char *name)
{
	const struct found_name key = { .name = name };

	return count ? bsearch(&key, names, count, sizeof(key), by_name) : NULL;
}

struct found_name *found_chain(const struct found *found, const char *name)
{
	return named(found->chains, found->chain_count, name);
}

struct found_name *found_set(const struct found *found, const char *name)
{
	return named(found->sets, found->set_count, name);
}

struct found_rule *found_rule_in(const struct found *found, const char *chain, const char *comment)
{
	const struct found_rule key = { .chain = chain, .comment = comment };

	return found->rule_count
		       ? bsearch(&key, found->rules, found->rule_count, sizeof(key), by_comment)
		       : NULL;
}

void found_done(struct found *found)
{
	free(found->chains);
	free(found->sets);
	free(found->rules);
	json_decref(found->listing);
	*found = (struct found){ 0 };
}
