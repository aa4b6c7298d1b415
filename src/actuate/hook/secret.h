/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret: a file that only we may read in, what it holds out; never said to anybody else.
 *
 * Read anew for each message, so that a token may be exchanged while Weir runs. Any thread.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

/** Longest token, and longest secret as text, with the end of the string. */
#define HOOK_SECRET_MAX 4096

/**
 * hook_secret_read() - the first and only line of a file.
 * @key: the setting that names it, for messages
 * @ret_secret: a string; wipe it with hook_secret_wipe(); empty on failure
 *
 * Return: 0; -EPERM: others may read it, or its group may change it; -EINVAL: no file, empty, or
 * more than a line; or the errno of opening it. @why: on failure one sentence without any of it.
 */
WEIR_CHECK int hook_secret_read(const char *path, const char *key, char ret_secret[HOOK_SECRET_MAX],
				struct text *why);

/** hook_secret_wipe() - so that it does not stay in memory. */
void hook_secret_wipe(char secret[HOOK_SECRET_MAX]);

/** hook_secret_file() - may it be read, by us and nobody else? As hook_secret_read(). */
WEIR_CHECK int hook_secret_file(const char *path, const char *key, struct text *why);

/** hook_token_check() - are these the characters of a bearer token (RFC 6750, 2.1)? 0, -EINVAL. */
WEIR_CHECK int hook_token_check(const char *token, const char *path, struct text *why);
