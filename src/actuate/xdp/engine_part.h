/* SPDX-License-Identifier: Apache-2.0 */
/* engine_part: what the sources of the XDP engine share. Control thread. */
#pragma once

#include <bpf/libbpf.h>

#include "actuate/xdp/dst.h"
#include "actuate/xdp/engine.h"
#include "actuate/xdp/longest.h"
#include "actuate/xdp/places.h"
#include "actuate/xdp/rows.h"
#include "bpf/weir.skel.h"

/** Interfaces of one engine. */
#define XDP_INTERFACES_MAX 64

/** Where the program is attached. */
struct xdp_attached {
	char name[32];
	int link_fd;
	bool is_new; /* it was not attached there before this open */
};

/** A part of a kernel map that we write like memory. */
struct xdp_mapped {
	void *at;
	size_t len;
};

struct xdp_engine {
	struct weir_bpf *program;
	char pin_dir[256]; /* "": not pinned */
	struct xdp_mapped control_map;
	struct xdp_mapped tables_map;
	struct xdp_mapped dst24_map;
	struct xdp_mapped dst8_map;
	struct xdp_control *control;
	struct xdp_tables *tables; /* two */
	struct dst dst;
	struct longest sources[2];
	struct rows rows;
	struct places places;
	bool unsettled;         /* the generation that is not in force may still be read */
	uint32_t cpus;          /* that rates are divided by */
	bool idle;              /* neither pinned nor attached */
	int lock_fd;            /* the folder of the pins; -1: none */
	int possible;           /* CPUs that counters are for */
	struct xdp_slot *slots; /* one for each possible CPU */
	struct ring_buffer *ring;
	xdp_sample_fn *take; /* of the reading that goes on */
	void *take_self;
	size_t take_left;
	struct xdp_attached attached[XDP_INTERFACES_MAX];
	size_t attached_count;
};

/** attach_all() - on all interfaces, or on none that it was not on. Return: 0 or why not. */
WEIR_CHECK int attach_all(struct xdp_engine *engine, const struct xdp_engine_config *config,
			  struct text *error);

/** attach_close() - let go of the links; @undo: also unpin them. */
void attach_close(struct xdp_engine *engine, bool undo);

/** engine_open_pins() - its folder is there and nobody else's. Return: 0, or why not. */
WEIR_CHECK int engine_open_pins(struct xdp_engine *engine, struct text *error);

/** engine_wake() - what only idled is pinned, so that it can be attached. Return: 0 or why not. */
WEIR_CHECK int engine_wake(struct xdp_engine *engine, struct text *error);

/** engine_unpin() - off all interfaces, nothing is pinned, and from then on it idles. */
void engine_unpin(struct xdp_engine *engine);

/** explain_load() - why the kernel did not take the program, in words. */
void explain_load(int err, const char *complaint, struct text *error);

/** engine_load() - load the program, with the maps that are pinned or new ones. */
WEIR_CHECK int engine_load(struct xdp_engine *engine, const struct xdp_engine_config *config,
			   struct text *error);

/** engine_map() - map what we write like memory. Return: 0 or what the kernel refused. */
WEIR_CHECK int engine_map(struct xdp_engine *engine);

/** A value that was configured, or its default. */
static inline uint32_t engine_or(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}
