/* SPDX-License-Identifier: Apache-2.0 */
/* rows: the rows of a tick into counters; what rises becomes a subject. */
#include "detect/learned/learned.h"

#include <math.h>

#include "detect/span.h"

#define BIN_NS     (PROFILE_BIN_S * 1000000000ULL)
/* Rows whose cache misses overlap. */
#define RUN        32
/* Ages up to which traffic is of now. */
#define NOW_AGE    10
/* Dispersion of unsampled packets: they come in trains. Sampling thins it away. */
#define TRAINS     29.0F
#define PHI_MOST   10.0F
/* Part that the latest 10 s have in what is usual. */
#define USUAL_PART 0.2F
/* Sum at which what the site has is halved. */
#define SITE_MOST  1e9F

/* A row on its way to its counters. */
struct pick {
	const struct tally *row;
	struct profile_key key;
	uint32_t vantage;
	uint64_t set;
	uint64_t total_set;
};

/* Floors of the classes, as shares of the floor of all traffic. */
static const float class_shares[CLASS_COUNT + 1] = {
	[CLASS_UDP_AMP] = 0.002F, [CLASS_UDP_ANSWER] = 0.1F, [CLASS_UDP] = 1,
	[CLASS_FRAGMENT] = 0.02F, [CLASS_SYN] = 0.2F,        [CLASS_SYNACK] = 0.2F,
	[CLASS_RST_FIN] = 0.2F,   [CLASS_TCP] = 1,           [CLASS_TCP_BAD] = 0.002F,
	[CLASS_ICMP] = 0.04F,     [CLASS_OTHER] = 1,         [CLASS_COUNT] = 1,
};

/* A prefix may have what several of its hosts may. */
static float prefix_times(const struct profile_key *key)
{
	bool v4 = ip_is_v4(&key->ip);
	unsigned len = v4 ? key->len - 96U : key->len;

	if (key->len == 128)
		return 1;
	if (len >= (v4 ? 24 : 56))
		return 2;
	return len >= (v4 ? 20 : 52) ? 4 : 8;
}

float learned_floor(const struct learned *l, const struct profile_key *key)
{
	bool bytes = key->class & COUNTER_OF_BYTES;
	float packets = bytes ? (float)l->config->floor_bps / 8 / COUNTER_BYTES
			      : (float)l->config->floor_pps;
	float floor = packets * class_shares[key->class & (COUNTER_OF_BYTES - 1)];

	if (key->kind == TALLY_OUTSIDE)
		return key->class == CLASS_SYN ? floor / 20 : floor / 10;
	return floor * prefix_times(key);
}

float learned_envelope(const struct learned *l, const struct profile_key *key, uint32_t profile,
		       uint64_t now_ns)
{
	float floor = learned_floor(l, key);

	if (!profiles_is(&l->profiles, profile, key))
		return floor;
	float usual = l->margin *
		      profile_rate(profiles_at(&l->profiles, profile), (uint32_t)(now_ns / BIN_NS));
	return usual > floor ? usual : floor;
}

static struct profile_key reverse_of(const struct profile_key *key)
{
	struct profile_key back = *key;

	back.direction =
		key->direction == DIRECTION_OUTBOUND ? DIRECTION_INBOUND : DIRECTION_OUTBOUND;
	if (key->class == CLASS_SYN || key->class == CLASS_SYNACK)
		back.class = key->class == CLASS_SYN ? CLASS_SYNACK : CLASS_SYN;
	if (key->class == CLASS_UDP_AMP || key->class == CLASS_UDP_ANSWER)
		back.class = CLASS_UDP;
	return back;
}

