/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint: copies the write-ahead log back into the database, elsewhere.
 *
 * The one part of the journal that waits for the disk; it has a thread and a
 * connection of its own, so that no tick does. The control thread only leaves
 * word that the log has grown.
 */
#pragma once

#include "base/err.h"

struct checkpoint;

/**
 * checkpoint_start() - begin to wait for word.
 * @path: of the database, which is open in another connection
 * @ret_checkpoint: owned by the caller; untouched on failure
 *
 * Return: 0, -ENOMEM, -EIO or what the system said.
 */
WEIR_CHECK int checkpoint_start(const char *path, struct checkpoint **ret_checkpoint);

/** checkpoint_want() - the log has grown: copy it back soon. Never waits for the disk. */
void checkpoint_want(struct checkpoint *checkpoint);

/** checkpoint_stop() - finish what is under way and end; NULL is fine. */
void checkpoint_stop(struct checkpoint *checkpoint);
