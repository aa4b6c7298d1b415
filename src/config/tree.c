/* SPDX-License-Identifier: Apache-2.0 */
/* tree: YAML events in, nodes with line and column out. */
#include "config/tree.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

/* A collection that is being filled. */
struct frame {
	struct node *node;
	struct node *last;
	struct node *key; /* of a map: waits for its value */
};

struct builder {
	yaml_parser_t parser;
	struct arena *arena;
	struct problems *problems;
	const char *yaml;
	size_t len;
	struct node *root;
	size_t documents;
	size_t nodes;
	size_t depth;
	struct frame stack[TREE_DEPTH_MAX];
};

static struct config_place place_of(const yaml_mark_t *mark)
{
	return (struct config_place){ (unsigned)mark->line + 1, (unsigned)mark->column + 1 };
}

/* libyaml gives only the offset where the bytes are no text. */
static struct config_place place_at(const struct builder *b, size_t offset)
{
	struct config_place at = { 1, 1 };

	for (size_t i = 0; i < offset && i < b->len; i++) {
		if (b->yaml[i] == '\n') {
			at.line++;
			at.column = 1;
		} else if (((unsigned char)b->yaml[i] & 0xc0U) != 0x80U) {
			at.column++;
		}
	}
	return at;
}

/* The mark counts characters, so that only a line's own bytes need be looked at. */
static char byte_at(const struct builder *b, struct config_place at)
{
	const char *p = b->yaml;
	const char *end = b->yaml + b->len;

	for (; at.line > 1 && p < end; p++)
		at.line -= *p == '\n';
	for (; at.column > 1 && p < end; at.column--) {
		p++;
		while (p < end && ((unsigned char)*p & 0xc0U) == 0x80U)
			p++;
	}
	return (char)(p < end ? *p : '\0');
}

static void explain_scanner(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	struct config_place at = place_of(&p->problem_mark);
	const char *context = p->context ? p->context : "reading the file";

	if (byte_at(b, at) == '\t')
		problem_add(b->problems, at, "a tab; indent with spaces");
	else if (byte_at(b, at) == ':')
		problem_add(b->problems, at,
			    "not YAML: a colon where none can be; put a value with "
			    "colons, as an IPv6 address, in quotes");
	else if (p->context && p->context_mark.line != p->problem_mark.line)
		problem_add(b->problems, at,
			    "not YAML: %s, %s that begins in line %zu; look at brackets, quotes "
			    "and indentation from there on",
			    p->problem, context, p->context_mark.line + 1);
	else
		problem_add(b->problems, at,
			    "not YAML: %s, %s; look at brackets, quotes and indentation here",
			    p->problem, context);
}

static int explain(struct builder *b)
{
	switch (b->parser.error) {
	case YAML_MEMORY_ERROR:
		return -ENOMEM;
	case YAML_READER_ERROR:
		problem_add(b->problems, place_at(b, b->parser.problem_offset),
			    "not a text file (%s); save it as UTF-8 without control characters",
			    b->parser.problem);
		return -WEIR_ECONFIG;
	default:
		explain_scanner(b);
		return -WEIR_ECONFIG;
	}
}

static int refuse(struct builder *b, struct config_place at, const char *what)
{
	problem_add(b->problems, at, "%s", what);
	return -WEIR_ECONFIG;
}

static int node_new(struct builder *b, enum node_kind kind, struct config_place at,
		    struct node **ret_node)
{
	if (b->nodes++ >= TREE_NODES_MAX)
		return refuse(b, at, "too many values for one file; make it shorter");
	struct node *node = arena_take(b->arena, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->kind = kind;
	node->at = at;
	*ret_node = node;
	return 0;
}

/* Hang a node where it belongs: into the list, as next key, or as the key's value. */
static int put(struct builder *b, struct node *node)
{
	if (b->depth == 0) {
		b->root = node;
		return 0;
	}
	struct frame *f = &b->stack[b->depth - 1];
	if (f->key) {
		f->key->value = node;
		f->key = NULL;
		return 0;
	}
	if (f->node->kind == NODE_MAP) {
		if (node->kind != NODE_TEXT)
			return refuse(b, node->at,
				      "a key must be text; put a value with brackets, as an "
				      "IPv6 address, in quotes");
		f->key = node;
	}
	if (f->last)
		f->last->next = node;
	else
		f->node->first = node;
	f->last = node;
	f->node->count++;
	return 0;
}

/* Control characters have no place in any value, and would reach the reader's terminal. */
static bool make_printable(char *text)
{
	bool was = true;

	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		bool high = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;
		if (*p >= 0x20 && *p != 0x7f && !high)
			continue;
		was = false;
		*p = '?';
		if (high)
			p[1] = '?';
	}
	return was;
}

