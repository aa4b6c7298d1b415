/* SPDX-License-Identifier: Apache-2.0 */
/* profile: a histogram that forgets in about a week, and one number for each hour of it. */
#include "detect/learned/profile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* Steps of an hour's rate in a doubling, and of the histogram's. */
#define HOUR_STEPS 8
#define RATE_STEPS 4
/* The quantile: one bin of time in a thousand may be above it. */
#define QUANTILE   1000
/* Growth of what is learned in 10 s: 20 % a day, or 5 % an hour while it is young. */
#define GROW_OLD   1.0000211F
#define GROW_YOUNG 1.000136F
/* An answered rate that is new to a profile of over an hour: it may double in ten minutes. */
#define GROW_KNOWN 1.0116F
/* Places that are looked at for one that is not used any more. */
#define LOOK_AT    8

int profiles_open(struct profiles *profiles, size_t max, uint64_t seed)
{
	uint32_t buckets = 64;

	while (buckets < max)
		buckets *= 2;
	*profiles = (struct profiles){ .mask = buckets - 1, .max = (uint32_t)max, .seed = seed };
	profiles->at = calloc(max + 1, sizeof(*profiles->at));
	profiles->buckets = calloc(buckets, sizeof(*profiles->buckets));
	if (profiles->at && profiles->buckets)
		return 0;
	profiles_close(profiles);
	return -ENOMEM;
}

void profiles_close(struct profiles *profiles)
{
	free(profiles->at);
	free(profiles->buckets);
	memset(profiles, 0, sizeof(*profiles));
}

static bool same(const struct profile_key *a, const struct profile_key *b)
{
	return ip_equal(&a->ip, &b->ip) && a->len == b->len && a->kind == b->kind &&
	       a->direction == b->direction && a->class == b->class;
}

static uint32_t bucket_of(const struct profiles *profiles, const struct profile_key *key)
{
	uint64_t rest = (uint64_t)key->len << 24 | (uint64_t)key->kind << 16 |
			(uint64_t)key->direction << 8 | key->class;

	return (uint32_t)hash_mix(hash_ip(&key->ip, profiles->seed), rest ^ 0x9e3779b97f4a7c15U) &
	       profiles->mask;
}

uint32_t profiles_find(const struct profiles *profiles, const struct profile_key *key)
{
	uint32_t at = profiles->buckets[bucket_of(profiles, key)];

	while (at != PROFILE_NONE && !same(&profiles_at(profiles, at)->key, key))
		at = profiles_at(profiles, at)->next;
	return at;
}

bool profiles_is(const struct profiles *profiles, uint32_t number, const struct profile_key *key)
{
	return number != PROFILE_NONE && same(&profiles_at(profiles, number)->key, key);
}

uint32_t profiles_renew(const struct profiles *profiles, uint32_t number,
			const struct profile_key *key)
{
	if (number == PROFILE_NONE || profiles_is(profiles, number, key))
		return number;
	return profiles_find(profiles, key);
}

/* Bins that nothing was heard of one; what a wrong clock has fed in the future is long ago. */
static uint32_t silence_of(const struct profiles *profiles, uint32_t number)
{
	uint32_t last = profiles_at(profiles, number)->last_bin;

	if (last > profiles->bin)
		return last - profiles->bin > PROFILE_YOUNG ? UINT32_MAX : 0;
	return profiles->bin - last;
}

static void unlink_from_bucket(struct profiles *profiles, uint32_t number)
{
	const struct profile *profile = profiles_at(profiles, number);
	uint32_t *at = &profiles->buckets[bucket_of(profiles, &profile->key)];

	while (*at != number)
		at = &profiles_at(profiles, *at)->next;
	*at = profile->next;
}

/* The place of the one that was silent for longest among the next few, if for over a week. */
static uint32_t take_place(struct profiles *profiles)
{
	uint32_t longest = PROFILE_NONE;
	uint32_t most = PROFILE_WEEK;

	for (uint32_t i = 0; i < LOOK_AT && i < profiles->max; i++) {
		uint32_t number = profiles->hand % profiles->max + 1;
		profiles->hand = number;
		if (silence_of(profiles, number) > most) {
			most = silence_of(profiles, number);
			longest = number;
		}
	}
	if (longest != PROFILE_NONE)
		unlink_from_bucket(profiles, longest);
	return longest;
}

