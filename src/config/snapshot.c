/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot: answers questions about a finished configuration.
 *
 * Addresses in; network, exporter, direction out. Any thread, no allocation
 * after snapshot_finish().
 */
#include "config/snapshot.h"

#include <errno.h>
#include <stdlib.h>

struct snapshot *snapshot_new(void)
{
	struct arena *arena = arena_new();
	struct snapshot *snapshot = arena ? arena_take(arena, sizeof(*snapshot)) : NULL;

	if (!snapshot) {
		arena_free(arena);
		return NULL;
	}
	snapshot->arena = arena;
	return snapshot;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	lpm_free(config->network_lpm);
	arena_free(((struct snapshot *)config)->arena);
}

static int exporter_compare(const void *a, const void *b)
{
	const struct config_exporter *left = a;
	const struct config_exporter *right = b;

	return ip_compare(&left->address, &right->address);
}

int snapshot_finish(struct snapshot *snapshot)
{
	struct config *config = &snapshot->config;

	/* The entries are the arena's; `const` is for those who get the snapshot. */
	if (config->exporter_count)
		qsort((struct config_exporter *)config->exporters, config->exporter_count,
		      sizeof(config->exporters[0]), exporter_compare);
	config->network_lpm = lpm_new();
	if (!config->network_lpm)
		return -ENOMEM;
	for (size_t i = 0; i < config->network_count; i++) {
		int err = lpm_add(config->network_lpm, &config->networks[i].prefix, (uint32_t)i);
		if (err)
			return err;
	}
	return 0;
}

const struct config_network *config_network_of(const struct config *config, const struct ip *ip)
{
	uint32_t index = lpm_find(config->network_lpm, ip);

	return index == LPM_NONE ? NULL : &config->networks[index];
}

const struct config_exporter *config_exporter_of(const struct config *config,
						 const struct ip *address)
{
	const struct config_exporter key = { .address = *address };

	if (config->exporter_count == 0)
		return NULL;
	return bsearch(&key, config->exporters, config->exporter_count,
		       sizeof(config->exporters[0]), exporter_compare);
}

enum direction config_direction(const struct config *config, const struct ip *src,
				const struct ip *dst)
{
	if (config->network_count == 0)
		return DIRECTION_INBOUND;
	bool from_own = lpm_find(config->network_lpm, src) != LPM_NONE;
	bool to_own = lpm_find(config->network_lpm, dst) != LPM_NONE;
	if (from_own)
		return to_own ? DIRECTION_INTERNAL : DIRECTION_OUTBOUND;
	return to_own ? DIRECTION_INBOUND : DIRECTION_TRANSIT;
}
