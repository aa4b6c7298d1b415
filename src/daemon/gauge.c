/* SPDX-License-Identifier: Apache-2.0 */
/* gauge: a ring of seconds for each vantage. */
#include "daemon/gauge.h"

#include "model/exporter.h"

#define SECOND_NS 1000000000UL
#define UNIT_NS   (TALLY_AGE_MS * 1000000UL)

/* Of the seconds from @first to before @end, as far as they are known. */
static struct gauge_sum sum_of(const struct gauge_view *view, uint64_t first, uint64_t end)
{
	struct gauge_sum sum = { 0 };

	for (uint64_t second = first; view->used && second < end; second++) {
		if (second > view->second || second + GAUGE_BINS <= view->second)
			continue;
		sum.packets += view->bins[second % GAUGE_BINS].packets;
		sum.bytes += view->bins[second % GAUGE_BINS].bytes;
	}
	return sum;
}

static bool is_idle(const struct gauge_view *view, uint64_t second)
{
	return !view->used || view->second + GAUGE_BINS <= second;
}

static double weight_of(const struct gauge_view *view, uint64_t second)
{
	uint64_t first = second >= GAUGE_WINDOW_S ? second - GAUGE_WINDOW_S : 0;

	return is_idle(view, second) ? -1 : sum_of(view, first, second + 1).bytes;
}

static struct gauge_view *begin(struct gauge_view *view, uint32_t vantage, uint64_t second)
{
	*view = (struct gauge_view){ .vantage = vantage, .used = true, .second = second };
	return view;
}

static struct gauge_view *view_of(struct gauge *gauge, const struct tally *row, uint64_t second)
{
	struct gauge_view *least = NULL;

	if (row->vantage & VANTAGE_DISJOINT)
		return gauge->views[0].used ? &gauge->views[0]
					    : begin(&gauge->views[0], VANTAGE_DISJOINT, second);
	for (unsigned i = 1; i < GAUGE_VIEWS; i++) {
		struct gauge_view *view = &gauge->views[i];
		if (view->used && view->vantage == row->vantage)
			return view;
	}
	for (unsigned i = 1; i < GAUGE_VIEWS; i++) {
		struct gauge_view *view = &gauge->views[i];
		if (!least || weight_of(view, second) < weight_of(least, second))
			least = view;
	}
	if (weight_of(least, second) >= (double)row->bytes * gauge_part(row))
		return NULL;
	return begin(least, row->vantage, second);
}

/* Make room for the seconds up to this one. */
static void slide(struct gauge_view *view, uint64_t second)
{
	uint64_t last = view->second + GAUGE_BINS;

	for (uint64_t s = view->second + 1; s <= second && s <= last; s++)
		view->bins[s % GAUGE_BINS] = (struct gauge_sum){ 0 };
	if (second > view->second)
		view->second = second;
}

static void add(struct gauge_view *view, uint64_t second, const struct tally *row, double part)
{
	if (second > view->second || second + GAUGE_BINS <= view->second)
		return;
	view->bins[second % GAUGE_BINS].packets += (double)row->packets * part;
	view->bins[second % GAUGE_BINS].bytes += (double)row->bytes * part;
}

static uint64_t before(uint64_t tick_ns, uint16_t age)
{
	return age * UNIT_NS < tick_ns ? tick_ns - age * UNIT_NS : 0;
}

/* Evenly over the time that it took; ages that contradict each other are a moment. */
static void spread(struct gauge_view *view, const struct tally *row, uint64_t tick_ns)
{
	const uint64_t from_ns = before(tick_ns, row->begin_age);
	const uint64_t to_ns = before(tick_ns, row->end_age);

	if (from_ns >= to_ns) {
		add(view, gauge_second(to_ns), row, 1);
		return;
	}
	uint64_t oldest = view->second >= GAUGE_WINDOW_S ? view->second - GAUGE_WINDOW_S : 0;
	uint64_t second = gauge_second(from_ns + 1);
	for (second = second > oldest ? second : oldest; second * SECOND_NS < to_ns; second++) {
		uint64_t begin_ns = second * SECOND_NS;
		uint64_t end_ns = begin_ns + SECOND_NS;
		if (begin_ns < from_ns)
			begin_ns = from_ns;
		if (end_ns > to_ns)
			end_ns = to_ns;
		add(view, second, row, (double)(end_ns - begin_ns) / (double)(to_ns - from_ns));
	}
}

void gauge_add(struct gauge *gauge, const struct tally *row, uint64_t tick_ns)
{
	const uint64_t second = gauge_second(tick_ns);
	struct gauge_view *view = view_of(gauge, row, second);

	if (!view)
		return;
	slide(view, second);
	if (row->begin_age | row->end_age)
		spread(view, row, tick_ns);
	else
		add(view, second, row, 1);
}

struct gauge_sum gauge_total(const struct gauge *gauge, uint64_t second, unsigned seconds)
{
	const uint64_t first = second >= seconds ? second - seconds : 0;
	struct gauge_sum total = { 0 };

	for (unsigned i = 1; i < GAUGE_VIEWS; i++) {
		struct gauge_sum sum = sum_of(&gauge->views[i], first, second);
		if (sum.packets > total.packets)
			total.packets = sum.packets;
		if (sum.bytes > total.bytes)
			total.bytes = sum.bytes;
	}
	struct gauge_sum disjoint = sum_of(&gauge->views[0], first, second);
	total.packets += disjoint.packets;
	total.bytes += disjoint.bytes;
	return total;
}
