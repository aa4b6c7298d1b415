/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state: what was learned as bytes, and back.
 *
 * Envelopes and who talks to whom; what is suspected is not kept, it shows again. The bytes are
 * for this machine alone: another order of bytes, or another layout, is refused.
 */
#include "detect/learned/learned.h"

#include <string.h>

#define MAGIC    0x31434e5241454c57ULL /* reads "WLEARNC1" where the order of bytes is the same */
#define VERSION  1
/* Older than this it says nothing about now. */
#define OLD_NS   (30ULL * 86400 * 1000000000ULL)
/* Clocks are set back by as much now and then; what is dated later was saved by a wrong one. */
#define SLACK_NS (300ULL * 1000000000ULL)

struct head {
	uint64_t magic;
	uint32_t version;
	uint32_t profile_size;
	uint64_t profile_count;
	uint64_t first_ns;
	uint64_t saved_ns;
	uint64_t seen_words; /* of one filter */
	uint64_t seen_seed;
	uint64_t seen_first_ns;
	uint64_t seen_turned_ns;
	uint32_t seen_now;
	uint32_t zero;
};

static uint64_t seen_words(const struct seen *seen)
{
	return (seen->mask + 1) * 8;
}

void learned_save(const void *self, struct text *out)
{
	const struct learned *l = self;
	const struct head head = {
		.magic = MAGIC,
		.version = VERSION,
		.profile_size = sizeof(struct profile),
		.profile_count = l->profiles.count,
		.first_ns = l->first_ns,
		/* Before the first tick it is as old as what was loaded. */
		.saved_ns = l->tick_ns ? l->tick_ns : l->loaded_ns,
		.seen_words = seen_words(&l->seen),
		.seen_seed = l->seen.seed,
		.seen_first_ns = l->seen.first_ns,
		.seen_turned_ns = l->seen.turned_ns,
		.seen_now = l->seen.now,
	};

	text_add_n(out, (const char *)&head, sizeof(head));
	text_add_n(out, (const char *)l->profiles.at, l->profiles.count * sizeof(struct profile));
	for (unsigned i = 0; i < 2; i++)
		text_add_n(out, (const char *)l->seen.bits[i],
			   head.seen_words * sizeof(*l->seen.bits[i]));
}

static int read_head(const struct learned *l, const void *data, size_t len, struct head *ret_head)
{
	struct head head;

	if (len < sizeof(head))
		return -WEIR_EFORMAT;
	memcpy(&head, data, sizeof(head));
	if (head.magic != MAGIC || head.version != VERSION ||
	    head.profile_size != sizeof(struct profile) || head.profile_count > UINT32_MAX ||
	    head.seen_words != seen_words(&l->seen) || head.seen_now > 1)
		return -WEIR_ESCHEMA;
	if (len != sizeof(head) + head.profile_count * sizeof(struct profile) +
			   2 * head.seen_words * sizeof(uint64_t))
		return -WEIR_EFORMAT;
	*ret_head = head;
	return 0;
}

/* As many as there is room for now. */
static void load_profiles(struct learned *l, const char *data, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		struct profile profile;
		memcpy(&profile, data + i * sizeof(profile), sizeof(profile));
		uint32_t number = profiles_add(&l->profiles, &profile.key);
		if (number == PROFILE_NONE)
			return;
		profile.next = profiles_at(&l->profiles, number)->next;
		*profiles_at(&l->profiles, number) = profile;
	}
}

/* A clock that was wrong for a while may have left times that are still to come. */
static uint64_t past(uint64_t time_ns, uint64_t now_ns)
{
	return time_ns < now_ns ? time_ns : now_ns;
}

static int check_age(const struct head *head, uint64_t now_ns)
{
	if (head->saved_ns > now_ns && head->saved_ns - now_ns > SLACK_NS)
		return -WEIR_EFUTURE;
	if (now_ns > head->saved_ns && now_ns - head->saved_ns > OLD_NS)
		return -WEIR_EOLD;
	return 0;
}

int learned_load(void *self, const void *data, size_t len, uint64_t now_ns)
{
	struct learned *l = self;
	struct head head;
	int err = read_head(l, data, len, &head);

	if (!err)
		err = check_age(&head, now_ns);
	if (err)
		return err;
	const char *at = (const char *)data + sizeof(head);
	l->profiles.bin = (uint32_t)(now_ns / (PROFILE_BIN_S * 1000000000ULL));
	load_profiles(l, at, head.profile_count);
	at += head.profile_count * sizeof(struct profile);
	size_t bytes = head.seen_words * sizeof(uint64_t);
	for (unsigned i = 0; i < 2; i++)
		memcpy(l->seen.bits[i], at + i * bytes, bytes);
	seen_count(&l->seen);
	l->seen.seed = head.seen_seed;
	l->seen.now = head.seen_now;
	l->seen.first_ns = past(head.seen_first_ns, now_ns);
	l->seen.turned_ns = past(head.seen_turned_ns, now_ns);
	l->first_ns = past(head.first_ns, now_ns);
	l->loaded_ns = past(head.saved_ns, now_ns);
	return 0;
}
