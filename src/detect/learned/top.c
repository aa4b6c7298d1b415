/* SPDX-License-Identifier: Apache-2.0 */
/*
 * top: counters in, the entities that are nearest to their envelopes, or above, out.
 *
 * For people who watch; nothing is decided by it, and nothing that decides is touched. Cost is a
 * slice of the counters and the lanes of all subjects a call; allocates nothing.
 */
#include "detect/learned/top.h"

#include <math.h>

#include "detect/learned/learned.h"
#include "detect/span.h"

/* Rates fade to nothing: what is a thousandth of its envelope is not worth a row. */
#define LEAST_TIMES 0.001
/* Seconds that a rate is taken over in what is reported afterwards, as judges do. */
#define LATE_S      5

/* An entity by its counter that is highest above the envelope. */
struct pick {
	const struct counter *counter;
	double times; /* of the envelope */
};

struct picks {
	struct pick at[TOP_KEPT]; /* the highest first */
	unsigned count;
};

static double fade_of(const struct learned *l, const struct counter *c)
{
	double passed = l->tick_ns > c->last_ns ? (double)(l->tick_ns - c->last_ns) * 1e-9 : 0;

	return exp(-passed / (double)COUNTER_RATE_S);
}

/* Packets a second now; the counter itself is left as it is. */
static double rate_of(const struct learned *l, const struct counter *c)
{
	double rate = c->rate * fade_of(l, c);

	if (!c->late || !c->subject)
		return rate;
	uint64_t back = horizons_of(&l->horizons, c->vantage, l->tick_ns / SPAN_SECOND_NS);
	return fmax(rate, (double)late_peak(&l->lates, c, back, LATE_S) * c->sampling);
}

/* Of what is reported afterwards only packets are known: they are as long as usual. */
static double bps_of(const struct learned *l, const struct counter *c, double pps)
{
	double rate = c->rate * fade_of(l, c);

	if (rate >= pps)
		return 8 * (double)c->bytes * fade_of(l, c);
	return c->usual > 0 ? 8 * pps * c->usual_bytes / c->usual : 0;
}

static bool is_same(const struct profile_key *a, const struct profile_key *b)
{
	return a->len == b->len && a->kind == b->kind && a->direction == b->direction &&
	       ip_equal(&a->ip, &b->ip);
}

static bool is_before(const struct pick *a, const struct pick *b)
{
	const struct profile_key *x = &a->counter->key, *y = &b->counter->key;
	int order = ip_compare(&x->ip, &y->ip);

	if (a->times != b->times)
		return a->times > b->times;
	if (order || x->len != y->len)
		return order ? order < 0 : x->len > y->len;
	return x->direction != y->direction ? x->direction < y->direction : x->class < y->class;
}

/* Where an entity is on the list, or is to come in: behind the last. */
static unsigned place_of(const struct picks *picks, const struct profile_key *key)
{
	unsigned i = 0;

	while (i < picks->count && !is_same(&picks->at[i].counter->key, key))
		i++;
	return i;
}

static void offer(struct picks *picks, const struct pick *pick)
{
	unsigned i;

	if (picks->count == TOP_KEPT && !is_before(pick, &picks->at[TOP_KEPT - 1]))
		return;
	i = place_of(picks, &pick->counter->key);
	if (i < picks->count && !is_before(pick, &picks->at[i]))
		return;
	if (i == TOP_KEPT)
		i--;
	else if (i == picks->count)
		picks->count++;
	for (; i > 0 && is_before(pick, &picks->at[i - 1]); i--)
		picks->at[i] = picks->at[i - 1];
	picks->at[i] = *pick;
}

static void look_at(const struct learned *l, const struct counter *c, struct picks *picks)
{
	double least = picks->count == TOP_KEPT ? picks->at[TOP_KEPT - 1].times : LEAST_TIMES;
	bool late = c->late && c->subject;

	/* Rates only fade: most counters are passed by without an exponential. */
	if (!c->last_ns || c->allowed <= 0 || (!late && c->rate < least * c->allowed))
		return;
	const struct pick pick = { c, rate_of(l, c) / c->allowed };
	if (pick.times >= LEAST_TIMES)
		offer(picks, &pick);
}

