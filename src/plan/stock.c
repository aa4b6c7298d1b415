/* SPDX-License-Identifier: Apache-2.0 */
/* stock: ticks of samples in, lots for the making of rules out. Control thread. */
#include "plan/stock.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "plan/usual.h"

#define SECOND_NS       1000000000ULL
/* The latest samples, whoever they are of: for watches that begin a moment late. */
#define RECENT          8192
/* So many of a tick are looked at for what is usual; all of them for watches. */
#define TICK_MOST       2048
/* Comparisons of a tick's samples with watches. */
#define FEED_MOST       131072
/* Of now, what a look at rules in force takes: so many, and none that is older. */
#define LOOK_MOST       512
#define LOOK_NS         (10 * SECOND_NS)
/* Clean samples a second while there is little, and later: half an hour stays. */
#define CLEAN_FAST      2048
#define CLEAN_SLOW      32
/* Rates now are means over so long. */
#define RATE_NS         (5 * SECOND_NS)
#define RATE_PARTS      10
/* A target with fewer samples of its own gets others' beside them. */
#define BASE_ENOUGH     1024
/* An attack begins a moment before anybody notices: what came in that second is not usual. */
#define GUARD_NS        SECOND_NS
/* Many senders do not begin at once: who came so shortly before is not known for an innocent. */
#define KNOWN_NS        (10 * SECOND_NS)
/* Fewer that count could not promise that one in a hundred innocent packets is hit. */
#define EFFECTIVE_LEAST 512
/* Fewer records than this count by their packets. */
#define FEW_RECORDS     64

struct watch {
	bool used;
	struct stock_scope scope;
	uint64_t since_ns;
	uint64_t before_ns; /* usual is what came before */
	uint64_t first_ns;  /* of the first tick it saw */
	size_t count;       /* ever taken: the ring is that modulo SYNTH_NOW */
	uint64_t fed_ns;    /* the tick before */
	size_t stride;      /* of what comes one in so many is kept */
	size_t phase;
	struct sample *ring;
	uint64_t *ring_ns;          /* when each came */
	double packets[RATE_PARTS]; /* by parts of RATE_NS */
	uint64_t part;
};

struct stock {
	struct stock_limits limits;
	struct usual *usual;
	struct watch *watches;
	size_t watching;
	struct sample *recent;
	uint64_t *recent_ns;
	size_t recent_count;
	struct sample *clean;
	uint64_t *clean_ns;
	size_t clean_count;
	uint64_t clean_second;
	unsigned clean_taken; /* in that second */
	uint64_t seed;
	uint64_t draws;
	struct stock_stats stats;
	struct sample *now_out;
	struct sample *base_out;
	struct sample *clean_out;
};

static bool take_memory(struct stock *stock)
{
	stock->watches = calloc(stock->limits.watches, sizeof(*stock->watches));
	for (size_t i = 0; stock->watches && i < stock->limits.watches; i++) {
		stock->watches[i].ring = calloc(SYNTH_NOW, sizeof(struct sample));
		stock->watches[i].ring_ns = calloc(SYNTH_NOW, sizeof(uint64_t));
		if (!stock->watches[i].ring || !stock->watches[i].ring_ns)
			return false;
	}
	stock->recent = calloc(RECENT, sizeof(struct sample));
	stock->recent_ns = calloc(RECENT, sizeof(uint64_t));
	stock->clean = calloc(SYNTH_CLEAN, sizeof(struct sample));
	stock->clean_ns = calloc(SYNTH_CLEAN, sizeof(uint64_t));
	stock->now_out = calloc(SYNTH_NOW, sizeof(struct sample));
	stock->base_out = calloc(SYNTH_BASE, sizeof(struct sample));
	stock->clean_out = calloc(SYNTH_CLEAN, sizeof(struct sample));
	return stock->watches && stock->recent && stock->recent_ns && stock->clean &&
	       stock->clean_ns && stock->now_out && stock->base_out && stock->clean_out;
}

int stock_open(const struct stock_limits *limits, uint64_t seed, struct stock **ret_stock)
{
	struct stock *stock = calloc(1, sizeof(*stock));

	if (!stock)
		return -ENOMEM;
	stock->limits = *limits;
	stock->seed = seed;
	if (usual_open(limits->hosts, seed, &stock->usual) || !take_memory(stock)) {
		stock_close(stock);
		return -ENOMEM;
	}
	*ret_stock = stock;
	return 0;
}

