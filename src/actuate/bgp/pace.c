/* SPDX-License-Identifier: Apache-2.0 */
/* pace: see pace.h. */
#include "actuate/bgp/pace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

int bgp_pace_open(struct bgp_pace *pace, uint64_t rate)
{
	*pace = (struct bgp_pace){ .rate = rate ? rate : 1 };
	pace->changed_ns = calloc(pace->rate, sizeof(*pace->changed_ns));
	return pace->changed_ns ? 0 : -ENOMEM;
}

void bgp_pace_close(struct bgp_pace *pace)
{
	free(pace->changed_ns);
	bgp_routes_done(&pace->out);
	bgp_routes_done(&pace->back);
	*pace = (struct bgp_pace){ 0 };
}

static int list_new(size_t room, struct bgp_routes *ret)
{
	*ret = (struct bgp_routes){ .list = calloc(room + 1, sizeof(*ret->list)) };
	return ret->list ? 0 : -ENOMEM;
}

static void add(struct bgp_routes *routes, const struct bgp_route *route)
{
	routes->list[routes->count++] = *route;
	routes->of_kind[route->kind]++;
}

int bgp_pace_begin(struct bgp_pace *pace, const struct bgp_routes *routes, const bool *held)
{
	struct bgp_routes out;
	int err = list_new(routes->count, &out);

	if (err)
		return err;
	for (size_t i = 0; held && i < routes->count; i++) {
		if (held[i])
			add(&out, &routes->list[i]);
	}
	bgp_routes_done(&pace->out);
	pace->out = out;
	pace->begun = true;
	return 0;
}

static const struct bgp_route *find(const struct bgp_routes *routes, const struct bgp_route *route)
{
	size_t low = 0;
	size_t high = routes->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = bgp_route_compare(&routes->list[middle], route);
		if (order == 0)
			return &routes->list[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* The same match, which is the same packet lengths, and the same rate: the same to a router. */
static bool is_out(const struct bgp_pace *pace, const struct bgp_route *route)
{
	const struct bgp_route *out = find(&pace->out, route);

	return out && out->rule.rate_pps == route->rule.rate_pps;
}

static size_t count_gone(const struct bgp_pace *pace, const struct bgp_routes *routes)
{
	size_t gone = 0;

	for (size_t i = 0; i < pace->out.count; i++)
		gone += find(routes, &pace->out.list[i]) == NULL;
	return gone;
}

static size_t count_free(const struct bgp_pace *pace, uint64_t now_ns)
{
	size_t free_now = 0;

	for (size_t i = 0; i < pace->rate; i++)
		free_now += !pace->changed_ns[i] || now_ns - pace->changed_ns[i] >= NS_PER_S;
	return free_now;
}

static int by_seat(const void *left, const void *right)
{
	const struct bgp_route *a = *(const struct bgp_route *const *)left;
	const struct bgp_route *b = *(const struct bgp_route *const *)right;

	return (a->seat > b->seat) - (a->seat < b->seat);
}

/* The first @most of those that would be changes, marked by place. Return: false without memory. */
static bool choose(const struct bgp_pace *pace, const struct bgp_routes *routes, size_t most,
		   bool *ret_chosen)
{
	const struct bgp_route **fresh = calloc(routes->count + 1, sizeof(*fresh));
	size_t count = 0;

	if (!fresh)
		return false;
	for (size_t i = 0; i < routes->count; i++) {
		if (!is_out(pace, &routes->list[i]))
			fresh[count++] = &routes->list[i];
	}
	if (count)
		qsort(fresh, count, sizeof(*fresh), by_seat);
	for (size_t i = 0; i < count && i < most; i++)
		ret_chosen[fresh[i] - routes->list] = true;
	free(fresh);
	return true;
}

/* @back: those that wait; a route whose action alone is new keeps its former one meanwhile. */
static void divide(const struct bgp_pace *pace, const struct bgp_routes *routes, const bool *chosen,
		   struct bgp_routes *now, struct bgp_routes *back)
{
	for (size_t i = 0; i < routes->count; i++) {
		const struct bgp_route *route = &routes->list[i];
		const struct bgp_route *old = find(&pace->out, route);
		if (chosen[i] || is_out(pace, route)) {
			add(now, route);
			continue;
		}
		add(back, route);
		if (old)
			add(now, old);
	}
}

int bgp_pace_limit(struct bgp_pace *pace, uint64_t now_ns, struct bgp_routes *routes)
{
	size_t room = count_free(pace, now_ns);
	size_t gone = count_gone(pace, routes);
	bool *chosen = calloc(routes->count + 1, sizeof(*chosen));
	struct bgp_routes now = { 0 };
	struct bgp_routes back = { 0 };

	if (!chosen || list_new(routes->count, &now) || list_new(routes->count, &back) ||
	    !choose(pace, routes, room > gone ? room - gone : 0, chosen)) {
		free(chosen);
		bgp_routes_done(&now);
		bgp_routes_done(&back);
		return -ENOMEM;
	}
	divide(pace, routes, chosen, &now, &back);
	free(chosen);
	bgp_routes_done(routes);
	bgp_routes_done(&pace->back);
	*routes = now;
	pace->back = back;
	return 0;
}

int bgp_pace_took(struct bgp_pace *pace, uint64_t now_ns, const struct bgp_routes *routes)
{
	size_t changes = count_gone(pace, routes);
	struct bgp_routes out;
	int err = list_new(routes->count, &out);

	if (err)
		return err;
	for (size_t i = 0; i < routes->count; i++) {
		changes += !is_out(pace, &routes->list[i]);
		add(&out, &routes->list[i]);
	}
	for (size_t i = 0; i < changes && i < pace->rate; i++) {
		pace->changed_ns[pace->next] = now_ns;
		pace->next = (pace->next + 1) % pace->rate;
	}
	bgp_routes_done(&pace->out);
	pace->out = out;
	return 0;
}

/* The ring is in the order of time: the next place is the oldest. */
uint64_t bgp_pace_wait_ns(const struct bgp_pace *pace, uint64_t now_ns)
{
	uint64_t free_ns = pace->changed_ns[pace->next] + NS_PER_S;

	if (!pace->back.count)
		return 0;
	return free_ns > now_ns ? free_ns - now_ns : 1;
}

static bool waits(const struct bgp_pace *pace, const struct bgp_limits *limits,
		  const struct wanted *wanted)
{
	struct text unused = { 0 };
	struct bgp_route route;

	for (unsigned i = 0; i < wanted->plan.rule_count; i++) {
		if (bgp_route_make(limits, wanted, &wanted->plan.rules[i], &route, &unused) == 0 &&
		    find(&pace->back, &route))
			return true;
	}
	return false;
}

void bgp_pace_tell(const struct bgp_pace *pace, const struct bgp_limits *limits,
		   const struct wanted_set *set, struct effect *effects, struct text *why)
{
	if (!pace->back.count)
		return;
	for (size_t i = 0; i < set->count; i++) {
		if (effects[i].applied && waits(pace, limits, &set->plans[i])) {
			effects[i].applied = false;
			effects[i].coming = true;
		}
	}
	if (why->len == 0)
		text_addf(why, "at most %zu rules and routes change in a second; %zu more follow",
			  pace->rate, pace->back.count);
}
