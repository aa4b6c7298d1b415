/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tally/fold and tally/outside: prefix rows against a recount, bounds and their counters. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "own_space.h"
#include "tally/fold.h"
#include "tally/outside.h"
#include "tally/row.h"
#include "tally/shard.h"

#define FLOWS 6000

struct fixture {
	struct config *config;
	struct shard *shard;
	struct tally_batch *batch;
};

static void open_with(struct fixture *f, const char *yaml)
{
	struct text errors = text_heap();

	if (config_parse("test", yaml, strlen(yaml), &errors, &f->config))
		fail_msg("%s", text_string(&errors));
	text_done(&errors);
	assert_int_equal(shard_open(f->config, 3, &f->shard), 0);
	f->batch = tally_batch_new(f->config);
	assert_non_null(f->batch);
}

static void close_all(struct fixture *f)
{
	shard_close(f->shard);
	tally_batch_free(f->batch);
	config_free(f->config);
}

/* Flows to hosts that lie close together and far apart, in both families and directions. */
static struct flow random_flow(uint64_t i)
{
	uint64_t r = hash_words(i, 1, 6);
	struct flow flow =
		flow_of("192.0.2.1",
			r & 1 ? "10.1.2.0" : "2001:db8:0:1::", (enum traffic_class)((r >> 4) % 3),
			1 + (r >> 8) % 9, 60 + (r >> 16) % 900);

	flow.dst.b[15] = (uint8_t)(r >> 24);
	flow.dst.b[14] = (uint8_t)((r & 2) ? flow.dst.b[14] : r >> 32);
	flow.dst.b[r & 1 ? 13 : 8] = (uint8_t)((r >> 40) % 2 ? 0x80 : 2);
	flow.dst.b[7] = r & 1 ? flow.dst.b[7] : (uint8_t)((r >> 42) % 4);
	flow.vantage = (uint32_t)((r >> 44) % 2);
	if ((r >> 46) % 2) {
		flow.begin_age_ms = (uint32_t)((r >> 48) % 20000);
		flow.end_age_ms = flow.begin_age_ms / 3;
	}
	if ((r >> 62) % 2) {
		struct ip own = flow.dst;
		flow.dst = flow.src;
		flow.src = own;
	}
	return flow;
}

static void add_flows(struct fixture *f, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct flow flow = random_flow(i);
		assert_int_equal(shard_add(f->shard, &flow, 1), 1);
	}
	shard_tick(f->shard, SECOND_NS, f->batch);
}

static bool is_below(const struct tally *host, const struct tally *prefix)
{
	const struct prefix around = { .ip = prefix->host, .len = prefix->len };
	struct tally rounded = *host;

	row_round_ages(&rounded);
	rounded.len = prefix->len;
	return host->len == 128 && host->kind == TALLY_OWN && row_same(&rounded, prefix) &&
	       ip_is_v4(&host->host) == ip_is_v4(&prefix->host) &&
	       prefix_has_ip(&around, &host->host);
}

/* Each prefix row says what the host rows below it say together. */
static void check_sums(const struct tally_batch *batch)
{
	for (size_t p = 0; p < batch->count; p++) {
		const struct tally *prefix = &batch->rows[p];
		struct tally sum = { 0 };
		if (prefix->len == 128)
			continue;
		for (size_t h = 0; h < batch->count; h++) {
			if (is_below(&batch->rows[h], prefix))
				row_add(&sum, &batch->rows[h]);
		}
		assert_true(sum.flows > 0);
		assert_int_equal(prefix->packets, sum.packets);
		assert_int_equal(prefix->bytes, sum.bytes);
		assert_int_equal(prefix->flows, sum.flows);
		assert_int_equal(prefix->sampled, sum.sampled);
		assert_int_equal(prefix->detail, 0);
		assert_int_equal(prefix->next, 0);
	}
}

