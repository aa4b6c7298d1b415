/* SPDX-License-Identifier: Apache-2.0 */
/* engine_read: counters and samples of the program out. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "actuate/xdp/engine.h"
#include "actuate/xdp/engine_part.h"

int xdp_engine_rule_counters(const struct xdp_engine *e, uint64_t id,
			     struct xdp_rule_counters *ret_counters)
{
	struct xdp_rule_counters sum = { 0 };
	int found = places_find(&e->places, id);
	uint32_t place = (uint32_t)found;

	if (found < 0)
		return -ENOENT;
	if (bpf_map_lookup_elem(bpf_map__fd(e->program->maps.slots), &place, e->slots))
		return -errno;
	for (int i = 0; i < e->possible; i++) {
		sum.packets += e->slots[i].packets;
		sum.bytes += e->slots[i].bytes;
		sum.dropped_packets += e->slots[i].dropped_packets;
		sum.dropped_bytes += e->slots[i].dropped_bytes;
	}
	*ret_counters = sum;
	return 0;
}

int xdp_engine_counters(const struct xdp_engine *e, struct xdp_engine_counters *ret_counters)
{
	struct xdp_engine_counters sum = { 0 };
	struct xdp_cpu *cpus = calloc((size_t)e->possible, sizeof(*cpus));
	uint32_t zero = 0;

	if (!cpus)
		return -ENOMEM;
	int err = bpf_map_lookup_elem(bpf_map__fd(e->program->maps.cpus), &zero, cpus);
	if (err)
		err = -errno;
	for (int i = 0; i < e->possible; i++) {
		for (int r = 0; r < FILTER_REASONS; r++)
			sum.packets[r] += cpus[i].packets[r];
	}
	free(cpus);
	if (!err)
		*ret_counters = sum;
	return err;
}

size_t xdp_engine_rules(const struct xdp_engine *e, uint64_t *ret_ids)
{
	const struct xdp_tables *t = &e->tables[e->control->generation & 1];
	size_t count = t->rules < FILTER_RULES ? t->rules : FILTER_RULES;

	for (size_t i = 0; i < count; i++)
		ret_ids[i] = t->entries[i].id;
	return count;
}

int xdp_engine_samples(struct xdp_engine *e, xdp_sample_fn *take, void *self, size_t most)
{
	if (!most)
		return 0;
	e->take = take;
	e->take_self = self;
	e->take_left = most;
	int r = ring_buffer__consume(e->ring);
	return r < 0 && r != -EAGAIN ? r : (int)(most - e->take_left);
}
