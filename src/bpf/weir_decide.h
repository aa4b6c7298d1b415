/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * weir_decide: the fields of a packet in, the reason of its verdict out. For weir.bpf.c alone.
 *
 * Destination to class (DIR-24-8, after Gupta, Lin, McKeown 1998), fields to
 * rows, the first rule that all rows have and that is not expired, its bucket.
 */
#pragma once

/* Place of a lone bit: the upper six bits of bit * 0x218a392cd3d5dbf. */
static const __u8 places[64] = {
	0,  1,  2,  7,  3,  13, 8,  19, 4,  25, 14, 28, 9,  34, 20, 40, 5,  17, 26, 38, 15, 46,
	29, 48, 10, 31, 35, 54, 21, 50, 41, 57, 63, 6,  12, 18, 24, 27, 33, 39, 16, 37, 45, 47,
	30, 53, 49, 56, 62, 11, 23, 32, 36, 44, 52, 55, 61, 22, 43, 51, 60, 42, 59, 58,
};

/* Index of the lowest bit; @bits is not 0. */
static __always_inline __u32 lowest(__u64 bits)
{
	return places[(bits & -bits) * 0x0218a392cd3d5dbfULL >> 58];
}

/* Coarse (4 ms at the most), and only asked where a rule needs it. */
static __always_inline __u64 now_ns(void)
{
	return test_clock ? test_now : bpf_ktime_get_coarse_ns();
}

/* Return: the destination's class; 0: not protected. */
static __always_inline __u32 class_of_v4(const struct xdp_tables *t, const struct packet *p,
					 __u32 generation)
{
	__u32 key = generation << 16 | p->dst_host >> 16;
	const struct xdp_block *block = bpf_map_lookup_elem(&dst24, &key);

	if (!block)
		return 0;
	__u32 to = block->to[p->dst_host >> 8 & 255];
	if (!to)
		return t->otherwise;
	if (!(to & FILTER_BLOCK))
		return to;
	key = (to & (FILTER_BLOCK - 1)) << 1 | generation;
	block = bpf_map_lookup_elem(&dst8, &key);
	return block ? block->to[p->dst_host & 255] : 0;
}

/* As class_of_v4(). */
static __always_inline __u32 class_of_v6(const struct packet *p, __u32 generation)
{
	struct xdp_lpm_key key = { .bits = 32 + 128, .tag = generation | 2 };

	__builtin_memcpy(key.addr, p->dst, 16);
	const __u32 *class = bpf_map_lookup_elem(&dst6, &key);
	return class ? *class : 0;
}

/* Return: the row of the rules whose source prefix has this packet's. */
static __always_inline __u32 row_of_source(const struct xdp_tables *t, const struct packet *p,
					   __u32 generation)
{
	struct xdp_lpm_key key = { .bits = p->v6 ? 32 + 128 : 32 + 32,
				   .tag = generation | p->v6 << 1 };

	__builtin_memcpy(key.addr, p->src, 16);
	const __u32 *row = bpf_map_lookup_elem(&sources, &key);
	return row ? *row : t->no_source;
}

/* Return: the set that the source is in; 0: none. */
static __always_inline __u32 set_of_source(const struct xdp_tables *t, const struct packet *p)
{
	struct xdp_lpm_key key = { .bits = p->v6 ? 32 + 128 : 32 + 32, .tag = p->v6 << 1 };
	struct xdp_host_key host = { .v6 = p->v6 };

	__builtin_memcpy(host.addr, p->src, 16);
	const __u32 *set = bpf_map_lookup_elem(&set_hosts, &host);
	if (!set && t->by_set_prefix) {
		__builtin_memcpy(key.addr, p->src, 16);
		set = bpf_map_lookup_elem(&set_prefixes, &key);
	}
	return set ? *set & (FILTER_SETS - 1) : 0;
}

/* The rows that a packet's fields select. */
struct rows {
	const struct xdp_row *class;
	const struct xdp_row *sport;
	const struct xdp_row *dport;
	const struct xdp_row *length;
	const struct xdp_row *shape;
	const struct xdp_row *ttl;
	const struct xdp_row *flags;
	const struct xdp_row *source;
	const struct xdp_row *set;
};

/* A row by its number. */
static __always_inline const struct xdp_row *row(const struct xdp_tables *t, __u32 index)
{
	return &t->rows[index & (FILTER_ROWS - 1)];
}

