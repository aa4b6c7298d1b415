/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener: the unix socket at which a daemon can be found.
 *
 * Makes the socket file (mode 0660), replaces one that a crashed daemon left
 * behind, and refuses one behind which somebody answers. At most one daemon
 * has a given path. Does not accept or read. Used by the control thread.
 */
#pragma once

#include <sys/types.h>
#include <sys/un.h>

#include "base/err.h"
#include "base/text.h"

/** An open listening socket and the file that stands for it. */
struct listener {
	int fd; /**< non-blocking; -1 when closed or given away */
	dev_t dev;
	ino_t ino;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/**
 * listener_open() - listen at a path.
 * @path: its parent folder is made (0755) if only that is missing
 * @error: gets one line that says what is wrong and what to do
 * @ret_listener: untouched on failure
 *
 * Return: 0; -EADDRINUSE when another daemon answers there; -ENAMETOOLONG; -EEXIST when
 * there is a file that is no socket; or what the system said.
 */
WEIR_CHECK int listener_open(const char *path, struct text *error, struct listener *ret_listener);

/**
 * listener_remove() - remove the socket's file, if it is still this one's.
 *
 * The socket itself stays open, as it must until now: while it is, no other file can have its
 * inode number, which is how the file is known.
 */
void listener_remove(struct listener *listener);

/** listener_close() - remove the file, close the socket. */
void listener_close(struct listener *listener);
