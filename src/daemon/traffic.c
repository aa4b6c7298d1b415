/* SPDX-License-Identifier: Apache-2.0 */
/* traffic: a gauge for each network and direction, a table for each list of addresses. */
#include "daemon/traffic.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/gauge.h"
#include "daemon/heavy.h"

/* Of a network: in and out. */
#define SIDES 2

/* Which list a row is for. */
enum list { LIST_IN, LIST_OUT, LIST_OUTSIDE, LIST_COUNT };

struct traffic {
	const struct config *config;
	struct heavy lists[LIST_COUNT];
	struct status_talker talkers[LIST_COUNT][STATUS_TALKERS];
	struct gauge *networks; /* SIDES for each */
	struct status_network *network_views;
	size_t network_count;
	bool has_len[129]; /* of networks */
	uint64_t second;   /* that runs now */
	uint64_t since;    /* first whole second */
	struct gauge all;  /* bytes: reported; packets: those of them that were older */
};

static void open_networks(struct traffic *t, const struct config *config)
{
	size_t count = config->network_count;

	if (count > TRAFFIC_NETWORKS)
		count = TRAFFIC_NETWORKS;
	t->config = config;
	t->network_count = 0;
	memset(t->has_len, 0, sizeof(t->has_len));
	t->networks = calloc(count * SIDES + 1, sizeof(*t->networks));
	t->network_views = calloc(count + 1, sizeof(*t->network_views));
	if (!t->networks || !t->network_views)
		return;
	t->network_count = count;
	for (size_t i = 0; i < count; i++)
		t->has_len[config->networks[i].prefix.len] = true;
}

static void close_networks(struct traffic *t)
{
	free(t->networks);
	free(t->network_views);
}

struct traffic *traffic_new(const struct config *config, uint64_t seed)
{
	struct traffic *t = calloc(1, sizeof(*t));
	int err = 0;

	if (!t)
		return NULL;
	open_networks(t, config);
	for (unsigned i = 0; !err && i < LIST_COUNT; i++)
		err = heavy_open(&t->lists[i], seed + i);
	if (err || !t->networks || !t->network_views) {
		traffic_free(t);
		return NULL;
	}
	return t;
}

void traffic_free(struct traffic *traffic)
{
	if (!traffic)
		return;
	for (unsigned i = 0; i < LIST_COUNT; i++)
		heavy_close(&traffic->lists[i]);
	close_networks(traffic);
	free(traffic);
}

void traffic_reload(struct traffic *traffic, const struct config *config)
{
	close_networks(traffic);
	open_networks(traffic, config);
	traffic->since = traffic->second + 1;
}

/* The gauge of the network that a row is about; NULL: it is about another prefix. */
static struct gauge *network_of(const struct traffic *t, const struct tally *row)
{
	const struct config_network *networks = t->config->networks;
	const struct config_network *n = config_network_of(t->config, &row->host);

	while (n && n->prefix.len > row->len)
		n = n->parent ? &networks[n->parent - 1] : NULL;
	if (!n || n->prefix.len != row->len)
		return NULL;
	size_t index = (size_t)(n - networks);
	if (index >= t->network_count)
		return NULL;
	return &t->networks[index * SIDES + (row->direction == DIRECTION_OUTBOUND)];
}

/* What was reported, and how much of it was older than what can be shown. */
static void note_age(struct traffic *t, const struct tally_set *set, double bytes, double older)
{
	const struct tally both = { .bytes = (uint64_t)bytes, .packets = (uint64_t)older };

	gauge_add(&t->all, &both, set->tick_ns);
}

void traffic_observe(struct traffic *traffic, const struct tally_set *set)
{
	const struct tally *end = set->rows + set->count;
	double bytes = 0, older = 0;

	for (const struct tally *row = set->rows; row < end; row++) {
		if (row->kind == TALLY_OWN && traffic->has_len[row->len]) {
			struct gauge *gauge = network_of(traffic, row);
			if (gauge)
				gauge_add(gauge, row, set->tick_ns);
		}
		if (row->len < 128)
			continue;
		enum list list = row->kind == TALLY_OUTSIDE             ? LIST_OUTSIDE
				 : row->direction == DIRECTION_OUTBOUND ? LIST_OUT
									: LIST_IN;
		heavy_add(&traffic->lists[list], row, set->tick_ns);
		if (list == LIST_OUTSIDE)
			continue;
		bytes += (double)row->bytes;
		if (row->begin_age)
			older += (double)row->bytes * (1 - gauge_part(row));
	}
	note_age(traffic, set, bytes, older);
}

