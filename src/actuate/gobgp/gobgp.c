/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gobgp: plans in, paths of a GoBGP 3 out.
 *
 * GoBGP forgets everything when it restarts, so nothing is taken for granted: each
 * call reads what of ours is in its table, sends what differs in one stream, and
 * reads again. Paths of others are never touched. reconcile runs on the worker
 * thread; see gobgp.md for what the operator sets up.
 */
#include "actuate/actuator.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "actuate/bgp/pace.h"
#include "actuate/bgp/routes.h"
#include "actuate/gobgp/grpc.h"
#include "actuate/gobgp/held.h"
#include "actuate/gobgp/paths.h"
#include "actuate/gobgp/peers.h"
#include "base/clock.h"

/* Sent once, and looked at again. */
#define ROUNDS 2

struct state {
	const struct config_actuator *settings;
	const struct config *_Atomic config; /* whose networks count; either thread */
	struct path_style style;
	struct grpc_peer peer;
	/* The worker's alone. */
	bool looked_everywhere; /* also outside of the own networks, for what is left of before */
	const struct config *known; /* whose networks are among `where` */
	bool wide;                  /* others may be among them as well */
	struct gobgp_where where;
	struct bgp_peers peers;
	struct bgp_pace pace;
};

static int open(const struct config *config, const struct config_actuator *settings,
		void **ret_state, uint32_t *ret_caps, struct text *why)
{
	struct state *state = calloc(1, sizeof(*state));
	static const uint8_t none[4];

	if (!state)
		return -ENOMEM;
	state->settings = settings;
	atomic_init(&state->config, config);
	state->peer = (struct grpc_peer){ settings->address, settings->timeout_ns };
	state->style = (struct path_style){ .next_hop_v4 = settings->next_hop_v4,
					    .next_hop_v6 = settings->next_hop_v6 };
	if (ip_is_zero(&state->style.next_hop_v4))
		state->style.next_hop_v4 = ip_from_v4(none);
	int err = bgp_check_settings(config, settings, settings->address, "address", why);
	if (err == 0)
		err = bgp_communities(settings, state->style.communities,
				      &state->style.community_count, why);
	if (err == 0)
		err = bgp_pace_open(&state->pace, settings->changes);
	if (err < 0) {
		free(state);
		return err;
	}
	*ret_state = state;
	*ret_caps = bgp_caps(settings);
	return 0;
}

static int check(void *self, const struct wanted *wanted, struct text *why)
{
	const struct state *state = self;
	const struct bgp_limits limits = bgp_limits_of(
		atomic_load_explicit(&state->config, memory_order_acquire), state->settings);

	return bgp_check(&limits, wanted, why);
}

static void reload(void *self, const struct config *config)
{
	struct state *state = self;

	atomic_store_explicit(&state->config, config, memory_order_release);
}

/* Return: as gobgp_list(); a family that GoBGP does not have matters only if it is wanted. */
static int list_kind(struct state *state, enum bgp_kind kind, bool wanted, struct gobgp_held *held,
		     struct text *why)
{
	struct text unused = text_heap();
	const struct gobgp_where *where = state->looked_everywhere ? &state->where : NULL;
	int err = gobgp_list(&state->peer, kind, where, held, wanted ? why : &unused);

	/* A whole Internet is too much to look through: then only where ours can be. */
	if (!where && (err == -EFBIG || err == -ETIMEDOUT)) {
		text_clear(why);
		err = gobgp_list(&state->peer, kind, &state->where, held, why);
	} else if (!wanted && err < 0 && err != -EOPNOTSUPP) {
		text_add(why, text_string(&unused));
	}
	text_done(&unused);
	return err == -EOPNOTSUPP && !wanted ? 0 : err;
}

static int list_all(struct state *state, const struct bgp_routes *routes, struct gobgp_held *held,
		    struct text *why)
{
	for (int kind = 0; kind < BGP_KINDS; kind++) {
		int err =
			list_kind(state, (enum bgp_kind)kind, routes->of_kind[kind] > 0, held, why);
		if (err < 0)
			return err;
	}
	state->looked_everywhere = true;
	gobgp_sort(held);
	return 0;
}

/* What GoBGP has already was announced before, by whichever process. */
static int begin_pace(struct state *state, const struct bgp_routes *routes,
		      const struct gobgp_held *held)
{
	bool *is_held = calloc(routes->count + 1, sizeof(*is_held));

	if (!is_held)
		return -ENOMEM;
	for (size_t i = 0; i < routes->count; i++)
		is_held[i] = gobgp_is_held(&state->style, held, &routes->list[i]);
	int err = bgp_pace_begin(&state->pace, routes, is_held);
	free(is_held);
	return err;
}

