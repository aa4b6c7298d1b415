/* SPDX-License-Identifier: Apache-2.0 */
/* feed: options in, contents of records out. See feed.h. */
#include "feed.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"

/* Draws by Zipf's law before they repeat. */
#define ZIPF_DRAWS    (1U << 22)
/* Outside addresses begin at 64.0.0.0; numbers in records, nothing is sent there. */
#define PEERS_FROM    0x40000000U
/* Prompt records: exported this long after their last packet, and up to 255 ms long. */
#define PROMPT_AGE_MS 20U
#define PERCENT_TO_16 (65536U / 100U + 1U)

/* Fisher and Yates' shuffle. */
static void shuffle(uint32_t *order, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++)
		order[i] = (uint32_t)i;
	for (size_t i = count; i > 1; i--) {
		size_t other = (size_t)(hash_words(i, 1, seed) % i);
		uint32_t kept = order[i - 1];
		order[i - 1] = order[other];
		order[other] = kept;
	}
}

/* Rank n is drawn in proportion to 1/n (nearly, for the first few). */
static int draw_zipf(const struct feed_options *options, uint32_t *order)
{
	uint32_t hosts = options->hosts;
	uint32_t *place = malloc((size_t)hosts * sizeof(*place));

	if (!place)
		return -ENOMEM;
	shuffle(place, hosts, options->seed);
	for (uint64_t i = 0; i < ZIPF_DRAWS; i++) {
		double u = (double)(hash_words(i, 3, options->seed) >> 11) * 0x1p-53;
		uint32_t rank = (uint32_t)exp(u * log(hosts + 1.0)) - 1;
		order[i] = place[rank < hosts ? rank : hosts - 1];
	}
	free(place);
	return 0;
}

static size_t order_len(const struct feed_options *options)
{
	return options->zipf ? ZIPF_DRAWS : options->hosts;
}

/* Sorts @from by group into the feed's order; inside a group the order stays. */
static int deal(struct feed *feed, const uint32_t *from)
{
	uint32_t groups = feed->options.groups;
	size_t len = order_len(&feed->options);
	uint32_t *next = feed->order;

	for (uint32_t g = 0; g < groups; g++) {
		feed->group[g].order = next;
		for (size_t i = 0; i < len; i++) {
			if (from[i] % groups == g)
				*next++ = from[i];
		}
		feed->group[g].len = (size_t)(next - feed->group[g].order);
		if (!feed->group[g].len)
			return -EINVAL;
	}
	return 0;
}

int feed_open(struct feed *feed, const struct feed_options *options)
{
	size_t len = order_len(options);
	uint32_t *drawn = malloc(len * sizeof(*drawn));
	int err = 0;

	*feed = (struct feed){
		.options = *options,
		.order = malloc(len * sizeof(*feed->order)),
		.random = options->seed | 1,
		.outbound_below = options->outbound_percent * PERCENT_TO_16,
		.long_below = options->long_percent * PERCENT_TO_16,
	};
	if (!feed->options.groups)
		feed->options.groups = 1;
	if (!drawn || !feed->order)
		err = -ENOMEM;
	else if (options->zipf)
		err = draw_zipf(options, drawn);
	else
		shuffle(drawn, len, options->seed);
	if (!err)
		err = deal(feed, drawn);
	free(drawn);
	if (err)
		feed_close(feed);
	return err;
}

void feed_close(struct feed *feed)
{
	free(feed->order);
	feed->order = NULL;
}

/* xorshift64*: quick, and good enough to pick ports. */
static inline uint64_t draw(struct feed *feed)
{
	uint64_t x = feed->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	feed->random = x;
	return x * 0x2545f4914f6cdd1dU;
}

void feed_next(struct feed *feed, uint32_t group, struct sight *sights, unsigned count)
{
	struct feed_group *g = &feed->group[group];

	for (unsigned i = 0; i < count; i++) {
		struct sight *s = &sights[i];
		uint64_t r = draw(feed);
		uint32_t own = feed->options.own + g->order[g->at];
		uint32_t peer = PEERS_FROM + ((uint32_t)r & (feed->options.peers - 1));
		int outbound = (r >> 32 & 0xffff) < feed->outbound_below;

		if (++g->at == g->len)
			g->at = 0;
		s->src = outbound ? own : peer;
		s->dst = outbound ? peer : own;
		s->sport = (uint16_t)(1024 + (r >> 48) % 64512);
		s->end_age_ms = PROMPT_AGE_MS;
		s->begin_age_ms = PROMPT_AGE_MS + ((uint32_t)r >> 24);
		/* Bits of their own would run out: mixed once more. */
		if ((uint32_t)r * 0x9e3779b1U >> 16 < feed->long_below)
			s->begin_age_ms = PROMPT_AGE_MS + feed->options.active_timeout_ms;
	}
}
