/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter: options data in; announced sampling rates of one exporter out.
 *
 * Owned by one ingest thread. Whose datagram it is: ingest/exporter_table.c.
 */
#include "ingest/state.h"

void exporter_sampler_set(struct exporter *exporter, uint64_t id, bool whole, uint32_t rate)
{
	if (rate == 0)
		return;
	if (whole) {
		exporter->options_rate = rate;
		return;
	}
	for (unsigned i = 0; i < exporter->sampler_count; i++) {
		if (exporter->samplers[i].id == id) {
			exporter->samplers[i].rate = rate;
			return;
		}
	}
	if (exporter->sampler_count == EXPORTER_SAMPLERS) {
		exporter->stats.samplers_turned_away++;
		return;
	}
	exporter->samplers[exporter->sampler_count++] =
		(struct exporter_sampler){ .id = id, .rate = rate };
}

uint32_t exporter_sampler_rate(const struct exporter *exporter, uint64_t id)
{
	for (unsigned i = 0; i < exporter->sampler_count; i++) {
		if (exporter->samplers[i].id == id)
			return exporter->samplers[i].rate;
	}
	return 0;
}
