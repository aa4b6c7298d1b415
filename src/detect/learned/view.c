/* SPDX-License-Identifier: Apache-2.0 */
/* view: a few passes over at most SUBJECT_SAMPLES samples. */
#include "detect/learned/view.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "detect/learned/bogon.h"

/* IP length up to which a connection request carries no options; padding of frames included. */
#define BARE_SYN     46
#define SMALL        100
/* Upper bound, 95 %, of a Poisson mean when nothing was counted. */
#define NONE_MOST    3.0
/* So many first fragments, at least, tell what the others are. */
#define PORTED_LEAST 3
#define SPREAD       0x9e3779b97f4a7c15U

struct keyed {
	uint64_t key;
	uint32_t at;
	float packets;
};

#define SLOTS (2UL * SUBJECT_SAMPLES)

struct slot {
	uint64_t key;
	uint32_t count; /* 0: free */
	uint32_t at;
	float packets;
};

/* Equal keys put together. */
struct runs {
	uint32_t count;  /* of different ones */
	double pairs;    /* of equal ones */
	double packets;  /* of all */
	double heaviest; /* packets of the one that has the most */
	uint32_t at;     /* where the first of that one is */
};

static struct keyed keyed_of(const struct subject *subject, uint32_t at, uint64_t key)
{
	return (struct keyed){ key, at, (float)sample_packets(&subject->samples[at].sample) };
}

static struct runs runs_of(const struct keyed *keyed, uint32_t n)
{
	struct slot slots[SLOTS] = { 0 };
	struct runs runs = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = (uint32_t)(hash_mix(keyed[i].key, SPREAD) % SLOTS);
		while (slots[at].count && slots[at].key != keyed[i].key)
			at = (uint32_t)((at + 1) % SLOTS);
		struct slot *slot = &slots[at];
		if (!slot->count) {
			*slot = (struct slot){ .key = keyed[i].key, .at = keyed[i].at };
			runs.count++;
		}
		runs.pairs += slot->count++;
		runs.packets += (double)keyed[i].packets;
		slot->packets += keyed[i].packets;
		if ((double)slot->packets > runs.heaviest) {
			runs.heaviest = (double)slot->packets;
			runs.at = slot->at;
		}
	}
	return runs;
}

/* Of the packets, those of the one that has the most. */
static double share_of(const struct runs *runs)
{
	return runs->packets > 0 ? runs->heaviest / runs->packets : 0;
}

/*
 * How large is the crowd? Of n draws, n (n - 1) / 2 pairs are of the same one with chance 1 / size
 * each (a crowd of equals; of unequal ones this is how many carry the weight).
 */
static struct view_crowd crowd_of(const struct subject *subject, const struct keyed *keyed,
				  uint32_t n, bool sources)
{
	const struct runs runs = runs_of(keyed, n);
	struct view_crowd crowd = { .seen = runs.count };
	double same = runs.pairs;
	double pairs = (double)n * (n > 0 ? n - 1 : 0) / 2;
	double more = 1.645 * __builtin_sqrt(same + 1);

	if (n == 0)
		return crowd;
	const struct sample *busiest = &subject->samples[runs.at].sample;
	crowd.busiest = sources ? busiest->src : busiest->dst;
	crowd.top = share_of(&runs);
	crowd.least = pairs / (same > 0 ? same + more + 1 : NONE_MOST);
	if (crowd.least < 1)
		crowd.least = 1;
	crowd.about = same > 0 && pairs / same > crowd.seen ? pairs / same : crowd.seen;
	crowd.most = same > more ? pairs / (same - more) : 1e9;
	if (crowd.most < crowd.seen)
		crowd.most = crowd.seen;
	return crowd;
}

/*
 * What is added up. A record of a flow cache stands for many packets: shares are of packets, and who
 * there is is told by records.
 */
struct sums {
	uint32_t bogons, syn, bare;
	double packets, sampled, ported, ported_sampled;
	double known_pairs, known_peers, certain, likely, small, tcp;
	double rows[VECTOR_ROWS];
	double certain_rows[VECTOR_ROWS];
	const char *names[VECTOR_ROWS];
	double protos[256];
};