static void look_at_subjects(struct learned *l, struct picks *picks)
{
	for (uint32_t i = 0; i < l->subjects.active_count; i++) {
		const struct subject *s = subjects_at(&l->subjects, l->subjects.active[i]);
		for (uint32_t j = 0; j < s->lane_count; j++) {
			const struct counter *c = learned_lane(l, s, &s->lanes[j]);
			if (c)
				look_at(l, c, picks);
		}
	}
}

static void look_at_slice(struct learned *l, struct picks *picks)
{
	uint32_t all = (l->counters.mask + 1) * COUNTER_WAYS;
	uint32_t count = all < TOP_SLICE ? all : TOP_SLICE;

	for (uint32_t i = 0; i < count; i++) {
		look_at(l, &l->counters.at[l->top.cursor], picks);
		l->top.cursor = l->top.cursor + 1 < all ? l->top.cursor + 1 : 0;
	}
}

static void keep(struct learned *l, const struct picks *picks)
{
	l->top.count = picks->count;
	for (unsigned i = 0; i < picks->count; i++)
		l->top.places[i] = picks->at[i].counter;
}

/* What bits are told of beside the packets of the same entity. */
static void fill_bits(const struct learned *l, const struct counter *bits, struct detector_row *row)
{
	struct profile_key key = bits->key;

	key.class = COUNTER_TOTAL;
	const struct counter *total = counters_find(
		&l->counters, counters_set(&l->counters, &key, bits->vantage), &key, bits->vantage);
	row->pps = total ? rate_of(l, total) : 0;
	row->usual_pps = total ? total->usual : 0;
	row->envelope_pps = total ? total->allowed : 0;
	row->envelope_bps = 8 * (double)bits->allowed * COUNTER_BYTES;
}

static void fill_state(const struct learned *l, const struct counter *c, struct detector_row *row)
{
	static const char *const names[] = {
		[SUBJECT_FREE] = "",           [SUBJECT_RISING] = "rising",
		[SUBJECT_SUSPECT] = "suspect", [SUBJECT_CONFIRMED] = "attack",
		[SUBJECT_ARMED] = "armed",
	};
	uint32_t number =
		subjects_find(&l->subjects, &c->key.ip, c->key.len, c->key.kind, c->key.direction);

	row->state = "";
	if (!number)
		return;
	const struct subject *s = subjects_at(&l->subjects, number);
	row->state = names[s->state];
	row->alarm = fmin(s->alarm, 1);
	row->nats = s->verdict.nats;
}

static const char *class_words(uint8_t class)
{
	if (class & COUNTER_OF_BYTES)
		return "bits";
	return class == COUNTER_TOTAL ? "total" : class_name(class);
}

static void fill_row(const struct learned *l, const struct pick *pick, struct detector_row *row)
{
	const struct counter *c = pick->counter;
	double rate = rate_of(l, c);

	*row = (struct detector_row){
		.what = { .ip = c->key.ip, .len = c->key.len },
		.outside = c->key.kind == TALLY_OUTSIDE,
		.direction = c->key.direction,
		.class = class_words(c->key.class),
		.pps = rate,
		.bps = bps_of(l, c, rate),
		.usual_pps = c->usual,
		.usual_bps = 8 * (double)c->usual_bytes,
		.envelope_pps = c->allowed,
		.times = pick->times,
	};
	if (c->key.class & COUNTER_OF_BYTES)
		fill_bits(l, c, row);
	fill_state(l, c, row);
}

size_t learned_top(void *self, struct detector_row *rows, size_t most)
{
	struct learned *l = self;
	struct picks picks = { .count = 0 };

	if (!l->first_ns || !l->config->sensitivity)
		return 0;
	for (uint32_t i = 0; i < l->top.count; i++)
		look_at(l, l->top.places[i], &picks);
	look_at_subjects(l, &picks);
	look_at_slice(l, &picks);
	keep(l, &picks);
	if (most > picks.count)
		most = picks.count;
	for (size_t i = 0; i < most; i++)
		fill_row(l, &picks.at[i], &rows[i]);
	return most;
}
