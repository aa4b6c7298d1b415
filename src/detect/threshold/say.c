/* SPDX-License-Identifier: Apache-2.0 */
/* say: parts that do not fit are left out whole, the most important come first. */
#include "detect/threshold/say.h"

#include "base/parse.h"
#include "base/text.h"

#define NUMBER_MAX  32
#define ALL_CLASSES ((1U << CLASS_COUNT) - 1)

static const char *rate(uint64_t value, enum metric metric, char *text)
{
	static const enum quantity kinds[METRIC_COUNT] = { QUANTITY_PPS, QUANTITY_BPS,
							   QUANTITY_FPS };

	return quantity_format(value, kinds[metric], text);
}

static void add_classes(struct text *out, uint32_t classes)
{
	const char *between = "";

	if ((classes & ALL_CLASSES) == ALL_CLASSES) {
		text_add(out, "total");
		return;
	}
	for (enum traffic_class c = 0; c < CLASS_COUNT; c++) {
		if (!(classes & 1U << c))
			continue;
		text_addf(out, "%s%s", between, class_name(c));
		between = "+";
	}
}

static void add_limit(struct text *out, const struct measure *measure)
{
	char limit[NUMBER_MAX];
	double times = (double)measure->value / (double)measure->limit;

	text_addf(out, "limit %s (%.*f x)", rate(measure->limit, measure->metric, limit),
		  times < 100 ? 1 : 0, times);
}

/* Two digits are all that an estimate deserves; thousands apart. */
static void add_estimate(struct text *out, uint64_t value)
{
	uint64_t unit = 1;
	char reversed[NUMBER_MAX];
	size_t len = 0;

	while (value / unit >= 100)
		unit *= 10;
	value = (value + unit / 2) / unit * unit;
	for (size_t digits = 0; value > 0 || digits == 0; digits++, value /= 10) {
		if (digits > 0 && digits % 3 == 0)
			reversed[len++] = ',';
		reversed[len++] = (char)('0' + value % 10);
	}
	while (len > 0)
		text_add_n(out, &reversed[--len], 1);
}

static void add_peers(struct text *out, const struct finding *finding)
{
	bool outbound = finding->direction == DIRECTION_OUTBOUND;
	const char *noun = outbound ? "target" : "source";

	if (finding->distinct == 0)
		return;
	text_addf(out, ", %s ", outbound ? "to" : "from");
	if (finding->distinct == 1) {
		text_addf(out, "one %s", noun);
		return;
	}
	text_add(out, "about ");
	add_estimate(out, finding->distinct);
	text_addf(out, " %ss", noun);
}

/* Two that report the same packets must not look like twice as many. */
static void add_vantages(struct text *out, unsigned vantages)
{
	if (vantages > 1)
		text_addf(out, "; %u vantages saw it, the largest counts", vantages);
}

static void add_other(struct text *out, const struct measure *other)
{
	char buffer[FINDING_WHY_MAX];
	struct text part = text_fixed(buffer, sizeof(buffer));
	char value[NUMBER_MAX];

	text_add(&part, "; also ");
	add_classes(&part, other->threshold->classes);
	text_addf(&part, " %s, ", rate(other->value, other->metric, value));
	add_limit(&part, other);
	if (!part.failed)
		text_add_n(out, part.data, part.len);
}

void say_why(const struct finding *finding, const struct verdict *verdict, unsigned vantages,
	     uint64_t window_ns, char *text)
{
	struct text out = text_fixed(text, FINDING_WHY_MAX);
	const struct measure *worst = &verdict->worst;
	char value[NUMBER_MAX];

	text_addf(&out, "%s ", direction_name((enum direction)finding->direction));
	add_classes(&out, worst->threshold->classes);
	text_addf(&out, " %s over %.3g s, ", rate(worst->value, worst->metric, value),
		  (double)window_ns / 1e9);
	add_limit(&out, worst);
	add_peers(&out, finding);
	add_vantages(&out, vantages);
	for (unsigned i = 0; i < verdict->other_count; i++)
		add_other(&out, &verdict->others[i]);
}