/* Does the other way carry at least a tenth? */
static bool is_answered(const struct learned *l, const struct counter *counter, float pps)
{
	struct profile_key back = reverse_of(&counter->key);
	uint64_t set = counters_set(&l->counters, &back, counter->vantage);
	const struct counter *other = counters_find(&l->counters, set, &back, counter->vantage);

	if (counter->key.class & COUNTER_OF_BYTES)
		return true;
	/* A place that many begin to send to is not usual because they do it for ten seconds. */
	if (counter->key.kind == TALLY_OUTSIDE)
		return l->tick_ns < l->first_ns + LEARNED_USEFUL_NS;
	return other && fmaxf(other->usual, other->bin_packets / PROFILE_BIN_S) > pps / 10;
}

/* Connections, and what comes with them, of the whole site. */
static void learn_site(struct learned *l, const struct counter *counter)
{
	float pps = counter->bin_packets / PROFILE_BIN_S;

	if (counter->key.direction != DIRECTION_INBOUND || counter->key.len != 128)
		return;
	if (counter->key.class == CLASS_SYN)
		l->site_syn += pps;
	else if (counter->key.class == CLASS_TCP)
		l->site_tcp += pps;
	/* Only their ratio matters: both fade alike. */
	if (l->site_tcp > SITE_MOST) {
		l->site_tcp /= 2;
		l->site_syn /= 2;
	}
}

/* Its profile may have made room for another's. */
static void renew_profile(const struct learned *l, struct counter *counter)
{
	uint32_t number = profiles_renew(&l->profiles, counter->profile, &counter->key);

	if (number == counter->profile)
		return;
	counter->profile = number;
	counter->allowed = learned_envelope(l, &counter->key, number, l->tick_ns);
}

void learned_teach(struct learned *l, struct counter *counter, float pps)
{
	float start = learned_floor(l, &counter->key) / l->margin;

	renew_profile(l, counter);
	if (counter->profile == PROFILE_NONE)
		counter->profile = profiles_add(&l->profiles, &counter->key);
	if (counter->profile == PROFILE_NONE)
		return;
	struct profile *profile = profiles_at(&l->profiles, counter->profile);
	if (profile->ceiling < pps)
		profile->ceiling = pps;
	profile_learn(profile, (uint32_t)(l->tick_ns / BIN_NS), pps, PROFILE_ANSWERED, start);
	counter->allowed = learned_envelope(l, &counter->key, counter->profile, l->tick_ns);
	counter->bank = (struct bank){ 0 };
}

/* In the first minutes all is taken for normal that does not look like an attack. */
static bool is_settling_in(const struct learned *l, const struct counter *counter)
{
	if (l->tick_ns >= l->first_ns + LEARNED_USEFUL_NS)
		return false;
	return !counter->subject ||
	       subjects_at(&l->subjects, counter->subject)->verdict.nats < EVIDENCE_ENOUGH / 2;
}

static void learn(struct learned *l, struct counter *counter)
{
	float pps = counter->bin_packets / PROFILE_BIN_S;
	float start = learned_floor(l, &counter->key) / l->margin;

	renew_profile(l, counter);
	if (counter->profile == PROFILE_NONE && pps < start / 2)
		return;
	if (counter->profile == PROFILE_NONE)
		counter->profile = profiles_add(&l->profiles, &counter->key);
	if (counter->profile == PROFILE_NONE)
		return;
	bool answered = is_answered(l, counter, pps) || is_settling_in(l, counter);
	profile_learn(profiles_at(&l->profiles, counter->profile), counter->bin, pps,
		      answered ? PROFILE_ANSWERED : PROFILE_UNANSWERED, start);
	float before = counter->allowed;
	counter->allowed = learned_envelope(l, &counter->key, counter->profile, l->tick_ns);
	/* What was evidence against another envelope is none against this one. */
	if (counter->allowed > before * 1.1F)
		counter->bank = (struct bank){ 0 };
}