/* Finds the row of each field. Return: the words in which all of them have something. */
static __always_inline __u64 select_rows(const struct xdp_tables *t, const struct packet *p,
					 __u32 class, __u32 generation, struct rows *r)
{
	__u32 shape = p->proto | (p->v6 ? FILTER_SHAPE_V6 : 0) |
		      ((p->fragment & FRAGMENT) ? FILTER_SHAPE_FRAGMENT : 0) |
		      (p->l4 ? FILTER_SHAPE_L4 : 0);
	__u32 source = FILTER_ROW_ALL;
	__u32 set = FILTER_ROW_ALL;

	r->class = row(t, t->classes[class].row);
	r->shape = row(t, t->shape[shape]);
	r->sport = row(t, t->sport[p->sport]);
	r->dport = row(t, t->dport[p->dport]);
	r->length = row(t, t->length[p->length]);
	r->ttl = row(t, t->ttl[p->ttl]);
	r->flags = row(t, t->flags[p->flags]);
	if (t->by_source)
		source = row_of_source(t, p, generation);
	if (t->by_set)
		set = t->set[set_of_source(t, p)];
	r->source = row(t, source);
	r->set = row(t, set);
	return r->class->summary & r->shape->summary & r->sport->summary & r->dport->summary &
	       r->length->summary & r->ttl->summary & r->flags->summary & r->source->summary &
	       r->set->summary;
}

/* The rules of one word that every field agrees to, and that are not switched off. */
static __always_inline __u64 matches(const struct xdp_tables *t, const struct rows *r, __u32 w)
{
	__u64 word = r->class->word[w] & r->sport->word[w] & r->dport->word[w];

	/* WHY: where many rules are about one destination, ports part them most often. */
	if (!word)
		return 0;
	return word & r->shape->word[w] & r->length->word[w] & r->ttl->word[w] & r->flags->word[w] &
	       r->source->word[w] & r->set->word[w] & t->live[w];
}

/* What has come since @since_ns began; no more than fills the bucket. */
static __always_inline __u64 filled(__u64 left, __u64 rate, __u64 burst, __u64 fill_ns,
				    __u64 since_ns)
{
	left += (since_ns < fill_ns ? since_ns : fill_ns) * rate;
	return left < burst ? left : burst;
}

/* The buckets get what has come since, and give what this packet takes, or nothing. */
static __always_inline bool has_room(const struct xdp_entry *e, struct xdp_slot *s, __u32 length,
				     __u64 now)
{
	__u64 since = now > s->filled_ns ? now - s->filled_ns : 0;
	__u64 bytes = e->rate_bytes ? length * 1000000000ULL : 0;
	__u64 packets = e->rate_packets ? 1000000000ULL : 0;

	if (!s->filled_ns)
		since = ~0ULL;
	if (s->filled_ns < now)
		s->filled_ns = now;
	s->left_packets = filled(s->left_packets, e->rate_packets, e->burst_packets,
				 e->fill_packets_ns, since);
	s->left_bytes =
		filled(s->left_bytes, e->rate_bytes, e->burst_bytes, e->fill_bytes_ns, since);
	if (s->left_packets < packets || s->left_bytes < bytes)
		return false;
	s->left_packets -= packets;
	s->left_bytes -= bytes;
	return true;
}

/* Copies the packet's first bytes into the ring; nobody is woken. */
static __always_inline void sample(struct xdp_md *ctx, struct xdp_cpu *cpu, __u64 rule, __u32 group,
				   __u32 reason)
{
	__u64 wire_len = bpf_xdp_get_buff_len(ctx);
	__u64 len = wire_len < FILTER_SNAP ? wire_len : FILTER_SNAP;
	struct xdp_sample *s;

	cpu->packets[FILTER_SAMPLED]++;
	s = bpf_ringbuf_reserve(&drops, sizeof(*s), 0);
	if (!s) {
		cpu->packets[FILTER_RING_FULL]++;
		return;
	}
	if (len < sizeof(struct ethhdr) || bpf_xdp_load_bytes(ctx, 0, s->data, len)) {
		bpf_ringbuf_discard(s, BPF_RB_NO_WAKEUP);
		return;
	}
	s->rule = rule;
	s->if_index = ctx->ingress_ifindex;
	s->wire_len = wire_len;
	s->group = group;
	s->len = len;
	s->reason = reason;
	bpf_ringbuf_submit(s, BPF_RB_NO_WAKEUP);
}

