/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target: where a hook's messages go, and how we show there who we are.
 *
 * Paths only: what the files hold is read when it is needed, and kept nowhere.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "config/config.h"

/** One of `program` and `url`; the files go with `url`, and are NULL if not given. All borrowed. */
struct hook_target {
	const char *program;
	const char *url;
	const char *place; /**< as it is shown */
	uint64_t timeout_ns;
	unsigned retries;        /**< further tries, in a pass */
	const char *token_file;  /**< bearer token */
	const char *secret_file; /**< what messages are signed with */
	const char *ca_file;     /**< authorities of the other side; NULL: the machine's */
	const char *cert_file;   /**< our certificate */
	const char *key_file;    /**< its key; NULL: in the same file */
};

/** hook_target_of() - as the settings say; `place` is left to the caller. */
struct hook_target hook_target_of(const struct config_actuator *settings);

/**
 * hook_target_check() - are the files there, and private where they have to be?
 *
 * Return: 0; as hook_secret_read(), with @why.
 */
WEIR_CHECK int hook_target_check(const struct hook_target *target, struct text *why);