/* What is suspected is not learned from, and neither is what answers it. */
static bool is_clean(const struct learned *l, const struct counter *counter)
{
	const struct profile_key *key = &counter->key;
	bool cold = l->tick_ns < l->first_ns + LEARNED_USEFUL_NS;
	uint8_t other =
		key->direction == DIRECTION_OUTBOUND ? DIRECTION_INBOUND : DIRECTION_OUTBOUND;

	if (l->subjects.active_count == 0)
		return true;
	for (unsigned back = 0; back < 2; back++) {
		uint32_t number = subjects_find(&l->subjects, &key->ip, key->len, key->kind,
						back ? other : key->direction);
		uint8_t state = number ? subjects_at(&l->subjects, number)->state : SUBJECT_FREE;
		if (state > SUBJECT_SUSPECT || (state == SUBJECT_SUSPECT && !cold))
			return false;
	}
	return true;
}

/* Ten seconds are over. */
static void turn_bin(struct learned *l, struct counter *counter, uint32_t bin)
{
	if (is_clean(l, counter)) {
		float pps = counter->bin_packets / PROFILE_BIN_S;
		float part = counter->usual > 0 ? USUAL_PART : 1;
		counter->usual += (pps - counter->usual) * part;
		counter->usual_bytes += (counter->bytes - counter->usual_bytes) * part;
		learn_site(l, counter);
		learn(l, counter);
	}
	counter->bin = bin;
	counter->bin_packets = 0;
}

static void begin_counter(struct learned *l, struct counter *counter)
{
	counter->last_ns = l->tick_ns;
	counter->bin = (uint32_t)(l->tick_ns / BIN_NS);
	counter->profile = profiles_find(&l->profiles, &counter->key);
	counter->allowed = learned_envelope(l, &counter->key, counter->profile, l->tick_ns);
	counter->sampling = 1;
	counter->phi = PHI_MOST;
}

static float phi_of(uint32_t sampling, float each)
{
	float phi = 1 + TRAINS / (float)sampling;

	return (phi < PHI_MOST ? phi : PHI_MOST) * (each > 1 ? each : 1);
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
	counter->subject = subjects_take(&l->subjects, &like, l->tick_ns);
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
		begin_counter(l, counter);
	if (counter->bin != bin)
		turn_bin(l, counter, bin);
	/* What came in this tick came somewhere in it: it drains for the whole of it. */
	counter_pass(counter, l->tick_ns - l->tick_length_ns);
	if (row->sampled) {
		counter->sampling = (uint32_t)((row->packets + row->sampled / 2) / row->sampled);
		counter->sampling += counter->sampling == 0;
		counter->phi =
			phi_of(counter->sampling, row->flows ? sampled / (float)row->flows : 1);
	}
	if (span_is_past(row) && row->begin_age > NOW_AGE)
		late_add(&l->lates, counter, row, l->tick_ns, unit);
	else
		counter_add(counter, sampled * unit, (float)row->packets * unit, (float)row->bytes);
	counter_pass(counter, l->tick_ns);
	if (is_rising(l, counter))
		raise_subject(l, counter);
}

static void count_row(struct learned *l, struct pick *pick)
{
	const struct tally *row = pick->row;
	float share = (float)row->bytes / ((float)row->packets * COUNTER_BYTES + 1);

	/* Kinds say little of places that are not ours, but for the begin of connections. */
	if (row->kind == TALLY_OWN || row->class == CLASS_SYN)
		count_in(l,
			 counters_take(learned_table(l, row->kind), pick->set, &pick->key,
				       pick->vantage),
			 row, 1);
	pick->key.class = COUNTER_TOTAL;
	count_in(l,
		 counters_take(learned_table(l, row->kind), pick->total_set, &pick->key,
			       pick->vantage),
		 row, 1);
	/* Bits are counted where they are what is nearer to its floor. */
	if (share <= 1 || row->kind != TALLY_OWN)
		return;
	pick->key.class = COUNTER_TOTAL | COUNTER_OF_BYTES;
	uint64_t set = counters_set(learned_table(l, row->kind), &pick->key, pick->vantage);
	count_in(l, counters_take(learned_table(l, row->kind), set, &pick->key, pick->vantage), row,
		 share);
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
		}
		for (size_t i = 0; i < n; i++)
			count_row(l, &picks[i]);
	}
}
