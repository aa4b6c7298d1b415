/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena: memory that is given back all at once.
 *
 * A configuration snapshot or a module instance takes what it needs at open
 * and drops the arena at close. One owner at a time; allocation only while
 * opening.
 */
#pragma once

#include <stddef.h>

struct arena;

/** arena_new() - an empty arena. Return: owned by the caller, NULL when memory is short. */
struct arena *arena_new(void);

/** arena_free() - give everything back; NULL is fine. */
void arena_free(struct arena *arena);

/** arena_take() - @size zeroed bytes, aligned for any type; NULL when memory is short. */
void *arena_take(struct arena *arena, size_t size);

/** arena_string() - a copy of a string; NULL when memory is short. */
char *arena_string(struct arena *arena, const char *string);
