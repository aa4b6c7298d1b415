/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter: numbers in headers and options data in; sequence gaps and announced
 * sampling rates of one exporter out.
 *
 * Owned by one ingest thread. Whose datagram it is: ingest/exporter_table.c.
 */
#include "ingest/state.h"

/* A gap up to this is loss; more is an exporter that began again. */
#define GAP_MAX  (1U << 30)
/* So far back a datagram may come late and still be the same count. */
#define LATE_MAX 1000U

void exporter_sequence(struct exporter *exporter, uint32_t sequence, uint32_t next)
{
	uint32_t ahead = sequence - exporter->next_sequence;

	if (exporter->sequence_known && ahead != 0) {
		if (ahead < GAP_MAX) {
			exporter->stats.lost += ahead;
		} else if (0U - ahead < LATE_MAX) {
			/* Counted as lost when it was overtaken; it has come after all. */
			uint32_t units = next - sequence;
			exporter->stats.lost -=
				units < exporter->stats.lost ? units : exporter->stats.lost;
			return;
		} else {
			exporter->stats.restarts++;
		}
	}
	exporter->sequence_known = true;
	exporter->next_sequence = next;
}

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
