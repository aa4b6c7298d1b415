/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockets: the configured addresses to sockets, handed to the workers.
 *
 * Start-up, control thread.
 */
#pragma once

#include "base/text.h"
#include "config/config.h"
#include "daemon/worker.h"

/** Most ingest threads. */
#define WORKERS_MAX 64

/**
 * sockets_open() - open every configured address once for each worker.
 * @workers: @count of them; they own the sockets afterwards
 * @words: gets the addresses in words
 * @error: gets one line for people on failure
 *
 * Return: 0 or negative error.
 */
WEIR_CHECK int sockets_open(const struct config *config, struct worker *const *workers,
			    unsigned count, struct text *words, struct text *error);
