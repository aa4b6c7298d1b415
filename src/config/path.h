/* SPDX-License-Identifier: Apache-2.0 */
/* path: the many ways to write one path. Inside the config room only. */
#pragma once

#include "base/arena.h"

/**
 * path_plain() - a path without what does not change where it leads.
 * @path: taken as it is written: the file system is not asked, links are not followed
 *
 * The names of standard output all become "-". Return: in @arena, NULL when memory is short.
 */
const char *path_plain(struct arena *arena, const char *path);
