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
#include <stdlib.h>

#include "actuate/bgp/routes.h"
#include "actuate/gobgp/grpc.h"
#include "actuate/gobgp/held.h"
#include "actuate/gobgp/paths.h"

/* Sent once, and looked at again. */
#define ROUNDS 2

struct state {
	const struct config_actuator *settings;
	struct bgp_limits limits;
	struct path_style style;
	struct grpc_peer peer;
	bool looked_everywhere; /* also outside of the own networks, for what is left of before */
};

static int open(const struct config *config, const struct config_actuator *settings,
		void **ret_state, uint32_t *ret_caps, struct text *why)
{
	struct state *state = calloc(1, sizeof(*state));
	static const uint8_t none[4];

	if (!state)
		return -ENOMEM;
	state->settings = settings;
	state->limits = bgp_limits_of(config, settings);
	state->peer = (struct grpc_peer){ settings->address, settings->timeout_ns };
	state->style = (struct path_style){ .next_hop_v4 = settings->next_hop_v4,
					    .next_hop_v6 = settings->next_hop_v6 };
	if (ip_is_zero(&state->style.next_hop_v4))
		state->style.next_hop_v4 = ip_from_v4(none);
	int err = bgp_check_settings(config, settings, settings->address, "address", why);
	if (err == 0)
		err = bgp_communities(settings, state->style.communities,
				      &state->style.community_count, why);
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

	return bgp_check(&state->limits, wanted, why);
}

/* Return: as gobgp_list(); a family that GoBGP does not have matters only if it is wanted. */
static int list_kind(struct state *state, enum bgp_kind kind, bool wanted, struct gobgp_held *held,
		     struct text *why)
{
	struct text unused = text_heap();
	const struct config *config = state->looked_everywhere ? state->limits.config : NULL;
	int err = gobgp_list(&state->peer, kind, config, held, wanted ? why : &unused);

	/* A whole Internet is too much to look through: then only where ours can be. */
	if (!config && (err == -EFBIG || err == -ETIMEDOUT)) {
		text_clear(why);
		err = gobgp_list(&state->peer, kind, state->limits.config, held, why);
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

/* Return: how many paths differed, and were sent; negative errors. */
static int one_round(struct state *state, const struct bgp_routes *routes,
		     struct gobgp_change *ret_change, struct text *why)
{
	struct gobgp_held held = { 0 };
	struct gobgp_change change = { 0 };
	struct grpc_bytes answer = { 0 };
	int err = list_all(state, routes, &held, why);

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

static int make_true(struct state *state, const struct bgp_routes *routes,
		     struct actuator_result *result)
{
	struct gobgp_change change;
	unsigned long long differ = 0;

	for (int round = 0; round < ROUNDS; round++) {
		int err = one_round(state, routes, &change, result->why);
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

static int reconcile(void *self, const struct wanted_set *set, struct actuator_result *result)
{
	struct state *state = self;
	struct bgp_routes routes = { 0 };
	struct text refused = text_heap();
	int err = bgp_routes_make(&state->limits, set, &routes, result->effects, &refused);

	if (err == 0)
		err = make_true(state, &routes, result);
	if (err < 0)
		bgp_effects_none(set, result->effects);
	else
		text_add_n(result->why, text_string(&refused), refused.len);
	text_done(&refused);
	bgp_routes_done(&routes);
	return outward(err);
}

static void close(void *self)
{
	free(self);
}

const struct actuator actuator_gobgp = {
	.name = "gobgp",
	.summary = "routes and FlowSpec rules of a GoBGP 3",
	.profile = "flowspec",
	.open = open,
	.check = check,
	.reconcile = reconcile,
	.close = close,
};
