/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api: which request gets which answer; docs/manual/api.md in code.
 *
 * A pure function of the request and a snapshot: no socket, no clock, no lock,
 * so that tests need no server. Only acts change anything, and those are done
 * elsewhere. Errors are problem details (RFC 9457).
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "control/acts.h"
#include "control/snapshot.h"
#include "model/coverage.h"

/** Where the API begins; every path below is documented in docs/manual/api.md. */
#define API_ROOT       "/api/v1"
/** Incidents in one answer, when the request names no limit, and at most. */
#define API_LIMIT      100
#define API_LIMIT_MAX  1000
/** Far beyond any list, and far from numbers that JSON readers round. */
#define API_OFFSET_MAX 1000000000

/** Rows of the coverage ledger in one answer, at most. */
#define API_ROWS_MAX 10000

/** Where rows of the coverage ledger come from; called on the API's thread, may wait for a disk. */
struct api_coverage {
	/** Gives rows to @each; more than query->limit: says so. Return: rows, or negative error. */
	int64_t (*read)(void *self, const struct coverage_query *query,
			void (*each)(void *to, const struct coverage *row, const char *name),
			void *to, struct text *error);
	void *self;
};

/** One request; all borrowed, and straight from outside. */
struct api_request {
	const char *method;
	const char *path;
	const char *state;                   /**< query; NULL if not given */
	const char *limit;                   /**< query; NULL if not given */
	const char *offset;                  /**< query; NULL if not given */
	const char *from;                    /**< query; NULL if not given */
	const char *to;                      /**< query; NULL if not given */
	const char *exporter;                /**< query; NULL if not given */
	const char *step;                    /**< query; NULL if not given */
	const struct api_coverage *coverage; /**< the ledger; NULL: none is kept */
	const struct api_acts *acts;         /**< NULL: not yet */
	const char *unknown;  /**< name of a query parameter that is none of these; NULL: none */
	const char *repeated; /**< name of one that was given twice; NULL: none */
	bool has_body;
};

/**
 * api_answer() - answer a request.
 * @snapshot: borrowed; NULL before the first was published
 * @body: gets the JSON
 *
 * Return: the HTTP status; 200, or one whose @body is a problem.
 */
unsigned api_answer(const struct api_request *request, const struct control_snapshot *snapshot,
		    struct text *body);

/**
 * api_query_set() - one query parameter of the request.
 * @name, @value: borrowed as long as @request is used; @value may be NULL
 */
void api_query_set(struct api_request *request, const char *name, const char *value);
