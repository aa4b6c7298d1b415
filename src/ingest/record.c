/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: data records in, flows out, by a plan.
 *
 * What every flow has is read without a branch a field; what only some
 * templates have is asked for once a record. Nothing here checks bounds but
 * find_places(): a plan's slots lie inside the record it measured.
 */
#include "ingest/plan.h"

#include <assert.h>

#include "base/clock.h"
#include "ingest/batch.h"
#include "ingest/packet.h"
#include "ingest/record.h"

#define ADDRESSES_V4 (SLOT_BIT(SLOT_SRC4) | SLOT_BIT(SLOT_DST4))
#define ADDRESSES_V6 (SLOT_BIT(SLOT_SRC6) | SLOT_BIT(SLOT_DST6))
#define PORTS_OF_TCP (SLOT_BIT(SLOT_SPORT_TCP) | SLOT_BIT(SLOT_DPORT_TCP))
#define ICMP_V4      (SLOT_BIT(SLOT_ICMP4) | SLOT_BIT(SLOT_ICMP4_TYPE))
#define ICMP_V6      (SLOT_BIT(SLOT_ICMP6) | SLOT_BIT(SLOT_ICMP6_TYPE))
#define REVERSE      (SLOT_BIT(SLOT_REV_BYTES) | SLOT_BIT(SLOT_REV_PACKETS))
#define FRAGMENT     (SLOT_BIT(SLOT_FRAGMENT_OFFSET) | SLOT_BIT(SLOT_FRAGMENT_FLAGS))
#define DROPPED      (SLOT_BIT(SLOT_FORWARDING) | SLOT_BIT(SLOT_FIREWALL))
#define SECTIONS     (SLOT_BIT(SLOT_FRAME) | SLOT_BIT(SLOT_IP_PACKET))
#define TIMES        (SLOT_BIT(SLOT_START) | SLOT_BIT(SLOT_END))
#define RARE                                                                                     \
	(SLOT_BIT(SLOT_TTL) | SLOT_BIT(SLOT_VLAN) | PORTS_OF_TCP | ICMP_V4 | ICMP_V6 | REVERSE | \
	 FRAGMENT | DROPPED | SECTIONS)

#define PROTO_ICMP         1
#define PROTO_TCP          6
#define PROTO_ICMP6        58
/* forwardingStatus, the two top bits: 01 forwarded, 10 dropped, 11 consumed (RFC 7270, 4.12). */
#define FORWARDING_DROPPED 2
/* firewallEvent: 3 is "flow denied" (IANA). */
#define FIREWALL_DENIED    3
/* flowDirection: 1 is egress (IANA, element 61). */
#define DIRECTION_EGRESS   1
/* fragmentFlags: more fragments follow (IANA, element 197, bit 2 from the top). */
#define FRAGMENT_MORE      0x20

/* For functions whose bool parameters are known where they are called. */
#define INLINE inline __attribute__((always_inline))

static inline struct ip address4(const struct record *r, enum slot slot)
{
	return ip_from_v4(field_end(r, slot) - 4);
}

static inline struct ip address6(const struct record *r, enum slot slot)
{
	return ip_from_v6(field_end(r, slot) - 16);
}

/* The contents of the variable field at @at; NULL if it does not end before @end. */
static const uint8_t *variable_field(const uint8_t *at, const uint8_t *end, uint16_t *ret_len)
{
	struct bytes rest = bytes_of(at, (size_t)(end - at));
	uint16_t len = bytes_u8(&rest);

	if (len == 255)
		len = bytes_be16(&rest);
	*ret_len = len;
	return bytes_take(&rest, len);
}

/* Measure one record. Return: its end, or NULL when it does not fit before @end. */
static const uint8_t *find_places(const struct plan *plan, const uint8_t *at, const uint8_t *end,
				  struct places *places)
{
	places->base[0] = at;
	for (unsigned i = 0; i < plan->variables; i++) {
		if ((size_t)(end - at) < plan->gap[i])
			return NULL;
		const uint8_t *field =
			variable_field(at + plan->gap[i], end, &places->field_len[i]);
		if (!field)
			return NULL;
		places->field[i] = field;
		at = field + places->field_len[i];
		places->base[i + 1] = at;
	}
	return (size_t)(end - at) < plan->tail ? NULL : at + plan->tail;
}

