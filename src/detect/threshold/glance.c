/* SPDX-License-Identifier: Apache-2.0 */
/* glance: a pool with an index by linear probing; loads round up, so that they stay bounds. */
#include "detect/threshold/glance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/pages.h"

#define CACHE_LINE 64
#define PLACE_BITS 24
#define PLACE_MASK ((1U << PLACE_BITS) - 1)

/* Numbers of bins and stretches count in a circle that both rings divide. */
#define NUMBERS 65535U
static_assert(NUMBERS % WINDOW_BINS == 0 && NUMBERS % GLANCE_STRETCHES == 0,
	      "a number keeps its place in the ring when the circle closes");

static uint16_t number_of(uint64_t number)
{
	return (uint16_t)(number % NUMBERS);
}

/* In the index: the place in the pool plus one, and eight bits of the hash above it; 0: unused. */
static uint32_t entry_of(size_t place, uint32_t hash)
{
	return (uint32_t)(place + 1) | (hash & ~PLACE_MASK);
}

int glances_open(struct glances *glances, size_t max, uint64_t seed)
{
	size_t slots = 64;

	if (max > GLANCE_MAX)
		max = GLANCE_MAX;
	while (slots < 2 * max)
		slots *= 2;
	struct glances fresh = { .max = max, .mask = slots - 1, .seed = seed };
	/* calloc: places that are never used are never touched, and then cost no memory. */
	fresh.memory = calloc(max * sizeof(struct glance) + CACHE_LINE, 1);
	fresh.index = calloc(slots, sizeof(*fresh.index));
	if (!fresh.memory || !fresh.index) {
		glances_close(&fresh);
		return -ENOMEM;
	}
	pages_prefer_huge(fresh.memory, max * sizeof(struct glance));
	pages_prefer_huge(fresh.index, slots * sizeof(*fresh.index));
	uintptr_t aligned = ((uintptr_t)fresh.memory + CACHE_LINE - 1) & ~(CACHE_LINE - 1UL);
	fresh.pool = (struct glance *)aligned;
	*glances = fresh;
	return 0;
}

void glances_close(struct glances *glances)
{
	free(glances->memory);
	free(glances->index);
	memset(glances, 0, sizeof(*glances));
}

static uint32_t hash_of(const struct glances *glances, const struct ip *host, uint8_t direction)
{
	return (uint32_t)(hash_ip(host, glances->seed + direction) >> 16);
}

/* The top eight bits stand in the entry; where it is looked for is decided by the others too. */
static size_t home_of(const struct glances *glances, uint32_t hash)
{
	return hash & glances->mask;
}

uint32_t glances_hash(const struct glances *glances, const struct ip *host, uint8_t direction)
{
	uint32_t hash = hash_of(glances, host, direction);

	__builtin_prefetch(&glances->index[home_of(glances, hash)]);
	return hash;
}

void glances_prefetch(const struct glances *glances, uint32_t hash)
{
	size_t at = home_of(glances, hash);

	/* The first entry whose bits agree: nearly always the one. */
	for (uint32_t entry; (entry = glances->index[at]); at = (at + 1) & glances->mask) {
		if (((entry ^ hash) & ~PLACE_MASK) != 0)
			continue;
		__builtin_prefetch(&glances->pool[(entry & PLACE_MASK) - 1], 1);
		return;
	}
}

static struct glance *glance_new(struct glances *glances)
{
	struct glance *glance;

	if (glances->count == glances->max)
		return NULL;
	if (glances->unused) {
		glance = &glances->pool[glances->unused - 1];
		glances->unused = glance->watch;
		memset(glance, 0, sizeof(*glance));
	} else {
		glance = &glances->pool[glances->fresh++];
	}
	glances->count++;
	glance->used = true;
	return glance;
}

struct glance *glances_take(struct glances *glances, const struct ip *host, uint8_t direction,
			    uint32_t hash, bool add)
{
	size_t at = home_of(glances, hash);

	for (uint32_t entry; (entry = glances->index[at]); at = (at + 1) & glances->mask) {
		if (((entry ^ hash) & ~PLACE_MASK) != 0)
			continue;
		struct glance *glance = &glances->pool[(entry & PLACE_MASK) - 1];
		if (ip_equal(&glance->host, host) && glance->direction == direction)
			return glance;
	}
	struct glance *glance = add ? glance_new(glances) : NULL;
	if (!glance)
		return NULL;
	glance->host = *host;
	glance->direction = direction & 0x7f;
	glances->index[at] = entry_of(glances_place(glances, glance), hash);
	return glance;
}

/* Up, so that the sum stays a bound; at the end of the scale it is a watch's business anyway. */
static void raise(uint16_t *load, float by)
{
	float units = by * GLANCE_ONE;

	if (units >= (float)(UINT16_MAX - *load))
		*load = UINT16_MAX;
	else if (units > 0)
		*load = (uint16_t)(*load + (uint16_t)units + 1);
}

