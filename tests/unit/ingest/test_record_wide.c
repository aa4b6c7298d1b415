/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of ingest/record_wide: random templates give the same flows as the general reader.
 *
 * A field that is rare (the TTL) at the end of a template sends its records
 * through the general reader; without it they are moved 16 bytes at a time
 * where the processor can.
 */
#include "check.h"

#include "base/hash.h"
#include "ingest/batch.h"
#include "wire.h"

#define ROUNDS  2000
#define RECORDS 5
#define FIELDS  20
#define TTL     52

struct random {
	uint64_t state;
};

static uint64_t draw(struct random *random, uint64_t below)
{
	random->state = hash_mix(random->state + 1, 0x9e3779b97f4a7c15U);
	return (random->state >> 16) % below;
}

/* Element, shortest and longest length; of the addresses one family is left out. */
static const struct {
	uint16_t element;
	uint8_t least;
	uint8_t most;
	uint8_t family;
} choices[] = {
	{ 8, 4, 4, 4 },    { 12, 4, 4, 4 },    { 15, 4, 4, 4 },  { 27, 16, 16, 6 },
	{ 28, 16, 16, 6 }, { 62, 16, 16, 6 },  { 1, 1, 8, 0 },   { 2, 1, 8, 0 },
	{ 10, 1, 4, 0 },   { 14, 1, 4, 0 },    { 16, 2, 4, 0 },  { 17, 2, 4, 0 },
	{ 7, 2, 2, 0 },    { 11, 2, 2, 0 },    { 4, 1, 1, 0 },   { 6, 1, 2, 0 },
	{ 5, 1, 1, 0 },    { 150, 4, 4, 0 },   { 151, 4, 4, 0 }, { 9, 1, 1, 0 },
	{ 13, 1, 1, 0 },   { 3000, 1, 40, 0 },
};
#define CHOICES (sizeof(choices) / sizeof(choices[0]))

/* A template of some of the choices, in any order. Return: its fields. */
static unsigned make_template(struct random *random, uint16_t fields[FIELDS + 2][2])
{
	unsigned family = draw(random, 2) ? 4 : 6;
	unsigned count = 0;
	uint32_t taken = 0;

	for (unsigned tries = (unsigned)draw(random, 40) + 8; tries > 0 && count < FIELDS;
	     tries--) {
		unsigned c = (unsigned)draw(random, CHOICES);
		if (taken >> c & 1 || (choices[c].family && choices[c].family != family))
			continue;
		taken |= 1U << c;
		fields[count][0] = choices[c].element;
		fields[count++][1] =
			(uint16_t)(choices[c].least +
				   draw(random, choices[c].most - choices[c].least + 1U));
	}
	return count;
}

static void message_begin(struct wire *w)
{
	*w = (struct wire){ 0 };
	put(w, 10, 2);
	put(w, 0, 2);
	put(w, WIRE_NOW_S, 4);
	put(w, 0, 4);
	put(w, 1, 4);
}

static size_t message_feed(struct feed *feed, struct wire *w)
{
	w->data[2] = (uint8_t)(w->len >> 8);
	w->data[3] = (uint8_t)w->len;
	return feed_wire(feed, w);
}

static void put_value(struct wire *w, struct random *random, const uint16_t field[2])
{
	bool time = field[0] == 150 || field[0] == 151;

	if (time)
		put(w, WIRE_NOW_S - draw(random, 200), 4);
	else if (field[0] == 4)
		put(w, (const uint8_t[]){ 1, 6, 17, 58, 47, 6 }[draw(random, 6)], 1);
	for (unsigned i = 0; !time && field[0] != 4 && i < field[1]; i++)
		put(w, draw(random, 256), 1);
}

/* The same random records, with and without a TTL of 0 behind each. */
static void feed_both(struct feed *plain, struct feed *general, struct random *random)
{
	uint16_t fields[FIELDS + 2][2] = { 0 };
	unsigned count = make_template(random, fields);
	struct wire w[2];

	message_begin(&w[0]);
	put_template(&w[0], 2, 256, fields);
	fields[count][0] = TTL;
	fields[count][1] = 1;
	message_begin(&w[1]);
	put_template(&w[1], 2, 256, fields);
	set_begin(&w[0], 256);
	set_begin(&w[1], 256);
	for (unsigned r = 0; r < RECORDS; r++) {
		size_t from = w[0].len;
		for (unsigned i = 0; i < count; i++)
			put_value(&w[0], random, fields[i]);
		put_bytes(&w[1], w[0].data + from, w[0].len - from);
		put(&w[1], 0, 1);
	}
	set_end(&w[0]);
	set_end(&w[1]);
	assert_int_equal(message_feed(plain, &w[0]), RECORDS);
	assert_int_equal(message_feed(general, &w[1]), RECORDS);
}

static void assert_same_flow(const struct flow *plain, struct flow general)
{
	struct text left = text_heap();
	struct text right = text_heap();

	assert_true(general.has & FLOW_HAS_TTL);
	general.has &= ~(uint32_t)FLOW_HAS_TTL;
	assert_int_equal(plain->has, general.has);
	flow_to_json(plain, &left);
	flow_to_json(&general, &right);
	assert_string_equal(text_string(&left), text_string(&right));
	assert_int_equal(plain->class, general.class);
	assert_int_equal(plain->begin_age_ms, general.begin_age_ms);
	assert_int_equal(plain->end_age_ms, general.end_age_ms);
	assert_int_equal(plain->vantage, general.vantage);
	assert_true(ip_equal(&plain->src, &general.src) && ip_equal(&plain->dst, &general.dst));
	assert_true(ip_equal(&plain->next_hop, &general.next_hop));
	text_done(&left);
	text_done(&right);
}

static void random_templates_read_alike(void **state)
{
	struct random random = { 20260101 };
	struct feed plain;
	struct feed general;

	(void)state;
	feed_open(&plain, "ipfix");
	feed_open(&general, "ipfix");
	for (unsigned round = 0; round < ROUNDS; round++) {
		feed_both(&plain, &general, &random);
		for (unsigned i = 0; i < RECORDS; i++)
			assert_same_flow(&plain.flows[i], general.flows[i]);
	}
	feed_close(&plain);
	feed_close(&general);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_templates_read_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
