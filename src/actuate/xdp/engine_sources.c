/* SPDX-License-Identifier: Apache-2.0 */
/* engine_sources: members of source sets in, entries of the kernel's two maps of them out. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "actuate/xdp/engine.h"
#include "actuate/xdp/engine_part.h"

static struct xdp_host_key host_key(const struct prefix *member)
{
	struct xdp_host_key key = { .v6 = !prefix_is_v4(member) };

	if (key.v6)
		memcpy(key.addr, member->ip.b, sizeof(key.addr));
	else
		memcpy(key.addr, &member->ip.b[12], 4);
	return key;
}

/* The program looks for prefixes only where there are any. */
static void tell_prefixes(struct xdp_engine *e)
{
	e->control->sets |= 1;
	for (int g = 0; g < 2; g++)
		e->tables[g].by_set_prefix = 1;
}

int xdp_engine_sources_add(struct xdp_engine *e, uint16_t set, const struct prefix *members,
			   size_t count)
{
	uint32_t value = set;

	if (!set || set >= FILTER_SETS)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		struct xdp_host_key host = host_key(&members[i]);
		struct xdp_lpm_key key = longest_key(&members[i], 0);
		bool is_host = members[i].len == 128;
		int fd = bpf_map__fd(is_host ? e->program->maps.set_hosts
					     : e->program->maps.set_prefixes);
		if (members[i].len > 128)
			return -EINVAL;
		if (!is_host)
			tell_prefixes(e);
		if (bpf_map_update_elem(fd, is_host ? (void *)&host : (void *)&key, &value,
					BPF_ANY))
			return -errno;
	}
	return 0;
}

int xdp_engine_sources_remove(struct xdp_engine *e, const struct prefix *members, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct xdp_host_key host = host_key(&members[i]);
		struct xdp_lpm_key key = longest_key(&members[i], 0);
		bool is_host = members[i].len == 128;
		int fd = bpf_map__fd(is_host ? e->program->maps.set_hosts
					     : e->program->maps.set_prefixes);
		if (bpf_map_delete_elem(fd, is_host ? (void *)&host : (void *)&key) &&
		    errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* @key and @next: room for a key of the map. */
static int clear(int fd, uint32_t set, void *key, void *next, size_t key_len)
{
	int more = bpf_map_get_next_key(fd, NULL, next);

	while (!more) {
		uint32_t value;
		memcpy(key, next, key_len);
		/* Before it is gone, or the walk would begin anew. */
		more = bpf_map_get_next_key(fd, key, next);
		if (!bpf_map_lookup_elem(fd, key, &value) && (!set || value == set) &&
		    bpf_map_delete_elem(fd, key) && errno != ENOENT)
			return -errno;
	}
	return 0;
}

int xdp_engine_sources_clear(struct xdp_engine *e, uint16_t set)
{
	struct xdp_host_key hosts[2];
	struct xdp_lpm_key keys[2];

	if (set >= FILTER_SETS)
		return -EINVAL;
	int err = clear(bpf_map__fd(e->program->maps.set_hosts), set, &hosts[0], &hosts[1],
			sizeof(hosts[0]));
	if (!err)
		err = clear(bpf_map__fd(e->program->maps.set_prefixes), set, &keys[0], &keys[1],
			    sizeof(keys[0]));
	return err;
}

static int walk(int fd, bool hosts, xdp_source_fn *take, void *self)
{
	struct xdp_lpm_key lpm;
	struct xdp_host_key host;
	void *key = hosts ? (void *)&host : (void *)&lpm;
	uint32_t set;

	for (int more = bpf_map_get_next_key(fd, NULL, key); !more;
	     more = bpf_map_get_next_key(fd, key, key)) {
		bool v6 = hosts ? host.v6 : lpm.tag & 2;
		const uint8_t *addr = hosts ? host.addr : lpm.addr;
		struct prefix member = { .ip = v6 ? ip_from_v6(addr) : ip_from_v4(addr) };
		member.len = (uint8_t)(hosts ? 128 : lpm.bits - 32 + (v6 ? 0 : 96));
		if (!bpf_map_lookup_elem(fd, key, &set))
			take(self, &member, (uint16_t)set);
	}
	return errno == ENOENT ? 0 : -errno;
}

int xdp_engine_sources(const struct xdp_engine *e, xdp_source_fn *take, void *self)
{
	int err = walk(bpf_map__fd(e->program->maps.set_hosts), true, take, self);

	return err ? err : walk(bpf_map__fd(e->program->maps.set_prefixes), false, take, self);
}