/* @first: what is wanted becomes what may be announced now. Return: 0 or negative errors. */
static int one_round(struct state *state, struct bgp_routes *routes, bool first,
		     struct gobgp_change *ret_change, struct text *why)
{
	struct gobgp_held held = { 0 };
	struct gobgp_change change = { 0 };
	struct grpc_bytes answer = { 0 };
	int err = list_all(state, routes, &held, why);

	if (err == 0 && !state->pace.begun)
		err = begin_pace(state, routes, &held);
	if (err == 0 && first)
		err = bgp_pace_limit(&state->pace, clock_mono_ns(), routes);
	if (err == 0)
		err = gobgp_compare(&state->style, routes, &held, &change);
	if (err == 0 && change.frames.len)
		err = grpc_call(&state->peer, "AddPathStream", &change.frames, &answer, why);
	grpc_bytes_done(&change.frames);
	grpc_bytes_done(&answer);
	gobgp_held_done(&held);
	*ret_change = change;
	return err;
}

static int make_true(struct state *state, struct bgp_routes *routes, struct actuator_result *result)
{
	struct gobgp_change change;
	unsigned long long differ = 0;

	for (int round = 0; round < ROUNDS; round++) {
		int err = one_round(state, routes, round == 0, &change, result->why);
		if (err < 0)
			return err;
		if (round == 0) {
			result->added = change.added;
			result->removed = change.removed;
			result->kept = change.kept;
		}
		differ = change.added + change.removed;
		if (differ == 0)
			return 0;
	}
	text_addf(result->why,
		  "GoBGP on %s took %llu routes and does not have them; look at its log",
		  state->peer.address, differ);
	return -EOPNOTSUPP;
}

/* In the words of actuator.h. */
static int outward(int err)
{
	return err == -WEIR_EVERSION ? -EOPNOTSUPP : err == -EFBIG ? -WEIR_EFULL : err;
}

/* What was ours until now may still be announced: it is looked for as well, until it is gone. */
static int look_for(struct state *state, const struct config *config)
{
	if (config == state->known)
		return 0;
	state->wide = state->where.count > 0;
	int err = gobgp_where_add(&state->where, config);
	state->known = err ? NULL : config;
	return err;
}

static void look_only_for(struct state *state, const struct config *config)
{
	struct gobgp_where where = { 0 };

	if (!state->wide || gobgp_where_add(&where, config))
		return;
	gobgp_where_done(&state->where);
	state->where = where;
	state->wide = false;
}

static int announce(struct state *state, struct bgp_routes *routes, struct actuator_result *result)
{
	int err = make_true(state, routes, result);

	if (err == 0)
		err = bgp_pace_took(&state->pace, clock_mono_ns(), routes);
	result->again_ns = bgp_pace_wait_ns(&state->pace, clock_mono_ns());
	return err;
}

static int reconcile(void *self, const struct wanted_set *set, struct actuator_result *result)
{
	struct state *state = self;
	const struct config *config = atomic_load_explicit(&state->config, memory_order_acquire);
	const struct bgp_limits limits = bgp_limits_of(config, state->settings);
	struct bgp_routes routes = { 0 };
	struct text refused = text_heap();
	int err = bgp_routes_make(&limits, set, &routes, result->effects, &refused);

	if (err == 0)
		err = look_for(state, config);
	if (err == 0)
		err = announce(state, &routes, result);
	if (err == 0) {
		look_only_for(state, config);
		result->peers = gobgp_peers(&state->peer, &state->peers);
	}
	if (err < 0)
		bgp_effects_none(set, result->effects);
	else
		text_add_n(result->why, text_string(&refused), refused.len);
	if (err == 0)
		bgp_pace_tell(&state->pace, &limits, set, result->effects, result->why);
	text_done(&refused);
	bgp_routes_done(&routes);
	return outward(err);
}

static void close(void *self)
{
	struct state *state = self;

	gobgp_where_done(&state->where);
	bgp_pace_close(&state->pace);
	free(state);
}

const struct actuator actuator_gobgp = {
	.name = "gobgp",
	.summary = "routes and FlowSpec rules of a GoBGP 3",
	.profile = "flowspec",
	.open = open,
	.check = check,
	.reconcile = reconcile,
	.reload = reload,
	.close = close,
};
