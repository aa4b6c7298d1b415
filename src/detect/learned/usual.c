/* SPDX-License-Identifier: Apache-2.0 */
/* usual: what counters had in ten seconds becomes what is usual, and what is allowed. */
#include "detect/learned/learned.h"

#include <math.h>

#define BIN_NS     (PROFILE_BIN_S * 1000000000ULL)
/* Part that the latest 10 s have in what is usual; of a place outside, which may just have become a target. */
#define USUAL_PART 0.2F
#define FAR_PART   0.02F
/* Sum at which what the site has is halved. */
#define SITE_MOST  1e9F

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

/* A place outside is not usual because many begin to send to it. */
static float usual_part(const struct learned *l, const struct counter *counter)
{
	if (counter->key.kind == TALLY_OUTSIDE && l->tick_ns >= l->first_ns + LEARNED_USEFUL_NS)
		return FAR_PART;
	return counter->usual > 0 ? USUAL_PART : 1;
}

void learned_turn_bin(struct learned *l, struct counter *counter, uint32_t bin)
{
	if (is_clean(l, counter)) {
		float pps = counter->bin_packets / PROFILE_BIN_S;
		float part = usual_part(l, counter);
		counter->usual += (pps - counter->usual) * part;
		counter->usual_bytes += (counter->bytes - counter->usual_bytes) * part;
		learn_site(l, counter);
		learn(l, counter);
	}
	counter->bin = bin;
	counter->bin_packets = 0;
}

void learned_begin(struct learned *l, struct counter *counter)
{
	counter->last_ns = l->tick_ns;
	counter->bin = (uint32_t)(l->tick_ns / BIN_NS);
	counter->profile = profiles_find(&l->profiles, &counter->key);
	counter->allowed = learned_envelope(l, &counter->key, counter->profile, l->tick_ns);
	counter->sampling = 1;
	counter->phi = COUNTER_PHI_MOST;
}
