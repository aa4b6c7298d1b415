/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actuate/hook/book: in which order things are said, what is remembered, what is full. */
#include "check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/hook/book.h"
#include "actuate/hook/message.h"

#define NOW_NS 1000

struct fixture {
	struct hook_book *book;
	struct wanted plans[HOOK_ENTRIES + 1];
	struct text why;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->book = hook_book_new();
	f->why = text_heap();
	assert_non_null(f->book);
	for (unsigned i = 0; i <= HOOK_ENTRIES; i++) {
		f->plans[i].plan.level = LEVEL_DROP;
		snprintf(f->plans[i].plan.id, sizeof(f->plans[i].plan.id), "p%u", i);
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hook_book_free(f->book);
	text_done(&f->why);
	free(f);
	return 0;
}

/* Plans from @first on are wanted, so many. */
static int want(struct fixture *f, unsigned first, size_t count)
{
	const struct wanted_set set = { .plans = f->plans + first,
					.count = count,
					.now_ns = NOW_NS };

	text_clear(&f->why);
	return hook_book_want(f->book, &set, &f->why);
}

static void next_is(struct fixture *f, const char *plan, bool wanted, int answer)
{
	struct hook_entry *entry = hook_book_next(f->book, NOW_NS);

	assert_non_null(entry);
	assert_string_equal(entry->wanted.plan.id, plan);
	assert_int_equal(entry->wanted_now, wanted);
	hook_book_told(entry, answer, &f->why, NOW_NS);
}

static void nothing_is_next(struct fixture *f)
{
	assert_null(hook_book_next(f->book, NOW_NS));
	hook_book_drop(f->book, NOW_NS);
}

static void what_is_taken_back_comes_first_and_what_failed_last(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(want(f, 0, 3), 0);
	next_is(f, "p0", true, 0);
	next_is(f, "p1", true, -ETIMEDOUT);
	next_is(f, "p2", true, -EAGAIN);
	nothing_is_next(f);
	assert_int_equal(want(f, 1, 3), 0);
	next_is(f, "p0", false, -ENOTCONN);
	next_is(f, "p2", true, 0);
	next_is(f, "p3", true, 0);
	next_is(f, "p1", true, -ETIMEDOUT);
	nothing_is_next(f);
	assert_int_equal(want(f, 1, 3), 0);
	next_is(f, "p0", false, 0);
	next_is(f, "p1", true, 0);
	nothing_is_next(f);
	assert_null(hook_book_find(f->book, "p0"));
	assert_int_equal(want(f, 1, 3), 0);
	nothing_is_next(f);
}

static void what_comes_back_is_told_only_if_its_withdrawal_may_have_arrived(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(want(f, 0, 1), 0);
	next_is(f, "p0", true, 0);
	nothing_is_next(f);
	assert_int_equal(want(f, 0, 0), 0);
	next_is(f, "p0", false, -EAGAIN);
	nothing_is_next(f);
	assert_int_equal(want(f, 0, 1), 0);
	nothing_is_next(f);
	assert_true(hook_book_find(f->book, "p0")->held);
	assert_int_equal(want(f, 0, 0), 0);
	next_is(f, "p0", false, -ETIMEDOUT);
	nothing_is_next(f);
	assert_int_equal(want(f, 0, 1), 0);
	assert_false(hook_book_find(f->book, "p0")->held);
	next_is(f, "p0", true, 0);
	nothing_is_next(f);
}

static void what_never_went_out_is_not_taken_back(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(want(f, 0, 2), 0);
	next_is(f, "p0", true, -EAGAIN);
	next_is(f, "p1", true, -EACCES);
	nothing_is_next(f);
	assert_int_equal(want(f, 0, 0), 0);
	nothing_is_next(f);
	assert_null(hook_book_find(f->book, "p0"));
	assert_null(hook_book_find(f->book, "p1"));
}

static void a_withdrawal_refused_is_asked_again_until_the_plan_is_over(void **state)
{
	struct fixture *f = *state;

	f->plans[0].plan.expires_ns = NOW_NS + 2 * HOOK_AGAIN_NS;
	assert_int_equal(want(f, 0, 1), 0);
	next_is(f, "p0", true, 0);
	assert_int_equal(want(f, 0, 0), 0);
	next_is(f, "p0", false, -EACCES);
	nothing_is_next(f);
	assert_int_equal(want(f, 0, 0), 0);
	assert_null(hook_book_next(f->book, NOW_NS + HOOK_AGAIN_NS - 1));
	assert_non_null(hook_book_next(f->book, NOW_NS + HOOK_AGAIN_NS));
	hook_book_drop(f->book, NOW_NS + 2 * HOOK_AGAIN_NS - 1);
	assert_non_null(hook_book_find(f->book, "p0"));
	hook_book_drop(f->book, NOW_NS + 2 * HOOK_AGAIN_NS);
	assert_null(hook_book_find(f->book, "p0"));
}

static void a_full_book_takes_no_more_and_says_so(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(want(f, 0, HOOK_ENTRIES + 1), -WEIR_EFULL);
	assert_non_null(strstr(text_string(&f->why), "no room for p256"));
	assert_int_equal(want(f, 0, HOOK_ENTRIES), 0);
}

static void sources_are_its_own(void **state)
{
	struct fixture *f = *state;
	struct ip *sources = calloc(2, sizeof(*sources));

	sources[1].b[15] = 7;
	f->plans[0].sources = sources;
	f->plans[0].source_count = 2;
	assert_int_equal(want(f, 0, 1), 0);
	uint64_t hash = hook_book_find(f->book, "p0")->hash;
	next_is(f, "p0", true, 0);
	free(sources);
	assert_int_equal(want(f, 1, 1), 0);
	assert_int_equal(hook_book_find(f->book, "p0")->wanted.sources[1].b[15], 7);
	/* The same with one source fewer is something else. */
	f->plans[0].sources = NULL;
	f->plans[0].source_count = 0;
	assert_int_equal(want(f, 0, 1), 0);
	assert_true(hook_book_find(f->book, "p0")->hash != hash);
	next_is(f, "p0", true, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_taken_back_comes_first_and_what_failed_last),
		CASE(what_comes_back_is_told_only_if_its_withdrawal_may_have_arrived),
		CASE(what_never_went_out_is_not_taken_back),
		CASE(a_withdrawal_refused_is_asked_again_until_the_plan_is_over),
		CASE(a_full_book_takes_no_more_and_says_so),
		CASE(sources_are_its_own),
	};

	return cmocka_run_group_tests_name("actuate/hook_book", tests, NULL, NULL);
}
