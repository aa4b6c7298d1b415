/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of detect/learned/state: what is kept is used only if its time says something about now. */
#include "stage.h"

#define HOST     "198.51.100.10"
#define CROWD    "100.64.0.0"
#define DAY_NS   (86400 * SECOND_NS)
/* Where the head has the time of the first tick. */
#define FIRST_AT 24

static const struct sort data_in = { 6, 0, 443, 0x18, 200, 1 };
static const struct sort data_out = { 6, 443, 0, 0x10, 60, 7 };

/* What a detector has learned in half a minute; a new one that has learned nothing. */
static void begin(struct stage *s, struct text *bytes)
{
	stage_prepare(s);
	stage_start(s);
	for (unsigned i = 0; i < 300; i++) {
		stage_send(s, 20e3, &data_in, RANGE(CROWD, 5000), RANGE(HOST, 1));
		stage_send(s, 20e3, &data_out, RANGE(HOST, 1), RANGE(CROWD, 5000));
		stage_tick(s);
	}
	*bytes = text_heap();
	learned()->save(s->state, bytes);
	learned()->close(s->state);
	assert_int_equal(learned()->open(&s->space.config, 1, &s->state), 0);
}

static size_t size_of(const struct stage *s)
{
	struct text bytes = text_heap();

	learned()->save(s->state, &bytes);
	size_t len = bytes.len;
	text_done(&bytes);
	return len;
}

static void what_is_too_old_is_refused(void **state)
{
	struct text bytes;
	struct stage s;

	(void)state;
	begin(&s, &bytes);
	const uint64_t saved_ns = s.tick * TICK_NS;
	const size_t empty = size_of(&s);
	assert_int_equal(learned()->load(s.state, bytes.data, bytes.len, saved_ns + 31 * DAY_NS),
			 -WEIR_EOLD);
	assert_int_equal(size_of(&s), empty);
	assert_int_equal(learned()->load(s.state, bytes.data, bytes.len, saved_ns + 29 * DAY_NS),
			 0);
	assert_true(size_of(&s) > empty);
	text_done(&bytes);
	stage_end(&s);
}

static void what_is_dated_in_the_future_is_refused(void **state)
{
	struct text bytes;
	struct stage s;

	(void)state;
	begin(&s, &bytes);
	const uint64_t saved_ns = s.tick * TICK_NS;
	const size_t empty = size_of(&s);
	assert_int_equal(learned()->load(s.state, bytes.data, bytes.len, saved_ns - DAY_NS),
			 -WEIR_EFUTURE);
	assert_int_equal(learned()->load(s.state, bytes.data, bytes.len, 0), -WEIR_EFUTURE);
	assert_int_equal(size_of(&s), empty);
	/* A clock that was set right by a minute is none that was wrong. */
	assert_int_equal(learned()->load(s.state, bytes.data, bytes.len, saved_ns - 60 * SECOND_NS),
			 0);
	assert_true(size_of(&s) > empty);
	text_done(&bytes);
	stage_end(&s);
}

static void a_beginning_in_the_future_is_brought_back(void **state)
{
	struct text bytes, again = text_heap();
	struct stage s;
	uint64_t first_ns;

	(void)state;
	begin(&s, &bytes);
	const uint64_t now_ns = s.tick * TICK_NS;
	first_ns = now_ns + 1000 * DAY_NS;
	memcpy(bytes.data + FIRST_AT, &first_ns, sizeof(first_ns));
	assert_int_equal(learned()->load(s.state, bytes.data, bytes.len, now_ns), 0);
	learned()->save(s.state, &again);
	memcpy(&first_ns, again.data + FIRST_AT, sizeof(first_ns));
	assert_int_equal(first_ns, now_ns);
	text_done(&again);
	text_done(&bytes);
	stage_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_too_old_is_refused),
		cmocka_unit_test(what_is_dated_in_the_future_is_refused),
		cmocka_unit_test(a_beginning_in_the_future_is_brought_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