/* How many rows of a length are above a host row: there must be just one. */
static size_t rows_above(const struct tally_batch *batch, const struct tally *host, uint8_t len)
{
	size_t count = 0;

	for (size_t p = 0; p < batch->count; p++)
		count += batch->rows[p].len == len && is_below(host, &batch->rows[p]);
	return count;
}

static const char nested[] = "networks:\n"
			     "- prefix: 10.0.0.0/12\n"
			     "- {prefix: 10.1.2.64/26, within: 10.1.0.0/18}\n"
			     "- {prefix: 10.1.0.0/18, within: 10.0.0.0/12}\n"
			     "- {prefix: 10.2.0.0/16, within: 10.0.0.0/12}\n"
			     "- prefix: '2001:db8::/40'\n"
			     "- {prefix: '2001:db8:0:1:8000::/66', within: '2001:db8::/40'}\n"
			     "limits: {hosts: 8192}\n";

static void prefix_rows_equal_a_recount(void **state)
{
	static const uint8_t v4[] = { 120, 116, 112, 96 + 12 };
	static const uint8_t v6[] = { 64, 56, 48, 40 };
	struct fixture f;

	(void)state;
	open_with(&f, nested);
	add_flows(&f, FLOWS);
	check_sums(f.batch);
	size_t networks = 0;
	for (size_t h = 0; h < f.batch->count && f.batch->rows[h].kind == TALLY_OWN; h++) {
		const struct tally *host = &f.batch->rows[h];
		if (host->len < 128)
			continue;
		for (size_t i = 0; h % 16 == 0 && i < 4; i++)
			assert_int_equal(
				rows_above(f.batch, host, ip_is_v4(&host->host) ? v4[i] : v6[i]),
				1);
		const struct config_network *n = config_network_of(f.config, &host->host);
		networks += n->prefix.len == 122 || n->prefix.len == 66;
		if (n->prefix.len == 122)
			assert_int_equal(rows_above(f.batch, host, 96 + 18), 1);
		assert_int_equal(rows_above(f.batch, host, n->prefix.len), 1);
	}
	assert_true(networks > 100);
	assert_int_equal(f.batch->stats.prefixes_turned_away, 0);
	close_all(&f);
}

static void a_second_tick_begins_anew(void **state)
{
	struct fixture f;
	struct flow flow = flow_of("192.0.2.1", "10.1.2.3", CLASS_UDP, 5, 500);

	(void)state;
	open_with(&f, "networks: [{prefix: 10.0.0.0/12}]\n");
	for (uint64_t tick = 1; tick < 5; tick++) {
		assert_int_equal(shard_add(f.shard, &flow, 1), 1);
		shard_tick(f.shard, tick * SECOND_NS, f.batch);
		assert_int_equal(f.batch->count, 5);
		for (size_t i = 0; i < 5; i++)
			assert_int_equal(f.batch->rows[i].packets, 5);
	}
	close_all(&f);
}

/* Rows for all prefixes of one step only: the larger ones stay right. */
static void without_room_the_larger_prefix_still_gets_it(void **state)
{
	struct fixture f;
	struct fold fold;
	uint64_t packets = 0;

	(void)state;
	open_with(&f, "networks: [{prefix: 10.0.0.0/12}]\n");
	assert_int_equal(fold_open(&fold, f.config, 64, 1), 0);
	for (size_t i = 0; i < 64; i++) {
		f.batch->rows[i] = (struct tally){
			.host = ip_of("10.1.0.1"), .packets = 2, .flows = 1, .len = 128
		};
		f.batch->rows[i].host.b[14] = (uint8_t)i;
	}
	f.batch->count = 64;
	/* 64 of /24 are needed, 4 of /20, one of /16, one of the network: room for 40. */
	fold_rows(&fold, f.batch, 64 + 40);
	assert_int_equal(fold.turned_away, 64 - 30);
	assert_int_equal(f.batch->count, 64 + 30 + 4 + 1 + 1);
	for (size_t i = 64; i < f.batch->count; i++) {
		const struct tally *row = &f.batch->rows[i];
		packets += row->len == 116 ? row->packets : 0;
		if (row->len < 116)
			assert_int_equal(row->packets, 128);
	}
	assert_int_equal(packets, 128);
	fold_close(&fold);
	/* With room for all but one /24, nothing else is missing. */
	assert_int_equal(fold_open(&fold, f.config, 128, 1), 0);
	f.batch->count = 64;
	fold_rows(&fold, f.batch, f.batch->cap);
	assert_int_equal(f.batch->count, 64 + 64 + 4 + 1 + 1);
	assert_int_equal(f.batch->rows[f.batch->count - 1].packets, 128);
	assert_int_equal(f.batch->rows[f.batch->count - 1].len, 96 + 12);
	fold_close(&fold);
	close_all(&f);
}