static bool is_zero(const uint16_t *loads, unsigned count)
{
	uint16_t any = 0;

	for (unsigned i = 0; i < count; i++)
		any |= loads[i];
	return any == 0;
}

/* Forget what leaves when @number is the newest. Return: how much older than the newest it is. */
static uint16_t slide(uint16_t *loads, uint16_t count, uint16_t *newest, uint16_t number)
{
	unsigned ahead = (unsigned)number + NUMBERS - *newest;

	if (ahead >= NUMBERS)
		ahead -= NUMBERS;
	/* Without any load there is no newest one yet. */
	if (ahead > NUMBERS / 2 && !is_zero(loads, count))
		return (uint16_t)(NUMBERS - ahead);
	if (ahead >= count) {
		memset(loads, 0, count * sizeof(*loads));
		*newest = number;
		return 0;
	}
	while (*newest != number) {
		*newest = *newest + 1 == NUMBERS ? 0 : *newest + 1;
		loads[*newest % count] = 0;
	}
	return 0;
}

float glance_add_now(struct glance *glance, uint64_t bin, float load)
{
	uint32_t sum = 0;
	uint16_t age = slide(glance->now, WINDOW_BINS, &glance->bin, number_of(bin));

	if (age >= WINDOW_BINS)
		return -1;
	raise(&glance->now[bin % WINDOW_BINS], load);
	for (unsigned i = 0; i < WINDOW_BINS; i++)
		sum += glance->now[i];
	return (float)sum / GLANCE_ONE;
}

float glance_add_past(struct glance *glance, uint64_t now_s, const struct span *span, float all,
		      float most)
{
	const uint64_t length_ns = GLANCE_STRETCH_S * SPAN_SECOND_NS;
	uint64_t newest = now_s / GLANCE_STRETCH_S;
	uint64_t last = span_number(span->to_ns, length_ns);
	uint64_t first = span->from_ns < span->to_ns ? span->from_ns / length_ns : last;
	uint16_t largest = 0;

	(void)slide(glance->past, GLANCE_STRETCHES, &glance->stretch, number_of(newest));
	if (first + GLANCE_STRETCHES <= newest)
		first = newest - (GLANCE_STRETCHES - 1);
	for (uint64_t n = first; n <= last && n <= newest; n++) {
		uint16_t *to = &glance->past[n % GLANCE_STRETCHES];
		float part = all * (float)span_part(span, n * length_ns, (n + 1) * length_ns);
		raise(to, part < most ? part : most);
		if (*to > largest)
			largest = *to;
	}
	return (float)largest / GLANCE_ONE;
}

void glance_clear(struct glance *glance)
{
	memset(glance->now, 0, sizeof(glance->now));
	memset(glance->past, 0, sizeof(glance->past));
}

/* Pull later entries of the run over the hole, as far as each may go towards its home. */
static void index_remove(struct glances *glances, const struct glance *gone)
{
	uint32_t *index = glances->index;
	uint32_t hash = hash_of(glances, &gone->host, gone->direction);
	uint32_t entry = entry_of(glances_place(glances, gone), hash);
	size_t hole = home_of(glances, hash);

	while (index[hole] != entry)
		hole = (hole + 1) & glances->mask;
	for (size_t at = (hole + 1) & glances->mask; index[at]; at = (at + 1) & glances->mask) {
		const struct glance *other = &glances->pool[(index[at] & PLACE_MASK) - 1];
		size_t home = home_of(glances, hash_of(glances, &other->host, other->direction));
		if (((at - home) & glances->mask) < ((at - hole) & glances->mask))
			continue;
		index[hole] = index[at];
		hole = at;
	}
	index[hole] = 0;
}

static void sweep_one(struct glances *glances, struct glance *glance, uint16_t bin,
		      uint16_t stretch)
{
	if (!glance->used || glance->watch)
		return;
	(void)slide(glance->now, WINDOW_BINS, &glance->bin, bin);
	(void)slide(glance->past, GLANCE_STRETCHES, &glance->stretch, stretch);
	if (!is_zero(glance->now, WINDOW_BINS) || !is_zero(glance->past, GLANCE_STRETCHES))
		return;
	index_remove(glances, glance);
	glance->used = false;
	glance->watch = glances->unused & PLACE_MASK;
	glances->unused = glances_place(glances, glance) + 1;
	glances->count--;
}

void glances_sweep(struct glances *glances, uint64_t bin, uint64_t now_s, size_t budget)
{
	uint16_t stretch = number_of(now_s / GLANCE_STRETCH_S);

	if (budget > glances->fresh)
		budget = glances->fresh;
	for (size_t i = 0; i < budget; i++) {
		sweep_one(glances, &glances->pool[glances->cursor], number_of(bin), stretch);
		if (++glances->cursor >= glances->fresh)
			glances->cursor = 0;
	}
}
