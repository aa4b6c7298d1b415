/* SPDX-License-Identifier: Apache-2.0 */
/* read: maps and lists of the tree in, settings and problems out. */
#include "config/read.h"

#include <assert.h>
#include <string.h>

static void refuse_unknown(struct reader *r, const struct schema *schema, const struct node *key)
{
	const char *names[SCHEMA_KEYS_MAX];
	struct text list = text_heap();
	char shown[QUOTE_MAX];

	for (size_t i = 0; i < schema->count; i++) {
		bool later = schema->keys[i].kind == VALUE_LATER;
		names[i] = later ? NULL : schema->keys[i].name;
		if (!later)
			text_addf(&list, "%s%s", list.len ? ", " : "", names[i]);
	}
	quote(key->text, shown);
	const char *meant = name_nearest(key->text, names, schema->count);
	if (meant)
		problem_add(r->problems, key->at, "unknown key `%s`; did you mean `%s`?", shown,
			    meant);
	else
		problem_add(r->problems, key->at, "unknown key `%s`; the keys here are %s", shown,
			    text_string(&list));
	text_done(&list);
}

/* Note where each key of the map stands; refuse those that must not be there. */
static void sort_keys(struct reader *r, const struct schema *schema, const struct node *map,
		      const struct node *found[SCHEMA_KEYS_MAX])
{
	for (const struct node *key = map->first; key; key = key->next) {
		const struct schema_key *row = schema_find(schema, key->text);
		if (!row) {
			refuse_unknown(r, schema, key);
			continue;
		}
		const struct node **place = &found[row - schema->keys];
		if (row->kind == VALUE_LATER)
			problem_add(r->problems, key->at,
				    "`%s` is not there in this version; remove it", row->name);
		else if (*place)
			problem_add(r->problems, key->at,
				    "`%s` is there twice, first in %s:%u:%u; remove one", row->name,
				    r->problems->file, (*place)->at.line, (*place)->at.column);
		else
			*place = key;
	}
}

/* What is built in has no line in the operator's file. */
static void forget_places(struct node *node)
{
	for (; node; node = node->next) {
		node->at = (struct config_place){ 0 };
		forget_places(node->first);
		forget_places(node->value);
	}
}

/* The value of a key that is not in the file. */
static void read_fallback(struct reader *r, const struct schema_key *key, void *target)
{
	struct node scalar = { .kind = NODE_TEXT, .text = key->fallback };
	struct node *root = NULL;

	if (key->kind != VALUE_LIST && key->kind != VALUE_MAP) {
		read_value(r, key, &scalar, target);
		return;
	}
	size_t before = r->problems->count;
	int err = tree_parse(r->scratch, key->fallback, strlen(key->fallback), r->problems, &root);
	assert(before == r->problems->count && "a built-in default is right");
	(void)before;
	if (err) {
		r->short_memory = true;
		return;
	}
	forget_places(root);
	read_value(r, key, root, target);
}

static void read_absent(struct reader *r, const struct schema_key *key, const struct node *map,
			void *target)
{
	if (key->required)
		problem_add(r->problems, map->at, "`%s` is missing; add it", key->name);
	else if (key->fallback)
		read_fallback(r, key, target);
	else if (key->kind == VALUE_MAP)
		read_map(r, key->inside, NULL, target);
}

void read_map(struct reader *r, const struct schema *schema, const struct node *map, void *target)
{
	const struct node *found[SCHEMA_KEYS_MAX] = { 0 };
	bool bad = false;

	assert(schema->count <= SCHEMA_KEYS_MAX);
	if (map)
		sort_keys(r, schema, map, found);
	for (size_t i = 0; i < schema->count; i++) {
		const struct schema_key *key = &schema->keys[i];
		size_t before = r->problems->count;
		if (!found[i] || (node_is_empty(found[i]->value) &&
				  (key->kind == VALUE_MAP || key->kind == VALUE_LIST)))
			read_absent(r, key, map, target);
		else
			read_value(r, key, found[i]->value, target);
		if (schema->subject && strcmp(key->name, schema->subject) == 0)
			bad = before != r->problems->count;
	}
	if (schema->subject)
		r->subject_bad = bad; /* lists inside have subjects of their own */
}

