/* SPDX-License-Identifier: Apache-2.0 */
/* batch: memory of one tick's rows, taken once at open. Any thread, one owner at a time. */
#include "tally/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"
#include "tally/outside.h"

/* A tick that needs more ends early, so the most is a matter of cost alone. */
#define ROWS_MIN 4096
#define ROWS_MAX 262144

/* Of one tick: rows of prefixes for each row of a host. */
#define PREFIX_PART 2

static size_t rows_of(const struct config *config)
{
	if (config->max_hosts < ROWS_MIN)
		return ROWS_MIN;
	return config->max_hosts < ROWS_MAX ? config->max_hosts : ROWS_MAX;
}

int tally_batch_init(struct tally_batch *batch, const struct config *config)
{
	size_t hosts = rows_of(config);
	size_t prefixes = hosts / PREFIX_PART;
	struct tally_batch fresh = {
		.host_cap = hosts,
		.prefix_cap = hosts + prefixes,
		.cap = hosts + prefixes + outside_places(config->max_outside),
		.detail_cap = config->max_details,
		.sample_cap = config->max_samples,
		.sample_each = 1,
	};

	/* calloc: places that no tick fills are never touched, and then cost no memory. */
	fresh.rows = calloc(fresh.cap, sizeof(*fresh.rows));              /* banned-ok: at open */
	fresh.details = calloc(fresh.detail_cap, sizeof(*fresh.details)); /* banned-ok: at open */
	fresh.samples =
		calloc(fresh.sample_cap + 1, sizeof(*fresh.samples)); /* banned-ok: at open */
	if (!fresh.rows || !fresh.samples || (fresh.detail_cap && !fresh.details)) {
		tally_batch_done(&fresh);
		return -ENOMEM;
	}
	pages_prefer_huge(fresh.rows, fresh.cap * sizeof(*fresh.rows));
	*batch = fresh;
	return 0;
}

void tally_batch_done(struct tally_batch *batch)
{
	free(batch->rows);
	free(batch->details);
	free(batch->samples);
	memset(batch, 0, sizeof(*batch));
}

struct tally_batch *tally_batch_new(const struct config *config)
{
	struct tally_batch *batch = calloc(1, sizeof(*batch)); /* banned-ok: at open */

	if (batch && tally_batch_init(batch, config) < 0) {
		free(batch);
		return NULL;
	}
	return batch;
}

void tally_batch_free(struct tally_batch *batch)
{
	if (!batch)
		return;
	tally_batch_done(batch);
	free(batch);
}