void stock_close(struct stock *stock)
{
	if (!stock)
		return;
	usual_close(stock->usual);
	for (size_t i = 0; stock->watches && i < stock->limits.watches; i++) {
		free(stock->watches[i].ring);
		free(stock->watches[i].ring_ns);
	}
	free(stock->watches);
	free(stock->recent);
	free(stock->recent_ns);
	free(stock->clean);
	free(stock->clean_ns);
	free(stock->now_out);
	free(stock->base_out);
	free(stock->clean_out);
	free(stock);
}

static bool any_has(const struct prefix *list, unsigned count, const struct ip *ip)
{
	for (unsigned i = 0; i < count; i++) {
		if (prefix_has_ip(&list[i], ip))
			return true;
	}
	return count == 0;
}

static bool is_in(const struct stock_scope *scope, const struct sample *s)
{
	bool outbound = scope->direction == DIRECTION_OUTBOUND;

	if (outbound != (s->direction == DIRECTION_OUTBOUND) && s->direction != DIRECTION_INTERNAL)
		return false;
	return any_has(scope->own, scope->own_count, outbound ? &s->src : &s->dst) &&
	       any_has(scope->peer, scope->peer_count, outbound ? &s->dst : &s->src);
}

/* The target's ordinary share is among what is left out: it is not told from the attack here. */
static bool is_watched(const struct stock *stock, const struct sample *s)
{
	for (size_t i = 0; stock->watching && i < stock->limits.watches; i++) {
		if (stock->watches[i].used && is_in(&stock->watches[i].scope, s))
			return true;
	}
	return false;
}

static void count_rate(struct watch *watch, double packets, uint64_t now_ns)
{
	uint64_t part = now_ns / (RATE_NS / RATE_PARTS);

	for (unsigned i = 0; watch->part < part && i < RATE_PARTS; i++)
		watch->packets[++watch->part % RATE_PARTS] = 0;
	watch->part = part;
	watch->packets[part % RATE_PARTS] += packets;
}

static double rate_of(struct watch *watch, uint64_t now_ns)
{
	double sum = 0;
	uint64_t begin_ns = now_ns > RATE_NS ? now_ns - RATE_NS : 0;
	uint64_t from_ns = watch->first_ns > begin_ns ? watch->first_ns : begin_ns;
	double span = (double)(now_ns - from_ns) / SECOND_NS;

	count_rate(watch, 0, now_ns);
	for (unsigned i = 0; i < RATE_PARTS; i++)
		sum += watch->packets[i];
	return sum / fmax(span, 0.1);
}

static void keep(struct watch *watch, const struct sample *s, uint64_t at_ns)
{
	watch->ring_ns[watch->count % SYNTH_NOW] = at_ns;
	watch->ring[watch->count++ % SYNTH_NOW] = *s;
}

/*
 * The ring is of as long a time as the rate: samples of the last moment beside a rate of the seconds
 * before would take innocents for what was in excess then. Until it is full all are kept.
 */
static bool is_kept(struct watch *watch)
{
	return watch->count < SYNTH_NOW || watch->phase++ % watch->stride == 0;
}

static void choose_stride(struct watch *watch, size_t came, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns > watch->fed_ns ? now_ns - watch->fed_ns : 1;
	double share = (double)came / SYNTH_NOW * (double)RATE_NS / (double)passed_ns;

	watch->stride = watch->fed_ns && share > 1 ? (size_t)ceil(share) : 1;
	watch->fed_ns = now_ns;
}

/* @scale: samples of the tick that one handed on stands for */
static void feed_watches(struct stock *stock, const struct tally_set *set, double scale)
{
	/* With many watches fewer samples say as much: each has its own. */
	size_t step = set->sample_count * stock->watching / FEED_MOST + 1;

	scale *= (double)step;
	for (size_t w = 0; w < stock->limits.watches; w++) {
		struct watch *watch = &stock->watches[w];
		double packets = 0;
		size_t came = 0;
		if (!watch->used)
			continue;
		watch->first_ns = watch->first_ns ? watch->first_ns : set->tick_ns;
		for (size_t i = 0; i < set->sample_count; i += step) {
			if (!is_in(&watch->scope, &set->samples[i]))
				continue;
			came++;
			if (is_kept(watch))
				keep(watch, &set->samples[i], set->tick_ns);
			packets += sample_packets(&set->samples[i]) * scale;
		}
		choose_stride(watch, came, set->tick_ns);
		count_rate(watch, packets, set->tick_ns);
	}
}

