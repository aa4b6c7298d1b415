/* SPDX-License-Identifier: Apache-2.0 */
/* suggest: what somebody probably meant to type. Pure. */
#pragma once

#include <stddef.h>

/**
 * suggest() - the name most like a word.
 * @names: @count of them
 *
 * Near means: the beginning of just one name, or at most a third of its letters wrong,
 * missing, too many, or swapped with their neighbour. Return: one of @names, or NULL.
 */
const char *suggest(const char *word, const char *const *names, int count);