/* Both families in one template: the pair that is not all zero, else the first. */
static bool is_v4(const struct record *r)
{
	const struct plan *plan = r->plan;

	if (!(plan->slots & ADDRESSES_V6))
		return true;
	if (!(plan->slots & ADDRESSES_V4))
		return false;
	struct ip src = address6(r, plan_has(plan, SLOT_SRC6) ? SLOT_SRC6 : SLOT_DST6);
	struct ip dst = address6(r, plan_has(plan, SLOT_DST6) ? SLOT_DST6 : SLOT_SRC6);
	if (ip_is_zero(&src) && ip_is_zero(&dst))
		return true;
	return !plan->v6_first && (value(r, SLOT_SRC4) | value(r, SLOT_DST4));
}

static void read_addresses4(const struct record *r, struct flow *flow)
{
	if (plan_has(r->plan, SLOT_SRC4)) {
		flow->src = address4(r, SLOT_SRC4);
		flow->has |= FLOW_HAS_SRC;
	}
	if (plan_has(r->plan, SLOT_DST4)) {
		flow->dst = address4(r, SLOT_DST4);
		flow->has |= FLOW_HAS_DST;
	}
	if (plan_has(r->plan, SLOT_NEXT_HOP4)) {
		flow->next_hop = address4(r, SLOT_NEXT_HOP4);
		flow->has |= FLOW_HAS_NEXT_HOP;
	}
}

static void read_addresses6(const struct record *r, struct flow *flow)
{
	if (plan_has(r->plan, SLOT_SRC6)) {
		flow->src = address6(r, SLOT_SRC6);
		flow->has |= FLOW_HAS_SRC;
	}
	if (plan_has(r->plan, SLOT_DST6)) {
		flow->dst = address6(r, SLOT_DST6);
		flow->has |= FLOW_HAS_DST;
	}
	if (plan_has(r->plan, SLOT_NEXT_HOP6)) {
		flow->next_hop = address6(r, SLOT_NEXT_HOP6);
		flow->has |= FLOW_HAS_NEXT_HOP;
	}
}

static uint64_t duration_ns(const struct record *r)
{
	uint64_t count = value(r, SLOT_DURATION) & UINT32_MAX;

	return count * (r->plan->slot[SLOT_DURATION].unit == UNIT_MS ? NS_PER_MS : NS_PER_US);
}

/* A time the record has, or 0. */
static uint64_t read_time(const struct record *r, const struct stamp_base *base, enum slot slot)
{
	if (!plan_has(r->plan, slot))
		return 0;
	return stamp_ns(base, r->plan->slot[slot].unit, value(r, slot));
}

static void read_times(const struct record *r, const struct stamp_base *header, struct flow *flow)
{
	struct stamp_base base = *header;

	if (plan_has(r->plan, SLOT_SYSTEM_INIT)) {
		base.init_ns = stamp_ns(header, UNIT_MS, value(r, SLOT_SYSTEM_INIT));
		base.has_uptime = base.has_uptime && base.init_ns == 0;
	}
	flow->start_ns = read_time(r, &base, SLOT_START);
	flow->end_ns = read_time(r, &base, SLOT_END);
	if (plan_has(r->plan, SLOT_DURATION)) {
		if (flow->start_ns && !flow->end_ns)
			flow->end_ns = flow->start_ns + duration_ns(r);
		else if (flow->end_ns && !flow->start_ns && flow->end_ns > duration_ns(r))
			flow->start_ns = flow->end_ns - duration_ns(r);
	}
	flow->has |= flow->start_ns ? FLOW_HAS_START : 0;
	flow->has |= flow->end_ns ? FLOW_HAS_END : 0;
}

/* Type and code, from whichever of their elements the template has. */
static void read_icmp(const struct record *r, struct flow *flow)
{
	bool v6 = r->plan->slots & ICMP_V6;

	if (r->plan->slots & ICMP_V4)
		v6 = v6 && flow->proto == PROTO_ICMP6;
	uint64_t both = value(r, v6 ? SLOT_ICMP6 : SLOT_ICMP4);
	uint64_t type = value(r, v6 ? SLOT_ICMP6_TYPE : SLOT_ICMP4_TYPE);
	uint64_t code = value(r, v6 ? SLOT_ICMP6_CODE : SLOT_ICMP4_CODE);

	flow->icmp_type = (uint8_t)(both >> 8 | type);
	flow->icmp_code = (uint8_t)(both | code);
	flow->sport = 0;
	flow->dport = (uint16_t)(flow->icmp_type << 8 | flow->icmp_code);
	flow->has |= FLOW_HAS_ICMP | FLOW_HAS_SPORT | FLOW_HAS_DPORT;
}

