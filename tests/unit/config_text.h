/* SPDX-License-Identifier: Apache-2.0 */
/* config_text: YAML in, a configuration out, or the test fails. */
#pragma once

#include "check.h"

#include <string.h>

#include "config/config.h"

/** config_of() - free with config_free(). */
static inline struct config *config_of(const char *yaml)
{
	struct text errors = text_heap();
	struct config *config = NULL;
	int err = config_parse("f", yaml, strlen(yaml), &errors, &config);

	assert_string_equal(text_string(&errors), "");
	assert_int_equal(err, 0);
	text_done(&errors);
	return config;
}

/** config_is_refused() - with these words. */
static inline void config_is_refused(const char *yaml, const char *words)
{
	struct text errors = text_heap();
	struct config *config = NULL;

	assert_int_equal(config_parse("f", yaml, strlen(yaml), &errors, &config), -WEIR_ECONFIG);
	if (!strstr(text_string(&errors), words))
		fail_msg("no \"%s\" in: %s", words, text_string(&errors));
	text_done(&errors);
}
