/* SPDX-License-Identifier: Apache-2.0 */
/* record_wide: see record_wide.h. Any thread; no state. */
#include "ingest/record_wide.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "ingest/plan.h"

#define NO_BYTE 0x80
#define WIDTH   16U

/* Behind the places, up to the cold part: the same for all flows of a run. */
#define REST_AT offsetof(struct flow, icmp_type)

/* Where the places lie in struct flow; two of them overlap nothing. */
static const uint8_t places[WIDE_PLACES] = {
	offsetof(struct flow, src),      offsetof(struct flow, dst),
	offsetof(struct flow, bytes),    offsetof(struct flow, has),
	offsetof(struct flow, src_as),   offsetof(struct flow, vantage),
	offsetof(struct flow, next_hop),
};

/* Fields that records bring as they are. */
static const struct field {
	uint8_t slot;
	uint8_t place; /* index in places */
	uint8_t at;    /* from there */
	uint8_t width;
	bool whole; /* an address: as it lies in the record; else a number */
} fields[] = {
#define NUMBER(slot, place, first, member)                                                 \
	{                                                                                  \
		slot, place, offsetof(struct flow, member) - offsetof(struct flow, first), \
			sizeof(((struct flow *)0)->member), false                          \
	}
	{ SLOT_SRC4, 0, 12, 4, true },          { SLOT_SRC6, 0, 0, 16, true },
	{ SLOT_DST4, 1, 12, 4, true },          { SLOT_DST6, 1, 0, 16, true },
	NUMBER(SLOT_BYTES, 2, bytes, bytes),    NUMBER(SLOT_PACKETS, 2, bytes, packets),
	NUMBER(SLOT_IN_IF, 3, has, in_if),      NUMBER(SLOT_OUT_IF, 3, has, out_if),
	NUMBER(SLOT_SRC_AS, 4, src_as, src_as), NUMBER(SLOT_DST_AS, 4, src_as, dst_as),
	NUMBER(SLOT_SPORT, 5, vantage, sport),  NUMBER(SLOT_DPORT, 5, vantage, dport),
	NUMBER(SLOT_PROTO, 5, vantage, proto),  NUMBER(SLOT_TCP_FLAGS, 5, vantage, tcp_flags),
	NUMBER(SLOT_TOS, 5, vantage, tos),      { SLOT_NEXT_HOP4, 6, 12, 4, true },
	{ SLOT_NEXT_HOP6, 6, 0, 16, true },
#undef NUMBER
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* Bytes that the field has in records, as far as the flow has room for them. */
static unsigned width_of(const struct plan *plan, const struct field *field)
{
	unsigned len = (unsigned)__builtin_popcountll(plan->slot[field->slot].mask) / 8;

	return field->whole || len > field->width ? field->width : len;
}

/* Can bytes @first to @end of the record be had by @order? One without a byte begins there. */
static bool reach(struct wide_order *order, bool *used, unsigned first, unsigned end, unsigned len)
{
	if (!*used) {
		order->from = (uint16_t)(first + WIDTH <= len ? first : len - WIDTH);
		*used = true;
	}
	return first >= order->from && end <= order->from + WIDTH;
}

static void order_field(struct wide_order *order, const struct field *field, unsigned first,
			unsigned width)
{
	for (unsigned i = 0; i < width; i++) {
		unsigned byte = field->whole ? first + i : first + width - 1 - i;
		order->order[field->at + i] = (uint8_t)(byte - order->from);
	}
}

/* The leftmost field of a place that is not ordered yet; NULL if there is none. */
static const struct field *next_field(const struct plan *plan, unsigned place, uint32_t done)
{
	const struct field *next = NULL;

	for (unsigned i = 0; i < FIELDS; i++) {
		if (fields[i].place != place || done >> i & 1 || !plan_has(plan, fields[i].slot))
			continue;
		if (!next || plan->slot[fields[i].slot].end - width_of(plan, &fields[i]) <
				     plan->slot[next->slot].end - width_of(plan, next))
			next = &fields[i];
	}
	return next;
}

/* Return: false if two orders do not do. */
static bool order_place(const struct plan *plan, unsigned place, struct wide_plan *wide)
{
	struct wide_order *const orders[2] = { &wide->first[place], &wide->second[place] };
	bool used[2] = { false, false };
	uint32_t done = 0;
	const struct field *field;

	for (unsigned k = 0; k < 2; k++) {
		orders[k]->from = 0;
		memset(orders[k]->order, NO_BYTE, WIDTH);
	}
	while ((field = next_field(plan, place, done))) {
		unsigned width = width_of(plan, field);
		unsigned end = plan->slot[field->slot].end;
		unsigned k = reach(orders[0], &used[0], end - width, end, plan->len) ? 0 : 1;
		if (k && !reach(orders[1], &used[1], end - width, end, plan->len))
			return false;
		order_field(orders[k], field, end - width, width);
		done |= 1U << (field - fields);
	}
	wide->twice |= used[1];
	return true;
}

#if defined(__x86_64__)
#include <tmmintrin.h>

#define HAS_ORDERS     __builtin_cpu_supports("ssse3")
#define WITH_ORDERS    __attribute__((target("ssse3")))
#define VECTOR         __m128i
#define LOAD(at)       _mm_loadu_si128((const __m128i *)(const void *)(at))
#define STORE(at, v)   _mm_storeu_si128((__m128i *)(void *)(at), v)
#define ORDERED(v, by) _mm_shuffle_epi8(v, by)
#define BOTH(a, b)     _mm_or_si128(a, b)
#endif

#ifdef HAS_ORDERS

static inline WITH_ORDERS __attribute__((always_inline)) void
read_one(const struct wide_plan *wide, const struct flow *pattern, const uint8_t *at,
	 struct flow *ret_flow, bool twice)
{
	const uint8_t *base = (const uint8_t *)pattern;
	uint8_t *flow = (uint8_t *)ret_flow;

	for (unsigned p = 0; p < WIDE_PLACES; p++) {
		const struct wide_order *one = &wide->first[p];
		const struct wide_order *two = &wide->second[p];
		VECTOR v = BOTH(LOAD(base + places[p]),
				ORDERED(LOAD(at + one->from), LOAD(one->order)));
		if (twice)
			v = BOTH(v, ORDERED(LOAD(at + two->from), LOAD(two->order)));
		STORE(flow + places[p], v);
	}
	STORE(flow + 112, LOAD(base + 112));
	STORE(flow + 128, LOAD(base + 128));
	STORE(flow + 136, LOAD(base + 136));
	STORE(flow + 168, LOAD(base + 168));
}

WITH_ORDERS void wide_read(const struct wide_plan *wide, const struct flow *pattern,
			   const uint8_t *at, uint16_t len, struct flow *flows, unsigned count)
{
	/* What is moved beside the places, so that nothing of the hot part is left out. */
	static_assert(offsetof(struct flow, vantage) == 96 && REST_AT == 108 &&
			      offsetof(struct flow, vlan) == 118 &&
			      offsetof(struct flow, received_ns) == 128 &&
			      offsetof(struct flow, exporter) == 136 &&
			      offsetof(struct flow, next_hop) == 152 &&
			      offsetof(struct flow, agent) == 168 &&
			      offsetof(struct flow, rev_bytes) == 184,
		      "all of the hot part is written");
	/* Two loops, so that neither asks for each record. */
	for (unsigned i = 0; wide->twice && i < count; i++)
		read_one(wide, pattern, at + (size_t)i * len, &flows[i], true);
	for (unsigned i = 0; !wide->twice && i < count; i++)
		read_one(wide, pattern, at + (size_t)i * len, &flows[i], false);
}

void wide_compile(const struct plan *plan, struct wide_plan *ret_wide)
{
	ret_wide->usable = false;
	ret_wide->twice = false;
	if (!plan->plain || plan->len < WIDTH || !HAS_ORDERS)
		return;
	for (unsigned p = 0; p < WIDE_PLACES; p++) {
		if (!order_place(plan, p, ret_wide))
			return;
	}
	ret_wide->usable = true;
}

#else

void wide_read(const struct wide_plan *wide, const struct flow *pattern, const uint8_t *at,
	       uint16_t len, struct flow *flows, unsigned count)
{
	(void)wide, (void)pattern, (void)at, (void)len, (void)flows, (void)count;
}

void wide_compile(const struct plan *plan, struct wide_plan *ret_wide)
{
	(void)plan;
	ret_wide->usable = false;
}

#endif