static void take_clean(struct stock *stock, const struct sample *s, uint64_t now_ns)
{
	uint64_t second = now_ns / SECOND_NS;
	unsigned most = stock->clean_count < SYNTH_CLEAN ? CLEAN_FAST : CLEAN_SLOW;

	if (second != stock->clean_second) {
		stock->clean_second = second;
		stock->clean_taken = 0;
	}
	if (stock->clean_taken >= most)
		return;
	stock->clean_taken++;
	size_t place = stock->clean_count++ % SYNTH_CLEAN;
	stock->clean[place] = *s;
	stock->clean_ns[place] = now_ns;
}

static void take_usual(struct stock *stock, const struct sample *s, double scale, uint64_t now_ns)
{
	double packets = sample_packets(s) * scale;

	if (is_watched(stock, s))
		return;
	take_clean(stock, s, now_ns);
	if (s->direction != DIRECTION_OUTBOUND)
		usual_add(stock->usual, &s->dst, false, s, packets, now_ns);
	if (s->direction != DIRECTION_INBOUND)
		usual_add(stock->usual, &s->src, true, s, packets, now_ns);
}

void stock_observe(struct stock *stock, const struct tally_set *set)
{
	double each = set->sample_each ? set->sample_each : 1;
	size_t step = set->sample_count / TICK_MOST + 1;
	size_t first = hash_words(stock->draws++, set->tick_ns, stock->seed) % step;

	if (stock->watching)
		feed_watches(stock, set, each);
	for (size_t i = first; i < set->sample_count; i += step) {
		const struct sample *s = &set->samples[i];
		if (s->direction == DIRECTION_TRANSIT)
			continue;
		size_t place = stock->recent_count++ % RECENT;
		stock->recent[place] = *s;
		stock->recent_ns[place] = set->tick_ns;
		take_usual(stock, s, each * (double)step, set->tick_ns);
	}
}

/* What came since is no clean traffic after all: it goes to the end of its own time. */
static void forget(struct stock *stock, const struct watch *watch)
{
	bool outbound = watch->scope.direction == DIRECTION_OUTBOUND;
	size_t count = stock->clean_count < SYNTH_CLEAN ? stock->clean_count : SYNTH_CLEAN;

	for (size_t i = 0; i < count; i++) {
		if (stock->clean_ns[i] >= watch->before_ns &&
		    is_in(&watch->scope, &stock->clean[i]))
			stock->clean_ns[i] = UINT64_MAX;
	}
	for (unsigned i = 0; i < watch->scope.own_count; i++)
		usual_forget(stock->usual, &watch->scope.own[i], outbound, watch->before_ns);
}

static void look_back(struct stock *stock, struct watch *watch)
{
	size_t count = stock->recent_count < RECENT ? stock->recent_count : RECENT;

	for (size_t i = stock->recent_count - count; i < stock->recent_count; i++) {
		if (stock->recent_ns[i % RECENT] >= watch->since_ns &&
		    is_in(&watch->scope, &stock->recent[i % RECENT]))
			keep(watch, &stock->recent[i % RECENT], stock->recent_ns[i % RECENT]);
	}
}

unsigned stock_watch(struct stock *stock, const struct stock_scope *scope, uint64_t since_ns)
{
	for (size_t i = 0; i < stock->limits.watches; i++) {
		struct watch *watch = &stock->watches[i];
		if (watch->used)
			continue;
		*watch = (struct watch){ .used = true,
					 .scope = *scope,
					 .since_ns = since_ns,
					 .before_ns = since_ns > GUARD_NS ? since_ns - GUARD_NS : 0,
					 .stride = 1,
					 .ring = watch->ring,
					 .ring_ns = watch->ring_ns };
		stock->watching++;
		look_back(stock, watch);
		forget(stock, watch);
		return (unsigned)i + 1;
	}
	stock->stats.turned_away++;
	return 0;
}

void stock_unwatch(struct stock *stock, unsigned watch)
{
	if (!watch || !stock->watches[watch - 1].used)
		return;
	stock->watches[watch - 1].used = false;
	stock->watching--;
}