static void dense_and_hashed_give_the_same_rows(void **state)
{
	struct fixture dense;
	struct fixture hashed;

	(void)state;
	open_with(&dense, "networks: [{prefix: 10.0.0.0/14}, {prefix: '2001:db8::/40'}]\n"
			  "limits: {hosts: 262144}\n");
	open_with(&hashed, "networks: [{prefix: 10.0.0.0/14}, {prefix: '2001:db8::/40'}]\n"
			   "limits: {hosts: 16384}\n");
	assert_int_equal(dense.config->networks[0].dense, 1);
	assert_int_equal(hashed.config->networks[0].dense, 0);
	add_flows(&dense, FLOWS);
	add_flows(&hashed, FLOWS);
	assert_int_equal(dense.batch->count, hashed.batch->count);
	assert_memory_equal(dense.batch->rows, hashed.batch->rows,
			    dense.batch->count * sizeof(struct tally));
	assert_int_equal(dense.batch->stats.hosts, hashed.batch->stats.hosts);
	assert_int_equal(dense.batch->stats.hosts_limit, 262144 * 4);
	close_all(&dense);
	close_all(&hashed);
}

static void a_reload_keeps_the_running_tick(void **state)
{
	struct fixture f;
	struct fixture other;
	uint64_t packets = 0;

	(void)state;
	open_with(&f, "networks: [{prefix: 10.0.0.0/16}]\n");
	open_with(&other, "networks: [{prefix: 10.1.0.0/16}, {prefix: 10.0.0.0/16}]\n"
			  "limits: {hosts: 200000}\n");
	for (unsigned i = 0; i < 100; i++) {
		struct flow flow =
			flow_of("192.0.2.1", i % 2 ? "10.0.0.0" : "10.1.0.0", CLASS_UDP, 1, 60);
		flow.dst.b[15] = (uint8_t)(i / 4);
		if (i == 50)
			shard_reload(f.shard, other.config);
		assert_int_equal(shard_add(f.shard, &flow, 1), 1);
	}
	shard_tick(f.shard, SECOND_NS, f.batch);
	for (size_t i = 0; i < f.batch->count && f.batch->rows[i].len == 128; i++)
		packets += f.batch->rows[i].packets;
	/* 10.1.0.0/16 was outside before. */
	assert_int_equal(packets, 75);
	assert_int_equal(f.batch->stats.turned_away, 0);
	close_all(&f);
	close_all(&other);
}

static struct tally to_outside(uint32_t address, uint64_t packets)
{
	struct tally add = {
		.packets = packets, .bytes = packets * 100, .flows = 1, .sampled = 1, .len = 128
	};

	add.host = ip_from_v4((const uint8_t[]){ (uint8_t)(address >> 24), (uint8_t)(address >> 16),
						 (uint8_t)(address >> 8), (uint8_t)address });
	return add;
}