void traffic_tick(struct traffic *traffic, uint64_t now_ns)
{
	uint64_t second = gauge_second(now_ns);

	if (second <= traffic->second)
		return;
	if (!traffic->since)
		traffic->since = second + 1;
	traffic->second = second;
	for (unsigned i = 0; i < LIST_COUNT; i++)
		heavy_tick(&traffic->lists[i], second);
}

/* Whole seconds since the beginning, as many as are shown. */
static unsigned seconds_of(const struct traffic *t)
{
	if (!t->since || t->second <= t->since)
		return 0;
	return t->second - t->since < GAUGE_WINDOW_S ? (unsigned)(t->second - t->since)
						     : GAUGE_WINDOW_S;
}

static struct status_load load_of(const struct gauge_sum *sum, unsigned seconds)
{
	return (struct status_load){ .pps = (uint64_t)(sum->packets / seconds + 0.5),
				     .bps = (uint64_t)(sum->bytes * 8 / seconds + 0.5) };
}

static struct status_load load_at(const struct traffic *t, size_t gauge, unsigned seconds)
{
	struct gauge_sum sum = gauge_total(&t->networks[gauge], t->second, seconds);

	return load_of(&sum, seconds);
}

static uint64_t bits_of(const struct status_network *network)
{
	return tally_sum(network->in.bps, network->out.bps);
}

static int compare_networks(const void *left, const void *right)
{
	const struct status_network *a = left, *b = right;

	if (bits_of(a) != bits_of(b))
		return bits_of(a) > bits_of(b) ? -1 : 1;
	int order = ip_compare(&a->prefix.ip, &b->prefix.ip);
	return order ? order : a->prefix.len - b->prefix.len;
}

static void add_load(struct status_load *into, const struct status_load *from)
{
	into->pps = tally_sum(into->pps, from->pps);
	into->bps = tally_sum(into->bps, from->bps);
}

static void fill_networks(struct traffic *t, unsigned seconds, struct status_view *view)
{
	for (size_t i = 0; i < t->network_count; i++) {
		const struct config_network *network = &t->config->networks[i];
		t->network_views[i] = (struct status_network){
			.prefix = network->prefix,
			.tenant = network->tenant,
		};
		if (!seconds)
			continue;
		t->network_views[i].in = load_at(t, i * SIDES, seconds);
		t->network_views[i].out = load_at(t, i * SIDES + 1, seconds);
		/* Those inside others are counted there. */
		if (network->nested)
			continue;
		add_load(&view->top.in, &t->network_views[i].in);
		add_load(&view->top.out, &t->network_views[i].out);
	}
	if (t->network_count)
		qsort(t->network_views, t->network_count, sizeof(t->network_views[0]),
		      compare_networks);
	view->networks = t->network_views;
	view->network_count = t->network_count;
	view->networks_dropped = t->config->network_count - t->network_count;
}

static void fill_list(struct traffic *t, enum list list, unsigned seconds,
		      struct status_talkers *ret_talkers)
{
	struct heavy_pick picks[STATUS_TALKERS];
	size_t count =
		seconds ? heavy_top(&t->lists[list], t->second, seconds, picks, STATUS_TALKERS) : 0;

	for (size_t i = 0; i < count; i++)
		t->talkers[list][i] =
			(struct status_talker){ picks[i].ip, load_of(&picks[i].sum, seconds) };
	*ret_talkers = (struct status_talkers){ t->talkers[list], count };
}

void traffic_fill(struct traffic *traffic, struct status_view *view)
{
	const unsigned seconds = seconds_of(traffic);
	struct gauge_sum all = gauge_total(&traffic->all, traffic->second, seconds);

	view->top.window_s = seconds;
	view->top.older_share = all.bytes > 0 ? all.packets / all.bytes : 0;
	fill_networks(traffic, seconds, view);
	fill_list(traffic, LIST_IN, seconds, &view->top.hosts_in);
	fill_list(traffic, LIST_OUT, seconds, &view->top.hosts_out);
	fill_list(traffic, LIST_OUTSIDE, seconds, &view->top.outside);
}
