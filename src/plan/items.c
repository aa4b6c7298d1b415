/* SPDX-License-Identifier: Apache-2.0 */
/* items: columns in; single values and intervals that much of the excess has out. */
#include <netinet/in.h>
#include <string.h>

#include "plan/work.h"

/* Most values and intervals of one field. */
#define VALUES  10
#define RANGES  3
/* An interval is worth so many times what it has of the baseline. */
#define PENALTY 2
/* What looks this long in sFlow may be as short as headers get. */
#define PADDED  46
#define HEADERS 20
#define JUMBO   9216

/* Values a field can have. */
static int32_t space_of(enum plan_field field)
{
	switch (field) {
	case FIELD_SPORT:
	case FIELD_DPORT:
		return 65536;
	case FIELD_LENGTH:
		return 1500 - HEADERS + 1;
	case FIELD_TTL:
		return 256;
	default:
		return 2;
	}
}

/* ICMP of the other family than the target's. */
static bool is_foreign(const struct synth *synth, int32_t proto)
{
	bool v4 = prefix_is_v4(&synth->input->scope.own);

	return proto == (v4 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

bool items_fits(const struct synth *synth, const struct cond *cond)
{
	if (cond->field == FIELD_LENGTH && (cond->min < HEADERS || cond->max > JUMBO))
		return false;
	if (cond->min == cond->max)
		return cond->field != FIELD_PROTO || !is_foreign(synth, cond->min);
	return synth->input->profile->ranges &&
	       (cond->max - cond->min + 1) * 2 <= space_of(cond->field);
}

void items_pad(const struct synth *synth, struct cond *cond)
{
	if (cond->field != FIELD_LENGTH)
		return;
	if (synth->now.frames && cond->min <= PADDED && cond->max >= HEADERS)
		cond->min = HEADERS;
	/* No router is asked for what no packet has. */
	cond->min = cond->min < HEADERS && cond->max >= HEADERS ? HEADERS : cond->min;
	cond->max = cond->max > JUMBO && cond->min <= JUMBO ? JUMBO : cond->max;
}

void items_add(struct synth *synth, const struct cond *cond)
{
	struct item *item = &synth->items[synth->item_count];

	if (synth->item_count == WORK_ITEMS) {
		synth->cut = true;
		return;
	}
	item->cond = *cond;
	items_pad(synth, &item->cond);
	if (!items_fits(synth, &item->cond))
		return;
	memcpy(item->now, synth->now.scope, sizeof(item->now));
	memcpy(item->base, synth->base.scope, sizeof(item->base));
	side_match(&synth->now, &item->cond, item->now);
	side_match(&synth->base, &item->cond, item->base);
	item->excess = work_excess(synth, work_share(synth, item->now, synth->active),
				   work_base_new(synth, item->base));
	synth->item_count += item->excess >= synth->least;
}

int32_t items_next(const struct synth *synth, int32_t value)
{
	return (int32_t)bitmap_next(synth->values, WORK_VALUES / 64, (uint32_t)value);
}

void items_forget(struct synth *synth)
{
	for (int32_t v = items_next(synth, 0); v < WORK_VALUES; v = items_next(synth, v + 1))
		synth->hist_now[v] = synth->hist_base[v] = 0;
	memset(synth->values, 0, sizeof(synth->values));
}

/* The values of a field among what is active and in half of the baseline, as shares. */
static void count_values(struct synth *synth, enum plan_field field)
{
	const int32_t *now = synth->now.column[field];
	const int32_t *base = synth->base.column[field];

	for (uint32_t i = 0; i < synth->now.count; i++) {
		if (!bitmap_has(synth->active, i) || now[i] < 0)
			continue;
		synth->hist_now[now[i]] += synth->now.weight[i] / synth->train_total;
		bitmap_add(synth->values, (uint32_t)now[i]);
	}
	for (uint32_t i = 0; i < synth->base.count; i++) {
		if (!bitmap_has(synth->train_base, i) || base[i] < 0)
			continue;
		synth->hist_base[base[i]] += 2 * synth->base.weight[i] / synth->base.total;
		bitmap_add(synth->values, (uint32_t)base[i]);
	}
}

/* The heaviest values, each one an item. */
static void add_values(struct synth *synth, enum plan_field field)
{
	int32_t best[VALUES];
	unsigned count = 0;

	for (int32_t v = items_next(synth, 0); v < WORK_VALUES; v = items_next(synth, v + 1)) {
		unsigned at = count;
		if (synth->hist_now[v] < synth->least * (1 - synth->usual))
			continue;
		while (at && synth->hist_now[best[at - 1]] < synth->hist_now[v])
			at--;
		if (at == VALUES)
			continue;
		count += count < VALUES;
		memmove(&best[at + 1], &best[at], (count - 1 - at) * sizeof(best[0]));
		best[at] = v;
	}
	for (unsigned i = 0; i < count; i++)
		items_add(synth, &(struct cond){ .field = field, .min = best[i], .max = best[i] });
}

/* The interval with the largest sum of now - PENALTY * base; false: none has any. */
static bool best_interval(const struct synth *synth, double active, int32_t *ret_min,
			  int32_t *ret_max)
{
	double best = 0;
	double sum = 0;
	int32_t from = -1;

	for (int32_t v = items_next(synth, 0); v < WORK_VALUES; v = items_next(synth, v + 1)) {
		double now = synth->hist_now[v] / active;
		if (from < 0 && now > 0)
			from = v;
		sum += now - PENALTY * synth->hist_base[v];
		if (sum <= 0) {
			sum = 0;
			from = -1;
		} else if (from >= 0 && now > 0 && sum > best) {
			best = sum;
			*ret_min = from;
			*ret_max = v;
		}
	}
	return best > 0;
}

static void add_ranges(struct synth *synth, enum plan_field field)
{
	double active = work_share(synth, synth->active, NULL);
	int32_t min = 0;
	int32_t max = 0;

	for (unsigned i = 0; i < RANGES && active > 0; i++) {
		if (!best_interval(synth, active, &min, &max))
			return;
		if (min < max)
			items_add(synth, &(struct cond){ .field = field, .min = min, .max = max });
		memset(&synth->hist_now[min], 0, (size_t)(max - min + 1) * sizeof(double));
	}
}

void items_make(struct synth *synth)
{
	static const unsigned numbers =
		1U << FIELD_SPORT | 1U << FIELD_DPORT | 1U << FIELD_LENGTH | 1U << FIELD_TTL;
	unsigned fields = synth->input->profile->fields;

	synth->item_count = 0;
	for (enum plan_field field = 0; field < COLUMNS; field++) {
		if (!(fields & 1U << field))
			continue;
		if (field == FIELD_SRC) {
			prefix_items(synth);
			continue;
		}
		if (field == FIELD_FRAGMENT) {
			items_add(synth, &(struct cond){ .field = field,
							 .min = PLAN_FRAGMENT_LATER,
							 .max = PLAN_FRAGMENT_LATER });
			continue;
		}
		count_values(synth, field);
		add_values(synth, field);
		if (synth->input->profile->ranges && numbers & 1U << field)
			add_ranges(synth, field);
		items_forget(synth);
	}
}

static void keep_service(struct synth *synth, struct service service)
{
	unsigned at = synth->service_count;

	while (at && synth->services[at - 1].share < service.share)
		at--;
	if (at == WORK_TOP)
		return;
	synth->service_count += synth->service_count < WORK_TOP;
	memmove(&synth->services[at + 1], &synth->services[at],
		(synth->service_count - 1 - at) * sizeof(service));
	synth->services[at] = service;
}

void items_services(struct synth *synth)
{
	static const int32_t protos[] = { 6, 17 };
	const struct side *base = &synth->base;

	synth->service_count = 0;
	for (unsigned k = 0; k < 4; k++) {
		struct service service = { .proto = protos[k / 2],
					   .field = k % 2 ? FIELD_DPORT : FIELD_SPORT };
		const int32_t *port = base->column[service.field];
		for (uint32_t i = 0; i < base->count; i++) {
			if (base->column[FIELD_PROTO][i] != service.proto || port[i] < 0)
				continue;
			synth->hist_base[port[i]] += base->weight[i] / base->total;
			bitmap_add(synth->values, (uint32_t)port[i]);
		}
		for (int32_t v = items_next(synth, 0); v < WORK_VALUES;
		     v = items_next(synth, v + 1)) {
			service.port = v;
			service.share = synth->hist_base[service.port];
			if (service.share >= 0.01)
				keep_service(synth, service);
		}
		items_forget(synth);
	}
}
