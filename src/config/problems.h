/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problems: collects everything that is wrong with a configuration.
 *
 * Places and sentences in, in any order; one sorted line each out. Bounded:
 * after PROBLEMS_MAX they are only counted. Inside the config room only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"
#include "config/config.h"

/** Most problems that are written out; the others are counted. */
#define PROBLEMS_MAX 100
/** Room for a piece of the file inside a message, zero included. */
#define QUOTE_MAX    64

/** One thing that is wrong. */
struct problem {
	struct config_place at; /**< line 0: the file as a whole */
	size_t order;           /**< of discovery; sorts those of one place */
	const char *what;
};

/** All that is wrong. */
struct problems {
	const char *file;    /**< borrowed; begins each line */
	struct arena *arena; /**< borrowed; keeps the sentences */
	size_t count;        /**< found, also those not kept */
	bool short_memory;   /**< a sentence was lost */
	struct problem list[PROBLEMS_MAX];
};

/** problem_add() - note what is wrong at a place, and what to do, as printf would write it. */
__attribute__((format(printf, 3, 4))) void
problem_add(struct problems *problems, struct config_place at, const char *format, ...);

/** problems_print() - append one line for each, in the order of the file. */
void problems_print(struct problems *problems, struct text *out);

/**
 * quote() - a piece of the file, made fit to be shown in a message.
 * @text: zero-terminated, valid UTF-8
 * @ret_quote: gets it, cut where it is long
 *
 * Return: @ret_quote.
 */
const char *quote(const char *text, char ret_quote[QUOTE_MAX]);

/**
 * name_nearest() - the name that was probably meant.
 * @names: candidates; NULL entries are passed over
 *
 * Return: one of @names, or NULL when none is close.
 */
const char *name_nearest(const char *name, const char *const *names, size_t count);