/* ICMP without elements of its own: type and code in the destination port, by custom. */
static void read_icmp_port(struct flow *flow)
{
	/* Below 256 it may as well be a bare type, which some exporters put there. */
	if (flow->sport != 0 || flow->dport < 256)
		return;
	flow->icmp_type = (uint8_t)(flow->dport >> 8);
	flow->icmp_code = (uint8_t)flow->dport;
	flow->has |= FLOW_HAS_ICMP;
}

static void read_fragment(const struct record *r, struct flow *flow)
{
	if (value(r, SLOT_FRAGMENT_OFFSET) & 0x1fff)
		flow->fragment = 2;
	else
		flow->fragment = value(r, SLOT_FRAGMENT_FLAGS) & FRAGMENT_MORE ? 1 : 0;
}

static void read_dropped(const struct record *r, struct flow *flow)
{
	/* Four bytes long in newer exporters, the status in the last. */
	uint8_t status = (uint8_t)value(r, SLOT_FORWARDING);

	if (status >> 6 == FORWARDING_DROPPED || value(r, SLOT_FIREWALL) == FIREWALL_DENIED)
		flow->has |= FLOW_HAS_DROPPED;
}

static struct packet_view section_view(const struct record *r, const struct plan_section *section)
{
	if (section->variable)
		return (struct packet_view){ .data = r->places->field[section->field],
					     .len = r->places->field_len[section->field] };
	return (struct packet_view){ .data = r->places->base[section->base] + section->at,
				     .len = section->len };
}

/* The packet itself, or its first bytes, instead of elements made from it. */
static void read_section(const struct record *r, struct flow *flow)
{
	bool frame = plan_has(r->plan, SLOT_FRAME);
	struct packet_view view = section_view(r, frame ? &r->plan->frame : &r->plan->ip_packet);
	size_t size = value(r, SLOT_FRAME_SIZE);

	view.link = frame ? PACKET_ETHERNET : PACKET_IP;
	view.wire_len = frame && size > view.len ? size : view.len;
	if (flow->has & (FLOW_HAS_SRC | FLOW_HAS_DST))
		return;
	struct flow sent = *flow;
	if (packet_parse(&view, flow) < 0)
		return;
	flow->has |= sent.has;
	if (sent.has & FLOW_HAS_BYTES)
		flow->bytes = sent.bytes;
	if (sent.has & FLOW_HAS_PACKETS)
		flow->packets = sent.packets;
}

static void read_rare(const struct record *r, struct flow *flow)
{
	uint64_t slots = r->plan->slots;

	flow->ttl = (uint8_t)value(r, SLOT_TTL);
	flow->vlan = (uint16_t)value(r, SLOT_VLAN);
	flow->rev_bytes = value(r, SLOT_REV_BYTES);
	flow->rev_packets = value(r, SLOT_REV_PACKETS);
	if (slots & PORTS_OF_TCP && flow->proto == PROTO_TCP) {
		flow->sport = (uint16_t)value(r, SLOT_SPORT_TCP);
		flow->dport = (uint16_t)value(r, SLOT_DPORT_TCP);
	}
	if (slots & FRAGMENT)
		read_fragment(r, flow);
	if (slots & DROPPED)
		read_dropped(r, flow);
	if (slots & SECTIONS)
		read_section(r, flow);
}

/* What every flow has; @plain: the plan has no variable fields, known when compiled. */
static INLINE void read_always(const struct record *r, const uint8_t *at, bool plain,
			       struct flow *flow)
{
#define READ(slot) (plain ? plain_value(r->plan, at, slot) : value(r, slot))
	flow->has = r->plan->has;
	flow->bytes = READ(SLOT_BYTES);
	flow->packets = READ(SLOT_PACKETS);
	flow->sport = (uint16_t)READ(SLOT_SPORT);
	flow->dport = (uint16_t)READ(SLOT_DPORT);
	flow->proto = (uint8_t)READ(SLOT_PROTO);
	flow->tcp_flags = (uint8_t)READ(SLOT_TCP_FLAGS);
	flow->tos = (uint8_t)READ(SLOT_TOS);
	flow->in_if = (uint32_t)READ(SLOT_IN_IF);
	flow->out_if = (uint32_t)READ(SLOT_OUT_IF);
	flow->src_as = (uint32_t)READ(SLOT_SRC_AS);
	flow->dst_as = (uint32_t)READ(SLOT_DST_AS);
	flow->egress = READ(SLOT_FLOW_DIRECTION) == DIRECTION_EGRESS;
#undef READ
}