/* A generator of 64 bits (LCG, Knuth's constants), whose upper half is used. */
static __always_inline bool is_drawn(struct xdp_cpu *cpu, __u64 below)
{
	cpu->random = cpu->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return cpu->random >> 32 < below;
}

/* Does what the rule says, and counts it as the rule's. Return: the reason. */
static __always_inline __u32 act(const struct xdp_entry *e, __u32 length, __u64 now)
{
	__u32 key = e->slot;
	struct xdp_slot *s = bpf_map_lookup_elem(&slots, &key);
	__u32 reason = FILTER_BY_PASS;

	if (!s)
		return FILTER_NO_RULE;
	s->packets++;
	s->bytes += length;
	if (e->action == FILTER_COUNT)
		reason = FILTER_BY_COUNT;
	else if (e->action == FILTER_DROP)
		reason = FILTER_BY_DROP;
	else if (e->action == FILTER_LIMIT)
		reason = has_room(e, s, length, now) ? FILTER_BELOW_RATE : FILTER_ABOVE_RATE;
	if (reason == FILTER_BY_DROP || reason == FILTER_ABOVE_RATE) {
		s->dropped_packets++;
		s->dropped_bytes += length;
	}
	return reason;
}

/* A search for the first rule. */
struct search {
	struct xdp_tables *tables;
	struct xdp_cpu *cpu;
	const struct xdp_entry *found;
	struct rows rows;
	__u64 left; /* words to look at, a bit each */
	__u64 word; /* what is left of this one */
	__u64 now;  /* 0: not asked yet */
	__u32 w;
};

/* Goes on to the next word that may have a match. */
static __always_inline void next_word(struct search *s)
{
	s->w = lowest(s->left) & (FILTER_WORDS - 1);
	s->left &= s->left - 1;
	s->word = matches(s->tables, &s->rows, s->w);
}

/*
 * The first rule of this word. What is found expired is switched off for all
 * later packets, so that it costs once. Return: 1 when it is not expired.
 */
static __always_inline long try_rule(struct search *s)
{
	__u32 w = s->w & (FILTER_WORDS - 1);
	const struct xdp_entry *e = &s->tables->entries[w << 6 | (lowest(s->word) & 63)];
	if ((e->expires_ns || e->action == FILTER_LIMIT) && !s->now)
		s->now = now_ns();
	if (!e->expires_ns || s->now < e->expires_ns) {
		s->found = e;
		return 1;
	}
	s->cpu->packets[FILTER_EXPIRED]++;
	__sync_fetch_and_and(&s->tables->live[w], ~(s->word & -s->word));
	s->word &= s->word - 1;
	return 0;
}

/* One step of a long search, for bpf_loop(). Return: 1 when it is over. */
static long step_again(__u32 index, struct search *s)
{
	(void)index;
	if (s->word)
		return try_rule(s);
	if (!s->left)
		return 1;
	next_word(s);
	return 0;
}

/* To the first word with a match, and its first rule; on only when that has expired. */
static __always_inline void search(struct search *s)
{
	for (int i = 0; i < FILTER_WORDS && s->left && !s->word; i++)
		next_word(s);
	if (s->word && !try_rule(s))
		bpf_loop(FILTER_RULES + FILTER_WORDS, step_again, s, 0);
}

/* The verdict on a packet to a protected destination. Return: the reason. */
static __always_inline __u32 decide(struct xdp_md *ctx, struct xdp_tables *t, struct xdp_cpu *cpu,
				    const struct packet *p, __u32 class, __u32 generation,
				    __u64 draw_below)
{
	struct search s = { .tables = t, .cpu = cpu };

	s.left = select_rows(t, p, class, generation, &s.rows);
	if (!s.left)
		return FILTER_NO_RULE;
	search(&s);
	if (!s.found)
		return FILTER_NO_RULE;
	__u32 reason = act(s.found, p->length, s.now);
	__u32 group = t->classes[class].group;
	if ((reason == FILTER_BY_DROP || reason == FILTER_ABOVE_RATE) && is_drawn(cpu, draw_below))
		sample(ctx, cpu, s.found->id, group, reason);
	if (test_clock) {
		test_told.rule = s.found->id;
		test_told.group = group;
	}
	return reason;
}