static void outside_destinations_come_as_rows(void **state)
{
	struct fixture f;
	struct flow flow = flow_of("10.1.2.3", "192.0.2.9", CLASS_SYN, 2, 80);
	struct flow inside = flow_of("10.1.2.3", "10.1.2.4", CLASS_SYN, 2, 80);
	struct flow inbound = flow_of("192.0.2.9", "10.1.2.3", CLASS_SYN, 2, 80);

	(void)state;
	open_with(&f, "networks: [{prefix: 10.0.0.0/12}]\n");
	for (uint64_t tick = 1; tick < 4; tick++) {
		size_t found = 0;
		for (uint32_t i = 0; i < 10; i++) {
			flow.vantage = i % 2;
			assert_int_equal(shard_add(f.shard, &flow, 1), 1);
		}
		assert_int_equal(shard_add(f.shard, &inside, 1), 1);
		assert_int_equal(shard_add(f.shard, &inbound, 1), 1);
		shard_tick(f.shard, tick * SECOND_NS, f.batch);
		for (size_t i = 0; i < f.batch->count; i++) {
			const struct tally *row = &f.batch->rows[i];
			if (row->kind != TALLY_OUTSIDE)
				continue;
			assert_int_equal(row->vantage, found++);
			assert_true(ip_equal(&row->host, &flow.dst));
			assert_int_equal(row->direction, DIRECTION_OUTBOUND);
			assert_int_equal(row->class, CLASS_SYN);
			assert_int_equal(row->len, 128);
			assert_int_equal(row->packets, 10);
			assert_int_equal(row->bytes, 400);
			assert_int_equal(row->flows, 5);
			assert_int_equal(row->sampled, 10);
			assert_int_equal(row->error, 0);
		}
		assert_int_equal(found, 2);
	}
	assert_int_equal(f.batch->stats.outside, 2);
	close_all(&f);
}

/* A few heavy addresses among very many light ones, in far too few places. */
static void heavy_addresses_stay_and_errors_bound_what_is_missing(void **state)
{
	enum { HEAVY = 20, PACKETS = 50000 };
	struct outside outside;
	struct tally rows[256];
	struct tally_batch batch = { .rows = rows, .cap = 256 };
	uint64_t truth[HEAVY] = { 0 };
	unsigned found = 0;

	(void)state;
	assert_int_equal(outside_open(&outside, 256, 7), 0);
	for (uint64_t i = 0; i < PACKETS; i++) {
		uint64_t r = hash_words(i, 1, 2);
		bool heavy = r % 4 == 0;
		uint32_t number = heavy ? (r >> 8) % HEAVY : HEAVY + (r >> 8) % 1000000;
		struct tally add = to_outside(number, 1);
		outside_add(&outside, outside_aim(&outside, &add.host), &add.host, &add);
		if (heavy)
			truth[number]++;
	}
	outside_rows(&outside, &batch, SECOND_NS);
	assert_true(outside.replaced > PACKETS / 4);
	assert_int_equal(outside.used, 256);
	for (size_t i = 0; i < batch.count; i++) {
		uint32_t number = (uint32_t)rows[i].host.b[13] << 16 |
				  (uint32_t)rows[i].host.b[14] << 8 | rows[i].host.b[15];
		if (number >= HEAVY)
			continue;
		found++;
		assert_true(rows[i].packets <= truth[number]);
		assert_true(rows[i].packets + rows[i].error >= truth[number]);
	}
	assert_int_equal(found, HEAVY);
	/* Handed over: what is silent says nothing more. */
	batch.count = 0;
	outside_rows(&outside, &batch, 2 * SECOND_NS);
	assert_int_equal(batch.count, 0);
	outside_close(&outside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefix_rows_equal_a_recount),
		cmocka_unit_test(a_second_tick_begins_anew),
		cmocka_unit_test(without_room_the_larger_prefix_still_gets_it),
		cmocka_unit_test(dense_and_hashed_give_the_same_rows),
		cmocka_unit_test(a_reload_keeps_the_running_tick),
		cmocka_unit_test(outside_destinations_come_as_rows),
		cmocka_unit_test(heavy_addresses_stay_and_errors_bound_what_is_missing),
	};

	return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