/* What only some templates have. */
static inline void read_sometimes(const struct record *r, struct flow *flow)
{
	if (r->plan->slots & RARE)
		read_rare(r, flow);
	if (flow->proto == PROTO_ICMP || flow->proto == PROTO_ICMP6) {
		if (r->plan->slots & (ICMP_V4 | ICMP_V6))
			read_icmp(r, flow);
		else if (!(flow->has & FLOW_HAS_ICMP))
			read_icmp_port(flow);
	}
}

static void read_flow(const struct record *r, const struct stamp_base *base, struct flow *flow)
{
	read_always(r, NULL, false, flow);
	if (is_v4(r))
		read_addresses4(r, flow);
	else
		read_addresses6(r, flow);
	if (r->plan->slots & TIMES)
		read_times(r, base, flow);
	read_sometimes(r, flow);
}

static inline uint64_t plain_time(const struct plan *plan, const uint8_t *at, enum slot slot,
				  const struct stamp_base *base)
{
	if (!plan_has(plan, slot))
		return 0;
	return stamp_ns(base, plan->slot[slot].unit, plain_value(plan, at, slot));
}

/* Addresses of a plain record; that it has them is in the plan's `has`. */
static INLINE void plain_addresses(const struct plan *plan, const uint8_t *at, bool v6,
				   struct flow *flow)
{
	if (v6) {
		flow->src = ip_from_v6(plain_end(plan, at, SLOT_SRC6) - 16);
		flow->dst = ip_from_v6(plain_end(plan, at, SLOT_DST6) - 16);
		if (plan_has(plan, SLOT_NEXT_HOP6))
			flow->next_hop = ip_from_v6(plain_end(plan, at, SLOT_NEXT_HOP6) - 16);
		return;
	}
	flow->src = ip_from_v4(plain_end(plan, at, SLOT_SRC4) - 4);
	flow->dst = ip_from_v4(plain_end(plan, at, SLOT_DST4) - 4);
	if (plan_has(plan, SLOT_NEXT_HOP4))
		flow->next_hop = ip_from_v4(plain_end(plan, at, SLOT_NEXT_HOP4) - 4);
}

/* As read_flow(), for what most templates are. */
static INLINE void read_plain(const struct record *r, bool v6, const struct stamp_base *base,
			      struct flow *flow)
{
	const struct plan *plan = r->plan;
	const uint8_t *at = r->places->base[0];

	read_always(r, at, true, flow);
	plain_addresses(plan, at, v6, flow);
	flow->start_ns = plain_time(plan, at, SLOT_START, base);
	flow->end_ns = plain_time(plan, at, SLOT_END, base);
	flow->has |= (flow->start_ns ? FLOW_HAS_START : 0) | (flow->end_ns ? FLOW_HAS_END : 0);
	read_sometimes(r, flow);
}

static void flow_record(struct message *message, const struct record *r)
{
	struct exporter *exporter = message->exporter;
	struct flow *flow = flow_begin(message->state, exporter, message->datagram);
	enum sampling_source source;

	read_flow(r, &message->base, flow);
	uint32_t rate = record_flow_rate(r, exporter, flow, &source);
	flow_commit(message->state, exporter, rate, source);
	message->flows++;
}

/* May one record of a plan have another sampling rate than the next? */
static bool names_rates(const struct message *message, const struct plan *plan)
{
	return message->exporter->sampler_count || plan_names_rate(plan);
}

/* Records one behind the other, into as many flows. */
static INLINE void read_run(const struct message *message, const struct plan *plan, bool v6,
			    const uint8_t *at, struct flow *flows, unsigned count)
{
	struct exporter *exporter = message->exporter;
	const bool rated = names_rates(message, plan);
	struct places places;
	const struct record record = { .plan = plan, .places = &places };

	for (unsigned i = 0; i < count; i++, at += plan->len) {
		places.base[0] = at;
		read_plain(&record, v6, &message->base, &flows[i]);
		if (rated) {
			enum sampling_source source;
			flows[i].sampling = record_flow_rate(&record, exporter, &flows[i], &source);
			flows[i].sampling_source = (uint8_t)source;
		}
	}
}

