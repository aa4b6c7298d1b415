/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema: all settings, as tables.
 *
 * One row a key: what it takes, its limits and default as a person writes
 * them, whether a reload is enough, one line of meaning, and where the value
 * goes. Reading, the list of changes that need a restart and the manual's
 * table all come from here. Inside the config room only; constant.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/parse.h"
#include "config/config.h"

struct node;
struct reader;

/** Most keys in one map. */
#define SCHEMA_KEYS_MAX    32
/** Most rows of the lists that are short. */
#define SCHEMA_LISTENS_MAX 64
#define SCHEMA_SINKS_MAX   32
#define SCHEMA_LOGS_MAX    16

/** What a key takes, and what it is kept as. */
enum value_kind {
	VALUE_NUMBER,  /**< a quantity; an unsigned integer of any size */
	VALUE_BOOL,    /**< true or false; bool */
	VALUE_TEXT,    /**< a short text; const char * */
	VALUE_NAME,    /**< lower-case letters, digits, dashes; const char * */
	VALUE_PATH,    /**< a path; const char *; "none" is NULL where the row says so */
	VALUE_ADDRESS, /**< struct ip */
	VALUE_PREFIX,  /**< struct prefix */
	VALUE_WORD,    /**< one word of a list; an enum */
	VALUE_WORDS,   /**< one or several; uint32_t with bit 1 << enum */
	VALUE_SOCKETS, /**< address:port, one or several; struct config_listen in the list of all */
	VALUE_MAP,     /**< keys inside, kept in the same struct */
	VALUE_LIST,    /**< entries with keys inside; pointer and count */
	VALUE_LATER    /**< of a later version: refused, not listed */
};

/** The words that a key takes. */
struct words {
	const char *(*name)(unsigned index); /**< of the enum's value */
	unsigned count;
	uint32_t allowed; /**< bit 1 << value */
	const char *all;  /**< word for all of them; NULL: none */
};

/** One setting. */
struct schema_key {
	const char *name;
	enum value_kind kind;
	enum quantity quantity; /**< of VALUE_NUMBER */
	bool required;
	bool restart; /**< a running daemon keeps the old value; otherwise a reload is enough */
	bool sflow;   /**< of VALUE_SOCKETS */
	bool or_none; /**< of VALUE_PATH */
	const char *least;    /**< NULL: none */
	const char *most;     /**< NULL: none */
	const char *fallback; /**< YAML; NULL: absent is zero */
	size_t offset;        /**< of the value in its struct */
	size_t size;          /**< of the value */
	size_t count_offset;  /**< of VALUE_LIST */
	const struct words *words;
	const struct schema *inside;
	/** Of rows with `restart` and no single value. */
	bool (*differs)(const struct config *before, const struct config *after);
	/** What differs in them, to stand behind the name; may be NULL. */
	void (*explain)(const struct config *before, const struct config *after, struct text *out);
	const char *doc; /**< one line, without the full stop */
};

/** The keys of one map. */
struct schema {
	const struct schema_key *keys;
	size_t count;
	/* The rest is for entries of lists. */
	size_t entry_size;
	size_t entries_max;
	size_t place_offset; /**< of the entry's struct config_place */
	const char *subject; /**< the key that says what the entry is about */
	bool brief;          /**< an entry may be its subject alone, the list one entry alone */
	/** After all keys: what no single key tells. May be NULL. */
	void (*finish)(struct reader *reader, const struct node *map, void *entry);
};

/** The whole file. */
extern const struct schema schema_file;

/** quantity_noun() - "duration", "data rate", …, for messages. */
const char *quantity_noun(enum quantity kind);

/** schema_find() - a key by its name; NULL if there is none. */
const struct schema_key *schema_find(const struct schema *schema, const char *name);