static void count_sample(const struct subject_sample *s, struct view *view, struct sums *sums)
{
	const struct sample *sample = &s->sample;
	struct vector_match match = vector_match(sample);

	double packets = sample_packets(sample);
	bool certain = match.certainty == VECTOR_CERTAIN;

	view->by_class[sample->class]++;
	sums->names[match.row] = match.name;
	sums->packets += packets;
	sums->sampled += sample->packets;
	sums->rows[match.row] += packets;
	sums->certain += certain ? packets : 0;
	sums->certain_rows[match.row] += certain ? packets : 0;
	sums->likely += match.certainty >= VECTOR_LIKELY ? packets : 0;
	sums->known_pairs += s->known_pair ? packets : 0;
	sums->known_peers += s->known_peer ? packets : 0;
	sums->small += sample->length <= SMALL ? packets : 0;
	sums->tcp += sample->proto == 6 ? packets : 0;
	sums->protos[sample->proto] += packets;
	sums->bogons += bogon_is(&sample->src);
	sums->syn += sample->class == CLASS_SYN;
	sums->bare += sample->class == CLASS_SYN && sample->length <= BARE_SYN;
	if (sample->class != CLASS_FRAGMENT) {
		sums->ported += packets;
		sums->ported_sampled += sample->packets;
	}
	if (!view->first_ns || s->time_ns < view->first_ns)
		view->first_ns = s->time_ns;
	if (s->time_ns > view->last_ns)
		view->last_ns = s->time_ns;
}

static void name_vectors(struct view *view, struct sums *sums)
{
	while (view->vector_count < FINDING_VECTORS) {
		unsigned best = 0;
		double same = 0;
		for (unsigned i = 1; i < VECTOR_ROWS; i++)
			best = sums->rows[i] > sums->rows[best] ? i : best;
		/* Several rows may have the same name. */
		for (unsigned i = 0; i < VECTOR_ROWS && sums->rows[best] > 0; i++) {
			bool like =
				sums->rows[i] > 0 && strcmp(sums->names[i], sums->names[best]) == 0;
			same += like ? sums->rows[i] : 0;
			sums->rows[i] = like && i != best ? 0 : sums->rows[i];
		}
		if (same <= 0 || same * 10 < sums->packets)
			return;
		struct vector_share *vector = &view->vectors[view->vector_count++];
		vector->share = same / sums->packets;
		snprintf(vector->name, sizeof(vector->name), "%s", sums->names[best]);
		sums->rows[best] = 0;
	}
}

static const char *name_certain(const struct sums *sums)
{
	unsigned best = 0;

	for (unsigned i = 1; i < VECTOR_ROWS; i++)
		best = sums->certain_rows[i] > sums->certain_rows[best] ? i : best;
	return sums->names[best];
}

static void finish(struct view *view, struct sums *sums)
{
	double all = sums->packets > 0 ? sums->packets : 1;

	view->packets = sums->sampled;
	view->known_pairs = sums->known_pairs / all;
	view->known_peers = sums->known_peers / all;
	/* Later fragments have no ports: what they are is told by the first ones. */
	bool many = sums->ported_sampled >= PORTED_LEAST && sums->ported * 8 >= sums->packets;
	view->ported = many ? sums->ported_sampled : sums->sampled;
	view->certain = sums->certain / (many ? sums->ported : all);
	view->certain_name = name_certain(sums);
	view->likely = sums->likely / all;
	view->bogons = (double)sums->bogons / view->n;
	view->small = sums->small / all;
	view->tcp_share = sums->tcp / all;
	view->bare_syn = sums->syn ? (double)sums->bare / sums->syn : 0;
	for (unsigned i = 0; i < 256; i++)
		view->proto =
			sums->protos[i] > sums->protos[view->proto] ? (uint8_t)i : view->proto;
	name_vectors(view, sums);
}

/* The commonest of a number that samples have. */
static double top_of(const struct subject *subject, const uint32_t *at, uint32_t n,
		     uint16_t (*number)(const struct sample *), uint16_t *ret_number)
{
	struct keyed keyed[SUBJECT_SAMPLES];

	for (uint32_t i = 0; i < n; i++)
		keyed[i] = keyed_of(subject, at[i], number(&subject->samples[at[i]].sample));
	const struct runs runs = runs_of(keyed, n);
	*ret_number = number(&subject->samples[runs.at].sample);
	return share_of(&runs);
}

static uint16_t dport_of(const struct sample *sample)
{
	return sample->dport;
}

static uint16_t sport_of(const struct sample *sample)
{
	return sample->sport;
}

static uint16_t length_of(const struct sample *sample)
{
	return sample->length;
}

static uint32_t tenants_of(const struct subject *subject, const struct config *config,
			   const uint32_t *at, uint32_t n)
{
	struct keyed keyed[SUBJECT_SAMPLES];
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct config_network *network =
			config_network_of(config, &subject->samples[at[i]].sample.src);
		if (network && network->tenant)
			keyed[count++] =
				keyed_of(subject, at[i],
					 hash_bytes(network->tenant, strlen(network->tenant), 1));
	}
	return runs_of(keyed, count).count;
}