/* Of few records: the packets that were seen, not more of them than are worth telling apart. */
static size_t packets_of(const struct watch *watch)
{
	size_t sum = 0;

	for (size_t i = 0; i < watch->count; i++)
		sum += watch->ring[i].packets ? watch->ring[i].packets : 1;
	return sum;
}

size_t stock_samples(const struct stock *stock, unsigned watch)
{
	const struct watch *of = watch ? &stock->watches[watch - 1] : NULL;

	if (!of || of->count >= FEW_RECORDS)
		return of ? of->count : 0;
	size_t packets = packets_of(of);
	return packets < FEW_RECORDS ? packets : FEW_RECORDS;
}

/* Told as of the first prefix of each side; of both ends where a stranger stands in. */
static struct sample told(const struct stock_scope *scope, const struct sample *s, bool both)
{
	bool outbound = scope->direction == DIRECTION_OUTBOUND;
	struct sample as = *s;

	if (scope->own_count > 1 || (both && scope->own_count))
		*(outbound ? &as.src : &as.dst) = scope->own[0].ip;
	if (scope->peer_count > 1)
		*(outbound ? &as.dst : &as.src) = scope->peer[0].ip;
	return as;
}

/*
 * One record of many packets is as many samples, as long as there are few. How long each packet was,
 * and with which flags, such a record does not say.
 */
static size_t split(struct stock *stock, const struct watch *watch)
{
	double total = (double)packets_of(watch);
	size_t n = 0;

	for (size_t i = 0; i < watch->count; i++) {
		struct sample s = told(&watch->scope, &watch->ring[i], false);
		uint32_t parts = (uint32_t)(FEW_RECORDS * s.packets / total);
		parts = parts < 1 ? 1 : parts < s.packets ? parts : s.packets;
		if (parts > 1) {
			s.packets /= parts;
			s.length = 0;
			s.has &= (uint8_t)~SAMPLE_HAS_FLAGS;
		}
		for (uint32_t k = 0; k < (parts ? parts : 1); k++)
			stock->now_out[n++] = s;
	}
	return n;
}

/* The latest ones, at most @most. */
static size_t read_now(struct stock *stock, const struct watch *watch, size_t most)
{
	size_t count = watch->count < most ? watch->count : most;

	if (watch->count < FEW_RECORDS && packets_of(watch) > watch->count)
		return split(stock, watch);
	for (size_t i = 0; i < count; i++)
		stock->now_out[i] = told(
			&watch->scope, &watch->ring[(watch->count - count + i) % SYNTH_NOW], false);
	return count;
}

/* How many of a watch a look takes. */
static size_t latest(const struct watch *watch, uint64_t now_ns)
{
	size_t most = watch->count < LOOK_MOST ? watch->count : LOOK_MOST;
	size_t n = 0;

	while (n < most && watch->ring_ns[(watch->count - n - 1) % SYNTH_NOW] + LOOK_NS > now_ns)
		n++;
	return n;
}

static size_t read_clean(struct stock *stock, uint64_t before_ns)
{
	size_t count = stock->clean_count < SYNTH_CLEAN ? stock->clean_count : SYNTH_CLEAN;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (stock->clean_ns[i] < before_ns)
			stock->clean_out[n++] = stock->clean[i];
	}
	return n;
}

/* So many samples of equal weight say as much as @own of weight @weight and @others of 1. */
static double effective(double own, double others, double weight)
{
	double total = others + own * weight;

	return total * total / (others + own * weight * weight);
}

/* The target's own samples weigh as much as all others together, as long as enough still count. */
static uint32_t weight_of(size_t own, size_t others)
{
	uint32_t weight = own ? (uint32_t)(others / own + 1) : 1;

	while (weight > 1 && effective((double)own, (double)others, weight) < EFFECTIVE_LEAST)
		weight--;
	return weight;
}

/*
 * A target of which little is known: what others receive, or send, says what innocent traffic looks
 * like.
 */
static size_t fill_up(struct stock *stock, const struct watch *watch, size_t own, size_t clean)
{
	bool outbound = watch->scope.direction == DIRECTION_OUTBOUND;
	size_t wanted = BASE_ENOUGH - own;
	size_t step = clean / wanted + 1;
	size_t n = own;

	for (size_t i = 0; i < clean && n < BASE_ENOUGH; i += step) {
		const struct sample *s = &stock->clean_out[i];
		if ((s->direction == DIRECTION_OUTBOUND) != outbound)
			continue;
		stock->base_out[n] = told(&watch->scope, s, true);
		stock->base_out[n].packets = stock->base_out[n].sampling = 1;
		n++;
	}
	uint32_t weight = weight_of(own, n - own);
	for (size_t i = 0; i < own; i++) {
		stock->base_out[i].packets = weight;
		stock->base_out[i].sampling = 1;
	}
	return n;
}

