/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links: the configured interfaces to sources of the workers, and their ups and downs to the log.
 *
 * Control thread.
 */
#pragma once

#include "base/text.h"
#include "config/config.h"
#include "control/status.h"
#include "daemon/worker.h"

/** Interfaces and what was last told about them. */
struct links;

/**
 * links_open() - open every configured interface, with packet sockets in each worker.
 * @workers: @count of them; they own the sources afterwards
 * @words: gets the names, behind what is there already
 * @error: gets one line for people on failure
 * @ret_links: owned by the caller; NULL when no interface is configured
 *
 * Return: 0 or negative error.
 */
WEIR_CHECK int links_open(const struct config *config, struct worker *const *workers,
			  unsigned count, struct text *words, struct text *error,
			  struct links **ret_links);

/** links_free() - NULL is fine; the sources are the workers'. */
void links_free(struct links *links);

/** links_fill() - counters of all threads together into the view; borrowed from @links. */
void links_fill(const struct links *links, struct status_view *view);

/** links_take() - remember the counters in a parcel; log, once, what changed about an interface. @links may be NULL. */
void links_take(struct links *links, unsigned thread, const struct parcel *parcel);