/* What wide_read() leaves to do for a run: what has to be worked out. */
static void finish_run(const struct message *message, const struct plan *plan, const uint8_t *at,
		       struct flow *flows, unsigned count)
{
	const struct stamp_base base = message->base;
	const bool has_direction = plan_has(plan, SLOT_FLOW_DIRECTION);
	struct places places;
	const struct record record = { .plan = plan, .places = &places };

	for (unsigned i = 0; i < count; i++, at += plan->len) {
		struct flow *flow = &flows[i];
		uint64_t start_ns = plain_time(plan, at, SLOT_START, &base);
		uint64_t end_ns = plain_time(plan, at, SLOT_END, &base);
		flow->start_ns = start_ns;
		flow->end_ns = end_ns;
		flow->has |= (start_ns ? FLOW_HAS_START : 0) | (end_ns ? FLOW_HAS_END : 0);
		if (has_direction)
			flow->egress =
				plain_value(plan, at, SLOT_FLOW_DIRECTION) == DIRECTION_EGRESS;
		places.base[0] = at;
		read_sometimes(&record, flow);
	}
}

/* What all flows have of which records tell the rest; wide_read() ors both. */
static void wide_pattern(const struct plan *plan, struct flow *pattern)
{
	static const uint8_t nowhere[4];

	pattern->has = plan->has;
	if (plan->plain != PLAN_PLAIN_V4)
		return;
	pattern->src = ip_from_v4(nowhere);
	pattern->dst = ip_from_v4(nowhere);
	if (plan_has(plan, SLOT_NEXT_HOP4))
		pattern->next_hop = ip_from_v4(nowhere);
}

/* As plain_records(), for records without rates of their own. */
static void wide_records(struct message *message, const struct plan *plan, struct bytes *records,
			 struct flow *pattern, unsigned all)
{
	unsigned count;

	wide_pattern(plan, pattern);
	for (unsigned left = all; left; left -= count) {
		struct flow *flows = flow_begin_blank(message->state, left, &count);
		wide_read(&plan->wide, pattern, records->at, plan->len, flows, count);
		finish_run(message, plan, records->at, flows, count);
		flow_commit_alike(message->state, message->exporter, count);
		records->at += (size_t)count * plan->len;
	}
	message->flows += (int)all;
}

/* All records of a set with a plain plan. Return: how many. */
static unsigned plain_records(struct message *message, const struct plan *plan,
			      struct bytes *records)
{
	unsigned all = (unsigned)(bytes_left(records) / plan->len);
	struct flow pattern;
	unsigned count;

	const bool rated = names_rates(message, plan);
	flow_pattern(message->exporter, message->datagram, &pattern);
	if (!rated)
		flow_settle_sampling(&pattern, message->exporter);
	if (!rated && plan->wide.usable) {
		wide_records(message, plan, records, &pattern, all);
		return all;
	}
	for (unsigned left = all; left; left -= count) {
		struct flow *flows = flow_begin_run(message->state, &pattern, left, &count);
		if (plan->plain == PLAN_PLAIN_V6)
			read_run(message, plan, true, records->at, flows, count);
		else
			read_run(message, plan, false, records->at, flows, count);
		if (rated)
			flow_commit_run(message->state, message->exporter, count);
		else
			flow_commit_alike(message->state, message->exporter, count);
		records->at += (size_t)count * plan->len;
	}
	message->flows += (int)all;
	return all;
}

/* What is left is padding: too short for any record, or the zeros that fill up to 4 bytes. */
static bool is_padding(const struct plan *plan, const struct bytes *rest)
{
	if (bytes_left(rest) < plan->len)
		return true;
	return bytes_left(rest) < 4 && bytes_are_zero(rest);
}

unsigned plan_decode(struct message *message, const struct plan *plan, struct bytes records)
{
	struct places places;
	const struct record record = { .plan = plan, .places = &places };
	unsigned count = 0;

	assert(records.at);
	if (plan->plain)
		count = plain_records(message, plan, &records);
	while (!is_padding(plan, &records)) {
		const uint8_t *next = find_places(plan, records.at, records.end, &places);
		if (!next) {
			if (!bytes_are_zero(&records))
				message_count(message, REASON_SHORT);
			break;
		}
		if (plan->options)
			record_options(message, &record);
		else
			flow_record(message, &record);
		records.at = next;
		count++;
	}
	return count;
}