/* The target's own samples, those of all its prefixes, from before @before_ns. */
static size_t read_own(struct stock *stock, const struct watch *watch, uint64_t before_ns,
		       double *ret_pps)
{
	const struct stock_scope *scope = &watch->scope;
	bool outbound = scope->direction == DIRECTION_OUTBOUND;
	unsigned count = scope->own_count ? scope->own_count : 1;
	size_t n = 0;

	*ret_pps = 0;
	for (unsigned i = 0; i < count; i++) {
		struct usual_who who = { .outbound = outbound };
		struct usual_out out = { stock->base_out + n, SYNTH_BASE / count, 0 };
		if (scope->own_count)
			who.own = scope->own[i];
		n += usual_read(stock->usual, &who, before_ns, &out);
		*ret_pps += out.pps;
	}
	for (size_t i = 0; i < n; i++) {
		struct sample *s = &stock->base_out[i];
		if (scope->own_count > 1)
			*(outbound ? &s->src : &s->dst) = scope->own[0].ip;
		if (scope->peer_count > 1 &&
		    any_has(scope->peer, scope->peer_count, outbound ? &s->dst : &s->src))
			*(outbound ? &s->dst : &s->src) = scope->peer[0].ip;
	}
	return n;
}

/* Of those who were there before the attack; of a sender only what it sent to the target. */
static size_t read_known(struct stock *stock, const struct watch *watch, double *ret_pps)
{
	uint64_t before_ns = watch->since_ns > KNOWN_NS ? watch->since_ns - KNOWN_NS : 0;
	size_t count = read_own(stock, watch, before_ns, ret_pps);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_in(&watch->scope, &stock->base_out[i]))
			stock->base_out[kept++] = stock->base_out[i];
	}
	return kept;
}

void stock_look(struct stock *stock, unsigned handle, uint64_t now_ns, struct stock_view *ret_view)
{
	struct watch *watch = &stock->watches[handle - 1];
	struct stock_view view = { .now_pps = rate_of(watch, now_ns) };
	size_t now = read_now(stock, watch, latest(watch, now_ns));
	uint64_t watched_ns =
		watch->first_ns && now_ns > watch->first_ns ? now_ns - watch->first_ns : 0;

	view.own = read_known(stock, watch, &view.base_pps);
	view.now = (struct synth_samples){ stock->now_out, now };
	view.now_s = (double)(watched_ns < LOOK_NS ? watched_ns : LOOK_NS) / SECOND_NS;
	view.base = (struct synth_samples){ stock->base_out, view.own };
	*ret_view = view;
}

void stock_view(struct stock *stock, unsigned handle, uint64_t now_ns, struct stock_view *ret_view)
{
	struct watch *watch = &stock->watches[handle - 1];
	const struct stock_scope *scope = &watch->scope;
	struct stock_view view = { .now_pps = rate_of(watch, now_ns) };
	size_t now = read_now(stock, watch, SYNTH_NOW);
	size_t clean = read_clean(stock, watch->before_ns);
	size_t base;

	view.scope.direction = scope->direction;
	if (scope->own_count)
		view.scope.own = scope->own[0];
	if (scope->peer_count)
		view.scope.peer = scope->peer[0];
	view.own = read_own(stock, watch, watch->before_ns, &view.base_pps);
	base = view.own < BASE_ENOUGH ? fill_up(stock, watch, view.own, clean) : view.own;
	view.now = (struct synth_samples){ stock->now_out, now };
	view.base = (struct synth_samples){ stock->base_out, base };
	view.clean = (struct synth_samples){ stock->clean_out, clean };
	/* Of a sender only what goes to the target is in `now`; all that it sends is usual. */
	if (scope->direction == DIRECTION_OUTBOUND)
		view.base_pps = fmin(view.base_pps, view.now_pps / 2);
	*ret_view = view;
}

void stock_stats(const struct stock *stock, struct stock_stats *ret_stats)
{
	*ret_stats = stock->stats;
	ret_stats->watches = stock->watching;
}
