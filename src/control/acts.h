/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acts: what a person wants done, from the body of a request to the answer.
 *
 * POST /api/v1/acts with {"act":"approve","id":"…","level":"drop","why":"…","for_s":600}. Who it
 * is comes from the socket, never from the body. The API's thread; the work is done elsewhere, and
 * waited for.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

/** Longest body that is read. */
#define ACTS_BODY_MAX 4096
#define ACTS_WHO_MAX  96

/** One act, checked for form alone. */
struct act_request {
	char act[16];
	char id[64]; /**< "" where none is needed */
	int level;   /**< enum plan_level; -1: not said */
	uint64_t for_ns;
	char who[ACTS_WHO_MAX];
	char why[256];
};

/** Does acts, and reads the audit; called on the API's thread, may wait. */
struct api_acts {
	/** Return: 0 or negative error; @answer gets one sentence. */
	int (*act)(void *self, const struct act_request *request, struct text *answer);
	/** The newest acts as a JSON array. Return: number, or negative error. */
	int (*audit)(void *self, unsigned limit, struct text *out);
	void *self;
};

/**
 * acts_answer() - answer a POST.
 * @body: as sent, @len bytes
 * @who: of the socket
 * @out: gets JSON
 *
 * Return: the HTTP status; 200, or one whose @out is a problem (RFC 9457).
 */
unsigned acts_answer(const struct api_acts *acts, const char *body, size_t len, const char *who,
		     struct text *out);

/** acts_list() - answer a GET. */
unsigned acts_list(const struct api_acts *acts, struct text *out);