/* TTLs of the sources, each counted once: real crowds are at many distances. */
static void look_at_distances(const struct subject *subject, const struct keyed *keyed,
			      struct view *view)
{
	struct slot slots[SLOTS] = { 0 };
	uint32_t ttl[256] = { 0 };
	uint32_t kept = 0;

	for (uint32_t i = 0; i < view->n; i++) {
		const struct sample *s = &subject->samples[keyed[i].at].sample;
		uint32_t at = (uint32_t)(hash_mix(keyed[i].key, SPREAD) % SLOTS);
		while (slots[at].count && slots[at].key != keyed[i].key)
			at = (uint32_t)((at + 1) % SLOTS);
		if (!slots[at].count && (s->has & SAMPLE_HAS_TTL)) {
			ttl[s->ttl]++;
			view->ttl_n++;
		}
		slots[at] = (struct slot){ .key = keyed[i].key, .count = 1 };
	}
	for (unsigned i = 0; i < 256; i++) {
		if (ttl[i] * 10 >= view->ttl_n && ttl[i]) {
			view->ttl_kinds++;
			kept += ttl[i];
		}
	}
	if (view->ttl_n)
		view->ttl_kinds += (view->ttl_n - kept) * 10 / view->ttl_n;
}

static void look_at_ends(const struct subject *subject, const uint32_t *at, struct view *view)
{
	struct keyed keyed[SUBJECT_SAMPLES];

	for (uint32_t i = 0; i < view->n; i++)
		keyed[i] =
			keyed_of(subject, at[i], hash_ip(&subject->samples[at[i]].sample.src, 1));
	view->sources = crowd_of(subject, keyed, view->n, true);
	look_at_distances(subject, keyed, view);
	for (uint32_t i = 0; i < view->n; i++)
		keyed[i] =
			keyed_of(subject, at[i], hash_ip(&subject->samples[at[i]].sample.dst, 1));
	view->targets = crowd_of(subject, keyed, view->n, false);
	for (uint32_t i = 0; i < view->n; i++) {
		const struct sample *s = &subject->samples[at[i]].sample;
		keyed[i] = keyed_of(subject, at[i], hash_ip(&s->dst, hash_ip(&s->src, 2)));
	}
	const struct runs runs = runs_of(keyed, view->n);
	view->pair_top = share_of(&runs);
}

void view_of(const struct subject *subject, const struct config *config, uint64_t from_ns,
	     struct view *ret_view)
{
	struct view view = { 0 };
	struct sums sums = { 0 };
	uint32_t at[SUBJECT_SAMPLES] = { 0 };
	uint16_t length;

	for (uint32_t i = 0; i < subject->count; i++) {
		if (!view_is_recent(subject, &subject->samples[i], from_ns))
			continue;
		at[view.n++] = i;
		count_sample(&subject->samples[i], &view, &sums);
	}
	if (view.n) {
		finish(&view, &sums);
		look_at_ends(subject, at, &view);
		view.top_dport = top_of(subject, at, view.n, dport_of, &view.dport);
		view.top_sport = top_of(subject, at, view.n, sport_of, &view.sport);
		view.same_length = top_of(subject, at, view.n, length_of, &length);
		view.tenants = tenants_of(subject, config, at, view.n);
	}
	*ret_view = view;
}

static bool bit_of(const struct ip *ip, unsigned bit)
{
	return ip->b[bit / 8] >> (7 - bit % 8) & 1;
}

static void set_bit(struct ip *ip, unsigned bit, bool value)
{
	uint8_t mask = (uint8_t)(1U << (7 - bit % 8));

	ip->b[bit / 8] = (uint8_t)(value ? ip->b[bit / 8] | mask : ip->b[bit / 8] & ~mask);
}

struct prefix view_cover(const struct subject *subject, uint64_t from_ns)
{
	struct prefix cover = { .ip = subject->ip, .len = subject->len };
	bool outbound = subject->direction == DIRECTION_OUTBOUND;
	uint32_t all = 0;

	for (uint32_t i = 0; i < subject->count; i++)
		all += view_is_recent(subject, &subject->samples[i], from_ns);
	for (; cover.len < 128 && all; cover.len++) {
		uint32_t ones = 0;
		uint32_t inside = 0;
		for (uint32_t i = 0; i < subject->count; i++) {
			const struct subject_sample *s = &subject->samples[i];
			const struct ip *ip = outbound ? &s->sample.src : &s->sample.dst;
			if (!view_is_recent(subject, s, from_ns) || !prefix_has_ip(&cover, ip))
				continue;
			inside++;
			ones += bit_of(ip, cover.len);
		}
		bool one = ones * 2 > inside;
		if ((one ? ones : inside - ones) * 10 < all * 9)
			break;
		set_bit(&cover.ip, cover.len, one);
	}
	return cover;
}
