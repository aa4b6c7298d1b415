/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xdp: plans in, filters before this host's network stack out, and what they did.
 *
 * Without plans nothing of Weir is on the interfaces or pinned; the program then
 * only waits in the kernel's memory, so that the first plan need not. What is pinned stays
 * when the process ends, until each rule's expiry, and is taken over by the
 * first call after a start. Control thread, and the actuator's worker.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "actuate/actuator.h"
#include "actuate/xdp/put.h"
#include "base/clock.h"

static void close(void *self)
{
	struct xdp_state *s = self;

	if (!s)
		return;
	xdp_engine_close(s->engine);
	if (s->last)
		compose_done(s->last);
	held_done(&s->held);
	free(s->next);
	free(s->last);
	free(s->interfaces);
	free(s);
}

static enum xdp_mode mode_of(enum attach_mode mode)
{
	switch (mode) {
	case ATTACH_NATIVE:
		return XDP_MODE_NATIVE;
	case ATTACH_GENERIC:
		return XDP_MODE_GENERIC;
	default:
		return XDP_MODE_BEST;
	}
}

static struct xdp_state *make(const struct config *config, const struct config_actuator *settings)
{
	struct xdp_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->config = config;
	atomic_init(&s->reloaded, config);
	s->next = calloc(1, sizeof(*s->next));
	s->last = calloc(1, sizeof(*s->last));
	s->interfaces = calloc(settings->interface_count, sizeof(*s->interfaces));
	if (!s->next || !s->last || !s->interfaces) {
		close(s);
		return NULL;
	}
	for (size_t i = 0; i < settings->interface_count; i++)
		s->interfaces[i] = settings->interfaces[i].text;
	s->settings = (struct xdp_engine_config){ .pin_dir = settings->pin,
						  .interfaces = s->interfaces,
						  .interface_count = settings->interface_count,
						  .mode = mode_of(settings->mode),
						  .sampling = XDP_CATCH_EACH };
	return s;
}

static int open(const struct config *config, const struct config_actuator *settings,
		void **ret_state, uint32_t *ret_caps, struct text *why)
{
	if (!xdp_engine_is_built()) {
		text_add(why, "xdp: this program was built without BPF: build it with "
			      "-Dbpf=enabled, or use nft");
		return -EOPNOTSUPP;
	}
	if (!settings || !settings->interface_count) {
		text_add(why, "xdp: no interfaces are named: give `interfaces`, as [eth0]");
		return -EINVAL;
	}
	struct xdp_state *s = make(config, settings);
	if (!s) {
		text_add(why, "xdp: no memory: lower `limits`, or give the machine more");
		return -ENOMEM;
	}
	*ret_state = s;
	*ret_caps = ACTUATOR_CAN_OBSERVE | ACTUATOR_CAN_RATE_LIMIT | ACTUATOR_CAN_DROP |
		    ACTUATOR_CAN_QUARANTINE | ACTUATOR_CAN_BLACKHOLE;
	return 0;
}

static int check(void *self, const struct wanted *wanted, struct text *why)
{
	(void)self;
	return compose_check(wanted, why);
}

static int compose_next(struct xdp_state *s, const struct wanted_set *set, struct text *why)
{
	int err = compose(set, &s->last->sets, clock_mono_ns(), s->next, why);

	if (err == -ENOMEM)
		text_add(why, "xdp: no memory: lower `limits`, or give the machine more");
	return err;
}

/* Loading takes over what is pinned, and only then is it known which source is in which set. */
static int load(struct xdp_state *s, const struct wanted_set *set, struct text *why)
{
	compose_done(s->next);
	text_clear(why);
	int err = put_be_there(s, why);
	return err ? err : compose_next(s, set, why);
}

/*
 * A program that is nowhere yet gets its rules before it gets packets: it decides about them as
 * soon as the driver has it, while the call that attaches it waits for the kernel some
 * milliseconds more.
 */
static int put(struct xdp_state *s, const struct wanted_set *set, struct text *why)
{
	int err = compose_next(s, set, why);

	if (!err && s->next->count == 0) {
		compose_done(s->next);
		return put_take_back(s, why);
	}
	if (!err && !s->engine)
		err = load(s, set, why);
	else if (!err && s->there)
		err = put_be_there(s, why);
	if (!err)
		err = put_tell(s, why);
	return err || s->there ? err : put_be_there(s, why);
}

static void reload(void *self, const struct config *config)
{
	struct xdp_state *s = self;

	atomic_store_explicit(&s->reloaded, config, memory_order_release);
}

/* With other networks the same rules stand beside others that are looked at. */
static void take_config(struct xdp_state *s)
{
	const struct config *config = atomic_load_explicit(&s->reloaded, memory_order_acquire);

	s->told = s->told && config == s->config;
	s->config = config;
}

static int reconcile(void *self, const struct wanted_set *set, struct actuator_result *result)
{
	struct xdp_state *s = self;
	uint64_t begin_ns = clock_mono_ns();

	take_config(s);
	int err = put(s, set, result->why);

	for (size_t i = 0; i < set->count; i++) {
		struct effect *effect = &result->effects[i];
		snprintf(effect->plan, sizeof(effect->plan), "%s", set->plans[i].plan.id);
		effect->at_ns = set->now_ns + clock_mono_ns() - begin_ns;
	}
	if (err)
		compose_done(s->next);
	else
		err = put_report(s, set, result);
	/* In force already; who waits here need not when the next set comes. */
	if (s->engine)
		xdp_engine_settle(s->engine);
	return !err && s->last->full ? -WEIR_EFULL : err;
}

const struct actuator actuator_xdp = {
	.name = "xdp",
	.summary = "drop or limit packets on this machine, in the driver",
	.profile = "xdp",
	.open = open,
	.check = check,
	.reconcile = reconcile,
	.reload = reload,
	.drops = put_drops,
	.close = close,
};
