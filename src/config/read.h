/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read: fills a snapshot from a tree, as the schema says.
 *
 * Reads on after each mistake, so that all of them are found. Inside the
 * config room only.
 */
#pragma once

#include "config/problems.h"
#include "config/schema.h"
#include "config/snapshot.h"
#include "config/tree.h"

/** What reading needs. */
struct reader {
	struct arena *arena;              /**< the snapshot's */
	struct arena *scratch;            /**< until the reading ends */
	struct problems *problems;        /**< gets what is wrong */
	struct config *config;            /**< gets what is right */
	const struct node *root;          /**< the whole file; NULL: without content */
	struct config_listen *listens;    /**< config->listens, to add to */
	const struct config_known *known; /**< NULL: nothing */
	bool subject_bad;                 /**< the entry being read does not say what it is about */
	bool short_memory;
};

/** read_map() - fill @target from a map; from defaults alone where @map is NULL. */
void read_map(struct reader *reader, const struct schema *schema, const struct node *map,
	      void *target);

/** read_value() - fill the place of one key in @target from a value that is there. */
void read_value(struct reader *reader, const struct schema_key *key, const struct node *node,
		void *target);

/** read_scalar() - as read_value(), for keys with neither keys nor sockets inside. */
void read_scalar(struct reader *reader, const struct schema_key *key, const struct node *node,
		 void *at);

/** read_words() - one word, or several as a list, into a number or a set of bits. */
void read_words(struct reader *reader, const struct schema_key *key, const struct node *node,
		void *at);

/** read_sockets() - add one or several "address:port" to the list of sockets. */
void read_sockets(struct reader *reader, const struct schema_key *key, const struct node *node);
