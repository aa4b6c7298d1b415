/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree: a YAML file as nodes with their places.
 *
 * YAML 1.1 as libyaml reads it, less what a configuration does not need and
 * what makes hostile files expensive: no anchors and aliases, no tags, one
 * document, keys that are text, bounded depth and size. Knows no setting.
 * Inside the config room only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "config/config.h"
#include "config/problems.h"

/** Collections inside each other. */
#define TREE_DEPTH_MAX 16
/** Keys, values and collections in one file. */
#define TREE_NODES_MAX ((size_t)1 << 19)

/** What a node is. */
enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

/** A value, a collection, or a key with its value. */
struct node {
	enum node_kind kind;
	struct config_place at;
	bool plain;         /**< text without quotes */
	const char *text;   /**< of NODE_TEXT: UTF-8 without control characters */
	size_t count;       /**< of a collection: entries */
	struct node *first; /**< of a collection: first entry, or first key */
	struct node *next;  /**< in the collection around */
	struct node *value; /**< of a key, never NULL once the tree is complete */
};

/**
 * tree_parse() - read YAML text.
 * @arena: keeps the nodes
 * @problems: gets what stops the reading
 * @ret_root: NULL for a file without content; with -WEIR_ECONFIG what is whole before the fault
 *
 * Return: 0, -WEIR_ECONFIG with @problems filled, -ENOMEM.
 */
WEIR_CHECK int tree_parse(struct arena *arena, const char *yaml, size_t len,
			  struct problems *problems, struct node **ret_root);

/** node_find() - the value of a key in a map; NULL if it is not there. */
const struct node *node_find(const struct node *map, const char *key);

/** node_is_empty() - a value left out: `key:` and nothing, or null. NULL is empty. */
bool node_is_empty(const struct node *node);
