/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot: answers questions about a finished configuration.
 *
 * Addresses in; network, exporter, direction out. Two of them in; what needs a
 * restart out. Any thread, no allocation after snapshot_finish().
 */
#include "config/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema.h"

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

static uint32_t v4_value(const struct ip *ip)
{
	return (uint32_t)ip->b[12] << 24 | (uint32_t)ip->b[13] << 16 | (uint32_t)ip->b[14] << 8 |
	       ip->b[15];
}

/*
 * An IPv4 network all of whose addresses fit in what is left of limits.hosts gets a fixed
 * place for each; one inside another has its places there.
 */
static void give_places(const struct config *config, struct config_network *network,
			uint64_t *taken)
{
	uint64_t size = (uint64_t)1
			<< (128 - (network->prefix.len < 96 ? 96 : network->prefix.len));

	if (!prefix_is_v4(&network->prefix))
		return;
	if (network->parent && config->networks[network->parent - 1].dense) {
		const struct config_network *parent = &config->networks[network->parent - 1];
		network->dense = parent->dense + v4_value(&network->prefix.ip) -
				 v4_value(&parent->prefix.ip);
	} else if (size <= config->max_hosts - *taken) {
		network->dense = (uint32_t)(*taken + 1);
		*taken += size;
	}
}

/* Shorter prefixes first: what is found at an address then is the network right around it. */
static int place_networks(struct config *config)
{
	struct config_network *networks = (struct config_network *)config->networks;
	uint64_t taken = 0;

	for (unsigned len = 0; len <= 128; len++) {
		for (size_t i = 0; i < config->network_count; i++) {
			struct config_network *network = &networks[i];
			if (network->prefix.len != len)
				continue;
			/* LPM_NONE is the largest number: with one added it says none. */
			network->parent = lpm_find(config->network_lpm, &network->prefix.ip) + 1;
			give_places(config, network, &taken);
			int err = lpm_add(config->network_lpm, &network->prefix, (uint32_t)i);
			if (err)
				return err;
		}
	}
	return 0;
}

int snapshot_finish(struct snapshot *snapshot)
{
	struct config *config = &snapshot->config;

	/* The entries are the arena's; `const` is for those who get the snapshot. */
	if (config->exporter_count)
		qsort((struct config_exporter *)config->exporters, config->exporter_count,
		      sizeof(config->exporters[0]), exporter_compare);
	config->network_lpm = lpm_new();
	return config->network_lpm ? place_networks(config) : -ENOMEM;
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

static bool value_differs(const struct schema_key *key, const struct config *before,
			  const struct config *after)
{
	const char *a = (const char *)before + key->offset;
	const char *b = (const char *)after + key->offset;

	if (key->differs)
		return key->differs(before, after);
	if (key->kind != VALUE_PATH)
		return memcmp(a, b, key->size) != 0;
	const char *path_a;
	const char *path_b;
	memcpy(&path_a, a, sizeof(path_a));
	memcpy(&path_b, b, sizeof(path_b));
	if (!path_a || !path_b)
		return path_a != path_b;
	return strcmp(path_a, path_b) != 0;
}

static int map_differs(const struct schema *schema, const char *above, const struct config *before,
		       const struct config *after, struct text *fields)
{
	int count = 0;

	for (size_t i = 0; i < schema->count; i++) {
		const struct schema_key *key = &schema->keys[i];
		/* A row with its own comparison stands for all keys inside. */
		if (key->kind == VALUE_MAP && !key->differs) {
			count += map_differs(key->inside, key->name, before, after, fields);
		} else if (key->restart && value_differs(key, before, after)) {
			text_addf(fields, "%s%s%s%s", fields->len ? ", " : "", above,
				  *above ? "." : "", key->name);
			if (key->explain)
				key->explain(before, after, fields);
			count++;
		}
	}
	return count;
}

int config_restart_needed(const struct config *before, const struct config *after,
			  struct text *fields)
{
	return map_differs(&schema_file, "", before, after, fields);
}
