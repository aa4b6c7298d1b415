/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_set: a wanted set in, the other generation written and put in force.
 *
 * A generation is written only when no packet can be in the middle of reading
 * it: membarrier(2) waits for all that run in the kernel. The store of the
 * generation's number is what puts it in force.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "actuate/xdp/engine.h"
#include "actuate/xdp/engine_part.h"
#include "actuate/xdp/origin.h"

/* The most that goes into a bucket in the time that fills it, without overflow: 120 Gbit/s. */
#define RATE_MAX        15000000000ULL
#define NANO            1000000000ULL
#define PACKET_MAX      65535ULL
#define BURSTS_A_SECOND 10

void xdp_engine_settle(struct xdp_engine *e)
{
	const struct timespec long_enough = { .tv_nsec = 50000000 };

	if (!e->unsettled)
		return;
	/* WHY: a kernel with nohz_full refuses; no packet takes a twentieth of a second. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		nanosleep(&long_enough, NULL);
	e->unsettled = false;
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int check_ids(const struct compiling *c, struct text *error)
{
	uint64_t ids[FILTER_RULES];

	for (uint32_t i = 0; i < c->count; i++)
		ids[i] = c->rules[i]->id;
	qsort(ids, c->count, sizeof(ids[0]), by_id);
	for (uint32_t i = 1; i < c->count; i++) {
		if (ids[i] == ids[i - 1]) {
			text_addf(error, "rule %llu is there twice", (unsigned long long)ids[i]);
			return -EINVAL;
		}
	}
	return 0;
}

static int take_rules(struct compiling *c, const struct xdp_wanted *wanted, struct text *error)
{
	if (wanted->rule_count > FILTER_RULES) {
		text_addf(error, "%zu rules: more than %d", wanted->rule_count, FILTER_RULES);
		return -WEIR_EFULL;
	}
	c->count = (uint32_t)wanted->rule_count;
	for (uint32_t i = 0; i < c->count; i++) {
		int err = xdp_rule_check(&wanted->rules[i], error);
		if (err)
			return err;
		c->rules[i] = &wanted->rules[i];
		bits_set(&c->all, i);
	}
	if (c->count)
		qsort(c->rules, c->count, sizeof(c->rules[0]), xdp_rule_compare);
	return check_ids(c, error);
}

static uint64_t share(uint64_t rate, uint32_t cpus)
{
	uint64_t each = (rate + cpus - 1) / cpus;

	return each > RATE_MAX ? RATE_MAX : each;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* A bucket holds what comes in a tenth of a second, or one packet. */
static void set_rates(struct xdp_entry *entry, const struct xdp_rule *rule, uint32_t cpus)
{
	if (rule->action != FILTER_LIMIT)
		return;
	entry->rate_packets = share(rule->rate_pps, cpus);
	entry->rate_bytes = share(rule->rate_bps / 8 + (rule->rate_bps % 8 != 0), cpus);
	if (entry->rate_packets) {
		entry->burst_packets = most(entry->rate_packets * (NANO / BURSTS_A_SECOND), NANO);
		entry->fill_packets_ns = entry->burst_packets / entry->rate_packets + 1;
	}
	if (entry->rate_bytes) {
		entry->burst_bytes =
			most(entry->rate_bytes * (NANO / BURSTS_A_SECOND), PACKET_MAX * NANO);
		entry->fill_bytes_ns = entry->burst_bytes / entry->rate_bytes + 1;
	}
}

/* Counters and bucket of a rule that was not there start at nothing. */
static int place(struct xdp_engine *e, uint64_t id, uint32_t *ret_place)
{
	bool is_new;

	*ret_place = places_take(&e->places, id, &is_new);
	if (!is_new)
		return 0;
	memset(e->slots, 0, (size_t)e->possible * sizeof(*e->slots));
	return bpf_map_update_elem(bpf_map__fd(e->program->maps.slots), ret_place, e->slots,
				   BPF_ANY)
		       ? -errno
		       : 0;
}

static int write_entries(struct xdp_engine *e, const struct compiling *c)
{
	places_begin(&e->places);
	for (uint32_t i = 0; i < c->count; i++) {
		const struct xdp_rule *rule = c->rules[i];
		struct xdp_entry entry = { .id = rule->id,
					   .expires_ns = rule->expires_ns,
					   .action = rule->action };
		int err = place(e, rule->id, &entry.slot);
		if (err)
			return err;
		set_rates(&entry, rule, e->cpus);
		c->tables->entries[i] = entry;
	}
	c->tables->rules = c->count;
	memcpy(c->tables->live, c->all.word, sizeof(c->all.word));
	return 0;
}

/* What is in force must not lose its places to a set that failed. */
static void keep_places(struct xdp_engine *e)
{
	const struct xdp_tables *t = &e->tables[e->control->generation & 1];
	bool is_new;

	for (uint32_t i = 0; i < t->rules && i < FILTER_RULES; i++)
		places_take(&e->places, t->entries[i].id, &is_new);
}

static int compile(struct xdp_engine *e, struct compiling *c, uint32_t generation)
{
	c->tables = &e->tables[generation];
	c->rows = &e->rows;
	rows_start(&e->rows, c->tables->rows, &c->all);
	fields_compile(c);
	int err = origin_compile(c, &e->sources[generation], generation);
	if (!err)
		err = dst_compile(&e->dst, c, generation);
	if (!err && e->rows.full)
		err = -WEIR_EFULL;
	if (err)
		return err;
	c->tables->by_set_prefix = e->control->sets & 1;
	err = write_entries(e, c);
	if (err)
		keep_places(e);
	return err;
}

int xdp_engine_set(struct xdp_engine *e, const struct xdp_wanted *wanted, struct text *error)
{
	struct compiling c = { 0 };
	char unread[256];
	struct text nobody = text_fixed(unread, sizeof(unread));
	uint32_t generation = (e->control->generation & 1) ^ 1;

	if (!error)
		error = &nobody;
	int err = take_rules(&c, wanted, error);
	if (err)
		return err;
	xdp_engine_settle(e);
	err = dst_protect(&e->dst, wanted->protect, wanted->protect_count);
	if (err) {
		text_addf(error, "the protected prefixes: %s", err_text(err));
		return err;
	}
	err = compile(e, &c, generation);
	if (err) {
		text_addf(error, "the rules: %s", err_text(err));
		return err;
	}
	__atomic_store_n(&e->control->generation, generation, __ATOMIC_RELEASE);
	e->unsettled = true;
	return 0;
}
