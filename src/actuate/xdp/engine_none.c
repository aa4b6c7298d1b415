/* SPDX-License-Identifier: Apache-2.0 */
/* engine_none: stands for the XDP engine where this program is built without BPF. */
#include <errno.h>

#include "actuate/xdp/engine.h"

bool xdp_engine_is_built(void)
{
	return false;
}

int xdp_engine_open(const struct xdp_engine_config *config, struct xdp_engine **ret_engine,
		    struct text *error)
{
	(void)config;
	(void)ret_engine;
	text_add(error, "filtering by XDP: this program was built without BPF");
	return -EOPNOTSUPP;
}

/* Nobody has an engine, so nobody calls the others; they are here to be linked. */

int xdp_engine_attach(struct xdp_engine *engine, const struct xdp_engine_config *config,
		      struct text *error)
{
	(void)engine;
	(void)config;
	(void)error;
	return -EOPNOTSUPP;
}

int xdp_engine_sources(const struct xdp_engine *engine, xdp_source_fn *take, void *self)
{
	(void)engine;
	(void)take;
	(void)self;
	return -EOPNOTSUPP;
}

int xdp_engine_set(struct xdp_engine *engine, const struct xdp_wanted *wanted, struct text *error)
{
	(void)engine;
	(void)wanted;
	(void)error;
	return -EOPNOTSUPP;
}

void xdp_engine_settle(struct xdp_engine *engine)
{
	(void)engine;
}

int xdp_engine_sources_add(struct xdp_engine *engine, uint16_t set, const struct prefix *members,
			   size_t count)
{
	(void)engine;
	(void)set;
	(void)members;
	(void)count;
	return -EOPNOTSUPP;
}

int xdp_engine_sources_remove(struct xdp_engine *engine, const struct prefix *members, size_t count)
{
	(void)engine;
	(void)members;
	(void)count;
	return -EOPNOTSUPP;
}

int xdp_engine_sources_clear(struct xdp_engine *engine, uint16_t set)
{
	(void)engine;
	(void)set;
	return -EOPNOTSUPP;
}

int xdp_engine_rule_counters(const struct xdp_engine *engine, uint64_t id,
			     struct xdp_rule_counters *ret_counters)
{
	(void)engine;
	(void)id;
	(void)ret_counters;
	return -EOPNOTSUPP;
}

int xdp_engine_counters(const struct xdp_engine *engine, struct xdp_engine_counters *ret_counters)
{
	(void)engine;
	(void)ret_counters;
	return -EOPNOTSUPP;
}

size_t xdp_engine_rules(const struct xdp_engine *engine, uint64_t *ret_ids)
{
	(void)engine;
	(void)ret_ids;
	return 0;
}

int xdp_engine_samples(struct xdp_engine *engine, xdp_sample_fn *take, void *self, size_t most)
{
	(void)engine;
	(void)take;
	(void)self;
	(void)most;
	return -EOPNOTSUPP;
}

int xdp_engine_rest(struct xdp_engine *engine, const struct xdp_protected *protect, size_t count)
{
	(void)engine;
	(void)protect;
	(void)count;
	return -EOPNOTSUPP;
}

void xdp_engine_close(struct xdp_engine *engine)
{
	(void)engine;
}

void xdp_engine_remove(struct xdp_engine *engine)
{
	(void)engine;
}

int xdp_engine_fd(const struct xdp_engine *engine)
{
	(void)engine;
	return -1;
}

void xdp_engine_test_clock(struct xdp_engine *engine, uint64_t now_ns)
{
	(void)engine;
	(void)now_ns;
}

struct xdp_told xdp_engine_test_told(const struct xdp_engine *engine)
{
	(void)engine;
	return (struct xdp_told){ 0 };
}