static void read_entry(struct reader *r, const struct schema *schema, const struct node *node,
		       void *entry)
{
	const struct node *subject = schema->subject ? node_find(node, schema->subject) : NULL;
	struct config_place at = subject ? subject->at : node->at;

	memcpy((char *)entry + schema->place_offset, &at, sizeof(at));
	r->subject_bad = false;
	read_map(r, schema, node, entry);
	if (schema->finish)
		schema->finish(r, node, entry);
}

/* "eth0" as {name: eth0}, where the schema allows it; @node itself otherwise. */
static const struct node *spell_out(struct reader *r, const struct schema *schema,
				    const struct node *node)
{
	if (!schema->brief || node->kind != NODE_TEXT)
		return node;
	struct node *map = arena_take(r->scratch, sizeof(*map));
	struct node *subject = arena_take(r->scratch, sizeof(*subject));
	struct node *value = arena_take(r->scratch, sizeof(*value));
	if (!map || !subject || !value) {
		r->short_memory = true;
		return node;
	}
	*value = *node;
	value->next = NULL;
	*subject = (struct node){ .kind = NODE_TEXT,
				  .at = node->at,
				  .plain = true,
				  .text = schema->subject,
				  .value = value };
	*map = (struct node){ .kind = NODE_MAP, .at = node->at, .count = 1, .first = subject };
	return map;
}

static void read_list(struct reader *r, const struct schema_key *key, const struct node *list,
		      void *target)
{
	const struct schema *schema = key->inside;
	size_t count = 0;

	if (list->count > schema->entries_max) {
		problem_add(r->problems, list->at, "`%s` has %zu entries; at most %zu fit",
			    key->name, list->count, schema->entries_max);
		return;
	}
	char *entries = arena_take(r->arena, list->count * schema->entry_size);
	if (!entries) {
		r->short_memory = true;
		return;
	}
	for (const struct node *each = list->first; each; each = each->next) {
		const struct node *node = spell_out(r, schema, each);
		if (node->kind != NODE_MAP) {
			problem_add(r->problems, node->at,
				    "an entry of `%s` has keys of its own; write it as {%s: …}",
				    key->name, schema->keys[0].name);
			r->subject_bad = true;
		} else {
			read_entry(r, schema, node, entries + count * schema->entry_size);
		}
		if (r->subject_bad)
			memset(entries + count * schema->entry_size, 0, schema->entry_size);
		else
			count++;
	}
	memcpy((char *)target + key->offset, &entries, sizeof(entries));
	memcpy((char *)target + key->count_offset, &count, sizeof(count));
}

void read_value(struct reader *r, const struct schema_key *key, const struct node *node,
		void *target)
{
	if (key->kind == VALUE_MAP) {
		if (node->kind == NODE_MAP)
			read_map(r, key->inside, node, target);
		else
			problem_add(r->problems, node->at,
				    "`%s` has keys inside, as `%s`; write them "
				    "below it, indented",
				    key->name, key->inside->keys[0].name);
	} else if (key->kind == VALUE_LIST) {
		struct node one = { .kind = NODE_LIST, .at = node->at, .count = 1 };
		struct node only = *node;

		only.next = NULL;
		one.first = &only;
		if (node->kind == NODE_LIST)
			read_list(r, key, node, target);
		else if (key->inside->brief)
			read_list(r, key, &one, target);
		else
			problem_add(r->problems, node->at,
				    "`%s` is a list; begin each entry with a dash", key->name);
	} else if (key->kind == VALUE_SOCKETS) {
		read_sockets(r, key, node);
	} else if (node->kind == NODE_TEXT || key->kind == VALUE_WORDS) {
		read_scalar(r, key, node, (char *)target + key->offset);
	} else {
		problem_add(r->problems, node->at,
			    "`%s` takes one value, not several; write it as text", key->name);
	}
}
