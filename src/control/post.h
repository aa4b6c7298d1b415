/* SPDX-License-Identifier: Apache-2.0 */
/* post: a request's body as it comes in, and the answer to it out. In control/ only. */
#pragma once

#include <microhttpd.h>

#include "control/acts.h"

struct post;

/** post_new() - nothing read yet; NULL when memory is short. */
struct post *post_new(void);

/** post_free() - NULL is fine. */
void post_free(struct post *post);

/** post_take() - more of the body; what is beyond ACTS_BODY_MAX is dropped, and remembered. */
void post_take(struct post *post, const char *data, size_t len);

/** post_who() - who is at the other end: "alice (uid 1000)". */
void post_who(struct MHD_Connection *connection, char who[ACTS_WHO_MAX]);

/** post_answer() - the body is complete. Return: HTTP status; @out gets JSON. */
unsigned post_answer(const struct post *post, struct MHD_Connection *connection,
		     const struct api_acts *acts, const char *who, struct text *out);
