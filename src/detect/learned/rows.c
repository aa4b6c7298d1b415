/* SPDX-License-Identifier: Apache-2.0 */
/* rows: the rows of a tick into counters; what rises becomes a subject. */
#include "detect/learned/learned.h"

#include "detect/span.h"

#define BIN_NS  (PROFILE_BIN_S * 1000000000ULL)
/* Rows whose cache misses overlap. */
#define RUN     32
/* Ages up to which traffic is of now. */
#define NOW_AGE 10
/* Dispersion of unsampled packets: they come in trains. Sampling thins it away. */
#define TRAINS  29.0F

/* A row on its way to its counters. */
struct pick {
	const struct tally *row;
	struct profile_key key;
	uint32_t vantage;
	uint64_t set;
	uint64_t total_set;
};

static float phi_of(uint32_t sampling, float each)
{
	float phi = 1 + TRAINS / (float)sampling;

	return (phi < COUNTER_PHI_MOST ? phi : COUNTER_PHI_MOST) * (each > 1 ? each : 1);
}

/* It is about more than this tick. */
static bool is_afterwards(const struct tally *row)
{
	return span_is_past(row) && row->begin_age > NOW_AGE;
}

static void set_sampling(struct counter *counter, const struct tally *row)
{
	/* Packets of one record that are put into one tick come as a lump; spread over its time they do not. */
	bool lumps = row->flows && !counter->late && !is_afterwards(row);
	float each = lumps ? (float)row->sampled / (float)row->flows : 1;

	counter->sampling = (uint32_t)((row->packets + row->sampled / 2) / row->sampled);
	counter->sampling += counter->sampling == 0;
	counter->phi = phi_of(counter->sampling, each);
}

/* One of a full pool makes room, if it says less. */
static uint32_t take_subject(struct learned *l, const struct subject *like)
{
	uint32_t number =
		subjects_find(&l->subjects, &like->ip, like->len, like->kind, like->direction);

	if (number)
		return number;
	uint32_t least = l->subjects.unused_count ? 0 : subjects_lightest(&l->subjects, l->tick_ns);
	if (least)
		learned_forget(l, least, l->tick_ns);
	return subjects_take(&l->subjects, like, l->tick_ns);
}

/* The counter's subject, which is told that the counter speaks for it. */
static void raise_subject(struct learned *l, struct counter *counter)
{
	const struct subject like = { .ip = counter->key.ip,
				      .len = counter->key.len,
				      .kind = counter->key.kind,
				      .direction = counter->key.direction };
	uint8_t class = counter->key.class & (COUNTER_OF_BYTES - 1);
	bool own_prefix = like.kind == TALLY_OWN && like.len < 128;

	/*
	 * What several of our hosts send to somebody is seen at whom they send it to. All that a prefix
	 * gets goes up and down with the day; kinds of it are what carpets are made of.
	 */
	if (own_prefix && (like.direction == DIRECTION_OUTBOUND || class == COUNTER_TOTAL))
		return;
	counter->subject = take_subject(l, &like);
	if (!counter->subject)
		return;
	struct subject *subject = subjects_at(&l->subjects, counter->subject);
	subject->classes |= class < CLASS_COUNT ? 1U << class : 0;
	subject_lane(subject, (uint32_t)(counter - learned_table(l, like.kind)->at) + 1,
		     counter->vantage, counter->key.class);
}

/* Of minutes looked at as a whole the worst moment always says something: more is asked for. */
static bool is_rising(const struct learned *l, const struct counter *counter)
{
	if (bank_worst(&counter->bank) < LEARNED_RISING)
		return false;
	return !counter->late ||
	       bank_alarm(&counter->bank,
			  counter->allowed / (float)counter->sampling / counter->phi,
			  l->alpha) >= LEARNED_LATE;
}

/* A row's worth into one counter. */
static void count_in(struct learned *l, struct counter *counter, const struct tally *row,
		     float unit)
{
	uint32_t bin = (uint32_t)(l->tick_ns / BIN_NS);
	float sampled = (float)row->sampled;

	if (!counter->last_ns)
		learned_begin(l, counter);
	if (counter->bin != bin)
		learned_turn_bin(l, counter, bin);
	/* What came in this tick came somewhere in it: it drains for the whole of it. */
	counter_pass(counter, l->tick_ns - l->tick_length_ns);
	if (row->sampled)
		set_sampling(counter, row);
	if (counter->late || is_afterwards(row))
		late_add(&l->lates, counter, row, l->tick_ns, unit);
	else
		counter_add(counter, sampled * unit, (float)row->packets * unit, (float)row->bytes);
	counter_pass(counter, l->tick_ns);
	if (is_rising(l, counter))
		raise_subject(l, counter);
}