uint32_t profiles_add(struct profiles *profiles, const struct profile_key *key)
{
	uint32_t *bucket = &profiles->buckets[bucket_of(profiles, key)];
	bool full = profiles->count == profiles->max;
	uint32_t number = full ? take_place(profiles) : ++profiles->count;

	if (number == PROFILE_NONE) {
		profiles->turned_away++;
		return PROFILE_NONE;
	}
	profiles->replaced += full;
	*profiles_at(profiles, number) = (struct profile){ .key = *key, .next = *bucket };
	*bucket = number;
	return number;
}

static unsigned bin_of(float pps)
{
	float steps = pps > 1 ? log2f(pps) * RATE_STEPS : 0;

	return steps < PROFILE_BINS - 1 ? (unsigned)steps : PROFILE_BINS - 1;
}

/* The middle of a bin. */
static float rate_of(unsigned bin)
{
	return exp2f(((float)bin + 0.5F) / RATE_STEPS);
}

/* Every bin of the histogram loses half once it holds a week. */
static void count_rate(struct profile *profile, float pps)
{
	uint16_t *count = &profile->rates[bin_of(pps)];

	if (*count == UINT16_MAX || profile->bins % PROFILE_WEEK == PROFILE_WEEK - 1) {
		for (unsigned i = 0; i < PROFILE_BINS; i++)
			profile->rates[i] /= 2;
	}
	++*count;
}

/* The hour as its 10 s are, which the ceiling has cut: up at once, down by one step a week. */
static void note_hour(struct profile *profile, uint32_t bin, float pps)
{
	uint8_t *hour = &profile->hours[bin / PROFILE_YOUNG % PROFILE_HOURS];
	float steps = pps > 1 ? log2f(pps) * HOUR_STEPS : 0;
	uint8_t now = steps < UINT8_MAX ? (uint8_t)steps : UINT8_MAX;

	if (now > *hour)
		*hour = now;
	else if (*hour > 0 && profile->last_bin / PROFILE_YOUNG != bin / PROFILE_YOUNG)
		--*hour;
}

static float growth_of(const struct profile *profile, enum profile_trust trust)
{
	if (profile->bins > PROFILE_WEEK / 7)
		return GROW_OLD;
	if (trust == PROFILE_UNANSWERED)
		return GROW_YOUNG;
	return profile->bins < PROFILE_YOUNG ? INFINITY : GROW_KNOWN;
}

void profile_learn(struct profile *profile, uint32_t bin, float pps, enum profile_trust trust,
		   float start)
{
	if (profile->ceiling < start)
		profile->ceiling = start;
	uint32_t passed =
		bin > profile->last_bin && profile->last_bin ? bin - profile->last_bin : 1;
	float growth = growth_of(profile, trust);
	if (growth > 2 && pps > profile->ceiling)
		profile->ceiling = pps;
	else if (growth < 2)
		profile->ceiling *=
			powf(growth, passed < PROFILE_YOUNG ? (float)passed : (float)PROFILE_YOUNG);
	/* It follows what is really there, so that nobody saves up growth. */
	float most = profile_rate(profile, bin) * 1.25F;
	if (most < pps)
		most = pps;
	if (profile->bins > PROFILE_USEFUL && profile->ceiling > most && most > start)
		profile->ceiling = most;
	if (pps > profile->ceiling)
		pps = profile->ceiling;
	count_rate(profile, pps);
	note_hour(profile, bin, pps);
	profile->bins++;
	profile->last_bin = bin;
}

static float quantile_of(const struct profile *profile)
{
	uint64_t all = 0;
	uint64_t above = 0;

	for (unsigned i = 0; i < PROFILE_BINS; i++)
		all += profile->rates[i];
	for (unsigned bin = PROFILE_BINS; bin-- > 0;) {
		above += profile->rates[bin];
		if (above * QUANTILE > all)
			return rate_of(bin);
	}
	return 0;
}

float profile_rate(const struct profile *profile, uint32_t bin)
{
	float quantile = quantile_of(profile);
	float hour = exp2f((float)profile->hours[bin / PROFILE_YOUNG % PROFILE_HOURS] / HOUR_STEPS);

	return quantile > hour ? quantile : hour;
}
