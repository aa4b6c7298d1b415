/* SPDX-License-Identifier: Apache-2.0 */
/* engine_load: sizes in, the program and its maps in the kernel out, and in our memory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "actuate/xdp/engine.h"
#include "actuate/xdp/engine_part.h"

/* What libbpf says first on this thread; it would print it. */
static _Thread_local char complaint[192];

static int keep_complaint(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN && !complaint[0])
		vsnprintf(complaint, sizeof(complaint), format, args);
	complaint[strcspn(complaint, "\n")] = '\0';
	return 0;
}

/* The kernel takes powers of two, of pages. */
static uint32_t ring_size(uint32_t bytes)
{
	uint32_t size = 4096;

	while ((uint64_t)size * 2 <= bytes && size < 1U << 30)
		size *= 2;
	return size;
}

static int set_sizes(struct xdp_engine *e, const struct xdp_engine_config *config)
{
	const struct {
		struct bpf_map *map;
		uint64_t entries;
	} sizes[] = {
		{ e->program->maps.dst8, 2ULL * e->dst.block_max },
		{ e->program->maps.dst6,
		  2ULL * (engine_or(config->prefixes6_max, 65536) + FILTER_RULES) },
		{ e->program->maps.set_hosts, engine_or(config->hosts_max, 1 << 20) },
		{ e->program->maps.set_prefixes, engine_or(config->members_max, 65536) },
		{ e->program->maps.drops, ring_size(engine_or(config->ring_bytes, 1 << 20)) },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int err = sizes[i].entries > UINT32_MAX
				  ? -EINVAL
				  : bpf_map__set_max_entries(sizes[i].map,
							     (uint32_t)sizes[i].entries);
		if (err)
			return err;
	}
	return 0;
}

static int set_pins(struct xdp_engine *e)
{
	struct bpf_map *map;
	char path[320];

	bpf_object__for_each_map(map, e->program->obj)
	{
		if (!e->pin_dir[0] || e->idle || bpf_map__is_internal(map))
			continue;
		snprintf(path, sizeof(path), "%s/%s", e->pin_dir, bpf_map__name(map));
		int err = bpf_map__set_pin_path(map, path);
		if (err)
			return err;
	}
	return 0;
}

int engine_load(struct xdp_engine *e, const struct xdp_engine_config *config, struct text *error)
{
	complaint[0] = '\0';
	libbpf_print_fn_t before = libbpf_set_print(keep_complaint);
	int err = -ENOMEM;
	e->program = weir_bpf__open();
	if (e->program) {
		e->program->rodata->test_clock = config->test_clock;
		e->program->rodata->test_spread = config->test_spread;
		err = set_sizes(e, config);
		if (!err)
			err = set_pins(e);
		if (!err)
			err = weir_bpf__load(e->program);
	}
	libbpf_set_print(before);
	if (err)
		explain_load(err, complaint, error);
	return err;
}

static int map_one(struct xdp_mapped *mapped, const struct bpf_map *map, size_t len)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (at == MAP_FAILED)
		return -errno;
	*mapped = (struct xdp_mapped){ at, len };
	return 0;
}

/* Whole pages: what the kernel allows. */
static size_t pages(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1) / page * page;
}

int engine_map(struct xdp_engine *e)
{
	int err = map_one(&e->control_map, e->program->maps.control,
			  pages(sizeof(struct xdp_control)));
	if (!err)
		err = map_one(&e->tables_map, e->program->maps.tables,
			      pages(2 * sizeof(struct xdp_tables)));
	if (!err)
		err = map_one(&e->dst24_map, e->program->maps.dst24,
			      sizeof(struct xdp_block) * 2 * 65536);
	if (!err)
		err = map_one(&e->dst8_map, e->program->maps.dst8,
			      pages(sizeof(struct xdp_block) * 2 * e->dst.block_max));
	if (err)
		return err;
	e->control = e->control_map.at;
	e->tables = e->tables_map.at;
	for (int g = 0; g < 2; g++) {
		e->dst.generations[g].to24 = (uint16_t *)e->dst24_map.at + ((size_t)g << 24);
		e->dst.generations[g].to8 = e->dst8_map.at;
	}
	return 0;
}