static int on_scalar(struct builder *b, const yaml_event_t *event)
{
	struct config_place at = place_of(&event->start_mark);
	const char *text = (const char *)event->data.scalar.value;
	struct node *node;

	int err = node_new(b, NODE_TEXT, at, &node);
	if (err)
		return err;
	char *copy = arena_string(b->arena, text);
	if (!copy)
		return -ENOMEM;
	if (!make_printable(copy) || strlen(copy) != event->data.scalar.length)
		problem_add(b->problems, at,
			    "a value with a line break or control character; "
			    "write it on one line");
	node->text = copy;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return put(b, node);
}

static int on_start(struct builder *b, const yaml_event_t *event, enum node_kind kind)
{
	struct config_place at = place_of(&event->start_mark);
	struct node *node;

	if (b->depth == TREE_DEPTH_MAX)
		return refuse(b, at, "too deep inside other lists and keys; no setting lies there");
	int err = node_new(b, kind, at, &node);
	if (err)
		return err;
	err = put(b, node);
	if (err)
		return err;
	b->stack[b->depth++] = (struct frame){ .node = node };
	return 0;
}

/* What YAML allows and Weir does not. */
static int check_plain(struct builder *b, const yaml_event_t *event)
{
	struct config_place at = place_of(&event->start_mark);
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;

	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (event->type == YAML_ALIAS_EVENT)
		return refuse(b, at,
			      "aliases (*) are not used here; write the value out, or in "
			      "quotes");
	if (anchor)
		problem_add(b->problems, at,
			    "anchors (&) are not used here; take it away, or write the value in "
			    "quotes");
	if (tag)
		problem_add(b->problems, at,
			    "tags (!) are not used here; take it away, or write the value in "
			    "quotes");
	if (event->type == YAML_DOCUMENT_START_EVENT && b->documents++)
		return refuse(b, at, "a second document; a configuration is one, remove the `---`");
	return 0;
}

static int on_event(struct builder *b, const yaml_event_t *event)
{
	int err = check_plain(b, event);

	if (err)
		return err;
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(b, event, NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		return on_start(b, event, NODE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return 0;
	default:
		return 0;
	}
}

static int build(struct builder *b)
{
	for (;;) {
		yaml_event_t event;

		if (!yaml_parser_parse(&b->parser, &event))
			return explain(b);
		int err = on_event(b, &event);
		bool end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
		if (err || end)
			return err;
	}
}

/* What the reading stopped inside of is not whole, and would look as if keys were missing. */
static void cut_off(struct builder *b)
{
	for (size_t i = 0; i < b->depth; i++) {
		struct node *around = b->stack[i].node;
		bool entry_is_open = around->kind == NODE_LIST && i + 1 < b->depth;
		bool key_is_open = around->kind == NODE_MAP && b->stack[i].key;
		if (!entry_is_open && !key_is_open)
			continue;
		struct node **link = &around->first;
		while (*link != b->stack[i].last)
			link = &(*link)->next;
		*link = NULL;
		around->count--;
		return;
	}
}

/* All that is wrong before the place is told as well, so say that this is the last of it. */
static int stop_here(struct builder *b)
{
	struct problems *problems = b->problems;
	struct text what = text_heap();

	if (problems->count && problems->count <= PROBLEMS_MAX) {
		struct problem *last = &problems->list[problems->count - 1];
		text_addf(&what, "%s; nothing after this place was looked at", last->what);
		const char *kept = what.failed ? NULL : arena_string(problems->arena, what.data);
		last->what = kept ? kept : last->what;
		problems->short_memory |= !kept;
		text_done(&what);
	}
	cut_off(b);
	return -WEIR_ECONFIG;
}

int tree_parse(struct arena *arena, const char *yaml, size_t len, struct problems *problems,
	       struct node **ret_root)
{
	struct builder b = { .arena = arena, .problems = problems, .yaml = yaml, .len = len };

	if (!yaml_parser_initialize(&b.parser))
		return -ENOMEM;
	/* Said beforehand, or libyaml guesses UTF-16 from the first bytes. */
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)yaml, len);
	int err = build(&b);
	yaml_parser_delete(&b.parser);
	if (err == -WEIR_ECONFIG)
		err = stop_here(&b);
	if (!err || err == -WEIR_ECONFIG)
		*ret_root = b.root;
	return err;
}

const struct node *node_find(const struct node *map, const char *key)
{
	for (const struct node *n = map->first; n; n = n->next) {
		if (strcmp(n->text, key) == 0)
			return n->value;
	}
	return NULL;
}

bool node_is_empty(const struct node *node)
{
	if (!node)
		return true;
	if (node->kind != NODE_TEXT || !node->plain)
		return false;
	return *node->text == '\0' || strcmp(node->text, "~") == 0 ||
	       strcmp(node->text, "null") == 0;
}
