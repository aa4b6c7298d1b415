/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine: the program's life: loaded or taken over, attached, let go, removed.
 *
 * Maps are pinned when they are made and the links when they are attached, so a
 * process that dies anywhere in between leaves nothing but empty maps, or a
 * program that lets everything pass.
 */
#include "actuate/xdp/engine.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "actuate/xdp/engine_part.h"
#include "base/hash.h"

bool xdp_engine_is_built(void)
{
	return true;
}

static int seed(struct xdp_engine *e, uint64_t value)
{
	struct xdp_cpu *cpus = calloc((size_t)e->possible, sizeof(*cpus));
	uint32_t zero = 0;

	if (!cpus)
		return -ENOMEM;
	for (int i = 0; i < e->possible; i++)
		cpus[i].random = hash_words((uint64_t)i, 1, value);
	int err = bpf_map_update_elem(bpf_map__fd(e->program->maps.cpus), &zero, cpus, BPF_ANY);
	free(cpus);
	return err ? -errno : 0;
}

/* What an earlier process has put in force goes on, with its counters. */
static void adopt_places(struct xdp_engine *e)
{
	const struct xdp_tables *t = &e->tables[e->control->generation & 1];

	for (uint32_t i = 0; i < t->rules && i < FILTER_RULES; i++)
		places_adopt(&e->places, t->entries[i].id, t->entries[i].slot);
}

static int adopt(struct xdp_engine *e, const struct xdp_engine_config *config, struct text *error)
{
	int err = 0;

	if (e->control->abi && e->control->abi != FILTER_ABI) {
		text_addf(error, "what is pinned in %s is of another version: remove it first",
			  e->pin_dir);
		return -WEIR_EVERSION;
	}
	for (uint32_t g = 0; g < 2 && !err; g++) {
		err = longest_adopt(&e->dst.generations[g].v6, bpf_map__fd(e->program->maps.dst6),
				    g);
		if (!err)
			err = longest_adopt(&e->sources[g], bpf_map__fd(e->program->maps.sources),
					    g);
	}
	if (!err && !e->control->abi)
		err = seed(e, config->seed);
	if (err) {
		text_addf(error, "the maps of the XDP program: %s", err_text(err));
		return err;
	}
	e->control->abi = FILTER_ABI;
	e->control->draw_below = config->sampling ? (1ULL << 32) / config->sampling : 0;
	e->unsettled = true;
	adopt_places(e);
	return 0;
}

static int on_sample(void *self, void *data, size_t size)
{
	struct xdp_engine *e = self;

	if (size >= sizeof(struct xdp_sample))
		e->take(e->take_self, data);
	return --e->take_left ? 0 : -EAGAIN;
}

static int prepare(struct xdp_engine *e, const struct xdp_engine_config *config)
{
	uint32_t blocks = engine_or(config->blocks_max, 16384);
	int n = snprintf(e->pin_dir, sizeof(e->pin_dir), "%s",
			 config->pin_dir ? config->pin_dir : "");

	if (n >= (int)sizeof(e->pin_dir) || blocks > FILTER_BLOCK)
		return -EINVAL;
	e->possible = libbpf_num_possible_cpus();
	if (e->possible < 1)
		return -ENOSYS;
	e->cpus = engine_or(config->cpus, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
	e->slots = calloc((size_t)e->possible, sizeof(*e->slots));
	if (!e->slots)
		return -ENOMEM;
	return dst_open(&e->dst, blocks);
}

static int open_on(struct xdp_engine *e, const struct xdp_engine_config *config, struct text *error)
{
	int err = prepare(e, config);

	if (err) {
		text_addf(error, "the XDP engine: %s", err_text(err));
		return err;
	}
	e->idle = config->idle;
	if (e->pin_dir[0] && !e->idle)
		err = engine_open_pins(e, error);
	if (!err)
		err = engine_load(e, config, error);
	if (err)
		return err;
	err = engine_map(e);
	if (err) {
		text_addf(error, "the maps of the XDP program: %s", err_text(err));
		return err;
	}
	bool is_new = !e->control->abi;
	/* Some of what is pinned may be older than the rest. */
	if (e->idle || !e->pin_dir[0])
		dst_start_empty(&e->dst);
	err = adopt(e, config, error);
	if (err)
		return err;
	e->ring = ring_buffer__new(bpf_map__fd(e->program->maps.drops), on_sample, e, NULL);
	if (!e->ring) {
		err = -errno;
		text_addf(error, "the ring of samples: %s", err_text(err));
		return err;
	}
	if (!e->idle)
		err = attach_all(e, config, error);
	if (err && is_new)
		engine_unpin(e);
	return err;
}

int xdp_engine_open(const struct xdp_engine_config *config, struct xdp_engine **ret_engine,
		    struct text *error)
{
	struct xdp_engine *e = calloc(1, sizeof(*e));

	if (!e) {
		text_add(error, "the XDP engine: no memory");
		return -ENOMEM;
	}
	e->lock_fd = -1;
	int err = open_on(e, config, error);
	if (err) {
		xdp_engine_close(e);
		return err;
	}
	*ret_engine = e;
	return 0;
}

static void unmap(struct xdp_mapped *mapped)
{
	if (mapped->at)
		munmap(mapped->at, mapped->len);
	*mapped = (struct xdp_mapped){ 0 };
}

void xdp_engine_close(struct xdp_engine *e)
{
	if (!e)
		return;
	attach_close(e, false);
	ring_buffer__free(e->ring);
	unmap(&e->control_map);
	unmap(&e->tables_map);
	unmap(&e->dst24_map);
	unmap(&e->dst8_map);
	weir_bpf__destroy(e->program);
	for (int g = 0; g < 2; g++)
		longest_done(&e->sources[g]);
	dst_done(&e->dst);
	if (e->lock_fd >= 0)
		close(e->lock_fd);
	free(e->slots);
	free(e);
}

void xdp_engine_remove(struct xdp_engine *e)
{
	if (!e)
		return;
	engine_unpin(e);
	xdp_engine_close(e);
}

int xdp_engine_fd(const struct xdp_engine *engine)
{
	return bpf_program__fd(engine->program->progs.weir);
}

void xdp_engine_test_clock(struct xdp_engine *engine, uint64_t now_ns)
{
	engine->program->bss->test_now = now_ns;
}

struct xdp_told xdp_engine_test_told(const struct xdp_engine *engine)
{
	const volatile struct xdp_told *told = &engine->program->bss->test_told;

	return (struct xdp_told){ told->rule, told->reason, told->group };
}
