/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader: rows of the store in, incidents and JSON out.
 *
 * The reading half of the journal, whose header explains each function.
 * Control thread.
 */
#pragma once

#include "incident/journal.h"
#include "incident/store.h"

/** reader_each() - as journal_each(). */
WEIR_CHECK int reader_each(const struct store *store, enum journal_filter filter, unsigned limit,
			   void (*each)(void *self, const struct incident *incident), void *self);

/** reader_list() - as journal_list(). */
WEIR_CHECK int reader_list(const struct store *store, enum journal_filter filter, unsigned limit,
			   unsigned offset, struct text *out);

/** reader_get() - as journal_get(). */
WEIR_CHECK int reader_get(const struct store *store, const char *id, struct text *out);

/** reader_events() - as journal_events(). */
WEIR_CHECK int reader_events(const struct store *store, const char *id, unsigned limit,
			     struct text *out);

/** reader_each_plan() - as journal_each_plan(). */
WEIR_CHECK int reader_each_plan(const struct store *store, int state,
				void (*each)(void *self, const struct wanted *wanted), void *self);

/** reader_acts() - as journal_acts(). */
WEIR_CHECK int reader_acts(const struct store *store, unsigned limit, struct text *out);