/*
 * Does a row of a place outside have to wait for another one? A single sampled packet is no evidence.
 * @ret_before: what waited until now; time 0: nothing
 */
static bool has_to_wait(struct learned *l, const struct pick *pick, struct door_guest *ret_before)
{
	const struct tally *row = pick->row;
	struct profile_key all = pick->key;

	ret_before->time_ns = 0;
	all.class = COUNTER_TOTAL;
	if (row->kind != TALLY_OUTSIDE || row->sampled > 1 || span_is_past(row) ||
	    counters_find(&l->strangers, pick->total_set, &all, pick->vantage))
		return false;
	if (door_pass(&l->door, pick->set, row, l->tick_ns, ret_before))
		return false;
	return true;
}

/* What waited at the door, as if it had been counted when it came. */
static void count_before(struct learned *l, struct counter *counter, const struct tally *row,
			 const struct door_guest *before)
{
	if (!before->time_ns || counter->last_ns)
		return;
	learned_begin(l, counter);
	counter->last_ns = before->time_ns;
	counter->bin = (uint32_t)(before->time_ns / BIN_NS);
	set_sampling(counter, row);
	counter_add(counter, 1, before->packets, before->bytes);
}

/* The row into the counter of a class. @set: where it is */
static void count_class(struct learned *l, const struct pick *pick, uint8_t class, uint64_t set,
			const struct door_guest *before)
{
	struct profile_key key = pick->key;

	key.class = class;
	struct counter *counter =
		counters_take(learned_table(l, key.kind), set, &key, pick->vantage);
	count_before(l, counter, pick->row, before);
	count_in(l, counter, pick->row, 1);
}

/* Bits are counted where they are what is nearer to its floor. */
static void count_bits(struct learned *l, struct pick *pick)
{
	const struct tally *row = pick->row;
	float share = (float)row->bytes / ((float)row->packets * COUNTER_BYTES + 1);

	if (share <= 1 || row->kind != TALLY_OWN)
		return;
	pick->key.class = COUNTER_TOTAL | COUNTER_OF_BYTES;
	uint64_t set = counters_set(&l->counters, &pick->key, pick->vantage);
	count_in(l, counters_take(&l->counters, set, &pick->key, pick->vantage), row, share);
}

static void count_row(struct learned *l, struct pick *pick)
{
	const struct tally *row = pick->row;
	struct door_guest before;

	if (has_to_wait(l, pick, &before))
		return;
	/* Kinds say little of places that are not ours, but for the begin of connections. */
	if (row->kind == TALLY_OWN || row->class == CLASS_SYN)
		count_class(l, pick, row->class, pick->set, &before);
	count_class(l, pick, COUNTER_TOTAL, pick->total_set, &before);
	count_bits(l, pick);
}

static void aim(struct learned *l, const struct tally *row, struct pick *pick)
{
	*pick = (struct pick){ .row = row,
			       .key = { .ip = row->host,
					.len = row->len,
					.kind = row->kind,
					.direction = row->direction,
					.class = COUNTER_TOTAL },
			       .vantage = learned_vantage(row->vantage) };
	pick->total_set = counters_set(learned_table(l, row->kind), &pick->key, pick->vantage);
	pick->key.class = row->class;
	pick->set = counters_set(learned_table(l, row->kind), &pick->key, pick->vantage);
	if (span_is_past(row))
		horizons_note(&l->horizons, pick->vantage, row->begin_age,
			      l->tick_ns / SPAN_SECOND_NS);
}

void learned_rows(struct learned *l, const struct tally_set *set)
{
	for (size_t at = 0; at < set->count; at += RUN) {
		struct pick picks[RUN];
		size_t n = set->count - at < RUN ? set->count - at : RUN;
		for (size_t i = 0; i < n; i++)
			aim(l, &set->rows[at + i], &picks[i]);
		for (size_t i = 0; i < n; i++) {
			const struct counters *table = learned_table(l, picks[i].key.kind);
			counters_look(table, picks[i].set);
			counters_look(table, picks[i].total_set);
			if (picks[i].key.kind == TALLY_OUTSIDE)
				door_look(&l->door, picks[i].set);
		}
		for (size_t i = 0; i < n; i++)
			count_row(l, &picks[i]);
	}
}
